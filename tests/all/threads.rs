//! The same inputs and seed give the same bytes, whatever the number of threads.

use serde_json::Value;

use crate::program::{Project, assert_same, tree};

#[test]
fn one_thread_and_two_give_the_same_bytes() {
    let project = Project::new(&[]);
    project.succeeds("init .");
    let run = |arguments: &str| {
        let printed = project.succeeds(&format!("run --out out {arguments}"));
        let files = tree(&project.path("out"));
        std::fs::remove_dir_all(project.path("out")).unwrap();
        (printed, files)
    };
    let (printed, one) = run("--threads 1");
    for path in ["manifest.json", "report.html", "report.xlsx", "charts/curves.svg", "models/model.json", "plan.json"] {
        assert!(one.contains_key(path), "{path} is missing");
    }
    for arguments in ["--threads 2", "--threads 2", "--threads 5"] {
        let (other, files) = run(arguments);
        assert_eq!(other, printed, "{arguments}");
        assert_same(&one, &files, arguments);
    }
    let (_, seeded) = run("--seed 2");
    let draws = |bytes: &Option<Vec<u8>>| -> Value {
        let model: Value = serde_json::from_slice(bytes.as_ref().unwrap()).unwrap();
        model["channels"].as_array().unwrap().iter().map(|channel| channel["draws"].clone()).collect()
    };
    let (ones, twos) = (draws(&one["models/model.json"]), draws(&seeded["models/model.json"]));
    for (a, b) in ones.as_array().unwrap().iter().zip(twos.as_array().unwrap()) {
        assert_ne!(a, b, "another seed draws otherwise");
    }
    assert_eq!(one["ledger.csv"], seeded["ledger.csv"]);
}

#[test]
fn exports_of_one_seed_are_the_same_bytes() {
    let project = Project::new(&[]);
    for (folder, seed) in [("a", 3), ("b", 3), ("c", 4)] {
        project.succeeds(&format!("simulate --seed {seed} --out {folder}"));
    }
    let of = |folder: &str| tree(&project.path(folder));
    assert_same(&of("a"), &of("b"), "one seed");
    assert_ne!(of("a")["truth.json"], of("c")["truth.json"]);
}
