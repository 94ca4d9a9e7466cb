//! Simulated worlds with known truth: what a plan made from the exports gives away against the true optimum.

use outlay::fit::{Fitted, store};
use outlay::plan::{self, Answer};
use outlay::settings::Settings;
use outlay::{fit, import, panel, simulate, unify};

use crate::support::settings;

/// A world on disk, its settings and its truth.
struct World {
    _folder: tempfile::TempDir,
    settings: Settings,
    truth: Fitted,
}

fn world(simulated: &simulate::World) -> World {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in simulate::files(simulated) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let settings = Settings::read(&folder.path().join("outlay.toml"), 1).unwrap_or_else(|error| panic!("{error}"));
    let truth = store::read(&folder.path().join("truth.json")).unwrap();
    World { _folder: folder, settings, truth }
}

fn fitted(settings: &Settings) -> Fitted {
    let ledger = unify::ledger(import::all(settings).unwrap_or_else(|e| panic!("{e}")), settings).unwrap();
    fit::channels(&panel::build(&ledger, settings).unwrap(), settings).unwrap()
}

/// KPI that a plan's spends truly bring.
fn true_response(truth: &Fitted, answer: &Answer) -> f64 {
    let of_line = |line: &plan::Line| {
        let channel = truth.channels.iter().find(|fit| fit.channel.label == line.channel).unwrap();
        30.0 * channel.curve.as_ref().unwrap().mean(line.spend / 30.0)
    };
    answer.lines.iter().map(of_line).sum()
}

/// Shares of the best achievable that plans made from the exports give away, ascending, and the 90 % intervals' cover.
fn regrets(worlds: impl Iterator<Item = simulate::World>, limits: bool) -> (Vec<f64>, f64) {
    let (mut regrets, mut covered, mut points) = (Vec::new(), 0, 0);
    for world in worlds.map(|simulated| world(&simulated)) {
        let fitted = fitted(&world.settings);
        let mut used = world.settings.clone();
        if !limits {
            let budget = used.plan().unwrap().budget;
            used.plan = settings(budget, "frontier = []").plan;
        }
        let of = |models: &Fitted| plan::scenarios(models, used.plan().unwrap(), used.project.currency).unwrap();
        let (found, best) = (of(&fitted), of(&world.truth));
        assert_eq!(best.status, plan::Status::Optimal);
        regrets.push(1.0 - true_response(&world.truth, &found) / true_response(&world.truth, &best));
        let (c, p) = cover(&fitted, &world.truth);
        (covered, points) = (covered + c, points + p);
    }
    regrets.sort_by(f64::total_cmp);
    (regrets, f64::from(covered) / f64::from(points))
}

/// Of ten spends per channel up to twice its mean, how many true responses lie within the 90 % interval.
fn cover(fitted: &Fitted, truth: &Fitted) -> (u32, u32) {
    let mut covered = 0;
    for (fit, real) in fitted.channels.iter().zip(&truth.channels) {
        let Ok(curve) = &fit.curve else { continue };
        for k in 1..=10 {
            let x = fit.mean_spend * 0.2 * f64::from(k);
            let draws = curve.at_each(x);
            let (low, high) = (outlay::math::quantile(&draws, 0.05), outlay::math::quantile(&draws, 0.95));
            covered += u32::from((low..=high).contains(&real.curve.as_ref().unwrap().mean(x)));
        }
    }
    (covered, 10 * fitted.channels.len() as u32)
}

#[test]
fn plans_from_exports_are_close_to_the_true_optimum() {
    let (regrets, cover) = regrets((1..=10).map(simulate::world), true);
    let median = (regrets[4] + regrets[5]) / 2.0;
    assert!(median <= 0.015 && regrets[9] <= 0.04, "{regrets:?}");
    // 90 % nominal over ten worlds of about ten channels, their ten spends far from independent: two standard errors
    assert!((0.8..=0.97).contains(&cover), "{cover}");
}

#[test]
fn without_limits_too() {
    let (regrets, _) = regrets((11..=20).map(simulate::world), false);
    let median = (regrets[4] + regrets[5]) / 2.0;
    assert!(median <= 0.015 && regrets[9] <= 0.04, "{regrets:?}");
}

#[test]
fn where_season_and_events_move_the_response_too() {
    let (regrets, cover) = regrets((1..=4).map(simulate::seasonal_world), true);
    assert!((regrets[1] + regrets[2]) / 2.0 <= 0.015 && regrets[3] <= 0.04, "{regrets:?}");
    assert!(cover >= 0.75, "{cover}");
}
