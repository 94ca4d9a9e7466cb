//! Plans ad delivery spend and evaluates suppliers.
//!
//! A delivery operator puts money into advertising platforms, through suppliers and accounts, and wants registrations
//! back. Every month the question is: how much to which platform, supplier and account; what will come of it; what is the
//! last yuan worth; which supplier should get more, less, or a tougher price?
//!
//! outlay answers it from the exports that the platforms write. They are brought under one definition per metric; a
//! response curve with posterior draws is fitted to each channel's counts, or the reason given why its data carry none;
//! suppliers are scored with what is known of them and how surely; the budget is allocated by linear programming over
//! certified envelopes of the curves, so that a proven bound stands beside every plan.
//!
//! # Layout
//!
//! Data flow one way, and the modules stand in that order; each may use those before it and none after:
//!
//! ```text
//! import ──▶ unify ──▶ panel ──▶ fit ──▶ score ──▶ plan ──▶ report
//! ```
//!
//! | module | takes | gives |
//! |---|---|---|
//! | [`units`], [`math`], [`check`] | – | quantities, kernels without domain words, findings and errors |
//! | [`settings`] | `outlay.toml` | [`settings::Settings`], checked once and whole |
//! | [`import`] | export files, column maps | [`import::Batch`]es of rows |
//! | [`unify`] | batches, dated rates | [`unify::Ledger`]: one currency, one calendar, one name each |
//! | [`panel`] | ledger | [`panel::Panel`]: channel × period, absent apart from zero |
//! | [`mod@fit`] | panel, priors | [`fit::Fitted`]: a [`fit::Curve`] per channel, or why not |
//! | [`score`] | ledger | [`score::Scorecard`]: cost, efficiency, rank and tier per supplier |
//! | [`mod@plan`] | fitted curves, limits | [`plan::Answer`]: spends, marginal costs, prices, bound |
//! | [`backtest`] | panel | [`backtest::Backtest`]: what the models would have said in the past |
//! | [`report`] | all of the above | HTML, XLSX, CSV, JSON, SVG |
//! | [`simulate`] | a seed | exports with known curves |
//! | [`flow`] | settings | all stages in order |
//!
//! # Example
//!
//! A plan over two curves that are known, without any data:
//!
//! ```
//! use outlay::{fit::store, plan, settings::Settings};
//!
//! # fn main() -> Result<(), outlay::check::Error> {
//! let models = store::parse(
//!     r#"{ "format": "outlay/model@1", "currency": "CNY", "grain": "day", "channels": [
//!         { "channel": "search", "platform": "search", "family": "hill",
//!           "params": { "top": 80.0, "half": 500.0, "slope": 1.0 }, "reference_spend": 400.0 },
//!         { "channel": "feed", "platform": "feed", "family": "hill",
//!           "params": { "top": 80.0, "half": 500.0, "slope": 1.0 }, "reference_spend": 600.0 } ] }"#,
//!     "by hand",
//! )?;
//! let settings = r#"
//!     [plan]
//!     start = "2026-06-01"
//!     end = "2026-06-30"
//!     budget = 30000
//! "#;
//! let settings = Settings::parse(settings, "by hand", "".as_ref(), 1)?;
//! let answer = plan::scenarios(&models, settings.plan()?, settings.project.currency)?;
//! assert!((answer.lines[0].spend - 15_000.0).abs() < 30.0);
//! assert!(answer.gap.unwrap() < 1e-6);
//! # Ok(())
//! # }
//! ```
//!
//! Long documents: [`docs::design`], [`docs::decisions`].

pub mod backtest;
pub mod check;
pub mod docs;
pub mod fit;
pub mod flow;
pub mod import;
pub mod math;
pub mod panel;
pub mod plan;
pub mod report;
pub mod score;
pub mod settings;
pub mod simulate;
pub mod unify;
pub mod units;
