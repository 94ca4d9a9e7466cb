//! Laws of the whole line, from files to a plan: money is conserved, and what should not matter does not.

use std::collections::BTreeMap;

use jiff::civil::Date;
use outlay::fit::Fitted;
use outlay::flow::{self, Run};
use outlay::plan::{self, Answer};
use outlay::report;
use outlay::settings::Settings;
use outlay::units::{Channel, Field, Measure, Micros};
use outlay::{import, simulate, unify};

/// One row of an export: the day, platform, supplier and account, spend and registrations in millionths.
#[derive(Clone)]
struct Row {
    date: Date,
    names: [String; 3],
    spend: i64,
    registrations: i64,
}

/// The first `channels` channels of a simulated world, as rows.
fn rows(channels: usize) -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in simulate::files(&simulate::world(4)) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let settings = Settings::read(&folder.path().join("outlay.toml"), 1).unwrap();
    let ledger = unify::ledger(import::all(&settings).unwrap(), &settings).unwrap();
    let names = |entry: &unify::Entry| {
        [Field::Platform, Field::Supplier, Field::Account].map(|field| entry.name(field).unwrap().to_owned())
    };
    let mut labels: Vec<[String; 2]> = ledger.entries.iter().map(names).map(|[p, s, _]| [p, s]).collect();
    labels.sort();
    labels.dedup();
    labels.truncate(channels);
    let row = |entry: &unify::Entry| Row {
        date: entry.date,
        names: names(entry),
        spend: entry.spend().get(),
        registrations: entry.measure(Measure::Registrations).map_or(0, Micros::get),
    };
    let kept = |row: &Row| labels.iter().any(|[platform, supplier]| row.names[..2] == [platform.as_str(), supplier]);
    ledger.entries.iter().map(row).filter(kept).collect()
}

fn export(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let [platform, supplier, account] = &row.names;
        let (spend, registrations) = (Micros::new(row.spend), Micros::new(row.registrations));
        format!("{},{platform},{supplier},{account},{spend},{registrations}\n", row.date)
    };
    "date,platform,supplier,account,spend,registrations\n".to_owned() + &rows.iter().map(line).collect::<String>()
}

/// A run on `rows` with a budget and limits that are relative, so that they mean the same in any currency.
fn run(rows: &[Row], budget: f64) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rows.csv"), export(rows)).unwrap();
    let text = format!(
        "[[source]]\npath = \"rows.csv\"\n\
         [plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = {budget}\nfrontier = []\n\
         [[plan.limit]]\nname = \"no wild swings\"\neach = true\ncut_at_most = 0.7\nrise_at_most = 1.5\n"
    );
    let settings = Settings::parse(&text, "outlay.toml", folder.path(), 1).unwrap();
    flow::run(&settings, &|_| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// Half as much again as reference spend, so that the plan has to choose.
fn budget(rows: &[Row]) -> f64 {
    let last = rows.iter().map(|row| row.date).max().unwrap();
    let recent = |row: &&Row| row.date.until(last).unwrap().get_days() < 28;
    (rows.iter().filter(recent).map(|row| row.spend as f64 / 1e6).sum::<f64>() / 28.0 * 30.0 * 1.5).round()
}

/// Each channel's share of the plan's spend.
fn shares(answer: &Answer) -> BTreeMap<String, f64> {
    answer.lines.iter().map(|line| (line.channel.clone(), line.spend / answer.budget.spent)).collect()
}

#[track_caller]
fn same_shares(one: &BTreeMap<String, f64>, other: &BTreeMap<String, f64>) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (channel, share) in one {
        let off = (share - other[channel]).abs();
        assert!(off <= 1e-4, "{channel}: {share} and {}, of {one:?} and {other:?}", other[channel]);
    }
}

fn micros(amount: f64) -> i128 {
    (amount * 1e6).round() as i128
}

#[test]
fn money_is_conserved() {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in simulate::files(&simulate::world(2)) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let whole_may = "campaign,supplier,spend,registrations\na,Period Media,5000.25,40\nb,,1234.567891,9\n";
    std::fs::write(folder.path().join("may.csv"), whole_may).unwrap();
    let simulated = std::fs::read_to_string(folder.path().join("outlay.toml")).unwrap();
    let period = "[[source]]\npath = \"may.csv\"\nplatform = \"kuaishou\"\nperiod = [\"2026-05-01\", \"2026-05-31\"]\n";
    let settings = Settings::parse(&format!("{simulated}\n{period}"), "outlay.toml", folder.path(), 1).unwrap();
    let (ledger, panel) = flow::data(&settings, &|_| {}).unwrap();
    for measure in [Measure::Spend, Measure::Registrations] {
        let of = |days: fn(u32) -> bool| -> i128 {
            let entries = ledger.entries.iter().filter(|entry| days(entry.days));
            entries.filter_map(|entry| entry.measure(measure)).map(|figure| i128::from(figure.get())).sum()
        };
        let array = if measure == Measure::Spend { &panel.spend } else { &panel.kpi_count };
        // every figure of the panel is a whole number of millionths
        let in_panel: i128 = array.iter().map(|figure| micros(*figure)).sum();
        assert_eq!(in_panel, of(|days| days == 1), "the panel holds the days' {measure:?}");
        let other = if measure == Measure::Spend { 6_234_817_891 } else { 49_000_000 };
        assert_eq!((of(|days| days != 1), of(|_| true)), (other, in_panel + other));
    }
    let spent: i128 = ledger.entries.iter().map(|entry| i128::from(entry.spend().get())).sum();
    assert_eq!(ledger.sources.iter().map(|source| micros(source.spend)).sum::<i128>(), spent, "sources");
    let scores = outlay::score::suppliers(&ledger, &settings).unwrap();
    assert_eq!(scores.suppliers.iter().map(|score| micros(score.spend)).sum::<i128>(), spent, "suppliers");
    let written = report::csv::ledger(&ledger);
    let mut table = csv::Reader::from_reader(&written.bytes[..]);
    let column = table.headers().unwrap().iter().position(|header| header == "spend").unwrap();
    let amounts = table.records().map(|row| Micros::from_decimal(&row.unwrap()[column]).unwrap());
    assert_eq!(amounts.map(|amount| i128::from(amount.get())).sum::<i128>(), spent, "ledger.csv");
}

#[test]
fn the_scale_of_the_currency_changes_no_share() {
    let rows = rows(4);
    let budget = budget(&rows);
    let scaled: Vec<Row> = rows.iter().cloned().map(|row| Row { spend: row.spend * 100, ..row }).collect();
    let (one, hundred) = (run(&rows, budget), run(&scaled, budget * 100.0));
    assert!(one.fitted.channels.iter().all(|fit| fit.curve.is_ok()), "nothing to choose from");
    same_shares(&shares(&one.answer), &shares(&hundred.answer));
    let of = |run: &Run| run.answer.objective.unwrap();
    assert!((of(&hundred) / of(&one) - 1.0).abs() < 1e-6, "{} {}", of(&one), of(&hundred));
    for (a, b) in one.scores.suppliers.iter().zip(&hundred.scores.suppliers) {
        assert_eq!((&a.supplier, a.tier), (&b.supplier, b.tier));
        let cost = |score: &outlay::score::SupplierScore| score.cost_per.as_ref().unwrap().shrunk.unwrap();
        // the prior's maximum is found by a search, to a relative 1e-6 or so
        assert!((cost(b) / cost(a) / 100.0 - 1.0).abs() < 1e-4, "{:?}: {} {}", a.supplier, cost(a), cost(b));
    }
}

#[test]
fn neither_splitting_rows_nor_their_order_changes_anything() {
    let rows = rows(3);
    let budget = budget(&rows);
    let mut split = rows.clone();
    for at in (0..rows.len()).step_by(7) {
        let row = &rows[at];
        let part = Row { spend: row.spend / 3, registrations: row.registrations / 2, ..row.clone() };
        split[at].spend -= part.spend;
        split[at].registrations -= part.registrations;
        split.push(part);
    }
    split.reverse();
    let (one, other) = (run(&rows, budget), run(&split, budget));
    assert_eq!(one.ledger.entries, other.ledger.entries);
    assert_eq!(one.panel.sha256, other.panel.sha256);
    assert_eq!(one.answer, other.answer);
    assert_eq!(one.scores.suppliers, other.scores.suppliers);
}

/// The models with every channel renamed so that their order is the reverse; and the old name of each new one.
fn renamed(fitted: &Fitted) -> (Fitted, BTreeMap<String, String>) {
    let mut other = fitted.clone();
    let mut names = BTreeMap::new();
    for (at, fit) in other.channels.iter_mut().enumerate() {
        let name = format!("channel {:03}", 999 - at);
        names.insert(name.clone(), fit.channel.label.clone());
        fit.channel = Channel { label: name, values: fit.channel.values.clone() };
    }
    other.channels.reverse();
    (other, names)
}

/// Draws come from streams by name, so a new name in the data is another sample of the posterior. Of the same models, the
/// plan is the same by any name and in any order.
#[test]
fn names_and_their_order_leave_the_plan_as_it_is() {
    let rows = rows(4);
    let run = run(&rows, budget(&rows));
    let (other, names) = renamed(&run.fitted);
    let text = format!(
        "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = {}\nfrontier = []\n\
         [[plan.limit]]\nname = \"no wild swings\"\neach = true\ncut_at_most = 0.7\nrise_at_most = 1.5\n",
        budget(&rows)
    );
    let settings = Settings::parse(&text, "outlay.toml", "".as_ref(), 1).unwrap();
    let answer = plan::scenarios(&other, settings.plan().unwrap(), settings.project.currency).unwrap();
    let by_old_name = shares(&answer).into_iter().map(|(name, share)| (names[&name].clone(), share)).collect();
    same_shares(&shares(&run.answer), &by_old_name);
}

#[test]
fn a_further_channel_moves_the_others_within_what_is_known_of_them() {
    let (three, mut four) = (rows(3), rows(4));
    let known: Vec<[String; 3]> = three.iter().map(|row| row.names.clone()).collect();
    // the further channel is named before the others, and has the longer history
    let further = |row: &Row| !known.contains(&row.names);
    let mut older: Vec<Row> = four.iter().filter(|row| further(row)).cloned().collect();
    older.iter_mut().for_each(|row| row.date = row.date.saturating_sub(jiff::ToSpan::days(30)));
    four.extend(older);
    four.iter_mut().filter(|row| further(row)).for_each(|row| row.names[0] = format!("a {}", row.names[0]));
    let (few, more) = (run(&three, budget(&three)), run(&four, budget(&four)));
    assert_eq!((few.fitted.channels.len(), more.fitted.channels.len()), (3, 4));
    for fit in &few.fitted.channels {
        let other = more.fitted.channels.iter().find(|other| other.channel == fit.channel).unwrap();
        // Channels share a calendar and borrow from each other, so beliefs move; never by more than a part of their width.
        let (one, two) = (draws_at(fit), draws_at(other));
        let moved = (mean(&one) - mean(&two)).abs();
        let width = one.iter().map(|y| (y - mean(&one)).powi(2)).sum::<f64>().sqrt() / (one.len() as f64).sqrt();
        assert!(moved < width, "{}: moved by {moved}, wide {width}", fit.channel.label);
        assert_eq!(fit.reference_spend, other.reference_spend);
    }
}

/// A channel's response at its reference spend, by draw.
fn draws_at(fit: &outlay::fit::ChannelFit) -> Vec<f64> {
    fit.curve.as_ref().unwrap().at_each(fit.reference_spend)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
