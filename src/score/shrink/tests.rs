use super::posterior::{beta_below, gamma_below, normal_below};
use super::*;
use proptest::prelude::{prop_assert, prop_assume, proptest};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Poisson};
use statrs::function::beta::beta_reg;
use statrs::function::gamma::gamma_lr;

/// Units of a planted world: true rates, exposures and counts.
fn world(seed: u64, units: usize, shape: f64) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let spread = Gamma::new(shape, 1.0 / shape).unwrap();
    let mut unit = |_| {
        // Spend from a hundred to a hundred thousand, at about eighty a registration.
        let exposure = 100.0 * 1000f64.powf(rng.random::<f64>());
        let rate = spread.sample(&mut rng) / 80.0;
        (rate, exposure, Poisson::new(rate * exposure).unwrap().sample(&mut rng))
    };
    let units: Vec<(f64, f64, f64)> = (0..units).map(&mut unit).collect();
    let column = |pick: fn(&(f64, f64, f64)) -> f64| units.iter().map(pick).collect();
    (column(|u| u.0), column(|u| u.1), column(|u| u.2))
}

#[test]
fn a_planted_prior_is_found() {
    let (_, exposure, events) = world(1, 2000, 6.0);
    let prior = Prior::fit(Family::GammaPoisson, &events, &exposure).unwrap();
    // The standard error of a from 2000 units is about 4 %.
    assert!((prior.a / 6.0 - 1.0).abs() < 0.12, "{prior:?}");
    assert!((prior.mean() * 80.0 - 1.0).abs() < 0.05, "{prior:?}");
    assert_eq!(prior.evidence, Evidence::Likelihood);
}

#[test]
fn ninety_percent_intervals_hold_ninety_percent_of_the_truth() {
    let (mut inside, mut all) = (0, 0);
    for seed in 0..60 {
        let (truth, exposure, events) = world(seed, 25, 5.0);
        let prior = Prior::fit_from(Family::GammaPoisson, &events, &exposure, 2.0).unwrap();
        for ((truth, exposure), events) in truth.iter().zip(&exposure).zip(&events) {
            let below = prior.posterior(*events, *exposure).below(*truth);
            inside += u32::from((0.05..=0.95).contains(&below));
            all += 1;
        }
    }
    let cover = f64::from(inside) / f64::from(all);
    assert!((0.87..=0.93).contains(&cover), "{cover}");
}

#[test]
fn with_few_units_doubt_about_the_prior_widens_the_intervals() {
    let (mut certain, mut doubting, mut all) = (0, 0, 0);
    for seed in 0..150 {
        let (truth, exposure, events) = world(seed, 8, 8.0);
        let Some(beliefs) = Prior::beliefs(&events, &exposure, 2.0) else { continue };
        let prior = Prior::fit_from(Family::GammaPoisson, &events, &exposure, 2.0).unwrap();
        for ((truth, exposure), events) in truth.iter().zip(&exposure).zip(&events) {
            let inside = |below: f64| u32::from((0.05..=0.95).contains(&below));
            certain += inside(prior.posterior(*events, *exposure).below(*truth));
            doubting += inside(Mixture::of(&beliefs, *events, *exposure).below(*truth));
            all += 1;
        }
    }
    let (certain, doubting) = (f64::from(certain) / f64::from(all), f64::from(doubting) / f64::from(all));
    println!("cover with the prior for certain {certain}, with doubt {doubting}");
    assert!(certain < doubting && (0.86..=0.94).contains(&doubting), "{certain} {doubting}");
}

#[test]
fn units_that_do_not_differ_keep_some_doubt() {
    let prior = Prior::fit(Family::GammaPoisson, &[10.0; 8], &[1.0; 8]).unwrap();
    assert_eq!(prior.evidence, Evidence::Alike);
    assert!((1.0..1e4).contains(&prior.a), "{prior:?}");
    let shares = Prior::fit(Family::BetaBinomial, &[10.0; 8], &[40.0; 8]).unwrap();
    assert_eq!(shares.evidence, Evidence::Alike);
    // The likelihood of a share is skewed, so its best mean is near the raw one, not on it.
    assert!((shares.mean() - 0.25).abs() < 0.003, "{shares:?}");
}

#[test]
fn what_cannot_be_estimated_is_absent() {
    assert_eq!(Prior::fit(Family::GammaPoisson, &[3.0], &[10.0]), None);
    assert_eq!(Prior::fit(Family::GammaPoisson, &[0.0, 0.0], &[10.0, 5.0]), None);
    assert_eq!(Prior::fit(Family::BetaBinomial, &[5.0, 7.0], &[5.0, 7.0]), None);
}

#[test]
fn equal_units_rank_equally() {
    let prior = Prior { family: Family::GammaPoisson, a: 5.0, b: 5.0, evidence: Evidence::Assumed };
    let same = [prior.posterior(4.0, 4.0); 3];
    for rank in ranks(&same, Best::High, 20_000, 1, 0) {
        // Standard errors: 0.006 of the mean rank, 0.0033 of a third.
        assert!((rank.expected - 2.0).abs() < 0.03, "{rank:?}");
        assert!((rank.best - 1.0 / 3.0).abs() < 0.017 && (rank.worst - 1.0 / 3.0).abs() < 0.017, "{rank:?}");
        assert_eq!((rank.p05, rank.p95), (1, 3));
    }
}

#[test]
fn threads_and_runs_change_no_rank() {
    let (_, exposure, events) = world(3, 12, 3.0);
    let prior = Prior::fit(Family::GammaPoisson, &events, &exposure).unwrap();
    let known: Vec<Posterior> = events.iter().zip(&exposure).map(|(&r, &s)| prior.posterior(r, s)).collect();
    let run = || ranks(&known, Best::High, 4_000, 7, 2);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(run);
    assert_eq!(alone, run());
    assert_ne!(alone, ranks(&known, Best::High, 4_000, 8, 2));
    let low = ranks(&known, Best::Low, 4_000, 7, 2);
    assert_eq!(alone[0].best, low[0].worst);
}

#[test]
fn approximations_meet_the_exact_functions_where_they_take_over() {
    for z in [-3.0, -1.6, 0.0, 0.4, 2.5] {
        let (a, b) = (1e5f64, 1.2e5f64);
        let x: f64 = a + z * a.sqrt();
        assert!((gamma_below(a + 1e-3, x) - gamma_lr(a, x)).abs() < 2e-6, "{z}");
        let share = a / (a + b) + z * (a * b / (a + b).powi(3)).sqrt();
        // Beta through its normal limit, a check by other means: error of order 1/√a.
        assert!((beta_below(a, b, share) - normal_below(z)).abs() < 2e-3, "{z}");
        let (a, b) = (2.9e3f64, 3.3e3f64);
        let share = a / (a + b) + z * (a * b / (a + b).powi(3)).sqrt();
        let above = beta_below(a + 200.0, b, share);
        let exact = beta_reg(a + 200.0, b, share);
        assert!((above - exact).abs() < 1e-5, "{z}: {above} {exact}");
    }
}

proptest! {
    #[test]
    fn the_unit_of_exposure_changes_nothing(seed in 0u64..1000, factor in 1e-6..1e6f64) {
        let (_, exposure, events) = world(seed, 8, 4.0);
        prop_assume!(events.iter().sum::<f64>() > 0.0);
        let other: Vec<f64> = exposure.iter().map(|exposure| exposure * factor).collect();
        let prior = Prior::fit(Family::GammaPoisson, &events, &exposure).unwrap();
        let scaled = Prior::fit(Family::GammaPoisson, &events, &other).unwrap();
        prop_assert!((scaled.b / prior.b / factor - 1.0).abs() < 1e-5, "{prior:?} {scaled:?}");
        prop_assert!((scaled.a / prior.a - 1.0).abs() < 1e-5, "{prior:?} {scaled:?}");
    }

    #[test]
    fn a_quantile_has_its_share_below(a in 0.3..1e7f64, b in 1e-3..1e6f64, share in 0.01..0.99f64) {
        for family in [Family::GammaPoisson, Family::BetaBinomial] {
            let b = if family == Family::BetaBinomial { b.max(0.3) } else { b };
            let known = Posterior { family, a, b };
            let below = known.below(known.quantile(share));
            prop_assert!((below - share).abs() < 1e-6, "{known:?} {below} {share}");
        }
    }

    #[test]
    fn more_events_mean_a_lower_cost(seed in 0u64..1000, more in 0.1..50.0f64) {
        let (_, exposure, events) = world(seed, 8, 4.0);
        prop_assume!(events.iter().sum::<f64>() > 0.0);
        let prior = Prior::fit_from(Family::GammaPoisson, &events, &exposure, 2.0).unwrap();
        let cost = |events: f64| prior.posterior(events, exposure[0]).mean_cost().unwrap();
        prop_assert!(cost(0.0).is_finite());
        prop_assert!(cost(events[0] + more) < cost(events[0]));
    }
}
