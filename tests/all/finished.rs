//! Reports of a finished run: every format without its data, and what changed since another run.

use std::path::Path;

use serde_json::Value;

use crate::program::Project;

/// A small finished run in `out`.
fn finished() -> Project {
    let project = Project::new(&[]);
    let settings =
        "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 40000\n[[source]]\npath = \"may.csv\"\n";
    project.write("outlay.toml", settings);
    project.write("may.csv", export(|day| 300.0 + 60.0 * f64::from(day % 9)));
    project.succeeds("run --quiet");
    project
}

/// Ninety days of two channels, one of them with a name that would be a formula.
fn export(spend: impl Fn(i32) -> f64) -> String {
    let mut text = "date,platform,supplier,account,department,spend,impressions,clicks,registrations\n".to_owned();
    let start = jiff::civil::date(2026, 3, 1);
    for day in 0..90 {
        let date = start.saturating_add(jiff::Span::new().days(day));
        for (supplier, factor) in [("=Cedar", 1.0), ("Delta", 1.4)] {
            let spend = spend(day + factor as i32 * 3) * factor;
            let count = (4.0 * (spend / 10.0).sqrt() * (1.0 + 0.1 * f64::from((day * 7) % 5 - 2))).round();
            let (shown, clicks) = (count * 700.0, count * 13.0);
            text += &format!("{date},tencent,{supplier},a-{supplier},growth,{spend:.2},{shown},{clicks},{count}\n");
        }
    }
    text
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn cents(value: &Value) -> i64 {
    (value.as_f64().unwrap() * 100.0).round() as i64
}

#[test]
fn a_finished_run_is_reported_without_its_data_and_the_same() {
    let project = finished();
    let before = project.read("out/statement.csv");
    let book = std::fs::read(project.path("out/report.xlsx")).unwrap();
    std::fs::remove_file(project.path("may.csv")).unwrap();
    let report = project.succeeds("report --format md,csv,json,html,xlsx,pdf-ready --json");
    let (report, plan) = (json(&report), json(&project.read("out/plan.json")));
    assert_eq!(report["plan"], plan);
    assert_eq!(project.read("out/statement.csv"), before);
    assert!(std::fs::read(project.path("out/report.xlsx")).unwrap() == book, "the workbook is another");
    for path in ["report.md", "report.print.html", "report.html", "apply/tencent.csv", "accrual.csv"] {
        assert!(project.path(&format!("out/{path}")).exists(), "{path}");
    }
    let sheet = project.read("out/apply/tencent.csv");
    assert!(sheet.contains("'=Cedar"), "{sheet}");
}

#[test]
fn what_changed_since_another_run_sums_exactly() {
    let project = finished();
    project.succeeds("run --quiet --out first");
    let settings = project.read("outlay.toml").replace("budget = 40000", "budget = 46000");
    project.write("outlay.toml", settings);
    project.write("may.csv", export(|day| 310.0 + 55.0 * f64::from(day % 9)));
    project.succeeds("run --quiet");
    let comparison = json(&project.succeeds("report --compare first --json"));
    for bridge in comparison["bridges"].as_array().unwrap() {
        let steps: i64 = bridge["steps"].as_array().unwrap().iter().map(|step| cents(&step["by"])).sum();
        assert_eq!(cents(&bridge["before"]) + steps, cents(&bridge["after"]), "{bridge}");
    }
    let facts: Vec<&str> =
        comparison["causes"].as_array().unwrap().iter().map(|cause| cause["kind"].as_str().unwrap()).collect();
    for kind in ["data", "settings", "model"] {
        assert!(facts.contains(&kind), "{kind} in {facts:?}");
    }
    let spent = |folder: &str| cents(&json(&project.read(&format!("{folder}/plan.json")))["budget"]["spent"]);
    assert_eq!(
        cents(&comparison["bridges"][0]["after"]) - cents(&comparison["bridges"][0]["before"]),
        spent("out") - spent("first")
    );
    assert!(project.read("out/compare.md").contains("Shapley") && project.path("out/compare.html").exists());
}

#[test]
fn what_is_no_finished_run_is_told_with_a_remedy() {
    let project = finished();
    let ended = project.run("report --format md --out nowhere");
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("nowhere/quality.json") && ended.stderr.contains("outlay run"), "{}", ended.stderr);
    let settings = project.read("outlay.toml") + "[project]\nchannel = [\"platform\"]\n";
    project.write("outlay.toml", settings);
    let ended = project.run("report --format md");
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("do not belong together"), "{}", ended.stderr);
}

#[test]
fn actuals_come_from_the_ledger_that_is_named() {
    let project = finished();
    let line = project.read("out/ledger.csv").lines().last().unwrap().replace("2026-05-29", "2026-06-01");
    let header = project.read("out/ledger.csv").lines().next().unwrap().to_owned();
    project.write("june.csv", format!("{header}\n{line}\n"));
    let report = json(&project.succeeds("report --format json --actuals june.csv --json"));
    assert_eq!(report["actuals"]["through"], "2026-06-01");
    assert_eq!(report["actuals"]["days"], 1);
    assert!(Path::new(&project.path("out/report.json")).exists());
}
