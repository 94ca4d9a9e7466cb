//! CSV files: UTF-8, plain numbers, absent is empty. Text that a spreadsheet would take for a formula is guarded.
//!
//! | file | a line is | columns |
//! |---|---|---|
//! | `ledger.csv` | a ledger entry | the canonical table's, then `days`; exact decimals |
//! | `curves.csv` | a spend on a channel's curve | `channel,spend,mean,p05,p50,p95`, per period |
//! | `suppliers.csv` | a supplier | [`SUPPLIERS`] |
//! | `plan.csv` | a plan line | [`PLAN`]; money with 2 decimals |

use super::Output;
use super::figures;
use super::text::cell;
use crate::fit::{ChannelFit, Fitted};
use crate::plan::{Answer, Expected, Line};
use crate::score::{Scorecard, SupplierScore};
use crate::unify::{Entry, Ledger};
use crate::units::{Field, Measure};

/// The columns of `suppliers.csv`. Costs are per KPI; `rank_best` is the probability of being the cheapest; platforms
/// and reasons are parted by `; `.
pub const SUPPLIERS: [&str; 20] = [
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
];

/// The columns of `plan.csv`. Spend is face value over the whole plan; `expected_*` is the KPI over the whole plan,
/// empty without a curve; the limits of `limited_by` are parted by `; `.
pub const PLAN: [&str; 19] = [
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
];

/// `ledger.csv`.
pub fn ledger(ledger: &Ledger) -> Output {
    let mut header = vec!["date"];
    header.extend(Field::ALL.map(Field::name));
    header.push("currency");
    header.extend(Measure::ALL.map(Measure::name));
    header.push("days");
    let currency = ledger.currency.code();
    table("ledger.csv", &header, ledger.entries.iter().map(|entry| entry_row(entry, currency)))
}

fn entry_row(entry: &Entry, currency: &str) -> Vec<String> {
    let mut row = vec![entry.date.to_string()];
    row.extend(Field::ALL.map(|field| words(entry.name(field))));
    row.push(currency.to_owned());
    row.extend(Measure::ALL.map(|measure| entry.measure(measure).map(|figure| figure.to_string()).unwrap_or_default()));
    row.push(entry.days.to_string());
    row
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

/// `suppliers.csv`.
pub fn suppliers(scores: &Scorecard) -> Output {
    let rows = scores.suppliers.iter().map(|score| supplier_row(score, scores.kpi.name()));
    table("suppliers.csv", &SUPPLIERS, rows)
}

fn supplier_row(score: &SupplierScore, kpi: &str) -> Vec<String> {
    let (cost, efficiency) = (score.cost_per.as_ref(), score.efficiency.as_ref());
    let rank = score.rank.as_ref();
    vec![
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
    ]
}

/// `plan.csv`.
pub fn plan(answer: &Answer) -> Output {
    table("plan.csv", &PLAN, answer.lines.iter().map(|line| line_row(line, &answer.currency)))
}

fn line_row(line: &Line, currency: &str) -> Vec<String> {
    let expected = |figure: fn(&Expected) -> f64| number(line.expected.as_ref().map(figure));
    vec![
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
    ]
}

pub(super) fn words(text: Option<&str>) -> String {
    text.map(|text| cell(text).into_owned()).unwrap_or_default()
}

/// The shortest decimal that reads back as the same number; empty when absent or not finite.
pub(super) fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default()
}

fn money(value: Option<f64>) -> String {
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
