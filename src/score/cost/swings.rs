//! How much more daily KPI varies than chance alone makes it.

use super::series::Series;

/// Degrees of freedom from which on the day-to-day swings count as measured.
pub(crate) const FEWEST_DAYS: usize = 10;

/// The overdispersion of days.
///
/// ```text
///     φ = Σ (r − λ s g)² / (λ s g)  ÷  Σ (days − 1)        λ = Σ r / Σ s g of the supplier
/// ```
///
/// over all days with KPI `r`, spend `s` and shock `g` of several suppliers: the Pearson statistic of a quasi-Poisson model.
/// Pooled, because one supplier's days are too few; at least 1 for counts. What the spend of a day does not explain,
/// saturation included, counts as swing: the intervals err on the wide side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Swings {
    /// φ.
    pub phi: f64,
    /// Whether there were days enough to measure it; φ is 1 otherwise.
    pub measured: bool,
}

impl Swings {
    /// Of several series; `floor` is the least φ.
    pub(crate) fn of<'a>(series: impl Iterator<Item = &'a Series>, floor: f64) -> Swings {
        let (mut square, mut freedom) = (0.0, 0);
        for series in series {
            let Some((own, days)) = pearson(series) else { continue };
            square += own;
            freedom += days - 1;
        }
        let measured = freedom >= FEWEST_DAYS && square > 0.0;
        Swings { phi: if measured { f64::max(square / freedom as f64, floor) } else { 1.0 }, measured }
    }
}

/// The Pearson statistic of one series, and its days; absent without events.
pub(crate) fn pearson(series: &Series) -> Option<(f64, usize)> {
    let days: Vec<_> = series.days.iter().filter(|day| day.spend > 0.0).collect();
    let (events, exposure) = days.iter().fold((0.0, 0.0), |sum, day| (sum.0 + day.events, sum.1 + day.exposure()));
    let rate = events / exposure;
    let square = |day: &&super::series::Point| {
        let mean = rate * day.exposure();
        (day.events - mean).powi(2) / mean
    };
    (events > 0.0).then(|| (days.iter().map(square).sum(), days.len()))
}
