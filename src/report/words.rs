//! The words that people read, one file a language; names of files, columns and settings stay as they are.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;

use super::numbers;
use super::sentences::Sentences;
use super::text::{one_line, width};
use crate::check::{Error, Finding, Problem, Severity};
use crate::score::Tier;
use crate::units::{Grain, Kpi};

/// A language of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese, simplified.
    Zh,
    /// Japanese.
    Ja,
}

impl Lang {
    /// All of them.
    pub const ALL: [Lang; 3] = [Lang::En, Lang::Zh, Lang::Ja];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh",
            Lang::Ja => "ja",
        }
    }

    /// The language tag of the page (BCP 47), by which a browser chooses glyphs.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh-Hans",
            Lang::Ja => "ja",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Lang::En => include_str!("words/en.toml"),
            Lang::Zh => include_str!("words/zh.toml"),
            Lang::Ja => include_str!("words/ja.toml"),
        }
    }
}

impl FromStr for Lang {
    type Err = String;

    fn from_str(text: &str) -> Result<Lang, String> {
        let known = Lang::ALL.into_iter().find(|lang| lang.name() == text);
        known.ok_or_else(|| format!("`{text}` is not a language, expected en, zh or ja"))
    }
}

/// The words of one language by key, and the sentences of other stages in it.
#[derive(Clone, Debug)]
pub struct Words {
    words: BTreeMap<String, String>,
    sentences: Sentences,
}

impl Words {
    /// The words of `lang`.
    ///
    /// # Panics
    ///
    /// Panics if the language's file is not a flat table of strings; it is part of the program and a test reads it.
    pub fn of(lang: Lang) -> Words {
        let words = toml::from_str(lang.file()).expect("a flat table of strings");
        Words { words, sentences: Sentences::of(lang) }
    }

    /// The words of `key`; the key itself where there are none, which a test rules out.
    ///
    /// ```
    /// use outlay::report::{Lang, Words};
    /// assert_eq!(Words::of(Lang::En).say("budget"), "Budget");
    /// ```
    pub fn say<'a>(&'a self, key: &'a str) -> &'a str {
        self.words.get(key).map_or(key, String::as_str)
    }

    /// The words of `key` with each `{name}` in them replaced by its value. Values are never searched for names.
    ///
    /// ```
    /// use outlay::report::{Lang, Words};
    /// let words = Words::of(Lang::En);
    /// assert_eq!(words.tell("asked_budget", &[("budget", "90")]), "budget asked: 90");
    /// ```
    pub fn tell(&self, key: &str, values: &[(&str, &str)]) -> String {
        filled(self.say(key), values)
    }

    /// What is counted: `registrations`.
    pub fn kpi(&self, kpi: Kpi) -> &str {
        match kpi {
            Kpi::Reads => self.say("kpi_reads"),
            Kpi::Entries => self.say("kpi_entries"),
            Kpi::Registrations => self.say("kpi_registrations"),
            Kpi::ValidRegistrations => self.say("kpi_valid_registrations"),
            Kpi::Value => self.say("kpi_value"),
        }
    }

    /// What one of it costs: `cost per registration`.
    pub fn cost_per(&self, kpi: Kpi) -> &str {
        match kpi {
            Kpi::Reads => self.say("cost_per_read"),
            Kpi::Entries => self.say("cost_per_entry"),
            Kpi::Registrations => self.say("cost_per_registration"),
            Kpi::ValidRegistrations => self.say("cost_per_valid_registration"),
            Kpi::Value => self.say("cost_per_value"),
        }
    }

    /// What a tier asks for.
    pub fn tier(&self, tier: Tier) -> &str {
        match tier {
            Tier::A => self.say("tier_a"),
            Tier::B => self.say("tier_b"),
            Tier::C => self.say("tier_c"),
            Tier::D => self.say("tier_d"),
            Tier::U => self.say("tier_u"),
        }
    }

    /// How much a finding matters.
    pub fn severity(&self, severity: Severity) -> &str {
        match severity {
            Severity::Pass => self.say("severity_pass"),
            Severity::Review => self.say("severity_review"),
            Severity::Fail => self.say("severity_fail"),
        }
    }

    /// `per day` or `per week`.
    pub fn per(&self, grain: Grain) -> &str {
        match grain {
            Grain::Day => self.say("per_day"),
            Grain::Week => self.say("per_week"),
        }
    }

    /// All of them by key, for templates.
    pub fn all(&self) -> &BTreeMap<String, String> {
        &self.words
    }

    /// What a stage is doing.
    pub fn stage<'a>(&'a self, stage: &'a str) -> &'a str {
        match stage {
            "import" => self.say("stage_import"),
            "unify" => self.say("stage_unify"),
            "panel" => self.say("stage_panel"),
            "fit" => self.say("stage_fit"),
            "score" => self.say("stage_score"),
            "plan" => self.say("stage_plan"),
            "report" => self.say("stage_report"),
            other => other,
        }
    }

    /// A curve's family.
    pub fn family<'a>(&'a self, family: &'a str) -> &'a str {
        match family {
            "hill" => self.say("family_hill"),
            "power" => self.say("family_power"),
            "log" => self.say("family_log"),
            "saturating" => self.say("family_saturating"),
            "linear" => self.say("family_linear"),
            "points" => self.say("family_points"),
            other => other,
        }
    }

    /// A day that is given as ISO 8601, as the language writes it; anything else stays as it is.
    ///
    /// ```
    /// use outlay::report::{Lang, Words};
    /// assert_eq!(Lang::ALL.map(|lang| Words::of(lang).date("2026-06-01")), ["1 Jun 2026", "2026年6月1日", "2026年6月1日"]);
    /// ```
    pub fn date(&self, iso: &str) -> String {
        let Ok(date) = iso.parse::<Date>() else { return iso.to_owned() };
        let month = self.say("month_names").split(',').nth(date.month() as usize - 1).unwrap_or_default();
        let (day, year) = (date.day().to_string(), date.year().to_string());
        self.tell("date", &[("day", &day), ("month", month), ("year", &year)])
    }

    /// An amount in prose: cents only where they matter, the currency where the language puts it.
    ///
    /// ```
    /// use outlay::report::{Lang, Words};
    /// assert_eq!(Lang::ALL.map(|lang| Words::of(lang).money(3e6, "CNY")), ["CNY 3,000,000", "3,000,000 元", "3,000,000 元"]);
    /// ```
    pub fn money(&self, amount: f64, currency: &str) -> String {
        let has_cents = amount.abs() < 1000.0 && (amount - amount.round()).abs() >= 0.005;
        self.amount(amount, currency, if has_cents { numbers::places(currency) } else { 0 })
    }

    /// What one of something costs: always to the currency's own places.
    pub fn cost(&self, cost: f64, currency: &str) -> String {
        self.amount(cost, currency, numbers::places(currency).max(1))
    }

    fn amount(&self, amount: f64, currency: &str, places: usize) -> String {
        let named =
            |pair: &str| pair.split_once('=').filter(|(code, _)| *code == currency).map(|(_, name)| name.to_owned());
        let name = self.say("currency_names").split(',').find_map(named);
        let name = name.unwrap_or_else(|| currency.to_owned());
        self.tell("money", &[("amount", &numbers::decimal(amount, places)), ("currency", &name)])
    }

    /// A sentence of another stage in this language; English where it is not known. `table` is the check, or the place.
    pub fn translate(&self, table: &str, text: &str) -> String {
        self.sentences.tell(table, text)
    }

    /// The name of a limit; those that outlay itself gives are told in this language.
    pub fn limit(&self, name: &str) -> String {
        self.translate("plan.limit", name)
    }

    /// A finding in this language, one line each.
    pub fn finding(&self, finding: &Finding) -> Finding {
        let tell = |text: &str| self.translate(finding.check, &one_line(text));
        Finding {
            subject: self.translate("subject", &one_line(&finding.subject)),
            message: tell(&finding.message),
            advice: tell(&finding.advice),
            ..finding.clone()
        }
    }

    /// An error in this language, in the shape of its own display.
    pub fn error(&self, error: &Error) -> String {
        let tell = |text: &str| self.translate("error", text);
        let problem =
            |problem: &Problem| Problem { message: tell(&problem.message), help: problem.help.as_deref().map(tell) };
        let told = Error { kind: error.kind, problems: error.problems.iter().map(problem).collect() }.to_string();
        let label = |line: &str| match (line.strip_prefix("error: "), line.strip_prefix("help: ")) {
            (Some(rest), _) => format!("{}{rest}\n", self.say("error_label")),
            (_, Some(rest)) => format!("{}{rest}\n", self.say("help_label")),
            _ => format!("{line}\n"),
        };
        told.lines().map(label).collect()
    }
}

/// What a step of the funnel is called.
pub(super) fn step_name<'a>(words: &'a Words, step: &str) -> &'a str {
    match step {
        "impressions" => words.say("step_impressions"),
        "clicks" => words.say("step_clicks"),
        "reads" => words.say("step_reads"),
        "entries" => words.say("step_entries"),
        "registrations" => words.say("step_registrations"),
        "valid_registrations" => words.say("step_valid"),
        "value" => words.say("step_value"),
        "cash" => words.say("cash"),
        _ => words.say("spend"),
    }
}

/// `phrase` with each `{name}` in it replaced by its value; nothing where there is none.
///
/// A space beside a value parts figures and Latin letters from full-width characters; where the value is full-width there,
/// too, it goes: `{short} 足りない` is `400 元足りない` and `400 CNY 足りない`.
pub(super) fn filled(phrase: &str, values: &[(&str, &str)]) -> String {
    let mut told = String::new();
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        append(&mut told, before);
        append(&mut told, values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = tail;
    }
    append(&mut told, rest);
    told
}

/// Puts `text` behind what is told, without a space between two full-width characters.
fn append(told: &mut String, text: &str) {
    let is_wide = |c: Option<char>| c.is_some_and(|c| width(c.encode_utf8(&mut [0; 4])) == 2);
    let ends_wide = |text: &str| is_wide(text.chars().next_back());
    let begins_wide = |text: &str| is_wide(text.chars().next());
    if begins_wide(text) && told.strip_suffix(' ').is_some_and(ends_wide) {
        told.pop();
    }
    let bare = text.strip_prefix(' ').filter(|bare| begins_wide(bare) && ends_wide(told));
    told.push_str(bare.unwrap_or(text));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_language_has_the_same_keys() {
        let keys = |lang: Lang| Words::of(lang).words.into_keys().collect::<Vec<_>>();
        assert_eq!(keys(Lang::En), keys(Lang::Zh));
        assert_eq!(keys(Lang::En), keys(Lang::Ja));
    }

    #[test]
    fn every_language_names_the_same_values() {
        let names = |text: &str| -> BTreeSet<String> {
            text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()).collect()
        };
        let english = Words::of(Lang::En);
        for lang in [Lang::Zh, Lang::Ja] {
            for (key, text) in Words::of(lang).all() {
                assert_eq!(names(text), names(english.say(key)), "{key} in {}", lang.name());
            }
        }
    }

    #[test]
    fn every_key_that_is_asked_for_is_there_and_every_key_is_asked_for() {
        let known: BTreeSet<String> = Words::of(Lang::En).words.into_keys().collect();
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut asked = asked_for(&src.join("report"));
        asked.extend(asked_for(&src.join("cli")));
        assert_eq!(asked.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "asked for, not there");
        assert_eq!(known.difference(&asked).collect::<Vec<_>>(), Vec::<&String>::new(), "there, not asked for");
    }

    #[test]
    fn values_are_not_searched_for_names() {
        let words = [("key".to_owned(), "{a} and {b}".to_owned())].into();
        let words = Words { words, sentences: Sentences::default() };
        assert_eq!(words.tell("key", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
    }

    #[test]
    fn a_space_stands_between_wide_and_narrow_only() {
        let told = |phrase: &str, value: &str| filled(phrase, &[("a", value), ("b", "登録数")]);
        assert_eq!(told("{a} 足りない", "400 元"), "400 元足りない");
        assert_eq!(told("{a} 足りない", "400 CNY"), "400 CNY 足りない");
        assert_eq!(told("予算の {a} を使う", "三割"), "予算の三割を使う");
        assert_eq!(told("予算の {a} を使う", "30 %"), "予算の 30 % を使う");
        assert_eq!(told("{a} {b}", "12 元"), "12 元登録数");
        assert_eq!(told("{a} {b}", "12"), "12 登録数");
        assert_eq!(told("up to {a}, no more", "元"), "up to 元, no more");
    }

    /// Keys after `say("`, `tell("` in code and after `w.` in templates, in any depth of `folder`.
    fn asked_for(folder: &Path) -> BTreeSet<String> {
        let mut asked = BTreeSet::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                asked.extend(asked_for(&path));
                continue;
            }
            let marks: &[&str] = match path.extension().and_then(|extension| extension.to_str()) {
                Some("rs") => &["say(\"", "tell(\""],
                Some("html") => &["w."],
                _ => continue,
            };
            let text = fs::read_to_string(&path).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
            let text = text.replace("( \"", "(\"");
            asked.extend(marks.iter().flat_map(|mark| keys_after(&text, mark)));
        }
        asked.remove("key");
        // a section of the page is called by its word: `sections/10-summary.html`
        asked.extend(
            folder
                .file_name()
                .is_some_and(|name| name == "sections")
                .then(|| section_names(folder))
                .into_iter()
                .flatten(),
        );
        asked
    }

    fn section_names(folder: &Path) -> Vec<String> {
        let name = |path: std::path::PathBuf| Some(path.file_stem()?.to_str()?.split_once('-')?.1.to_owned());
        fs::read_dir(folder).unwrap().filter_map(|entry| name(entry.unwrap().path())).collect()
    }

    fn keys_after<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = String> + 'a {
        let in_name = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_';
        let word_before = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        let hits = text.match_indices(mark).filter(move |(at, _)| mark != "w." || !word_before(&text[..*at]));
        hits.map(move |(at, _)| text[at + mark.len()..].chars().take_while(in_name).collect::<String>())
            .filter(|key| !key.is_empty())
    }
}
