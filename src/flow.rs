//! The whole run, and nothing else: import → unify → panel → fit → score → plan.

use std::path::Path;

use crate::check::{Error, Finding, Kind};
use crate::fit::{self, Fitted};
use crate::panel::{self, Panel};
use crate::plan::{self, Answer, Beside};
use crate::report::finished::{self, Finished, Made};
use crate::score::{self, Scorecard};
use crate::settings::Settings;
use crate::unify::{self, Ledger};
use crate::{fit::store, import};

/// What a run found.
#[derive(Clone, Debug)]
pub struct Run {
    /// The exports under one definition.
    pub ledger: Ledger,
    /// Channel × period.
    pub panel: Panel,
    /// Response models.
    pub fitted: Fitted,
    /// Suppliers.
    pub scores: Scorecard,
    /// The plan, or the conflict that there is instead of one.
    pub answer: Answer,
}

/// A stage as it begins, for whoever shows progress.
pub type Progress<'a> = &'a dyn Fn(&'static str);

/// Runs every stage in order.
///
/// # Errors
///
/// The first stage's that has no output.
///
/// ```no_run
/// use outlay::settings::Settings;
/// # fn main() -> Result<(), outlay::check::Error> {
/// let settings = Settings::read("data/sample/outlay.toml".as_ref(), 1)?;
/// let run = outlay::flow::run(&settings, &|stage| eprintln!("{stage}"))?;
/// println!("{:?}", run.answer.objective);
/// # Ok(())
/// # }
/// ```
pub fn run(settings: &Settings, progress: Progress) -> Result<Run, Error> {
    let plan = settings.plan()?;
    let (ledger, panel) = data(settings, progress)?;
    progress("fit");
    let fitted = fit::channels(&panel, settings)?;
    let fitted = fit::chain::through(fitted, &panel, &ledger, settings)?;
    progress("score");
    let scores = score::suppliers(&ledger, settings)?;
    progress("plan");
    let rates = rates(settings)?;
    let beside = Beside {
        scores: Some(&scores),
        panel: Some(&panel),
        ledger: Some((&ledger, &settings.project.channel)),
        rates: rates.as_ref(),
    };
    let answer = plan::complete(&fitted, plan, settings.project.currency, &beside)?;
    Ok(Run { ledger, panel, fitted, scores, answer })
}

/// Import, unify and panel: what `check` looks at.
///
/// # Errors
///
/// As [`run`].
pub fn data(settings: &Settings, progress: Progress) -> Result<(Ledger, Panel), Error> {
    progress("import");
    let batches = import::all(settings)?;
    let total = import::total(settings)?;
    progress("unify");
    let ledger = unify::ledger(batches, settings)?;
    progress("panel");
    let panel = panel::with_total(&ledger, total.as_ref(), settings)?;
    Ok((ledger, panel))
}

/// A plan from a model file: no data are read.
///
/// # Errors
///
/// As [`run`]; [`crate::check::Kind::Input`] for a model file that cannot be read.
pub fn plan_from(models: &Path, settings: &Settings, progress: Progress) -> Result<(Fitted, Answer), Error> {
    progress("plan");
    let fitted = store::read(models)?;
    if fitted.kpi != settings.project.kpi {
        let message = format!("the models predict {}, the project's KPI is {}", fitted.kpi, settings.project.kpi);
        return Err(Error::setting("project.kpi", message).help(format!("set `project.kpi = \"{}\"`", fitted.kpi)));
    }
    let rates = rates(settings)?;
    let beside = Beside { rates: rates.as_ref(), ..Beside::default() };
    let answer = plan::complete(&fitted, settings.plan()?, settings.project.currency, &beside)?;
    Ok((fitted, answer))
}

/// The exchange rates, where the settings name a file of them.
fn rates(settings: &Settings) -> Result<Option<import::Rates>, Error> {
    settings.project.rates.as_ref().map(|_| import::rates(&settings.project)).transpose()
}

/// A finished run, read back from the folder that it wrote, its findings, and by what it was made. Nothing is imported,
/// fitted or planned again; the panel is laid out from its ledger. The suppliers are as the run scored them; where its
/// scorecard is not to be had they are counted from its ledger, with the seed of the run, which `settings` takes on.
///
/// # Errors
///
/// [`crate::check::Kind::Input`] when a file of the run is missing or unreadable, or when its ledger and its models are of
/// different runs.
pub fn finished(folder: &Path, settings: &mut Settings) -> Result<(Run, Vec<Finding>, Made), Error> {
    let Finished { ledger, fitted, answer, scores, mut findings, made } = finished::read(folder)?;
    if let Some(seed) = made.seed {
        settings.seed = seed;
    }
    let panel = panel::build(&ledger, settings)?;
    if !fitted.panel_sha256.is_empty() && fitted.panel_sha256 != panel.sha256 {
        let message = format!("{}: ledger.csv and models/model.json do not belong together", folder.display());
        return Err(Error::new(Kind::Input, message)
            .help("give the settings file of that run with `--config`, or run `outlay run` again"));
    }
    if !made.settings_sha256.is_empty() && made.settings_sha256 != settings.sha256 {
        let message = "the settings file has changed since the run: limits and contracts are told as they are now";
        findings.push(Finding::review(
            "report.settings",
            folder.display().to_string(),
            message,
            "run `outlay run` again",
        ));
    }
    let scores = scores.map_or_else(|| score::suppliers(&ledger, settings), Ok)?;
    Ok((Run { ledger, panel, fitted, scores, answer }, findings, made))
}

impl Run {
    /// The findings of all stages, in their order.
    pub fn findings(&self) -> Vec<Finding> {
        let stages = [
            &self.ledger.findings,
            &self.panel.findings,
            &self.fitted.findings,
            &self.scores.findings,
            &self.answer.findings,
        ];
        stages.into_iter().flatten().cloned().collect()
    }
}
