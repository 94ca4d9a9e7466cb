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

use super::adstock::{convolved, delayed_weights, delayed_weights_alone, geometric, geometric_alone};
use super::family::{Columns, Family, sigmoid};
pub use super::history::History;
use super::priors::Belief;
use super::response::Response;
use crate::math::fast;
use crate::math::mode::LogDensity;

/// Stock below which a period counts as this: the logarithm needs a floor, the likelihood does not see it.
const LEAST_STOCK: f64 = 1e-6;
/// Largest ln (κ ÷ z)^s that is told from more: a product of four such ratios is finite.
const MOST_LOG_RATIO: f64 = 170.0;
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

/// The posterior of one channel under one model.
#[derive(Clone)]
pub struct Posterior<'a> {
    history: &'a History,
    model: Model,
    /// One an unknown.
    beliefs: &'a [Belief],
    /// What the likelihood is raised to.
    power: f64,
}

/// ln m and its derivatives, a column an unknown.
struct Predicted<'a> {
    history: &'a History,
    log_mean: Vec<f64>,
    /// By the unknowns before those of the calendar, one after the other.
    slopes: Vec<f64>,
}

impl Predicted<'_> {
    /// Derivatives of every ln m by an unknown.
    fn by(&self, unknown: usize) -> &[f64] {
        let (periods, own) = (self.log_mean.len(), self.slopes.len() / self.log_mean.len().max(1));
        match unknown.checked_sub(own) {
            Some(column) => self.history.column(column),
            None => &self.slopes[unknown * periods..][..periods],
        }
    }
}

/// The likelihood's value, and its derivatives by ln r and by every ln m.
struct Told {
    value: f64,
    by_log_r: f64,
    by_log_mean: Vec<f64>,
}

impl<'a> Posterior<'a> {
    /// The posterior given a history; one belief an unknown, those of the calendar last.
    pub fn new(history: &'a History, model: Model, beliefs: &'a [Belief]) -> Posterior<'a> {
        let power = COARSE / (COARSE + history.counts.len() as f64);
        Posterior { history, model, beliefs, power }
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
        let mut means = self.log_means(at);
        fast::wide!({
            for log in &mut means {
                *log = fast::exp(*log);
            }
        });
        means
    }

    /// `ln p(y[t] | unknowns)` of every counted period.
    pub fn pointwise(&self, at: &[f64]) -> Vec<f64> {
        let (log_r, r) = (at[DISPERSION], at[DISPERSION].exp());
        let tally = self.history.tally();
        let (mut terms, ways) = (self.log_means(at), tally.log_ways(r));
        fast::wide!({
            for ((term, y), ways) in terms.iter_mut().zip(&tally.counts).zip(&ways) {
                let log_sum = fast::ln(r + fast::exp(*term));
                *term = ways + r * (log_r - log_sum) + y * (*term - log_sum);
            }
        });
        terms
    }

    /// The response in money and KPI that the unknowns stand for, over an average period of the history.
    pub fn response(&self, at: &[f64]) -> Response {
        let shape = &at[self.model.shape()..self.model.unknowns()];
        let usual = self.history.mean_factor(&at[self.model.unknowns()..]);
        let at_mean = at[RESPONSE].exp() * self.history.unit * usual;
        Response { saturation: self.model.family.curve(shape, at_mean, self.history.mean_spend), decay: self.decay(at) }
    }

    /// What rows of the calendar multiply that response by.
    pub fn factors(&self, at: &[f64], rows: &[Vec<f64>]) -> Vec<f64> {
        let by_column = &at[self.model.unknowns()..];
        let usual = self.history.mean_factor(by_column);
        rows.iter().map(|row| fast::exp(fast::dot(row, by_column)) / usual).collect()
    }

    /// The decay; for a delayed effect the one with the same mean delay.
    fn decay(&self, at: &[f64]) -> f64 {
        match self.model.carry {
            Carry::Geometric => sigmoid(at[CARRY]),
            Carry::Delayed => {
                let weights = delayed_weights_alone(at[CARRY].exp(), at[CARRY + 1].exp());
                let delay: f64 = weights.iter().enumerate().map(|(lag, w)| lag as f64 * w).sum();
                delay / (1.0 + delay)
            }
        }
    }

    /// The stock of the counted periods.
    fn stocks(&self, at: &[f64]) -> Vec<f64> {
        let History { spend, reported, .. } = self.history;
        let mut stock = Vec::with_capacity(spend.len());
        match self.model.carry {
            Carry::Geometric => geometric_alone(spend, reported, sigmoid(at[CARRY]), &mut stock),
            Carry::Delayed => {
                stock = convolved(spend, reported, &delayed_weights_alone(at[CARRY].exp(), at[CARRY + 1].exp()));
            }
        }
        self.history.at_counts(stock)
    }

    /// The stock of every period and its derivatives by the unknowns of carry-over.
    fn stock_and_slopes(&self, at: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
        let History { spend, reported, .. } = self.history;
        match self.model.carry {
            Carry::Geometric => {
                let decay = sigmoid(at[CARRY]);
                let (stock, mut slope) = geometric(spend, reported, decay);
                for slope in &mut slope {
                    *slope *= decay * (1.0 - decay);
                }
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
        let base = at[RESPONSE] - self.model.family.value(shape, 0.0);
        let mut means = self.stocks(at);
        fast::wide!({
            for z in &mut means {
                *z = fast::ln(z.max(LEAST_STOCK));
            }
            self.model.family.values(shape, &mut means);
            for g in &mut means {
                *g += base;
            }
            self.history.add_calendar(&at[self.model.unknowns()..], &mut means);
        });
        means
    }

    fn predicted(&self, at: &[f64]) -> Predicted<'a> {
        let (history, family) = (self.history, self.model.family);
        let (first, end, periods) = (self.model.shape(), self.model.unknowns(), history.counts.len());
        let shape = &at[first..end];
        let (stock, stock_slopes) = self.stock_and_slopes(at);
        let mut stock = history.at_counts(stock);
        for z in &mut stock {
            *z = z.max(LEAST_STOCK);
        }
        let at_mean = family.slopes(shape, 0.0);
        let (mut log_mean, mut slopes) = (stock.clone(), vec![0.0; end * periods]);
        slopes[..periods].fill(1.0);
        let own = |place: usize| place * periods..(place + 1) * periods;
        fast::wide!({
            for z in &mut log_mean {
                *z = fast::ln(*z);
            }
            let Columns { by_log_stock, by_shape } = family.columns(shape, &mut log_mean);
            for (i, slope) in stock_slopes.into_iter().enumerate() {
                let parts = by_log_stock.iter().zip(history.at_counts(slope)).zip(&stock);
                for (to, ((by, slope), z)) in slopes[own(CARRY + i)].iter_mut().zip(parts) {
                    *to = by * slope / z;
                }
            }
            for (i, by) in by_shape.iter().enumerate() {
                for (to, by) in slopes[own(first + i)].iter_mut().zip(by) {
                    *to = by - at_mean.by_shape[i];
                }
            }
            let base = at[RESPONSE] - at_mean.value;
            for g in &mut log_mean {
                *g += base;
            }
            history.add_calendar(&at[end..], &mut log_mean);
        });
        Predicted { history, log_mean, slopes }
    }

    fn prior(&self, at: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let parts = || self.beliefs.iter().zip(at).map(|(belief, at)| belief.log_density(*at));
        if let Some(gradient) = gradient {
            gradient.iter_mut().zip(parts()).for_each(|(slope, part)| *slope = part.1);
        }
        parts().map(|part| part.0).sum()
    }

    /// The log likelihood given ln m; `log_mean` is used up.
    fn likelihood(&self, log_r: f64, mut log_mean: Vec<f64>) -> f64 {
        let (r, tally) = (log_r.exp(), self.history.tally());
        let sum = fast::wide!({
            let linear = fast::dot(&tally.counts, &log_mean);
            for log in &mut log_mean {
                *log = fast::ln(r + fast::exp(*log));
            }
            linear - fast::dot(&tally.counts, &log_mean) - r * fast::sum(&log_mean)
        });
        sum + log_mean.len() as f64 * r * log_r + tally.gammas.at(log_r).0 - tally.sums.1
    }

    /// [`Posterior::likelihood`] of a Hill curve with fewer exponentials. With E = (κ ÷ z)^s and c the mean at saturation, a
    /// period's term y ln m − (y + r) ln(r + m) is y ln c + r ln(1 + E) − (y + r) ln(r (1 + E) + c).
    fn hill_likelihood(&self, at: &[f64]) -> f64 {
        let (log_r, r) = (at[DISPERSION], at[DISPERSION].exp());
        let shape = &at[self.model.shape()..self.model.unknowns()];
        let (log_half, slope, by_column) = (shape[0], shape[1].exp(), &at[self.model.unknowns()..]);
        let base = at[RESPONSE] - self.model.family.value(shape, 0.0);
        let (tally, top, mut ratios) = (self.history.tally(), base.exp(), self.stocks(at));
        let sum = fast::wide!({
            for z in &mut ratios {
                let log_stock = fast::ln(z.max(LEAST_STOCK));
                *z = 1.0 + fast::exp((slope * (log_half - log_stock)).min(MOST_LOG_RATIO));
            }
            let logs = log_product(&ratios);
            if by_column.is_empty() {
                for ratio in &mut ratios {
                    *ratio = fast::ln(r * *ratio + top);
                }
            } else {
                let mut tops = vec![base; ratios.len()];
                self.history.add_calendar(by_column, &mut tops);
                for (ratio, top) in ratios.iter_mut().zip(&tops) {
                    *ratio = fast::ln(r * *ratio + fast::exp(*top));
                }
            }
            r * (logs - fast::sum(&ratios)) - fast::dot(&tally.counts, &ratios)
        });
        let by_top = tally.sums.0 * base + self.history.counted_calendar(by_column);
        by_top + sum + ratios.len() as f64 * r * log_r + tally.gammas.at(log_r).0 - tally.sums.1
    }

    /// The likelihood given ln m, with its derivatives.
    fn told(&self, log_r: f64, log_mean: &[f64]) -> Told {
        let (r, tally, n) = (log_r.exp(), self.history.tally(), log_mean.len() as f64);
        let (mut by_log_mean, mut log_sums) = (log_mean.to_vec(), vec![0.0; log_mean.len()]);
        let (sums, ratios) = fast::wide!({
            // m ÷ (r + m) and (y − m) ÷ (r + m)
            for ((log, log_sum), y) in by_log_mean.iter_mut().zip(&mut log_sums).zip(&tally.counts) {
                let mean = fast::exp(*log);
                *log_sum = fast::ln(r + mean);
                *log = r * (y - mean) / (r + mean);
            }
            ((fast::sum(&log_sums), fast::dot(&tally.counts, &log_sums)), fast::sum(&by_log_mean) / r)
        });
        let (gamma, by_gamma) = tally.gammas.at(log_r);
        let linear = fast::dot(&tally.counts, log_mean);
        let value = linear - sums.1 - r * sums.0 + n * r * log_r + gamma - tally.sums.1;
        // 1 − (y + r) ÷ (r + m) is −(y − m) ÷ (r + m)
        Told { value, by_log_r: r * (n * log_r - sums.0 - ratios) + by_gamma, by_log_mean }
    }
}

/// Σ ln of values of at least 1, four at a time.
#[inline(always)]
fn log_product(values: &[f64]) -> f64 {
    let quarter = values.len() / 4;
    let (quarters, rest) = values.split_at(4 * quarter);
    let mut logs: Vec<f64> = (0..quarter)
        .map(|i| quarters[i] * quarters[quarter + i] * (quarters[2 * quarter + i] * quarters[3 * quarter + i]))
        .collect();
    logs.extend(rest);
    for product in &mut logs {
        *product = fast::ln(*product);
    }
    fast::sum(&logs)
}

impl LogDensity for Posterior<'_> {
    fn value(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let prior = self.prior(at, Some(gradient));
        let predicted = self.predicted(at);
        let told = self.told(at[DISPERSION], &predicted.log_mean);
        fast::wide!({
            for (i, gradient) in gradient.iter_mut().enumerate() {
                *gradient += self.power * fast::dot(&told.by_log_mean, predicted.by(i));
            }
        });
        gradient[DISPERSION] += self.power * told.by_log_r;
        prior + self.power * told.value
    }

    fn alone(&self, at: &[f64]) -> f64 {
        let likelihood = match self.model.family {
            Family::Hill => self.hill_likelihood(at),
            _ => self.likelihood(at[DISPERSION], self.log_means(at)),
        };
        self.prior(at, None) + self.power * likelihood
    }

    /// The expected information of the means, which is never negative, with the observed one of the dispersion and that of
    /// the priors.
    fn curvature(&self, at: &[f64]) -> Vec<f64> {
        let predicted = self.predicted(at);
        let (log_r, n) = (at[DISPERSION], at.len());
        let r = log_r.exp();
        let mut weights = predicted.log_mean.clone();
        let (mut scaled, mut information) = (vec![0.0; weights.len()], vec![0.0; n * n]);
        fast::wide!({
            for log in &mut weights {
                let mean = fast::exp(*log);
                *log = self.power * r * mean / (r + mean);
            }
            for i in 0..n {
                for ((to, slope), weight) in scaled.iter_mut().zip(predicted.by(i)).zip(&weights) {
                    *to = weight * slope;
                }
                for j in 0..=i {
                    information[i * n + j] = fast::dot(&scaled, predicted.by(j));
                }
            }
        });
        let step = 0.02;
        let by_log_r = |log_r: f64| self.told(log_r, &predicted.log_mean).by_log_r;
        let bend = (by_log_r(log_r - step) - by_log_r(log_r + step)) / (2.0 * step);
        information[DISPERSION * n + DISPERSION] = self.power * bend.max(0.0);
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
