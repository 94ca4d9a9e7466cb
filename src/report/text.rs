//! Names from users' files, made fit for the place where they are shown. Any of them may be hostile.

use std::borrow::Cow;

/// Text for a cell of a table that a spreadsheet may open: what would start a formula gets a leading `'`.
///
/// ```
/// use outlay::report::text::cell;
/// assert_eq!(cell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
/// assert_eq!(cell("tencent"), "tencent");
/// ```
pub fn cell(text: &str) -> Cow<'_, str> {
    match text.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r') => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    }
}

/// One line without control characters and marks that turn the direction of writing, so that a name can neither break
/// a layout nor rewrite what stands after it.
pub fn one_line(text: &str) -> String {
    text.chars().filter(|c| !turns_direction(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// Columns that `text` takes in a terminal or, roughly, halves of an em in a chart: full-width characters take two.
pub fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

fn width_of(c: char) -> usize {
    match c as u32 {
        0x0300..=0x036F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE4F => 2,
        0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// One line of at most `most` columns; what is cut off is replaced by `…`.
///
/// ```
/// use outlay::report::text::shorten;
/// assert_eq!(shorten("腾讯广告 / 北风传媒", 9), "腾讯广告…");
/// assert_eq!(shorten("weibo", 9), "weibo");
/// ```
pub fn shorten(text: &str, most: usize) -> String {
    let line = one_line(text);
    if width(&line) <= most {
        return line;
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += width_of(*c);
        used <= most
    };
    line.chars().take_while(fits).collect::<String>() + "…"
}

/// The text with a capital first letter, where its script has one.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Text inside an element or attribute of XML.
pub fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// The part of a file name that stands for `name`: lower-case ASCII letters and digits, others as `-`, at most 40.
///
/// Two names may have the same slug; an index beside it keeps them apart.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().filter(|c| c.is_ascii()) {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(40);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_a_formula_is_guarded() {
        for hostile in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(cell(hostile), format!("'{hostile}"));
        }
    }

    #[test]
    fn a_name_stays_on_its_line_and_in_its_direction() {
        assert_eq!(one_line("a\r\nb\u{202E}c\u{2028}"), "a  bc");
    }

    #[test]
    fn a_slug_is_a_plain_file_name() {
        assert_eq!(slug("../Tencent / Northwind Media"), "tencent-northwind-media");
        assert_eq!(slug("微博"), "");
        assert!(slug(&"x y".repeat(200)).len() <= 40);
    }
}
