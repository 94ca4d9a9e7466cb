//! Lines under limits that nest, and what a spend of them is worth and keeps.

use rayon::prelude::*;

use super::line::Allowed;
use super::price::Curve;
use super::tree::{Span, Tree};

/// Lines from which on their values are worked out by several threads, and lines in one share.
const PARALLEL: usize = 512;
const SHARE: usize = 128;

/// Lines under nested limits.
pub struct Block<'a> {
    /// The lines.
    pub curves: Vec<&'a Curve<'a>>,
    /// Their groups; the first is the block.
    pub tree: Tree,
    /// What each group may spend.
    pub spans: Vec<Span>,
    /// KPI that a unit of spend has to bring to be worth it: m₀.
    pub worth: f64,
    /// What else must hold.
    pub asked: Asked,
    /// Money that its amounts are measured by.
    pub money: f64,
}

/// What must hold of the whole block besides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Asked {
    /// KPI to reach, with as little spend as possible.
    pub target: Option<f64>,
    /// Most that a KPI may cost on average.
    pub cost: Option<f64>,
}

impl<'a> Block<'a> {
    /// A group of the block as a block of its own, at the price around it; and its lines and groups by their index here.
    pub fn under(&self, group: usize, worth: f64) -> (Block<'a>, Vec<usize>, Vec<usize>) {
        let (tree, lines, groups) = self.tree.under(group);
        let curves = lines.iter().map(|line| self.curves[*line]).collect();
        let spans = groups.iter().map(|group| self.spans[*group]).collect();
        (Block { curves, tree, spans, worth, asked: Asked::default(), money: self.money }, lines, groups)
    }

    /// The KPI of a spend.
    pub fn kpi(&self, spend: &[f64]) -> f64 {
        let of =
            |share: (&[&Curve], &[f64])| share.0.iter().zip(share.1).map(|(curve, x)| curve.value(*x)).sum::<f64>();
        if spend.len() < PARALLEL {
            return of((&self.curves, spend));
        }
        let shares: Vec<f64> = self.curves.par_chunks(SHARE).zip(spend.par_chunks(SHARE)).map(of).collect();
        shares.into_iter().sum()
    }

    /// The objective of a spend: with a target, as little spend as possible.
    pub fn value(&self, spend: &[f64]) -> f64 {
        let whole: f64 = spend.iter().sum();
        if self.asked.target.is_some() { -whole } else { self.kpi(spend) - self.worth * whole }
    }

    /// Whether a spend is allowed and keeps every span, to within rounding.
    pub fn holds(&self, allowed: &[Allowed], spend: &[f64]) -> bool {
        let slack = 1e-9 * self.money.max(1.0);
        let sums = self.sums(spend);
        let within = |(sum, span): (&f64, &Span)| *sum <= span.high + slack && *sum >= span.low - slack;
        let asked = || {
            let kpi = self.kpi(spend);
            self.asked.target.is_none_or(|target| kpi >= target * (1.0 - 1e-9))
                && self.keeps_costs(spend, &sums)
                && self.asked.cost.is_none_or(|cost| sums[0] <= cost * kpi * (1.0 + 1e-9))
        };
        let spans = sums.iter().zip(&self.spans).all(within);
        spans && allowed.iter().zip(spend).all(|(allowed, x)| allowed.holds(*x)) && asked()
    }

    /// Whether every group keeps its ceiling on the average cost.
    fn keeps_costs(&self, spend: &[f64], sums: &[f64]) -> bool {
        if self.spans.iter().all(|span| span.cost.is_none()) {
            return true;
        }
        let values: Vec<f64> = self.curves.iter().zip(spend).map(|(curve, x)| curve.value(*x)).collect();
        let kpis = self.sums(&values);
        let mut each = self.spans.iter().zip(sums.iter().zip(kpis));
        each.all(|(span, (spent, kpi))| span.cost.is_none_or(|(cost, _)| *spent <= cost * kpi * (1.0 + 1e-9) + 1e-6))
    }

    /// Spend by group.
    fn sums(&self, spend: &[f64]) -> Vec<f64> {
        let mut sums: Vec<f64> =
            self.tree.groups.iter().map(|group| group.lines.iter().map(|line| spend[*line]).sum()).collect();
        for group in (1..sums.len()).rev() {
            sums[self.tree.groups[group].parent] += sums[group];
        }
        sums
    }

    /// What each group may still spend.
    pub fn room(&self, spend: &[f64]) -> Vec<f64> {
        let slack = 1e-9 * self.money.max(1.0);
        self.sums(spend).iter().zip(&self.spans).map(|(sum, span)| span.high - sum + slack).collect()
    }
}
