//! What other stages say, in the reader's language.
//!
//! Stages write English: findings, reasons, errors. They know no languages, and a new finding needs none. Here each English
//! sentence is recognised by its wording and told again, gettext's way, but with holes where the figures and names stand:
//!
//! ```toml
//! "import.columns" = [
//!     ["read by the {by} headers; {~left}", "按 {by} 的表头读取；{left}"],
//!     ["every column is read", "所有列均已读取"],
//! ]
//! ```
//!
//! The table is named by the check, or by the place that the sentence comes from (`plan.why_not_more`, `error`). What fills
//! a `{hole}` is taken over as it is, for it may be a user's name; what fills a `{~hole}` is itself a sentence of the
//! table, or of the table `any`. Of several that fit, the one is taken under which the most of the text is wording that is
//! known, its own and that of its holes. What nothing fits stays English: it is never wrong, only foreign.
//!
//! Each language has two files: `errors.toml` in its folder for what ends a run, and the other for all else.

use std::collections::BTreeMap;

use super::words::{Lang, filled};

/// The sentences of one language by table.
#[derive(Clone, Debug, Default)]
pub struct Sentences(BTreeMap<String, Vec<Sentence>>);

/// The table whose sentences may stand in any hole.
const ANY: &str = "any";

/// How deep sentences are looked for in sentences: names that look like wording cannot make that long.
const DEEPEST: usize = 7;

/// An English sentence and what it is in the language.
#[derive(Clone, Debug)]
struct Sentence {
    /// Wording, hole, wording, … of the English: one more wording than holes.
    wording: Vec<String>,
    holes: Vec<Hole>,
    told: String,
}

#[derive(Clone, Debug)]
struct Hole {
    name: String,
    /// Whether what fills it is a sentence too.
    is_told: bool,
}

impl Sentences {
    /// The sentences of `lang`; none for English.
    ///
    /// # Panics
    ///
    /// Panics if a file of the language is not a table of pairs; they are part of the program and a test reads them.
    pub fn of(lang: Lang) -> Sentences {
        let files = match lang {
            Lang::En => return Sentences::default(),
            Lang::Zh => [include_str!("sentences/zh.toml"), include_str!("sentences/zh/errors.toml")],
            Lang::Ja => [include_str!("sentences/ja.toml"), include_str!("sentences/ja/errors.toml")],
        };
        let tables = files
            .into_iter()
            .flat_map(|file| toml::from_str::<BTreeMap<String, Vec<(String, String)>>>(file).expect("tables of pairs"));
        let sentences = |pairs: Vec<(String, String)>| pairs.iter().map(|(en, told)| Sentence::new(en, told)).collect();
        Sentences(tables.map(|(table, pairs)| (table, sentences(pairs))).collect())
    }

    /// `text` in the language, as far as its wording is known.
    pub fn tell(&self, table: &str, text: &str) -> String {
        self.told(table, text).unwrap_or_else(|| text.to_owned())
    }

    /// As [`Sentences::tell`]; absent where the wording is not known.
    pub fn told(&self, table: &str, text: &str) -> Option<String> {
        self.recognised(table, text, DEEPEST).map(|(_, told)| told)
    }

    /// Bytes of `text` that are known wording, and what it is in the language.
    fn recognised(&self, table: &str, text: &str, deepest: usize) -> Option<(usize, String)> {
        if self.0.is_empty() || text.is_empty() || deepest == 0 {
            return None;
        }
        let known = [table, ANY].into_iter().filter_map(|table| self.0.get(table)).flatten();
        let fitting = known.filter_map(|sentence| Some((sentence, sentence.filling(text)?)));
        let told = fitting.map(|(sentence, filling)| self.by(sentence, &filling, table, deepest - 1));
        told.max_by_key(|(known, _)| *known)
    }

    /// The same by one sentence, whose holes are filled so.
    fn by(&self, sentence: &Sentence, filling: &[&str], table: &str, deepest: usize) -> (usize, String) {
        let mut known = sentence.own();
        let mut value = |(hole, filling): (&Hole, &&str)| {
            let told = if hole.is_told { self.recognised(table, filling, deepest) } else { None };
            let (more, told) = told.unwrap_or_else(|| (0, (*filling).to_owned()));
            known += more;
            told
        };
        let values: Vec<String> = sentence.holes.iter().zip(filling).map(&mut value).collect();
        let names = sentence.holes.iter().map(|hole| hole.name.as_str());
        let values: Vec<(&str, &str)> = names.zip(values.iter().map(String::as_str)).collect();
        (known, filled(&sentence.told, &values))
    }

    /// Whether there is a table of that name.
    pub fn has(&self, table: &str) -> bool {
        self.0.contains_key(table)
    }
}

impl Sentence {
    fn new(english: &str, told: &str) -> Sentence {
        let (mut wording, mut holes) = (Vec::new(), Vec::new());
        let mut rest = english;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            wording.push(before.to_owned());
            let is_told = name.starts_with('~');
            holes.push(Hole { name: name.trim_start_matches('~').to_owned(), is_told });
            rest = tail;
        }
        wording.push(rest.to_owned());
        Sentence { wording, holes, told: told.to_owned() }
    }

    /// Bytes of its own wording.
    fn own(&self) -> usize {
        self.wording.iter().map(String::len).sum()
    }

    /// What fills the holes if `text` is this sentence.
    fn filling<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let rest = text.strip_prefix(self.wording[0].as_str())?;
        let mut filling = Vec::with_capacity(self.holes.len());
        fill(&self.wording, rest, &mut filling).then_some(filling)
    }
}

/// Fills the holes after the first wording from the left, each as short as it can be, so that all of `text` is used up by
/// the wordings after them. Only what is quoted may be empty.
fn fill<'t>(wordings: &[String], text: &'t str, filling: &mut Vec<&'t str>) -> bool {
    let [before, next, others @ ..] = wordings else { return text.is_empty() };
    let least = usize::from(!(before.ends_with('`') && next.starts_with('`')));
    if others.is_empty() {
        let Some(value) = text.strip_suffix(next.as_str()).filter(|value| value.len() >= least) else { return false };
        filling.push(value);
        return true;
    }
    for (at, _) in text.match_indices(next.as_str()).filter(|(at, _)| *at >= least) {
        filling.push(&text[..at]);
        if fill(&wordings[1..], &text[at + next.len()..], filling) {
            return true;
        }
        filling.pop();
    }
    false
}

#[cfg(test)]
mod tests;
