//! Ledger → [`Scorecard`]: what each supplier costs, how sure that is, how far it can be trusted, and what follows.

mod assemble;
pub mod bootstrap;
mod card;
mod checks;
mod compare;
mod cost;
pub mod criteria;
pub mod cross;
mod decide;
pub mod efficiency;
pub mod envelope;
mod evaluation;
mod net;
pub mod nonradial;
mod program;
mod prospects;
pub mod rates;
mod replay;
mod search;
mod several;
mod share;
pub mod shrink;
mod simplex;
mod tally;
#[cfg(test)]
mod tests;
mod trust;
mod words;

pub use card::*;

use self::assemble::Evidence;
use self::tally::Tallies;
use crate::check::Error;
use crate::settings::Settings;
use crate::unify::Ledger;

/// Scores every supplier of the ledger.
///
/// | figure       | how                                                                                               |
/// |--------------|---------------------------------------------------------------------------------------------------|
/// | cost per KPI | Gamma-Poisson empirical Bayes with spend as exposure, the day's platform shock taken out, old days weighing less, widened by day-to-day swings: [`shrink`] |
/// | rank         | joint draws of all true costs, at least 4,000, seeded                                             |
/// | efficiency   | data envelopment, net spend in, the funnel's counts out, one linear program a supplier: [`envelope`]; again for draws of the true rates |
/// | tier         | probabilities against the target cost, and how often they were seen; `U` where little is known    |
/// | ask          | the rebate that would bring a supplier to its peers' frontier on its own platforms                |
///
/// With `[kpi_total]` no KPI belongs to a supplier: costs, ranks, efficiency are absent and every tier is `U`. Efficiency
/// without the KPI would praise whoever buys the cheapest reads, so it is absent for suppliers that report none.
///
/// # Errors
///
/// [`crate::check::Kind::Bug`] when an efficiency program was not solved; [`crate::check::Kind::Input`] when a table that the settings
/// name cannot be read. A ledger without entries gives an empty scorecard.
pub fn suppliers(ledger: &Ledger, settings: &Settings) -> Result<Scorecard, Error> {
    let tallies = Tallies::of(ledger, &settings.score.pool, settings.score.as_of);
    if settings.kpi_total.is_some() {
        return Ok(assemble::of_total(&tallies, settings));
    }
    Evidence::of(&tallies, ledger.currency, settings)?.scorecard()
}
