//! Ledger → scorecard.

mod common;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use outlay::score;

fn scores_suppliers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("score");
    group.sample_size(10);
    for suppliers in [30, 200] {
        let (settings, ledger) = common::ledger(suppliers, 28);
        group.bench_with_input(BenchmarkId::new("suppliers of 28 days", suppliers), &ledger, |bencher, ledger| {
            bencher.iter(|| score::suppliers(ledger, &settings).expect("programs that can be solved"));
        });
    }
}

criterion_group!(benches, scores_suppliers);
criterion_main!(benches);
