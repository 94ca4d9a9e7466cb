use std::path::Path;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Poisson};

use super::*;
use crate::settings::Settings;
use crate::unify::Ledger;
use crate::unify::{Entry, RowCount};
use crate::units::{Field, Measure, Micros};

fn settings(text: &str) -> Settings {
    Settings::parse(text, "outlay.toml", Path::new(""), 1).unwrap()
}

/// One entry: supplier, day, spend and figures.
fn entry(supplier: Option<&str>, day: i8, spend: f64, figures: &[(Measure, f64)]) -> Entry {
    let mut measures = [None; 9];
    measures[Measure::Spend.index()] = Micros::from_f64(spend);
    for (measure, figure) in figures {
        measures[measure.index()] = Micros::from_f64(*figure);
    }
    let mut names: [Option<crate::unify::ledger::Name>; 5] = Default::default();
    names[Field::Platform.index()] = Some("tencent".into());
    names[Field::Supplier.index()] = supplier.map(Into::into);
    let date = jiff::civil::date(2026, 5, 1).saturating_add(jiff::Span::new().days(i64::from(day)));
    Entry { date, days: 1, names, measures }
}

fn ledger(entries: Vec<Entry>) -> Ledger {
    let currency = "CNY".parse().unwrap();
    Ledger { currency, entries, rows: RowCount::default(), sources: Vec::new(), late: Vec::new(), findings: Vec::new() }
}

/// `days` equal days of a supplier.
fn steady(supplier: &str, days: i8, spend: f64, registrations: f64) -> Vec<Entry> {
    let figures = [(Measure::Registrations, registrations)];
    (0..days).map(|day| entry(Some(supplier), day, spend, &figures)).collect()
}

fn score(entries: Vec<Entry>, text: &str) -> Scorecard {
    suppliers(&ledger(entries), &settings(text)).unwrap()
}

fn of<'a>(card: &'a Scorecard, name: &str) -> &'a SupplierScore {
    card.suppliers.iter().find(|score| score.supplier.as_deref() == Some(name)).unwrap()
}

fn checks(card: &Scorecard) -> Vec<&str> {
    card.findings.iter().map(|finding| finding.check).collect()
}

/// A portfolio that shows every tier.
fn portfolio(unit: f64) -> Vec<Entry> {
    let rows = [
        ("cheap", 1000.0, 20.0),
        ("dear", 1000.0, 6.0),
        ("fair", 1000.0, 11.0),
        ("none", 1000.0, 0.0),
        ("ok", 1000.0, 12.0),
        ("slow", 1000.0, 9.2),
        ("tiny", 1.0, 0.0),
        ("usual", 1000.0, 12.0),
    ];
    rows.iter().flat_map(|(name, spend, count)| steady(name, 28, spend * unit, *count)).collect()
}

const TARGET: &str = "[score]\ntarget_cost = 100.0\n";

#[test]
fn every_tier_is_given_for_its_reason() {
    let card = score(portfolio(1.0), TARGET);
    let tiers = ["cheap", "ok", "fair", "slow", "dear", "none", "tiny"].map(|name| of(&card, name).tier);
    assert_eq!(tiers, [Tier::A, Tier::B, Tier::B, Tier::C, Tier::D, Tier::D, Tier::U]);
    let cheap = of(&card, "cheap");
    assert_eq!(cheap.cap_share, Some(0.35));
    assert!(cheap.reasons[0].starts_with("A: reaches the target with probability 1.00"), "{:?}", cheap.reasons);
    assert!(cheap.reasons[1].contains("CNY, 90 % interval"), "{:?}", cheap.reasons);
    let tiny = of(&card, "tiny");
    assert_eq!((tiny.cap_share, &tiny.ask), (None, &None));
    assert!(tiny.reasons[0].starts_with("Unproven: at the target its spend is worth 0.3 registrations"), "{tiny:?}");
    assert!(checks(&card).contains(&"score.unproven"));
}

#[test]
fn no_registrations_have_a_finite_cost_that_grows_with_the_spend() {
    let card = score(portfolio(1.0), TARGET);
    let (none, tiny) = (of(&card, "none").cost_per.clone().unwrap(), of(&card, "tiny").cost_per.clone().unwrap());
    assert_eq!(none.raw, None);
    assert!(none.shrunk.unwrap().is_finite() && none.p95.is_finite(), "{none:?}");
    // 28,000 spent without one: the next one costs about that, not what the others pay.
    assert!(none.shrunk.unwrap() > 10_000.0 && tiny.shrunk.unwrap() < 1_000.0, "{none:?} {tiny:?}");
    assert_eq!(of(&card, "none").efficiency.as_ref().unwrap().crs, 0.0);
}

#[test]
fn the_currency_unit_changes_no_judgement() {
    let (yuan, cents) = (score(portfolio(1.0), TARGET), score(portfolio(100.0), "[score]\ntarget_cost = 10000.0\n"));
    for (one, other) in yuan.suppliers.iter().zip(&cents.suppliers) {
        assert_eq!((one.tier, &one.rank), (other.tier, &other.rank));
        let (a, b) = (one.cost_per.as_ref().unwrap(), other.cost_per.as_ref().unwrap());
        assert!((b.shrunk.unwrap() / a.shrunk.unwrap() / 100.0 - 1.0).abs() < 1e-6, "{a:?} {b:?}");
        let (a, b) = (one.efficiency.as_ref().unwrap(), other.efficiency.as_ref().unwrap());
        assert!((a.crs - b.crs).abs() < 1e-6 && (a.nirs - b.nirs).abs() < 1e-6, "{a:?} {b:?}");
    }
}

#[test]
fn one_supplier_and_ties_are_handled() {
    let alone = score(steady("only", 28, 1000.0, 10.0), "");
    let only = of(&alone, "only");
    let alone_rank = Rank { expected: 1.0, p05: 1, p95: 1, best: 1.0, top_quartile: 1.0, group: 1 };
    assert_eq!(only.rank, Some(alone_rank));
    assert!((only.cost_per.as_ref().unwrap().shrunk.unwrap() - 100.0).abs() < 1.0, "{only:?}");
    assert_eq!(only.efficiency.as_ref().unwrap().vrs, 1.0);
    assert!(checks(&alone).contains(&"score.few_suppliers") && checks(&alone).contains(&"score.few_for_frontier"));

    let tied = score(["a", "b", "c", "d"].iter().flat_map(|name| steady(name, 28, 1000.0, 10.0)).collect(), "");
    assert!(checks(&tied).contains(&"score.alike"), "{:?}", tied.findings);
    assert_eq!(tied.suppliers[0].cost_per, tied.suppliers[3].cost_per);
    assert!(tied.suppliers.iter().all(|score| (score.rank.as_ref().unwrap().expected - 2.5).abs() < 0.1));
}

#[test]
fn rows_without_a_supplier_stand_last_and_absent_is_not_zero() {
    let mut entries = portfolio(1.0);
    entries.push(entry(None, 0, 500.0, &[(Measure::Registrations, 5.0)]));
    entries.push(entry(Some("silent"), 0, 500.0, &[(Measure::Reads, 5.0)]));
    entries.push(entry(Some("usual"), 29, 4000.0, &[]));
    let card = score(entries, TARGET);
    assert_eq!(card.suppliers.last().unwrap().supplier, None);
    let silent = of(&card, "silent");
    assert_eq!(
        (silent.registrations, &silent.cost_per, &silent.efficiency, silent.tier),
        (None, &None, &None, Tier::U)
    );
    let raw = |name| of(&card, name).cost_per.as_ref().unwrap().raw.unwrap();
    assert_eq!(raw("usual"), raw("ok"));
    for check in ["score.unnamed", "score.no_kpi", "score.partial_kpi"] {
        assert!(checks(&card).contains(&check), "{check} in {:?}", card.findings);
    }
    assert_eq!(card.window.unwrap().1, jiff::civil::date(2026, 5, 30));
}

#[test]
fn a_total_kpi_leaves_every_kpi_figure_blank() {
    let card = score(portfolio(1.0), "[kpi_total]\npath = \"kpi.csv\"\n");
    assert_eq!(card.suppliers.len(), 8);
    assert!(card.suppliers.iter().all(|s| s.registrations.is_none() && s.cost_per.is_none() && s.rank.is_none()));
    assert_eq!(checks(&card), ["score.kpi_total"]);
}

#[test]
fn nobody_with_kpi_and_nobody_at_all_are_no_failure() {
    let barren: Vec<Entry> = ["a", "b", "c"].iter().flat_map(|name| steady(name, 28, 1000.0, 0.0)).collect();
    let card = score(barren, "");
    assert!(card.suppliers.iter().all(|score| score.tier == Tier::U && score.efficiency.is_none()));
    assert!(card.suppliers.iter().all(|score| score.cost_per.as_ref().unwrap().shrunk.unwrap().is_finite()));
    let empty = score(Vec::new(), "");
    assert_eq!((empty.window, empty.suppliers.len(), empty.findings.len()), (None, 0, 0));
}

#[test]
fn a_count_that_not_all_report_is_left_out_of_efficiency() {
    let mut entries = portfolio(1.0);
    entries.iter_mut().filter(|e| e.name(Field::Supplier) != Some("tiny")).for_each(|entry| {
        entry.measures[Measure::Reads.index()] = Some(Micros::new(50_000_000));
    });
    let card = score(entries, TARGET);
    let finding = card.findings.iter().find(|finding| finding.check == "score.outputs").unwrap();
    assert_eq!(finding.message, "left out of efficiency: not reported by tiny");
}

/// A planted world: `suppliers` suppliers of 28 days whose counts vary `phi` times as much as chance. Gives the true
/// costs by name order.
fn world(seed: u64, suppliers: usize, phi: f64) -> (Vec<f64>, Vec<Entry>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut truth = Vec::new();
    let mut entries = Vec::new();
    for supplier in 0..suppliers {
        let rate = Gamma::new(8.0, 1.0 / 8.0).unwrap().sample(&mut rng) / 80.0;
        let daily = 10.0 * 100f64.powf(rng.random::<f64>());
        truth.push(1.0 / rate);
        for day in 0..28 {
            let spend: f64 = daily * rng.random_range(0.5..1.5);
            let mean = rate * spend;
            // Negative binomial with variance φ · mean.
            let mean = Gamma::new(mean / (phi - 1.0), phi - 1.0).unwrap().sample(&mut rng);
            let count = if mean > 0.0 { Poisson::new(mean).unwrap().sample(&mut rng) } else { 0.0 };
            entries.push(entry(Some(&format!("{supplier:03}")), day, spend, &[(Measure::Registrations, count)]));
        }
    }
    (truth, entries)
}

/// Σ |rank − true rank| of costs; absent ones rank last.
fn misplaced(truth: &[f64], costs: &[f64]) -> usize {
    let ranks = |values: &[f64]| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
        let mut ranks = vec![0usize; values.len()];
        order.iter().enumerate().for_each(|(rank, at)| ranks[*at] = rank);
        ranks
    };
    ranks(truth).iter().zip(ranks(costs)).map(|(one, other)| one.abs_diff(other)).sum()
}

#[test]
fn in_planted_worlds_shrinking_ranks_better_and_intervals_hold() {
    let (mut raw_misses, mut shrunk_misses, mut inside, mut all) = (0, 0, 0, 0);
    for seed in 0..20 {
        let (truth, entries) = world(seed, 40, 2.5);
        let card = score(entries, "");
        let cost = |score: &SupplierScore| score.cost_per.clone().unwrap();
        let raw = card.suppliers.iter().map(|s| cost(s).raw.unwrap_or(f64::INFINITY)).collect::<Vec<_>>();
        let shrunk = card.suppliers.iter().map(|s| cost(s).shrunk.unwrap()).collect::<Vec<_>>();
        raw_misses += misplaced(&truth, &raw);
        shrunk_misses += misplaced(&truth, &shrunk);
        for (truth, score) in truth.iter().zip(&card.suppliers) {
            inside += usize::from((cost(score).p05..=cost(score).p95).contains(truth));
            all += 1;
        }
    }
    let cover = inside as f64 / all as f64;
    println!("misplaced raw {raw_misses} shrunk {shrunk_misses}, cover {cover}");
    assert!(shrunk_misses < raw_misses, "{shrunk_misses} against {raw_misses}");
    assert!((0.85..=0.95).contains(&cover), "{cover}");
}

#[test]
fn a_duplicated_supplier_changes_nobody_elses_efficiency() {
    let alone = score(portfolio(1.0), TARGET);
    let mut entries = portfolio(1.0);
    entries.extend(steady("cheap again", 28, 1000.0, 20.0));
    let beside = score(entries, TARGET);
    for one in &alone.suppliers {
        let other = of(&beside, one.supplier.as_deref().unwrap());
        let (a, b) = (one.efficiency.as_ref().unwrap(), other.efficiency.as_ref().unwrap());
        assert!((a.crs - b.crs).abs() < 1e-9 && (a.vrs - b.vrs).abs() < 1e-9, "{a:?} {b:?}");
        let (a, b) = (one.cost_per.as_ref().unwrap().raw, other.cost_per.as_ref().unwrap().raw);
        assert_eq!((a, one.registrations), (b, other.registrations));
    }
}

#[test]
fn replaying_the_past_is_as_if_the_rest_had_not_happened() {
    let mut entries = portfolio(1.0);
    let (early, late): (Vec<Entry>, Vec<Entry>) =
        portfolio(1.0).into_iter().partition(|entry| entry.date <= jiff::civil::date(2026, 5, 20));
    assert!(!late.is_empty());
    entries.extend(steady("newcomer", 0, 1.0, 0.0));
    let replayed = score(entries, "[score]\ntarget_cost = 100.0\nas_of = \"2026-05-20\"\n");
    let then = score(early, TARGET);
    assert_eq!(replayed.suppliers, then.suppliers);
    assert_eq!(replayed.window, then.window);
}

#[test]
fn a_worse_grade_waits_for_two_periods_and_says_so() {
    // twelve weeks on target, then four that are not
    let mut entries: Vec<Entry> = ["even", "level", "turned", "usual"]
        .iter()
        .flat_map(|name| {
            let day = |day: i8| {
                let count = if *name == "turned" && day >= 84 { 1.0 } else { 12.0 };
                entry(Some(name), day, 1000.0, &[(Measure::Registrations, count)])
            };
            (0..112).map(day).collect::<Vec<Entry>>()
        })
        .collect();
    entries.sort_by_key(|entry| entry.date);
    let settings = "[score]\ntarget_cost = 95.0\nhalf_life = 5.0\n";
    let card = score(entries, settings);
    let turned = of(&card, "turned");
    let history: Vec<(Tier, Tier)> = turned.decision.history.iter().map(|grade| (grade.alone, grade.tier)).collect();
    assert_eq!(history.len(), 4, "{history:?}");
    assert_eq!(turned.decision.alone, Some(Tier::D), "{:?}", turned.reasons);
    assert!(turned.tier < Tier::C && turned.decision.before == Some(turned.tier));
    assert!(turned.reasons[0].contains("a change needs 2 periods in a row"), "{:?}", turned.reasons);
    let changes = &turned.trust.stability.as_ref().unwrap().changes;
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!((changes[0].ratio - 12.0).abs() < 3.0, "{changes:?}");
}

#[test]
fn what_would_flip_a_grade_flips_it() {
    let card = score(portfolio(1.0), TARGET);
    let flip = of(&card, "slow").decision.flip.clone().unwrap();
    assert_eq!(flip.to, Tier::B, "{flip:?}");
    // all costs of the table scale alike, so the same posterior at another cost is the same table at another target
    let nearer = format!("[score]\ntarget_cost = {}\n", 100.0 / (1.0 + flip.cost_change * 1.01));
    assert_eq!(of(&score(portfolio(1.0), &nearer), "slow").tier, Tier::B);
    let not_yet = format!("[score]\ntarget_cost = {}\n", 100.0 / (1.0 + flip.cost_change * 0.95));
    assert_eq!(of(&score(portfolio(1.0), &not_yet), "slow").tier, Tier::C);
}

#[test]
fn an_unproven_supplier_gets_a_probe_and_a_confirmed_one_goes() {
    let card = score(portfolio(1.0), TARGET);
    let tiny = of(&card, "tiny");
    assert!(tiny.decision.probe.is_some_and(|probe| (300.0..30_000.0).contains(&probe)), "{:?}", tiny.decision);
    let verdict = "[score]\ntarget_cost = 100.0\n[[score.verdict]]\nsupplier = \"cheap\"\nfound = \"confirmed\"\n";
    let confirmed = score(portfolio(1.0), verdict);
    assert_eq!(of(&confirmed, "cheap").tier, Tier::D);
    assert!(of(&confirmed, "cheap").reasons[0].contains("a reviewer confirmed"));
}

#[test]
fn a_price_is_asked_of_the_dear_one_within_its_gap() {
    let rows = [("a", 12.0), ("b", 12.0), ("c", 12.0), ("d", 11.5), ("dear", 7.0)];
    let entries: Vec<Entry> = rows.iter().flat_map(|(name, count)| steady(name, 84, 3000.0, 3.0 * count)).collect();
    let card = score(entries, TARGET);
    let ask = of(&card, "dear").ask.clone().unwrap_or_else(|| panic!("{:?}", of(&card, "dear").no_ask));
    // the same results at 7/12 of the spend: cash = face ÷ (1 + r) makes that r = 12/7 − 1, capped at one half
    assert!(ask.opening <= 0.5 + 1e-9 && ask.rebate <= ask.opening && ask.rebate > 0.2, "{ask:?}");
    assert!(ask.peers.iter().all(|peer| peer.supplier.as_deref() != Some("dear")), "{ask:?}");
    assert!(of(&card, "a").ask.is_none() && of(&card, "a").no_ask.is_some());
}

#[test]
fn tables_beside_the_exports_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("planned.csv", "supplier,start,end,spend\ncheap,2026-05-01,2026-05-10,12500\n");
    let own: String = (1..=28).map(|day| format!("2026-05-{day:02},cheap,16\n")).collect();
    write("own.csv", &format!("date,supplier,registrations\n{own}"));
    write(
        "prospects.csv",
        "supplier,platform,quote,registrations,spend\nGood,tencent,50,60,3000\nBad,tencent,,5,4000\nNew,,,,\n",
    );
    let text = "[score]\ntarget_cost = 100.0\ndelivery = \"planned.csv\"\nown_counts = \"own.csv\"\nprospects = \"prospects.csv\"\n";
    let settings = Settings::parse(text, "outlay.toml", folder.path(), 1).unwrap();
    let card = suppliers(&ledger(portfolio(1.0)), &settings).unwrap();
    let cheap = of(&card, "cheap");
    assert_eq!(cheap.trust.delivery.map(|delivery| delivery.share), Some(0.8));
    assert_eq!(cheap.tier, Tier::B, "delivered too little for A: {:?}", cheap.reasons);
    assert!((cheap.trust.reconciliation.unwrap().gap - 0.2).abs() < 1e-9);
    assert!(checks(&card).contains(&"score.reconciliation"));
    let names: Vec<&str> = card.prospects.iter().map(|prospect| prospect.name.as_str()).collect();
    assert_eq!(names, ["Good", "New", "Bad"], "{:?}", card.prospects);
    assert!(card.prospects.iter().all(|prospect| prospect.probe.is_some_and(|probe| probe > 0.0)));
    write("own.csv", "date,supplier,registrations\nMay,cheap,16\n");
    let error = suppliers(&ledger(portfolio(1.0)), &settings).unwrap_err().to_string();
    assert!(error.contains("column `date` holds `May`"), "{error}");
}

/// `count` registrations of each of eight suppliers; `row` says latency, device, identity and retention of each.
fn registrations(count: usize, row: impl Fn(usize, usize) -> String) -> String {
    let rows = (0..8).flat_map(|supplier| (0..count).map(move |at| (supplier, at)));
    let lines: String = rows.map(|(supplier, at)| format!("S{supplier},{}\n", row(supplier, at))).collect();
    format!("supplier,latency,device,identity,retained\n{lines}")
}

#[test]
fn single_registrations_tell_injection_farms_and_duplicates_apart() {
    let folder = tempfile::tempdir().unwrap();
    let row = |supplier: usize, at: usize| {
        let every = |n: usize| at.is_multiple_of(n);
        let (latency, tail) = (20 + 37 * at % 900, 7_200 + at);
        let latency = match (supplier, at % 2, at % 20) {
            (0, 0, _) => 3,
            (1, 0, _) => tail,
            (_, _, 0) => 5,
            (_, _, 1) => tail,
            _ => latency,
        };
        let device = if (supplier == 2 && every(2)) || every(25) { at / 50 } else { 1_000 + at };
        let identity = if supplier == 3 && every(3) { "0-0".into() } else { format!("{supplier}-{at}") };
        let retained = u8::from(if supplier == 4 { every(10) } else { every(2) });
        format!("{latency},{device},{identity},{retained}")
    };
    std::fs::write(folder.path().join("registrations.csv"), registrations(400, row)).unwrap();
    let settings =
        Settings::parse("[score]\nregistrations = \"registrations.csv\"\n", "outlay.toml", folder.path(), 1).unwrap();
    let entries = (0..8).flat_map(|supplier| steady(&format!("S{supplier}"), 28, 1000.0, 12.0)).collect();
    let card = suppliers(&ledger(entries), &settings).unwrap();
    let raised = |name: &str| -> Vec<&str> {
        let has = |score: &&SupplierScore| score.trust.indicators.iter().any(|one| one.name == name && one.raised);
        card.suppliers.iter().filter(has).filter_map(|score| score.supplier.as_deref()).collect()
    };
    assert_eq!(raised("latency_head"), ["S0"]);
    assert_eq!(raised("latency_tail"), ["S1"]);
    assert_eq!(raised("devices"), ["S2"]);
    assert_eq!(raised("duplicates"), ["S3"]);
    assert_eq!(raised("retention"), ["S4"]);
    let (kept, lost) = (of(&card, "S5").shares["retention"], of(&card, "S4").shares["retention"]);
    assert!((kept.mean - 0.5).abs() < 0.05 && kept.p05 < kept.mean && kept.mean < kept.p95, "{kept:?}");
    assert!(lost.mean > lost.raw.unwrap() && lost.mean < 0.2, "shrunk towards the others: {lost:?}");
    assert!(card.method.not_looked_at.iter().all(|one| one.indicator != "latency_head"));
}

#[test]
fn cheap_reads_alone_do_not_make_a_supplier_efficient() {
    let of_reads = |name: &str, reads: f64, registrations: f64| -> Vec<Entry> {
        let figures = [(Measure::Reads, reads), (Measure::Registrations, registrations)];
        (0..28).map(|day| entry(Some(name), day, 1000.0, &figures)).collect()
    };
    let mut entries: Vec<Entry> =
        (0..10).flat_map(|at| of_reads(&format!("S{at}"), 200.0 + f64::from(at), 20.0)).collect();
    entries.extend(of_reads("reader", 230.0, 2.0));
    let card = score(entries, "");
    let found = of(&card, "reader").efficiency.as_ref().unwrap();
    assert_eq!(found.nirs, 1.0);
    assert!(found.assured < 0.8 && found.assured > 0.0, "{found:?}");
    assert!(found.scale.is_some_and(|scale| scale <= 1.0 + 1e-9) && found.platform_gap == Some(1.0), "{found:?}");
    let finding = card.findings.iter().find(|finding| finding.check == "score.one_count").unwrap();
    assert!(finding.message.ends_with("alone: reader"), "{finding:?}");
}
