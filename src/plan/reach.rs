//! The price at which what is bought passes a sum: both sides of it, so that what jumps there is seen.

/// Relative distance at which two prices are one.
pub(super) const SAME_PRICE: f64 = 1e-11;
/// Steps to a price at most.
const MOST_STEPS: usize = 200;
/// Factor beyond which a price is as good as none, or as good as forbidding.
pub(super) const FAR: f64 = 1e12;

/// Prices around the place where a sum is reached: at `over` it is exceeded, at `under` not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bracket {
    pub over: f64,
    pub under: f64,
}

/// A price, what is reached at it, and what it is reached by.
pub(super) struct Side<T> {
    pub price: f64,
    pub reached: f64,
    pub by: T,
}

/// The prices around the one at which `f`, which falls in it, passes `sum`: by the secant of logarithms, and by halving
/// where that does not get ahead.
pub(super) fn reach(f: impl Fn(f64) -> f64, sum: f64, guess: f64, slack: f64) -> Bracket {
    reach_by(|price| (f(price), ()), |_, _| None, sum, guess, slack)
}

/// The same, where `place` may tell from what is known at two prices between which others to look.
pub(super) fn reach_by<T>(
    f: impl Fn(f64) -> (f64, T),
    place: impl Fn(&Side<T>, &Side<T>) -> Option<Bracket>,
    sum: f64,
    guess: f64,
    slack: f64,
) -> Bracket {
    let start = if guess > 0.0 && guess.is_finite() { guess } else { 1.0 };
    let side = |price: f64| {
        let (reached, by) = f(price);
        Side { price, reached, by }
    };
    let (mut over, mut under) = (None, None);
    let (mut price, mut factor) = (start, 1.2);
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
        price = if exceeds { price * factor } else { price / factor };
        factor = (factor * factor).min(64.0);
    }
    let (Some(mut over), Some(mut under)) = (over, under) else { return Bracket { over: start, under: start } };
    let (mut weight, mut slow) = (0_i32, false);
    for _ in 0..MOST_STEPS {
        let width = under.price / over.price - 1.0;
        if width <= SAME_PRICE {
            break;
        }
        if sum - under.reached <= slack {
            return Bracket { over: under.price, under: under.price };
        }
        let next = || between(&over, &under, sum, if slow { i32::MAX } else { weight });
        let told = if slow { None } else { place(&over, &under) };
        let told = told.unwrap_or_else(|| {
            let next = next();
            Bracket { over: next, under: next }
        });
        for price in [told.under, told.over] {
            if price <= over.price || price >= under.price {
                continue;
            }
            let at = side(price);
            if at.reached > sum {
                over = at;
                weight = if weight > 0 { weight + 1 } else { 1 };
            } else {
                under = at;
                weight = if weight < 0 { weight - 1 } else { -1 };
            }
        }
        slow = under.price / over.price - 1.0 > 0.25 * width;
    }
    Bracket { over: over.price, under: under.price }
}

/// The next price to look at; `weight` counts how often in turn the same end moved.
fn between<T>(over: &Side<T>, under: &Side<T>, sum: f64, weight: i32) -> f64 {
    let width = (under.price / over.price).ln();
    let (above, below) = ((over.reached / sum).ln(), (sum / under.reached.max(1e-300)).ln());
    let mut share = above / (above + below);
    if !share.is_finite() || weight.unsigned_abs() >= 3 {
        share = 0.5;
    } else if weight >= 2 {
        share = (above / (above + below / 2.0)).max(share);
    } else if weight <= -2 {
        share = (above / 2.0 / (above / 2.0 + below)).min(share);
    }
    over.price * (width * share.clamp(1e-3, 1.0 - 1e-3)).exp()
}
