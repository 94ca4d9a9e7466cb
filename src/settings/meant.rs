//! What the run uses: every value parsed, in range and at one place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::database::{self, Secrets};
use super::file::{self, BadRows, Basis, DateOrder, Duplicates, Negative, Overlap, OwnTotal};
use super::fit::{self, FitSettings};
use super::late::{self, LateSettings};
use super::leads::{self, LeadsSettings};
use super::names::{self, NamesSettings};
use super::plan::{self, PlanSettings};
use super::score::{self, ScoreSettings};
use super::total::{self, KpiTotal};
use crate::check::{Error, Kind};
use crate::units::{Currency, Field, Grain, Kpi, Measure};

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `[project]`.
    pub project: Project,
    /// `[[source]]`, in order.
    pub sources: Vec<Source>,
    /// `[kpi_total]`: the total over all channels, where the KPI cannot be tied to channels.
    pub kpi_total: Option<KpiTotal>,
    /// `[[event]]`, in order, then those of `fit.calendars`.
    pub events: Vec<Event>,
    /// `[names]`.
    pub names: NamesSettings,
    /// `[late]`.
    pub late: LateSettings,
    /// `[leads]`: a list of registrations to be screened.
    pub leads: Option<LeadsSettings>,
    /// `[fit]`.
    pub fit: FitSettings,
    /// `[score]`.
    pub score: ScoreSettings,
    /// `[plan]`, which only planning needs.
    pub plan: Option<PlanSettings>,
    /// Seed of every random stream.
    pub seed: u64,
    /// SHA-256 of the settings file's bytes, hexadecimal.
    pub sha256: String,
    /// What opens databases; none until whoever runs the program gives them.
    pub secrets: Secrets,
}

/// `[project]`.
#[derive(Clone, Debug)]
pub struct Project {
    /// Name in reports.
    pub name: String,
    /// Reporting currency.
    pub currency: Currency,
    /// IANA time zone of the reporting calendar.
    pub timezone: String,
    /// What spend is judged by.
    pub kpi: Kpi,
    /// What one curve and one plan line stand for; never empty, no repeats.
    pub channel: Vec<Field>,
    /// The panel's period; chosen from the data when absent.
    pub grain: Option<Grain>,
    /// Dated exchange rates: `date,currency,rate`, the reporting currency for one unit of `currency`.
    pub rates: Option<PathBuf>,
}

/// `[[source]]`.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path or glob, relative to nothing: the settings' folder is already in it. Or the address of a database server.
    pub path: PathBuf,
    /// What is asked of the database at `path`; without it `path` names files.
    pub query: Option<String>,
    /// Values used where a row names none, by [`Field::index`].
    pub fallback: [Option<String>; 5],
    /// Headers of a canonical column; several are parts to join.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Year of dates that have none.
    pub year: Option<i16>,
    /// First and last day of a file without a day column.
    pub period: Option<(Date, Date)>,
    /// Currency where the file does not tell.
    pub currency: Option<Currency>,
    /// Time zone of the file's dates.
    pub timezone: Option<String>,
    /// Encoding of the file's text, where neither a mark nor its headers tell.
    pub encoding: Option<&'static Encoding>,
    /// The sheet of a workbook, where its headers do not tell.
    pub sheet: Option<String>,
    /// Whether `1.204,50` is one thousand two hundred and four and a half.
    pub decimal_comma: bool,
    /// Order of day, month and year where the file leaves it open.
    pub date_order: Option<DateOrder>,
    /// When the export was taken.
    pub as_of: Option<Date>,
    /// What to do with rows that cannot be read.
    pub bad_rows: BadRows,
    /// What to do with rows equal in every column.
    pub duplicates: Duplicates,
    /// What to do with days of an account that another file holds too.
    pub overlap: Overlap,
    /// What to do with amounts below zero.
    pub negative: Negative,
    /// What to do when the file's own total disagrees with its rows.
    pub own_total: OwnTotal,
    /// What conversions are dated by, where the headers do not tell.
    pub basis: Option<Basis>,
    /// Headers whose cells a row is asked for by, with the texts that they may hold.
    pub only: BTreeMap<String, Vec<String>>,
}

/// `[[event]]`: a dated effect that is not ad spend.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// First day.
    pub start: Date,
    /// Last day, included.
    pub end: Date,
}

impl Settings {
    /// Reads and checks a settings file. Paths in it are relative to its folder.
    ///
    /// # Errors
    ///
    /// [`Kind::Settings`] with everything that is wrong in the file, each by its setting.
    pub fn read(path: &Path, seed: u64) -> Result<Settings, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::new(Kind::Settings, format!("{}: {error}", path.display()))
                .help("start a project with `outlay init DIR`, or name the settings file with `--config FILE`")
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Settings::parse(&text, &path.display().to_string(), folder, seed)
    }

    /// Checks settings given as text; `name` stands in messages, `folder` is what paths are relative to.
    ///
    /// # Errors
    ///
    /// As [`Settings::read`].
    pub fn parse(text: &str, name: &str, folder: &Path, seed: u64) -> Result<Settings, Error> {
        let file: file::File = toml::from_str(text).map_err(|error| unreadable(&error, text, name))?;
        let mut wrong = Vec::new();
        let project = project(&file.project, folder, &mut wrong);
        let sources = file.source.into_iter().enumerate().map(|(i, s)| source(i, s, folder, &mut wrong)).collect();
        let names = names::checked(file.names, folder, &mut wrong);
        let late = late::checked(file.late, &mut wrong);
        let leads = file.leads.map(|leads| leads::checked(leads, folder, &mut wrong));
        let kpi_total = file.kpi_total.map(|total| total::checked(total, project.kpi, folder, &mut wrong));
        let mut events: Vec<Event> = file.event.iter().map(|e| event(e, &mut wrong)).collect();
        let (fit, of_calendars) = fit::checked(file.fit, &mut wrong);
        events.extend(of_calendars);
        let score = score::checked(file.score, folder, &mut wrong);
        let plan = file.plan.and_then(|plan| plan::checked(plan, &events, &mut wrong));
        Error::all(wrong)?;
        Ok(Settings {
            project,
            sources,
            kpi_total,
            events,
            names,
            late,
            leads,
            fit,
            score,
            plan,
            seed,
            sha256: hex(&Sha256::digest(text.as_bytes())),
            secrets: Secrets::default(),
        })
    }

    /// The `[plan]` settings.
    ///
    /// # Errors
    ///
    /// [`Kind::Settings`] when the file has none.
    pub fn plan(&self) -> Result<&PlanSettings, Error> {
        self.plan.as_ref().ok_or_else(|| {
            Error::setting("plan", "missing; planning needs `start`, `end` and `budget`")
                .help("add `[plan]` with the three of them to the settings file")
        })
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreadable(error: &toml::de::Error, text: &str, name: &str) -> Error {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let place = line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
    let message = error.message().trim_end().replace('\n', " ");
    Error::new(Kind::Settings, format!("{place}: {message}"))
        .help("see the settings reference in README.md; unknown keys are refused so that a typo is never a default")
}

fn project(file: &file::Project, folder: &Path, wrong: &mut Vec<Error>) -> Project {
    let currency = parsed(file.currency.parse(), "project.currency", wrong);
    if jiff::tz::TimeZone::get(&file.timezone).is_err() {
        let message = format!("`{}` is not a time zone, expected a name such as Asia/Shanghai", file.timezone);
        wrong.push(Error::setting("project.timezone", message));
    }
    if file.channel.is_empty() {
        wrong.push(Error::setting("project.channel", "is empty, expected at least one field such as \"platform\""));
    }
    if file.channel.contains(&Field::Department) {
        let message = "`department` is a tag that figures are split by, not part of a channel";
        wrong.push(Error::setting("project.channel", message));
    }
    let mut channel: Vec<Field> = Vec::new();
    for field in &file.channel {
        if channel.contains(field) {
            wrong.push(Error::setting("project.channel", format!("names `{}` twice", field.name())));
        }
        channel.push(*field);
    }
    Project {
        name: file.name.clone(),
        currency: currency.unwrap_or_else(|| "XXX".parse().expect("three letters")),
        timezone: file.timezone.clone(),
        kpi: file.kpi,
        channel,
        grain: file.grain.fixed(),
        rates: file.rates.as_ref().map(|path| folder.join(path)),
    }
}

fn source(index: usize, file: file::Source, folder: &Path, wrong: &mut Vec<Error>) -> Source {
    let place = |key: &str| format!("source[{}].{key}", index + 1);
    if file.path.is_empty() {
        wrong.push(Error::setting(&place("path"), "missing; every source names the file or glob to read"));
    }
    database::check(&file, &place, wrong);
    let columns = columns(&file.columns, &place("columns"), wrong);
    let currency = file.currency.and_then(|code| parsed(code.parse(), &place("currency"), wrong));
    if let Some(zone) = &file.timezone
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        wrong.push(Error::setting(&place("timezone"), format!("`{zone}` is not a time zone")));
    }
    let period = file.period.and_then(|(first, last)| {
        let first = date(&first, &place("period"), wrong)?;
        let last = date(&last, &place("period"), wrong)?;
        if last < first {
            wrong.push(Error::setting(&place("period"), format!("ends {last}, before it starts {first}")));
        }
        Some((first, last))
    });
    let named = |name: Option<String>| name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let platform = named(file.platform).filter(|platform| platform != "auto");
    let rest = [file.supplier, file.account, file.campaign, file.department].map(named);
    let [supplier, account, campaign, department] = rest;
    Source {
        path: if database::is_server(Path::new(&file.path)) { file.path.into() } else { folder.join(&file.path) },
        query: file.query,
        fallback: [platform, supplier, account, campaign, department],
        columns,
        year: file.year,
        period,
        currency,
        timezone: file.timezone,
        encoding: file.encoding.and_then(|label| encoding(&label, &place("encoding"), wrong)),
        sheet: file.sheet,
        decimal_comma: file.decimal_comma,
        date_order: file.date_order,
        as_of: file.as_of.and_then(|day| date(&day, &place("as_of"), wrong)),
        bad_rows: file.bad_rows,
        duplicates: file.duplicates,
        overlap: file.overlap,
        negative: file.negative,
        own_total: file.own_total,
        basis: file.basis,
        only: file.whom.into_iter().map(|(header, texts)| (header, texts.all())).collect(),
    }
}

/// An encoding by one of its usual names.
pub(super) fn encoding(label: &str, place: &str, wrong: &mut Vec<Error>) -> Option<&'static Encoding> {
    let found = Encoding::for_label(label.trim().as_bytes()).or(match label.trim().to_lowercase().as_str() {
        "cp932" => Some(encoding_rs::SHIFT_JIS),
        _ => None,
    });
    let help = "the usual ones are UTF-8, UTF-16LE, GB18030, Shift_JIS, Latin-1 and Windows-1252";
    if found.is_none() {
        wrong.push(Error::setting(place, format!("`{label}` is not an encoding")).help(help));
    }
    found
}

/// The canonical columns that a source may map a header to.
fn is_canonical(column: &str) -> bool {
    matches!(column, "date" | "date_start" | "date_end" | "currency" | "spend_grant" | "spend_credit")
        || Field::ALL.iter().any(|field| field.name() == column)
        || Measure::ALL.iter().any(|measure| measure.name() == column)
}

fn columns(
    file: &BTreeMap<String, file::Headers>,
    place: &str,
    wrong: &mut Vec<Error>,
) -> BTreeMap<String, Vec<String>> {
    let mut columns = BTreeMap::new();
    for (column, headers) in file {
        let headers = match headers {
            file::Headers::One(header) => vec![header.clone()],
            file::Headers::Parts(parts) => parts.clone(),
        };
        if !is_canonical(column) {
            let message = format!("`{column}` is not a canonical column");
            wrong.push(Error::setting(place, message).help(
                "write `canonical name = \"header\"`; the names are date, currency, platform, supplier, account, \
                 campaign, department, spend, spend_cash, impressions, clicks, reads, entries, registrations, \
                 valid_registrations, value; and date_start, date_end, spend_grant, spend_credit",
            ));
        } else if headers.is_empty() || (headers.len() > 1 && column != "date") {
            wrong.push(Error::setting(place, format!("`{column}` names {} headers, expected one", headers.len())));
        }
        columns.insert(column.clone(), headers);
    }
    columns
}

fn event(file: &file::Event, wrong: &mut Vec<Error>) -> Event {
    let place = format!("event `{}`", file.name);
    let start = date(&file.start, &format!("{place}.start"), wrong).unwrap_or_default();
    let end = date(&file.end, &format!("{place}.end"), wrong).unwrap_or(start);
    if end < start {
        wrong.push(Error::setting(&place, format!("ends {end}, before it starts {start}")));
    }
    Event { name: file.name.clone(), start, end }
}

/// A date as settings write it: `2026-06-01`.
pub(super) fn date(text: &str, place: &str, wrong: &mut Vec<Error>) -> Option<Date> {
    let date = text.parse::<Date>();
    parsed(date.map_err(|_| format!("`{text}` is not a date, expected one such as 2026-06-01")), place, wrong)
}

fn parsed<T>(value: Result<T, String>, place: &str, wrong: &mut Vec<Error>) -> Option<T> {
    value.map_err(|message| wrong.push(Error::setting(place, message))).ok()
}
