//! Words and exit codes: the real program, its whole stderr, and what is on disk after it.

use std::io::Read;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Ended, Project, assert_same};

/// Settings of one source and a plan for June 2026; more may follow.
const SETTINGS: &str = "\
[[source]]
path = \"may.csv\"

[plan]
start = \"2026-06-01\"
end = \"2026-06-30\"
budget = 30000
frontier = []
";

/// Three days of two channels: too few for curves, enough for everything else.
const MAY: &str = "\
date,platform,supplier,spend,registrations
2026-05-01,weibo,Delta,100,2
2026-05-01,tencent,Cedar,200,5
2026-05-02,weibo,Delta,110,3
2026-05-02,tencent,Cedar,190,4
2026-05-03,weibo,Delta,120,2
2026-05-03,tencent,Cedar,210,6
";

/// Commands that read the data.
const READ: [&str; 6] = ["check", "fit", "score", "plan", "report", "run"];
/// Commands that plan.
const PLAN: [&str; 3] = ["plan", "report", "run"];

/// Everything that `run` writes, as an earlier run may have left it.
const OUTPUTS: [&str; 13] = [
    "charts/curves.svg",
    "charts/frontier.svg",
    "curves.csv",
    "ledger.csv",
    "manifest.json",
    "models/model.json",
    "plan.csv",
    "plan.json",
    "plan_daily.csv",
    "quality.json",
    "report.html",
    "report.xlsx",
    "suppliers.json",
];

fn project(files: &[(&str, &str)]) -> Project {
    let project = Project::new(files);
    OUTPUTS.iter().for_each(|path| project.write(&format!("out/{path}"), format!("earlier {path}\n")));
    project
}

/// A project whose one export is `export`.
fn with_export(export: &str) -> Project {
    project(&[("outlay.toml", SETTINGS), ("may.csv", export)])
}

/// A project whose settings are `settings`.
fn with_settings(settings: &str) -> Project {
    project(&[("outlay.toml", settings), ("may.csv", MAY)])
}

/// Each of `commands` ends with `code`, tells exactly `stderr`, prints nothing, and leaves every file as it was.
#[track_caller]
fn refused(project: &Project, commands: &[&str], code: i32, stderr: &str) {
    let before = project.tree();
    for command in commands {
        for rest in ["", " --json", " --quiet"] {
            let ended = project.run(&format!("{command}{rest}"));
            assert_eq!(ended.stderr, stderr, "outlay {command}{rest}");
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "outlay {command}{rest}");
        }
    }
    assert_same(&before, &project.tree(), "files");
}

// ---- settings: 2 ----------------------------------------------------------------------------------------------------

#[test]
fn settings_that_are_not_there() {
    let expected = "\
error: outlay.toml: No such file or directory (os error 2)
help: start a project with `outlay init DIR`, or name the settings file with `--config FILE`
";
    refused(&project(&[("may.csv", MAY)]), &READ, 2, expected);
}

#[test]
fn a_key_that_is_not_known_is_told_with_its_line() {
    let expected = "\
error: outlay.toml:5: unknown field `budgte`, expected one of `start`, `end`, `budget`, `budget_in`, `goal`, `target`, \
`value_per`, `max_cost_per`, `max_marginal_cost`, `frontier`, `no_curve`, `caps_from_score`, `risk`, `limit`, \
`minimum_buy`, `contract`, `replan`, `platform_rules`, `supplier_share_max`, `ramp`, `tax`, `what_if`, `daily`, `flight`, \
`lock`, `funds`, `probe`
help: see the settings reference in README.md; unknown keys are refused so that a typo is never a default
";
    let settings = "[[source]]\npath = \"may.csv\"\n\n[plan]\nbudgte = 30000\n";
    refused(&with_settings(settings), &READ, 2, expected);
}

#[test]
fn everything_that_is_wrong_in_the_settings_is_told_at_once() {
    let settings = "\
[project]
currency = \"yuan\"

[[source]]
path = \"may.csv\"

[plan]
start = \"2026-06-31\"
budget = -1

[[plan.limit]]
name = \"tencent share\"
where = { platform = \"tencent\" }
min = 900
max = 200
";
    let expected = "\
error: project.currency: `yuan` is not a currency code, expected three letters such as CNY
error: plan.start: `2026-06-31` is not a date, expected one such as 2026-06-01
error: plan.end: missing; a date such as 2026-06-01
error: plan.budget: -1, expected 0 or more
error: plan.limit `tencent share`: `min` 900 is above `max` 200
help: swap them, or leave one out
";
    refused(&with_settings(settings), &READ, 2, expected);
}

#[test]
fn min_above_max() {
    let limit = "[[plan.limit]]\nname = \"weibo\"\nwhere = { platform = \"weibo\" }\nmin = 900.5\nmax = 200\n";
    let expected = "\
error: plan.limit `weibo`: `min` 900.5 is above `max` 200
help: swap them, or leave one out
";
    refused(&with_settings(&format!("{SETTINGS}{limit}")), &READ, 2, expected);
}

#[test]
fn a_limit_that_matches_no_line() {
    let limit = "[[plan.limit]]\nname = \"k\"\nwhere = { platform = \"kuaishou\" }\nmax = 200\n";
    let expected = "\
error: plan.limit `k`: `where` matches no line of the plan
help: the lines are: tencent / Cedar, weibo / Delta
";
    refused(&with_settings(&format!("{SETTINGS}{limit}")), &PLAN, 2, expected);
}

#[test]
fn nothing_to_read_and_nothing_to_plan() {
    let no_source = "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 30000\n";
    let expected = "\
error: source: missing; there is nothing to read
help: add `[[source]]` with the `path` of an export to the settings file
";
    refused(&with_settings(no_source), &READ, 2, expected);
    let no_plan = "[[source]]\npath = \"may.csv\"\n";
    let expected = "\
error: plan: missing; planning needs `start`, `end` and `budget`
help: add `[plan]` with the three of them to the settings file
";
    refused(&with_settings(no_plan), &PLAN, 2, expected);
}

#[test]
fn words_that_are_no_command() {
    let project = with_export(MAY);
    let unknown = "\
error: unrecognized subcommand 'plann'

  tip: a similar subcommand exists: 'plan'

Usage: outlay [OPTIONS] <COMMAND>

For more information, try '--help'.
";
    refused(&project, &["plann"], 2, unknown);
    refused(&project, &["run --threads 0"], 2, "error: --threads: 0, expected 1 or more\n");
    let lang = "\
error: invalid value 'fr' for '--lang <LANG>'
  [possible values: en, zh, ja]

For more information, try '--help'.
";
    refused(&project, &["run --lang fr"], 2, lang);
}

// ---- input: 3 and 4 -------------------------------------------------------------------------------------------------

#[test]
fn a_source_that_is_not_there() {
    let expected = "\
error: source[1].path: no file `may.csv`
help: check the path; it is relative to the folder of the settings file
";
    refused(&project(&[("outlay.toml", SETTINGS)]), &READ, 3, expected);
    let glob = SETTINGS.replace("may.csv", "exports/*.csv");
    let expected = "\
error: source[1].path: no file matches `exports/*.csv`
help: check the path; it is relative to the folder of the settings file
";
    refused(&project(&[("outlay.toml", &glob)]), &READ, 3, expected);
}

#[test]
fn an_empty_file() {
    refused(&with_export(""), &READ, 3, "error: may.csv is empty, expected a header line\n");
}

#[test]
fn a_header_and_no_rows() {
    let expected = "\
error: may.csv has no rows
help: check the date range of the export
";
    refused(&with_export("date,platform,spend,registrations\n"), &READ, 4, expected);
}

#[test]
fn no_header_that_is_known() {
    let expected = "\
error: may.csv:1: no known header for `date` and `spend` among `when`, `whom`, `how much`
help: map the headers: `columns = { date = \"…\", spend = \"…\" }` of source[1]
";
    refused(&with_export("when,whom,how much\n2026-05-01,weibo,3\n"), &READ, 3, expected);
}

#[test]
fn every_bad_row_is_told_in_one_go() {
    let export = "\
date,platform,supplier,spend,registrations
2026-05-01,weibo,Delta,100,2
2026-13-01,weibo,Delta,100,2
2026-05-02,weibo,Delta,-100,2
2026-05-03,weibo,Delta,100
2026-05-04,weibo,Delta,\"1.204,50\",2
2026-05-05,weibo,Delta,,2
";
    let expected = "\
error: may.csv:3: column `date` holds `2026-13-01`, expected a date
error: may.csv:4: column `spend` holds `-100`, expected 0 or more
error: may.csv:5: has 4 cells, expected 5 as in the header
help: correct the rows, or leave them out with `bad_rows = \"skip\"` of source[1]
error: may.csv:6: column `spend` holds `1.204,50`, expected a number
help: set `decimal_comma = true` for source[1], or export without thousands separators
error: may.csv:7: column `spend` is blank beside other figures, expected an amount
help: correct the rows, or leave them out with `bad_rows = \"skip\"` of source[1]
";
    refused(&with_export(export), &READ, 3, expected);
}

#[test]
fn bad_files_are_told_together() {
    let settings = SETTINGS.replace("may.csv", "exports/*.csv");
    let project = project(&[
        ("outlay.toml", &settings),
        ("exports/a.csv", "date,platform,spend\n2026-05-01,weibo,x\n"),
        ("exports/b.csv", ""),
        ("exports/c.csv", MAY),
        ("exports/d.csv", "date,platform,spend\n2026-02-30,weibo,1\n"),
    ]);
    let expected = "\
error: exports/a.csv:2: column `spend` holds `x`, expected a number
help: correct the rows, or leave them out with `bad_rows = \"skip\"` of source[1]
error: exports/b.csv is empty, expected a header line
error: exports/d.csv:2: column `date` holds `2026-02-30`, expected a date
help: correct the rows, or leave them out with `bad_rows = \"skip\"` of source[1]
";
    refused(&project, &READ, 3, expected);
}

const TWO_CURRENCIES: &str = "\
date,platform,supplier,currency,spend,registrations
2026-05-01,weibo,Delta,CNY,100,2
2026-05-01,meta,Cedar,USD,20,5
2026-05-02,meta,Cedar,USD,30,4
";

#[test]
fn two_currencies_need_a_rate() {
    let expected = "\
error: may.csv:3: an amount in USD, without a rate into CNY on or before 2026-05-01
help: give dated rates, `project.rates = \"rates.csv\"` with the columns date, currency, rate; or count in \
`project.currency = \"USD\"`; or, if the file does not say USD itself, set `currency` of source[1]
";
    let project = with_export(TWO_CURRENCIES);
    refused(&project, &READ, 3, expected);
    let rates = "date,currency,rate\n2026-01-01,USD,7\n2026-05-02,USD,7.5\n";
    project.write("rates.csv", rates);
    project.write("outlay.toml", format!("[project]\nrates = \"rates.csv\"\n{SETTINGS}"));
    project.succeeds("run");
    let ledger = project.read("out/ledger.csv");
    let lines: Vec<&str> = ledger.lines().collect();
    assert_eq!(lines[1], "2026-05-01,meta,Cedar,,,,CNY,140,,,,,,5,,,1");
    assert_eq!(lines[2], "2026-05-01,weibo,Delta,,,,CNY,100,,,,,,2,,,1");
    assert_eq!(lines[3], "2026-05-02,meta,Cedar,,,,CNY,225,,,,,,4,,,1");
}

// ---- model files ----------------------------------------------------------------------------------------------------

/// Settings without any source.
const PLAN_ONLY: &str = "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 30000\nfrontier = [0.5]\n";

/// A model of two channels; `b` is the rest of the second.
fn model(format: &str, b: &str) -> String {
    let hill = r#""family": "hill", "params": { "top": 80, "half": 500, "slope": 1 }"#;
    let draw = r#""draws": [{ "top": 80, "half": 500, "slope": 1 }, { "top": 90, "half": 600, "slope": 1 }]"#;
    format!(
        r#"{{ "format": "{format}", "kpi": "registrations", "currency": "CNY", "grain": "day", "channels": [
  {{ "channel": "a", "platform": "a", {hill}, {draw}, "reference_spend": 400 }},
  {{ "channel": "b", "platform": "b", {b}, "reference_spend": 600 }} ] }}
"#
    )
}

const SOUND: &str = r#""family": "hill", "params": { "top": 80, "half": 500, "slope": 1 }"#;

fn with_model(settings: &str, model: &str) -> Project {
    project(&[("outlay.toml", settings), ("model.json", model)])
}

const PLAN_MODEL: [&str; 1] = ["plan --models model.json"];

#[test]
fn a_plan_from_a_model_file_needs_no_source() {
    let project = with_model(PLAN_ONLY, &model("outlay/model@1", SOUND));
    let printed = project.succeeds("plan --models model.json");
    assert!(printed.ends_with("wrote out/plan.json, out/plan.csv, out/plan_daily.csv\n"), "{printed}");
    let plan: Value = serde_json::from_str(&project.read("out/plan.json")).unwrap();
    assert_eq!((&plan["status"], &plan["budget"]["spent"]), (&"optimal".into(), &30000.0.into()));
}

#[test]
fn a_model_file_that_is_not_there() {
    let expected = "\
error: model.json: No such file or directory (os error 2)
help: `outlay fit` writes `models/model.json` under `--out`
";
    refused(&project(&[("outlay.toml", PLAN_ONLY)]), &PLAN_MODEL, 3, expected);
}

#[test]
fn a_model_file_of_another_format() {
    let expected = "\
error: model.json: format `outlay/model@9`, expected `outlay/model@1`
help: fit again with this version of outlay
";
    refused(&with_model(PLAN_ONLY, &model("outlay/model@9", SOUND)), &PLAN_MODEL, 3, expected);
    let expected = "\
error: model.json:1: expected value at line 1 column 1
help: a model file has the shape of `models/model.json` in the contract; see models/README.md
";
    refused(&with_model(PLAN_ONLY, "channel,spend\n"), &PLAN_MODEL, 3, expected);
}

#[test]
fn a_model_without_its_parameters() {
    let b = r#""family": "hill", "params": { "top": 80, "half": -5 }"#;
    let expected = "error: model.json: channel `b`: params: `half` is -5, expected more than 0\n";
    refused(&with_model(PLAN_ONLY, &model("outlay/model@1", b)), &PLAN_MODEL, 3, expected);
    let expected = "error: model.json: channel `b`: params: `slope` is missing, family `hill` needs it\n";
    refused(&with_model(PLAN_ONLY, &model("outlay/model@1", &b.replace('-', ""))), &PLAN_MODEL, 3, expected);
}

#[test]
fn draws_that_are_not_joint() {
    let b = format!(r#"{SOUND}, "draws": [{{ "top": 80, "half": 500, "slope": 1 }}]"#);
    let expected = "\
error: model.json: channel `a`: has 2 draws, channel `b` has 1; draw i is one joint state of the world, so all have \
as many
";
    refused(&with_model(PLAN_ONLY, &model("outlay/model@1", &b)), &PLAN_MODEL, 3, expected);
}

#[test]
fn models_in_another_currency_or_of_another_kpi() {
    let model = model("outlay/model@1", SOUND);
    let expected = "\
error: project.currency: the models are in CNY, the project's currency is USD
help: set `project.currency = \"CNY\"`, or fit in USD
";
    refused(&with_model(&format!("[project]\ncurrency = \"USD\"\n{PLAN_ONLY}"), &model), &PLAN_MODEL, 2, expected);
    let expected = "\
error: project.kpi: the models predict registrations, the project's KPI is reads
help: set `project.kpi = \"registrations\"`
";
    refused(&with_model(&format!("[project]\nkpi = \"reads\"\n{PLAN_ONLY}"), &model), &PLAN_MODEL, 2, expected);
}

// ---- tables ---------------------------------------------------------------------------------------------------------

const RATES: &str = "rates t.csv --label unit --exposure n --family beta-binomial --events";
const EFFICIENCY: &str = "efficiency t.csv --label unit --inputs n --outputs";

#[test]
fn a_table_gives_one_document_and_no_files() {
    let project = project(&[("t.csv", "unit,y,n\nA,4,100\nB,9,120\nC,1,80\n")]);
    let before = project.tree();
    for (command, format) in [(RATES, "outlay/rates@1"), (EFFICIENCY, "outlay/efficiency@1")] {
        let printed = project.succeeds(&format!("{command} y"));
        assert_eq!(printed, project.succeeds(&format!("{command} y --json")), "{command}");
        let document: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(document["format"], format);
        let labels = document["units"].as_array().unwrap().iter().map(|unit| unit["label"].as_str().unwrap());
        assert_eq!(labels.collect::<Vec<_>>(), ["A", "B", "C"], "the table's order");
    }
    assert_same(&before, &project.tree(), "files");
}

#[test]
fn a_table_that_cannot_be_used() {
    let project = project(&[("t.csv", "unit,y,n\nA,4,100\nB,x,120\nC,,80\n")]);
    for command in [RATES, EFFICIENCY] {
        let bad = "\
error: t.csv:3: column `y` holds `x`, expected a number
error: t.csv:4: column `y` holds ``, expected a number
help: fill the cell, or leave the row out
";
        refused(&project, &[&format!("{command} y")], 3, bad);
        let unknown = "error: t.csv has no column `z`\nhelp: the headers are: unit, y, n\n";
        refused(&project, &[&format!("{command} z")], 2, unknown);
        let missing = "error: none.csv: No such file or directory (os error 2)\n";
        refused(&project, &[&format!("{command} y").replace("t.csv", "none.csv")], 3, missing);
    }
    project.write("t.csv", "unit,y,n\n");
    refused(&project, &[&format!("{RATES} y")], 4, "error: t.csv has no rows\nhelp: check the file\n");
}

// ---- limits in conflict: 5 ------------------------------------------------------------------------------------------

const FLOORS: &str = "\
[[plan.limit]]
name = \"weibo floor\"
where = { platform = \"weibo\" }
min = 20000

[[plan.limit]]
name = \"tencent floor\"
where = { platform = \"tencent\" }
min = 15000
";

/// The conflict of `plan.json`: 35,000 of floors in a budget of 30,000.
#[track_caller]
fn holds_the_conflict(project: &Project) {
    let plan: Value = serde_json::from_str(&project.read("out/plan.json")).unwrap();
    assert_eq!(plan["status"], "conflict");
    assert_eq!(plan["lines"], Value::Array(Vec::new()));
    assert_eq!(plan["conflict"]["limits"], serde_json::json!(["budget", "weibo floor", "tencent floor"]));
    assert_eq!(plan["conflict"]["short_by"], 5000.0);
    let relax = plan["conflict"]["relax"].as_array().unwrap();
    assert_eq!(relax.iter().map(|relax| relax["by"].as_f64().unwrap()).sum::<f64>(), 5000.0);
}

#[test]
fn floors_above_the_budget_are_planned_as_a_conflict() {
    let project = with_settings(&format!("{SETTINGS}{FLOORS}"));
    let before = project.tree();
    let ended = project.run("plan");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(5), ""));
    for wanted in ["`budget`", "`weibo floor`", "`tencent floor`", "5,000"] {
        assert!(ended.stdout.contains(wanted), "{wanted} in\n{}", ended.stdout);
    }
    holds_the_conflict(&project);
    let mut after = project.tree();
    for path in ["out/plan.json", "out/plan.csv", "out/plan_daily.csv"] {
        after.insert(path.into(), before[path].clone());
    }
    assert_same(&before, &after, "files beside the plan");
}

#[test]
fn a_conflict_is_reported() {
    let project = with_settings(&format!("{SETTINGS}{FLOORS}"));
    let ended = project.run("run");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(5), ""));
    assert_eq!(ended.stdout.lines().last(), Some("report: out/report.html"));
    holds_the_conflict(&project);
    assert!(project.read("out/report.html").contains("weibo floor"));
    let manifest: Value = serde_json::from_str(&project.read("out/manifest.json")).unwrap();
    assert_eq!(manifest["format"], "outlay/manifest@1");
    // where the text that tells it is not printed, stderr does
    let quiet = project.run("run --quiet");
    assert_eq!((quiet.code, quiet.stdout.as_str()), (Some(5), ""));
    let told = "error: The limits contradict each other\nNo plan satisfies `budget` and `weibo floor` and `tencent floor` together";
    assert!(quiet.stderr.starts_with(told) && quiet.stderr.contains("5,000"), "{}", quiet.stderr);
    assert_eq!(project.run("run --json").stderr, quiet.stderr);
}

// ---- a failing check: 6 ---------------------------------------------------------------------------------------------

/// The export's own total disagrees with its rows.
const WRONG_TOTAL: &str = "\
date,platform,supplier,spend,registrations
2026-05-01,weibo,Delta,100,2
2026-05-02,weibo,Delta,110,3
Total,,,999,5
";

#[test]
fn strict_ends_at_a_check_that_failed() {
    let project = with_export(WRONG_TOTAL);
    let review = project.read("outlay.toml").replace("[[source]]", "[[source]]\nown_total = \"review\"");
    project.write("outlay.toml", &review);
    let expected = "\
error: import.total: may.csv: the rows add up to a spend of 210, but the file's own total is 999 (may.csv:4)
help: mend what failed, or leave `--strict` out; earlier outputs are as they were
";
    let strict = READ.map(|command| format!("{command} --strict"));
    refused(&project, &strict.each_ref().map(String::as_str), 6, expected);
    READ.iter().for_each(|command| drop(project.succeeds(command)));
}

#[test]
fn strict_lets_through_what_is_only_worth_a_look() {
    let project = with_export(MAY);
    READ.iter().for_each(|command| drop(project.succeeds(&format!("{command} --strict"))));
}

// ---- writing: 7 -----------------------------------------------------------------------------------------------------

#[test]
fn an_output_folder_that_cannot_be_written() {
    let project = with_export(MAY);
    project.write("file", "no folder");
    let expected = "\
error: cannot write file/out: Not a directory (os error 20)
help: give a folder that can be written with `--out DIR`; earlier outputs are as they were
";
    let through_a_file = READ.map(|command| format!("{command} --out file/out"));
    refused(&project, &through_a_file.each_ref().map(String::as_str), 7, expected);
    refused(&project, &["simulate --out file/out", "init file/out"], 7, expected);
}

#[test]
fn a_folder_where_a_file_belongs() {
    let project = with_export(MAY);
    std::fs::remove_file(project.path("out/manifest.json")).unwrap();
    project.write("out/manifest.json/inside", "kept");
    let expected = "\
error: cannot write out/manifest.json: a folder stands in its place
help: give a folder that can be written with `--out DIR`; earlier outputs are as they were
";
    refused(&project, &["run"], 7, expected);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for command in READ {
        let project = with_export(MAY);
        let piped = |mut command: std::process::Command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut gone = piped(project.command(command)).unwrap();
        drop(gone.stdout.take());
        let ended: Ended = gone.wait_with_output().unwrap().into();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{command}");
        let mut head = piped(project.command(&format!("{command} --json"))).unwrap();
        let mut first = [0];
        head.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let ended: Ended = head.wait_with_output().unwrap().into();
        assert_eq!((first, ended.code, ended.stderr.as_str()), ([b'{'], Some(0), ""), "{command}");
    }
}

// ---- success: 0 -----------------------------------------------------------------------------------------------------

#[test]
fn a_project_that_was_started_runs_at_once() {
    let project = Project::new(&[]);
    let started = project.succeeds("init june");
    let next = "outlay run --config june/outlay.toml --out june/out";
    assert_eq!(started, format!("started a project of 9 files in june\nnext: {next}\n"));
    let printed = project.succeeds(next.strip_prefix("outlay ").unwrap());
    assert_eq!(printed.lines().last(), Some("report: june/out/report.html"));
    assert!(project.read("june/out/report.html").starts_with("<!"));
    let left = project.tree().into_keys().find(|path| path.contains("/.outlay-"));
    assert_eq!(left, None, "a staging folder is left");
}

#[test]
fn a_project_is_started_once() {
    let project = Project::new(&[]);
    project.succeeds("init june");
    let expected = "\
error: june/outlay.toml is there already
help: name another folder, or remove it first
";
    refused(&project, &["init june"], 2, expected);
}

#[test]
fn each_command_prints_one_json_document() {
    let project = with_export(MAY);
    project.write("model.json", model("outlay/model@1", SOUND));
    for (command, format) in [
        ("init june", "outlay/files@1"),
        ("simulate --out world", "outlay/files@1"),
        ("check", "outlay/quality@1"),
        ("fit", "outlay/model@1"),
        ("score", "outlay/suppliers@1"),
        ("plan", "outlay/plan@1"),
        ("plan --models model.json", "outlay/plan@1"),
        ("report", "outlay/files@1"),
        ("run", "outlay/manifest@1"),
    ] {
        let printed = project.succeeds(&format!("{command} --json"));
        let document: Value = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{command}: {error}"));
        assert_eq!(document["format"], format, "{command}");
    }
    for (command, path) in [("check", "quality"), ("fit", "models/model"), ("score", "suppliers"), ("plan", "plan")] {
        assert_eq!(project.succeeds(&format!("{command} --json")), project.read(&format!("out/{path}.json")));
    }
}

#[test]
fn quiet_prints_nothing() {
    let project = with_export(MAY);
    project.write("model.json", model("outlay/model@1", SOUND));
    for command in READ.iter().chain(&["init june", "simulate --out world", "plan --models model.json"]) {
        assert_eq!(project.succeeds(&format!("{command} --quiet")), "", "{command}");
    }
}

#[test]
fn what_was_written_is_named() {
    let project = with_export(MAY);
    for (command, last) in [
        ("check", "wrote out/quality.json, out/ledger.csv"),
        ("fit", "wrote out/models/model.json, out/curves.csv, out/quality.json"),
        ("score", "wrote out/suppliers.json, out/suppliers.csv"),
        ("plan", "wrote out/plan.json, out/plan.csv, out/plan_daily.csv"),
        ("report", "report: out/report.html"),
        ("run", "report: out/report.html"),
        ("run --lang zh", "报告：out/report.html"),
        ("run --lang ja --out deep/out", "報告：deep/out/report.html"),
    ] {
        let printed = project.succeeds(command);
        assert_eq!(printed.lines().last(), Some(last), "{command}:\n{printed}");
        assert!(printed.ends_with('\n'));
    }
}
