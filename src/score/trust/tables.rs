//! Tables that the settings name beside the exports: planned spend, and own counts.

use std::path::Path;

use jiff::civil::Date;

use crate::check::{Error, Kind, Problem};
use crate::import::sheet::Sheet;
use crate::score::card::{Delivery, Reconciliation};
use crate::score::tally::Tally;
use crate::units::Measure;

/// Spend that was planned for some days of one supplier.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    supplier: String,
    start: Date,
    end: Date,
    spend: f64,
}

/// Reads planned spend: the columns `supplier`, `start`, `end`, `spend`.
///
/// # Errors
///
/// [`Kind::Input`] with every row whose dates are none.
pub(crate) fn planned(path: &Path) -> Result<Vec<Planned>, Error> {
    let sheet = Sheet::read(path)?;
    let (suppliers, spend) = (sheet.texts("supplier")?, sheet.numbers("spend")?);
    let (starts, ends) = (dates(&sheet, path, "start")?, dates(&sheet, path, "end")?);
    let row =
        |at: usize| Planned { supplier: suppliers[at].into(), start: starts[at], end: ends[at], spend: spend[at] };
    Ok((0..suppliers.len()).map(row).collect())
}

fn dates(sheet: &Sheet, path: &Path, header: &str) -> Result<Vec<Date>, Error> {
    let texts = sheet.texts(header)?;
    let parsed: Vec<Result<Date, &str>> = texts.iter().map(|text| text.parse().map_err(|_| *text)).collect();
    let problem = |text: &&str| Problem {
        message: format!("{}: column `{header}` holds `{text}`, expected a date such as 2026-06-01", path.display()),
        help: Some("write dates as year-month-day".into()),
    };
    let wrong: Vec<Problem> = parsed.iter().filter_map(|date| date.as_ref().err()).map(problem).collect();
    if !wrong.is_empty() {
        return Err(Error { kind: Kind::Input, problems: wrong });
    }
    Ok(parsed.into_iter().flatten().collect())
}

/// Spend of a supplier against its plans; absent without one in its days.
pub(super) fn delivery(tally: &Tally, planned: &[Planned]) -> Option<Delivery> {
    let own: Vec<&Planned> = planned.iter().filter(|plan| Some(&*plan.supplier) == tally.supplier.as_deref()).collect();
    let sum: f64 = own.iter().map(|plan| plan.spend).sum();
    let spent = own.iter().map(|plan| {
        let within = tally.days().filter(|day| plan.start <= day.date && day.last() <= plan.end);
        within.map(|day| day.spend()).sum::<f64>()
    });
    let spent: f64 = spent.sum();
    (sum > 0.0).then_some(Delivery { planned: sum, spent, share: spent / sum })
}

/// What one counted oneself of one supplier on one day.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    supplier: String,
    date: Date,
    count: f64,
}

/// Reads own counts: the columns `date`, `supplier`, and the KPI's own name.
///
/// # Errors
///
/// As [`planned`].
pub(crate) fn own_counts(path: &Path, kpi: Measure) -> Result<Vec<Own>, Error> {
    let sheet = Sheet::read(path)?;
    let (suppliers, days, counts) =
        (sheet.texts("supplier")?, dates(&sheet, path, "date")?, sheet.numbers(kpi.name())?);
    let row = |at: usize| Own { supplier: suppliers[at].into(), date: days[at], count: counts[at] };
    Ok((0..suppliers.len()).map(row).collect())
}

/// The platform's count against the own one, on days that both count; absent without any.
///
/// The interval is of own out of reported as a share: ± 1.645 √(p (1 − p) / n), at least what one event is worth.
pub(super) fn reconciliation(tally: &Tally, own: &[Own], kpi: Measure) -> Option<Reconciliation> {
    let mut days: Vec<(Date, f64, f64)> = Vec::new();
    for own in own.iter().filter(|own| Some(&*own.supplier) == tally.supplier.as_deref()) {
        let there = tally.days().filter(|day| day.date == own.date && day.days == 1);
        let reported: Vec<f64> = there.filter_map(|day| day.figure(kpi)).collect();
        if !reported.is_empty() {
            days.push((own.date, reported.iter().sum(), own.count));
        }
    }
    days.sort_by_key(|day| day.0);
    let (reported, counted) = sums(&days)?;
    let share = (counted / reported).clamp(0.0, 1.0);
    let half = days.len() / 2;
    let change = sums(&days[..half]).zip(sums(&days[half..])).filter(|_| half >= 7);
    Some(Reconciliation {
        reported,
        own: counted,
        gap: 1.0 - counted / reported,
        error: (1.645 * (share * (1.0 - share) / reported).sqrt()).max(1.0 / reported),
        change: change.map(|(first, second)| first.1 / first.0 - second.1 / second.0),
    })
}

fn sums(days: &[(Date, f64, f64)]) -> Option<(f64, f64)> {
    let (reported, own) = days.iter().fold((0.0, 0.0), |sum, day| (sum.0 + day.1, sum.1 + day.2));
    (reported > 0.0).then_some((reported, own))
}
