//! Settings in two types: as written ([`file`]) and as meant ([`Settings`]), checked once, whole, at the start.

mod database;
mod file;
mod fit;
mod late;
mod leads;
mod meant;
mod names;
mod plan;
mod rules;
mod score;
mod total;

pub use database::{Secrets, is_server};
pub use file::{
    BadRows, Basis, BudgetIn, DateOrder, Duplicates, Goal, Negative, NoCurve, Overlap, OwnTotal, RebateMethod,
    RiskMeasure, Tier,
};
pub use fit::{Experiment, FitSettings, Prior, Sampler};
pub use late::LateSettings;
pub use leads::{LeadRule, LeadScreen, LeadsSettings};
pub(crate) use meant::hex;
pub use meant::{Event, Project, Settings, Source};
pub use names::{NamePattern, NamesSettings};
pub use plan::{Contract, Limit, MinimumBuy, PlanSettings, Risk, Whom};
pub use rules::{Currencies, Daily, FeeMethod, Flight, Funds, Lock, Probe, RuleSettings, Weights};
pub use score::{
    AskRules, CRITERIA, Criterion, Found, Memory, PeriodRules, ScoreSettings, TierRules, TrustRules, Verdict,
};
pub use total::KpiTotal;
