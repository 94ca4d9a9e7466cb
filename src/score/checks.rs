//! The stage's health checks: what a reader of the scorecard should know before acting on it.

use super::compare::Comparison;
use super::cost::{Costs, FEWEST_SUPPLIERS};
use super::net::Rebate;
use super::shrink::Evidence;
use super::tally::{Tallies, Tally};
use super::words::{plural, singular, some_of};
use super::{Efficiency, Light, SupplierScore, Tier};
use crate::check::Finding;
use crate::settings::ScoreSettings;
use crate::units::{Kpi, Measure};

/// Factor by which days may vary more than chance before a person should look.
const WILD: f64 = 10.0;
/// Efficiency from which on a supplier counts as a good one.
const EFFICIENT: f64 = 0.8;
/// Share of a supplier's spend that may lack the KPI without a word.
const UNREPORTED: f64 = 0.001;

/// Everything to say of a scorecard without KPI by supplier.
pub(super) fn of_total(kpi: Kpi, tallies: &Tallies) -> Vec<Finding> {
    let mut findings = kpi_total(kpi, tallies);
    findings.extend(unnamed(tallies));
    findings
}

/// Everything to say of a scorecard, in the order of what to read first.
pub(super) fn of_scores(
    kpi: Kpi,
    tallies: &Tallies,
    costs: &Costs,
    comparison: &Comparison,
    suppliers: &[SupplierScore],
) -> Vec<Finding> {
    let mut findings = unnamed(tallies);
    findings.extend(no_kpi(kpi, tallies));
    findings.extend(partial_kpi(kpi, tallies));
    findings.extend(few_suppliers(kpi, costs));
    findings.extend(spread(kpi, costs));
    findings.extend(day_swings(kpi, costs));
    findings.extend(unproven(tallies, suppliers));
    findings.extend(outputs(comparison));
    findings.extend(few_for_frontier(comparison));
    findings.extend(one_count(tallies, comparison));
    findings
}

/// # What it does
/// Says that the KPI comes as one total over all channels.
/// # Why it matters
/// A total cannot be split by supplier without guessing, so costs, ranks, efficiency and tiers are left out.
/// # Threshold
/// `[kpi_total]` is set.
/// # What to do
/// Map a KPI column of the exports where a platform attributes it, and leave `[kpi_total]` out.
fn kpi_total(kpi: Kpi, tallies: &Tallies) -> Vec<Finding> {
    let message =
        format!("{} come as one total, so none of the {} suppliers has a cost", plural(kpi), tallies.suppliers.len());
    let advice = "map a KPI column of the exports where the platform attributes it, and leave `[kpi_total]` out";
    vec![Finding::review("score.kpi_total", "suppliers", message, advice)]
}

/// # What it does
/// Says how much of the spend names no supplier.
/// # Why it matters
/// It is scored as if it were one supplier, and nobody can be asked for its price.
/// # Threshold
/// Any.
/// # What to do
/// Set `supplier` on the source, or map a column to it.
fn unnamed(tallies: &Tallies) -> Vec<Finding> {
    let all: f64 = tallies.suppliers.iter().map(Tally::spend).sum();
    let blank = tallies.suppliers.iter().find(|tally| tally.supplier.is_none() && tally.spend() > 0.0);
    let finding = |tally: &Tally| {
        let message = format!("{:.1} % of the spend names no supplier", 100.0 * tally.spend() / all);
        Finding::review("score.unnamed", tally.label(), message, "set `supplier` on the source, or map a column to it")
    };
    blank.map(finding).into_iter().collect()
}

/// # What it does
/// Names suppliers with spend that report no KPI at all.
/// # Why it matters
/// Absent is not zero: they are neither good nor bad, and are left out of prior, ranks and frontier.
/// # Threshold
/// Spend above zero, no entry with the KPI.
/// # What to do
/// Map the KPI column of their exports.
fn no_kpi(kpi: Kpi, tallies: &Tallies) -> Vec<Finding> {
    let silent = tallies.suppliers.iter().filter(|tally| tally.spend() > 0.0 && !is_scored(tally, kpi.measure()));
    let finding = |tally: &Tally| {
        let message =
            format!("spend of {:.2} without any {} reported, so it is not scored", tally.spend(), plural(kpi));
        Finding::review("score.no_kpi", tally.label(), message, "map the KPI column of its exports; absent is not zero")
    };
    silent.map(finding).collect()
}

/// # What it does
/// Names suppliers that report the KPI for a part of their spend only.
/// # Why it matters
/// Their cost is that of the part that reports.
/// # Threshold
/// More than 0.1 % of the spend on entries without the KPI.
/// # What to do
/// Write zero where zero is meant; find out why the rest is blank.
fn partial_kpi(kpi: Kpi, tallies: &Tallies) -> Vec<Finding> {
    let finding = |tally: &Tally| {
        let share = 1.0 - tally.spend_with(kpi.measure()) / tally.spend();
        let message = format!(
            "{:.1} % of the spend has no {} reported; the cost is that of the rest",
            100.0 * share,
            plural(kpi)
        );
        let advice = "write 0 where none came in, and find out why the others are blank";
        (share > UNREPORTED).then(|| Finding::review("score.partial_kpi", tally.label(), message, advice))
    };
    tallies.suppliers.iter().filter(|tally| is_scored(tally, kpi.measure())).filter_map(finding).collect()
}

/// # What it does
/// Says that there are too few suppliers to tell how much suppliers differ.
/// # Why it matters
/// Costs are then shrunk towards the pooled cost by a stated amount (two KPI) rather than by an estimated one.
/// # Threshold
/// Fewer than [`FEWEST_SUPPLIERS`] suppliers with spend and KPI reported.
/// # What to do
/// Read intervals rather than ranks.
fn few_suppliers(kpi: Kpi, costs: &Costs) -> Vec<Finding> {
    let scored = costs.known.iter().flatten().count();
    let message = format!(
        "{scored} with spend and {} reported: too few to tell how much suppliers differ, so costs lean towards the \
         pooled one by two {}",
        plural(kpi),
        plural(kpi)
    );
    let finding =
        Finding::review("score.few_suppliers", "suppliers", message, "read the intervals rather than the ranks");
    (0 < scored && scored < FEWEST_SUPPLIERS).then_some(finding).into_iter().collect()
}

/// # What it does
/// Says when the suppliers' true costs differ by no more than chance (`score.alike`), or by more than the prior allows
/// (`score.far_apart`).
/// # Why it matters
/// Alike: the order of the suppliers is mostly luck. Far apart: small suppliers are shrunk less than two KPI's worth would
/// have them, towards a mean that few of them are near.
/// # Threshold
/// Alike: the likelihood rises towards no spread at all. Far apart: it peaks at a prior worth fewer than two KPI.
/// # What to do
/// Alike: do not move budget on the ranks. Far apart: look whether some suppliers count something else.
fn spread(kpi: Kpi, costs: &Costs) -> Vec<Finding> {
    let scored = costs.known.iter().flatten().count();
    match costs.evidence {
        Some(Evidence::Alike) => vec![Finding::review(
            "score.alike",
            "suppliers",
            format!("the costs per {} differ no more than chance makes them", singular(kpi)),
            "do not move budget on the ranks alone",
        )],
        Some(Evidence::Assumed) if scored >= FEWEST_SUPPLIERS && costs.pooled.is_some() => vec![Finding::review(
            "score.far_apart",
            "suppliers",
            format!("the costs per {} lie so far apart that little can be learnt from one for another", singular(kpi)),
            "look whether some suppliers count something else than the others",
        )],
        _ => Vec::new(),
    }
}

/// # What it does
/// Says when days vary far more than chance, or when there are no days to measure it.
/// # Why it matters
/// A cost is as sure as its days agree. Wild days widen every interval; without days the intervals assume mere chance and are too narrow.
/// # Threshold
/// More than [`WILD`] times the variance of chance; fewer than ten day-to-day comparisons.
/// # What to do
/// Wild: look for days booked late or twice. None: export by day.
fn day_swings(kpi: Kpi, costs: &Costs) -> Vec<Finding> {
    let (swings, scored) = (costs.swings(), costs.known.iter().flatten().count());
    let phi = swings.phi;
    let (message, advice) = match swings.measured {
        false if kpi == Kpi::Value => {
            ("too few days to tell how value varies, so no cost has an interval".into(), "export by day")
        }
        false if scored > 0 => {
            ("too few days to measure their swings: the intervals assume mere chance".into(), "export by day")
        }
        true if phi > WILD && kpi != Kpi::Value => (
            format!("daily {} vary {phi:.1} times as much as by chance, which widens every interval", plural(kpi)),
            "look for days that were booked late, twice or not at all",
        ),
        _ => return Vec::new(),
    };
    vec![Finding::review("score.day_swings", "suppliers", message, advice)]
}

/// # What it does
/// Names the suppliers without a grade.
/// # Why it matters
/// They are not bad, only unknown: a probe budget settles it, dropping them does not.
/// # Threshold
/// Tier U.
/// # What to do
/// Give each a probe that would buy some dozens of KPI at the target cost.
fn unproven(tallies: &Tallies, suppliers: &[SupplierScore]) -> Vec<Finding> {
    let names: Vec<String> = tallies
        .suppliers
        .iter()
        .zip(suppliers)
        .filter(|(_, score)| score.tier == Tier::U)
        .map(|(tally, _)| tally.label())
        .collect();
    let message = format!("{} of {} unproven: {}", names.len(), suppliers.len(), some_of(&names));
    let advice = "keep a probe budget that buys some dozens of the KPI at the target cost; never drop for lack of data";
    let finding = Finding::review("score.unproven", "suppliers", message, advice);
    (!names.is_empty()).then_some(finding).into_iter().collect()
}

/// # What it does
/// Names the counts that the comparison leaves out because some suppliers do not report them.
/// # Why it matters
/// Efficiency is measured on the counts that are left.
/// # Threshold
/// A count on entries of less than 90 % of some supplier's spend.
/// # What to do
/// Map the column for the suppliers named.
fn outputs(comparison: &Comparison) -> Vec<Finding> {
    let finding = |(measure, silent): &(crate::units::Measure, Vec<String>)| {
        let message = format!("left out of efficiency: not reported by {}", some_of(silent));
        Finding::review(
            "score.outputs",
            measure.name(),
            message,
            "map the column for them, to compare all suppliers by it",
        )
    };
    comparison.left_out.iter().map(finding).collect()
}

/// # What it does
/// Names suppliers that are efficient only because a single count of theirs is cheap.
/// # Why it matters
/// Cheap reads are worth something when entries and registrations follow; by themselves they make no supplier a good one.
/// # Threshold
/// Efficiency under non-increasing returns of at least [`EFFICIENT`], and below that share of it once no step of the funnel may be
/// worth more than twice, or less than half, what the portfolio's rates say.
/// # What to do
/// Look at the assured efficiency beside it, and at what its cheap count leads to.
fn one_count(tallies: &Tallies, comparison: &Comparison) -> Vec<Finding> {
    let is_one = |(at, found): (usize, &Option<Efficiency>)| {
        let found = found.as_ref().filter(|found| found.nirs >= EFFICIENT)?;
        (found.assured < EFFICIENT * found.nirs).then(|| tallies.suppliers[at].label())
    };
    let names: Vec<String> = comparison.efficiency.iter().enumerate().filter_map(is_one).collect();
    let message = format!("efficient by one cheap count alone: {}", some_of(&names));
    let advice = "look at the assured efficiency beside it, and at what the cheap count leads to";
    let finding = Finding::review("score.one_count", "suppliers", message, advice);
    (!names.is_empty()).then_some(finding).into_iter().collect()
}

/// # What it does
/// Says that there are too few suppliers for efficiency to tell them apart.
/// # Why it matters
/// With few suppliers and several counts nearly everybody is efficient at something. Tiers do not use efficiency for that reason.
/// # Threshold
/// n below max(m · s, 3 (m + s)) for m inputs and s outputs (Cooper, Seiford & Tone 2007).
/// # What to do
/// Take an efficiency of 1 for no more than "not shown to be worse".
fn few_for_frontier(comparison: &Comparison) -> Vec<Finding> {
    let (scored, fewest) = comparison.size;
    let message = format!("{scored} compared by {} counts, at least {fewest} needed", comparison.outputs.len());
    let advice = "take an efficiency of 1 for no more than not shown to be worse";
    let finding = Finding::review("score.few_for_frontier", "suppliers", message, advice);
    (0 < scored && scored < fewest).then_some(finding).into_iter().collect()
}

/// Everything to say of quality and trust.
pub(super) fn of_trust(
    tallies: &Tallies,
    suppliers: &[SupplierScore],
    rebates: &[Rebate],
    settings: &ScoreSettings,
) -> Vec<Finding> {
    let mut findings = traffic(suppliers);
    findings.extend(gap(suppliers, settings));
    findings.extend(rebate(suppliers));
    findings.extend(mixed_spend(tallies, rebates));
    findings
}

/// # What it does
/// Names suppliers with two or more independent families of invalid-traffic indicators raised.
/// # Why it matters
/// Their counts may not be people. Aggregates cannot certify it: it takes logs and a person.
/// # Threshold
/// Amber or red light; the indicators hold one false-discovery rate over the whole table.
/// # What to do
/// Freeze increases, ask the supplier for logs, and write what was found into `[[score.verdict]]`.
fn traffic(suppliers: &[SupplierScore]) -> Vec<Finding> {
    let finding = |score: &SupplierScore| {
        let evidence: Vec<String> = score
            .trust
            .indicators
            .iter()
            .filter(|one| one.raised)
            .map(|one| format!("{}: {}", one.name, one.evidence))
            .collect();
        let advice = "freeze increases, ask for logs, and write what you find into `[[score.verdict]]`";
        Finding::review("score.traffic", label(score), evidence.join(" "), advice)
    };
    let open = |score: &&SupplierScore| score.trust.light >= Light::Amber && score.trust.review.is_none();
    suppliers.iter().filter(open).map(finding).collect()
}

/// # What it does
/// Names suppliers whose platform counts otherwise than oneself.
/// # Why it matters
/// Costs are of the platform's count.
/// # Threshold
/// A gap of `score.trust.gap` or more, beyond its 90 % interval.
/// # What to do
/// Settle which count is right before the next invoice.
fn gap(suppliers: &[SupplierScore], settings: &ScoreSettings) -> Vec<Finding> {
    let finding = |score: &SupplierScore| {
        let found = score.trust.reconciliation?;
        let message = format!(
            "the platform reports {:.0}, own count {:.0}: a gap of {:.1} % ± {:.1} %",
            found.reported,
            found.own,
            100.0 * found.gap,
            100.0 * found.error
        );
        let advice = "settle which count is right before the next invoice";
        (found.gap.abs() - found.error >= settings.trust.gap)
            .then(|| Finding::review("score.reconciliation", label(score), message, advice))
    };
    suppliers.iter().filter_map(finding).collect()
}

/// # What it does
/// Names suppliers who paid less rebate than their contract gives.
/// # Why it matters
/// It is money owed.
/// # Threshold
/// More than half a percentage point.
/// # What to do
/// Hold the invoice against the contract.
fn rebate(suppliers: &[SupplierScore]) -> Vec<Finding> {
    let finding = |score: &SupplierScore| {
        let price = score.trust.price?;
        let (realised, contracted) = price.realised.zip(price.contracted)?;
        let message = format!(
            "a rebate of {:.1} % was paid, the contract gives {:.1} % for this volume",
            100.0 * realised,
            100.0 * contracted
        );
        let advice = "hold the invoice against the contract";
        (realised < contracted - 0.005).then(|| Finding::review("score.rebate", label(score), message, advice))
    };
    suppliers.iter().filter_map(finding).collect()
}

/// # What it does
/// Says that net spend is known for some suppliers only.
/// # Why it matters
/// Efficiency and asks are by net spend; the others count at face value, as if they gave no rebate.
/// # Threshold
/// Cash or a contract for some suppliers and not for others.
/// # What to do
/// Export cash, or write the contracts of the suppliers named.
fn mixed_spend(tallies: &Tallies, rebates: &[Rebate]) -> Vec<Finding> {
    let pairs = || tallies.suppliers.iter().zip(rebates).filter(|(tally, _)| tally.spend() > 0.0);
    let silent: Vec<String> =
        pairs().filter(|(_, rebate)| !rebate.is_known()).map(|(tally, _)| tally.label()).collect();
    let message = format!("net spend is not known of {}: taken at face value", some_of(&silent));
    let advice = "export `spend_cash`, or write their `[[plan.contract]]`";
    let some = pairs().any(|(_, rebate)| rebate.is_known());
    (some && !silent.is_empty())
        .then(|| Finding::review("score.net_spend", "suppliers", message, advice))
        .into_iter()
        .collect()
}

fn label(score: &SupplierScore) -> String {
    score.supplier.clone().unwrap_or_else(|| "(no supplier)".into())
}

/// Whether a supplier has spend whose entries report the KPI.
fn is_scored(tally: &Tally, kpi: Measure) -> bool {
    tally.sum(kpi).is_some_and(|sum| sum >= 0.0) && tally.spend_with(kpi) > 0.0
}
