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
    let start = if guess.price > 0.0 && guess.price.is_finite() { guess.price } else { 1.0 };
    let side = |price: f64| {
        let (reached, by) = f(price);
        Side { price, reached, by }
    };
    let (mut over, mut under) = (None, None);
    let (mut price, mut step) = (start, guess.steps.0);
    loop {
        let at = side(price);
        let exceeds = at.reached > sum;
        if exceeds {
            over = Some(at);
        } else {
            under = Some(at);
        }
        if over.is_some() && under.is_some() {
            break;
        }
        if price < start / FAR {
            return Bracket { over: -1.0, under: price };
        }
        if price > start * FAR {
            return Bracket { over: price, under: price };
        }
        price *= if exceeds { step.exp() } else { (-step).exp() };
        step = (step * guess.steps.1).min(MOST_STEP);
    }
    let (Some(mut over), Some(mut under)) = (over, under) else { return Bracket { over: start, under: start } };
    let mut slow = false;
    for _ in 0..MOST_STEPS {
        let width = under.price / over.price - 1.0;
        if width <= SAME_PRICE {
            break;
        }
        if sum - under.reached <= slack {
            return Bracket { over: under.price, under: under.price };
        }
        // halving once where a guess did not get ahead, then another guess
        let told = match slow {
            true => Bracket::at((over.price * under.price).sqrt()),
            false => place(&over, &under).unwrap_or_else(|| Bracket::around(between(&over, &under, sum), width)),
        };
        for price in [told.under, told.over] {
            if price <= over.price || price >= under.price {
                continue;
            }
            let at = side(price);
            if at.reached > sum { over = at } else { under = at }
        }
        slow = !slow && under.price / over.price - 1.0 > 0.25 * width;
    }
    Bracket { over: over.price, under: under.price }
}

/// The price at which the line between two sides, in logarithms, passes `sum`.
fn between<T>(over: &Side<T>, under: &Side<T>, sum: f64) -> f64 {
    let width = (under.price / over.price).ln();
    let (above, below) = ((over.reached / sum).ln(), (sum / under.reached.max(1e-300)).ln());
    let share = above / (above + below);
    let share = if share.is_finite() { share.clamp(1e-3, 1.0 - 1e-3) } else { 0.5 };
    over.price * (width * share).exp()
}
