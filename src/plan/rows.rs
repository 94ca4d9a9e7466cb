//! Limits as rows: every bound keeps the name that the user gave it, and has no other.

use std::collections::BTreeMap;
use std::fmt;

use super::count::{self, Count};
use super::line::{Allowed, Line};
use crate::check::Error;
use crate::settings::{Limit, NoCurve, PlanSettings, Whom};
use crate::units::Field;

/// What a row means to the user. Made where the row is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// The whole budget.
    Budget,
    /// A `[[plan.limit]]`.
    Limit(String),
    /// A line without a curve, held at its reference spend.
    Held(String),
    /// A line without a curve that gets nothing.
    Excluded(String),
    /// A `[[plan.minimum_buy]]`.
    MinimumBuy(String),
    /// The KPI to reach.
    Target,
    /// Ceiling on the average cost per KPI.
    MaxCostPer,
    /// Ceiling on what a line pays for its last KPI.
    MaxMarginalCost,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Label::Budget => f.write_str("budget"),
            Label::Limit(name) => f.write_str(name),
            Label::Held(channel) => write!(f, "held: {channel}"),
            Label::Excluded(channel) => write!(f, "excluded: {channel}"),
            Label::MinimumBuy(whom) if whom.is_empty() => f.write_str("minimum buy"),
            Label::MinimumBuy(whom) => write!(f, "minimum buy: {whom}"),
            Label::Target => f.write_str("target"),
            Label::MaxCostPer => f.write_str("max_cost_per"),
            Label::MaxMarginalCost => f.write_str("max_marginal_cost"),
        }
    }
}

/// Which way a row bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// At most the right-hand side.
    AtMost,
    /// At least the right-hand side.
    AtLeast,
}

/// What the number in the settings is, and how the right-hand side moves with it: the unit of the row's price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An amount of money, which is the right-hand side.
    Amount,
    /// A percentage point; the right-hand side moves by this much money for each.
    Point(f64),
    /// A percentage point of the spend of the whole plan.
    PointOfTotal,
    /// A ceiling on the average cost per KPI: the lines' spend is at most so many times their KPI.
    CostPer(f64),
}

/// A bound on lines' spend: Σ spend of `lines` + `total` · spend of the whole plan, against `bound`.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it means.
    pub label: Label,
    /// The lines that it is about, ascending.
    pub lines: Vec<usize>,
    /// Factor of the whole plan's spend; −0.4 for "at most 40 % of it".
    pub total: f64,
    /// Which way.
    pub sense: Sense,
    /// Right-hand side, money.
    pub bound: f64,
    /// What its price is per.
    pub number: Number,
}

impl Row {
    /// The ceiling on the average cost per KPI, where the row is one and no bound on a sum of spends.
    pub fn cost(&self) -> Option<f64> {
        if let Number::CostPer(cost) = self.number { Some(cost) } else { None }
    }

    /// By how much money `spend` of the lines breaks a bound on their sum; 0 when it holds.
    pub fn broken_by(&self, spend: &[f64], whole: f64) -> f64 {
        let sum: f64 = self.lines.iter().map(|line| spend[*line]).sum::<f64>() + self.total * whole;
        match self.sense {
            Sense::AtMost => (sum - self.bound).max(0.0),
            Sense::AtLeast => (self.bound - sum).max(0.0),
        }
    }

    /// Whether it bounds one line's amount alone.
    pub fn is_bound(&self) -> bool {
        self.lines.len() == 1 && self.total == 0.0 && self.cost().is_none()
    }
}

/// The rows of all limits, and the nothing-or-a-minimum and lot rules of each line.
///
/// # Errors
///
/// [`crate::check::Kind::Settings`] for limits that match no line.
pub fn all(lines: &[Line], settings: &PlanSettings) -> Result<(Vec<Row>, Vec<Allowed>), Error> {
    let (rows, allowed, _) = all_with_counts(lines, settings)?;
    Ok((rows, allowed))
}

/// Rows, what each line may spend, and limits on how many lines.
pub type Counted = (Vec<Row>, Vec<Allowed>, Vec<Count>);

/// As [`all`], and the limits on how many lines.
///
/// # Errors
///
/// As [`all`].
pub fn all_with_counts(lines: &[Line], settings: &PlanSettings) -> Result<Counted, Error> {
    let mut rows = Vec::new();
    let mut wrong = Vec::new();
    let mut alone = vec![false; lines.len()];
    let known = ByField::new(lines);
    let whom = |whom: &Whom| known.members(whom, lines);
    for limit in &settings.limits {
        let members = whom(&limit.whom);
        if members.is_empty() {
            wrong.push(no_line(&format!("plan.limit `{}`", limit.name), lines));
        }
        if let [line] = members[..] {
            alone[line] = true;
        }
        let groups = if limit.each { members.iter().map(|line| vec![*line]).collect() } else { vec![members] };
        groups.iter().for_each(|group| limit_rows(limit, group, lines, &mut rows));
    }
    let mut allowed = vec![Allowed::between(0.0, f64::INFINITY); lines.len()];
    for buy in &settings.minimum_buys {
        let members = whom(&buy.whom);
        if members.is_empty() {
            wrong.push(no_line("plan.minimum_buy", lines));
        }
        for line in members {
            allowed[line].minimum = allowed[line].minimum.max(buy.amount.unwrap_or(0.0));
            allowed[line].lot = allowed[line].lot.max(buy.lot.unwrap_or(0.0));
        }
    }
    Error::all(wrong)?;
    let counts = count::all(|limit| whom(&settings.limits[limit].whom), settings);
    rows.extend(without_curve(lines, settings, &alone));
    Ok((rows, allowed, counts))
}

fn no_line(place: &str, lines: &[Line]) -> Error {
    let known: Vec<&str> = lines.iter().take(8).map(|line| line.channel.label.as_str()).collect();
    let more = if lines.len() > 8 { ", …" } else { "" };
    Error::setting(place, "`where` matches no line of the plan")
        .help(format!("the lines are: {}{more}", known.join(", ")))
}

fn limit_rows(limit: &Limit, group: &[usize], lines: &[Line], rows: &mut Vec<Row>) {
    // in whole cents, as plans are: what stays as it is keeps every cut and rise
    let reference: f64 = group.iter().map(|line| lines[*line].kept()).sum();
    let mut row = |total: f64, sense, bound, number| {
        rows.push(Row { label: Label::Limit(limit.name.clone()), lines: group.to_vec(), total, sense, bound, number });
    };
    use Sense::{AtLeast, AtMost};
    let amounts = [(limit.min, AtLeast), (limit.max, AtMost), (limit.fixed, AtLeast), (limit.fixed, AtMost)];
    for (bound, sense) in amounts {
        if let Some(bound) = bound {
            row(0.0, sense, bound, Number::Amount);
        }
    }
    for (share, sense) in [(limit.share_min, AtLeast), (limit.share_max, AtMost)] {
        if let Some(share) = share {
            row(-share, sense, 0.0, Number::PointOfTotal);
        }
    }
    if let Some(cost) = limit.max_cost_per {
        row(0.0, AtMost, 0.0, Number::CostPer(cost));
    }
    let point = reference / 100.0;
    if let Some(cut) = limit.cut_at_most {
        row(0.0, AtLeast, reference * (1.0 - cut), Number::Point(-point));
    }
    if let Some(rise) = limit.rise_at_most {
        row(0.0, AtMost, reference * (1.0 + rise), Number::Point(point));
    }
}

/// Lines by the value of each field, so that a limit need not ask every line whether it is meant.
struct ByField<'a>(BTreeMap<(Field, &'a str), Vec<usize>>);

impl ByField<'_> {
    fn new(lines: &[Line]) -> ByField<'_> {
        let mut known: BTreeMap<(Field, &str), Vec<usize>> = BTreeMap::new();
        for (index, line) in lines.iter().enumerate() {
            for field in Field::ALL {
                if let Some(value) = line.channel.value(field) {
                    known.entry((field, value)).or_default().push(index);
                }
            }
        }
        ByField(known)
    }

    /// The lines that are meant, ascending.
    fn members(&self, whom: &Whom, lines: &[Line]) -> Vec<usize> {
        let Some((field, value)) = whom.0.iter().next() else { return (0..lines.len()).collect() };
        let some = self.0.get(&(*field, value.as_str())).map_or(&[][..], Vec::as_slice);
        some.iter().copied().filter(|line| whom.matches(&lines[*line].channel)).collect()
    }
}

/// Lines without a curve stay where they are, or get nothing, unless a limit of the user's is about one of them alone.
fn without_curve(lines: &[Line], settings: &PlanSettings, alone: &[bool]) -> Vec<Row> {
    let bare = (0..lines.len()).filter(|line| lines[*line].curve.is_err() && !alone[*line]);
    bare.flat_map(|line| {
        let channel = lines[line].channel.label.clone();
        let (label, bound) = match settings.no_curve {
            NoCurve::Hold => (Label::Held(channel), lines[line].reference),
            NoCurve::Exclude => (Label::Excluded(channel), 0.0),
        };
        [Sense::AtLeast, Sense::AtMost].map(|sense| Row {
            label: label.clone(),
            lines: vec![line],
            total: 0.0,
            sense,
            bound,
            number: Number::Amount,
        })
    })
    .collect()
}

/// The tightest bounds on each line alone, with whose they are.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Allowed spends by line.
    pub allowed: Vec<Allowed>,
    /// Index of the row that sets the lower end, by line.
    pub low: Vec<Option<usize>>,
    /// Index of the row that sets the upper end, by line.
    pub high: Vec<Option<usize>>,
}

impl Bounds {
    /// Narrows each line's allowed set by the rows about it alone.
    pub fn new(rows: &[Row], allowed: Vec<Allowed>) -> Bounds {
        let count = allowed.len();
        let mut bounds = Bounds { allowed, low: vec![None; count], high: vec![None; count] };
        for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.is_bound()) {
            let line = row.lines[0];
            match row.sense {
                Sense::AtLeast if row.bound > bounds.allowed[line].low => {
                    (bounds.allowed[line].low, bounds.low[line]) = (row.bound, Some(index));
                }
                Sense::AtMost if row.bound < bounds.allowed[line].high => {
                    (bounds.allowed[line].high, bounds.high[line]) = (row.bound, Some(index));
                }
                _ => {}
            }
        }
        bounds
    }
}
