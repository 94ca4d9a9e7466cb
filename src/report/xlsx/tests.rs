use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};

use super::*;
use crate::report::actual::actuals;
use crate::report::sample::Sample;
use crate::report::statement::statement;
use crate::unify::Entry;
use crate::units::{Measure, Micros};

fn written(results: &Results, lang: Lang) -> Vec<u8> {
    let statement = statement(results);
    let actuals = actuals(results, results.ledger, statement.as_ref());
    workbook(results, statement.as_ref(), actuals.as_ref(), lang).unwrap().bytes
}

fn open(sample: &Sample, lang: Lang) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(written(&sample.results(), lang))).unwrap()
}

/// The values of a sheet, row by row.
fn rows(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<Vec<Data>> {
    book.worksheet_range(sheet).unwrap().rows().map(<[Data]>::to_vec).collect()
}

fn formulas(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<String> {
    book.worksheet_formula(sheet).unwrap().cells().map(|(_, _, formula)| formula.clone()).collect()
}

fn number(data: &Data) -> f64 {
    match data {
        Data::Float(number) => *number,
        Data::String(text) => text.parse().unwrap(),
        other => panic!("{other:?} is not a number"),
    }
}

/// The row of a sheet that begins with `name`.
fn row_of(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str, name: &str) -> Vec<Data> {
    let found = rows(book, sheet).into_iter().find(|row| row[0] == Data::String(name.into()));
    found.unwrap_or_else(|| panic!("no row `{name}` in {sheet}"))
}

#[test]
fn every_language_opens_and_has_its_sheets() {
    for lang in Lang::ALL {
        assert_eq!(open(&Sample::hostile(), lang).sheet_names().len(), 16, "{}", lang.name());
    }
    let names = open(&Sample::rich(), Lang::En).sheet_names();
    let expected = [
        "Cover",
        "Summary",
        "Allocation",
        "Input–output",
        "Splits",
        "Departments",
        "Scenarios",
        "How sure the amounts are",
        "Day by day",
        "Plan vs actual",
        "Accrual & rebate",
        "Suppliers",
        "Assumptions",
        "Curves",
        "Data quality",
        "Audit",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_allocation_ties_to_the_plan_to_the_cent() {
    let sample = Sample::rich();
    let mut book = open(&sample, Lang::En);
    let total = row_of(&mut book, "Allocation", "Total");
    assert!((number(&total[6]) - sample.answer.budget.spent).abs() < 0.005);
    let days = row_of(&mut book, "Day by day", "Total");
    assert!((number(&days[1]) - sample.answer.budget.spent).abs() < 0.005);
    assert_eq!(number(&row_of(&mut book, "Summary", "Checks")[1]), 0.0);
    let names = book.defined_names();
    assert!(names.iter().any(|(name, place)| name == "checks" && place.contains("$B$4")), "{names:?}");
}

#[test]
fn totals_and_ratios_are_formulas() {
    let mut book = open(&Sample::rich(), Lang::En);
    let allocation = formulas(&mut book, "Allocation");
    for wanted in ["SUM(G", "G5-F5", "G5/K5"] {
        assert!(allocation.iter().any(|formula| formula.contains(wanted)), "{wanted}: {allocation:?}");
    }
    for sheet in ["Summary", "Input–output"] {
        assert!(formulas(&mut book, sheet).iter().any(|formula| formula.contains("'Allocation'!G")), "{sheet}");
    }
}

#[test]
fn formulas_in_names_are_guarded() {
    let mut book = open(&Sample::hostile(), Lang::En);
    let mut seen = Vec::new();
    for sheet in book.sheet_names() {
        for data in rows(&mut book, &sheet).into_iter().flatten() {
            if let Data::String(text) = data {
                assert!(!text.starts_with(['=', '@', '+', '-', '\t', '\r']), "{sheet}: {text:?}");
                assert!(!text.contains(['\n', '\r', '\u{202E}']), "{sheet}: {text:?}");
                seen.push(text);
            }
        }
    }
    assert!(seen.iter().any(|text| text == "'=cmd|x"));
}

#[test]
fn a_conflict_and_a_run_without_a_plan_have_a_workbook() {
    let mut sample = Sample::hostile();
    sample.contradict();
    let summary = rows(&mut open(&sample, Lang::Ja), "概要");
    assert!(summary.iter().flatten().any(|data| data.to_string().contains("tencent <b>floor</b>")));
    let results = Results { answer: None, ..sample.results() };
    let book = Xlsx::new(Cursor::new(written(&results, Lang::En))).unwrap();
    assert_eq!(book.sheet_names().len(), 7);
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let sample = Sample::rich();
    assert_eq!(written(&sample.results(), Lang::En), written(&sample.results(), Lang::En));
}

#[test]
fn prices_of_media_are_formulas_and_what_is_not_reported_stays_blank() {
    let mut sample = Sample::rich();
    let names = [Some("weibo".into()), Some("Delta".into()), None, None, None];
    let mut entry = Entry { date: jiff::civil::date(2026, 6, 1), days: 1, names, measures: Default::default() };
    let figures = [
        (Measure::Spend, 100.0),
        (Measure::Impressions, 10_000.0),
        (Measure::Clicks, 200.0),
        (Measure::Registrations, 4.0),
    ];
    figures.iter().for_each(|(measure, figure)| entry.measures[measure.index()] = Micros::from_f64(*figure));
    sample.ledger.entries = vec![entry];
    let mut book = open(&sample, Lang::En);
    let rows = rows(&mut book, "Plan vs actual");
    let of = |name: &str| -> Vec<Vec<Data>> {
        rows.iter().filter(|row| row[0] == Data::String(name.into())).cloned().collect()
    };
    let delta = &of("weibo / Delta")[1];
    let told = [2, 4, 6, 8, 10, 12].map(|at| number(&delta[at]));
    assert_eq!(told, [10_000.0, 200.0, 10.0, 0.5, 0.02, 0.02]);
    assert!([1, 3, 5, 7, 9, 11].iter().all(|at| number(&delta[*at]) > 0.0), "planned: {delta:?}");
    let parts: f64 = [14, 15, 16].iter().map(|at| number(&delta[*at])).sum();
    let from_cost = number(&of("weibo / Delta")[0][9]);
    assert!((parts - from_cost).abs() < 1e-9, "{parts} {from_cost}");
    let silent = of("tencent / Northwind Media");
    let is_blank = |data: &Data| *data == Data::Empty || *data == Data::String(String::new());
    assert!(silent[1][1..17].iter().all(is_blank), "{silent:?}");
    assert!(silent[0][6..10].iter().all(is_blank), "no KPI is reported, so no variance: {silent:?}");
    let formulas = formulas(&mut book, "Plan vs actual");
    assert!(formulas.iter().any(|formula| formula.contains("LN(")), "{formulas:?}");
}
