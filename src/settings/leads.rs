//! `[leads]`: a list of registrations, and what makes one invalid.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use serde::Deserialize;

use super::file::{DateOrder, OneOrMore};
use super::meant::encoding;
use crate::check::Error;

/// As written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    path: String,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    date_order: Option<DateOrder>,
    encoding: Option<String>,
    #[serde(default)]
    screen: Vec<Screen>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Screen {
    name: String,
    #[serde(default = "first")]
    round: u8,
    column: OneOrMore,
    #[serde(default)]
    unique: bool,
    list: Option<String>,
    like: Option<OneOrMore>,
    unlike: Option<OneOrMore>,
    most_a_day: Option<u32>,
}

fn first() -> u8 {
    1
}

/// `[leads]`.
#[derive(Clone, Debug)]
pub struct LeadsSettings {
    /// The list: a file, a folder or a glob.
    pub path: PathBuf,
    /// Headers by canonical name: date, platform, supplier, account, campaign.
    pub columns: BTreeMap<String, String>,
    /// Order of day, month and year where the list leaves it open.
    pub date_order: Option<DateOrder>,
    /// Encoding of the list, where it is not UTF-8.
    pub encoding: Option<&'static Encoding>,
    /// What makes a lead invalid; first round first, then in the order of the settings.
    pub screens: Vec<LeadScreen>,
}

/// `[[leads.screen]]`.
#[derive(Clone, Debug)]
pub struct LeadScreen {
    /// Its name in reports.
    pub name: String,
    /// 1: plainly invalid. 2: implausible.
    pub round: u8,
    /// The headers that it looks at.
    pub columns: Vec<String>,
    /// What it takes out.
    pub rule: LeadRule,
}

/// What a screen takes out.
#[derive(Clone, Debug)]
pub enum LeadRule {
    /// A lead whose cells an earlier lead has, blanks aside.
    Repeated,
    /// A lead with a cell that stands in a file, one text a line.
    Listed(PathBuf),
    /// A lead with a cell like one of these, `*` standing for anything.
    Like(Vec<glob::Pattern>),
    /// A lead with a cell like none of these.
    Unlike(Vec<glob::Pattern>),
    /// Every lead of a day whose cells more than so many leads of that day share.
    TooMany(u32),
}

pub(super) fn checked(file: File, folder: &Path, wrong: &mut Vec<Error>) -> LeadsSettings {
    const NAMES: [&str; 5] = ["date", "platform", "supplier", "account", "campaign"];
    for name in file.columns.keys().filter(|name| !NAMES.contains(&name.as_str())) {
        let message = format!("`{name}` is not one of {}", NAMES.join(", "));
        wrong.push(Error::setting("leads.columns", message));
    }
    let screens = file.screen.into_iter().filter_map(|screen| self::screen(screen, folder, wrong));
    let mut screens: Vec<LeadScreen> = screens.collect();
    screens.sort_by_key(|screen| screen.round);
    LeadsSettings {
        path: folder.join(file.path),
        columns: file.columns,
        date_order: file.date_order,
        encoding: file.encoding.and_then(|label| encoding(&label, "leads.encoding", wrong)),
        screens,
    }
}

fn screen(file: Screen, folder: &Path, wrong: &mut Vec<Error>) -> Option<LeadScreen> {
    let place = format!("leads.screen `{}`", file.name);
    if !(1..=2).contains(&file.round) {
        wrong.push(Error::setting(&format!("{place}.round"), format!("is {}, expected 1 or 2", file.round)));
    }
    let mut patterns = |texts: Option<OneOrMore>, key: &str| {
        let mut pattern = |text: String| {
            let parsed = glob::Pattern::new(&text);
            parsed
                .map_err(|error| wrong.push(Error::setting(&format!("{place}.{key}"), format!("`{text}`: {error}"))))
                .ok()
        };
        texts.map(|texts| texts.all().into_iter().filter_map(&mut pattern).collect::<Vec<_>>())
    };
    let like = patterns(file.like, "like").map(LeadRule::Like);
    let unlike = patterns(file.unlike, "unlike").map(LeadRule::Unlike);
    let unique = file.unique.then_some(LeadRule::Repeated);
    let list = file.list.map(|path| LeadRule::Listed(folder.join(path)));
    let mut rules = [unique, list, like, unlike, file.most_a_day.map(LeadRule::TooMany)].into_iter().flatten();
    match (rules.next(), rules.next()) {
        (Some(rule), None) => Some(LeadScreen { name: file.name, round: file.round, columns: file.column.all(), rule }),
        _ => {
            let message = "needs one of `unique = true`, `list`, `like`, `unlike`, `most_a_day`";
            wrong.push(Error::setting(&place, message));
            None
        }
    }
}
