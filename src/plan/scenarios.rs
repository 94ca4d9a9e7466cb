//! The plan at the asked budget and, in parallel, at the budgets of the frontier.

use rayon::prelude::*;

use super::answer::{Answer, FrontierPoint, Status};
use super::count::{Count, Counted};
use super::explain::{self, Solution};
use super::line::{Allowed, Line};
use super::program::Aim;
use super::rows::{self, Bounds, Label, Number, Row, Sense};
use super::rules::{Beside, Rules};
use super::search::{Found, TOLERANCE, Task};
use super::{cents, contradiction, indifferent, risk};
use crate::check::{Error, Kind};
use crate::fit::Fitted;
use crate::fit::store::season_sum;
use crate::settings::{BudgetIn, Contract, Goal, PlanSettings};
use crate::units::{Currency, Field};

/// The problem that every scenario shares.
pub(super) struct Problem<'a> {
    pub fitted: &'a Fitted,
    pub settings: &'a PlanSettings,
    pub lines: Vec<Line>,
    pub rows: Vec<Row>,
    pub bounds: Bounds,
    pub aim: Aim,
    pub counts: Vec<Count>,
    /// The ceiling on what each line pays for its last KPI, when there is one.
    pub ceilings: Vec<Option<Label>>,
    /// How each line may be bought, before any row is about it: nothing or a minimum, in lots.
    pub bought: Vec<Allowed>,
    /// Relative gap at which a search ends.
    pub gap: f64,
}

impl<'a> Problem<'a> {
    /// The contracts that decide what face value costs: none when the budget is in face value.
    pub fn contracts(&self) -> &'a [Contract] {
        if self.settings.budget_in == BudgetIn::Cash { &self.settings.contracts } else { &[] }
    }
}

/// How often spends are brought down by cents until their cash is within the budget.
const MOST_TRIMS: usize = 20;

/// How one scenario ended.
pub(super) enum Outcome {
    Plan(Box<Solution>),
    Conflict(super::answer::Conflict),
}

/// Solves the plan and its frontier.
///
/// # Errors
///
/// [`Kind::Settings`] for settings that do not fit the models, or that this version cannot honour.
pub fn scenarios(fitted: &Fitted, settings: &PlanSettings, currency: Currency) -> Result<Answer, Error> {
    fits(fitted, currency)?;
    let rules = Rules::new(fitted, settings, &Beside::default())?;
    Ok(allocated(fitted, &rules)?.answer)
}

/// The allocation under rules that are in force, with what it came from.
pub(super) struct Allocated<'a> {
    pub problem: Problem<'a>,
    pub outcome: Outcome,
    pub answer: Answer,
}

/// Solves the plan and its frontier under rules in force.
pub(super) fn allocated<'a>(fitted: &'a Fitted, rules: &'a Rules) -> Result<Allocated<'a>, Error> {
    let settings = &rules.settings;
    honoured(settings)?;
    let problem = problem(fitted, rules, None)?;
    let multiples: Vec<f64> = std::iter::once(1.0).chain(settings.frontier.iter().copied()).collect();
    let outcomes: Vec<_> = multiples.par_iter().map(|multiple| solved(&problem, settings.budget * multiple)).collect();
    let mut outcomes = outcomes.into_iter().collect::<Result<Vec<Outcome>, Error>>()?;
    let frontier = (1..outcomes.len()).map(|i| point(&problem, settings.budget * multiples[i], &outcomes[i])).collect();
    let outcome = outcomes.swap_remove(0);
    let answer = explain::answer(&problem, &outcome, frontier);
    Ok(Allocated { problem, outcome, answer })
}

/// Refuses what this version would otherwise leave out in silence.
fn honoured(settings: &PlanSettings) -> Result<(), Error> {
    let not_yet = |place: &str, what: &str| Error::setting(place, format!("{what} is not in this version"));
    let mut wrong = Vec::new();
    if risk::counts(settings.risk) && settings.goal != Goal::Most {
        let what = "a plan for the worst draws with another goal than `most`";
        wrong.push(not_yet("plan.risk", what).help("use `goal = \"most\"`, or `risk = { measure = \"mean\" }`"));
    }
    let averages = settings.limits.iter().filter(|limit| limit.max_cost_per.is_some());
    if risk::counts(settings.risk) && (settings.max_cost_per.is_some() || averages.count() > 0) {
        let what = "a plan for the worst draws under a ceiling on average costs, `max_cost_per`,";
        wrong.push(not_yet("plan.risk", what).help("use `max_marginal_cost`, or `risk = { measure = \"mean\" }`"));
    }
    Error::all(wrong)
}

pub(super) fn fits(fitted: &Fitted, currency: Currency) -> Result<(), Error> {
    if fitted.currency != currency {
        let message = format!("the models are in {}, the project's currency is {currency}", fitted.currency);
        return Err(Error::setting("project.currency", message)
            .help(format!("set `project.currency = \"{}\"`, or fit in {currency}", fitted.currency)));
    }
    if fitted.channels.is_empty() {
        return Err(Error::new(Kind::Nothing, "the models have no channel").help("fit on data with at least one"));
    }
    Ok(())
}

/// The problem under rules in force; without the rows of the limit `left_out`, to see what it costs.
pub(super) fn problem<'a>(fitted: &'a Fitted, rules: &'a Rules, left_out: Option<&str>) -> Result<Problem<'a>, Error> {
    let settings = &rules.settings;
    let lines = lines(fitted, rules)?;
    contracts_have_lines(&lines, settings)?;
    let (mut rows, mut allowed, mut counts) = rows::all_with_counts(&lines, settings)?;
    rules.narrow(fitted, &lines, &mut rows, &mut allowed)?;
    rows.retain(|row| left_out.is_none_or(|name| row.label.to_string() != name));
    counts.retain(|count| left_out.is_none_or(|name| count.label.to_string() != name));
    let bought = allowed.clone();
    let mut bounds = Bounds::new(&rows, allowed);
    let named = |label: &Label| left_out.is_none_or(|name| label.to_string() != name);
    let ceilings = under_ceilings(&mut bounds.allowed, &lines, settings, named);
    let (kpi, spend) = match settings.goal {
        Goal::Most => (1.0, 0.0),
        Goal::BreakEven => (settings.value_per.unwrap_or(1.0), 1.0),
        Goal::LeastSpend => (0.0, 1.0),
    };
    let target = settings.target.filter(|_| settings.goal == Goal::LeastSpend);
    let aim = Aim { goal: settings.goal, kpi, spend, target, max_cost_per: settings.max_cost_per };
    Ok(Problem { fitted, settings, lines, rows, bounds, aim, counts, ceilings, bought, gap: TOLERANCE })
}

/// Refuses a contract with a supplier that no line names: its commitment would be missed in silence.
fn contracts_have_lines(lines: &[Line], settings: &PlanSettings) -> Result<(), Error> {
    let named = |supplier: &str| lines.iter().any(|line| line.channel.value(Field::Supplier) == Some(supplier));
    let nobody = settings.contracts.iter().filter(|contract| !named(&contract.supplier));
    let wrong = nobody.map(|contract| {
        Error::setting(&format!("plan.contract `{}`", contract.supplier), "no line of the plan has this supplier")
            .help("write the name as the lines have it; `project.channel` must contain \"supplier\"")
    });
    Error::all(wrong.collect())
}

fn lines(fitted: &Fitted, rules: &Rules) -> Result<Vec<Line>, Error> {
    let whole = f64::from(rules.settings.days()) / f64::from(fitted.grain.days());
    let line = |(at, fit): (usize, &crate::fit::ChannelFit)| {
        let (start, days) = rules.days_to_count(at);
        let periods = f64::from(days) / f64::from(fitted.grain.days());
        let season = season_sum(&fit.season, fitted.grain, start, days).map_err(|day| {
            let message = format!("channel `{}`: the season has no factor for {day}", fit.channel.label);
            Error::new(Kind::Input, message).help("give the season a factor for every period of the plan")
        })?;
        Ok(Line {
            channel: fit.channel.clone(),
            curve: fit.curve.clone(),
            periods,
            season,
            reference: fit.reference_spend * whole,
            observed: fit.observed.1 * periods,
            weights: Vec::new(),
        })
    };
    fitted.channels.iter().enumerate().map(line).collect()
}

/// Narrows lines by the ceilings on what their last KPI may cost, those that are `kept`; which ceiling each line is under.
pub(super) fn under_ceilings(
    allowed: &mut [Allowed],
    lines: &[Line],
    settings: &PlanSettings,
    kept: impl Fn(&Label) -> bool,
) -> Vec<Option<Label>> {
    let mut under = vec![None; lines.len()];
    if let (Some(ceiling), true) = (settings.max_marginal_cost, kept(&Label::MaxMarginalCost)) {
        let each = allowed.par_iter_mut().zip(lines);
        each.for_each(|(allowed, line)| under_marginal_cost(allowed, line, ceiling, settings.budget));
        under.fill(Some(Label::MaxMarginalCost));
    }
    for limit in &settings.limits {
        let label = Label::Limit(limit.name.clone());
        let Some(ceiling) = limit.max_marginal_cost.filter(|_| kept(&label)) else { continue };
        for line in (0..lines.len()).filter(|line| limit.whom.matches(&lines[*line].channel)) {
            let before = allowed[line];
            under_marginal_cost(&mut allowed[line], &lines[line], ceiling, settings.budget);
            if allowed[line] != before {
                under[line] = Some(label.clone());
            }
        }
    }
    under
}

/// Spends beyond which the last KPI costs more than `ceiling` are not allowed; a floor outranks it.
///
/// Below where an S-shaped curve has become steep enough, the last KPI costs more too: the line gets nothing, or at
/// least that much.
fn under_marginal_cost(allowed: &mut Allowed, line: &Line, ceiling: f64, budget: f64) {
    if line.curve.is_err() {
        return;
    }
    let pays = |x: f64| line.marginal(x) * ceiling >= 1.0;
    let high = allowed.high.min(budget);
    let grid: Vec<f64> = (0..=400).map(|k| high * f64::from(k) / 400.0).collect();
    let Some(last) = grid.iter().rposition(|x| pays(*x)) else {
        allowed.high = allowed.low;
        return;
    };
    if last + 1 < grid.len() {
        allowed.high = edge(grid[last], grid[last + 1], &pays).max(allowed.low);
    }
    let first = grid.iter().position(|x| pays(*x)).unwrap_or(0);
    if first > 0 {
        allowed.minimum = allowed.minimum.max(edge(grid[first], grid[first - 1], &pays));
    }
}

/// Where `holds` ends between `inside`, which it holds at, and `outside`; a place that it holds at.
fn edge(mut inside: f64, mut outside: f64, holds: &impl Fn(f64) -> bool) -> f64 {
    for _ in 0..60 {
        let middle = (inside + outside) / 2.0;
        if holds(middle) { inside = middle } else { outside = middle }
    }
    inside
}

/// One scenario: the best plan at a budget, or why there is none.
pub(super) fn solved(problem: &Problem, budget: f64) -> Result<Outcome, Error> {
    let rows: Vec<&Row> = problem.rows.iter().filter(|row| !row.is_bound()).collect();
    let empty = |allowed: &Allowed| allowed.within(0.0, f64::INFINITY).is_none();
    if problem.bounds.allowed.iter().any(empty) {
        return Ok(Outcome::Conflict(contradiction::find(problem, budget)?));
    }
    let contracts = problem.contracts();
    let task = Task {
        lines: &problem.lines,
        allowed: problem.bounds.allowed.clone(),
        rows,
        budget,
        aim: problem.aim,
        contracts,
        gap: problem.gap,
    };
    let Some(mut found) = risk::best(&task, &problem.counts, problem.settings.risk)? else {
        return Ok(Outcome::Conflict(contradiction::find(problem, budget)?));
    };
    if contracts.is_empty() && problem.counts.is_empty() {
        indifferent::like_reference(task.lines, &task.allowed, &task.rows, &mut found.spend);
    }
    let task = Task { allowed: unchanged_held(problem, &found.spend), ..task };
    let mut spend = if contracts.is_empty() {
        cents::rounded(&found.spend, &task.allowed, &task.rows, budget)
    } else {
        in_cents(problem, &task, &found)
    };
    reach_target(problem, &task, &mut spend);
    Ok(Outcome::Plan(Box::new(Solution {
        about: explain::about(problem, &found.duals),
        spend,
        bound: found.bound,
        duals: found.duals,
        prices: found.line_prices,
        gains: found.slopes,
        budget,
    })))
}

/// The allowed spends, of a line that does not change where changes are counted only what it has: a cent is a change.
fn unchanged_held(problem: &Problem, spend: &[f64]) -> Vec<Allowed> {
    let mut allowed = problem.bounds.allowed.clone();
    for count in problem.counts.iter().filter(|count| count.counted == Counted::Changed) {
        for line in &count.lines {
            let kept = problem.lines[*line].kept();
            if (spend[*line] - kept).abs() < 0.005 {
                allowed[*line] = Allowed::between(kept, kept);
            }
        }
    }
    allowed
}

/// Spends in whole cents whose cash, as written line by line, is within the budget.
fn in_cents(problem: &Problem, task: &Task, found: &Found) -> Vec<f64> {
    let row = |(lines, sense, bound): (&[usize], Sense, f64)| Row {
        label: Label::Budget,
        lines: lines.to_vec(),
        total: 0.0,
        sense,
        bound,
        number: Number::Amount,
    };
    let ends = |held: &(Vec<usize>, f64, f64)| {
        let floor = row((&held.0, Sense::AtLeast, held.1));
        let cap = held.2.is_finite().then(|| row((&held.0, Sense::AtMost, held.2)));
        std::iter::once(floor).chain(cap).collect::<Vec<_>>()
    };
    let held: Vec<Row> = found.held.iter().flat_map(ends).collect();
    let rows: Vec<&Row> = task.rows.iter().copied().chain(&held).collect();
    let mut spend = cents::rounded(&found.spend, &task.allowed, &rows, found.spend.iter().sum());
    for _ in 0..MOST_TRIMS {
        let over = explain::line_cash(problem, &spend).iter().sum::<f64>() - task.budget;
        if over < 0.005 || !cents::trimmed(&mut spend, &task.allowed, &rows, over) {
            break;
        }
    }
    spend
}

/// Brings a plan whose cents were rounded back to its target, as far as the budget goes.
fn reach_target(problem: &Problem, task: &Task, spend: &mut [f64]) {
    let Some(target) = task.aim.target else { return };
    let kpi = |spend: &[f64]| task.lines.iter().zip(spend).map(|(line, x)| line.value(*x)).sum::<f64>();
    let missed = |spend: &[f64]| kpi(spend) < target && explain::counted(problem, spend) + 0.02 <= task.budget;
    cents::raised(spend, &task.allowed, &task.rows, missed, |line, x| task.lines[line].value_slope(x));
}

fn point(problem: &Problem, budget: f64, outcome: &Outcome) -> FrontierPoint {
    let nothing =
        FrontierPoint { budget, status: Status::Conflict, mean: None, p10: None, p90: None, marginal_cost: None };
    let Outcome::Plan(solution) = outcome else { return nothing };
    let expected = explain::expected(problem, &solution.spend);
    FrontierPoint {
        status: explain::status(problem, solution),
        mean: Some(expected.mean),
        p10: Some(expected.p10),
        p90: Some(expected.p90),
        marginal_cost: explain::marginal_cost_of_budget(problem, solution),
        ..nothing
    }
}
