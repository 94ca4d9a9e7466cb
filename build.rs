//! Lists the data files that are compiled in, so that a new platform or country is a new file and no code.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    list("data/columns", "layouts.rs");
    list("data/calendars", "calendars.rs");
}

/// Writes `&[("name", "text"), …]` of a folder's TOML files to a file that `include!` takes.
fn list(folder: &str, file: &str) {
    println!("cargo:rerun-if-changed={folder}");
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is part of the package");
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(list, "({name:?}, include_str!({:?})),", file.display().to_string()).expect("a string takes all");
    }
    list.push(']');
    let out = Path::new(&std::env::var("OUT_DIR").expect("set by cargo")).join(file);
    std::fs::write(out, list).expect("the build folder can be written");
}
