//! Parts: sums of pieces, draw by draw.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use rayon::prelude::*;

use super::joint::{Line, Step};
use super::pieces::{Pair, Piece, in_parts};
use super::{Amounts, Figures, Part, Ratio, STAGES, Week};
use crate::fit::ChannelFit;
use crate::math::quantile_of_sorted;
use crate::plan::{Answer, Expected};
use crate::report::Results;
use crate::units::{Measure, Micros};

/// Cents in a unit of money.
const CENTS: f64 = 100.0;

/// The parts that `name` tells apart, ascending by name, those without one last.
pub(super) fn by(pieces: &[Piece], lines: &[Line], name: impl Fn(&Piece) -> Option<String>) -> Vec<Part> {
    let mut groups: BTreeMap<(bool, Option<String>), Vec<&Piece>> = BTreeMap::new();
    for piece in pieces {
        let name = name(piece);
        groups.entry((name.is_none(), name)).or_default().push(piece);
    }
    let groups: Vec<_> = groups.into_iter().collect();
    groups.into_par_iter().map(|((_, name), pieces)| of(name, &pieces, lines)).collect()
}

/// The sum of some pieces.
pub(super) fn of(name: Option<String>, pieces: &[&Piece], lines: &[Line]) -> Part {
    let sum = |figure: &dyn Fn(&Piece) -> Pair| {
        let mut sum = Pair::default();
        pieces.iter().for_each(|piece| sum += figure(piece));
        sum
    };
    let mut steps = Vec::new();
    for stage in 0..STAGES.len() {
        let behind: Vec<&&Piece> = pieces.iter().filter(|piece| lines[piece.line].steps[stage].is_some()).collect();
        if behind.is_empty() {
            continue;
        }
        let mut spend = Pair::default();
        behind.iter().for_each(|piece| spend += piece.spend);
        let step = joined(behind.iter().map(|piece| (piece.shares[stage], lines[piece.line].steps[stage].as_ref())));
        steps.push(Sum { stage, means: sum(&|piece| piece.means[stage]), spend, lines: behind.len(), step });
    }
    Part { name, spend: amounts(sum(&|p| p.spend)), cash: amounts(sum(&|p| p.cash)), stages: figures(&steps) }
}

/// One step summed over the pieces behind it.
struct Sum {
    stage: usize,
    means: Pair,
    spend: Pair,
    lines: usize,
    step: Step,
}

fn figures(steps: &[Sum]) -> Vec<Figures> {
    let before = std::iter::once(None).chain(steps.iter().map(Some));
    steps.iter().zip(before).map(|(sum, before)| sum.figures(before)).collect()
}

impl Sum {
    fn figures(&self, before: Option<&Sum>) -> Figures {
        let means = self.means;
        let gains: Vec<f64> = self.step.plan.iter().zip(&self.step.reference).map(|(plan, kept)| plan - kept).collect();
        Figures {
            stage: STAGES[self.stage].name(),
            plan: expected(means.plan, &self.step.plan),
            reference: expected(means.reference, &self.step.reference),
            better: gains.iter().filter(|gain| **gain > 0.0).count() as f64 / gains.len().max(1) as f64,
            increment: expected(means.plan - means.reference, &gains),
            spend: amounts(self.spend),
            ratio: self.ratio(),
            rate: before.filter(|before| before.is_beside(self)).and_then(|before| self.rate(before)),
        }
    }

    /// Whether the same lines are behind both.
    fn is_beside(&self, other: &Sum) -> bool {
        self.lines == other.lines && self.spend == other.spend
    }

    /// What the step costs, or returns on the spend.
    fn ratio(&self) -> Option<Ratio> {
        let spend = amounts(self.spend);
        let ratio = |spend: f64, count: f64| match STAGES[self.stage] {
            Measure::Value => count / spend,
            Measure::Impressions => 1000.0 * spend / count,
            _ => spend / count,
        };
        let of = |means: i64, spend: f64| Some(ratio(spend, units(means))).filter(|ratio| ratio.is_finite());
        let each = self.step.plan.iter().map(|count| ratio(spend.plan, *count)).collect();
        of(self.means.plan, spend.plan).map(|plan| spread(plan, each, of(self.means.reference, spend.reference)))
    }

    /// How much of the step before goes on.
    fn rate(&self, before: &Sum) -> Option<Ratio> {
        let of = |means: i64, before: i64| Some(means as f64 / before as f64).filter(|rate| rate.is_finite());
        let each = self.step.plan.iter().zip(&before.step.plan).map(|(count, before)| count / before).collect();
        let reference = of(self.means.reference, before.means.reference);
        of(self.means.plan, before.means.plan).map(|plan| spread(plan, each, reference))
    }
}

fn spread(plan: f64, mut each: Vec<f64>, reference: Option<f64>) -> Ratio {
    let [p10, p90] = quantiles(&mut each, [0.1, 0.9]);
    Ratio { plan, p10, p90, reference }
}

fn expected(mean: i64, states: &[f64]) -> Expected {
    let [p10, p50, p90] = quantiles(&mut states.to_vec(), [0.1, 0.5, 0.9]);
    Expected { mean: units(mean), p10, p50, p90 }
}

/// Quantiles of `values` at ascending shares. Only the places that they are read off are put in order: a statement of 1,000
/// channels takes a hundred thousand of them.
fn quantiles<const N: usize>(values: &mut [f64], shares: [f64; N]) -> [f64; N] {
    let last = values.len().saturating_sub(1);
    let mut end = values.len();
    for share in shares.into_iter().rev() {
        let below = (share * last as f64).floor() as usize;
        for place in [(below + 1).min(last), below] {
            if place < end {
                values[..end].select_nth_unstable_by(place, f64::total_cmp);
                end = place;
            }
        }
    }
    shares.map(|share| quantile_of_sorted(values, share))
}

fn units(millionths: i64) -> f64 {
    Micros::new(millionths).to_f64()
}

fn amounts(cents: Pair) -> Amounts {
    let money = |cents: i64| cents as f64 / CENTS;
    Amounts { plan: money(cents.plan), reference: money(cents.reference), change: money(cents.plan - cents.reference) }
}

/// Shares of steps added up, draw by draw.
fn joined<'a>(shares: impl Iterator<Item = (f64, Option<&'a Step>)>) -> Step {
    let mut sum = Step { plan: Vec::new(), reference: Vec::new() };
    for (share, step) in shares.filter_map(|(share, step)| Some((share, step?))) {
        add(&mut sum.plan, &step.plan, share);
        add(&mut sum.reference, &step.reference, share);
    }
    sum
}

fn add(sums: &mut Vec<f64>, states: &[f64], share: f64) {
    sums.resize(sums.len().max(states.len()), 0.0);
    sums.iter_mut().zip(states).for_each(|(sum, state)| *sum += share * state);
}

/// Money of the lines that have no curve.
pub(super) fn without_curve(pieces: &[Piece], answer: &Answer) -> Amounts {
    let mut sum = Pair::default();
    let none = pieces.iter().filter(|piece| answer.lines[piece.line].expected.is_none());
    none.for_each(|piece| sum += piece.spend);
    amounts(sum)
}

/// The plan's weeks: money by the day, steps by the season where a line has one.
pub(super) fn weeks(results: &Results, answer: &Answer, pieces: &[Piece], lines: &[Line]) -> Vec<Week> {
    let (Ok(start), Ok(end)) = (answer.period.start.parse::<Date>(), answer.period.end.parse::<Date>()) else {
        return Vec::new();
    };
    let weeks = calendar(start, end);
    let models: BTreeMap<&str, &ChannelFit> =
        results.fitted.channels.iter().map(|fit| (fit.channel.label.as_str(), fit)).collect();
    let mut cut: Vec<Vec<Piece>> = weeks.iter().map(|_| Vec::with_capacity(lines.len())).collect();
    for whole in whole_lines(pieces, lines.len()) {
        let fit = models.get(answer.lines[whole.line].channel.as_str());
        let factor = |day: &Date| fit.map_or(1.0, |fit| season_of(&fit.season, *day, results.fitted.grain.days()));
        let seasonal: Vec<f64> = weeks.iter().map(|week| days(*week).iter().map(factor).sum()).collect();
        cut.iter_mut().zip(weekly(&whole, &weeks, &seasonal)).for_each(|(week, piece)| week.push(piece));
    }
    let part = |pieces: &Vec<Piece>| of(None, &pieces.iter().collect::<Vec<_>>(), lines);
    let parts: Vec<Part> = cut.par_iter().map(part).collect();
    let week =
        |((start, end), part): (&(Date, Date), Part)| Week { start: start.to_string(), end: end.to_string(), part };
    weeks.iter().zip(parts).map(week).collect()
}

/// Each line as one piece.
fn whole_lines(pieces: &[Piece], lines: usize) -> Vec<Piece> {
    let empty = |line| Piece {
        line,
        names: Default::default(),
        spend: Pair::default(),
        cash: Pair::default(),
        means: Default::default(),
        shares: [1.0; STAGES.len()],
    };
    let mut wholes: Vec<Piece> = (0..lines).map(empty).collect();
    for piece in pieces {
        let whole = &mut wholes[piece.line];
        whole.spend += piece.spend;
        whole.cash += piece.cash;
        whole.means.iter_mut().zip(&piece.means).for_each(|(sum, mean)| *sum += *mean);
    }
    wholes
}

/// Monday to Sunday, cut at both ends.
fn calendar(start: Date, end: Date) -> Vec<(Date, Date)> {
    let mut weeks = Vec::new();
    let mut first = start;
    while first <= end {
        let to_sunday = 6 - i64::from(first.weekday().to_monday_zero_offset());
        let last = first.saturating_add(Span::new().days(to_sunday)).min(end);
        weeks.push((first, last));
        let Ok(next) = last.tomorrow() else { break };
        first = next;
    }
    weeks
}

fn days((first, last): (Date, Date)) -> Vec<Date> {
    first.series(Span::new().days(1)).take_while(|day| *day <= last).collect()
}

fn season_of(season: &crate::fit::Season, day: Date, step: u32) -> f64 {
    let earliest = day.saturating_sub(Span::new().days(i64::from(step) - 1));
    season.range(earliest..=day).next_back().map_or(1.0, |(_, factor)| *factor)
}

/// A line in the plan's weeks.
fn weekly(whole: &Piece, weeks: &[(Date, Date)], seasonal: &[f64]) -> Vec<Piece> {
    let even: Vec<f64> = weeks.iter().map(|week| days(*week).len() as f64).collect();
    let (spend, cash) = (in_parts(whole.spend, &even), in_parts(whole.cash, &even));
    let means = whole.means.map(|mean| in_parts(mean, seasonal));
    let whole_season: f64 = seasonal.iter().sum();
    let piece = |week: usize| Piece {
        line: whole.line,
        names: Default::default(),
        spend: spend[week],
        cash: cash[week],
        means: std::array::from_fn(|stage| means[stage][week]),
        shares: [seasonal[week] / whole_season; STAGES.len()],
    };
    (0..weeks.len()).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quantiles_are_those_of_all_in_order(values in prop::collection::vec(-1e6..1e6f64, 0..50), low in 0.0..0.5f64) {
            let mut sorted = values.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let shares = [low, 0.5, 0.9];
            let expected = shares.map(|share| quantile_of_sorted(&sorted, share).to_bits());
            prop_assert_eq!(quantiles(&mut values.clone(), shares).map(f64::to_bits), expected);
        }
    }
}
