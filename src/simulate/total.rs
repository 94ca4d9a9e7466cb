//! The same world where registrations cannot be tied to channels: spend by channel, and one total over all of them and a
//! baseline.
//!
//! ```text
//!     baseline[t] = level · (1 + season) · weekday · noise        total[t] = baseline[t] + Σ_c registrations_c[t]
//! ```

use std::f64::consts::TAU;
use std::fmt::Write;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Channel, World, project, stream};

/// The baseline's share of the total.
const BASELINE: f64 = 0.5;
/// Amplitude of its season.
const SEASON: f64 = 0.15;
/// Its weekdays, Monday first.
const WEEKDAYS: [f64; 7] = [1.06, 1.09, 1.075, 1.045, 1.0, 0.85, 0.88];
/// Its noise, as a share.
const NOISE: f64 = 0.05;
/// The number of the baseline's random stream.
const STREAM: u64 = u64::from_be_bytes(*b"baseline");

/// Files of a world whose total alone is known: exports without registrations, `kpi.csv`, the settings and `truth.json`.
///
/// ```
/// let files = outlay::simulate::total_files(&outlay::simulate::world(1));
/// assert!(files.iter().any(|(path, _)| path == "kpi.csv"));
/// ```
pub fn total_files(world: &World) -> Vec<(String, Vec<u8>)> {
    vec![
        ("outlay.toml".to_owned(), project::total_settings(world).into_bytes()),
        ("exports/delivery.csv".to_owned(), delivery(world).into_bytes()),
        ("kpi.csv".to_owned(), kpi(world).into_bytes()),
        ("truth.json".to_owned(), project::truth(world)),
    ]
}

fn delivery(world: &World) -> String {
    let mut text = "date,platform,supplier,spend,impressions,clicks\n".to_owned();
    for channel in &world.channels {
        for (at, day) in world.days.iter().enumerate() {
            let of = |f: fn(&super::Figures) -> u64| channel.accounts.iter().map(|a| f(&a.days[at])).sum::<u64>();
            let spend = of(|figures| figures.cents) as f64 / 100.0;
            let (shown, clicks) = (of(|figures| figures.impressions), of(|figures| figures.clicks));
            let (platform, supplier) = (channel.platform.name, channel.supplier.name);
            writeln!(text, "{day},{platform},{supplier},{spend:.2},{shown},{clicks}").expect("text grows");
        }
    }
    text
}

fn kpi(world: &World) -> String {
    let brought = |channel: &Channel, at: usize| channel.accounts.iter().map(|a| a.days[at].registrations).sum::<u64>();
    let days = world.days.len();
    let paid: Vec<u64> = (0..days).map(|at| world.channels.iter().map(|c| brought(c, at)).sum()).collect();
    let level = paid.iter().sum::<u64>() as f64 / days as f64 * BASELINE / (1.0 - BASELINE);
    let mut random = stream(world.seed, STREAM);
    let phase: f64 = random.random();
    let mut text = "date,registrations\n".to_owned();
    for (at, day) in world.days.iter().enumerate() {
        let season = 1.0 + SEASON * (TAU * (at as f64 / 365.25 - phase)).sin();
        let weekday = WEEKDAYS[day.weekday().to_monday_zero_offset() as usize];
        let noise: f64 = StandardNormal.sample(&mut random);
        let baseline = (level * season * weekday * (1.0 + NOISE * noise)).max(0.0).round();
        writeln!(text, "{day},{}", paid[at] + baseline as u64).expect("text grows");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::world;

    #[test]
    fn the_total_is_more_than_what_channels_bring_and_a_seed_gives_the_same_bytes() {
        let world = world(3);
        assert_eq!(total_files(&world), total_files(&world));
        let sum = |text: &str| -> f64 {
            text.lines().skip(1).map(|line| line.split_once(',').unwrap().1.parse::<f64>().unwrap()).sum()
        };
        let paid: f64 =
            world.channels.iter().flat_map(|c| &c.accounts).flat_map(|a| &a.days).map(|d| d.registrations as f64).sum();
        let share = 1.0 - paid / sum(&kpi(&world));
        assert!((share - BASELINE).abs() < 0.02, "{share}");
        assert!(!delivery(&world).contains("registrations"));
    }
}
