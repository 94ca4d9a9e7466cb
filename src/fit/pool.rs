//! Partial pooling: what the other channels say of one channel's curve before its own data are seen.
//!
//! ```text
//!     θ[c] ~ N(μ + α[platform of c] + σ[supplier of c], s²)       each unknown of the curve on its own
//! ```
//!
//! Every channel comes with weighted draws under the plain prior. Reweighted by N(θ; mean, s²) ÷ plain prior, they are draws
//! under the pooled one (Hogg, Myers & Bovy 2010), so that neither skewed posteriors nor the ridge between half point and
//! shape are lost. Means, group effects and spreads follow by EM. What a channel gets is the prediction from the others: in
//! a hierarchical model that, times its own likelihood, is its posterior.

use rayon::prelude::*;

use super::priors::Belief;
use crate::math::importance::Weighted;

const STEPS: usize = 25;
/// Channels that the prior of a spread counts for.
const SPREAD_WEIGHT: f64 = 3.0;
/// The spread that this prior stands at, in multiples of the plain prior's.
const USUAL_SPREAD: f64 = 0.8;
/// Least spread, likewise.
const LEAST_SPREAD: f64 = 0.25;
/// Channels of a group that count as much as the belief that the group is like the others.
const GROUP_WEIGHT: f64 = 2.0;

/// One channel in the pool.
#[derive(Clone, Debug)]
pub struct Member {
    /// Draws of the pooled unknowns under the plain prior.
    pub draws: Weighted,
    /// Its groups: platform and supplier, numbered; absent when channels do not tell.
    pub groups: [Option<usize>; 2],
}

/// What is known of one unknown over all members.
struct Level {
    spread: f64,
    /// Posterior mean and variance of each member.
    members: Vec<(f64, f64)>,
    /// Sum of the means.
    sum: f64,
    /// Sum of the means and number of members of each group.
    groups: [Vec<(f64, f64)>; 2],
}

impl Level {
    fn of(spread: f64, moments: Vec<(f64, f64)>, members: &[Member]) -> Level {
        let mut groups: [Vec<(f64, f64)>; 2] = Default::default();
        for (member, moments) in members.iter().zip(&moments) {
            for (groups, group) in groups.iter_mut().zip(member.groups) {
                let Some(group) = group else { continue };
                groups.resize(groups.len().max(group + 1), (0.0, 0.0));
                groups[group] = (groups[group].0 + moments.0, groups[group].1 + 1.0);
            }
        }
        Level { spread, sum: moments.iter().map(|moments| moments.0).sum(), members: moments, groups }
    }
}

/// Members whose figures speak for each other's.
pub struct Pool<'a> {
    members: &'a [Member],
    plain: &'a [Belief],
    levels: Vec<Level>,
}

impl<'a> Pool<'a> {
    /// Pools members; `plain` are the beliefs under which they were drawn, one an unknown.
    pub fn of(members: &'a [Member], plain: &'a [Belief]) -> Pool<'a> {
        let start = |belief: &Belief| {
            let (mean, sd) = belief.moments();
            Level::of(sd, vec![(mean, sd * sd); members.len()], members)
        };
        let mut pool = Pool { members, plain, levels: plain.iter().map(start).collect() };
        for _ in 0..STEPS {
            let moments: Vec<Vec<(f64, f64)>> =
                members.par_iter().map(|member| reweighted(&member.draws, &pool.around(member), plain)).collect();
            pool.levels = (0..plain.len())
                .map(|i| pool.next(i, moments.iter().map(|of_member| of_member[i]).collect()))
                .collect();
        }
        pool
    }

    /// Mean and spread of every unknown around a member's groups.
    fn around(&self, member: &Member) -> Vec<(f64, f64)> {
        let around = |i: usize| (self.predicted(&self.levels[i], i, member.groups, None).0, self.levels[i].spread);
        (0..self.levels.len()).map(around).collect()
    }

    /// M step: the spread around the groups' means, shrunk to the usual one.
    fn next(&self, i: usize, moments: Vec<(f64, f64)>) -> Level {
        let plain_sd = self.plain[i].moments().1;
        let mut level = Level::of(self.levels[i].spread, moments, self.members);
        let square = |(member, moments): (&Member, &(f64, f64))| {
            (moments.0 - self.predicted(&level, i, member.groups, None).0).powi(2) + moments.1
        };
        let squares: f64 = self.members.iter().zip(&level.members).map(square).sum();
        let usual = USUAL_SPREAD * plain_sd;
        let variance = (squares + SPREAD_WEIGHT * usual * usual) / (self.members.len() as f64 + SPREAD_WEIGHT);
        level.spread = variance.sqrt().clamp(LEAST_SPREAD * plain_sd, plain_sd);
        level
    }

    /// Mean of unknown `i` in the given groups, and the variance of that mean, without member `own`.
    fn predicted(&self, level: &Level, i: usize, groups: [Option<usize>; 2], own: Option<usize>) -> (f64, f64) {
        let variance = level.spread * level.spread;
        let (plain_mean, plain_sd) = self.plain[i].moments();
        let anchor = variance / (plain_sd * plain_sd);
        let (out, gone) = own.map_or((0.0, 0.0), |c| (level.members[c].0, 1.0));
        let count = self.members.len() as f64 - gone;
        let overall = (level.sum - out + anchor * plain_mean) / (count + anchor);
        let (mut mean, mut doubt) = (overall, variance / (count + anchor));
        for (sums, group) in level.groups.iter().zip(groups) {
            let Some(group) = group else { continue };
            let (sum, alike) = sums.get(group).copied().unwrap_or_default();
            let (sum, alike) = if alike > 0.0 { (sum - out, alike - gone) } else { (0.0, 0.0) };
            mean += (sum - alike * overall) / (alike + GROUP_WEIGHT);
            doubt += 0.25 * variance * GROUP_WEIGHT / (alike + GROUP_WEIGHT);
        }
        (mean, doubt)
    }

    /// Beliefs about a channel of these groups; `own` is its place among the members, if it is one.
    pub fn beliefs(&self, groups: [Option<usize>; 2], own: Option<usize>) -> Vec<Belief> {
        let belief = |i: usize| {
            let (mean, doubt) = self.predicted(&self.levels[i], i, groups, own);
            let plain_sd = self.plain[i].moments().1;
            let sd = (self.levels[i].spread.powi(2) + doubt).sqrt().min(1.2 * plain_sd);
            Belief::Normal { mean, sd }
        };
        (0..self.levels.len()).map(belief).collect()
    }
}

/// Mean and variance of every unknown when the plain prior gives way to N(mean, spread²).
fn reweighted(draws: &Weighted, priors: &[(f64, f64)], plain: &[Belief]) -> Vec<(f64, f64)> {
    let log_ratio = |point: &Vec<f64>| -> f64 {
        let one = |i: usize| {
            let z = (point[i] - priors[i].0) / priors[i].1;
            -0.5 * z * z - plain[i].log_density(point[i]).0
        };
        (0..priors.len()).map(one).sum()
    };
    let logs: Vec<f64> = draws.points.iter().map(log_ratio).collect();
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().zip(&draws.weights).map(|(log, w)| w * (log - largest).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mean = |f: &dyn Fn(&Vec<f64>) -> f64| -> f64 {
        draws.points.iter().zip(&weights).map(|(point, w)| w * f(point)).sum::<f64>() / total
    };
    let moments = |i: usize| {
        let centre = mean(&|point| point[i]);
        (centre, mean(&|point| (point[i] - centre).powi(2)))
    };
    (0..priors.len()).map(moments).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    const PLAIN: [Belief; 1] = [Belief::Normal { mean: 0.0, sd: 1.0 }];

    /// A member that saw `seen` with an error of `error`: its posterior under N(0, 1).
    fn member(random: &mut ChaCha8Rng, seen: f64, error: f64, platform: Option<usize>) -> Member {
        let variance = 1.0 / (1.0 + 1.0 / (error * error));
        let mean = variance * seen / (error * error);
        let mut normal = || StandardNormal.sample(random);
        let points: Vec<Vec<f64>> = (0..400)
            .map(|_| {
                vec![
                    mean + variance.sqrt() * {
                        let z: f64 = normal();
                        z
                    },
                ]
            })
            .collect();
        Member { draws: Weighted::from_logs(vec![0.0; 400], points), groups: [platform, None] }
    }

    #[test]
    fn channels_that_agree_make_a_narrow_belief() {
        let random = &mut ChaCha8Rng::seed_from_u64(1);
        let members: Vec<Member> = (0..10).map(|i| member(random, 0.8 + 0.02 * f64::from(i), 0.3, None)).collect();
        let pool = Pool::of(&members, &PLAIN);
        let (mean, sd) = pool.beliefs([None; 2], None)[0].moments();
        assert!((mean - 0.89).abs() < 0.15 && sd < 0.65, "{mean} {sd}");
    }

    #[test]
    fn a_platform_that_differs_is_seen() {
        let random = &mut ChaCha8Rng::seed_from_u64(2);
        let members: Vec<Member> =
            (0..12).map(|i| member(random, if i < 6 { 1.0 } else { -1.0 }, 0.2, Some(usize::from(i < 6)))).collect();
        let pool = Pool::of(&members, &PLAIN);
        let mean = |platform| pool.beliefs([Some(platform), None], None)[0].moments().0;
        assert!(mean(1) > 0.5 && mean(0) < -0.5, "{} {}", mean(1), mean(0));
    }

    #[test]
    fn alone_the_plain_belief_is_left() {
        let random = &mut ChaCha8Rng::seed_from_u64(3);
        let members = [member(random, 2.0, 0.1, Some(0))];
        let pool = Pool::of(&members, &PLAIN);
        let (mean, sd) = pool.beliefs([Some(0), None], Some(0))[0].moments();
        assert!(mean.abs() < 1e-9 && sd > 0.9, "{mean} {sd}");
    }
}
