//! The prices at which the ends of a group's span begin to bind.

use super::reach::Bracket;
use super::tree::Span;

/// Where the ends of a group's span bind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clamp {
    /// Below it the cap binds.
    pub cap: Option<Bracket>,
    /// Above it the floor binds.
    pub floor: Option<Bracket>,
    /// Below it the ceiling on the average cost binds; and what the group spends there.
    pub cost: Option<(Bracket, f64)>,
}

impl Clamp {
    pub fn price(&self, around: f64) -> f64 {
        let below = self.floor.map_or(around, |floor| around.min(floor.under));
        let capped = self.cap.map_or(below, |cap| below.max(cap.under));
        self.cost.map_or(capped, |(cost, _)| capped.max(cost.under))
    }

    /// The ceiling on the average cost, where it is what binds at a price around the group.
    pub fn at_cost(&self, around: f64) -> Option<(Bracket, f64)> {
        self.cost.filter(|(cost, _)| around < cost.under && self.cap.is_none_or(|cap| cap.under < cost.under))
    }

    /// Prices around an outer place that lies where one of the ends begins to bind: it does on one side and not on the
    /// other. The lines that jump there are the outer group's to place.
    pub fn straddled(&self, outer: Bracket) -> Option<Bracket> {
        let straddles = |end: &&Bracket| outer.over <= end.under && end.under <= outer.under;
        let end = self.cap.as_ref().filter(straddles).or(self.floor.as_ref().filter(straddles))?;
        Some(Bracket { over: outer.over.min(end.over), under: outer.under })
    }

    /// What the group spends at a price around it, when one of its ends binds.
    pub fn bound(&self, around: f64, span: &Span) -> Option<f64> {
        if let Some((_, spend)) = self.at_cost(around) {
            return Some(spend);
        }
        match (self.cap, self.floor) {
            (Some(cap), _) if around <= cap.under => Some(span.high),
            (_, Some(floor)) if around >= floor.under => Some(span.low),
            _ => None,
        }
    }
}
