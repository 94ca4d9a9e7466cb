//! Everything that is known of the suppliers, put together into scorecards.

use std::collections::BTreeMap;

use super::card::Term;
use super::card::{
    CostPer, Decision, Light, Method, NotLookedAt, Part, Pool, Prospect, Rank, Scorecard, SupplierScore, Target, Tier,
    Trust,
};
use super::checks;
use super::compare::{self, Comparison};
use super::cost::{self, Costs, Known};
use super::decide::ask::{self, Gap};
use super::decide::grade::{self, Circumstances, Grade, Standard};
use super::decide::history::{self, Alone};
use super::decide::{position, probe};
use super::net::{self, Rebate};
use super::prospects;
use super::replay::{all_costs, past, standard};
use super::several::{self, Figures, Several};
use super::share::{self, KnownShare};
use super::shrink::Mixture;
use super::tally::{Tallies, Tally};
use super::trust::{self, Tables};
use super::words::{figure, plural, singular};
use crate::check::Error;
use crate::settings::Settings;
use crate::units::{Currency, Measure};

/// Everything that is known of the suppliers.
pub(super) struct Evidence<'a> {
    tallies: &'a Tallies,
    settings: &'a Settings,
    /// Costs per count; the KPI's first.
    costs: Vec<(Measure, Costs)>,
    rebates: Vec<Rebate>,
    comparison: Comparison,
    gaps: Vec<Option<Gap>>,
    standard: Option<Standard>,
    trust: Vec<Trust>,
    not_looked_at: Vec<NotLookedAt>,
    approval: Vec<Option<KnownShare>>,
    retention: Vec<Option<KnownShare>>,
    prospects: Vec<Prospect>,
    /// By supplier: past gradings of one period alone.
    past: Vec<Vec<(Alone, Light)>>,
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
        let standard = standard(&costs[0].1, currency, settings);
        let tables = Tables::read(settings)?;
        let (trust, not_looked_at) = trust::of(tallies, &costs[0].1, &rebates, &tables, settings);
        let questioned: Vec<bool> = trust.iter().map(is_questioned).collect();
        let comparison = compare::compare(tallies, kpi, &by_measure, &rebates, &questioned)?;
        let compared: Vec<(Measure, &Costs)> = kpi_first(&by_measure, &comparison.outputs, kpi.measure());
        let gaps = ask::gaps(tallies, &compared, &rebates, &questioned, &settings.score.ask)?;
        let past = past(tallies, currency, settings);
        let approval = share::shares(tallies, Measure::ValidRegistrations, Measure::Registrations);
        let retention = tables.retention(tallies);
        let target = standard.map(|standard| standard.target);
        let told = prospects::read(settings)?;
        let prospects = prospects::ranked(&told, tallies, &costs[0].1, target, kpi, &settings.score.tiers);
        Ok(Evidence {
            tallies,
            settings,
            costs,
            rebates,
            comparison,
            gaps,
            standard,
            trust,
            not_looked_at,
            approval,
            retention,
            prospects,
            past,
        })
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
        let several = self.several(&suppliers)?;
        suppliers.iter_mut().zip(several.worth).for_each(|(score, worth)| score.criteria = worth);
        let mut findings = checks::of_scores(kpi, self.tallies, self.kpi(), &self.comparison, &suppliers);
        findings.extend(checks::of_trust(self.tallies, &suppliers, &self.rebates, &self.settings.score));
        findings.extend(several.findings);
        Ok(Scorecard {
            kpi,
            window: self.tallies.window,
            target: self.standard.map(|standard| Target { cost: standard.target, given: standard.given }),
            method: self.method(),
            suppliers,
            prospects: self.prospects.clone(),
            weights: several.weights,
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
            not_looked_at: self.not_looked_at.clone(),
        }
    }

    fn several(&self, suppliers: &[SupplierScore]) -> Result<Several, Error> {
        let Some(standard) = self.standard else { return Ok(several::nobody(suppliers.len())) };
        let (score, seed) = (&self.settings.score, self.settings.seed);
        let known = Figures {
            costs: self.kpi(),
            approval: &self.approval,
            retention: &self.retention,
            efficiency: &self.comparison.drawn,
        };
        several::judged(suppliers, known, standard.target, score, seed)
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
        suppliers
            .iter_mut()
            .zip(positions)
            .for_each(|(score, position)| score.decision.position = position.map(Term::from));
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
            shares: several::shares(self.approval[at].as_ref(), self.retention[at].as_ref()),
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
            light: if cleared { Light::None } else { trust.light },
            confirmed: trust.review.as_ref().is_some_and(|review| review.confirmed),
        }
    }

    fn decision(&self, at: usize, grade: &Grade, tier_chances: BTreeMap<char, f64>) -> Decision {
        let periods = &self.settings.score.periods;
        let around = self.circumstances(at);
        let mut gradings: Vec<Alone> = self.past[at].iter().map(|(alone, _)| *alone).collect();
        if let Some((_, last)) = self.tallies.window {
            gradings.push(Alone { as_of: last, tier: grade.tier, at_once: around.confirmed });
        }
        let before = self.past[at].last().map_or(Light::None, |(_, light)| *light);
        let ambers = [before, around.light].into_iter().filter(|light| *light >= Light::Amber).count() as u32;
        let history = history::stood(&gradings, periods);
        let tier = history.last().map_or(grade.tier, |last| last.tier);
        let before = history.len().checked_sub(2).map(|before| history[before].tier);
        let daily = self.daily_spend(at);
        let recover = self.recover(at);
        let probation = (tier != Tier::D && tier != Tier::U)
            .then(|| history::probation(&history, ambers, daily, periods, recover))
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

    /// What a probation waits for: the cost, and the indicators that are raised.
    fn recover(&self, at: usize) -> Vec<String> {
        let cost = self.standard.map(|standard| {
            let words = singular(standard.kpi);
            format!("cost per {words} of at most {} more likely than not", figure(standard.target))
        });
        let mut names: Vec<&str> =
            self.trust[at].indicators.iter().filter(|one| one.raised).map(|one| &*one.name).collect();
        names.dedup();
        cost.into_iter().chain(names.into_iter().map(|name| format!("{name} back among its peers'"))).collect()
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

    fn costs_of(&self, at: usize) -> BTreeMap<Term, CostPer> {
        let cost = |(measure, costs): &(Measure, Costs)| {
            costs.known[at].as_ref().map(|known| (measure.name().into(), known.cost_per.clone()))
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
                (None, None) => {
                    Err("nobody else in its pool to hold it against, or too many to do it for draws of all".into())
                }
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
        if is_questioned(&score.trust) {
            return Some("its traffic is in question; settle that first".into());
        }
        if let Some(position @ ("strategic" | "bottleneck")) = score.decision.position.as_deref() {
            return Some(format!("fewer than two proven substitutes in its pool ({position}); find them first"));
        }
        let wide = rank.filter(|rank| f64::from(rank.p95 - rank.p05) > 0.5 * scored as f64)?;
        Some(format!("its rank is anywhere from {} to {} of {scored}", wide.p05, wide.p95))
    }
}

/// Whether two families of indicators are raised that no reviewer cleared, or one confirmed them.
fn is_questioned(trust: &Trust) -> bool {
    trust.review.as_ref().map_or(trust.light >= Light::Amber, |review| review.confirmed)
}

/// The KPI first, then the other counts that the comparison is by.
fn kpi_first<'a>(costs: &[(Measure, &'a Costs)], outputs: &[Measure], kpi: Measure) -> Vec<(Measure, &'a Costs)> {
    let taken = |measure: &Measure| *measure == kpi || outputs.contains(measure);
    costs.iter().filter(|(measure, _)| taken(measure)).copied().collect()
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
