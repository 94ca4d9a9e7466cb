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

criterion_group!(benches, fits_curves);
criterion_main!(benches);
