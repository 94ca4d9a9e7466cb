//! The smoothed bootstrap of Simar and Wilson: how far from the frontier a unit may truly be.
//!
//! Efficiency is measured against the best units seen, and the best possible ones may not be among them: estimates are too high. The
//! bootstrap resamples how far units stand from the frontier, builds a pseudo-frontier of each sample, and takes what that
//! does to the estimates for what sampling did to the truth.
//!
//! ```text
//!     δᵢ = 1/θᵢ ≥ 1                     β from {δⱼ, 2 − δⱼ}, j = 1 … n
//!     δ̃ᵢ = 1 + (β + hε − 1) ÷ √(1 + h²/σ²)         δ*ᵢ = δ̃ᵢ, or 2 − δ̃ᵢ below 1         ε ~ N(0, 1)
//!     x*ᵢ = xᵢ δ*ᵢ/δᵢ (input oriented)              y*ᵢ = yᵢ δᵢ/δ*ᵢ (output oriented)
//!     corrected 2δᵢ − mean δ*ᵢ          interval [2δᵢ − q₉₇.₅(δ*ᵢ), 2δᵢ − q₂.₅(δ*ᵢ)]
//! ```
//!
//! where the last line's δ* are the original units' against the pseudo-units, and σ² is the mean of (δ − 1)². The bandwidth h is
//! that of Daraio and Simar, a normal-reference rule on the reflected inefficient scores, brought to the scale of δ.
//!
//! Simar & Wilson (1998), Management Science 44; Daraio & Simar (2007), "Advanced Robust and Nonparametric Methods in
//! Efficiency Analysis", eqs 3.23–3.26.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::Serialize;

use super::envelope::{Model, Orient, Units};
use crate::check::{Error, Kind};

/// Streams of the replicates start here, apart from those of other draws.
const STREAM: u64 = 7 << 32;

/// A unit's efficiency after what the bootstrap says of its bias, and its basic 95 % interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Corrected {
    /// 1 ÷ (2δ − mean δ*).
    pub corrected: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Bias-corrected efficiency of every unit, over `replicates` pseudo-frontiers.
///
/// # Errors
///
/// [`Kind::Input`] when every unit is efficient or one has no output at all: there is no distance to resample. Otherwise as
/// [`Units::radial_under`].
pub fn bootstrap(units: &Units, model: &Model, replicates: usize, seed: u64) -> Result<Vec<Corrected>, Error> {
    let scores: Vec<f64> = units.radial_under(model)?.iter().map(|score| score.efficiency).collect();
    if let Some(unit) = scores.iter().position(|score| *score == 0.0) {
        return Err(Error::new(Kind::Input, format!("unit {} has no output, its distance has no end", unit + 1))
            .help("leave units without output out of the bootstrap"));
    }
    let width = bandwidth(&scores).ok_or_else(|| {
        Error::new(Kind::Input, "every unit is efficient: there is no distance from the frontier to resample")
            .help("use fewer columns or more units, or leave the bootstrap out")
    })?;
    let kernel = Kernel::of(&scores, width);
    let replicate = |number: usize| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(STREAM | number as u64);
        let among = resampled(units, model, &kernel, &mut random);
        let found = units.against(&among, model)?;
        found.into_iter().map(|score| score.map(|score| 1.0 / score).ok_or_else(unreached)).collect()
    };
    let drawn: Vec<Result<Vec<f64>, Error>> = (0..replicates).into_par_iter().map(replicate).collect();
    let drawn = drawn.into_iter().collect::<Result<Vec<Vec<f64>>, Error>>()?;
    Ok((0..scores.len()).map(|unit| corrected(kernel.distances[unit], &drawn, unit)).collect())
}

/// Daraio and Simar's bandwidth for distances δ = 1/θ; absent when every unit is efficient.
///
/// ```text
///     h = 0.9 min(s₂ₘ, IQR/1.349) (2m)^(−1/5) · (2m/n)^(1/5) · sd(1/θ)/s₂ₘ
/// ```
///
/// over the m inefficient scores θ and their reflections 2 − θ.
///
/// # Examples
///
/// ```
/// let h = outlay::score::bootstrap::bandwidth(&[1.0, 0.625, 1.0, 0.9, 1.0]).unwrap();
/// assert!((h - 0.1341004).abs() < 1e-6);
/// ```
pub fn bandwidth(scores: &[f64]) -> Option<f64> {
    let inefficient = scores.iter().copied().filter(|score| *score < 1.0);
    let mut reflected: Vec<f64> = inefficient.flat_map(|score| [score, 2.0 - score]).collect();
    if reflected.is_empty() {
        return None;
    }
    reflected.sort_by(f64::total_cmp);
    let (spread, count) = (deviation(&reflected), reflected.len() as f64);
    let quartiles = (quantile(&reflected, 0.75) - quantile(&reflected, 0.25)) / 1.349;
    let narrow = if quartiles > 0.0 { spread.min(quartiles) } else { spread };
    let distances: Vec<f64> = scores.iter().map(|score| 1.0 / score).collect();
    let size = (count / scores.len() as f64).powf(0.2) * deviation(&distances) / spread;
    Some(0.9 * narrow * count.powf(-0.2) * size)
}

/// What pseudo-distances are drawn from.
struct Kernel {
    distances: Vec<f64>,
    width: f64,
    /// √(1 + h²/σ²): noise widens, this narrows back.
    narrowing: f64,
}

impl Kernel {
    fn of(scores: &[f64], width: f64) -> Kernel {
        let distances: Vec<f64> = scores.iter().map(|score| 1.0 / score).collect();
        let variance = distances.iter().map(|d| (d - 1.0).powi(2)).sum::<f64>() / distances.len() as f64;
        Kernel { distances, width, narrowing: (1.0 + width * width / variance).sqrt() }
    }

    fn draw(&self, random: &mut ChaCha8Rng) -> f64 {
        let drawn = self.distances[random.random_range(0..self.distances.len())];
        let side = if random.random::<bool>() { drawn } else { 2.0 - drawn };
        let noise: f64 = StandardNormal.sample(random);
        let smooth = 1.0 + (side + self.width * noise - 1.0) / self.narrowing;
        if smooth < 1.0 { 2.0 - smooth } else { smooth }
    }
}

/// Pseudo-units: each at a drawn distance from its own point of the frontier.
fn resampled(units: &Units, model: &Model, kernel: &Kernel, random: &mut ChaCha8Rng) -> Units {
    let (mut inputs, mut outputs) = (units.inputs.clone(), units.outputs.clone());
    for (unit, distance) in kernel.distances.iter().enumerate() {
        let drawn = kernel.draw(random);
        match model.orient {
            Orient::Input => {
                let moved = (0..inputs.nrows()).filter(|input| !model.fixed.contains(input));
                moved.for_each(|input| inputs[(input, unit)] *= drawn / distance);
            }
            Orient::Output => outputs.column_mut(unit).mapv_inplace(|output| output * distance / drawn),
        }
    }
    Units::sized(inputs, outputs)
}

fn corrected(distance: f64, drawn: &[Vec<f64>], unit: usize) -> Corrected {
    let mut of_unit: Vec<f64> = drawn.iter().map(|replicate| replicate[unit]).collect();
    of_unit.sort_by(f64::total_cmp);
    let mean = of_unit.iter().sum::<f64>() / of_unit.len() as f64;
    let mirrored = |share: f64| 1.0 / (2.0 * distance - quantile(&of_unit, share));
    Corrected { corrected: 1.0 / (2.0 * distance - mean), low: mirrored(0.025), high: mirrored(0.975) }
}

/// The sample standard deviation.
fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0).max(1.0)).sqrt()
}

/// A quantile of ascending values, straight between its neighbours (Hyndman & Fan's type 7).
fn quantile(ascending: &[f64], share: f64) -> f64 {
    let place = share * (ascending.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    ascending[below] + (place - below as f64) * (ascending[above] - ascending[below])
}

fn unreached() -> Error {
    Error::new(Kind::Bug, "a unit lies beyond every pseudo-frontier").help("report it with the table that was analysed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::envelope::Returns;
    use ndarray::Array2;

    /// Units below the frontier y = √x, half-normally.
    fn world(seed: u64, count: usize) -> (Units, Vec<f64>) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut unit = || {
            let (output, slack): (f64, f64) = (random.random_range(1.0..3.0), StandardNormal.sample(&mut random));
            (output, (-0.3 * slack.abs()).exp())
        };
        let drawn: Vec<(f64, f64)> = (0..count).map(|_| unit()).collect();
        let inputs = Array2::from_shape_fn((1, count), |(_, at)| drawn[at].0 * drawn[at].0 / drawn[at].1);
        let outputs = Array2::from_shape_fn((1, count), |(_, at)| drawn[at].0);
        (Units::new(inputs, outputs).unwrap(), drawn.into_iter().map(|(_, truth)| truth).collect())
    }

    #[test]
    fn correction_comes_nearer_to_the_truth_and_intervals_hold_it() {
        let model = Model::new(Returns::Vrs, Orient::Input);
        let (mut raw, mut mended, mut held, mut count) = (0.0, 0.0, 0, 0);
        for seed in 0..6 {
            let (units, truth) = world(seed, 40);
            let scores = units.radial_under(&model).unwrap();
            let found = bootstrap(&units, &model, 120, seed).unwrap();
            for ((score, found), truth) in scores.iter().zip(&found).zip(&truth) {
                assert!(found.low <= found.corrected && found.high <= score.efficiency + 1e-9, "{found:?} {score:?}");
                raw += (score.efficiency - truth).abs();
                mended += (found.corrected - truth).abs();
                held += usize::from(found.low <= *truth && *truth <= found.high);
                count += 1;
            }
        }
        assert!(mended < 0.8 * raw, "{mended} {raw}");
        let cover = held as f64 / count as f64;
        assert!((0.80..=0.99).contains(&cover), "{cover}");
    }

    #[test]
    fn both_orientations_are_one_under_constant_returns_and_seeds_repeat() {
        let (units, _) = world(3, 25);
        let of = |orient, seed| bootstrap(&units, &Model::new(Returns::Crs, orient), 60, seed).unwrap();
        for (one, other) in of(Orient::Input, 1).iter().zip(of(Orient::Output, 1)) {
            assert!((one.corrected / other.corrected - 1.0).abs() < 1e-6, "{one:?} {other:?}");
        }
        assert_eq!(of(Orient::Input, 1), of(Orient::Input, 1));
        assert_ne!(of(Orient::Input, 1), of(Orient::Input, 2));
    }

    #[test]
    fn nothing_to_resample_is_refused() {
        let same = Units::new(Array2::ones((1, 5)), Array2::ones((1, 5))).unwrap();
        let error = bootstrap(&same, &Model::default(), 10, 1).unwrap_err();
        assert!(error.to_string().contains("every unit is efficient"), "{error}");
    }
}
