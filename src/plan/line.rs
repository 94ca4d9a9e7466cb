//! A plan line: what a channel's spend over the whole plan is expected to bring, and which spends it may have.
//!
//! With `H` the plan's periods, `S` the sum of season factors over them and `f` the steady-state curve,
//!
//! ```text
//!     F(x) = S · f(x ÷ H)          F'(x) = S ÷ H · f'(x ÷ H)
//! ```

use crate::fit::{Curve, Response};
use crate::units::Channel;

/// A channel in a plan. Spend and KPI are of the whole plan.
#[derive(Clone, Debug)]
pub struct Line {
    /// The channel.
    pub channel: Channel,
    /// Its curve per period, or why it has none; without, it brings nothing that can be counted.
    pub curve: Result<Curve, String>,
    /// Periods of the plan, H.
    pub periods: f64,
    /// Season factors added up over the periods, S.
    pub season: f64,
    /// Spend at the reference rate.
    pub reference: f64,
    /// Largest spend at an observed rate; infinite when not known.
    pub observed: f64,
    /// What each state of the world counts for in the objective, adding up to 1; empty when all count alike.
    pub weights: Vec<f64>,
}

impl Line {
    /// What it spends when nothing changes: its reference in whole cents.
    pub fn kept(&self) -> f64 {
        (self.reference * 100.0).round() / 100.0
    }

    /// Expected KPI at spend `x`: the mean over the states of the world.
    pub fn expected(&self, x: f64) -> f64 {
        self.curve.as_ref().map_or(0.0, |curve| self.season * curve.mean(x / self.periods))
    }

    /// Expected KPI per further unit of spend.
    pub fn marginal(&self, x: f64) -> f64 {
        self.curve.as_ref().map_or(0.0, |curve| self.season / self.periods * curve.marginal(x / self.periods))
    }

    /// What spend `x` is worth to the objective: the KPI over the states, each at its weight.
    pub fn value(&self, x: f64) -> f64 {
        if self.weights.is_empty() {
            return self.expected(x);
        }
        self.season * self.weighted(|state| state.saturation.at(x / self.periods))
    }

    /// Worth per further unit of spend.
    pub fn value_slope(&self, x: f64) -> f64 {
        if self.weights.is_empty() {
            return self.marginal(x);
        }
        self.season / self.periods * self.weighted(|state| state.saturation.marginal(x / self.periods))
    }

    fn weighted(&self, f: impl Fn(&Response) -> f64) -> f64 {
        self.states().iter().enumerate().map(|(i, state)| self.weight(i) * f(state)).sum()
    }

    /// Weight of state `i`; a curve that is certain has one state, which counts for all.
    pub(super) fn weight(&self, i: usize) -> f64 {
        match self.states().len() {
            1 => 1.0,
            states if self.weights.is_empty() => 1.0 / states as f64,
            _ => self.weights[i],
        }
    }

    /// Expected KPI in each state of the world; one value when the curve is certain.
    pub fn in_each_state(&self, x: f64) -> Vec<f64> {
        let states = |curve: &Curve| curve.at_each(x / self.periods).iter().map(|y| self.season * y).collect();
        self.curve.as_ref().map(states).unwrap_or_default()
    }

    /// The states of the world; none without a curve.
    pub(super) fn states(&self) -> &[Response] {
        self.curve.as_ref().map_or(&[], Curve::states)
    }
}

/// The spends that a line may have: an interval, perhaps nothing-or-a-minimum, perhaps in lots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowed {
    /// Least spend.
    pub low: f64,
    /// Most spend.
    pub high: f64,
    /// Least spend when there is any; 0 without such a rule.
    pub minimum: f64,
    /// Step of the spend; 0 without such a rule.
    pub lot: f64,
}

/// Share of a lot by which a spend may miss it.
const LOT_SLACK: f64 = 1e-7;

impl Allowed {
    /// Everything between two amounts.
    pub fn between(low: f64, high: f64) -> Allowed {
        Allowed { low, high, minimum: 0.0, lot: 0.0 }
    }

    /// The largest allowed spend up to `x`.
    pub fn down(&self, x: f64) -> Option<f64> {
        let mut x = x.min(self.high);
        if self.lot > 0.0 {
            x = (x / self.lot + LOT_SLACK).floor() * self.lot;
        }
        if x < self.minimum {
            x = 0.0;
        }
        (x >= self.low).then_some(x)
    }

    /// The least allowed spend from `x`.
    pub fn up(&self, x: f64) -> Option<f64> {
        let mut x = x.max(self.low);
        if x > 0.0 {
            x = x.max(self.minimum);
        }
        if self.lot > 0.0 {
            x = (x / self.lot - LOT_SLACK).ceil() * self.lot;
        }
        (x <= self.high).then_some(x)
    }

    /// Whether `x` is allowed.
    pub fn holds(&self, x: f64) -> bool {
        self.down(x).is_some_and(|down| (x - down).abs() <= 1e-9 * x.abs().max(1.0))
    }

    /// What is left of the set between `low` and `high`, its ends allowed themselves.
    pub fn within(&self, low: f64, high: f64) -> Option<Allowed> {
        let (low, high) = (self.up(low.max(self.low))?, self.down(high.min(self.high))?);
        (low <= high).then_some(Allowed { low, high, ..*self })
    }

    /// Where the interval of positive spends begins, when nothing is an island apart from it.
    pub(super) fn island(&self) -> Option<f64> {
        let start = if self.lot > 0.0 { (self.minimum / self.lot).ceil() * self.lot } else { self.minimum };
        (self.low == 0.0 && start > 0.0 && self.minimum > 0.0).then_some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn down_and_up_enclose(x in 0.0..1e5f64, low in 0.0..1e4f64, width in 1e3..1e5f64, minimum in 0.0..2e4f64, lot in 0.0..2e3f64) {
            let allowed = Allowed { low, high: low + width, minimum, lot };
            if let Some(down) = allowed.down(x) {
                prop_assert!(down <= x * (1.0 + 1e-6) && allowed.holds(down), "{down}");
            }
            if let Some(up) = allowed.up(x) {
                prop_assert!(up >= x * (1.0 - 1e-6) && allowed.holds(up), "{up}");
            }
        }
    }

    #[test]
    fn a_minimum_is_nothing_or_enough() {
        let allowed = Allowed { low: 0.0, high: 100.0, minimum: 30.0, lot: 20.0 };
        assert_eq!((allowed.down(29.0), allowed.up(1.0)), (Some(0.0), Some(40.0)));
        assert_eq!(allowed.island(), Some(40.0));
    }
}
