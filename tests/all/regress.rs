//! One test a closed bug.

use std::path::Path;
use std::process::Stdio;

use outlay::flow;
use outlay::plan::Answer;
use outlay::settings::Settings;

use crate::program::{Ended, Project, assert_same};

const MAY: &str = "date,platform,spend,registrations\n2026-05-01,weibo,100,2\n2026-05-02,weibo,110,3\n";
const SETTINGS: &str = "[[source]]\npath = \"may.csv\"\n";

/// The summary had no line end, and the files stood behind its last word.
#[test]
fn the_files_written_stand_on_a_line_of_their_own() {
    let project = Project::new(&[("outlay.toml", SETTINGS), ("may.csv", MAY)]);
    for (command, line) in [
        ("check", "wrote out/quality.json, out/ledger.csv"),
        ("fit", "wrote out/models/model.json, out/curves.csv, out/quality.json"),
        ("score", "wrote out/suppliers.json, out/suppliers.csv"),
    ] {
        let printed = project.succeeds(command);
        assert_eq!(printed.lines().last(), Some(line), "{printed}");
        assert!(!printed.contains("\n\nwrote"), "{printed}");
    }
}

/// `init` looked for `outlay.toml` only, and wrote over an export of the user's.
#[test]
fn a_project_is_not_started_over_exports() {
    let project = Project::new(&[]);
    project.succeeds("init sample");
    std::fs::remove_file(project.path("sample/outlay.toml")).unwrap();
    let before = project.tree();
    let ended = project.run("init sample");
    let expected = "\
error: sample/exports/agency-yunfan.csv is there already
help: name another folder, or remove it first
";
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(2), expected));
    assert_same(&before, &project.tree(), "files");
}

/// A failed check under `--strict` ended with 6, but only after it had replaced the earlier outputs.
#[test]
fn strict_keeps_earlier_outputs() {
    let settings = SETTINGS.replace("[[source]]", "[[source]]\nown_total = \"review\"");
    let project = Project::new(&[("outlay.toml", &settings), ("may.csv", MAY)]);
    project.succeeds("check --strict");
    let before = project.tree();
    let export = format!("{MAY}Total,,999,\n");
    project.write("may.csv", &export);
    let ended = project.run("check --strict");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(6), ""));
    project.write("may.csv", MAY);
    assert_same(&before, &project.tree(), "files");
}

/// A result that did not fit on the disk was cut short, with exit code 0.
#[cfg(target_os = "linux")]
#[test]
fn a_result_cut_short_is_no_success() {
    let project = Project::new(&[("outlay.toml", SETTINGS), ("may.csv", MAY)]);
    for arguments in ["check", "check --json"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended: Ended = project.command(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap().into();
        let expected = "\
error: cannot write to stdout: No space left on device (os error 28)
help: the files under `--out` are written; read the result there
";
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(7), expected));
    }
}

/// When a finer program found the same plan again, the prices stayed those of the coarser one: 11 % off.
#[test]
fn prices_are_those_of_the_last_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/plan_models/in");
    let at = |budget: f64, share: f64| -> Answer {
        let text = std::fs::read_to_string(folder.join("outlay.toml")).unwrap();
        let text = text.replace("budget = 60000", &format!("budget = {budget}"));
        let text = text.replace("share_max = 0.3", &format!("share_max = {share}"));
        let settings = Settings::parse(&text, "outlay.toml", &folder, 1).unwrap();
        flow::plan_from(&folder.join("model.json"), &settings, &|_| {}).unwrap().1
    };
    let answer = at(60_000.0, 0.3);
    let price = |limit: &str| answer.prices.iter().find(|price| price.limit == limit).unwrap().price;
    let change = |a: Answer, b: Answer| b.objective.unwrap() - a.objective.unwrap();
    // central differences of a smooth function; what bends, bends by less than a thousandth over such a step
    let by_budget = change(at(59_900.0, 0.3), at(60_100.0, 0.3)) / 200.0;
    assert!((price("budget") / by_budget - 1.0).abs() < 1e-3, "{} predicts {by_budget}", price("budget"));
    let by_share = change(at(60_000.0, 0.299), at(60_000.0, 0.301)) / 0.2;
    assert!((price("search share") / by_share - 1.0).abs() < 1e-3, "{} predicts {by_share}", price("search share"));
    let told = answer.frontier.iter().map(|point| point.marginal_cost.unwrap());
    assert!(told.is_sorted(), "{:?}", answer.frontier);
}
