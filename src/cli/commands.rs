//! One function a command. Each works its outputs out; nothing is written or printed here.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use outlay::check::{Error, Finding, Kind};
use outlay::fit::{Fitted, store};
use outlay::flow::{self, Run};
use outlay::plan::Answer;
use outlay::report::{self, Lang, Output, Results, Words, summary};
use outlay::settings::{Secrets, Settings};
use outlay::{backtest, fit, score, simulate};

use super::args::{Args, Command};
use super::progress::Progress;
use super::{Done, adopt, bug, criteria, finished, pages, tables};

/// Runs the command.
pub fn run(args: &Args) -> Result<Done, Error> {
    threads(args)?;
    // a program that cannot draw pictures says so before it works for minutes
    pictures(args, &[])?;
    match &args.command {
        Command::Init { dir } => init(args, dir),
        Command::Simulate { total, season, suppliers } => simulated(args, (*total, *season), *suppliers),
        Command::Adopt(options) => adopted(args, options),
        Command::Check => check(args),
        Command::Fit { update } => fitted(args, update.as_deref()),
        Command::Backtest => backtested(args),
        Command::Score { as_of } => scored(args, *as_of),
        Command::Plan { models: Some(models) } => plan_from(args, models),
        Command::Plan { models: None } => planned(args),
        Command::Report(options) if options.is_of_a_finished_run() => finished::report(args, options),
        Command::Report(_) => reported(args),
        Command::Run => whole(args),
        Command::Efficiency(options) => Ok(document(args, tables::efficiency(options, args.seed)?)),
        Command::Rates(options) => Ok(document(args, tables::rates(options, args.seed)?)),
        Command::Criteria(options) => Ok(document(args, criteria::criteria(options, args.seed)?)),
        Command::Completions { shell } => Ok(document(args, pages::completions(*shell))),
        Command::Man => Ok(document(args, pages::manual()?)),
    }
}

/// A command whose only result is a document on stdout.
fn document(args: &Args, json: String) -> Done {
    done(args, json.clone(), json, Vec::new())
}

fn threads(args: &Args) -> Result<(), Error> {
    let Some(threads) = args.threads else { return Ok(()) };
    if threads == 0 {
        return Err(Error::setting("--threads", "0, expected 1 or more"));
    }
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(bug)
}

pub(super) fn settings(args: &Args) -> Result<Settings, Error> {
    let mut settings = Settings::read(&args.config, args.seed)?;
    settings.secrets = secrets();
    settings.fit.sampler = args.sampler.map_or(settings.fit.sampler, Into::into);
    Ok(settings)
}

/// What opens database servers, as PostgreSQL's own programs look for it.
fn secrets() -> Secrets {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let at_home = || Some(PathBuf::from(set("HOME").or_else(|| set("USERPROFILE"))?).join(".pgpass"));
    Secrets {
        password: std::env::var("PGPASSWORD").ok().filter(|password| !password.is_empty()),
        file: set("PGPASSFILE").map(PathBuf::from).or_else(at_home),
    }
}

/// Writes a project that runs at once; never over one that is there.
fn init(args: &Args, dir: &Path) -> Result<Done, Error> {
    let config = dir.join("outlay.toml");
    let outputs = outputs_of(simulate::project_files(&simulate::world(args.seed)));
    if let Some(path) = outputs.iter().map(|output| dir.join(&output.path)).find(|path| path.exists()) {
        let message = format!("{} is there already", path.display());
        return Err(Error::new(Kind::Settings, message).help("name another folder, or remove it first"));
    }
    let run = format!("outlay run --config {} --out {}", config.display(), dir.join("out").display());
    let (words, count, folder) = (Words::of(args.lang), outputs.len().to_string(), dir.display().to_string());
    let started = words.tell("project_started", &[("count", &count), ("folder", &folder)]);
    let text = format!("{started}\n{}\n", words.tell("next_command", &[("command", &run)]));
    let json = files_json(&outputs)?;
    Ok(Done { folder: dir.to_owned(), ..done(args, text, json, outputs) })
}

fn simulated(args: &Args, (total, season): (bool, bool), suppliers: Option<u32>) -> Result<Done, Error> {
    let files = match suppliers {
        Some(suppliers) => simulate::portfolio::files(&simulate::portfolio::portfolio(args.seed, suppliers)?)?,
        None if total => simulate::total_files(&simulate::world(args.seed)),
        None if season => simulate::files(&simulate::seasonal_world(args.seed)),
        None => simulate::files(&simulate::world(args.seed)),
    };
    let outputs = outputs_of(files);
    let (words, count, folder) = (Words::of(args.lang), outputs.len().to_string(), args.out.display().to_string());
    let wrote = words.tell("simulation_written", &[("count", &count), ("folder", &folder)]);
    let run = format!("outlay run --config {}", args.out.join("outlay.toml").display());
    let text = format!("{wrote}\n{}\n", words.tell("next_command", &[("command", &run)]));
    let json = files_json(&outputs)?;
    Ok(done(args, text, json, outputs))
}

fn adopted(args: &Args, options: &adopt::Adopt) -> Result<Done, Error> {
    let fitted = adopt::fitted(options, args.seed)?;
    let outputs = model_outputs(&fitted)?;
    let text = with_files(&models_and(&fitted.findings, &fitted, args.lang), args, &outputs);
    let json = text_of(&outputs, MODEL)?;
    Ok(Done { findings: fitted.findings.clone(), ..done(args, text, json, outputs) })
}

fn check(args: &Args) -> Result<Done, Error> {
    let settings = settings(args)?;
    let progress = Progress::new(args, 3);
    let (ledger, panel) = flow::data(&settings, &|stage| progress.begin(stage))?;
    let findings: Vec<Finding> = ledger.findings.iter().chain(&panel.findings).cloned().collect();
    let outputs = report::checked(&ledger, &panel, &findings);
    drop(progress);
    let text = with_files(&summary::findings(&findings, args.lang), args, &outputs);
    let json = text_of(&outputs, "quality.json")?;
    Ok(Done { findings, ..done(args, text, json, outputs) })
}

fn fitted(args: &Args, update: Option<&Path>) -> Result<Done, Error> {
    let settings = settings(args)?;
    let before = update.map(store::read).transpose()?;
    let progress = Progress::new(args, 4);
    let (ledger, panel) = flow::data(&settings, &|stage| progress.begin(stage))?;
    progress.begin("fit");
    let fitted = fit::updated(&panel, &settings, before.as_ref())?;
    let mut fitted = fit::chain::through(fitted, &panel, &ledger, &settings)?;
    if let Some(before) = &before {
        fitted.findings.extend(fit::change::all(before, &fitted, &panel));
    }
    let findings: Vec<Finding> =
        [&ledger.findings, &panel.findings, &fitted.findings].into_iter().flatten().cloned().collect();
    let mut outputs = model_outputs(&fitted)?;
    outputs.push(report::json::quality(&ledger, &panel, &findings));
    drop(progress);
    let text = with_files(&models_and(&findings, &fitted, args.lang), args, &outputs);
    let json = text_of(&outputs, MODEL)?;
    Ok(Done { findings, ..done(args, text, json, outputs) })
}

/// The models, then what there is to say of them and of their data.
fn models_and(findings: &[Finding], fitted: &Fitted, lang: Lang) -> String {
    format!("{}\n\n{}", summary::models(fitted, lang).trim_end(), summary::findings(findings, lang))
}

fn backtested(args: &Args) -> Result<Done, Error> {
    let settings = settings(args)?;
    let progress = Progress::new(args, 5);
    let (_, panel) = flow::data(&settings, &|stage| progress.begin(stage))?;
    progress.begin("fit");
    let fitted = fit::channels(&panel, &settings)?;
    progress.begin("backtest");
    let backtest = backtest::rolling(&panel, &settings, &fitted)?;
    let outputs = report::backtested(&backtest);
    drop(progress);
    let text = with_files(&summary::backtest(&backtest, args.lang), args, &outputs);
    let json = text_of(&outputs, "backtest.json")?;
    Ok(done(args, text, json, outputs))
}

fn scored(args: &Args, as_of: Option<Date>) -> Result<Done, Error> {
    let mut settings = settings(args)?;
    settings.score.as_of = as_of.or(settings.score.as_of);
    let progress = Progress::new(args, 4);
    let (ledger, panel) = flow::data(&settings, &|stage| progress.begin(stage))?;
    progress.begin("score");
    let scores = score::suppliers(&ledger, &settings)?;
    let findings: Vec<Finding> =
        [&ledger.findings, &panel.findings, &scores.findings].into_iter().flatten().cloned().collect();
    let outputs = report::scored(&scores);
    drop(progress);
    let text = with_files(&summary::suppliers(&scores, args.lang), args, &outputs);
    let json = text_of(&outputs, "suppliers.json")?;
    Ok(Done { findings, ..done(args, text, json, outputs) })
}

fn plan_from(args: &Args, models: &Path) -> Result<Done, Error> {
    let settings = settings(args)?;
    let progress = Progress::new(args, 1);
    let (fitted, answer) = flow::plan_from(models, &settings, &|stage| progress.begin(stage))?;
    drop(progress);
    let findings = answer.findings.clone();
    plan_done(args, &settings, &fitted, &answer, findings)
}

fn planned(args: &Args) -> Result<Done, Error> {
    let settings = settings(args)?;
    let progress = Progress::new(args, 6);
    let run = flow::run(&settings, &|stage| progress.begin(stage))?;
    drop(progress);
    plan_done(args, &settings, &run.fitted, &run.answer, run.findings())
}

fn plan_done(
    args: &Args,
    settings: &Settings,
    fitted: &Fitted,
    answer: &Answer,
    findings: Vec<Finding>,
) -> Result<Done, Error> {
    let outputs = report::planned(answer);
    let mut text = summary::plan(settings, fitted, answer, args.lang);
    if !answer.findings.is_empty() {
        text = format!("{}\n\n{}", text.trim_end(), summary::findings(&answer.findings, args.lang));
    }
    let text = with_files(&text, args, &outputs);
    let conflict = summary::contradiction(answer, args.lang);
    let json = text_of(&outputs, "plan.json")?;
    Ok(Done { findings, conflict, ..done(args, text, json, outputs) })
}

fn reported(args: &Args) -> Result<Done, Error> {
    let settings = settings(args)?;
    let progress = Progress::new(args, 7);
    let run = flow::run(&settings, &|stage| progress.begin(stage))?;
    progress.begin("report");
    let findings = run.findings();
    let mut outputs = report::pages(&results(&settings, &run, &findings), args.lang)?;
    outputs.extend(pictures(args, &outputs)?);
    drop(progress);
    ended(args, &settings, &run, findings, outputs)
}

fn whole(args: &Args) -> Result<Done, Error> {
    let settings = settings(args)?;
    let progress = Progress::new(args, 7);
    let run = flow::run(&settings, &|stage| progress.begin(stage))?;
    progress.begin("report");
    let findings = run.findings();
    let mut outputs = report::checked(&run.ledger, &run.panel, &findings);
    outputs.extend(model_outputs(&run.fitted)?);
    outputs.extend(report::scored(&run.scores));
    outputs.extend(report::planned(&run.answer));
    outputs.extend(report::pages(&results(&settings, &run, &findings), args.lang)?);
    outputs.extend(pictures(args, &outputs)?);
    let tables = outlay::import::side_tables(&settings)?;
    outputs.push(report::json::manifest(&settings, &run.ledger, &run.panel, &tables, &outputs));
    drop(progress);
    ended(args, &settings, &run, findings, outputs)
}

/// The charts as PNG, where they are asked for.
#[cfg(feature = "png")]
fn pictures(args: &Args, outputs: &[Output]) -> Result<Vec<Output>, Error> {
    if args.png { report::charts::pictures(outputs, args.lang) } else { Ok(Vec::new()) }
}

/// Refuses `--png`: this program was built without what draws pictures.
#[cfg(not(feature = "png"))]
fn pictures(args: &Args, _: &[Output]) -> Result<Vec<Output>, Error> {
    if !args.png {
        return Ok(Vec::new());
    }
    let error = Error::setting("--png", "this program was built without pictures");
    Err(error.help("build it with `cargo install --path . --features png`; the charts are there as SVG"))
}

/// The end of a command that makes the report: it names the page to open.
fn ended(
    args: &Args,
    settings: &Settings,
    run: &Run,
    findings: Vec<Finding>,
    outputs: Vec<Output>,
) -> Result<Done, Error> {
    let page = args.out.join("report.html");
    let text =
        summary::text(&results(settings, run, &findings), args.lang) + &report_line(args, &page.display().to_string());
    let json = match text_of(&outputs, "manifest.json") {
        Ok(json) => json,
        Err(_) => files_json(&outputs)?,
    };
    let conflict = summary::contradiction(&run.answer, args.lang);
    Ok(Done { findings, conflict, ..done(args, text, json, outputs) })
}

pub(super) fn results<'a>(settings: &'a Settings, run: &'a Run, findings: &'a [Finding]) -> Results<'a> {
    Results {
        settings,
        ledger: &run.ledger,
        panel: &run.panel,
        fitted: &run.fitted,
        scores: &run.scores,
        answer: Some(&run.answer),
        findings,
    }
}

/// The model file's place under `--out`.
const MODEL: &str = "models/model.json";

fn model_outputs(fitted: &Fitted) -> Result<Vec<Output>, Error> {
    let mut outputs = vec![Output::new(MODEL, store::write(fitted)?)];
    outputs.extend(report::fitted(fitted));
    Ok(outputs)
}

fn outputs_of(files: Vec<(String, Vec<u8>)>) -> Vec<Output> {
    files.into_iter().map(|(path, bytes)| Output::new(path, bytes)).collect()
}

/// A summary, and on a line of its own the files that it is of.
pub(super) fn with_files(summary: &str, args: &Args, outputs: &[Output]) -> String {
    let paths: Vec<String> = outputs.iter().map(|output| args.out.join(&output.path).display().to_string()).collect();
    let words = Words::of(args.lang);
    let written = words.tell("files_written", &[("files", &paths.join(words.say("between_items")))]);
    format!("{}\n{written}\n", summary.trim_end())
}

/// The last line of a command that makes the report.
fn report_line(args: &Args, page: &str) -> String {
    Words::of(args.lang).tell("report_at", &[("page", page)]) + "\n"
}

pub(super) fn files_json(outputs: &[Output]) -> Result<String, Error> {
    let paths: Vec<&str> = outputs.iter().map(|output| output.path.as_str()).collect();
    let document = serde_json::json!({ "format": "outlay/files@1", "files": paths });
    Ok(serde_json::to_string_pretty(&document).map_err(bug)? + "\n")
}

pub(super) fn text_of(outputs: &[Output], path: &str) -> Result<String, Error> {
    let output = outputs.iter().find(|output| output.path == path).ok_or_else(|| bug(format!("no {path}")))?;
    String::from_utf8(output.bytes.clone()).map_err(bug)
}

pub(super) fn done(args: &Args, text: String, json: String, outputs: Vec<Output>) -> Done {
    Done { folder: args.out.clone(), outputs, text, json, findings: Vec::new(), conflict: None }
}
