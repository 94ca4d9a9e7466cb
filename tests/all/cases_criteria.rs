//! Published cases of several criteria and of shrinkage, with their own tolerances: `tests/cases/suppliers`, each with its source.

use std::fs;
use std::path::{Path, PathBuf};

use outlay::score::criteria::Better;
use outlay::score::criteria::promethee::Preference;
use outlay::score::criteria::table::{Criterion, Document, Method, Problem, judgements, table};
use outlay::score::criteria::worth::Worth;
use outlay::score::shrink::{Best, Evidence, Family, Posterior, Prior, ranks};
use serde_json::Value;

struct Case {
    folder: PathBuf,
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
    expected: Value,
}

impl Case {
    fn read(name: &str) -> Case {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/suppliers").join(name);
        let mut table = csv::Reader::from_path(folder.join("data.csv")).unwrap();
        let headers = table.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = table.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let text = fs::read_to_string(folder.join("expected.json")).unwrap();
        Case { folder, headers, rows, expected: serde_json::from_str(&text).unwrap() }
    }

    fn column(&self, name: &str) -> Vec<f64> {
        let at = self.headers.iter().position(|header| header == name).unwrap();
        self.rows.iter().map(|row| row[at].parse().unwrap()).collect()
    }

    fn labels(&self) -> Vec<String> {
        self.rows.iter().map(|row| row[0].clone()).collect()
    }

    fn expected(&self, id: &str) -> (Vec<f64>, Option<f64>) {
        let checks = self.expected["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["id"] == id).unwrap();
        let values = check["expected"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        (values, check["tol"].as_f64())
    }

    /// Compares with a check's expected values within its own tolerance, or the case's.
    fn agree(&self, id: &str, found: &[f64], tolerance: f64) {
        let (expected, own) = self.expected(id);
        let tolerance = own.unwrap_or(tolerance);
        assert_eq!(found.len(), expected.len(), "{id}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() <= tolerance, "{id}: {found}, expected {expected} ± {tolerance}");
        }
    }
}

fn criterion(name: &str, figures: Vec<f64>, weight: f64, better: Better) -> Criterion {
    Criterion { name: name.into(), figures, weight: Some(weight), better, ..Criterion::default() }
}

fn scores(document: &Document) -> Vec<f64> {
    document.units.iter().map(|unit| unit.score).collect()
}

#[test]
fn saatys_drinks() {
    let case = Case::read("mcdm_ahp_saaty_drinks");
    let columns: Vec<Vec<f64>> = case.labels().iter().map(|label| case.column(label)).collect();
    let square: Vec<Vec<f64>> =
        (0..columns.len()).map(|row| columns.iter().map(|column| column[row]).collect()).collect();
    let found = judgements(&case.labels(), &square).unwrap();
    let weights: Vec<f64> = case.labels().iter().map(|label| found.weights[label]).collect();
    case.agree("priorities", &weights, 1e-6);
    case.agree("cr", &[found.consistency_ratio.unwrap()], 1e-6);
}

#[test]
fn zhaos_net_flows() {
    let case = Case::read("mcdm_promethee_zhao2013");
    let weights = [("c1", 0.5), ("c2", 0.3), ("c3", 0.2)];
    let criteria = weights.map(|(name, weight)| criterion(name, case.column(name), weight, Better::High));
    assert!(criteria.iter().all(|one| one.preference == Preference::Usual));
    let problem = Problem { labels: case.labels(), criteria: criteria.to_vec(), ..Problem::default() };
    let found = table(&problem, Method::Promethee, 1).unwrap();
    case.agree("net_flow", &scores(&found), 1e-9);
    assert_eq!(found.units.iter().map(|unit| unit.rank).collect::<Vec<_>>(), [2, 3, 1]);
}

fn climbers() -> (Case, Problem) {
    let case = Case::read("mcdm_vikor_topsis_ot2004");
    let criteria = vec![
        criterion("risk", case.column("risk_min"), 0.5, Better::Low),
        criterion("altitude", case.column("altitude_max"), 0.5, Better::High),
    ];
    let problem = Problem { labels: case.labels(), criteria, v: 0.5, ..Problem::default() };
    (case, problem)
}

#[test]
fn opricovic_and_tzengs_climbers() {
    let (case, problem) = climbers();
    let found = table(&problem, Method::Vikor, 1).unwrap();
    case.agree("vikor_Q", &scores(&found), 1e-6);
    let regrets: Vec<(f64, f64)> = found.units.iter().map(|unit| unit.regrets.unwrap()).collect();
    case.agree("vikor_S", &regrets.iter().map(|regret| regret.0).collect::<Vec<_>>(), 1e-6);
    case.agree("vikor_R", &regrets.iter().map(|regret| regret.1).collect::<Vec<_>>(), 1e-6);
    assert_eq!(found.compromise, Some(vec!["A2".to_owned()]), "accepted: its lead is 1");
}

/// Closeness of TOPSIS: D⁻ / (D⁺ + D⁻) of normalised, weighted columns that are all better high. Built here only, to show why it is not the
/// score.
fn topsis(columns: &[Vec<f64>], weights: &[f64], normalise: fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let scaled: Vec<Vec<f64>> = columns
        .iter()
        .zip(weights)
        .map(|(column, weight)| normalise(column).iter().map(|value| weight * value).collect())
        .collect();
    let distance = |unit: usize, ideal: fn(f64, f64) -> f64, start: f64| -> f64 {
        let gap = |column: &Vec<f64>| (column.iter().copied().fold(start, ideal) - column[unit]).powi(2);
        scaled.iter().map(gap).sum::<f64>().sqrt()
    };
    (0..columns[0].len())
        .map(|unit| {
            let to_best = distance(unit, f64::max, f64::NEG_INFINITY);
            let to_worst = distance(unit, f64::min, f64::INFINITY);
            to_worst / (to_best + to_worst)
        })
        .collect()
}

fn by_length(column: &[f64]) -> Vec<f64> {
    let length = column.iter().map(|value| value * value).sum::<f64>().sqrt();
    column.iter().map(|value| value / length).collect()
}

fn by_range(column: &[f64]) -> Vec<f64> {
    let low = column.iter().copied().fold(f64::INFINITY, f64::min);
    let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    column.iter().map(|value| (value - low) / (high - low)).collect()
}

#[test]
fn topsis_changes_its_winner_with_how_columns_are_normalised_and_is_not_built() {
    let case = Case::read("mcdm_topsis_tzeng_huang");
    let columns = ["c1", "c2", "c3"].map(|name| case.column(name));
    case.agree("closeness", &topsis(&columns, &[0.3, 0.4, 0.3], by_length), 1e-6);
    let (case, problem) = climbers();
    let negated: Vec<f64> = case.column("risk_min").iter().map(|risk| -risk).collect();
    let columns = [negated, case.column("altitude_max")];
    case.agree("topsis_linear_norm", &topsis(&columns, &[0.5, 0.5], by_range), 1e-6);
    case.agree("topsis_vector_norm", &topsis(&columns, &[0.5, 0.5], by_length), 1e-6);
    // the same data, the same weights: A2 first by one, A1 by the other; VIKOR and SMAA have no such choice
    let smaa = table(&problem, Method::Smaa, 1).unwrap();
    assert!(smaa.units[1].acceptability.as_ref().unwrap()[0] > 0.2, "{smaa:?}");
}

#[test]
fn entropy_weights_go_to_the_outliers_and_are_not_built() {
    let case = Case::read("mcdm_entropy_elsayed");
    let entropy = |name: &str| {
        let column = case.column(name);
        let sum: f64 = column.iter().sum();
        let part = |value: &f64| (value / sum) * (value / sum).ln();
        1.0 + column.iter().map(part).sum::<f64>() / (column.len() as f64).ln()
    };
    let spread = ["c1", "c2", "c3", "c4", "c5"].map(entropy);
    let all: f64 = spread.iter().sum();
    let weights = spread.map(|spread| spread / all);
    case.agree("entropy_weights", &weights, 1e-6);
    assert!(weights[3] + weights[4] > 0.75, "the two heavy-tailed columns take three quarters of the weight");
}

#[test]
fn five_cement_vendors_of_whom_the_first_cannot_be_told_apart() {
    let case = Case::read("scorecard_vendor_rating_cement");
    let share = |name: &str, weight: f64, events: &str, trials: &str| {
        let counts: Vec<(f64, f64)> = case.column(events).into_iter().zip(case.column(trials)).collect();
        let figures = counts.iter().map(|(events, trials)| 100.0 * events / trials).collect();
        let plain = criterion(name, figures, weight, Better::High);
        Criterion { counts: Some(counts), worth: Worth::Itself, ..plain }
    };
    let price = criterion("price", case.column("price"), 0.25, Better::Low);
    let criteria = vec![
        share("delivery", 0.5, "deliveries_on_time", "deliveries_scheduled"),
        share("quality", 0.25, "lots_accepted", "lots_supplied"),
        Criterion { worth: Worth::OfBest, ..price },
    ];
    let problem = Problem { labels: case.labels(), criteria, ..Problem::default() };
    let found = table(&problem, Method::Scorecard, 1).unwrap();
    let worth = |name: &str| found.units.iter().map(|unit| unit.worth[name]).collect::<Vec<f64>>();
    case.agree("quality", &worth("quality"), 1e-6);
    case.agree("delivery", &worth("delivery"), 1e-6);
    case.agree("price", &worth("price"), 1e-6);
    case.agree("overall", &scores(&found), 1e-6);
    let group = |at: usize| found.units[at].group.unwrap();
    assert_eq!((group(0), group(1)), (1, 1), "A and B differ by 0.06 points on some twenty deliveries");
    assert!(found.findings.iter().any(|finding| finding.check == "criteria.not_separable"), "{:?}", found.findings);
    assert!(case.folder.join("README.md").exists());
}

#[test]
fn pumps_and_best_of_four_by_what_is_known() {
    let pumps = Case::read("eb_gamma_poisson_pumps");
    let (events, exposure) = (pumps.column("count"), pumps.column("exposure"));
    let prior = Prior::fit(Family::GammaPoisson, &events, &exposure).unwrap();
    pumps.agree("mle", &[prior.a, prior.b], 1e-3);
    let means: Vec<f64> = events.iter().zip(&exposure).map(|(y, t)| prior.posterior(*y, *t).mean()).collect();
    pumps.agree("posterior_mean", &means, 1e-4);
    let four = Case::read("eb_prob_best_beta");
    let prior = Prior { family: Family::BetaBinomial, a: 1.0, b: 1.0, evidence: Evidence::Assumed };
    let pairs = four.column("approved").into_iter().zip(four.column("registered"));
    let known: Vec<Posterior> = pairs.map(|(hits, trials)| prior.posterior(hits, trials)).collect();
    // standard error of a probability at 400,000 draws: 0.0008 at most
    let found = ranks(&known, Best::High, 400_000, 1, 0);
    four.agree("p_best", &found.iter().map(|rank| rank.best).collect::<Vec<_>>(), 2e-3);
    four.agree("expected_rank", &found.iter().map(|rank| rank.expected).collect::<Vec<_>>(), 1e-2);
}

/// James and Stein's own answer is for equal samples only and is not built; the case's constants are checked so that what the
/// beta-binomial is held against in `cases_suppliers` is what was published.
#[test]
fn james_and_steins_players() {
    let case = Case::read("eb_efron_morris_baseball");
    let hits = case.column("hits_of_45");
    let mean = hits.iter().sum::<f64>() / 45.0 / hits.len() as f64;
    let square: f64 = hits.iter().map(|hits| (hits / 45.0 - mean).powi(2)).sum();
    let kept = 1.0 - (hits.len() as f64 - 3.0) * mean * (1.0 - mean) / 45.0 / square;
    case.agree("js_constants", &[mean, kept], 1e-6);
    let shrunk: Vec<f64> = hits.iter().map(|hits| mean + kept * (hits / 45.0 - mean)).collect();
    case.agree("js_plain", &shrunk, 1e-6);
}
