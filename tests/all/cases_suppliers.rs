//! Worked cases of supplier evaluation with published or independently recomputed answers.
//!
//! They live beside the project, in `../shared/cases/suppliers`; where the folder is not there the tests say so and pass.
//! Tolerances are the cases' own.

use std::fs;
use std::path::PathBuf;

use ndarray::Array2;
use outlay::score::bootstrap::bandwidth;
use outlay::score::cross::{Cross, cross_efficiency};
use outlay::score::efficiency::{Column, Options, Table, WeightRatio, table as efficiency_table};
use outlay::score::envelope::{Figure, Model, Orient, Radial, Ratio, Returns, Units};
use outlay::score::nonradial::Mixed;
use outlay::score::rates::{Counts, table as rates_table};
use outlay::score::shrink::{Best, Evidence, Family, Posterior, Prior, ranks};
use serde_json::Value;

/// A case: its table by column and what is expected.
struct Case {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
    expected: Value,
}

impl Case {
    /// Absent, with a word on stdout, where the folder is not there.
    fn read(name: &str) -> Option<Case> {
        let project = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
        let folder = PathBuf::from(project).join("../shared/cases/suppliers").join(name);
        if !folder.is_dir() {
            println!("skipped: ../shared/cases/suppliers/{name} is not there");
            return None;
        }
        let mut table = csv::Reader::from_path(folder.join("data.csv")).unwrap();
        let headers = table.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = table.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let text = fs::read_to_string(folder.join("expected.json")).unwrap();
        Some(Case { headers, rows, expected: serde_json::from_str(&text).unwrap() })
    }

    fn column(&self, name: &str) -> Vec<f64> {
        let at = self.headers.iter().position(|header| header == name).unwrap();
        self.rows.iter().map(|row| row[at].parse().unwrap()).collect()
    }

    fn table(&self, names: &[&str]) -> Array2<f64> {
        let columns: Vec<Vec<f64>> = names.iter().map(|name| self.column(name)).collect();
        Array2::from_shape_fn((names.len(), self.rows.len()), |(row, unit)| columns[row][unit])
    }

    fn units(&self, inputs: &[&str], outputs: &[&str]) -> Units {
        Units::new(self.table(inputs), self.table(outputs)).unwrap()
    }

    fn check(&self, id: &str) -> &Value {
        self.expected["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap()
    }

    /// Compares with a check's expected values, nested lists flattened, within its tolerance or `tolerance`.
    fn agree(&self, id: &str, found: impl IntoIterator<Item = f64>, tolerance: f64) {
        let check = self.check(id);
        let tolerance = check["tol"].as_f64().unwrap_or(tolerance);
        let expected = numbers(&check["expected"]);
        let found: Vec<f64> = found.into_iter().collect();
        assert_eq!(found.len(), expected.len(), "{id}");
        for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!((found - expected).abs() <= tolerance, "{id}[{place}]: {found}, expected {expected} ± {tolerance}");
        }
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().unwrap()],
    }
}

fn efficiencies(scores: &[Radial]) -> Vec<f64> {
    scores.iter().map(|score| score.efficiency).collect()
}

fn radial(units: &Units, returns: Returns, orient: Orient) -> Vec<f64> {
    efficiencies(&units.radial(returns, orient).unwrap())
}

#[test]
fn hospitals_radial_slacks_peers_and_targets() {
    let Some(case) = Case::read("dea_hospitals_cst") else { return };
    let units = case.units(&["in_doctors", "in_nurses"], &["out_outpatients", "out_inpatients"]);
    let crs = units.radial(Returns::Crs, Orient::Input).unwrap();
    let vrs = radial(&units, Returns::Vrs, Orient::Input);
    case.agree("ccr_in", efficiencies(&crs), 1e-5);
    case.agree("bcc_in", vrs.clone(), 1e-5);
    case.agree("bcc_out_phi", radial(&units, Returns::Vrs, Orient::Output).iter().map(|e| 1.0 / e), 1e-5);
    case.agree("scale_efficiency", crs.iter().zip(&vrs).map(|(crs, vrs)| crs.efficiency / vrs), 1e-5);
    case.agree(
        "slacks_ccr_in",
        crs.iter().flat_map(|s| [s.input_slacks.clone(), s.output_slacks.clone()].concat()),
        1e-4,
    );
    case.agree(
        "targets_ccr_in",
        crs.iter().flat_map(|s| [s.input_targets.clone(), s.output_targets.clone()].concat()),
        1e-3,
    );
    // Peers A, B and D are units 0, 1 and 3.
    let weight =
        |score: &Radial, unit: usize| score.peers.iter().find(|peer| peer.0 == unit).map_or(0.0, |peer| peer.1);
    case.agree("peers_ccr_in", crs.iter().flat_map(|score| [0, 1, 3].map(|unit| weight(score, unit))), 1e-4);
    assert!(crs.iter().all(|score| score.peers.iter().all(|peer| [0, 1, 3].contains(&peer.0))));
}

#[test]
fn hospitals_super_efficiency_and_assurance_regions() {
    let Some(case) = Case::read("dea_hospitals_cst") else { return };
    let units = case.units(&["in_doctors", "in_nurses"], &["out_outpatients", "out_inpatients"]);
    let found = units.super_efficiency(&Model::new(Returns::Crs, Orient::Input)).unwrap();
    case.agree("super_ccr_in", found.into_iter().map(Option::unwrap), 1e-5);
    // The second weight over the first.
    let inputs = |low, high| Ratio { over: Figure::Input(1), under: Figure::Input(0), low, high };
    let outputs = |low, high| Ratio { over: Figure::Output(1), under: Figure::Output(0), low, high };
    let within = |ratios: &[Ratio]| {
        let model = Model { ratios: ratios.to_vec(), ..Model::new(Returns::Crs, Orient::Input) };
        efficiencies(&units.radial_under(&model).unwrap())
    };
    case.agree("ar_0.2_5", within(&[inputs(0.2, 5.0), outputs(0.2, 5.0)]), 1e-5);
    case.agree("ar_v.1_1_u1_5", within(&[inputs(0.1, 1.0), outputs(1.0, 5.0)]), 1e-5);
}

#[test]
fn super_efficiency_under_variable_returns_says_infeasible() {
    let Some(case) = Case::read("dea_hospitals_cst") else { return };
    let units = case.units(&["in_doctors", "in_nurses"], &["out_outpatients", "out_inpatients"]);
    let found = units.super_efficiency(&Model::new(Returns::Vrs, Orient::Input)).unwrap();
    // Hospital K has the most of both outputs but one, and the most inpatients: no mixture of the others reaches it.
    assert_eq!(found[10], None);
    assert!(found[1].is_some_and(|theta| theta > 1.0), "{found:?}");
}

#[test]
fn non_increasing_returns_lie_between_the_other_two() {
    let Some(case) = Case::read("dea_hospitals_cst") else { return };
    let units = case.units(&["in_doctors", "in_nurses"], &["out_outpatients", "out_inpatients"]);
    let by = |returns| radial(&units, returns, Orient::Input);
    let (crs, nirs, vrs) = (by(Returns::Crs), by(Returns::Nirs), by(Returns::Vrs));
    for unit in 0..crs.len() {
        // θ under NIRS equals that under CRS (increasing returns) or that under VRS (decreasing).
        assert!((nirs[unit] - crs[unit]).abs() < 1e-9 || (nirs[unit] - vrs[unit]).abs() < 1e-9, "{unit}");
    }
}

#[test]
fn a_weakly_efficient_unit_has_slack() {
    let Some(case) = Case::read("dea_sbm_tone2001") else { return };
    let scores = case.units(&["in1", "in2"], &["out1", "out2"]).radial(Returns::Crs, Orient::Input).unwrap();
    case.agree("ccr_in", efficiencies(&scores), 1e-5);
    let efficient: Vec<bool> = scores.iter().map(Radial::is_efficient).collect();
    assert_eq!(efficient, [false, false, true, false, true]);
}

fn slacks_based(case: &Case, inputs: &[&str], goods: &[&str], bads: &[&str], returns: Returns) -> Vec<f64> {
    let units = Mixed::new(case.table(inputs), case.table(goods), case.table(bads)).unwrap();
    units.slacks_based(returns, None).unwrap().iter().map(|score| score.efficiency).collect()
}

#[test]
fn tone_2001_slacks_based() {
    let Some(case) = Case::read("dea_sbm_tone2001") else { return };
    case.agree("sbm_crs", slacks_based(&case, &["in1", "in2"], &["out1", "out2"], &[], Returns::Crs), 1e-5);
}

#[test]
fn tone_2003_slacks_based_with_a_bad_output() {
    let Some(case) = Case::read("dea_undesirable_tone2003") else { return };
    let found = |returns| slacks_based(&case, &["in_x"], &["out_good"], &["out_bad"], returns);
    case.agree("sbm_bad_vrs", found(Returns::Vrs), 1e-5);
    case.agree("sbm_bad_crs", found(Returns::Crs), 1e-5);
}

#[test]
fn andersen_and_petersen_radial_and_super() {
    let Some(case) = Case::read("dea_super_ap1993") else { return };
    let scores = case.units(&["in1", "in2"], &["out"]).radial(Returns::Crs, Orient::Input).unwrap();
    case.agree("ccr_in", efficiencies(&scores), 1e-5);
    assert!((scores[0].input_slacks[1] - 4.0).abs() < 1e-6, "unit A has slack 4 in input 2: {:?}", scores[0]);
    let units = case.units(&["in1", "in2"], &["out"]);
    let found = units.super_efficiency(&Model::new(Returns::Crs, Orient::Input)).unwrap();
    case.agree("super_ccr_in", found.into_iter().map(Option::unwrap), 1e-5);
}

#[test]
fn golany_and_roll_radial_and_cross() {
    let Some(case) = Case::read("dea_cross_golany_roll") else { return };
    let units = case.units(&["x1", "x2", "x3"], &["y1", "y2"]);
    case.agree("ccr_in", radial(&units, Returns::Crs, Orient::Input), 1e-4);
    case.agree("cross_aggressive", cross_efficiency(&units, Cross::Aggressive).unwrap(), 1e-4);
    case.agree("cross_benevolent", cross_efficiency(&units, Cross::Benevolent).unwrap(), 1e-4);
}

#[test]
fn bootstrap_example_radial_and_bandwidth() {
    let Some(case) = Case::read("dea_boot_bandwidth_small") else { return };
    let scores = radial(&case.units(&["x"], &["y"]), Returns::Vrs, Orient::Input);
    case.agree("bandwidth", [bandwidth(&scores).unwrap()], 1e-5);
    case.agree("bcc_in", scores, 1e-5);
}

#[test]
fn weber_vendors_radial_and_too_few() {
    let Some(case) = Case::read("dea_vendors_weber") else { return };
    let good = |column: &str| case.column(column).iter().map(|bad| 100.0 - bad).collect::<Vec<f64>>();
    let (accepted, on_time) = (good("bad_pct_rejects"), good("bad_pct_late"));
    let outputs = Array2::from_shape_fn((2, accepted.len()), |(row, unit)| [&accepted, &on_time][row][unit]);
    let units = Units::new(case.table(&["in_price"]), outputs).unwrap();
    case.agree("ccr_price_vs_accept_ontime", radial(&units, Returns::Crs, Orient::Input), 1e-5);
    case.agree("bcc_same", radial(&units, Returns::Vrs, Orient::Input), 1e-5);
    let all = case.table(&["in_price", "bad_pct_rejects", "bad_pct_late"]);
    let units = Units::new(all, Array2::ones((1, accepted.len()))).unwrap();
    case.agree("all_inputs_crs", radial(&units, Returns::Crs, Orient::Input), 1e-5);
    assert!(units.count() < units.fewest(), "six vendors are too few for three inputs");
}

#[test]
fn pumps_prior_and_posterior_means() {
    let Some(case) = Case::read("eb_gamma_poisson_pumps") else { return };
    let (events, exposure) = (case.column("count"), case.column("exposure"));
    let prior = Prior::fit(Family::GammaPoisson, &events, &exposure).unwrap();
    case.agree("mle", [prior.a, prior.b], 1e-3);
    case.agree("posterior_mean", events.iter().zip(&exposure).map(|(y, t)| prior.posterior(*y, *t).mean()), 1e-4);
}

/// The case's own answers are James–Stein's, which is for equal samples and is not built. The beta-binomial agrees with them on
/// the mean and the order, keeps less of each player's distance from it (its spread is the most likely one, theirs the
/// unbiased one), and beats the raw averages on the rest of the season as they do.
#[test]
fn baseball_players_are_shrunk_and_predicted_better() {
    let Some(case) = Case::read("eb_efron_morris_baseball") else { return };
    let hits = case.column("hits_of_45");
    let prior = Prior::fit(Family::BetaBinomial, &hits, &vec![45.0; hits.len()]).unwrap();
    assert_eq!(prior.evidence, Evidence::Likelihood);
    let [mean, kept] = numbers(&case.check("js_constants")["expected"])[..] else { panic!() };
    assert!((prior.mean() - mean).abs() < 1e-3, "{prior:?}");
    let shrunk: Vec<f64> = hits.iter().map(|hits| prior.posterior(*hits, 45.0).mean()).collect();
    assert!(shrunk.is_sorted_by(|one, other| one >= other), "{shrunk:?}");
    let mine = 45.0 / (45.0 + prior.a + prior.b);
    assert!(0.0 < mine && mine < kept, "{mine} {kept}");
    let rest = case.column("rest_average");
    let error = |found: &[f64]| found.iter().zip(&rest).map(|(found, rest)| (found - rest).powi(2)).sum::<f64>();
    let raw: Vec<f64> = hits.iter().map(|hits| hits / 45.0).collect();
    assert!(error(&shrunk) < 0.5 * error(&raw), "{} {}", error(&shrunk), error(&raw));
}

#[test]
fn probability_of_best_under_flat_and_informative_priors() {
    let Some(case) = Case::read("eb_prob_best_beta") else { return };
    let (hits, trials) = (case.column("approved"), case.column("registered"));
    let under = |a: f64, b: f64| {
        let prior = Prior { family: Family::BetaBinomial, a, b, evidence: Evidence::Assumed };
        let known: Vec<Posterior> = hits.iter().zip(&trials).map(|(y, n)| prior.posterior(*y, *n)).collect();
        // Standard error of a probability at 400,000 draws: 0.0008 at most.
        ranks(&known, Best::High, 400_000, 1, 0)
    };
    let flat = under(1.0, 1.0);
    case.agree("p_best", flat.iter().map(|rank| rank.best), 2e-3);
    case.agree("expected_rank", flat.iter().map(|rank| rank.expected), 1e-2);
    case.agree("p_best_prior", under(13.0, 87.0).iter().map(|rank| rank.best), 2e-3);
}

#[test]
fn the_documents_say_what_the_kernels_say() {
    let Some(case) = Case::read("dea_hospitals_cst") else { return };
    let columns =
        |names: &[&str]| names.iter().map(|name| Column { name: (*name).into(), values: case.column(name) }).collect();
    let hospitals = Table {
        labels: case.rows.iter().map(|row| row[0].clone()).collect(),
        inputs: columns(&["in_doctors", "in_nurses"]),
        outputs: columns(&["out_outpatients", "out_inpatients"]),
        bads: Vec::new(),
    };
    let plain = efficiency_table(&hospitals, &Options { super_efficiency: true, ..Options::default() }).unwrap();
    case.agree("ccr_in", plain.units.iter().map(|unit| unit.efficiency), 1e-5);
    case.agree("super_ccr_in", plain.units.iter().map(|unit| unit.super_efficiency.flatten().unwrap()), 1e-5);
    let c = &plain.units[2];
    assert!((c.slacks["in_doctors"] - 1.217708).abs() < 1e-4 && c.peers[0].label == "B", "{c:?}");
    let ratio = |over: &str, under: &str| WeightRatio { over: over.into(), under: under.into(), low: 0.2, high: 5.0 };
    let ratios = vec![ratio("in_nurses", "in_doctors"), ratio("out_inpatients", "out_outpatients")];
    let bounded = efficiency_table(&hospitals, &Options { ratios, ..Options::default() }).unwrap();
    case.agree("ar_0.2_5", bounded.units.iter().map(|unit| unit.efficiency), 1e-5);

    let Some(case) = Case::read("eb_gamma_poisson_pumps") else { return };
    let labels = case.rows.iter().map(|row| row[0].clone()).collect();
    let pumps = Counts { labels, events: case.column("count"), exposure: case.column("exposure") };
    let rates = rates_table(&pumps, Family::GammaPoisson, Best::Low, None, 1).unwrap();
    case.agree("mle", [rates.prior.a, rates.prior.b], 1e-3);
    case.agree("posterior_mean", rates.units.iter().map(|unit| unit.mean), 1e-4);
}
