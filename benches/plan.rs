//! Models and limits → plan with a proven bound, at one budget.

mod common;

use std::fmt::Write;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use outlay::fit::{Fitted, store};
use outlay::plan::{self, Status};
use outlay::settings::Settings;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

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

/// A month at nine tenths of the reference spend of mixed lines in `groups` platforms, with a floor and a cap on each; `rest`
/// goes below. The curves are certain, or known by `draws` draws.
fn mixed(lines: usize, groups: usize, draws: usize, rest: &str) -> (Fitted, Settings) {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut channels = Vec::new();
    let mut whole = 0.0;
    for line in 0..lines {
        let mean = 150.0 + 1_500.0 * rng.random::<f64>();
        let (half, shape) = (mean * rng.random_range(0.5..2.5), rng.random_range(0.6..2.2));
        let top = mean / 60.0 * (1.0 + (half / mean).powf(shape)) * rng.random_range(0.5..1.5);
        whole += 30.0 * mean;
        let mut draw = || {
            let off = |rng: &mut ChaCha8Rng| rng.random_range(0.85..1.15);
            let (top, half, slope) = (top * off(&mut rng), half * off(&mut rng), shape * off(&mut rng));
            format!(r#"{{ "top": {top}, "half": {half}, "slope": {slope}, "decay": 0.1 }}"#)
        };
        let draws: Vec<String> = (0..draws).map(|_| draw()).collect();
        channels.push(format!(
            r#"{{ "channel": "line {line:06}", "platform": "p{}", "supplier": "s{}", "family": "hill",
            "params": {{ "top": {top}, "half": {half}, "slope": {shape} }}, "draws": [{}], "reference_spend": {mean} }}"#,
            line % groups.max(1),
            line % 20,
            draws.join(",")
        ));
    }
    let text = format!(
        r#"{{ "format": "outlay/model@1", "currency": "CNY", "grain": "day", "channels": [{}] }}"#,
        channels.join(",")
    );
    let models = store::parse(&text, "bench").unwrap_or_else(|error| panic!("{error}"));
    let budget = (0.9 * whole).round();
    let mut text =
        format!("[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = {budget}\nfrontier = []\n{rest}\n");
    for group in 0..groups {
        let (least, most) = (0.3 * whole / groups as f64, rng.random_range(0.7..1.2) * whole / groups as f64);
        let limit = format!("name = \"g{group}\"\nwhere = {{ platform = \"p{group}\" }}\nmin = {least}\nmax = {most}");
        writeln!(text, "[[plan.limit]]\n{limit}").expect("memory takes every byte");
    }
    (models, Settings::parse(&text, "outlay.toml", Path::new(""), 1).unwrap_or_else(|error| panic!("{error}")))
}

/// Contracts with twenty suppliers: three tiers of the whole volume each, and a commitment.
fn contracts(lines: usize) -> String {
    let usual = 30.0 * 900.0 * lines as f64 / 20.0;
    let contract = |supplier: usize| {
        let (second, third) = (usual * (0.7 + 0.02 * supplier as f64), usual * (1.2 + 0.02 * supplier as f64));
        format!(
            "[[plan.contract]]\nsupplier = \"s{supplier}\"\nmethod = \"whole\"\ncommitment = {}\nshortfall_penalty = 0.1\n\
             rebate = [ {{ from = 0, rate = 0.01 }}, {{ from = {second}, rate = 0.05 }}, {{ from = {third}, rate = 0.12 }} ]\n",
            0.6 * usual
        )
    };
    format!("budget_in = \"cash\"\n{}", (0..20).map(contract).collect::<String>())
}

/// The cases that issue 3 names, each with the gap that it must reach.
fn cases(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan, cases");
    group.sample_size(10);
    let shares: String = (0..20)
        .map(|s| format!("[[plan.limit]]\nname = \"s{s}\"\nwhere = {{ supplier = \"s{s}\" }}\nshare_max = 0.08\n"))
        .collect();
    let buys = "[[plan.minimum_buy]]\namount = 15000\nlot = 1000";
    let worst = "risk = { measure = \"cvar\", level = 0.2, weight = 0.5 }";
    let contracts = contracts(200);
    let cases = [
        ("10 lines", 10, 0, 0, "", 1e-6),
        ("1,000 lines, 100 groups", 1_000, 100, 0, "", 1e-4),
        ("10,000 lines", 10_000, 0, 0, "", 1e-6),
        ("10,000 lines, 1,000 groups", 10_000, 1_000, 0, "", 1e-4),
        ("10,000 lines, shares", 10_000, 0, 0, shares.as_str(), 1e-4),
        ("100,000 lines, shares", 100_000, 0, 0, shares.as_str(), 1e-4),
        ("500 lines, minimum buys and lots", 500, 0, 0, buys, 1e-3),
        ("20 suppliers' tiers, 200 lines", 200, 0, 0, contracts.as_str(), 1e-3),
        ("1,000 lines, 200 draws, worst fifth", 1_000, 0, 200, worst, 1e-3),
        ("10 lines, 200 draws", 10, 0, 200, "", 1e-6),
        ("1,000 lines, 100 groups, 200 draws", 1_000, 100, 200, "", 1e-4),
        ("10,000 lines, 200 draws", 10_000, 0, 200, "", 1e-6),
    ];
    // where benches are only seen to run, the large ones would take longer than all others
    let timed = std::env::args().any(|arg| arg == "--bench");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| arg.contains("lines")).collect();
    for (name, lines, groups, draws, rest, gap) in cases {
        let left_out = !wanted.is_empty() && !wanted.iter().any(|wanted| name.contains(wanted.as_str()));
        if left_out || !timed && lines * draws.max(1) > 20_000 {
            continue;
        }
        let (models, settings) = mixed(lines, groups, draws, rest);
        let plan = || plan::scenarios(&models, settings.plan().expect("a plan"), models.currency).expect("a plan");
        let reached = plan().gap.expect("a gap");
        // a build without optimization may end by its time limit before it gets there
        assert!(!timed || reached <= gap, "{name}: gap {reached}");
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| bencher.iter(plan));
    }
}

criterion_group!(benches, plans, cases);
criterion_main!(benches);
