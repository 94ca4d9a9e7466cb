//! Ledger → [`Panel`]: channel × period, absent apart from zero.

mod axis;
pub mod baseline;
mod cells;
pub mod checks;
mod total;

use jiff::ToSpan;
use jiff::civil::Date;
use ndarray::Array2;
use sha2::{Digest, Sha256};

use self::axis::Axis;
use self::cells::{Cell, Cells};
pub use self::total::TotalKpi;
use crate::check::{Error, Finding, Kind};
use crate::import::Total;
use crate::settings::Settings;
use crate::unify::Ledger;
use crate::units::{Channel, Currency, Grain, Kpi, Micros};

/// Spend and KPI by channel and period, arrays `(n_channels, n_periods)`.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What is counted.
    pub kpi: Kpi,
    /// The currency of `spend`.
    pub currency: Currency,
    /// The period.
    pub grain: Grain,
    /// First day of each period; consecutive, none left out.
    pub periods: Vec<Date>,
    /// The channels, ascending by label; the row order of the arrays.
    pub channels: Vec<Channel>,
    /// Face-value spend per period, major units; 0 where not reported.
    pub spend: Array2<f64>,
    /// KPI per period; 0 where not counted.
    pub kpi_count: Array2<f64>,
    /// Whether the period was reported at all; where not, spend is unknown, not zero.
    pub reported: Array2<bool>,
    /// Whether the KPI was reported, in full and for good.
    pub counted: Array2<bool>,
    /// Whether conversions of the period are still coming in, so that its KPI is not counted.
    pub late: Array2<bool>,
    /// The KPI over all channels, where it cannot be tied to channels.
    pub total: Option<TotalKpi>,
    /// SHA-256 over labels, periods and figures, hexadecimal.
    pub sha256: String,
    /// Gaps, late days and the like.
    pub findings: Vec<Finding>,
}

impl Panel {
    /// Mean spend per period of one channel over its last 28 reported days, or 8 reported weeks; over all when it has
    /// fewer.
    ///
    /// # Panics
    ///
    /// Panics if `channel` is not below the number of channels; so do [`Panel::mean_spend`] and [`Panel::observed`].
    pub fn reference_spend(&self, channel: usize) -> f64 {
        let last = match self.grain {
            Grain::Day => 28,
            Grain::Week => 8,
        };
        let spend = self.reported_spend(channel);
        mean_or_zero(&spend[spend.len().saturating_sub(last)..])
    }

    /// The last day of a period.
    ///
    /// # Panics
    ///
    /// Panics if `period` is not below the number of periods.
    pub fn last_day(&self, period: usize) -> Date {
        self.periods[period].saturating_add((i64::from(self.grain.days()) - 1).days())
    }

    /// Mean spend per period of one channel over all its reported periods.
    pub fn mean_spend(&self, channel: usize) -> f64 {
        mean_or_zero(&self.reported_spend(channel))
    }

    /// Least and largest spend per period of one channel among its reported periods.
    pub fn observed(&self, channel: usize) -> (f64, f64) {
        let spend = self.reported_spend(channel);
        let low = spend.iter().copied().reduce(f64::min);
        let high = spend.iter().copied().reduce(f64::max);
        (low.unwrap_or(0.0), high.unwrap_or(0.0))
    }

    /// The panel as it stood before period `end`: what came later is not in it. Its findings are left out.
    ///
    /// # Panics
    ///
    /// Panics if `end` is beyond the last period.
    pub fn until(&self, end: usize) -> Panel {
        fn cut<T: Clone>(array: &Array2<T>, end: usize) -> Array2<T> {
            Array2::from_shape_fn((array.nrows(), end), |at| array[at].clone())
        }
        let mut panel = Panel {
            periods: self.periods[..end].to_vec(),
            channels: self.channels.clone(),
            spend: cut(&self.spend, end),
            kpi_count: cut(&self.kpi_count, end),
            reported: cut(&self.reported, end),
            counted: cut(&self.counted, end),
            late: cut(&self.late, end),
            total: self.total.as_ref().map(|total| total.until(end)),
            findings: Vec::new(),
            ..self.clone()
        };
        panel.sha256 = hash(&panel);
        panel
    }

    /// Spend of one channel in its reported periods, in order.
    fn reported_spend(&self, channel: usize) -> Vec<f64> {
        let (spend, reported) = (self.spend.row(channel), self.reported.row(channel));
        spend.iter().zip(reported).filter(|(_, reported)| **reported).map(|(spend, _)| *spend).collect()
    }
}

fn mean_or_zero(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { crate::math::mean(values) }
}

/// The panel of a ledger.
///
/// | entry | in a panel of days | in a panel of weeks |
/// |---|---|---|
/// | one day | its day | its week, which is reported when all seven days are |
/// | seven days | – | its week, when it starts on the weekday that weeks start on |
/// | any other length | – | – |
///
/// What stands in no period still counts in totals and scores; a finding names it. A period is *reported* when there is an
/// entry for it, and *counted* when every entry of it that has spend has the KPI too: part of a count is no count.
/// Channels without a reported period are not in the panel. Without any period the panel is empty, which is no error: the
/// ledger's totals stand.
///
/// # Errors
///
/// [`Kind::Nothing`] for an empty ledger, [`Kind::Input`] when figures add up to more than can be held exactly.
pub fn build(ledger: &Ledger, settings: &Settings) -> Result<Panel, Error> {
    with_total(ledger, None, settings)
}

/// As [`build`], with the KPI over all channels that [`crate::import::total`] read.
///
/// A weekly total makes a panel of weeks; a daily one is put in weeks where the panel has them.
///
/// # Errors
///
/// As [`build`]; [`Kind::Input`] when the total has no period in common with the exports or its weeks start on another
/// weekday, [`Kind::Settings`] when it is weekly and the settings ask for days.
pub fn with_total(ledger: &Ledger, total: Option<&Total>, settings: &Settings) -> Result<Panel, Error> {
    if ledger.entries.is_empty() {
        return Err(Error::new(Kind::Nothing, "no rows were read: there is nothing to lay out by channel and period")
            .help("check the paths and the date range of the exports"));
    }
    let project = &settings.project;
    let weeks_start = total::weeks_start(total, &ledger.entries)?;
    let axis = Axis::of(&ledger.entries, total::grain(total, settings)?, weeks_start);
    let cells = Cells::of(ledger, &axis, &project.channel, project.kpi.measure())?;
    let mut panel = laid_out(&axis, &cells, project.kpi, ledger.currency);
    let total_elsewhere = settings.kpi_total.is_some();
    panel.findings = checks::all(&panel, &checks::Unseen::of(&axis, &cells, total_elsewhere));
    panel.findings.extend(checks::grain(&ledger.entries, project.grain));
    if let Some(total) = total {
        let (laid, findings) = total::laid_on(&panel, &axis, &cells, total)?;
        panel.total = Some(laid);
        panel.findings.extend(findings);
    }
    panel.sha256 = hash(&panel);
    Ok(panel)
}

/// The panel of the cells: from the first period that any channel reports to the last, and the channels that report one.
fn laid_out(axis: &Axis, cells: &Cells, kpi: Kpi, currency: Currency) -> Panel {
    let complete = |cell: &Cell| cell.parts.complete(axis.grain) && cell.spend >= Micros::ZERO;
    let row = |channel: usize| &cells.cells[channel * axis.len..][..axis.len];
    let rows: Vec<usize> = (0..cells.channels.len()).filter(|channel| row(*channel).iter().any(complete)).collect();
    let any = |period: &usize| rows.iter().any(|channel| complete(&row(*channel)[*period]));
    let first = (0..axis.len).find(any).unwrap_or(0);
    let end = (0..axis.len).rfind(any).map_or(first, |last| last + 1);
    let shape = (rows.len(), end - first);
    let cell = |(channel, period): (usize, usize)| &row(rows[channel])[first + period];
    let counted = |cell: &Cell| complete(cell) && cell.some && !cell.lacking && !cell.late;
    let figure = |given: bool, figure: f64| if given { figure } else { 0.0 };
    Panel {
        kpi,
        currency,
        grain: axis.grain,
        periods: (first..end).map(|period| axis.date(period)).collect(),
        channels: rows.iter().map(|channel| cells.channels[*channel].clone()).collect(),
        spend: Array2::from_shape_fn(shape, |at| figure(complete(cell(at)), cell(at).spend.to_f64())),
        kpi_count: Array2::from_shape_fn(shape, |at| figure(counted(cell(at)), cell(at).kpi.to_f64())),
        reported: Array2::from_shape_fn(shape, |at| complete(cell(at))),
        counted: Array2::from_shape_fn(shape, |at| counted(cell(at))),
        late: Array2::from_shape_fn(shape, |at| complete(cell(at)) && cell(at).late),
        total: None,
        sha256: String::new(),
        findings: Vec::new(),
    }
}

/// SHA-256 over what the panel holds; every text ends with a zero byte, so that no two panels share their bytes.
fn hash(panel: &Panel) -> String {
    let mut hash = Sha256::new();
    let mut text = |text: &str| hash.update([text.as_bytes(), &[0]].concat());
    [panel.kpi.name(), panel.currency.code(), panel.grain.name()].into_iter().for_each(&mut text);
    text(&format!("{} × {}", panel.channels.len(), panel.periods.len()));
    panel.channels.iter().for_each(|channel| text(&channel.label));
    panel.periods.iter().for_each(|period| text(&period.to_string()));
    panel.spend.iter().chain(&panel.kpi_count).for_each(|figure| hash.update(figure.to_bits().to_le_bytes()));
    panel.reported.iter().chain(&panel.counted).for_each(|given| hash.update([u8::from(*given)]));
    if let Some(total) = &panel.total {
        let figures = total.kpi.iter().chain(total.free.iter().flat_map(|(_, values)| values));
        figures.for_each(|figure| hash.update(figure.to_bits().to_le_bytes()));
        total.counted.iter().for_each(|given| hash.update([u8::from(*given)]));
    }
    crate::settings::hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::check::Severity;
    use crate::unify::{Entry, RowCount};
    use crate::units::{Measure, Micros};

    fn settings(project: &str) -> Settings {
        Settings::parse(&format!("[project]\n{project}"), "outlay.toml", Path::new(""), 1).unwrap()
    }

    fn by_platform() -> Settings {
        settings("channel = [\"platform\"]")
    }

    fn ledger(entries: Vec<Entry>) -> Ledger {
        let currency = "CNY".parse().unwrap();
        Ledger {
            currency,
            entries,
            rows: RowCount::default(),
            sources: Vec::new(),
            late: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// A row of platform `name`'s account `account`; `day` counts from Monday 5 January 2026.
    fn entry(name: &str, account: &str, day: i64, days: u32, spend: f64, kpi: Option<f64>) -> Entry {
        let date = jiff::civil::date(2026, 1, 5).saturating_add(jiff::ToSpan::days(day));
        let mut entry = Entry { date, days, names: Default::default(), measures: Default::default() };
        entry.names[0] = (!name.is_empty()).then(|| name.into());
        entry.names[2] = Some(account.into());
        entry.measures[Measure::Spend.index()] = Micros::from_f64(spend);
        entry.measures[Measure::Registrations.index()] = kpi.and_then(Micros::from_f64);
        entry
    }

    fn daily(days: impl IntoIterator<Item = i64>) -> Vec<Entry> {
        days.into_iter().map(|day| entry("weibo", "a", day, 1, 100.0 + 10.0 * day as f64, Some(2.0))).collect()
    }

    fn of(entries: Vec<Entry>, settings: &Settings) -> Panel {
        build(&ledger(entries), settings).unwrap()
    }

    fn reviews(panel: &Panel) -> Vec<(&str, &str, &str)> {
        let reviews = panel.findings.iter().filter(|finding| finding.severity != Severity::Pass);
        reviews.map(|f| (f.check, f.subject.as_str(), f.message.as_str())).collect()
    }

    #[test]
    fn an_empty_ledger_is_nothing_to_do() {
        assert_eq!(build(&ledger(Vec::new()), &by_platform()).unwrap_err().kind, Kind::Nothing);
    }

    #[test]
    fn absent_is_not_zero() {
        let mut entries = daily([0, 1, 3]);
        entries.push(entry("weibo", "a", 4, 1, 0.0, Some(0.0)));
        entries.push(entry("weibo", "a", 5, 1, 90.0, None));
        let panel = of(entries, &by_platform());
        assert_eq!(panel.reported.row(0).to_vec(), [true, true, false, true, true, true]);
        assert_eq!(panel.counted.row(0).to_vec(), [true, true, false, true, true, false]);
        assert_eq!((panel.mean_spend(0), panel.observed(0)), (86.0, (0.0, 130.0)));
    }

    #[test]
    fn gaps_and_late_days_are_named() {
        let mut entries = daily([0, 1, 4, 5, 9]);
        entries.extend([0, 1, 2, 3].map(|day| entry("meta", "m", day, 1, 50.0 + 9.0 * day as f64, Some(1.0))));
        let panel = of(entries, &by_platform());
        let gap = "5 days without a row: 2026-01-07, 2026-01-08, 2026-01-11 and 2 more";
        let late = "last reported 2026-01-08, 6 days before the panel's last";
        assert_eq!(reviews(&panel), [("panel.gaps", "weibo", gap), ("panel.late_days", "meta", late)]);
    }

    #[test]
    fn a_week_of_days_is_reported_when_all_seven_are() {
        let entries = daily((3..14).chain(15..30));
        let panel = of(entries, &settings("channel = [\"platform\"]\ngrain = \"week\""));
        let dates = panel.periods.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(dates, ["2026-01-12", "2026-01-19", "2026-01-26"], "cut first and last weeks are left out");
        assert_eq!(panel.reported.row(0).to_vec(), [true, false, true]);
        assert_eq!((panel.spend[(0, 0)], panel.kpi_count[(0, 0)]), (1400.0, 14.0));
        let torn = "1 week with days missing, left out: 2026-01-19";
        assert_eq!(reviews(&panel), [("panel.whole_weeks", "weibo", torn)]);
    }

    #[test]
    fn weekly_rows_set_the_grain_and_the_anchor() {
        let mut entries = daily(0..14);
        entries.extend([2, 9, 16].map(|day| entry("meta", "m", day, 7, 700.0 + 70.0 * day as f64, Some(9.0))));
        entries.push(entry("meta", "m", 21, 7, 50.0, Some(1.0)));
        let panel = of(entries, &by_platform());
        assert_eq!((panel.grain, panel.periods.len(), panel.periods[0].day()), (Grain::Week, 3, 7));
        assert_eq!(panel.reported.row(1).to_vec(), [true, false, false], "Wednesday to Tuesday");
        let moved = "1 row of 7 days, 50.00 CNY: counted in totals and scores, in no week of the panel";
        assert!(reviews(&panel).contains(&("panel.length", "meta", moved)), "{:?}", reviews(&panel));
    }

    #[test]
    fn an_export_over_a_period_is_never_fitted() {
        let mut entries = daily(0..5);
        entries.push(entry("meta", "m", 0, 31, 3100.0, Some(40.0)));
        let panel = of(entries, &by_platform());
        assert_eq!((panel.channels.len(), panel.grain), (1, Grain::Day));
        let message = "1 row of 31 days, 3100.00 CNY: counted in totals and scores, in no day of the panel; the channel has \
                       no other rows, hence no line in the plan";
        assert_eq!(reviews(&panel), [("panel.length", "meta", message)]);
        let alone = of(vec![entry("meta", "m", 0, 31, 3100.0, Some(40.0))], &by_platform());
        assert_eq!((alone.channels.len(), alone.periods.len(), alone.spend.shape()), (0, 0, &[0, 0][..]));
    }

    #[test]
    fn part_of_a_count_is_no_count() {
        let mut entries = daily(0..3);
        entries.push(entry("weibo", "b", 1, 1, 20.0, None));
        entries.push(entry("weibo", "b", 2, 1, 0.0, None));
        let panel = of(entries, &by_platform());
        assert_eq!(panel.counted.row(0).to_vec(), [true, false, true]);
        let blank = "1 day with rows that lack registrations: 2026-01-06";
        assert_eq!(reviews(&panel), [("panel.kpi_counted", "weibo", blank)]);
    }

    #[test]
    fn late_days_are_reported_and_not_counted() {
        let mut ledger = ledger(daily(0..10));
        let [platform, _, account, ..] = ledger.entries[0].names.clone();
        ledger.late = vec![crate::unify::Late { platform, account, from: jiff::civil::date(2026, 1, 12) }];
        let panel = build(&ledger, &by_platform()).unwrap();
        let last = |mask: &Array2<bool>| mask.row(0).iter().skip(6).copied().collect::<Vec<bool>>();
        assert_eq!(last(&panel.reported), [true; 4]);
        assert_eq!(
            (last(&panel.late), last(&panel.counted)),
            (vec![false, true, true, true], vec![true, false, false, false])
        );
        let told = "the conversions of 3 days from 2026-01-12 on are still coming in: no curve is fitted to them";
        assert_eq!(reviews(&panel), [("panel.filling_up", "weibo", told)]);
        assert_eq!(panel.coverage()[0].late, 3);
        let spend = &panel.baselines()[0];
        assert_eq!((spend.metric, spend.periods, spend.level), ("spend", 10, 145.0));
    }

    #[test]
    fn a_blank_name_is_a_channel_of_its_own() {
        let entries = vec![entry("", "a", 0, 1, 5.0, None), entry("weibo", "a", 0, 1, 7.0, None)];
        let panel = of(entries, &by_platform());
        let labels: Vec<&str> = panel.channels.iter().map(|channel| channel.label.as_str()).collect();
        assert_eq!(labels, ["(no platform)", "weibo"]);
        assert_eq!(reviews(&panel)[0].0, "panel.kpi_counted");
    }

    #[test]
    fn flat_spend_lost_tracking_and_free_channels_are_seen() {
        let row = |name, spend, kpi| move |day| entry(name, "a", day, 1, spend, Some(kpi));
        let mut entries: Vec<Entry> = (0..9).map(row("flat", 100.0, 3.0)).collect();
        entries.extend((0..9).map(row("owned", 0.0, 3.0)));
        entries.extend((0..9).map(|day| entry("lost", "a", day, 1, 10.0 + day as f64, Some(0.0))));
        let checks: Vec<_> =
            reviews(&of(entries, &by_platform())).iter().map(|r| (r.0.to_owned(), r.1.to_owned())).collect();
        let expected = [("kpi_nonzero", "lost"), ("spend_given", "owned"), ("spend_varies", "flat")];
        assert_eq!(checks, expected.map(|(check, channel)| (format!("panel.{check}"), channel.to_owned())));
    }

    #[test]
    fn the_reference_is_of_the_last_28_reported_days() {
        let mut entries: Vec<Entry> = (0..10).map(|day| entry("weibo", "a", day, 1, 1000.0, None)).collect();
        entries.extend((20..48).map(|day| entry("weibo", "a", day, 1, 10.0, None)));
        let panel = of(entries, &by_platform());
        assert_eq!(panel.reference_spend(0), 10.0);
        assert_eq!(panel.mean_spend(0), 10280.0 / 38.0);
    }

    proptest! {
        #[test]
        fn neither_order_nor_accounts_matter(
            rows in prop::collection::vec((0usize..3, 0i64..20, 0u32..100_000, prop::option::of(0u32..50)), 1..60),
            turn in 0usize..60,
        ) {
            let whole = |(name, day, cents, kpi): &(usize, i64, u32, Option<u32>), account: &str, part: f64| {
                let kpi = kpi.map(|kpi| f64::from(kpi) * part);
                entry(["a", "b", "c"][*name], account, *day, 1, f64::from(*cents) * part / 100.0, kpi)
            };
            let one: Vec<Entry> = rows.iter().map(|row| whole(row, "x", 1.0)).collect();
            let mut split: Vec<Entry> =
                rows.iter().flat_map(|row| [whole(row, "x", 0.25), whole(row, "y", 0.75)]).collect();
            let places = split.len();
            split.rotate_left(turn % places);
            split.reverse();
            let (one, split) = (of(one, &by_platform()), of(split, &by_platform()));
            prop_assert_eq!(one.sha256, split.sha256);
            prop_assert_eq!(one.findings, split.findings);
        }

        #[test]
        fn a_week_is_the_sum_of_its_days(spend in prop::collection::vec(0u32..1_000_000, 7..60)) {
            let row = |(day, cents): (usize, &u32)| {
                entry("weibo", "a", day as i64, 1, f64::from(*cents) / 100.0, Some(1.0))
            };
            let entries: Vec<Entry> = spend.iter().enumerate().map(row).collect();
            let weeks = of(entries, &settings("channel = [\"platform\"]\ngrain = \"week\""));
            prop_assert_eq!(weeks.periods.len(), spend.len() / 7);
            for (week, days) in spend.chunks_exact(7).enumerate() {
                let sum = f64::from(days.iter().sum::<u32>()) / 100.0;
                prop_assert!((weeks.spend[(0, week)] - sum).abs() <= 1e-9 * sum);
                prop_assert_eq!(weeks.kpi_count[(0, week)], 7.0);
            }
        }
    }
}
