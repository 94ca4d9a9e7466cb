//! Names: other names by the aliases of the settings, fields that a campaign's or account's name tells, and spellings that
//! may be one name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::fold::fallback;
use super::ledger::Entry;
use crate::check::Finding;
use crate::import::{Aliases, Batch, Row};
use crate::settings::{NamePattern, Settings};
use crate::units::Field;

/// Gives the rows of all files the names that they mean. Without aliases and conventions nothing changes.
pub(super) fn settle(batches: &mut [Batch], settings: &Settings, aliases: &Aliases) -> Vec<Finding> {
    let names = &settings.names;
    let patterns: Vec<(Field, &NamePattern)> = [(Field::Campaign, &names.campaign), (Field::Account, &names.account)]
        .into_iter()
        .filter_map(|(field, pattern)| Some((field, pattern.as_ref()?)))
        .collect();
    if aliases.is_empty() && patterns.is_empty() {
        return Vec::new();
    }
    let mut desk =
        Desk { settings, aliases, patterns, renamed: BTreeMap::new(), told: BTreeMap::new(), untold: BTreeMap::new() };
    batches.iter_mut().for_each(|batch| desk.rename(batch));
    desk.findings()
}

struct Desk<'a> {
    settings: &'a Settings,
    aliases: &'a Aliases,
    patterns: Vec<(Field, &'a NamePattern)>,
    /// By field and meaning, the names that mean it.
    renamed: BTreeMap<(Field, String), BTreeSet<String>>,
    /// By field that tells, the names that follow its convention.
    told: BTreeMap<Field, BTreeSet<String>>,
    /// The names that do not.
    untold: BTreeMap<Field, BTreeSet<String>>,
}

/// The names of a batch while they change.
#[derive(Default)]
struct Places {
    names: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u32>,
}

impl Places {
    fn of(names: Vec<Arc<str>>) -> Places {
        let places = names.iter().cloned().zip(0..).collect();
        Places { names, places }
    }

    fn place(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let (name, place) = (Arc::<str>::from(name), self.names.len() as u32);
        self.names.push(Arc::clone(&name));
        self.places.insert(name, place);
        place
    }
}

impl Desk<'_> {
    /// Fills in what a name tells where neither the row nor its source does, then the platform of the headers, then reads
    /// every name by the aliases.
    fn rename(&mut self, batch: &mut Batch) {
        let source = &self.settings.sources[batch.source];
        let from_source = source.fallback.clone();
        let rest = fallback(batch, source).map(|name| name.map(str::to_owned));
        let mut rows = std::mem::take(&mut batch.rows);
        let mut places = Places::of(std::mem::take(&mut batch.names));
        let mut known: HashMap<[Option<u32>; 5], [Option<u32>; 5]> = HashMap::new();
        for row in &mut rows {
            row.names = match known.get(&row.names) {
                Some(names) => *names,
                None => {
                    let names = self.names(row, &mut places, &from_source, &rest);
                    known.insert(row.names, names);
                    names
                }
            };
        }
        (batch.rows, batch.names) = (rows, places.names);
    }

    fn names(
        &mut self,
        row: &Row,
        places: &mut Places,
        from_source: &[Option<String>; 5],
        rest: &[Option<String>; 5],
    ) -> [Option<u32>; 5] {
        let mut names: [Option<String>; 5] = Field::ALL.map(|field| {
            let own = row.names[field.index()].map(|place| places.names[place as usize].to_string());
            own.or_else(|| from_source[field.index()].clone())
        });
        for (field, pattern) in self.patterns.clone() {
            let Some(name) = names[field.index()].clone() else { continue };
            let told = pattern.read(&name);
            let lists = if told.is_some() { &mut self.told } else { &mut self.untold };
            lists.entry(field).or_default().insert(name.clone());
            for (part, value) in told.into_iter().flatten() {
                names[part.index()].get_or_insert_with(|| value.to_owned());
            }
        }
        Field::ALL.map(|field| {
            let name = names[field.index()].take().or_else(|| rest[field.index()].clone())?;
            let name = match self.aliases.meaning(field, &name).filter(|meaning| *meaning != name) {
                Some(meaning) => {
                    self.renamed.entry((field, meaning.to_owned())).or_default().insert(name);
                    meaning.to_owned()
                }
                None => name,
            };
            Some(places.place(&name))
        })
    }

    fn findings(&self) -> Vec<Finding> {
        let renamed = self.renamed.iter().map(|((field, meaning), names)| {
            let message = format!("{} `{}` counted as `{meaning}`, as the aliases say", field.name(), listed(names));
            Finding::pass("unify.aliases", meaning.clone(), message)
        });
        let convention = |(field, pattern): &(Field, &NamePattern)| {
            let count = |names: &BTreeMap<Field, BTreeSet<String>>| names.get(field).map_or(0, BTreeSet::len);
            let (told, untold) = (count(&self.told), count(&self.untold));
            let what = format!("{told} of {} {} names follow `{}`", told + untold, field.name(), pattern.text);
            let subject = format!("names.{}", field.name());
            match self.untold.get(field) {
                None => Finding::pass("unify.convention", subject, what),
                Some(others) => {
                    let advice = "name them so, or give an alias; what they do not tell stays blank";
                    Finding::review(
                        "unify.convention",
                        subject,
                        format!("{what}, and not `{}`", listed(others)),
                        advice,
                    )
                }
            }
        };
        renamed.chain(self.patterns.iter().map(convention)).collect()
    }
}

/// The first few names.
fn listed(names: &BTreeSet<String>) -> String {
    let first: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
    let more = if names.len() > first.len() {
        format!("` and {} more `…", names.len() - first.len())
    } else {
        String::new()
    };
    format!("{}{more}", first.join("`, `"))
}

/// Names up to which every two are compared letter by letter.
const COMPARED: usize = 1_500;

/// # What it does
/// Flags names that differ only in case, blanks or punctuation, in the form of the company, or in one letter.
/// # Why it matters
/// One supplier under two spellings is two suppliers with half the history each. outlay does not merge them by itself.
/// # What to do
/// Write them the same way, or give the alias that the finding proposes in the file of `names.aliases`.
pub(super) fn spellings(entries: &[Entry]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for field in Field::ALL {
        let names: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.name(field)).collect();
        let mut variants: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for name in names {
            variants.entry(plain(name)).or_default().push(name);
        }
        let few = matches!(field, Field::Platform | Field::Supplier) && variants.len() <= COMPARED;
        let close = if few { close_pairs(&variants) } else { Vec::new() };
        let same = variants.into_values().filter(|names| names.len() > 1);
        findings.extend(same.chain(close).map(|names| proposed(field, &names)));
    }
    findings
}

fn proposed(field: Field, names: &[&str]) -> Finding {
    let message = format!("{} spellings of one {}: `{}`", names.len(), field.name(), names.join("`, `"));
    let alias = |name: &&str| format!("{},exact,{},{}", field.name(), quoted(name), quoted(names[0]));
    let lines: Vec<String> = names[1..].iter().map(alias).collect();
    let advice = format!(
        "if they are the same, write them the same way in the exports, or add to the file of `names.aliases`: {}",
        lines.join(" | ")
    );
    Finding::review("unify.spelling", names[0], message, &advice)
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// A name without what two spellings of it may differ in.
fn plain(name: &str) -> String {
    const FORMS: [&str; 14] = [
        "有限责任公司",
        "股份有限公司",
        "有限公司",
        "公司",
        "株式会社",
        "合同会社",
        "limited",
        "coltd",
        "ltd",
        "inc",
        "llc",
        "gmbh",
        "corp",
        "co",
    ];
    let half = |c: char| match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    let letters: String = name.chars().map(half).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    // A form of company in Latin letters must be a word of its own: `Tesco` is no `Tes Co`.
    let last_word: String = name.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_lowercase();
    let cut = |form: &&str| !form.is_ascii() || **form == last_word || (**form == *"coltd" && last_word == "ltd");
    let shorter = FORMS.iter().filter(|form| cut(form)).find_map(|form| {
        letters.strip_suffix(form).or_else(|| if form.is_ascii() { None } else { letters.strip_prefix(form) })
    });
    shorter.filter(|rest| rest.chars().count() > 1).map_or_else(|| letters.clone(), str::to_owned)
}

/// Pairs of names that differ in one letter, of names long enough for that to be a slip; a differing digit is a number.
fn close_pairs<'a>(variants: &BTreeMap<String, Vec<&'a str>>) -> Vec<Vec<&'a str>> {
    let long: Vec<(Vec<char>, &'a str)> = variants
        .iter()
        .map(|(plain, names)| (plain.chars().collect::<Vec<char>>(), names[0]))
        .filter(|(letters, _)| letters.len() >= 6)
        .collect();
    let mut pairs = Vec::new();
    for (index, (one, name)) in long.iter().enumerate() {
        let close = long[index + 1..].iter().filter(|(other, _)| is_one_apart(one, other));
        pairs.extend(close.map(|(_, other)| vec![*name, *other]));
    }
    pairs
}

/// Whether two words differ in exactly one letter, put in, left out or changed.
fn is_one_apart(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let front = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let changed = usize::from(short.len() == long.len());
    let is_letter = |word: &[char]| word.get(front).is_none_or(|c| !c.is_ascii_digit());
    front < long.len()
        && short[(front + changed).min(short.len())..] == long[front + 1..]
        && is_letter(short)
        && is_letter(long)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_apart(a: &str, b: &str) -> bool {
        let letters = |word: &str| word.chars().collect::<Vec<char>>();
        is_one_apart(&letters(a), &letters(b))
    }

    #[test]
    fn one_letter_more_less_or_other() {
        for (a, b) in
            [("northwind", "nortwind"), ("northwind", "northwinds"), ("northwind", "nerthwind"), ("abcdef", "bbcdef")]
        {
            assert!(one_apart(a, b) && one_apart(b, a), "{a} {b}");
        }
        for (a, b) in
            [("northwind", "northwind"), ("north", "nroth"), ("desk1", "desk2"), ("desk", "desk2"), ("ab", "abcd")]
        {
            assert!(!one_apart(a, b) && !one_apart(b, a), "{a} {b}");
        }
    }

    #[test]
    fn forms_of_companies_make_no_other_name() {
        for (a, b) in [
            ("北京云帆有限公司", "北京云帆"),
            ("Northwind Media Co., Ltd.", "northwind-media"),
            ("株式会社サクラ", "サクラ"),
            ("Ｎｏｒｔｈ　Ｗｉｎｄ", "north wind"),
        ] {
            assert_eq!(plain(a.trim_end_matches('.')), plain(b), "{a}");
        }
        assert_ne!(plain("Tesco"), plain("Tes"));
        assert_ne!(plain("Delta 1"), plain("Delta 2"));
    }
}
