//! What narrows a plan beside its `[[plan.limit]]`s: flights, locks and steps, shares per supplier, ramps, funds, the
//! scorecard's caps, the platforms' own rules; and settings as they are in force, in one currency and for the days left.
//!
//! Everything here ends as a row about some lines' spend or as a minimum buy of a line, with a name of its own: the search
//! for the best plan knows nothing of where a bound comes from.

mod currency;
mod funds;
pub mod platform;
mod replan;
mod shares;

use jiff::civil::Date;

pub use self::currency::RateUsed;
pub use self::platform::RuleUsed;
pub use self::replan::Replan;

use self::platform::LineRule;
use self::replan::Spent;
use self::shares::SupplierCap;
use super::days;
use super::line::{Allowed, Line};
use super::rows::{Label, Number, Row, Sense};
use crate::check::{Error, Finding};
use crate::fit::{ChannelFit, Fitted};
use crate::import::Rates;
use crate::panel::Panel;
use crate::score::Scorecard;
use crate::settings::PlanSettings;
use crate::unify::Ledger;
use crate::units::{Channel, Field, Grain};

/// What a plan may be held against beside its models. A plan from a model file has none of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// The scorecard, for `caps_from_score`.
    pub scores: Option<&'a Scorecard>,
    /// The panel, for weekdays' weights.
    pub panel: Option<&'a Panel>,
    /// The ledger and the fields of a channel, for what was spent already.
    pub ledger: Option<(&'a Ledger, &'a [Field])>,
    /// Exchange rates, for amounts in another currency.
    pub rates: Option<&'a Rates>,
}

/// The days on which a line runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Live {
    /// Days from the plan's first day to the line's.
    pub offset: u32,
    /// How many; 0 for a line that runs on none of the plan's days.
    pub days: u32,
}

/// Settings in force, and what they ask of each line.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// In the reporting currency, of the days and the money that are left.
    pub settings: PlanSettings,
    /// The period of the models.
    pub grain: Grain,
    /// By channel of the models.
    pub live: Vec<Live>,
    /// By channel: weekday weights from history, Monday first.
    pub weekdays: Vec<Option<[f64; 7]>>,
    /// What was spent before the days that are left.
    pub spent: Option<Spent>,
    /// Rates that amounts were converted by.
    pub rates: Vec<RateUsed>,
    /// The platforms' rules, by channel.
    pub platform: Vec<Option<LineRule>>,
    /// What is worth a look.
    pub findings: Vec<Finding>,
    caps: Vec<SupplierCap>,
}

impl Rules {
    /// Settings in force.
    ///
    /// # Errors
    ///
    /// [`crate::check::Kind::Settings`] for what cannot be honoured with what there is beside the models.
    pub fn new(fitted: &Fitted, settings: &PlanSettings, beside: &Beside) -> Result<Rules, Error> {
        let (settings, rates) = currency::in_one(settings, fitted.currency, beside.rates)?;
        let mut findings = Vec::new();
        let (settings, spent) = replan::remaining(settings, fitted, beside, &mut findings)?;
        names_lines(&settings, fitted)?;
        let live: Vec<Live> = fitted.channels.iter().map(|fit| live(&settings, &fit.channel)).collect();
        let weekdays = days::history(&settings, fitted, beside.panel, &mut findings)?;
        let caps = shares::from_score(&settings, fitted, beside.scores)?;
        let platform = platform::of_lines(&settings, fitted, beside.rates, &live, &mut findings);
        Ok(Rules { grain: fitted.grain, settings, live, weekdays, spent, rates, platform, findings, caps })
    }

    /// First day and number of days that a line's response is counted over: those on which it runs. A line that runs on
    /// none is counted over the whole plan and held at nothing.
    pub fn days_to_count(&self, line: usize) -> (Date, u32) {
        match self.live[line] {
            Live { days: 0, .. } => (self.settings.start, self.settings.days()),
            Live { offset, days } => (plus(self.settings.start, offset), days),
        }
    }

    /// The step of a line's daily budgets, where the platform has one and the settings keep to it.
    pub fn step(&self, line: usize) -> Option<f64> {
        self.platform[line].as_ref().filter(|rule| rule.used.kept)?.used.step
    }

    /// Adds what the rules ask of the lines to the rows and allowed spends of the limits.
    ///
    /// # Errors
    ///
    /// [`crate::check::Kind::Settings`] for rules that no plan can keep.
    pub fn narrow(
        &self,
        fitted: &Fitted,
        lines: &[Line],
        rows: &mut Vec<Row>,
        allowed: &mut [Allowed],
    ) -> Result<(), Error> {
        rows.extend(shares::concentration(&self.settings, lines)?);
        if let Some(spent) = &self.spent {
            replan::count_spent(spent, &self.settings, rows, allowed);
        }
        rows.extend(shares::ramps(&self.settings, lines, rows));
        shares::apply(&self.caps, lines, rows);
        rows.extend(funds::rows(&self.settings, lines)?);
        if self.settings.rules.platform_rules {
            platform::apply(&self.platform, lines, allowed);
        }
        let mut excluded = vec![false; lines.len()];
        for row in rows.iter_mut().filter(|row| row.lines.len() == 1) {
            let Live { days, .. } = self.live[row.lines[0]];
            match row.label {
                Label::Excluded(_) => excluded[row.lines[0]] = true,
                // held at its rate on the days on which it runs
                Label::Held(_) => row.bound *= f64::from(days) / f64::from(self.settings.days()),
                _ => {}
            }
        }
        for line in (0..lines.len()).filter(|line| self.live[*line].days == 0) {
            let name = format!("flight: {}", lines[line].channel.label);
            rows.push(amount(name, vec![line], Sense::AtMost, 0.0));
        }
        rows.extend(days::rows(self, fitted, lines, &excluded));
        Ok(())
    }
}

/// `day` and `days` more.
pub(super) fn plus(day: Date, days: u32) -> Date {
    day.saturating_add(jiff::Span::new().days(i64::from(days)))
}

/// A bound on the spend of some lines, named in the user's words.
fn amount(name: String, lines: Vec<usize>, sense: Sense, bound: f64) -> Row {
    Row { label: Label::Limit(name), lines, total: 0.0, sense, bound, number: Number::Amount }
}

/// The days on which all flights about a channel let it run.
fn live(settings: &PlanSettings, channel: &Channel) -> Live {
    let about = settings.rules.flights.iter().filter(|flight| flight.whom.matches(channel));
    let (start, end) = about.fold((settings.start, settings.end), |(start, end), flight| {
        (flight.start.map_or(start, |day| day.max(start)), flight.end.map_or(end, |day| day.min(end)))
    });
    if end < start {
        return Live { offset: 0, days: 0 };
    }
    let days = |from: Date, to: Date| u32::try_from(from.until(to).map_or(0, |span| span.get_days())).unwrap_or(0);
    Live { offset: days(settings.start, start), days: days(start, end) + 1 }
}

/// Refuses a flight, lock or fund that is about no line.
fn names_lines(settings: &PlanSettings, fitted: &Fitted) -> Result<(), Error> {
    let rules = &settings.rules;
    let flights = rules.flights.iter().map(|flight| ("plan.flight".to_owned(), &flight.whom));
    let locks = rules.locks.iter().map(|lock| ("plan.lock".to_owned(), &lock.whom));
    let funds = rules.funds.iter().map(|funds| (format!("plan.funds `{}`", funds.name), &funds.whom));
    let whoms = flights.chain(locks).chain(funds);
    let nobody = whoms.filter(|(_, whom)| !fitted.channels.iter().any(|fit| whom.matches(&fit.channel)));
    Error::all(nobody.map(|(place, _)| no_line(&place, &fitted.channels)).collect())
}

fn no_line(place: &str, channels: &[ChannelFit]) -> Error {
    let known: Vec<&str> = channels.iter().take(8).map(|fit| fit.channel.label.as_str()).collect();
    let more = if channels.len() > 8 { ", …" } else { "" };
    Error::setting(place, "`where` matches no line of the plan")
        .help(format!("the lines are: {}{more}", known.join(", ")))
}
