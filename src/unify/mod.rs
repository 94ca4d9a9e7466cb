//! Raw rows → [`Ledger`]: one currency, one calendar, one name each.

mod checks;
mod fold;
pub mod late;
pub mod ledger;
mod names;
mod restate;
mod screen;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use late::Late;
pub use ledger::{Entry, Ledger, RowCount, Skipped, SourceSummary};

use crate::check::{Error, Kind, Origin};
use crate::import::{self, Batch, Lines, Rates};
use crate::settings::Settings;
use crate::units::{Currency, Field, Measure, Micros};

/// Brings the rows of all files under one definition.
///
/// A row that names no platform, supplier, account, campaign or department gets its source's; a platform that the
/// headers tell stands in for one that neither names. Amounts in another currency are converted by the latest rate of
/// `project.rates` on or before their day. Rows that share day, names and length are summed exactly. A file read twice
/// counts once, and a later export of an account's day stands for an earlier one.
///
/// ```
/// use outlay::{import, settings::Settings, unify};
///
/// let folder = tempfile::tempdir().unwrap();
/// let export = "日期,账户,消耗,曝光量,点击量,注册量\n2026-05-01,nw-01,12.50,900,31,2\n2026-05-01,nw-01,0.75,80,2,\n";
/// std::fs::write(folder.path().join("may.csv"), export).unwrap();
/// let settings = Settings::parse("[[source]]\npath = \"*.csv\"", "outlay.toml", folder.path(), 1)?;
///
/// let ledger = unify::ledger(import::all(&settings)?, &settings)?;
/// assert_eq!(ledger.entries[0].spend().to_string(), "13.25");
/// assert_eq!(ledger.sources[0].platform, "tencent");
/// # Ok::<(), outlay::check::Error>(())
/// ```
///
/// # Errors
///
/// [`Kind::Input`] when the rates cannot be read, for an amount without a rate, and when a sum is out of range.
/// [`Kind::Nothing`] when no row is left.
pub fn ledger(batches: Vec<Batch>, settings: &Settings) -> Result<Ledger, Error> {
    let rates = import::rates(&settings.project)?;
    let mut batches = batches;
    let mut settled = names::settle(&mut batches, settings, &import::aliases(&settings.names)?);
    let (batches, restated, ages) = restate::settle(batches, settings);
    settled.extend(restated);
    let mut entries = fold::entries(&batches, settings, &rates)?;
    if let Some(leads) = &settings.leads {
        settled.extend(screen::fill(&mut entries, &import::leads(leads)?));
    }
    let (late, told) = late::days(&entries, &batches, &ages, settings);
    settled.extend(told);
    let rows = row_count(&batches);
    if entries.is_empty() {
        return Err(nothing_left(&rows));
    }
    let sources = batches.iter().map(|batch| summary(batch, settings, &rates)).collect();
    let mut findings: Vec<_> = batches.iter().flat_map(|batch| batch.findings.iter().cloned()).collect();
    findings.extend(settled);
    findings.extend(checks::all(&batches, &entries, settings));
    Ok(Ledger { currency: settings.project.currency, entries, rows, sources, late, findings })
}

fn nothing_left(rows: &RowCount) -> Error {
    let reasons: Vec<String> = rows.skipped.iter().map(|skip| format!("{}: {}", skip.reason, skip.count)).collect();
    let message = format!("none of {} rows is left ({})", rows.read, reasons.join(", "));
    Error::new(Kind::Nothing, message).help("look at the rows with `bad_rows = \"refuse\"`, which lists them")
}

/// Rows over all files, reasons in the order of the files.
fn row_count(batches: &[Batch]) -> RowCount {
    let mut skipped: Vec<Skipped> = Vec::new();
    for (batch, skip) in batches.iter().flat_map(|batch| batch.skipped.iter().map(move |skip| (batch, skip))) {
        let at = skipped.iter().position(|other| other.reason == skip.reason).unwrap_or_else(|| {
            skipped.push(Skipped { reason: skip.reason.to_owned(), ..Skipped::default() });
            skipped.len() - 1
        });
        let places = skip.lines.first.iter().map(|line| Origin::new(&batch.path, *line).to_string());
        let room = Lines::EXAMPLES.saturating_sub(skipped[at].examples.len());
        skipped[at].examples.extend(places.take(room));
        skipped[at].count += skip.lines.count;
    }
    let sum = |count: fn(&Batch) -> u64| batches.iter().map(count).sum();
    RowCount { read: sum(|batch| batch.read), used: sum(|batch| batch.used), skipped }
}

fn summary(batch: &Batch, settings: &Settings, rates: &Rates) -> SourceSummary {
    SourceSummary {
        path: batch.path.display().to_string(),
        platform: platform(batch, settings),
        encoding: batch.encoding.to_owned(),
        rows: batch.read,
        spend: spend(batch, settings, rates),
        currency: if batch.spend.len() > 1 { settings.project.currency } else { batch_currency(batch, settings) },
        grants: apart(batch, 0),
        credit: apart(batch, 1),
        basis: batch.basis,
        first: batch.rows.iter().map(|row| row.date).min().map(|day| day.to_string()),
        last: batch.rows.iter().map(last_day).max().map(|day| day.to_string()),
        duplicates: batch.repeated,
        columns: batch.figures.iter().map(|(name, header)| ((*name).to_owned(), header.clone())).collect(),
        unread: batch.unread.clone(),
        own_total: batch.own_total.map(Micros::to_f64),
        sha256: batch.sha256.clone(),
    }
}

/// The platform of a file's rows; `mixed` when they name several, empty when they name none.
fn platform(batch: &Batch, settings: &Settings) -> String {
    let fallback = fold::fallback(batch, &settings.sources[batch.source])[Field::Platform.index()];
    let named = batch.rows.iter().map(|row| batch.name(row, Field::Platform).map(AsRef::as_ref).or(fallback));
    let platforms: BTreeSet<&str> = named.flatten().collect();
    match platforms.len() {
        0 => fallback.unwrap_or_default().to_owned(),
        1 => platforms.into_iter().collect(),
        _ => "mixed".to_owned(),
    }
}

fn last_day(row: &import::Row) -> jiff::civil::Date {
    row.date.saturating_add(jiff::Span::new().days(i64::from(row.days) - 1))
}

/// The one currency of a file.
fn batch_currency(batch: &Batch, settings: &Settings) -> Currency {
    batch.spend.keys().next().copied().unwrap_or(settings.project.currency)
}

/// Grants or credit of a file in one currency, where it has the column.
fn apart(batch: &Batch, index: usize) -> Option<f64> {
    let mut sums = batch.apart.values();
    let name = ["spend_grant", "spend_credit"][index];
    let sum = sums.next().filter(|_| sums.next().is_none() && batch.figures.contains_key(name))?;
    Some(sum[index] as f64 / Micros::PER_UNIT as f64)
}

/// The spend of a file as read, in its currency; of a file in several currencies the converted spend of its used rows.
fn spend(batch: &Batch, settings: &Settings, rates: &Rates) -> f64 {
    if batch.spend.len() <= 1 {
        return batch.spend.values().sum::<i128>() as f64 / Micros::PER_UNIT as f64;
    }
    let in_project = |row: &import::Row| {
        let spend = row.measures[Measure::Spend.index()]?;
        if row.currency == settings.project.currency {
            Some(spend)
        } else {
            rates.convert(spend, row.currency, row.date)
        }
    };
    let sum: i128 = batch.rows.iter().filter_map(in_project).map(|spend| i128::from(spend.get())).sum();
    sum as f64 / Micros::PER_UNIT as f64
}
