//! Settings in two types: as written ([`file`]) and as meant ([`Settings`]), checked once, whole, at the start.

mod file;
mod fit;
mod meant;
mod plan;
mod rules;
mod score;
mod total;

pub use file::{BadRows, BudgetIn, DateOrder, Duplicates, Goal, NoCurve, Overlap, RebateMethod, RiskMeasure, Tier};
pub use fit::{Experiment, FitSettings, Sampler};
pub(crate) use meant::hex;
pub use meant::{Event, Project, Settings, Source};
pub use plan::{Contract, Limit, MinimumBuy, PlanSettings, Risk, Whom};
pub use rules::{Currencies, Daily, FeeMethod, Flight, Funds, Lock, Probe, RuleSettings, Weights};
pub use score::{
    AskRules, CRITERIA, Criterion, Found, Memory, PeriodRules, ScoreSettings, TierRules, TrustRules, Verdict,
};
pub use total::KpiTotal;
