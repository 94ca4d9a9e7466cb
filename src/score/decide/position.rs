//! Where a supplier stands in the portfolio (Kraljic 1983, "Purchasing must become supply management", HBR 61).
//!
//! |                     | few results      | many results |
//! |---------------------|------------------|--------------|
//! | **few substitutes** | bottleneck       | strategic    |
//! | **substitutes**     | non-critical     | leverage     |
//!
//! Many results: at least an even share of all KPI. Substitutes: at least [`SUBSTITUTES`] other proven suppliers in every pool that it
//! runs in. A price is pressed only where there are substitutes.

use crate::score::tally::Tallies;

/// Other proven suppliers that make one replaceable.
const SUBSTITUTES: usize = 2;

/// The position of every supplier; absent for those without KPI. `kpi` is each one's count, `proven` whether it has a grade.
pub(crate) fn positions(tallies: &Tallies, kpi: &[Option<f64>], proven: &[bool]) -> Vec<Option<&'static str>> {
    let all: f64 = kpi.iter().flatten().sum();
    let even = all / kpi.iter().flatten().count().max(1) as f64;
    let mut there = vec![0usize; tallies.pools.len()];
    for (tally, _) in tallies.suppliers.iter().zip(proven).filter(|(_, proven)| **proven) {
        tally.cells.iter().for_each(|cell| there[cell.pool] += 1);
    }
    let position = |at: usize| {
        let own = usize::from(proven[at]);
        let fewest = tallies.suppliers[at].cells.iter().map(|cell| there[cell.pool] - own).min()?;
        Some(match (fewest >= SUBSTITUTES, kpi[at]? >= even) {
            (true, true) => "leverage",
            (true, false) => "non-critical",
            (false, true) => "strategic",
            (false, false) => "bottleneck",
        })
    };
    (0..tallies.suppliers.len()).map(position).collect()
}
