//! Limits that contradict each other: a smallest set that does, and the cheapest way to mend it.
//!
//! Every row is given slack; the least total slack is the money by which the limits miss each other, and the rows that
//! have it are the cheapest to give way (Chinneck 2008, "Feasibility and Infeasibility in Optimization", elastic
//! programming). Leaving out one limit after the other, and keeping it out while the rest still conflicts, ends with a
//! set of which none can be spared (deletion filter).

use super::answer::{Conflict, Relax};
use super::rows::{Label, Row};
use super::solve;
use crate::check::Error;

/// Money below which slack is the solver's rounding.
const CENT: f64 = 0.005;

/// The conflict among rows and budget, or `None` when some spend satisfies them all.
///
/// # Errors
///
/// As [`solve::elastic`].
pub fn find(count: usize, rows: &[Row], budget: f64) -> Result<Option<Conflict>, Error> {
    // what an average costs is no sum of spends: it takes no part here
    let rows: Vec<Row> = rows.iter().filter(|row| row.cost().is_none()).cloned().collect();
    let rows = &rows[..];
    let all: Vec<&Row> = rows.iter().collect();
    let gives = solve::elastic(count, &all, Some(budget))?;
    let short_by: f64 = gives.iter().sum();
    if short_by <= CENT {
        return Ok(None);
    }
    let limits = smallest(count, rows, budget)?;
    let labels = rows.iter().map(|row| &row.label).chain([&Label::Budget]);
    let mut relax: Vec<Relax> = Vec::new();
    for (label, by) in labels.zip(&gives).filter(|(_, by)| **by > CENT) {
        let limit = label.to_string();
        match relax.iter_mut().find(|known| known.limit == limit) {
            Some(known) => known.by += cents_above(*by),
            None => relax.push(Relax { limit, by: cents_above(*by), unit: None }),
        }
    }
    Ok(Some(Conflict { limits: limits.iter().map(Label::to_string).collect(), short_by: to_cents(short_by), relax }))
}

fn to_cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// What is enough in whole cents, to within the solver's accuracy.
fn cents_above(amount: f64) -> f64 {
    (amount * 100.0 - 1e-3).ceil() / 100.0
}

/// A set of limits that conflict, none of which can be spared.
fn smallest(count: usize, rows: &[Row], budget: f64) -> Result<Vec<Label>, Error> {
    let mut kept: Vec<Label> = vec![Label::Budget];
    for row in rows {
        if !kept.contains(&row.label) {
            kept.push(row.label.clone());
        }
    }
    let mut at = 0;
    while at < kept.len() {
        let left_out = kept.remove(at);
        let some: Vec<&Row> = rows.iter().filter(|row| kept.contains(&row.label)).collect();
        let money = kept.contains(&Label::Budget).then_some(budget);
        if solve::elastic(count, &some, money)?.iter().sum::<f64>() <= CENT {
            kept.insert(at, left_out);
            at += 1;
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::rows::{Number, Sense};

    fn row(name: &str, lines: &[usize], sense: Sense, bound: f64) -> Row {
        let label = Label::Limit(name.into());
        Row { label, lines: lines.to_vec(), total: 0.0, sense, bound, number: Number::Amount }
    }

    #[test]
    fn floors_above_the_budget_are_named_with_the_money_that_is_short() {
        let rows = [
            row("a", &[0], Sense::AtLeast, 300.0),
            row("b", &[1], Sense::AtLeast, 250.0),
            row("c", &[2], Sense::AtMost, 900.0),
        ];
        let conflict = find(3, &rows, 500.0).unwrap().unwrap();
        assert_eq!(conflict.limits, ["budget", "a", "b"]);
        assert_eq!(conflict.short_by, 50.0);
        assert_eq!(conflict.relax.iter().map(|relax| relax.by).sum::<f64>(), 50.0);
    }

    #[test]
    fn limits_that_agree_have_no_conflict() {
        assert_eq!(find(2, &[row("a", &[0], Sense::AtLeast, 300.0)], 500.0), Ok(None));
    }

    #[test]
    fn a_share_and_an_amount_conflict() {
        let mut share = row("share", &[0], Sense::AtMost, 0.0);
        share.total = -0.4;
        let rows = [share, row("floor", &[0], Sense::AtLeast, 300.0)];
        let conflict = find(2, &rows, 500.0).unwrap().unwrap();
        assert_eq!(conflict.limits, ["budget", "share", "floor"]);
        assert!((conflict.short_by - 100.0).abs() < 1e-6, "{conflict:?}");
    }
}
