//! The world's `outlay.toml` and `truth.json`.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use serde::Serialize;

use super::exports::{Layout, Sheet};
use super::{Channel, World, calendar};
use crate::fit::Saturation;
use crate::units::{Grain, Kpi};

/// Days of June, which the sample plans.
const PLAN_DAYS: f64 = 30.0;

/// `outlay.toml`: where the exports are, and a plan for June at reference spend.
pub(super) fn settings(world: &World, sheets: &[Sheet]) -> String {
    let sources: String = sheets.iter().map(|sheet| source(world, sheet)).collect();
    format!("{PROJECT}{sources}{}{}", events(world), plan(world))
}

/// The events of a seasonal world as settings.
fn events(world: &World) -> String {
    if !world.seasonal {
        return String::new();
    }
    let dates = calendar::EVENTS.iter().flat_map(|(name, dates, _)| dates.iter().map(move |dates| (name, dates)));
    dates
        .map(|(name, (start, end))| format!("\n[[event]]\nname = \"{name}\"\nstart = \"{start}\"\nend = \"{end}\"\n"))
        .collect()
}

/// `outlay.toml` of a world whose total alone is known.
pub(super) fn total_settings(world: &World) -> String {
    let data = "\n[[source]]                            # spend by platform and supplier; no registrations in it\n\
                path = \"exports/delivery.csv\"\n\
                \n[kpi_total]                           # registrations cannot be tied to channels: one total a day\n\
                path = \"kpi.csv\"\n";
    format!("{PROJECT}{data}{}", plan(world))
}

const PROJECT: &str = r#"# Settings of a plan. README.md explains every key; what is left out has a default.
# A misspelt key is refused, so that a typo never becomes a default.

[project]
name = "june"                         # stands in the reports
currency = "CNY"                      # of every figure in the reports
timezone = "Asia/Shanghai"            # of the reporting calendar
kpi = "registrations"                 # what spend is judged by
channel = ["platform", "supplier"]    # each of these gets one response curve and one line in the plan

# ---- Where the data are -----------------------------------------------------------------------
# outlay tells the platform from a file's headers. Such files do not say who ran the ads: name the supplier here.
"#;

fn source(world: &World, sheet: &Sheet) -> String {
    let channel = &world.channels[sheet.channels[0]];
    let (path, platform, supplier) = (&sheet.path, channel.platform.name, channel.supplier.name);
    match sheet.layout {
        Layout::Canonical => format!(
            "\n[[source]]                            # outlay's own table: every row names platform and supplier\n\
             path = \"{path}\"\n"
        ),
        Layout::Desk => format!(
            "\n[[source]]                            # a sheet of your own: say what its columns mean\n\
             path = \"{path}\"\n\
             platform = \"{platform}\"\n\
             supplier = \"{supplier}\"\n\
             columns = {DESK_COLUMNS}\n"
        ),
        _ => format!("\n[[source]]\npath = \"{path}\"\nsupplier = \"{supplier}\"\n"),
    }
}

const DESK_COLUMNS: &str = "{ date = [\"年\", \"月\", \"日\"], account = \"账户\", spend = \"花费\", \
                            impressions = \"曝光\", clicks = \"点击\", reads = \"阅读\", entries = \"入群\", \
                            registrations = \"注册\" }";

fn plan(world: &World) -> String {
    let of_plan =
        |channels: &mut dyn Iterator<Item = &Channel>| PLAN_DAYS * channels.map(Channel::reference_spend).sum::<f64>();
    let budget = (of_plan(&mut world.channels.iter()) / 1000.0).round() * 1000.0;
    let platform = largest(world, |channel| channel.platform.name);
    let supplier = largest(world, |channel| channel.supplier.name);
    let usual = of_plan(&mut world.channels.iter().filter(|channel| channel.supplier.name == supplier));
    let floor = (0.4 * usual / 1000.0).floor() * 1000.0;
    format!(
        r#"
# ---- What to plan -----------------------------------------------------------------------------
[plan]
start = "2026-06-01"                  # both days included
end = "2026-06-30"
budget = {budget:<10}                   # for the whole period: what the last 28 days would come to

# Limits, each by a name that the report uses. Cuts and rises are against reference spend: a line's mean spend a day
# over its last 28 reported days, times the days of the plan.
[[plan.limit]]
name = "no wild swings"
where = {{}}                            # every line …
each = true                           # … for itself, not their sum
cut_at_most = 0.7                     # down by 70 % at most
rise_at_most = 1.5                    # up by 150 % at most

[[plan.limit]]
name = "not all on {platform}"
where = {{ platform = "{platform}" }}
share_max = 0.6                       # of the whole plan's spend

[[plan.limit]]
name = "keep {supplier} warm"
where = {{ supplier = "{supplier}" }}
min = {floor:<10}                      # for the whole period
"#
    )
}

/// The name with the largest reference spend.
fn largest(world: &World, name: impl Fn(&Channel) -> &'static str) -> &'static str {
    let spend = |wanted: &str| -> f64 {
        world.channels.iter().filter(|channel| name(channel) == wanted).map(Channel::reference_spend).sum()
    };
    world.channels.iter().map(&name).max_by(|a, b| spend(a).total_cmp(&spend(b))).unwrap_or_default()
}

/// `truth.json`: the shape of a model file, with the true parameters.
#[derive(Serialize)]
struct Truth<'a> {
    format: &'a str,
    kpi: Kpi,
    currency: &'a str,
    grain: Grain,
    seed: u64,
    panel_sha256: &'a str,
    settings_sha256: &'a str,
    channels: Vec<TrueChannel<'a>>,
    suppliers: Vec<TrueSupplier<'a>>,
}

#[derive(Serialize)]
struct TrueChannel<'a> {
    channel: String,
    platform: &'a str,
    supplier: &'a str,
    family: &'a str,
    params: Params,
    reference_spend: f64,
    observed: Observed,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    season: BTreeMap<String, f64>,
}

#[derive(Serialize)]
struct Params {
    top: f64,
    half: f64,
    slope: f64,
    decay: f64,
}

#[derive(Serialize)]
struct Observed {
    low: f64,
    high: f64,
}

/// Expected spend ÷ expected registrations over the whole history.
#[derive(Serialize)]
struct TrueSupplier<'a> {
    supplier: &'a str,
    cost_per: f64,
}

/// `truth.json`.
pub(super) fn truth(world: &World) -> Vec<u8> {
    let truth = Truth {
        format: "outlay/truth@1",
        kpi: Kpi::Registrations,
        currency: "CNY",
        grain: Grain::Day,
        seed: world.seed,
        panel_sha256: "",
        settings_sha256: "",
        channels: world.channels.iter().map(|channel| true_channel(channel, season(world))).collect(),
        suppliers: true_suppliers(world),
    };
    let mut bytes = serde_json::to_vec_pretty(&truth).expect("plain data");
    bytes.push(b'\n');
    bytes
}

/// Factors of the plan's days in a seasonal world.
fn season(world: &World) -> BTreeMap<String, f64> {
    if !world.seasonal {
        return BTreeMap::new();
    }
    let days: Vec<Date> = (1..=30).map(|day| date(2026, 6, day)).collect();
    days.iter().map(Date::to_string).zip(calendar::factors(&world.days, &days)).collect()
}

fn true_channel(channel: &Channel, season: BTreeMap<String, f64>) -> TrueChannel<'_> {
    let spend = channel.spend();
    TrueChannel {
        channel: channel.label(),
        platform: channel.platform.name,
        supplier: channel.supplier.name,
        family: channel.truth.saturation.family(),
        params: params(channel),
        reference_spend: channel.reference_spend(),
        observed: Observed {
            low: spend.iter().copied().fold(f64::INFINITY, f64::min),
            high: spend.iter().copied().fold(0.0, f64::max),
        },
        season,
    }
}

fn params(channel: &Channel) -> Params {
    let decay = channel.truth.decay;
    match channel.truth.saturation {
        Saturation::Hill { top, half, slope } => Params { top, half, slope, decay },
        _ => unreachable!("a simulated channel has a Hill curve"),
    }
}

fn true_suppliers(world: &World) -> Vec<TrueSupplier<'_>> {
    let mut names: Vec<&str> = world.channels.iter().map(|channel| channel.supplier.name).collect();
    names.sort_unstable();
    names.dedup();
    let cost = |name: &&str| {
        let own = || world.channels.iter().filter(|channel| channel.supplier.name == *name);
        let spend: f64 = own().flat_map(Channel::spend).sum();
        spend / own().flat_map(|channel| &channel.expected).sum::<f64>()
    };
    names.iter().map(|name| TrueSupplier { supplier: name, cost_per: cost(name) }).collect()
}
