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
//!
//! Where the budget is in cash, C takes the place of T in the objective, the budget, the ceiling c and the ceilings c_q:
//!
//! ```text
//!     C = Σ_s K_s(X_s) + Σ x_l of lines without a contract,     X_s = Σ_{l∈s} x_l      λ_s
//! ```
//!
//! `K_s` is the convex polyline below what supplier s's total costs. With m = τ + λ_B + μ, a line of a supplier pays λ_s for
//! a unit, one without a contract m, both Σ_r λ_r t_r for their part in T, and each supplier adds
//! max_X (λ_s X − (m + Σ_{q∋s} μ_q) K_s(X)) to the bound.

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

/// What a supplier's lines cost together.
#[derive(Clone, Debug)]
pub struct Payable {
    /// Its lines, ascending.
    pub lines: Vec<usize>,
    /// The negative of a convex polyline that its cash is nowhere below, over the face value of its lines.
    pub above: Envelope,
}

/// A program over envelopes.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    /// One a line.
    pub envelopes: &'a [Envelope],
    /// The suppliers under contracts where the budget is in cash; else none.
    pub payables: &'a [Payable],
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
    /// λ_s by supplier under a contract.
    pub payables: Vec<f64>,
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
        self.aim.value(kpi, self.cash(spend))
    }

    /// What a spend costs: its sum, or in cash no more than what contracts ask.
    fn cash(&self, spend: &[f64]) -> f64 {
        let sum = |payable: &Payable| payable.lines.iter().map(|line| spend[*line]).sum::<f64>();
        let beside = |payable: &Payable| -payable.above.at(sum(payable)) - sum(payable);
        spend.iter().sum::<f64>() + self.payables.iter().map(beside).sum::<f64>()
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

    /// m: what a unit of cash is worth at these multipliers.
    pub fn price_of_cash(&self, duals: &Duals) -> f64 {
        self.aim.spend + duals.budget + duals.cost
    }

    /// What a unit of cash is worth to each supplier under a contract.
    pub fn prices_of_cash(&self, duals: &Duals) -> Vec<f64> {
        let ceilings = || self.rows.iter().zip(&duals.rows).filter(|(row, _)| row.cost().is_some());
        let about = |row: &Row, payable: &Payable| payable.lines.iter().all(|l| row.lines.binary_search(l).is_ok());
        let of = |payable| {
            let ceilings = ceilings().filter(|(row, _)| about(row, payable)).map(|(_, dual)| dual);
            self.price_of_cash(duals) + ceilings.sum::<f64>()
        };
        self.payables.iter().map(of).collect()
    }

    /// The supplier under a contract that each line is of.
    pub fn payers(&self) -> Vec<Option<usize>> {
        let mut payers = vec![None; self.envelopes.len()];
        for (index, payable) in self.payables.iter().enumerate() {
            payable.lines.iter().for_each(|line| payers[*line] = Some(index));
        }
        payers
    }

    /// p_l: what one unit of spend costs each line at these multipliers.
    pub fn line_prices(&self, duals: &Duals) -> Vec<f64> {
        let payers = self.payers();
        let beside = if self.payables.is_empty() { 0.0 } else { self.price_of_cash(duals) };
        let base = |payer: &Option<usize>| duals.whole + payer.map_or(beside, |payer| duals.payables[payer]);
        let mut prices: Vec<f64> = payers.iter().map(base).collect();
        for (row, dual) in self.rows.iter().zip(&duals.rows) {
            // what a supplier's lines cost the supplier has paid
            let pays = |line: &&usize| row.cost().is_none() || payers[**line].is_none();
            row.lines.iter().filter(pays).for_each(|line| prices[*line] += dual);
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
        if self.payables.is_empty() {
            duals.budget = (duals.whole - self.aim.spend - by_rows - duals.cost).max(0.0);
        } else {
            (duals.whole, duals.budget) = (by_rows, duals.budget.max(0.0));
        }
        let (worths, prices) = (self.worths(&duals), self.line_prices(&duals));
        let each = self.envelopes.iter().zip(worths.iter().zip(&prices));
        let lines: f64 = each.map(|(above, (worth, price))| above.best(*worth, *price)).sum();
        let paid = self.payables.iter().zip(self.prices_of_cash(&duals).into_iter().zip(&duals.payables));
        let payables: f64 = paid.map(|(payable, (cash, price))| payable.above.best(cash, -price)).sum();
        let rows: f64 = self.rows.iter().zip(&duals.rows).map(|(row, dual)| dual * row.bound).sum();
        let target = duals.target * self.aim.target.unwrap_or(0.0);
        let bound = lines + payables + duals.budget * self.budget + rows - target;
        (duals, bound)
    }
}
