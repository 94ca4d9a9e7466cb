//! The price at which what is bought passes a sum: both sides of it, so that what jumps there is seen.

/// Relative distance at which two prices are one.
pub(super) const SAME_PRICE: f64 = 1e-11;
/// Relative distance of two prices that are one from the place between them.
const ASIDE: f64 = 0.4 * SAME_PRICE;
/// Steps to a price at most.
const MOST_STEPS: usize = 200;
/// Logarithm of the longest step away from a guess.
const MOST_STEP: f64 = 4.0;
/// Factor beyond which a price is as good as none, or as good as forbidding.
pub(super) const FAR: f64 = 1e12;

/// Prices around the place where a sum is reached: at `over` it is exceeded, at `under` not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bracket {
    pub over: f64,
    pub under: f64,
}

/// Share of the square of the width between two prices, by which a place between them may be missed.
const MISSED: f64 = 0.1;

impl Bracket {
    fn at(price: f64) -> Bracket {
        Bracket { over: price, under: price }
    }

    /// Prices as far on both sides of one as a guess between two prices so far apart may miss: both ends close in at once.
    pub fn around(price: f64, width: f64) -> Bracket {
        let aside = (MISSED * width * width).clamp(ASIDE, 0.1);
        Bracket { over: price * (1.0 - aside), under: price * (1.0 + aside) }
    }

    /// Prices that are one, on both sides of it.
    pub fn closest(price: f64) -> Bracket {
        Bracket { over: price * (1.0 - ASIDE), under: price * (1.0 + ASIDE) }
    }
}

/// A price to begin at.
#[derive(Clone, Copy)]
pub(super) struct Guess {
    price: f64,
    /// Logarithm of the first step away from it, and what each further step is longer by.
    steps: (f64, f64),
}

impl Guess {
    /// A price of about the size of the one that is looked for.
    pub fn rough(price: f64) -> Guess {
        Guess { price, steps: (0.2, 2.0) }
    }

    /// The price of a task that differs little.
    pub fn near(price: f64) -> Guess {
        Guess { price, steps: (1e-4, 40.0) }
    }
}

/// A price, what is reached at it, and what it is reached by.
pub(super) struct Side<T> {
    pub price: f64,
    pub reached: f64,
    pub by: T,
}

/// The prices around the one at which `f`, which falls in it, passes `sum`: by the secant of logarithms, both sides of where it
/// points to, and by halving where that does not get ahead.
pub(super) fn reach(f: impl Fn(f64) -> f64, sum: f64, guess: f64, slack: f64) -> Bracket {
    reach_by(|price| (f(price), ()), |_, _| None, sum, Guess::rough(guess), slack)
}

/// The same, where `place` may tell from what is known at two prices between which others to look.
pub(super) fn reach_by<T>(
    f: impl Fn(f64) -> (f64, T),
    place: impl Fn(&Side<T>, &Side<T>) -> Option<Bracket>,
    sum: f64,
    guess: Guess,
    slack: f64,
) -> Bracket {
    let side = |price: f64| {
        let (reached, by) = f(price);
        Side { price, reached, by }
    };
    let (mut over, mut under) = match sides(side, sum, guess) {
        Ok(sides) => sides,
        Err(beyond) => return beyond,
    };
    let mut slow = false;
    for _ in 0..MOST_STEPS {
        let width = under.price / over.price - 1.0;
        if width <= SAME_PRICE {
            break;
        }
        if sum - under.reached <= slack {
            return Bracket::at(under.price);
        }
        // halving once where a guess did not get ahead, then another guess
        let told = match slow {
            true => Bracket::at((over.price * under.price).sqrt()),
            false => place(&over, &under).unwrap_or_else(|| Bracket::around(between(&over, &under, sum), width)),
        };
        for price in [told.under, told.over] {
            if price > over.price && price < under.price {
                let at = side(price);
                if at.reached > sum { over = at } else { under = at }
            }
        }
        slow = !slow && under.price / over.price - 1.0 > 0.25 * width;
    }
    Bracket { over: over.price, under: under.price }
}

/// A price at which the sum is exceeded and one at which it is not, by longer and longer steps away from a guess; else what
/// the sum beyond all prices means.
fn sides<T>(side: impl Fn(f64) -> Side<T>, sum: f64, guess: Guess) -> Result<(Side<T>, Side<T>), Bracket> {
    let start = if guess.price > 0.0 && guess.price.is_finite() { guess.price } else { 1.0 };
    let (mut last, mut step) = (side(start), guess.steps.0);
    loop {
        let exceeds = last.reached > sum;
        if last.price < start / FAR {
            return Err(Bracket { over: -1.0, under: last.price });
        }
        if last.price > start * FAR {
            return Err(Bracket::at(last.price));
        }
        let next = side(last.price * if exceeds { step.exp() } else { (-step).exp() });
        match (exceeds, next.reached > sum) {
            (true, false) => return Ok((last, next)),
            (false, true) => return Ok((next, last)),
            _ => last = next,
        }
        step = (step * guess.steps.1).min(MOST_STEP);
    }
}

/// The price at which the line between two sides, in logarithms, passes `sum`.
fn between<T>(over: &Side<T>, under: &Side<T>, sum: f64) -> f64 {
    let width = (under.price / over.price).ln();
    let (above, below) = ((over.reached / sum).ln(), (sum / under.reached.max(1e-300)).ln());
    let share = above / (above + below);
    let share = if share.is_finite() { share.clamp(1e-3, 1.0 - 1e-3) } else { 0.5 };
    over.price * (width * share).exp()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    /// What is bought at a price: smoothly by its power, and from lines that jump, each at its own price.
    fn bought(power: f64, jumps: &[(f64, f64)], price: f64) -> f64 {
        jumps.iter().filter(|(at, _)| price <= *at).map(|(_, rise)| rise).sum::<f64>() + 100.0 * price.powf(-power)
    }

    proptest! {
        #[test]
        fn a_sum_is_passed_between_the_two_prices(
            power in 0.3..4.0f64, jumps in prop::collection::vec((0.1..10.0f64, 1.0..100.0f64), 0..5),
            at in 0.1..10.0f64, off in 1e-3..1e3f64, is_near in any::<bool>(),
        ) {
            let f = |price: f64| bought(power, &jumps, price);
            let (sum, guess) = (f(at), if is_near { Guess::near(at * off) } else { Guess::rough(at * off) });
            let Bracket { over, under } = reach_by(|price| (f(price), ()), |_, _| None, sum, guess, 1e-12 * sum);
            prop_assert!(under / over - 1.0 <= SAME_PRICE, "{over} {under}");
            prop_assert!(f(under) <= sum && (over == under || f(over) > sum), "{} {} {sum}", f(over), f(under));
        }

        // the work of a price is a sum over all lines, so their number is what a plan costs
        #[test]
        fn a_smooth_sum_is_reached_in_few_looks(power in 0.3..4.0f64, at in 0.5..2.0f64, off in 0.5..2.0f64) {
            let looks = Cell::new(0);
            let f = |price: f64| {
                looks.set(looks.get() + 1);
                bought(power, &[], price) + 3.0 / (1.0 + price)
            };
            reach(f, bought(power, &[], at) + 3.0 / (1.0 + at), at * off, 0.0);
            prop_assert!(looks.get() <= 20, "{}", looks.get());
        }
    }

    #[test]
    fn a_sum_beyond_all_prices_is_said() {
        assert_eq!(reach(|_| 5.0, 7.0, 1.0, 0.0).over, -1.0);
        let forbidding = reach(|_| 9.0, 7.0, 1.0, 0.0);
        assert!(forbidding.over == forbidding.under && forbidding.over > FAR);
    }
}
