//! The scorecard: what is said of each supplier, and what it rests on.

mod trust;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::check::Finding;
use crate::units::Kpi;

pub use trust::*;

/// A name that the program gives, of a count, an indicator, a position; or as it was read back from a file.
pub type Term = Cow<'static, str>;

/// The suppliers of a run, ascending by name; rows that name none stand last, under no name.
#[derive(Clone, Debug)]
pub struct Scorecard {
    /// What is counted.
    pub kpi: Kpi,
    /// First and last day of the rows scored; absent without rows.
    pub window: Option<(Date, Date)>,
    /// What costs are held against; absent when nobody has any KPI.
    pub target: Option<Target>,
    /// How the figures came about, for whoever repeats them.
    pub method: Method,
    /// One score a supplier.
    pub suppliers: Vec<SupplierScore>,
    /// Suppliers without history, best first.
    pub prospects: Vec<Prospect>,
    /// Weights of the criteria that [`SupplierScore::criteria`] rests on; empty without criteria.
    pub weights: Vec<CriterionWeight>,
    /// What is worth a look.
    pub findings: Vec<Finding>,
}

impl Scorecard {
    /// A scorecard of nobody.
    pub fn empty(kpi: Kpi) -> Scorecard {
        Scorecard {
            kpi,
            window: None,
            target: None,
            method: Method::default(),
            suppliers: Vec::new(),
            prospects: Vec::new(),
            weights: Vec::new(),
            findings: Vec::new(),
        }
    }
}

/// What costs are held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Cost per KPI.
    pub cost: f64,
    /// Whether the settings name it; it is the suppliers' pooled cost otherwise.
    pub given: bool,
}

/// How the figures came about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Days after which a day's figures count half; absent when all days count alike.
    pub half_life: Option<f64>,
    /// Pools of suppliers that share a distribution of true rates.
    pub pools: Vec<Pool>,
    /// Indicators that were not looked at, and what each would need.
    pub not_looked_at: Vec<NotLookedAt>,
}

/// A pool of suppliers that share a distribution of true rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// The values of the pooling fields, joined.
    pub name: String,
    /// Suppliers in it.
    pub suppliers: usize,
    /// How much more daily KPI varies than by chance, once the day's shock is taken out.
    pub overdispersion: f64,
    /// Standard deviation of the day's shock that all suppliers of the pool share; 0 when none was found.
    pub shock: f64,
    /// Whether it is too small for a distribution of its own, and borrows the one of all pools.
    pub borrowed: bool,
}

/// An indicator for want of data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotLookedAt {
    /// The indicator.
    pub indicator: Term,
    /// What it needs.
    pub needs: Term,
}

/// A supplier's score and its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Why that grade, the deciding reason first.
    pub reasons: Vec<String>,
    /// Largest share of the budget that the grade allows.
    pub cap_share: Option<f64>,
    /// Price to ask for.
    pub ask: Option<Ask>,
    /// Why no price is asked, where none is.
    pub no_ask: Option<String>,
    /// What the grade is made of, and what would change it.
    pub decision: Decision,
    /// Cost per count of the funnel, by the name of the count.
    pub costs: BTreeMap<Term, CostPer>,
    /// Shares of the funnel: `approval` and `invalid` of registrations.
    pub shares: BTreeMap<Term, Share>,
    /// Rows by pool.
    pub parts: Vec<Part>,
    /// Quality and trust.
    pub trust: Trust,
    /// Worth by several criteria.
    pub criteria: Option<Worth>,
}

impl SupplierScore {
    /// What the ledger tells of a supplier without any model.
    pub fn unscored(supplier: Option<String>, platforms: Vec<String>, spend: f64) -> SupplierScore {
        SupplierScore {
            supplier,
            platforms,
            spend,
            registrations: None,
            cost_per: None,
            efficiency: None,
            rank: None,
            tier: Tier::U,
            reasons: Vec::new(),
            cap_share: None,
            ask: None,
            no_ask: None,
            decision: Decision::default(),
            costs: BTreeMap::new(),
            shares: BTreeMap::new(),
            parts: Vec::new(),
            trust: Trust::default(),
            criteria: None,
        }
    }
}

/// Cost per KPI: raw, and shrunk towards the other suppliers' by how little is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

/// A share: raw, and shrunk towards the other suppliers'.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Events ÷ trials; absent without trials.
    pub raw: Option<f64>,
    /// Posterior mean.
    pub mean: f64,
    /// 5 % quantile.
    pub p05: f64,
    /// 95 % quantile.
    pub p95: f64,
}

/// Data envelopment with net spend as input and the funnel's counts as outputs, input oriented.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Efficiency {
    /// Constant returns to scale.
    pub crs: f64,
    /// Non-increasing returns.
    pub nirs: f64,
    /// Variable returns.
    pub vrs: f64,
    /// Scale efficiency, `crs` ÷ `vrs`: what its size costs it.
    pub scale: Option<f64>,
    /// `nirs` where no count of the funnel may be worth more than twice, or less than half, what the portfolio's rates say:
    /// well below `nirs` for whoever is efficient by one cheap count alone.
    pub assured: f64,
    /// `nirs` ÷ the same among the suppliers of its own platform: what the platform costs it. Absent on several platforms.
    pub platform_gap: Option<f64>,
    /// The suppliers it is measured against under `nirs`.
    pub peers: Vec<Peer>,
    /// `nirs` over joint draws of all true rates.
    pub interval: Option<Interval>,
}

/// A figure over draws.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Mean.
    pub mean: f64,
    /// 5 % quantile.
    pub p05: f64,
    /// 95 % quantile.
    pub p95: f64,
}

/// A supplier on the frontier that another is measured against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// The peer; absent for rows that name no supplier.
    pub supplier: Option<String>,
    /// Its intensity λ.
    pub weight: f64,
}

/// Rank by true cost, 1 the cheapest, over joint draws.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rank {
    /// Mean rank.
    pub expected: f64,
    /// 5 % quantile.
    pub p05: u32,
    /// 95 % quantile.
    pub p95: u32,
    /// Probability of rank 1.
    pub best: f64,
    /// Probability of the cheapest quarter.
    pub top_quartile: f64,
    /// Group of suppliers that cannot be told apart, 1 the cheapest.
    pub group: u32,
}

/// A grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// What a grade is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// P(true cost ≤ target).
    pub p_target: Option<f64>,
    /// P(true cost ≤ tolerated multiple of the target).
    pub p_tolerated: Option<f64>,
    /// How sure the grade is: the probability of each one, were the true costs known.
    pub tier_chances: BTreeMap<char, f64>,
    /// The grade of this period alone, before the wait that a change needs.
    pub alone: Option<Tier>,
    /// The grade of the period before.
    pub before: Option<Tier>,
    /// Past gradings, oldest first.
    pub history: Vec<PastGrade>,
    /// The smallest change that would change the grade of this period.
    pub flip: Option<Flip>,
    /// A probation that is on.
    pub probation: Option<Probation>,
    /// Spend that would settle whether an unproven supplier reaches the target.
    pub probe: Option<f64>,
    /// Where it stands in the portfolio (Kraljic): `strategic`, `leverage`, `bottleneck`, `non-critical`.
    pub position: Option<Term>,
}

/// A past grading.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastGrade {
    /// Last day that it looked at.
    pub as_of: Date,
    /// The grade of that period alone.
    pub alone: Tier,
    /// The grade that stood.
    pub tier: Tier,
}

/// A change that would change a grade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// The grade that it would be.
    pub to: Tier,
    /// Change of the cost as a share: −0.08 is 8 % lower.
    pub cost_change: f64,
    /// In words.
    pub because: String,
}

/// A probation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probation {
    /// First day.
    pub start: Date,
    /// Last day.
    pub end: Date,
    /// Face value a day at most.
    pub daily_cap: f64,
    /// What must have recovered by then.
    pub recover: Vec<String>,
}

/// A price to ask a supplier for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// The firm ask: rebate rate r that the evidence supports; cash is face ÷ (1 + r).
    pub rebate: f64,
    /// Where to open: the rate of the best estimate.
    pub opening: f64,
    /// The rate that holds now.
    pub now: f64,
    /// The peers' figures it rests on, with the share of the supplier's volume that each would take.
    pub peers: Vec<Peer>,
    /// Whether the peers could take the supplier's volume.
    pub absorb: bool,
    /// Share of the supplier's daily spend at the peers' cost that they could take on.
    pub absorbed_share: f64,
    /// Why.
    pub because: String,
}

/// A supplier's figures in one pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The pool.
    pub pool: String,
    /// Face-value spend in the window.
    pub spend: f64,
    /// KPI; absent when not reported.
    pub registrations: Option<f64>,
    /// Cost per KPI.
    pub cost_per: Option<CostPer>,
    /// Shrunk cost ÷ the pool's.
    pub index: Option<f64>,
    /// Days with spend.
    pub days: usize,
    /// KPI that count as independent evidence.
    pub n_eff: Option<f64>,
}

/// Weight of a criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriterionWeight {
    /// The criterion.
    pub name: String,
    /// Its weight in the scorecard, when the settings give weights.
    pub weight: Option<f64>,
    /// Mean of the sampled weights.
    pub sampled: f64,
}

/// Worth by several criteria.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// Worth of each figure, by criterion.
    pub values: BTreeMap<String, f64>,
    /// Weighted sum, when the settings give weights.
    pub score: Option<f64>,
    /// Share of sampled weights (and draws of the figures) under which it ranks first.
    pub first: f64,
    /// Mean rank over them.
    pub expected_rank: f64,
    /// Share of them under which it ranks in the first quarter.
    pub top_quartile: f64,
}

/// A supplier without history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prospect {
    /// Its name.
    pub name: String,
    /// Where it would run.
    pub platform: Option<String>,
    /// What is believed of its cost.
    pub cost_per: CostPer,
    /// P(true cost ≤ target).
    pub p_target: Option<f64>,
    /// Place among the prospects, 1 the most promising.
    pub rank: u32,
    /// Face value of a probe that would settle the question.
    pub probe: Option<f64>,
    /// Most KPI that its audience can give, at the platform's rates; absent without audience or impressions.
    pub reach: Option<f64>,
    /// What the belief rests on, in words.
    pub because: Vec<String>,
}
