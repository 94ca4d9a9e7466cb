//! Bounds per supplier and per line that one setting makes: concentration, ramps, and the caps and probes of the scorecard.

use crate::check::Error;
use crate::fit::Fitted;
use crate::plan::line::Line;
use crate::plan::rows::{Label, Number, Row, Sense};
use crate::score::{Scorecard, SupplierScore, Tier};
use crate::settings::{Limit, PlanSettings};
use crate::units::{Channel, Field};

/// What the scorecard lets a supplier have, money.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SupplierCap {
    supplier: Option<String>,
    /// The limit's name.
    name: String,
    least: f64,
    most: f64,
}

/// `supplier_share_max`: a named share limit for each supplier.
///
/// # Errors
///
/// [`crate::check::Kind::Settings`] when there are too few suppliers for the shares to add up to the whole plan.
pub(super) fn concentration(settings: &PlanSettings, lines: &[Line]) -> Result<Vec<Row>, Error> {
    let Some(most) = settings.rules.supplier_share_max else { return Ok(Vec::new()) };
    let suppliers = suppliers(lines.iter().map(|line| &line.channel));
    let nameless = lines.iter().any(|line| line.channel.value(Field::Supplier).is_none());
    if !nameless && suppliers.len() as f64 * most < 1.0 {
        let message = format!("{most}, and {} suppliers with that share each are no whole plan", suppliers.len());
        let help = "raise it, or leave it out: `project.channel` must tell suppliers for it to mean anything";
        return Err(Error::setting("plan.supplier_share_max", message).help(help));
    }
    let row = |supplier: &str| Row {
        label: Label::Limit(format!("supplier_share_max: {supplier}")),
        lines: of_supplier(lines, Some(supplier)),
        total: -most,
        sense: Sense::AtMost,
        bound: 0.0,
        number: Number::PointOfTotal,
    };
    Ok(suppliers.into_iter().map(row).collect())
}

fn suppliers<'a>(channels: impl Iterator<Item = &'a Channel>) -> Vec<&'a str> {
    let mut names: Vec<&str> = channels.filter_map(|channel| channel.value(Field::Supplier)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn of_supplier(lines: &[Line], supplier: Option<&str>) -> Vec<usize> {
    (0..lines.len()).filter(|line| lines[*line].channel.value(Field::Supplier) == supplier).collect()
}

/// `ramp`: no line goes beyond a multiple of the most that was seen, unless a floor of the user's on it alone asks for it.
pub(super) fn ramps(settings: &PlanSettings, lines: &[Line], rows: &[Row]) -> Vec<Row> {
    let Some(ramp) = settings.rules.ramp else { return Vec::new() };
    let asked = |line: usize, most: f64| {
        rows.iter().any(|row| row.is_bound() && row.lines == [line] && row.sense == Sense::AtLeast && row.bound > most)
    };
    let row = |line: usize| {
        let most = ramp * lines[line].observed;
        let bounds = most.is_finite() && lines[line].curve.is_ok() && !asked(line, most);
        let name = format!("ramp: {}", lines[line].channel.label);
        bounds.then(|| super::amount(name, vec![line], Sense::AtMost, most))
    };
    (0..lines.len()).filter_map(row).collect()
}

/// What the scorecard lets each supplier of the models have: `cap_share` of the budget by tier, and for an unproven one a
/// probe. A `[[plan.limit]]` about the supplier alone replaces it.
///
/// # Errors
///
/// [`crate::check::Kind::Settings`] without a scorecard.
pub(super) fn from_score(
    settings: &PlanSettings,
    fitted: &Fitted,
    scores: Option<&Scorecard>,
) -> Result<Vec<SupplierCap>, Error> {
    if !settings.caps_from_score {
        return Ok(Vec::new());
    }
    let Some(scores) = scores else {
        let message = "needs the scorecard, and a plan from a model file has none";
        let help = "run `outlay plan` on the exports, or write the caps as `[[plan.limit]]`";
        return Err(Error::setting("plan.caps_from_score", message).help(help));
    };
    let runs = |score: &&SupplierScore| {
        let supplier = score.supplier.as_deref();
        fitted.channels.iter().any(|fit| fit.channel.value(Field::Supplier) == supplier)
            && !settings.limits.iter().any(|limit| is_about(limit, supplier))
    };
    let scored: Vec<&SupplierScore> = scores.suppliers.iter().filter(runs).collect();
    let probes: f64 = scored.iter().filter(|score| score.tier == Tier::U).map(|score| wanted(score, settings)).sum();
    let together = settings.rules.probe.together * settings.budget;
    let scale = if probes > together { together / probes } else { 1.0 };
    Ok(scored.into_iter().map(|score| cap(score, settings, scale)).collect())
}

/// The probe of an unproven supplier: what the scorecard says would settle the question, within the shares of the budget.
fn wanted(score: &SupplierScore, settings: &PlanSettings) -> f64 {
    let (budget, probe) = (settings.budget, settings.rules.probe);
    score.decision.probe.unwrap_or(0.0).clamp(probe.least * budget, probe.most * budget)
}

/// Whether a limit is about one supplier and nothing else.
fn is_about(limit: &Limit, supplier: Option<&str>) -> bool {
    limit.whom.0.len() == 1 && limit.whom.0.get(&Field::Supplier).map(String::as_str) == supplier
}

fn cap(score: &SupplierScore, settings: &PlanSettings, scale: f64) -> SupplierCap {
    let name = score.supplier.as_deref().unwrap_or("(no supplier)");
    let (budget, probe) = (settings.budget, settings.rules.probe);
    let (least, most, name) = match score.cap_share {
        Some(share) if score.tier != Tier::U => {
            let percent = (share * 1000.0).round() / 10.0;
            (0.0, share * budget, format!("score: {name} is tier {:?}, at most {percent} %", score.tier))
        }
        _ => (scale * wanted(score, settings), probe.most * budget, format!("probe: {name} is unproven")),
    };
    SupplierCap { supplier: score.supplier.clone(), name, least, most }
}

/// Adds the scorecard's caps, and brings lines that are held for want of a curve within them.
pub(super) fn apply(caps: &[SupplierCap], lines: &[Line], rows: &mut Vec<Row>) {
    for cap in caps {
        let members = of_supplier(lines, cap.supplier.as_deref());
        hold_within(cap, &members, rows);
        rows.push(super::amount(cap.name.clone(), members.clone(), Sense::AtMost, cap.most));
        if cap.least > 0.0 {
            rows.push(super::amount(cap.name.clone(), members, Sense::AtLeast, cap.least));
        }
    }
}

/// Held lines of a supplier keep their proportions, and together no more than its cap; when all its lines are held, no less
/// than its probe.
fn hold_within(cap: &SupplierCap, members: &[usize], rows: &mut [Row]) {
    let is_held = |row: &Row| matches!(row.label, Label::Held(_)) && members.contains(&row.lines[0]);
    let floors: Vec<f64> =
        rows.iter().filter(|row| is_held(row) && row.sense == Sense::AtLeast).map(|r| r.bound).collect();
    let held: f64 = floors.iter().sum();
    let least = if floors.len() == members.len() { cap.least } else { 0.0 };
    let wanted = held.clamp(least, cap.most.max(least));
    if floors.is_empty() || wanted == held {
        return;
    }
    for row in rows.iter_mut().filter(|row| is_held(row)) {
        row.bound = if held > 0.0 { row.bound * wanted / held } else { wanted / floors.len() as f64 };
        row.label = Label::Limit(cap.name.clone());
    }
}
