//! What the lines before a table tell: the days that an export covers.

use jiff::civil::Date;

use super::date::{Hints, Seen, decide, range, read};
use crate::settings::Source;

/// First and last day that the lines before a table tell, in one line or in one each; `None` where they tell none, several,
/// or leave the order of day and month open.
pub(super) fn period(preamble: &str, source: &Source) -> Option<(Date, Date)> {
    let hints = Hints { year: source.year, order: source.date_order };
    let lines = || preamble.lines().map(|line| line.trim_matches(|c: char| c.is_whitespace() || "\",;".contains(c)));
    let both = |line: &str| {
        let (first, last) = range(line)?;
        days([after_label(first), last], hints)
    };
    let mut found: Vec<(Date, Date)> = lines().filter_map(both).collect();
    let labelled = |words: [&str; 4]| {
        let is = |line: &&str| words.iter().any(|word| line.to_lowercase().contains(word));
        lines().find(is).map(after_label)
    };
    let start = labelled(["report start", "开始", "開始", "start date"]);
    let end = labelled(["report end", "结束", "終了", "end date"]);
    found.extend(start.zip(end).and_then(|(start, end)| days([start, end], hints)));
    found.dedup();
    match found[..] {
        [(first, last)] if first <= last => Some((first, last)),
        _ => None,
    }
}

fn days(texts: [&str; 2], hints: Hints) -> Option<(Date, Date)> {
    let seen = texts.map(|text| Seen { reading: read(text.trim_matches('"'), hints), text: text.to_owned(), line: 1 });
    match decide(&seen).ok()?[..] {
        [first, last] => first.zip(last),
        _ => None,
    }
}

/// What follows the label of a line: `1. 时间范围：20171009`, `Report Time: 3/1/2020`, `Report Start,"April 1, 2026"`.
fn after_label(line: &str) -> &str {
    let colon = line.find(['：', ':']).filter(|at| !line[..*at].ends_with(|c: char| c.is_ascii_digit()));
    let after = colon.map_or(line, |at| line[at..].trim_start_matches(['：', ':']));
    let cell = after.find(",\"").map_or(after, |at| &after[at + 1..]);
    cell.trim_matches(|c: char| c.is_whitespace() || "\",;".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn told(preamble: &str) -> Option<String> {
        let text = "[[source]]\npath = \"a.csv\"\n";
        let settings = Settings::parse(text, "outlay.toml", std::path::Path::new(""), 1).unwrap();
        period(preamble, &settings.sources[0]).map(|(first, last)| format!("{first} {last}"))
    }

    #[test]
    fn the_days_of_an_export_stand_before_its_table() {
        let may = Some("2026-05-01 2026-05-31".to_owned());
        for preamble in [
            "数据生成时间：2026-06-01 10:00:00\n1. 时间范围：20260501 - 20260531\n2. 账户：a\n",
            "Campaign report\n\"1 May 2026 - 31 May 2026\"\n",
            "Campaign report\nMay 1, 2026 - May 31, 2026\n",
            "\"Report Name: x\"\n\"Report Time: 5/1/2026 - 5/31/2026\"\n\"Time Zone: (GMT+08:00)\"\n",
            "Campaign Performance Report (in UTC)\nReport Start: May 1, 2026 12:00 AM\nReport End: May 31, 2026 11:59 PM\n",
            "キャンペーン レポート\n2026年5月1日～2026年5月31日\n",
            "统计日期,2026-05-01至2026-05-31\n".trim_start_matches("统计日期,"),
        ] {
            assert_eq!(told(preamble), may, "{preamble}");
        }
        for open in ["", "Report\n", "3/4/2026 - 5/4/2026\n", "2026-05-31 - 2026-05-01\n", "a - b\n"] {
            assert_eq!(told(open), None, "{open}");
        }
    }
}
