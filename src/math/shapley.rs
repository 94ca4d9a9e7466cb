//! Shapley values: what each of several changes made together did, whatever the order that one would make them in.
//!
//! ```text
//! φ_i = Σ_{S ∌ i} |S|! (n − |S| − 1)! ÷ n! · ( v(S ∪ i) − v(S) )        Σ_i φ_i = v(all) − v(none)
//! ```
//!
//! Shapley (1953), "A value for n-person games"; for bridges between two states of a figure, Shorrocks (2013),
//! "Decomposition procedures for distributional analysis: a unified framework based on the Shapley value".

/// The values of `n` changes; `value` gives the figure after the changes whose bits are set.
///
/// # Panics
///
/// Panics for more than 16 changes: it asks for all 2ⁿ of their combinations.
///
/// ```
/// use outlay::math::shapley::shapley;
/// // spend grows from 100 to 150 and price from 2 to 3: 450 − 200
/// let value = |done: usize| [100.0, 150.0][done & 1] * [2.0, 3.0][done >> 1];
/// assert_eq!(shapley(2, value), [125.0, 125.0]);
/// ```
pub fn shapley(n: usize, value: impl Fn(usize) -> f64) -> Vec<f64> {
    assert!(n <= 16, "{n} changes have too many combinations");
    let values: Vec<f64> = (0..1 << n).map(value).collect();
    let weights = weights(n);
    let of = |change: usize| {
        let without = (0..1 << n).filter(|done| done >> change & 1 == 0);
        without
            .map(|done: usize| weights[done.count_ones() as usize] * (values[done | 1 << change] - values[done]))
            .sum()
    };
    (0..n).map(of).collect()
}

/// s! (n − s − 1)! ÷ n! for s from 0.
fn weights(n: usize) -> Vec<f64> {
    let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
    (0..n).map(|s| factorial(s) * factorial(n - s - 1) / factorial(n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_add_up_to_the_whole_change(table in prop::collection::vec(-1e6..1e6f64, 16)) {
            let sum: f64 = shapley(4, |done| table[done]).iter().sum();
            prop_assert!((sum - (table[15] - table[0])).abs() < 1e-6);
        }

        #[test]
        fn what_changes_nothing_is_worth_nothing(table in prop::collection::vec(-1e6..1e6f64, 4)) {
            let values = shapley(3, |done| table[done & 3]);
            prop_assert!(values[2].abs() < 1e-9);
        }
    }
}
