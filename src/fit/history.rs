//! One channel's history, laid out for its likelihood: what is asked for at every evaluation is worked out once.

use crate::math::fast;

/// One channel's history, spend in multiples of its mean.
#[derive(Clone, Debug)]
pub struct History {
    /// Spend per period ÷ mean spend.
    pub spend: Vec<f64>,
    /// Whether the period was reported.
    pub reported: Vec<bool>,
    /// Periods whose count enters the likelihood, with the count ÷ `unit`.
    pub counts: Vec<(usize, f64)>,
    /// How many columns of the calendar there are.
    pub columns: usize,
    /// Mean spend per period, money.
    pub mean_spend: f64,
    /// Mean of `counts`.
    pub mean_count: f64,
    /// KPI per count: 1 for counts.
    pub unit: f64,
    /// Columns of the calendar at `counts`, one after the other.
    calendar: Vec<f64>,
    /// Σ y c of each column.
    counted_columns: Vec<f64>,
    tally: Tally,
}

/// What a likelihood asks of the counts alone.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// The counts y.
    pub counts: Vec<f64>,
    /// Each y that occurs, once, ascending, with its ln y!.
    pub distinct: Vec<(f64, f64)>,
    /// Place of each count among these.
    pub places: Vec<usize>,
    /// Σ y and Σ ln y!.
    pub sums: (f64, f64),
    /// Σ lnΓ(y + r) − lnΓ(r) as a function of ln r.
    pub gammas: Gammas,
}

impl Tally {
    fn of(counts: &[(usize, f64)]) -> Tally {
        let counts: Vec<f64> = counts.iter().map(|count| count.1).collect();
        let mut distinct = counts.clone();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        let places = counts.iter().map(|y| distinct.partition_point(|other| other < y)).collect();
        let distinct: Vec<(f64, f64)> = distinct.into_iter().map(|y| (y, fast::gamma(y + 1.0).0)).collect();
        let mut tally =
            Tally { gammas: Gammas::of(&counts), distinct, places, sums: (counts.iter().sum(), 0.0), counts };
        tally.sums.1 = tally.places.iter().map(|place| tally.distinct[*place].1).sum();
        tally
    }

    /// ln of the ways to count y, lnΓ(y + r) − lnΓ(r) − ln y!, of every count: worked out once for counts that are equal.
    pub fn log_ways(&self, r: f64) -> Vec<f64> {
        let gamma = fast::gamma(r).0;
        let mut ways: Vec<f64> = self.distinct.iter().map(|(y, _)| y + r).collect();
        fast::wide!({
            for (ways, (_, log_factorial)) in ways.iter_mut().zip(&self.distinct) {
                *ways = fast::gamma(*ways).0 - gamma - log_factorial;
            }
        });
        self.places.iter().map(|place| ways[*place]).collect()
    }
}

impl History {
    /// A history without a calendar; `counts` in KPI.
    pub fn new(spend: &[f64], reported: Vec<bool>, counts: Vec<(usize, f64)>, mean_spend: f64, unit: f64) -> History {
        let counts: Vec<(usize, f64)> = counts.into_iter().map(|(t, y)| (t, y / unit)).collect();
        let tally = Tally::of(&counts);
        History {
            spend: spend.iter().map(|x| x / mean_spend).collect(),
            reported,
            mean_count: tally.sums.0 / counts.len() as f64,
            counts,
            columns: 0,
            mean_spend,
            unit,
            calendar: Vec::new(),
            counted_columns: Vec::new(),
            tally,
        }
    }

    /// The same with columns of the calendar; `row` gives those of a period.
    pub fn with_calendar(&self, columns: usize, row: impl Fn(usize) -> Vec<f64>) -> History {
        let rows: Vec<Vec<f64>> = self.counts.iter().map(|(t, _)| row(*t)).collect();
        let calendar = (0..columns).flat_map(|column| rows.iter().map(move |row| row[column])).collect();
        History { calendar, columns, ..self.clone() }.summed()
    }

    /// The same without some of the counted periods, by their place in `counts`.
    pub fn without(&self, places: &[usize]) -> History {
        let kept: Vec<usize> = (0..self.counts.len()).filter(|place| !places.contains(place)).collect();
        let counts: Vec<(usize, f64)> = kept.iter().map(|place| self.counts[*place]).collect();
        let of_column = |column: usize| kept.iter().map(move |place| self.column(column)[*place]);
        let calendar = (0..self.columns).flat_map(of_column).collect();
        let tally = Tally::of(&counts);
        History { mean_count: tally.sums.0 / counts.len() as f64, tally, counts, calendar, ..self.clone() }.summed()
    }

    fn summed(mut self) -> History {
        let counts = &self.tally.counts;
        self.counted_columns = (0..self.columns).map(|column| fast::dot(self.column(column), counts)).collect();
        self
    }

    /// A column of the calendar at every place in `counts`.
    pub fn column(&self, column: usize) -> &[f64] {
        &self.calendar[column * self.counts.len()..][..self.counts.len()]
    }

    /// The columns of the calendar at a place in `counts`.
    pub fn row(&self, place: usize) -> Vec<f64> {
        (0..self.columns).map(|column| self.column(column)[place]).collect()
    }

    /// Of a value a period those of the counted periods.
    pub(super) fn at_counts(&self, mut of: Vec<f64>) -> Vec<f64> {
        let (Some((first, _)), Some((last, _))) = (self.counts.first(), self.counts.last()) else { return Vec::new() };
        if last - first + 1 != self.counts.len() {
            return self.counts.iter().map(|(t, _)| of[*t]).collect();
        }
        // no period between them is left out
        of.truncate(last + 1);
        of.drain(..first);
        of
    }

    /// The counts and their sums.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Adds what the calendar adds to ln m to every counted period.
    #[inline(always)]
    pub(super) fn add_calendar(&self, by_column: &[f64], to: &mut [f64]) {
        for (column, effect) in by_column.iter().enumerate() {
            fast::add_times(to, *effect, self.column(column));
        }
    }

    /// Σ y · (what the calendar adds to ln m).
    pub(super) fn counted_calendar(&self, by_column: &[f64]) -> f64 {
        self.counted_columns.iter().zip(by_column).map(|(sum, effect)| sum * effect).sum()
    }

    /// Mean over the counted periods of what the calendar multiplies the response by.
    pub(super) fn mean_factor(&self, by_column: &[f64]) -> f64 {
        if by_column.is_empty() {
            return 1.0;
        }
        let mut factors = vec![0.0; self.counts.len()];
        fast::wide!({
            self.add_calendar(by_column, &mut factors);
            for log in &mut factors {
                *log = fast::exp(*log);
            }
            fast::sum(&factors) / self.counts.len() as f64
        })
    }
}

/// Σ lnΓ(y + r) − lnΓ(r) by ln r: a cubic Hermite spline, since it is the costliest part of the likelihood and depends on
/// one unknown alone.
#[derive(Clone, Debug)]
pub(super) struct Gammas {
    knots: Vec<(f64, f64)>,
}

impl Gammas {
    const FIRST: f64 = -4.0;
    const STEP: f64 = 0.125;
    const KNOTS: usize = 145;

    fn of(counts: &[f64]) -> Gammas {
        let mut sorted = counts.to_vec();
        sorted.sort_by(f64::total_cmp);
        let alike: Vec<(f64, f64)> = sorted.chunk_by(|a, b| a == b).map(|y| (y[0], y.len() as f64)).collect();
        let knot = |i: usize| {
            let r = (Gammas::FIRST + Gammas::STEP * i as f64).exp();
            let (gamma, slope) = fast::gamma(r);
            let add = |sum: (f64, f64), (y, times): &(f64, f64)| {
                let here = fast::gamma(y + r);
                (sum.0 + times * (here.0 - gamma), sum.1 + times * r * (here.1 - slope))
            };
            alike.iter().fold((0.0, 0.0), add)
        };
        Gammas { knots: (0..Gammas::KNOTS).map(knot).collect() }
    }

    /// The value and its derivative by ln r; beyond the knots a straight line.
    pub(super) fn at(&self, log_r: f64) -> (f64, f64) {
        let place = (log_r - Gammas::FIRST) / Gammas::STEP;
        let below = (place.floor().max(0.0) as usize).min(Gammas::KNOTS - 2);
        let x = (place - below as f64).clamp(0.0, 1.0);
        let ((a, da), (b, db)) = (self.knots[below], self.knots[below + 1]);
        let (da, db) = (da * Gammas::STEP, db * Gammas::STEP);
        let (cube, square) = (2.0 * (a - b) + da + db, 3.0 * (b - a) - 2.0 * da - db);
        let value = a + x * (da + x * (square + x * cube));
        let slope = (da + x * (2.0 * square + x * 3.0 * cube)) / Gammas::STEP;
        (value + slope * (place - below as f64 - x) * Gammas::STEP, slope)
    }
}
