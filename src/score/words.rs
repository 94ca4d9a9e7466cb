//! Words and figures of the sentences on a scorecard.

use crate::units::Kpi;

/// Two decimals, or four digits below 1.
pub(super) fn figure(value: f64) -> String {
    if value >= 1.0 || value <= 0.0 {
        return format!("{value:.2}");
    }
    format!("{value:.*}", (3.0 - value.log10().floor()) as usize)
}

/// One of what is counted, in words.
pub(super) fn singular(kpi: Kpi) -> &'static str {
    match kpi {
        Kpi::Reads => "read",
        Kpi::Entries => "entry",
        Kpi::Registrations => "registration",
        Kpi::ValidRegistrations => "valid registration",
        Kpi::Value => "unit of value",
    }
}

/// Several of what is counted, in words.
pub(super) fn plural(kpi: Kpi) -> &'static str {
    match kpi {
        Kpi::Reads => "reads",
        Kpi::Entries => "entries",
        Kpi::Registrations => "registrations",
        Kpi::ValidRegistrations => "valid registrations",
        Kpi::Value => "units of value",
    }
}

/// The first few names and how many more.
pub(super) fn some_of(names: &[String]) -> String {
    let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
