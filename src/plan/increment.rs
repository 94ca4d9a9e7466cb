//! What the plan's spend causes, beside the KPI that is attributed to it.
//!
//! ```text
//!     caused[i] = Σ_lines λ_line[i] · F_line,i(x)          in state i of the world
//! ```
//!
//! λ is the channel's [`Incrementality`]: an assumption with an interval where no lift test was made, and 1 where tests were,
//! since the curve counts only what spend caused then. The objective stays on the KPI as it is attributed: λ has the same
//! mean for every channel without a test, so it would not move the plan.

use rayon::prelude::*;

use super::answer::{Answer, Incremental, IncrementalShare, IncrementalTotal};
use super::explain::quantiles;
use super::line::Line;
use super::scenarios::Problem;
use crate::fit::{Fitted, Incrementality};

/// States of λ where the curves are certain.
const STATES: usize = 200;

/// Fills in what each line and the whole plan is taken to cause.
pub(super) fn add(fitted: &Fitted, problem: &Problem, spend: &[f64], answer: &mut Answer) {
    let count = problem.lines.iter().map(|line| line.states().len()).max().filter(|most| *most > 1).unwrap_or(STATES);
    let shares = fitted.channels.iter().map(|fit| fit.incrementality.as_ref());
    let told: Vec<(&Line, f64, Option<&Incrementality>)> =
        problem.lines.iter().zip(spend).zip(shares).map(|((line, x), share)| (line, *x, share)).collect();
    let caused: Vec<Option<Vec<f64>>> = told
        .par_iter()
        .map(|(line, x, share)| Some(in_each_state(line, *x, (*share)?, (count, fitted.seed))))
        .collect();
    for ((row, caused), (line, x, share)) in answer.lines.iter_mut().zip(&caused).zip(&told) {
        if let (Some(caused), Some(share), Ok(_)) = (caused, share, &line.curve) {
            row.incremental = Some(of_line(line, *x, share, caused));
        }
    }
    let of_all = told.iter().zip(&caused).all(|((line, ..), caused)| line.curve.is_err() || caused.is_some());
    if of_all {
        answer.incremental = total(answer, &caused, count);
    }
}

/// KPI that spend `x` causes in each of `count` states.
fn in_each_state(line: &Line, x: f64, share: &Incrementality, (count, seed): (usize, u64)) -> Vec<f64> {
    let attributed = line.in_each_state(x);
    let attributed = |i: usize| attributed.get(i).or(attributed.first()).copied().unwrap_or(0.0);
    if !share.tests.is_empty() {
        return (0..count).map(attributed).collect();
    }
    let states = share.states(count, seed, &line.channel.label);
    states.iter().enumerate().map(|(i, share)| share * attributed(i)).collect()
}

fn of_line(line: &Line, x: f64, share: &Incrementality, caused: &[f64]) -> Incremental {
    // λ and the curve know nothing of each other: the mean of the product is that of the means, to the last digit
    let mean = line.expected(x) * if share.tests.is_empty() { share.mean } else { 1.0 };
    let over = quantiles(caused);
    Incremental {
        share: IncrementalShare { mean: share.mean, p05: share.p05, p95: share.p95 },
        tests: share.tests.clone(),
        mean,
        p10: over.p10,
        p90: over.p90,
        cost_per: (mean > 0.0).then(|| x / mean),
    }
}

/// The whole plan's; absent where no line has any.
fn total(answer: &Answer, caused: &[Option<Vec<f64>>], count: usize) -> Option<IncrementalTotal> {
    let of_lines: Vec<&Incremental> = answer.lines.iter().filter_map(|line| line.incremental.as_ref()).collect();
    if of_lines.is_empty() {
        return None;
    }
    let mean: f64 = of_lines.iter().map(|line| line.mean).sum();
    let in_state = |i: usize| caused.iter().flatten().map(|caused| caused[i]).sum();
    let over = quantiles(&(0..count).map(in_state).collect::<Vec<f64>>());
    let tested = of_lines.iter().filter(|line| !line.tests.is_empty()).count();
    Some(IncrementalTotal {
        mean,
        p10: over.p10,
        p90: over.p90,
        cost_per: (mean > 0.0).then(|| answer.budget.spent / mean),
        tested,
        assumed: of_lines.len() - tested,
    })
}

#[cfg(test)]
mod tests {
    use crate::fit::store;
    use crate::plan::{Answer, Beside, complete};
    use crate::settings::Settings;

    /// Two channels of one linear draw-free curve each, 0.02 a unit of money; `first` and `second` stand beside them.
    fn planned(first: &str, second: &str) -> Answer {
        let channel = |name: &str, beside: &str| {
            format!(
                r#"{{ "channel": "{name}", "family": "log", "params": {{ "scale": 10, "half": 100 }},
                     "reference_spend": 100{beside} }}"#
            )
        };
        let text = format!(
            r#"{{ "format": "outlay/model@1", "currency": "CNY", "grain": "day", "channels": [ {}, {} ] }}"#,
            channel("a", first),
            channel("b", second)
        );
        let settings = "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 6000";
        let settings = Settings::parse(settings, "outlay.toml", "".as_ref(), 1).unwrap();
        let models = store::parse(&text, "by hand").unwrap();
        complete(&models, settings.plan().unwrap(), settings.project.currency, &Beside::default()).unwrap()
    }

    const ASSUMED: &str = r#", "incrementality": { "mean": 0.8, "p05": 0.5, "p95": 1.2 }"#;
    const TESTED: &str = r#", "incrementality": { "mean": 0.8, "p05": 0.7, "p95": 0.9, "tests": ["geo"] }"#;

    #[test]
    fn an_assumed_share_scales_what_is_attributed() {
        let answer = planned(ASSUMED, ASSUMED);
        let (line, all) = (&answer.lines[0], answer.incremental.as_ref().unwrap());
        let caused = line.incremental.as_ref().unwrap();
        let expected = line.expected.unwrap();
        assert!((caused.mean - 0.8 * expected.mean).abs() < 1e-9 * expected.mean);
        assert!((caused.cost_per.unwrap() - line.cost_per.unwrap() / 0.8).abs() < 1e-6);
        // log-normal from 0.5 to 1.2 in 90 %: σ of the logarithm 0.266, so p10 to p90 are 0.71 to 1.41 times the median
        let width = (caused.p90 / caused.p10).ln() / (2.0 * 1.2816);
        assert!((width / 0.266 - 1.0).abs() < 0.03, "{width}");
        // streams are the channels' own: the sum of two spreads less than each does
        assert!((all.p90 / all.p10).ln() < 0.85 * (caused.p90 / caused.p10).ln());
        assert_eq!((all.tested, all.assumed), (0, 2));
        assert!((all.mean - 0.8 * answer.expected.unwrap().mean).abs() < 1e-9 * all.mean);
    }

    #[test]
    fn a_tested_curve_is_not_scaled_again() {
        let answer = planned(TESTED, ASSUMED);
        let line = &answer.lines[0];
        let caused = line.incremental.as_ref().unwrap();
        assert_eq!((caused.mean, caused.p10, caused.p90), {
            let expected = line.expected.unwrap();
            (expected.mean, expected.p10, expected.p90)
        });
        let all = answer.incremental.unwrap();
        assert_eq!((all.tested, all.assumed), (1, 1));
    }

    #[test]
    fn a_channel_that_does_not_tell_leaves_the_total_open() {
        let answer = planned(ASSUMED, "");
        assert!(answer.lines[0].incremental.is_some() && answer.lines[1].incremental.is_none());
        assert!(answer.incremental.is_none());
    }
}
