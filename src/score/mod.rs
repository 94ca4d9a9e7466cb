//! Ledger → [`Scorecard`]: what each supplier costs, how sure that is, how efficient it is beside its peers.

pub mod envelope;
mod program;
mod search;
pub mod shrink;
mod simplex;

use jiff::civil::Date;
use serde::Serialize;

use crate::check::Finding;
use crate::units::Kpi;

/// The suppliers of a run, ascending by name; rows that name none stand last, under no name.
#[derive(Clone, Debug)]
pub struct Scorecard {
    /// What is counted.
    pub kpi: Kpi,
    /// First and last day of the rows scored; absent without rows.
    pub window: Option<(Date, Date)>,
    /// One score a supplier.
    pub suppliers: Vec<SupplierScore>,
    /// What is worth a look.
    pub findings: Vec<Finding>,
}

/// A supplier's score and its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SupplierScore {
    /// The supplier; absent for rows that name none.
    pub supplier: Option<String>,
    /// Platforms that it runs on, ascending.
    pub platforms: Vec<String>,
    /// Face-value spend in the window.
    pub spend: f64,
    /// KPI in the window; absent when it cannot be tied to suppliers.
    pub registrations: Option<f64>,
    /// Cost per KPI.
    pub cost_per: Option<CostPer>,
    /// Efficiency beside its peers.
    pub efficiency: Option<Efficiency>,
    /// Rank by true cost.
    pub rank: Option<Rank>,
    /// The grade.
    pub tier: Tier,
    /// Why that grade.
    pub reasons: Vec<String>,
    /// Largest share of the budget that the grade allows.
    pub cap_share: Option<f64>,
    /// Price to ask for.
    pub ask: Option<Ask>,
}

/// Cost per KPI: raw, and shrunk towards the other suppliers' by how little is known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CostPer {
    /// Spend ÷ KPI; absent without KPI.
    pub raw: Option<f64>,
    /// Posterior mean; absent when it does not exist.
    pub shrunk: Option<f64>,
    /// 5 % quantile.
    pub p05: f64,
    /// 95 % quantile.
    pub p95: f64,
}

/// Data envelopment with spend as input and the funnel's counts as outputs, input oriented.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Efficiency {
    /// Constant returns to scale.
    pub crs: f64,
    /// Non-increasing returns.
    pub nirs: f64,
    /// Variable returns.
    pub vrs: f64,
    /// The suppliers it is measured against under `nirs`.
    pub peers: Vec<Peer>,
}

/// A supplier on the frontier that another is measured against.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Peer {
    /// The peer; absent for rows that name no supplier.
    pub supplier: Option<String>,
    /// Its intensity λ.
    pub weight: f64,
}

/// Rank by true cost, 1 the cheapest, over joint draws.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rank {
    /// Mean rank.
    pub expected: f64,
    /// 5 % quantile.
    pub p05: u32,
    /// 95 % quantile.
    pub p95: u32,
    /// Probability of rank 1.
    pub best: f64,
}

/// A grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Tier {
    /// Give more.
    A,
    /// Keep.
    B,
    /// Watch.
    C,
    /// Wind down.
    D,
    /// Unproven: too little is known to grade.
    U,
}

/// A price to ask a supplier for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ask {
    /// Rebate rate r; cash is face ÷ (1 + r).
    pub rebate: f64,
    /// Why.
    pub because: String,
}
