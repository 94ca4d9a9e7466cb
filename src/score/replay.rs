//! Costs and gradings by today's rules: of now, and of past periods as if the rest had not happened.

use super::card::Light;
use super::compare;
use super::cost::{self, Costs, Manner};
use super::decide::grade::{self, Circumstances, Standard};
use super::decide::history::{self, Alone};
use super::tally::Tallies;
use super::trust;
use crate::settings::Settings;
use crate::units::{Currency, Measure};

/// The random stream of the supplier ranks; those of other counts follow it.
const STREAM: u32 = 0x5c0e;
/// Draws of counts other than the KPI, which nobody is ranked by.
const OTHER_DRAWS: usize = 4_000;

/// Costs per KPI and per count of the funnel.
pub(super) fn all_costs(tallies: &Tallies, settings: &Settings) -> Vec<(Measure, Costs)> {
    let kpi = settings.project.kpi.measure();
    let others = compare::candidates(settings.project.kpi).filter(|measure| *measure != kpi);
    let each = |(at, measure): (u32, Measure)| {
        let draws = (measure != kpi).then_some(OTHER_DRAWS);
        let manner = manner(measure, settings, STREAM + at, draws);
        (measure, cost::costs(tallies, manner))
    };
    (0..).zip(std::iter::once(kpi).chain(others)).map(each).collect()
}

fn manner(measure: Measure, settings: &Settings, stream: u32, draws: Option<usize>) -> Manner {
    Manner { measure, memory: settings.score.half_life, seed: settings.seed, stream, draws }
}

pub(super) fn standard(costs: &Costs, currency: Currency, settings: &Settings) -> Option<Standard> {
    let target = settings.score.target_cost.or(costs.pooled)?;
    let given = settings.score.target_cost.is_some();
    Some(Standard { target, given, currency, kpi: settings.project.kpi, rules: settings.score.tiers })
}

/// The gradings of past periods, each of that period alone and by the rules of today, and the light that was on.
pub(super) fn past(tallies: &Tallies, currency: Currency, settings: &Settings) -> Vec<Vec<(Alone, Light)>> {
    let mut past: Vec<Vec<(Alone, Light)>> = vec![Vec::new(); tallies.suppliers.len()];
    let Some((first, last)) = tallies.window else { return past };
    for day in history::days(first, last, &settings.score.periods) {
        let then = tallies.until(day);
        let measure = settings.project.kpi.measure();
        let costs = cost::costs(&then, manner(measure, settings, STREAM, Some(OTHER_DRAWS)));
        let Some(standard) = standard(&costs, currency, settings) else { continue };
        let lights = trust::lights(&then, &costs, settings);
        for (place, tally) in then.suppliers.iter().enumerate() {
            let at = tallies.suppliers.iter().position(|other| other.supplier == tally.supplier);
            let (Some(at), Some(known)) = (at, &costs.known[place]) else { continue };
            let around = Circumstances { light: lights[place], ..Circumstances::default() };
            let tier = grade::grade(known, &standard, &around, 1.0).tier;
            past[at].push((Alone { as_of: day, tier, at_once: false }, lights[place]));
        }
    }
    past
}
