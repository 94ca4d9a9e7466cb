//! Limits that nest: each is about the lines of another, or about none of them.
//!
//! Where a plan holds platforms and a platform holds suppliers, a limit's price is asked only of the lines under it, and the
//! best use of any sum among them is known without knowing what the rest of the plan does. Such limits are solved level by
//! level ([`super::nested`]), and need no program.

use std::collections::BTreeMap;

use super::rows::{Row, Sense};

/// Lines that the same limits are about, in the place where the limits have them.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The group around it; its own index for the whole.
    pub parent: usize,
    /// Lines that are in no smaller group, ascending.
    pub lines: Vec<usize>,
    /// Groups within it.
    pub children: Vec<usize>,
    /// The rows about exactly its lines.
    pub rows: Vec<usize>,
}

/// The groups of a plan, those around others first; the first is the whole plan.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The groups.
    pub groups: Vec<Group>,
}

impl Tree {
    /// The groups of rows that nest; `None` when some cross.
    pub fn new(rows: &[&Row], count: usize) -> Option<Tree> {
        let mut sets: BTreeMap<(usize, &[usize]), Vec<usize>> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            // the largest first
            sets.entry((count - row.lines.len(), &row.lines)).or_default().push(index);
        }
        let mut groups = vec![Group::default()];
        let mut innermost = vec![0; count];
        for ((outside, lines), rows) in sets {
            if outside == 0 {
                groups[0].rows = rows;
                continue;
            }
            let parent = lines.first().map(|line| innermost[*line])?;
            if lines.iter().any(|line| innermost[*line] != parent) {
                return None;
            }
            lines.iter().for_each(|line| innermost[*line] = groups.len());
            let index = groups.len();
            groups[parent].children.push(index);
            groups.push(Group { parent, rows, ..Group::default() });
        }
        innermost.iter().enumerate().for_each(|(line, group)| groups[*group].lines.push(line));
        Some(Tree { groups })
    }

    /// The lines of a group and of all groups within it, ascending.
    pub fn lines_under(&self, group: usize) -> Vec<usize> {
        let mut lines = Vec::new();
        let mut open = vec![group];
        while let Some(group) = open.pop() {
            lines.extend(&self.groups[group].lines);
            open.extend(&self.groups[group].children);
        }
        lines.sort_unstable();
        lines
    }

    /// A group as a tree of its own; what its lines and groups are here, by their index there.
    pub fn under(&self, group: usize) -> (Tree, Vec<usize>, Vec<usize>) {
        let lines = self.lines_under(group);
        let place = |line: &usize| lines.binary_search(line).unwrap_or(0);
        let mut known = vec![group];
        let mut groups: Vec<Group> = Vec::new();
        let mut at = 0;
        while at < known.len() {
            let old = &self.groups[known[at]];
            let children = (known.len()..known.len() + old.children.len()).collect();
            known.extend(&old.children);
            let parent = if at == 0 { 0 } else { known.iter().position(|g| *g == old.parent).unwrap_or(0) };
            groups.push(Group {
                parent,
                lines: old.lines.iter().map(place).collect(),
                children,
                rows: old.rows.clone(),
            });
            at += 1;
        }
        (Tree { groups }, lines, known)
    }
}

/// What a group may spend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Least.
    pub low: f64,
    /// Most.
    pub high: f64,
    /// The row that says so, when one does.
    pub low_row: Option<usize>,
    /// The row that says so, when one does.
    pub high_row: Option<usize>,
}

impl Span {
    /// Anything.
    pub const FREE: Span = Span { low: 0.0, high: f64::INFINITY, low_row: None, high_row: None };
}

/// What each group may spend when the whole plan spends `whole`.
pub fn spans(tree: &Tree, rows: &[&Row], whole: f64) -> Vec<Span> {
    let span = |group: &Group| {
        group.rows.iter().fold(Span::FREE, |span, index| {
            let bound = rows[*index].bound - rows[*index].total * whole;
            match rows[*index].sense {
                Sense::AtMost if bound < span.high => Span { high: bound, high_row: Some(*index), ..span },
                Sense::AtLeast if bound > span.low => Span { low: bound, low_row: Some(*index), ..span },
                _ => span,
            }
        })
    };
    tree.groups.iter().map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::rows::{Label, Number};

    fn row(lines: &[usize]) -> Row {
        let label = Label::Limit("some".into());
        Row { label, lines: lines.to_vec(), total: 0.0, sense: Sense::AtMost, bound: 1.0, number: Number::Amount }
    }

    #[test]
    fn limits_nest_or_cross() {
        let (outer, inner, other) = (row(&[0, 1, 2]), row(&[1, 2]), row(&[3]));
        let tree = Tree::new(&[&inner, &outer, &other], 5).unwrap();
        assert_eq!(tree.groups[0].lines, [4]);
        assert_eq!(tree.lines_under(1), [0, 1, 2]);
        let (under, lines, groups) = tree.under(1);
        assert_eq!((under.groups[0].lines.as_slice(), under.groups[1].lines.as_slice()), (&[0][..], &[1, 2][..]));
        assert_eq!((lines, groups.len()), (vec![0, 1, 2], 2));
        assert!(Tree::new(&[&row(&[0, 1]), &row(&[1, 2])], 3).is_none());
    }
}
