//! Stretches of a total on another level than the model's: one that stays, as after a relaunch, or one that ends again, as a
//! promotion does.
//!
//! ```text
//!     e[t] = y[t] ÷ m[t] − 1        w[t] = b[t] ÷ m[t]        c[t] = w[t] within the stretch, 0 elsewhere
//!     z = c̃ᵀe ÷ (s |c̃|)             c̃ = c less what w and w · F_j tell of it (least squares)
//! ```
//!
//! m and b are of the mode, s is robust. z is the score test of one more effect on the baseline (Rao 1948) beside the level, the
//! trend and the season, which would have bent towards the stretch. Where |z| is largest (a scan statistic: Arias-Castro, Donoho
//! & Huo 2005) the data are fitted again with that effect; it stays when the log likelihood gains [`GAIN`] more than the logarithm
//! of how many stretches were looked at, which one of them gains by chance: P(max z² ÷ 2 > ln N + g) < e^(−g) ÷ √(π (ln N + g)).

use std::ops::Range;

use super::baseline::{Feature, Kind};
use super::data::Data;
use super::residuals::{Residuals, relative, seen};
use crate::fit::priors::TotalPriors;
use crate::math::dense::{cholesky, solve_lower, solve_upper};
use crate::panel::Panel;

/// Standard errors that a stretch must stand out by to be fitted.
const STANDS_OUT: f64 = 4.5;
/// Share of the periods, and least number of them, on either side of a level that stays.
const SIDES: (f64, usize) = (0.1, 6);
/// Share of the periods, and number of them, that a stretch holds at most which ends again.
const LONGEST: (f64, usize) = (0.15, 60);
/// Log likelihood that another level must gain beyond chance: in one of a hundred totals without one it would.
const GAIN: f64 = 3.0;
/// Share of a stretch that level, trend and season must leave untold.
const UNTOLD: f64 = 1e-3;

/// Periods of the panel on another level than the model's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct OtherLevel {
    /// The first.
    pub from: usize,
    /// The last; `None` when it has stayed.
    pub last: Option<usize>,
    /// Multiple of what would be expected without it.
    pub times: f64,
}

/// The stretch on another level that makes the totals likeliest, and the data with it.
pub(super) fn another(data: &Data, panel: &Panel, priors: &TotalPriors) -> Option<(OtherLevel, Data)> {
    let before = relative(data, priors)?;
    let columns: Vec<&[f64]> = data.features.iter().map(|feature| &feature.values[..]).collect();
    let scan = Scan::new(&before.relative, &before.base_share, &columns)?;
    let longest = ((LONGEST.0 * before.relative.len() as f64) as usize).min(LONGEST.1);
    let with = |(places, looked_at): (Range<usize>, usize)| {
        let mut level = OtherLevel::of(&seen(data), &places);
        let mut with = data.clone();
        with.features.push(level.effect(&data.seen, panel, priors.event));
        let after = relative(&with, priors)?;
        level.times = times(&after, places);
        let beyond_chance = after.log_likelihood - before.log_likelihood - (looked_at as f64).ln();
        (beyond_chance > GAIN).then_some((after.log_likelihood, level, with))
    };
    let stays = scan.furthest(scan.stays()).map(|places| (places, scan.stays().count()));
    let ends = scan.furthest(scan.ends(longest)).map(|places| (places, scan.ends(longest).count()));
    let found = stays.into_iter().chain(ends).filter_map(with);
    found.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, level, with)| (level, with))
}

impl OtherLevel {
    /// Of places of the likelihood, which are at these periods.
    fn of(at: &[usize], places: &Range<usize>) -> OtherLevel {
        let last = (places.end < at.len()).then(|| at[places.end - 1]);
        OtherLevel { from: at[places.start], last, times: 1.0 }
    }

    /// Its effect on the baseline; `sd` is how large it may be.
    pub(super) fn effect(&self, seen: &[bool], panel: &Panel, sd: f64) -> Feature {
        let is_in = |t: usize| t >= self.from && self.last.is_none_or(|last| t <= last);
        let until = self.last.map(|last| format!(" to {}", panel.periods[last])).unwrap_or_default();
        let name = format!("level from {}{until}", panel.periods[self.from]);
        Feature::of((name, Kind::Event), (0..seen.len()).map(|t| f64::from(is_in(t))).collect(), seen, sd)
    }
}

/// The expected totals of some places over what they would be without the last effect.
fn times(residuals: &Residuals, places: Range<usize>) -> f64 {
    let without = 1.0 - (-residuals.effects.last().copied().unwrap_or(0.0)).exp();
    crate::math::mean(&residuals.base_share[places].iter().map(|w| 1.0 / (1.0 - w * without)).collect::<Vec<f64>>())
}

/// The score test of every stretch: sums from the first period on, so that a stretch costs a difference of two.
struct Scan {
    /// Σ w e, of the residuals that level, trend and season leave.
    by_residual: Vec<f64>,
    /// Σ w².
    squares: Vec<f64>,
    /// Σ w times each column of what is told already.
    by_column: Vec<Vec<f64>>,
    /// Cholesky factor of these columns' products.
    factor: Vec<f64>,
    spread: f64,
}

impl Scan {
    fn new(residuals: &[f64], share: &[f64], features: &[&[f64]]) -> Option<Scan> {
        let times = |values: &[f64]| -> Vec<f64> { share.iter().zip(values).map(|(w, x)| w * x).collect() };
        let told: Vec<Vec<f64>> =
            std::iter::once(share.to_vec()).chain(features.iter().map(|values| times(values))).collect();
        let n = told.len();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut products: Vec<f64> = (0..n * n).map(|at| dot(&told[at / n], &told[at % n])).collect();
        // columns that tell the same, as an event of every period, must not end the search
        (0..n).for_each(|i| products[i * n + i] *= 1.0 + 1e-9);
        let factor = cholesky(&products, n)?;
        let by: Vec<f64> = told.iter().map(|column| dot(column, residuals)).collect();
        let effects = solve_upper(&factor, &solve_lower(&factor, &by));
        let mut left = residuals.to_vec();
        for (column, effect) in told.iter().zip(&effects) {
            left.iter_mut().zip(column).for_each(|(left, x)| *left -= effect * x);
        }
        let by_column = told.iter().map(|column| sums(&times(column))).collect();
        let spread = super::residuals::spread(&left);
        (spread > 0.0).then(|| Scan {
            by_residual: sums(&times(&left)),
            squares: sums(&times(share)),
            by_column,
            factor,
            spread,
        })
    }

    /// |z| of a stretch.
    fn distance(&self, of: &Range<usize>) -> f64 {
        let over = |sums: &[f64]| sums[of.end] - sums[of.start];
        let told: Vec<f64> = self.by_column.iter().map(|sums| over(sums)).collect();
        let squares = over(&self.squares);
        let untold = squares - solve_lower(&self.factor, &told).iter().map(|u| u * u).sum::<f64>();
        if untold > UNTOLD * squares { over(&self.by_residual).abs() / (self.spread * untold.sqrt()) } else { 0.0 }
    }

    fn furthest(&self, stretches: impl Iterator<Item = Range<usize>>) -> Option<Range<usize>> {
        let furthest = stretches.map(|of| (self.distance(&of), of)).max_by(|a, b| a.0.total_cmp(&b.0))?;
        (furthest.0 >= STANDS_OUT).then_some(furthest.1)
    }

    fn len(&self) -> usize {
        self.squares.len() - 1
    }

    /// Stretches to the last period.
    fn stays(&self) -> impl Iterator<Item = Range<usize>> {
        let n = self.len();
        let side = ((SIDES.0 * n as f64) as usize).max(SIDES.1);
        (side..n.saturating_sub(side)).map(move |from| from..n)
    }

    /// Stretches of two periods to `longest` that end before the last.
    fn ends(&self, longest: usize) -> impl Iterator<Item = Range<usize>> {
        let n = self.len();
        (0..n).flat_map(move |from| (from + 2..=(from + longest).min(n - 1)).map(move |to| from..to))
    }
}

/// Sums of the first 0, 1, … values.
fn sums(values: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    sums.extend(values.iter().scan(0.0, |sum, value| {
        *sum += value;
        Some(*sum)
    }));
    sums
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A trend and a season, which lean towards any stretch.
    fn features(n: usize) -> [Vec<f64>; 3] {
        let wave = |f: fn(f64) -> f64| (0..n).map(|t| f(t as f64 / 8.3)).collect();
        [(0..n).map(|t| t as f64 / n as f64 - 0.5).collect(), wave(f64::sin), wave(f64::cos)]
    }

    /// What is left of values by least squares on a level and the features.
    fn left(values: &[f64], features: &[Vec<f64>]) -> Vec<f64> {
        let ones = vec![1.0; values.len()];
        let columns: Vec<&Vec<f64>> = std::iter::once(&ones).chain(features).collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let n = columns.len();
        let products: Vec<f64> = (0..n * n).map(|at| dot(columns[at / n], columns[at % n])).collect();
        let factor = cholesky(&products, n).unwrap();
        let by: Vec<f64> = columns.iter().map(|column| dot(column, values)).collect();
        let effects = solve_upper(&factor, &solve_lower(&factor, &by));
        let told = |t: usize| columns.iter().zip(&effects).map(|(column, effect)| column[t] * effect).sum::<f64>();
        (0..values.len()).map(|t| values[t] - told(t)).collect()
    }

    proptest! {
        #[test]
        fn a_stretch_is_found_where_it_is_though_trend_and_season_lean_towards_it(
            noise in prop::collection::vec(-1.0..1.0f64, 120), from in 15..85usize, length in 6..16usize, is_above in any::<bool>(),
        ) {
            let (features, mut values) = (features(120), noise);
            values[from..from + length].iter_mut().for_each(|e| *e += if is_above { 8.0 } else { -8.0 });
            let columns: Vec<&[f64]> = features.iter().map(|column| &column[..]).collect();
            let scan = Scan::new(&left(&values, &features), &[1.0; 120], &columns).unwrap();
            prop_assert_eq!(scan.furthest(scan.ends(18)), Some(from..from + length));
        }

        #[test]
        fn a_level_that_stays_is_found_where_it_begins(
            noise in prop::collection::vec(-1.0..1.0f64, 120), from in 15..105usize,
        ) {
            let (features, mut values) = (features(120), noise);
            values[from..].iter_mut().for_each(|e| *e += 8.0);
            let columns: Vec<&[f64]> = features.iter().map(|column| &column[..]).collect();
            let scan = Scan::new(&left(&values, &features), &[1.0; 120], &columns).unwrap();
            prop_assert!(scan.furthest(scan.stays()).is_some_and(|of| of.start.abs_diff(from) <= 1 && of.end == 120));
        }

        // z² of one more column is what it takes off the sum of squares
        #[test]
        fn the_distance_is_that_of_least_squares(
            values in prop::collection::vec(-1.0..1.0f64, 60), from in 2..40usize, length in 2..15usize,
        ) {
            let features = features(60);
            let columns: Vec<&[f64]> = features.iter().map(|column| &column[..]).collect();
            let scan = Scan::new(&values, &[1.0; 60], &columns).unwrap();
            let of = from..from + length;
            let stretch: Vec<f64> = (0..60).map(|t| f64::from(of.contains(&t))).collect();
            let with: Vec<Vec<f64>> = features.iter().cloned().chain([stretch]).collect();
            let squares = |values: Vec<f64>| values.iter().map(|e| e * e).sum::<f64>();
            let taken_off = squares(left(&values, &features)) - squares(left(&values, &with));
            let z = scan.distance(&of) * scan.spread;
            prop_assert!((z * z - taken_off).abs() < 1e-6, "{} {taken_off}", z * z);
        }
    }

    #[test]
    fn too_few_periods_have_no_other_level() {
        let scan = Scan::new(&[0.1, -0.2, 0.3], &[1.0; 3], &[]).unwrap();
        assert_eq!((scan.furthest(scan.stays()), scan.furthest(scan.ends(0))), (None, None));
    }
}
