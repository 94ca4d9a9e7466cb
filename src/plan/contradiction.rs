//! A conflict of whatever limits there are: a smallest set that has no plan, and how far which of them must give way.
//!
//! Amounts and shares alone are a linear program, and so is the least money by which they miss each other
//! ([`super::conflict`]). Where nothing-or-a-minimum, lots, counts, contracts, a target or a ceiling take part, whether some
//! limits have a plan is asked of the search itself: limits are left out as long as the rest still has none (deletion
//! filter), and of the set that remains the limit is named that has to give least, by halving, on its own. Where that leaves
//! another conflict it is taken up next, until a plan exists.

use super::answer::{Conflict, Relax};
use super::conflict;
use super::count;
use super::line::Allowed;
use super::rows::{Bounds, Label, Number, Row, Sense};
use super::scenarios::{Problem, under_ceilings};
use super::search::Task;
use crate::check::Error;

/// Conflicts taken up in turn.
const MOST_CONFLICTS: usize = 8;
/// Gap of a search that is only asked whether there is a plan.
const ANY: f64 = 1.0;
/// Halvings to how far a limit must give way.
const HALVINGS: usize = 40;

/// The conflict of a problem that has no plan at a budget.
///
/// # Errors
///
/// As [`count::best`].
pub(super) fn find(problem: &Problem, budget: f64) -> Result<Conflict, Error> {
    let asked = Asked { problem, budget };
    if problem.contracts().is_empty()
        && let Some(conflict) = conflict::find(problem.lines.len(), &problem.rows, budget)?
        && asked.has_plan(&asked.labels(), &conflict.relax)?
    {
        return Ok(conflict);
    }
    let mut relax: Vec<Relax> = Vec::new();
    let mut first: Option<Vec<Label>> = None;
    for _ in 0..MOST_CONFLICTS {
        if asked.has_plan(&asked.labels(), &relax)? {
            break;
        }
        let set = asked.smallest(&relax)?;
        let Some(least) = asked.least(&set, &relax)? else {
            relax.clear();
            first.get_or_insert(set);
            break;
        };
        first.get_or_insert(set);
        relax.push(least);
    }
    let monetary = |relax: &&Relax| asked.is_money(&relax.limit);
    // an empty sum of floats is −0
    let short_by = relax.iter().filter(monetary).map(|relax| relax.by).sum::<f64>() + 0.0;
    let limits = first.unwrap_or_default().iter().map(Label::to_string).collect();
    Ok(Conflict { limits, short_by, relax })
}

struct Asked<'a> {
    problem: &'a Problem<'a>,
    budget: f64,
}

impl Asked<'_> {
    /// Every limit, by its name.
    fn labels(&self) -> Vec<Label> {
        let problem = self.problem;
        let settings = problem.settings;
        let mut labels = vec![Label::Budget];
        let ceilings = settings.limits.iter().filter(|limit| limit.max_marginal_cost.is_some());
        let all = problem
            .rows
            .iter()
            .map(|row| row.label.clone())
            .chain(problem.counts.iter().map(|count| count.label.clone()))
            .chain(settings.minimum_buys.iter().map(label_of_buy))
            .chain(ceilings.map(|limit| Label::Limit(limit.name.clone())))
            .chain(settings.max_marginal_cost.map(|_| Label::MaxMarginalCost))
            .chain(problem.aim.target.map(|_| Label::Target))
            .chain(problem.aim.max_cost_per.map(|_| Label::MaxCostPer));
        for label in all {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels
    }

    fn is_money(&self, limit: &str) -> bool {
        let counts = self.problem.counts.iter().any(|count| count.label.to_string() == limit);
        let mut rows = self.problem.rows.iter().filter(|row| row.label.to_string() == limit);
        if rows.clone().any(|row| row.cost().is_some()) {
            return false;
        }
        let rows = rows.next().is_some();
        let other = [Label::Target, Label::MaxCostPer, Label::MaxMarginalCost].iter().any(|l| l.to_string() == limit);
        !other && (rows || !counts)
    }

    /// What a limit gives way by where that is no money.
    fn unit(&self, limit: &str) -> Option<String> {
        let is_counted = || self.problem.counts.iter().any(|count| count.label.to_string() == limit);
        if limit == Label::Target.to_string() {
            return Some(self.problem.fitted.kpi.name().to_owned());
        }
        (!self.is_money(limit) && is_counted()).then(|| "lines".to_owned())
    }

    /// Whether the kept limits, some of them eased, have a plan.
    fn has_plan(&self, kept: &[Label], eased: &[Relax]) -> Result<bool, Error> {
        let problem = self.problem;
        let by = |label: &Label| {
            let name = label.to_string();
            eased.iter().filter(|relax| relax.limit == name).map(|relax| relax.by).sum::<f64>()
        };
        let row = |row: &Row| {
            let by = by(&row.label);
            if let Some(cost) = row.cost() {
                return Row { number: Number::CostPer(cost + by), ..row.clone() };
            }
            Row { bound: if row.sense == Sense::AtMost { row.bound + by } else { row.bound - by }, ..row.clone() }
        };
        let rows: Vec<Row> = problem.rows.iter().filter(|row| kept.contains(&row.label)).map(row).collect();
        let mut allowed = Bounds::new(&rows, self.bought(kept, &by)).allowed;
        under_ceilings(&mut allowed, &problem.lines, problem.settings, |label| kept.contains(label));
        if allowed.iter().any(|allowed| allowed.within(0.0, f64::INFINITY).is_none()) {
            return Ok(false);
        }
        let mut counts = problem.counts.clone();
        counts.retain(|count| kept.contains(&count.label));
        for count in &mut counts {
            let by = by(&count.label) as usize;
            count.number =
                if count.sense == Sense::AtMost { count.number + by } else { count.number.saturating_sub(by) };
        }
        let mut aim = problem.aim;
        aim.target = aim.target.filter(|_| kept.contains(&Label::Target)).map(|target| target - by(&Label::Target));
        aim.max_cost_per =
            aim.max_cost_per.filter(|_| kept.contains(&Label::MaxCostPer)).map(|cost| cost + by(&Label::MaxCostPer));
        let budget = if kept.contains(&Label::Budget) { self.budget + by(&Label::Budget) } else { self.enough() };
        let rows = rows.iter().filter(|row| !row.is_bound()).collect();
        let task = Task { lines: &problem.lines, allowed, rows, budget, aim, contracts: problem.contracts(), gap: ANY };
        // a search that ends without an answer found no plan either: every set that is said to have one does
        Ok(count::best(&task, &counts).is_ok_and(|found| found.is_some()))
    }

    /// More money than any of the limits speaks of.
    fn enough(&self) -> f64 {
        let problem = self.problem;
        let rows = problem.rows.iter().map(|row| row.bound.abs());
        let bought = problem.bought.iter().map(|allowed| allowed.minimum + allowed.lot);
        let references = problem.lines.iter().map(|line| line.reference);
        10.0 * (self.budget + rows.sum::<f64>() + bought.sum::<f64>() + references.sum::<f64>())
    }

    /// How lines may be bought by the kept minimum buys.
    fn bought(&self, kept: &[Label], by: &impl Fn(&Label) -> f64) -> Vec<Allowed> {
        let problem = self.problem;
        let mut bought = problem.bought.clone();
        let buys = &problem.settings.minimum_buys;
        for (line, allowed) in problem.lines.iter().zip(&mut bought) {
            let of: Vec<_> = buys.iter().filter(|buy| buy.whom.matches(&line.channel)).collect();
            if of.iter().all(|buy| kept.contains(&label_of_buy(buy)) && by(&label_of_buy(buy)) == 0.0) {
                continue;
            }
            (allowed.minimum, allowed.lot) = (0.0, 0.0);
            for buy in of.into_iter().filter(|buy| kept.contains(&label_of_buy(buy))) {
                let by = by(&label_of_buy(buy));
                allowed.minimum = allowed.minimum.max(buy.amount.unwrap_or(0.0) - by);
                // a lot that gives way is no lot: any spend may be bought
                allowed.lot = allowed.lot.max(buy.lot.filter(|_| by == 0.0).unwrap_or(0.0));
            }
        }
        bought
    }

    /// A set of limits without a plan, none of which can be spared: parts are left out, large ones first.
    fn smallest(&self, eased: &[Relax]) -> Result<Vec<Label>, Error> {
        let mut kept = self.labels();
        let mut part = kept.len().div_ceil(4).max(1);
        loop {
            let mut at = 0;
            while at < kept.len() {
                let mut without = kept.clone();
                without.drain(at..(at + part).min(kept.len()));
                if self.has_plan(&without, eased)? { at += part } else { kept = without }
            }
            if part == 1 {
                return Ok(kept);
            }
            part = part.div_ceil(4);
        }
    }

    /// The limit of a set that has to give least to mend it, in money where one can: how much.
    fn least(&self, set: &[Label], eased: &[Relax]) -> Result<Option<Relax>, Error> {
        let mut best: Option<(bool, Relax)> = None;
        for label in set {
            let name = label.to_string();
            let Some(by) = self.gives(set, eased, &name)? else { continue };
            let other = !self.is_money(&name);
            let less = best.as_ref().is_none_or(|(was_other, known)| (other, by) < (*was_other, known.by));
            if less {
                best = Some((other, Relax { unit: self.unit(&name), limit: name, by }));
            }
        }
        Ok(best.map(|(_, relax)| relax))
    }

    /// By how much one limit has to give for a set to have a plan; `None` when it cannot give enough.
    fn gives(&self, set: &[Label], eased: &[Relax], limit: &str) -> Result<Option<f64>, Error> {
        let mended = |by: f64| {
            let more = Relax { limit: limit.to_owned(), by, unit: None };
            self.has_plan(set, &eased.iter().cloned().chain([more]).collect::<Vec<_>>())
        };
        if !self.is_money(limit) && self.problem.counts.iter().any(|count| count.label.to_string() == limit) {
            for by in 1..=self.problem.lines.len() {
                if mended(by as f64)? {
                    return Ok(Some(by as f64));
                }
            }
            return Ok(None);
        }
        let mut high = self.enough();
        if limit == Label::Target.to_string() {
            high = self.problem.aim.target.unwrap_or(0.0);
        }
        if !mended(high)? {
            return Ok(None);
        }
        let mut low = 0.0;
        for _ in 0..HALVINGS {
            if high - low <= 0.004 {
                break;
            }
            let middle = f64::midpoint(low, high);
            if mended(middle)? { high = middle } else { low = middle }
        }
        // in whole cents, the least that mends it
        let cents = (low * 100.0 - 1e-6).ceil() / 100.0;
        for by in [cents, cents + 0.01] {
            if mended(by)? {
                return Ok(Some(by));
            }
        }
        Ok(Some(high))
    }
}

fn label_of_buy(buy: &crate::settings::MinimumBuy) -> Label {
    Label::MinimumBuy(buy.whom.0.values().cloned().collect::<Vec<_>>().join(" / "))
}
