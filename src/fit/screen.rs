//! A first look at a channel: periods that no curve explains, a shift of level, and what it says of the calendar.

use jiff::civil::Date;

use super::family::Family;
use super::likelihood::{Carry, DISPERSION, History, Model, Posterior};
use super::priors::{self, Belief};
use super::season::{Calendar, Group, Timeline};
use super::start;
use super::support::Evidence;
use crate::math::dense::{cholesky, inverse};
use crate::math::mode::Mode;
use crate::math::quantile;
use crate::units::Grain;

/// The model of the first look.
pub const FIRST_LOOK: Model = Model { family: Family::Hill, carry: Carry::Geometric };
/// Robust standard deviations from which on a period is left out.
const FAR: f64 = 7.0;
/// Times by which it must miss its expectation, too.
const TIMES: f64 = 2.0;
/// Share of periods that may be left out; more of them are no outliers but the rule.
const MOST_LEFT_OUT: f64 = 0.05;
const ROUNDS: usize = 3;
/// Score statistic from which on a shift of level is taken for one: χ² of one degree, its largest over all days.
const SHIFT: f64 = 30.0;
/// Nats of evidence that a shift must gain: one place among hundreds is looked for.
const SHIFT_GAIN: f64 = 8.0;
/// Least shift, in logarithms.
const LEAST_SHIFT: f64 = 0.1;

/// What the first look finds.
#[derive(Clone, Debug)]
pub struct Screened {
    /// The history without outliers.
    pub history: History,
    /// First days of the periods that were left out.
    pub outliers: Vec<Date>,
    /// First day of a new level.
    pub level: Option<Date>,
    /// Mode of the curve's unknowns.
    pub mode: Vec<f64>,
    /// What the channel says of each group of the calendar, in the order of [`groups`].
    pub evidence: Vec<Option<Evidence>>,
}

/// The groups of a calendar, each once, in order.
pub fn groups(calendar: &Calendar) -> Vec<Group> {
    let mut groups: Vec<Group> = calendar.groups().cloned().collect();
    groups.dedup();
    groups
}

/// The plain standard deviation of a group's columns.
pub fn plain_spread(group: &Group) -> f64 {
    let spreads = priors::shipped().calendar;
    match group {
        Group::Event(_) | Group::Level => spreads.event,
        _ => spreads.term,
    }
}

/// Looks at a channel for the first time; `None` where its posterior has no proper mode.
pub fn look(history: &History, line: &Timeline) -> Option<Screened> {
    let (mut history, mut outliers) = (line.lay(history, None), Vec::new());
    let most = (MOST_LEFT_OUT * history.counts.len() as f64) as usize;
    let mut mode = plain_mode(&history, &line.calendar)?;
    for _ in 0..ROUNDS {
        let far = far(&history, &mode.at);
        if far.is_empty() || far.len() + outliers.len() > most {
            break;
        }
        outliers.extend(far.iter().map(|place| line.periods[history.counts[*place].0]));
        history = history.without(&far);
        mode = plain_mode(&history, &line.calendar)?;
    }
    outliers.sort();
    let mut calendar = line.calendar.clone();
    let shifted = shifted(&history, &mode, line);
    let level = shifted.as_ref().map(|shifted| shifted.0);
    if let Some((day, with_level)) = shifted {
        (calendar, history, mode) = (calendar.with_level(day), line.lay(&history, Some(day)), with_level);
    }
    let evidence = evidence(&mode, &calendar, &groups(&line.calendar));
    mode.at.truncate(FIRST_LOOK.unknowns());
    Some(Screened { history, outliers, level, mode: mode.at, evidence })
}

/// The day of a new level and the mode with it, where the evidence prefers it to season and trend alone.
///
/// Season and trend bend towards a step until little is left of it, so the day is looked for without them; whether it is a
/// step is decided with them.
fn shifted(history: &History, mode: &Mode, line: &Timeline) -> Option<(Date, Mode)> {
    let keep: Vec<bool> = line.calendar.groups().map(|group| !matches!(group, Group::Season | Group::Trend)).collect();
    let bare = Timeline::of(line.grain, &line.periods, line.calendar.only(&keep));
    let laid = bare.lay(history, None);
    let place = shift(&laid, &plain_mode(&laid, &bare.calendar)?.at, line.grain)?;
    let day = line.periods[place];
    let calendar = line.calendar.with_level(day);
    let with_level = plain_mode(&line.lay(history, Some(day)), &calendar)?;
    let evidence = |mode: &Mode, calendar: &Calendar| start::log_evidence(mode, calendar.groups().map(plain_spread));
    let gain = evidence(&with_level, &calendar) - evidence(mode, &line.calendar);
    let effect = with_level.at.last().copied().unwrap_or_default();
    (gain > SHIFT_GAIN && effect.abs() > LEAST_SHIFT).then_some((day, with_level))
}

fn plain_mode(history: &History, calendar: &Calendar) -> Option<Mode> {
    let mut beliefs = priors::shipped().of(FIRST_LOOK, history.mean_count);
    beliefs.extend(calendar.groups().map(|group| Belief::Normal { mean: 0.0, sd: plain_spread(group) }));
    let posterior = Posterior::new(history, FIRST_LOOK, &beliefs).exact();
    start::highest_mode(&posterior, history, beliefs.len())
}

/// Places in the counts that lie too far from their expectation, against the spread of the middle half.
///
/// The error of ln(y + ½) is √(1 ÷ (m + ½) + v); v is such that half of all residuals lie within the normal's quartiles.
fn far(history: &History, at: &[f64]) -> Vec<usize> {
    let beliefs = [];
    let expected = Posterior::new(history, FIRST_LOOK, &beliefs).expected(at);
    let residuals: Vec<(f64, f64)> = history
        .counts
        .iter()
        .zip(&expected)
        .map(|((_, y), m)| (((y + 0.5) / (m + 0.5)).ln(), 1.0 / (m + 0.5)))
        .collect();
    let scaled = |v: f64| -> Vec<f64> { residuals.iter().map(|(e, own)| (e / (own + v).sqrt()).abs()).collect() };
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if quantile(&scaled(middle), 0.5) > 0.6745 { low = middle } else { high = middle }
    }
    let scaled = scaled(high);
    (0..residuals.len()).filter(|place| scaled[*place] > FAR && residuals[*place].0.abs() > TIMES.ln()).collect()
}

/// The period from which on the residuals stand at another level, if they do.
fn shift(history: &History, at: &[f64], grain: Grain) -> Option<usize> {
    let beliefs = [];
    let expected = Posterior::new(history, FIRST_LOOK, &beliefs).expected(at);
    let r = at[DISPERSION].exp();
    let scores: Vec<f64> = history.counts.iter().zip(&expected).map(|((_, y), m)| (y - m) * r / (r + m)).collect();
    let weights: Vec<f64> = expected.iter().map(|m| m * r / (r + m)).collect();
    let (score, weight): (f64, f64) = (scores.iter().sum(), weights.iter().sum());
    let side = 28 / grain.days() as usize * if grain == Grain::Week { 2 } else { 1 };
    let (mut before, mut weight_before, mut best) = (0.0, 0.0, (SHIFT, None));
    for place in 0..scores.len() {
        let after = weight - weight_before;
        // the score of a step, its mean taken out, and its information
        let u = before - score * weight_before / weight;
        let information = weight_before * after / weight;
        let apart = (u / information).abs();
        if place >= side && place + side <= scores.len() && u * u / information > best.0 && apart > LEAST_SHIFT {
            best = (u * u / information, Some(history.counts[place].0));
        }
        before += scores[place];
        weight_before += weights[place];
    }
    best.1
}

/// What the mode and its curvature say of each group.
fn evidence(mode: &Mode, calendar: &Calendar, groups: &[Group]) -> Vec<Option<Evidence>> {
    let n = mode.at.len();
    let Some(l) = cholesky(&mode.curvature, n) else { return vec![None; groups.len()] };
    let covariance = inverse(&l, n);
    let of_group = |group: &Group| {
        let own = calendar.groups().enumerate().filter(|(_, other)| *other == group);
        let places: Vec<usize> = own.map(|(place, _)| FIRST_LOOK.unknowns() + place).collect();
        let mean: Vec<f64> = places.iter().map(|place| mode.at[*place]).collect();
        let block: Vec<f64> = places
            .iter()
            .flat_map(|i| places.iter().map(move |j| (*i, *j)))
            .map(|(i, j)| covariance[i * n + j])
            .collect();
        Evidence::of(&mean, &block, plain_spread(group))
    };
    groups.iter().map(of_group).collect()
}
