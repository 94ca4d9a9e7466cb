//! Single registrations: the table that `[score] registrations` names, a row each, and what it tells of how they came about.
//!
//! | indicator      | family   | share of registrations                    | suspicious | reads as                               |
//! |----------------|----------|-------------------------------------------|------------|----------------------------------------|
//! | `latency_head` | latency  | within 10 seconds of the click            | high       | a click put in just before (injection) |
//! | `latency_tail` | latency  | 2 hours or more after the click           | high       | clicks by chance (flooding)            |
//! | `devices`      | devices  | on a device that the supplier brought more than once | high | a farm                            |
//! | `duplicates`   | identity | of an identity that an earlier row has    | high       | made-up registrations                  |
//! | `retention`    | quality  | still there later                         | low        | nobody behind them                     |
//!
//! Identities and devices may be hashed: all that counts is which are the same.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::grouped::Grouped;
use crate::check::{Error, Kind};
use crate::import::sheet::Sheet;

/// Seconds from click to registration within which no person fills a form.
const HEAD: f64 = 10.0;
/// Seconds from which on a registration has little to do with its click.
const TAIL: f64 = 7_200.0;

/// What a table of registrations may tell.
pub(super) struct Look {
    /// The indicator.
    pub name: &'static str,
    /// The family of evidence that it belongs to.
    pub family: &'static str,
    /// The column that it needs.
    pub column: &'static str,
    /// Whether a high share is suspicious.
    pub high: bool,
    /// The share, in words.
    pub words: &'static str,
    /// What it needs, in words.
    pub needs: &'static str,
}

/// Everything that is looked at.
pub(super) const LOOKS: [Look; 5] = [
    Look {
        name: "latency_head",
        family: "latency",
        column: "latency",
        high: true,
        words: "of registrations within 10 seconds of the click",
        needs: "seconds from click to registration: `[score] registrations` with a column `latency`",
    },
    Look {
        name: "latency_tail",
        family: "latency",
        column: "latency",
        high: true,
        words: "of registrations 2 hours or more after the click",
        needs: "seconds from click to registration: `[score] registrations` with a column `latency`",
    },
    Look {
        name: "devices",
        family: "devices",
        column: "device",
        high: true,
        words: "of registrations on a device that registered before or after",
        needs: "device of each registration: `[score] registrations` with a column `device`",
    },
    Look {
        name: "duplicates",
        family: "identity",
        column: "identity",
        high: true,
        words: "of registrations by somebody registered before",
        needs: "hashed phone or identity of each registration: `[score] registrations` with a column `identity`",
    },
    Look {
        name: "retention",
        family: "quality",
        column: "retained",
        high: false,
        words: "of registrations still there later",
        needs: "whether each registration was still there later: `[score] registrations` with a column `retained`",
    },
];

/// The shares of [`LOOKS`] that a table of registrations holds, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registered {
    shares: [Option<Grouped>; LOOKS.len()],
}

impl Registered {
    /// Reads a table with the column `supplier` and any of `platform`, `date`, `latency` (seconds), `device`, `identity`,
    /// `retained` (1 or 0). A blank cell is not known and counts in no share.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for a table that cannot be read, with every cell that is none of these; [`Kind::Settings`] for one without
    /// any of the columns to look at.
    pub(crate) fn read(path: &Path) -> Result<Registered, Error> {
        let sheet = Sheet::read(path)?;
        let rows = Rows::of(&sheet)?;
        let columns = LOOKS.map(|look| look.column);
        if sheet.has(&columns).is_none() {
            let message = format!("{} has none of the columns latency, device, identity, retained", path.display());
            return Err(Error::new(Kind::Settings, message).help("add one, or drop `score.registrations`"));
        }
        let known = |header: &str, expected: &str, is_meant: fn(f64) -> bool| {
            sheet.has(&[header]).map(|_| sheet.known(header, expected, is_meant)).transpose()
        };
        let latency = known("latency", "seconds, 0 or more", |number| number >= 0.0 && number.is_finite())?;
        let retained = known("retained", "1 or 0", |number| number == 0.0 || number == 1.0)?;
        let (devices, identities) = (sheet.texts("device").ok(), sheet.texts("identity").ok());
        let shares = [
            latency.as_ref().map(|latency| rows.share(|at| Some(latency[at]? <= HEAD))),
            latency.as_ref().map(|latency| rows.share(|at| Some(latency[at]? >= TAIL))),
            devices.map(|devices| rows.on_shared(&devices)),
            identities.map(|identities| rows.seen_before(&identities)),
            retained.map(|retained| rows.share(|at| Some(retained[at]? == 1.0))),
        ];
        Ok(Registered { shares })
    }

    /// The share of each of [`LOOKS`], where the table holds it.
    pub(super) fn shares(&self) -> &[Option<Grouped>] {
        &self.shares
    }

    /// Registrations that were still there later.
    pub(super) fn retention(&self) -> Option<&Grouped> {
        let [.., retention] = &self.shares;
        retention.as_ref()
    }
}

/// Whose the registrations are.
struct Rows<'a> {
    suppliers: Vec<&'a str>,
    platforms: Option<Vec<&'a str>>,
    dates: Option<Vec<&'a str>>,
}

impl<'a> Rows<'a> {
    fn of(sheet: &'a Sheet) -> Result<Rows<'a>, Error> {
        let of = |header: &str| sheet.texts(header).ok();
        Ok(Rows { suppliers: sheet.texts("supplier")?, platforms: of("platform"), dates: of("date") })
    }

    /// The share of rows with an event, among those of which it is known.
    fn share(&self, mut event: impl FnMut(usize) -> Option<bool>) -> Grouped {
        let mut found = Grouped::default();
        for (at, supplier) in self.suppliers.iter().enumerate() {
            let Some(event) = event(at) else { continue };
            let group = self.platforms.as_ref().map_or(Grouped::ALL, |platforms| platforms[at]);
            let day = self.dates.as_ref().map(|dates| dates[at]);
            found.add(group, supplier, day, (f64::from(u8::from(event)), 1.0));
        }
        found
    }

    /// The share of rows on a device that their supplier brought more than once.
    fn on_shared(&self, devices: &[&str]) -> Grouped {
        let mut times: HashMap<(&str, &str), u32> = HashMap::new();
        self.suppliers.iter().zip(devices).for_each(|key| *times.entry((*key.0, *key.1)).or_default() += 1);
        self.share(|at| (!devices[at].is_empty()).then(|| times[&(self.suppliers[at], devices[at])] > 1))
    }

    /// The share of rows whose identity an earlier row has, whoever brought that one.
    fn seen_before(&self, identities: &[&str]) -> Grouped {
        let mut seen: HashSet<&str> = HashSet::new();
        self.share(|at| (!identities[at].is_empty()).then(|| !seen.insert(identities[at])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Registered, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registrations.csv");
        std::fs::write(&path, text).unwrap();
        Registered::read(&path)
    }

    fn share(found: &Registered, name: &str, supplier: &str) -> (f64, f64) {
        let place = LOOKS.iter().position(|look| look.name == name).unwrap();
        found.shares[place].as_ref().unwrap().of(Grouped::ALL).find(|(of, _)| *of == supplier).unwrap().1
    }

    #[test]
    fn each_share_counts_what_is_known_of_it() {
        let text = "supplier,latency,device,identity,retained\nA,4,d1,p1,1\nA,60,d1,p2,0\nA,9000,d2,,\nB,,d1,p1,1\n";
        let found = read(text).unwrap();
        assert_eq!(share(&found, "latency_head", "A"), (1.0, 3.0));
        assert_eq!(share(&found, "latency_tail", "A"), (1.0, 3.0));
        assert_eq!(share(&found, "devices", "A"), (2.0, 3.0));
        assert_eq!(share(&found, "devices", "B"), (0.0, 1.0), "another supplier's device is no repeat of its own");
        assert_eq!(share(&found, "duplicates", "A"), (0.0, 2.0));
        assert_eq!(share(&found, "duplicates", "B"), (1.0, 1.0), "whoever brought the first");
        assert_eq!(share(&found, "retention", "A"), (1.0, 2.0));
    }

    #[test]
    fn cells_that_are_no_numbers_are_named_all_at_once() {
        let error = read("supplier,latency,retained\nA,soon,1\nA,-3,2\n").unwrap_err();
        assert_eq!(error.problems.len(), 2);
        assert!(
            error.problems[0].message.ends_with("csv:2: column `latency` holds `soon`, expected seconds, 0 or more"),
            "{error:?}"
        );
    }

    #[test]
    fn a_table_of_nothing_to_look_at_is_refused() {
        assert!(read("supplier,date\nA,2026-06-01\n").unwrap_err().problems[0].message.contains("none of the columns"));
    }
}
