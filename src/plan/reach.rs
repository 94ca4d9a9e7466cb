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

/// The prices around the one at which `f`, which falls in it, passes `sum`: by the secant of logarithms, and by halving
/// where that does not get ahead.
pub(super) fn reach(f: impl Fn(f64) -> f64, sum: f64, guess: f64, slack: f64) -> Bracket {
    let start = if guess > 0.0 && guess.is_finite() { guess } else { 1.0 };
    let (mut over, mut under) = (None, None);
    let (mut price, mut factor) = (start, 1.2);
    loop {
        let reached = f(price);
        if reached > sum {
            over = Some((price, reached));
        } else {
            under = Some((price, reached));
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
        price = if reached > sum { price * factor } else { price / factor };
        factor = (factor * factor).min(64.0);
    }
    let (Some(mut over), Some(mut under)) = (over, under) else { return Bracket { over: start, under: start } };
    let (mut weight, mut slow) = (0_i32, false);
    for _ in 0..MOST_STEPS {
        if under.0 / over.0 - 1.0 <= SAME_PRICE {
            break;
        }
        if sum - under.1 <= slack {
            return Bracket { over: under.0, under: under.0 };
        }
        let width = under.0 / over.0 - 1.0;
        let price = between(over, under, sum, if slow { i32::MAX } else { weight });
        let reached = f(price);
        if reached > sum {
            over = (price, reached);
            weight = if weight > 0 { weight + 1 } else { 1 };
        } else {
            under = (price, reached);
            weight = if weight < 0 { weight - 1 } else { -1 };
        }
        slow = under.0 / over.0 - 1.0 > 0.25 * width;
    }
    Bracket { over: over.0, under: under.0 }
}

/// The next price to look at; `weight` counts how often in turn the same end moved.
fn between(over: (f64, f64), under: (f64, f64), sum: f64, weight: i32) -> f64 {
    let width = (under.0 / over.0).ln();
    let (above, below) = ((over.1 / sum).ln(), (sum / under.1.max(1e-300)).ln());
    let mut share = above / (above + below);
    if !share.is_finite() || weight.unsigned_abs() >= 3 {
        share = 0.5;
    } else if weight >= 2 {
        share = (above / (above + below / 2.0)).max(share);
    } else if weight <= -2 {
        share = (above / 2.0 / (above / 2.0 + below)).min(share);
    }
    over.0 * (width * share.clamp(1e-3, 1.0 - 1e-3)).exp()
}
