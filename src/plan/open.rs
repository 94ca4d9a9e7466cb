//! The open nodes of a best-first search: what branch and bound takes next, and what none of them can go past.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A node that says what it can reach at most.
pub(super) trait Bounded {
    /// No plan of the node is worth more.
    fn bound(&self) -> f64;
}

/// Open nodes, the one of the highest bound first.
pub(super) struct Open<N>(BinaryHeap<Ranked<N>>);

impl<N: Bounded> Open<N> {
    /// A search that begins at its root.
    pub(super) fn of(root: N) -> Open<N> {
        Open(BinaryHeap::from([Ranked(root)]))
    }

    /// Opens a node.
    pub(super) fn push(&mut self, node: N) {
        self.0.push(Ranked(node));
    }

    /// The node of the highest bound.
    pub(super) fn pop(&mut self) -> Option<N> {
        self.0.pop().map(|ranked| ranked.0)
    }

    /// Whether nothing is left to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What no open node can go past; −∞ without any.
    pub(super) fn bound(&self) -> f64 {
        self.0.peek().map_or(f64::NEG_INFINITY, |ranked| ranked.0.bound())
    }
}

/// A node by its bound.
struct Ranked<N>(N);

impl<N: Bounded> PartialEq for Ranked<N> {
    fn eq(&self, other: &Ranked<N>) -> bool {
        self.cmp(other).is_eq()
    }
}
impl<N: Bounded> Eq for Ranked<N> {}
impl<N: Bounded> PartialOrd for Ranked<N> {
    fn partial_cmp(&self, other: &Ranked<N>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<N: Bounded> Ord for Ranked<N> {
    fn cmp(&self, other: &Ranked<N>) -> Ordering {
        self.0.bound().total_cmp(&other.0.bound())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Bounded for f64 {
        fn bound(&self) -> f64 {
            *self
        }
    }

    #[test]
    fn the_highest_bound_comes_first_and_holds_for_all() {
        let mut open = Open::of(1.0);
        open.push(3.0);
        open.push(2.0);
        assert_eq!(open.bound(), 3.0);
        assert_eq!([open.pop(), open.pop(), open.pop(), open.pop()], [Some(3.0), Some(2.0), Some(1.0), None]);
        assert!(open.is_empty() && open.bound() == f64::NEG_INFINITY);
    }
}
