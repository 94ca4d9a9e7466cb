//! `[names]`: what suppliers, accounts and campaigns are called, and what their names tell.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::check::Error;
use crate::units::Field;

/// As written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    aliases: Option<String>,
    campaign: Option<String>,
    account: Option<String>,
}

/// `[names]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamesSettings {
    /// A CSV of other names: `field,match,name,means`.
    pub aliases: Option<PathBuf>,
    /// What the parts of a campaign's name are.
    pub campaign: Option<NamePattern>,
    /// What the parts of an account's name are.
    pub account: Option<NamePattern>,
}

/// A naming convention: texts and parts in turn, `{department}_{supplier}_{format}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    /// As written.
    pub text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Stands in every name.
    Text(String),
    /// Fills a field, or none that outlay knows.
    Value(Option<Field>),
}

impl NamePattern {
    /// Reads a convention.
    ///
    /// ```
    /// use outlay::settings::NamePattern;
    /// use outlay::units::Field;
    ///
    /// let pattern = NamePattern::parse("{department}_{supplier}_{format}")?;
    /// let parts = pattern.read("growth_Northwind_video_15s").unwrap();
    /// assert_eq!(parts, [(Field::Department, "growth"), (Field::Supplier, "Northwind")]);
    /// assert_eq!(pattern.read("growth"), None);
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A brace that is not closed, two parts without a text between them, a field twice.
    pub fn parse(text: &str) -> Result<NamePattern, String> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let (before, after) = rest.split_once('{').unwrap_or((rest, ""));
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            if before.len() == rest.len() {
                break;
            }
            let (name, after) = after.split_once('}').ok_or(format!("`{text}` has a `{{` without `}}`"))?;
            if matches!(parts.last(), Some(Part::Value(_))) {
                return Err(format!("`{text}` has two parts with nothing between them"));
            }
            parts.push(Part::Value(field(name)?));
            rest = after;
        }
        let fields: Vec<Field> = parts.iter().filter_map(Part::field).collect();
        if let Some(twice) = fields.iter().enumerate().find(|(index, field)| fields[..*index].contains(field)) {
            return Err(format!("`{text}` names `{}` twice", twice.1.name()));
        }
        if fields.is_empty() {
            return Err(format!("`{text}` names no field, expected one such as `{{department}}`"));
        }
        Ok(NamePattern { text: text.to_owned(), parts })
    }

    /// The fields that a name tells; `None` when it does not follow the convention. A part ends where the text after it
    /// first stands; the last part takes what is left.
    pub fn read<'n>(&self, name: &'n str) -> Option<Vec<(Field, &'n str)>> {
        let (mut rest, mut values) = (name, Vec::new());
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Part::Value(field) => {
                    let end = match self.parts.get(index + 1) {
                        Some(Part::Text(next)) => rest.find(next.as_str())?,
                        _ => rest.len(),
                    };
                    let (value, after) = rest.split_at(end);
                    let value = Some(value.trim()).filter(|value| !value.is_empty())?;
                    values.extend(field.map(|field| (field, value)));
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(values)
    }
}

impl Part {
    fn field(&self) -> Option<Field> {
        match self {
            Part::Value(field) => *field,
            Part::Text(_) => None,
        }
    }
}

fn field(name: &str) -> Result<Option<Field>, String> {
    match name {
        "campaign" | "account" => Err(format!("`{{{name}}}` is what the name itself is, not a part of it")),
        name => Ok(Field::ALL.into_iter().find(|field| field.name() == name)),
    }
}

pub(super) fn checked(file: File, folder: &Path, wrong: &mut Vec<Error>) -> NamesSettings {
    let mut pattern = |text: Option<String>, place: &str| {
        let parsed = NamePattern::parse(&text?);
        parsed.map_err(|message| wrong.push(Error::setting(place, message))).ok()
    };
    NamesSettings {
        campaign: pattern(file.campaign, "names.campaign"),
        account: pattern(file.account, "names.account"),
        aliases: file.aliases.map(|path| folder.join(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_end_where_the_next_text_stands() {
        let pattern = NamePattern::parse("[{department}] {supplier}-{format}").unwrap();
        let read = |name| pattern.read(name);
        assert_eq!(read("[增长] 云帆-短视频-A"), Some(vec![(Field::Department, "增长"), (Field::Supplier, "云帆")]));
        for other in ["", "增长 云帆-短视频", "[] 云帆-短视频", "[增长] 云帆", "[增长] 云帆-"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn conventions_that_cannot_be_read_are_refused() {
        for text in [
            "",
            "a_b",
            "{format}",
            "{supplier",
            "{supplier}{department}",
            "{supplier}_{supplier}",
            "{campaign}_{supplier}",
        ] {
            assert!(NamePattern::parse(text).is_err(), "{text}");
        }
    }
}
