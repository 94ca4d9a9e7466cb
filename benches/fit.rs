//! Panel → response curves with posterior draws.

mod common;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use outlay::fit;

fn fits_curves(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fit");
    group.sample_size(10);
    for channels in [1, 10] {
        let (settings, ledger) = common::ledger(channels, 365);
        let panel = common::panel(&ledger, &settings);
        let fitted = fit::channels(&panel, &settings).expect("daily counts");
        assert!(fitted.channels.iter().all(|fit| fit.curve.is_ok()), "a channel has no curve: {:?}", fitted.findings);
        group.bench_with_input(BenchmarkId::new("channels of 365 days", channels), &panel, |bencher, panel| {
            bencher.iter(|| fit::channels(panel, &settings).expect("daily counts"));
        });
    }
}

fn fits_a_total(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fit of a total");
    group.sample_size(10);
    let (settings, panel) = common::total(5, 130);
    let fitted = fit::channels(&panel, &settings).expect("a total");
    assert!(fitted.channels.iter().all(|fit| fit.curve.is_ok()), "a channel has no curve: {:?}", fitted.findings);
    group.bench_function("5 channels of 130 weeks", |bencher| {
        bencher.iter(|| fit::channels(&panel, &settings).expect("a total"));
    });
}

criterion_group!(benches, fits_curves, fits_a_total);
criterion_main!(benches);
