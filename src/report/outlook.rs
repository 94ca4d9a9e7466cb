//! What the plan is expected to bring, draw by draw, beside what it replaces.
//!
//! Three cases are read off the same joint draws, so that their differences are those of states of the world and never of
//! quantiles:
//!
//! | case      | spend of each line with a curve                                                       |
//! |-----------|---------------------------------------------------------------------------------------|
//! | unchanged | its reference spend                                                                   |
//! | same mix  | the plan's money for such lines, divided among them as in the reference period        |
//! | plan      | the plan's                                                                            |

use std::collections::BTreeMap;

use super::figures::response_periods;
use crate::fit::{ChannelFit, Curve, Fitted};
use crate::math::{mean, quantile_of_sorted};
use crate::plan::{Answer, Expected, Line};

/// Share of the draws that counts as the worst.
pub const WORST: f64 = 0.1;

/// The three cases and what each line contributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Reference spend kept up.
    pub unchanged: Case,
    /// The reference mix at the plan's money; absent where there is no reference spend.
    pub same_mix: Option<Case>,
    /// The plan.
    pub plan: Case,
    /// Expected KPI by line: at its reference spend and as planned; absent without a curve. In the plan's order.
    pub lines: Vec<Option<Step>>,
}

/// A line's expected KPI before and after, and what its last KPI costs before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// At the reference spend.
    pub before: f64,
    /// As planned.
    pub after: f64,
    /// What the last KPI costs at the reference spend; absent where more brings nothing.
    pub marginal_before: Option<f64>,
}

/// One way to spend.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Face value of all lines, those without a curve too.
    pub spend: f64,
    /// Mean and quantiles over the draws.
    pub expected: Expected,
    /// Expected KPI in each joint draw.
    pub draws: Vec<f64>,
}

impl Case {
    fn of(spend: f64, draws: Vec<f64>) -> Case {
        let sorted = sorted(&draws);
        let [p10, p50, p90] = [0.1, 0.5, 0.9].map(|share| quantile_of_sorted(&sorted, share));
        Case { spend, expected: Expected { mean: mean(&draws), p10, p50, p90 }, draws }
    }

    /// The draw below which `share` of them lie.
    pub fn quantile(&self, share: f64) -> f64 {
        quantile_of_sorted(&sorted(&self.draws), share)
    }

    /// Mean of the worst [`WORST`] share of the draws.
    pub fn worst(&self) -> f64 {
        let worst = (self.draws.len() as f64 * WORST).ceil().max(1.0) as usize;
        mean(&sorted(&self.draws)[..worst.min(self.draws.len())])
    }
}

/// Where the plan turns out worse than the same money in the reference mix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regret {
    /// In which share of the draws.
    pub chance: f64,
    /// By how much in the mean of those draws; nothing when there are none.
    pub by: f64,
}

impl Outlook {
    /// The outlook of a plan; absent on a conflict and where no line has a curve.
    pub fn of(answer: &Answer, fitted: &Fitted) -> Option<Outlook> {
        let models: BTreeMap<&str, &ChannelFit> =
            fitted.channels.iter().map(|fit| (fit.channel.label.as_str(), fit)).collect();
        let curved: Vec<Option<Curved>> =
            answer.lines.iter().map(|line| Curved::of(line, models.get(line.channel.as_str())?, answer)).collect();
        let draws = curved.iter().flatten().map(|line| line.curve.states().len()).max()?;
        let sum = |spend: &dyn Fn(&Curved) -> f64| {
            let mut sums = vec![0.0; draws];
            curved.iter().flatten().for_each(|line| line.add_to(&mut sums, spend(line)));
            sums
        };
        let reference: f64 = curved.iter().flatten().map(|line| line.line.reference_spend).sum();
        let planned: f64 = curved.iter().flatten().map(|line| line.line.spend).sum();
        let all = |spend: fn(&Line) -> f64| super::numbers::total(answer.lines.iter().map(spend));
        let spent = all(|line| line.spend);
        let same_mix = (reference > 0.0 && planned > 0.0)
            .then(|| Case::of(spent, sum(&|line| line.line.reference_spend * planned / reference)));
        Some(Outlook {
            unchanged: Case::of(all(|line| line.reference_spend), sum(&|line| line.line.reference_spend)),
            same_mix,
            plan: Case::of(spent, sum(&|line| line.line.spend)),
            lines: curved.iter().map(|line| line.as_ref().map(Curved::step)).collect(),
        })
    }

    /// How often, and then by how much, the plan brings less than the same money in the reference mix.
    pub fn regret(&self) -> Option<Regret> {
        let mix = self.same_mix.as_ref()?;
        let losses: Vec<f64> =
            self.plan.draws.iter().zip(&mix.draws).map(|(plan, mix)| mix - plan).filter(|loss| *loss > 0.0).collect();
        let chance = losses.len() as f64 / self.plan.draws.len() as f64;
        Some(Regret { chance, by: if losses.is_empty() { 0.0 } else { mean(&losses) } })
    }
}

/// A line that has a curve.
struct Curved<'a> {
    line: &'a Line,
    curve: &'a Curve,
    /// Periods of the plan, H.
    periods: f64,
    /// What a period's response is multiplied by over the plan, S.
    scale: f64,
}

impl<'a> Curved<'a> {
    fn of(line: &'a Line, fit: &'a ChannelFit, answer: &Answer) -> Option<Curved<'a>> {
        let curve = fit.curve.as_ref().ok()?;
        line.expected?;
        let scale = response_periods(line, fit, curve, answer.period.periods);
        Some(Curved { line, curve, periods: answer.period.periods, scale })
    }

    fn add_to(&self, sums: &mut [f64], spend: f64) {
        let states = self.curve.at_each(spend.max(0.0) / self.periods);
        for (sum, state) in sums.iter_mut().zip(states.iter().cycle()) {
            *sum += self.scale * state;
        }
    }

    fn step(&self) -> Step {
        let per_period = |spend: f64| spend.max(0.0) / self.periods;
        let mean = |spend: f64| self.scale * self.curve.mean(per_period(spend));
        let slope = self.scale / self.periods * self.curve.marginal(per_period(self.line.reference_spend));
        Step {
            before: mean(self.line.reference_spend),
            after: mean(self.line.spend),
            marginal_before: (slope > 0.0 && slope.is_finite()).then(|| 1.0 / slope),
        }
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures;
    use crate::report::sample::Sample;

    #[test]
    fn the_plan_of_the_outlook_is_the_plan_of_the_answer() {
        let sample = Sample::rich();
        let outlook = Outlook::of(&sample.answer, &sample.fitted).unwrap();
        let expected = sample.answer.expected.unwrap();
        assert!((outlook.plan.expected.mean / expected.mean - 1.0).abs() < 1e-9);
        let steps: f64 = outlook.lines.iter().flatten().map(|step| step.after - step.before).sum();
        let change = outlook.plan.expected.mean - outlook.unchanged.expected.mean;
        assert!((steps - change).abs() < 1e-6 * expected.mean, "{steps} is not {change}");
    }

    #[test]
    fn regret_agrees_with_the_comparison() {
        let sample = Sample::rich();
        let outlook = Outlook::of(&sample.answer, &sample.fitted).unwrap();
        let comparison = figures::comparison(&sample.answer, &sample.fitted).unwrap();
        let regret = outlook.regret().unwrap();
        assert!((regret.chance + comparison.better - 1.0).abs() < 1e-9);
        assert!(outlook.plan.worst() <= outlook.plan.expected.p10);
    }

    #[test]
    fn there_is_no_outlook_without_curves_or_without_a_plan() {
        let mut sample = Sample::hostile();
        sample.contradict();
        assert_eq!(Outlook::of(&sample.answer, &sample.fitted), None);
    }
}
