//! The linear program of a plan as data, and what its duals prove.
//!
//! ```text
//!     maximise    w · Σ U_l(x_l) − τ · T
//!     subject to  T = Σ x_l                       λ₀
//!                 T ≤ budget                      λ_B ≥ 0
//!                 Σ_{l∈r} x_l + t_r T ≤ b_r       λ_r ≥ 0      (≥: λ_r ≤ 0)
//!                 Σ U_l(x_l) ≥ target             ν ≥ 0
//!                 c · Σ U_l(x_l) ≥ T              μ ≥ 0
//!                 c_q Σ_{l∈q} U_l(x_l) ≥ Σ_{l∈q} x_l    μ_q ≥ 0
//! ```
//!
//! `U_l` is the concave polyline above line l's curve, so the program is linear in the lengths of its segments. For any
//! multipliers of the right sign, with p_l = λ₀ + Σ_r λ_r + Σ_q μ_q and θ_l = w + ν + c μ + Σ_q c_q μ_q,
//!
//! ```text
//!     Σ_l max_x (θ_l U_l(x) − p_l x) + λ_B · budget + Σ_r λ_r b_r − ν · target
//! ```
//!
//! is an upper bound on every plan within the limits: weak duality, whatever the solver's accuracy. λ_B is set to the
//! least value that leaves nothing to gain from T.

use super::envelope::Envelope;
use super::rows::{Row, Sense};
use crate::settings::Goal;

/// What the plan is for, in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aim {
    /// Which goal.
    pub goal: Goal,
    /// Weight w of the KPI in the objective.
    pub kpi: f64,
    /// Weight τ of the spend in the objective.
    pub spend: f64,
    /// KPI to reach.
    pub target: Option<f64>,
    /// Ceiling c on spend ÷ KPI.
    pub max_cost_per: Option<f64>,
}

impl Aim {
    /// The objective of a plan, to be maximised.
    pub fn value(&self, kpi: f64, spend: f64) -> f64 {
        self.kpi * kpi - self.spend * spend
    }
}

/// A program over envelopes.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    /// One a line.
    pub envelopes: &'a [Envelope],
    /// The rows about several lines, or about shares.
    pub rows: &'a [&'a Row],
    /// Most that may be spent.
    pub budget: f64,
    /// What for.
    pub aim: Aim,
}

/// Multipliers of a program's rows: by how much the objective rises per unit of room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Duals {
    /// λ₀ of T = Σ x.
    pub whole: f64,
    /// λ_B of the budget.
    pub budget: f64,
    /// λ_r by row.
    pub rows: Vec<f64>,
    /// ν of the target.
    pub target: f64,
    /// μ of the ceiling on the average cost.
    pub cost: f64,
}

/// A solved program.
#[derive(Clone, Debug)]
pub struct Solved {
    /// Spend by line.
    pub spend: Vec<f64>,
    /// Multipliers, signs as they must be.
    pub duals: Duals,
    /// What one unit of spend costs each line at these multipliers.
    pub line_prices: Vec<f64>,
    /// Upper bound that the multipliers prove.
    pub bound: f64,
}

impl Program<'_> {
    /// The objective at a spend of each envelope.
    pub fn value(&self, spend: &[f64]) -> f64 {
        let kpi = self.envelopes.iter().zip(spend).map(|(above, x)| above.at(*x)).sum();
        self.aim.value(kpi, spend.iter().sum())
    }

    /// θ: what one KPI is worth at these multipliers.
    pub fn worth(&self, duals: &Duals) -> f64 {
        self.aim.kpi + duals.target + self.aim.max_cost_per.unwrap_or(0.0) * duals.cost
    }

    /// θ_l: what one KPI of each line is worth.
    fn worths(&self, duals: &Duals) -> Vec<f64> {
        let mut worths = vec![self.worth(duals); self.envelopes.len()];
        for (row, dual) in self.rows.iter().zip(&duals.rows) {
            let Some(cost) = row.cost() else { continue };
            row.lines.iter().for_each(|line| worths[*line] += cost * dual);
        }
        worths
    }

    /// p_l: what one unit of spend costs each line at these multipliers.
    pub fn line_prices(&self, duals: &Duals) -> Vec<f64> {
        let mut prices = vec![duals.whole; self.envelopes.len()];
        for (row, dual) in self.rows.iter().zip(&duals.rows) {
            row.lines.iter().for_each(|line| prices[*line] += dual);
        }
        prices
    }

    /// Makes multipliers valid and evaluates the bound that they prove.
    pub fn prove(&self, mut duals: Duals) -> (Duals, f64) {
        for (row, dual) in self.rows.iter().zip(&mut duals.rows) {
            *dual = match row.sense {
                Sense::AtMost => dual.max(0.0),
                Sense::AtLeast => dual.min(0.0),
            };
        }
        duals.target = if self.aim.target.is_some() { duals.target.max(0.0) } else { 0.0 };
        duals.cost = if self.aim.max_cost_per.is_some() { duals.cost.max(0.0) } else { 0.0 };
        let by_rows: f64 = self.rows.iter().zip(&duals.rows).map(|(row, dual)| dual * row.total).sum();
        duals.budget = (duals.whole - self.aim.spend - by_rows - duals.cost).max(0.0);
        let (worths, prices) = (self.worths(&duals), self.line_prices(&duals));
        let each = self.envelopes.iter().zip(worths.iter().zip(&prices));
        let lines: f64 = each.map(|(above, (worth, price))| above.best(*worth, *price)).sum();
        let rows: f64 = self.rows.iter().zip(&duals.rows).map(|(row, dual)| dual * row.bound).sum();
        let target = duals.target * self.aim.target.unwrap_or(0.0);
        let bound = lines + duals.budget * self.budget + rows - target;
        (duals, bound)
    }
}
