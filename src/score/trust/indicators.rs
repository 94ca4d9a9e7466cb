//! Invalid-traffic indicators: what in a supplier's figures is unlike its peers', with the evidence. Never a verdict.
//!
//! A share (events of trials) is compared within a pool on the logit scale:
//!
//! ```text
//!     x = ln((y + ½) / (n − y + ½)),    v = φ (1/(y + ½) + 1/(n − y + ½))       of one supplier
//!     z = (x − median x) / √(τ² + v)
//! ```
//!
//! | symbol | meaning                                                                                    |
//! |--------|--------------------------------------------------------------------------------------------|
//! | φ      | how much more the daily share varies than by chance, see `share`                           |
//! | τ      | how much true shares differ: such that half of all z lie within ±0.6745, 0 where chance explains it |
//!
//! with the median of the supplier's own pool and one τ over all pools, so that neither a few outliers nor noisy small suppliers set the
//! scale. z is taken for t-distributed with 0.37 (k − g) degrees of freedom for k suppliers in g pools, 0.37 being the efficiency of a
//! median deviation. All indicators of all suppliers are held to one
//! false-discovery rate (Benjamini & Hochberg 1995, JRSS B 57).
//!
//! | indicator                 | family     | share                     | suspicious | reads as                     |
//! |---------------------------|------------|---------------------------|------------|------------------------------|
//! | `click_rate`              | clicks     | clicks of impressions     | high       | click flooding, incentives   |
//! | `reads_per_click`         | conversion | reads of clicks           | low        | clicks that nobody made      |
//! | `registrations_per_click` | conversion | registrations of clicks   | low        | the same                     |
//! | `registrations_per_read`  | conversion | registrations of reads    | low        | the same                     |
//! | `approval`                | quality    | valid of registrations    | low        | made-up registrations        |
//! | `night_share`             | time       | clicks from 0 to 6 o'clock| high       | bots                         |
//! | those of [`super::registered`] |            | single registrations      |            |                              |
//! | `too_regular`             | regularity | –                         | –          | days more alike than chance  |
//! | `round_counts`            | regularity | days with a count in tens | high       | figures made by hand         |
//! | `impossible`              | funnel     | days with more below than above in the funnel | any | tracking fault or stuffing |
//!
//! Two families of evidence raised at once are amber, three are red; a family counts once.

use statrs::function::beta::beta_reg;
use statrs::function::gamma::gamma_lr;

use super::grouped::Grouped;
use super::registered::{LOOKS, Look, Registered};
use crate::math::quantile;
use crate::score::card::{Indicator, Light, NotLookedAt};
use crate::score::cost::series::Series;
use crate::score::cost::swings::pearson;
use crate::score::share::{Trials, overdispersion, trials};
use crate::score::tally::{Day, Tallies};
use crate::settings::TrustRules;
use crate::units::Measure;

/// Peers that a comparison needs.
const FEWEST_PEERS: usize = 5;
/// Efficiency of a median deviation as a measure of spread.
const EFFICIENCY: f64 = 0.37;
/// Days that a look at regularity needs.
const FEWEST_DAYS: usize = 14;
/// KPI a day from which on counts can be too regular or too round.
const DAILY: f64 = 10.0;
/// Share of days with an impossible funnel from which on it is raised.
const IMPOSSIBLE: f64 = 0.05;

/// A share that is compared with the peers'.
struct Compared {
    name: &'static str,
    family: &'static str,
    events: Measure,
    trials: Measure,
    high: bool,
    words: &'static str,
}

const SHARES: [Compared; 5] = [
    Compared {
        name: "click_rate",
        family: "clicks",
        events: Measure::Clicks,
        trials: Measure::Impressions,
        high: true,
        words: "clicks of impressions",
    },
    Compared {
        name: "reads_per_click",
        family: "conversion",
        events: Measure::Reads,
        trials: Measure::Clicks,
        high: false,
        words: "reads of clicks",
    },
    Compared {
        name: "registrations_per_click",
        family: "conversion",
        events: Measure::Registrations,
        trials: Measure::Clicks,
        high: false,
        words: "registrations of clicks",
    },
    Compared {
        name: "registrations_per_read",
        family: "conversion",
        events: Measure::Registrations,
        trials: Measure::Reads,
        high: false,
        words: "registrations of reads",
    },
    Compared {
        name: "approval",
        family: "quality",
        events: Measure::ValidRegistrations,
        trials: Measure::Registrations,
        high: false,
        words: "valid of registrations",
    },
];

/// Tables that some indicators need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside<'a> {
    /// Clicks at night, out of all.
    pub hours: Option<&'a Grouped>,
    /// Single registrations.
    pub registered: Option<&'a Registered>,
}

/// The indicators of every supplier, raised or not, and those that could not be looked at.
pub(super) fn indicators(
    tallies: &Tallies,
    series: &[Series],
    beside: Beside<'_>,
    rules: &TrustRules,
) -> (Vec<Vec<Indicator>>, Vec<NotLookedAt>) {
    let mut found: Vec<(usize, Indicator)> = Vec::new();
    let mut missing = Vec::new();
    for share in &SHARES {
        let there = compared(share, tallies, rules);
        if there.is_empty() {
            let needs = "both counts by day, of at least five suppliers of one platform";
            missing.push(NotLookedAt { indicator: share.name.into(), needs: needs.into() });
        }
        found.extend(there);
    }
    for (look, grouped) in looks(beside) {
        match grouped {
            Some(grouped) => found.extend(told(grouped, look, tallies, rules)),
            None => missing.push(NotLookedAt { indicator: look.name.into(), needs: look.needs.into() }),
        }
    }
    found.extend(series.iter().flat_map(|series| regularity(series, &tallies.pools)));
    found.extend(impossible(tallies));
    raise(&mut found, rules.false_discovery);
    let mut by_supplier: Vec<Vec<Indicator>> = vec![Vec::new(); tallies.suppliers.len()];
    found.into_iter().for_each(|(supplier, indicator)| by_supplier[supplier].push(indicator));
    (by_supplier, missing)
}

/// How many families are raised.
pub(super) fn light(indicators: &[Indicator]) -> Light {
    let mut families: Vec<&str> = indicators.iter().filter(|one| one.raised).map(|one| &*one.family).collect();
    families.sort_unstable();
    families.dedup();
    match families.len() {
        0 => Light::None,
        1 => Light::Watch,
        2 => Light::Amber,
        _ => Light::Red,
    }
}

fn compared(share: &Compared, tallies: &Tallies, rules: &TrustRules) -> Vec<(usize, Indicator)> {
    let all = trials(tallies, share.events, share.trials);
    let group = |(pool, name): (usize, &String)| {
        let own: Vec<&Trials> = all.iter().filter(|trials| trials.pool == pool).collect();
        let phi = overdispersion(own.iter().copied());
        Peers::of(name, phi, own.iter().map(|trials| (trials.supplier, trials.sums())), rules)
    };
    let groups: Vec<Peers> = tallies.pools.iter().enumerate().filter_map(group).collect();
    held(&groups, (share.name, share.family, share.words), share.high)
}

const NIGHT: Look = Look {
    name: "night_share",
    family: "time",
    column: "hour",
    words: "clicks between 0 and 6 o'clock",
    high: true,
    needs: "clicks by hour: `[score] hours`",
};

/// What the tables beside the exports may tell, with the shares where they hold them.
fn looks<'a>(beside: Beside<'a>) -> impl Iterator<Item = (&'static Look, Option<&'a Grouped>)> {
    let share = move |at: usize| beside.registered.and_then(|registered| registered.shares()[at].as_ref());
    let of = move |(at, look): (usize, &'static Look)| (look, share(at));
    std::iter::once((&NIGHT, beside.hours)).chain(LOOKS.iter().enumerate().map(of))
}

fn told(grouped: &Grouped, look: &Look, tallies: &Tallies, rules: &TrustRules) -> Vec<(usize, Indicator)> {
    let group = |group: &str| {
        let sums = grouped.of(group).filter_map(|(name, sums)| Some((tallies.place(name)?, sums)));
        Peers::of(group, grouped.overdispersion(group), sums, rules)
    };
    let groups: Vec<Peers> = grouped.groups().into_iter().filter_map(group).collect();
    held(&groups, (look.name, look.family, look.words), look.high)
}

/// The suppliers of one pool on the logit scale.
struct Peers {
    pool: String,
    suppliers: Vec<usize>,
    sums: Vec<(f64, f64)>,
    /// x − median x.
    off: Vec<f64>,
    /// v.
    errors: Vec<f64>,
    /// The median as a share.
    median: f64,
}

impl Peers {
    /// The suppliers with trials enough; absent when they are too few to be held against each other.
    fn of(pool: &str, phi: f64, sums: impl Iterator<Item = (usize, (f64, f64))>, rules: &TrustRules) -> Option<Peers> {
        let (suppliers, sums): (Vec<usize>, Vec<(f64, f64)>) =
            sums.filter(|(_, (_, trials))| *trials >= rules.least_events).unzip();
        if sums.len() < FEWEST_PEERS {
            return None;
        }
        let logits: Vec<f64> = sums.iter().map(|(y, n)| ((y + 0.5) / (n - y + 0.5)).ln()).collect();
        let errors = sums.iter().map(|(y, n)| phi * (1.0 / (y + 0.5) + 1.0 / (n - y + 0.5))).collect();
        let median = quantile(&logits, 0.5);
        let off = logits.iter().map(|logit| logit - median).collect();
        Some(Peers { pool: pool.into(), suppliers, sums, off, errors, median: 1.0 / (1.0 + (-median).exp()) })
    }
}

/// Every supplier against its own pool's median, on the spread of all pools together.
fn held(
    groups: &[Peers],
    (name, family, words): (&'static str, &'static str, &str),
    high: bool,
) -> Vec<(usize, Indicator)> {
    let off: Vec<f64> = groups.iter().flat_map(|group| group.off.iter().copied()).collect();
    let errors: Vec<f64> = groups.iter().flat_map(|group| group.errors.iter().copied()).collect();
    let spread = spread(&off, &errors, 0.0);
    let freedom = (EFFICIENCY * off.len().saturating_sub(groups.len()) as f64).max(1.0);
    let one = |group: &Peers, at: usize| {
        let z = group.off[at] / (spread * spread + group.errors[at]).sqrt();
        let (events, trials) = group.sums[at];
        let evidence = format!(
            "{:.2} % {words} against {:.2} % of {} peers on {}, out of {trials:.0}.",
            100.0 * events / trials,
            100.0 * group.median,
            group.sums.len() - 1,
            group.pool
        );
        let found = Indicator {
            name: name.into(),
            family: family.into(),
            pool: group.pool.clone(),
            value: events / trials,
            peers: group.median,
            z,
            p: t_above(if high { z } else { -z }, freedom),
            raised: false,
            evidence,
        };
        (group.suppliers[at], found)
    };
    groups.iter().flat_map(|group| (0..group.sums.len()).map(move |at| one(group, at))).collect()
}

/// How much true values differ: the τ at which half of all (x − median) / √(τ² + v) lie within ±0.6745.
fn spread(values: &[f64], errors: &[f64], median: f64) -> f64 {
    let typical = |spread: f64| {
        let scaled: Vec<f64> = values
            .iter()
            .zip(errors)
            .map(|(value, error)| (value - median).abs() / (spread * spread + error).sqrt())
            .collect();
        0.674_489_75 - quantile(&scaled, 0.5)
    };
    let widest = values.iter().map(|value| (value - median).abs()).fold(0.0, f64::max);
    crate::score::search::rising_zero(typical, 0.0, 10.0 * widest + 1e-9)
}

/// P(T > t) of Student's t.
fn t_above(t: f64, freedom: f64) -> f64 {
    let both = beta_reg(0.5 * freedom, 0.5, freedom / (freedom + t * t));
    if t > 0.0 { 0.5 * both } else { 1.0 - 0.5 * both }
}

/// Days more alike than chance makes them, and counts that end on a nought too often.
fn regularity(series: &Series, pools: &[String]) -> Vec<(usize, Indicator)> {
    let counts: Vec<f64> = series.days.iter().filter(|day| day.key.1 == 1).map(|day| day.events).collect();
    let large = counts.iter().filter(|count| **count >= DAILY).count();
    let mut found = Vec::new();
    if counts.len() < FEWEST_DAYS || large < FEWEST_DAYS {
        return found;
    }
    let pool = &pools[series.pool];
    if let Some((square, days)) = pearson(series) {
        let freedom = (days - 1) as f64;
        let value = square / freedom;
        let evidence = format!("days vary {value:.2} times as much as chance alone makes them, over {days} days.");
        let p = gamma_lr(0.5 * freedom, 0.5 * square.max(1e-12));
        let z = (square - freedom) / (2.0 * freedom).sqrt();
        found.push((series.supplier, plain("too_regular", pool, (value, 1.0), (z, p), evidence)));
    }
    let tens = counts.iter().filter(|count| **count >= DAILY && **count % 10.0 == 0.0).count();
    let (share, n) = (tens as f64 / large as f64, large as f64);
    let p = if tens == 0 { 1.0 } else { beta_reg(tens as f64, n - tens as f64 + 1.0, 0.1) };
    let evidence = format!("{tens} of {large} daily counts end on a nought; chance gives one in ten.");
    let z = (share - 0.1) / (0.09 / n).sqrt();
    found.push((series.supplier, plain("round_counts", pool, (share, 0.1), (z, p), evidence)));
    found
}

fn plain(
    name: &'static str,
    pool: &str,
    (value, peers): (f64, f64),
    (z, p): (f64, f64),
    evidence: String,
) -> Indicator {
    Indicator {
        name: name.into(),
        family: "regularity".into(),
        pool: pool.into(),
        value,
        peers,
        z,
        p,
        raised: false,
        evidence,
    }
}

/// Steps of the funnel that cannot grow: the lower count, the upper one.
const STEPS: [(Measure, Measure); 2] =
    [(Measure::Clicks, Measure::Impressions), (Measure::ValidRegistrations, Measure::Registrations)];

/// Days on which the funnel holds more below than above. No test of chance: it cannot be, so it is raised by itself.
fn impossible(tallies: &Tallies) -> Vec<(usize, Indicator)> {
    let is = |day: &Day| {
        let step = |(below, above): &(Measure, Measure)| Some(day.figure(*below)? > day.figure(*above)?);
        STEPS.iter().filter_map(step).any(|wrong| wrong)
    };
    let of = |(supplier, cell): (usize, &crate::score::tally::Cell)| {
        let wrong = cell.days.iter().filter(|day| is(day)).count();
        let value = wrong as f64 / cell.days.len().max(1) as f64;
        let evidence = format!(
            "{wrong} of {} days have more clicks than impressions, or more valid registrations than registrations.",
            cell.days.len()
        );
        let pool = tallies.pools[cell.pool].clone();
        let (p, z) = (if value > IMPOSSIBLE { 0.0 } else { 1.0 }, 0.0);
        let found = Indicator {
            name: "impossible".into(),
            family: "funnel".into(),
            pool,
            value,
            peers: 0.0,
            z,
            p,
            raised: false,
            evidence,
        };
        (wrong > 0).then_some((supplier, found))
    };
    tallies.cells().filter_map(of).collect()
}

/// Raises what is significant at a false-discovery rate over everything looked at (Benjamini & Hochberg).
fn raise(found: &mut [(usize, Indicator)], rate: f64) {
    let mut order: Vec<f64> = found.iter().map(|(_, indicator)| indicator.p).collect();
    order.sort_by(f64::total_cmp);
    let count = order.len() as f64;
    let kept = (1..=order.len()).rev().find(|rank| order[rank - 1] <= rate * *rank as f64 / count);
    let Some(bound) = kept.map(|rank| order[rank - 1]) else { return };
    found.iter_mut().for_each(|(_, indicator)| indicator.raised = indicator.p <= bound);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_tail_is_that_of_the_tables() {
        assert!((t_above(2.228, 10.0) - 0.025).abs() < 1e-4);
        assert!((t_above(0.0, 7.0) - 0.5).abs() < 1e-12);
        assert!((t_above(-1.812, 10.0) - 0.95).abs() < 1e-4);
    }

    #[test]
    fn one_outlier_does_not_set_the_scale_and_chance_is_no_spread() {
        let values = [0.0, 0.1, -0.1, 0.05, -0.05, 8.0];
        let found = spread(&values, &[1e-6; 6], 0.025);
        assert!((0.05..0.3).contains(&found), "{found}");
        assert_eq!(spread(&[0.01, -0.01, 0.0, 0.02, -0.02], &[1.0; 5], 0.0), 0.0);
    }

    #[test]
    fn false_discoveries_stay_below_the_rate() {
        use rand::{Rng, SeedableRng};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let (mut false_ones, mut all) = (0, 0);
        for _ in 0..200 {
            let p = |at: usize, rng: &mut rand_chacha::ChaCha8Rng| if at < 10 { 1e-5 } else { rng.random() };
            let mut found: Vec<(usize, Indicator)> = (0..200)
                .map(|at| (at, plain("round_counts", "x", (0.0, 0.0), (0.0, p(at, &mut rng)), String::new())))
                .collect();
            raise(&mut found, 0.05);
            let raised = || found.iter().filter(|(_, indicator)| indicator.raised);
            assert!(raised().count() >= 10);
            false_ones += raised().filter(|(at, _)| *at >= 10).count();
            all += raised().count();
        }
        assert!((false_ones as f64) < 0.06 * all as f64, "{false_ones} of {all}");
    }
}
