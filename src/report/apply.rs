//! Apply sheets: what an operator sets, one file a platform, old and new daily budgets side by side.
//!
//! Days of one budget are one row: from when to when, and how much a day. Each day's money is divided among the accounts
//! and campaigns that the line's recent rows name, by their spend there, to the cent. Days are those of `plan_daily.csv`,
//! in the platforms' steps where the plan keeps them; where a plan read back has none, with `T` cents over `D` days the
//! daily budget is `T ÷ D` rounded down, and the last day takes what is left. So rows add up to the plan exactly.
//!
//! Where a platform takes budgets in bulk, the columns of its tool come first, under its own names (`data/apply/`).

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use serde::Deserialize;

use super::statement::{apportioned, funnel};
use super::{Output, Results, csv, text};
use crate::plan::{Answer, Line};
use crate::units::{Field, Measure};

/// outlay's own columns, after those of the platform's tool.
pub const COLUMNS: [&str; 14] = [
    "platform",
    "supplier",
    "account",
    "campaign",
    "currency",
    "first_day",
    "last_day",
    "old_daily_budget",
    "new_daily_budget",
    "change",
    "change_share",
    "row_budget",
    "plan_line",
    "limited_by",
];

/// What one account or campaign gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The platform; absent where neither line nor rows name one.
    pub platform: Option<String>,
    /// The supplier.
    pub supplier: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// The campaign.
    pub campaign: Option<String>,
    /// Reference spend a day.
    pub old_daily: f64,
    /// First day of the new budget.
    pub first: Date,
    /// Its last day, included.
    pub last: Date,
    /// New daily budget.
    pub new_daily: f64,
    /// All of the row's days together.
    pub total: f64,
    /// The plan line that it is of.
    pub line: usize,
}

/// How a platform's tool wants its budgets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    platform: String,
    #[allow(dead_code, reason = "for readers of the file")]
    tool: String,
    #[allow(dead_code, reason = "for readers of the file")]
    as_of: String,
    #[allow(dead_code, reason = "for readers of the file")]
    source: String,
    columns: Vec<ToolColumn>,
    #[serde(default)]
    #[allow(dead_code, reason = "for readers of the file")]
    note: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolColumn {
    header: String,
    holds: Option<Holds>,
    says: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Holds {
    Account,
    Campaign,
    CampaignId,
    Daily,
    Start,
    End,
    Currency,
}

const TOOLS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/apply.rs"));

fn tool(platform: &str) -> Option<Tool> {
    let read = |text: &str| toml::from_str::<Tool>(text).expect("part of the program, and a test reads it");
    TOOLS.iter().map(|(_, text)| read(text)).find(|tool| tool.platform == platform)
}

/// One file a platform; none without a plan.
pub fn sheets(results: &Results) -> Vec<Output> {
    let mut platforms: BTreeMap<Option<String>, Vec<Row>> = BTreeMap::new();
    for row in rows(results) {
        platforms.entry(row.platform.clone()).or_default().push(row);
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut named = |platform: &Option<String>| {
        let slug = platform.as_deref().map(slug).filter(|slug| !slug.is_empty()).unwrap_or_else(|| "other".into());
        let times = taken.entry(slug.clone()).or_insert(0);
        *times += 1;
        if *times == 1 { format!("apply/{slug}.csv") } else { format!("apply/{slug}-{times}.csv") }
    };
    platforms.iter().map(|(platform, rows)| sheet(&named(platform), results, platform.as_deref(), rows)).collect()
}

/// The name of a platform as a file's, in its own script.
fn slug(platform: &str) -> String {
    let kept = platform.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' });
    text::shorten(&kept.collect::<String>(), 40).trim_matches(['-', '…']).to_owned()
}

fn sheet(path: &str, results: &Results, platform: Option<&str>, rows: &[Row]) -> Output {
    let tool = platform.and_then(tool);
    let columns = tool.map(|tool| tool.columns).unwrap_or_default();
    let header: Vec<&str> = columns.iter().map(|column| column.header.as_str()).chain(COLUMNS).collect();
    csv::table(path, &header, rows.iter().map(|row| cells(results, &columns, row)))
}

fn cells(results: &Results, columns: &[ToolColumn], row: &Row) -> Vec<String> {
    let Some(answer) = results.answer else { return Vec::new() };
    let line = &answer.lines[row.line];
    let has_ids = columns.iter().any(|column| column.holds == Some(Holds::CampaignId));
    let own = |column: &ToolColumn| match column.holds {
        Some(Holds::Account) => csv::words(row.account.as_deref()),
        // where the tool goes by IDs, a name that is one is not the name to set
        Some(Holds::Campaign) => csv::words(row.campaign.as_deref().filter(|name| !(has_ids && is_id(name)))),
        Some(Holds::CampaignId) => csv::words(row.campaign.as_deref().filter(|name| is_id(name))),
        Some(Holds::Daily) => csv::money(Some(row.new_daily)),
        Some(Holds::Start) => row.first.to_string(),
        Some(Holds::End) => row.last.to_string(),
        Some(Holds::Currency) => answer.currency.clone(),
        None => column.says.clone().unwrap_or_default(),
    };
    let change = row.new_daily - row.old_daily;
    let share = if row.old_daily > 0.0 { format!("{:.4}", change / row.old_daily) } else { String::new() };
    let mut cells: Vec<String> = columns.iter().map(own).collect();
    cells.extend([&row.platform, &row.supplier, &row.account, &row.campaign].map(|name| csv::words(name.as_deref())));
    cells.extend([answer.currency.clone(), row.first.to_string(), row.last.to_string()]);
    cells.extend([row.old_daily, row.new_daily, change].map(|money| csv::money(Some(money))));
    cells.push(share);
    cells.push(csv::money(Some(row.total)));
    cells.extend([csv::words(Some(&line.channel)), csv::words(Some(&line.limited_by.join("; ")))]);
    cells
}

/// Whether an export named the campaign by its ID: platforms count theirs in long rows of digits.
fn is_id(campaign: &str) -> bool {
    campaign.len() >= 6 && campaign.bytes().all(|byte| byte.is_ascii_digit())
}

/// What every account and campaign gets, line by line, day after day.
pub fn rows(results: &Results) -> Vec<Row> {
    let Some(answer) = results.answer else { return Vec::new() };
    let lines = funnel::rows(results, answer);
    let divided = |(at, rows): (usize, &funnel::Rows)| divided(answer, at, rows);
    lines.iter().enumerate().flat_map(divided).collect()
}

/// Days of one budget: from, to, and cents a day.
type Stretch = (Date, Date, i64);

/// A line's cents on each of the plan's days.
pub(super) fn by_day(answer: &Answer, line: &Line) -> Vec<(Date, i64)> {
    let (Ok(start), Ok(end)) = (answer.period.start.parse::<Date>(), answer.period.end.parse::<Date>()) else {
        return Vec::new();
    };
    if let Some((dates, spend)) = laid_out(answer, line) {
        return dates.iter().copied().zip(spend.iter().map(|spend| cents(*spend))).collect();
    }
    let days: Vec<Date> = start.series(Span::new().days(1)).take_while(|day| *day <= end).collect();
    let whole = cents(line.spend);
    let daily = whole / days.len() as i64;
    let last = whole - daily * (days.len() as i64 - 1);
    let budget = |(at, day): (usize, &Date)| (*day, if at + 1 == days.len() { last } else { daily });
    days.iter().enumerate().map(budget).collect()
}

/// The line's days as the plan lays them out, where it does and they add up to the line.
fn laid_out<'a>(answer: &'a Answer, line: &Line) -> Option<(&'a [Date], &'a [f64])> {
    let daily = answer.daily.as_ref()?;
    let days = daily.lines.iter().find(|days| days.channel == line.channel)?;
    let sum: i64 = days.spend.iter().map(|spend| cents(*spend)).sum();
    (sum == cents(line.spend)).then_some((&daily.dates[..], &days.spend[..]))
}

/// Days after each other of the same budget as one.
fn joined(days: impl Iterator<Item = (Date, i64)>) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (day, budget) in days {
        match stretches.last_mut() {
            Some(last) if last.2 == budget => last.1 = day,
            _ => stretches.push((day, day, budget)),
        }
    }
    stretches
}

fn cents(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}

/// A line's recent rows by whom they belong to, with their spend.
fn groups(line: &Line, rows: &funnel::Rows) -> BTreeMap<[Option<String>; 4], f64> {
    let own = [&line.platform, &line.supplier, &line.account, &line.campaign];
    let mut groups: BTreeMap<[Option<String>; 4], f64> = BTreeMap::new();
    for entry in &rows.0 {
        let name = |field: Field| own[field.index()].clone().or_else(|| funnel::named(entry, field));
        let names = [Field::Platform, Field::Supplier, Field::Account, Field::Campaign].map(name);
        *groups.entry(names).or_default() += entry.measure(Measure::Spend).map_or(0.0, |spend| spend.to_f64());
    }
    if groups.is_empty() {
        groups.insert(own.map(Clone::clone), 1.0);
    }
    groups
}

fn divided(answer: &Answer, at: usize, rows: &funnel::Rows) -> Vec<Row> {
    let line = &answer.lines[at];
    let stretches = joined(by_day(answer, line).into_iter());
    let groups = groups(line, rows);
    let weights: Vec<f64> = groups.values().copied().collect();
    let days = |first: Date, last: Date| first.until(last).map_or(1, |span| i64::from(span.get_days()) + 1);
    let plan_days = stretches.first().zip(stretches.last()).map_or(1, |(first, last)| days(first.0, last.1));
    let old = apportioned(cents(line.reference_spend), &weights);
    let new: Vec<Vec<i64>> = stretches.iter().map(|stretch| apportioned(stretch.2, &weights)).collect();
    let row = |(part, names): (usize, &[Option<String>; 4]), stretch: usize| {
        let [platform, supplier, account, campaign] = names.clone();
        let (first, last, _) = stretches[stretch];
        let daily = new[stretch][part];
        let old_daily = (old[part] as f64 / plan_days as f64).round() / 100.0;
        let (new_daily, total) = (daily as f64 / 100.0, (daily * days(first, last)) as f64 / 100.0);
        Row { platform, supplier, account, campaign, old_daily, first, last, new_daily, total, line: at }
    };
    let stretches = 0..stretches.len();
    groups
        .keys()
        .enumerate()
        .flat_map(|group| stretches.clone().map(move |stretch| (group, stretch)))
        .map(|(g, s)| row(g, s))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;
    use crate::unify::Entry;
    use crate::units::Micros;

    fn sample() -> Sample {
        let mut sample = Sample::rich();
        let entry = |account: &str, campaign: &str, spend: f64| {
            let names = [Some("weibo".into()), Some("Delta".into()), Some(account.into()), Some(campaign.into()), None];
            let mut entry =
                Entry { date: jiff::civil::date(2026, 5, 30), days: 1, names, measures: Default::default() };
            entry.measures[Measure::Spend.index()] = Micros::from_f64(spend);
            entry
        };
        sample.ledger.entries = vec![entry("=a", "x", 2.0), entry("b", "y", 1.0), entry("b", "z", 0.0)];
        sample
    }

    fn read(output: &Output) -> Vec<Vec<String>> {
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&output.bytes[..]);
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn days_add_up_to_the_plan_to_the_cent() {
        let sample = sample();
        let rows = rows(&sample.results());
        for (at, line) in sample.answer.lines.iter().enumerate() {
            let own: Vec<&Row> = rows.iter().filter(|row| row.line == at).collect();
            let days: i64 = own.iter().map(|row| cents(row.total)).sum();
            assert_eq!(days, cents(line.spend), "{}", line.channel);
            let length = |row: &Row| i64::from(row.first.until(row.last).unwrap().get_days()) + 1;
            assert!(own.iter().all(|row| cents(row.new_daily) * length(row) == cents(row.total)));
        }
        let delta: Vec<_> = rows.iter().filter(|row| row.platform.as_deref() == Some("weibo")).collect();
        assert_eq!(
            delta.iter().map(|row| row.campaign.as_deref()).collect::<Vec<_>>(),
            [Some("x"), Some("y"), Some("z")]
        );
        assert!((delta[0].new_daily / delta[1].new_daily - 2.0).abs() < 1e-3 && delta[2].total == 0.0);
    }

    #[test]
    fn there_is_a_file_a_platform_and_names_are_guarded() {
        let sheets = sheets(&sample().results());
        let weibo = sheets.iter().find(|sheet| sheet.path == "apply/weibo.csv").unwrap();
        let rows = read(weibo);
        assert_eq!(rows[0], COLUMNS);
        assert_eq!(rows[1][2], "'=a");
        let platforms: std::collections::BTreeSet<_> = sheets.iter().map(|sheet| sheet.path.clone()).collect();
        assert_eq!(platforms.len(), sheets.len());
    }

    #[test]
    fn a_platform_with_a_bulk_upload_has_its_own_columns_first() {
        let mut sample = sample();
        for line in &mut sample.answer.lines {
            line.platform = Some("google_ads".into());
        }
        let sheets = sheets(&sample.results());
        let rows = read(&sheets[0]);
        assert_eq!(sheets[0].path, "apply/google_ads.csv");
        assert_eq!(rows[0][..5], ["Account", "Campaign", "Budget", "Budget type", "platform"]);
        assert_eq!(rows[1][3], "Daily");
    }

    /// An update goes by the campaign's ID; where the export gave the name, the place of the ID stays open.
    #[test]
    fn a_campaign_that_is_an_id_stands_under_the_id() {
        let mut sample = sample();
        for line in &mut sample.answer.lines {
            line.platform = Some("amazon_ads".into());
        }
        sample.ledger.entries[0].names[Field::Campaign.index()] = Some("220311234567".into());
        for entry in &mut sample.ledger.entries {
            entry.names[Field::Platform.index()] = Some("weibo".into());
        }
        let sheets = sheets(&sample.results());
        let rows = read(&sheets[0]);
        let head = ["Product", "Entity", "Operation", "Campaign ID", "Campaign Name", "Daily Budget", "platform"];
        assert_eq!(rows[0][..7], head);
        let named = |id: &str, name: &str| rows.iter().any(|row| row[2] == "Update" && row[3] == id && row[4] == name);
        assert!(named("220311234567", "") && named("", "y"), "{rows:?}");
    }

    #[test]
    fn every_tool_can_be_read_and_names_its_file() {
        for (name, text) in TOOLS {
            let tool: Tool = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(tool.platform, *name);
            assert!(tool.columns.iter().all(|column| column.holds.is_some() != column.says.is_some()), "{name}");
            assert!(tool.columns.iter().any(|column| column.holds == Some(Holds::Daily)), "{name}");
        }
    }
}
