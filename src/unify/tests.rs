//! The stage as a whole, from files to a ledger.

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn ledger_of(files: &[(&str, &str)], settings: &str) -> Result<Ledger, (Error, TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let settings = Settings::parse(settings, "outlay.toml", folder.path(), 1).unwrap();
    import::all(&settings).and_then(|batches| ledger(batches, &settings)).map_err(|error| (error, folder))
}

/// One file under `[project]` settings and one source.
fn one(text: &str, project: &str, source: &str) -> Result<Ledger, (Error, TempDir)> {
    let settings = format!("[project]\n{project}\n[[source]]\npath = \"a.csv\"\n{source}");
    ledger_of(
        &[("a.csv", text), ("rates.csv", "date,currency,rate\n2026-01-01,USD,7\n2026-05-02,USD,7.5\n")],
        &settings,
    )
}

fn read(ledger: &Ledger, check: &str) -> Vec<String> {
    ledger.findings.iter().filter(|finding| finding.check == check).map(|finding| finding.message.clone()).collect()
}

#[test]
fn rows_take_what_they_do_not_name_from_their_source() {
    let text = "日期,账户,消耗,曝光量,点击量,注册量\n2026-05-01,a,1,2,3,4\n2026-05-01,,1,2,3,4\n";
    let source = "supplier = \"S\"\naccount = \"b\"\ncampaign = \"june\"\ndepartment = \"growth\"";
    let ledger = one(text, "", source).unwrap();
    let names = |index: usize| ledger.entries[index].names.clone().map(|name| name.unwrap().to_string());
    assert_eq!(names(0), ["tencent", "S", "a", "june", "growth"]);
    assert_eq!(names(1), ["tencent", "S", "b", "june", "growth"]);
    assert_eq!((ledger.sources[0].platform.as_str(), ledger.sources[0].rows), ("tencent", 2));
}

#[test]
fn a_platform_of_the_settings_is_what_rows_get() {
    let text = "日期,消耗,曝光量,点击量\n2026-05-01,1,2,3\n";
    let ledger = one(text, "", "platform = \"Guangdiantong\"").unwrap();
    assert_eq!(ledger.entries[0].name(Field::Platform), Some("Guangdiantong"));
}

#[test]
fn amounts_are_converted_by_the_rate_of_their_day_and_counts_are_not() {
    let text =
        "date,platform,currency,spend,clicks\n2026-05-01,x,USD,10,1\n2026-05-02,x,USD,10,1\n2026-05-02,x,CNY,10,1\n";
    let ledger = one(text, "rates = \"rates.csv\"", "").unwrap();
    let spends: Vec<f64> = ledger.entries.iter().map(|entry| entry.spend().to_f64()).collect();
    assert_eq!(spends, [70.0, 85.0]);
    assert_eq!(ledger.entries[1].measure(Measure::Clicks), Some(Micros::new(2_000_000)));
    assert_eq!(read(&ledger, "unify.currencies").len(), 1);
    assert_eq!(ledger.sources[0].spend, 155.0);
}

#[test]
fn an_amount_without_a_rate_is_refused_with_the_ways_to_decide() {
    let text = "date,platform,Amount (x),spend (USD)\n2025-05-01,x,1,10\n";
    for project in ["", "rates = \"rates.csv\""] {
        let (error, folder) = one(text, project, "").unwrap_err();
        assert_eq!(error.kind, Kind::Input);
        let text = error.to_string().replace(&format!("{}/", folder.path().display()), "");
        let expected = "error: a.csv:2: an amount in USD, without a rate into CNY on or before 2025-05-01\nhelp: give";
        assert!(text.starts_with(expected), "{text}");
    }
    assert!(one(text, "currency = \"USD\"", "").is_ok());
}

#[test]
fn absent_stays_absent_when_rows_are_summed() {
    let text = "date,platform,spend,clicks,reads\n2026-05-01,x,1,,\n2026-05-01,x,2,5,\n";
    let entry = &one(text, "", "").unwrap().entries[0];
    assert_eq!(entry.measure(Measure::Clicks), Some(Micros::new(5_000_000)));
    assert_eq!((entry.measure(Measure::Reads), entry.spend()), (None, Micros::new(3_000_000)));
}

#[test]
fn files_are_told_as_read_and_rows_as_used() {
    let text = "date,platform,spend\n2026-05-01,x,5\n2026-05-01,y,-1\n2026-05-01,x,5\n";
    let ledger = one(text, "", "bad_rows = \"skip\"\nduplicates = \"drop\"").unwrap();
    assert_eq!((ledger.sources[0].spend, ledger.sources[0].rows), (9.0, 3));
    assert_eq!((ledger.rows.read, ledger.rows.used), (3, 1));
    let reasons: Vec<(&str, u64)> = ledger.rows.skipped.iter().map(|skip| (skip.reason.as_str(), skip.count)).collect();
    assert_eq!(reasons, [("below zero", 1), ("exact duplicate", 1)]);
    assert!(ledger.rows.skipped[0].examples[0].ends_with("a.csv:3"));
}

/// Two exports of May by sources with further settings, and the spend of their ledger.
fn two_exports(first: &str, second: &str, sources: [&str; 2]) -> (Ledger, f64) {
    let settings: String =
        ["a", "b"].iter().zip(sources).map(|(n, s)| format!("[[source]]\npath = \"{n}.csv\"\n{s}\n")).collect();
    let ledger = ledger_of(&[("a.csv", first), ("b.csv", second)], &settings).unwrap();
    let spend = ledger.entries.iter().map(|entry| entry.spend().to_f64()).sum();
    (ledger, spend)
}

const FIRST: &str = "date,platform,account,campaign,spend,registrations\n\
                     2026-05-01,x,a,c,10,1\n2026-05-02,x,a,c,20,2\n2026-05-02,x,a,gone,5,\n2026-05-02,x,b,c,7,1\n";
const SECOND: &str =
    "date,platform,account,campaign,spend,registrations\n2026-05-02,x,a,c,21,4\n2026-05-03,x,a,c,30,3\n";

#[test]
fn a_later_export_replaces_the_rows_of_the_same_names() {
    let (ledger, spend) = two_exports(FIRST, SECOND, ["", ""]);
    assert_eq!((spend, ledger.rows.read, ledger.rows.used), (10.0 + 5.0 + 7.0 + 21.0 + 30.0, 6, 5));
    let told = read(&ledger, "unify.restated").remove(0);
    assert!(told.starts_with("1 day from 2026-05-02 to 2026-05-02 replaced by those of "), "{told}");
    assert!(told.ends_with("b.csv: spend 20 → 21, registrations 2 → 4"), "{told}");
    assert_eq!(ledger.rows.skipped[0].reason, "replaced by a later export");
    assert!(ledger.rows.skipped[0].examples[0].ends_with("a.csv:3"));
}

#[test]
fn as_of_tells_which_export_is_later_and_replaces_the_accounts_day() {
    let (early, late) = ("as_of = \"2026-05-03\"", "as_of = \"2026-05-04\"");
    let (ledger, spend) = two_exports(FIRST, SECOND, [early, late]);
    assert_eq!(spend, 10.0 + 7.0 + 21.0 + 30.0, "the campaign that is gone is gone");
    assert!(read(&ledger, "unify.restated")[0].ends_with("spend 25 → 21, registrations 2 → 4"));
    let (_, spend) = two_exports(FIRST, SECOND, [late, early]);
    assert_eq!(spend, 10.0 + 20.0 + 5.0 + 7.0 + 30.0);
    let (ledger, spend) = two_exports(FIRST, SECOND, [early, "overlap = \"add\""]);
    assert_eq!((spend, read(&ledger, "unify.restated").len()), (93.0, 0));
}

#[test]
fn what_nobody_can_tell_apart_counts_and_is_said() {
    let unnamed = "date,platform,spend\n2026-05-01,x,1\n";
    let other = "date,platform,spend\n2026-05-01,x,2\n";
    let (ledger, spend) = two_exports(unnamed, other, ["", ""]);
    assert_eq!((spend, read(&ledger, "unify.overlap").len()), (3.0, 1));
    let total = "date,platform,account,spend\n2026-05-02,x,a,26\n";
    let (ledger, spend) = two_exports(FIRST, total, ["", ""]);
    assert_eq!(spend, 42.0 + 26.0);
    assert!(read(&ledger, "unify.overlap")[0].contains("in other columns: both count"));
    let elsewhere = FIRST.replace(",a,", ",z,").replace(",b,", ",y,");
    let (ledger, spend) = two_exports(FIRST, &elsewhere, ["", ""]);
    assert_eq!((spend, read(&ledger, "unify.overlap").len()), (84.0, 0));
}

#[test]
fn two_mappings_of_one_file_both_count() {
    let wide = "date,account,x,y\n2026-05-01,a,1,2\n";
    let mapped = |column: &str| format!("platform = \"p\"\ncolumns = {{ spend = \"{column}\" }}");
    let (ledger, spend) = two_exports(wide, wide, [&mapped("x"), &mapped("y")]);
    assert_eq!((spend, read(&ledger, "unify.restated").len(), read(&ledger, "unify.same_file").len()), (3.0, 0, 0));
}

#[test]
fn two_parts_of_one_file_both_count() {
    let text = "date,name,spend\n2026-05-01,a,1\n2026-05-01,b,2\n";
    let source =
        |name: &str| format!("[[source]]\npath = \"a.csv\"\nplatform = \"x\"\nwhere = {{ name = \"{name}\" }}\n");
    let ledger = of(&[("a.csv", text)], &(source("a") + &source("b")));
    assert_eq!(ledger.entries.iter().map(|entry| entry.spend().to_f64()).sum::<f64>(), 3.0);
    let twice = of(&[("a.csv", text)], &(source("a") + &source("a")));
    assert_eq!(twice.entries.iter().map(|entry| entry.spend().to_f64()).sum::<f64>(), 1.0);
}

#[test]
fn spellings_time_zones_and_a_file_read_twice_are_findings() {
    let text = "date,channel,spend\n2026-05-01,Google Ads,5\n2026-05-01,google ads,1\n";
    let source = "[[source]]\npath = \"a.csv\"\ntimezone = \"UTC\"\n";
    let ledger = ledger_of(&[("a.csv", text)], &format!("{source}{source}")).unwrap();
    assert_eq!(read(&ledger, "unify.spelling"), ["2 spellings of one platform: `Google Ads`, `google ads`"]);
    assert_eq!((read(&ledger, "unify.timezone").len(), read(&ledger, "unify.same_file").len()), (2, 1));
    assert_eq!(ledger.sources[0].platform, "mixed");
    assert_eq!((ledger.entries[0].spend(), ledger.rows.read, ledger.rows.used), (Micros::new(5_000_000), 4, 2));
}

#[test]
fn no_row_left_is_nothing_to_do() {
    let (error, _) = one("date,platform,spend\n2026-05-01,x,-5\n", "", "bad_rows = \"skip\"").unwrap_err();
    assert_eq!(error.kind, Kind::Nothing);
    assert!(error.to_string().starts_with("error: none of 1 rows is left (below zero: 1)"), "{error}");
}

/// The ledger of files under settings whose text is whole.
fn of(files: &[(&str, &str)], settings: &str) -> Ledger {
    ledger_of(files, settings).unwrap_or_else(|(error, _)| panic!("{error}"))
}

#[test]
fn aliases_and_conventions_name_the_rows() {
    let aliases = "field,match,name,means\nsupplier,exact,north wind,Northwind\nplatform,exact,tencent,Guangdiantong\n";
    let text = "日期,账户,推广计划名称,消耗,曝光量,点击量\n2026-05-01,a,growth_North Wind_video,1,2,3\n2026-05-01,a,other,1,2,3\n";
    let settings = "[names]\naliases = \"aliases.csv\"\ncampaign = \"{department}_{supplier}_{format}\"\n[[source]]\npath = \"a.csv\"\n";
    let ledger = of(&[("a.csv", text), ("aliases.csv", aliases)], settings);
    let names: Vec<_> =
        ledger.entries.iter().map(|e| Field::ALL.map(|field| e.name(field).unwrap_or("-").to_owned())).collect();
    assert_eq!(names[0], ["Guangdiantong", "-", "a", "other", "-"]);
    assert_eq!(names[1], ["Guangdiantong", "Northwind", "a", "growth_North Wind_video", "growth"]);
    assert_eq!(read(&ledger, "unify.aliases").len(), 2);
    let told = &read(&ledger, "unify.convention")[0];
    assert!(told.starts_with("1 of 2 campaign names follow") && told.ends_with("not `other`"), "{told}");
}

#[test]
fn restated_days_tell_the_delay() {
    let row = |day: i32, count: i32| format!("2026-05-{day:02},meta,a,100,{count}\n");
    let header = "date,platform,account,spend,registrations\n";
    let early: String = (1..=8).map(|day| row(day, 100)).chain([row(9, 90), row(10, 40)]).collect();
    let late: String = (1..=14).map(|day| row(day, 100)).collect();
    let files = [("a.csv", format!("{header}{early}")), ("b.csv", format!("{header}{late}"))];
    let files = [(files[0].0, files[0].1.as_str()), (files[1].0, files[1].1.as_str())];
    let settings =
        "[[source]]\npath = \"a.csv\"\nas_of = \"2026-05-10\"\n[[source]]\npath = \"b.csv\"\nas_of = \"2026-05-14\"\n";
    let ledger = of(&files, settings);
    let days: Vec<i8> =
        ledger.entries.iter().filter(|entry| ledger.is_late(entry)).map(|entry| entry.date.day()).collect();
    assert_eq!(days, [13, 14], "a day of age 0 had 40 %, one of age 1 90 %");
    assert!(read(&ledger, "unify.late")[0].contains("0: 40 %, 1: 90 %, 2: 100 %"), "{:?}", read(&ledger, "unify.late"));
    let given = of(&files, &format!("[late]\ndays = 1\n{settings}"));
    assert_eq!(given.entries.iter().filter(|entry| given.is_late(entry)).count(), 1);
}

#[test]
fn conversions_of_two_datings_are_not_mixed_in_silence() {
    let ocean = |header: &str| format!("日期,项目名称,消耗,展示数,点击数,{header}\n2026-05-01,c,12.5,100,5,9\n");
    let (event, billed) = (ocean("转化数"), ocean("转化数(计费时间)").replace("05-01", "05-02"));
    let source = "[[source]]\npath = \"*.csv\"\naccount = \"a\"\n";
    let ledger = of(&[("a.csv", &event), ("b.csv", &billed)], source);
    let found: Vec<_> = ledger.findings.iter().filter(|f| f.check == "unify.basis").map(|f| f.severity).collect();
    assert_eq!(found, [crate::check::Severity::Fail, crate::check::Severity::Review]);
    assert!(read(&of(&[("a.csv", &event)], source), "unify.basis").is_empty());
}

#[test]
fn screened_leads_stand_beside_registrations() {
    let text = "date,platform,campaign,spend,registrations\n2026-05-01,x,c1,10,5\n2026-05-01,x,c2,10,\n2026-05-02,x,c1,10,1\n2026-05-03,x,c1,9,1\n2026-05-01,x,c9,9,1\n";
    let leads =
        "date,campaign,mail\n2026-05-01,c1,a\n2026-05-01,c1,a\n2026-05-01,c2,b\n2026-05-02,c2,d\n2026-05-02,c3,d\n";
    let settings = "[leads]\npath = \"leads.csv\"\n[[leads.screen]]\nname = \"again\"\ncolumn = \"mail\"\nunique = true\n[[source]]\npath = \"a.csv\"\n";
    let ledger = of(&[("a.csv", text), ("leads.csv", leads)], settings);
    let figure = |entry: &Entry, measure| entry.measure(measure).map(|count| count.get() / 1_000_000);
    let found: Vec<_> = ledger
        .entries
        .iter()
        .map(|e| {
            (
                e.date.day(),
                e.name(Field::Campaign).unwrap(),
                figure(e, Measure::Registrations),
                figure(e, Measure::ValidRegistrations),
            )
        })
        .collect();
    let expected = [
        (1, "c1", Some(5), Some(1)),
        (1, "c2", Some(1), Some(1)),
        (1, "c9", Some(1), None),
        (2, "c1", Some(1), Some(0)),
        (3, "c1", Some(1), None),
    ];
    assert_eq!(found, expected);
    let told = read(&ledger, "unify.leads");
    assert!(told[0].starts_with("3 of 5 leads are valid; round 1, again: 2 ("), "{told:?}");
    assert!(told[1].starts_with("2 leads, 1 of them valid, belong to nobody"), "{told:?}");
}

/// A day of May, one of three suppliers, spend in cents, in dollars or not.
type Line = (i8, u8, u32, bool);

fn text(rows: &[Line]) -> String {
    let line = |(day, supplier, cents, usd): &Line| {
        let currency = if *usd { "USD" } else { "CNY" };
        format!("2026-05-{day:02},s{supplier},{currency},{}.{:02}\n", cents / 100, cents % 100)
    };
    "date,supplier,currency,spend\n".to_owned() + &rows.iter().map(line).collect::<String>()
}

fn entries(rows: &[Line]) -> Vec<Entry> {
    one(&text(rows), "rates = \"rates.csv\"", "").unwrap().entries
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn neither_the_order_of_rows_nor_splitting_one_changes_anything(
        rows in prop::collection::vec((1i8..5, 0u8..3, 0u32..100_000, any::<bool>()), 1..20),
        at in any::<prop::sample::Index>(),
        part in 0.0..1.0f64,
    ) {
        let expected = entries(&rows);
        let mut split = rows.clone();
        let (day, supplier, cents, usd) = split.remove(at.index(rows.len()));
        let first = (f64::from(cents) * part) as u32;
        split.insert(0, (day, supplier, first, usd));
        split.push((day, supplier, cents - first, usd));
        split.reverse();
        prop_assert_eq!(entries(&split), expected);
    }

    #[test]
    fn one_file_or_two_give_the_same_ledger(
        rows in prop::collection::vec((1i8..5, 0u8..3, 0u32..100_000, any::<bool>()), 2..20),
        at in any::<prop::sample::Index>(),
    ) {
        let (first, second) = rows.split_at(1 + at.index(rows.len() - 1));
        prop_assume!(first != second); // the same file twice counts once
        let rates = ("rates.csv", "date,currency,rate\n2026-01-01,USD,7.123456\n");
        let settings = "[project]\nrates = \"rates.csv\"\n[[source]]\npath = \"[ab].csv\"\n";
        let of = |files: &[(&str, &str)]| ledger_of(files, settings).unwrap().entries;
        let whole = of(&[("a.csv", &text(&rows)), rates]);
        prop_assert_eq!(of(&[("a.csv", &text(first)), ("b.csv", &text(second)), rates]), whole);
    }
}
