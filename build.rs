//! Lists the column maps of `data/columns/`, the platforms' rules of `data/rules/`, the bulk-upload columns of `data/apply/` and
//! the calendars of `data/calendars/`, so that a new platform or country is a new file and no code.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    list("data/columns", "layouts.rs");
    list("data/rules", "rules.rs");
    list("data/apply", "apply.rs");
    list("data/calendars", "calendars.rs");
}

/// Writes `(name, text)` of every TOML file in `folder`, sorted, as a Rust expression.
fn list(folder: &str, into: &str) {
    println!("cargo:rerun-if-changed={folder}");
    let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join(folder);
    let entries = std::fs::read_dir(&path).unwrap_or_else(|error| panic!("{folder} is part of the package: {error}"));
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(list, "({name:?}, include_str!({:?})),", file.display().to_string()).expect("a string takes all");
    }
    list.push(']');
    let out = Path::new(&std::env::var("OUT_DIR").expect("set by cargo")).join(into);
    std::fs::write(out, list).expect("the build folder can be written");
}
