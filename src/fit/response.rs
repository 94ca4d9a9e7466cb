//! Response: saturation over carried-over spend, and a channel's curve as the mean of its posterior draws.

use super::saturation::Saturation;

/// One state of the world for one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Steady-state KPI per period.
    pub saturation: Saturation,
    /// Share of a period's adstock that is left one period later, in `[0, 1)`.
    pub decay: f64,
}

/// A channel's response curve.
///
/// With draws, the curve is the mean of the draws' curves; without, it is certain and `summary` itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Parameters that summarise the draws; the curve itself when there are none.
    pub summary: Response,
    /// Posterior draws; draw i is one joint state of the world across channels.
    pub draws: Vec<Response>,
}

impl Curve {
    /// A curve that is certain.
    pub fn certain(saturation: Saturation) -> Curve {
        Curve { summary: Response { saturation, decay: 0.0 }, draws: Vec::new() }
    }

    /// The states of the world: the draws, or the summary alone.
    pub fn states(&self) -> &[Response] {
        if self.draws.is_empty() { std::slice::from_ref(&self.summary) } else { &self.draws }
    }

    /// Mean KPI per period over the states, at spend `x` per period in steady state.
    ///
    /// ```
    /// use outlay::fit::{Curve, Saturation};
    /// let curve = Curve::certain(Saturation::Linear { scale: 0.5, until: f64::INFINITY });
    /// assert_eq!(curve.mean(10.0), 5.0);
    /// ```
    pub fn mean(&self, x: f64) -> f64 {
        self.average(|state| state.saturation.at(x))
    }

    /// Mean KPI per further unit of spend at `x`.
    pub fn marginal(&self, x: f64) -> f64 {
        self.average(|state| state.saturation.marginal(x))
    }

    /// KPI per period in each state at spend `x`.
    pub fn at_each(&self, x: f64) -> Vec<f64> {
        self.states().iter().map(|state| state.saturation.at(x)).collect()
    }

    /// The curve as far as it was seen: draws that know of no saturation bend at `most` spend per period
    /// ([`Saturation::seen_until`]).
    pub fn seen_until(self, most: f64) -> Curve {
        let bent = |of: Response| Response { saturation: of.saturation.seen_until(most), ..of };
        Curve { summary: bent(self.summary), draws: self.draws.into_iter().map(bent).collect() }
    }

    fn average(&self, f: impl Fn(&Response) -> f64) -> f64 {
        let states = self.states();
        states.iter().map(f).sum::<f64>() / states.len() as f64
    }
}
