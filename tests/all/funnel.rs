//! Curves by way of an earlier step of the funnel, and what settings state of channels beforehand.

use std::fmt::Write;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use outlay::fit::{self, Fitted, chain};
use outlay::math::quantile;
use outlay::settings::Settings;
use outlay::{import, panel, unify};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution, Poisson, StandardNormal};

const FIRST: Date = date(2025, 1, 1);
const DAYS: usize = 240;
/// Registrations per entry.
const RATE: f64 = 0.04;

/// Entries per day at spend x of the channel whose ceiling is `top`.
fn entries(top: f64, x: f64) -> f64 {
    top * x / (x + 800.0)
}

/// Three platforms with their own ceilings: the last has few entries, and hardly any registrations.
const TOPS: [(&str, f64); 3] = [("tencent", 400.0), ("weibo", 300.0), ("zhihu", 8.0)];

fn table(seed: u64) -> String {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut text = "date,platform,spend,entries,registrations\n".to_owned();
    for (platform, top) in TOPS {
        for t in 0..DAYS {
            let z: f64 = StandardNormal.sample(&mut random);
            let spend = 1000.0 * (0.5 * z - 0.125).exp();
            let came: f64 = Poisson::new(entries(top, spend)).unwrap().sample(&mut random);
            let registered = Binomial::new(came as u64, RATE).unwrap().sample(&mut random);
            let day = FIRST.saturating_add((t as i64).days());
            writeln!(text, "{day},{platform},{spend:.2},{came},{registered}").unwrap();
        }
    }
    text
}

fn fitted(seed: u64, rest: &str) -> Fitted {
    fitted_to(&table(seed), "", rest)
}

fn fitted_to(table: &str, project: &str, rest: &str) -> Fitted {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), table).unwrap();
    let text = format!("[project]\nchannel = [\"platform\"]\n{project}[[source]]\npath = \"t.csv\"\n{rest}");
    let settings = Settings::parse(&text, "outlay.toml", folder.path(), 1).unwrap_or_else(|error| panic!("{error}"));
    let ledger = unify::ledger(import::all(&settings).unwrap_or_else(|e| panic!("{e}")), &settings).unwrap();
    let panel = panel::build(&ledger, &settings).unwrap();
    let fitted = fit::channels(&panel, &settings).unwrap_or_else(|e| panic!("{e}"));
    chain::through(fitted, &panel, &ledger, &settings).unwrap_or_else(|e| panic!("{e}"))
}

fn said<'a>(fitted: &'a Fitted, check: &str) -> Vec<&'a str> {
    fitted.findings.iter().filter(|finding| finding.check == check).map(|finding| finding.subject.as_str()).collect()
}

#[test]
fn a_channel_with_few_registrations_gets_the_curve_of_its_entries() {
    let mut covered = 0;
    for seed in 1..=4 {
        let fitted = fitted(seed, "");
        assert_eq!((said(&fitted, "fit.chain"), said(&fitted, "fit.no_curve")), (vec!["zhihu"], vec![]));
        let curve = fitted.channels[2].curve.as_ref().unwrap();
        for x in [500.0, 1000.0, 2000.0] {
            let truth = RATE * entries(8.0, x);
            assert!(
                (curve.mean(x) / truth - 1.0).abs() < 0.5,
                "seed {seed}: {} at {x}, {truth} expected",
                curve.mean(x)
            );
            let draws = curve.at_each(x);
            covered += usize::from((quantile(&draws, 0.05)..=quantile(&draws, 0.95)).contains(&truth));
        }
    }
    assert!(covered >= 8, "{covered} of 12");
}

/// Two platforms with the same registrations; value is known of the last 30 days alone, 40 and 90 a registration.
fn valued(seed: u64) -> String {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut text = "date,platform,spend,registrations,value\n".to_owned();
    for (platform, each) in [("tencent", 40.0), ("weibo", 90.0)] {
        for t in 0..DAYS {
            let z: f64 = StandardNormal.sample(&mut random);
            let spend = 1000.0 * (0.5 * z - 0.125).exp();
            let came: f64 = Poisson::new(entries(40.0, spend)).unwrap().sample(&mut random);
            let of_one = |_| -> f64 {
                let z: f64 = StandardNormal.sample(&mut random);
                each * (0.8 * z - 0.32).exp()
            };
            let value: f64 = (0..came as usize).map(of_one).sum();
            let value = if t + 30 < DAYS { String::new() } else { format!("{value:.2}") };
            writeln!(text, "{},{platform},{spend:.2},{came},{value}", FIRST.saturating_add((t as i64).days())).unwrap();
        }
    }
    text
}

#[test]
fn value_that_is_known_of_a_month_weighs_the_registrations() {
    let mut covered = 0;
    for seed in 1..=3 {
        let fitted = fitted_to(&valued(seed), "kpi = \"value\"\n", "");
        assert_eq!(said(&fitted, "fit.chain"), ["tencent", "weibo"]);
        for (fit, each) in fitted.channels.iter().zip([40.0, 90.0]) {
            let draws = fit.curve.as_ref().unwrap().at_each(1000.0);
            let truth = each * entries(40.0, 1000.0);
            let [low, high] = [0.05, 0.95].map(|share| quantile(&draws, share));
            assert!(high / low < 1.6 && (quantile(&draws, 0.5) / truth - 1.0).abs() < 0.25, "{low} {high} {truth}");
            covered += usize::from((low..=high).contains(&truth));
        }
    }
    assert!(covered >= 4, "{covered} of 6");
}

#[test]
fn stated_priors_enter_and_are_held_against_the_data() {
    // tencent's registrations cost some 110 on average
    let right =
        "[[fit.prior]]\nwhere = { platform = \"tencent\" }\ncost_per = [80.0, 150.0]\nsaturation = [0.5, 0.6]\n";
    let wrong = "[[fit.prior]]\nwhere = { platform = \"tencent\" }\ncost_per = [8.0, 15.0]\n";
    let (plain, right, wrong) = (fitted(1, ""), fitted(1, right), fitted(1, wrong));
    assert!(said(&plain, "fit.prior").is_empty() && said(&right, "fit.prior").is_empty());
    assert_eq!(said(&wrong, "fit.prior"), ["tencent"]);
    let width = |fitted: &Fitted| {
        let draws = fitted.channels[0].curve.as_ref().unwrap().at_each(3000.0);
        quantile(&draws, 0.95) / quantile(&draws, 0.05)
    };
    assert!(width(&right) < width(&plain), "{} {}", width(&right), width(&plain));
}

#[test]
fn the_sampler_that_is_asked_for_is_used() {
    let fitted = fitted(2, "[fit]\nsampler = \"nuts\"\n");
    for fit in fitted.channels.iter().filter(|fit| fit.curve.is_ok()) {
        let how = fit.diagnostics.as_ref().unwrap().how;
        assert!(matches!(how, fit::How::Nuts { .. }) && how.is_sound(), "{}: {how:?}", fit.channel.label);
    }
}
