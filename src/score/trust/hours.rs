//! Clicks by hour of the day: the table that `[score] hours` names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::check::{Error, Kind};
use crate::import::sheet::Sheet;

/// Hours that count as night: from 0 up to this one.
const NIGHT: u32 = 6;

/// Clicks at night and in all, by group and supplier.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hours {
    sums: BTreeMap<(String, String), (f64, f64)>,
    /// By group, supplier and day, where the table has a date.
    days: BTreeMap<(String, String), Vec<(f64, f64)>>,
}

impl Hours {
    /// Reads a table with the columns `supplier`, `hour` (0 to 23), `clicks`, and, where it has them, `platform` and `date`.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for a table that cannot be read or an hour that is none.
    pub(crate) fn read(path: &Path) -> Result<Hours, Error> {
        let sheet = Sheet::read(path)?;
        let (suppliers, hours, clicks) = (sheet.texts("supplier")?, sheet.numbers("hour")?, sheet.numbers("clicks")?);
        let of = |header: &str| sheet.texts(header).ok();
        let (platforms, dates) = (of("platform"), of("date"));
        let mut found = Hours::default();
        let mut days: BTreeMap<(String, String, String), (f64, f64)> = BTreeMap::new();
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
            let group = platforms.as_ref().map_or("all platforms", |platforms| platforms[at]).to_owned();
            let night = if (hours[at] as u32) < NIGHT { clicks[at] } else { 0.0 };
            let add = |sum: &mut (f64, f64)| *sum = (sum.0 + night, sum.1 + clicks[at]);
            add(found.sums.entry((group.clone(), supplier.to_string())).or_default());
            if let Some(dates) = &dates {
                add(days.entry((group, supplier.to_string(), dates[at].to_owned())).or_default());
            }
        }
        for ((group, supplier, _), sum) in days {
            found.days.entry((group, supplier)).or_default().push(sum);
        }
        Ok(found)
    }

    /// Groups of suppliers to compare, ascending: the platforms, or all together.
    pub(super) fn groups(&self) -> BTreeSet<String> {
        self.sums.keys().map(|(group, _)| group.clone()).collect()
    }

    /// Supplier, clicks at night and clicks of a group.
    pub(super) fn of<'a>(&'a self, group: &'a str) -> impl Iterator<Item = (&'a str, f64, f64)> {
        let own = self.sums.iter().filter(move |((of, _), _)| of == group);
        own.map(|((_, supplier), (night, all))| (supplier.as_str(), *night, *all))
    }

    /// How much more the night's share varies from day to day than by chance, at least 1.
    pub(super) fn overdispersion(&self, group: &str) -> f64 {
        let trials = |days: &Vec<(f64, f64)>| crate::score::share::Trials {
            supplier: 0,
            pool: 0,
            days: days.iter().filter(|(_, all)| *all > 0.0).copied().collect(),
        };
        let own: Vec<_> = self.days.iter().filter(|((of, _), _)| of == group).map(|(_, days)| trials(days)).collect();
        crate::score::share::overdispersion(own.iter())
    }
}
