//! Where only the total over all channels is known: recovery of known truth, and worlds that are awkward.

use std::fmt::Write;
use std::path::Path;

use outlay::check::{Error, Severity};
use outlay::fit::Fitted;
use outlay::math::quantile;
use outlay::settings::Settings;
use outlay::{fit, flow};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A weekly world of Hill curves: response at mean spend, half point in multiples of it, slope, decay.
struct World {
    spend: Vec<Vec<f64>>,
    curves: Vec<[f64; 4]>,
    kpi: Vec<Option<f64>>,
}

const MEAN_SPEND: f64 = 1000.0;

fn response(curve: &[f64; 4], x: f64) -> f64 {
    let [at_mean, half, slope, _] = *curve;
    let share = |x: f64| 1.0 / (1.0 + (half / x.max(1e-9)).powf(slope));
    at_mean * share(x / MEAN_SPEND) / share(1.0)
}

/// `periods` weeks of three channels; the baseline is 600 with a season, the noise 4 %.
fn world(seed: u64, periods: usize) -> World {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let curves = vec![[300.0, 1.2, 0.9, 0.2], [150.0, 0.8, 1.0, 0.5], [80.0, 2.0, 0.8, 0.0]];
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let spend: Vec<Vec<f64>> =
        (0..3).map(|_| (0..periods).map(|_| MEAN_SPEND * (0.5 * normal() - 0.125).exp()).collect()).collect();
    let mut world = World { spend, curves, kpi: Vec::new() };
    count(&mut world, seed);
    world
}

/// Counts the world's totals anew, after a change of its spend.
fn count(world: &mut World, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed + 1000);
    let mut noise = || -> f64 { StandardNormal.sample(&mut rng) };
    world.kpi = expected(world).iter().map(|m| Some((m * (1.0 + 0.04 * noise())).round())).collect();
}

fn expected(world: &World) -> Vec<f64> {
    let periods = world.spend[0].len();
    let mut total: Vec<f64> = (0..periods).map(|t| 600.0 * (1.0 + 0.1 * (t as f64 / 8.3).sin())).collect();
    for (curve, spend) in world.curves.iter().zip(&world.spend) {
        let mut stock = spend[0];
        for t in 0..periods {
            stock = (1.0 - curve[3]) * spend[t] + curve[3] * stock;
            total[t] += response(curve, stock);
        }
    }
    total
}

/// Writes the world's files and reads its settings; `more` goes below them.
fn settings(world: &World, folder: &Path, more: &str) -> Settings {
    let day = |t: usize| jiff::civil::date(2023, 1, 2).saturating_add(jiff::ToSpan::days(7 * t as i64));
    let (mut delivery, mut kpi) = ("date,platform,spend\n".to_owned(), "date,registrations\n".to_owned());
    for t in 0..world.kpi.len() {
        for (c, spend) in world.spend.iter().enumerate() {
            writeln!(delivery, "{},ch{c},{:.2}", day(t), spend[t]).unwrap();
        }
        writeln!(kpi, "{},{}", day(t), world.kpi[t].map_or(String::new(), |y| y.to_string())).unwrap();
    }
    std::fs::write(folder.join("delivery.csv"), delivery).unwrap();
    std::fs::write(folder.join("kpi.csv"), kpi).unwrap();
    let text = format!(
        "[project]\nchannel = [\"platform\"]\n[[source]]\npath = \"delivery.csv\"\n[kpi_total]\npath = \"kpi.csv\"\n{more}"
    );
    Settings::parse(&text, "outlay.toml", folder, 1).unwrap_or_else(|error| panic!("{error}"))
}

fn try_fit(world: &World, more: &str) -> Result<Fitted, Error> {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(world, folder.path(), more);
    let (_, panel) = flow::data(&settings, &|_| {})?;
    fit::channels(&panel, &settings)
}

fn fitted(world: &World) -> Fitted {
    try_fit(world, "").unwrap_or_else(|error| panic!("{error}"))
}

fn told<'a>(fitted: &'a Fitted, check: &str) -> Vec<&'a str> {
    let found = fitted.findings.iter().filter(|f| f.check == check && f.severity != Severity::Pass);
    found.map(|finding| finding.message.as_str()).collect()
}

fn reason(fitted: &Fitted, channel: usize) -> &str {
    fitted.channels[channel].curve.as_ref().expect_err("no curve is expected")
}

/// Whether the true response at mean spend lies within the 98 % interval of every channel that has a curve.
fn covers(fitted: &Fitted, world: &World) -> Vec<bool> {
    let within = |(fit, curve): (&fit::ChannelFit, &[f64; 4])| {
        let draws = fit.curve.as_ref().ok()?.at_each(MEAN_SPEND);
        Some((quantile(&draws, 0.01)..=quantile(&draws, 0.99)).contains(&response(curve, MEAN_SPEND)))
    };
    fitted.channels.iter().zip(&world.curves).filter_map(within).collect()
}

#[test]
fn known_curves_are_recovered_and_the_sampler_agrees_with_itself() {
    let (mut inside, mut points) = (0, 0);
    for seed in 1..=3 {
        let world = world(seed, 130);
        let fitted = fitted(&world);
        assert!(told(&fitted, "fit.total.draws").is_empty(), "{:?}", told(&fitted, "fit.total.draws"));
        for (fit, curve) in fitted.channels.iter().zip(&world.curves) {
            let own = fit.curve.as_ref().unwrap();
            assert!(own.draws.len() >= 200);
            for k in 1..=10 {
                let x = 200.0 * f64::from(k);
                let draws = own.at_each(x);
                let truth = response(curve, x);
                inside += u32::from((quantile(&draws, 0.05)..=quantile(&draws, 0.95)).contains(&truth));
                points += 1;
            }
        }
    }
    // 90 % nominal over nine curves, their ten spends far from independent
    assert!(f64::from(inside) / f64::from(points) >= 0.7, "{inside} of {points}");
}

#[test]
fn a_seed_gives_the_same_model_bytes_on_one_thread_and_on_three() {
    let world = world(4, 60);
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&world, folder.path(), "");
    let (_, panel) = flow::data(&settings, &|_| {}).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit::store::write(&fit::channels(&panel, &settings).unwrap()).unwrap())
    };
    assert!(on(1) == on(3), "the models differ");
}

#[test]
fn an_earlier_model_counts_beside_the_priors() {
    let (world, folder) = (world(5, 80), tempfile::tempdir().unwrap());
    let settings = settings(&world, folder.path(), "");
    let (_, panel) = flow::data(&settings, &|_| {}).unwrap();
    let first = fit::channels(&panel, &settings).unwrap();
    let again = fit::updated(&panel, &settings, Some(&first)).unwrap();
    // spread of the logarithm of half points, all channels together
    let spread = |fitted: &Fitted| -> f64 {
        let of_channel = |fit: &fit::ChannelFit| {
            let half = |draw: &fit::Response| match draw.saturation {
                fit::Saturation::Hill { half, .. } => half.ln(),
                _ => f64::NAN,
            };
            let logs: Vec<f64> = fit.curve.as_ref().unwrap().draws.iter().map(half).collect();
            quantile(&logs, 0.84) - quantile(&logs, 0.16)
        };
        fitted.channels.iter().map(of_channel).sum()
    };
    // a quarter of the same posterior once more: information grows by a quarter at most, deviations shrink to 0.89 at least
    let shrunk = spread(&again) / spread(&first);
    assert!((0.75..0.99).contains(&shrunk), "{shrunk}");
    let said = fit::change::all(&first, &again, &panel);
    assert_eq!(said.len(), first.channels.len());
    assert!(said.iter().all(|finding| finding.message.contains("0 new periods, of which the total alone")), "{said:?}");
}

/// Mean and standard deviation of the logarithm of what a channel's mean spend brings over a share `of` it.
fn gain(fitted: &Fitted, channel: usize, of: f64) -> (f64, f64) {
    let curve = fitted.channels[channel].curve.as_ref().unwrap();
    let (with, without) = (curve.at_each(MEAN_SPEND), curve.at_each(of * MEAN_SPEND));
    let logs: Vec<f64> = with.iter().zip(&without).map(|(with, without)| (with - without).ln()).collect();
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    (mean, (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / logs.len() as f64).sqrt())
}

/// Mean and standard deviation of the logarithm of what a lift test over six weeks would find: four fifths of a channel's mean
/// spend, by each draw's own carry-over.
fn found_by_test(fitted: &Fitted, channel: usize) -> (f64, f64) {
    let (name, interval) = (String::new(), (0.0, 1.0));
    let test =
        fit::lift::Test { name, periods: 6, spend: MEAN_SPEND, tested: 0.8 * MEAN_SPEND, incremental: 0.0, interval };
    let draws = &fitted.channels[channel].curve.as_ref().unwrap().draws;
    let logs: Vec<f64> = draws.iter().map(|draw| test.attributed(draw).ln()).collect();
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    (mean, (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / logs.len() as f64).sqrt())
}

/// A holdout of four fifths of the spend of channel 1 over weeks 60 to 65, told within a tenth, and what it truly caused in
/// these weeks times `off`.
fn holdout(world: &World, off: f64) -> String {
    let weeks = 60..66;
    let spend: f64 = weeks.clone().map(|t| world.spend[1][t]).sum();
    let mean = spend / weeks.len() as f64;
    let curve = &world.curves[1];
    let left = |week: usize| response(curve, mean * (1.0 - 0.8 * (1.0 - curve[3].powi(week as i32))));
    let caused = off * (1..=weeks.len()).map(|week| response(curve, mean) - left(week)).sum::<f64>();
    format!(
        "[[fit.experiment]]\nname = \"pause\"\nwhere = {{ platform = \"ch1\" }}\nstart = \"2024-02-26\"\n\
         end = \"2024-04-07\"\nspend = {:.2}\nincremental = {caused:.1}\nlow = {:.1}\nhigh = {:.1}\n",
        0.8 * spend,
        0.9 * caused,
        1.1 * caused
    )
}

#[test]
fn a_lift_test_tells_a_curve_of_a_total() {
    let world = world(7, 104);
    let (plain, tested) = (fitted(&world), try_fit(&world, &holdout(&world, 1.0)).unwrap());
    let ((_, before), (mean, after)) = (found_by_test(&plain, 1), found_by_test(&tested, 1));
    let curve = &world.curves[1];
    let left = |week: i32| response(curve, MEAN_SPEND * (1.0 - 0.8 * (1.0 - curve[3].powi(week))));
    let truth: f64 = (1..=6).map(|week| response(curve, MEAN_SPEND) - left(week)).sum();
    // the test is told within 6 %, of weeks that spent about as much
    assert!(after < 0.15 && after < 0.5 * before, "{after} {before}");
    assert!((mean - truth.ln()).abs() < 3.0 * after, "{} ± {after}, {truth}", mean.exp());
    // what comes after it the test leaves open, and the curve is no less sure than before
    assert!(gain(&tested, 1, 0.2).1 < gain(&plain, 1, 0.2).1);
    let said = |fitted: &Fitted| -> Vec<(String, Severity)> {
        let of_test = fitted.findings.iter().filter(|finding| finding.check == "fit.experiment");
        of_test.map(|finding| (finding.subject.clone(), finding.severity)).collect()
    };
    assert_eq!(said(&tested), [("pause".to_owned(), Severity::Pass)]);
    // one that says twenty times the truth, which is more than the whole total, is not believed to be a long carry-over
    let wrong = try_fit(&world, &holdout(&world, 20.0)).unwrap();
    assert_eq!(said(&wrong), [("pause".to_owned(), Severity::Review)]);
    // a test of no channel is named
    let other = try_fit(&world, &holdout(&world, 1.0).replace("ch1", "ch9")).unwrap();
    assert_eq!(said(&other), [("pause".to_owned(), Severity::Review)]);
    assert_eq!(gain(&other, 1, 0.2), gain(&plain, 1, 0.2));
}

#[test]
fn a_stated_cost_tells_a_curve_of_a_total() {
    let world = world(8, 104);
    let prior = |low: f64, high: f64, of: &str| {
        format!("[[fit.prior]]\nwhere = {{ platform = \"{of}\" }}\ncost_per = [{low}, {high}]\n")
    };
    let fit = |more: String| try_fit(&world, &more).unwrap();
    let (plain, right) = (fit(String::new()), fit(prior(11.0, 14.5, "ch2")));
    let ((_, before), (mean, after)) = (gain(&plain, 2, 0.0), gain(&right, 2, 0.0));
    // 1,000 a week for 80 registrations: 12.5 each
    assert!(after < 0.5 * before && (mean.exp() / 80.0 - 1.0).abs() < 0.2, "{} ± {after}, {before}", mean.exp());
    assert!(told(&right, "fit.prior").is_empty(), "{:?}", told(&right, "fit.prior"));
    // 2,900 a week where the whole total is 1,130
    let wrong = fit(prior(0.3, 0.4, "ch0"));
    let said = told(&wrong, "fit.prior");
    assert!(said.iter().any(|said| said.contains("far from the 0.3 to 0.4")), "{said:?}");
    let unmatched = fit(prior(0.9, 1.1, "ch7"));
    assert!(told(&unmatched, "fit.prior").iter().any(|said| said.contains("holds for no channel")));
}

#[test]
fn a_backtest_predicts_totals_it_has_not_seen() {
    let (world, folder) = (world(6, 130), tempfile::tempdir().unwrap());
    let plan = "[plan]\nstart = \"2025-07-07\"\nend = \"2025-09-28\"\nbudget = 30000\n";
    let settings = settings(&world, folder.path(), plan);
    let (_, panel) = flow::data(&settings, &|_| {}).unwrap();
    let whole = fit::channels(&panel, &settings).unwrap();
    let found = outlay::backtest::rolling(&panel, &settings, &whole).unwrap();
    assert_eq!(found.windows.len(), found.origins.len());
    assert!(found.channels.is_empty() && found.without.is_empty(), "{:?}", found.without);
    let all = found.all.unwrap();
    // forty-eight weeks of a model that is right: 90 % nominal, within what a binomial of that many allows
    assert!((0.75..=1.0).contains(&all.cover_periods) && all.bias.model.abs() < 0.05, "{all:?}");
    assert!(all.crps.model < all.crps.last_cost, "{all:?}");
    assert!(
        found.plans.iter().all(|plan| plan.by_registrations.is_none() && plan.plan > 0.9 * plan.as_spent),
        "{:?}",
        found.plans
    );
    // what comes after an origin does not move what is said from it
    let (origin, mut later) = (panel.periods.len() - 8, panel.clone());
    later.total.as_mut().unwrap().kpi[origin..].fill(1.0);
    let said = |panel: &outlay::panel::Panel| fit::as_of(panel, origin, &settings).unwrap().1.unwrap().expected;
    assert_eq!(said(&panel), said(&later));
    let (until, _) = fit::as_of(&panel, origin, &settings).unwrap();
    let cut = fit::channels(&panel.until(origin), &settings).unwrap();
    let draws = |fitted: &Fitted| fitted.channels[0].curve.as_ref().unwrap().draws.clone();
    assert_eq!(draws(&until), draws(&cut));
}

#[test]
fn what_cannot_be_told_from_the_baseline_gets_no_curve() {
    let mut world = world(5, 156);
    world.spend[0] = vec![MEAN_SPEND; 156];
    world.spend[2] = vec![0.0; 156];
    count(&mut world, 5);
    let fitted = fitted(&world);
    assert!(reason(&fitted, 0).contains("cannot be told from the baseline"), "{}", reason(&fitted, 0));
    assert!(reason(&fitted, 2).contains("never spends"), "{}", reason(&fitted, 2));
    assert!(fitted.channels[1].curve.is_ok(), "{}", reason(&fitted, 1));
}

#[test]
fn channels_that_move_together_are_named_with_what_would_part_them() {
    let mut world = world(6, 104);
    world.spend[1] = world.spend[0].iter().map(|x| x * 1.001).collect();
    count(&mut world, 6);
    let fitted = fitted(&world);
    let named: Vec<&str> =
        fitted.findings.iter().filter(|f| f.check == "fit.total.separate").map(|f| f.subject.as_str()).collect();
    assert_eq!(named, ["ch0 and ch1"]);
    let finding = fitted.findings.iter().find(|f| f.check == "fit.total.separate").unwrap();
    assert!(finding.advice.starts_with("hold ch") && finding.advice.ends_with("weeks"), "{}", finding.advice);
    assert!(covers(&fitted, &world).iter().all(|inside| *inside), "their intervals hold both");
}

#[test]
fn a_shift_of_level_is_a_step_and_not_an_effect_of_spend() {
    let mut world = world(7, 104);
    world.kpi.iter_mut().skip(60).for_each(|y| *y = y.map(|y| y + 500.0));
    let fitted = fitted(&world);
    let shifts = told(&fitted, "fit.total.level");
    assert_eq!(shifts.len(), 1, "{shifts:?}");
    assert!(covers(&fitted, &world).iter().filter(|inside| **inside).count() >= 2);
}

#[test]
fn a_month_without_totals_and_a_broken_counter_are_left_out_and_named() {
    let mut world = world(8, 80);
    (30..34).for_each(|t| world.kpi[t] = None);
    world.kpi[50] = world.kpi[50].map(|y| 40.0 * y);
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&world, folder.path(), "");
    let (_, panel) = flow::data(&settings, &|_| {}).unwrap();
    assert!(panel.findings.iter().any(|f| f.check == "panel.kpi_total" && f.message.starts_with("4 weeks without")));
    let fitted = fit::channels(&panel, &settings).unwrap();
    let outliers = told(&fitted, "fit.total.outlier");
    assert!(outliers.len() == 1 && outliers[0].contains("left out of the fit"), "{outliers:?}");
    assert!(covers(&fitted, &world).iter().filter(|inside| **inside).count() >= 2);
}

#[test]
fn nothing_counted_and_too_little_history_are_said() {
    let mut nothing = world(9, 60);
    nothing.kpi.iter_mut().for_each(|y| *y = Some(0.0));
    assert!(reason(&fitted(&nothing), 0).contains("counts no registrations at all"));
    let short = world(9, 10);
    assert_eq!(reason(&fitted(&short), 1), "10 usable weeks of 26 needed");
}

#[test]
fn a_total_that_spend_does_not_move_gives_no_curve() {
    let mut world = world(10, 104);
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    world.kpi.iter_mut().for_each(|y| *y = Some(1000.0 + f64::from(rng.random_range(-60..=60))));
    let fitted = fitted(&world);
    for c in 0..3 {
        assert!(reason(&fitted, c).starts_with("spend explains nothing of the total"), "{}", reason(&fitted, c));
    }
}

#[test]
fn five_years_are_fitted_with_a_trend_that_bends() {
    let mut world = world(12, 260);
    let bend = |t: usize| 1.0 + 0.002 * (t as f64 - 130.0).abs();
    world.kpi.iter_mut().enumerate().for_each(|(t, y)| *y = y.map(|y| (y + 600.0 * (bend(t) - 1.0)).round()));
    let fitted = fitted(&world);
    assert!(fitted.channels.iter().all(|fit| fit.curve.is_ok()));
    let share = fitted.findings.iter().find(|f| f.check == "fit.total.paid_share").unwrap();
    assert!(share.message.contains("trend 2"), "{}", share.message);
    assert!(covers(&fitted, &world).iter().filter(|inside| **inside).count() >= 2);
}

#[test]
fn an_event_takes_its_own_registrations() {
    let mut world = world(13, 104);
    (70..73).for_each(|t| world.kpi[t] = world.kpi[t].map(|y| y + 900.0));
    let event = "[[event]]\nname = \"618\"\nstart = \"2024-05-06\"\nend = \"2024-05-26\"\n";
    let fitted = try_fit(&world, event).unwrap();
    assert!(told(&fitted, "fit.total.outlier").is_empty(), "{:?}", told(&fitted, "fit.total.outlier"));
    assert!(covers(&fitted, &world).iter().filter(|inside| **inside).count() >= 2);
}

#[test]
fn a_promotion_that_nobody_named_is_found_with_its_days() {
    let mut world = world(14, 104);
    (60..68).for_each(|t| world.kpi[t] = world.kpi[t].map(|y| (1.35 * y).round()));
    let fitted = fitted(&world);
    let stretches = told(&fitted, "fit.total.stretch");
    assert_eq!(stretches.len(), 1, "{stretches:?}");
    assert!(stretches[0].starts_with("from 2024-02-26 to 2024-04-21 the total is 1."), "{}", stretches[0]);
    assert!(told(&fitted, "fit.total.level").is_empty());
    assert!(covers(&fitted, &world).iter().filter(|inside| **inside).count() >= 2);
}

#[test]
fn a_short_and_strong_promotion_is_one_stretch_and_not_three_outliers() {
    let mut world = world(13, 104);
    (70..73).for_each(|t| world.kpi[t] = world.kpi[t].map(|y| y + 900.0));
    let fitted = fitted(&world);
    let stretches = told(&fitted, "fit.total.stretch");
    assert!(stretches.len() == 1 && stretches[0].starts_with("from 2024-05-06 to 2024-05-26"), "{stretches:?}");
    assert!(told(&fitted, "fit.total.outlier").is_empty(), "{:?}", told(&fitted, "fit.total.outlier"));
}
