//! CSV files: UTF-8, plain numbers, absent is empty. Text that a spreadsheet would take for a formula is guarded.
//!
//! | file | a line is | columns |
//! |---|---|---|
//! | `ledger.csv` | a ledger entry | the canonical table's, then `days`; exact decimals |
//! | `curves.csv` | a spend on a channel's curve | `channel,spend,mean,p05,p50,p95`, per period |
//! | `suppliers.csv` | a supplier | [`SUPPLIERS`] |
//! | `dictionary.csv` | a metric | `metric,name,definition,unit,formula,window,columns` |
//! | `backtest.csv` | a channel and window of the backtest | [`BACKTEST`] |
//! | `plan.csv` | a plan line | [`PLAN`]; money with 2 decimals |
//! | `plan_daily.csv` | a day of a plan line | [`PLAN_DAILY`]; money with 2 decimals |

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Output;
use super::dictionary::Metric;
use super::figures;
use super::numbers::total;
use super::text::cell;
use crate::backtest::{Backtest, Window};
use crate::fit::{ChannelFit, Fitted};
use crate::plan::{Answer, Daily, Expected, Line};
use crate::score::{Scorecard, SupplierScore, Tier};
use crate::unify::{Entry, Ledger};
use crate::units::{Field, Measure};

/// The columns of `suppliers.csv`. Costs are per KPI; `rank_best` is the probability of being the cheapest; platforms
/// and reasons are parted by `; `.
pub const SUPPLIERS: [&str; 38] = [
    "supplier",
    "platforms",
    "tier",
    "spend",
    "kpi",
    "kpi_count",
    "cost_raw",
    "cost_shrunk",
    "cost_p05",
    "cost_p95",
    "efficiency_crs",
    "efficiency_nirs",
    "efficiency_vrs",
    "rank_expected",
    "rank_p05",
    "rank_p95",
    "rank_best",
    "cap_share",
    "ask_rebate",
    "reasons",
    "rank_top_quartile",
    "rank_group",
    "p_target",
    "tier_alone",
    "tier_before",
    "efficiency_p05",
    "efficiency_p95",
    "approval",
    "approval_p05",
    "approval_p95",
    "light",
    "probe",
    "ask_opening",
    "first_share",
    "retention",
    "efficiency_scale",
    "efficiency_assured",
    "platform_gap",
];

/// The columns of `plan.csv`. Spend is face value over the whole plan; `expected_*` is the KPI over the whole plan,
/// empty without a curve; `incremental_*` is what of it spend is taken to cause; the limits of `limited_by` and the tests of
/// `incremental_tests` are parted by `; `.
pub const PLAN: [&str; 40] = [
    "channel",
    "platform",
    "supplier",
    "account",
    "campaign",
    "currency",
    "reference_spend",
    "spend",
    "change",
    "cash",
    "expected_mean",
    "expected_p10",
    "expected_p50",
    "expected_p90",
    "cost_per",
    "marginal_cost",
    "limited_by",
    "extrapolated",
    "why_not_more",
    "bid_ceiling",
    "bid_ceiling_p10",
    "bid_ceiling_p90",
    "spend_p10",
    "spend_p50",
    "spend_p90",
    "gross_cost_per",
    "net_cost_per",
    "rebate",
    "fee",
    "penalty",
    "tax",
    "carry_in",
    "spent_before",
    "incremental_mean",
    "incremental_p10",
    "incremental_p90",
    "incremental_cost_per",
    "incremental_share_p05",
    "incremental_share_p95",
    "incremental_tests",
];

/// The columns of `plan_daily.csv`. `spend` is the face value of the day and adds up to the plan's line to the cent;
/// `change` is against the day before, on the first day against the budget before the plan; `held_by` is `flight`, `lock` or
/// `step`.
pub const PLAN_DAILY: [&str; 11] = [
    "date", "channel", "platform", "supplier", "account", "campaign", "currency", "spend", "change", "held_by",
    "events",
];

/// The columns of `backtest.csv`. Figures are of the whole window; `last_cost` and `spend_share` are what the rules without
/// a model would have said.
pub const BACKTEST: [&str; 10] =
    ["channel", "start", "spend", "actual", "mean", "p05", "p95", "crps", "last_cost", "spend_share"];

/// `backtest.csv`.
pub fn backtest(backtest: &Backtest) -> Output {
    let row = |window: &Window| {
        let [mean, p05, p95] = window.predicted;
        let figures = [window.spend, window.actual, mean, p05, p95, window.crps, window.last_cost, window.spend_share];
        let names = [cell(&window.label).into_owned(), window.start.to_string()];
        names.into_iter().chain(figures.map(|figure| figure.to_string())).collect()
    };
    table("backtest.csv", &BACKTEST, backtest.windows.iter().map(row))
}

/// `ledger.csv`.
pub fn ledger(ledger: &Ledger) -> Output {
    let mut header = vec!["date"];
    header.extend(Field::ALL.map(Field::name));
    header.push("currency");
    header.extend(Measure::ALL.map(Measure::name));
    header.push("days");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("memory takes every byte");
    let mut text = String::new();
    for entry in &ledger.entries {
        ledger_row(&mut writer, &mut text, entry, ledger.currency.code()).expect("memory takes every byte");
    }
    Output::new("ledger.csv", writer.into_inner().expect("memory takes every byte"))
}

/// Writes an entry field by field, each by way of `text`: a ledger can have millions of them.
fn ledger_row(writer: &mut csv::Writer<Vec<u8>>, text: &mut String, entry: &Entry, code: &str) -> csv::Result<()> {
    let mut write = |writer: &mut csv::Writer<Vec<u8>>, shown: std::fmt::Arguments| {
        text.clear();
        text.write_fmt(shown).expect("a string takes all");
        writer.write_field(&text)
    };
    write(writer, format_args!("{}", entry.date))?;
    for field in Field::ALL {
        writer.write_field(entry.name(field).map(cell).unwrap_or_default().as_ref())?;
    }
    writer.write_field(code)?;
    for measure in Measure::ALL {
        match entry.measure(measure) {
            Some(figure) => write(writer, format_args!("{figure}"))?,
            None => writer.write_field("")?,
        }
    }
    write(writer, format_args!("{}", entry.days))?;
    writer.write_record(None::<&[u8]>)
}

/// `curves.csv`: steady-state KPI per period, the mean and quantiles over the draws.
pub fn curves(fitted: &Fitted) -> Output {
    let header = ["channel", "spend", "mean", "p05", "p50", "p95"];
    table("curves.csv", &header, fitted.channels.iter().flat_map(curve_rows))
}

fn curve_rows(fit: &ChannelFit) -> Vec<Vec<String>> {
    let Ok(curve) = &fit.curve else { return Vec::new() };
    let row = |point: figures::CurvePoint| {
        let figures = [point.spend, point.mean, point.p05, point.p50, point.p95];
        let mut row = vec![words(Some(&fit.channel.label))];
        row.extend(figures.map(|figure| number(Some(figure))));
        row
    };
    figures::curve_points(curve, figures::usual_range(fit)).into_iter().map(row).collect()
}

/// `dictionary.csv`: headers by platform are parted by `; `.
pub fn dictionary(metrics: &[Metric]) -> Output {
    let header = ["metric", "name", "definition", "unit", "formula", "window", "columns"];
    let row = |metric: &Metric| {
        let headers = |(platform, headers): (&String, &BTreeSet<String>)| {
            format!("{platform}: {}", headers.iter().cloned().collect::<Vec<_>>().join(", "))
        };
        let columns: Vec<String> = metric.columns.iter().map(headers).collect();
        let texts = [metric.key, &metric.name, metric.definition, &metric.unit, &metric.formula, &metric.window];
        let mut row: Vec<String> = texts.iter().map(|text| words(Some(text))).collect();
        row.push(words(Some(&columns.join("; "))));
        row
    };
    table("dictionary.csv", &header, metrics.iter().map(row))
}

/// `suppliers.csv`.
pub fn suppliers(scores: &Scorecard) -> Output {
    let rows = scores.suppliers.iter().map(|score| supplier_row(score, scores.kpi.name()));
    table("suppliers.csv", &SUPPLIERS, rows)
}

fn supplier_row(score: &SupplierScore, kpi: &str) -> Vec<String> {
    let (cost, efficiency) = (score.cost_per.as_ref(), score.efficiency.as_ref());
    let rank = score.rank.as_ref();
    let mut row = vec![
        words(score.supplier.as_deref()),
        words(Some(&score.platforms.join("; "))),
        format!("{:?}", score.tier),
        money(Some(score.spend)),
        kpi.to_owned(),
        number(score.registrations),
        number(cost.and_then(|cost| cost.raw)),
        number(cost.and_then(|cost| cost.shrunk)),
        number(cost.map(|cost| cost.p05)),
        number(cost.map(|cost| cost.p95)),
        number(efficiency.map(|efficiency| efficiency.crs)),
        number(efficiency.map(|efficiency| efficiency.nirs)),
        number(efficiency.map(|efficiency| efficiency.vrs)),
        number(rank.map(|rank| rank.expected)),
        number(rank.map(|rank| f64::from(rank.p05))),
        number(rank.map(|rank| f64::from(rank.p95))),
        number(rank.map(|rank| rank.best)),
        number(score.cap_share),
        number(score.ask.as_ref().map(|ask| ask.rebate)),
        words(Some(&score.reasons.join("; "))),
    ];
    row.extend(evidence_cells(score));
    row
}

/// What the scorecard says beyond cost, rank and grade.
fn evidence_cells(score: &SupplierScore) -> [String; 18] {
    let (rank, decision) = (score.rank.as_ref(), &score.decision);
    let efficiency = score.efficiency.as_ref();
    let over = efficiency.and_then(|efficiency| efficiency.interval);
    let approval = score.shares.get("approval");
    let tier = |tier: Option<Tier>| tier.map(|tier| format!("{tier:?}")).unwrap_or_default();
    [
        number(rank.map(|rank| rank.top_quartile)),
        number(rank.map(|rank| f64::from(rank.group))),
        number(decision.p_target),
        tier(decision.alone),
        tier(decision.before),
        number(over.map(|over| over.p05)),
        number(over.map(|over| over.p95)),
        number(approval.map(|share| share.mean)),
        number(approval.map(|share| share.p05)),
        number(approval.map(|share| share.p95)),
        format!("{:?}", score.trust.light).to_lowercase(),
        money(decision.probe),
        number(score.ask.as_ref().map(|ask| ask.opening)),
        number(score.criteria.as_ref().map(|worth| worth.first)),
        number(score.shares.get("retention").map(|share| share.mean)),
        number(efficiency.and_then(|efficiency| efficiency.scale)),
        number(efficiency.map(|efficiency| efficiency.assured)),
        number(efficiency.and_then(|efficiency| efficiency.platform_gap)),
    ]
}

/// `plan.csv`.
pub fn plan(answer: &Answer) -> Output {
    table("plan.csv", &PLAN, answer.lines.iter().map(|line| line_row(line, &answer.currency)))
}

fn line_row(line: &Line, currency: &str) -> Vec<String> {
    let expected = |figure: fn(&Expected) -> f64| number(line.expected.as_ref().map(figure));
    let (bid, interval, moneys) = (line.bid_ceiling, line.interval, line.money.unwrap_or_default());
    let known = |amount: f64| money(line.money.map(|_| amount));
    let mut row = vec![
        words(Some(&line.channel)),
        words(line.platform.as_deref()),
        words(line.supplier.as_deref()),
        words(line.account.as_deref()),
        words(line.campaign.as_deref()),
        currency.to_owned(),
        money(Some(line.reference_spend)),
        money(Some(line.spend)),
        money(Some(figures::change(line))),
        money(Some(line.cash)),
        expected(|expected| expected.mean),
        expected(|expected| expected.p10),
        expected(|expected| expected.p50),
        expected(|expected| expected.p90),
        money(line.cost_per),
        money(line.marginal_cost),
        words(Some(&line.limited_by.join("; "))),
        line.extrapolated.to_string(),
        words(Some(&line.why_not_more)),
        money(bid.map(|bid| bid.cost)),
        money(bid.and_then(|bid| bid.p10)),
        money(bid.and_then(|bid| bid.p90)),
        money(interval.map(|interval| interval.p10)),
        money(interval.map(|interval| interval.p50)),
        money(interval.map(|interval| interval.p90)),
        money(moneys.gross_cost_per),
        money(moneys.net_cost_per),
        known(moneys.rebate),
        known(moneys.fee),
        known(moneys.penalty),
        known(moneys.tax),
        number(line.carry_in.map(|carry| carry.mean)),
        money(line.spent_before),
    ];
    row.extend(caused_cells(line));
    row
}

/// What the line is taken to cause.
fn caused_cells(line: &Line) -> [String; 7] {
    let caused = line.incremental.as_ref();
    [
        number(caused.map(|caused| caused.mean)),
        number(caused.map(|caused| caused.p10)),
        number(caused.map(|caused| caused.p90)),
        money(caused.and_then(|caused| caused.cost_per)),
        number(caused.map(|caused| caused.share.p05)),
        number(caused.map(|caused| caused.share.p95)),
        words(caused.map(|caused| caused.tests.join("; ")).as_deref()),
    ]
}

/// `plan_daily.csv`: day by day, the lines in the plan's order within each day. Without a plan there is its header alone.
pub fn plan_daily(answer: &Answer) -> Output {
    let daily = answer.daily.as_ref();
    let days = daily.map_or(0, |daily| daily.dates.len());
    let rows = (0..days).flat_map(|day| (0..answer.lines.len()).map(move |line| (day, line)));
    let row = |(day, at): (usize, usize)| daily_row(answer, daily?, day, at);
    table("plan_daily.csv", &PLAN_DAILY, rows.filter_map(row))
}

fn daily_row(answer: &Answer, daily: &Daily, day: usize, at: usize) -> Option<Vec<String>> {
    let (line, days) = (&answer.lines[at], daily.lines.get(at)?);
    let before = if day == 0 { days.before } else { days.spend[day - 1] };
    Some(vec![
        daily.dates[day].to_string(),
        words(Some(&line.channel)),
        words(line.platform.as_deref()),
        words(line.supplier.as_deref()),
        words(line.account.as_deref()),
        words(line.campaign.as_deref()),
        answer.currency.clone(),
        money(Some(days.spend[day])),
        money(Some(total([days.spend[day], -before]))),
        days.held[day].name().to_owned(),
        words(Some(&daily.events[day].join("; "))),
    ])
}

pub(super) fn words(text: Option<&str>) -> String {
    text.map(|text| cell(text).into_owned()).unwrap_or_default()
}

/// The shortest decimal that reads back as the same number; empty when absent or not finite.
pub(super) fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default()
}

pub(super) fn money(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map(|value| format!("{value:.2}")).unwrap_or_default()
}

pub(super) fn table(path: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Output {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("memory takes every byte");
    for row in rows {
        writer.write_record(row).expect("memory takes every byte, and rows are as long as the header");
    }
    Output::new(path, writer.into_inner().expect("memory takes every byte"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    fn read(output: &Output) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&output.bytes[..]);
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn the_ledger_is_the_canonical_table_with_exact_decimals() {
        let rows = read(&ledger(&Sample::hostile().ledger));
        let header = "date,platform,supplier,account,campaign,department,currency,spend,spend_cash,impressions,clicks,\
                      reads,entries,registrations,valid_registrations,value,days";
        assert_eq!(rows[0].join(","), header);
        assert_eq!(rows[1].join("|"), "2026-05-01|tencent|'=cmd\\|x||||CNY|10.100001||||||2|||1".replace("\\|", "|"));
    }

    #[test]
    fn a_curve_has_41_spends_and_a_channel_without_one_is_absent() {
        let rows = read(&curves(&Sample::hostile().fitted));
        assert_eq!(rows.len(), 1 + 2 * 41);
        assert_eq!(rows[1][1..3], ["0", "0"].map(String::from));
        assert_eq!(rows[41][1].parse::<f64>().unwrap(), 2.0 * 120.0);
        assert!(rows.iter().all(|row| row[0] != "weibo / 中文"));
    }

    #[test]
    fn formulas_in_names_are_guarded() {
        let sample = Sample::hostile();
        assert_eq!(read(&suppliers(&sample.scores))[1][0], "'=cmd|x");
        assert!(read(&plan(&sample.answer)).iter().any(|row| row[2] == "'=cmd|x"));
    }

    #[test]
    fn plan_lines_add_up_to_the_cent() {
        let sample = Sample::hostile();
        let rows = read(&plan(&sample.answer));
        assert_eq!(rows[0], PLAN);
        let cents = |text: &String| (text.parse::<f64>().unwrap() * 100.0).round() as i64;
        let spent: i64 = rows[1..].iter().map(|row| cents(&row[7])).sum();
        assert_eq!(spent, (sample.answer.budget.spent * 100.0).round() as i64);
    }
}
