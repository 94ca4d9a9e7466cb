//! Sample exports with known truth: one advertiser's year, drawn from a seed.
//!
//! ```text
//!     spend[t]          log-normal: level · weekday · slow drift · AR(1)
//!     registrations[t]  negative binomial around f(a[t]),  a = adstock of spend
//! ```
//!
//! In a [`seasonal_world`] the mean is `f(a[t])` times what the calendar multiplies it by, which `truth.json` has for the plan's days.
//!
//! f is a Hill curve, so what `fit` looks for is there and known. Everything follows from the seed. Each channel draws from
//! its own stream, found by its platform and supplier: no channel's figures depend on which others there are.
//!
//! Nothing here touches a disk: [`files`] and [`project_files`] give names and bytes.

mod calendar;
mod draw;
mod exports;
pub mod portfolio;
mod project;
mod total;

pub use total::total_files;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::fit::Response;
use crate::math::mean;

/// A platform that the advertiser buys on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Platform {
    /// Its name in outlay.
    pub name: &'static str,
    /// Its letters in account names.
    code: &'static str,
    /// Cost per registration against the others.
    cost: f64,
    /// Price of a thousand impressions, CNY.
    cpm: f64,
    /// Clicks per impression.
    click_rate: f64,
}

/// A supplier who runs accounts for the advertiser. The names are invented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supplier {
    /// Its name.
    pub name: &'static str,
    /// Its name in file names.
    slug: &'static str,
    /// Its letters in account names.
    code: &'static str,
}

const PLATFORMS: [Platform; 4] = [
    Platform { name: "tencent", code: "tx", cost: 1.0, cpm: 38.0, click_rate: 0.014 },
    Platform { name: "weibo", code: "wb", cost: 1.1, cpm: 26.0, click_rate: 0.011 },
    Platform { name: "ocean_engine", code: "oe", cost: 0.9, cpm: 32.0, click_rate: 0.017 },
    Platform { name: "meta", code: "mt", cost: 1.05, cpm: 44.0, click_rate: 0.013 },
];

const SUPPLIERS: [Supplier; 6] = [
    Supplier { name: "Northwind Media", slug: "northwind", code: "nw" },
    Supplier { name: "Delta Reach", slug: "delta", code: "dr" },
    Supplier { name: "Harbor Ads", slug: "harbor", code: "ha" },
    Supplier { name: "Cedar Digital", slug: "cedar", code: "cd" },
    Supplier { name: "云帆传媒", slug: "yunfan", code: "yf" },
    Supplier { name: "晨光互动", slug: "chenguang", code: "cg" },
];

/// Last day of every history: the day before the plan of the sample starts.
const LAST_DAY: Date = date(2026, 5, 31);

/// A simulated advertiser: what was exported, and what is true.
#[derive(Clone, Debug)]
pub struct World {
    /// The seed that it came from.
    pub seed: u64,
    /// The days of the history, consecutive.
    pub days: Vec<Date>,
    /// The channels, ascending by label.
    pub channels: Vec<Channel>,
    /// Whether the response follows weekday, season, trend and events.
    pub seasonal: bool,
}

/// One platform × supplier.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Where the ads run.
    pub platform: Platform,
    /// Who runs them.
    pub supplier: Supplier,
    /// The true response: Hill curve of spend per day, and decay.
    pub truth: Response,
    /// True expected registrations of each day.
    pub expected: Vec<f64>,
    /// The accounts; the response belongs to their sum.
    pub accounts: Vec<Account>,
}

/// One ad account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// The campaign that all its rows belong to.
    pub campaign: &'static str,
    /// The department that it spends for.
    pub department: &'static str,
    /// Figures of each day.
    pub days: Vec<Figures>,
}

/// What an account shows for one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Spend in hundredths of a yuan.
    pub cents: u64,
    /// Times shown.
    pub impressions: u64,
    /// Clicks; at most the impressions, and so on down the chain.
    pub clicks: u64,
    /// Reads.
    pub reads: u64,
    /// Entries.
    pub entries: u64,
    /// Registrations.
    pub registrations: u64,
    /// Registrations that pass screening.
    pub valid: u64,
}

impl Channel {
    /// The label that outlay gives it.
    pub fn label(&self) -> String {
        format!("{} / {}", self.platform.name, self.supplier.name)
    }

    /// Spend of each day over all accounts, CNY.
    pub fn spend(&self) -> Vec<f64> {
        let days = 0..self.expected.len();
        days.map(|day| self.accounts.iter().map(|account| account.days[day].cents).sum::<u64>() as f64 / 100.0)
            .collect()
    }

    /// Mean spend a day over the last 28 days: reference spend as outlay defines it.
    pub fn reference_spend(&self) -> f64 {
        let spend = self.spend();
        mean(&spend[spend.len().saturating_sub(28)..])
    }
}

/// The world of a seed: 9 to 12 channels over 300 to 400 days that end on 31 May 2026.
///
/// ```
/// let world = outlay::simulate::world(1);
/// assert!((9..=12).contains(&world.channels.len()));
/// assert_eq!(world.days.last().unwrap().to_string(), "2026-05-31");
/// ```
pub fn world(seed: u64) -> World {
    drawn(seed, false)
}

/// As [`world`], with a response that follows weekday, season of the year, a trend and two dated events; spend follows
/// the season, too.
///
/// ```
/// let world = outlay::simulate::seasonal_world(1);
/// assert!(world.seasonal && world.days.len() >= 400);
/// ```
pub fn seasonal_world(seed: u64) -> World {
    drawn(seed, true)
}

fn drawn(seed: u64, seasonal: bool) -> World {
    let mut random = stream(seed, 0);
    let length: i64 = random.random_range(300..=400) + if seasonal { 150 } else { 0 };
    let days: Vec<Date> = (1 - length..=0).map(|day| LAST_DAY.saturating_add(day.days())).collect();
    let sites = sites(&mut random);
    let s_shaped = random.random_range(1..=2);
    let site = |(place, site): (usize, &Site)| draw::channel(seed, *site, &days, place < s_shaped, seasonal);
    let mut channels: Vec<Channel> = sites.iter().enumerate().map(site).collect();
    channels.sort_by_key(Channel::label);
    World { seed, days, channels, seasonal }
}

/// Files of a world, as path and bytes: the project and `truth.json`.
///
/// ```
/// let files = outlay::simulate::files(&outlay::simulate::world(1));
/// assert!(files.iter().any(|(path, _)| path == "truth.json"));
/// ```
pub fn files(world: &World) -> Vec<(String, Vec<u8>)> {
    let mut files = project_files(world);
    files.push(("truth.json".to_owned(), project::truth(world)));
    files
}

/// Files of a world without its truth: `outlay.toml` and what lies in `exports/`.
pub fn project_files(world: &World) -> Vec<(String, Vec<u8>)> {
    let sheets = exports::sheets(world);
    let mut files = vec![("outlay.toml".to_owned(), project::settings(world, &sheets).into_bytes())];
    files.extend(sheets.iter().map(|sheet| (sheet.path.clone(), sheet.bytes(world))));
    files
}

/// Places of a channel in [`PLATFORMS`] and [`SUPPLIERS`].
type Site = (usize, usize);

/// 9 to 12 sites such that each supplier has one and each platform two.
fn sites(random: &mut ChaCha8Rng) -> Vec<Site> {
    let mut all: Vec<Site> =
        (0..PLATFORMS.len()).flat_map(|platform| (0..SUPPLIERS.len()).map(move |s| (platform, s))).collect();
    all.shuffle(random);
    let wanted = random.random_range(9..=12);
    let (mut chosen, mut spare): (Vec<Site>, Vec<Site>) = (Vec::new(), Vec::new());
    for site in all {
        let on_platform = chosen.iter().filter(|other| other.0 == site.0).count();
        let needed = on_platform < 2 || chosen.iter().all(|other| other.1 != site.1);
        if needed { chosen.push(site) } else { spare.push(site) }
    }
    let missing = wanted.max(chosen.len()) - chosen.len();
    chosen.extend(spare.into_iter().take(missing));
    chosen
}

/// A stream of the seed; streams do not depend on each other.
fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(number);
    random
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::fit::Saturation;

    /// The best spend a day of each channel for the world's reference budget: every channel takes the spend at which it
    /// gains most at a price, and the price is bisected until the budget is used.
    fn water_filled(world: &World) -> Vec<f64> {
        let reference: Vec<f64> = world.channels.iter().map(Channel::reference_spend).collect();
        let best = |price: f64| -> Vec<f64> {
            let at = |(channel, reference): (&Channel, &f64)| {
                let gain = |x: &f64| channel.truth.saturation.at(*x) - price * x;
                let grid = (0..=400).map(|step| 0.01 * f64::from(step) * reference);
                grid.max_by(|a, b| gain(a).total_cmp(&gain(b))).unwrap()
            };
            world.channels.iter().zip(&reference).map(at).collect()
        };
        let budget: f64 = reference.iter().sum();
        let (mut low, mut high) = (1e-5f64, 1.0f64);
        for _ in 0..30 {
            let price = (low * high).sqrt();
            if best(price).iter().sum::<f64>() > budget { low = price } else { high = price }
        }
        best(high)
    }

    fn hill(channel: &Channel) -> (f64, f64, f64) {
        match channel.truth.saturation {
            Saturation::Hill { top, half, slope } => (top, half, slope),
            _ => panic!("not a Hill curve"),
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        assert_eq!(files(&world(7)), files(&world(7)));
        assert_ne!(files(&world(7)), files(&world(8)));
    }

    #[test]
    fn a_channel_does_not_depend_on_the_others() {
        let days = world(3).days;
        let site = (2, 4);
        let channel = draw::channel(3, site, &days, false, false);
        for other in 0..4 {
            draw::channel(3, (other, 1), &days, true, false);
        }
        assert_eq!(channel.spend(), draw::channel(3, site, &days, false, false).spend());
        let longer: Vec<Date> = days.iter().copied().chain([LAST_DAY.tomorrow().unwrap()]).collect();
        assert_eq!(channel.spend(), draw::channel(3, site, &longer, false, false).spend()[..days.len()]);
    }

    #[test]
    fn every_platform_and_supplier_is_there() {
        for seed in 0..30 {
            let world = world(seed);
            let labels: BTreeSet<String> = world.channels.iter().map(Channel::label).collect();
            assert_eq!(labels.len(), world.channels.len());
            assert!((9..=12).contains(&labels.len()) && (300..=400).contains(&world.days.len()));
            let paths: BTreeSet<String> = files(&world).into_iter().map(|(path, _)| path).collect();
            for layout in ["agency", "tencent", "weibo", "ocean-engine", "meta", "desk"] {
                let start = format!("exports/{layout}-");
                assert!(paths.iter().any(|path| path.starts_with(&start)), "seed {seed}: no {layout} among {paths:?}");
            }
        }
    }

    #[test]
    fn truth_is_in_its_ranges() {
        for seed in 0..30 {
            for channel in world(seed).channels {
                let (top, half, slope) = hill(&channel);
                let spend = channel.spend();
                let ratio = half / mean(&spend);
                let cost = spend.iter().sum::<f64>() / channel.expected.iter().sum::<f64>();
                assert!(top > 0.0 && (0.6..1.4).contains(&slope) && (0.0..0.6).contains(&channel.truth.decay));
                assert!((0.59..2.51).contains(&ratio) && (39.99..120.01).contains(&cost), "{ratio} {cost}");
                assert!((1500.0..14_000.0).contains(&mean(&spend)), "{}", mean(&spend));
            }
        }
    }

    #[test]
    fn the_optimum_lies_near_what_was_observed() {
        let mut gains = Vec::new();
        for seed in 0..30 {
            let world = world(seed);
            let best = water_filled(&world);
            let (mut now, mut then) = (0.0, 0.0);
            for (channel, spend) in world.channels.iter().zip(best) {
                let multiple = spend / channel.reference_spend();
                assert!(
                    (0.25..=2.2).contains(&multiple),
                    "seed {seed}, {}: {multiple:.2} × reference",
                    channel.label()
                );
                now += channel.truth.saturation.at(channel.reference_spend());
                then += channel.truth.saturation.at(spend);
            }
            gains.push(then / now - 1.0);
        }
        let gain = crate::math::quantile(&gains, 0.5);
        assert!((0.015..0.1).contains(&gain), "a plan gains {gain:.3} in the median");
    }

    #[test]
    fn counts_stand_around_their_mean() {
        for channel in (0..5).flat_map(|seed| world(seed).channels) {
            let drawn: u64 = channel.accounts.iter().flat_map(|account| &account.days).map(|f| f.registrations).sum();
            let expected: f64 = channel.expected.iter().sum();
            let variance: f64 = channel.expected.iter().map(|m| m + m * m / 20.0).sum();
            let off = (drawn as f64 - expected) / variance.sqrt();
            assert!(off.abs() < 4.5, "{}: {off:.1} standard errors", channel.label());
        }
    }

    #[test]
    fn every_funnel_narrows() {
        for f in world(5).channels.iter().flat_map(|channel| &channel.accounts).flat_map(|account| &account.days) {
            let chain = [f.impressions, f.clicks, f.reads, f.entries, f.registrations, f.valid];
            assert!(chain.is_sorted_by(|a, b| a >= b) && f.cents > 0, "{f:?}");
        }
    }

    #[test]
    fn the_exports_add_up_to_the_world() {
        for seed in [1, 2, 3] {
            let world = world(seed);
            let accounts = || world.channels.iter().flat_map(|channel| &channel.accounts);
            let truth = accounts().flat_map(|account| &account.days);
            let sums = truth.fold((0, 0), |(cents, count), f| (cents + f.cents, count + f.registrations));
            let files = project_files(&world);
            let read = files.iter().filter(|(path, _)| path.ends_with(".csv")).map(|(_, bytes)| read_back(bytes));
            assert_eq!(read.fold((0, 0), |sum, file| (sum.0 + file.0, sum.1 + file.1)), sums);
        }
    }

    /// Cents and registrations of an export, without its total row.
    fn read_back(bytes: &[u8]) -> (u64, u64) {
        let mut table = csv::Reader::from_reader(bytes);
        let headers = table.headers().unwrap().clone();
        let place = |names: &[&str]| headers.iter().position(|header| names.contains(&header)).unwrap();
        let spend = place(&["spend", "消耗(元)", "花费", "Amount spent (CNY)"]);
        let count = place(&["registrations", "注册量", "注册数", "注册", "Registrations completed"]);
        let rows = table.records().map(Result::unwrap).filter(|row| &row[0] != "合计");
        rows.fold((0, 0), |(cents, registrations), row| {
            let money: u64 = row[spend].replace('.', "").parse().unwrap();
            (cents + money, registrations + row[count].parse::<u64>().unwrap())
        })
    }

    #[test]
    fn the_settings_are_valid_and_plan_the_reference_budget() {
        for seed in 0..10 {
            let world = world(seed);
            let (_, text) = project_files(&world).swap_remove(0);
            let text = String::from_utf8(text).unwrap();
            let settings = crate::settings::Settings::parse(&text, "outlay.toml", Path::new(""), 1).unwrap();
            let plan = settings.plan().unwrap();
            let reference: f64 = world.channels.iter().map(Channel::reference_spend).sum();
            assert!((plan.budget - 30.0 * reference).abs() <= 500.0);
            assert_eq!((plan.days(), plan.limits.len()), (30, 3));
            let csvs = project_files(&world).len() - 1;
            assert_eq!(settings.sources.len(), csvs);
        }
    }

    #[test]
    fn truth_is_told_in_the_shape_of_a_model_file() {
        let world = world(1);
        let (_, bytes) = files(&world).pop().unwrap();
        let truth: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(truth["format"], "outlay/truth@1");
        assert_eq!(truth["channels"].as_array().unwrap().len(), world.channels.len());
        assert_eq!(truth["channels"][0]["params"]["half"], hill(&world.channels[0]).1);
        assert_eq!(truth["suppliers"].as_array().unwrap().len(), SUPPLIERS.len());
    }

    /// `OUTLAY_BLESS=1 cargo test the_sample` rewrites the folder.
    #[test]
    fn the_sample_is_what_seed_1_writes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
        for (path, bytes) in files(&world(1)) {
            let path = folder.join(path);
            if std::env::var_os("OUTLAY_BLESS").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &bytes).unwrap();
            }
            let there = std::fs::read(&path).unwrap();
            if path.ends_with("truth.json") {
                let [there, here] = [&there, &bytes].map(|bytes| serde_json::from_slice(bytes).unwrap());
                assert!(agree(&there, &here), "{}", path.display());
            } else {
                assert!(there == bytes, "{} is not what seed 1 writes", path.display());
            }
        }
    }

    /// Equal but for the last digits of numbers, which the machine's logarithm may round its own way.
    fn agree(a: &serde_json::Value, b: &serde_json::Value) -> bool {
        use serde_json::Value::{Array, Number, Object};
        match (a, b) {
            (Number(a), Number(b)) => {
                let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
                (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
            }
            (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b)),
            (Object(a), Object(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && agree(a.1, b.1)),
            _ => a == b,
        }
    }
}
