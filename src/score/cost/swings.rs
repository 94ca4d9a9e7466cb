//! How much more daily KPI varies than chance alone makes it.

use super::series::{Point, Series};

/// Degrees of freedom from which on the day-to-day swings count as measured.
pub(crate) const FEWEST_DAYS: usize = 10;
/// Rounds of weighted least squares.
const ROUNDS: usize = 4;

/// The overdispersion of days: a day of mean μ varies with variance
///
/// ```text
///     φ₀ μ + κ μ²            μ = λ s g of the supplier's day, λ = Σ r / Σ s g
/// ```
///
/// φ₀ is what small days show (batches, late bookings), κ the swing of the rate itself, which large days show: one factor φ for all
/// would make the intervals of large suppliers too narrow and those of small ones too wide. Both are found by least squares of
/// (r − μ)²/μ on μ over all days of several suppliers, weighed by 1/(φ₀ + κ μ)², and are pooled, because one supplier's days are too few;
/// φ₀ is at least 1 for counts and κ at least 0. A supplier's φ is the mean of φ₀ + κ μ over its expected KPI. What the spend of a day does not
/// explain, saturation included, counts as swing: the intervals err on the wide side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Swings {
    /// φ over all that it was measured on.
    pub phi: f64,
    /// φ₀.
    base: f64,
    /// κ.
    growth: f64,
    /// Whether there were days enough to measure it; φ is 1 otherwise.
    pub measured: bool,
}

impl Swings {
    /// Mere chance, for want of days.
    pub(crate) const CHANCE: Swings = Swings { phi: 1.0, base: 1.0, growth: 0.0, measured: false };

    /// Of several series; `floor` is the least φ₀.
    pub(crate) fn of<'a>(series: impl Iterator<Item = &'a Series>, floor: f64) -> Swings {
        let mut days: Vec<(f64, f64)> = Vec::new();
        let mut freedom = 0;
        for series in series {
            let own = ratios(series);
            // a mean that was fitted takes its share of the squares with it
            let kept = (own.len() as f64 - 1.0) / own.len().max(1) as f64;
            freedom += own.len().saturating_sub(1);
            days.extend(own.iter().filter(|_| kept > 0.0).map(|(mean, ratio)| (*mean, ratio / kept)));
        }
        if freedom < FEWEST_DAYS || days.iter().all(|(_, ratio)| *ratio == 0.0) {
            return Swings::CHANCE;
        }
        let (base, growth) = fitted(&days, floor);
        let swings = Swings { phi: 1.0, base, growth, measured: true };
        Swings { phi: swings.over(days.iter().map(|(mean, _)| *mean)), ..swings }
    }

    /// φ of one series.
    pub(crate) fn of_series(&self, series: &Series) -> f64 {
        let rate = series.rate().unwrap_or(0.0);
        self.over(series.days.iter().map(|day| rate * day.exposure()))
    }

    /// The mean of φ₀ + κ μ over Σ μ.
    fn over(&self, means: impl Iterator<Item = f64>) -> f64 {
        let (sum, square) = means.fold((0.0, 0.0), |sum, mean| (sum.0 + mean, sum.1 + mean * mean));
        if sum > 0.0 { self.base + self.growth * square / sum } else { self.base }
    }
}

/// Mean and (r − μ)²/μ of each day with spend; none for a series without events.
fn ratios(series: &Series) -> Vec<(f64, f64)> {
    let Some(rate) = series.rate().filter(|rate| *rate > 0.0) else { return Vec::new() };
    let day = |day: &Point| {
        let mean = rate * day.exposure();
        (mean > 0.0).then(|| (mean, (day.events - mean).powi(2) / mean))
    };
    series.days.iter().filter_map(day).collect()
}

/// φ₀ and κ by weighted least squares.
fn fitted(days: &[(f64, f64)], floor: f64) -> (f64, f64) {
    let plain = days.iter().map(|(_, ratio)| ratio).sum::<f64>() / days.len() as f64;
    let (mut base, mut growth) = (plain.max(floor), 0.0);
    for _ in 0..ROUNDS {
        let weight = |mean: f64| 1.0 / (base + growth * mean).max(1e-9).powi(2);
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 { days.iter().map(|(m, r)| weight(*m) * of(*m, *r)).sum() };
        let (w, x, y) = (sum(&|_, _| 1.0), sum(&|m, _| m), sum(&|_, r| r));
        let (xx, xy) = (sum(&|m, _| m * m), sum(&|m, r| m * r));
        let spread = w * xx - x * x;
        let slope = if spread > 1e-9 * w * xx { ((w * xy - x * y) / spread).max(0.0) } else { 0.0 };
        let level = (y - slope * x) / w;
        // at the floor, the slope is the one through it
        let through = if xx > 0.0 { ((xy - floor * x) / xx).max(0.0) } else { 0.0 };
        (base, growth) = if level < floor { (floor, through) } else { (level, slope) };
    }
    (base, growth)
}

/// The Pearson statistic of one series, and its days; absent without events.
pub(crate) fn pearson(series: &Series) -> Option<(f64, usize)> {
    let days = ratios(series);
    (!days.is_empty()).then(|| (days.iter().map(|(_, ratio)| ratio).sum(), days.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Gamma, Poisson};

    /// Suppliers of daily means 2 to 100 whose rates swing with variance κ.
    fn suppliers(seed: u64, growth: f64) -> Vec<Series> {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut series = |at: usize| {
            let mean = 2.0 * 50f64.powf(at as f64 / 39.0);
            let mut day = |day: i64| {
                let rate = Gamma::new(1.0 / growth, growth * mean).unwrap().sample(&mut rng);
                let events = Poisson::new(rate).unwrap().sample(&mut rng);
                let date = jiff::civil::date(2026, 1, 1).saturating_add(jiff::Span::new().days(day));
                Point { key: (date, 1), age: 0.0, spend: mean, events, shock: 1.0 }
            };
            Series { supplier: at, pool: 0, days: (0..60).map(&mut day).collect() }
        };
        (0..40).map(&mut series).collect()
    }

    #[test]
    fn large_days_swing_more_and_each_supplier_gets_its_own() {
        let series = suppliers(1, 0.05);
        let swings = Swings::of(series.iter(), 1.0);
        assert!((0.04..0.06).contains(&swings.growth) && (1.0..1.2).contains(&swings.base), "{swings:?}");
        let (small, large) = (swings.of_series(&series[0]), swings.of_series(&series[39]));
        assert!((1.0..1.4).contains(&small) && (5.0..7.2).contains(&large), "{small} {large}");
    }
}
