//! Events of trials by group and supplier, from a table that the settings name.

use std::collections::{BTreeMap, BTreeSet};

use crate::score::share::{Trials, overdispersion};

/// Events and trials of suppliers, by group: a platform, or all together where a table has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grouped {
    sums: BTreeMap<(String, String), (f64, f64)>,
    /// By group, supplier and day, where the table has a date.
    days: BTreeMap<(String, String, String), (f64, f64)>,
}

impl Grouped {
    /// The group of rows without a platform.
    pub(super) const ALL: &'static str = "all platforms";

    /// Adds events and trials of a supplier in a group, of a day where there is one.
    pub(super) fn add(&mut self, group: &str, supplier: &str, day: Option<&str>, (events, trials): (f64, f64)) {
        let add = |sum: &mut (f64, f64)| *sum = (sum.0 + events, sum.1 + trials);
        add(self.sums.entry((group.to_owned(), supplier.to_owned())).or_default());
        if let Some(day) = day {
            add(self.days.entry((group.to_owned(), supplier.to_owned(), day.to_owned())).or_default());
        }
    }

    /// Groups of suppliers to compare, ascending.
    pub(super) fn groups(&self) -> BTreeSet<&str> {
        self.sums.keys().map(|(group, _)| group.as_str()).collect()
    }

    /// Supplier, events and trials of a group.
    pub(super) fn of<'a>(&'a self, group: &'a str) -> impl Iterator<Item = (&'a str, (f64, f64))> {
        let own = self.sums.iter().filter(move |((of, _), _)| of == group);
        own.map(|((_, supplier), sums)| (supplier.as_str(), *sums))
    }

    /// Trials of the suppliers that `place` knows, pools being the groups in ascending order; as one day where the table has none.
    pub(super) fn trials(&self, place: impl Fn(&str) -> Option<usize>) -> Vec<Trials> {
        let pools: Vec<&str> = self.groups().into_iter().collect();
        let of = |((group, supplier), sums): (&(String, String), &(f64, f64))| {
            let key = |day: &str| (group.clone(), supplier.clone(), day.to_owned());
            let own = self.days.range(key("")..).take_while(|((g, s, _), _)| g == group && s == supplier);
            let days: Vec<(f64, f64)> = own.map(|(_, sums)| *sums).filter(|(_, trials)| *trials > 0.0).collect();
            let pool = pools.iter().position(|pool| pool == group)?;
            let days = if days.is_empty() { vec![*sums] } else { days };
            Some(Trials { supplier: place(supplier)?, pool, days })
        };
        self.sums.iter().filter(|(_, (_, trials))| *trials > 0.0).filter_map(of).collect()
    }

    /// How much more a group's share varies from day to day than by chance, at least 1.
    pub(super) fn overdispersion(&self, group: &str) -> f64 {
        let pool = self.groups().into_iter().position(|of| of == group);
        let all = self.trials(|_| Some(0));
        overdispersion(all.iter().filter(|trials| Some(trials.pool) == pool))
    }
}
