//! `[fit]`: what the models take into account beside the exports.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::meant::{Event, date};
use super::plan::Whom;
use crate::check::Error;
use crate::units::Field;

/// Calendars that are compiled in, by name.
const CALENDARS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/calendars.rs"));

/// `[fit]` as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub calendars: Vec<String>,
    pub sampler: Sampler,
    pub experiment: Vec<ExperimentFile>,
    pub prior: Vec<PriorFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExperimentFile {
    name: String,
    #[serde(rename = "where")]
    whom: BTreeMap<Field, String>,
    start: String,
    end: String,
    spend: f64,
    incremental: f64,
    low: f64,
    high: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriorFile {
    #[serde(rename = "where")]
    whom: BTreeMap<Field, String>,
    cost_per: Option<(f64, f64)>,
    saturation: Option<(f64, f64)>,
}

/// `[fit]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FitSettings {
    /// `[[fit.experiment]]`, in order.
    pub experiments: Vec<Experiment>,
    /// `[[fit.prior]]`, in order; the first that matches a channel holds for it.
    pub priors: Vec<Prior>,
    /// How posteriors are drawn.
    pub sampler: Sampler,
}

/// How posteriors are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// The fast approximation where its own diagnostic allows it, else the no-U-turn sampler.
    #[default]
    Auto,
    /// The no-U-turn sampler.
    Nuts,
}

/// `[[fit.experiment]]`: a geo or holdout test of what spend causes.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// The channel that was tested.
    pub whom: Whom,
    /// First day.
    pub start: Date,
    /// Last day, included.
    pub end: Date,
    /// Spend that was tested: part of the channel's spend on these days.
    pub spend: f64,
    /// KPI that the spend caused, by the test's own estimate.
    pub incremental: f64,
    /// Its 90 % interval.
    pub interval: (f64, f64),
}

/// `[[fit.prior]]`: what is believed of channels before their data, in business units; each a 90 % interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// The channels.
    pub whom: Whom,
    /// Spend ÷ KPI at the channel's mean spend.
    pub cost_per: Option<(f64, f64)>,
    /// Share of the ceiling that is reached at the channel's mean spend.
    pub saturation: Option<(f64, f64)>,
}

/// A calendar's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    #[allow(dead_code)] // for readers of the file
    country: String,
    #[allow(dead_code)]
    as_of: String,
    #[allow(dead_code)]
    source: String,
    event: Vec<CalendarEvent>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarEvent {
    name: String,
    dates: Vec<(String, String)>,
}

/// Checks `[fit]`; also gives the events of its calendars.
pub(super) fn checked(file: File, wrong: &mut Vec<Error>) -> (FitSettings, Vec<Event>) {
    let events = file.calendars.iter().flat_map(|name| calendar(name, wrong)).collect();
    let experiments =
        file.experiment.into_iter().filter_map(|experiment| checked_experiment(experiment, wrong)).collect();
    let priors = file.prior.into_iter().enumerate().map(|(at, prior)| checked_prior(prior, at, wrong)).collect();
    (FitSettings { experiments, priors, sampler: file.sampler }, events)
}

fn checked_prior(file: PriorFile, at: usize, wrong: &mut Vec<Error>) -> Prior {
    let place = format!("fit.prior {}", at + 1);
    let mut ordered = |name: &str, found: Option<(f64, f64)>, most: f64| {
        if let Some((low, high)) = found.filter(|(low, high)| !(0.0 < *low && low < high && *high < most)) {
            let bound = if most.is_finite() { format!("below {most}") } else { "finite".to_owned() };
            let message =
                format!("{name} is [{low}, {high}], expected a 90 % interval [low, high], above 0 and {bound}");
            wrong.push(Error::setting(&place, message));
        }
    };
    ordered("cost_per", file.cost_per, f64::INFINITY);
    ordered("saturation", file.saturation, 1.0);
    if file.cost_per.is_none() && file.saturation.is_none() {
        wrong.push(Error::setting(&place, "states nothing").help("give `cost_per`, `saturation` or both"));
    }
    Prior { whom: Whom(file.whom), cost_per: file.cost_per, saturation: file.saturation }
}

/// The events of a calendar that is compiled in.
fn calendar(name: &str, wrong: &mut Vec<Error>) -> Vec<Event> {
    let Some((_, text)) = CALENDARS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = CALENDARS.iter().map(|(name, _)| *name).collect();
        let message = format!("`{name}` is not a calendar, expected one of {}", known.join(", "));
        wrong.push(Error::setting("fit.calendars", message).help("write other dates as `[[event]]`"));
        return Vec::new();
    };
    let file: CalendarFile = toml::from_str(text).unwrap_or_else(|error| panic!("data/calendars/{name}.toml: {error}"));
    let place = format!("data/calendars/{name}.toml");
    let mut events = Vec::new();
    for event in &file.event {
        for (start, end) in &event.dates {
            if let (Some(start), Some(end)) = (date(start, &place, wrong), date(end, &place, wrong)) {
                events.push(Event { name: event.name.clone(), start, end });
            }
        }
    }
    events
}

fn checked_experiment(file: ExperimentFile, wrong: &mut Vec<Error>) -> Option<Experiment> {
    let place = format!("fit.experiment `{}`", file.name);
    let start = date(&file.start, &format!("{place}.start"), wrong);
    let end = date(&file.end, &format!("{place}.end"), wrong);
    if !(file.spend > 0.0 && file.spend.is_finite()) {
        wrong.push(Error::setting(
            &place,
            format!("spend is {}, expected the money that was tested, above 0", file.spend),
        ));
    }
    if !(file.low < file.high && (file.low..=file.high).contains(&file.incremental)) {
        let message = format!("{} is not within its interval from {} to {}", file.incremental, file.low, file.high);
        wrong.push(Error::setting(&place, message).help("`low` and `high` are the test's 90 % interval"));
    }
    let (start, end) = (start?, end?);
    if end < start {
        wrong.push(Error::setting(&place, format!("ends {end}, before it starts {start}")));
    }
    Some(Experiment {
        name: file.name,
        whom: Whom(file.whom),
        start,
        end,
        spend: file.spend,
        incremental: file.incremental,
        interval: (file.low, file.high),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_calendar_is_sound() {
        let mut wrong = Vec::new();
        for (name, _) in CALENDARS {
            let events = calendar(name, &mut wrong);
            assert!(!events.is_empty() && events.iter().all(|event| event.start <= event.end), "{name}");
        }
        assert!(wrong.is_empty() && CALENDARS.len() >= 5, "{wrong:?}");
    }

    #[test]
    fn an_unknown_calendar_is_refused_with_those_there_are() {
        let mut wrong = Vec::new();
        calendar("atlantis", &mut wrong);
        assert!(wrong[0].to_string().contains("expected one of cn, de, gb, jp, us"), "{}", wrong[0]);
    }
}
