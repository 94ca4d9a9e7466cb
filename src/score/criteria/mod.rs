//! Several criteria at once: an explicit weighted scorecard, and three ways to see what its weights decide.
//!
//! | method      | what it says                                                          | file        |
//! |-------------|-----------------------------------------------------------------------|-------------|
//! | scorecard   | Σ weight · worth, worth by a function of the figure in business units | [`worth`]   |
//! | SMAA-2      | under which share of all allowed weights each unit takes each rank    | [`smaa`]    |
//! | PROMETHEE II| net flow of pairwise preferences                                      | [`promethee`]|
//! | VIKOR       | a compromise between the sum of regrets and the largest one           | [`vikor`]   |
//! | AHP         | weights from pairwise judgements, refused when they contradict        | [`ahp`]     |
//!
//! Not here, on purpose: weights from the data (entropy, CRITIC), which reward outliers, and TOPSIS, whose winner changes with how
//! columns are normalised. `tests/all/cases_criteria.rs` shows both on published data.

pub mod ahp;
pub mod promethee;
pub mod smaa;
pub mod table;
pub mod vikor;
pub mod weights;
pub mod worth;

/// Which figures of a criterion are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Better {
    /// High ones.
    #[default]
    High,
    /// Low ones.
    Low,
}

impl Better {
    /// By how much `one` is better than `other`; negative when it is worse.
    pub fn lead(self, one: f64, other: f64) -> f64 {
        match self {
            Better::High => one - other,
            Better::Low => other - one,
        }
    }
}

/// Ranks of scores, 1 the highest; equal scores share the better rank.
///
/// ```
/// use outlay::score::criteria::ranks;
/// assert_eq!(ranks(&[3.0, 5.0, 3.0, 1.0]), [2, 1, 2, 4]);
/// ```
pub fn ranks(scores: &[f64]) -> Vec<usize> {
    scores.iter().map(|score| 1 + scores.iter().filter(|other| *other > score).count()).collect()
}
