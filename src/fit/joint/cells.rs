//! What each channel adds to the mean in every period, laid out so that a loop works on several periods at a time.

use super::data::Paid;
use super::density::{logistic, softplus};
use crate::math::fast;

/// Stock below which a period counts as this: the logarithm needs a floor, the likelihood does not see it.
const LEAST_STOCK: f64 = 1e-6;

/// A channel's level, and how its mean part over that at mean spend moves with its shape.
#[derive(Clone, Copy, Default)]
pub(super) struct Level {
    pub(super) log_response: f64,
    pub(super) share: f64,
    pub(super) by_shape: [f64; 3],
}

/// The channels' parts of the mean in every period, channel after channel, and the derivatives of their logarithms by ln κ,
/// ln s and logit d.
#[derive(Default)]
pub(super) struct Cells {
    pub(super) part: Vec<f64>,
    pub(super) by: [Vec<f64>; 3],
}

impl Cells {
    pub(super) fn resize(&mut self, len: usize) {
        self.part.resize(len, 0.0);
        for by in &mut self.by {
            by.resize(len, 0.0);
        }
    }

    /// Those of one channel of `n` periods.
    pub(super) fn of(&mut self, channel: usize, n: usize) -> Own<'_> {
        let [by_half, by_slope, by_decay] = &mut self.by;
        let own = channel * n..(channel + 1) * n;
        let by = [&mut by_half[own.clone()], &mut by_slope[own.clone()], &mut by_decay[own.clone()]];
        Own { part: &mut self.part[own], by }
    }
}

/// One channel's cells.
pub(super) struct Own<'a> {
    pub(super) part: &'a mut [f64],
    pub(super) by: [&'a mut [f64]; 3],
}

/// Scales a channel's cells from a response of 1 at mean spend to its own, which η and the baseline tell.
#[inline(always)]
pub(super) fn levelled(cells: &mut Own, log_base: f64, eta: f64, log_parts: f64) -> Level {
    let sum = fast::sum(cells.part);
    let mean = (sum / cells.part.len() as f64).max(f64::MIN_POSITIVE);
    let log_response = log_base + eta - mean.ln();
    let response = log_response.exp();
    let by_shape = [0, 1, 2].map(|which: usize| fast::dot(cells.part, cells.by[which]) / sum.max(f64::MIN_POSITIVE));
    for part in cells.part.iter_mut() {
        *part *= response;
    }
    Level { log_response, share: (eta - log_parts).exp(), by_shape }
}

/// A channel's cells of the periods that are seen, for a response of 1 at mean spend.
#[inline(always)]
pub(super) fn parts(channel: &Paid, seen: &[bool], at: &[f64], cells: &mut Own) {
    let (log_half, slope, decay) = (at[1], at[2].exp(), logistic(at[3]));
    let at_mean = slope * log_half;
    let missing_at_mean = logistic(at_mean);
    // 1 ÷ h(1) = 1 + κ^s
    let top = softplus(at_mean).exp();
    let [by_half, by_slope, by_decay] = &mut cells.by;
    stocks(channel, seen, decay, (cells.part, by_decay));
    let derivatives = by_half.iter_mut().zip(by_slope.iter_mut()).zip(by_decay.iter_mut());
    for (part, ((by_half, by_slope), by_decay)) in cells.part.iter_mut().zip(derivatives) {
        let z = part.max(LEAST_STOCK);
        let u = slope * (log_half - fast::ln(z));
        let missing = 1.0 / (1.0 + fast::exp(-u));
        *by_decay = if *part > LEAST_STOCK { missing * slope / z * *by_decay } else { 0.0 };
        *part = top * (1.0 - missing);
        *by_half = slope * (missing_at_mean - missing);
        *by_slope = missing_at_mean * at_mean - missing * u;
    }
}

/// A channel's adstock and its derivative by logit d, in the periods that are seen.
///
/// It runs over every period, before and between those that are seen, so that it is warm where the total starts.
#[inline(always)]
fn stocks(channel: &Paid, seen: &[bool], decay: f64, (stocks, slopes): (&mut [f64], &mut [f64])) {
    let by_logit = decay * (1.0 - decay);
    let mut before: Option<(f64, f64)> = None;
    let mut to = stocks.iter_mut().zip(slopes);
    for ((&x, reported), seen) in channel.spend.iter().zip(&channel.reported).zip(seen) {
        before = reported.then(|| match before {
            Some((a, da)) => ((1.0 - decay) * x + decay * a, a - x + decay * da),
            None => (x, 0.0),
        });
        if *seen && let Some((stock, slope)) = to.next() {
            let (a, da) = before.unwrap_or_default();
            (*stock, *slope) = (a, da * by_logit);
        }
    }
}
