//! A page to print or save as PDF: A4 across, a section a page, headings repeated, no script, nothing from elsewhere.

use super::{Block, Document, Table};
use crate::report::Lang;
use crate::report::text::{one_line, xml};

const STYLE: &str = "\
@page { size: A4 landscape; margin: 14mm 12mm 16mm; @bottom-right { content: counter(page) ' / ' counter(pages); font-size: 8pt; } }
* { box-sizing: border-box; }
body { font: 9.5pt/1.45 'Noto Sans', 'Noto Sans CJK SC', 'Hiragino Sans', 'Microsoft YaHei', 'Yu Gothic', sans-serif; color: #1f2933; margin: 0; }
h1 { font-size: 18pt; margin: 0 0 4mm; }
h2 { font-size: 13pt; margin: 0 0 3mm; break-after: avoid; }
section { break-before: page; }
section:first-of-type { break-before: auto; }
p { margin: 0 0 2.5mm; max-width: 230mm; }
table { border-collapse: collapse; width: 100%; margin: 2mm 0 5mm; font-size: 8.5pt; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th { text-align: left; background: #e8eef4; border-bottom: 0.4pt solid #9aa5b1; font-weight: 600; }
th, td { padding: 1mm 1.6mm; vertical-align: top; overflow-wrap: anywhere; }
td { border-bottom: 0.2pt solid #dde3ea; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.total td { border-top: 0.6pt solid #5f6b7a; font-weight: 600; }
@media screen { body { max-width: 277mm; margin: 8mm auto; padding: 0 6mm; } }
";

/// The document as one self-contained page.
pub fn print(document: &Document, lang: Lang) -> String {
    let title = plain(&document.title);
    let mut body = format!("<h1>{title}</h1>\n<section>\n");
    let mut first = true;
    for block in &document.blocks {
        body.push_str(&match block {
            Block::Heading(words) if std::mem::take(&mut first) => format!("<h2>{}</h2>\n", plain(words)),
            Block::Heading(words) => format!("</section>\n<section>\n<h2>{}</h2>\n", plain(words)),
            Block::Text(words) => format!("<p>{}</p>\n", plain(words)),
            Block::List(points) => {
                let points: String = points.iter().map(|point| format!("<li>{}</li>", plain(point))).collect();
                format!("<ul>{points}</ul>\n")
            }
            Block::Table(table) => self::table(table),
        });
    }
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"{policy}\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</section>\n</body>\n</html>\n",
        lang.tag()
    )
}

fn plain(text: &str) -> String {
    xml(&one_line(text))
}

fn table(table: &Table) -> String {
    let class = |at: usize| if table.columns[at].1 { " class=\"n\"" } else { "" };
    let heads = table.columns.iter().enumerate();
    let heads: String =
        heads.map(|(at, (head, _))| format!("<th scope=\"col\"{}>{}</th>", class(at), plain(head))).collect();
    let row = |(at, row): (usize, &Vec<String>)| {
        let is_total = table.total && at + 1 == table.rows.len();
        let cells = row.iter().enumerate();
        let cells: String = cells.map(|(at, text)| format!("<td{}>{}</td>", class(at), plain(text))).collect();
        format!("<tr{}>{cells}</tr>\n", if is_total { " class=\"total\"" } else { "" })
    };
    let rows: String = table.rows.iter().enumerate().map(row).collect();
    format!("<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_and_nothing_comes_from_elsewhere() {
        let hostile = "<script>alert(1)</script>\u{202E} & \"x\"";
        let blocks = vec![Block::Heading(hostile.into()), Block::List(vec![hostile.into()])];
        let page = print(&Document { title: hostile.into(), blocks }, Lang::Ja);
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"), "{page}");
        assert!(page.contains("&lt;script&gt;") && page.contains("lang=\"ja\""));
    }
}
