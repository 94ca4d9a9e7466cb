//! A report as headings, sentences and tables, whatever it is written as: [`markdown`] and `print`.

mod bridge;
mod markdown;
mod print;
mod run;
mod unknown;

pub use bridge::of_comparison;
pub use markdown::markdown;
pub use print::print;
pub use run::of_run;

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// Its parts in order.
    pub blocks: Vec<Block>,
}

/// A part of a document. Texts are as they were: whoever writes them makes them harmless.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A section begins; on a page of its own when printed.
    Heading(String),
    /// A sentence or a few.
    Text(String),
    /// Points one under the other.
    List(Vec<String>),
    /// A table.
    Table(Table),
}

/// A table; all rows are as long as the headings.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Headings, and whether their column holds figures, which stand right.
    pub columns: Vec<(String, bool)>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
    /// Whether the last row is a total.
    pub total: bool,
}

impl Table {
    /// A table of words in the first `words` columns and figures in the others.
    pub fn new(headings: &[&str], words: usize) -> Table {
        let columns = headings.iter().enumerate().map(|(at, heading)| ((*heading).to_owned(), at >= words)).collect();
        Table { columns, rows: Vec::new(), total: false }
    }
}
