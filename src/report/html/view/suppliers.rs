//! The ranked suppliers, and one scorecard each.

use serde::Serialize;

use crate::report::text::{one_line, shorten, slug};
use crate::report::{Results, Words, story};
use crate::score::{Light, SupplierScore};

/// Scorecards on the page, those of the best tiers first; the others are in the workbook and in suppliers.json.
const CARDS: usize = 200;

#[derive(Serialize)]
pub(super) struct Suppliers<'a> {
    message: String,
    /// How many rows have a scorecard.
    cards: usize,
    /// What to say when not all have one.
    more: Option<String>,
    rows: Vec<SupplierRow<'a>>,
    /// Largest cost of the interval bars.
    most: f64,
    /// How many there are of each tier.
    tiers: Vec<(String, &'a str, usize)>,
}

#[derive(Serialize)]
struct SupplierRow<'a> {
    score: &'a SupplierScore,
    id: String,
    name: String,
    platforms: String,
    tier: String,
    tier_word: &'a str,
    /// Place of the tier in the order of tiers.
    order: usize,
    reasons: Vec<String>,
    ask: Option<(f64, String)>,
    no_ask: Option<String>,
    flip: Option<String>,
    /// Probability of each grade, were the true costs known.
    chances: String,
    position: Option<&'a str>,
    probation: Option<String>,
    light: &'a str,
    /// Raised indicators of invalid traffic: what was seen.
    raised: Vec<String>,
    peers: Vec<(String, f64)>,
    /// Left end, width and mean of its cost's interval, in percent of the longest.
    bar: Option<(f64, f64, f64)>,
}

pub(super) fn suppliers<'a>(results: &Results<'a>, words: &'a Words) -> Suppliers<'a> {
    let scores = &results.scores.suppliers;
    let highest = scores.iter().filter_map(|score| Some(score.cost_per.as_ref()?.p95)).filter(|cost| cost.is_finite());
    // one supplier of which next to nothing is known must not flatten all others' bars
    let shrunk = scores.iter().filter_map(|score| score.cost_per.as_ref()?.shrunk).fold(0.0, f64::max);
    let most = highest.fold(f64::MIN_POSITIVE, f64::max).min(2.5 * shrunk.max(f64::MIN_POSITIVE));
    let mut rows: Vec<SupplierRow> = scores.iter().enumerate().map(|(at, score)| row(at, score, most, words)).collect();
    let cost = |row: &SupplierRow| row.score.cost_per.as_ref().and_then(|cost| cost.shrunk).unwrap_or(f64::INFINITY);
    rows.sort_by(|a, b| (a.order, cost(a)).partial_cmp(&(b.order, cost(b))).unwrap_or(std::cmp::Ordering::Equal));
    let mut tiers: Vec<(String, &str, usize)> = Vec::new();
    for row in &rows {
        match tiers.iter_mut().find(|(tier, ..)| *tier == row.tier) {
            Some((.., count)) => *count += 1,
            None => tiers.push((row.tier.clone(), row.tier_word, 1)),
        }
    }
    let more = (rows.len() > CARDS).then(|| words.tell("scorecards_more", &[("count", &CARDS.to_string())]));
    Suppliers { message: story::suppliers(results, words), cards: CARDS, more, rows, most, tiers }
}

fn row<'a>(at: usize, score: &'a SupplierScore, most: f64, words: &'a Words) -> SupplierRow<'a> {
    let name = |name: Option<&str>| name.map_or_else(|| words.say("no_supplier").to_owned(), |name| shorten(name, 60));
    let percent = |cost: f64| (1000.0 * (cost / most).clamp(0.0, 1.0)).round() / 10.0;
    SupplierRow {
        score,
        id: format!("supplier-{}-{}", at + 1, slug(score.supplier.as_deref().unwrap_or(""))),
        name: name(score.supplier.as_deref()),
        platforms: score
            .platforms
            .iter()
            .map(|platform| one_line(platform))
            .collect::<Vec<_>>()
            .join(words.say("between_items")),
        tier: format!("{:?}", score.tier),
        tier_word: words.tier(score.tier),
        order: score.tier as usize,
        reasons: score.reasons.iter().map(|reason| words.translate("score.reason", &one_line(reason))).collect(),
        ask: score.ask.as_ref().map(|ask| (ask.rebate, words.translate("score.ask", &one_line(&ask.because)))),
        no_ask: score.no_ask.as_ref().map(|why| words.translate("score.ask", &one_line(why))),
        flip: score.decision.flip.as_ref().map(|flip| words.translate("score.reason", &one_line(&flip.because))),
        chances: chances(score),
        position: score.decision.position.as_deref().map(|position| self::position(position, words)),
        probation: score.decision.probation.as_ref().map(|on| {
            let (start, end) = (words.date(&on.start.to_string()), words.date(&on.end.to_string()));
            let cap = crate::report::numbers::decimal(on.daily_cap, 0);
            words.tell("probation_told", &[("start", &start), ("end", &end), ("cap", &cap)])
        }),
        light: light(score.trust.light, words),
        raised: (score.trust.indicators.iter().filter(|indicator| indicator.raised))
            .map(|indicator| words.translate("score.indicator", &one_line(&indicator.evidence)))
            .collect(),
        peers: score.efficiency.as_ref().map_or(Vec::new(), |efficiency| {
            efficiency.peers.iter().map(|peer| (name(peer.supplier.as_deref()), peer.weight)).collect()
        }),
        bar: score.cost_per.as_ref().filter(|cost| cost.p05.is_finite()).map(|cost| {
            let (low, high) = (percent(cost.p05), percent(cost.p95));
            (low, ((high - low) * 10.0).round() / 10.0, percent(cost.shrunk.unwrap_or(cost.p95)))
        }),
    }
}

/// `A 72.0% · B 28.0%`: the grades that are not out of the question.
fn chances(score: &SupplierScore) -> String {
    let told = score.decision.tier_chances.iter().filter(|(_, chance)| **chance >= 0.005);
    let told: Vec<String> =
        told.map(|(tier, chance)| format!("{tier} {}", crate::report::numbers::percent(*chance))).collect();
    told.join(" · ")
}

fn position<'a>(position: &'a str, words: &'a Words) -> &'a str {
    match position {
        "strategic" => words.say("position_strategic"),
        "leverage" => words.say("position_leverage"),
        "bottleneck" => words.say("position_bottleneck"),
        "non-critical" => words.say("position_non_critical"),
        other => other,
    }
}

fn light(light: Light, words: &Words) -> &str {
    match light {
        Light::None => words.say("light_none"),
        Light::Watch => words.say("light_watch"),
        Light::Amber => words.say("light_amber"),
        Light::Red => words.say("light_red"),
    }
}
