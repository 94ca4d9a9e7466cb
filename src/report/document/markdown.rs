//! Markdown (CommonMark with tables). Names can neither end a cell nor begin markup.

use super::{Block, Document, Table};
use crate::report::text::{cell, one_line, width};

/// The document as Markdown.
pub fn markdown(document: &Document) -> String {
    let mut text = format!("# {}\n", escaped(&document.title));
    for block in &document.blocks {
        text.push('\n');
        text.push_str(&match block {
            Block::Heading(words) => format!("## {}\n", escaped(words)),
            Block::Text(words) => format!("{}\n", escaped(words)),
            Block::List(points) => points.iter().map(|point| format!("- {}\n", escaped(point))).collect(),
            Block::Table(table) => self::table(table),
        });
    }
    text
}

fn table(table: &Table) -> String {
    let widths: Vec<usize> = (0..table.columns.len())
        .map(|at| {
            let cells = table.rows.iter().map(|row| width(&escaped(&row[at])));
            cells.chain([width(&escaped(&table.columns[at].0)), 3]).max().unwrap_or(3).min(60)
        })
        .collect();
    let shown = |at: usize, text: &str| if table.columns[at].1 { figure(text) } else { escaped(text) };
    let line = |cells: Vec<String>| {
        let padded = cells.iter().enumerate().map(|(at, text)| padded(text, widths[at], table.columns[at].1));
        format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
    };
    let rule = |(at, (_, figures)): (usize, &(String, bool))| {
        if *figures { "-".repeat(widths[at] - 1) + ":" } else { "-".repeat(widths[at]) }
    };
    let mut text = line(table.columns.iter().map(|(heading, _)| escaped(heading)).collect());
    text += &line(table.columns.iter().enumerate().map(rule).collect());
    for (at, row) in table.rows.iter().enumerate() {
        let is_total = table.total && at + 1 == table.rows.len();
        let strong = |text: String| if is_total && !text.is_empty() { format!("**{text}**") } else { text };
        text += &line(row.iter().enumerate().map(|(at, cell)| strong(shown(at, cell))).collect());
    }
    text
}

fn padded(text: &str, room: usize, right: bool) -> String {
    let space = " ".repeat(room.saturating_sub(width(text)));
    if right { space + text } else { text.to_owned() + &space }
}

/// A figure, whose sign is no formula's: only digits and signs are left as they are, anything else is text.
fn figure(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_digit() || "+−–-.,%‰ ".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { escaped(text) }
}

/// Text that is read as itself: on one line, markup escaped, tags as entities, no start of a formula.
fn escaped(text: &str) -> String {
    let line = one_line(text);
    let mut escaped = String::with_capacity(line.len());
    for c in cell(line.trim()).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        let hostile = "=cmd|' /C calc'!A0 <script>alert(1)</script>\n# x\u{202E} [a](javascript:b) `c`";
        let mut table = Table::new(&["name", "figure"], 1);
        table.rows.push(vec![hostile.into(), "−1".into()]);
        let text = markdown(&Document { title: hostile.into(), blocks: vec![Block::Table(table)] });
        assert_eq!(text.lines().count(), 5, "{text}");
        assert!(!text.contains("<script") && !text.contains('\u{202E}') && !text.contains("[a]("), "{text}");
        assert!(text.contains("'=cmd\\|'"), "{text}");
    }

    #[test]
    fn tables_are_aligned_where_characters_are_wide_too() {
        let mut table = Table::new(&["渠道", "花费"], 1);
        table.rows = vec![vec!["腾讯".into(), "1,000".into()], vec!["合计".into(), "1,000".into()]];
        table.total = true;
        let text = markdown(&Document { title: "计划".into(), blocks: vec![Block::Table(table)] });
        let told = "# 计划\n\n| 渠道 |  花费 |\n| ---- | ----: |\n| 腾讯 | 1,000 |\n| **合计** | **1,000** |\n";
        assert_eq!(text, told);
    }
}
