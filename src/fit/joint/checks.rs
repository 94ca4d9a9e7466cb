//! What is to be said of a joint fit: whether it can be believed, and what it cannot tell apart.

use super::beside::Lift;
use super::data::{Data, Paid};
use super::density::{self, Joint};
use super::levels::OtherLevel;
use super::posterior::{Sampled, of_channel};
use super::residuals::Cleaned;
use crate::check::Finding;
use crate::fit::How;
use crate::fit::priors::TotalPriors;
use crate::math::{mean, quantile};
use crate::panel::{Panel, TotalKpi};
use crate::units::{Grain, Kpi};

/// Log likelihood that all channels' spend must gain over the baseline alone.
const LEAST_GAIN: f64 = 3.0;
/// Correlation of two channels' parts below which only their sum is known.
const TOGETHER: f64 = -0.6;
/// Correlation of two channels' spend from which on they may not be told apart.
const MOVED_TOGETHER: f64 = 0.9;
/// Percent of the total that channels are credited with above which the baseline is suspiciously low.
const MOST_PAID: f64 = 85.0;
/// Share of the prior's width above which a channel's response is mostly the prior's.
const MOSTLY_PRIOR: f64 = 0.75;
/// Correlation of neighbouring residuals above which periods are not independent.
const SERIAL: f64 = 0.35;
/// Share of totals within their predictive 90 % interval below which the model is too sure.
const LEAST_COVER: f64 = 0.8;

/// # What it does
/// Refuses curves where the totals are no likelier with spend than without.
/// # Why it matters
/// The prior believes that spend brings something; where the data do not say so too, a plan would move money on belief.
/// # Threshold
/// Log likelihood of 3 over the baseline alone, both at their modes. Of 24 simulated totals that spend did not move the most was
/// 2.1, the median −2.4: channels are believed to bring something, so curves of no use make totals less likely.
/// # What to do
/// Vary the budget on purpose for some weeks, and look whether the total follows.
///
/// # Errors
///
/// The reason, as it stands in the model file.
pub(super) fn spend_explains(gain: f64, kpi: Kpi) -> Result<(), String> {
    if gain >= LEAST_GAIN {
        return Ok(());
    }
    Err(format!(
        "spend explains nothing of the total {kpi}: season and trend alone do as well (log likelihood {gain:+.1} with \
         spend, {LEAST_GAIN:.0} needed)"
    ))
}

/// Findings of a fit that has draws.
pub(super) fn all(panel: &Panel, data: &Data, sampled: &Sampled, priors: &TotalPriors) -> Vec<Finding> {
    let mut findings = vec![sampler(data, sampled)];
    findings.extend(paid_share(panel, data, sampled, priors));
    findings.extend(separate(panel, data, sampled, priors));
    findings.extend(curves(panel, data, sampled, priors));
    findings.extend(residuals(panel, data, sampled, priors));
    findings
}

/// # What it does
/// Says how the joint posterior was drawn and whether the draws can be trusted.
/// # Why it matters
/// Intervals and plans come from the draws; chains that disagree mean that some of them are wrong.
/// # Threshold
/// R-hat 1.03, 150 effective draws, divergent trajectories 1 in 100; for importance weights a Pareto shape of 0.7.
/// # What to do
/// Look at what the other findings of the fit name; a longer history or fewer, wider channels help.
fn sampler(data: &Data, sampled: &Sampled) -> Finding {
    let (check, subject) = ("fit.total.draws", "all channels");
    let facts = format!("{} periods, {} channels", data.counts.len(), data.channels.len());
    let advice = "look at the other findings of the fit; a longer history or fewer, wider channels help";
    let facts = match sampled.how {
        How::Importance { pareto_k, effective } => {
            format!("{facts}, importance sampling: Pareto k {pareto_k:.2}, {effective:.0} effective draws")
        }
        How::Nuts { r_hat, effective, divergences, .. } => {
            format!("{facts}, NUTS: R-hat {r_hat:.3}, {effective:.0} effective draws, {divergences} divergences")
        }
    };
    let is_sound = sampled.how.is_sound();
    if is_sound { Finding::pass(check, subject, facts) } else { Finding::review(check, subject, facts, advice) }
}

/// # What it does
/// Says how much of the total spend brings, and how far that is told apart from the baseline.
/// # Why it matters
/// Where the share is open, the level of every curve is.
/// # Threshold
/// Review when the 90 % interval is wider than 0.4, or its middle above 0.85: a baseline that is nearly nothing is seldom true
/// and often guessed too low, since little of the data speaks of it.
/// # What to do
/// Pause or halve all spend together for some weeks: only that moves the sum of the channels against the baseline.
fn paid_share(panel: &Panel, data: &Data, sampled: &Sampled, priors: &TotalPriors) -> Vec<Finding> {
    let joint = Joint::new(data, priors);
    let share = |draw: &Vec<f64>| {
        let (mean, base) = joint.expected(draw);
        1.0 - base.iter().sum::<f64>() / mean.iter().sum::<f64>()
    };
    let shares: Vec<f64> = sampled.searched.iter().step_by(4).map(share).collect();
    let [low, middle, high] = [0.05, 0.5, 0.95].map(|p| 100.0 * quantile(&shares, p));
    let beside = data.features.iter().map(|feature| feature.name.as_str()).collect::<Vec<_>>().join(", ");
    let message = format!(
        "spend brings {middle:.0} % of the total {} (90 % interval {low:.0} to {high:.0} %), a baseline with {beside} the rest",
        panel.kpi
    );
    let (check, subject) = ("fit.total.paid_share", "all channels");
    if high - low > 40.0 {
        let advice = "pause or halve all spend together for some weeks: only that moves their sum against the baseline";
        return vec![Finding::review(check, subject, message, advice)];
    }
    if middle > MOST_PAID {
        let advice = "is so little really left without spend? If not, give a lift test or a stated cost: the baseline is guessed \
                      too low and every channel credited with part of it";
        return vec![Finding::review(check, subject, message, advice)];
    }
    vec![Finding::pass(check, subject, message)]
}

/// # What it does
/// Names pairs of channels whose parts cannot be told apart.
/// # Why it matters
/// Only their sum is known: the more one brings, the less the other, and a plan that moves money between them guesses.
/// # Threshold
/// Correlation of their parts, at mean spend, below −0.6 over the posterior. Or of their spend above 0.9, where the posterior of how
/// many times as much one brings as the other is wider than 0.75 of the prior's: what all channels bring together may be so
/// unknown that the parts rise and fall with it.
/// # What to do
/// Hold one and move the other by half, up and down in turns, for the weeks that the finding names.
fn separate(panel: &Panel, data: &Data, sampled: &Sampled, priors: &TotalPriors) -> Vec<Finding> {
    let check = "fit.total.separate";
    let log_part = |c: usize| -> Vec<f64> { sampled.draws.iter().map(|draw| of_channel(draw, c)[0]).collect() };
    let log_parts: Vec<Vec<f64>> = (0..data.channels.len()).map(log_part).collect();
    let parts: Vec<Vec<f64>> = log_parts.iter().map(|logs| logs.iter().map(|log| log.exp()).collect()).collect();
    let before = priors.response.deviation() * 2.0_f64.sqrt();
    let is_untold = |a: usize, b: usize| {
        let ratio: Vec<f64> = log_parts[a].iter().zip(&log_parts[b]).map(|(a, b)| a - b).collect();
        deviation(&ratio) > MOSTLY_PRIOR * before
    };
    let mut found = Vec::new();
    for a in 0..parts.len() {
        for b in a + 1..parts.len() {
            let together = correlation(&parts[a], &parts[b]);
            let moved_together = correlation(&data.channels[a].spend, &data.channels[b].spend) > MOVED_TOGETHER;
            if together < TOGETHER || moved_together && is_untold(a, b) {
                found.push(pair(panel, data, sampled, (a, b), together));
            }
        }
    }
    if found.is_empty() {
        vec![Finding::pass(check, "all channels", "every two channels can be told apart")]
    } else {
        found
    }
}

fn pair(panel: &Panel, data: &Data, sampled: &Sampled, (a, b): (usize, usize), together: f64) -> Finding {
    let name = |c: usize| panel.channels[data.channels[c].row].label.as_str();
    let spend = correlation(&data.channels[a].spend, &data.channels[b].spend);
    let message = format!(
        "what they bring cannot be told apart (correlation {together:.2} of their parts; their spend moves together by \
         {spend:.2}): trust their sum, not the split"
    );
    let moved = if data.channels[a].mean_spend < data.channels[b].mean_spend { a } else { b };
    let held = if moved == a { b } else { a };
    let advice = format!(
        "hold {} and move {} by half, up and down in turns, for {}",
        name(held),
        name(moved),
        periods_needed(panel, data, sampled, moved)
    );
    Finding::review("fit.total.separate", format!("{} and {}", name(a), name(b)), message, &advice)
}

/// Periods of alternating ± 50 % spend after which the channel's swing stands two standard errors above the noise:
/// n = (2 · 2 · σ m ÷ Δ)², Δ the median difference between the two spends.
fn periods_needed(panel: &Panel, data: &Data, sampled: &Sampled, channel: usize) -> String {
    let swing = |draw: &Vec<f64>| {
        let curve = density::response(of_channel(draw, channel), 1.0).saturation;
        curve.at(1.5) - curve.at(0.5)
    };
    let swing = quantile(&sampled.draws.iter().map(swing).collect::<Vec<_>>(), 0.5);
    let noise = quantile(&sampled.draws.iter().map(|draw| draw[draw.len() - 1].exp()).collect::<Vec<_>>(), 0.5);
    let variance = data.mean_count + (noise * data.mean_count).powi(2);
    let needed = (16.0 * variance / (swing * swing)).ceil().max(4.0);
    let word = match panel.grain {
        Grain::Day => "days",
        Grain::Week => "weeks",
    };
    if needed > 400.0 {
        format!("longer than a year: it is too small for the noise of {word}")
    } else {
        format!("{needed:.0} {word}")
    }
}

/// # What it does
/// Says of each channel's curve how far it is the data's: whether it can be told from the prior, and from a straight line.
/// # Why it matters
/// A curve that the data do not bend says where the prior saturates, not where the channel does.
/// # Threshold
/// Posterior width of ln response at mean spend above 0.75 of the prior's; the response at twice mean spend within 5 % of
/// twice that at mean spend, in a twentieth of the draws.
/// # What to do
/// Vary the channel's spend by itself, further than it has gone.
fn curves(panel: &Panel, data: &Data, sampled: &Sampled, priors: &TotalPriors) -> Vec<Finding> {
    let one = |(c, channel): (usize, &Paid)| {
        let label = panel.channels[channel.row].label.as_str();
        let logs: Vec<f64> = sampled.draws.iter().map(|draw| of_channel(draw, c)[0]).collect();
        let before = priors.response.deviation().min(channel.beside.response_deviation());
        let width = deviation(&logs) / before;
        let growth = |draw: &Vec<f64>| {
            let curve = density::response(of_channel(draw, c), 1.0).saturation;
            0.5 * curve.at(2.0) / curve.at(1.0)
        };
        let straight = quantile(&sampled.draws.iter().map(growth).collect::<Vec<_>>(), 0.95) > 0.95;
        let [low, middle, high] = [0.05, 0.5, 0.95].map(|p| quantile(&logs, p).exp());
        let mut message =
            format!("brings {middle:.1} {} at mean spend (90 % interval {low:.1} to {high:.1})", panel.kpi);
        let is_prior = width > MOSTLY_PRIOR;
        if is_prior {
            message += &format!(", {:.0} % as wide as before the data: mostly the prior's belief", 100.0 * width);
        }
        if straight {
            message += "; its curve cannot be told from a straight line over the spend that was seen";
        }
        let advice = "vary its spend by itself, further than it has gone";
        if is_prior {
            Finding::review("fit.total.curve", label, message, advice)
        } else {
            Finding::pass("fit.total.curve", label, message)
        }
    };
    data.channels.iter().enumerate().map(one).collect()
}

/// # What it does
/// Holds stated costs and lift tests against what the totals say.
/// # Why it matters
/// Both enter the posterior: where the totals contradict them one of the two is wrong, and the curve lies between.
/// # Threshold
/// 2.6 standard deviations of what is stated, or of the test's own error: one in a hundred where both are right.
/// # What to do
/// Correct the prior or the test: its dates, its money, what it counted; else look what moved the totals then.
pub(super) fn beside(panel: &Panel, data: &Data, sampled: &Sampled) -> Vec<Finding> {
    let one = |(c, channel): (usize, &Paid)| {
        let label = panel.channels[channel.row].label.as_str();
        let logs: Vec<f64> = sampled.draws.iter().map(|draw| of_channel(draw, c)[0]).collect();
        let stated = channel.beside.stated.as_ref();
        let contradicted = stated.and_then(|stated| stated.contradicted_by((mean(&logs), deviation(&logs))));
        let advice = "correct the prior or its `where`, or widen its interval";
        let prior = contradicted.map(|message| Finding::review("fit.prior", label, message, advice));
        prior
            .into_iter()
            .chain(channel.beside.tests.iter().map(move |lift| tested(lift, sampled, c)))
            .collect::<Vec<_>>()
    };
    data.channels.iter().enumerate().flat_map(one).collect()
}

fn tested(lift: &Lift, sampled: &Sampled, channel: usize) -> Finding {
    let caused = |draw: &Vec<f64>| {
        let at = of_channel(draw, channel);
        lift.caused([at[0], at[1], at[2], at[3]]).0
    };
    let caused: Vec<f64> = sampled.draws.iter().map(caused).collect();
    lift.test.held_against(&caused, "the totals contradict it: check its dates, its money and what it counted")
}

/// # What it does
/// Compares the totals with what the posterior predicts: noise, its spread, neighbours that err alike.
/// # Why it matters
/// Periods that err alike hold less than they seem to, and intervals are too narrow then.
/// # Threshold
/// Correlation of neighbouring residuals 0.35; a fifth of the totals outside their 90 % predictive interval.
/// # What to do
/// Name what happened as `[[event]]`, or give what drives the baseline as `free` columns of the total.
fn residuals(panel: &Panel, data: &Data, sampled: &Sampled, priors: &TotalPriors) -> Vec<Finding> {
    let joint = Joint::new(data, priors);
    let draws: Vec<&Vec<f64>> = sampled.searched.iter().step_by(8).collect();
    let mut expected = vec![0.0; data.counts.len()];
    for draw in &draws {
        joint.expected(draw).0.iter().zip(&mut expected).for_each(|(m, sum)| *sum += m / draws.len() as f64);
    }
    let noise = mean(&draws.iter().map(|draw| joint.noise(draw)).collect::<Vec<_>>());
    let residual = |(y, m): (&f64, &f64)| (y - m) / (m + (noise * m).powi(2)).sqrt();
    let residuals: Vec<f64> = data.counts.iter().zip(&expected).map(residual).collect();
    let serial = correlation(&residuals[1..], &residuals[..residuals.len() - 1]);
    let inside = residuals.iter().filter(|e| e.abs() <= 1.645).count() as f64 / residuals.len() as f64;
    let flat = mean(&data.counts);
    let left: f64 = data.counts.iter().zip(&expected).map(|(y, m)| (y - m).powi(2)).sum();
    let whole: f64 = data.counts.iter().map(|y| (y - flat).powi(2)).sum();
    let facts = format!(
        "explains {:.0} % of the total's variation, noise {:.1} % beyond Poisson's; {:.0} % of the {} within their 90 % \
         predictive interval, neighbours correlated by {serial:.2}",
        100.0 * (1.0 - left / whole),
        100.0 * noise,
        100.0 * inside,
        panel.kpi
    );
    let (check, subject) = ("fit.total.residuals", "all channels");
    if serial > SERIAL || inside < LEAST_COVER {
        let advice = "name what happened as `[[event]]`, or give what drives the baseline as `free` columns of [kpi_total]; \
                      intervals are too narrow until then";
        return vec![Finding::review(check, subject, facts, advice)];
    }
    vec![Finding::pass(check, subject, facts)]
}

/// # What it does
/// Names channels whose missing rows were taken as no spend.
/// # Why it matters
/// Exports list what ran; but a missing file would look the same.
/// # Threshold
/// One period in which other channels have rows.
/// # What to do
/// Nothing when the channel was off; else export the missing dates.
pub(super) fn filled(panel: &Panel, filled: &[usize]) -> Vec<Finding> {
    let word = panel.grain.name();
    let one = |(row, count): (usize, &usize)| {
        let message = format!("{count} {word}(s) without a row while others have one: taken as no spend");
        let advice = "nothing when the channel was off; else export the missing dates";
        Finding::review("fit.total.no_rows", &panel.channels[row].label, message, advice)
    };
    filled.iter().enumerate().filter(|(_, count)| **count > 0).map(one).collect()
}

/// # What it does
/// Names periods that were left out of the fit, and stretches on another level, which entered it.
/// # Why it matters
/// Both are decisions: a campaign that is no outlier must not be lost.
/// # Threshold
/// A total further than 8 robust standard deviations from the model; another level that makes the totals likelier by e³ times
/// the number of stretches that were looked at.
/// # What to do
/// Correct the total, or name what happened as `[[event]]`: then it is fitted as such.
pub(super) fn cleaned(panel: &Panel, total: &TotalKpi, cleaned: &Cleaned) -> Vec<Finding> {
    let outlier = |(t, times): &(usize, f64)| {
        let message = format!(
            "{} {} on {} are {times:.2} times what the model expects: left out of the fit",
            total.kpi[*t], panel.kpi, panel.periods[*t]
        );
        Finding::review(
            "fit.total.outlier",
            &total.path,
            message,
            "correct the total, or name what happened as `[[event]]`: then it is fitted as such",
        )
    };
    let level = |level: &OtherLevel| {
        let from = panel.periods[level.from];
        let Some(last) = level.last else {
            let message = format!("the level of the total shifts on {from}: fitted as a step of the baseline");
            let advice = "see what changed there; an `[[event]]` from that day to the end says it in your words";
            return Finding::review("fit.total.level", &total.path, message, advice);
        };
        let (last, times) = (panel.last_day(last), level.times);
        let message = format!(
            "from {from} to {last} the total is {times:.2} times what is expected without it: fitted as an event"
        );
        let advice = "if it was a promotion or the like, name it as `[[event]]` with its own days";
        Finding::review("fit.total.stretch", &total.path, message, advice)
    };
    cleaned.outliers.iter().map(outlier).chain(cleaned.levels.iter().map(level)).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product: f64 = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum();
    product / (deviation(a) * deviation(b) * a.len() as f64).max(f64::MIN_POSITIVE)
}

fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    (values.iter().map(|v| (v - middle) * (v - middle)).sum::<f64>() / values.len() as f64).sqrt()
}
