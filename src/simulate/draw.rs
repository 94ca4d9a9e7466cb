//! A channel drawn from its stream: spend, curve, counts.

use std::f64::consts::TAU;

use jiff::civil::Date;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution, Gamma, Poisson, StandardNormal};

use super::{Account, Channel, Figures, PLATFORMS, SUPPLIERS, Site, calendar, stream};
use crate::fit::adstock::geometric;
use crate::fit::{Response, Saturation};
use crate::math::mean;

/// Dispersion of the negative binomial: a day's rate varies by 1 ÷ √20 beside the count's own noise.
const DISPERSION: f64 = 20.0;
/// Day-to-day memory of log spend.
const MEMORY: f64 = 0.6;
/// Standard deviation of log spend around weekday and drift.
const WOBBLE: f64 = 0.36;
/// What the last registration costs where budgets are well set, CNY.
const MARGINAL_COST: f64 = 140.0;
/// Between which multiples of reference spend a channel reaches that cost.
const REACHED: (f64, f64) = (0.4, 1.75);

/// The channel of a site.
pub(super) fn channel(seed: u64, site: Site, days: &[Date], s_shaped: bool, seasonal: bool) -> Channel {
    let (platform, supplier) = (PLATFORMS[site.0], SUPPLIERS[site.1]);
    let random = &mut stream(seed, 1 + (site.0 * SUPPLIERS.len() + site.1) as u64);
    let craft = Craft::of(seed, site.1);
    let factors = if seasonal { calendar::factors(days, days) } else { vec![1.0; days.len()] };
    // budgets go up when demand is expected to
    let cents: Vec<u64> = spend(random, days)
        .iter()
        .zip(&factors)
        .map(|(cents, factor)| (*cents as f64 * factor).round() as u64)
        .collect();
    let spend: Vec<f64> = cents.iter().map(|cents| *cents as f64 / 100.0).collect();
    let cost = (72.0 * platform.cost * craft.cost * (0.1 * normal(random)).exp()).clamp(40.0, 120.0);
    let truth = response(random, &spend, cost, s_shaped);
    let (stock, _) = geometric(&spend, &vec![true; spend.len()], truth.decay);
    let expected: Vec<f64> =
        stock.iter().zip(&factors).map(|(stock, factor)| factor * truth.saturation.at(*stock)).collect();
    let registrations: Vec<u64> = expected.iter().map(|mean| count(random, *mean)).collect();
    let mut channel = Channel { platform, supplier, truth, expected, accounts: Vec::new() };
    channel.accounts = accounts(random, &channel, &cents, &registrations, craft.validity);
    channel
}

/// What a supplier does alike wherever it works.
struct Craft {
    /// Cost per registration against other suppliers.
    cost: f64,
    /// Share of its registrations that pass screening.
    validity: f64,
}

impl Craft {
    /// From the supplier's own stream.
    fn of(seed: u64, supplier: usize) -> Craft {
        let random = &mut stream(seed, 1000 + supplier as u64);
        Craft { cost: (0.3 * normal(random)).exp(), validity: random.random_range(0.6..0.95) }
    }
}

/// Spend of each day in cents: level · weekday · slow drift · AR(1), log-normal.
fn spend(random: &mut ChaCha8Rng, days: &[Date]) -> Vec<u64> {
    let level = (random.random_range(2400f64.ln()..10_000f64.ln())).exp();
    let weekday: [f64; 7] = std::array::from_fn(|_| 0.12 * normal(random));
    let (swing, period, phase) =
        (random.random_range(0.15..0.3), random.random_range(120.0..300.0), random.random_range(0.0..TAU));
    let mut wobble = normal(random);
    let day = |(t, date): (usize, &Date)| {
        wobble = MEMORY * wobble + (1.0 - MEMORY * MEMORY).sqrt() * normal(random);
        let drift = swing * (TAU * t as f64 / period + phase).sin();
        let week = weekday[date.weekday().to_monday_zero_offset() as usize];
        (100.0 * level * (WOBBLE * wobble - WOBBLE * WOBBLE / 2.0 + drift + week).exp()).round() as u64
    };
    days.iter().enumerate().map(day).collect()
}

/// A response whose expected cost per registration over the history is `cost`.
///
/// Shape and half-saturation are drawn until the last registration costs [`MARGINAL_COST`] at a spend within [`REACHED`]:
/// an advertiser who has planned for a year is not far from the optimum, nor at it. A channel whose draws allow no such
/// S-shaped curve gets a concave one.
fn response(random: &mut ChaCha8Rng, spend: &[f64], cost: f64, s_shaped: bool) -> Response {
    let reference = mean(&spend[spend.len().saturating_sub(28)..]);
    let mean = mean(spend);
    let decay = random.random_range(0.0..0.6);
    let (stock, _) = geometric(spend, &vec![true; spend.len()], decay);
    let drawn = |attempt: u32| {
        let (slope, ratio) = if s_shaped && attempt < 500 {
            (random.random_range(1.15..1.4), random.random_range(0.6..1.2))
        } else {
            (random.random_range(0.6..1.1), random.random_range(0.6..2.5))
        };
        let hill = |top| Saturation::Hill { top, half: ratio * mean, slope };
        let per_top: f64 = stock.iter().map(|stock| hill(1.0).at(*stock)).sum();
        hill(spend.iter().sum::<f64>() / cost / per_top)
    };
    let last_cost = |curve: &Saturation, multiple: f64| 1.0 / curve.marginal(multiple * reference);
    let near = |curve: &Saturation| {
        last_cost(curve, REACHED.0) <= MARGINAL_COST && last_cost(curve, REACHED.1) >= MARGINAL_COST
    };
    let typical = Saturation::Hill { top: 2.0 * mean / cost, half: mean, slope: 0.9 };
    let saturation = (0..5000).map(drawn).find(near).unwrap_or(typical);
    Response { saturation, decay }
}

/// A negative binomial count: Poisson around a gamma rate.
fn count(random: &mut ChaCha8Rng, mean: f64) -> u64 {
    let rate = Gamma::new(DISPERSION, mean / DISPERSION).expect("above 0").sample(random);
    Poisson::new(rate.max(1e-9)).expect("above 0").sample(random) as u64
}

/// The channel's spend and registrations over one or two accounts: stable shares with a little noise.
///
/// Registrations follow the day's share of spend, so that the response is of the channel's spend.
fn accounts(
    random: &mut ChaCha8Rng,
    channel: &Channel,
    cents: &[u64],
    registrations: &[u64],
    validity: f64,
) -> Vec<Account> {
    let names = [("01", "always-on", "growth"), ("02", "launches", "brand")];
    let alone = random.random_bool(0.4);
    let usual: f64 = random.random_range(0.4f64..1.6).ln();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (cents, registrations) in cents.iter().zip(registrations) {
        let odds = (usual + 0.1 * normal(random)).exp();
        let share = if alone { 1.0 } else { odds / (1.0 + odds) };
        let part = ((*cents as f64 * share).round() as u64).min(*cents);
        let of_part = binomial(random, *registrations, share);
        first.push(funnel(random, channel, part, of_part, validity));
        second.push(funnel(random, channel, cents - part, registrations - of_part, validity));
    }
    let account = |((number, campaign, department), days)| Account {
        name: format!("{}-{}-{number}", channel.supplier.code, channel.platform.code),
        campaign,
        department,
        days,
    };
    names.into_iter().zip([first, second]).take(if alone { 1 } else { 2 }).map(account).collect()
}

/// The figures of one account and day: a chain of shares from impressions down, around the registrations.
fn funnel(random: &mut ChaCha8Rng, channel: &Channel, cents: u64, registrations: u64, validity: f64) -> Figures {
    let shown = cents as f64 / 100.0 / channel.platform.cpm * 1000.0 * (0.1 * normal(random)).exp();
    let clicked = binomial(random, shown.round() as u64, channel.platform.click_rate);
    let read = binomial(random, clicked, 0.72);
    let entered = binomial(random, read.saturating_sub(registrations), 0.14) + registrations;
    let reads = read.max(entered);
    let clicks = clicked.max(reads);
    let valid = binomial(random, registrations, validity);
    Figures {
        cents,
        impressions: (shown.round() as u64).max(clicks),
        clicks,
        reads,
        entries: entered,
        registrations,
        valid,
    }
}

fn binomial(random: &mut ChaCha8Rng, trials: u64, share: f64) -> u64 {
    Binomial::new(trials, share).expect("a share").sample(random)
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(random)
}
