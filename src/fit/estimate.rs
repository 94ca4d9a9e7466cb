//! A curve per channel, in parallel.
//!
//! 1. A first look at every channel: outliers, a shift of level, what it says of the calendar ([`screen`]).
//! 2. The parts of the calendar that the channels support together ([`support`]).
//! 3. The plain Hill model's posterior, for every channel whose KPI follows its spend at all.
//! 4. What the channels say of each other (`pool`).
//! 5. Every family under the pooled beliefs, averaged by predictive score (`stack`).

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::average::{self, Alternative};
use super::checks;
use super::family::sigmoid;
use super::lift::{Incrementality, Test};
use super::likelihood::{CARRY, DISPERSION, History, Posterior};
use super::pool::{Member, Pool};
use super::priors::{self, Belief, Stated};
use super::regress::{self, Elasticity};
use super::response::Curve;
use super::saturation::Saturation;
use super::screen::{self, FIRST_LOOK, Screened};
use super::season::{Calendar, Group, Timeline};
use super::{ChannelFit, Diagnostics, Fitted, Noise, Notes, Season, demand, joint, lift, season, start, support};
use crate::check::{Error, Kind};
use crate::math::importance::{self, Effort, Weighted};
use crate::panel::Panel;
use crate::settings::{Experiment, Prior, Sampler, Settings};
use crate::units::{Channel, Field, Kpi};

/// Posterior draws of a curve.
pub const DRAWS: usize = 200;
/// Draws of the plain posterior, which only the pool looks at.
const PLAIN: Effort = Effort { round: 200, rounds: 1, last: 300 };
/// What an earlier model counts for: most of its data are in the panel again.
pub(super) const EARLIER_WEIGHT: f64 = 0.25;
/// Unknowns of the plain Hill model that are pooled.
const POOLED: [usize; 4] = [DISPERSION, CARRY, CARRY + 1, CARRY + 2];
/// Place of the half point among them; it is pooled as it differs from what is believed of its platform.
const HALF: usize = 2;

/// Fits every channel of the panel. A channel whose data cannot carry a curve gets the reason instead.
///
/// # Errors
///
/// [`Kind::Input`] when no channel has a single count of the KPI, and the total over all channels is not known either.
pub fn channels(panel: &Panel, settings: &Settings) -> Result<Fitted, Error> {
    updated(panel, settings, None)
}

/// As [`channels`], with the curves of an earlier model as what is believed beforehand, at a quarter of their weight: most
/// of the data that made them are still in the panel and count by themselves.
///
/// # Errors
///
/// As [`channels`].
pub fn updated(panel: &Panel, settings: &Settings, before: Option<&Fitted>) -> Result<Fitted, Error> {
    if let Some(total) = &panel.total {
        return Ok(joint::channels(panel, total, settings, before));
    }
    if !panel.counted.iter().any(|counted| *counted) {
        let message = format!("no source has a column of {}, so no response can be fitted", panel.kpi);
        return Err(Error::new(Kind::Input, message).help(format!(
            "map one with `columns = {{ {} = \"header\" }}`, or choose another `project.kpi`",
            panel.kpi
        )));
    }
    let (channels, calendar) = attributed(panel, settings, before);
    let tests = |i: usize| tests(panel, i, &settings.fit.experiments);
    Ok(Fitted {
        kpi: panel.kpi,
        currency: panel.currency,
        grain: panel.grain,
        seed: settings.seed,
        panel_sha256: panel.sha256.clone(),
        settings_sha256: settings.sha256.clone(),
        until: panel.periods.last().copied(),
        findings: [
            checks::all(&channels),
            checks::calendar(&calendar, &settings.events),
            checks::incrementality(&channels, &settings.fit.experiments),
            checks::tests(&channels, tests),
            checks::unmatched_priors(&settings.fit.priors, &panel.channels),
        ]
        .concat(),
        channels,
    })
}

/// The models as they would have been before period `end`, and, where only the total is known, what they say of the total from
/// there on given its spend.
///
/// # Errors
///
/// As [`channels`].
pub fn as_of(panel: &Panel, end: usize, settings: &Settings) -> Result<(Fitted, Option<joint::Ahead>), Error> {
    match &panel.total {
        Some(total) => Ok(joint::as_of(panel, total, end, settings, None)),
        None => Ok((channels(&panel.until(end), settings)?, None)),
    }
}

/// A channel on its way through the passes.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// What the first look found, laid out on the supported calendar.
    pub screened: Screened,
    /// Beliefs about the columns of its calendar.
    pub columns: Vec<Belief>,
    /// The regression of its KPI on its spend.
    pub elasticity: Option<Elasticity>,
    /// Platform and supplier, numbered.
    pub groups: [Option<usize>; 2],
    /// Why its own history is too short for a curve, so that it borrows from the others.
    pub short: Option<String>,
    /// What the settings state of it.
    pub stated: Option<Stated>,
    /// How far its platform's half points are believed from others', on the logarithm.
    pub offset: f64,
}

/// The models of all channels, and the parts of the calendar that they support.
fn attributed(panel: &Panel, settings: &Settings, before: Option<&Fitted>) -> (Vec<ChannelFit>, Vec<Group>) {
    let (Some(first), Some(last)) = (panel.periods.first(), panel.periods.last()) else { return Default::default() };
    let calendar = Calendar::of(panel.grain, *first, *last, &settings.events);
    let whole = Timeline::of(panel.grain, &panel.periods, calendar);
    let channels = 0..panel.channels.len();
    let looked: Vec<Result<Looked, String>> = channels.into_par_iter().map(|i| look(panel, i, &whole)).collect();
    let (line, found) = supported(&whole, &looked);
    let candidates: Vec<Result<Candidate, String>> = looked
        .into_par_iter()
        .enumerate()
        .map(|(i, looked)| candidate(panel, i, looked?, settings, (&line, &found)))
        .collect();
    let models = models(panel, &candidates, (settings.seed, settings.fit.sampler), before);
    let ahead = season::ahead(panel.grain, *last, settings.plan.as_ref().map(|plan| (plan.start, plan.end)));
    let fit = |(i, candidate): (usize, &Result<Candidate, String>)| {
        let mut fit = bare(panel, i);
        match (candidate, &models[i]) {
            (Err(reason), _) => fit.curve = Err(reason.clone()),
            (Ok(candidate), Some(models)) => {
                let random = &mut stream(settings.seed, &panel.channels[i].label, 2);
                let drawn = candidate.drawn(&models.alternatives, &models.weights, DRAWS, (&line, &ahead), random);
                let tests = tests(panel, i, &settings.fit.experiments);
                let (curve, incrementality) = in_the_light_of(drawn.curve.seen_until(fit.observed.1), &tests, random);
                (fit.curve, fit.season) = (Ok(curve), drawn.season);
                fit.incrementality = Some(incrementality);
                fit.diagnostics = Some(diagnostics(candidate, models));
            }
            (Ok(_), None) => {}
        }
        fit
    };
    let fits = candidates.par_iter().enumerate().map(fit).collect();
    (fits, screen::groups(&line.calendar))
}

/// What the settings state of a channel: the first that matches it.
pub(super) fn stated<'a>(channel: &Channel, settings: &'a Settings) -> Option<&'a Prior> {
    settings.fit.priors.iter().find(|prior| prior.whom.matches(channel))
}

/// The lift tests of a channel in the terms of its panel; of a test that ends after it, part of the effect is not in there.
pub(super) fn tests(panel: &Panel, index: usize, experiments: &[Experiment]) -> Vec<Test> {
    let Some(last) = panel.periods.len().checked_sub(1) else { return Vec::new() };
    let end = panel.last_day(last);
    let of_channel = experiments
        .iter()
        .filter(|experiment| experiment.whom.matches(&panel.channels[index]) && experiment.end <= end);
    let test = |experiment: &Experiment| {
        let within = |t: &usize| (experiment.start..=experiment.end).contains(&panel.periods[*t]);
        let spend: Vec<f64> = (0..panel.periods.len())
            .filter(|t| within(t) && panel.reported[[index, *t]])
            .map(|t| panel.spend[[index, t]])
            .collect();
        let periods = spend.len();
        (!spend.is_empty()).then(|| Test {
            name: experiment.name.clone(),
            periods,
            spend: crate::math::mean(&spend),
            tested: experiment.spend / periods as f64,
            incremental: experiment.incremental,
            interval: experiment.interval,
        })
    };
    of_channel.filter_map(test).collect()
}

/// A curve with what lift tests say of it.
fn in_the_light_of(curve: Curve, tests: &[Test], random: &mut ChaCha8Rng) -> (Curve, Incrementality) {
    if tests.is_empty() {
        return (curve, lift::assumed());
    }
    let (draws, incrementality) = lift::tested(&curve.draws, tests, random);
    (Curve { summary: average::summary(&draws), draws }, incrementality)
}

/// What is known of a channel without a curve.
fn bare(panel: &Panel, index: usize) -> ChannelFit {
    ChannelFit {
        channel: panel.channels[index].clone(),
        curve: Err("the curve's posterior could not be sampled".into()),
        reference_spend: panel.reference_spend(index),
        mean_spend: panel.mean_spend(index),
        observed: panel.observed(index),
        season: Season::new(),
        incrementality: None,
        diagnostics: None,
    }
}

/// A first look, and why the history is too short for a curve of its own, if it is.
type Looked = (Screened, Option<String>);

/// A first look at a channel, or why it cannot have a curve.
fn look(panel: &Panel, index: usize, whole: &Timeline) -> Result<Looked, String> {
    let (history, short) = history(panel, index)?;
    let screened = screen::look(&history, whole)
        .ok_or("the curve's posterior has no proper mode, so no interval could be believed")?;
    Ok((screened, short))
}

/// What the likelihood needs of a channel, and why it is short; or why its data cannot carry a curve.
fn history(panel: &Panel, index: usize) -> Result<(History, Option<String>), String> {
    let spend = panel.spend.row(index).to_vec();
    let reported = panel.reported.row(index).to_vec();
    let counts: Vec<(usize, f64)> = (0..spend.len())
        .filter(|t| reported[*t] && panel.counted[[index, *t]])
        .map(|t| (t, panel.kpi_count[[index, t]]))
        .collect();
    let usable = counts.iter().filter(|(t, y)| spend[*t] > 0.0 && *y > 0.0).count();
    let short = checks::enough_periods(usable, panel.grain).err();
    if let Some(reason) = short.as_ref().filter(|_| !checks::may_borrow(usable, panel.grain)) {
        return Err(reason.clone());
    }
    let unit = if panel.kpi == Kpi::Value { regress::unit_of_value(&counts) } else { 1.0 };
    Ok((History::new(&spend, reported, counts, panel.mean_spend(index), unit), short))
}

/// The part of the calendar that the channels support, and what they have in common in each group of the whole one.
fn supported(whole: &Timeline, looked: &[Result<Looked, String>]) -> (Timeline, Vec<Option<support::Common>>) {
    let groups = screen::groups(&whole.calendar);
    let common = |(place, group): (usize, &Group)| {
        let evidence: Vec<_> =
            looked.iter().flatten().filter_map(|(screened, _)| screened.evidence[place].clone()).collect();
        support::common(&evidence, screen::plain_spread(group))
    };
    let found: Vec<Option<support::Common>> = groups.iter().enumerate().map(common).collect();
    let of = |group: &Group| groups.iter().position(|other| other == group).and_then(|place| found[place].as_ref());
    let keep: Vec<bool> = whole.calendar.groups().map(|group| of(group).is_some()).collect();
    (Timeline::of(whole.grain, &whole.periods, whole.calendar.only(&keep)), found)
}

/// A channel on the supported calendar, if its KPI follows its spend at all.
fn candidate(
    panel: &Panel,
    index: usize,
    (mut screened, short): Looked,
    settings: &Settings,
    (line, found): (&Timeline, &[Option<support::Common>]),
) -> Result<Candidate, String> {
    screened.history = line.lay(&screened.history, screened.level);
    let mut columns = Vec::new();
    for (common, own) in found.iter().zip(&screened.evidence) {
        let others = common.iter().flat_map(|common| common.without(own.as_ref()));
        columns.extend(others.map(|(mean, sd)| Belief::Normal { mean, sd }));
    }
    if screened.level.is_some() {
        columns.push(Belief::Normal { mean: 0.0, sd: screen::plain_spread(&Group::Level) });
    }
    let groups = [Field::Platform, Field::Supplier].map(|field| number(panel, index, field));
    let stated = stated(&panel.channels[index], settings);
    let stated = stated.map(|prior| Stated::of(prior, screened.history.mean_spend, screened.history.unit));
    let elasticity = match &short {
        None => Some(follows(&screened, panel.kpi)?),
        Some(reason) if !borrows(panel, index) => return Err(reason.clone()),
        Some(_) => start::elasticity(&screened.history, decay_of(&screened), 0),
    };
    let offset = priors::shipped().offset(&panel.channels[index]);
    Ok(Candidate { screened, columns, elasticity, groups, short, stated, offset })
}

/// The regression of the KPI on spend, beside the calendar where that is told; or why spend explains nothing.
///
/// Where effects carry over, spend of the same period says little: the regressor is the adstock of the first look's mode.
fn follows(screened: &Screened, kpi: Kpi) -> Result<Elasticity, String> {
    let (history, decay) = (&screened.history, decay_of(screened));
    let alone = checks::spend_explains(start::elasticity(history, decay, 0), kpi.name());
    let beside = (history.columns > 0).then(|| start::elasticity(history, decay, history.columns)).flatten();
    match (alone, beside) {
        (Err(_), Some(beside)) if beside.value >= checks::LEAST_ERRORS * beside.error => Ok(beside),
        (Ok(_), Some(beside)) => Ok(beside),
        (alone, _) => alone,
    }
}

/// Decay at the first look's mode.
fn decay_of(screened: &Screened) -> f64 {
    sigmoid(screened.mode[CARRY])
}

/// The number of a channel's platform or supplier: the first channel that has the same.
fn number(panel: &Panel, index: usize, field: Field) -> Option<usize> {
    let own = panel.channels[index].value(field)?;
    panel.channels.iter().position(|other| other.value(field) == Some(own))
}

/// Whether enough other channels of the platform have counts to borrow from.
fn borrows(panel: &Panel, index: usize) -> bool {
    let Some(own) = panel.channels[index].value(Field::Platform) else { return false };
    let long = |other: usize| {
        let usable = (0..panel.periods.len())
            .filter(|t| {
                panel.counted[[other, *t]] && panel.spend[[other, *t]] > 0.0 && panel.kpi_count[[other, *t]] > 0.0
            })
            .count();
        checks::enough_periods(usable, panel.grain).is_ok()
    };
    let alike = (0..panel.channels.len())
        .filter(|other| *other != index && panel.channels[*other].value(Field::Platform) == Some(own) && long(*other));
    alike.count() >= checks::LEAST_SIBLINGS
}

/// The models of one channel and how much each counts.
struct Models {
    alternatives: Vec<Alternative>,
    weights: Vec<f64>,
}

/// The models of every channel; none for a channel without a curve.
fn models(
    panel: &Panel,
    candidates: &[Result<Candidate, String>],
    (seed, sampler): (u64, Sampler),
    before: Option<&Fitted>,
) -> Vec<Option<Models>> {
    let plain: Vec<Belief> = priors::shipped().of(FIRST_LOOK, 1.0);
    let plain: Vec<Belief> = POOLED.iter().map(|place| plain[*place]).collect();
    let (members, places) = members(panel, candidates, seed);
    let pool = Pool::of(&members, &plain);
    let alternatives: Vec<Option<Vec<Alternative>>> = candidates
        .par_iter()
        .enumerate()
        .map(|(i, candidate)| {
            let candidate = candidate.as_ref().ok()?;
            let earlier = before.and_then(|before| earlier(before, &panel.channels[i], panel.mean_spend(i)));
            let mut pooled = pool.beliefs(candidate.groups, places[i]);
            pooled[HALF] = pooled[HALF].moved(candidate.offset);
            let beliefs = together(pooled, earlier);
            let found = candidate.alternatives(&beliefs, sampler, &mut stream(seed, &panel.channels[i].label, 1));
            (!found.is_empty()).then_some(found)
        })
        .collect();
    let common = average::common_weights(alternatives.iter().flatten());
    let weighed = |found: Option<Vec<Alternative>>| {
        let alternatives = found?;
        Some(Models { weights: average::weights(&alternatives, &common), alternatives })
    };
    alternatives.into_par_iter().map(weighed).collect()
}

/// What an earlier model says of the logit of decay and of the logarithms of half point, in multiples of mean spend, and shape
/// of a channel: mean and standard deviation of each.
pub(super) fn earlier(before: &Fitted, channel: &Channel, mean_spend: f64) -> Option<[(f64, f64); 3]> {
    let fit = before.channels.iter().find(|fit| fit.channel == *channel)?;
    let hills = fit.curve.as_ref().ok()?.draws.iter().filter_map(|draw| match draw.saturation {
        Saturation::Hill { half, slope, .. } if draw.decay > 0.0 => {
            Some([(draw.decay / (1.0 - draw.decay)).ln(), (half / mean_spend).ln(), slope.ln()])
        }
        _ => None,
    });
    let hills: Vec<[f64; 3]> = hills.collect();
    let moments = |i: usize| {
        let values: Vec<f64> = hills.iter().map(|hill| hill[i]).collect();
        let centre = crate::math::mean(&values);
        let squares: Vec<f64> = values.iter().map(|value| (value - centre).powi(2)).collect();
        (centre, crate::math::mean(&squares).sqrt())
    };
    (hills.len() >= 20).then(|| [0, 1, 2].map(moments))
}

/// Pooled beliefs and, at a quarter of its weight, what an earlier model said.
fn together(mut pooled: Vec<Belief>, earlier: Option<[(f64, f64); 3]>) -> Vec<Belief> {
    for (belief, (mean, sd)) in pooled[1..].iter_mut().zip(earlier.into_iter().flatten()) {
        let (pooled_mean, pooled_sd) = belief.moments();
        let (own, other) = (1.0 / (pooled_sd * pooled_sd), EARLIER_WEIGHT / (sd * sd).max(1e-6));
        let mean = (own * pooled_mean + other * mean) / (own + other);
        *belief = Belief::Normal { mean, sd: 1.0 / (own + other).sqrt() };
    }
    pooled
}

/// The channels that speak for each other, and the place of each channel among them.
fn members(panel: &Panel, candidates: &[Result<Candidate, String>], seed: u64) -> (Vec<Member>, Vec<Option<usize>>) {
    let drawn: Vec<Option<Member>> = candidates
        .par_iter()
        .enumerate()
        .map(|(i, candidate)| {
            let candidate = candidate.as_ref().ok().filter(|candidate| candidate.short.is_none())?;
            let draws = plain_draws(candidate, &mut stream(seed, &panel.channels[i].label, 0))?;
            let pooled = |point: &Vec<f64>| -> Vec<f64> {
                let mut pooled: Vec<f64> = POOLED.iter().map(|k| point[*k]).collect();
                pooled[HALF] -= candidate.offset;
                pooled
            };
            let points = draws.points.iter().map(pooled).collect();
            Some(Member { draws: Weighted { points, ..draws }, groups: candidate.groups })
        })
        .collect();
    let mut count = 0;
    let place = |member: &Option<Member>| {
        count += usize::from(member.is_some());
        member.as_ref().map(|_| count - 1)
    };
    let places = drawn.iter().map(place).collect();
    (drawn.into_iter().flatten().collect(), places)
}

/// Draws of the plain Hill model.
fn plain_draws(candidate: &Candidate, random: &mut ChaCha8Rng) -> Option<Weighted> {
    let history = &candidate.screened.history;
    let mut beliefs = priors::shipped().of_platform(FIRST_LOOK, history.mean_count, candidate.offset);
    beliefs.extend(&candidate.columns);
    let posterior = Posterior::new(history, FIRST_LOOK, &beliefs);
    let mode = start::mode_near(&posterior, FIRST_LOOK, &candidate.first_mode(), beliefs.len())?;
    importance::weighted(&posterior, &mode, FIRST_LOOK.unknowns(), PLAIN, random)
}

fn diagnostics(candidate: &Candidate, models: &Models) -> Diagnostics {
    let counts: Vec<f64> = candidate.screened.history.counts.iter().map(|count| count.1).collect();
    let flat = vec![candidate.screened.history.mean_count; counts.len()];
    let heaviest = |best: usize, i: usize| if models.weights[i] > models.weights[best] { i } else { best };
    let main = &models.alternatives[(0..models.weights.len()).fold(0, heaviest)];
    let expected = candidate.expected(main);
    let left = regress::deviance(&counts, &expected) / regress::deviance(&counts, &flat);
    let mut forms: Vec<(String, f64)> =
        models.alternatives.iter().zip(&models.weights).map(|(of, weight)| (of.name(), *weight)).collect();
    forms.sort_by(|a, b| b.1.total_cmp(&a.1));
    let notes = Notes {
        left_out: candidate.screened.outliers.clone(),
        level: candidate.screened.level,
        forms,
        over_straight: average::over_straight(&models.alternatives),
        borrowed: candidate.short.clone(),
        origin: demand::origin(&candidate.screened.history, &expected),
        contradicted: candidate.stated.as_ref().and_then(|stated| stated.contradicted(&candidate.screened.history)),
        noise: Noise {
            dispersion: main.mode.at[DISPERSION].exp().clamp(0.1, 1e6),
            unit: candidate.screened.history.unit,
        },
    };
    Diagnostics {
        periods: counts.len(),
        explained: 1.0 - left,
        elasticity: candidate.elasticity.map_or(f64::NAN, |found| found.value),
        elasticity_error: candidate.elasticity.map_or(f64::NAN, |found| found.error),
        how: main.how,
        notes,
    }
}

/// A random stream of one channel: its own by name, so that a new channel leaves the others' numbers as they were.
pub(super) fn stream(seed: u64, label: &str, pass: u8) -> ChaCha8Rng {
    let digest = Sha256::digest(label.as_bytes());
    let mut number = [0; 8];
    number.copy_from_slice(&digest[..8]);
    number[7] ^= pass;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from_le_bytes(number));
    rng
}
