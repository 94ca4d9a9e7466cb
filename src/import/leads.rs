//! `[leads]`: a list of registrations, one a row, screened in two rounds.
//!
//! First the plainly invalid go: repeated ones, one's own staff, partners and competitors by list or pattern. Then the
//! implausible: what looks like no address or number, too many of one origin on one day. A lead goes by the first screen
//! that takes it out; screens of the first round come first.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::date::{Calendar, Hints};
use super::header::normalised;
use super::number::is_absent;
use super::table::{SEPARATORS, Table};
use super::{files_at, lookup, text};
use crate::check::{Error, Kind, Origin};
use crate::settings::{LeadRule, LeadScreen, LeadsSettings, hex};
use crate::units::Field;

/// Lines that are given as examples.
const EXAMPLES: usize = 5;

/// The registrations of a list, counted by day and by whom they name.
#[derive(Clone, Debug, Default)]
pub struct Leads {
    /// The files, each with the SHA-256 of its bytes.
    pub files: Vec<(PathBuf, String)>,
    /// Leads in all.
    pub read: u64,
    /// By day and names, by [`Field::index`]; a field that the list does not have is absent.
    pub counts: BTreeMap<(Date, [Option<String>; 4]), LeadCount>,
    /// What each screen took out, in their order.
    pub screened: Vec<Screened>,
}

/// Leads of one day and of the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeadCount {
    /// All of them.
    pub all: u64,
    /// Those that no screen took out.
    pub valid: u64,
}

/// What a screen took out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screened {
    /// Its name.
    pub name: String,
    /// 1: plainly invalid. 2: implausible.
    pub round: u8,
    /// How many.
    pub count: u64,
    /// The first few, as `file:line`.
    pub examples: Vec<String>,
}

/// One lead.
struct Lead {
    path: usize,
    line: u64,
    date: Date,
    names: [Option<String>; 4],
    cells: Vec<String>,
}

/// Reads and screens the list of `[leads]`.
///
/// # Errors
///
/// [`Kind::Input`] with everything that is wrong: files that are missing or not text, headers that are not there, cells that
/// are no dates.
pub fn leads(settings: &LeadsSettings) -> Result<Leads, Error> {
    let paths = files_at(&settings.path, "leads.path")?;
    let (mut all, mut files, mut headers) = (Vec::new(), Vec::new(), None::<Vec<String>>);
    for (index, path) in paths.iter().enumerate() {
        let file = List { path, settings }.read(index)?;
        let first = headers.get_or_insert_with(|| file.headers.clone());
        if *first != file.headers {
            let message = format!("{}: has other headers than {}", path.display(), paths[0].display());
            return Err(Error::new(Kind::Input, message).help("give lists of one form, or join them in a sheet first"));
        }
        files.push((path.clone(), file.sha256));
        all.extend(file.leads);
    }
    let screens = screens(settings, &headers.unwrap_or_default(), &paths[0])?;
    Ok(counted(&all, &screens, &paths, files))
}

/// One file of leads.
struct List<'a> {
    path: &'a Path,
    settings: &'a LeadsSettings,
}

struct Read {
    headers: Vec<String>,
    sha256: String,
    leads: Vec<Lead>,
}

impl List<'_> {
    fn refuse(&self, what: impl std::fmt::Display) -> Error {
        Error::new(Kind::Input, format!("{}{what}", self.path.display()))
    }

    /// The header that a canonical name is read from.
    fn header<'s>(&'s self, name: &'s str) -> &'s str {
        self.settings.columns.get(name).map_or(name, String::as_str)
    }

    fn read(&self, index: usize) -> Result<Read, Error> {
        let bytes = std::fs::read(self.path).map_err(|error| self.refuse(format!(": {error}")))?;
        let sha256 = hex(&Sha256::digest(&bytes));
        let names = ["date", "platform", "supplier", "account", "campaign"].map(|name| normalised(self.header(name)));
        let knows = |header: &str| names.contains(&normalised(header));
        let text = text::decode(bytes, self.settings.encoding, &|_| (0, 0))
            .map_err(|_| self.refuse(": is not UTF-8 text").help("save it as UTF-8, or name `encoding` of [leads]"))?;
        let table = Table::find(text.content.head(), &SEPARATORS, knows);
        let table = table.ok_or_else(|| self.refuse(": is empty, expected a header line"))?;
        let headers: Vec<String> = table.headers.iter().map(|header| normalised(header)).collect();
        let places = names.each_ref().map(|name| headers.iter().position(|header| header == name));
        let there_are =
            format!("the headers are {}; map one: `columns = {{ date = \"…\" }}`", table.headers.join(", "));
        let Some(date) = places[0] else {
            let what = format!(":{}: no header `{}` for the day of a lead", table.line, self.header("date"));
            return Err(self.refuse(what).help(there_are));
        };
        if places[1..].iter().all(Option::is_none) {
            let what = format!(":{}: no header says whose a lead is", table.line);
            return Err(self.refuse(what).help(there_are));
        }
        let records = table.records();
        let calendar = self.calendar(&records, date)?;
        let (mut leads, mut wrong) = (Vec::new(), Vec::new());
        for (line, cells) in records.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty())) {
            let text = cells.get(date).map_or("", |cell| cell.trim());
            let Some(day) = calendar.day(text) else {
                let what = format!(
                    "{}: column `{}` holds `{text}`, expected a date",
                    Origin::new(self.path, line),
                    self.header("date")
                );
                wrong.push(Error::new(Kind::Input, what).help("correct the rows of the list"));
                continue;
            };
            let name = |place: Option<usize>| {
                let name = cells.get(place?)?.trim();
                (!is_absent(name)).then(|| name.to_owned())
            };
            let names = [places[1], places[2], places[3], places[4]].map(name);
            leads.push(Lead { path: index, line, date: day, names, cells });
        }
        Error::all(wrong).map(|()| Read { headers, sha256, leads })
    }

    fn calendar(&self, records: &[(u64, Vec<String>)], date: usize) -> Result<Calendar, Error> {
        let mut first: HashMap<&str, u64> = HashMap::new();
        for (line, cells) in records {
            first.entry(cells.get(date).map_or("", |cell| cell.trim())).or_insert(*line);
        }
        let cells = first.into_iter().map(|(text, line)| (text.to_owned(), line)).collect();
        Calendar::decide(cells, Hints { year: None, order: self.settings.date_order }).map_err(|_| {
            self.refuse(": the order of day and month, or the year, is open")
                .help("set `date_order` of [leads], `mdy` or `dmy`")
        })
    }
}

/// A screen with what it needs at hand.
struct Screen<'a> {
    settings: &'a LeadScreen,
    cells: Vec<usize>,
    listed: HashSet<String>,
}

fn screens<'a>(settings: &'a LeadsSettings, headers: &[String], path: &Path) -> Result<Vec<Screen<'a>>, Error> {
    let screen = |settings: &'a LeadScreen| {
        let missing = |name: &str| {
            let what = format!("{}: leads.screen `{}`: no header `{name}`", path.display(), settings.name);
            Error::new(Kind::Input, what).help(format!("the headers are {}", headers.join(", ")))
        };
        let place = |name: &str| headers.iter().position(|header| *header == normalised(name));
        let cells = settings.columns.iter().map(|name| place(name).ok_or_else(|| missing(name)));
        let cells = cells.collect::<Result<Vec<usize>, Error>>()?;
        let listed = match &settings.rule {
            LeadRule::Listed(path) => lookup::lines(path, &format!("leads.screen `{}`.list", settings.name))?,
            _ => Vec::new(),
        };
        Ok(Screen { settings, cells, listed: listed.iter().map(|text| normalised(text)).collect() })
    };
    settings.screens.iter().map(screen).collect()
}

impl Screen<'_> {
    /// The cells that it looks at, blanks aside.
    fn texts(&self, lead: &Lead) -> Vec<String> {
        let texts = self.cells.iter().map(|cell| lead.cells.get(*cell).map_or("", |text| text.trim()));
        texts.filter(|text| !is_absent(text)).map(normalised).collect()
    }

    /// Which of the leads that are left it takes out.
    fn taken(&self, leads: &[Lead], left: &[bool]) -> Vec<usize> {
        let candidates: Vec<usize> = (0..leads.len()).filter(|index| left[*index]).collect();
        let by_cells = |is: &dyn Fn(&str) -> bool| -> Vec<usize> {
            candidates.iter().copied().filter(|index| self.texts(&leads[*index]).iter().any(|text| is(text))).collect()
        };
        match &self.settings.rule {
            LeadRule::Listed(_) => by_cells(&|text| self.listed.contains(text)),
            LeadRule::Like(patterns) => by_cells(&|text| is_like(text, patterns)),
            LeadRule::Unlike(patterns) => by_cells(&|text| !is_like(text, patterns)),
            LeadRule::Repeated => {
                let mut seen = HashSet::new();
                let is_repeated = |index: &usize| {
                    let texts = self.texts(&leads[*index]);
                    !texts.is_empty() && !seen.insert(texts)
                };
                candidates.into_iter().filter(is_repeated).collect()
            }
            LeadRule::TooMany(most) => {
                let key = |index: &usize| (leads[*index].date, self.texts(&leads[*index]));
                let mut counts: HashMap<_, u32> = HashMap::new();
                candidates.iter().for_each(|index| *counts.entry(key(index)).or_default() += 1);
                let is_crowd = |index: &usize| !key(index).1.is_empty() && counts[&key(index)] > *most;
                candidates.into_iter().filter(is_crowd).collect()
            }
        }
    }
}

fn is_like(text: &str, patterns: &[Pattern]) -> bool {
    let options = MatchOptions { case_sensitive: false, ..MatchOptions::new() };
    patterns.iter().any(|pattern| pattern.matches_with(text, options))
}

fn counted(leads: &[Lead], screens: &[Screen], paths: &[PathBuf], files: Vec<(PathBuf, String)>) -> Leads {
    let mut left = vec![true; leads.len()];
    let mut screened = Vec::new();
    for screen in screens {
        let taken = screen.taken(leads, &left);
        taken.iter().for_each(|index| left[*index] = false);
        let place = |index: &usize| Origin::new(&paths[leads[*index].path], leads[*index].line).to_string();
        screened.push(Screened {
            name: screen.settings.name.clone(),
            round: screen.settings.round,
            count: taken.len() as u64,
            examples: taken.iter().take(EXAMPLES).map(place).collect(),
        });
    }
    let mut counts: BTreeMap<_, LeadCount> = BTreeMap::new();
    for (lead, left) in leads.iter().zip(&left) {
        let count = counts.entry((lead.date, lead.names.clone())).or_default();
        count.all += 1;
        count.valid += u64::from(*left);
    }
    Leads { files, read: leads.len() as u64, counts, screened }
}

/// Fields that a lead may name, in the order of its names.
pub const FIELDS: [Field; 4] = [Field::Platform, Field::Supplier, Field::Account, Field::Campaign];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    const LIST: &str = "submitted,campaign,mail,phone,ip\n\
        2026-05-01,c1,a@x.com,13800000001,1.1.1.1\n\
        2026-05-01,c1,A@x.com,13800000002,1.1.1.2\n\
        2026-05-01,c1,b@ours.com,13800000003,1.1.1.3\n\
        2026-05-01,c2,c@rival.com,13800000004,1.1.1.4\n\
        2026-05-01,c2,d@x.com,123,1.1.1.5\n\
        2026-05-02,c2,e@x.com,13800000006,9.9.9.9\n\
        2026-05-02,c2,f@x.com,13800000007,9.9.9.9\n\
        2026-05-02,c2,g@x.com,13800000008,9.9.9.9\n\
        2026-05-02,c2,h@x.com,13800000009,1.1.1.9\n";

    fn read(screens: &str) -> Result<Leads, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("leads.csv"), LIST).unwrap();
        std::fs::write(folder.path().join("rivals.txt"), "\nC@RIVAL.com \n").unwrap();
        let text = format!("[leads]\npath = \"leads.csv\"\ncolumns = {{ date = \"submitted\" }}\n{screens}");
        let settings = Settings::parse(&text, "outlay.toml", folder.path(), 1).map_err(|error| error.to_string())?;
        leads(&settings.leads.unwrap()).map_err(|error| error.to_string())
    }

    const SCREENS: &str = "
        [[leads.screen]]
        name = \"crowd\"
        round = 2
        column = \"ip\"
        most_a_day = 2
        [[leads.screen]]
        name = \"again\"
        column = \"mail\"
        unique = true
        [[leads.screen]]
        name = \"staff\"
        column = \"mail\"
        like = \"*@ours.com\"
        [[leads.screen]]
        name = \"rivals\"
        column = \"mail\"
        list = \"rivals.txt\"
        [[leads.screen]]
        name = \"no phone\"
        round = 2
        column = \"phone\"
        unlike = \"1??????????\"
    ";

    #[test]
    fn screens_take_out_in_two_rounds() {
        let leads = read(SCREENS).unwrap();
        let taken: Vec<_> = leads.screened.iter().map(|s| (s.name.as_str(), s.round, s.count)).collect();
        let expected = [("again", 1, 1), ("staff", 1, 1), ("rivals", 1, 1), ("crowd", 2, 3), ("no phone", 2, 1)];
        assert_eq!(taken, expected);
        assert!(leads.screened[0].examples[0].ends_with("leads.csv:3"));
        let counts: Vec<(u64, u64)> = leads.counts.values().map(|count| (count.all, count.valid)).collect();
        assert_eq!((leads.read, counts), (9, vec![(3, 1), (2, 0), (4, 1)]));
    }

    #[test]
    fn without_screens_all_are_valid_and_settings_are_checked() {
        assert!(read("").unwrap().counts.values().all(|count| count.all == count.valid));
        let twice = read("[[leads.screen]]\nname = \"x\"\ncolumn = \"mail\"\n").unwrap_err();
        assert!(twice.contains("leads.screen `x`: needs one of"), "{twice}");
        let missing = read("[[leads.screen]]\nname = \"x\"\ncolumn = \"fax\"\nunique = true\n").unwrap_err();
        assert!(missing.contains("no header `fax`"), "{missing}");
    }
}
