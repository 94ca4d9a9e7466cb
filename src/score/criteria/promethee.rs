//! PROMETHEE II: net flows of pairwise preferences (Brans, Vincke & Mareschal 1986, "How to select and how to rank projects: the PROMETHEE
//! method", EJOR 24).
//!
//! ```text
//!     π(a, b) = Σ w P(d),    φ⁺(a) = Σ_b π(a, b) / (n − 1),    φ⁻(a) = Σ_b π(b, a) / (n − 1),    φ = φ⁺ − φ⁻
//! ```
//!
//! d is by how much a is better than b in one criterion, in its own unit. Divided by n − 1, flows lie between −1 and 1; the article has plain
//! sums.

use super::Better;

/// How a lead turns into a preference between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Preference {
    /// Any lead is a full preference.
    #[default]
    Usual,
    /// A lead above q is.
    UShape {
        /// Largest lead that does not matter.
        q: f64,
    },
    /// Rising from 0 to a full preference at p.
    VShape {
        /// Lead of full preference.
        p: f64,
    },
    /// A half above q, a full one above p.
    Level {
        /// Largest lead that does not matter.
        q: f64,
        /// Lead of full preference.
        p: f64,
    },
    /// Rising from 0 at q to a full one at p.
    Linear {
        /// Largest lead that does not matter.
        q: f64,
        /// Lead of full preference.
        p: f64,
    },
    /// 1 − exp(−d² / 2s²).
    Gaussian {
        /// Where it bends.
        s: f64,
    },
}

impl Preference {
    /// The preference that a lead of `d` gives.
    pub fn of(self, d: f64) -> f64 {
        if d <= 0.0 {
            return 0.0;
        }
        let above = |bound: f64| f64::from(u8::from(d > bound));
        match self {
            Preference::Usual => 1.0,
            Preference::UShape { q } => above(q),
            Preference::VShape { p } => (d / p).min(1.0),
            Preference::Level { q, p } => 0.5 * (above(q) + above(p)),
            Preference::Linear { q, p } => ((d - q) / (p - q)).clamp(0.0, 1.0),
            Preference::Gaussian { s } => 1.0 - (-d * d / (2.0 * s * s)).exp(),
        }
    }
}

/// One criterion of PROMETHEE.
#[derive(Clone, Debug, PartialEq)]
pub struct Flowing {
    /// Figures by unit.
    pub figures: Vec<f64>,
    /// Which are better.
    pub better: Better,
    /// Its weight; weights add up to 1.
    pub weight: f64,
    /// How leads count.
    pub preference: Preference,
}

/// The flows of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// How much it is preferred to the others.
    pub positive: f64,
    /// How much the others are preferred to it.
    pub negative: f64,
    /// The difference.
    pub net: f64,
}

/// The flows of every unit.
///
/// ```
/// use outlay::score::criteria::Better;
/// use outlay::score::criteria::promethee::{Flowing, Preference, flows};
/// let cost = Flowing {
///     figures: vec![70.0, 80.0],
///     better: Better::Low,
///     weight: 1.0,
///     preference: Preference::Linear { q: 0.0, p: 20.0 },
/// };
/// assert_eq!(flows(&[cost])[0].net, 0.5);
/// ```
pub fn flows(criteria: &[Flowing]) -> Vec<Flow> {
    let units = criteria.first().map_or(0, |criterion| criterion.figures.len());
    let prefers = |one: usize, other: usize| -> f64 {
        let part = |of: &Flowing| of.weight * of.preference.of(of.better.lead(of.figures[one], of.figures[other]));
        criteria.iter().map(part).sum()
    };
    let others = units.saturating_sub(1).max(1) as f64;
    let flow = |one: usize| {
        let rest = || (0..units).filter(move |other| *other != one);
        let positive = rest().map(|other| prefers(one, other)).sum::<f64>() / others;
        let negative = rest().map(|other| prefers(other, one)).sum::<f64>() / others;
        Flow { positive, negative, net: positive - negative }
    };
    (0..units).map(flow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_shapes_are_the_articles() {
        let of = |preference: Preference| [0.0, 1.0, 3.0, 9.0].map(|d| preference.of(d));
        assert_eq!(of(Preference::Usual), [0.0, 1.0, 1.0, 1.0]);
        assert_eq!(of(Preference::UShape { q: 2.0 }), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(of(Preference::VShape { p: 4.0 }), [0.0, 0.25, 0.75, 1.0]);
        assert_eq!(of(Preference::Level { q: 2.0, p: 4.0 }), [0.0, 0.0, 0.5, 1.0]);
        assert_eq!(of(Preference::Linear { q: 1.0, p: 5.0 }), [0.0, 0.0, 0.5, 1.0]);
        assert!((of(Preference::Gaussian { s: 3.0 })[2] - (1.0 - (-0.5f64).exp())).abs() < 1e-12);
    }

    #[test]
    fn net_flows_cancel() {
        let criterion = |figures: [f64; 4], weight| Flowing {
            figures: figures.to_vec(),
            better: Better::High,
            weight,
            preference: Preference::Usual,
        };
        let found = flows(&[criterion([1.0, 2.0, 3.0, 3.0], 0.6), criterion([5.0, 1.0, 1.0, 2.0], 0.4)]);
        assert!(found.iter().map(|flow| flow.net).sum::<f64>().abs() < 1e-12);
    }
}
