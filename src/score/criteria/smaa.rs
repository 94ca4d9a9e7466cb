//! SMAA-2: does the decision depend on the weights? (Lahdelma & Salminen 2001, "SMAA-2: stochastic multicriteria acceptability
//! analysis for group decision making", Operations Research 49)
//!
//! Weights are sampled evenly from all that the user allows, figures from what is known of them. The *acceptability* `b[i][r]` is the
//! share of samples in which unit i ranks r; its *central weights* are the mean of those that put it first; its *confidence* is the
//! share of figures under which its central weights do put it first.

use super::ranks;

/// What SMAA-2 finds of one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptability {
    /// Share of samples at each rank, from the first.
    pub ranks: Vec<f64>,
    /// Mean of the weights that put it first; absent when none does.
    pub central: Option<Vec<f64>>,
    /// Share of figures under which its central weights put it first.
    pub confidence: Option<f64>,
}

impl Acceptability {
    /// The mean rank.
    pub fn expected_rank(&self) -> f64 {
        self.ranks.iter().zip(1..).map(|(share, rank)| share * f64::from(rank)).sum()
    }

    /// The share of samples in the first quarter, rounded up to whole units.
    pub fn top_quarter(&self) -> f64 {
        self.ranks[..self.ranks.len().div_ceil(4)].iter().sum()
    }
}

/// The acceptability of every unit: `worth(sample)` is the worth by criterion and unit in one state of what is not known.
///
/// Ties share the better rank's sample between them.
pub fn acceptability(units: usize, weights: &[Vec<f64>], worth: impl Fn(usize) -> Vec<Vec<f64>>) -> Vec<Acceptability> {
    let mut counts = vec![vec![0.0; units]; units];
    let mut central = vec![(0.0, vec![0.0; weights.first().map_or(0, Vec::len)]); units];
    for (sample, weights) in weights.iter().enumerate() {
        let scores = scores(&worth(sample), weights, units);
        let ranks = ranks(&scores);
        for (unit, rank) in ranks.iter().enumerate() {
            let tied = ranks.iter().filter(|other| *other == rank).count();
            (0..tied).for_each(|more| counts[unit][rank - 1 + more] += 1.0 / tied as f64);
            if *rank == 1 {
                let share = 1.0 / tied as f64;
                central[unit].0 += share;
                central[unit].1.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += share * weight);
            }
        }
    }
    let samples = weights.len().max(1) as f64;
    let mut found: Vec<Acceptability> = counts
        .into_iter()
        .zip(central)
        .map(|(counts, (first, sums))| Acceptability {
            ranks: counts.iter().map(|count| count / samples).collect(),
            central: (first > 0.0).then(|| sums.iter().map(|sum| sum / first).collect()),
            confidence: None,
        })
        .collect();
    confidences(&mut found, weights.len(), worth);
    found
}

fn confidences(found: &mut [Acceptability], samples: usize, worth: impl Fn(usize) -> Vec<Vec<f64>>) {
    let units = found.len();
    let mut firsts = vec![0.0; units];
    for sample in 0..samples {
        let worth = worth(sample);
        for (unit, acceptability) in found.iter().enumerate() {
            let Some(central) = &acceptability.central else { continue };
            let scores = scores(&worth, central, units);
            firsts[unit] += f64::from(u8::from(scores.iter().all(|score| *score <= scores[unit])));
        }
    }
    for (acceptability, firsts) in found.iter_mut().zip(firsts) {
        acceptability.confidence = acceptability.central.as_ref().map(|_| firsts / samples as f64);
    }
}

/// Σ weight · worth of every unit.
pub fn scores(worth: &[Vec<f64>], weights: &[f64], units: usize) -> Vec<f64> {
    (0..units).map(|unit| worth.iter().zip(weights).map(|(worth, weight)| weight * worth[unit]).sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::criteria::weights::Allowed;

    #[test]
    fn acceptabilities_of_two_criteria_are_shares_of_the_line() {
        // A (100, 0), B (0, 100), C (40, 40): C is first where 40 > 100 w and 40 > 100 (1 − w): nowhere.
        let worth = vec![vec![100.0, 0.0, 40.0], vec![0.0, 100.0, 40.0]];
        let weights = Allowed { count: 2, ..Allowed::default() }.sample(20_000, 1).unwrap();
        let found = acceptability(3, &weights, |_| worth.clone());
        assert!((found[0].ranks[0] - 0.5).abs() < 0.01 && (found[1].ranks[0] - 0.5).abs() < 0.01);
        assert_eq!((found[2].ranks[0], found[2].central.as_ref()), (0.0, None));
        // C is second where its 40 beats the smaller of w and 1 − w: |w − ½| > 0.1.
        assert!((found[2].ranks[1] - 0.8).abs() < 0.01, "{:?}", found[2]);
        assert!((found[0].central.as_ref().unwrap()[0] - 0.75).abs() < 0.01);
        assert_eq!(found[0].confidence, Some(1.0));
        let total: f64 = found.iter().map(|unit| unit.ranks.iter().sum::<f64>()).sum();
        assert!((total - 3.0).abs() < 1e-9);
    }

    #[test]
    fn ties_share_their_ranks() {
        let found = acceptability(2, &[vec![1.0]], |_| vec![vec![5.0, 5.0]]);
        assert_eq!((found[0].ranks.clone(), found[1].ranks.clone()), (vec![0.5, 0.5], vec![0.5, 0.5]));
    }
}
