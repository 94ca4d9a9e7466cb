//! Between two prices, the place where what lines buy together passes a sum: where one of them jumps, or between jumps.
//!
//! A line whose curve is S-shaped buys at one end of a chord up to the chord's slope, and at the other end below it. Halving
//! the prices finds such a place in some forty sums over all lines; what each line buys at both prices tells which one jumps
//! there, and that line alone at what price.

use super::price::Choice;
use super::reach::{Bracket, SAME_PRICE, Side};

/// What lines buy at a price.
pub(super) type Bought = Vec<(usize, Choice)>;

/// Growth of a line's spend, by that of the price and at most, from which on it counts as a jump.
const STEEP: (f64, f64) = (10.0, 0.5);
/// Steps to the price at which a line jumps.
const MOST_STEPS: usize = 12;

/// A line that jumps between two prices, its best at both, and the price at which both are worth the same.
struct Jump {
    line: usize,
    low: Choice,
    high: Choice,
    price: f64,
}

impl Jump {
    fn rise(&self) -> f64 {
        self.high.spend - self.low.spend
    }
}

/// The prices around the place where `sum` is passed between `under`, where less is bought, and `over`; `None` where nothing
/// jumps.
pub(super) fn place(
    over: &Side<Bought>,
    under: &Side<Bought>,
    sum: f64,
    best: impl Fn(usize, f64) -> Choice,
) -> Option<Bracket> {
    let width = (under.price / over.price).ln();
    let jumps = jumps(over, under, width);
    let smooth = over.reached - under.reached - jumps.iter().map(Jump::rise).sum::<f64>();
    let mut jumped = 0.0;
    for jump in &jumps {
        let before = under.reached + jumped + smooth * (under.price / jump.price).ln() / width;
        if before > sum {
            break;
        }
        if before + jump.rise() > sum {
            return Some(around(jump, (over.price, under.price), best));
        }
        jumped += jump.rise();
    }
    if jumps.is_empty() {
        return None;
    }
    let share = ((sum - under.reached - jumped) / smooth).clamp(0.0, 1.0);
    let price = if share.is_nan() { (over.price * under.price).sqrt() } else { under.price * (-share * width).exp() };
    Some(Bracket::around(price, width))
}

/// The lines that jump, those at the highest prices first.
fn jumps(over: &Side<Bought>, under: &Side<Bought>, width: f64) -> Vec<Jump> {
    let least = (STEEP.0 * width).min(STEEP.1);
    let jump = |((line, low), (same, high)): (&(usize, Choice), &(usize, Choice))| {
        let rise = high.spend - low.spend;
        (line == same && rise > least * high.spend).then(|| {
            let price = ((high.value - low.value) / rise).clamp(over.price, under.price);
            Jump { line: *line, low: *low, high: *high, price }
        })
    };
    let mut jumps: Vec<Jump> = under.by.iter().zip(&over.by).filter_map(jump).collect();
    jumps.sort_by(|a, b| b.price.total_cmp(&a.price));
    jumps
}

/// The prices around the one at which a line jumps: where both ends of its chord gain it the same.
fn around(jump: &Jump, (mut over, mut under): (f64, f64), best: impl Fn(usize, f64) -> Choice) -> Bracket {
    let Jump { line, mut low, mut high, mut price } = *jump;
    for _ in 0..MOST_STEPS {
        let at = best(line, price);
        if high.spend - at.spend < at.spend - low.spend {
            (high, over) = (at, price);
        } else {
            (low, under) = (at, price);
        }
        let next = ((high.value - low.value) / (high.spend - low.spend)).clamp(over, under);
        let settled = (next / price - 1.0).abs() <= 0.01 * SAME_PRICE;
        price = next;
        if settled {
            break;
        }
    }
    Bracket::closest(price)
}
