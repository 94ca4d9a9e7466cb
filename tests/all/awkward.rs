//! Awkward worlds with known curves: each ends in a sound curve or in a plain statement that there is none.

use std::fmt::Write;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use outlay::check::Severity;
use outlay::fit::adstock::geometric;
use outlay::fit::store::season_sum;
use outlay::fit::{ChannelFit, Fitted};
use outlay::settings::Settings;
use outlay::{fit, import, panel, unify};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Poisson, StandardNormal};

const FIRST: Date = date(2024, 6, 1);
const DISPERSION: f64 = 20.0;

/// One channel's true curve and spend; counts follow.
#[derive(Clone)]
struct Truth {
    platform: &'static str,
    supplier: &'static str,
    top: f64,
    half: f64,
    slope: f64,
    decay: f64,
    spend: Vec<f64>,
}

impl Truth {
    fn at(&self, x: f64) -> f64 {
        self.top / (1.0 + (self.half / x).powf(self.slope))
    }

    /// A year of spend that varies by `spread` around 1,000, the stream found by seed and name.
    fn of(seed: u64, supplier: &'static str, days: usize, spread: f64) -> Truth {
        let number = seed * 1000 + supplier.bytes().map(u64::from).sum::<u64>();
        let mut random = ChaCha8Rng::seed_from_u64(number);
        let mut normal = || -> f64 { StandardNormal.sample(&mut random) };
        let mut wobble = 0.0;
        let day = |_| {
            wobble = 0.6 * wobble + 0.8 * normal();
            1000.0 * f64::exp(spread * wobble - 0.5 * spread * spread)
        };
        Truth {
            platform: "weibo",
            supplier,
            top: 80.0,
            half: 900.0,
            slope: 1.0,
            decay: 0.3,
            spend: (0..days).map(day).collect(),
        }
    }

    fn counts(&self, seed: u64, factor: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed + 77);
        let (stock, _) = geometric(&self.spend, &vec![true; self.spend.len()], self.decay);
        let count = |(t, z): (usize, &f64)| {
            let mean = (factor(t) * self.at(*z)).max(1e-9);
            let rate = Gamma::new(DISPERSION, mean / DISPERSION).unwrap().sample(&mut random);
            Poisson::new(rate.max(1e-9)).unwrap().sample(&mut random)
        };
        stock.iter().enumerate().map(count).collect()
    }
}

fn day(t: usize) -> Date {
    FIRST.saturating_add((t as i64).days())
}

/// Fits rows `(channel, counts, reported)`; `rest` goes into the settings.
fn fitted(rows: &[(&Truth, Vec<f64>)], kept: impl Fn(usize) -> bool, rest: &str) -> Fitted {
    let mut table = String::from("date,platform,supplier,spend,registrations\n");
    for (truth, counts) in rows {
        for t in (0..counts.len()).filter(|t| kept(*t)) {
            writeln!(table, "{},{},{},{:.2},{}", day(t), truth.platform, truth.supplier, truth.spend[t], counts[t])
                .unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), table).unwrap();
    let text = format!("[[source]]\npath = \"t.csv\"\n{rest}");
    let settings = Settings::parse(&text, "outlay.toml", folder.path(), 1).unwrap_or_else(|error| panic!("{error}"));
    let ledger = unify::ledger(import::all(&settings).unwrap_or_else(|e| panic!("{e}")), &settings).unwrap();
    fit::channels(&panel::build(&ledger, &settings).unwrap(), &settings).unwrap_or_else(|e| panic!("{e}"))
}

fn one(truth: &Truth, counts: Vec<f64>) -> Fitted {
    fitted(&[(truth, counts)], |_| true, "")
}

fn reason(fitted: &Fitted) -> &str {
    fitted.channels[0].curve.as_ref().unwrap_err()
}

/// Share of ten spends up to twice the mean at which the truth lies within the 90 % interval.
fn cover(fit: &ChannelFit, truth: &Truth) -> f64 {
    let curve = fit.curve.as_ref().unwrap_or_else(|reason| panic!("{}: {reason}", fit.channel.label));
    let inside = |k: &u32| {
        let x = fit.mean_spend * 0.2 * f64::from(*k);
        let draws = curve.at_each(x);
        let [low, high] = [0.05, 0.95].map(|share| outlay::math::quantile(&draws, share));
        (low..=high).contains(&truth.at(x))
    };
    (1..=10).filter(inside).count() as f64 / 10.0
}

fn error_at_mean(fit: &ChannelFit, truth: &Truth) -> f64 {
    fit.curve.as_ref().unwrap_or_else(|reason| panic!("{reason}")).mean(fit.mean_spend) / truth.at(fit.mean_spend) - 1.0
}

fn said(fitted: &Fitted, check: &str) -> bool {
    fitted.findings.iter().any(|finding| finding.check == check && finding.severity == Severity::Review)
}

#[test]
fn constant_spend_zero_spend_no_counts_and_two_weeks_are_told_plainly() {
    let year = Truth::of(1, "a", 300, 0.4);
    let constant = Truth { spend: vec![1000.0; 300], ..year.clone() };
    assert!(reason(&one(&constant, constant.counts(1, |_| 1.0))).starts_with("spend never varies"));
    let nothing = Truth { spend: vec![0.0; 300], ..year.clone() };
    let both =
        fitted(&[(&nothing, vec![0.0; 300]), (&Truth::of(1, "b", 300, 0.4), year.counts(1, |_| 1.0))], |_| true, "");
    assert_eq!(reason(&both), "0 usable days of 60 needed");
    let silent = fitted(&[(&year, vec![0.0; 300])], |_| true, "");
    assert_eq!(reason(&silent), "0 usable days of 60 needed");
    let short = Truth::of(1, "a", 14, 0.4);
    assert_eq!(reason(&one(&short, short.counts(1, |_| 1.0))), "14 usable days of 60 needed");
}

#[test]
fn two_channels_that_move_together_are_told_apart_by_their_own_counts() {
    let mut covers = Vec::new();
    for seed in 1..=3 {
        let first = Truth::of(seed, "a", 300, 0.4);
        let second = Truth { supplier: "b", top: 30.0, half: 700.0, ..first.clone() };
        let rows = [(&first, first.counts(seed, |_| 1.0)), (&second, second.counts(seed + 9, |_| 1.0))];
        let fitted = fitted(&rows, |_| true, "");
        covers.extend([cover(&fitted.channels[0], &first), cover(&fitted.channels[1], &second)]);
    }
    assert!(outlay::math::mean(&covers) >= 0.7, "{covers:?}");
}

#[test]
fn a_shift_of_level_is_said_and_the_plan_counts_on_the_later_one() {
    for seed in 1..=3 {
        let truth = Truth::of(seed, "a", 330, 0.4);
        let fitted = one(&truth, truth.counts(seed, |t| if t < 180 { 1.0 } else { 0.6 }));
        assert!(said(&fitted, "fit.level"), "{:?}", fitted.findings);
        let fit = &fitted.channels[0];
        let season = season_sum(&fit.season, fitted.grain, day(330), 30).unwrap() / 30.0;
        let later = season * fit.curve.as_ref().unwrap().mean(1000.0) / (0.6 * truth.at(1000.0));
        assert!((later - 1.0).abs() < 0.12, "seed {seed}: {later}");
    }
}

#[test]
fn a_month_of_missing_days_leaves_a_sound_curve() {
    for seed in 1..=3 {
        let truth = Truth::of(seed, "a", 300, 0.4);
        let fitted = fitted(&[(&truth, truth.counts(seed, |_| 1.0))], |t| !(100..130).contains(&t), "");
        assert!(error_at_mean(&fitted.channels[0], &truth).abs() < 0.08, "seed {seed}");
    }
}

#[test]
fn a_promotion_is_an_event_or_left_out() {
    for seed in 1..=3 {
        let mut truth = Truth::of(seed, "a", 300, 0.4);
        // spend doubles on the days that bring three times as much for another reason
        (200..206).for_each(|t| truth.spend[t] *= 2.0);
        let counts = truth.counts(seed, |t| if (200..206).contains(&t) { 3.0 } else { 1.0 });
        let event = format!("[[event]]\nname = \"618\"\nstart = \"{}\"\nend = \"{}\"\n", day(200), day(205));
        let with = fitted(&[(&truth, counts.clone())], |_| true, &event);
        let passed = with.findings.iter().any(|f| f.check == "fit.events" && f.severity == Severity::Pass);
        assert!(passed || said(&with, "fit.outliers"), "seed {seed}: {:?}", with.findings);
        let curve = |fitted: &Fitted| fitted.channels[0].curve.as_ref().unwrap().mean(2000.0) / truth.at(2000.0);
        assert!((curve(&with) - 1.0).abs() < 0.2, "seed {seed}: {}", curve(&with));
    }
}

#[test]
fn one_huge_day_does_not_bend_the_curve() {
    for seed in 1..=3 {
        let truth = Truth::of(seed, "a", 300, 0.4);
        let mut counts = truth.counts(seed, |_| 1.0);
        counts[150] = 3000.0;
        let fitted = one(&truth, counts);
        assert!(said(&fitted, "fit.outliers"), "{:?}", fitted.findings);
        assert!(error_at_mean(&fitted.channels[0], &truth).abs() < 0.06, "seed {seed}");
    }
}

#[test]
fn five_years_give_a_narrow_curve() {
    let truth = Truth::of(1, "a", 1826, 0.4);
    let fitted = one(&truth, truth.counts(1, |_| 1.0));
    assert!(error_at_mean(&fitted.channels[0], &truth).abs() < 0.03);
    let diagnostics = fitted.channels[0].diagnostics.as_ref().unwrap();
    assert!(diagnostics.how.is_sound(), "{diagnostics:?}");
}

/// Weekday, season of the year and trend, which spend follows too.
fn calendar(t: usize) -> f64 {
    let week = [0.15, 0.1, 0.05, 0.0, 0.0, -0.2, -0.1][day(t).weekday().to_monday_zero_offset() as usize];
    let year = std::f64::consts::TAU * t as f64 / 365.25;
    (week + 0.25 * year.sin() + 0.1 * (t as f64 / 400.0 - 0.5)).exp()
}

#[test]
fn season_weekday_and_trend_are_not_credited_to_spend() {
    let (mut covers, mut levels) = (Vec::new(), Vec::new());
    for seed in 1..=4 {
        let names = ["a", "b", "c"];
        let truths: Vec<Truth> = names
            .iter()
            .map(|name| {
                let mut truth = Truth::of(seed, name, 400, 0.4);
                truth.spend.iter_mut().enumerate().for_each(|(t, x)| *x *= calendar(t).powf(1.2));
                truth
            })
            .collect();
        let usual = (0..400).map(calendar).sum::<f64>() / 400.0;
        let rows: Vec<(&Truth, Vec<f64>)> = truths
            .iter()
            .zip(seed..)
            .map(|(truth, seed)| (truth, truth.counts(seed, |t| calendar(t) / usual)))
            .collect();
        let plan = format!("[plan]\nstart = \"{}\"\nend = \"{}\"\nbudget = 1000\n", day(400), day(429));
        let fitted = fitted(&rows, |_| true, &plan);
        assert!(fitted.findings.iter().any(|finding| finding.check == "fit.season"), "{:?}", fitted.findings);
        let ahead: f64 = (400..430).map(|t| calendar(t.min(399) + (t - t.min(399))) / usual).sum();
        for (fit, truth) in fitted.channels.iter().zip(&truths) {
            covers.push(cover(fit, truth));
            levels.push(season_sum(&fit.season, fitted.grain, day(400), 30).unwrap() / ahead - 1.0);
        }
    }
    // 90 % nominal over twelve curves whose ten spends are far from independent
    assert!(outlay::math::mean(&covers) >= 0.75, "{covers:?}");
    assert!(outlay::math::mean(&levels).abs() < 0.06 && levels.iter().all(|l| l.abs() < 0.2), "{levels:?}");
}

#[test]
fn a_short_channel_borrows_from_its_platform() {
    let (mut covers, mut widths) = (Vec::new(), Vec::new());
    for seed in 1..=3 {
        let long: Vec<Truth> = ["a", "b", "c", "d"].iter().map(|name| Truth::of(seed, name, 300, 0.4)).collect();
        let mut young = Truth::of(seed, "young", 300, 0.4);
        young.supplier = "young";
        let mut rows: Vec<(&Truth, Vec<f64>)> =
            long.iter().zip(seed..).map(|(truth, seed)| (truth, truth.counts(seed, |_| 1.0))).collect();
        let counts = young.counts(seed, |_| 1.0);
        let late = Truth { spend: young.spend[279..].to_vec(), ..young.clone() };
        rows.push((&late, counts[279..].to_vec()));
        let fitted = fitted(&rows, |_| true, "");
        let fit = fitted.channels.iter().find(|fit| fit.channel.label.contains("young")).unwrap();
        assert!(said(&fitted, "fit.borrowed"), "{:?}", fit.curve.as_ref().err());
        covers.push(cover(fit, &late));
        let width = |fit: &ChannelFit| {
            let draws = fit.curve.as_ref().unwrap().at_each(2.0 * fit.mean_spend);
            outlay::math::quantile(&draws, 0.95) / outlay::math::quantile(&draws, 0.05)
        };
        widths.push(width(fit) / width(&fitted.channels[0]));
    }
    assert!(outlay::math::mean(&covers) >= 0.6 && widths.iter().all(|width| *width > 1.0), "{covers:?} {widths:?}");
}
