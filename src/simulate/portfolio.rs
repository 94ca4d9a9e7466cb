//! A portfolio of many suppliers with known costs and planted invalid traffic: what a scorecard is tried on.
//!
//! ```text
//!     registrations[t] ~ negative binomial around spend[t] · g[t] / cost        g: the platform's day, mean 1
//! ```
//!
//! Each supplier runs on one platform, at its own cost (log-normal, ±30 %), click rate, share of valid registrations and share of
//! clicks at night, for twelve weeks. Sizes differ by a factor of forty, so that small suppliers look very good or very bad by luck. One in
//! fifty, and at least one, floods clicks: three times the clicks, of which the added ones do nothing. As many are night-time bots:
//! more clicks and reads between 0 and 6 o'clock, and registrations of which few are valid.

use jiff::ToSpan;
use jiff::civil::Date;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution, Gamma, Poisson, StandardNormal};
use serde::Serialize;

use super::{Figures, LAST_DAY, PLATFORMS, Platform, stream};
use crate::check::{Error, Kind};

/// Days of the history.
const DAYS: i64 = 84;
/// Fewest suppliers: enough for one of each kind beside clean ones on every platform.
const FEWEST: u32 = 12;
/// One in so many suppliers floods clicks, and one in so many is a bot.
const PLANTED: u32 = 50;
/// Memory and standard deviation of the platform's day.
const SHOCK: (f64, f64) = (0.6, 0.15);
/// Dispersion of the negative binomial.
const DISPERSION: f64 = 20.0;
/// Share of clicks between 0 and 6 o'clock.
const NIGHT: f64 = 0.07;

/// A simulated portfolio: what was exported, and what is true.
#[derive(Clone, Debug)]
pub struct Portfolio {
    /// The seed that it came from.
    pub seed: u64,
    /// The days of the history, consecutive.
    pub days: Vec<Date>,
    /// The suppliers, ascending by name.
    pub members: Vec<Member>,
}

/// One supplier of a portfolio.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Where it runs.
    pub platform: Platform,
    /// True cost per registration on a usual day.
    pub cost: f64,
    /// What is wrong with its traffic.
    pub planted: Option<Planted>,
    /// Figures of each day.
    pub days: Vec<Figures>,
    /// Clicks by hour of the day.
    pub hours: [u64; 24],
    /// What its spend brings in expectation on usual days.
    pub expected: Expected,
}

/// What is wrong with a supplier's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Planted {
    /// Clicks that nobody made.
    ClickFlooder,
    /// Clicks, reads and registrations by a script at night.
    NightBot,
}

/// What a supplier's spend brings in expectation on usual days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Expected {
    /// Face value, CNY.
    pub spend: f64,
    /// Reads.
    pub reads: f64,
    /// Entries.
    pub entries: f64,
    /// Registrations.
    pub registrations: f64,
    /// Registrations that pass screening.
    pub valid_registrations: f64,
}

/// The portfolio of a seed.
///
/// # Errors
///
/// [`Kind::Settings`] for fewer than twelve suppliers, or more than ten thousand.
///
/// ```
/// let portfolio = outlay::simulate::portfolio::portfolio(1, 20).unwrap();
/// assert_eq!(portfolio.members.len(), 20);
/// assert!(portfolio.members.iter().any(|member| member.planted.is_some()));
/// ```
pub fn portfolio(seed: u64, suppliers: u32) -> Result<Portfolio, Error> {
    if !(FEWEST..=10_000).contains(&suppliers) {
        return Err(Error::setting("--suppliers", format!("{suppliers}, expected {FEWEST} to 10000")));
    }
    let days: Vec<Date> = (1 - DAYS..=0).map(|day| LAST_DAY.saturating_add(day.days())).collect();
    let shocks: Vec<Vec<f64>> = (0..PLATFORMS.len()).map(|platform| shocks(seed, platform)).collect();
    let first = stream(seed, 5000).random_range(0..suppliers);
    let planted = |at: u32| match (at + suppliers - first) % suppliers {
        place if place.is_multiple_of(PLANTED) => Some(Planted::ClickFlooder),
        place if place % PLANTED == 1 => Some(Planted::NightBot),
        _ => None,
    };
    let member = |at: u32| member(seed, at, planted(at), &shocks[at as usize % PLATFORMS.len()]);
    Ok(Portfolio { seed, days, members: (0..suppliers).map(member).collect() })
}

/// The platform's days, brought to a mean of 1: a usual day is the mean of these.
fn shocks(seed: u64, platform: usize) -> Vec<f64> {
    let random = &mut stream(seed, 6000 + platform as u64);
    let (memory, size) = SHOCK;
    let mut state = normal(random);
    let mut day = |_| {
        state = memory * state + (1.0 - memory * memory).sqrt() * normal(random);
        (size * state).exp()
    };
    let drawn: Vec<f64> = (0..DAYS).map(&mut day).collect();
    let mean = crate::math::mean(&drawn);
    drawn.iter().map(|shock| shock / mean).collect()
}

/// What a supplier is like.
struct Ways {
    cost: f64,
    click_rate: f64,
    read_rate: f64,
    validity: f64,
    night: f64,
}

impl Ways {
    fn of(random: &mut ChaCha8Rng, platform: &Platform) -> Ways {
        let cost = 72.0 * platform.cost * (0.3 * normal(random)).exp();
        let mut about = |share: f64, spread: f64| {
            let odds = share / (1.0 - share) * (spread * normal(random)).exp();
            odds / (1.0 + odds)
        };
        let (click_rate, read_rate) = (about(platform.click_rate, 0.15), about(0.72, 0.15));
        Ways { cost, click_rate, read_rate, validity: about(0.8, 0.25), night: about(NIGHT, 0.12) }
    }
}

fn member(seed: u64, at: u32, planted: Option<Planted>, shocks: &[f64]) -> Member {
    let platform = PLATFORMS[at as usize % PLATFORMS.len()];
    let random = &mut stream(seed, 10_000 + u64::from(at));
    let ways = Ways::of(random, &platform);
    let level = random.random_range(150f64.ln()..6000f64.ln()).exp();
    let mut hours = [0; 24];
    let mut expected = Expected::default();
    let day = |shock: &f64| {
        let figures = figures(random, &platform, &ways, planted, level, *shock);
        expect(&mut expected, &platform, &ways, planted, &figures);
        by_hour(random, &mut hours, &figures, &ways, planted);
        figures
    };
    let days = shocks.iter().map(day).collect();
    Member { name: format!("Supplier {:03}", at + 1), platform, cost: ways.cost, planted, days, hours, expected }
}

fn figures(
    random: &mut ChaCha8Rng,
    platform: &Platform,
    ways: &Ways,
    planted: Option<Planted>,
    level: f64,
    shock: f64,
) -> Figures {
    if random.random_bool(0.08) {
        return Figures::default();
    }
    let cents = (100.0 * level * (0.4 * normal(random) - 0.08).exp()).round() as u64;
    let spend = cents as f64 / 100.0;
    let mean = spend * shock / ways.cost;
    let rate = Gamma::new(DISPERSION, mean / DISPERSION).map_or(mean, |gamma| gamma.sample(random));
    let registrations = Poisson::new(rate.max(1e-9)).map_or(0.0, |poisson| poisson.sample(random)) as u64;
    let shown = (spend / platform.cpm * 1000.0 * (0.1 * normal(random)).exp()).round() as u64;
    let clicked = binomial(random, shown, ways.click_rate).max(registrations);
    let read = binomial(random, clicked, ways.read_rate).max(registrations);
    let (added_clicks, added_reads) = added(planted, clicked, read);
    let reads = read + added_reads;
    let entries = binomial(random, reads - registrations, 0.14) + registrations;
    let clicks = (clicked + added_clicks).max(reads);
    let valid = binomial(random, registrations, validity(ways, planted));
    Figures { cents, impressions: shown.max(clicks), clicks, reads, entries, registrations, valid }
}

/// Clicks and reads that nobody made.
fn added(planted: Option<Planted>, clicks: u64, reads: u64) -> (u64, u64) {
    match planted {
        Some(Planted::ClickFlooder) => (2 * clicks, 0),
        Some(Planted::NightBot) => (6 * clicks / 10, 6 * reads / 10),
        None => (0, 0),
    }
}

/// Share of registrations that pass screening.
fn validity(ways: &Ways, planted: Option<Planted>) -> f64 {
    if planted == Some(Planted::NightBot) { 0.6 * ways.validity } else { ways.validity }
}

fn expect(expected: &mut Expected, platform: &Platform, ways: &Ways, planted: Option<Planted>, figures: &Figures) {
    let spend = figures.cents as f64 / 100.0;
    let registrations = spend / ways.cost;
    // the mean of the log-normal of impressions is e^(0.1² / 2)
    let clicks = spend / platform.cpm * 1000.0 * 0.005f64.exp() * ways.click_rate;
    let more = if planted == Some(Planted::NightBot) { 1.6 } else { 1.0 };
    let reads = more * clicks * ways.read_rate;
    expected.spend += spend;
    expected.reads += reads;
    expected.registrations += registrations;
    expected.entries += 0.14 * (reads - registrations) + registrations;
    expected.valid_registrations += registrations * validity(ways, planted);
}

/// Spreads a day's clicks over its hours: the supplier's own share at night, a script's all of it.
fn by_hour(random: &mut ChaCha8Rng, hours: &mut [u64; 24], figures: &Figures, ways: &Ways, planted: Option<Planted>) {
    let scripted = if planted == Some(Planted::NightBot) { 6 * figures.clicks / 16 } else { 0 };
    let own = figures.clicks - scripted;
    let night = binomial(random, own, ways.night) + scripted;
    spread(random, &mut hours[..6], night);
    spread(random, &mut hours[6..], figures.clicks - night);
}

/// Evenly over some hours.
fn spread(random: &mut ChaCha8Rng, hours: &mut [u64], clicks: u64) {
    let mut left = clicks;
    let count = hours.len();
    for (at, hour) in hours.iter_mut().enumerate() {
        let part = binomial(random, left, 1.0 / (count - at) as f64);
        *hour += part;
        left -= part;
    }
}

fn binomial(random: &mut ChaCha8Rng, trials: u64, share: f64) -> u64 {
    Binomial::new(trials, share.min(1.0)).map_or(0, |binomial| binomial.sample(random))
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(random)
}

/// Files of a portfolio, as path and bytes: the project, the exports, clicks by hour, and `truth.json`.
///
/// # Errors
///
/// [`Kind::Bug`] when a table cannot be made in memory.
pub fn files(portfolio: &Portfolio) -> Result<Vec<(String, Vec<u8>)>, Error> {
    Ok(vec![
        ("outlay.toml".to_owned(), settings(portfolio).into_bytes()),
        ("exports/portfolio.csv".to_owned(), export(portfolio)?),
        ("hours.csv".to_owned(), hours(portfolio)?),
        ("truth.json".to_owned(), truth(portfolio)?),
    ])
}

fn bug(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Bug, format!("this should not happen: {error}"))
}

fn settings(portfolio: &Portfolio) -> String {
    let days = portfolio.days.len() as f64;
    let spend: f64 = portfolio.members.iter().map(|member| member.expected.spend).sum();
    let budget = (30.0 * spend / days / 1000.0).round() * 1000.0;
    format!(
        "# A portfolio of {} suppliers with known costs, and planted invalid traffic: see truth.json.\n\n\
         [project]\nname = \"portfolio\"\n\n\
         [[source]]\npath = \"exports/portfolio.csv\"\n\n\
         [score]\nhours = \"hours.csv\"                  # clicks by hour of the day, for the indicator of bots\n\n\
         [plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = {budget}\n",
        portfolio.members.len()
    )
}

fn export(portfolio: &Portfolio) -> Result<Vec<u8>, Error> {
    let headers = "date,platform,supplier,account,currency,spend,impressions,clicks,reads,entries,registrations,\
                   valid_registrations";
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(headers.split(',')).map_err(bug)?;
    for (day, date) in portfolio.days.iter().enumerate() {
        for member in &portfolio.members {
            let f = &member.days[day];
            let spend = format!("{}.{:02}", f.cents / 100, f.cents % 100);
            let names =
                [date.to_string(), member.platform.name.into(), member.name.clone(), slug(member), "CNY".into()];
            let counts = [f.impressions, f.clicks, f.reads, f.entries, f.registrations, f.valid];
            let cells = names.into_iter().chain([spend]).chain(counts.iter().map(u64::to_string));
            table.write_record(cells).map_err(bug)?;
        }
    }
    table.into_inner().map_err(bug)
}

fn slug(member: &Member) -> String {
    member.name.to_lowercase().replace(' ', "-")
}

fn hours(portfolio: &Portfolio) -> Result<Vec<u8>, Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["supplier", "platform", "hour", "clicks"]).map_err(bug)?;
    for member in &portfolio.members {
        for (hour, clicks) in member.hours.iter().enumerate() {
            let cells = [&member.name, member.platform.name, &hour.to_string(), &clicks.to_string()];
            table.write_record(cells).map_err(bug)?;
        }
    }
    table.into_inner().map_err(bug)
}

/// `truth.json` of a portfolio.
#[derive(Serialize)]
struct Truth<'a> {
    format: &'a str,
    kpi: &'a str,
    currency: &'a str,
    grain: &'a str,
    seed: u64,
    panel_sha256: &'a str,
    settings_sha256: &'a str,
    channels: [(); 0],
    suppliers: Vec<TrueSupplier<'a>>,
}

#[derive(Serialize)]
struct TrueSupplier<'a> {
    supplier: &'a str,
    platform: &'a str,
    /// Per registration, on a usual day of its platform.
    cost_per: f64,
    expected: Expected,
    planted: Option<Planted>,
}

fn truth(portfolio: &Portfolio) -> Result<Vec<u8>, Error> {
    let truth = Truth {
        format: "outlay/truth@1",
        kpi: "registrations",
        currency: "CNY",
        grain: "day",
        seed: portfolio.seed,
        panel_sha256: "",
        settings_sha256: "",
        channels: [],
        suppliers: portfolio.members.iter().map(true_supplier).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&truth).map_err(bug)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn true_supplier(member: &Member) -> TrueSupplier<'_> {
    TrueSupplier {
        supplier: &member.name,
        platform: member.platform.name,
        cost_per: member.cost,
        expected: member.expected,
        planted: member.planted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portfolio_is_what_it_says() {
        let portfolio = portfolio(3, 60).unwrap();
        assert_eq!(portfolio.members.len(), 60);
        let planted = |kind| portfolio.members.iter().filter(|member| member.planted == Some(kind)).count();
        assert!(planted(Planted::ClickFlooder) >= 1 && planted(Planted::NightBot) >= 1);
        for member in &portfolio.members {
            for f in &member.days {
                let chain = [f.impressions, f.clicks, f.reads, f.entries, f.registrations, f.valid];
                assert!(chain.is_sorted_by(|a, b| a >= b), "{f:?}");
            }
            let clicks: u64 = member.days.iter().map(|f| f.clicks).sum();
            assert_eq!(member.hours.iter().sum::<u64>(), clicks);
        }
        assert_eq!(files(&portfolio).unwrap(), files(&super::portfolio(3, 60).unwrap()).unwrap());
        assert!(super::portfolio(1, 3).is_err());
    }

    #[test]
    fn costs_are_what_the_counts_come_to() {
        let portfolio = portfolio(5, 200).unwrap();
        let spend: f64 = portfolio.members.iter().map(|member| member.expected.spend).sum();
        let expected: f64 = portfolio.members.iter().map(|member| member.expected.registrations).sum();
        let drawn: u64 = portfolio.members.iter().flat_map(|member| &member.days).map(|f| f.registrations).sum();
        assert!((drawn as f64 / expected - 1.0).abs() < 0.02, "{drawn} {expected} for {spend}");
    }
}
