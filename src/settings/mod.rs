//! Settings in two types: as written ([`file`]) and as meant ([`Settings`]), checked once, whole, at the start.

mod file;
mod meant;
mod plan;
mod score;

pub use file::{BadRows, BudgetIn, DateOrder, Duplicates, Goal, NoCurve, Overlap, RebateMethod, RiskMeasure, Tier};
pub(crate) use meant::hex;
pub use meant::{Event, Project, Settings, Source};
pub use plan::{Contract, Limit, MinimumBuy, PlanSettings, Risk, Whom};
pub use score::{
    AskRules, CRITERIA, Criterion, Found, Memory, PeriodRules, ScoreSettings, TierRules, TrustRules, Verdict,
};
