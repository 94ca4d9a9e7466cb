//! What is not known of the plan, what its limits cost, and its days, as parts of a document.

use super::{Block, Table};
use crate::plan::Answer;
use crate::report::numbers::{ABSENT, count, decimal, signed, signed_count, significant};
use crate::report::unknown::{self, Unsure};
use crate::report::{Words, story};
use crate::settings::Settings;

fn or(figure: Option<f64>, shown: impl Fn(f64) -> String) -> String {
    figure.filter(|figure| figure.is_finite()).map_or(ABSENT.to_owned(), shown)
}

fn money(figure: Option<f64>) -> String {
    or(figure, |figure| decimal(figure, 2))
}

/// How sure the amounts are; nothing where the curves are certain.
pub(super) fn sureness(settings: &Settings, answer: &Answer, words: &Words) -> Vec<Block> {
    let lines = unknown::lines(answer);
    if lines.is_empty() {
        return Vec::new();
    }
    let heads = [
        words.say("channel"),
        words.say("recommended_spend"),
        words.say("best_spend"),
        "P10",
        "P90",
        words.say("bid_at_most"),
        "P10",
        "P90",
        words.say("test_worth"),
        words.say("test_budget"),
    ];
    let mut table = Table::new(&heads, 1);
    table.rows = lines.iter().map(sure_row).collect();
    let mut blocks = vec![
        Block::Heading(words.say("sureness").to_owned()),
        Block::List(story::sureness(settings, answer, words)),
        Block::Text(words.say("sureness_note").to_owned()),
        Block::Table(table),
    ];
    blocks.extend(caused(&lines, words));
    blocks
}

/// What the lines are taken to cause; nothing where no model says.
fn caused(lines: &[Unsure], words: &Words) -> Vec<Block> {
    let heads = [
        words.say("channel"),
        words.say("caused"),
        "P10",
        "P90",
        words.say("caused_cost"),
        words.say("caused_share"),
        "P05",
        "P95",
        words.say("by_test"),
    ];
    let mut table = Table::new(&heads, 1);
    let row = |one: &Unsure| {
        let caused = one.line.incremental.as_ref()?;
        let mut row = vec![one.line.channel.clone()];
        row.extend([caused.mean, caused.p10, caused.p90].map(count));
        row.push(money(caused.cost_per));
        row.extend([caused.share.mean, caused.share.p05, caused.share.p95].map(|share| decimal(share, 2)));
        row.push(caused.tests.join(", "));
        Some(row)
    };
    table.rows = lines.iter().filter_map(row).collect();
    let note = Block::Text(words.say("caused_note").to_owned());
    if table.rows.is_empty() { Vec::new() } else { vec![note, Block::Table(table)] }
}

fn sure_row(one: &Unsure) -> Vec<String> {
    let (interval, bid) = (one.line.interval, one.line.bid_ceiling);
    vec![
        one.line.channel.clone(),
        money(Some(one.line.spend)),
        money(interval.map(|interval| interval.p50)),
        money(interval.map(|interval| interval.p10)),
        money(interval.map(|interval| interval.p90)),
        money(bid.map(|bid| bid.cost)),
        money(bid.and_then(|bid| bid.p10)),
        money(bid.and_then(|bid| bid.p90)),
        or(one.test.and_then(|test| test.worth), count),
        money(one.test.and_then(|test| test.probe_budget)),
    ]
}

/// What the limits cost.
pub(super) fn limits(answer: &Answer, words: &Words) -> Vec<Block> {
    let mut table = Table::new(
        &[
            words.say("limit"),
            words.say("unit"),
            words.say("price"),
            "P10",
            "P90",
            words.say("limit_costs"),
            words.say("limit_saves"),
        ],
        2,
    );
    table.rows = (unknown::limits(answer).into_iter())
        .map(|(price, cost)| {
            let mut row = vec![words.limit(&price.limit), words.translate("plan.unit", &price.unit)];
            row.push(significant(price.price));
            row.extend([cost.map(|cost| cost.price_p10), cost.map(|cost| cost.price_p90)].map(|p| or(p, significant)));
            row.push(or(cost.and_then(|cost| cost.costs).map(|costs| costs.mean), signed_count));
            row.push(money(cost.and_then(|cost| cost.saves)));
            row
        })
        .collect();
    let heading = Block::Heading(words.say("prices").to_owned());
    let mut blocks = vec![heading, Block::Text(story::prices(answer, words))];
    if !table.rows.is_empty() {
        blocks.push(Block::Table(table));
    }
    blocks
}

/// The plan's days; nothing where none were laid out.
pub(super) fn days(answer: &Answer, words: &Words) -> Vec<Block> {
    let Some(message) = story::days(answer, words) else { return Vec::new() };
    let heads = [
        words.say("day"),
        words.say("events"),
        words.say("spend"),
        words.say("day_change"),
        words.say("lines_changed"),
    ];
    let mut table = Table::new(&heads, 2);
    table.rows = (unknown::days(answer).into_iter())
        .map(|day| {
            let figures = [decimal(day.spend, 2), signed(day.change, 2), day.changed.to_string()];
            [day.date.to_string(), day.events.join(", ")].into_iter().chain(figures).collect()
        })
        .collect();
    let heading = Block::Heading(words.say("days").to_owned());
    vec![heading, Block::Text(message), Block::Text(words.say("days_note").to_owned()), Block::Table(table)]
}
