//! The plan day by day: each line's spend laid out over the days on which it runs.
//!
//! Days weigh what their weekday, the season of the model and events say; budgets change by no more than the steps allow,
//! stay as they are while locked, and add up to the line's spend to the cent. What a line's days can add up to bounds its
//! spend before the plan is made, so that no plan is made that cannot be laid out.

mod calendar;
mod carry;
mod levels;

use jiff::civil::Date;
use rayon::prelude::*;

pub(in crate::plan) use self::calendar::history;

use self::levels::{Block, Chain, Steps, to_cents, to_steps};
use super::answer::Answer;
use super::line::Line;
use super::rows::{Label, Number, Row, Sense};
use super::rules::{Rules, plus};
use crate::fit::{ChannelFit, Fitted, Season};

/// The plan day by day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Daily {
    /// The days, ascending.
    pub dates: Vec<Date>,
    /// Names of the events on each day.
    pub events: Vec<Vec<String>>,
    /// One line a line of the plan, in its order.
    pub lines: Vec<DailyLine>,
}

/// A line day by day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DailyLine {
    /// The channel's label.
    pub channel: String,
    /// The daily budget before the first day.
    pub before: f64,
    /// Face value of each day; adds up to the line's spend to the cent.
    pub spend: Vec<f64>,
    /// What holds each day's budget.
    pub held: Vec<DayHeld>,
}

/// What holds a day's budget where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DayHeld {
    /// Nothing: it has its weight's share.
    #[default]
    Free,
    /// Outside the line's flight.
    Flight,
    /// The line may not change yet.
    Locked,
    /// The step from the day before, or to the day after, is the largest allowed.
    Step,
}

impl DayHeld {
    /// The name in files; empty for [`DayHeld::Free`].
    pub fn name(self) -> &'static str {
        match self {
            DayHeld::Free => "",
            DayHeld::Flight => "flight",
            DayHeld::Locked => "lock",
            DayHeld::Step => "step",
        }
    }
}

/// A line's chain of budgets, and the days of each block.
struct Layout {
    chain: Chain,
    /// The days of the plan of each block.
    days: Vec<Vec<usize>>,
    /// The daily budget before the plan.
    before: f64,
}

/// Bounds on lines' spend that their days ask for: what locks and steps can add up to. A line that is excluded for want of a
/// curve is paused, which is no step.
pub(super) fn rows(rules: &Rules, fitted: &Fitted, lines: &[Line], excluded: &[bool]) -> Vec<Row> {
    let steps = steps(rules);
    let bound = |line: usize| {
        let model = &lines[line];
        let locked = lock(rules, model, line);
        if rules.live[line].days == 0 || excluded[line] || (steps.free() && locked.is_none()) {
            return Vec::new();
        }
        let rate = model.reference / f64::from(rules.settings.days());
        let (low, high) = within_cents(layout(rules, line, &fitted.channels[line].season, locked, rate).chain.sums());
        let what = if steps.free() { "lock" } else { "steps" };
        let label = Label::Limit(format!("{what}: {}", model.channel.label));
        let row = |sense, bound| Row {
            label: label.clone(),
            lines: vec![line],
            total: 0.0,
            sense,
            bound,
            number: Number::Amount,
        };
        let floor = (low > 0.0).then(|| row(Sense::AtLeast, low));
        let cap = high.is_finite().then(|| row(Sense::AtMost, high));
        floor.into_iter().chain(cap).collect()
    };
    let each: Vec<Vec<Row>> = (0..lines.len()).into_par_iter().map(bound).collect();
    each.into_iter().flatten().collect()
}

/// The cents between two sums; one cent where none is between them.
fn within_cents((low, high): (f64, f64)) -> (f64, f64) {
    let (up, down) = ((low * 100.0).ceil() / 100.0, (high * 100.0).floor() / 100.0);
    if up <= down { (up, down) } else { (super::explain::cents(low), super::explain::cents(low)) }
}

fn steps(rules: &Rules) -> Steps {
    let daily = &rules.settings.rules.daily;
    Steps { share: daily.step.unwrap_or(f64::INFINITY), amount: daily.step_amount.unwrap_or(f64::INFINITY) }
}

/// Last day of the plan, counted from its first, on which a line is locked, with its daily budget.
fn lock(rules: &Rules, line: &Line, at: usize) -> Option<(u32, f64)> {
    let settings = &rules.settings;
    let about =
        settings.rules.locks.iter().filter(|lock| lock.whom.matches(&line.channel) && lock.until >= settings.start);
    let last = about.max_by_key(|lock| lock.until)?;
    let days = settings.start.until(last.until).map_or(0, |span| span.get_days());
    let rate = line.reference / f64::from(settings.days());
    let live = rules.live[at];
    let last_day = u32::try_from(days).unwrap_or(0).min((live.offset + live.days).saturating_sub(1));
    (live.days > 0 && last_day >= live.offset).then(|| (last_day, last.daily.unwrap_or(rate)))
}

/// The blocks of a line: each locked day alone, then runs of as many days as a budget must stay, the last one longer.
fn layout(rules: &Rules, line: usize, season: &Season, locked: Option<(u32, f64)>, before: f64) -> Layout {
    let live = rules.live[line];
    let weights = calendar::weights(rules, line, season);
    let day = |at: usize| at + live.offset as usize;
    let runs: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > 0.0).collect();
    let (fixed, open): (Vec<usize>, Vec<usize>) =
        runs.into_iter().partition(|at| locked.is_some_and(|(last, _)| day(*at) <= last as usize));
    let stay = (rules.settings.rules.daily.days_between_changes as usize).clamp(1, open.len().max(1));
    let mut groups: Vec<Vec<usize>> = fixed.iter().map(|at| vec![*at]).collect();
    let count = (open.len() / stay).max(usize::from(!open.is_empty()));
    for group in 0..count {
        let end = if group + 1 == count { open.len() } else { (group + 1) * stay };
        groups.push(open[group * stay..end].to_vec());
    }
    let block = |(at, group): (usize, &Vec<usize>)| Block {
        days: group.len() as u32,
        weight: group.iter().map(|at| weights[*at]).sum::<f64>() / group.len() as f64,
        locked: locked.map(|(_, budget)| budget).filter(|_| at < fixed.len()),
    };
    // a line that did not run before, or starts later, begins where it is put
    let runs_on = before > 0.0 && live.offset == 0;
    let before_lock = locked.map_or(before, |(_, budget)| budget);
    let chain = Chain {
        blocks: groups.iter().enumerate().map(block).collect(),
        steps: steps(rules),
        before: (runs_on && fixed.is_empty()).then_some(before).or((!fixed.is_empty()).then_some(before_lock)),
    };
    Layout { chain, days: groups.into_iter().map(|group| group.into_iter().map(day).collect()).collect(), before }
}

/// Lays the answer's lines out over the days of the plan, and tells what earlier spend brings in them.
pub(super) fn add(rules: &Rules, fitted: &Fitted, lines: &[Line], answer: &mut Answer) {
    let settings = &rules.settings;
    let dates: Vec<Date> = (0..settings.days()).map(|day| plus(settings.start, day)).collect();
    let names = |date: &Date| {
        let on = settings.rules.daily.events.iter().filter(|(event, _)| (event.start..=event.end).contains(date));
        on.map(|(event, _)| event.name.clone()).collect()
    };
    let events = dates.iter().map(names).collect();
    let spends: Vec<f64> = answer.lines.iter().map(|line| line.spend).collect();
    let each =
        (0..lines.len()).into_par_iter().map(|at| laid_out(rules, &fitted.channels[at], &lines[at], at, spends[at]));
    answer.daily = Some(Daily { lines: each.collect(), dates, events });
    for ((fit, model), line) in fitted.channels.iter().zip(lines).zip(&mut answer.lines) {
        line.carry_in = carry::carry_in(fit, line.spend / model.periods, model.periods);
    }
}

fn laid_out(rules: &Rules, fit: &ChannelFit, line: &Line, at: usize, spend: f64) -> DailyLine {
    let count = rules.settings.days() as usize;
    let rate = line.reference / count as f64;
    let locked = lock(rules, line, at);
    let layout = layout(rules, at, &fit.season, locked, rate);
    let live = rules.live[at];
    let runs = live.offset as usize..(live.offset + live.days) as usize;
    let mut held: Vec<DayHeld> =
        (0..count).map(|day| if runs.contains(&day) { DayHeld::Free } else { DayHeld::Flight }).collect();
    let mut days = vec![0.0; count];
    if spend > 0.0 && !layout.days.is_empty() {
        let budgets = layout.chain.budgets(spend);
        let scale = unstepped(&layout.chain, spend);
        for ((block, budget), on) in layout.chain.blocks.iter().zip(&budgets).zip(&layout.days) {
            let free = (budget - scale * block.weight).abs() <= 1e-6 * budget.max(1e-9);
            for day in on {
                days[*day] = *budget;
                held[*day] = match block.locked {
                    Some(_) => DayHeld::Locked,
                    None if free || locked.is_some() && layout.chain.steps.free() => DayHeld::Free,
                    None => DayHeld::Step,
                };
            }
        }
        if let Some(step) = rules.step(at) {
            let open = |day: &usize| days[*day] > 0.0 && held[*day] != DayHeld::Locked;
            let open: Vec<usize> = (0..count).filter(open).collect();
            to_steps(&mut days, &open, step);
        }
        days = to_cents(&days, spend);
    }
    DailyLine { channel: line.channel.label.clone(), before: super::explain::cents(layout.before), spend: days, held }
}

/// What a weight of 1 would get without steps and locks.
fn unstepped(chain: &Chain, spend: f64) -> f64 {
    spend / chain.blocks.iter().map(|block| f64::from(block.days) * block.weight).sum::<f64>()
}
