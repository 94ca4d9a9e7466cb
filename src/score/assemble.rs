//! Everything that is known of the suppliers, put together into scorecards.

use std::collections::BTreeMap;

use super::card::{CostPer, Decision, Method, Part, Pool, Rank, Scorecard, SupplierScore, Target, Tier, Trust};
use super::checks;
use super::compare::{self, Comparison};
use super::cost::{self, Costs, Known, Manner};
use super::decide::ask::{self, Gap};
use super::decide::grade::{self, Circumstances, Grade, Standard};
use super::decide::history::{self, Alone};
use super::decide::{position, probe};
use super::net::{self, Rebate};
use super::shrink::Mixture;
use super::tally::{Tallies, Tally};
use super::words::plural;
use crate::check::Error;
use crate::settings::Settings;
use crate::units::{Currency, Measure};

/// The random stream of the supplier ranks; those of other counts follow it.
const STREAM: u32 = 0x5c0e;
/// Draws of counts other than the KPI, which nobody is ranked by.
const OTHER_DRAWS: usize = 4_000;

/// Everything that is known of the suppliers.
pub(super) struct Evidence<'a> {
    tallies: &'a Tallies,
    settings: &'a Settings,
    currency: Currency,
    /// Costs per count; the KPI's first.
    costs: Vec<(Measure, Costs)>,
    rebates: Vec<Rebate>,
    comparison: Comparison,
    gaps: Vec<Option<Gap>>,
    standard: Option<Standard>,
    trust: Vec<Trust>,
    /// By supplier: past gradings of one period alone.
    past: Vec<Vec<Alone>>,
}

/// The scorecard of a KPI that belongs to no supplier.
pub(super) fn of_total(tallies: &Tallies, settings: &Settings) -> Scorecard {
    let kpi = settings.project.kpi;
    let why = "Unproven: the KPI comes as one total, which belongs to no supplier.";
    let score = |tally| SupplierScore { reasons: grade::ungraded(why).reasons, ..unscored(tally) };
    Scorecard {
        window: tallies.window,
        suppliers: tallies.suppliers.iter().map(score).collect(),
        findings: checks::of_total(kpi, tallies),
        ..Scorecard::empty(kpi)
    }
}

/// What a tally tells without any model.
fn unscored(tally: &Tally) -> SupplierScore {
    let platforms = tally.platforms.iter().map(|platform| platform.to_string()).collect();
    SupplierScore::unscored(tally.name(), platforms, tally.spend())
}

impl<'a> Evidence<'a> {
    /// Works everything out.
    ///
    /// # Errors
    ///
    /// As [`super::suppliers`].
    pub(super) fn of(tallies: &'a Tallies, currency: Currency, settings: &'a Settings) -> Result<Evidence<'a>, Error> {
        let kpi = settings.project.kpi;
        let costs = all_costs(tallies, settings);
        let by_measure: Vec<(Measure, &Costs)> = costs.iter().map(|(measure, costs)| (*measure, costs)).collect();
        let rebates = net::rebates(tallies, settings.plan.as_ref());
        let comparison = compare::compare(tallies, kpi, &by_measure, &rebates)?;
        let compared: Vec<(Measure, &Costs)> = kpi_first(&by_measure, &comparison.outputs, kpi.measure());
        let gaps = ask::gaps(tallies, &compared, &rebates, &settings.score.ask)?;
        let standard = standard(&costs[0].1, currency, settings);
        let trust = vec![Trust::default(); tallies.suppliers.len()];
        let past = past(tallies, currency, settings);
        Ok(Evidence { tallies, settings, currency, costs, rebates, comparison, gaps, standard, trust, past })
    }

    fn kpi(&self) -> &Costs {
        &self.costs[0].1
    }

    /// The scorecard.
    ///
    /// # Errors
    ///
    /// As [`super::suppliers`].
    pub(super) fn scorecard(&self) -> Result<Scorecard, Error> {
        let kpi = self.settings.project.kpi;
        let mut suppliers = self.graded();
        self.put_asks(&mut suppliers);
        let findings = checks::of_scores(kpi, self.tallies, self.kpi(), &self.comparison, &suppliers);
        Ok(Scorecard {
            kpi,
            window: self.tallies.window,
            target: self.standard.map(|standard| Target { cost: standard.target, given: standard.given }),
            method: self.method(),
            suppliers,
            prospects: Vec::new(),
            weights: Vec::new(),
            findings,
        })
    }

    fn method(&self) -> Method {
        let name = |pool: usize| self.tallies.pools[pool].clone();
        let pool = |(at, facts): (usize, &cost::PoolFacts)| Pool {
            name: name(at),
            suppliers: facts.suppliers,
            overdispersion: facts.swings.phi,
            shock: facts.shock,
            borrowed: facts.borrowed,
        };
        Method {
            half_life: self.kpi().half_life,
            pools: self.kpi().pools.iter().enumerate().map(pool).collect(),
            not_looked_at: Vec::new(),
        }
    }

    fn graded(&self) -> Vec<SupplierScore> {
        let chances = self.standard.map(|standard| grade::tier_chances(self.kpi(), &standard)).unwrap_or_default();
        let rules = &self.settings.score.tiers;
        let quarters = grade::quarter_factors(self.kpi(), rules.top_quarter);
        let mut places = vec![None; self.tallies.suppliers.len()];
        self.kpi().scored.iter().enumerate().for_each(|(place, at)| places[*at] = Some(place));
        let score = |at: usize| {
            let quarter = places[at].map_or(1.0, |place| quarters[place]);
            let chances = places[at].and_then(|place| chances.get(place)).cloned().unwrap_or_default();
            self.score(at, quarter, chances)
        };
        let mut suppliers: Vec<SupplierScore> = (0..self.tallies.suppliers.len()).map(score).collect();
        let kpi: Vec<Option<f64>> = suppliers.iter().map(|score| score.registrations).collect();
        let proven: Vec<bool> = suppliers.iter().map(|score| score.tier != Tier::U).collect();
        let positions = position::positions(self.tallies, &kpi, &proven);
        suppliers.iter_mut().zip(positions).for_each(|(score, position)| score.decision.position = position);
        suppliers
    }

    fn score(&self, at: usize, quarter: f64, tier_chances: BTreeMap<char, f64>) -> SupplierScore {
        let (tally, kpi) = (&self.tallies.suppliers[at], self.settings.project.kpi);
        let known = self.kpi().known[at].as_ref();
        let around = self.circumstances(at);
        let grade = match (known, &self.standard) {
            (Some(known), Some(standard)) => grade::grade(known, standard, &around, quarter),
            (Some(_), None) => grade::ungraded(format!("Unproven: no supplier has any {}.", plural(kpi))),
            (None, _) => grade::ungraded(format!("Unproven: no spend with {} reported.", plural(kpi))),
        };
        let efficiency = self.comparison.efficiency[at].clone();
        let mut reasons = grade.reasons.clone();
        reasons.extend(efficiency.as_ref().and_then(grade::efficiency_sentence));
        let decision = self.decision(at, &grade, tier_chances);
        let tier = decision.history.last().map_or(grade.tier, |last| last.tier);
        reasons.splice(0..0, waits(tier, &grade, &decision, self.settings));
        SupplierScore {
            registrations: tally.sum(kpi.measure()),
            cost_per: known.map(|known| known.cost_per.clone()),
            rank: known.map(rank),
            efficiency,
            tier,
            reasons,
            cap_share: grade::cap_share(tier, &self.settings.score.tiers),
            decision,
            costs: self.costs_of(at),
            parts: self.parts(at),
            trust: self.trust[at].clone(),
            ..unscored(tally)
        }
    }

    fn circumstances(&self, at: usize) -> Circumstances {
        let trust = &self.trust[at];
        let cleared = trust.review.as_ref().is_some_and(|review| !review.confirmed);
        Circumstances {
            delivery: trust.delivery.map(|delivery| delivery.share),
            light: if cleared { super::Light::None } else { trust.light },
            confirmed: trust.review.as_ref().is_some_and(|review| review.confirmed),
        }
    }

    fn decision(&self, at: usize, grade: &Grade, tier_chances: BTreeMap<char, f64>) -> Decision {
        let periods = &self.settings.score.periods;
        let mut gradings = self.past[at].clone();
        if let Some((_, last)) = self.tallies.window {
            let at_once = self.circumstances(at).confirmed;
            gradings.push(Alone { as_of: last, tier: grade.tier, at_once });
        }
        let history = history::stood(&gradings, periods);
        let tier = history.last().map_or(grade.tier, |last| last.tier);
        let before = history.len().checked_sub(2).map(|before| history[before].tier);
        let daily = self.daily_spend(at);
        let recover = grade.reasons.first().cloned().into_iter().collect();
        let probation = (tier != Tier::D && tier != Tier::U)
            .then(|| history::probation(&history, 0, daily, periods, recover))
            .flatten();
        Decision {
            p_target: grade.chances.map(|chances| chances.0),
            p_tolerated: grade.chances.map(|chances| chances.1),
            tier_chances,
            alone: Some(grade.tier),
            before,
            history,
            flip: grade.flip.clone(),
            probation,
            probe: (tier == Tier::U).then(|| self.probe(at)).flatten(),
            position: None,
        }
    }

    /// Face value a day over the window.
    fn daily_spend(&self, at: usize) -> f64 {
        let days = self.tallies.window.and_then(|(first, last)| first.until(last).ok());
        self.tallies.suppliers[at].spend() / f64::from(days.map_or(1, |span| span.get_days() + 1))
    }

    fn probe(&self, at: usize) -> Option<f64> {
        let standard = self.standard.as_ref()?;
        let part = self.kpi().series.iter().position(|series| series.supplier == at);
        let (pool, rate) = match part {
            Some(part) => (self.kpi().series[part].pool, self.kpi().rates[part].clone()),
            None => {
                let pool = self.tallies.suppliers[at].cells.first()?.pool;
                (pool, Mixture::of(&self.kpi().beliefs[pool], 0.0, 0.0))
            }
        };
        let phi = self.kpi().pools[pool].swings.phi;
        Some(probe::probe(&rate, phi, standard.target, &standard.rules))
    }

    fn costs_of(&self, at: usize) -> BTreeMap<&'static str, CostPer> {
        let cost = |(measure, costs): &(Measure, Costs)| {
            costs.known[at].as_ref().map(|known| (measure.name(), known.cost_per.clone()))
        };
        self.costs.iter().filter_map(cost).collect()
    }

    fn parts(&self, at: usize) -> Vec<Part> {
        let known = self.kpi().known[at].as_ref();
        let measure = self.settings.project.kpi.measure();
        let part = |cell: &super::tally::Cell| {
            let part = known.and_then(|known| known.parts.iter().find(|part| part.pool == cell.pool));
            Part {
                pool: self.tallies.pools[cell.pool].clone(),
                spend: cell.spend(),
                registrations: cell.sum(measure).map(|sum| sum.figure),
                cost_per: part.map(|part| part.cost_per.clone()),
                index: part.and_then(|part| part.index),
                days: cell.days.iter().filter(|day| day.spend() > 0.0).count(),
                n_eff: part.map(|part| part.events),
            }
        };
        self.tallies.suppliers[at].cells.iter().map(part).collect()
    }

    /// Prices are asked where there are substitutes, the supplier is proven, and its rank is known to half the table.
    fn put_asks(&self, suppliers: &mut [SupplierScore]) {
        let barred: Vec<Option<String>> = suppliers.iter().map(|score| self.no_ask(score)).collect();
        let asked = barred.iter().zip(&self.gaps).filter(|(bar, gap)| bar.is_none() && gap.is_some()).count();
        for (at, score) in suppliers.iter_mut().enumerate() {
            let found = match (&barred[at], &self.gaps[at]) {
                (Some(bar), _) => Err(bar.clone()),
                (None, None) => Err("nobody else in its pool to hold it against".into()),
                (None, Some(gap)) => {
                    let names = |at: usize| self.tallies.suppliers[at].name();
                    ask::ask(gap, &self.rebates[at], asked, names, &self.settings.score.ask)
                }
            };
            match found {
                Ok(ask) => score.ask = Some(ask),
                Err(why) => score.no_ask = Some(format!("No price is asked: {why}.")),
            }
        }
    }

    fn no_ask(&self, score: &SupplierScore) -> Option<String> {
        let scored = self.kpi().scored.len();
        let rank = score.rank.as_ref();
        if rank.is_none() || score.tier == Tier::U {
            return Some("too little is known of its cost".into());
        }
        match score.decision.position {
            Some(position @ ("strategic" | "bottleneck")) => {
                return Some(format!("fewer than two proven substitutes in its pool ({position}); find them first"));
            }
            _ => {}
        }
        let wide = rank.filter(|rank| f64::from(rank.p95 - rank.p05) > 0.5 * scored as f64)?;
        Some(format!("its rank is anywhere from {} to {} of {scored}", wide.p05, wide.p95))
    }
}

/// The KPI first, then the other counts that the comparison is by.
fn kpi_first<'a>(costs: &[(Measure, &'a Costs)], outputs: &[Measure], kpi: Measure) -> Vec<(Measure, &'a Costs)> {
    let taken = |measure: &Measure| *measure == kpi || outputs.contains(measure);
    costs.iter().filter(|(measure, _)| taken(measure)).copied().collect()
}

/// Costs per KPI and per count of the funnel.
fn all_costs(tallies: &Tallies, settings: &Settings) -> Vec<(Measure, Costs)> {
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

fn standard(costs: &Costs, currency: Currency, settings: &Settings) -> Option<Standard> {
    let target = settings.score.target_cost.or(costs.pooled)?;
    let given = settings.score.target_cost.is_some();
    Some(Standard { target, given, currency, kpi: settings.project.kpi, rules: settings.score.tiers })
}

/// The gradings of past periods, each of that period alone and by the rules of today.
fn past(tallies: &Tallies, currency: Currency, settings: &Settings) -> Vec<Vec<Alone>> {
    let mut past: Vec<Vec<Alone>> = vec![Vec::new(); tallies.suppliers.len()];
    let Some((first, last)) = tallies.window else { return past };
    for day in history::days(first, last, &settings.score.periods) {
        let then = tallies.until(day);
        let measure = settings.project.kpi.measure();
        let costs = cost::costs(&then, manner(measure, settings, STREAM, Some(OTHER_DRAWS)));
        let Some(standard) = standard(&costs, currency, settings) else { continue };
        for (tally, known) in then.suppliers.iter().zip(&costs.known) {
            let at = tallies.suppliers.iter().position(|other| other.supplier == tally.supplier);
            let (Some(at), Some(known)) = (at, known) else { continue };
            let around = Circumstances::default();
            let tier = grade::grade(known, &standard, &around, 1.0).tier;
            past[at].push(Alone { as_of: day, tier, at_once: false });
        }
    }
    past
}

fn rank(known: &Known) -> Rank {
    let ranks = &known.ranks;
    Rank {
        expected: ranks.expected,
        p05: ranks.p05,
        p95: ranks.p95,
        best: ranks.best,
        top_quartile: ranks.top_quarter,
        group: known.group,
    }
}

/// Why a grade that was reached does not stand yet.
fn waits(tier: Tier, grade: &Grade, decision: &Decision, settings: &Settings) -> Option<String> {
    let periods = &settings.score.periods;
    (tier != grade.tier).then(|| {
        let (alone, before) = (grade.tier, decision.before.unwrap_or(tier));
        let needed = if alone < before { periods.up_after } else { periods.down_after };
        format!(
            "Stays {tier:?}: this period alone would make it {alone:?}, and a change needs {needed} periods in a row."
        )
    })
}
