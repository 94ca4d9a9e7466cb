//! Cells → days: ISO, slashed, compact, Chinese and Japanese, month names; the order of day and month is decided over
//! a whole file, never per cell.

use std::collections::HashMap;

use jiff::civil::{Date, Time};

use crate::settings::DateOrder;

/// What a source says about its dates.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hints {
    /// Year of dates that have none.
    pub year: Option<i16>,
    /// Order where a date leaves it open.
    pub order: Option<DateOrder>,
}

/// What one cell says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reading {
    /// One day.
    Day(Date),
    /// `3/4/2026`: a day by month first, a day by day first, at least one of them real.
    Open { month_first: Option<Date>, day_first: Option<Date> },
    /// A day of an unknown year.
    NoYear,
    /// No date.
    Not,
}

/// Why the dates of a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undecided {
    /// Both orders fit every row.
    Order { text: String, line: u64, month_first: Date, day_first: Date },
    /// Some rows fit only one order, others only the other.
    Mixed { month_first: (String, u64), day_first: (String, u64) },
    /// Dates without a year, and no year in the settings.
    NoYear { text: String, line: u64 },
}

/// A reading that some cell of a file has: the first such cell and its line.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// What the cell says.
    pub reading: Reading,
    /// The cell.
    pub text: String,
    /// Its line.
    pub line: u64,
}

/// The days of a small table, by the text of its date cells.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    days: HashMap<String, Option<Date>>,
}

impl Calendar {
    /// Decides how the dates of a table are to be read: `cells` are its distinct date cells with their first lines.
    pub(super) fn decide(cells: Vec<(String, u64)>, hints: Hints) -> Result<Calendar, Undecided> {
        let seen = |(text, line): (String, u64)| Seen { reading: read(&text, hints), text, line };
        let seen: Vec<Seen> = cells.into_iter().map(seen).collect();
        let days = decide(&seen)?;
        Ok(Calendar { days: seen.into_iter().map(|seen| seen.text).zip(days).collect() })
    }

    /// The day that a cell holds, or `None` when it holds no date.
    pub(super) fn day(&self, text: &str) -> Option<Date> {
        self.days.get(text).copied().flatten()
    }
}

/// Decides how the dates of a file are to be read, given all readings of its cells; the day of each, in their order.
pub(super) fn decide(seen: &[Seen]) -> Result<Vec<Option<Date>>, Undecided> {
    let mut by_line: Vec<&Seen> = seen.iter().collect();
    by_line.sort_by_key(|seen| seen.line);
    if let Some(seen) = by_line.iter().find(|seen| seen.reading == Reading::NoYear) {
        return Err(Undecided::NoYear { text: seen.text.clone(), line: seen.line });
    }
    let month_first = month_comes_first(&by_line)?;
    let day = |seen: &Seen| match seen.reading {
        Reading::Day(day) => Some(day),
        Reading::Open { month_first: day, .. } if month_first => day,
        Reading::Open { day_first: day, .. } => day,
        Reading::NoYear | Reading::Not => None,
    };
    Ok(seen.iter().map(day).collect())
}

/// Whether the open dates of a file have the month first: what some row forces, no row contradicts.
fn month_comes_first(seen: &[&Seen]) -> Result<bool, Undecided> {
    let open = || {
        seen.iter().filter_map(|seen| match seen.reading {
            Reading::Open { month_first, day_first } => Some((*seen, month_first, day_first)),
            _ => None,
        })
    };
    let place = |seen: &Seen| (seen.text.clone(), seen.line);
    let only_month = open().find(|(_, month_first, day_first)| month_first.is_some() && day_first.is_none());
    let only_day = open().find(|(_, month_first, day_first)| month_first.is_none() && day_first.is_some());
    match (only_month, only_day) {
        (Some((month, ..)), Some((day, ..))) => {
            Err(Undecided::Mixed { month_first: place(month), day_first: place(day) })
        }
        (Some(_), None) => Ok(true),
        (None, Some(_)) => Ok(false),
        (None, None) => {
            let both = open().filter_map(|(seen, month, day)| Some((seen, month?, day?)));
            match both.into_iter().find(|(_, month, day)| month != day) {
                Some((seen, month_first, day_first)) => {
                    let (text, line) = place(seen);
                    Err(Undecided::Order { text, line, month_first, day_first })
                }
                None => Ok(true),
            }
        }
    }
}

/// A run of digits, or the month that a word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Number { value: i32, digits: usize },
    Month(i8),
}

/// What a date cell says.
pub(super) fn read(text: &str, hints: Hints) -> Reading {
    use Part::{Month, Number};
    let text = without_time(text.trim());
    if let Some(day) = serial(text) {
        return Reading::Day(day);
    }
    let Some(parts) = parts(text) else { return Reading::Not };
    let year_of = |value: i32, digits: usize| (digits == 4).then_some(value);
    match parts[..] {
        [Number { value, digits: 8 }] => day(Some(value / 10_000), value / 100 % 100, value % 100),
        [Number { value: y, digits: 4 }, Number { value: m, .. }, Number { value: d, .. }] => day(Some(y), m, d),
        [Number { value: y, digits: 4 }, Month(m), Number { value: d, .. }] => day(Some(y), m.into(), d),
        [Number { value: a, .. }, Number { value: b, .. }, Number { value: y, digits: 4 }] => open(y, a, b, hints),
        [Number { value: a, .. }, Number { value: b, .. }, Number { value: c, digits: 2 }] => short(a, b, c, hints),
        [Number { value: d, .. }, Month(m), Number { value: y, digits }]
        | [Month(m), Number { value: d, .. }, Number { value: y, digits }] => day(year_of(y, digits), m.into(), d),
        [Number { value: d, .. }, Month(m)] | [Month(m), Number { value: d, .. }] => {
            without_year(hints, |year| day(Some(year), m.into(), d))
        }
        [Number { value: m, .. }, Number { value: d, .. }] if text.contains('月') => {
            without_year(hints, |year| day(Some(year), m, d))
        }
        [Number { value: a, digits: 1 | 2 }, Number { value: b, digits: 1 | 2 }] => {
            without_year(hints, |year| open(year, a, b, hints))
        }
        _ => Reading::Not,
    }
}

fn without_year(hints: Hints, read: impl Fn(i32) -> Reading) -> Reading {
    hints.year.map_or(Reading::NoYear, |year| read(year.into()))
}

/// `a/b/year`, whose order only the settings or other rows can tell.
fn open(year: i32, a: i32, b: i32, hints: Hints) -> Reading {
    let (month_first, day_first) = (real(year, a, b), real(year, b, a));
    let sure = |day: Option<Date>| day.map_or(Reading::Not, Reading::Day);
    match hints.order {
        Some(DateOrder::Mdy) => sure(month_first),
        Some(DateOrder::Dmy) => sure(day_first),
        _ if month_first.is_none() && day_first.is_none() => Reading::Not,
        _ => Reading::Open { month_first, day_first },
    }
}

/// Three numbers of two digits, which only `date_order` can tell apart.
fn short(a: i32, b: i32, c: i32, hints: Hints) -> Reading {
    match hints.order {
        Some(DateOrder::Ymd) => day(Some(2000 + a), b, c),
        Some(DateOrder::Mdy) => day(Some(2000 + c), a, b),
        Some(DateOrder::Dmy) => day(Some(2000 + c), b, a),
        None => Reading::Not,
    }
}

/// A day as spreadsheets count them, from 30 December 1899: `46143` is 1 May 2026. Days of 1982 to 2119 have five digits
/// that no other writing of a date has.
fn serial(text: &str) -> Option<Date> {
    let (days, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let days: i32 = days.parse().ok().filter(|_| days.len() == 5 && is_number(days) && is_number(fraction))?;
    let span = jiff::Span::new().days(days);
    Date::constant(1899, 12, 30).checked_add(span).ok().filter(|_| (30_000..80_000).contains(&days))
}

fn day(year: Option<i32>, month: i32, day: i32) -> Reading {
    year.and_then(|year| real(year, month, day)).map_or(Reading::Not, Reading::Day)
}

/// The day when it exists, in years that an export can be of.
fn real(year: i32, month: i32, day: i32) -> Option<Date> {
    if !(1900..2200).contains(&year) {
        return None;
    }
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// Splits `2026-05-01至2026-05-31`, `1 May 2026 - 31 May 2026` and the like into first and last day.
pub(super) fn range(text: &str) -> Option<(&str, &str)> {
    const BETWEEN: [&str; 9] = ["至", "到", "～", "~", " - ", " – ", " — ", " to ", "..."];
    let found = BETWEEN.iter().filter_map(|mark| text.split_once(mark));
    let parts = found.map(|(first, last)| (first.trim(), last.trim()));
    parts.into_iter().find(|(first, last)| !first.is_empty() && !last.is_empty())
}

/// The time of day in a date cell: `2026-05-01 08:30`, `5/1/2026 12:00:00 AM|7`, `2026-05-01|7`, `2026年5月1日 8時`.
pub(super) fn time_of(text: &str) -> Option<Time> {
    let hour = |digits: &str| Time::new(digits.trim().parse().ok()?, 0, 0, 0).ok();
    if let Some((_, after)) = text.split_once('|') {
        return hour(after);
    }
    if let Some(before) = text.trim_end().strip_suffix(['时', '時', '点']) {
        return hour(before.rsplit(|c: char| !c.is_ascii_digit()).next()?);
    }
    let colon = text.find(':')?;
    let number = |part: &str| -> Option<i8> { part.parse().ok() };
    let hours = number(text[..colon].rsplit(|c: char| !c.is_ascii_digit()).next()?)?;
    let rest = &text[colon + 1..];
    let minutes = number(rest.get(..2)?)?;
    let half = rest.to_ascii_lowercase();
    let hours = match (half.contains("pm"), half.contains("am"), hours) {
        (true, _, 1..=11) => hours + 12,
        (_, true, 12) => 0,
        _ => hours,
    };
    Time::new(hours, minutes, 0, 0).ok()
}

/// Leaves out a time of day and a weekday in brackets: `2026-05-01 08:00`, `2026-05-01|8`, `2026年5月1日 8時`,
/// `2026/05/01(金)`.
fn without_time(text: &str) -> &str {
    let text = text.find(['(', '（', '|']).map_or(text, |at| &text[..at]).trim_end();
    if let Some(hour) = text.strip_suffix(['时', '時', '点']) {
        return hour.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end();
    }
    let Some(colon) = text.find(':') else { return text.trim_end() };
    let date = text[..colon].trim_end_matches(|c: char| c.is_ascii_digit());
    date.trim_end_matches(['T', ' ', ','])
}

/// The numbers and months of a date; `None` when it holds anything else.
fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::with_capacity(3);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = if first.is_ascii_digit() {
            rest.find(|c: char| !c.is_ascii_digit())
        } else if first.is_alphabetic() && !matches!(first, '年' | '月' | '日') {
            rest.find(|c: char| !c.is_alphabetic())
        } else if is_separator(first) {
            rest = &rest[first.len_utf8()..];
            continue;
        } else {
            return None;
        };
        let (run, after) = rest.split_at(run.unwrap_or(rest.len()));
        rest = after;
        match part(run) {
            Some(part) if parts.len() < 3 => parts.push(part),
            None if is_weekday(run) || is_chinese_weekday(run) || is_filler(run) => {}
            _ => return None,
        }
    }
    Some(parts)
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '/' | '.' | ',' | ' ' | '年' | '月' | '日')
}

fn part(run: &str) -> Option<Part> {
    if run.as_bytes()[0].is_ascii_digit() {
        let value = run.parse().ok().filter(|_| run.len() <= 8)?;
        return Some(Part::Number { value, digits: run.len() });
    }
    month(&run.to_lowercase()).map(Part::Month)
}

/// The month that a word names: whole, or by its first letters where they name one month only, in whatever language.
fn month(word: &str) -> Option<i8> {
    let of = |fits: &dyn Fn(&str) -> bool| -> Vec<i8> {
        (1..).zip(MONTHS).filter(|(_, names)| names.split(' ').any(fits)).map(|(month, _)| month).collect()
    };
    let whole = of(&|name| name == word);
    let months = if whole.is_empty() && word.chars().count() >= 3 { of(&|name| name.starts_with(word)) } else { whole };
    (months.len() == 1).then(|| months[0])
}

/// Words between the parts of a date: `1 de mayo de 2026`, `1er mai 2026`, `1st May 2026`.
fn is_filler(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "de" | "del" | "er" | "st" | "nd" | "rd" | "th")
}

fn is_weekday(word: &str) -> bool {
    let word = word.to_lowercase();
    WEEKDAYS.iter().any(|day| word == *day || (word.len() == 3 && day.starts_with(&word)))
}

/// `星期六`, `周日`, `土曜日`; the first letter of `日曜日` and `月曜日` is taken for a mark of its own.
fn is_chinese_weekday(word: &str) -> bool {
    let day = ["星期", "礼拜", "周", "週"].iter().find_map(|week| word.strip_prefix(week));
    day.is_some_and(|day| day.chars().count() == 1 && "一二三四五六日天".contains(day)) || word.ends_with("曜日")
}

/// The months in English, German, French, Spanish, Portuguese, Italian and Turkish.
const MONTHS: [&str; 12] = [
    "january januar janvier enero janeiro gennaio ocak",
    "february februar février fevrier febrero fevereiro febbraio şubat subat",
    "march märz maerz mars marzo março marco mart mrz",
    "april avril abril aprile nisan",
    "may mai mayo maio maggio mayıs mayis",
    "june juni juin junio junho giugno haziran",
    "july juli juillet julio julho luglio temmuz",
    "august août aout agosto ağustos agustos",
    "september septembre septiembre setembro settembre eylül eylul",
    "october oktober octobre octubre outubro ottobre ekim",
    "november novembre noviembre novembro kasım kasim",
    "december dezember décembre decembre diciembre dezembro dicembre aralık aralik",
];

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn decided(texts: &[&str], hints: Hints) -> Result<Vec<Option<Date>>, Undecided> {
        let seen = |(text, line): (&&str, u64)| Seen { reading: read(text, hints), text: (*text).to_owned(), line };
        decide(&texts.iter().zip(2..).map(seen).collect::<Vec<_>>())
    }

    fn one(text: &str) -> Option<Date> {
        decided(&[text], Hints::default()).unwrap()[0]
    }

    proptest! {
        #[test]
        fn a_day_written_and_read_is_the_same(days in 0i32..50_000) {
            let day = date(2000, 1, 1).saturating_add(jiff::Span::new().days(days));
            let (y, m, d) = (day.year(), day.month(), day.day());
            let month = MONTHS[m as usize - 1].split(' ').next().unwrap();
            let texts = [
                format!("{y}-{m:02}-{d:02}"), format!("{y}/{m}/{d}"), format!("{y}{m:02}{d:02}"),
                format!("{y}年{m}月{d}日"), format!("{d} {month} {y}"), format!("{} {d}, {y}", &month[..3]),
                format!("{y}-{m:02}-{d:02} 07:30:00"), format!("{y}-{m:02}-{d:02}T00:00:00Z"),
            ];
            for text in texts {
                prop_assert_eq!(one(&text), Some(day), "{}", text);
            }
            let open = format!("{m}/{d}/{y}");
            let hints = Hints { order: Some(DateOrder::Mdy), year: None };
            prop_assert_eq!(decided(&[&open], hints), Ok(vec![Some(day)]));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = decided(&[&text], Hints { year: Some(2026), order: Some(DateOrder::Ymd) });
        }
    }

    #[test]
    fn one_row_decides_the_order_for_the_file() {
        let april = date(2026, 4, 3);
        assert_eq!(decided(&["4/3/2026", "1/13/2026"], Hints::default()).unwrap()[0], Some(april));
        assert_eq!(decided(&["3/4/2026", "13/1/2026"], Hints::default()).unwrap()[0], Some(april));
        assert_eq!(decided(&["1/1/2026"], Hints::default()).unwrap()[0], Some(date(2026, 1, 1)));
    }

    #[test]
    fn what_the_file_leaves_open_is_refused_with_both_readings() {
        let (month_first, day_first) = (date(2026, 3, 4), date(2026, 4, 3));
        let expected = Undecided::Order { text: "3/4/2026".into(), line: 3, month_first, day_first };
        assert_eq!(decided(&["1/1/2026", "3/4/2026"], Hints::default()), Err(expected));
        let mixed = decided(&["13/1/2026", "1/14/2026"], Hints::default());
        assert!(matches!(mixed, Err(Undecided::Mixed { .. })), "{mixed:?}");
    }

    #[test]
    fn a_year_comes_from_the_settings_or_not_at_all() {
        let hints = Hints { year: Some(2020), order: None };
        assert_eq!(decided(&["April 1", "8月2日"], hints).unwrap(), [Some(date(2020, 4, 1)), Some(date(2020, 8, 2))]);
        let refused = decided(&["2020-04-01", "April 1"], Hints::default());
        assert_eq!(refused, Err(Undecided::NoYear { text: "April 1".into(), line: 3 }));
    }

    #[test]
    fn spreadsheets_hours_and_other_languages() {
        let expected = Some(date(2026, 5, 1));
        for text in [
            "46143",
            "46143.0",
            "46143.75",
            "2026-05-01|7",
            "5/1/2026 12:00:00 AM|7",
            "2026年5月1日 8時",
            "2026-05-01 08时",
            "1. Mai 2026",
            "1 de mayo de 2026",
            "1er mai 2026",
            "1 de maio de 2026",
            "1 Mayıs 2026",
            "1 maggio 2026",
            "May 1st, 2026",
            "2026/05/01(金)",
        ] {
            let hints = Hints { order: Some(DateOrder::Mdy), year: None };
            assert_eq!(decided(&[text], hints).unwrap()[0], expected, "{text}");
        }
        for (text, expected) in
            [("3 févr. 2026", date(2026, 2, 3)), ("3 Ağu 2026", date(2026, 8, 3)), ("3 Dez 2026", date(2026, 12, 3))]
        {
            assert_eq!(one(text), Some(expected), "{text}");
        }
        for text in ["12345", "99999", "3 jui 2026", "3 ma 2026", "461430"] {
            assert_eq!(one(text), None, "{text}");
        }
    }

    #[test]
    fn impossible_days_and_other_things_are_no_dates() {
        for text in ["2026-13-01", "2026-02-30", "0206-01-01", "合计", "Total", "20261301", "5:00", "", "a/b/c"] {
            assert_eq!(one(text), None, "{text}");
        }
    }

    #[test]
    fn weekdays_of_china_and_japan_are_passed_over() {
        for text in
            ["2026年5月2日 星期六", "2026-05-02 周六", "2026/5/2 土曜日", "2026-05-02星期六", "2026-05-02 月曜日"]
        {
            assert_eq!(one(text), Some(date(2026, 5, 2)), "{text}");
        }
        assert_eq!(one("2026-05-03 周日"), Some(date(2026, 5, 3)));
        assert_eq!(one("2026年5月3日 星期日"), Some(date(2026, 5, 3)));
        for text in ["2026年第18周", "2026年5月1周", "2026-05-02 周报"] {
            assert_eq!(one(text), None, "{text}");
        }
    }
}
