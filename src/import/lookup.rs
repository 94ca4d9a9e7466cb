//! Small tables beside the exports: other names of suppliers, accounts and campaigns.

use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use super::header::normalised;
use super::table::{SEPARATORS, Table};
use super::text;
use crate::check::{Error, Kind, Origin};
use crate::settings::NamesSettings;
use crate::units::Field;

/// Other names, in the order of their file.
#[derive(Clone, Debug, Default)]
pub struct Aliases {
    rules: Vec<Alias>,
}

#[derive(Clone, Debug)]
struct Alias {
    field: Field,
    names: Names,
    means: String,
    line: u64,
}

/// Which names an alias is of.
#[derive(Clone, Debug)]
enum Names {
    /// This one, letters, widths and blanks aside.
    Exact(String),
    /// Those that begin so.
    Prefix(String),
    /// Those like it, `*` standing for anything.
    Pattern(Pattern),
}

impl Names {
    fn rank(&self) -> u8 {
        match self {
            Names::Exact(_) => 0,
            Names::Prefix(_) => 1,
            Names::Pattern(_) => 2,
        }
    }

    fn are(&self, name: &str) -> bool {
        let options = MatchOptions { case_sensitive: false, ..MatchOptions::new() };
        match self {
            Names::Exact(exact) => normalised(name) == *exact,
            Names::Prefix(prefix) => normalised(name).starts_with(prefix.as_str()),
            Names::Pattern(pattern) => pattern.matches_with(name, options),
        }
    }
}

impl Aliases {
    /// What a name of a field means, where an alias says so: an exact one before a prefix before a pattern, then the first
    /// of the file.
    pub fn meaning(&self, field: Field, name: &str) -> Option<&str> {
        let fits = self.rules.iter().filter(|alias| alias.field == field && alias.names.are(name));
        fits.min_by_key(|alias| (alias.names.rank(), alias.line)).map(|alias| alias.means.as_str())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

/// The aliases of `names.aliases`; none where the settings name no file.
///
/// The file is a CSV with the headers `field` (platform, supplier, account, campaign or department), `match` (exact, prefix
/// or pattern), `name` and `means`.
///
/// # Errors
///
/// [`Kind::Input`] when the file cannot be read, misses a column, or with every line that holds something else.
pub fn aliases(names: &NamesSettings) -> Result<Aliases, Error> {
    names.aliases.as_deref().map_or_else(|| Ok(Aliases::default()), read)
}

fn read(path: &Path) -> Result<Aliases, Error> {
    let help =
        "give a CSV with the columns field, match, name, means, such as `supplier,exact,Northwind Co.,Northwind`";
    let table =
        Small::read(path, "names.aliases", &["field", "match", "name", "means"]).map_err(|error| error.help(help))?;
    let (mut rules, mut wrong) = (Vec::new(), Vec::new());
    for (line, cells) in &table.rows {
        match alias(cells, *line) {
            Ok(alias) => rules.push(alias),
            Err(what) => {
                wrong.push(Error::new(Kind::Input, format!("{}: {what}", Origin::new(path, *line))).help(help))
            }
        }
    }
    Error::all(wrong).map(|()| Aliases { rules })
}

fn alias(cells: &[String], line: u64) -> Result<Alias, String> {
    let [field, kind, name, means] = cells else { return Err("expected 4 cells".to_owned()) };
    let wanted = Field::ALL.into_iter().find(|other| other.name() == field);
    let field = wanted.ok_or(format!("column `field` holds `{field}`, expected a field such as supplier"))?;
    if name.is_empty() || means.is_empty() {
        return Err("column `name` or `means` is blank".to_owned());
    }
    let names = match kind.as_str() {
        "exact" => Names::Exact(normalised(name)),
        "prefix" => Names::Prefix(normalised(name)),
        "pattern" => {
            Names::Pattern(Pattern::new(name).map_err(|error| format!("column `name` holds `{name}`: {error}"))?)
        }
        other => return Err(format!("column `match` holds `{other}`, expected exact, prefix or pattern")),
    };
    Ok(Alias { field, names, means: means.clone(), line })
}

/// A small table whose headers are known.
pub(super) struct Small {
    /// Line and cells of each row, trimmed, in the order of the headers that were asked for.
    pub rows: Vec<(u64, Vec<String>)>,
}

impl Small {
    /// Reads a CSV in UTF-8; `setting` stands in messages.
    pub(super) fn read(path: &Path, setting: &str, headers: &[&str]) -> Result<Small, Error> {
        let shown = path.display();
        let refuse = |what: String| Error::new(Kind::Input, what);
        let bytes = std::fs::read(path).map_err(|error| refuse(format!("{setting}: {shown}: {error}")))?;
        let text = text::decode(bytes, None, &|_| (0, 0)).map_err(|_| refuse(format!("{shown}: is not UTF-8 text")))?;
        let table = Table::find(text.content.head(), &SEPARATORS, |header| headers.contains(&header.trim()));
        let table = table.ok_or_else(|| refuse(format!("{shown}: is empty, expected a header line")))?;
        let place = |name: &&str| table.headers.iter().position(|header| header.trim() == *name);
        let places: Option<Vec<usize>> = headers.iter().map(place).collect();
        let missing = || refuse(format!("{shown}:{}: expected the headers {}", table.line, headers.join(", ")));
        let places = places.ok_or_else(missing)?;
        let cell = |cells: &[String], place: usize| cells.get(place).map_or("", |cell| cell.trim()).to_owned();
        let row = |(line, cells): (u64, Vec<String>)| (line, places.iter().map(|place| cell(&cells, *place)).collect());
        let is_blank = |(_, cells): &(u64, Vec<String>)| cells.iter().all(String::is_empty);
        Ok(Small { rows: table.records().into_iter().map(row).filter(|row| !is_blank(row)).collect() })
    }
}

/// The lines of a text file, trimmed, blank ones aside.
pub(super) fn lines(path: &PathBuf, setting: &str) -> Result<Vec<String>, Error> {
    let refuse = |what: String| Error::new(Kind::Input, format!("{setting}: {}: {what}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
    let text = text::decode(bytes, None, &|_| (0, 0)).map_err(|_| refuse("is not UTF-8 text".to_owned()))?;
    Ok(text.content.head().lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Aliases, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aliases.csv");
        std::fs::write(&path, text).unwrap();
        aliases(&NamesSettings { aliases: Some(path), ..NamesSettings::default() })
    }

    #[test]
    fn the_closest_alias_holds() {
        let text = "field,match,name,means\nsupplier,pattern,*云帆*,Cloud\nsupplier,prefix,北京云,Beijing\n\
                    supplier,exact,北京云帆（有限）,Yunfan\naccount,exact,北京云帆,nobody\n";
        let aliases = of(text).unwrap();
        let meaning = |name| aliases.meaning(Field::Supplier, name);
        assert_eq!(meaning("北京云帆(有限)"), Some("Yunfan"), "widths do not matter");
        assert_eq!((meaning("北京云帆"), meaning("上海云帆传媒")), (Some("Beijing"), Some("Cloud")));
        assert_eq!((meaning("Delta"), aliases.meaning(Field::Campaign, "北京云帆")), (None, None));
    }

    #[test]
    fn what_is_wrong_is_told_by_line() {
        let error =
            of("field,match,name,means\nsuplier,exact,a,b\nsupplier,like,a,b\nsupplier,exact,,b\n").unwrap_err();
        let text = error.to_string();
        for part in ["aliases.csv:2: column `field`", ":3: column `match` holds `like`", ":4: column `name`"] {
            assert!(text.contains(part), "{part} not in {text}");
        }
        assert!(of("field,name\n").is_err());
    }
}
