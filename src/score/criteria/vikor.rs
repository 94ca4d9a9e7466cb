//! VIKOR: a compromise between all regrets and the worst one (Opricovic & Tzeng 2004, "Compromise solution by MCDM methods: a comparative analysis of VIKOR
//! and TOPSIS", EJOR 156).
//!
//! ```text
//!     S = Σ w (f* − f)/(f* − f⁻),    R = max w (f* − f)/(f* − f⁻),    Q = v (S − S*)/(S⁻ − S*) + (1 − v)(R − R*)/(R⁻ − R*)
//! ```
//!
//! f* and f⁻ are the best and the worst figure of a criterion; one in which all units are alike decides nothing and is left out. The first by Q is
//! *accepted* when its lead Q₂ − Q₁ is at least 1/(n − 1) and it is first by S or R too. Otherwise there is a compromise set: the first and
//! the second when only the stability fails, all within 1/(n − 1) of the first when the lead does.

use super::Better;

/// One criterion of VIKOR.
#[derive(Clone, Debug, PartialEq)]
pub struct Regretted {
    /// Figures by unit.
    pub figures: Vec<f64>,
    /// Which are better.
    pub better: Better,
    /// Its weight.
    pub weight: f64,
}

/// What VIKOR finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Compromise {
    /// Sum of regrets by unit.
    pub s: Vec<f64>,
    /// Largest regret by unit.
    pub r: Vec<f64>,
    /// The compromise by unit; low is good.
    pub q: Vec<f64>,
    /// The units of the compromise set, best first; one alone is accepted.
    pub set: Vec<usize>,
    /// Criteria that decide nothing because all units are alike in them.
    pub constant: Vec<usize>,
}

/// The compromise of some criteria; `v` is the weight of the sum of regrets, ½ as a rule.
pub fn compromise(criteria: &[Regretted], v: f64) -> Compromise {
    let units = criteria.first().map_or(0, |criterion| criterion.figures.len());
    let (mut s, mut r, mut constant) = (vec![0.0; units], vec![0.0f64; units], Vec::new());
    for (at, criterion) in criteria.iter().enumerate() {
        let lead = |figure: f64| criterion.better.lead(figure, 0.0);
        let best = criterion.figures.iter().map(|figure| lead(*figure)).fold(f64::NEG_INFINITY, f64::max);
        let worst = criterion.figures.iter().map(|figure| lead(*figure)).fold(f64::INFINITY, f64::min);
        if best == worst {
            constant.push(at);
            continue;
        }
        for (unit, figure) in criterion.figures.iter().enumerate() {
            let regret = criterion.weight * (best - lead(*figure)) / (best - worst);
            s[unit] += regret;
            r[unit] = r[unit].max(regret);
        }
    }
    let (of_s, of_r) = (scaled(&s), scaled(&r));
    let q: Vec<f64> = of_s.iter().zip(&of_r).map(|(s, r)| v * s + (1.0 - v) * r).collect();
    let set = set(&s, &r, &q);
    Compromise { s, r, q, set, constant }
}

/// From 0 for the least to 1 for the largest; all 0 when they are alike.
fn scaled(values: &[f64]) -> Vec<f64> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    values.iter().map(|value| if high > low { (value - low) / (high - low) } else { 0.0 }).collect()
}

fn set(s: &[f64], r: &[f64], q: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..q.len()).collect();
    order.sort_by(|one, other| q[*one].total_cmp(&q[*other]));
    let (Some(&first), Some(&second)) = (order.first(), order.get(1)) else { return order };
    let lead = 1.0 / (q.len() - 1) as f64;
    let is_first = |values: &[f64]| values.iter().all(|value| values[first] <= *value);
    if q[second] - q[first] < lead {
        return order.into_iter().filter(|unit| q[*unit] - q[first] < lead).collect();
    }
    if is_first(s) || is_first(r) { vec![first] } else { vec![first, second] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_column_decides_nothing_and_ties_are_no_failure() {
        let criterion =
            |figures: [f64; 3], weight| Regretted { figures: figures.to_vec(), better: Better::High, weight };
        let found = compromise(&[criterion([1.0, 2.0, 3.0], 0.5), criterion([7.0; 3], 0.5)], 0.5);
        assert_eq!((found.constant.clone(), found.q.clone()), (vec![1], vec![1.0, 0.5, 0.0]));
        assert_eq!(found.set, [2]);
        let tied = compromise(&[criterion([7.0; 3], 1.0)], 0.5);
        assert_eq!((tied.q, tied.set.len()), (vec![0.0; 3], 3));
    }
}
