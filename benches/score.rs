//! Ledger → scorecard.

mod common;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use outlay::score;
use outlay::score::envelope::{Orient, Returns, Units};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

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

/// Constant returns, three inputs and three outputs, with slacks and peers.
fn envelops_units(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("efficiency, 3 × 3");
    group.sample_size(10);
    for count in [200, 1000, 5000] {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut figures = || Array2::from_shape_simple_fn((3, count), || random.random_range(1.0..100.0));
        let units = Units::new(figures(), figures()).expect("positive figures");
        group.bench_with_input(BenchmarkId::new("units", count), &units, |bencher, units| {
            bencher.iter(|| units.radial(Returns::Crs, Orient::Input).expect("programs that can be solved"));
        });
    }
}

criterion_group!(benches, scores_suppliers, envelops_units);
criterion_main!(benches);
