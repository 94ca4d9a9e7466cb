//! The total over all channels, laid on the panel's periods.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::civil::{Date, Weekday};
use ndarray::Array2;

use super::Panel;
use super::axis::Axis;
use super::cells::Cells;
use super::checks::{NAMED, named, periods};
use crate::check::{Error, Finding};
use crate::import::{Total, TotalRow};
use crate::settings::Settings;
use crate::unify::Entry;
use crate::units::{Grain, Micros};

/// The KPI over all channels and the baseline, by period of the panel.
#[derive(Clone, Debug)]
pub struct TotalKpi {
    /// The total of each period; 0 where not counted.
    pub kpi: Vec<f64>,
    /// Whether the total is known for the whole period.
    pub counted: Vec<bool>,
    /// By channel and period: whether the channel has rows for part of the period only, so that its spend is not known. A
    /// channel without any row in a period that others have rows in spent nothing.
    pub torn: Array2<bool>,
    /// What moves the baseline and costs nothing, by header; one value a period, 0 where not counted.
    pub free: Vec<(String, Vec<f64>)>,
    /// The file, as the settings reach it.
    pub path: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its rows.
    pub rows: u64,
}

impl TotalKpi {
    /// The same before period `end`.
    pub(super) fn until(&self, end: usize) -> TotalKpi {
        let free = self.free.iter().map(|(name, values)| (name.clone(), values[..end].to_vec())).collect();
        TotalKpi {
            kpi: self.kpi[..end].to_vec(),
            counted: self.counted[..end].to_vec(),
            torn: Array2::from_shape_fn((self.torn.nrows(), end), |at| self.torn[at]),
            free,
            ..self.clone()
        }
    }
}

/// The grain that the total allows: weeks when it comes by the week.
///
/// # Errors
///
/// [`crate::check::Kind::Settings`] when the total is weekly and the settings ask for days.
pub(super) fn grain(total: Option<&Total>, settings: &Settings) -> Result<Option<Grain>, Error> {
    let wanted = settings.project.grain;
    let weekly = total.is_some_and(|total| total.days == 7);
    if weekly && wanted == Some(Grain::Day) {
        let message = format!("`day`, but the total of {} comes by the week", settings.project.kpi);
        return Err(Error::setting("project.grain", message).help("set `grain = \"week\"`, or give the total by day"));
    }
    Ok(if weekly { Some(Grain::Week) } else { wanted })
}

/// The weekday that the weeks of a weekly total start on.
///
/// # Errors
///
/// [`crate::check::Kind::Input`] when weekly rows of the exports start on another one.
pub(super) fn weeks_start(total: Option<&Total>, entries: &[Entry]) -> Result<Option<Weekday>, Error> {
    let first = |total: &Total| total.rows.keys().next().map(|date| date.weekday());
    let Some(start) = total.filter(|total| total.days == 7).and_then(first) else { return Ok(None) };
    let strays = |entry: &&Entry| entry.days == 7 && entry.date.weekday() != start;
    if let Some(entry) = entries.iter().find(strays) {
        let message = format!(
            "kpi_total: weeks of the total start on a {start:?}, those of the exports on a {:?} ({})",
            entry.date.weekday(),
            entry.date
        );
        return Err(Error::new(crate::check::Kind::Input, message)
            .help("export spend by day, or give the total by day: days can be put in weeks of either kind"));
    }
    Ok(Some(start))
}

/// Lays the total on the panel, and says what does not fit.
///
/// A week of days is counted when all seven are: part of a count is no count.
///
/// # Errors
///
/// [`crate::check::Kind::Input`] when the total and the exports have no period in common.
pub(super) fn laid_on(
    panel: &Panel,
    axis: &Axis,
    cells: &Cells,
    total: &Total,
) -> Result<(TotalKpi, Vec<Finding>), Error> {
    let index: BTreeMap<Date, usize> = panel.periods.iter().enumerate().map(|(at, date)| (*date, at)).collect();
    let mut sums: Vec<Sum> = vec![Sum::new(total.free.len()); panel.periods.len()];
    let mut outside: Vec<Date> = Vec::new();
    for (date, row) in &total.rows {
        match axis.start_of(*date, total.days).and_then(|start| index.get(&start)) {
            Some(at) => sums[*at].add(row, total.days),
            None => outside.push(*date),
        }
    }
    let full = |sum: &Sum| sum.days == panel.grain.days() && !sum.lacking;
    let counted: Vec<bool> = sums.iter().map(full).collect();
    if !counted.contains(&true) {
        return Err(no_common_period(panel, total));
    }
    let value = |at: usize, value: i128| if counted[at] { value as f64 / Micros::PER_UNIT as f64 } else { 0.0 };
    let column = |column: usize| sums.iter().enumerate().map(|(at, sum)| value(at, sum.free[column])).collect();
    let findings = findings(panel, total, &outside, &counted);
    let laid = TotalKpi {
        kpi: sums.iter().enumerate().map(|(at, sum)| value(at, sum.kpi)).collect(),
        free: total.free.iter().enumerate().map(|(at, name)| (name.clone(), column(at))).collect(),
        torn: torn(panel, axis, cells),
        counted,
        path: total.path.display().to_string(),
        sha256: total.sha256.clone(),
        rows: total.rows.len() as u64,
    };
    Ok((laid, findings))
}

/// Where a channel has rows for part of a period only.
fn torn(panel: &Panel, axis: &Axis, cells: &Cells) -> Array2<bool> {
    let first = (0..axis.len).find(|at| panel.periods.first() == Some(&axis.date(*at))).unwrap_or(0);
    let rows: Vec<usize> = panel.channels.iter().filter_map(|c| cells.channels.binary_search(c).ok()).collect();
    Array2::from_shape_fn(panel.reported.dim(), |(row, period)| {
        let parts = cells.cells[rows[row] * axis.len + first + period].parts;
        !parts.none() && !parts.complete(axis.grain)
    })
}

/// What rows add up to in one period, in millionths.
#[derive(Clone, Debug)]
struct Sum {
    kpi: i128,
    free: Vec<i128>,
    days: u32,
    lacking: bool,
}

impl Sum {
    fn new(free: usize) -> Sum {
        Sum { kpi: 0, free: vec![0; free], days: 0, lacking: false }
    }

    fn add(&mut self, row: &TotalRow, days: u32) {
        self.days += days;
        self.lacking |= row.kpi.is_none();
        self.kpi += row.kpi.map_or(0, |kpi| i128::from(kpi.get()));
        self.free.iter_mut().zip(&row.free).for_each(|(sum, value)| *sum += i128::from(value.get()));
    }
}

fn no_common_period(panel: &Panel, total: &Total) -> Error {
    let range = |range: Option<RangeInclusive<Date>>| {
        range.map_or_else(|| "nothing".to_owned(), |range| format!("{} to {}", range.start(), range.end()))
    };
    let of = |first: Option<&Date>, last: Option<&Date>| Some(*first?..=*last?);
    let message = format!(
        "{}: no {} of the total has spend in the exports: the total covers {}, the exports {}",
        total.path.display(),
        panel.grain.name(),
        range(of(total.rows.keys().next(), total.rows.keys().next_back())),
        range(of(panel.periods.first(), panel.periods.last())),
    );
    Error::new(crate::check::Kind::Input, message).help("export spend and total over the same dates")
}

/// # What it does
/// Says how the total of `[kpi_total]` fits the exports: periods in common, gaps, dates outside.
/// # Why it matters
/// Only periods with both a total and spend can be fitted.
/// # Threshold
/// Review for one gap between the first and the last total, or one row outside the exports.
/// # What to do
/// Give the missing dates, or leave them out knowingly: they are not fitted and nothing is filled in.
fn findings(panel: &Panel, total: &Total, outside: &[Date], counted: &[bool]) -> Vec<Finding> {
    let (check, subject) = ("panel.kpi_total", total.path.display().to_string());
    let (first, last) = (counted.iter().position(|c| *c).unwrap_or(0), counted.iter().rposition(|c| *c).unwrap_or(0));
    let gaps: Vec<Date> = (first..=last).filter(|at| !counted[*at]).map(|at| panel.periods[at]).collect();
    let known = counted.iter().filter(|counted| **counted).count();
    let mut found = total.findings.clone();
    if !gaps.is_empty() {
        let message = format!("{} without a whole total: {}", periods(gaps.len(), panel.grain), named(&gaps));
        found.push(Finding::review(check, &subject, message, "give their totals; a blank or missing one is not zero"));
    }
    if !outside.is_empty() {
        let shown = outside.iter().take(NAMED).map(Date::to_string).collect::<Vec<_>>().join(", ");
        let rows = if outside.len() == 1 { "1 row".to_owned() } else { format!("{} rows", outside.len()) };
        let message = format!("{rows} outside the exports' {}s, from {shown}: left out", panel.grain.name());
        found.push(Finding::review(check, &subject, message, "export spend over the same dates"));
    }
    let sum: f64 = total.rows.values().filter_map(|row| row.kpi).map(Micros::to_f64).sum();
    let message = format!("{sum} {} in {} rows; {} fit", panel.kpi, total.rows.len(), periods(known, panel.grain));
    found.push(Finding::pass(check, subject, message));
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;
    use crate::check::{Kind, Severity};
    use crate::unify::{Ledger, RowCount};
    use crate::units::Measure;

    /// 35 days of spend from Monday 5 January 2026, or weeks of it.
    fn ledger(days: u32) -> Ledger {
        let entries = (0..35).step_by(days as usize).map(|day| {
            let mut names: [Option<std::sync::Arc<str>>; 5] = Default::default();
            names[0] = Some("weibo".into());
            let mut entry = Entry {
                date: date(2026, 1, 5).saturating_add(i64::from(day).days()),
                days,
                names,
                measures: Default::default(),
            };
            entry.measures[Measure::Spend.index()] = Micros::from_f64(100.0 + f64::from(day));
            entry
        });
        let (entries, currency) = (entries.collect(), "CNY".parse().unwrap());
        Ledger {
            currency,
            entries,
            rows: RowCount::default(),
            sources: Vec::new(),
            late: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn total(rows: impl IntoIterator<Item = (i64, Option<f64>)>, days: u32) -> Total {
        let row = |(day, kpi): (i64, Option<f64>)| {
            let row = TotalRow { line: 2, kpi: kpi.and_then(Micros::from_f64), free: vec![Micros::new(1_000_000)] };
            (date(2026, 1, 5).saturating_add(day.days()), row)
        };
        let rows = rows.into_iter().map(row).collect();
        Total {
            path: "kpi.csv".into(),
            sha256: String::new(),
            days,
            free: vec!["mails".into()],
            rows,
            findings: Vec::new(),
        }
    }

    fn of(days: u32, total: &Total, project: &str) -> Result<Panel, Error> {
        let text = format!("[project]\nchannel = [\"platform\"]\n{project}\n[kpi_total]\npath = \"kpi.csv\"\n");
        let settings = Settings::parse(&text, "outlay.toml", Path::new(""), 1).unwrap();
        crate::panel::with_total(&ledger(days), Some(total), &settings)
    }

    fn reviews(panel: &Panel) -> Vec<&str> {
        let reviews = panel.findings.iter().filter(|f| f.check == "panel.kpi_total" && f.severity == Severity::Review);
        reviews.map(|f| f.message.as_str()).collect()
    }

    #[test]
    fn days_fall_on_days_and_gaps_are_no_zeros() {
        let rows = (-2..30).filter(|day| *day != 4).map(|day| (day, (day != 6).then_some(10.0)));
        let panel = of(1, &total(rows, 1), "").unwrap();
        let laid = panel.total.as_ref().unwrap();
        assert_eq!((laid.counted[4], laid.counted[6], laid.counted[5], laid.counted[34]), (false, false, true, false));
        assert_eq!(laid.kpi.iter().sum::<f64>(), 280.0);
        assert_eq!(laid.free[0].1.iter().sum::<f64>(), 28.0);
        let expected = [
            "2 days without a whole total: 2026-01-09, 2026-01-11",
            "2 rows outside the exports' days, from \
                         2026-01-03, 2026-01-04: left out",
        ];
        assert_eq!(reviews(&panel), expected);
    }

    #[test]
    fn a_week_of_days_is_counted_when_all_seven_are() {
        let rows = (0..35).filter(|day| *day != 8).map(|day| (day, Some(10.0)));
        let panel = of(7, &total(rows, 1), "").unwrap();
        let laid = panel.total.as_ref().unwrap();
        assert_eq!(laid.counted, [true, false, true, true, true]);
        assert_eq!(laid.kpi, [70.0, 0.0, 70.0, 70.0, 70.0]);
    }

    #[test]
    fn a_weekly_total_makes_a_weekly_panel_of_its_own_weekday() {
        let weekly = total((2..30).step_by(7).map(|day| (day, Some(70.0))), 7);
        let panel = of(1, &weekly, "").unwrap();
        assert_eq!((panel.grain, panel.periods[0]), (Grain::Week, date(2026, 1, 7)));
        assert_eq!(panel.total.unwrap().counted, [true; 4]);
        assert_eq!(of(1, &weekly, "grain = \"day\"").unwrap_err().kind, Kind::Settings);
        let error = of(7, &weekly, "").unwrap_err();
        assert!(error.to_string().contains("start on a Wednesday, those of the exports on a Monday"), "{error}");
    }

    #[test]
    fn a_total_of_other_dates_is_refused() {
        let error = of(1, &total((400..500).map(|day| (day, Some(1.0))), 1), "").unwrap_err();
        assert!(error.to_string().contains("the exports 2026-01-05 to 2026-02-08"), "{error}");
    }

    #[test]
    fn the_total_is_part_of_the_panels_hash() {
        let [one, other] = [10.0, 11.0].map(|kpi| of(1, &total((0..35).map(|day| (day, Some(kpi))), 1), "").unwrap());
        assert_ne!(one.sha256, other.sha256);
    }
}
