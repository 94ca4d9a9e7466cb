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

/// What a file adds up to under settings of its source: spend and registrations.
fn totals(path: &Path, source: &str) -> (f64, f64) {
    let ledger = ledger_of(path, source);
    let total = |measure: Measure| sums(&ledger, Field::Department, measure).values().sum::<f64>();
    (total(Measure::Spend), total(Measure::Registrations))
}

#[test]
fn leads_give_each_published_total_by_the_checks_that_are_on() {
    let Some(data) = data() else { return };
    let (path, expected) = (data.join("leads/marketing_campaign_dataset.csv"), &expected(&data)["leads"]);
    let columns = "columns = { platform = \"channel\", registrations = \"leads\", campaign = \"campaign_name\" }\n";
    let checks = [
        ("negative = \"keep\"", &expected["total"]["spend"], &expected["total"]["registrations"], 3533, 0),
        (
            "negative = \"keep\"\nduplicates = \"drop\"",
            &expected["after_exact_dedup"]["spend"],
            &expected["after_exact_dedup"]["leads"],
            3501,
            32,
        ),
        (
            "bad_rows = \"skip\"\nduplicates = \"drop\"",
            &expected["after_dedup_and_drop_negative"]["spend"],
            &expected["after_dedup_and_drop_negative"]["leads"],
            3483,
            50,
        ),
    ];
    for (source, spend, leads, used, left_out) in checks {
        let source = format!("{columns}{source}");
        let (found, count) = totals(&path, &source);
        assert!((found - spend.as_f64().unwrap()).abs() < 0.005, "{source}: spend {found}, expected {spend}");
        assert_eq!(count, leads.as_f64().unwrap(), "{source}");
        let ledger = ledger_of(&path, &source);
        let skipped: u64 = ledger.rows.skipped.iter().map(|skip| skip.count).sum();
        assert_eq!((ledger.rows.read, ledger.rows.used, skipped), (3533, used, left_out), "{source}");
    }
    // no check on: the negative amounts are refused, each by its line
    let text = format!("[project]\ncurrency = \"USD\"\n[[source]]\npath = '{}'\n{columns}", path.display());
    let refused =
        import::all(&Settings::parse(&text, "outlay.toml", Path::new(""), 1).unwrap()).unwrap_err().to_string();
    assert_eq!(refused.matches("expected 0 or more").count(), 18, "{refused}");
    // two casings of eight channels are told, and not merged
    let ledger = ledger_of(&path, &format!("{columns}negative = \"keep\""));
    let spellings = ledger.findings.iter().filter(|finding| finding.check == "unify.spelling");
    assert_eq!(spellings.filter(|finding| finding.message.contains("of one platform")).count(), 8);
    let mut merged: BTreeMap<String, f64> = BTreeMap::new();
    for (name, spend) in sums(&ledger, Field::Platform, Measure::Spend) {
        *merged.entry(name.to_lowercase()).or_default() += spend;
    }
    for group in expected["groups"].as_array().unwrap() {
        let (found, wanted) = (merged[group["key"].as_str().unwrap()], group["spend"].as_f64().unwrap());
        assert!((found - wanted).abs() < 0.005, "{group}: {found}");
    }
}

#[test]
fn ads_without_a_day_count_in_totals() {
    let Some(data) = data() else { return };
    let ledger = ledger_of(
        &data.join("facebook_kag/KAG_conversion_data.csv"),
        "platform = \"meta\"\nperiod = [\"2017-08-17\", \"2017-08-30\"]\n\
         columns = { account = \"xyz_campaign_id\", spend = \"Spent\", registrations = \"Approved_Conversion\" }",
    );
    agrees("facebook_kag", &ledger, Field::Account, &expected(&data));
    assert!(ledger.entries.iter().all(|entry| entry.days == 14), "they stand for the period and are never fitted");
    let enquiries = ledger_of(
        &data.join("facebook_kag/KAG_conversion_data.csv"),
        "platform = \"meta\"\nperiod = [\"2017-08-17\", \"2017-08-30\"]\n\
         columns = { account = \"xyz_campaign_id\", spend = \"Spent\", registrations = \"Total_Conversion\" }",
    );
    for (account, wanted) in expected(&data)["facebook_kag"]["total_conversion"].as_object().unwrap() {
        assert_eq!(sums(&enquiries, Field::Account, Measure::Registrations)[account], wanted.as_f64().unwrap());
    }
}

/// A wide table as one source a channel: `date` is its header of days, the columns are those of its groups.
fn wide(path: &Path, date: &str, more: &str, expected: &Value) -> Ledger {
    let groups = expected["groups"].as_array().unwrap().iter().map(|group| group["key"].as_str().unwrap());
    let source = |column: &str| {
        let columns = format!("columns = {{ date = \"{date}\", spend = \"{column}\"{more} }}");
        format!("[[source]]\npath = '{}'\nplatform = \"{column}\"\n{columns}\n", path.display())
    };
    let sources: String = groups.map(source).collect();
    let text = format!("[project]\ncurrency = \"USD\"\nkpi = \"value\"\n{sources}");
    ledger(&Settings::parse(&text, "outlay.toml", Path::new(""), 1).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn wide_weekly_tables_have_the_spend_of_their_channels() {
    let Some(data) = data() else { return };
    let expected = expected(&data);
    for (name, path, date, more) in [
        ("robyn", "robyn/dt_simulated_weekly.csv", "DATE", ""),
        ("meridian/national_all_channels.csv", "meridian/national_all_channels.csv", "time", ""),
        ("meridian/geo_all_channels.csv", "meridian/geo_all_channels.csv", "time", ", account = \"geo\""),
    ] {
        let ledger = wide(&data.join(path), date, more, &expected[name]);
        let found = sums(&ledger, Field::Platform, Measure::Spend);
        for group in expected[name]["groups"].as_array().unwrap() {
            let (key, wanted) = (group["key"].as_str().unwrap(), group["spend"].as_f64().unwrap());
            // a cell of more than six decimals is rounded to them
            assert!((found[key] - wanted).abs() < 0.005, "{name}: {key} {}, expected {wanted}", found[key]);
        }
        assert!(ledger.entries.iter().all(|entry| entry.days == 7), "{name} is weekly");
        let rows = expected[name]["rows"].as_u64().unwrap();
        assert_eq!(ledger.rows.read, rows, "{name}");
    }
}

#[test]
fn a_long_table_is_asked_for_its_channels() {
    let Some(data) = data() else { return };
    let truth: Value =
        serde_json::from_slice(&std::fs::read(data.join("mmm_truth/national_truth.json")).unwrap()).unwrap();
    let channels: Vec<&str> = truth["channels"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let source = format!(
        "columns = {{ date = \"Period\", platform = \"VariableName\", spend = \"VariableValue\" }}\nwhere = {{ VariableName = {channels:?} }}"
    );
    let ledger = ledger_of(&data.join("mmm_truth/national_mff.csv"), &source);
    let found = sums(&ledger, Field::Platform, Measure::Spend);
    assert_eq!((found.len(), ledger.rows.used), (7, 7 * 104));
    let mut by_hand: BTreeMap<String, f64> = BTreeMap::new();
    for record in csv::Reader::from_path(data.join("mmm_truth/national_mff.csv")).unwrap().records() {
        let record = record.unwrap();
        *by_hand.entry(record[6].to_owned()).or_default() += record[7].parse::<f64>().unwrap();
    }
    for channel in channels {
        let wanted = by_hand[channel];
        assert!((found[channel] - wanted).abs() < 0.001, "{channel}: {}, expected {wanted}", found[channel]);
    }
}

#[test]
fn rows_that_repeat_others_are_dropped_where_asked() {
    let Some(data) = data() else { return };
    let mut settings = settings("online_ads");
    settings.sources.iter_mut().for_each(|source| source.duplicates = outlay::settings::Duplicates::Drop);
    let (ledger, expected) = (ledger(&settings), &expected(&data)["online_ads"]["after_exact_dedup"]);
    let total = |measure: Measure| sums(&ledger, Field::Department, measure).values().sum::<f64>();
    assert!((total(Measure::Spend) - expected["spend"].as_f64().unwrap()).abs() < 0.005);
    assert_eq!(total(Measure::Registrations), expected["conversions"].as_f64().unwrap());
    assert_eq!(ledger.rows.used, expected["rows"].as_u64().unwrap());
}

/// Every folder of the public data has a test here; a new one must get one.
#[test]
fn no_folder_is_forgotten() {
    let Some(data) = data() else { return };
    let tests = include_str!("real.rs");
    for folder in std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir()) {
        let name = folder.file_name().into_string().unwrap();
        assert!(tests.contains(&name), "{name} is not imported");
    }
}
