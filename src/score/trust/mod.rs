//! Quality and trust: what else is to be known of a supplier before its cost is believed.

mod grouped;
mod hours;
mod indicators;
mod price;
mod registered;
mod stability;
mod tables;

use self::grouped::Grouped;
use self::indicators::Beside;
use self::price::Prices;
use self::registered::Registered;
use self::tables::{Own, Planned};
use super::card::{Light, NotLookedAt, Review, Trust};
use super::cost::Costs;
use super::cost::series::Series;
use super::net::Rebate;
use super::share::{self, KnownShare};
use super::tally::Tallies;
use crate::check::Error;
use crate::settings::{Found, Settings};

/// Tables that the settings name beside the exports.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    hours: Option<Grouped>,
    registered: Option<Registered>,
    planned: Vec<Planned>,
    own: Vec<Own>,
}

impl Tables {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// [`crate::check::Kind::Input`] for a table that cannot be read.
    pub(super) fn read(settings: &Settings) -> Result<Tables, Error> {
        let (score, kpi) = (&settings.score, settings.project.kpi.measure());
        Ok(Tables {
            hours: score.hours.as_deref().map(hours::read).transpose()?,
            registered: score.registrations.as_deref().map(Registered::read).transpose()?,
            planned: score.delivery.as_deref().map(tables::planned).transpose()?.unwrap_or_default(),
            own: score.own_counts.as_deref().map(|path| tables::own_counts(path, kpi)).transpose()?.unwrap_or_default(),
        })
    }

    /// What is known of the share of registrations that were still there later.
    pub(super) fn retention(&self, tallies: &Tallies) -> Vec<Option<KnownShare>> {
        let retention = self.registered.as_ref().and_then(Registered::retention);
        let trials = retention.map(|grouped| grouped.trials(|name| tallies.place(name))).unwrap_or_default();
        share::known(&trials, tallies.suppliers.len())
    }
}

/// What is to be known of every supplier, and the indicators that could not be looked at.
pub(super) fn of(
    tallies: &Tallies,
    costs: &Costs,
    rebates: &[Rebate],
    tables: &Tables,
    settings: &Settings,
) -> (Vec<Trust>, Vec<NotLookedAt>) {
    let (rules, kpi) = (&settings.score.trust, settings.project.kpi.measure());
    let beside = Beside { hours: tables.hours.as_ref(), registered: tables.registered.as_ref() };
    let (mut indicators, missing) = indicators::indicators(tallies, &costs.series, beside, rules);
    let prices = Prices::of(tallies);
    let trust = |at: usize| {
        let tally = &tallies.suppliers[at];
        let own: Vec<&Series> = costs.series.iter().filter(|series| series.supplier == at).collect();
        let indicators = std::mem::take(&mut indicators[at]);
        Trust {
            stability: stability::stability(&own, |series| costs.pools[series.pool].swings.of_series(series)),
            delivery: tables::delivery(tally, &tables.planned),
            price: prices.discipline(tallies, at, &rebates[at]),
            reconciliation: tables::reconciliation(tally, &tables.own, kpi),
            light: indicators::light(&indicators),
            indicators,
            review: review(settings, tally.supplier.as_deref()),
        }
    };
    ((0..tallies.suppliers.len()).map(trust).collect(), missing)
}

/// The lights of every supplier: how many families of indicators are raised.
pub(super) fn lights(tallies: &Tallies, costs: &Costs, settings: &Settings) -> Vec<Light> {
    // the tables beside the exports tell of the whole window and not of a past one
    let (found, _) = indicators::indicators(tallies, &costs.series, Beside::default(), &settings.score.trust);
    found.iter().map(|indicators| indicators::light(indicators)).collect()
}

fn review(settings: &Settings, supplier: Option<&str>) -> Option<Review> {
    let verdict = settings.score.verdicts.iter().rfind(|verdict| Some(&*verdict.supplier) == supplier)?;
    Some(Review { confirmed: verdict.found == Found::Confirmed, note: verdict.note.clone() })
}
