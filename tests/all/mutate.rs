//! Outside bytes damaged at random: none may make a reader panic or hang.
//!
//! ```sh
//! OUTLAY_MUTATE_SECONDS=600 cargo test --release --test all mutate -- --ignored --nocapture
//! ```
//!
//! runs each target for so many seconds (`OUTLAY_MUTATE_ONLY=xlsx` one of them); the suite itself gives each a few rounds. A
//! target is a reader of bytes that somebody else wrote, with seeds that it reads; what stands in `tests/cases/import` are the
//! seeds of the readers of exports. Header names in `data/columns` are no target: they are built in. A failure keeps the bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use outlay::check::Error;
use outlay::fit::store;
use outlay::import::sheet::Sheet;
use outlay::report::finished;
use outlay::settings::Settings;
use outlay::{import, unify};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::program::Project;

/// Rounds of each target in the suite.
const ROUNDS: u64 = 40;

/// A reader, and files that it reads.
struct Target {
    name: &'static str,
    seeds: Vec<Seed>,
    /// Reads the file `file` in a folder, given the settings of the seed.
    read: fn(&Path, &str) -> Result<(), Error>,
}

/// A file to damage, and the settings that go with it.
#[derive(Clone)]
struct Seed {
    bytes: Vec<u8>,
    source: String,
}

impl Seed {
    fn new(bytes: impl Into<Vec<u8>>, source: &str) -> Seed {
        Seed { bytes: bytes.into(), source: source.to_owned() }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The exports of `tests/cases/import` whose names end so.
fn exports(ends: &[&str]) -> Vec<Seed> {
    let cases = std::fs::read_dir(root().join("tests/cases/import")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        cases.flat_map(|case| std::fs::read_dir(case).unwrap()).map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let is_asked = |path: &&PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("export") && ends.iter().any(|end| name.ends_with(end))
    };
    let seed = |path: &PathBuf| {
        let source = std::fs::read_to_string(path.with_file_name("source.toml")).unwrap_or_default();
        Seed { bytes: std::fs::read(path).unwrap(), source }
    };
    files.iter().filter(is_asked).map(seed).filter(|seed| seed.bytes.len() < 50_000).collect()
}

fn sqlite() -> Seed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base");
    let rows: String =
        (0..200).map(|n| format!("insert into t values ('2026-05-{:02}', 'x{n}', {n}.5);", n % 28 + 1)).collect();
    let base = rusqlite::Connection::open(&path).unwrap();
    base.execute_batch(&format!(
        "create table t (date text, platform text, spend real); create index i on t (date); {rows}"
    ))
    .unwrap();
    drop(base);
    Seed::new(std::fs::read(path).unwrap(), "query = \"select date, platform, spend from t order by date\"")
}

/// Reads the export `file` as a source does.
fn export(folder: &Path, source: &str) -> Result<(), Error> {
    // Seeds that are refused without it would never be read to their end.
    let skips = if source.contains("bad_rows") { "" } else { "bad_rows = \"skip\"\n" };
    let text = format!("[[source]]\npath = \"file\"\n{skips}{source}");
    let settings = Settings::parse(&text, "outlay.toml", folder, 1)?;
    unify::ledger(import::all(&settings)?, &settings).map(drop)
}

/// Reads a small export beside which the settings name `file`.
fn beside(folder: &Path, settings: &str) -> Result<(), Error> {
    let text =
        "date,platform,campaign,currency,spend,registrations\n2026-05-01,x,a_b,USD,1,2\n2026-05-02,y,夏,CNY,3,1\n";
    std::fs::write(folder.join("small.csv"), text).unwrap();
    let settings =
        Settings::parse(&format!("{settings}\n[[source]]\npath = \"small.csv\"\n"), "outlay.toml", folder, 1)?;
    import::total(&settings)?;
    unify::ledger(import::all(&settings)?, &settings).map(drop)
}

fn settings(folder: &Path, _: &str) -> Result<(), Error> {
    Settings::read(&folder.join("file"), 1).map(drop)
}

fn model(folder: &Path, _: &str) -> Result<(), Error> {
    store::read(&folder.join("file")).map(drop)
}

fn sheet(folder: &Path, column: &str) -> Result<(), Error> {
    let name = if column == "json" { "file.json" } else { "file" };
    if column == "json" {
        std::fs::copy(folder.join("file"), folder.join(name)).unwrap();
    }
    let sheet = Sheet::read(&folder.join(name))?;
    sheet.texts("unit")?;
    sheet.numbers("y").map(drop)
}

fn of_ledger(folder: &Path, _: &str) -> Result<(), Error> {
    finished::ledger(&folder.join("file")).map(drop)
}

fn of_run(folder: &Path) -> Result<(), Error> {
    finished::read(folder).map(drop)
}

/// The files of a finished run of the sample, of which one is damaged at a time.
fn run() -> Project {
    let project = Project::copy_of(&root().join("data/sample"));
    project.succeeds("run");
    project
}

fn targets() -> Vec<Target> {
    let target = |name, seeds, read| Target { name, seeds, read };
    let rates = "date,currency,rate\n2026-01-01,USD,7\n2026-05-02,USD,7.5\n";
    let aliases = "field,match,name,means\nsupplier,exact,Northwind Co.,Northwind\ncampaign,prefix,夏,summer\ncampaign,pattern,*_b,b\n";
    let total = "date,registrations\n2026-05-01,12\n2026-05-02,\n2026-05-03,1e2\n";
    let leads = "提交时间,计划,邮箱\n2026-05-01 08:00,a_b,x@ours.com\n2026-05-01,a_b,y@z.com\n2026-05-01,夏,y@z.com\n";
    let screens = "[project]\nrates = \"rates.csv\"\n[leads]\npath = \"file\"\ncolumns = { date = \"提交时间\", campaign = \"计划\" }\n\
        [[leads.screen]]\nname = \"own\"\nround = 1\ncolumn = \"邮箱\"\nlike = \"*@ours.com\"\n\
        [[leads.screen]]\nname = \"twice\"\nround = 1\ncolumn = \"邮箱\"\nunique = true\n";
    let list = "[project]\nrates = \"rates.csv\"\n[leads]\npath = \"small.csv\"\n[[leads.screen]]\nname = \"them\"\nround = 1\ncolumn = \"campaign\"\nlist = \"file\"\n";
    let ledger = "date,platform,supplier,account,campaign,department,currency,spend,spend_cash,impressions,clicks,reads,entries,\
        registrations,valid_registrations,value,days\n2026-05-01,x,,a,\"夏, \"\"b\"\"\",,CNY,1204.5,,20000,,,,31.5,,,1\n";
    vec![
        target("text", exports(&[".csv", ".tsv", ".txt"]), export),
        target("gzip", exports(&[".gz"]), export),
        target("zip", exports(&[".zip"]), export),
        target("xlsx", exports(&[".xlsx"]), export),
        target("xls", exports(&[".xls"]), export),
        target("parquet", exports(&[".parquet"]), export),
        target("sqlite", vec![sqlite()], export),
        target(
            "settings",
            vec![
                Seed::new(read("data/sample/outlay.toml"), ""),
                Seed::new(read("tests/cases/online_ads/outlay.toml"), ""),
            ],
            settings,
        ),
        target("model", vec![Seed::new(read("models/sample/model.json"), "")], model),
        target("rates", vec![Seed::new(rates, "[project]\nrates = \"file\"\n")], beside),
        target(
            "aliases",
            vec![Seed::new(aliases, "[project]\nrates = \"rates.csv\"\n[names]\naliases = \"file\"\n")],
            beside,
        ),
        target(
            "kpi_total",
            vec![Seed::new(total, "[project]\nrates = \"rates.csv\"\n[kpi_total]\npath = \"file\"\n")],
            beside,
        ),
        target("leads", vec![Seed::new(leads, screens)], beside),
        target("list", vec![Seed::new("a_b\n夏\n", list)], beside),
        target("table", vec![Seed::new("unit,y\na,1\nb,2.5\n", "csv")], sheet),
        target("table_json", vec![Seed::new("[{\"unit\":\"a\",\"y\":1},{\"unit\":\"b\",\"y\":2.5e3}]", "json")], sheet),
        target("ledger", vec![Seed::new(ledger, "")], of_ledger),
    ]
}

/// Pieces that readers look at closely.
const PIECES: [&[u8]; 18] = [
    b"\"",
    b"\"\"",
    b",",
    b"\t",
    b"\r",
    b"\n",
    b"\0",
    b"\xFF\xFE",
    b"\xEF\xBB\xBF",
    b"-",
    b"<5",
    b"1e30",
    b"9223372036854775807",
    "合计".as_bytes(),
    "2026年5月1日".as_bytes(),
    b"99/99/9999",
    b"[[source]]",
    b"{\"",
];

fn damaged(bytes: &[u8], other: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..=bytes.len());
        let end = (at + rng.random_range(0..40)).min(bytes.len());
        match rng.random_range(0..6) {
            0 => bytes[at..end].iter_mut().for_each(|byte| *byte = rng.random()),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, PIECES[rng.random_range(0..PIECES.len())].iter().copied())),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece.repeat(rng.random_range(1..50)));
            }
            4 => {
                let from = rng.random_range(0..=other.len());
                let to = (from + rng.random_range(0..200)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// Runs a target until `ends` says so; how many rounds, how many of them read to their end, and the slowest.
fn damage(target: &Target, seed: u64, ends: impl Fn(u64) -> bool) -> (u64, u64, Duration) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rates.csv"), "date,currency,rate\n2026-01-01,USD,7\n").unwrap();
    let path = folder.path().join("file");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut runs, mut whole, mut slowest) = (0, 0, Duration::ZERO);
    assert!(!target.seeds.is_empty(), "{} has no seed", target.name);
    while !ends(runs) {
        let pick = |rng: &mut ChaCha8Rng| &target.seeds[rng.random_range(0..target.seeds.len())];
        let (one, other) = (pick(&mut rng), pick(&mut rng));
        // Some rounds read the seed as it is: a target that never gets to the end of anything tests little.
        let bytes = if runs % 16 == 0 { one.bytes.clone() } else { damaged(&one.bytes, &other.bytes, &mut rng) };
        std::fs::write(&path, &bytes).unwrap();
        let start = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| (target.read)(folder.path(), &one.source))) {
            Ok(read) => whole += u64::from(read.is_ok()),
            Err(_) => {
                let kept = std::env::temp_dir().join(format!("outlay-mutated-{}", target.name));
                std::fs::write(&kept, &bytes).unwrap();
                panic!("{}, round {runs}: {} with {:?}", target.name, kept.display(), one.source);
            }
        }
        slowest = slowest.max(start.elapsed());
        runs += 1;
    }
    (runs, whole, slowest)
}

#[test]
fn a_little_damage_makes_no_reader_panic() {
    for target in targets() {
        let (runs, whole, _) = damage(&target, 7, |runs| runs >= ROUNDS);
        assert!(runs == ROUNDS && whole > 0, "{}: nothing was read to its end", target.name);
    }
}

#[test]
#[ignore = "runs each target for OUTLAY_MUTATE_SECONDS, 60 when not set"]
fn no_damage_makes_a_reader_panic() {
    let seconds = std::env::var("OUTLAY_MUTATE_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let only = std::env::var("OUTLAY_MUTATE_ONLY").ok();
    let seed = std::env::var("OUTLAY_MUTATE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !import::contains_panics() {
            tell(panic)
        }
    }));
    for target in targets().into_iter().filter(|target| only.as_ref().is_none_or(|only| only == target.name)) {
        let until = Instant::now() + Duration::from_secs(seconds);
        let (runs, whole, slowest) = damage(&target, seed, |_| Instant::now() >= until);
        println!(
            "{}: {runs} rounds in {seconds} s, {whole} read to the end, the slowest took {slowest:?}",
            target.name
        );
    }
}

#[test]
fn damage_to_a_finished_run_makes_no_reader_panic() {
    let project = run();
    let out = project.path("out");
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for name in ["quality.json", "plan.json", "plan_daily.csv", "manifest.json", "ledger.csv", "models/model.json"] {
        let Ok(whole) = std::fs::read(out.join(name)) else { continue };
        for round in 0..8 {
            std::fs::write(out.join(name), damaged(&whole, &whole, &mut rng)).unwrap();
            let read = catch_unwind(AssertUnwindSafe(|| drop(of_run(&out))));
            assert!(read.is_ok(), "{name}, round {round}: {}", out.join(name).display());
        }
        std::fs::write(out.join(name), &whole).unwrap();
    }
    of_run(&out).unwrap();
}
