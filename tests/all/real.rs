//! Public data from outside the project. The files stay where they are, beside the checkout; where the folder is not
//! there the test says so and checks nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outlay::settings::Settings;
use outlay::unify::Ledger;
use outlay::units::{Field, Measure};
use outlay::{fit, import, panel, plan, unify};
use serde_json::Value;

/// The folder of the data, when it is there.
fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("no public data beside the checkout (../shared/data): nothing was checked");
    None
}

fn settings(case: &str) -> Settings {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case).join("outlay.toml");
    Settings::read(&path, 1).unwrap_or_else(|error| panic!("{error}"))
}

fn ledger(settings: &Settings) -> Ledger {
    unify::ledger(import::all(settings).unwrap_or_else(|e| panic!("{e}")), settings).unwrap_or_else(|e| panic!("{e}"))
}

/// Sums of one measure by a field; rows that name none under "(missing)".
fn sums(ledger: &Ledger, field: Field, measure: Measure) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for entry in &ledger.entries {
        let name = entry.name(field).unwrap_or("(missing)").to_owned();
        *sums.entry(name).or_default() += entry.measure(measure).map_or(0, |micros| micros.get());
    }
    sums.into_iter().map(|(name, micros)| (name, micros as f64 / 1e6)).collect()
}

fn agrees(case: &str, ledger: &Ledger, field: Field, expected: &Value) {
    let measures = [Measure::Spend, Measure::Impressions, Measure::Clicks, Measure::Registrations]
        .map(|m| (m, sums(ledger, field, m)));
    for group in expected[case]["groups"].as_array().unwrap() {
        for (measure, found) in &measures {
            let (key, wanted) = (group["key"].as_str().unwrap(), group[measure.name()].as_f64().unwrap());
            let got = found.get(key).copied().unwrap_or(f64::NAN);
            assert!((got - wanted).abs() < 0.005, "{case}: {key} {}: {got}, expected {wanted}", measure.name());
        }
    }
    for (measure, found) in &measures {
        let (wanted, got) = (expected[case]["total"][measure.name()].as_f64().unwrap(), found.values().sum::<f64>());
        assert!((got - wanted).abs() < 0.005, "{case}: total {}: {got}, expected {wanted}", measure.name());
    }
}

fn expected(data: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(data.join("expected.json")).unwrap()).unwrap()
}

#[test]
fn online_ads_from_export_to_plan() {
    let Some(data) = data() else { return };
    let settings = settings("online_ads");
    let ledger = ledger(&settings);
    agrees("online_ads", &ledger, Field::Supplier, &expected(&data));
    let fitted = fit::channels(&panel::build(&ledger, &settings).unwrap(), &settings).unwrap();
    let curve = |name: &str| fitted.channels.iter().find(|fit| fit.channel.label == name).unwrap().curve.as_ref();
    assert_eq!(curve("abc").unwrap_err(), "27 usable days of 60 needed");
    for placement in ["def", "ghi", "jkl", "mno"] {
        assert!(curve(placement).is_ok(), "{placement}: {:?}", curve(placement));
    }
    let reference: f64 = fitted.channels.iter().map(|fit| fit.reference_spend * 30.0).sum();
    for multiple in [1.0, 1.3] {
        let mut plan = settings.plan().unwrap().clone();
        plan.budget = (reference * multiple).round();
        let answer = plan::scenarios(&fitted, &plan, settings.project.currency).unwrap();
        assert_eq!(answer.status, plan::Status::Optimal, "{:?}", answer.conflict);
        let spend = |name: &str| answer.lines.iter().find(|line| line.channel == name).unwrap().spend;
        let spent = answer.budget.spent;
        assert!((spent - plan.budget).abs() < 0.005, "{spent} of {}", plan.budget);
        assert!(spend("mno") <= 0.5 * spent + 0.01 && spend("ghi") >= 0.2 * spent - 0.01);
        for line in &answer.lines {
            assert!(line.spend >= 0.5 * line.reference_spend - 0.01, "{line:?}");
            assert_eq!(line.expected.is_none(), line.channel == "abc" || line.channel == "(no supplier)", "{line:?}");
        }
    }
}

/// The ledger of one of the public files, read with further settings of its source.
fn ledger_of(path: &Path, source: &str) -> Ledger {
    let text = format!("[project]\ncurrency = \"USD\"\n[[source]]\npath = '{}'\n{source}", path.display());
    ledger(&Settings::parse(&text, "outlay.toml", Path::new(""), 1).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn two_encodings_of_one_table_give_one_ledger() {
    let Some(data) = data() else { return };
    let read = |name: &str, columns: &str| ledger_of(&data.join("global_ads").join(name), columns);
    let english = "columns = { spend = \"ad_spend\", value = \"revenue\", campaign = \"campaign_type\" }";
    let utf8 = read("utf8_comma.csv", english);
    let portuguese = "decimal_comma = true\ncolumns = { date = \"data\", platform = \"plataforma\", spend = \"ad_gasto\", \
                      impressions = \"impressões\", registrations = \"converssões\", value = \"receita\", campaign = \"campanha\" }";
    let latin1 = read("latin1_semicolon_pt.csv", portuguese);
    assert_eq!(latin1.sources[0].encoding, "Latin-1");
    assert_eq!(utf8.entries, latin1.entries);
    agrees("global_ads", &latin1, Field::Platform, &expected(&data));
}

#[test]
fn api_rows_have_the_totals_of_their_platforms() {
    let Some(data) = data() else { return };
    let expected = expected(&data);
    for (name, wanted) in expected["api_rows"].as_object().unwrap() {
        // Half of LinkedIn's rows have no cost in dollars, where that in local currency is zero: bad rows, left out.
        let is_linkedin = name.starts_with("linkedin");
        let source = if is_linkedin { "bad_rows = \"skip\"" } else { "" };
        let ledger = ledger_of(&data.join("api_rows").join(format!("{name}.csv")), source);
        let total = |measure: Measure| sums(&ledger, Field::Department, measure).values().sum::<f64>();
        let measures = [("spend", Measure::Spend), ("impressions", Measure::Impressions), ("clicks", Measure::Clicks)];
        for (key, measure) in measures.into_iter().chain([("conversions", Measure::Registrations)]) {
            let Some(wanted) = wanted[key].as_f64().filter(|_| key == "spend" || !is_linkedin) else { continue };
            assert!((total(measure) - wanted).abs() < 1e-6, "{name}: {key} {}, expected {wanted}", total(measure));
        }
    }
}

#[test]
fn spend_that_explains_nothing_gets_no_curve() {
    let Some(data) = data() else { return };
    let settings = settings("facebook_vs_adwords");
    let ledger = ledger(&settings);
    agrees("facebook_vs_adwords", &ledger, Field::Platform, &expected(&data));
    let fitted = fit::channels(&panel::build(&ledger, &settings).unwrap(), &settings).unwrap();
    for fit in &fitted.channels {
        let reason = fit.curve.as_ref().unwrap_err();
        assert!(reason.starts_with("spend explains"), "{}: {reason}", fit.channel.label);
    }
}
