//! What a figure is worth, in points: functions in business units that a buyer can read and dispute.

use super::Better;
use crate::check::{Error, Kind};

/// What figures are worth.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Worth {
    /// Points of figure and worth, ascending in the figure: linear between them, flat beyond the ends.
    Points(Vec<(f64, f64)>),
    /// In percent of the best figure of the table: best ÷ figure where low is better, figure ÷ best where high is.
    OfBest,
    /// From 0 for the worst figure of the table to 100 for the best.
    #[default]
    Range,
    /// The figure itself, negated where low is better.
    Itself,
}

impl Worth {
    /// What each figure is worth.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] when figures have no worth: percent of the best of figures that are not all above 0.
    ///
    /// ```
    /// use outlay::score::criteria::Better;
    /// use outlay::score::criteria::worth::Worth;
    /// let worth = Worth::Points(vec![(60.0, 100.0), (120.0, 0.0)]);
    /// assert_eq!(worth.of(&[50.0, 90.0, 200.0], Better::Low).unwrap(), [100.0, 50.0, 0.0]);
    /// ```
    pub fn of(&self, figures: &[f64], better: Better) -> Result<Vec<f64>, Error> {
        let best = figures.iter().copied().reduce(|a, b| if better.lead(b, a) > 0.0 { b } else { a });
        let worst = figures.iter().copied().reduce(|a, b| if better.lead(b, a) < 0.0 { b } else { a });
        let (Some(best), Some(worst)) = (best, worst) else { return Ok(Vec::new()) };
        if *self == Worth::OfBest && figures.iter().any(|figure| !(*figure > 0.0)) {
            let message = "percent of the best needs figures above 0";
            return Err(Error::new(Kind::Input, message).help("give the criterion points, or `range`"));
        }
        let worth = |figure: &f64| match self {
            Worth::Points(points) => between(points, *figure),
            Worth::OfBest if better == Better::Low => 100.0 * best / figure,
            Worth::OfBest => 100.0 * figure / best,
            Worth::Range if best == worst => 100.0,
            Worth::Range => 100.0 * (figure - worst) / (best - worst),
            Worth::Itself => better.lead(*figure, 0.0),
        };
        Ok(figures.iter().map(worth).collect())
    }
}

/// Linear between points that ascend in their first number, flat beyond the ends.
pub(crate) fn between(points: &[(f64, f64)], figure: f64) -> f64 {
    let above = points.partition_point(|point| point.0 < figure);
    match (above.checked_sub(1).map(|at| points[at]), points.get(above)) {
        (Some(low), Some(high)) => low.1 + (high.1 - low.1) * (figure - low.0) / (high.0 - low.0),
        (Some(end), None) => end.1,
        (None, Some(end)) => end.1,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_met_and_ends_are_flat() {
        let points = [(1.0, 0.0), (2.0, 10.0), (4.0, 20.0)];
        assert_eq!([0.0, 1.0, 1.5, 2.0, 3.0, 9.0].map(|x| between(&points, x)), [0.0, 0.0, 5.0, 10.0, 15.0, 20.0]);
    }

    #[test]
    fn a_constant_column_and_a_nought_are_told() {
        assert_eq!(Worth::Range.of(&[3.0, 3.0], Better::High).unwrap(), [100.0, 100.0]);
        assert!(Worth::OfBest.of(&[0.0, 3.0], Better::Low).is_err());
    }
}
