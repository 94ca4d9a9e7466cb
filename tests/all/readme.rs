//! What README.md and its fellows promise: their examples work, and they name every setting and column.

use std::fs;
use std::path::Path;

use outlay::fit::store;
use outlay::plan::{self, Status};
use outlay::report::csv::{PLAN, PLAN_DAILY, SUPPLIERS};
use outlay::settings::Settings;

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The fenced blocks of one language, put together.
fn blocks(text: &str, language: &str) -> String {
    let mut inside = false;
    let mut found = String::new();
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(fence) => inside = fence == language,
            None if inside => found += &format!("{line}\n"),
            None => {}
        }
    }
    assert!(!found.is_empty(), "no block of {language}");
    found
}

fn parsed(text: &str) -> Settings {
    Settings::parse(text, "README.md", Path::new(""), 1).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Names of the fields of `settings/file.rs`, as users write them.
fn keys() -> Vec<String> {
    let field = |line: &str| Some(line.trim().strip_prefix("pub ")?.split_once(": ")?.0.to_owned());
    // of the rules, what is as written stands first
    let rules = text("src/settings/rules.rs");
    let written = rules.split("/// What `[plan]` asks for").next().unwrap().to_owned();
    let keys = (text("src/settings/file.rs") + &written).lines().filter_map(field).collect::<Vec<_>>();
    assert!(keys.len() > 50, "{keys:?}");
    keys.into_iter().map(|key| if key == "whom" { "where".into() } else { key }).collect()
}

#[test]
fn every_settings_example_is_valid() {
    let settings = parsed(&blocks(&text("README.md"), "toml"));
    assert_eq!(settings.sources.len(), 1);
    assert_eq!(settings.plan().unwrap().contracts.len(), 1);
}

#[test]
fn every_setting_has_its_place_in_the_reference() {
    let readme = text("README.md");
    let named = |key: &String| readme.contains(&format!("`{key}`")) || readme.contains(&format!("{key} = "));
    let within = |key: &String| [".{}`", ".{}]", "[{}]"].iter().any(|form| readme.contains(&form.replace("{}", key)));
    let missing: Vec<String> = keys().into_iter().filter(|key| !named(key) && !within(key)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_column_is_explained() {
    let readme = text("README.md");
    let missing: Vec<&str> = PLAN
        .into_iter()
        .chain(PLAN_DAILY)
        .chain(SUPPLIERS)
        .filter(|column| !readme.contains(&format!("`{column}`")))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn the_model_written_by_hand_gives_the_plan_that_is_told() {
    let readme = text("models/README.md");
    let models = store::parse(&blocks(&readme, "json"), "models/README.md").unwrap_or_else(|error| panic!("{error}"));
    let settings = parsed(&blocks(&readme, "toml"));
    let answer = plan::scenarios(&models, settings.plan().unwrap(), settings.project.currency).unwrap();
    assert_eq!(answer.status, Status::Optimal);
    assert_eq!((answer.lines[0].spend, answer.lines[1].spend), (81_000.0, 9_000.0));
}
