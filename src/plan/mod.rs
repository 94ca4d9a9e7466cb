//! Fitted curves and limits → [`Plans`]: the allocation, a proven bound on what any allocation could reach, prices of
//! the limits, and the frontier over budgets.

pub mod answer;

pub use answer::{Answer, Budget, Conflict, Expected, FrontierPoint, Line, Period, Price, Relax, Status};
