//! Carry-in: what comes in the plan's days from spend before them.
//!
//! With λ the decay of a state of the world, c the spend per period before the plan and x the plan's, the adstock t
//! periods into the plan is x (1 − λ^t) + c λ^t. What of its response the earlier spend brings is
//!
//! ```text
//!     Σ_{t=1..H} f(x (1 − λ^t) + c λ^t) − f(x (1 − λ^t))
//! ```
//!
//! The plan's expected KPI is that of the steady state at x and contains none of it: what carries over from before the
//! start is counted once, here, as what carries over past the end is counted with the plan.

use crate::fit::{ChannelFit, Response};
use crate::plan::answer::Expected;
use crate::plan::explain::quantiles;

/// Weight of earlier spend below which it is over.
const OVER: f64 = 1e-6;

/// KPI from earlier spend over `periods`, at `spend` a period; absent where nothing carries over.
pub(super) fn carry_in(fit: &ChannelFit, spend: f64, periods: f64) -> Option<Expected> {
    let curve = fit.curve.as_ref().ok()?;
    if fit.reference_spend <= 0.0 || curve.states().iter().all(|state| state.decay <= 0.0) {
        return None;
    }
    let each: Vec<f64> =
        curve.states().iter().map(|state| of_state(state, fit.reference_spend, spend, periods)).collect();
    Some(quantiles(&each))
}

fn of_state(state: &Response, before: f64, spend: f64, periods: f64) -> f64 {
    let (mut left, mut sum, mut t) = (1.0, 0.0, 0.0);
    while t < periods && left * state.decay > OVER {
        left *= state.decay;
        // the last period may be a part of one
        let part = (periods - t).min(1.0);
        let own = spend * (1.0 - left);
        sum += part * (state.saturation.at(own + before * left) - state.saturation.at(own));
        t += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Saturation;

    #[test]
    fn of_a_straight_line_the_earlier_spend_decays() {
        let state = Response { saturation: Saturation::Linear { scale: 2.0, until: f64::INFINITY }, decay: 0.5 };
        let whole = of_state(&state, 100.0, 70.0, 40.0);
        assert!((whole - 2.0 * 100.0).abs() < 1e-3, "{whole}");
        assert!((of_state(&state, 100.0, 0.0, 2.0) - 2.0 * 75.0).abs() < 1e-9);
    }
}
