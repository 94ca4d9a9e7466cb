//! Tables that the settings name beside the exports, for the record of what a run was made from.

use std::path::{Path, PathBuf};

use super::content::sha256_of;
use crate::check::{Error, Kind};
use crate::settings::{LeadRule, Settings};

/// A table that a run read beside the exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideTable {
    /// The setting that names it.
    pub setting: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

/// Every table that the settings name beside the exports, in the order of the settings. The list of leads and `[kpi_total]` are not among
/// them: they are read as exports are.
///
/// # Errors
///
/// [`Kind::Input`] for a file that cannot be read.
pub fn side_tables(settings: &Settings) -> Result<Vec<SideTable>, Error> {
    let score = &settings.score;
    let named = [
        ("project.rates", &settings.project.rates),
        ("names.aliases", &settings.names.aliases),
        ("score.own_counts", &score.own_counts),
        ("score.hours", &score.hours),
        ("score.registrations", &score.registrations),
        ("score.delivery", &score.delivery),
        ("score.prospects", &score.prospects),
    ];
    let named = named.into_iter().filter_map(|(setting, path)| Some((setting, path.as_deref()?)));
    named.chain(lists(settings)).map(|(setting, path)| table(setting, path)).collect()
}

/// The lists that screens of leads look in.
fn lists(settings: &Settings) -> impl Iterator<Item = (&'static str, &Path)> {
    let screens = settings.leads.iter().flat_map(|leads| &leads.screens);
    screens.filter_map(|screen| match &screen.rule {
        LeadRule::Listed(path) => Some(("leads.screen.list", path.as_path())),
        _ => None,
    })
}

fn table(setting: &'static str, path: &Path) -> Result<SideTable, Error> {
    let unread = |error: std::io::Error| {
        Error::new(Kind::Input, format!("{}: {error}", path.display())).help(format!("check `{setting}`"))
    };
    Ok(SideTable { setting, path: path.to_owned(), sha256: sha256_of(path).map_err(unread)? })
}
