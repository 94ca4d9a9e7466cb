//! What is wrong with the data, as far as the panel shows it. Each check gives findings, or one that it is fine.

use jiff::civil::Date;

use super::Panel;
use super::axis::Axis;
use super::cells::{Cells, Unplaced};
use crate::check::Finding;
use crate::math::mean;
use crate::units::{Channel, Grain};

/// Coefficient of variation of spend below which a curve cannot be told from a flat line.
pub const NARROW: f64 = 0.05;

/// Dates that a message names before it stops.
pub(super) const NAMED: usize = 3;

/// What the ledger holds and the panel does not show.
#[derive(Debug)]
pub struct Unseen {
    /// Entries that fit no period, by channel.
    unplaced: Vec<(Channel, Unplaced)>,
    /// Weeks of which only some days are reported, by channel; not the first or the last week of a channel.
    torn: Vec<(Channel, Vec<Date>)>,
    /// Whether the KPI comes as a total over all channels.
    total_elsewhere: bool,
}

impl Unseen {
    pub(super) fn of(axis: &Axis, cells: &Cells, total_elsewhere: bool) -> Unseen {
        let unplaced = cells.unplaced.iter().map(|(channel, entries)| (channel.clone(), entries.clone())).collect();
        let rows = cells.channels.iter().enumerate();
        let torn = rows.map(|(row, channel)| (channel.clone(), torn_weeks(axis, cells, row))).collect();
        Unseen { unplaced, torn, total_elsewhere }
    }
}

fn torn_weeks(axis: &Axis, cells: &Cells, row: usize) -> Vec<Date> {
    let row = &cells.cells[row * axis.len..][..axis.len];
    let given = |period: &usize| !row[*period].parts.none();
    let (Some(first), Some(last)) = ((0..axis.len).find(given), (0..axis.len).rfind(given)) else { return Vec::new() };
    let torn = |period: &usize| given(period) && !row[*period].parts.complete(axis.grain);
    (first + 1..last).filter(torn).map(|period| axis.date(period)).collect()
}

/// All checks, in the order of this page.
pub fn all(panel: &Panel, unseen: &Unseen) -> Vec<Finding> {
    let mut findings = extent(panel);
    findings.extend(length(panel, unseen));
    findings.extend(whole_weeks(panel, unseen));
    findings.extend(gaps(panel, unseen));
    findings.extend(late_days(panel));
    findings.extend(kpi_counted(panel, unseen));
    findings.extend(kpi_nonzero(panel));
    findings.extend(spend_given(panel));
    findings.extend(spend_varies(panel));
    findings
}

/// # What it does
/// Says what the panel holds: channels, periods, first and last day.
/// # Why it matters
/// A range that is not the expected one is the quickest sign of a wrong export.
/// # Threshold
/// Review when there is no period at all.
/// # What to do
/// Export by day.
pub fn extent(panel: &Panel) -> Vec<Finding> {
    let check = "panel.extent";
    let (Some(first), Some(last)) = (panel.periods.first(), panel.periods.last()) else {
        let advice = "export with one row a day, or with one a week; totals and scores stand as they are";
        return vec![Finding::review(
            check,
            "panel",
            "no row stands for a day or a whole week: nothing to fit",
            advice,
        )];
    };
    let message = format!("{}, {} from {first} to {last}", channels(panel), periods(panel.periods.len(), panel.grain));
    vec![Finding::pass(check, "panel", message)]
}

/// # What it does
/// Names entries that stand for another number of days than a period, or for weeks that start on another weekday.
/// # Why it matters
/// Their spend counts in totals and scores, but no curve is fitted to it.
/// # Threshold
/// One such entry.
/// # What to do
/// Export the same range by day.
pub fn length(panel: &Panel, unseen: &Unseen) -> Vec<Finding> {
    let check = "panel.length";
    let finding = |(channel, entries): &(Channel, Unplaced)| {
        let lengths = entries.days.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        let mut message = format!(
            "{} of {lengths} days, {:.2} {}: counted in totals and scores, in no {} of the panel",
            plural(entries.entries as usize, "row", "rows"),
            entries.spend,
            panel.currency,
            panel.grain.name(),
        );
        if !panel.channels.contains(channel) {
            message += "; the channel has no other rows, hence no line in the plan";
        }
        Finding::review(check, &channel.label, message, "export the same dates with one row a day")
    };
    let found = unseen.unplaced.iter().map(finding).collect();
    or_pass(found, check, format!("every row stands for one {}", or_less(panel.grain)))
}

/// # What it does
/// Names weeks of which a channel reports only some days.
/// # Why it matters
/// Part of a week's spend is not its spend, so the week is left out.
/// # Threshold
/// One such week, beside the first and the last of a channel, which ordinarily are cut.
/// # What to do
/// Export the missing days again, or set `project.grain = "day"` when all files are daily.
pub fn whole_weeks(panel: &Panel, unseen: &Unseen) -> Vec<Finding> {
    if panel.grain == Grain::Day {
        return Vec::new();
    }
    let check = "panel.whole_weeks";
    let torn = unseen.torn.iter().filter(|(_, weeks)| !weeks.is_empty());
    let finding = |(channel, weeks): &(Channel, Vec<Date>)| {
        let message = format!("{} with days missing, left out: {}", periods(weeks.len(), Grain::Week), named(weeks));
        let advice = "export the missing days again, or set `project.grain = \"day\"` when all files are daily";
        Finding::review(check, &channel.label, message, advice)
    };
    or_pass(torn.map(finding).collect(), check, "no week is cut but first and last ones")
}

/// # What it does
/// Finds periods inside a channel's history for which there is no row.
/// # Why it matters
/// An absent row is not zero spend: carry-over starts anew after it, and the fit has fewer periods. Platforms that leave
/// out days without delivery make a paused channel look like a gap.
/// # Threshold
/// One period between the first and the last reported one.
/// # What to do
/// Export the missing dates again; where the channel was paused, add rows with a spend of 0.
pub fn gaps(panel: &Panel, unseen: &Unseen) -> Vec<Finding> {
    let check = "panel.gaps";
    let finding = |row: usize| {
        let channel = &panel.channels[row];
        let torn = unseen.torn.iter().find(|(other, _)| other == channel).map_or(&[][..], |(_, weeks)| weeks);
        let missing: Vec<Date> = missing(panel, row).filter(|period| !torn.contains(period)).collect();
        let message = format!("{} without a row: {}", periods(missing.len(), panel.grain), named(&missing));
        let advice = "export these dates again; where the channel was paused, add rows with a spend of 0";
        (!missing.is_empty()).then(|| Finding::review(check, &channel.label, message, advice))
    };
    or_pass((0..panel.channels.len()).filter_map(finding).collect(), check, "no channel's history has a gap")
}

/// First days of the periods between the first and the last reported one that are not reported.
fn missing(panel: &Panel, row: usize) -> impl Iterator<Item = Date> {
    let reported = panel.reported.row(row);
    let first = reported.iter().position(|given| *given).unwrap_or(0);
    let end = last_reported(panel, row).map_or(first, |last| last + 1);
    (first..end).filter(move |period| !reported[*period]).map(|period| panel.periods[period])
}

fn last_reported(panel: &Panel, row: usize) -> Option<usize> {
    (0..panel.periods.len()).rfind(|period| panel.reported[(row, *period)])
}

/// # What it does
/// Finds channels whose last row is older than the panel's last period.
/// # Why it matters
/// Either the export was taken earlier than the others, or the channel has stopped; its reference spend is of its own last
/// 28 reported days, not of the same dates as the others'.
/// # Threshold
/// One period.
/// # What to do
/// Export again up to the same day; for a channel that has stopped, limit it by `fixed = 0` in the plan.
pub fn late_days(panel: &Panel) -> Vec<Finding> {
    let check = "panel.late_days";
    let finding = |row: usize| {
        let last = last_reported(panel, row)?;
        let late = panel.periods.len() - 1 - last;
        let message =
            format!("last reported {}, {} before the panel's last", panel.periods[last], periods(late, panel.grain),);
        let advice = "export up to the same day as the others; a channel that has stopped takes a [[plan.limit]] with \
                      `fixed = 0`";
        (late > 0).then(|| Finding::review(check, &panel.channels[row].label, message, advice))
    };
    or_pass((0..panel.channels.len()).filter_map(finding).collect(), check, "all channels end on the same date")
}

/// # What it does
/// Finds channels whose KPI is absent in reported periods, or in part of a period's rows.
/// # Why it matters
/// An absent count is not zero; only counted periods are fitted, and part of a count is no count.
/// # Threshold
/// One reported period that is not counted.
/// # What to do
/// Export the KPI's column, or name it in the source's `columns`; where KPI cannot be tied to channels, give `[kpi_total]`.
pub fn kpi_counted(panel: &Panel, unseen: &Unseen) -> Vec<Finding> {
    let (check, kpi) = ("panel.kpi_counted", panel.kpi);
    if unseen.total_elsewhere {
        return vec![Finding::pass(check, "panel", format!("{kpi} come as a total over all channels"))];
    }
    let advice = "export the column, or map it in the source's `columns`; where a blank means none, write 0";
    if !panel.periods.is_empty() && !panel.counted.iter().any(|counted| *counted) {
        let message = format!("no row holds {kpi} for all of its channel's spend: no curve can be fitted");
        return vec![Finding::review(check, kpi.name(), message, advice)];
    }
    let finding = |row: usize| {
        let dates = panel.periods.iter().enumerate();
        let blank = dates.filter(|(period, _)| panel.reported[(row, *period)] && !panel.counted[(row, *period)]);
        let blank: Vec<Date> = blank.map(|(_, date)| *date).collect();
        let message = format!("{} with rows that lack {kpi}: {}", periods(blank.len(), panel.grain), named(&blank));
        (!blank.is_empty()).then(|| Finding::review(check, &panel.channels[row].label, message, advice))
    };
    or_pass((0..panel.channels.len()).filter_map(finding).collect(), check, format!("{kpi} are given throughout"))
}

/// # What it does
/// Finds channels that spend and count, but have counted none.
/// # Why it matters
/// Far more often a broken tracking link than a channel that brings nobody.
/// # Threshold
/// Spend above 0, at least one counted period, and a count of 0 over all of them.
/// # What to do
/// Check the channel's tracking; leave the column blank where nothing was measured.
pub fn kpi_nonzero(panel: &Panel) -> Vec<Finding> {
    let (check, kpi) = ("panel.kpi_nonzero", panel.kpi);
    let finding = |row: usize| {
        let counted = panel.counted.row(row).iter().filter(|counted| **counted).count();
        let spend = panel.spend.row(row).sum();
        let none = counted > 0 && spend > 0.0 && panel.kpi_count.row(row).sum() == 0.0;
        let message =
            format!("spent {spend:.2} {} and counted 0 {kpi} in {}", panel.currency, periods(counted, panel.grain));
        let advice = "check the channel's tracking; leave the column blank where nothing was measured";
        none.then(|| Finding::review(check, &panel.channels[row].label, message, advice))
    };
    or_pass(
        (0..panel.channels.len()).filter_map(finding).collect(),
        check,
        format!("every channel that counts has {kpi}"),
    )
}

/// # What it does
/// Finds channels that count KPI and never spend.
/// # Why it matters
/// Free channels are baseline, not the effect of spend: they get no curve and no budget.
/// # Threshold
/// KPI above 0 and a spend of 0 over all periods.
/// # What to do
/// Nothing for an owned or free channel; for a paid one, map the column that holds its spend.
pub fn spend_given(panel: &Panel) -> Vec<Finding> {
    let check = "panel.spend_given";
    let finding = |row: usize| {
        let count = panel.kpi_count.row(row).sum();
        let free = count > 0.0 && panel.spend.row(row).iter().all(|spend| *spend == 0.0);
        let message = format!("{count} {} and no spend: taken as baseline", panel.kpi);
        let advice = "nothing for a free channel; for a paid one, map the column that holds its spend";
        free.then(|| Finding::review(check, &panel.channels[row].label, message, advice))
    };
    or_pass((0..panel.channels.len()).filter_map(finding).collect(), check, "every channel that counts has spend")
}

/// # What it does
/// Flags a channel whose spend hardly varies.
/// # Why it matters
/// A curve cannot be told from a flat line when spend sits in a narrow band; the fit then returns its prior.
/// # Threshold
/// Coefficient of variation below [`NARROW`] over at least two reported periods.
/// # What to do
/// Vary the budget on purpose for some weeks.
pub fn spend_varies(panel: &Panel) -> Vec<Finding> {
    let check = "panel.spend_varies";
    let finding = |row: usize| {
        let variation = variation(&panel.reported_spend(row))?;
        let message = format!("spend varies by {:.1} % of its mean, too little to show a curve", 100.0 * variation);
        let advice = "vary the budget on purpose for some weeks";
        (variation < NARROW).then(|| Finding::review(check, &panel.channels[row].label, message, advice))
    };
    or_pass((0..panel.channels.len()).filter_map(finding).collect(), check, "every channel's spend varies")
}

/// Standard deviation over mean; `None` without two values or without spend.
fn variation(spend: &[f64]) -> Option<f64> {
    let mean = (spend.len() > 1).then(|| mean(spend)).filter(|mean| *mean > 0.0)?;
    let squares: f64 = spend.iter().map(|x| (x - mean) * (x - mean)).sum();
    Some((squares / (spend.len() - 1) as f64).sqrt() / mean)
}

fn or_pass(found: Vec<Finding>, check: &'static str, fine: impl Into<String>) -> Vec<Finding> {
    if found.is_empty() { vec![Finding::pass(check, "panel", fine)] } else { found }
}

pub(super) fn named(dates: &[Date]) -> String {
    let shown = dates.iter().take(NAMED).map(Date::to_string).collect::<Vec<_>>().join(", ");
    if dates.len() > NAMED { format!("{shown} and {} more", dates.len() - NAMED) } else { shown }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

pub(super) fn periods(count: usize, grain: Grain) -> String {
    match grain {
        Grain::Day => plural(count, "day", "days"),
        Grain::Week => plural(count, "week", "weeks"),
    }
}

fn channels(panel: &Panel) -> String {
    plural(panel.channels.len(), "channel", "channels")
}

fn or_less(grain: Grain) -> &'static str {
    match grain {
        Grain::Day => "day",
        Grain::Week => "week or one day of it",
    }
}
