//! Lists the files that are data to the program, so that one more of them is a new file and no code: the column maps of
//! `data/columns/`, the platforms' rules of `data/rules/`, the bulk-upload columns of `data/apply/`, the calendars of
//! `data/calendars/` and the sections of the report's page.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    list("data/columns", "toml", "layouts.rs", |stem| stem);
    list("data/rules", "toml", "rules.rs", |stem| stem);
    list("data/apply", "toml", "apply.rs", |stem| stem);
    list("data/calendars", "toml", "calendars.rs", |stem| stem);
    // `10-summary.html` is the section `summary`, the first of the page
    list("src/report/html/sections", "html", "sections.rs", |stem| stem.split_once('-').map_or(stem, |(_, id)| id));
}

/// Writes the files of a folder as `&[(name, text)]`, in the order of their file names.
fn list(folder: &str, extension: &str, into: &str, name: fn(&str) -> &str) {
    println!("cargo:rerun-if-changed={folder}");
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is part of the package");
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(list, "({:?}, include_str!({:?})),", name(&stem), file.display().to_string())
            .expect("a string takes all");
    }
    list.push(']');
    let out = Path::new(&std::env::var("OUT_DIR").expect("set by cargo")).join(into);
    std::fs::write(out, list).expect("the build folder can be written");
}
