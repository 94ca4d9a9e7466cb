//! What changed since another run, as a document.

use super::{Block, Document, Table};
use crate::report::compare::{Bridge, Cause, Comparison, PriceChange};
use crate::report::numbers::{ABSENT, count, decimal, signed, signed_count, significant};
use crate::report::words::step_name;
use crate::report::{Lang, Words};

/// The document of a comparison.
pub fn of_comparison(comparison: &Comparison, title: &str, lang: Lang) -> Document {
    let words = &Words::of(lang);
    let mut blocks = vec![Block::Heading(words.say("compare_title").to_owned())];
    blocks.push(Block::Text(words.say("compare_order").to_owned()));
    blocks.extend(comparison.bridges.iter().flat_map(|bridge| bridged(bridge, comparison, words)));
    blocks.push(Block::Heading(words.say("compare_causes").to_owned()));
    blocks.push(causes(&comparison.causes, words));
    blocks.push(Block::Heading(words.say("allocation").to_owned()));
    blocks.push(Block::Table(lines(comparison, words)));
    if !comparison.prices.is_empty() {
        blocks.push(Block::Heading(words.say("prices").to_owned()));
        blocks.push(Block::Table(prices(&comparison.prices, words)));
    }
    Document { title: format!("{title}{}{}", words.say("colon"), words.say("compare_title")), blocks }
}

fn bridged(bridge: &Bridge, comparison: &Comparison, words: &Words) -> [Block; 2] {
    let is_money = bridge.figure != "expected";
    let name = match bridge.figure {
        "spend" => words.say("spend"),
        "cash" => words.say("cash"),
        "observed_cost" => words.say("observed_cost"),
        _ => words.say("expected"),
    };
    let unit = if is_money { &comparison.currency } else { step_name(words, &comparison.kpi) };
    let mut table = Table::new(&[name, unit], 1);
    table.rows.push(vec![words.say("compare_before").to_owned(), decimal(bridge.before, 2)]);
    table.rows.extend(bridge.steps.iter().map(|step| vec![change(step.change, words).to_owned(), signed(step.by, 2)]));
    table.rows.push(vec![words.say("compare_after").to_owned(), decimal(bridge.after, 2)]);
    table.total = true;
    [Block::Text(format!("{name} ({unit})")), Block::Table(table)]
}

fn change<'a>(change: &str, words: &'a Words) -> &'a str {
    match change {
        "model" => words.say("change_model"),
        "period" => words.say("change_period"),
        "money" => words.say("change_money"),
        "mix" => words.say("change_mix"),
        "asked" => words.say("change_asked"),
        "unspent" => words.say("change_unspent"),
        "media_price" => words.say("change_media_price"),
        "click_rate" => words.say("change_click_rate"),
        "click_price" => words.say("change_click_price"),
        "conversion" => words.say("change_conversion"),
        _ => words.say("change_prices"),
    }
}

fn causes(causes: &[Cause], words: &Words) -> Block {
    if causes.is_empty() {
        return Block::Text(words.say("compare_same").to_owned());
    }
    let heads = [words.say("reason"), words.say("name"), words.say("compare_before"), words.say("compare_after")];
    let mut table = Table::new(&heads, 4);
    let kind = |cause: &Cause| match cause.kind {
        "data" => words.say("cause_data"),
        "settings" => words.say("cause_settings"),
        "model" => words.say("cause_model"),
        _ => words.say("cause_program"),
    };
    let told = |fact: &Option<String>| match fact {
        Some(fact) => words.translate("compare.fact", fact),
        None => ABSENT.to_owned(),
    };
    let row = |cause: &Cause| vec![kind(cause).to_owned(), cause.fact.clone(), told(&cause.before), told(&cause.after)];
    table.rows = causes.iter().map(row).collect();
    Block::Table(table)
}

fn lines(comparison: &Comparison, words: &Words) -> Table {
    let (before, after) = (words.say("compare_before"), words.say("compare_after"));
    let (spend, expected, colon) = (words.say("spend"), words.say("expected"), words.say("colon"));
    let heads = [
        words.say("channel").to_owned(),
        format!("{spend}{colon}{before}"),
        format!("{spend}{colon}{after}"),
        words.say("change").to_owned(),
        format!("{expected}{colon}{before}"),
        format!("{expected}{colon}{after}"),
        words.say("change_model").to_owned(),
        words.say("change_money").to_owned(),
        words.say("compare_newly").to_owned(),
    ];
    let mut table = Table::new(&heads.each_ref().map(String::as_str), 1);
    if let Some(last) = table.columns.last_mut() {
        last.1 = false;
    }
    let money = |amount: Option<f64>| amount.map_or(ABSENT.to_owned(), |amount| decimal(amount, 2));
    let kpi = |figure: Option<f64>| figure.map_or(ABSENT.to_owned(), count);
    table.rows = (comparison.lines.iter())
        .map(|line| {
            let change = line.spend_after.unwrap_or(0.0) - line.spend_before.unwrap_or(0.0);
            let mut row =
                vec![line.channel.clone(), money(line.spend_before), money(line.spend_after), signed(change, 2)];
            row.extend([kpi(line.expected_before), kpi(line.expected_after)]);
            row.extend([signed_count(line.by_model), signed_count(line.by_spend), line.newly_held.join("; ")]);
            row
        })
        .collect();
    table
}

fn prices(prices: &[PriceChange], words: &Words) -> Table {
    let heads = [words.say("limit"), words.say("unit"), words.say("compare_before"), words.say("compare_after")];
    let mut table = Table::new(&heads, 2);
    let told = |price: Option<f64>| price.map_or(ABSENT.to_owned(), significant);
    let row = |price: &PriceChange| {
        let (limit, unit) = (words.limit(&price.limit), words.translate("plan.unit", &price.unit));
        vec![limit, unit, told(price.before), told(price.after)]
    };
    table.rows = prices.iter().map(row).collect();
    table
}
