use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

const OTHERS: [Lang; 2] = [Lang::Zh, Lang::Ja];

mod errors;

fn of(pairs: &[(&str, &str)]) -> Sentences {
    let told = pairs.iter().map(|(english, told)| Sentence::new(english, told)).collect();
    Sentences([("a.check".to_owned(), told)].into())
}

fn again(known: &Sentences, text: &str) -> String {
    known.tell(&["a", "check"].join("."), text)
}

#[test]
fn a_sentence_is_told_again_with_its_figures() {
    let known = of(&[("{n} of {all} unproven: {names}", "{all} 中 {n} 未验证：{names}")]);
    assert_eq!(again(&known, "2 of 9 unproven: a, b: c"), "9 中 2 未验证：a, b: c");
}

#[test]
fn what_is_not_known_stays_as_it_is() {
    let known = of(&[("{n} rows", "{n} 行")]);
    for text in ["3 row", "rows", "", "3 rows left"] {
        assert_eq!(again(&known, text), text);
    }
    assert_eq!(again(&Sentences::of(Lang::En), "3 rows"), "3 rows");
}

#[test]
fn only_a_hole_that_says_so_is_told_too() {
    let known = of(&[("read {~what}", "读 {what}"), ("named {what}", "名为 {what}"), ("rows", "行")]);
    assert_eq!(again(&known, "read rows"), "读行");
    assert_eq!(again(&known, "named rows"), "名为 rows");
}

#[test]
fn the_sentence_with_the_most_wording_is_taken() {
    let known = of(&[("{a}: {b}", "一般 {a} {b}"), ("no curve: {b}", "无曲线 {b}")]);
    assert_eq!(again(&known, "no curve: few days"), "无曲线 few days");
}

#[test]
fn a_value_is_never_searched_for_holes() {
    let known = of(&[("of {a} and {b}", "{b} {a}")]);
    assert_eq!(again(&known, "of {b} and 2"), "2 {b}");
}

fn holes(text: &str) -> BTreeSet<String> {
    let parts = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
    parts.map(|(name, _)| name.trim_start_matches('~').to_owned()).collect()
}

#[test]
fn every_language_tells_the_same_sentences_with_the_same_holes() {
    let english = |lang| -> BTreeSet<(String, Vec<String>)> {
        let known = Sentences::of(lang);
        let of = |table: &str, sentences: &[Sentence]| {
            sentences.iter().map(|s| (table.to_owned(), s.wording.clone())).collect::<Vec<_>>()
        };
        known.0.iter().flat_map(|(table, sentences)| of(table, sentences)).collect()
    };
    let (zh, ja) = (english(Lang::Zh), english(Lang::Ja));
    assert_eq!(zh.difference(&ja).collect::<Vec<_>>(), Vec::<&(String, Vec<String>)>::new(), "not in Japanese");
    assert_eq!(ja.difference(&zh).collect::<Vec<_>>(), Vec::<&(String, Vec<String>)>::new(), "not in Chinese");
    for lang in OTHERS {
        for sentence in Sentences::of(lang).0.values().flatten() {
            let named: BTreeSet<String> = sentence.holes.iter().map(|hole| hole.name.clone()).collect();
            assert!(holes(&sentence.told).is_subset(&named), "{}: {}", lang.name(), sentence.told);
            assert!(sentence.own() > 0, "a sentence without wording fits everything: {}", sentence.told);
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The checks that stages make, by the way their findings are written.
fn checks() -> BTreeSet<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checks = BTreeSet::new();
    for path in sources(&src).into_iter().filter(|path| !path.starts_with(src.join("report"))) {
        let text = fs::read_to_string(&path).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        let text = text.split("#[cfg(test)] mod").next().unwrap().replace("( \"", "(\"");
        for mark in [
            "check = \"",
            "let (check, kpi) = (\"",
            "let (check, subject) = (\"",
            "Finding::review(\"",
            "Finding::fail(\"",
            "Finding::pass(\"",
        ] {
            let names = text.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
            checks.extend(names.filter(|name| name.contains('.')).map(str::to_owned));
        }
    }
    checks
}

/// Checks whose findings are English in every language, until someone translates them.
const ENGLISH: &str = include_str!("english.txt");

#[test]
fn every_check_is_translated_or_listed_as_english() {
    let (checks, sentences) = (checks(), Sentences::of(Lang::Zh));
    assert!(checks.len() > 30, "{checks:?}");
    let listed: BTreeSet<&str> = ENGLISH.lines().filter(|line| !line.starts_with('#')).collect();
    let silent: Vec<&String> =
        checks.iter().filter(|check| !sentences.has(check) && !listed.contains(check.as_str())).collect();
    let none: Vec<&String> = Vec::new();
    assert_eq!(
        silent, none,
        "add a table of that name to report/sentences/zh.toml and ja.toml, or a line to report/sentences/english.txt"
    );
}

#[test]
fn a_table_is_of_a_check_that_is_made_or_of_a_place_that_asks() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let asking = ["report", "cli"].into_iter().flat_map(|folder| sources(&src.join(folder)));
    let asked: String = asking.map(|path| fs::read_to_string(path).unwrap()).collect();
    let checks = checks();
    let known = |table: &String| checks.contains(table) || asked.contains(&format!("\"{table}\""));
    let stale: Vec<String> = Sentences::of(Lang::Zh).0.into_keys().filter(|table| !known(table)).collect();
    assert_eq!(stale, Vec::<String>::new());
}
