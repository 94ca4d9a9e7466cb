//! Export → batch, of a file and of a database that answers a query.

mod common;

use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use outlay::import;
use outlay::settings::Settings;
use rusqlite::{Connection, params_from_iter};

const SIZES: [usize; 2] = [10_000, 100_000];

fn reads_an_export(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("import");
    group.sample_size(20);
    for rows in SIZES {
        let folder = tempfile::tempdir().expect("a folder to write to");
        let text = common::export(100, rows / 100);
        std::fs::write(folder.path().join("export.csv"), text).expect("a file to write to");
        let settings = common::settings(folder.path(), "");
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_with_input(BenchmarkId::new("rows", rows), &settings, |bencher, settings| {
            bencher.iter(|| import::all(settings).expect("an export without bad rows"));
        });
    }
}

fn reads_an_answer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("import, SQLite");
    group.sample_size(20);
    for rows in SIZES {
        let folder = tempfile::tempdir().expect("a folder to write to");
        fill(&folder.path().join("export.sqlite"), &common::export(100, rows / 100)).expect("a database");
        let text = "[[source]]\npath = \"export.sqlite\"\nquery = \"select * from export\"\n";
        let settings = Settings::parse(text, "outlay.toml", folder.path(), 1).expect("settings");
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_with_input(BenchmarkId::new("rows", rows), &settings, |bencher, settings| {
            bencher.iter(|| import::all(settings).expect("an answer without bad rows"));
        });
    }
}

/// Writes a table of text, which has no quotes, to a database.
fn fill(path: &Path, table: &str) -> rusqlite::Result<()> {
    let mut database = Connection::open(path)?;
    let mut lines = table.lines();
    let header = lines.next().unwrap_or_default();
    database.execute(&format!("create table export ({header})"), ())?;
    let all = database.transaction()?;
    let places = vec!["?"; header.split(',').count()].join(",");
    let mut insert = all.prepare(&format!("insert into export values ({places})"))?;
    lines.try_for_each(|line| insert.execute(params_from_iter(line.split(','))).map(drop))?;
    drop(insert);
    all.commit()
}

criterion_group!(benches, reads_an_export, reads_an_answer);
criterion_main!(benches);
