//! Models and limits → plan with a proven bound, at one budget.

mod common;

use std::fmt::Write;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use outlay::plan::{self, Status};
use outlay::settings::Settings;

/// A month at the reference spend of `lines` lines, with limits on the share of `groups` platforms of ten lines each.
fn settings(lines: usize, groups: usize) -> Settings {
    let reference: f64 = (0..lines).map(|line| 30.0 * common::level(line)).sum();
    let mut text = format!(
        "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = {reference}\nfrontier = []\n\
         [[plan.limit]]\nname = \"no wild swings\"\nwhere = {{}}\neach = true\ncut_at_most = 0.5\nrise_at_most = 0.5\n"
    );
    for group in 0..groups {
        let platform = common::platform(10 * group);
        let limit = format!("where = {{ platform = \"{platform}\" }}\nshare_min = 0.095\nshare_max = 0.105");
        writeln!(text, "[[plan.limit]]\nname = \"share {group}\"\n{limit}").expect("memory takes every byte");
    }
    Settings::parse(&text, "outlay.toml", Path::new(""), 1).unwrap_or_else(|error| panic!("{error}"))
}

fn plans(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10);
    for (lines, groups) in [(10, 0), (100, 10)] {
        let (models, settings) = (common::models(lines), settings(lines, groups));
        let plan = || plan::scenarios(&models, settings.plan().expect("a plan"), models.currency).expect("a plan");
        assert_eq!(plan().status, Status::Optimal, "{lines} lines");
        let name = format!("{lines} lines, {groups} group rows");
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| bencher.iter(plan));
    }
}

criterion_group!(benches, plans);
criterion_main!(benches);
