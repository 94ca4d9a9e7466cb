//! One-dimensional searches that cannot diverge.

/// Halvings of a bracket: enough to exhaust the 53 bits of an `f64`, with room to spare.
const HALVINGS: u32 = 80;

/// Where a rising function crosses zero between `low` and `high`, by bisection; the nearer end when it does not.
pub(super) fn rising_zero(function: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let (mut low, mut high) = (low, high);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if function(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Where a function is largest between `low` and `high`, and whether that is at an end of the range.
///
/// The best of `steps` + 1 even steps brackets the top, golden sections narrow it: a second, lower top elsewhere is not
/// mistaken for the first one as long as the steps tell them apart.
pub(super) fn top(function: impl Fn(f64) -> f64, low: f64, high: f64, steps: u32) -> Top {
    let width = (high - low) / f64::from(steps);
    let at = |step: u32| low + width * f64::from(step);
    let best = (0..=steps).fold((0, f64::NEG_INFINITY), |best, step| {
        let value = function(at(step));
        if value > best.1 { (step, value) } else { best }
    });
    let place = golden(&function, (at(best.0) - width).max(low), (at(best.0) + width).min(high));
    let end = if best.0 == 0 {
        End::Low
    } else if best.0 == steps {
        End::High
    } else {
        End::Inside
    };
    Top { place, end }
}

/// Where a function is largest.
pub(super) struct Top {
    /// The place.
    pub place: f64,
    /// Whether the largest step was an end of the range.
    pub end: End,
}

/// Which end of the range was the best step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The lower end.
    Low,
    /// Neither.
    Inside,
    /// The upper end.
    High,
}

/// Golden-section search for the largest value of a function with one top between `low` and `high`.
fn golden(function: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (low, high);
    let inner = |low: f64, high: f64| (high - ratio * (high - low), low + ratio * (high - low));
    let (mut left, mut right) = inner(low, high);
    let (mut at_left, mut at_right) = (function(left), function(right));
    for _ in 0..60 {
        if at_left > at_right {
            high = right;
            (right, at_right) = (left, at_left);
            left = inner(low, high).0;
            at_left = function(left);
        } else {
            low = left;
            (left, at_left) = (right, at_right);
            right = inner(low, high).1;
            at_right = function(right);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_and_a_top_are_found() {
        let root = rising_zero(|x| x * x * x - 2.0, 0.0, 2.0);
        assert!((root - 2f64.cbrt()).abs() < 1e-14, "{root}");
        let top = top(|x| -(x - 0.3).powi(2), -4.0, 4.0, 16);
        // A top is flat: its place is known to the square root of the precision of its height.
        assert!((top.place - 0.3).abs() < 1e-7 && top.end == End::Inside, "{}", top.place);
    }

    #[test]
    fn a_top_at_an_end_says_so() {
        assert_eq!(top(|x| x, 0.0, 1.0, 4).end, End::High);
        assert_eq!(top(|x| -x, 0.0, 1.0, 4).end, End::Low);
    }
}
