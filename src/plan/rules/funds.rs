//! Prepaid balances and credit limits: the cash that is there bounds the face value that can be bought with it.

use crate::check::Error;
use crate::plan::cash::cash;
use crate::plan::line::Line;
use crate::plan::rows::{Row, Sense};
use crate::settings::{Contract, Funds, PlanSettings};
use crate::units::Field;

/// A row for each `[[plan.funds]]`: face value of its lines up to what its cash buys.
///
/// # Errors
///
/// [`crate::check::Kind::Settings`] for funds over lines of several contracts, whose cash is no function of one sum.
pub(super) fn rows(settings: &PlanSettings, lines: &[Line]) -> Result<Vec<Row>, Error> {
    let mut wrong = Vec::new();
    let mut rows = Vec::new();
    for funds in &settings.rules.funds {
        let members: Vec<usize> = (0..lines.len()).filter(|line| funds.whom.matches(&lines[*line].channel)).collect();
        match contract(settings, lines, &members) {
            Ok(contract) => {
                let face = face_for(funds.prepaid + funds.credit, contract);
                rows.push(super::amount(format!("funds: {}", funds.name), members, Sense::AtMost, face));
            }
            Err(suppliers) => wrong.push(several_contracts(funds, &suppliers)),
        }
    }
    Error::all(wrong).map(|()| rows)
}

fn several_contracts(funds: &Funds, suppliers: &[&str]) -> Error {
    let message = format!("its lines are of several contracts: {}", suppliers.join(", "));
    Error::setting(&format!("plan.funds `{}`", funds.name), message)
        .help("write one `[[plan.funds]]` for each supplier")
}

/// The one contract that lines are under; the suppliers when there are several.
fn contract<'a>(
    settings: &'a PlanSettings,
    lines: &'a [Line],
    members: &[usize],
) -> Result<Option<&'a Contract>, Vec<&'a str>> {
    let mut suppliers: Vec<Option<&str>> =
        members.iter().map(|line| lines[*line].channel.value(Field::Supplier)).collect();
    suppliers.sort_unstable();
    suppliers.dedup();
    let of = |name: &Option<&str>| settings.contracts.iter().find(|contract| Some(contract.supplier.as_str()) == *name);
    match &suppliers[..] {
        [one] => Ok(of(one)),
        several if several.iter().all(|name| of(name).is_none()) => Ok(None),
        several => Err(several.iter().flatten().copied().collect()),
    }
}

/// The most face value that `money` buys whatever part of it is used: in tiers by whole volume cash falls where a tier
/// begins, so the walk ends at the first face value that is too dear. A missed commitment is no part of it.
fn face_for(money: f64, contract: Option<&Contract>) -> f64 {
    let Some(contract) = contract else { return money };
    let contract = Contract { commitment: 0.0, ..contract.clone() };
    let pays = |face: f64| cash(face, Some(&contract)) <= money;
    let mut start = 0.0;
    let ends = contract.rebate.iter().map(|tier| tier.from).filter(|from| *from > 0.0).chain([f64::INFINITY]);
    for end in ends {
        // within a tier cash grows by 1 ÷ (1 + rate) or more per unit of face value: beyond this it is more than the money
        let most = contract.rebate.iter().map(|tier| 1.0 + tier.rate).fold(1.0, f64::max) * money;
        let last = (end * (1.0 - 1e-12)).min(start + 1.001 * most + 1.0);
        if !pays(last) {
            return halved(start, last, &pays);
        }
        start = end;
    }
    start
}

/// The last place between `low` and `high` up to which `holds` does.
fn halved(mut low: f64, mut high: f64, holds: &impl Fn(f64) -> bool) -> f64 {
    if holds(high) {
        return high;
    }
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if holds(middle) { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{RebateMethod, Tier};
    use proptest::prelude::*;

    fn contract(method: RebateMethod, rates: [f64; 2], from: f64, fee: f64) -> Contract {
        let rebate = vec![Tier { from: 0.0, rate: rates[0] }, Tier { from, rate: rates[1] }];
        Contract { supplier: "N".into(), rebate, method, commitment: 0.0, shortfall_penalty: 0.0, fee }
    }

    proptest! {
        #[test]
        fn every_part_of_the_face_value_can_be_paid_and_no_more_can(
            money in 10.0..1e6f64, r0 in 0.0..0.2f64, r1 in 0.0..0.3f64, from in 10.0..1e6f64, fee in 0.0..0.2f64,
            whole in any::<bool>(), share in 0.0..1.0f64,
        ) {
            let method = if whole { RebateMethod::Whole } else { RebateMethod::Marginal };
            let contract = contract(method, [r0, r1], from, fee);
            let face = face_for(money, Some(&contract));
            prop_assert!(cash(face * share, Some(&contract)) <= money * (1.0 + 1e-9));
            prop_assert!(cash(face + 0.01 + 1e-6 * face, Some(&contract)) > money || (face - from).abs() < 0.02 + 1e-6 * face);
        }
    }

    #[test]
    fn a_balance_buys_its_rebate_too() {
        let contract = contract(RebateMethod::Marginal, [0.05, 0.05], 1e9, 0.0);
        assert!((face_for(100_000.0, Some(&contract)) - 105_000.0).abs() < 1e-3);
        assert_eq!(face_for(100.0, None), 100.0);
    }
}
