//! Spend that follows demand: whether the budget reacts to what the KPI did, or only to the calendar.
//!
//! ```text
//!     ln x[t] = a + φ ln x[t − 1] + u[t]          reaction: correlation of u[t] with the KPI's residual e[t − 1]
//! ```
//!
//! A curve reads the KPI as the effect of spend. Where budgets rise because yesterday went well for another reason, part of
//! that reason is credited to spend. Under a budget set beforehand u and the earlier residual are independent, so their
//! correlation × √n is about standard normal (Fisher 1921).

use super::likelihood::History;

/// Standard errors from which on a reaction is said.
const REACTS: f64 = 4.0;
/// Share of the variation of spend that the calendar may tell before that is said.
const CALENDAR: f64 = 0.8;

/// How spend came about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Origin {
    /// Correlation of spend with the period before's unexplained KPI, where it is beyond chance.
    pub reaction: Option<f64>,
    /// Share of the variation of ln spend that the calendar tells, where it is nearly all.
    pub calendar: Option<f64>,
}

/// Looks at how spend came about; `expected` are the means of the counted periods.
pub fn origin(history: &History, expected: &[f64]) -> Origin {
    Origin { reaction: reaction(history, expected), calendar: of_calendar(history) }
}

fn reaction(history: &History, expected: &[f64]) -> Option<f64> {
    let residual: Vec<f64> = history.counts.iter().zip(expected).map(|((_, y), m)| (y - m) / m.max(1.0)).collect();
    let mut pairs = Vec::new();
    for (place, window) in history.counts.windows(2).enumerate() {
        let (before, now) = (window[0].0, window[1].0);
        if now == before + 1 && history.spend[before] > 0.0 && history.spend[now] > 0.0 {
            pairs.push((history.spend[before].ln(), history.spend[now].ln(), residual[place]));
        }
    }
    let column = |f: fn(&(f64, f64, f64)) -> f64| pairs.iter().map(f).collect::<Vec<f64>>();
    let (before, now, residual) = (column(|p| p.0), column(|p| p.1), column(|p| p.2));
    let innovation = without(&now, &before);
    let correlation = correlation(&innovation, &without(&residual, &before))?;
    (correlation * (pairs.len() as f64).sqrt() > REACTS).then_some(correlation)
}

/// Share of the variation of ln spend that regression on the calendar's columns tells: 1 − left ÷ whole.
fn of_calendar(history: &History) -> Option<f64> {
    use linfa::Dataset;
    use linfa::traits::Fit;
    use ndarray::{Array1, Array2};
    let places: Vec<usize> =
        (0..history.counts.len()).filter(|place| history.spend[history.counts[*place].0] > 0.0).collect();
    if history.columns == 0 || places.len() < 4 * history.columns {
        return None;
    }
    let logs = Array1::from_iter(places.iter().map(|place| history.spend[history.counts[*place].0].ln()));
    let rows = Array2::from_shape_fn((places.len(), history.columns), |(i, j)| history.row(places[i])[j]);
    let mean = logs.mean()?;
    let whole: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
    let model = linfa_linear::LinearRegression::new().fit(&Dataset::new(rows.clone(), logs.clone())).ok()?;
    let told = rows.dot(model.params()) + model.intercept();
    let left: f64 = (&logs - &told).iter().map(|e| e * e).sum();
    let share = 1.0 - left / whole;
    (whole > 0.0 && share > CALENDAR).then_some(share)
}

/// What of `y` a straight line in `x` does not tell.
fn without(y: &[f64], x: &[f64]) -> Vec<f64> {
    let (mean_y, mean_x) = (crate::math::mean(y), crate::math::mean(x));
    let square: f64 = x.iter().map(|x| (x - mean_x).powi(2)).sum();
    let product: f64 = x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = if square > 0.0 { product / square } else { 0.0 };
    y.iter().zip(x).map(|(y, x)| y - mean_y - slope * (x - mean_x)).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let scale = (dot(a, a) * dot(b, b)).sqrt();
    (a.len() > 20 && scale > 0.0).then(|| dot(a, b) / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    /// 300 days whose budget reacts to yesterday's surprise by `reaction`.
    fn days(seed: u64, reaction: f64) -> (History, Vec<f64>) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = || -> f64 { StandardNormal.sample(&mut random) };
        let (mut log_spend, mut surprise) = (0.0, 0.0);
        let (mut spend, mut counts, mut expected) = (Vec::new(), Vec::new(), Vec::new());
        for t in 0..300 {
            log_spend = 0.5 * log_spend + reaction * surprise + 0.3 * normal();
            surprise = 0.2 * normal();
            spend.push(100.0 * f64::exp(log_spend));
            expected.push(50.0 * f64::exp(0.5 * log_spend));
            counts.push((t, expected[t] * f64::exp(surprise)));
        }
        (History::new(&spend, vec![true; 300], counts, 100.0, 1.0), expected)
    }

    #[test]
    fn a_budget_that_follows_demand_is_seen_and_one_that_does_not_is_not() {
        let seen = |reaction| {
            (0..20)
                .filter(|seed| {
                    let (history, expected) = days(*seed, reaction);
                    origin(&history, &expected).reaction.is_some()
                })
                .count()
        };
        assert_eq!((seen(0.0), seen(1.0)), (0, 20));
    }
}
