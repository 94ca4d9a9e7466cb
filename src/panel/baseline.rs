//! What is usual for a channel, and what of it was reported: what later days are held against.

use jiff::civil::Date;
use serde::Serialize;

use super::Panel;
use crate::units::Grain;

/// The usual level of one figure of a channel, per period.
///
/// Over the last 28 reported days (8 weeks), *m* their median and *d* the median of |x − m|: the level is *m*, the band
/// m ± 2 · 1.4826 · d, cut at 0. For a normal figure 1.4826 · d is its standard deviation, so that 1 period in 20 falls
/// outside; single outliers move neither.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Baseline {
    /// The channel's label.
    pub channel: String,
    /// `spend`, the KPI's name, or `cost_per`.
    pub metric: &'static str,
    /// The median.
    pub level: f64,
    /// Lower end of the band.
    pub low: f64,
    /// Upper end of the band.
    pub high: f64,
    /// Periods that it is of.
    pub periods: usize,
}

/// Which periods of a channel were reported.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// The channel's label.
    pub channel: String,
    /// First day of its first reported period.
    pub first: Date,
    /// First day of its last one.
    pub last: Date,
    /// Reported periods.
    pub reported: usize,
    /// Periods between the first and the last that were not.
    pub missing: usize,
    /// Reported periods with the KPI of all spend.
    pub counted: usize,
    /// Reported periods whose conversions are still coming in.
    pub late: usize,
}

/// Periods that a baseline needs.
const NEEDED: usize = 7;

/// Half a band in median deviations: two standard deviations of a normal figure.
const BAND: f64 = 2.0 * 1.4826;

impl Panel {
    /// Baselines of spend, KPI and cost per KPI of every channel with at least seven periods of them.
    pub fn baselines(&self) -> Vec<Baseline> {
        (0..self.channels.len()).flat_map(|row| self.baselines_of(row)).collect()
    }

    fn baselines_of(&self, row: usize) -> Vec<Baseline> {
        let periods = 0..self.periods.len();
        let spend = periods.clone().filter(|t| self.reported[(row, *t)]).map(|t| self.spend[(row, t)]);
        let is_final = |t: &usize| self.counted[(row, *t)];
        let kpi = periods.clone().filter(is_final).map(|t| self.kpi_count[(row, t)]);
        let costs = periods.filter(is_final).filter(|t| self.kpi_count[(row, *t)] > 0.0);
        let costs = costs.map(|t| self.spend[(row, t)] / self.kpi_count[(row, t)]);
        let figures = [("spend", spend.collect()), (self.kpi.name(), kpi.collect()), ("cost_per", costs.collect())];
        figures.into_iter().filter_map(|(metric, values)| self.baseline(row, metric, values)).collect()
    }

    fn baseline(&self, row: usize, metric: &'static str, mut values: Vec<f64>) -> Option<Baseline> {
        let last = match self.grain {
            Grain::Day => 28,
            Grain::Week => 8,
        };
        values.drain(..values.len().saturating_sub(last));
        let periods = values.len();
        if periods < NEEDED {
            return None;
        }
        let level = median(&mut values);
        let mut off: Vec<f64> = values.iter().map(|value| (value - level).abs()).collect();
        let half = BAND * median(&mut off);
        let channel = self.channels[row].label.clone();
        Some(Baseline { channel, metric, level, low: (level - half).max(0.0), high: level + half, periods })
    }

    /// What of each channel's history was reported.
    pub fn coverage(&self) -> Vec<Coverage> {
        (0..self.channels.len()).filter_map(|row| self.coverage_of(row)).collect()
    }

    fn coverage_of(&self, row: usize) -> Option<Coverage> {
        let periods: Vec<usize> = (0..self.periods.len()).filter(|t| self.reported[(row, *t)]).collect();
        let (first, last) = (*periods.first()?, *periods.last()?);
        Some(Coverage {
            channel: self.channels[row].label.clone(),
            first: self.periods[first],
            last: self.periods[last],
            reported: periods.len(),
            missing: last + 1 - first - periods.len(),
            counted: periods.iter().filter(|t| self.counted[(row, **t)]).count(),
            late: periods.iter().filter(|t| self.late[(row, **t)]).count(),
        })
    }
}

/// The median; sorts the values.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { 0.5 * (values[middle - 1] + values[middle]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!((median(&mut [3.0, 1.0, 2.0]), median(&mut [4.0, 1.0, 2.0, 3.0])), (2.0, 2.5));
    }
}
