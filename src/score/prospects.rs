//! Suppliers without history, ranked from what is known of them: the table that `[score] prospects` names.
//!
//! A prospect's true rate is first believed to be like those of the suppliers that are there: the beliefs about its pool's prior, or
//! about all pools' where its platform is new. What is told of it moves that:
//!
//! | column                     | what it does                                                                                 |
//! |----------------------------|----------------------------------------------------------------------------------------------|
//! | `supplier`                 | its name                                                                                     |
//! | `platform`                 | whose suppliers it is likened to                                                             |
//! | `cpm`                      | price of a thousand impressions: the cost moves with it, in proportion to the pool's price   |
//! | `quote`                    | cost per KPI that it promises: counts as [`QUOTED`] KPI at that cost, for promises are cheap |
//! | `spend`, and the KPI's name| results that a third party reports: count for [`THIRD_PARTY`] of what own ones would         |
//! | `audience`                 | people it can reach: bounds what it can bring                                                |
//!
//! Only `supplier` is needed; absent cells are empty. Rank is by P(cost ≤ target), and each gets the probe that would settle it.

use std::path::Path;

use super::card::{CostPer, Prospect};
use super::cost::Costs;
use super::decide::probe;
use super::shrink::Mixture;
use super::tally::Tallies;
use super::words::{figure, plural};
use crate::check::{Error, Kind, Problem};
use crate::import::sheet::Sheet;
use crate::settings::{Settings, TierRules};
use crate::units::{Kpi, Measure};

/// KPI that a promised cost counts for.
const QUOTED: f64 = 2.0;
/// What results of a third party count for, against own ones.
const THIRD_PARTY: f64 = 0.25;

/// What is told of a prospect.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    name: String,
    platform: Option<String>,
    cpm: Option<f64>,
    quote: Option<f64>,
    results: Option<(f64, f64)>,
    audience: Option<f64>,
}

/// Reads the table that the settings name; none without one.
///
/// # Errors
///
/// [`Kind::Input`] with every cell that holds no number above 0.
pub(super) fn read(settings: &Settings) -> Result<Vec<Told>, Error> {
    let Some(path) = &settings.score.prospects else { return Ok(Vec::new()) };
    let sheet = Sheet::read(path)?;
    let mut wrong = Vec::new();
    let names = sheet.texts("supplier")?;
    let platforms = sheet.texts("platform").unwrap_or_default();
    let kpi = settings.project.kpi.measure().name();
    let [cpm, quote, spend, events, audience] =
        ["cpm", "quote", "spend", kpi, "audience"].map(|header| optional(&sheet, path, header, &mut wrong));
    if !wrong.is_empty() {
        return Err(Error { kind: Kind::Input, problems: wrong });
    }
    let at = |column: &[Option<f64>], row: usize| column.get(row).copied().flatten();
    let told = |row: usize| Told {
        name: names[row].to_owned(),
        platform: platforms.get(row).filter(|platform| !platform.is_empty()).map(|platform| (*platform).to_owned()),
        cpm: at(&cpm, row).filter(|cpm| *cpm > 0.0),
        quote: at(&quote, row).filter(|quote| *quote > 0.0),
        results: at(&events, row).zip(at(&spend, row).filter(|spend| *spend > 0.0)),
        audience: at(&audience, row),
    };
    Ok((0..names.len()).map(told).collect())
}

/// A column that may be absent, of cells that may be empty.
fn optional(sheet: &Sheet, path: &Path, header: &str, wrong: &mut Vec<Problem>) -> Vec<Option<f64>> {
    let Ok(texts) = sheet.texts(header) else { return Vec::new() };
    let mut cell = |text: &str| {
        if text.is_empty() {
            return None;
        }
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        if number.is_none() {
            let message = format!("{}: column `{header}` holds `{text}`, expected 0 or more", path.display());
            wrong.push(Problem { message, help: Some("fill the cell with a number, or leave it empty".into()) });
        }
        number
    };
    texts.into_iter().map(&mut cell).collect()
}

/// The prospects, the most promising first.
pub(super) fn ranked(
    told: &[Told],
    tallies: &Tallies,
    costs: &Costs,
    target: Option<f64>,
    kpi: Kpi,
    rules: &TierRules,
) -> Vec<Prospect> {
    let mut found: Vec<Prospect> = told.iter().map(|told| prospect(told, tallies, costs, target, kpi, rules)).collect();
    let cost = |prospect: &Prospect| prospect.cost_per.shrunk.unwrap_or(f64::INFINITY);
    found.sort_by(|one, other| {
        let chance = other.p_target.unwrap_or(0.0).total_cmp(&one.p_target.unwrap_or(0.0));
        chance.then(cost(one).total_cmp(&cost(other))).then(one.name.cmp(&other.name))
    });
    (1..).zip(&mut found).for_each(|(rank, prospect)| prospect.rank = rank);
    found
}

fn prospect(
    told: &Told,
    tallies: &Tallies,
    costs: &Costs,
    target: Option<f64>,
    kpi: Kpi,
    rules: &TierRules,
) -> Prospect {
    let pool = told.platform.as_ref().and_then(|name| tallies.pools.iter().position(|pool| pool == name));
    let beliefs = pool.map_or(&costs.all_beliefs, |pool| &costs.beliefs[pool]);
    let phi = pool.map_or(costs.swings().phi, |pool| costs.pools[pool].swings.phi);
    let (bought, brought) = bought(tallies, pool, kpi);
    let dearer = told.cpm.zip(bought).map(|(cpm, usual)| cpm / usual).unwrap_or(1.0);
    let (events, exposure) = told.evidence(phi);
    let mut rate = Mixture::of(beliefs, 0.0, 0.0);
    for (_, known) in &mut rate.0 {
        (known.a, known.b) = (known.a + events, known.b * dearer + exposure);
    }
    Prospect {
        name: told.name.clone(),
        platform: told.platform.clone(),
        cost_per: CostPer {
            raw: told.results.filter(|(events, _)| *events > 0.0).map(|(events, spend)| spend / events),
            shrunk: rate.mean_cost(),
            p05: 1.0 / rate.quantile(0.95),
            p95: 1.0 / rate.quantile(0.05),
        },
        p_target: target.map(|target| 1.0 - rate.below(1.0 / target)),
        rank: 0,
        probe: target.map(|target| probe::probe(&rate, phi, target, rules)),
        reach: told.audience.zip(brought).map(|(audience, brought)| audience * brought),
        because: told.because(pool, dearer, kpi),
    }
}

impl Told {
    /// KPI and spend that what is told counts for.
    fn evidence(&self, phi: f64) -> (f64, f64) {
        let quoted = self.quote.map_or((0.0, 0.0), |quote| (QUOTED, QUOTED * quote));
        let results =
            self.results.map_or((0.0, 0.0), |(events, spend)| (THIRD_PARTY * events / phi, THIRD_PARTY * spend / phi));
        (quoted.0 + results.0, quoted.1 + results.1)
    }

    fn because(&self, pool: Option<usize>, dearer: f64, kpi: Kpi) -> Vec<String> {
        let platform = self.platform.as_deref().unwrap_or("no platform");
        let alike = match pool {
            Some(_) => format!("Likened to the suppliers on {platform}."),
            None => format!("Likened to all suppliers: nobody runs on {platform} yet."),
        };
        let price =
            self.cpm.map(|cpm| format!("A price of {} a thousand is {dearer:.2} times the usual.", figure(cpm)));
        let quote =
            self.quote.map(|quote| format!("Its quote of {} counts for {QUOTED} {}.", figure(quote), plural(kpi)));
        let results = self.results.map(|(events, spend)| {
            format!("{events} {} for {} by a third party count for a quarter.", plural(kpi), figure(spend))
        });
        [Some(alike), price, quote, results].into_iter().flatten().collect()
    }
}

/// Price of a thousand impressions in a pool (or all), and KPI an impression; absent without impressions.
fn bought(tallies: &Tallies, pool: Option<usize>, kpi: Kpi) -> (Option<f64>, Option<f64>) {
    let cells = || tallies.cells().filter(|(_, cell)| pool.is_none_or(|pool| pool == cell.pool));
    let shown: Vec<_> = cells().filter_map(|(_, cell)| cell.sum(Measure::Impressions)).collect();
    let (impressions, spend) = shown.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.figure, sum.1 + one.spend));
    let events: f64 = cells().filter_map(|(_, cell)| cell.sum(kpi.measure())).map(|sum| sum.figure).sum();
    let some = |value: f64| (impressions > 0.0 && value > 0.0).then_some(value);
    (some(1000.0 * spend / impressions), some(events / impressions))
}
