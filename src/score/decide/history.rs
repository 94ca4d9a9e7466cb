//! How grades move over time: a change waits until it has been seen often enough.
//!
//! A better grade takes `up_after` gradings in a row, a worse one `down_after`; a confirmed red flag takes none. A supplier
//! that was unproven takes its first grade at once: that is no change of judgement.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::score::card::{PastGrade, Probation, Tier};
use crate::settings::PeriodRules;

/// A grade of one period alone, and whether it must be taken at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Alone {
    /// Last day that it looked at.
    pub as_of: Date,
    /// The tier.
    pub tier: Tier,
    /// Whether a red flag made it.
    pub at_once: bool,
}

/// The days of the gradings to replay before the one that ends on `last`, oldest first.
pub(crate) fn days(first: Date, last: Date, rules: &PeriodRules) -> Vec<Date> {
    let day = |back: u32| last.saturating_sub((i64::from(back) * i64::from(rules.days)).days());
    (1..=rules.replay).rev().map(day).filter(|day| *day > first).collect()
}

/// Which grade stands after each grading.
pub(crate) fn stood(gradings: &[Alone], rules: &PeriodRules) -> Vec<PastGrade> {
    let mut stood: Vec<PastGrade> = Vec::new();
    for (at, alone) in gradings.iter().enumerate() {
        let tier = match stood.last().map(|before| before.tier) {
            None | Some(Tier::U) => alone.tier,
            Some(_) if alone.at_once => alone.tier,
            Some(before) => moved(before, &gradings[..=at], rules),
        };
        stood.push(PastGrade { as_of: alone.as_of, alone: alone.tier, tier });
    }
    stood
}

/// The grade after the last of some gradings: the least of the moves that they all agree on.
fn moved(before: Tier, gradings: &[Alone], rules: &PeriodRules) -> Tier {
    let Some(last) = gradings.last() else { return before };
    let better = last.tier < before;
    let needed = if better { rules.up_after } else { rules.down_after } as usize;
    if last.tier == before || gradings.len() < needed {
        return before;
    }
    let run = &gradings[gradings.len() - needed..];
    let agree = run.iter().all(|alone| (alone.tier < before) == better && alone.tier != before);
    let nearest = run.iter().map(|alone| alone.tier);
    let nearest = if better { nearest.max() } else { nearest.min() };
    nearest.filter(|_| agree).unwrap_or(before)
}

/// Whether the last two gradings put a supplier on probation, and until when.
pub(crate) fn probation(
    history: &[PastGrade],
    ambers: u32,
    daily_spend: f64,
    rules: &PeriodRules,
    recover: Vec<String>,
) -> Option<Probation> {
    let twice_c = history.len() >= 2 && history[history.len() - 2..].iter().all(|grade| grade.alone == Tier::C);
    if (!twice_c && ambers < 2) || rules.probation_days == 0 {
        return None;
    }
    let start = history.last()?.as_of.saturating_add(1.days());
    let end = start.saturating_add((i64::from(rules.probation_days) - 1).days());
    Some(Probation { start, end, daily_cap: daily_spend, recover })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiers(alone: &[Tier]) -> Vec<Tier> {
        let day = |at: usize| jiff::civil::date(2026, 1, 1).saturating_add((28 * at as i64).days());
        let gradings: Vec<Alone> =
            alone.iter().enumerate().map(|(at, tier)| Alone { as_of: day(at), tier: *tier, at_once: false }).collect();
        stood(&gradings, &PeriodRules::default()).iter().map(|grade| grade.tier).collect()
    }

    #[test]
    fn a_change_takes_two_gradings_that_agree() {
        use Tier::{A, B, C, D, U};
        assert_eq!(tiers(&[B, A, A]), [B, B, A]);
        assert_eq!(tiers(&[B, A, B, A, A]), [B, B, B, B, A]);
        assert_eq!(tiers(&[A, D, C]), [A, A, C], "the lesser of the two moves");
        assert_eq!(tiers(&[A, C, B, D]), [A, A, B, B], "from B only the last is worse");
        assert_eq!(tiers(&[U, D]), [U, D], "a first grade is no change");
        assert_eq!(tiers(&[C, A, D]), [C, C, C], "one up and one down agree on nothing");
    }

    #[test]
    fn a_red_flag_waits_for_nothing() {
        let day = jiff::civil::date(2026, 1, 1);
        let grading = |tier, at_once| Alone { as_of: day, tier, at_once };
        let history = stood(&[grading(Tier::A, false), grading(Tier::D, true)], &PeriodRules::default());
        assert_eq!(history[1].tier, Tier::D);
    }

    #[test]
    fn twice_c_is_a_probation_of_named_length() {
        let day = jiff::civil::date(2026, 3, 31);
        let grade = PastGrade { as_of: day, alone: Tier::C, tier: Tier::C };
        let rules = PeriodRules::default();
        let found = probation(&[grade, grade], 0, 100.0, &rules, Vec::new()).unwrap();
        assert_eq!((found.start.to_string(), found.end.to_string()), ("2026-04-01".into(), "2026-04-14".into()));
        assert_eq!(probation(&[grade], 0, 100.0, &rules, Vec::new()), None);
        assert!(probation(&[grade], 2, 100.0, &rules, Vec::new()).is_some());
    }
}
