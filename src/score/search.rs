//! One-dimensional searches that cannot diverge.

/// Precision of a root as a share of the range it is looked for in.
const PRECISION: f64 = 1e-15;

/// Where a rising function crosses zero between `low` and `high`; the end nearest to a crossing when it does not.
///
/// Interpolates, truncates and projects (Oliveira & Takahashi 2020): as safe as bisection, which it never exceeds by more than one
/// step, and superlinear on smooth functions.
pub(super) fn rising_zero(function: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let (mut low, mut high) = (low, high);
    let (mut at_low, mut at_high) = (function(low), function(high));
    if at_low >= 0.0 || at_high <= 0.0 {
        return if at_low >= 0.0 { low } else { high };
    }
    let (range, precision) = (high - low, PRECISION * (high - low));
    let mut slack = precision * 2f64.powf((0.5 / PRECISION).log2().ceil() + 1.0);
    while high - low > 2.0 * precision {
        let (middle, width) = (0.5 * (low + high), high - low);
        if middle <= low || middle >= high {
            break;
        }
        let straight = (high * at_low - low * at_high) / (at_low - at_high);
        let (side, nudge) = ((middle - straight).signum(), 0.2 / range * width * width);
        let pulled = if nudge <= (middle - straight).abs() { straight + side * nudge } else { middle };
        let reach = (slack - 0.5 * width).max(0.0);
        let next = if (pulled - middle).abs() <= reach { pulled } else { middle - side * reach };
        let next = if low < next && next < high { next } else { middle };
        let value = function(next);
        if value >= 0.0 {
            (high, at_high) = (next, value)
        } else {
            (low, at_low) = (next, value)
        }
        if value == 0.0 {
            return next;
        }
        slack *= 0.5;
    }
    0.5 * (low + high)
}

/// Where a function that rises over the positive numbers crosses zero, looked for around `start` in factors of e^`width`.
pub(super) fn positive_rising_zero(function: impl Fn(f64) -> f64, start: f64, width: f64) -> f64 {
    let of_log = |ln: f64| function(ln.exp());
    let start = start.ln();
    let below = of_log(start) < 0.0;
    let (mut near, mut step) = (start, width);
    loop {
        let far = if below { near + step } else { near - step };
        if (of_log(far) < 0.0) != below || far.abs() > 700.0 {
            return rising_zero(of_log, near.min(far), near.max(far)).exp();
        }
        (near, step) = (far, 2.0 * step);
    }
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
    fn a_crossing_at_or_beyond_an_end_is_that_end_and_steps_are_few() {
        assert_eq!(rising_zero(|x| x + 1.0, 0.0, 2.0), 0.0);
        assert_eq!(rising_zero(|x| x - 3.0, 0.0, 2.0), 2.0);
        let calls = std::cell::Cell::new(0);
        let count = |x: f64| {
            calls.set(calls.get() + 1);
            x.exp() - 1e-3
        };
        assert!((rising_zero(count, -9.0, -4.0) - 1e-3f64.ln()).abs() < 1e-13);
        assert!(calls.get() < 16, "{}", calls.get());
        // A step has no slope to go by: bisection's count and one.
        let steps = std::cell::Cell::new(0);
        let step = |x: f64| {
            steps.set(steps.get() + 1);
            if x < 0.3 { -1.0 } else { 1e9 }
        };
        assert!((rising_zero(step, 0.0, 1.0) - 0.3).abs() < 1e-14);
        assert!(steps.get() < 56, "{}", steps.get());
    }

    #[test]
    fn a_top_at_an_end_says_so() {
        assert_eq!(top(|x| x, 0.0, 1.0, 4).end, End::High);
        assert_eq!(top(|x| -x, 0.0, 1.0, 4).end, End::Low);
    }
}
