//! The last step of a search: lines that share one price are brought to one marginal KPI.
//!
//! The search ends at corners of envelopes, within its tolerance of the best: lines that could share one marginal cost
//! then differ in the third digit, and a reader wonders why. Among lines that the same rows are about, money can move
//! without any row noticing; it is moved until their marginals meet, near where they are. The plan only gets better.

use super::line::{Allowed, Line};

/// Shares of its spend by which a line may move, in turn.
const REACHES: [f64; 2] = [0.1, 0.005];
/// Share of its spend by which a line may move to make up for others.
const ABSORBING_REACH: f64 = 0.3;
/// Places at which a line's marginal is looked at, around its spend.
const PLACES: usize = 7;
/// Relative distance from an end of its allowed spends at which a line stays where it is.
const AT_END: f64 = 1e-6;

/// Moves spends within a group of lines; their sum stays.
pub fn equal_marginals(lines: &[Line], allowed: &[Allowed], group: &[usize], spend: &mut [f64]) {
    for reach in REACHES {
        let near: Vec<Near> = group
            .iter()
            .filter_map(|line| Near::new(*line, &lines[*line], &allowed[*line], spend[*line], reach))
            .collect();
        if near.len() < 2 {
            return;
        }
        let moved = balanced(&near, near.iter().map(|near| near.spend).sum());
        let gain: f64 = near.iter().zip(&moved).map(|(near, x)| lines[near.line].value(*x) - near.value).sum();
        if gain >= 0.0 {
            near.iter().zip(moved).for_each(|(near, x)| spend[near.line] = x);
        }
    }
}

/// Puts some lines of a group at other spends and lets the others make up for the difference, each as far as it reaches,
/// at one marginal for all. Whether they could.
///
/// A line that a program leaves on a chord, where its curve does not reach, is brought to an end of the chord so: the others
/// are interior to concave parts of their curves, and lose only in the second order.
pub fn absorb(lines: &[Line], allowed: &[Allowed], group: &[usize], puts: &[(usize, f64)], spend: &mut [f64]) -> bool {
    let freed: f64 = puts.iter().map(|(line, x)| spend[*line] - x).sum();
    let put = |line: &usize| puts.iter().any(|(put, _)| put == line);
    let reach = |line: usize| Near::new(line, &lines[line], &allowed[line], spend[line], ABSORBING_REACH);
    let near: Vec<Near> = group.iter().filter(|line| !put(line)).filter_map(|line| reach(*line)).collect();
    let whole = near.iter().map(|near| near.spend).sum::<f64>() + freed;
    let at = |k: usize| near.iter().map(|near| near.places[k].0).sum::<f64>();
    if near.is_empty() || whole < at(0) || whole > at(PLACES - 1) {
        return false;
    }
    let moved = balanced(&near, whole);
    near.iter().zip(moved).for_each(|(near, x)| spend[near.line] = x);
    puts.iter().for_each(|(line, x)| spend[*line] = *x);
    true
}

/// A line's marginal around its spend: places ascending, marginals falling.
struct Near {
    line: usize,
    spend: f64,
    value: f64,
    places: Vec<(f64, f64)>,
}

impl Near {
    /// `None` for a line at an end of what it is allowed, in lots, without a curve, or not concave around its spend.
    fn new(index: usize, line: &Line, allowed: &Allowed, spend: f64, reach: f64) -> Option<Near> {
        let low = allowed.low.max(allowed.minimum);
        let free = spend > low * (1.0 + AT_END) + AT_END && spend < allowed.high * (1.0 - AT_END);
        if !free || allowed.lot > 0.0 || line.curve.is_err() {
            return None;
        }
        let (from, to) = ((spend * (1.0 - reach)).max(low), (spend * (1.0 + reach)).min(allowed.high));
        let place = |k: usize| from + (to - from) * k as f64 / (PLACES - 1) as f64;
        let places: Vec<(f64, f64)> = (0..PLACES).map(|k| (place(k), line.value_slope(place(k)))).collect();
        let falling = places.windows(2).all(|pair| pair[1].1 < pair[0].1);
        falling.then(|| Near { line: index, spend, value: line.value(spend), places })
    }

    /// The spend at which the marginal is `price`, between the first and the last place.
    fn at(&self, price: f64) -> f64 {
        let after = self.places.partition_point(|place| place.1 > price).clamp(1, PLACES - 1);
        let (a, b) = (self.places[after - 1], self.places[after]);
        (a.0 + (b.0 - a.0) * (a.1 - price) / (a.1 - b.1)).clamp(self.places[0].0, self.places[PLACES - 1].0)
    }
}

/// Spends at one marginal for all, as far as each reaches, that add up to `whole` as far as they reach together.
fn balanced(near: &[Near], whole: f64) -> Vec<f64> {
    let mut low = near.iter().map(|near| near.places[PLACES - 1].1).fold(f64::INFINITY, f64::min);
    let mut high = near.iter().map(|near| near.places[0].1).fold(0.0, f64::max);
    for _ in 0..100 {
        let price = f64::midpoint(low, high);
        let sum: f64 = near.iter().map(|near| near.at(price)).sum();
        if sum > whole { low = price } else { high = price }
    }
    let mut spend: Vec<f64> = near.iter().map(|near| near.at(high)).collect();
    // what the last halving leaves goes to the largest, which feels it least
    let left = whole - spend.iter().sum::<f64>();
    if let Some(largest) = spend.iter_mut().max_by(|a, b| a.total_cmp(b)) {
        *largest += left;
    }
    spend
}
