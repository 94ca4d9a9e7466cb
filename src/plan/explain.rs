//! The answer in the user's words: what each line gets and brings, what holds it, what the limits are worth.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::answer::{Answer, Budget, Expected, FrontierPoint, Line as Row, Period, Price, Status};
use super::cash::cash;
use super::program::Duals;
use super::risk;
use super::rows::{Label, Number, Sense};
use super::scenarios::{Outcome, Problem};
use crate::math::{mean, quantile};
use crate::settings::{BudgetIn, Goal};
use crate::units::Field;

/// Gap up to which a plan counts as optimal.
pub const OPTIMAL: f64 = 1e-4;
/// Relative difference up to which a line's marginal cost is the one that lines share; a curve of points has jumps.
const SHARED: f64 = 0.02;
/// Money below which spend sits on a bound.
const CENT: f64 = 0.011;
/// Share of the budget's own price below which a price is the solver's rounding.
const LEAST_PRICE: f64 = 1e-5;

/// A solved scenario, spends in whole cents.
pub struct Solution {
    /// Spend by line.
    pub spend: Vec<f64>,
    /// Proven bound on the aim's value.
    pub bound: f64,
    /// Multipliers of the program that it came from.
    pub duals: Duals,
    /// What one unit of spend costs each line there.
    pub prices: Vec<f64>,
    /// Worth per further unit of spend, by line: θ times it is what the unit gains.
    pub gains: Vec<f64>,
    /// Most that could be spent.
    pub budget: f64,
    /// The rows about several lines that each line is in and that are worth something, with their multipliers.
    pub about: Vec<Vec<(usize, f64)>>,
}

/// The rows about several lines that each line is in, with their multipliers, where they have one.
pub(super) fn about(problem: &Problem, duals: &Duals) -> Vec<Vec<(usize, f64)>> {
    let mut about = vec![Vec::new(); problem.lines.len()];
    let coupling = problem.rows.iter().enumerate().filter(|(_, row)| !row.is_bound()).zip(&duals.rows);
    for ((index, row), dual) in coupling.filter(|(_, dual)| **dual != 0.0) {
        row.lines.iter().for_each(|line| about[*line].push((index, *dual)));
    }
    about
}

/// The answer of the asked budget, with the frontier.
pub(super) fn answer(problem: &Problem, outcome: &Outcome, frontier: Vec<FrontierPoint>) -> Answer {
    match outcome {
        Outcome::Plan(solution) => planned(problem, solution, frontier),
        Outcome::Conflict(conflict) => Answer { conflict: Some(conflict.clone()), frontier, ..bare(problem) },
    }
}

/// The answer before anything is planned.
fn bare(problem: &Problem) -> Answer {
    let (fitted, settings) = (problem.fitted, problem.settings);
    let counted_in = match settings.budget_in {
        BudgetIn::Face => "face",
        BudgetIn::Cash => "cash",
    };
    Answer {
        format: "outlay/plan@1".into(),
        status: Status::Conflict,
        currency: fitted.currency.to_string(),
        kpi: fitted.kpi.to_string(),
        period: Period {
            start: settings.start.to_string(),
            end: settings.end.to_string(),
            periods: f64::from(settings.days()) / f64::from(fitted.grain.days()),
            grain: fitted.grain.name().into(),
        },
        budget: Budget {
            asked: settings.budget,
            counted_in: counted_in.into(),
            spent: 0.0,
            cash: 0.0,
            unspent: settings.budget,
            unspent_because: None,
        },
        objective: None,
        bound: None,
        gap: None,
        expected: None,
        cost_per: None,
        lines: Vec::new(),
        prices: Vec::new(),
        frontier: Vec::new(),
        conflict: None,
        ..Answer::default()
    }
}

fn planned(problem: &Problem, solution: &Solution, frontier: Vec<FrontierPoint>) -> Answer {
    let spent = whole(&solution.spend);
    let expected = expected(problem, &solution.spend);
    let (objective, bound) = objective_and_bound(problem, solution, expected.mean);
    let cash = line_cash(problem, &solution.spend);
    let bare = bare(problem);
    let cash_sum = cents(cash.iter().sum());
    let counted = counted(problem, &solution.spend);
    let unspent = cents(problem.settings.budget - counted);
    Answer {
        status: status(problem, solution),
        budget: Budget {
            spent,
            cash: cash_sum,
            unspent,
            unspent_because: (unspent > CENT).then(|| unspent_because(problem, solution)),
            ..bare.budget
        },
        objective: Some(objective),
        bound: Some(bound),
        gap: Some(gap(objective, bound)),
        expected: Some(expected),
        cost_per: per(spent, expected.mean),
        lines: (0..problem.lines.len()).into_par_iter().map(|line| row(problem, solution, line, cash[line])).collect(),
        prices: prices(problem, solution),
        frontier,
        ..bare
    }
}

/// A sum of cents, exact: a sum of floats would drift.
fn whole(spend: &[f64]) -> f64 {
    spend.iter().map(|x| (x * 100.0).round()).sum::<f64>() / 100.0
}

pub(super) fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

fn per(spend: f64, kpi: f64) -> Option<f64> {
    (kpi > 0.0).then(|| spend / kpi)
}

fn gap(objective: f64, bound: f64) -> f64 {
    if bound == objective { 0.0 } else { ((bound - objective) / bound).abs() }
}

/// What a spend is in what the budget is counted in.
pub(super) fn counted(problem: &Problem, spend: &[f64]) -> f64 {
    match problem.settings.budget_in {
        BudgetIn::Face => whole(spend),
        BudgetIn::Cash => cents(line_cash(problem, spend).iter().sum()),
    }
}

/// Objective and bound in the goal's own unit: KPI, money gained or money spent.
fn objective_and_bound(problem: &Problem, solution: &Solution, kpi: f64) -> (f64, f64) {
    let risk = problem.settings.risk;
    let kpi = if risk::counts(risk) { risk::value(&risk::draws(&problem.lines, &solution.spend), risk) } else { kpi };
    let value = problem.aim.value(kpi, counted(problem, &solution.spend));
    // without any curve nothing can be gained: what the solver's accuracy leaves above that is no bound
    let nothing_to_gain = problem.aim.goal == Goal::Most && problem.lines.iter().all(|line| line.curve.is_err());
    let bound = if nothing_to_gain { value } else { solution.bound.max(value) };
    if problem.aim.goal == Goal::LeastSpend { (-value, -bound) } else { (value, bound) }
}

/// Whether the gap of the written plan counts as closed.
pub(super) fn status(problem: &Problem, solution: &Solution) -> Status {
    let kpi = expected(problem, &solution.spend).mean;
    let (objective, bound) = objective_and_bound(problem, solution, kpi);
    if gap(objective, bound) <= OPTIMAL { Status::Optimal } else { Status::TimeLimit }
}

/// Expected KPI of a whole plan: draw i is one state of the world, added up over the lines.
pub(super) fn expected(problem: &Problem, spend: &[f64]) -> Expected {
    quantiles(&risk::draws(&problem.lines, spend))
}

pub(super) fn quantiles(draws: &[f64]) -> Expected {
    let at = |share| quantile(draws, share);
    Expected { mean: mean(draws), p10: at(0.1), p50: at(0.5), p90: at(0.9) }
}

/// Cash by line: a supplier's cash is of its total, shared among its lines by face value. A supplier that gets nothing may
/// still be owed for a missed commitment; its first line bears that.
pub(super) fn line_cash(problem: &Problem, spend: &[f64]) -> Vec<f64> {
    let supplier = |line: usize| problem.lines[line].channel.value(Field::Supplier);
    let mut totals: BTreeMap<Option<&str>, (f64, usize)> = BTreeMap::new();
    for (line, x) in spend.iter().enumerate() {
        totals.entry(supplier(line)).or_insert((0.0, line)).0 += x;
    }
    let contracts = &problem.settings.contracts;
    let contract = |name: Option<&str>| contracts.iter().find(|contract| Some(contract.supplier.as_str()) == name);
    let owed: BTreeMap<Option<&str>, f64> =
        totals.iter().map(|(name, (total, _))| (*name, cash(*total, contract(*name)))).collect();
    let share = |line: usize| {
        let (total, first) = totals[&supplier(line)];
        let share = if total > 0.0 { spend[line] / total } else { f64::from(line == first) };
        cents(owed[&supplier(line)] * share)
    };
    (0..spend.len()).map(share).collect()
}

fn row(problem: &Problem, solution: &Solution, line: usize, cash: f64) -> Row {
    let (model, spend) = (&problem.lines[line], solution.spend[line]);
    let value = |field| model.channel.value(field).map(str::to_owned);
    let expected = model.curve.is_ok().then(|| quantiles(&model.in_each_state(spend)));
    let limited_by = limited_by(problem, solution, line);
    Row {
        channel: model.channel.label.clone(),
        platform: value(Field::Platform),
        supplier: value(Field::Supplier),
        account: value(Field::Account),
        campaign: value(Field::Campaign),
        reference_spend: cents(model.reference),
        spend,
        cash,
        cost_per: expected.and_then(|expected| per(spend, expected.mean)),
        marginal_cost: marginal_cost(problem, line, spend),
        why_not_more: why_not_more(problem, solution, line, &limited_by),
        expected,
        limited_by,
        extrapolated: spend > model.observed + CENT,
        ..Row::default()
    }
}

fn marginal_cost(problem: &Problem, line: usize, spend: f64) -> Option<f64> {
    let marginal = problem.lines[line].marginal(spend);
    (marginal > 0.0 && marginal.is_finite()).then(|| 1.0 / marginal)
}

/// θ of the program: what one KPI is worth in units of the objective.
pub(super) fn worth(problem: &Problem, duals: &Duals) -> f64 {
    problem.aim.kpi + duals.target + problem.aim.max_cost_per.unwrap_or(0.0) * duals.cost
}

/// What moving the line's spend up by one unit would gain, beyond what the unit costs elsewhere.
fn gain(problem: &Problem, solution: &Solution, line: usize) -> f64 {
    worth(problem, &solution.duals) * solution.gains[line] - solution.prices[line]
}

fn least_price(solution: &Solution) -> f64 {
    LEAST_PRICE * solution.duals.budget.max(solution.duals.whole.abs()).max(1e-12)
}

/// The row that holds a line from below or above, when it does.
fn holding_bound(problem: &Problem, solution: &Solution, line: usize) -> Option<usize> {
    let (spend, allowed) = (solution.spend[line], &problem.bounds.allowed[line]);
    let gain = gain(problem, solution, line);
    let on = |bound: f64| (spend - bound).abs() <= CENT;
    match (problem.bounds.low[line], problem.bounds.high[line]) {
        (_, Some(high)) if on(allowed.high) && gain > 0.0 => Some(high),
        (Some(low), _) if on(allowed.low) && gain < 0.0 => Some(low),
        _ => None,
    }
}

/// Whether a line stands at the ceiling on what its last KPI may cost, and a limit of `[[plan.limit]]` says so.
fn names_ceiling(problem: &Problem, solution: &Solution, line: usize) -> bool {
    let at_end = problem.bounds.allowed[line].high - solution.spend[line] <= CENT;
    at_end && problem.bounds.high[line].is_none() && matches!(problem.ceilings[line], Some(Label::Limit(_)))
}

fn limited_by(problem: &Problem, solution: &Solution, line: usize) -> Vec<String> {
    let least = least_price(solution);
    let mut names = Vec::new();
    let mut add = |label: &Label| {
        let name = label.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    };
    if let Some(bound) = holding_bound(problem, solution, line) {
        add(&problem.rows[bound].label);
    }
    if let Some(ceiling) = &problem.ceilings[line]
        && names_ceiling(problem, solution, line)
    {
        add(ceiling);
    }
    for count in &problem.counts {
        let at_end = count.of(&problem.lines, &solution.spend) == count.number;
        if at_end && count.keeps(&problem.lines[line], solution.spend[line]) && count.lines.binary_search(&line).is_ok()
        {
            add(&count.label);
        }
    }
    for (row, dual) in &solution.about[line] {
        if dual.abs() > least {
            add(&problem.rows[*row].label);
        }
    }
    names
}

/// Change of the objective when a limit's number rises by one unit, by limit; only limits that bind.
pub(super) fn prices(problem: &Problem, solution: &Solution) -> Vec<Price> {
    let sign = if problem.aim.goal == Goal::LeastSpend { -1.0 } else { 1.0 };
    let least = least_price(solution);
    let mut prices: Vec<Price> = Vec::new();
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut add = |label: &Label, price: f64, unit: String| {
        let limit = label.to_string();
        let place = *places.entry((limit.clone(), unit.clone())).or_insert(prices.len());
        match prices.get_mut(place) {
            Some(known) => known.price += sign * price,
            None => prices.push(Price { limit, price: sign * price, unit }),
        }
    };
    let unit = |per: &str| format!("{} per {per}", objective_unit(problem));
    let money = problem.fitted.currency.to_string();
    add(&Label::Budget, solution.duals.budget, unit(&money));
    let mut by_row: Vec<(usize, f64)> = (0..problem.rows.len())
        .filter(|row| !problem.rows[*row].is_bound())
        .zip(solution.duals.rows.iter().copied())
        .collect();
    by_row.extend(
        (0..problem.lines.len())
            .filter_map(|line| Some((holding_bound(problem, solution, line)?, gain(problem, solution, line)))),
    );
    by_row.sort_by_key(|(row, _)| *row);
    let spent = whole(&solution.spend);
    for (index, dual) in by_row.into_iter().filter(|(_, dual)| dual.abs() > least) {
        let row = &problem.rows[index];
        match row.number {
            Number::Amount => add(&row.label, dual, unit(&money)),
            Number::Point(moves) => add(&row.label, dual * moves, unit("percentage point")),
            Number::PointOfTotal => add(&row.label, dual * spent / 100.0, unit("percentage point")),
            Number::CostPer(_) => {
                let kpi: f64 = row.lines.iter().map(|line| problem.lines[*line].value(solution.spend[*line])).sum();
                add(&row.label, dual * kpi, unit(&format!("{money} of `max_cost_per`")));
            }
        }
    }
    if let Some(target) = problem.aim.target.filter(|_| solution.duals.target > 0.0) {
        debug_assert!(target > 0.0);
        add(&Label::Target, -solution.duals.target, unit(problem.fitted.kpi.name()));
    }
    prices
}

fn objective_unit(problem: &Problem) -> String {
    match problem.aim.goal {
        Goal::Most => problem.fitted.kpi.to_string(),
        Goal::BreakEven | Goal::LeastSpend => problem.fitted.currency.to_string(),
    }
}

/// What the last KPI costs at a budget: θ ÷ price of the budget.
pub(super) fn marginal_cost_of_budget(problem: &Problem, solution: &Solution) -> Option<f64> {
    let price = solution.duals.whole;
    (price > 0.0).then(|| worth(problem, &solution.duals) / price)
}

fn why_not_more(problem: &Problem, solution: &Solution, line: usize, limited_by: &[String]) -> String {
    let model = &problem.lines[line];
    let spend = solution.spend[line];
    if let Err(reason) = &model.curve {
        let held = limited_by.first().map_or("nothing holds it there, and nothing is known to gain", String::as_str);
        return format!("no curve says what more would bring ({reason}): {held}");
    }
    let marginal = marginal_cost(problem, line, spend);
    let budget = marginal_cost_of_budget(problem, solution);
    let costs = |cost: Option<f64>| cost.map_or("nothing more".into(), |cost| format!("{cost:.2}"));
    if let Some(row) = holding_bound(problem, solution, line).map(|bound| &problem.rows[bound]) {
        let way = if row.sense == Sense::AtMost { "caps" } else { "is a floor under" };
        return format!(
            "`{}` {way} it; its last one costs {}, the budget's last {}",
            row.label,
            costs(marginal),
            costs(budget)
        );
    }
    if !limited_by.is_empty() {
        return format!(
            "held by {}; its last one costs {}, the budget's last {}",
            limited_by.join(", "),
            costs(marginal),
            costs(budget)
        );
    }
    if spend == 0.0 {
        return format!("even its first one would cost more than the budget's last, {}", costs(budget));
    }
    if problem.bounds.allowed[line].high - spend <= CENT && problem.settings.max_marginal_cost.is_some() {
        return format!("its last one costs {}, which is `max_marginal_cost`", costs(marginal));
    }
    if solution.duals.budget <= 0.0 {
        return format!("its last one costs {}; another would cost more than it is worth", costs(marginal));
    }
    let everywhere = marginal.zip(budget).is_none_or(|(here, there)| (here / there - 1.0).abs() < SHARED);
    if everywhere {
        return format!("the budget ends here: its last one costs {}, as much as everywhere", costs(marginal));
    }
    format!("its last one costs {}, its next more than the budget's last, {}", costs(marginal), costs(budget))
}

fn unspent_because(problem: &Problem, solution: &Solution) -> String {
    let held: Vec<String> = {
        let lines = 0..problem.lines.len();
        let mut names: Vec<String> = lines.flat_map(|line| limited_by(problem, solution, line)).collect();
        names.sort();
        names.dedup();
        names
    };
    match problem.aim.goal {
        Goal::BreakEven => {
            "the next registration would cost more than `value_per`".replace("registration", problem.fitted.kpi.name())
        }
        Goal::LeastSpend => "`target` is reached with less".into(),
        Goal::Most if problem.settings.max_cost_per.is_some() && solution.duals.cost > 0.0 => {
            "more would bring the average cost above `max_cost_per`".into()
        }
        Goal::Most if problem.settings.max_marginal_cost.is_some() => {
            "every line that limits leave room in is at `max_marginal_cost`".into()
        }
        Goal::Most if held.is_empty() => "no line gains from more".into(),
        Goal::Most => format!("every line is held by a limit: {}", held.join(", ")),
    }
}
