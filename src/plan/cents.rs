//! Spends as written: whole cents that keep every limit and never add up to more than the budget.

use super::line::Allowed;
use super::rows::{Row, Sense};

const PER_UNIT: f64 = 100.0;
/// Share of a cent that the solver's accuracy may have taken.
const NEARLY: f64 = 1e-3;
/// Share of the budget within which a plan that spends it all may fall short by the solver's accuracy.
const ALL: f64 = 1e-6;

/// Cents given to reach a target, at most.
const MOST_RAISES: usize = 500;

/// Share of a lot that the solver's accuracy may have taken.
const LOT_SLACK: f64 = 1e-6;

/// Rounds spends to cents. Every line is rounded down to what it is allowed; the cents that this frees go first where
/// a floor misses them, then to the lines that lost most, as far as caps and budget allow.
///
/// Lines bought in lots are whole already and take no cents.
pub fn rounded(spend: &[f64], allowed: &[Allowed], rows: &[&Row], budget: f64) -> Vec<f64> {
    let mut cents = Cents::new(spend, allowed, rows);
    let free = (budget * PER_UNIT + NEARLY).floor() as i64;
    let sum: f64 = spend.iter().sum();
    let wanted = if budget - sum <= ALL * budget { free } else { (sum * PER_UNIT + NEARLY).floor() as i64 };
    let mut left = wanted.min(free) - cents.sum;
    let order = cents.by_loss(spend);
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(at, line)| place[*line] = at);
    for row in (0..rows.len()).filter(|row| rows[*row].sense == Sense::AtLeast) {
        let mut members = rows[row].lines.clone();
        members.sort_by_key(|line| place[*line]);
        left -= cents.give(&members, left, |cents| cents.broken_by(row) > 0.0);
    }
    while left > 0 {
        let given = cents.give(&order, left, |_| true);
        if given == 0 {
            break;
        }
        left -= given;
    }
    cents.whole.iter().map(|cents| *cents as f64 / PER_UNIT).collect()
}

/// Takes as many cents as `over` is, and one more, off the largest line that may give them; whether one could.
pub fn trimmed(spend: &mut [f64], allowed: &[Allowed], rows: &[&Row], over: f64) -> bool {
    let less = ((over * PER_UNIT).ceil() + 1.0) / PER_UNIT;
    let whole: f64 = spend.iter().sum();
    let may_give = |line: &usize| {
        let (x, allowed) = (spend[*line], &allowed[*line]);
        let stays = x - less >= allowed.low.max(allowed.minimum) && allowed.lot == 0.0;
        // a share moves with the whole too
        let loses = |row: &Row| less * (row.total + f64::from(u8::from(row.lines.binary_search(line).is_ok())));
        let keeps = |row: &Row| {
            let sum = row.lines.iter().map(|line| spend[*line]).sum::<f64>() + row.total * whole - loses(row);
            row.cost().is_some()
                || if row.sense == Sense::AtLeast { sum >= row.bound } else { sum <= row.bound + 0.005 }
        };
        stays && rows.iter().all(|row| keeps(row))
    };
    let Some(line) = (0..spend.len()).filter(may_give).max_by(|a, b| spend[*a].total_cmp(&spend[*b])) else {
        return false;
    };
    spend[line] = ((spend[line] - less) * PER_UNIT).round() / PER_UNIT;
    true
}

/// Gives cents, one at a time to the steepest line that may take one, while a target is `missed`: rounding down may take
/// what reaches it.
pub fn raised(
    spend: &mut [f64],
    allowed: &[Allowed],
    rows: &[&Row],
    missed: impl Fn(&[f64]) -> bool,
    steepness: impl Fn(usize, f64) -> f64,
) {
    for _ in 0..MOST_RAISES {
        if !missed(spend) {
            return;
        }
        let cents = Cents::new(spend, allowed, rows);
        let able = (0..spend.len()).filter(|line| cents.may_take(*line));
        let steepest = able.max_by(|a, b| steepness(*a, spend[*a]).total_cmp(&steepness(*b, spend[*b])));
        let Some(line) = steepest else { return };
        spend[line] = ((spend[line] + 0.01) * PER_UNIT).round() / PER_UNIT;
    }
}

struct Cents<'a> {
    allowed: &'a [Allowed],
    rows: &'a [&'a Row],
    /// Cents of each line, and of all.
    whole: Vec<i64>,
    sum: i64,
    /// Rows about each line, and the cents of each row's lines.
    rows_of: Vec<Vec<usize>>,
    row_sums: Vec<i64>,
}

impl Cents<'_> {
    fn new<'a>(spend: &[f64], allowed: &'a [Allowed], rows: &'a [&'a Row]) -> Cents<'a> {
        let whole: Vec<i64> = spend.iter().zip(allowed).map(|(x, allowed)| down(*x, allowed)).collect();
        let mut rows_of = vec![Vec::new(); whole.len()];
        for (index, row) in rows.iter().enumerate() {
            row.lines.iter().for_each(|line| rows_of[*line].push(index));
        }
        let row_sums = rows.iter().map(|row| row.lines.iter().map(|line| whole[*line]).sum()).collect();
        Cents { allowed, rows, sum: whole.iter().sum(), whole, rows_of, row_sums }
    }

    /// Lines in the order of what rounding took from them, most first.
    fn by_loss(&self, spend: &[f64]) -> Vec<usize> {
        let lost = |line: &usize| spend[*line] * PER_UNIT - self.whole[*line] as f64;
        let mut order: Vec<usize> = (0..spend.len()).collect();
        order.sort_by(|a, b| lost(b).total_cmp(&lost(a)));
        order
    }

    /// Gives a cent to each line in turn that may take one, while any is left and wanted; how many it gave.
    fn give(&mut self, lines: &[usize], left: i64, wanted: impl Fn(&Cents) -> bool) -> i64 {
        let mut given = 0;
        for line in lines {
            if given >= left || !wanted(self) {
                break;
            }
            if self.may_take(*line) {
                self.whole[*line] += 1;
                self.sum += 1;
                self.rows_of[*line].iter().for_each(|row| self.row_sums[*row] += 1);
                given += 1;
            }
        }
        given
    }

    /// By how much money a row is broken.
    fn broken_by(&self, row: usize) -> f64 {
        self.over(row, 0).max(0.0)
    }

    /// Money by which a row would be broken after `more` cents to one of its lines; negative while it holds.
    fn over(&self, row: usize, more: i64) -> f64 {
        let limit = self.rows[row];
        let cents = (self.row_sums[row] + more) as f64 + limit.total * (self.sum + more) as f64;
        match limit.sense {
            Sense::AtMost => cents / PER_UNIT - limit.bound,
            Sense::AtLeast => limit.bound - cents / PER_UNIT,
        }
    }

    fn may_take(&self, line: usize) -> bool {
        let allowed = &self.allowed[line];
        let below = ((self.whole[line] + 1) as f64) <= allowed.high * PER_UNIT + NEARLY;
        let keeps = |row: &usize| self.rows[*row].sense == Sense::AtLeast || self.over(*row, 1) <= 1e-6;
        below && self.whole[line] > 0 && allowed.lot == 0.0 && self.rows_of[line].iter().all(keeps)
    }
}

/// Whole cents up to `x` that the line is allowed.
fn down(x: f64, allowed: &Allowed) -> i64 {
    if (allowed.high - allowed.low) * PER_UNIT < 1.0 {
        // held: to the cent that its amount is written with
        return (allowed.low * PER_UNIT).round() as i64;
    }
    if allowed.lot > 0.0 {
        // a whole number of lots, whatever the solver's accuracy took from it
        return ((x / allowed.lot + LOT_SLACK).floor() * allowed.lot * PER_UNIT).round() as i64;
    }
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
