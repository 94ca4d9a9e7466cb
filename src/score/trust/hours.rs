//! Clicks by hour of the day: the table that `[score] hours` names.

use std::path::Path;

use super::grouped::Grouped;
use crate::check::{Error, Kind};
use crate::import::sheet::Sheet;

/// Hours that count as night: from 0 up to this one.
const NIGHT: u32 = 6;

/// Reads clicks at night out of all clicks: a table with the columns `supplier`, `hour` (0 to 23), `clicks`, and, where it has
/// them, `platform` and `date`.
///
/// # Errors
///
/// [`Kind::Input`] for a table that cannot be read or an hour that is none.
pub(crate) fn read(path: &Path) -> Result<Grouped, Error> {
    let sheet = Sheet::read(path)?;
    let (suppliers, hours, clicks) = (sheet.texts("supplier")?, sheet.numbers("hour")?, sheet.numbers("clicks")?);
    let of = |header: &str| sheet.texts(header).ok();
    let (platforms, dates) = (of("platform"), of("date"));
    let mut found = Grouped::default();
    for (at, supplier) in suppliers.iter().enumerate() {
        if hours[at].fract() != 0.0 || !(0.0..24.0).contains(&hours[at]) || clicks[at] < 0.0 {
            let message = format!(
                "{}: `{supplier}` has {} clicks at hour {}, expected 0 or more at a whole hour from 0 to 23",
                path.display(),
                clicks[at],
                hours[at]
            );
            return Err(Error::new(Kind::Input, message).help("mend the table that `score.hours` names"));
        }
        let group = platforms.as_ref().map_or(Grouped::ALL, |platforms| platforms[at]);
        let night = if (hours[at] as u32) < NIGHT { clicks[at] } else { 0.0 };
        found.add(group, supplier, dates.as_ref().map(|dates| dates[at]), (night, clicks[at]));
    }
    Ok(found)
}
