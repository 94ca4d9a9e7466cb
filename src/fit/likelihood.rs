//! The posterior of one channel's curve from its counts.
//!
//! ```text
//!     y[t] ~ NegativeBinomial(mean m[t], dispersion r)         variance m + m² ÷ r
//!     ln m[t] = ln ρ + g(z[t]) − g(1) + Σ b[j] · c[j, t]
//!     z       = adstock of spend ÷ mean spend
//! ```
//!
//! | symbol | unknown, on the scale that is searched | unit |
//! |---|---|---|
//! | ρ | ln ρ: KPI at mean spend | ln KPI per period |
//! | r | ln r: dispersion | – |
//! | d, or λ and k | logit d: decay; ln λ, ln k: scale and shape of a delayed effect | –; ln periods, – |
//! | κ, s, γ | the family's shape, see [`Family`] | ln multiples of mean spend, – |
//! | b | b: what a column of the calendar adds to ln m | – |
//!
//! The response at mean spend is what data see best, so ρ and not the ceiling is an unknown: its posterior is close to
//! independent of the rest. KPIs that are no counts (value) are divided by a unit first, such that their variance is about
//! their mean where it is small: quasi-counts.

use statrs::function::gamma::ln_gamma;

use super::adstock::{convolved, delayed_weights, geometric, geometric_alone};
use super::family::{Family, sigmoid};
use super::priors::Belief;
use super::response::Response;
use crate::math::fast;
use crate::math::mode::LogDensity;

/// Stock below which a period counts as this: the logarithm needs a floor, the likelihood does not see it.
const LEAST_STOCK: f64 = 1e-6;
/// Largest ln (κ ÷ z)^s that is told from more: a product of two such ratios is finite.
const MOST_LOG_RATIO: f64 = 340.0;
/// Periods by which data could just tell a channel's true response from the nearest curve of a family: accounts and campaigns
/// within it change their mix, which no curve of their sum follows. The likelihood of n periods is raised to
/// COARSE ÷ (COARSE + n), so that intervals end with what such curves can know (Miller & Dunson 2019, coarsened posteriors).
const COARSE: f64 = 1500.0;
/// Place of ln ρ among the unknowns.
pub const RESPONSE: usize = 0;
/// Place of ln r among the unknowns.
pub const DISPERSION: usize = 1;
/// Place of the first unknown of carry-over.
pub const CARRY: usize = 2;

/// How an effect carries over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carry {
    /// Strongest at once, then a constant share of it is left each period.
    Geometric,
    /// Weibull's density: strongest some periods later.
    Delayed,
}

/// A form of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// Shape of the curve.
    pub family: Family,
    /// Carry-over.
    pub carry: Carry,
}

impl Model {
    /// Place of the first unknown of the shape.
    pub fn shape(self) -> usize {
        match self.carry {
            Carry::Geometric => CARRY + 1,
            Carry::Delayed => CARRY + 2,
        }
    }

    /// Unknowns before those of the calendar.
    pub fn unknowns(self) -> usize {
        self.shape() + self.family.unknowns()
    }
}

/// One channel's history, spend in multiples of its mean.
#[derive(Clone, Debug)]
pub struct History {
    /// Spend per period ÷ mean spend.
    pub spend: Vec<f64>,
    /// Whether the period was reported.
    pub reported: Vec<bool>,
    /// Periods whose count enters the likelihood, with the count ÷ `unit`.
    pub counts: Vec<(usize, f64)>,
    /// Columns of the calendar at `counts`, row by row.
    pub calendar: Vec<f64>,
    /// How many columns there are.
    pub columns: usize,
    /// Mean spend per period, money.
    pub mean_spend: f64,
    /// Mean of `counts`.
    pub mean_count: f64,
    /// KPI per count: 1 for counts.
    pub unit: f64,
    /// Σ lnΓ(y + r) − lnΓ(r) as a function of ln r.
    gammas: Gammas,
}

impl History {
    /// A history without a calendar; `counts` in KPI.
    pub fn new(spend: &[f64], reported: Vec<bool>, counts: Vec<(usize, f64)>, mean_spend: f64, unit: f64) -> History {
        let counts: Vec<(usize, f64)> = counts.into_iter().map(|(t, y)| (t, y / unit)).collect();
        History {
            spend: spend.iter().map(|x| x / mean_spend).collect(),
            reported,
            gammas: Gammas::of(&counts),
            mean_count: counts.iter().map(|count| count.1).sum::<f64>() / counts.len() as f64,
            counts,
            calendar: Vec::new(),
            columns: 0,
            mean_spend,
            unit,
        }
    }

    /// The same with columns of the calendar; `row` gives those of a period.
    pub fn with_calendar(&self, columns: usize, row: impl Fn(usize) -> Vec<f64>) -> History {
        let calendar = self.counts.iter().flat_map(|(t, _)| row(*t)).collect();
        History { calendar, columns, ..self.clone() }
    }

    /// The same without some of the counted periods, by their place in `counts`.
    pub fn without(&self, places: &[usize]) -> History {
        let kept: Vec<usize> = (0..self.counts.len()).filter(|place| !places.contains(place)).collect();
        let counts: Vec<(usize, f64)> = kept.iter().map(|place| self.counts[*place]).collect();
        let calendar = kept.iter().flat_map(|place| self.row(*place).to_vec()).collect();
        let mean_count = counts.iter().map(|count| count.1).sum::<f64>() / counts.len() as f64;
        History { gammas: Gammas::of(&counts), mean_count, counts, calendar, ..self.clone() }
    }

    /// Columns of the calendar at a place in `counts`.
    pub fn row(&self, place: usize) -> &[f64] {
        &self.calendar[place * self.columns..][..self.columns]
    }

    /// Mean over the counted periods of what the calendar multiplies the response by.
    fn mean_factor(&self, by_column: &[f64]) -> f64 {
        let factor = |place| dot(self.row(place), by_column).exp();
        (0..self.counts.len()).map(factor).sum::<f64>() / self.counts.len() as f64
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Σ lnΓ(y + r) − lnΓ(r) by ln r: a cubic Hermite spline, since it is the costliest part of the likelihood and depends on
/// one unknown alone.
#[derive(Clone, Debug)]
struct Gammas {
    knots: Vec<(f64, f64)>,
}

impl Gammas {
    const FIRST: f64 = -4.0;
    const STEP: f64 = 0.125;
    const KNOTS: usize = 145;

    fn of(counts: &[(usize, f64)]) -> Gammas {
        let mut sorted: Vec<f64> = counts.iter().map(|count| count.1).collect();
        sorted.sort_by(f64::total_cmp);
        let alike: Vec<(f64, f64)> = sorted.chunk_by(|a, b| a == b).map(|y| (y[0], y.len() as f64)).collect();
        let knot = |i: usize| {
            let r = (Gammas::FIRST + Gammas::STEP * i as f64).exp();
            let (gamma, slope) = fast::gamma(r);
            let add = |sum: (f64, f64), (y, times): &(f64, f64)| {
                let here = fast::gamma(y + r);
                (sum.0 + times * (here.0 - gamma), sum.1 + times * r * (here.1 - slope))
            };
            alike.iter().fold((0.0, 0.0), add)
        };
        Gammas { knots: (0..Gammas::KNOTS).map(knot).collect() }
    }

    /// The value and its derivative by ln r; beyond the knots a straight line.
    fn at(&self, log_r: f64) -> (f64, f64) {
        let place = (log_r - Gammas::FIRST) / Gammas::STEP;
        let below = (place.floor().max(0.0) as usize).min(Gammas::KNOTS - 2);
        let x = (place - below as f64).clamp(0.0, 1.0);
        let ((a, da), (b, db)) = (self.knots[below], self.knots[below + 1]);
        let (da, db) = (da * Gammas::STEP, db * Gammas::STEP);
        let (cube, square) = (2.0 * (a - b) + da + db, 3.0 * (b - a) - 2.0 * da - db);
        let value = a + x * (da + x * (square + x * cube));
        let slope = (da + x * (2.0 * square + x * 3.0 * cube)) / Gammas::STEP;
        (value + slope * (place - below as f64 - x) * Gammas::STEP, slope)
    }
}

/// The posterior of one channel under one model.
#[derive(Clone)]
pub struct Posterior<'a> {
    history: &'a History,
    model: Model,
    beliefs: &'a [Belief],
    /// Σ ln y!, which no unknown enters.
    log_factorials: f64,
    /// What the likelihood is raised to, see [`COARSE`].
    power: f64,
}

/// ln m and its derivatives, period by period.
struct Predicted {
    log_mean: Vec<f64>,
    /// Row by row, one value an unknown.
    slopes: Vec<f64>,
}

impl<'a> Posterior<'a> {
    /// The posterior given a history; one belief an unknown, those of the calendar last.
    pub fn new(history: &'a History, model: Model, beliefs: &'a [Belief]) -> Posterior<'a> {
        let log_factorials = history.counts.iter().map(|(_, y)| ln_gamma(y + 1.0)).sum();
        let power = COARSE / (COARSE + history.counts.len() as f64);
        Posterior { history, model, beliefs, log_factorials, power }
    }

    /// The same with the whole likelihood: for what is asked of all counts together, such as whether their level shifts.
    pub fn exact(self) -> Posterior<'a> {
        Posterior { power: 1.0, ..self }
    }

    /// How many unknowns there are before those of the calendar.
    pub fn curve_unknowns(&self) -> usize {
        self.model.unknowns()
    }

    /// The expected counts of the periods in the likelihood.
    pub fn expected(&self, at: &[f64]) -> Vec<f64> {
        self.log_means(at).into_iter().map(f64::exp).collect()
    }

    /// `ln p(y[t] | unknowns)` of every counted period.
    pub fn pointwise(&self, at: &[f64]) -> Vec<f64> {
        let log_r = at[DISPERSION];
        let r = log_r.exp();
        let gamma = ln_gamma(r);
        let term = |((_, y), log_mean): (&(usize, f64), f64)| {
            let log_sum = (r + log_mean.exp()).ln();
            fast::gamma(y + r).0 - gamma - fast::gamma(y + 1.0).0 + r * (log_r - log_sum) + y * (log_mean - log_sum)
        };
        self.history.counts.iter().zip(self.log_means(at)).map(term).collect()
    }

    /// The response in money and KPI that the unknowns stand for, over an average period of the history.
    pub fn response(&self, at: &[f64]) -> Response {
        let shape = &at[self.model.shape()..self.model.unknowns()];
        let usual = self.history.mean_factor(&at[self.model.unknowns()..]);
        let at_mean = at[RESPONSE].exp() * self.history.unit * usual;
        Response { saturation: self.model.family.curve(shape, at_mean, self.history.mean_spend), decay: self.decay(at) }
    }

    /// What a row of the calendar multiplies that response by.
    pub fn factor(&self, at: &[f64], row: &[f64]) -> f64 {
        let by_column = &at[self.model.unknowns()..];
        dot(row, by_column).exp() / self.history.mean_factor(by_column)
    }

    /// The decay; for a delayed effect the one with the same mean delay.
    fn decay(&self, at: &[f64]) -> f64 {
        match self.model.carry {
            Carry::Geometric => sigmoid(at[CARRY]),
            Carry::Delayed => {
                let (weights, _) = delayed_weights(at[CARRY].exp(), at[CARRY + 1].exp());
                let delay: f64 = weights.iter().enumerate().map(|(lag, w)| lag as f64 * w).sum();
                delay / (1.0 + delay)
            }
        }
    }

    fn stock(&self, at: &[f64]) -> Vec<f64> {
        let History { spend, reported, .. } = self.history;
        let mut stock = Vec::with_capacity(spend.len());
        match self.model.carry {
            Carry::Geometric => geometric_alone(spend, reported, sigmoid(at[CARRY]), &mut stock),
            Carry::Delayed => {
                stock = convolved(spend, reported, &delayed_weights(at[CARRY].exp(), at[CARRY + 1].exp()).0);
            }
        }
        stock
    }

    /// The stock and its derivatives by the unknowns of carry-over.
    fn stock_and_slopes(&self, at: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
        let History { spend, reported, .. } = self.history;
        match self.model.carry {
            Carry::Geometric => {
                let decay = sigmoid(at[CARRY]);
                let (stock, mut slope) = geometric(spend, reported, decay);
                slope.iter_mut().for_each(|slope| *slope *= decay * (1.0 - decay));
                (stock, vec![slope])
            }
            Carry::Delayed => {
                let (weights, slopes) = delayed_weights(at[CARRY].exp(), at[CARRY + 1].exp());
                let of = |weights: &Vec<f64>| convolved(spend, reported, weights);
                (of(&weights), slopes.iter().map(of).collect())
            }
        }
    }

    fn log_means(&self, at: &[f64]) -> Vec<f64> {
        let shape = &at[self.model.shape()..self.model.unknowns()];
        let by_column = &at[self.model.unknowns()..];
        let stock = self.stock(at);
        let base = at[RESPONSE] - self.model.family.value(shape, 0.0);
        let mut means: Vec<f64> = self.history.counts.iter().map(|(t, _)| stock[*t].max(LEAST_STOCK)).collect();
        means.iter_mut().for_each(|z| *z = fast::ln(*z));
        self.model.family.values(shape, &mut means);
        means.iter_mut().for_each(|g| *g += base);
        if !by_column.is_empty() {
            means.iter_mut().enumerate().for_each(|(place, log)| *log += dot(self.history.row(place), by_column));
        }
        means
    }

    fn predicted(&self, at: &[f64]) -> Predicted {
        let (first, end, n) = (self.model.shape(), self.model.unknowns(), at.len());
        let (shape, family) = (&at[first..end], self.model.family);
        let (stock, stock_slopes) = self.stock_and_slopes(at);
        let at_mean = family.slopes(shape, 0.0);
        let counts = &self.history.counts;
        let (mut log_mean, mut slopes) = (Vec::with_capacity(counts.len()), vec![0.0; counts.len() * n]);
        for (place, (t, _)) in counts.iter().enumerate() {
            let z = stock[*t].max(LEAST_STOCK);
            let (here, calendar) = (family.slopes(shape, z.ln()), self.history.row(place));
            let row = &mut slopes[place * n..][..n];
            row[RESPONSE] = 1.0;
            for (i, slope) in stock_slopes.iter().enumerate() {
                row[CARRY + i] = here.by_log_stock * slope[*t] / z;
            }
            for i in 0..family.unknowns() {
                row[first + i] = here.by_shape[i] - at_mean.by_shape[i];
            }
            row[end..].copy_from_slice(calendar);
            log_mean.push(at[RESPONSE] + here.value - at_mean.value + dot(calendar, &at[end..]));
        }
        Predicted { log_mean, slopes }
    }

    fn prior(&self, at: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let parts: Vec<(f64, f64)> = self.beliefs.iter().zip(at).map(|(belief, at)| belief.log_density(*at)).collect();
        if let Some(gradient) = gradient {
            gradient.iter_mut().zip(&parts).for_each(|(slope, part)| *slope = part.1);
        }
        parts.iter().map(|part| part.0).sum()
    }

    /// The log likelihood given the means, up to ln y!.
    fn likelihood(&self, log_r: f64, log_mean: &[f64]) -> f64 {
        let r = log_r.exp();
        let logs: Vec<f64> = log_mean.iter().map(|log| fast::ln(r + fast::exp(*log))).collect();
        let counts = self.history.counts.iter().zip(log_mean.iter().zip(logs));
        let sum: f64 = counts.map(|((_, y), (log_mean, log_sum))| y * log_mean - (y + r) * log_sum).sum();
        sum + log_mean.len() as f64 * r * log_r + self.history.gammas.at(log_r).0
    }

    /// [`Posterior::likelihood`] of a Hill curve with fewer exponentials. With E = (κ ÷ z)^s and c the mean at saturation, a
    /// period's term y ln m − (y + r) ln(r + m) is y ln c + r ln(1 + E) − (y + r) ln(r (1 + E) + c).
    fn hill_likelihood(&self, at: &[f64]) -> f64 {
        let (log_r, r) = (at[DISPERSION], at[DISPERSION].exp());
        let shape = &at[self.model.shape()..self.model.unknowns()];
        let (log_half, slope, by_column) = (shape[0], shape[1].exp(), &at[self.model.unknowns()..]);
        let base = at[RESPONSE] - self.model.family.value(shape, 0.0);
        let (stock, counts) = (self.stock(at), &self.history.counts);
        let mut ratios: Vec<f64> = counts.iter().map(|(t, _)| stock[*t].max(LEAST_STOCK)).collect();
        ratios.iter_mut().for_each(|z| *z = 1.0 + fast::exp((slope * (log_half - fast::ln(*z))).min(MOST_LOG_RATIO)));
        let logs: f64 = ratios.chunks(2).map(|pair| fast::ln(pair.iter().product())).sum();
        let mut tops = vec![base; counts.len()];
        if !by_column.is_empty() {
            tops.iter_mut().enumerate().for_each(|(place, log)| *log += dot(self.history.row(place), by_column));
        }
        let by_top: f64 = counts.iter().zip(&tops).map(|((_, y), log)| y * log).sum();
        let top = base.exp();
        if by_column.is_empty() {
            ratios.iter_mut().for_each(|ratio| *ratio = fast::ln(r * *ratio + top));
        } else {
            ratios.iter_mut().zip(&tops).for_each(|(ratio, log)| *ratio = fast::ln(r * *ratio + fast::exp(*log)));
        }
        let sums: f64 = counts.iter().zip(&ratios).map(|((_, y), log_sum)| (y + r) * log_sum).sum();
        let n = counts.len() as f64;
        by_top + r * logs - sums + n * r * log_r + self.history.gammas.at(log_r).0
    }

    /// Derivative of the log likelihood by ln r.
    fn by_dispersion(&self, log_r: f64, log_mean: &[f64]) -> f64 {
        let r = log_r.exp();
        let term = |((_, y), log_mean): (&(usize, f64), &f64)| {
            let sum = r + log_mean.exp();
            log_r + 1.0 - sum.ln() - (y + r) / sum
        };
        let sum: f64 = self.history.counts.iter().zip(log_mean).map(term).sum();
        r * sum + self.history.gammas.at(log_r).1
    }
}

impl LogDensity for Posterior<'_> {
    fn value(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let prior = self.prior(at, Some(gradient));
        let Predicted { log_mean, slopes } = self.predicted(at);
        let (log_r, n) = (at[DISPERSION], at.len());
        let r = log_r.exp();
        for ((_, y), (log_mean, row)) in self.history.counts.iter().zip(log_mean.iter().zip(slopes.chunks_exact(n))) {
            let mean = log_mean.exp();
            let by_log_mean = self.power * r * (y - mean) / (r + mean);
            gradient.iter_mut().zip(row).for_each(|(sum, slope)| *sum += by_log_mean * slope);
        }
        gradient[DISPERSION] += self.power * self.by_dispersion(log_r, &log_mean);
        prior + self.power * (self.likelihood(log_r, &log_mean) - self.log_factorials)
    }

    fn alone(&self, at: &[f64]) -> f64 {
        let likelihood = match self.model.family {
            Family::Hill => self.hill_likelihood(at),
            _ => self.likelihood(at[DISPERSION], &self.log_means(at)),
        };
        self.prior(at, None) + self.power * (likelihood - self.log_factorials)
    }

    /// The expected information of the means, which is never negative, with the observed one of the dispersion and that of
    /// the priors.
    fn curvature(&self, at: &[f64]) -> Vec<f64> {
        let Predicted { log_mean, slopes } = self.predicted(at);
        let (log_r, n) = (at[DISPERSION], at.len());
        let r = log_r.exp();
        let mut information = vec![0.0; n * n];
        for (log_mean, row) in log_mean.iter().zip(slopes.chunks_exact(n)) {
            let mean = log_mean.exp();
            let weight = self.power * r * mean / (r + mean);
            for i in 0..n {
                let scaled = weight * row[i];
                (0..=i).for_each(|j| information[i * n + j] += scaled * row[j]);
            }
        }
        let step = 0.02;
        let (up, down) = (self.by_dispersion(log_r + step, &log_mean), self.by_dispersion(log_r - step, &log_mean));
        information[DISPERSION * n + DISPERSION] = self.power * ((down - up) / (2.0 * step)).max(0.0);
        for i in 0..n {
            information[i * n + i] += self.beliefs[i].curvature(at[i]);
            (0..i).for_each(|j| information[j * n + i] = information[i * n + j]);
        }
        information
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::priors;
    use proptest::prelude::*;

    fn history() -> History {
        let spend: Vec<f64> = (0..40).map(|t| 20.0 + 160.0 * f64::from(t * 7 % 40) / 40.0).collect();
        let count = |(t, x): (usize, &f64)| (t, (30.0 * x / (100.0 + x)).round() + (t % 5) as f64);
        let counts = spend.iter().enumerate().map(count).collect();
        let history = History::new(&spend, vec![true; 40], counts, 100.0, 1.0);
        history.with_calendar(2, |t| vec![(t % 7) as f64 / 7.0 - 0.4, t as f64 / 40.0 - 0.5])
    }

    fn models() -> Vec<Model> {
        let geometric = Family::ALL.map(|family| Model { family, carry: Carry::Geometric });
        [&geometric[..], &[Model { family: Family::Hill, carry: Carry::Delayed }]].concat()
    }

    /// Unknowns around `start`, and beliefs about them.
    fn place(model: Model, at: &[f64]) -> (Vec<f64>, Vec<Belief>) {
        let mut beliefs = priors::shipped().of(model, 16.0);
        beliefs.extend([Belief::Normal { mean: 0.0, sd: 0.3 }; 2]);
        let at = at.iter().zip([2.7, 3.0]).map(|(a, b)| a + b).chain(at[2..].iter().copied());
        (at.take(beliefs.len()).collect(), beliefs)
    }

    proptest! {
        #[test]
        fn the_gradient_is_the_derivative(at in prop::collection::vec(-1.0..1.0f64, 8), which in 0usize..6) {
            let (history, model) = (history(), models()[which]);
            let (at, beliefs) = place(model, &at);
            let posterior = Posterior::new(&history, model, &beliefs);
            let mut gradient = vec![0.0; at.len()];
            let value = posterior.value(&at, &mut gradient);
            prop_assert!((value - posterior.alone(&at)).abs() < 1e-9 * value.abs());
            for i in 0..at.len() {
                let near = |step: f64| {
                    let mut near = at.clone();
                    near[i] += step;
                    posterior.alone(&near)
                };
                let numeric = (near(1e-5) - near(-1e-5)) / 2e-5;
                // relative to the size of the terms that cancel in the difference
                prop_assert!((gradient[i] - numeric).abs() < 1e-4 * (10.0 + numeric.abs()), "{i}: {} {numeric}", gradient[i]);
            }
        }

        #[test]
        fn the_likelihood_is_the_sum_of_its_periods(at in prop::collection::vec(-1.0..1.0f64, 8), which in 0usize..6) {
            let (history, model) = (history(), models()[which]);
            let (at, beliefs) = place(model, &at);
            let posterior = Posterior::new(&history, model, &beliefs);
            let sum: f64 = posterior.pointwise(&at).iter().sum();
            // the spline of the gamma functions is within 1e-3 of a nat
            let likelihood = (posterior.alone(&at) - posterior.prior(&at, None)) / posterior.power;
            prop_assert!((likelihood - sum).abs() < 1e-3);
        }

        #[test]
        fn the_response_passes_through_its_value_at_mean_spend(at in prop::collection::vec(-1.0..1.0f64, 8), which in 0usize..6) {
            let (history, model) = (history(), models()[which]);
            let (at, beliefs) = place(model, &at);
            let posterior = Posterior::new(&history, model, &beliefs);
            let usual = history.mean_factor(&at[model.unknowns()..]);
            let response = posterior.response(&at);
            prop_assert!((response.saturation.at(100.0) / at[0].exp() / usual - 1.0).abs() < 1e-9);
        }
    }
}
