//! Sources that are databases: what may stand in their settings, and the secrets that may not.

use std::fmt;
use std::path::{Path, PathBuf};

use super::file::Source;
use crate::check::Error;

/// What opens a database server. It comes from the environment and stands in no settings file.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The password, `PGPASSWORD`.
    pub password: Option<String>,
    /// A file of passwords by server: `PGPASSFILE`, or `.pgpass` in the home folder.
    pub file: Option<PathBuf>,
}

impl fmt::Debug for Secrets {
    /// Nothing of what they are: settings are printed where something fails.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// Whether a source's path is the address of a database server.
pub fn is_server(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.starts_with("postgresql://") || path.starts_with("postgres://"))
}

/// Whether an address holds a password: `user:password@host`, or `password=` among its options.
fn holds_password(address: &str) -> bool {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    let user = place.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || options.split('&').any(|option| option.starts_with("password="))
}

/// Checks what a source says that is a database, or is not and has a query.
pub(super) fn check(source: &Source, place: &dyn Fn(&str) -> String, wrong: &mut Vec<Error>) {
    let is_server = is_server(Path::new(&source.path));
    if is_server && holds_password(&source.path) {
        let help =
            "leave it out of the settings: outlay reads the environment variable PGPASSWORD, or the file ~/.pgpass";
        wrong.push(Error::setting(&place("path"), "holds a password").help(help));
    }
    match source.query.as_deref().map(str::trim) {
        None if is_server => {
            let help = "say what to read: `query = \"select day as date, campaign, spend from spend\"`";
            wrong.push(Error::setting(&place("query"), "missing; `path` is a database").help(help));
        }
        Some("") => wrong.push(Error::setting(&place("query"), "is empty, expected a SELECT")),
        Some(_) => unneeded(source, place, wrong),
        None => {}
    }
}

/// Settings that say how a text is written, which the answer of a database is not.
fn unneeded(source: &Source, place: &dyn Fn(&str) -> String, wrong: &mut Vec<Error>) {
    let is_there = [
        ("encoding", source.encoding.is_some()),
        ("sheet", source.sheet.is_some()),
        ("decimal_comma", source.decimal_comma),
    ];
    for (key, _) in is_there.iter().filter(|(_, is_there)| *is_there) {
        let help = "leave it out; if the table holds numbers as text, convert them in the query";
        wrong.push(Error::setting(&place(key), "does not go with `query`: a database tells it").help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_wherever_an_address_can_hold_it() {
        for address in ["postgresql://a:b@h/d", "postgres://a:b@h", "postgresql://h/d?user=a&password=b"] {
            assert!(is_server(Path::new(address)) && holds_password(address), "{address}");
        }
        for address in ["postgresql://a@h:5432/d", "postgresql://h/d?user=a", "postgresql://a@[::1]:5432/d"] {
            assert!(is_server(Path::new(address)) && !holds_password(address), "{address}");
        }
        assert!(!is_server(Path::new("exports/postgres.csv")));
    }

    #[test]
    fn secrets_are_not_printed() {
        let secrets = Secrets { password: Some("open sesame".to_owned()), file: None };
        assert!(!format!("{secrets:?}").contains("sesame"));
    }
}
