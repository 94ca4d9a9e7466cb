//! Batches → ledger → panel.

mod common;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use outlay::{import, panel, unify};

fn lays_out_a_ledger(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("unify and panel");
    group.sample_size(20);
    for rows in [10_000, 100_000] {
        let folder = tempfile::tempdir().expect("a folder to write to");
        let text = common::export(100, rows / 100);
        std::fs::write(folder.path().join("export.csv"), text).expect("a file to write to");
        let settings = common::settings(folder.path(), "");
        let batches = import::all(&settings).expect("an export without bad rows");
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_with_input(BenchmarkId::new("rows", rows), &settings, |bencher, settings| {
            let laid_out = |batches| {
                let ledger = unify::ledger(batches, settings).expect("rows of one currency");
                panel::build(&ledger, settings).expect("daily rows")
            };
            bencher.iter_batched(|| batches.clone(), laid_out, BatchSize::LargeInput);
        });
    }
}

criterion_group!(benches, lays_out_a_ledger);
criterion_main!(benches);
