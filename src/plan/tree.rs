//! Limits that nest: each is about the lines of another, or about none of them.
//!
//! Where a plan holds platforms and a platform holds suppliers, a limit's price is asked only of the lines under it, and the
//! best use of any sum among them is known without knowing what the rest of the plan does. Such limits are solved level by
//! level ([`super::nested`]), and need no program.

use std::collections::BTreeMap;

use super::line::Allowed;
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

    /// The groups that each line is in, the innermost first.
    pub fn groups_of_lines(&self, count: usize) -> Vec<Vec<usize>> {
        let mut within = vec![Vec::new(); count];
        for (index, group) in self.groups.iter().enumerate() {
            let mut chain = vec![index];
            while let Some(last) = chain.last().filter(|last| **last != 0) {
                chain.push(self.groups[*last].parent);
            }
            group.lines.iter().for_each(|line| within[*line].clone_from(&chain));
        }
        within
    }

    /// The groups by how deep they lie, the deepest first.
    pub fn levels(&self) -> Vec<Vec<usize>> {
        let mut depth = vec![0_usize; self.groups.len()];
        for group in 1..depth.len() {
            depth[group] = depth[self.groups[group].parent] + 1;
        }
        let deepest = depth.iter().copied().max().unwrap_or(0);
        let mut levels = vec![Vec::new(); deepest + 1];
        depth.iter().enumerate().for_each(|(group, depth)| levels[deepest - depth].push(group));
        levels
    }

    /// The group whose price each group has: itself when it is at an end of its span, else the one around it.
    pub fn owners(&self, ends: &[Option<f64>]) -> Vec<usize> {
        let mut owner = vec![0; self.groups.len()];
        for group in 1..owner.len() {
            owner[group] = if ends[group].is_some() { group } else { owner[self.groups[group].parent] };
        }
        owner
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
    /// Most that a KPI may cost on average, and the row that says so.
    pub cost: Option<(f64, usize)>,
}

impl Span {
    /// Anything.
    pub const FREE: Span = Span { low: 0.0, high: f64::INFINITY, low_row: None, high_row: None, cost: None };
}

/// What each group may spend when the whole plan spends `whole`.
pub fn spans(tree: &Tree, rows: &[&Row], whole: f64) -> Vec<Span> {
    let span = |group: &Group| {
        group.rows.iter().fold(Span::FREE, |span, index| {
            if let Some(cost) = rows[*index].cost() {
                let lower = span.cost.is_none_or(|(known, _)| cost < known);
                return if lower { Span { cost: Some((cost, *index)), ..span } } else { span };
            }
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

/// Cents in a unit of money.
const PER_UNIT: f64 = 100.0;
/// Share of a step by which rounding may miss it.
const STEP_SLACK: f64 = 1e-6;

/// The sums that some lines can have: `offset` plus whole multiples of `step` cents; any when that is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Steps {
    offset: f64,
    /// `None` while every line is held.
    step: Option<u64>,
}

impl Steps {
    fn of(allowed: &Allowed) -> Steps {
        if (allowed.high - allowed.low) * PER_UNIT < 0.5 {
            return Steps { offset: allowed.low, step: None };
        }
        let cents = allowed.lot * PER_UNIT;
        let whole = cents >= 0.5 && (cents - cents.round()).abs() < 1e-6;
        Steps { offset: 0.0, step: Some(if whole { cents.round() as u64 } else { 0 }) }
    }

    fn with(self, other: Steps) -> Steps {
        let step = match (self.step, other.step) {
            (Some(a), Some(b)) if a > 0 && b > 0 => Some(greatest_common_divisor(a, b)),
            (Some(0), _) | (_, Some(0)) => Some(0),
            (a, b) => a.or(b),
        };
        Steps { offset: self.offset + other.offset, step }
    }

    /// A bound brought to the nearest sum within it.
    fn brought(&self, bound: f64, round: fn(f64) -> f64, slack: f64) -> f64 {
        match self.step.filter(|step| *step > 0) {
            Some(step) if bound.is_finite() => {
                let step = step as f64 / PER_UNIT;
                self.offset + round((bound - self.offset) / step + slack) * step
            }
            _ => bound,
        }
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Narrows spans to sums that lots can make: where every line of a group is bought in lots, no plan spends what lies
/// between two multiples of their common step, and no bound needs to promise it.
pub fn in_lots(tree: &Tree, spans: &mut [Span], allowed: &[Allowed]) {
    let mut steps = vec![Steps { offset: 0.0, step: None }; tree.groups.len()];
    for (index, group) in tree.groups.iter().enumerate().rev() {
        let own = group.lines.iter().map(|line| Steps::of(&allowed[*line]));
        let within = group.children.iter().map(|child| steps[*child]);
        steps[index] = own.chain(within).fold(steps[index], Steps::with);
        let span = &mut spans[index];
        span.high = steps[index].brought(span.high, f64::floor, STEP_SLACK);
        span.low = if span.low > 0.0 { steps[index].brought(span.low, f64::ceil, -STEP_SLACK) } else { span.low };
    }
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
    fn spans_end_where_lots_do() {
        let tree = Tree::new(&[&row(&[0, 1])], 3).unwrap();
        let lots = |lot: f64| Allowed { low: 0.0, high: 1e6, minimum: 0.0, lot };
        let ends = |allowed: [Allowed; 3]| {
            let mut spans = vec![Span { low: 1.0, high: 1_000.0, ..Span::FREE }; 2];
            in_lots(&tree, &mut spans, &allowed);
            [(spans[0].low, spans[0].high), (spans[1].low, spans[1].high)]
        };
        assert_eq!(ends([lots(30.0), lots(45.0), lots(0.0)]), [(1.0, 1_000.0), (15.0, 990.0)]);
        let held = Allowed::between(7.0, 7.0);
        assert_eq!(ends([lots(30.0), held, lots(70.0)]), [(7.0, 997.0), (7.0, 997.0)]);
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
