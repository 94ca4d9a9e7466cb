//! What people read is in their language: the sentences of other stages too, as far as their wording is known.

use std::fs;
use std::path::{Path, PathBuf};

use outlay::check::Error;
use outlay::flow::{self, Run};
use outlay::report::{Lang, Words};
use outlay::settings::Settings;
use serde_json::Value;

/// A sentence that a person reads, with the table that translates it.
type Said = (String, String);

fn sample() -> Result<Run, Error> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/outlay.toml");
    flow::run(&Settings::read(&config, 1)?, &|_| {})
}

/// Every sentence of a run that a person reads.
fn said(run: &Run) -> Vec<Said> {
    let mut said = Vec::new();
    let mut add = |table: &str, sentence: &str| said.push((table.to_owned(), sentence.to_owned()));
    for finding in run.findings() {
        add(finding.check, &finding.message);
        add(finding.check, &finding.advice);
    }
    for score in &run.scores.suppliers {
        score.reasons.iter().for_each(|reason| add("score.reason", reason));
        score.ask.iter().for_each(|ask| add("score.ask", &ask.because));
        score.no_ask.iter().for_each(|why| add("score.ask", why));
        score.decision.flip.iter().for_each(|flip| add("score.reason", &flip.because));
        score.trust.indicators.iter().for_each(|indicator| add("score.indicator", &indicator.evidence));
    }
    run.answer.lines.iter().for_each(|line| add("plan.why_not_more", &line.why_not_more));
    run.answer.prices.iter().for_each(|price| add("plan.unit", &price.unit));
    run.answer.budget.unspent_because.iter().for_each(|why| add("plan.unspent", why));
    said.retain(|(_, sentence)| !sentence.is_empty());
    said
}

/// Those of `said` that stay English in any other language.
fn english(said: &[Said]) -> Vec<(&'static str, &Said)> {
    let mut left = Vec::new();
    for lang in [Lang::Zh, Lang::Ja] {
        let words = Words::of(lang);
        let untold = said.iter().filter(|(table, sentence)| words.translate(table, sentence) == *sentence);
        left.extend(untold.map(|said| (lang.name(), said)));
    }
    left
}

#[test]
fn the_sample_speaks_chinese_and_japanese() {
    let run = sample().unwrap_or_else(|error| panic!("{error}"));
    let said = said(&run);
    assert!(said.len() > 60, "{said:?}");
    assert_eq!(english(&said), Vec::new());
    assert_eq!(Words::of(Lang::Zh).translate("import.total", "no such sentence"), "no such sentence");
}

/// The findings of every golden folder.
fn golden_findings() -> Vec<Said> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files: Vec<PathBuf> = fs::read_dir(cases)
        .unwrap()
        .map(|case| case.unwrap().path().join("out/quality.json"))
        .filter(|file| file.exists())
        .collect();
    let mut said = Vec::new();
    for file in files {
        let quality: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        for finding in quality["findings"].as_array().unwrap() {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            said.extend(["message", "advice"].map(|key| (text("check"), text(key))));
        }
    }
    said.retain(|(_, sentence)| !sentence.is_empty());
    said
}

#[test]
fn findings_of_the_golden_runs_speak_chinese_and_japanese() {
    let said = golden_findings();
    assert!(said.len() > 100, "{}", said.len());
    assert_eq!(english(&said), Vec::new());
}

/// Findings that no golden folder has, in the words of the stages that make them.
const RARE: &[(&str, &str)] = &[
    ("criteria.constant", "all units are alike in it, so it decides nothing"),
    ("criteria.not_separable", "a, b cannot be told apart by these counts"),
    ("efficiency.ratios_bind", "bounds on weights lower the efficiency of 3 of 9 units, by at most 0.120"),
    (
        "fit.adopted",
        "21 points and no interval: planned as if it were certain; its reference spend is not told and taken as 0",
    ),
    ("fit.borrowed", "27 usable days of 60 needed: the curve borrows its shape from the platform's other channels"),
    (
        "fit.calendar",
        "once the calendar is taken out, elasticity 0.12 ± 0.10 cannot be told from zero: the curve rests on what is believed \
         beforehand",
    ),
    (
        "fit.change",
        "KPI at reference spend 9.10 → 9.90 (+8.8 %), the last KPI costs 80.00 → 75.00; 14 new periods brought +3.1 % against \
         the earlier curve; earlier periods or channels were restated, too",
    ),
    (
        "fit.demand",
        "spend follows the KPI's surprises of the period before (correlation 0.41): part of demand may be credited to it",
    ),
    (
        "fit.incrementality",
        "81 % of its attributed KPI is caused by spend (70 to 92 %), from spring holdout; the curve counts only these",
    ),
    ("fit.level", "from 2026-03-02 on the same spend brings another level; a plan counts on the later one"),
    ("fit.outliers", "4 periods lie too far from what spend explains, left out: 2026-01-02, 2026-01-03 and more"),
    ("fit.season", "the curves are net of weekday, season of the year, trend"),
    ("fit.straight", "the curve cannot be told from a straight line: it predicts better by 0.4 nats only"),
    (
        "fit.total.curve",
        "brings 812.4 registrations at mean spend (90 % interval 700.0 to 920.0), 81 % as wide as before the data: mostly the \
         prior's belief; its curve cannot be told from a straight line over the spend that was seen",
    ),
    ("fit.total.separate", "hold tencent and move weibo by half, up and down in turns, for 12 weeks"),
    (
        "plan.platform_rules",
        "300.00 over the plan is less a day than the 50.00 that tencent asks of one ad (data/rules, as of 2026-11-22): the \
         platform may refuse it",
    ),
    ("plan.replan", "the exports end with 2026-06-12: what was spent from there to 2026-06-16 counts as nothing"),
    ("plan.weekdays", "fewer than 28 days with spend among its last 56: all weekdays weigh the same"),
    (
        "panel.filling_up",
        "the conversions of 3 days from 2026-05-29 on are still coming in: no curve is fitted to them",
    ),
    ("unify.convention", "3 of 5 campaign names follow `{department}_{supplier}`, and not `a`, `b`"),
    ("unify.leads", "80 of 100 leads are valid; round 1, staff: 12 (a.csv:3); round 2, bots: 8"),
    ("unify.basis", "conversions are dated by billed (tencent), by event (weibo)"),
    ("score.ask", "No price is asked: fewer than two proven substitutes in its pool (strategic); find them first."),
    ("score.indicator", "4.10 % clicks of impressions against 1.20 % of 6 peers on tencent, out of 120000."),
];

#[test]
fn rare_findings_speak_chinese_and_japanese() {
    let said: Vec<Said> = RARE.iter().map(|(table, text)| ((*table).to_owned(), (*text).to_owned())).collect();
    assert_eq!(english(&said), Vec::new());
    for lang in [Lang::Zh, Lang::Ja] {
        for (table, text) in RARE {
            let told = Words::of(lang).translate(table, text);
            assert!(!["weeks", "days", " usable", "peers"].iter().any(|word| told.contains(word)), "{told}");
        }
    }
}

/// Files that a reader of another crate refuses, with what it says of them.
fn refused_files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("a.csv", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all("date,spend\n2026-05-01,1\n".repeat(50).as_bytes()).unwrap();
    let zip = archive.finish().unwrap().into_inner();
    // a changed byte of the file's header and the same of the archive's list of files
    let with = |local: usize, central: usize, byte: u8| {
        let mut bytes = zip.clone();
        let list = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        bytes[local] = byte;
        bytes[list + central] = byte;
        bytes
    };
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"date,spend\n2026-05-01,1\n").unwrap();
    let mut sum = gzip.finish().unwrap();
    let last = sum.len() - 8;
    sum[last] ^= 0xFF;
    vec![
        ("cut.zip", zip[..zip.len() / 2].to_vec(), "Could not find EOCD"),
        ("locked.zip", with(6, 8, 1), "Password required"),
        ("method.zip", with(8, 10, 12), "compression method not supported: 12"),
        ("sum.csv.gz", sum, "matching checksum"),
        ("cut.parquet", [&b"PAR1"[..], &[0; 40]].concat(), "Corrupt footer"),
        ("cut.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and no more".to_vec(), "is too small"),
        ("odd.parquet", [&b"PAR1"[..], &[7; 40], &[9, 0, 0, 0], b"PAR1"].concat(), "Parquet"),
    ]
}

#[test]
fn what_readers_of_files_say_is_told_or_quoted_as_theirs() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, said) in refused_files() {
        fs::write(folder.path().join(name), bytes).unwrap();
        let text = format!("[[source]]\npath = \"{name}\"\n");
        let settings = Settings::parse(&text, "outlay.toml", folder.path(), 1).unwrap();
        let error = flow::data(&settings, &|_| {}).err().unwrap_or_else(|| panic!("{name} is read"));
        let english = Words::of(Lang::En).error(&error);
        assert!(english.contains(said), "{english}");
        for (lang, quoted) in [(Lang::Zh, "原文"), (Lang::Ja, "原文")] {
            let told = Words::of(lang).error(&error);
            assert!(!told.contains(said) || told.contains(quoted), "{told}");
            assert!(name == "odd.parquet" || !told.contains(quoted), "{told}");
        }
    }
}
