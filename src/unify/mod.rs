//! Raw rows → [`Ledger`]: one currency, one calendar, one name each.

pub mod ledger;

pub use ledger::{Entry, Ledger, RowCount, Skipped, SourceSummary};
