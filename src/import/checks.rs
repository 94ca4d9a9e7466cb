//! Findings about one file: duplicates, rows left out, totals that disagree, names that are errors.

use super::batch::{Lines, Skip};
use super::file::File;
use super::fold::Folded;
use super::mapping::Mapping;
use super::tally::Tally;
use super::text::{By, Text};
use crate::check::{Error, Finding, Origin, Severity};
use crate::settings::{Duplicates, OwnTotal};
use crate::units::{Currency, Micros};

/// Rows left out of a file, by reason.
pub(super) fn skipped(tally: &Tally, file: &File) -> Vec<Skip> {
    let bad = tally.bad.iter().map(|(reason, lines)| Skip { reason, lines: lines.clone() });
    let mut skipped: Vec<Skip> = bad.collect();
    if file.source.duplicates == Duplicates::Drop {
        skipped.push(Skip { reason: "exact duplicate", lines: tally.repeated.clone() });
    }
    skipped.push(Skip { reason: "no figures", lines: tally.no_figures.clone() });
    skipped.push(Skip { reason: "not asked for", lines: tally.not_asked.clone() });
    skipped.retain(|skip| skip.lines.count > 0);
    skipped
}

/// Everything there is to say about a file.
pub(super) fn all(file: &File, mapping: &Mapping, tally: &Tally, folded: &Folded) -> Vec<Finding> {
    let checks = [
        columns(file, mapping),
        period(file, mapping),
        conversions(file, mapping),
        no_rows(file, tally),
        bad_rows(file, tally),
        duplicates(file, tally),
        no_figures(file, tally),
        total(file, tally),
        beside(file, tally),
        error_cells(file, tally),
        above_clicks(file, tally),
        censored(file, tally),
        fractional(file, tally),
        weeks(file, mapping, folded),
    ];
    checks.into_iter().flatten().collect()
}

/// Examples of lines as `file:line`.
fn examples(file: &File, lines: &Lines) -> String {
    let places: Vec<String> = lines.first.iter().map(|line| Origin::new(file.path, *line).to_string()).collect();
    let more = if lines.count > places.len() as u64 { ", …" } else { "" };
    format!("{}{more}", places.join(", "))
}

/// `1 row`, `2 rows`.
fn rows(count: u64) -> String {
    format!("{count} row{}", if count == 1 { "" } else { "s" })
}

/// # What it does
/// Says by whose names a file was read, and which of its columns were left.
/// # Why it matters
/// A figure under a header that outlay does not know is silently missing otherwise.
fn columns(file: &File, mapping: &Mapping) -> Option<Finding> {
    let by = mapping.platform.unwrap_or("canonical");
    let left = if mapping.unread.is_empty() {
        "every column is read".to_owned()
    } else {
        format!("nothing is read from `{}`", mapping.unread.join("`, `"))
    };
    Some(Finding::pass("import.columns", file.shown(), format!("read by the {by} headers; {left}")))
}

/// # What it does
/// Says that a file without a day column stands for the period that its first lines tell.
/// # Why it matters
/// Its rows count in totals and scores and are never fitted. If it has a day column under another name, much is lost.
fn period(file: &File, mapping: &Mapping) -> Option<Finding> {
    let (first, last) = mapping.period.filter(|_| file.source.period.is_none())?;
    let message = format!("has no day column; its rows stand for {first} to {last}, as the lines before the table say");
    let advice = "export by day to have it fitted; if a column holds the day, map it: `columns = { date = \"…\" }`";
    Some(Finding::review("import.period", file.shown(), message, advice))
}

/// # What it does
/// Says that rows came from another machine over a way that is not encrypted.
/// # Why it matters
/// Whoever stands on the way can read them, and change them.
pub(super) fn in_clear(file: &File, host: &str) -> Finding {
    let message = format!("the rows came from `{host}` in clear, as `sslmode=disable` allows");
    let advice = "go through a tunnel, unless the network itself is safe: `ssh -L 5433:localhost:5432 HOST`";
    Finding::review("import.in_clear", file.shown(), message, advice)
}

/// # What it does
/// Says which sheet of several was read.
/// # Why it matters
/// Spend on the other sheets is in no figure.
pub(super) fn sheet(file: &File, text: &Text) -> Option<Finding> {
    let (name, left) = text.sheet.as_ref().filter(|(_, left)| !left.is_empty())?;
    let message = format!("the sheet `{name}` is read, and not `{}`", left.join("`, `"));
    let advice = "to read another sheet too, name the file by a second source with its `sheet`";
    Some(Finding::review("import.sheet", file.shown(), message, advice))
}

/// # What it does
/// Says which older encoding a file was read as, and flags one that no header confirms.
/// # Why it matters
/// Bytes beyond ASCII give other letters in another encoding, and a name in other letters is another name.
pub(super) fn encoding(file: &File, text: &Text) -> Option<Finding> {
    let encoding = text.encoding;
    match text.by {
        By::Itself => None,
        By::Headers => {
            let message = format!("is not UTF-8 and read as {encoding}, which gives its headers");
            Some(Finding::pass("import.encoding", file.shown(), message))
        }
        By::Exclusion => {
            let message = format!("is not UTF-8 and read as {encoding}, the only encoding that has all its bytes");
            let advice = "look at its names; if they are wrong, name the `encoding` of the source";
            Some(Finding::review("import.encoding", file.shown(), message, advice))
        }
    }
}

/// # What it does
/// Flags a KPI that was taken from an unspecific conversion column.
/// # Why it matters
/// No two exports agree on what a conversion is, and what counts as one depends on the campaign's goal.
/// # What to do
/// Map the column that holds the KPI.
fn conversions(file: &File, mapping: &Mapping) -> Option<Finding> {
    let header = mapping.conversions.as_ref()?;
    let kpi = file.project.kpi;
    let message = format!("`{kpi}` is read from the unspecific column `{header}`");
    let advice = format!("if it counts something else, map the right one: `columns = {{ {kpi} = \"…\" }}`");
    Some(Finding::review("import.conversions", file.shown(), message, &advice))
}

/// # What it does
/// Flags a file that has a header and no rows.
/// # Why it matters
/// An export of a wrong date range looks like a platform without spend.
fn no_rows(file: &File, tally: &Tally) -> Option<Finding> {
    let advice = "check the date range of the export";
    (tally.read == 0).then(|| Finding::review("import.no_rows", file.shown(), "has a header and no rows", advice))
}

/// # What it does
/// Says which rows `bad_rows = "skip"` left out.
/// # Why it matters
/// Their spend and registrations are in no figure.
fn bad_rows(file: &File, tally: &Tally) -> Option<Finding> {
    let reasons: Vec<String> = tally
        .bad
        .iter()
        .map(|(reason, lines)| format!("{reason}: {} ({})", rows(lines.count), examples(file, lines)))
        .collect();
    let message = format!("left out {}", reasons.join("; "));
    let advice = "correct the rows, or make sure that they are meant to be left out";
    (!reasons.is_empty()).then(|| Finding::review("import.bad_rows", file.shown(), message, advice))
}

/// # What it does
/// Flags rows that equal an earlier one in every column.
/// # Why it matters
/// They are either an export pasted twice, and counted twice, or rows that differ in a column that was not exported.
fn duplicates(file: &File, tally: &Tally) -> Option<Finding> {
    let (what, advice) = match file.source.duplicates {
        Duplicates::Keep => ("counted", "if they are the same event twice, set `duplicates = \"drop\"` for the source"),
        Duplicates::Drop => ("dropped", "if they are separate events, set `duplicates = \"keep\"` for the source"),
    };
    let lines = &tally.repeated;
    let message = format!("{} equal an earlier one in every column and are {what}: ", rows(lines.count));
    let message = message + &examples(file, lines);
    (lines.count > 0).then(|| Finding::review("import.duplicates", file.shown(), message, advice))
}

/// # What it does
/// Flags rows whose figures are all absent.
/// # Why it matters
/// Absent is not zero: the day counts as not reported.
fn no_figures(file: &File, tally: &Tally) -> Option<Finding> {
    let lines = &tally.no_figures;
    let message = format!("{} without any figure left out: {}", rows(lines.count), examples(file, lines));
    let advice = "if nothing was spent on them, let the export say 0";
    (lines.count > 0).then(|| Finding::review("import.no_figures", file.shown(), message, advice))
}

/// # What it does
/// Holds a file's own total against the sum of its rows.
/// # Why it matters
/// They differ when the export was cut, or when rows of several grains stand in it.
/// # Threshold
/// One cent times the root of the number of rows: 3.5 standard deviations of a sum of amounts rounded to cents.
fn total(file: &File, tally: &Tally) -> Option<Finding> {
    let (line, _) = tally.totals.first_key_value()?;
    let place = Origin::new(file.path, *line);
    let (Some(own), Some((_, sum))) = (own_total(tally), sum(tally)) else {
        let message = format!("the total row {place} is left out, and has no spend to compare with");
        return Some(Finding::pass("import.total", file.shown(), message));
    };
    let sum = sum as f64 / Micros::PER_UNIT as f64;
    if tally.not_asked.count > 0 {
        let message =
            format!("the file's own total {own} is of more rows than are asked for, and not compared ({place})");
        return Some(Finding::pass("import.total", file.shown(), message));
    }
    if agrees(own, tally) {
        let message = format!("the rows add up to the file's own total {own}");
        return Some(Finding::pass("import.total", file.shown(), message));
    }
    let message = format!("the rows add up to a spend of {sum}, but the file's own total is {own} ({place})");
    let advice = "export again; the file is cut, or holds rows of several grains";
    Some(Finding::fail("import.total", file.shown(), message, advice))
}

/// A total that disagrees with the rows refuses the file, where the source says that it should.
///
/// # Errors
///
/// [`Kind::Input`](crate::check::Kind::Input) with both figures.
pub(super) fn must_agree(file: &File, tally: &Tally) -> Result<(), Error> {
    let found = total(file, tally).filter(|found| found.severity == Severity::Fail);
    let Some(found) = found.filter(|_| file.source.own_total == OwnTotal::Refuse) else { return Ok(()) };
    let help = format!(
        "export again: the file is cut, or holds rows of several grains; if the rows are right, say so: \
         `own_total = \"review\"` of source[{}] reads them, with a check that failed",
        file.number
    );
    Err(file.refuse(format!(": {}", found.message)).help(help))
}

/// The file's own total: of several total rows the first that agrees with the rows, or else the first.
pub(super) fn own_total(tally: &Tally) -> Option<Micros> {
    let totals = || tally.totals.values().filter_map(|spend| *spend);
    totals().find(|total| agrees(*total, tally)).or_else(|| totals().next())
}

/// The one currency of a file and its sum.
fn sum(tally: &Tally) -> Option<(Currency, i128)> {
    let mut sums = tally.spend.iter();
    sums.next().filter(|_| sums.next().is_none()).map(|(currency, sum)| (*currency, *sum))
}

fn agrees(total: Micros, tally: &Tally) -> bool {
    let cent = 10_000.0;
    sum(tally).is_some_and(|(_, sum)| {
        let off = (sum - i128::from(total.get())).unsigned_abs();
        off as f64 <= cent * (tally.read.max(1) as f64).sqrt()
    })
}

/// # What it does
/// Names lines of one cell that are no rows, such as a footer.
fn beside(file: &File, tally: &Tally) -> Option<Finding> {
    let (line, text) = tally.note.as_ref()?;
    let count = tally.beside.count;
    let message = format!("{count} line(s) beside the table left out: {} `{text}`", Origin::new(file.path, *line));
    Some(Finding::review(
        "import.beside",
        file.shown(),
        message,
        "make sure that they are notes and not rows cut short",
    ))
}

/// # What it does
/// Flags names that are a spreadsheet's errors; the rows count without that name.
/// # Why it matters
/// Their spend belongs to someone whom the file no longer tells.
fn error_cells(file: &File, tally: &Tally) -> Option<Finding> {
    let lines = &tally.error_cells;
    let message = format!("{} with an error such as `#N/A` for a name: {}", rows(lines.count), examples(file, lines));
    let advice = "mend the look-up in the sheet that the file was saved from";
    (lines.count > 0).then(|| Finding::review("import.error_cells", file.shown(), message, advice))
}

/// # What it does
/// Flags rows with more of the KPI than clicks.
/// # Why it matters
/// It happens with view-through conversions, and with columns that were swapped.
fn above_clicks(file: &File, tally: &Tally) -> Option<Finding> {
    let lines = &tally.above_clicks;
    let message =
        format!("{} with more {} than clicks: {}", rows(lines.count), file.project.kpi, examples(file, lines));
    let advice = "make sure that the two columns are what they are mapped to";
    (lines.count > 0).then(|| Finding::review("import.above_clicks", file.shown(), message, advice))
}

/// # What it does
/// Flags figures such as `<5`, which are read as absent.
/// # Why it matters
/// Platforms mask small counts; a sum over them is too low by an unknown amount.
fn censored(file: &File, tally: &Tally) -> Option<Finding> {
    let lines = &tally.censored;
    let message = format!("{} with a figure such as `<5`, read as absent: ", rows(lines.count));
    let advice = "export at a coarser grain, where the platform does not mask";
    let message = message + &examples(file, lines);
    (lines.count > 0).then(|| Finding::review("import.censored", file.shown(), message, advice))
}

/// # What it does
/// Flags impressions and clicks that are no whole numbers.
/// # Why it matters
/// `5.323` is five thousand in a Turkish or German export: read with a decimal point it is a thousandth of itself.
fn fractional(file: &File, tally: &Tally) -> Option<Finding> {
    let lines = &tally.fractional;
    let message = format!("{} with impressions or clicks that are no whole number: ", rows(lines.count));
    let advice = "if the file writes thousands with a point, set `decimal_comma = true` for the source";
    let message = message + &examples(file, lines);
    (lines.count > 0).then(|| Finding::review("import.fractional", file.shown(), message, advice))
}

/// # What it does
/// Says that a file is weekly, or that it looks weekly and is not read so.
/// # Why it matters
/// A week's figures on one day make a daily curve of nothing.
fn weeks(file: &File, mapping: &Mapping, folded: &Folded) -> Option<Finding> {
    if mapping.date.is_empty() || mapping.end.is_some() || !folded.steps_by_weeks() {
        return None;
    }
    if folded.has_one_row_per_key() {
        let message = "dates step by seven days: each row stands for the seven days from its date";
        return Some(Finding::pass("import.weeks", file.shown(), message));
    }
    let message = "dates step by seven days, but several rows share a day and names: read as single days";
    let advice = "if the rows are weeks, add the column that tells them apart to `columns`";
    Some(Finding::review("import.weeks", file.shown(), message, advice))
}
