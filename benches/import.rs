//! Export → batch.

mod common;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use outlay::import;

fn reads_an_export(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("import");
    group.sample_size(20);
    for rows in [10_000, 100_000] {
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

criterion_group!(benches, reads_an_export);
criterion_main!(benches);
