//! AHP: weights from pairwise judgements (Saaty 2008, "Decision making with the analytic hierarchy process", Int. J. Services
//! Sciences 1).
//!
//! The weights are the principal right eigenvector of the judgements, found by power iteration; λ is its eigenvalue,
//!
//! ```text
//!     CI = (λ − n) / (n − 1),    CR = CI / RI[n]
//! ```
//!
//! RI being the mean CI of random judgements. Above CR = 0.10 the judgements contradict each other and no weights are given: the most
//! contradictory judgement is named instead.

use crate::check::{Error, Kind};

/// RI for n = 3, 4, … 10.
const RANDOM: [f64; 8] = [0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49];
/// Largest consistency ratio that is accepted.
pub const CONSISTENT: f64 = 0.10;
/// Largest relative deviation of a judgement from the reciprocal of its mirror image: what nine printed digits allow.
const RECIPROCAL: f64 = 1e-6;

/// Weights and how consistent the judgements are.
#[derive(Clone, Debug, PartialEq)]
pub struct Elicited {
    /// Weights that add up to 1.
    pub weights: Vec<f64>,
    /// Principal eigenvalue.
    pub lambda: f64,
    /// Consistency ratio; 0 for one or two criteria.
    pub ratio: f64,
}

/// Weights from judgements: `judgements[i][j]` is how many times as important i is as j.
///
/// # Errors
///
/// [`Kind::Input`] for judgements that are no reciprocal matrix of positive numbers, with every pair that is wrong; for more than
/// ten criteria; and for judgements whose consistency ratio is above [`CONSISTENT`], with the one that fits worst.
pub fn elicit(names: &[String], judgements: &[Vec<f64>]) -> Result<Elicited, Error> {
    let n = names.len();
    if n == 0 || n > 10 || judgements.len() != n || judgements.iter().any(|row| row.len() != n) {
        let message = format!("{} rows of judgements for {n} criteria, expected a square of 1 to 10", judgements.len());
        return Err(Error::new(Kind::Input, message).help("a criterion a row and a column, in the same order"));
    }
    reciprocal(names, judgements)?;
    let (weights, lambda) = principal(judgements);
    let ratio = if n < 3 { 0.0 } else { (lambda - n as f64) / (n - 1) as f64 / RANDOM[n - 3] };
    if ratio > CONSISTENT {
        return Err(contradiction(names, judgements, &weights, ratio));
    }
    Ok(Elicited { weights, lambda, ratio })
}

fn reciprocal(names: &[String], judgements: &[Vec<f64>]) -> Result<(), Error> {
    let mut wrong = Vec::new();
    for (i, row) in judgements.iter().enumerate() {
        for (j, judgement) in row.iter().enumerate().take(i + 1) {
            let mirrored = judgement * judgements[j][i];
            if !(*judgement > 0.0 && judgement.is_finite() && (mirrored - 1.0).abs() <= RECIPROCAL) {
                let message = format!(
                    "`{}` against `{}` is {judgement}, the other way round {}, expected reciprocals above 0",
                    names[i], names[j], judgements[j][i]
                );
                wrong.push(
                    Error::new(Kind::Input, message).help("write 1/x for the mirror image of x, and 1 for itself"),
                );
            }
        }
    }
    Error::all(wrong)
}

/// The principal eigenvector, sum 1, and its eigenvalue.
fn principal(judgements: &[Vec<f64>]) -> (Vec<f64>, f64) {
    let n = judgements.len();
    let mut weights = vec![1.0 / n as f64; n];
    let mut lambda = n as f64;
    for _ in 0..1000 {
        let next: Vec<f64> =
            judgements.iter().map(|row| row.iter().zip(&weights).map(|(a, w)| a * w).sum::<f64>()).collect();
        let sum: f64 = next.iter().sum();
        let moved = next.iter().zip(&weights).map(|(next, old)| (next / sum - old).abs()).fold(0.0, f64::max);
        lambda = sum;
        weights = next.iter().map(|next| next / sum).collect();
        if moved < 1e-15 {
            break;
        }
    }
    (weights, lambda)
}

fn contradiction(names: &[String], judgements: &[Vec<f64>], weights: &[f64], ratio: f64) -> Error {
    let n = names.len();
    let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
    let off = |(i, j): &(usize, usize)| (judgements[*i][*j] * weights[*j] / weights[*i]).ln().abs();
    let worst = pairs.max_by(|one, other| off(one).total_cmp(&off(other))).unwrap_or((0, 0));
    let (i, j) = worst;
    let message =
        format!("the judgements contradict each other: consistency ratio {ratio:.3}, expected at most {CONSISTENT:.2}");
    Error::new(Kind::Input, message).help(format!(
        "look first at `{}` against `{}`: {:.2} was said, the others come to {:.2}",
        names[i],
        names[j],
        judgements[i][j],
        weights[i] / weights[j]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|at| format!("c{at}")).collect()
    }

    #[test]
    fn consistent_judgements_give_their_weights() {
        let weights = [0.5, 0.3, 0.2];
        let judgements: Vec<Vec<f64>> = weights.iter().map(|a| weights.iter().map(|b| a / b).collect()).collect();
        let found = elicit(&names(3), &judgements).unwrap();
        assert!(found.ratio.abs() < 1e-12 && found.weights.iter().zip(weights).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn contradictions_are_refused_with_the_worst_of_them() {
        // a > b > c > a
        let judgements = vec![vec![1.0, 5.0, 0.2], vec![0.2, 1.0, 5.0], vec![5.0, 0.2, 1.0]];
        let error = elicit(&names(3), &judgements).unwrap_err().to_string();
        assert!(error.contains("contradict each other") && error.contains("look first at `c"), "{error}");
        let lopsided = vec![vec![1.0, 2.0], vec![2.0, 1.0]];
        assert!(elicit(&names(2), &lopsided).unwrap_err().to_string().contains("expected reciprocals"));
    }
}
