//! Golden folders: `tests/cases/<name>/` holds `in/` and `args`, and beside them what the program made of them.
//!
//! `OUTLAY_BLESS=1 cargo test` writes `stdout`, `stderr`, `code` and `out/` again; read the diff before you commit it. A
//! folder without `args` belongs to another module.
//!
//! Files are compared byte for byte, but for the numbers of a plan: the machine's logarithm and power may round their own
//! way, and an optimum moves with them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{Ended, Project, Tree, tree};

/// Relative tolerance of the numbers in `plan.json` and `plan.csv`.
const OF_PLANS: f64 = 1e-6;
/// Relative tolerance of the numbers in a model file.
const OF_FITS: f64 = 1e-6;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.join("args").exists());
    cases.sort();
    cases
}

fn blesses() -> bool {
    std::env::var_os("OUTLAY_BLESS").is_some()
}

#[test]
fn every_case_is_as_it_was() {
    let cases = cases();
    assert!(cases.len() >= 10, "{cases:?}");
    let wrong: Vec<String> = cases.iter().flat_map(|case| run(case)).collect();
    assert!(
        wrong.is_empty(),
        "\n{}\nread them, then `OUTLAY_BLESS=1 cargo test every_case` takes them",
        wrong.join("\n")
    );
}

/// `OUTLAY_BLESS=1 cargo test the_sample` writes the model file again, after the exports that it is of.
#[test]
fn the_sample_model_is_what_fit_writes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::copy_of(&root.join("data/sample"));
    project.succeeds("fit");
    let (kept, made) = (root.join("models/sample/model.json"), project.read("out/models/model.json"));
    if blesses() {
        std::fs::write(&kept, &made).unwrap();
    }
    let [kept, made] = [std::fs::read_to_string(kept).unwrap(), made].map(|text| serde_json::from_str(&text).unwrap());
    assert!(values_agree(&kept, &made, OF_FITS), "models/sample/model.json is not what `outlay fit` writes");
}

/// Runs a case; what differs.
fn run(case: &Path) -> Vec<String> {
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let project = Project::copy_of(&case.join("in"));
    let ended = project.run(&std::fs::read_to_string(case.join("args")).unwrap());
    let out = project.path("out");
    let made = if out.is_dir() { tree(&out) } else { Tree::new() };
    if blesses() {
        bless(case, &ended, &made);
    }
    let mut wrong = Vec::new();
    let code = format!("{}\n", ended.code.unwrap());
    for (file, found) in [("stdout", &ended.stdout), ("stderr", &ended.stderr), ("code", &code)] {
        let expected = std::fs::read_to_string(case.join(file)).unwrap_or_default();
        if *found != expected {
            wrong.push(format!("{name}/{file}: expected\n{expected}found\n{found}"));
        }
    }
    let expected = if case.join("out").is_dir() { tree(&case.join("out")) } else { Tree::new() };
    for path in expected.keys().chain(made.keys().filter(|path| !expected.contains_key(*path))) {
        match (expected.get(path), made.get(path)) {
            (Some(a), Some(b)) if agree(path, a.as_deref(), b.as_deref()) => {}
            (Some(_), Some(b)) => wrong.push(format!("{name}/out/{path} differs, found\n{}", shown(b.as_deref()))),
            (None, _) => wrong.push(format!("{name}/out/{path} was not there before")),
            (_, None) => wrong.push(format!("{name}/out/{path} is missing")),
        }
    }
    wrong
}

fn shown(bytes: Option<&[u8]>) -> String {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
}

fn bless(case: &Path, ended: &Ended, made: &Tree) {
    let write = |path: &str, bytes: &[u8]| {
        let path = case.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let _ = std::fs::remove_dir_all(case.join("out"));
    write("stdout", ended.stdout.as_bytes());
    write("stderr", ended.stderr.as_bytes());
    write("code", format!("{}\n", ended.code.unwrap()).as_bytes());
    for (path, bytes) in made.iter().filter_map(|(path, bytes)| Some((path, bytes.as_ref()?))) {
        write(&format!("out/{path}"), bytes);
    }
}

/// Whether two files are the same, as far as files of their name must be.
fn agree(path: &str, a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    match (path, a, b) {
        ("plan.json", Some(a), Some(b)) => {
            let [a, b] = [a, b].map(|bytes| serde_json::from_slice::<Value>(bytes).unwrap());
            values_agree(&a, &b, OF_PLANS)
        }
        ("plan.csv" | "plan_daily.csv", Some(a), Some(b)) => tables_agree(a, b, OF_PLANS),
        _ => a == b,
    }
}

fn numbers_agree(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * a.abs().max(b.abs())
}

/// Whether two documents are the same, but for numbers that differ by a share of up to `tolerance`.
///
/// `gap` is the difference of two almost equal numbers, of which only the absolute size means anything.
fn values_agree(a: &Value, b: &Value, tolerance: f64) -> bool {
    use Value::{Array, Number, Object};
    match (a, b) {
        (Number(a), Number(b)) => numbers_agree(a.as_f64().unwrap(), b.as_f64().unwrap(), tolerance),
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| values_agree(a, b, tolerance)),
        (Object(a), Object(b)) => {
            let same = |((key, a), (other, b)): ((&String, &Value), (&String, &Value))| match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) if key == "gap" && other == "gap" => (a - b).abs() <= tolerance,
                _ => key == other && values_agree(a, b, tolerance),
            };
            a.len() == b.len() && a.iter().zip(b).all(same)
        }
        _ => a == b,
    }
}

fn tables_agree(a: &[u8], b: &[u8], tolerance: f64) -> bool {
    let rows = |bytes: &[u8]| -> Vec<csv::StringRecord> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
        reader.records().map(Result::unwrap).collect()
    };
    let cell = |(a, b): (&str, &str)| match (a.parse(), b.parse()) {
        (Ok(a), Ok(b)) => numbers_agree(a, b, tolerance),
        _ => a == b,
    };
    let (a, b) = (rows(a), rows(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(cell))
}
