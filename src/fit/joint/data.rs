//! What the joint likelihood needs of a panel, and why a channel takes no part in it.

use super::baseline::{self, Feature};
use super::beside::Beside;
use crate::fit::checks;
use crate::fit::priors::{self as fit_priors, TotalPriors};
use crate::panel::checks::NARROW;
use crate::panel::{Panel, TotalKpi};
use crate::settings::Event;

/// One panel's total, with spend in multiples of each channel's mean.
#[derive(Clone, Debug)]
pub(super) struct Data {
    /// The channels that take part, in the panel's order.
    pub channels: Vec<Paid>,
    /// By period of the panel: whether its total enters the likelihood.
    pub seen: Vec<bool>,
    /// The totals of those periods.
    pub counts: Vec<f64>,
    /// Their mean.
    pub mean_count: f64,
    /// What moves the baseline in those periods.
    pub features: Vec<Feature>,
}

/// A channel whose spend may bring KPI.
#[derive(Clone, Debug)]
pub(super) struct Paid {
    /// Its row in the panel.
    pub row: usize,
    /// Spend per period ÷ mean spend; over every period of the panel.
    pub spend: Vec<f64>,
    /// Whether spend is known, zero included.
    pub reported: Vec<bool>,
    /// Mean spend per period, money.
    pub mean_spend: f64,
    /// Middle of the prior of ln KPI at mean spend.
    pub log_response: f64,
    /// Middle of the prior of ln κ.
    pub log_half: f64,
    /// What an earlier model says of logit d, ln κ and ln s: mean and standard deviation of each.
    pub earlier: Option<[(f64, f64); 3]>,
    /// What is stated and tested of it.
    pub beside: Beside,
}

/// The data of a panel, and for each of its channels that takes no part the reason.
pub(super) struct Laid {
    /// What is fitted; the reason where nothing can be.
    pub data: Result<Data, String>,
    /// By row of the panel.
    pub reasons: Vec<Option<String>>,
    /// Periods without a row of a channel while others had one, taken as no spend; by row.
    pub filled: Vec<usize>,
    /// By period of the panel: whether the total and every channel's spend is known.
    pub whole: Vec<bool>,
}

/// Lays a panel out for the likelihood of the periods before `end`; `without` are periods to leave out besides those that are
/// not known.
pub(super) fn lay_out(
    (panel, total): (&Panel, &TotalKpi),
    end: usize,
    events: &[Event],
    priors: &TotalPriors,
    without: &[usize],
) -> Laid {
    let rows = 0..panel.channels.len();
    let known: Vec<Vec<bool>> = rows.clone().map(|row| known(panel, total, row)).collect();
    let filled = rows.clone().map(|row| fill_count(panel, &known[row], row)).collect();
    let is_whole = |t: usize| total.counted[t] && known.iter().all(|known| known[t]);
    let whole: Vec<bool> = (0..panel.periods.len()).map(is_whole).collect();
    let seen: Vec<bool> =
        whole.iter().enumerate().map(|(t, whole)| *whole && t < end && !without.contains(&t)).collect();
    let spend =
        |row: usize| -> Vec<f64> { (0..end).filter(|t| known[row][*t]).map(|t| panel.spend[(row, t)]).collect() };
    let spend: Vec<Vec<f64>> = rows.map(spend).collect();
    let reasons: Vec<Option<String>> = spend.iter().map(|spend| reason(spend)).collect();
    let features = baseline::features(panel, total, &seen, events, priors);
    let data = data((panel, total), (seen, known), &spend, (features, priors), &reasons);
    let reasons = match &data {
        Ok(_) => reasons,
        Err(why) => reasons.into_iter().map(|own| own.or_else(|| Some(why.clone()))).collect(),
    };
    Laid { data, reasons, filled, whole }
}

/// Whether a channel's spend is known, by period: reported, or no row of it while another channel has one, which is no
/// spend. Where no channel has a row the export is missing, and in a week of which some days are missing spend is unknown.
fn known(panel: &Panel, total: &TotalKpi, row: usize) -> Vec<bool> {
    let any = |t: usize| panel.reported.column(t).iter().any(|reported| *reported);
    (0..panel.periods.len()).map(|t| panel.reported[(row, t)] || (any(t) && !total.torn[(row, t)])).collect()
}

fn fill_count(panel: &Panel, known: &[bool], row: usize) -> usize {
    known.iter().enumerate().filter(|(t, known)| **known && !panel.reported[(row, *t)]).count()
}

/// Why a channel of these spends takes no part.
fn reason(spend: &[f64]) -> Option<String> {
    let mean = crate::math::mean(spend);
    if !(mean > 0.0) {
        return Some("it never spends: what it brings is part of the baseline".into());
    }
    let variance = spend.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / spend.len() as f64;
    let varies = variance.sqrt() / mean;
    (varies < NARROW).then(|| {
        format!("spend varies by {:.1} % of its mean: what it brings cannot be told from the baseline", 100.0 * varies)
    })
}

fn data(
    (panel, total): (&Panel, &TotalKpi),
    (seen, known): (Vec<bool>, Vec<Vec<bool>>),
    spend: &[Vec<f64>],
    (features, priors): (Vec<Feature>, &TotalPriors),
    reasons: &[Option<String>],
) -> Result<Data, String> {
    let counts: Vec<f64> = (0..seen.len()).filter(|t| seen[*t]).map(|t| total.kpi[t]).collect();
    checks::enough_periods(counts.len(), panel.grain)?;
    let mean_count = crate::math::mean(&counts);
    if !(mean_count > 0.0) {
        return Err(format!("the total counts no {} at all", panel.kpi));
    }
    let rows: Vec<usize> = (0..reasons.len()).filter(|row| reasons[*row].is_none()).collect();
    if rows.is_empty() {
        return Err("no channel's spend varies: nothing can be told from the baseline".into());
    }
    let mean_of = |row: usize| crate::math::mean(&spend[row]);
    let all: f64 = rows.iter().map(|row| mean_of(*row)).sum();
    let paid = |row: &usize| {
        let (row, mean_spend) = (*row, mean_of(*row));
        Paid {
            row,
            spend: panel.spend.row(row).iter().map(|x| x / mean_spend).collect(),
            reported: known[row].clone(),
            mean_spend,
            log_response: (priors.response.share * mean_count * mean_spend / all).ln(),
            log_half: priors.half.median.ln() + fit_priors::shipped().offset(&panel.channels[row]),
            earlier: None,
            beside: Beside::default(),
        }
    };
    Ok(Data { channels: rows.iter().map(paid).collect(), seen, counts, mean_count, features })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two channels, a season and more over 60 periods, the first ten of them before the total starts.
    pub(in crate::fit::joint) fn sample() -> Data {
        let spend =
            |step: usize| -> Vec<f64> { (0..60).map(|t| 0.2 + 1.6 * ((t * step) % 59) as f64 / 59.0).collect() };
        let paid = |row: usize, step: usize| Paid {
            row,
            spend: spend(step),
            reported: (0..60).map(|t| t != 30).collect(),
            mean_spend: 100.0,
            log_response: 3.0,
            log_half: 0.0,
            earlier: (row == 0).then_some([(-0.5, 0.4), (0.2, 0.3), (0.1, 0.2)]),
            beside: Beside::default(),
        };
        let seen: Vec<bool> = (0..60).map(|t| t >= 10 && t != 30).collect();
        let at: Vec<usize> = (0..60).filter(|t| seen[*t]).collect();
        let counts = at.iter().map(|t| 60.0 + (t * 13 % 17) as f64).collect();
        let wave = |(kind, width): (baseline::Kind, f64)| Feature {
            name: "sin".into(),
            kind,
            values: at.iter().map(|t| (*t as f64 / width).sin()).collect(),
            everywhere: (0..60).map(|t| (f64::from(t) / width).sin()).collect(),
            prior_sd: 0.1,
        };
        let features = [(baseline::Kind::Drift, 8.0), (baseline::Kind::Weekday, 5.0), (baseline::Kind::Weekday, 3.0)]
            .map(wave)
            .to_vec();
        Data { channels: vec![paid(0, 7), paid(1, 23)], seen, counts, mean_count: 68.0, features }
    }
}
