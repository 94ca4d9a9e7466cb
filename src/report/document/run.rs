//! A finished run as a document: what finance and operators read first, without charts.

use super::{Block, Document, Table, unknown};
use crate::check::Severity;
use crate::plan::{Answer, Expected, Line};
use crate::report::actual::{Actuals, LineActual};
use crate::report::numbers::{ABSENT, count, decimal, percent, rate, signed, signed_count, signed_percent};
use crate::report::statement::{Figures, Part, Statement};
use crate::report::text::one_line;
use crate::report::words::step_name;
use crate::report::{Lang, Results, Words, figures, story};

/// Findings told one by one.
const FINDINGS: usize = 40;

/// The document of a run.
pub fn of_run(results: &Results, statement: Option<&Statement>, actuals: Option<&Actuals>, lang: Lang) -> Document {
    let words = &Words::of(lang);
    let mut blocks = vec![Block::Heading(words.say("summary").to_owned())];
    match results.answer {
        Some(answer) => blocks.extend(plan(results, answer, words)),
        None => blocks.push(Block::Text(words.say("no_plan").to_owned())),
    }
    if let Some(statement) = statement {
        blocks.extend(flow(statement, words));
        blocks.extend(departments(statement, words));
    }
    if let Some(actuals) = actuals {
        blocks.extend(versus(actuals, results, words));
        blocks.extend(accrual(actuals, results.settings.project.currency.code(), words));
    }
    blocks.extend(suppliers(results, words));
    blocks.extend(quality(results, words));
    blocks.extend(facts(results, words));
    Document { title: results.settings.project.name.clone(), blocks }
}

fn plan(results: &Results, answer: &Answer, words: &Words) -> Vec<Block> {
    if let Some(conflict) = &answer.conflict {
        let told = story::conflict(conflict, &answer.currency, words);
        return vec![Block::Text(told.line), Block::Text(told.why), Block::List(told.relax)];
    }
    let mut blocks = vec![Block::List(story::plan(results.settings, results.fitted, answer, words))];
    blocks.push(Block::Heading(words.say("allocation").to_owned()));
    blocks.push(Block::Text(format!("{} · {}", answer.currency, words.say("sums_note"))));
    blocks.push(Block::Table(allocation(answer, words)));
    let told = |line: &Line| words.translate("plan.why_not_more", &line.why_not_more);
    let why = |line: &Line| format!("{}{}{}", line.channel, words.say("colon"), told(line));
    blocks.push(Block::Text(words.say("why_not_more").to_owned()));
    blocks.push(Block::List(answer.lines.iter().map(why).collect()));
    blocks.extend(unknown::sureness(results.settings, answer, words));
    blocks.push(Block::Heading(words.say("sheet_scenarios").to_owned()));
    blocks.push(Block::Text(story::frontier(results, answer, words)));
    let mut table =
        Table::new(&[words.say("budget"), words.say("expected"), "P10", "P90", words.say("marginal_cost")], 0);
    table.rows = answer
        .frontier
        .iter()
        .map(|point| {
            let figure = |figure: Option<f64>| figure.map_or(ABSENT.to_owned(), count);
            let cost = point.marginal_cost.map_or(ABSENT.to_owned(), |cost| decimal(cost, 2));
            vec![decimal(point.budget, 2), figure(point.mean), figure(point.p10), figure(point.p90), cost]
        })
        .collect();
    blocks.push(Block::Table(table));
    blocks.extend(unknown::limits(answer, words));
    blocks.extend(unknown::days(answer, words));
    blocks
}

fn allocation(answer: &Answer, words: &Words) -> Table {
    let heads = [
        words.say("channel"),
        words.say("reference_spend"),
        words.say("recommended_spend"),
        words.say("change"),
        words.say("change_share"),
        words.say("cash"),
        words.say("expected"),
        "P10",
        "P90",
        words.say("cost_per_short"),
        words.say("marginal_cost"),
    ];
    let mut table = Table::new(&heads, 1);
    let money = |amount: f64| decimal(amount, 2);
    let or = |figure: Option<f64>, places: usize| figure.map_or(ABSENT.to_owned(), |figure| decimal(figure, places));
    let row =
        |name: &str, amounts: [f64; 4], share: Option<f64>, expected: Option<Expected>, costs: [Option<f64>; 2]| {
            let [reference, spend, change, cash] = amounts;
            let mut row = vec![name.to_owned(), money(reference), money(spend), signed(change, 2)];
            row.push(share.map_or(ABSENT.to_owned(), signed_percent));
            row.push(money(cash));
            let figures = expected.map(|e| [e.mean, e.p10, e.p90].map(count));
            row.extend(figures.unwrap_or([ABSENT, ABSENT, ABSENT].map(String::from)));
            row.extend(costs.map(|cost| or(cost, 2)));
            row
        };
    table.rows = (answer.lines.iter())
        .map(|line| {
            let amounts = [line.reference_spend, line.spend, figures::change(line), line.cash];
            row(&line.channel, amounts, figures::change_share(line), line.expected, [line.cost_per, line.marginal_cost])
        })
        .collect();
    let sums = figures::totals(answer);
    let amounts = [sums.reference, sums.spend, sums.change, sums.cash];
    table.rows.push(row(words.say("total"), amounts, sums.change_share, answer.expected, [answer.cost_per, None]));
    table.total = true;
    table
}

fn flow(statement: &Statement, words: &Words) -> Vec<Block> {
    let days = statement.rates_from_days.to_string();
    let note = words.tell("flow_note", &[("days", &days), ("draws", &statement.draws.to_string())]);
    let mut blocks = vec![Block::Heading(words.say("sheet_flow").to_owned()), Block::Text(note)];
    blocks.push(Block::Text(words.say("flow_direction").to_owned()));
    blocks.push(Block::Table(steps(&statement.whole, words)));
    let formulas = statement.definitions.iter().filter(|definition| !definition.ratio.is_empty());
    blocks.push(Block::List(formulas.map(|d| format!("{} = {}", d.ratio, d.formula)).collect()));
    let mut table =
        Table::new(&[words.say("week"), words.say("spend"), words.say("cash"), words.say("expected"), "P10", "P90"], 1);
    let row = |name: String, part: &Part| {
        let kpi = part.stages.iter().find(|step| step.stage == statement.kpi);
        let figure = |figure: fn(&Figures) -> f64| kpi.map_or(ABSENT.to_owned(), |step| count(figure(step)));
        let money = [part.spend.plan, part.cash.plan].map(|amount| decimal(amount, 2));
        let figures = [figure(|s| s.plan.mean), figure(|s| s.plan.p10), figure(|s| s.plan.p90)];
        std::iter::once(name).chain(money).chain(figures).collect::<Vec<_>>()
    };
    table.rows = statement.weeks.iter().map(|week| row(format!("{} – {}", week.start, week.end), &week.part)).collect();
    table.rows.push(row(words.say("total").to_owned(), &statement.whole));
    table.total = true;
    blocks.push(Block::Table(table));
    blocks
}

fn steps(part: &Part, words: &Words) -> Table {
    let heads = [
        words.say("step"),
        words.say("plan_word"),
        "P10",
        "P90",
        words.say("reference_short"),
        words.say("increment"),
        "P10",
        "P90",
        words.say("cost_each"),
        words.say("rate_before"),
    ];
    let mut table = Table::new(&heads, 1);
    let money = |name: &str, amounts: crate::report::statement::Amounts| {
        let blank = String::new;
        let [plan, kept, change] = [decimal(amounts.plan, 2), decimal(amounts.reference, 2), signed(amounts.change, 2)];
        vec![name.to_owned(), plan, blank(), blank(), kept, change, blank(), blank(), blank(), blank()]
    };
    table.rows = vec![money(words.say("spend"), part.spend), money(words.say("cash"), part.cash)];
    table.rows.extend(part.stages.iter().map(|step| {
        let (plan, gain) = (step.plan, step.increment);
        let mut row = vec![step_name(words, step.stage).to_owned()];
        row.extend([plan.mean, plan.p10, plan.p90, step.reference.mean].map(count));
        row.extend([gain.mean, gain.p10, gain.p90].map(signed_count));
        row.push(step.ratio.map_or(ABSENT.to_owned(), |ratio| decimal(ratio.plan, 2)));
        row.push(step.rate.map_or(ABSENT.to_owned(), |rate| percent(rate.plan)));
        row
    }));
    table
}

fn departments(statement: &Statement, words: &Words) -> Vec<Block> {
    let page = |part: &Part| {
        let name = part.name.as_deref().unwrap_or(words.say("not_named"));
        let heading = format!("{}{}{name}", words.say("department"), words.say("colon"));
        [Block::Heading(heading), Block::Table(steps(part, words))]
    };
    statement.departments.iter().flat_map(page).collect()
}

/// Plan versus actual, once a row falls into the plan's days.
fn versus(actuals: &Actuals, results: &Results, words: &Words) -> Vec<Block> {
    let heading = format!("{} ({})", words.say("sheet_actual"), results.settings.project.currency.code());
    let Some(day) = &actuals.through else {
        return vec![Block::Heading(heading), Block::Text(words.say("actual_none").to_owned())];
    };
    let (days, all) = (actuals.days.to_string(), actuals.plan_days.to_string());
    let note = words.tell("actual_note", &[("day", &words.date(day)), ("days", &days), ("all", &all)]);
    let cost = words.cost_per(results.settings.project.kpi);
    let kpi = words.kpi(results.settings.project.kpi);
    let figures = [words.say("spend"), kpi, cost, "CPM", "CPC", "CTR", "CVR"];
    let sides = [words.say("plan_to_date"), words.say("actual")];
    let heads: Vec<String> = figures.iter().flat_map(|name| sides.map(|side| format!("{name} – {side}"))).collect();
    let heads: Vec<&str> = std::iter::once(words.say("channel")).chain(heads.iter().map(String::as_str)).collect();
    let mut table = Table::new(&heads, 1);
    table.rows = actuals.lines.iter().map(|line| versus_row(line, words)).collect();
    vec![Block::Heading(heading), Block::Text(note), Block::Table(table)]
}

fn versus_row(line: &LineActual, words: &Words) -> Vec<String> {
    let (planned, actual) = (&line.planned_rates, &line.rates);
    let or = |figure: Option<f64>, shown: &dyn Fn(f64) -> String| figure.map_or(ABSENT.to_owned(), shown);
    let money = |amount: f64| decimal(amount, 2);
    let cost = |spend: f64, kpi: Option<f64>| kpi.filter(|kpi| *kpi > 0.0).map(|kpi| spend / kpi);
    let mut row = vec![line.channel.as_deref().unwrap_or(words.say("not_in_plan")).to_owned()];
    row.extend([line.planned_spend, line.spend].map(money));
    row.extend([line.planned_kpi, line.kpi].map(|kpi| or(kpi, &count)));
    row.extend([cost(line.planned_spend, line.planned_kpi), cost(line.spend, line.kpi)].map(|cost| or(cost, &money)));
    row.extend([planned.cpm, actual.cpm, planned.cpc, actual.cpc].map(|price| or(price, &money)));
    let rates = [planned.click_rate, actual.click_rate, planned.conversion, actual.conversion];
    row.extend(rates.map(|share| or(share, &rate)));
    row
}

fn accrual(actuals: &Actuals, currency: &str, words: &Words) -> Vec<Block> {
    let heads = [
        words.say("supplier"),
        words.say("month"),
        words.say("planned_face"),
        words.say("planned_cash"),
        words.say("delivered_face"),
        words.say("delivered_cash"),
        words.say("rebate"),
    ];
    let mut table = Table::new(&heads, 2);
    table.rows = (actuals.accruals.iter())
        .map(|a| {
            let name = a.supplier.clone().unwrap_or_else(|| words.say("no_supplier").to_owned());
            let money = [a.planned_face, a.planned_cash, a.face, a.cash, a.face - a.cash].map(|m| decimal(m, 2));
            [name, a.month.clone()].into_iter().chain(money).collect()
        })
        .collect();
    let heading = format!("{} ({currency})", words.say("sheet_accrual"));
    vec![Block::Heading(heading), Block::Text(words.say("accrual_how").to_owned()), Block::Table(table)]
}

fn suppliers(results: &Results, words: &Words) -> Vec<Block> {
    let heads = [
        words.say("supplier"),
        words.say("tier"),
        words.say("reasons"),
        words.say("spend"),
        words.say("cost_shrunk"),
        "P05",
        "P95",
    ];
    let mut table = Table::new(&heads, 3);
    table.rows = (results.scores.suppliers.iter())
        .map(|score| {
            let name = score.supplier.clone().unwrap_or_else(|| words.say("no_supplier").to_owned());
            let cost = score.cost_per.as_ref();
            let costs = [cost.and_then(|cost| cost.shrunk), cost.map(|cost| cost.p05), cost.map(|cost| cost.p95)];
            let reasons = score.reasons.iter().map(|reason| words.translate("score.reason", &one_line(reason)));
            let reasons = reasons.collect::<Vec<_>>().join(words.say("between_sentences"));
            let mut row = vec![name, format!("{:?}", score.tier), reasons, decimal(score.spend, 2)];
            row.extend(costs.map(|cost| cost.map_or(ABSENT.to_owned(), |cost| decimal(cost, 2))));
            row
        })
        .collect();
    let message = Block::Text(story::suppliers(results, words));
    vec![Block::Heading(words.say("suppliers").to_owned()), message, Block::Table(table)]
}

fn quality(results: &Results, words: &Words) -> Vec<Block> {
    let mut findings: Vec<&crate::check::Finding> =
        results.findings.iter().filter(|finding| finding.severity != Severity::Pass).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut table =
        Table::new(&[words.say("subject"), words.say("severity"), words.say("message"), words.say("advice")], 4);
    let row = |finding: &&crate::check::Finding| {
        let severity = words.severity(finding.severity).to_owned();
        let told = words.finding(finding);
        vec![told.subject, severity, told.message, told.advice]
    };
    table.rows = findings.iter().take(FINDINGS).map(row).collect();
    let heading = Block::Heading(words.say("quality").to_owned());
    vec![heading, Block::Text(story::findings(results.findings, words)), Block::Table(table)]
}

fn facts(results: &Results, words: &Words) -> Vec<Block> {
    let settings = results.settings;
    let fact = |name: &str, fact: &str| format!("{name}{}{fact}", words.say("colon"));
    let facts = vec![
        fact(words.say("version"), env!("CARGO_PKG_VERSION")),
        fact(words.say("seed"), &settings.seed.to_string()),
        fact(words.say("settings_hash"), &settings.sha256),
        fact(words.say("panel_hash"), &results.panel.sha256),
    ];
    let mut table =
        Table::new(&[words.say("file"), words.say("hash"), words.say("rows"), words.say("spend_in_file")], 2);
    let source = |source: &crate::unify::SourceSummary| {
        vec![source.path.clone(), source.sha256.clone(), source.rows.to_string(), decimal(source.spend, 2)]
    };
    table.rows = results.ledger.sources.iter().map(source).collect();
    vec![Block::Heading(words.say("run").to_owned()), Block::List(facts), Block::Table(table)]
}
