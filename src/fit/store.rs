//! Model files: `models/model.json` of the contract, written here or by another program.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::response::{Curve, Response};
use super::saturation::Saturation;
use super::{ChannelFit, Fitted, Incrementality, Season};
use crate::check::{Error, Kind, Problem};
use crate::units::{Channel, Currency, Field, Grain, Kpi};

/// The format that is written.
pub const FORMAT: &str = "outlay/model@1";
/// The truth of a simulated world has the same shape and may stand for a model.
pub const TRUTH: &str = "outlay/truth@1";

/// The file's shape.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Document {
    format: String,
    #[serde(default)]
    kpi: Kpi,
    currency: Currency,
    grain: Grain,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    panel_sha256: String,
    #[serde(default)]
    settings_sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
    channels: Vec<ChannelDocument>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ChannelDocument {
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    family: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<Params>,
    /// Accepted beside `params` for the family of that name.
    #[serde(skip_serializing)]
    points: Option<Vec<(f64, f64)>>,
    #[serde(default)]
    reference_spend: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_spend: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<Observed>,
    #[serde(default, skip_serializing_if = "Season::is_empty")]
    season: Season,
    /// What share of the attributed KPI spend is taken to have caused.
    #[serde(skip_serializing_if = "Option::is_none")]
    incrementality: Option<Incrementality>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    draws: Vec<Params>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Observed {
    low: f64,
    high: f64,
}

/// Parameters of any family; a family takes its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    half: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slope: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exponent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Vec<(f64, f64)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decay: Option<f64>,
}

/// The bytes of a model file.
///
/// # Errors
///
/// [`Kind::Bug`] when a figure is not finite, which JSON cannot hold.
pub fn write(fitted: &Fitted) -> Result<Vec<u8>, Error> {
    let document = Document {
        format: FORMAT.into(),
        kpi: fitted.kpi,
        currency: fitted.currency,
        grain: fitted.grain,
        seed: fitted.seed,
        panel_sha256: fitted.panel_sha256.clone(),
        settings_sha256: fitted.settings_sha256.clone(),
        until: fitted.until,
        channels: fitted.channels.iter().map(written).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&document)
        .map_err(|error| Error::new(Kind::Bug, format!("the model cannot be written: {error}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn written(fit: &ChannelFit) -> ChannelDocument {
    let value = |field| fit.channel.value(field).map(str::to_owned);
    let curve = fit.curve.as_ref().ok();
    ChannelDocument {
        channel: fit.channel.label.clone(),
        platform: value(Field::Platform),
        supplier: value(Field::Supplier),
        account: value(Field::Account),
        campaign: value(Field::Campaign),
        family: curve.map_or("none", |curve| curve.summary.saturation.family()).into(),
        reason: fit.curve.as_ref().err().cloned(),
        params: curve.map(|curve| params(&curve.summary, "")),
        points: None,
        reference_spend: fit.reference_spend,
        mean_spend: Some(fit.mean_spend),
        observed: Some(Observed { low: fit.observed.0, high: fit.observed.1 }).filter(|seen| seen.high.is_finite()),
        season: fit.season.clone(),
        incrementality: fit.incrementality.clone(),
        draws: curve.map_or(Vec::new(), |curve| {
            let family = curve.summary.saturation.family();
            curve.draws.iter().map(|draw| params(draw, family)).collect()
        }),
    }
}

/// Parameters of a response; its family is named where it is not `family`.
fn params(response: &Response, family: &str) -> Params {
    let own = response.saturation.family();
    let mut params = Params {
        family: (!family.is_empty() && own != family).then(|| own.into()),
        decay: Some(response.decay),
        ..Params::default()
    };
    match &response.saturation {
        Saturation::Hill { top, half, slope } => {
            (params.top, params.half, params.slope) = (Some(*top), Some(*half), Some(*slope));
        }
        Saturation::Power { scale, exponent, until } => {
            (params.scale, params.exponent) = (Some(*scale), Some(*exponent));
            params.until = until.is_finite().then_some(*until);
        }
        Saturation::Log { scale, half } => (params.scale, params.half) = (Some(*scale), Some(*half)),
        Saturation::Saturating { top, half } => (params.top, params.half) = (Some(*top), Some(*half)),
        Saturation::Linear { scale, until } => {
            (params.scale, params.until) = (Some(*scale), until.is_finite().then_some(*until));
        }
        Saturation::Points(points) => params.points = Some(points.clone()),
    }
    params
}

/// Reads a model file.
///
/// # Errors
///
/// [`Kind::Input`] with everything that is wrong in it, each by its channel.
pub fn read(path: &Path) -> Result<Fitted, Error> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::new(Kind::Input, format!("{name}: {error}"))
            .help("`outlay fit` writes `models/model.json` under `--out`")
    })?;
    parse(&text, &name)
}

/// As [`read`], of text; `name` stands in messages.
///
/// # Errors
///
/// As [`read`].
///
/// ```
/// let text = r#"{ "format": "outlay/model@1", "currency": "CNY", "grain": "day", "channels": [
///     { "channel": "search", "platform": "search", "family": "linear", "params": { "scale": 0.02 } } ] }"#;
/// let fitted = outlay::fit::store::parse(text, "by hand").unwrap();
/// assert_eq!(fitted.channels[0].curve.as_ref().unwrap().mean(50.0), 1.0);
/// ```
pub fn parse(text: &str, name: &str) -> Result<Fitted, Error> {
    let known = |format: &str| format == FORMAT || format == TRUTH;
    let document: Document = serde_json::from_str(text).map_err(|error| {
        Error::new(Kind::Input, format!("{name}:{}: {error}", error.line()))
            .help("a model file has the shape of `models/model.json` in the contract; see models/README.md")
    })?;
    if !known(&document.format) {
        let message = format!("{name}: format `{}`, expected `{FORMAT}`", document.format);
        return Err(Error::new(Kind::Input, message).help("fit again with this version of outlay"));
    }
    let mut wrong = Wrong { name, problems: Vec::new() };
    let mut channels: Vec<ChannelFit> =
        document.channels.into_iter().map(|channel| channel_fit(channel, &mut wrong)).collect();
    channels.sort_by(|a, b| a.channel.label.cmp(&b.channel.label));
    whole(&channels, &mut wrong);
    if !wrong.problems.is_empty() {
        return Err(Error { kind: Kind::Input, problems: wrong.problems });
    }
    Ok(Fitted {
        kpi: document.kpi,
        currency: document.currency,
        grain: document.grain,
        seed: document.seed,
        panel_sha256: document.panel_sha256,
        settings_sha256: document.settings_sha256,
        until: document.until,
        findings: super::checks::all(&channels),
        channels,
    })
}

/// What is wrong with a model file, by channel.
struct Wrong<'a> {
    name: &'a str,
    problems: Vec<Problem>,
}

impl Wrong<'_> {
    fn push(&mut self, channel: &str, message: String) {
        self.problems.push(Problem { message: format!("{}: channel `{channel}`: {message}", self.name), help: None });
    }
}

/// What only all channels together can break: names are keys, and draw i is one state of the world.
fn whole(channels: &[ChannelFit], wrong: &mut Wrong) {
    for pair in channels.windows(2).filter(|pair| pair[0].channel.label == pair[1].channel.label) {
        wrong.push(&pair[0].channel.label, "stands twice".into());
    }
    let mut counts: BTreeMap<usize, &str> = BTreeMap::new();
    for fit in channels {
        if let Some(curve) = fit.curve.as_ref().ok().filter(|curve| !curve.draws.is_empty()) {
            counts.entry(curve.draws.len()).or_insert(&fit.channel.label);
        }
    }
    if let [(first, one), (second, other), ..] = counts.iter().collect::<Vec<_>>()[..] {
        let message = format!(
            "has {second} draws, channel `{one}` has {first}; draw i is one joint state of the world, so all have as many"
        );
        wrong.push(other, message);
    }
}

fn channel_fit(document: ChannelDocument, wrong: &mut Wrong) -> ChannelFit {
    let label = document.channel.clone();
    let values = [&document.platform, &document.supplier, &document.account, &document.campaign].map(Clone::clone);
    let observed = document.observed.map_or((0.0, f64::INFINITY), |seen| (seen.low, seen.high));
    let mean_spend = document.mean_spend.unwrap_or(document.reference_spend);
    for (value, key) in [(document.reference_spend, "reference_spend"), (mean_spend, "mean_spend")] {
        if !(value >= 0.0 && value.is_finite()) {
            wrong.push(&label, format!("{key} is {value}, expected 0 or more"));
        }
    }
    if document.season.values().any(|factor| !(*factor >= 0.0 && factor.is_finite())) {
        wrong.push(&label, "season has a factor that is not 0 or more".into());
    }
    if let Some(message) = document.incrementality.as_ref().and_then(Incrementality::wrong) {
        wrong.push(&label, message);
    }
    ChannelFit {
        curve: curve(&document, wrong),
        channel: Channel { label, values },
        reference_spend: document.reference_spend,
        mean_spend,
        observed,
        season: document.season,
        incrementality: document.incrementality,
        diagnostics: None,
    }
}

/// The curve of a channel, or its reason for none.
fn curve(document: &ChannelDocument, wrong: &mut Wrong) -> Result<Curve, String> {
    let no_reason = || "the model file gives no reason".to_owned();
    if document.family == "none" {
        return Err(document.reason.clone().unwrap_or_else(no_reason));
    }
    let mut params = document.params.clone().unwrap_or_default();
    params.points = params.points.or_else(|| document.points.clone());
    let mut response = |params: &Params, which: &str| {
        let family = params.family.as_ref().unwrap_or(&document.family);
        response(family, params).map_err(|message| wrong.push(&document.channel, format!("{which}: {message}")))
    };
    let summary = response(&params, "params");
    let numbered = document.draws.iter().enumerate();
    let draws: Vec<_> = numbered.map(|(i, draw)| response(draw, &format!("draws[{i}]"))).collect();
    let draws = draws.into_iter().collect::<Result<Vec<_>, ()>>();
    match (summary, draws) {
        (Ok(summary), Ok(draws)) => Ok(Curve { summary, draws }),
        _ => Err("unreadable".into()),
    }
}

fn response(family: &str, params: &Params) -> Result<Response, String> {
    let positive = |value: Option<f64>, key: &str| match value {
        Some(value) if value > 0.0 && value.is_finite() => Ok(value),
        Some(value) => Err(format!("`{key}` is {value}, expected more than 0")),
        None => Err(format!("`{key}` is missing, family `{family}` needs it")),
    };
    let height = |value: Option<f64>, key: &str| match value {
        Some(0.0) => Ok(0.0),
        value => positive(value, key),
    };
    let until = || params.until.map_or(Ok(f64::INFINITY), |until| positive(Some(until), "until"));
    let saturation = match family {
        "hill" => Saturation::Hill {
            top: height(params.top, "top")?,
            half: positive(params.half, "half")?,
            slope: positive(params.slope, "slope")?,
        },
        "power" => Saturation::Power {
            scale: height(params.scale, "scale")?,
            exponent: positive(params.exponent, "exponent")?,
            until: until()?,
        },
        "log" => Saturation::Log { scale: height(params.scale, "scale")?, half: positive(params.half, "half")? },
        "saturating" => {
            Saturation::Saturating { top: height(params.top, "top")?, half: positive(params.half, "half")? }
        }
        "linear" => Saturation::Linear { scale: height(params.scale, "scale")?, until: until()? },
        "points" => Saturation::Points(points(params.points.as_deref())?),
        other => {
            let known = "hill, power, log, saturating, linear, points or none";
            return Err(format!("family `{other}` is not known, expected {known}"));
        }
    };
    let decay = params.decay.unwrap_or(0.0);
    if !(0.0..1.0).contains(&decay) {
        return Err(format!("`decay` is {decay}, expected 0 or more and below 1"));
    }
    Ok(Response { saturation, decay })
}

fn points(points: Option<&[(f64, f64)]>) -> Result<Vec<(f64, f64)>, String> {
    let points = points.filter(|points| !points.is_empty()).ok_or("`points` is missing or empty")?;
    let sound = |point: &(f64, f64)| point.0 >= 0.0 && point.0.is_finite() && point.1 >= 0.0 && point.1.is_finite();
    if !points.iter().all(sound) {
        return Err("`points` has a value that is negative or not finite".into());
    }
    if !points.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1) {
        return Err("`points` must ascend in spend and not fall in response".into());
    }
    Ok(points.to_vec())
}

/// The sum of a channel's season factors over a plan's periods: its `S` of the contract.
///
/// A plan of `days` days from `start` has `days ÷ days of the grain` periods, the last one perhaps a part. A model
/// without season has a factor of 1 everywhere.
///
/// # Errors
///
/// The first day of a period that the season has no factor for.
pub fn season_sum(season: &Season, grain: Grain, start: Date, days: u32) -> Result<f64, Date> {
    let step = grain.days();
    if season.is_empty() {
        return Ok(f64::from(days) / f64::from(step));
    }
    let mut sum = 0.0;
    for first in (0..days).step_by(step as usize) {
        let day = start.saturating_add(jiff::Span::new().days(i64::from(first)));
        let earliest = day.saturating_sub(jiff::Span::new().days(i64::from(step) - 1));
        let factor = season.range(earliest..=day).next_back().ok_or(day)?.1;
        sum += factor * f64::from(step.min(days - first)) / f64::from(step);
    }
    Ok(sum)
}
