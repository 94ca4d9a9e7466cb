//! What face value costs in cash under a supplier's contract.
//!
//! A rebate rate r means face value ÷ (1 + r): 105,000 at 5 % cost 100,000. Tiers are marginal (each tranche at its own
//! rate) or whole (all of it at the rate of the tier reached). A commitment that is missed costs a share of the missing
//! face value; an agency fee is on cash and added to it.

use crate::settings::{Contract, RebateMethod};

/// Cash for `face` value with one supplier.
///
/// ```
/// use outlay::plan::cash::cash;
/// use outlay::settings::{Contract, RebateMethod, Tier};
/// let contract = Contract {
///     supplier: "North".into(),
///     rebate: vec![Tier { from: 0.0, rate: 0.05 }],
///     method: RebateMethod::Marginal,
///     commitment: 0.0,
///     shortfall_penalty: 0.0,
///     fee: 0.0,
/// };
/// assert_eq!(cash(105_000.0, Some(&contract)), 100_000.0);
/// assert_eq!(cash(105_000.0, None), 105_000.0);
/// ```
pub fn cash(face: f64, contract: Option<&Contract>) -> f64 {
    let Some(contract) = contract else { return face };
    let paid = match contract.method {
        RebateMethod::Marginal => marginal(face, contract),
        RebateMethod::Whole => face / (1.0 + rate_at(face, contract)),
    };
    let missing = (contract.commitment - face).max(0.0);
    paid * (1.0 + contract.fee) + missing * contract.shortfall_penalty
}

/// Part of a contract on which cash is a straight line: from and to some face value, cash at face 0 of the line, and cash
/// per further unit of face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// Least face value.
    pub from: f64,
    /// Most face value.
    pub to: f64,
    /// Where the line meets face value 0.
    pub base: f64,
    /// Cash per unit of face value.
    pub rate: f64,
}

/// The pieces of a contract, ascending; where the volume of a tier is counted whole, a cent lies between two.
///
/// ```
/// use outlay::plan::cash::{cash, pieces};
/// use outlay::settings::{Contract, RebateMethod, Tier};
/// let tiers = vec![Tier { from: 0.0, rate: 0.0 }, Tier { from: 1_000.0, rate: 0.25 }];
/// let contract = Contract {
///     supplier: "North".into(),
///     rebate: tiers,
///     method: RebateMethod::Whole,
///     commitment: 0.0,
///     shortfall_penalty: 0.0,
///     fee: 0.0,
/// };
/// let [below, above] = pieces(&contract)[..] else { panic!("two tiers") };
/// assert_eq!((below.to, above.from), (999.99, 1_000.0));
/// assert_eq!(above.base + above.rate * 1_500.0, cash(1_500.0, Some(&contract)));
/// ```
pub fn pieces(contract: &Contract) -> Vec<Piece> {
    let mut ends: Vec<f64> = contract.rebate.iter().map(|tier| tier.from).chain([contract.commitment]).collect();
    ends.retain(|end| *end > 0.0);
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    let froms = std::iter::once(0.0).chain(ends.iter().copied());
    let tos = ends.iter().copied().chain([f64::INFINITY]);
    let apart = |to: f64| if contract.method == RebateMethod::Whole { to - 0.01 } else { to };
    froms.zip(tos).map(|(from, to)| straight(contract, from, apart(to).max(from))).collect()
}

/// The line through the cash at `from` and a little above it.
fn straight(contract: &Contract, from: f64, to: f64) -> Piece {
    let rate = rate(from, contract);
    Piece { from, to, base: cash(from, Some(contract)) - rate * from, rate }
}

/// Cash for one further unit of face value.
pub fn rate(face: f64, contract: &Contract) -> f64 {
    let missing = if face < contract.commitment { contract.shortfall_penalty } else { 0.0 };
    (1.0 + contract.fee) / (1.0 + rate_at(face, contract)) - missing
}

/// The rate of the tier that `face` reaches; 0 below the first.
fn rate_at(face: f64, contract: &Contract) -> f64 {
    contract.rebate.iter().rev().find(|tier| face >= tier.from).map_or(0.0, |tier| tier.rate)
}

fn marginal(face: f64, contract: &Contract) -> f64 {
    let tiers = &contract.rebate;
    let below = tiers.first().map_or(face, |tier| face.min(tier.from));
    let ends = tiers.iter().skip(1).map(|tier| tier.from).chain([f64::INFINITY]);
    let tranches = tiers.iter().zip(ends).map(|(tier, end)| (face.min(end) - tier.from).max(0.0) / (1.0 + tier.rate));
    below + tranches.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Tier;

    fn contract(method: RebateMethod) -> Contract {
        let rebate = vec![Tier { from: 0.0, rate: 0.03 }, Tier { from: 100.0, rate: 0.05 }];
        Contract { supplier: "North".into(), rebate, method, commitment: 200.0, shortfall_penalty: 0.1, fee: 0.02 }
    }

    #[test]
    fn tranches_or_the_whole_volume() {
        let penalty = 50.0 * 0.1;
        let by_tranche = 100.0 / 1.03 + 50.0 / 1.05;
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(cash(150.0, Some(&contract(RebateMethod::Marginal))), by_tranche * 1.02 + penalty));
        assert!(near(cash(150.0, Some(&contract(RebateMethod::Whole))), 150.0 / 1.05 * 1.02 + penalty));
        assert!(near(cash(250.0, Some(&contract(RebateMethod::Whole))), 250.0 / 1.05 * 1.02));
    }
}
