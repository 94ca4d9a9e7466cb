//! Spends as written: whole cents that keep every limit and never add up to more than the budget.

use super::line::Allowed;
use super::rows::{Row, Sense};

const PER_UNIT: f64 = 100.0;
/// Share of a cent that the solver's accuracy may have taken.
const NEARLY: f64 = 1e-3;
/// Share of the budget within which a plan that spends it all may fall short by the solver's accuracy.
const ALL: f64 = 1e-6;

/// Rounds spends to cents. Every line is rounded down to what it is allowed; the cents that this frees go first where
/// a floor misses them, then to the lines that lost most, as far as caps and budget allow.
///
/// Lines bought in lots are whole already and take no cents.
pub fn rounded(spend: &[f64], allowed: &[Allowed], rows: &[&Row], budget: f64) -> Vec<f64> {
    let mut cents = Cents::new(spend, allowed);
    let free = (budget * PER_UNIT + NEARLY).floor() as i64;
    let sum: f64 = spend.iter().sum();
    let wanted = if budget - sum <= ALL * budget { free } else { (sum * PER_UNIT + NEARLY).floor() as i64 };
    let mut left = wanted.min(free) - cents.whole.iter().sum::<i64>();
    while left > 0 {
        let Some(line) = cents.next(rows, free) else { break };
        cents.whole[line] += 1;
        cents.lost[line] -= 1.0;
        left -= 1;
    }
    cents.spend()
}

struct Cents<'a> {
    allowed: &'a [Allowed],
    whole: Vec<i64>,
    /// Cents that rounding took from each line.
    lost: Vec<f64>,
}

impl Cents<'_> {
    fn new<'a>(spend: &[f64], allowed: &'a [Allowed]) -> Cents<'a> {
        let whole: Vec<i64> = spend.iter().zip(allowed).map(|(x, allowed)| down(*x, allowed)).collect();
        let lost = spend.iter().zip(&whole).map(|(x, cents)| x * PER_UNIT - *cents as f64).collect();
        Cents { allowed, whole, lost }
    }

    fn spend(&self) -> Vec<f64> {
        self.whole.iter().map(|cents| *cents as f64 / PER_UNIT).collect()
    }

    /// The line that takes the next cent: one that a broken floor is about, else the one that lost most.
    fn next(&self, rows: &[&Row], budget: i64) -> Option<usize> {
        let spend = self.spend();
        let whole: i64 = self.whole.iter().sum();
        let broken = |row: &&&Row| row.sense == Sense::AtLeast && row.broken_by(&spend, whole as f64 / PER_UNIT) > 0.0;
        let short: Vec<&&Row> = rows.iter().filter(broken).collect();
        let may = |line: &usize| whole < budget && self.may_take(*line, &spend, rows);
        let urgent = |line: usize| short.iter().any(|row| row.lines.contains(&line));
        (0..spend.len())
            .filter(may)
            .max_by(|a, b| urgent(*a).cmp(&urgent(*b)).then(self.lost[*a].total_cmp(&self.lost[*b])).then(b.cmp(a)))
    }

    fn may_take(&self, line: usize, spend: &[f64], rows: &[&Row]) -> bool {
        let allowed = &self.allowed[line];
        let cents = self.whole[line] + 1;
        let in_range = cents as f64 <= allowed.high * PER_UNIT + NEARLY && self.whole[line] > 0;
        let mut more = spend.to_vec();
        more[line] += 1.0 / PER_UNIT;
        let whole: f64 = more.iter().sum();
        let keeps = |row: &&Row| row.sense == Sense::AtLeast || row.broken_by(&more, whole) <= 1e-6;
        in_range && allowed.lot == 0.0 && rows.iter().all(keeps)
    }
}

/// Whole cents up to `x` that the line is allowed.
fn down(x: f64, allowed: &Allowed) -> i64 {
    let floor = (allowed.low * PER_UNIT - NEARLY).ceil() as i64;
    let cents = (x * PER_UNIT + NEARLY).floor() as i64;
    if allowed.minimum > 0.0 && cents as f64 + NEARLY < allowed.minimum * PER_UNIT {
        return if allowed.low == 0.0 && x < allowed.minimum * 0.5 {
            0
        } else {
            (allowed.minimum * PER_UNIT).ceil() as i64
        };
    }
    cents.max(floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cents_add_up_to_the_budget_and_no_line_moves_by_more(spend in prop::collection::vec(1.0..1e5f64, 1..30)) {
            let budget: f64 = spend.iter().sum();
            let allowed = vec![Allowed::between(0.0, 1e6); spend.len()];
            let rounded = rounded(&spend, &allowed, &[], budget);
            let sum = rounded.iter().map(|x| (x * 100.0).round() as i64).sum::<i64>();
            prop_assert_eq!(sum, (budget * 100.0 + 1e-3).floor() as i64);
            prop_assert!(spend.iter().zip(&rounded).all(|(x, r)| (x - r).abs() <= 0.02));
        }
    }
}
