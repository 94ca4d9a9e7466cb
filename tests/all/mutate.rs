//! Exports damaged at random, for as long as one likes: no bytes may make a reader panic or hang.
//!
//! ```sh
//! OUTLAY_MUTATE_SECONDS=600 cargo test --release --test all mutate -- --ignored --nocapture
//! ```
//!
//! Every case of `tests/cases/import` is a seed, so that each reader of outside bytes is reached: encodings, gzip, ZIP, tables,
//! dates, numbers, headers, workbooks and Parquet files where a seed begins like one. A failure names the bytes' file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use outlay::settings::Settings;
use outlay::{import, unify};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A file to damage, and the settings of its source.
struct Seed {
    bytes: Vec<u8>,
    source: String,
}

fn seeds() -> Vec<Seed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/import");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let seed = |case: &PathBuf| {
        let files = std::fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path());
        let export = files.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with("export"));
        let source = std::fs::read_to_string(case.join("source.toml")).unwrap_or_default();
        Seed { bytes: std::fs::read(export.unwrap()).unwrap(), source }
    };
    let mut seeds: Vec<Seed> = cases.iter().map(seed).filter(|seed| seed.bytes.len() < 50_000).collect();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in [["date", "platform", "spend"], ["2026-05-01", "x", "1"]].iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            sheet.write(row as u32, column as u16, *cell).unwrap();
        }
    }
    seeds.push(Seed { bytes: book.save_to_buffer().unwrap(), source: String::new() });
    for magic in [b"PAR1".as_slice(), b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", b"PK\x03\x04", b"\x1F\x8B\x08\x00"] {
        seeds.push(Seed { bytes: [magic, &[0; 600], magic].concat(), source: String::new() });
    }
    seeds
}

/// Pieces that readers look at closely.
const PIECES: [&[u8]; 16] = [
    b"\"",
    b"\"\"",
    b",",
    b"\t",
    b"\r",
    b"\n",
    b"\0",
    b"\xFF\xFE",
    b"\xEF\xBB\xBF",
    b"-",
    b"<5",
    b"1e30",
    b"9223372036854775807",
    "合计".as_bytes(),
    "2026年5月1日".as_bytes(),
    b"99/99/9999",
];

fn damaged(bytes: &[u8], other: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..=bytes.len());
        let end = (at + rng.random_range(0..40)).min(bytes.len());
        match rng.random_range(0..6) {
            0 => bytes[at..end].iter_mut().for_each(|byte| *byte = rng.random()),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, PIECES[rng.random_range(0..PIECES.len())].iter().copied())),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece.repeat(rng.random_range(1..50)));
            }
            4 => {
                let from = rng.random_range(0..=other.len());
                let to = (from + rng.random_range(0..200)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
#[ignore = "runs for OUTLAY_MUTATE_SECONDS, 60 when not set"]
fn no_damage_makes_a_reader_panic() {
    let seconds = std::env::var("OUTLAY_MUTATE_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let until = Instant::now() + Duration::from_secs(seconds);
    let (seeds, folder) = (seeds(), tempfile::tempdir().unwrap());
    let path = folder.path().join("export");
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut runs, mut slowest) = (0_u64, Duration::ZERO);
    while Instant::now() < until {
        let (one, other) = (&seeds[rng.random_range(0..seeds.len())], &seeds[rng.random_range(0..seeds.len())]);
        let bytes = damaged(&one.bytes, &other.bytes, &mut rng);
        std::fs::write(&path, &bytes).unwrap();
        let text = format!("[[source]]\npath = \"export\"\nbad_rows = \"skip\"\n{}", one.source);
        let settings = Settings::parse(&text, "outlay.toml", folder.path(), 1).unwrap();
        let start = Instant::now();
        let read = || drop(import::all(&settings).and_then(|batches| unify::ledger(batches, &settings)));
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).is_err() {
            let kept = std::env::temp_dir().join("outlay-mutated-export");
            std::fs::write(&kept, &bytes).unwrap();
            panic!("run {runs}: {} with source {:?}", kept.display(), one.source);
        }
        slowest = slowest.max(start.elapsed());
        runs += 1;
    }
    println!("{runs} damaged exports, the slowest took {slowest:?}");
}
