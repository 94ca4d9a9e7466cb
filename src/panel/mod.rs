//! Ledger → [`Panel`]: channel × period, absent apart from zero.

use jiff::civil::Date;
use ndarray::Array2;

use crate::check::Finding;
use crate::units::{Channel, Currency, Grain, Kpi};

/// Spend and KPI by channel and period, arrays `(n_channels, n_periods)`.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What is counted.
    pub kpi: Kpi,
    /// The currency of `spend`.
    pub currency: Currency,
    /// The period.
    pub grain: Grain,
    /// First day of each period; consecutive, none left out.
    pub periods: Vec<Date>,
    /// The channels, ascending by label; the row order of the arrays.
    pub channels: Vec<Channel>,
    /// Face-value spend per period, major units; 0 where not reported.
    pub spend: Array2<f64>,
    /// KPI per period; 0 where not counted.
    pub kpi_count: Array2<f64>,
    /// Whether the period was reported at all; where not, spend is unknown, not zero.
    pub reported: Array2<bool>,
    /// Whether the KPI was reported.
    pub counted: Array2<bool>,
    /// SHA-256 over labels, periods and figures, hexadecimal.
    pub sha256: String,
    /// Gaps, late days and the like.
    pub findings: Vec<Finding>,
}
