//! What is known of channels beside the totals: costs and saturation that the settings state, and lift tests.
//!
//! ```text
//!     ln ρ ~ N(a, sd²)                    from a stated cost per KPI at mean spend
//!     s · ln κ ~ N(b, sd²)                from a stated share of the ceiling there, 1 ÷ (1 + κ^s)
//!     incremental ~ N(Δ, σ²)              Δ = Σ_t ρ · (g(x) − g(z[t])),  t = 1 … P        g(x) = h(x) ÷ h(1)
//!                                         z[t] = x − u (1 − dᵗ)
//! ```
//!
//! P periods of a test, x mean spend and u what of it was tested, in multiples of the channel's mean, σ from the test's 90 %
//! interval. z is the stock after t periods without u, decay d: a test counts what comes while it runs, so that a long
//! carry-over cannot hide an effect that is not there. The curve of a total is of what spend causes, so a test speaks of it
//! without any incrementality.

use super::density::{logistic, softplus};
use crate::fit::lift::Test;
use crate::fit::priors::Stated;

/// A belief: mean and standard deviation.
type Normal = (f64, f64);

/// What is known of one channel beside the totals.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// What the settings state.
    pub stated: Option<Stated>,
    /// Of ln ρ.
    response: Option<Normal>,
    /// Of s ln κ.
    saturation: Option<Normal>,
    /// Lift tests of the channel.
    pub tests: Vec<Lift>,
}

/// A lift test in multiples of the channel's mean spend.
#[derive(Clone, Debug)]
pub(super) struct Lift {
    /// The test.
    pub test: Test,
    /// Mean spend x.
    with: f64,
    /// What of it was tested, u.
    tested: f64,
}

impl Beside {
    /// Of a channel that spends `mean_spend` a period.
    pub(super) fn of(stated: Option<Stated>, tests: Vec<Test>, mean_spend: f64) -> Beside {
        let [response, saturation] = stated.as_ref().map(Stated::moments).unwrap_or_default();
        let lift = |test: Test| {
            let (with, tested) = (test.spend / mean_spend, test.tested.min(test.spend) / mean_spend);
            Lift { test, with, tested }
        };
        Beside { stated, response, saturation, tests: tests.into_iter().map(lift).collect() }
    }

    /// Middle of what is stated of ln ρ.
    pub(super) fn log_response(&self) -> Option<f64> {
        self.response.map(|(mean, _)| mean)
    }

    /// Standard deviation of what is stated of ln ρ; infinite where nothing is.
    pub(super) fn response_deviation(&self) -> f64 {
        self.response.map_or(f64::INFINITY, |(_, sd)| sd)
    }

    /// Log density at ln ρ, ln κ, ln s and logit d, and its derivatives by them.
    pub(super) fn log_density(&self, at: [f64; 4]) -> (f64, [f64; 4]) {
        let slope = at[2].exp();
        let (mut value, mut by) = (0.0, [0.0; 4]);
        if let Some((mean, sd)) = self.response {
            let z = (at[0] - mean) / sd;
            value -= 0.5 * z * z;
            by[0] -= z / sd;
        }
        if let Some((mean, sd)) = self.saturation {
            let z = (slope * at[1] - mean) / sd;
            value -= 0.5 * z * z;
            by[1] -= z / sd * slope;
            by[2] -= z / sd * slope * at[1];
        }
        for lift in &self.tests {
            let (caused, slopes) = lift.caused(at);
            let z = (lift.test.incremental - caused) / lift.test.error();
            value -= 0.5 * z * z;
            by.iter_mut().zip(slopes).for_each(|(by, slope)| *by += z / lift.test.error() * slope);
        }
        (value, by)
    }

    /// By how much the tests are likelier with the curve than without any effect, in units of the log likelihood.
    pub(super) fn tests_gain(&self, at: [f64; 4]) -> f64 {
        let gain = |lift: &Lift| {
            let error = lift.test.error();
            let square = |caused: f64| ((lift.test.incremental - caused) / error).powi(2);
            0.5 * (square(0.0) - square(lift.caused(at).0))
        };
        self.tests.iter().map(gain).sum()
    }
}

impl Lift {
    /// Δ, and its derivatives by ln ρ, ln κ, ln s and logit d.
    pub(super) fn caused(&self, at: [f64; 4]) -> (f64, [f64; 4]) {
        let (curve, decay) = ([at[0], at[1], at[2]], logistic(at[3]));
        let (with, periods) = (reached(self.with, curve), self.test.periods);
        let (mut caused, mut by, mut kept) = (periods as f64 * with.value, [0.0; 4], 1.0);
        (0..3).for_each(|i| by[i] = periods as f64 * with.by[i]);
        for t in 1..=periods {
            kept *= decay;
            let left = reached(self.with - self.tested * (1.0 - kept), curve);
            caused -= left.value;
            (0..3).for_each(|i| by[i] -= left.by[i]);
            by[3] -= left.by_stock * self.tested * t as f64 * kept * (1.0 - decay);
        }
        (caused, by)
    }
}

/// ρ g(x) with its derivatives by ln ρ, ln κ and ln s, and by x.
#[derive(Default)]
struct Reached {
    value: f64,
    by: [f64; 3],
    by_stock: f64,
}

fn reached(x: f64, [log_response, log_half, log_slope]: [f64; 3]) -> Reached {
    if x <= 0.0 {
        return Reached::default();
    }
    let slope = log_slope.exp();
    let (here, at_mean) = (slope * (log_half - x.ln()), slope * log_half);
    let value = (log_response + softplus(at_mean) - softplus(here)).exp();
    let by_half = slope * (logistic(at_mean) - logistic(here));
    let by_slope = logistic(at_mean) * at_mean - logistic(here) * here;
    Reached { value, by: [value, value * by_half, value * by_slope], by_stock: value * slope * logistic(here) / x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::joint::density;
    use proptest::prelude::*;

    fn test() -> Test {
        Test { name: "geo".into(), periods: 3, spend: 120.0, tested: 80.0, incremental: 30.0, interval: (20.0, 40.0) }
    }

    proptest! {
        #[test]
        fn what_a_test_says_is_of_the_curve(at in prop::collection::vec(-1.5..1.5f64, 4)) {
            let beside = Beside::of(None, vec![test()], 100.0);
            let curve = density::response(&at, 100.0);
            let caused = beside.tests[0].caused([at[0], at[1], at[2], at[3]]).0;
            prop_assert!((caused / test().attributed(&curve) - 1.0).abs() < 1e-9);
        }
    }
}
