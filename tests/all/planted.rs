//! Planted worlds: portfolios of known costs, `outlay simulate --suppliers N`. What the scorecard says is held against the truth.
//!
//! The fast ones are small; `cargo test --release --test all planted:: -- --ignored --nocapture` runs twenty worlds of 200 suppliers.

use std::collections::BTreeMap;

use ndarray::Array2;
use outlay::flow;
use outlay::score::envelope::{Orient, Returns, Units};
use outlay::score::{self, Light, Scorecard, SupplierScore};
use outlay::settings::Settings;
use outlay::simulate::portfolio::{self, Member, Planted, Portfolio};

/// A portfolio written, read and scored.
struct World {
    truth: Portfolio,
    card: Scorecard,
}

impl World {
    fn of(seed: u64, suppliers: u32) -> World {
        let truth = portfolio::portfolio(seed, suppliers).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in portfolio::files(&truth).unwrap() {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let settings = Settings::read(&folder.path().join("outlay.toml"), 1).unwrap();
        let (ledger, _) = flow::data(&settings, &|_| ()).unwrap();
        let card = score::suppliers(&ledger, &settings).unwrap();
        World { truth, card }
    }

    /// Every supplier's truth and score.
    fn pairs(&self) -> impl Iterator<Item = (&Member, &SupplierScore)> {
        let named = |member: &&Member, score: &SupplierScore| score.supplier.as_deref() == Some(&*member.name);
        self.truth
            .members
            .iter()
            .map(move |member| (member, self.card.suppliers.iter().find(|score| named(&member, score)).unwrap()))
    }

    /// Share of the true costs inside their 90 % intervals, as hits and tries.
    fn covered(&self) -> (usize, usize) {
        let inside = |(member, score): &(&Member, &SupplierScore)| {
            let cost = score.cost_per.as_ref().unwrap();
            (cost.p05..=cost.p95).contains(&member.cost)
        };
        (self.pairs().filter(inside).count(), self.truth.members.len())
    }

    /// Σ |rank − true rank| of raw and of shrunk costs.
    fn misplaced(&self) -> (usize, usize) {
        let order = |cost: &dyn Fn(&Member, &SupplierScore) -> f64| {
            let costs: Vec<f64> = self.pairs().map(|(member, score)| cost(member, score)).collect();
            let mut order: Vec<usize> = (0..costs.len()).collect();
            order.sort_by(|a, b| costs[*a].total_cmp(&costs[*b]));
            let mut ranks = vec![0usize; costs.len()];
            order.iter().enumerate().for_each(|(rank, at)| ranks[*at] = rank);
            ranks
        };
        let of = |score: &SupplierScore| score.cost_per.clone().unwrap();
        let truth = order(&|member, _| member.cost);
        let raw = order(&|_, score| of(score).raw.unwrap_or(f64::INFINITY));
        let shrunk = order(&|_, score| of(score).shrunk.unwrap());
        let off = |ranks: &[usize]| ranks.iter().zip(&truth).map(|(a, b)| a.abs_diff(*b)).sum();
        (off(&raw), off(&shrunk))
    }

    /// Names of the planted suppliers that were not found, and how many clean ones were flagged, out of how many.
    fn flags(&self) -> (Vec<String>, usize, usize) {
        let (mut missed, mut false_ones, mut clean) = (Vec::new(), 0, 0);
        for (member, score) in self.pairs() {
            let raised = |name: &str| score.trust.indicators.iter().any(|one| one.name == name && one.raised);
            let found = match member.planted {
                Some(Planted::ClickFlooder) => raised("click_rate") && score.trust.light >= Light::Amber,
                Some(Planted::NightBot) => raised("night_share") && score.trust.light >= Light::Amber,
                None => {
                    clean += 1;
                    false_ones += usize::from(score.trust.light >= Light::Watch);
                    continue;
                }
            };
            if !found {
                missed.push(format!("{} {:?} {:?}", member.name, member.planted, score.trust.light));
            }
        }
        (missed, false_ones, clean)
    }

    /// True θ of every supplier among those on its platform.
    fn true_thetas(&self) -> BTreeMap<String, f64> {
        let mut thetas = BTreeMap::new();
        for platform in ["tencent", "weibo", "ocean_engine", "meta"] {
            let own: Vec<&Member> =
                self.truth.members.iter().filter(|member| member.platform.name == platform).collect();
            let inputs = Array2::from_shape_fn((1, own.len()), |(_, at)| own[at].expected.spend);
            let outputs = Array2::from_shape_fn((4, own.len()), |(row, at)| {
                let e = own[at].expected;
                [e.reads, e.entries, e.registrations, e.valid_registrations][row]
            });
            let scores = Units::new(inputs, outputs).unwrap().radial(Returns::Nirs, Orient::Input).unwrap();
            own.iter().zip(scores).for_each(|(member, score)| {
                thetas.insert(member.name.clone(), score.efficiency);
            });
        }
        thetas
    }

    /// Asks made, and those that go past what the true frontier supports: firm ones, and openings.
    fn asks(&self) -> (usize, usize, usize) {
        let thetas = self.true_thetas();
        let asked: Vec<(f64, f64, f64)> = self
            .pairs()
            .filter_map(|(member, score)| {
                let ask = score.ask.as_ref()?;
                Some((ask.rebate, ask.opening, 1.0 / thetas[&member.name] - 1.0))
            })
            .collect();
        let past = |pick: fn(&(f64, f64, f64)) -> f64| asked.iter().filter(|ask| pick(ask) > ask.2 + 1e-9).count();
        (asked.len(), past(|ask| ask.0), past(|ask| ask.1))
    }
}

/// What several worlds come to, all of it printed.
fn judged(seeds: std::ops::Range<u64>, suppliers: u32) {
    let (mut inside, mut all, mut raw, mut shrunk) = (0, 0, 0, 0);
    let (mut false_ones, mut clean, mut past, mut asked, mut good, mut missed) = (0, 0, 0, 0, 0, Vec::new());
    let worlds = seeds.end - seeds.start;
    for seed in seeds {
        let world = World::of(seed, suppliers);
        let (hits, tries) = world.covered();
        let (off_raw, off_shrunk) = world.misplaced();
        let (lost, wrong, of) = world.flags();
        let (made, firm, opening) = world.asks();
        println!(
            "seed {seed}: cover {hits}/{tries}, misplaced raw {off_raw} shrunk {off_shrunk}, missed {lost:?}, flagged \
             {wrong}/{of}, asks {made}: {firm} firm and {opening} openings past the truth, {:?}",
            world.card.method
        );
        (inside, all, raw, shrunk) = (inside + hits, all + tries, raw + off_raw, shrunk + off_shrunk);
        (false_ones, clean, past, asked) = (false_ones + wrong, clean + of, past + firm, asked + made);
        good += u64::from(firm == 0);
        missed.extend(lost);
    }
    let cover = inside as f64 / all as f64;
    println!("cover {cover:.3}, raw {raw} shrunk {shrunk}, flagged {false_ones}/{clean}, {past} of {asked} asks past");
    assert!(shrunk < raw, "shrunk ranks are off by {shrunk}, raw ones by {raw}");
    assert!((0.85..=0.95).contains(&cover), "{cover}");
    assert!(missed.is_empty(), "not found: {missed:?}");
    assert!(false_ones as f64 <= 0.02 * clean as f64, "{false_ones} of {clean} clean suppliers flagged");
    assert!(asked > 0 && good as f64 >= 0.9 * worlds as f64, "{past} of {asked} asks past the truth");
}

#[test]
fn small_worlds_are_told_as_they_are() {
    judged(1..4, 60);
}

#[test]
#[ignore = "twenty worlds of 200 suppliers: minutes; see the top of the file"]
fn twenty_worlds_of_two_hundred() {
    judged(100..120, 200);
}
