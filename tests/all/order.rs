//! Data flow one way: import → unify → panel → fit → score → plan → report.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A stage may use itself and what stands before it.
const ORDER: [&str; 15] = [
    "units", "math", "check", "settings", "import", "unify", "panel", "fit", "score", "plan", "backtest", "report",
    "simulate", "flow", "cli",
];
/// Not stages: the crate's roots and its long documents.
const OUTSIDE: [&str; 3] = ["lib", "main", "docs"];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files_of(stage: &str) -> Vec<PathBuf> {
    let mut found = vec![src().join(format!("{stage}.rs"))];
    let mut folders = vec![src().join(stage)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path.ends_with("tests") => {}
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    let is_code = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    found.retain(|path| is_code(path) && path.exists() && !path.ends_with("tests.rs"));
    found.sort();
    found
}

/// The lines of a file that are code, with their numbers.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.to_owned()));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
}

/// The stages that a line names: after `crate::` (within the library) or `outlay::` (in the program), groups included.
fn named(line: &str) -> Vec<String> {
    let name =
        |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let roots = ["crate::", "outlay::"];
    let after = roots.iter().flat_map(|root| line.split(root).skip(1));
    let names = after.flat_map(|path| match path.strip_prefix('{') {
        // the first word of each member of the group, at its outermost level
        Some(group) => {
            let (mut depth, mut start, mut names) = (0, true, Vec::new());
            for (at, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    c if start && c.is_alphanumeric() => {
                        names.push(name(&group[at..]));
                        start = false;
                    }
                    _ => {}
                }
            }
            names
        }
        None => vec![name(path)],
    });
    names.collect()
}

#[test]
fn no_stage_uses_a_later_one() {
    let mut found = Vec::new();
    for (rank, stage) in ORDER.iter().enumerate() {
        for path in files_of(stage) {
            for (number, line) in code(&path) {
                let place = format!("{}:{number}", path.strip_prefix(src()).unwrap().display());
                if line.contains("super::super") {
                    found.push(format!("{place}: write `crate::stage::…`, not `super::super`"));
                }
                for name in named(&line) {
                    match ORDER.iter().position(|known| *known == name) {
                        Some(used) if used <= rank => {}
                        Some(_) => found.push(format!("{place}: uses the later stage `{name}`")),
                        None => found.push(format!("{place}: write `crate::stage::…`, not `crate::{name}`")),
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "data flows one way only:\n{}", found.join("\n"));
}

#[test]
fn every_module_has_a_place_in_the_order() {
    let entries = fs::read_dir(src()).unwrap().map(|entry| entry.unwrap().path());
    let modules: BTreeSet<String> = entries
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| !OUTSIDE.contains(&name.as_str()))
        .collect();
    assert_eq!(modules, ORDER.iter().map(|stage| (*stage).to_owned()).collect());
}

/// What only some places may name, and which: the invariants of the design that are about absence.
#[test]
fn what_only_some_places_may_name() {
    let rules: [(&[&str], &[&str]); 5] = [
        (&["good_lp::", "clarabel::", "microlp::"], &["plan/solve.rs", "score/program.rs"]),
        (&["println!", "eprintln!", "std::io::stdout", "std::io::stderr", "process::exit"], &["cli/"]),
        (
            &["fs::", "File::open", "File::create"],
            &["import/", "settings/", "fit/store.rs", "report/write.rs", "report/finished.rs"],
        ),
        (&["SystemTime", "Instant::now", "Timestamp::now", "Zoned::now", "env::var"], &["cli/"]),
        (&["plotters::"], &["report/charts/"]),
    ];
    let mut found = Vec::new();
    for path in ORDER.iter().flat_map(|stage| files_of(stage)) {
        let inside = path.strip_prefix(src()).unwrap().display().to_string();
        let text: Vec<_> = code(&path).into_iter().take_while(|(_, line)| !line.contains("#[cfg(test)]")).collect();
        for (number, line) in text {
            for (words, places) in &rules {
                let named = words.iter().find(|word| line.contains(**word));
                if let Some(word) = named.filter(|_| !places.iter().any(|place| inside.starts_with(place))) {
                    found.push(format!("{inside}:{number}: `{word}` belongs in {}", places.join(", ")));
                }
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
