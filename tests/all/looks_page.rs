//! The page of a report driven in a browser: sliders change the table and keep the limits, tables sort, filter and copy,
//! nothing is asked for outside the file, and 200 channels stay responsive. Run as `looks::` is:
//! `cargo test --test all -- --ignored looks`.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use outlay::report::Lang;
use serde_json::Value;

use super::looks::{Seen, open, reported};

/// Longest that a page may take to answer (milliseconds), and how often: a busy machine stalls a browser now and then.
const ANSWERS_WITHIN: f64 = 50.0;

/// The page with the driving script at its end.
fn driven(page: &Path, folder: &Path) -> (Seen, Value) {
    let text = fs::read_to_string(page).unwrap();
    let script = format!("<script>{}</script></body>", include_str!("looks_page.js"));
    let copy = folder.join("driven.html");
    fs::write(&copy, text.replacen("</body>", &script, 1)).unwrap();
    let seen = open(&copy, folder);
    let json = seen.dom.split("data-seen=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the script ran");
    let found: Value = serde_json::from_str(&json.replace("&quot;", "\"").replace("&amp;", "&")).unwrap();
    assert_eq!(found.get("error"), None, "{found:#}");
    (seen, found)
}

fn number(found: &Value, path: &str) -> f64 {
    found.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path} in {found:#}"))
}

/// What must hold of any page that has sliders.
fn sliders_answer(found: &Value) {
    let at = |path: &str| number(found, path);
    assert!((at("/own") - 1.0).abs() < 0.005, "the page's own optimum is not the plan's: {found:#}");
    assert!(at("/more/mean") > at("/plan/mean") && at("/more/spent") > at("/plan/spent"), "{found:#}");
    assert!((at("/more/total") - at("/more/budget")).abs() < 1.0, "the budget is not spent: {found:#}");
    assert!(at("/ceiling/spent") < at("/more/spent") && at("/ceiling/last") <= at("/ceiling/asked"), "{found:#}");
    for path in ["/more/within", "/ceiling/within", "/pinned/within"] {
        assert_eq!(found.pointer(path), Some(&Value::Bool(true)), "{path}: a limit is broken: {found:#}");
    }
    assert_eq!((at("/reset/spent"), at("/reset/mean")), (at("/plan/spent"), at("/plan/mean")));
    assert!(at("/pinned/moved") > 1.0, "the other lines do not adjust: {found:#}");
    assert!((at("/pinned/total") - at("/pinned/budget")).abs() < 1.0, "{found:#}");
    assert_eq!(found.pointer("/pinned/key"), Some(&Value::from("pinned")));
    assert_eq!(found["sorted"]["sort"], "descending");
    assert_ne!(found["sorted"]["least"], found["sorted"]["most"]);
    assert!(found["copied"][0].as_str().unwrap().contains('\t'), "{found:#}");
    assert_eq!((at("/unlabelled"), at("/captions")), (0.0, 0.0), "controls or tables without a name");
    assert_eq!(found["dead"], Value::Array(Vec::new()), "links that lead nowhere");
    assert_eq!(found["wrong"], Value::Array(Vec::new()), "figures that are none");
}

#[test]
#[ignore = "needs chromium"]
fn sliders_change_the_table_and_keep_the_limits() {
    let folder = tempfile::tempdir().unwrap();
    for lang in Lang::ALL {
        let (seen, found) = driven(&reported(folder.path(), lang).join("report.html"), folder.path());
        assert_eq!((seen.console, seen.addresses), (Vec::new(), Vec::new()), "{}", lang.name());
        sliders_answer(&found);
        let shares = found["share"].as_array().unwrap();
        assert!(shares.iter().all(|share| share.as_f64().unwrap() <= 0.6 + 1e-6), "{found:#}");
        let apart = (number(&found, "/plan/shown") - number(&found, "/plan/spent")).abs();
        assert!(apart <= number(&found, "/plan/lines"), "rows are rounded, each by less than one: {found:#}");
    }
}

/// An export of so many channels, ten a platform, their spends varied by a fixed pattern around levels of their own.
fn export(channels: usize, days: i64) -> String {
    let first = jiff::civil::date(2026, 3, 1);
    let mut text = String::from("date,platform,supplier,spend,registrations\n");
    for day in 0..days {
        for channel in 0..channels {
            let level = 1000.0 + 130.0 * (channel % 17) as f64;
            let wave = ((day * 7 + channel as i64 * 3) as f64 * 0.9).sin() + 0.5 * (day as f64 * 2.3).cos();
            let spend = level * (1.0 + 0.45 * wave).max(0.15);
            let half = level * (0.6 + 0.1 * (channel % 11) as f64);
            let noise = 1.0 + 0.05 * ((day * 31 + channel as i64 * 17) as f64).sin();
            let registrations = ((60.0 + 7.0 * (channel % 13) as f64) / (1.0 + half / spend) * noise).round();
            let date = first.checked_add(jiff::Span::new().days(day)).unwrap();
            writeln!(text, "{date},platform {},supplier {channel:03},{spend:.2},{registrations}", channel / 10)
                .unwrap();
        }
    }
    text
}

/// The report of so many channels, written under `folder`.
fn wide(folder: &Path, channels: usize) -> PathBuf {
    fs::write(folder.join("export.csv"), export(channels, 70)).unwrap();
    let settings = format!(
        "[[source]]\npath = \"export.csv\"\n[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = {}\n\
         frontier = []\n[[plan.limit]]\nname = \"first\"\nwhere = {{ platform = \"platform 0\" }}\nshare_max = 0.05\n",
        channels * 60_000
    );
    fs::write(folder.join("outlay.toml"), settings).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_outlay"));
    let done = command.current_dir(folder).args(["report", "--quiet"]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    folder.join("out/report.html")
}

#[test]
#[ignore = "needs chromium, and fits 200 channels"]
fn two_hundred_channels_stay_responsive() {
    let folder = tempfile::tempdir().unwrap();
    let page = wide(folder.path(), 200);
    assert!(fs::metadata(&page).unwrap().len() < 5_000_000);
    let (seen, found) = driven(&page, folder.path());
    assert_eq!((seen.console, seen.addresses), (Vec::new(), Vec::new()));
    sliders_answer(&found);
    assert_eq!(number(&found, "/plan/lines"), 200.0);
    println!("an interaction takes {} ms", found["times"]);
    assert!(number(&found, "/times/median") <= ANSWERS_WITHIN, "{}", found["times"]);
}
