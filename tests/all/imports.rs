//! Exports as platforms write them: `tests/cases/import/<name>/` holds an export, what its source says in `source.toml`, and
//! the ledger that comes of it, or the words by which it is refused.
//!
//! `OUTLAY_BLESS=1 cargo test imports` writes `ledger.csv` and `refused.txt` again; read the diff before you commit it.

use std::fs;
use std::path::{Path, PathBuf};

use outlay::check::Error;
use outlay::settings::Settings;
use outlay::unify::Ledger;
use outlay::{import, report, unify};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/import")
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.is_dir());
    cases.sort();
    cases
}

/// The export of a case, by a relative name.
fn export(case: &Path) -> String {
    let names = fs::read_dir(case).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut exports: Vec<String> = names.filter(|name| name.starts_with("export")).collect();
    assert_eq!(exports.len(), 1, "{}", case.display());
    exports.remove(0)
}

fn read(case: &Path) -> Result<Ledger, Error> {
    let source = fs::read_to_string(case.join("source.toml")).unwrap_or_default();
    let text = format!("[[source]]\npath = \"{}\"\n{source}", export(case));
    let settings = Settings::parse(&text, "outlay.toml", case, 1)?;
    unify::ledger(import::all(&settings)?, &settings)
}

/// What comes of a case: the name of the file that tells it, and the file.
fn outcome(case: &Path) -> (&'static str, String) {
    match read(case) {
        Ok(ledger) => ("ledger.csv", String::from_utf8(report::csv::ledger(&ledger).bytes).unwrap()),
        Err(error) => ("refused.txt", error.to_string().replace(&format!("{}/", case.display()), "")),
    }
}

#[test]
fn every_export_gives_its_ledger_or_its_refusal() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    let blesses = std::env::var_os("OUTLAY_BLESS").is_some();
    let mut wrong = Vec::new();
    for case in &cases {
        let (file, found) = outcome(case);
        let other = if file == "ledger.csv" { "refused.txt" } else { "ledger.csv" };
        if blesses {
            let _ = fs::remove_file(case.join(other));
            fs::write(case.join(file), &found).unwrap();
        }
        let expected = fs::read_to_string(case.join(file)).unwrap_or_default();
        if found != expected || case.join(other).exists() {
            wrong.push(format!("{}/{file}: expected\n{expected}found\n{found}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_damage_to_an_export_makes_it_panic() {
    for case in cases() {
        let bytes = fs::read(case.join(export(&case))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        let source = fs::read_to_string(case.join("source.toml")).unwrap_or_default();
        let settings = format!("[[source]]\npath = \"export\"\n{source}");
        let settings = Settings::parse(&settings, "outlay.toml", folder.path(), 1).unwrap();
        for cut in [bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&path, &bytes[..cut]).unwrap();
            let _ = import::all(&settings).and_then(|batches| unify::ledger(batches, &settings));
        }
    }
}
