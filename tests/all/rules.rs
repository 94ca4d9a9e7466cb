//! Days, locks, flights, shares, funds, platforms' rules, currencies and plans under way.

use outlay::plan::{Answer, DayHeld, Status};
use proptest::prelude::*;

use crate::program::Project;
use crate::support::{complete, hill, model, settings};

fn planned(channels: &[(&str, String)], budget: f64, rest: &str) -> Answer {
    complete(&model(channels), &settings(budget, &format!("frontier = []\nwhat_if = 0\n{rest}"))).unwrap()
}

fn two() -> [(&'static str, String); 2] {
    [("a", hill(100.0, 500.0, 1.0)), ("b", hill(60.0, 300.0, 0.8))]
}

fn cents(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}

/// Days add up to their lines, to the cent.
fn adds_up(answer: &Answer) {
    let daily = answer.daily.as_ref().unwrap();
    assert_eq!(daily.lines.len(), answer.lines.len());
    for (line, days) in answer.lines.iter().zip(&daily.lines) {
        assert_eq!(days.spend.iter().map(|x| cents(*x)).sum::<i64>(), cents(line.spend), "{}", line.channel);
        assert!(days.spend.iter().all(|x| *x >= 0.0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn days_add_up_and_steps_and_locks_are_kept(
        budget in 20_000.0..60_000.0f64, step in 0.03..0.5f64, stay in 1..6u32, locked in 0..8u32, weekend in 0.5..2.0f64,
    ) {
        let lock = if locked == 0 { String::new() } else {
            format!("[[plan.lock]]\nwhere = {{ platform = \"a\" }}\nchanged = \"2026-06-01\"\ndays = {locked}\n")
        };
        let rest = format!(
            "[plan.daily]\nstep = {step}\ndays_between_changes = {stay}\nweekday = [1, 1, 1, 1, 1, {weekend}, {weekend}]\n{lock}"
        );
        let answer = planned(&two(), budget.round(), &rest);
        prop_assert_eq!(answer.status, Status::Optimal, "{:?}", answer.conflict);
        adds_up(&answer);
        let daily = answer.daily.as_ref().unwrap();
        for (at, line) in daily.lines.iter().enumerate() {
            let mut changed = vec![0];
            let mut before = line.before;
            for (day, spend) in line.spend.iter().enumerate() {
                prop_assert!(*spend <= before * (1.0 + step) + 0.03, "{day}: {before} to {spend}");
                prop_assert!(*spend >= before * (1.0 - step) - 0.03, "{day}: {before} to {spend}");
                if (spend - before).abs() > 0.03 {
                    changed.push(day);
                }
                before = *spend;
            }
            if at == 0 {
                let still = line.spend.iter().take(locked as usize).all(|spend| (spend - line.before).abs() < 0.03);
                prop_assert!(still, "{:?}", line.spend);
            }
            let gaps = changed.windows(2).skip(1).map(|pair| pair[1] - pair[0]);
            prop_assert!(gaps.into_iter().all(|gap| gap >= stay as usize), "{changed:?}");
        }
    }
}

#[test]
fn days_without_rules_are_alike() {
    let answer = planned(&two(), 30_000.0, "");
    adds_up(&answer);
    for line in &answer.daily.unwrap().lines {
        let (least, most) = line.spend.iter().fold((f64::MAX, 0.0_f64), |(l, m), x| (l.min(*x), m.max(*x)));
        assert!(most - least < 0.011, "{:?}", line.spend);
        assert!(line.held.iter().all(|held| *held == DayHeld::Free));
    }
}

#[test]
fn weekdays_seasons_and_events_weigh_the_days() {
    let season: Vec<String> =
        (1..=30).map(|d| format!("\"2026-06-{d:02}\": {}", if d <= 15 { 2.0 } else { 1.0 })).collect();
    let curve = format!("{}, \"season\": {{ {} }}", hill(100.0, 500.0, 1.0), season.join(", "));
    let fitted = model(&[("a", curve)]);
    let rest = "frontier = []\nwhat_if = 0\n[plan.daily]\nweekday = [1, 1, 1, 1, 1, 3, 3]\nevent_weight = { sale = 5.0 }\n\
                [[event]]\nname = \"sale\"\nstart = \"2026-06-17\"\nend = \"2026-06-17\"";
    let answer = complete(&fitted, &settings(45_000.0, rest)).unwrap();
    adds_up(&answer);
    let days = &answer.daily.as_ref().unwrap().lines[0].spend;
    // the 1st is a Monday, the 6th a Saturday; from the 16th the season is half
    let ratio = |day: usize| days[day - 1] / days[0];
    assert!(
        (ratio(6) - 3.0).abs() < 1e-3 && (ratio(16) - 0.5).abs() < 1e-3 && (ratio(17) - 2.5).abs() < 1e-3,
        "{days:?}"
    );
    assert_eq!(answer.daily.unwrap().events[16], ["sale"]);
}

#[test]
fn a_flight_has_its_response_and_its_spend_on_its_own_days() {
    let flight = "[[plan.flight]]\nwhere = { platform = \"a\" }\nstart = \"2026-06-11\"\nend = \"2026-06-20\"";
    let (whole, answer) = (planned(&two(), 30_000.0, ""), planned(&two(), 30_000.0, flight));
    adds_up(&answer);
    let line = &answer.daily.as_ref().unwrap().lines[0];
    assert!(line.spend.iter().enumerate().all(|(day, spend)| (10..20).contains(&day) == (*spend > 0.0)), "{line:?}");
    assert_eq!(line.held[9], DayHeld::Flight);
    // ten days at x ÷ 10 a day
    let spend = answer.lines[0].spend;
    let expected = 10.0 * 100.0 / (1.0 + 500.0 / (spend / 10.0));
    assert!((answer.lines[0].expected.unwrap().mean / expected - 1.0).abs() < 1e-9);
    assert!(answer.objective < whole.objective);
    let never = planned(&two(), 30_000.0, "[[plan.flight]]\nwhere = { platform = \"a\" }\nstart = \"2026-07-01\"");
    assert_eq!((never.lines[0].spend, never.lines[1].spend), (0.0, 30_000.0));
}

#[test]
fn what_days_cannot_add_up_to_is_a_conflict_in_their_name() {
    // 500 a day now; at most 2 % a day: 30 days reach 20,691 at most
    let rest = "[plan.daily]\nstep = 0.02\n[[plan.limit]]\nname = \"big\"\nwhere = { platform = \"a\" }\nmin = 25000";
    let answer = planned(&two(), 60_000.0, rest);
    assert_eq!(answer.status, Status::Conflict);
    let conflict = answer.conflict.unwrap();
    assert_eq!(conflict.limits, ["big", "steps: a"]);
    let most: f64 = (1..=30).map(|day| 500.0 * 1.02_f64.powi(day)).sum();
    assert!((conflict.short_by - (25_000.0 - most)).abs() < 0.02, "{conflict:?} {most}");
    assert!(answer.daily.is_none());
}

#[test]
fn no_supplier_has_more_than_its_share() {
    let of = |name: &str, top: f64| format!("\"supplier\": \"{name}\", {}", hill(top, 500.0, 1.0));
    let channels = [("a", of("N", 300.0)), ("b", of("N", 200.0)), ("c", of("D", 20.0)), ("d", of("E", 20.0))];
    let answer = planned(&channels, 60_000.0, "supplier_share_max = 0.5");
    let of_n = answer.lines[0].spend + answer.lines[1].spend;
    assert!(of_n <= 30_000.01 && of_n > 29_990.0, "{of_n}");
    assert_eq!(answer.lines[0].limited_by, ["supplier_share_max: N"]);
    let few = complete(&model(&channels), &settings(60_000.0, "supplier_share_max = 0.3")).unwrap_err().to_string();
    assert!(
        few.contains("plan.supplier_share_max: 0.3, and 3 suppliers with that share each are no whole plan"),
        "{few}"
    );
}

#[test]
fn a_ramp_stops_where_nothing_was_seen() {
    let seen = |rest: String| format!("{rest}, \"observed\": {{ \"low\": 0, \"high\": 400 }}");
    let channels = [("a", seen(hill(100.0, 500.0, 1.0))), ("b", hill(10.0, 300.0, 1.0))];
    let answer = planned(&channels, 30_000.0, "ramp = 1.25");
    assert_eq!((answer.lines[0].spend, answer.lines[0].limited_by[0].as_str()), (15_000.0, "ramp: a"));
    assert!(answer.lines[0].extrapolated);
    let floor = "ramp = 1.25\n[[plan.limit]]\nname = \"floor\"\nwhere = { platform = \"a\" }\nmin = 20000";
    assert!(planned(&channels, 30_000.0, floor).lines[0].spend >= 20_000.0);
}

#[test]
fn funds_cap_what_their_cash_buys() {
    let of = |name: &str| format!("\"supplier\": \"{name}\", {}", hill(100.0, 500.0, 1.0));
    let rest = "[[plan.contract]]\nsupplier = \"N\"\nrebate = [ { from = 0, rate = 0.05 } ]\n\
                [[plan.funds]]\nname = \"wallet\"\nwhere = { supplier = \"N\" }\nprepaid = 8000\ncredit = 2000";
    let answer = planned(&[("a", of("N")), ("b", of("D"))], 30_000.0, rest);
    assert_eq!((answer.lines[0].spend, answer.lines[0].cash), (10_500.0, 10_000.0));
    assert_eq!(answer.lines[0].limited_by, ["funds: wallet"]);
}

#[test]
fn platforms_rules_are_kept_when_asked_for_and_told_when_not() {
    let channels = [("tencent", hill(14.0, 400.0, 1.0)), ("b", hill(100.0, 500.0, 0.8))];
    let told = planned(&channels, 20_000.0, "");
    let finding = told.findings.iter().find(|finding| finding.check == "plan.platform_rules").unwrap();
    assert!(finding.message.contains("50.00 that tencent asks of one ad (data/rules, as of 2026-"), "{finding:?}");
    assert!(told.lines[1].spend > 0.0 && told.lines[1].spend < 1_500.0, "{:?}", told.lines[1]);
    let kept = planned(&channels, 20_000.0, "platform_rules = true");
    assert!(kept.lines[1].spend == 0.0 || kept.lines[1].spend >= 1_500.0, "{:?}", kept.lines[1]);
    assert!(kept.platform_rules[0].kept && kept.findings.is_empty());
    let more = planned(&channels, 40_000.0, "platform_rules = true\n[plan.daily]\nweekday = [1, 1, 1, 1, 1, 1.4, 1.4]");
    adds_up(&more);
    let days = &more.daily.unwrap().lines[1].spend;
    assert!(days[0] >= 50.0 && days[..29].iter().all(|spend| spend % 50.0 == 0.0), "{days:?}");
}

#[test]
fn gross_and_net_stand_side_by_side_and_tie_to_the_cent() {
    let of = |name: &str| format!("\"supplier\": \"{name}\", {}", hill(100.0, 500.0, 1.0));
    let rest = "tax = 0.06\n[[plan.contract]]\nsupplier = \"N\"\nrebate = [ { from = 0, rate = 0.05 } ]\nfee = 0.2\nfee_method = \"inside\"\n\
                commitment = 100000\nshortfall_penalty = 0.1\ntax = 0.1";
    let answer = planned(&[("a", of("N")), ("b", of("N")), ("c", of("D"))], 30_000.0, rest);
    for line in &answer.lines {
        let money = line.money.unwrap();
        assert_eq!(cents(line.spend - money.rebate + money.fee + money.penalty), cents(line.cash), "{line:?}");
        let rate = if line.supplier.as_deref() == Some("N") { 0.1 } else { 0.06 };
        assert_eq!(cents(money.tax), cents(rate * line.cash));
    }
    let first = &answer.lines[0];
    // inside of what is paid: a fifth of media and fee together
    let media = first.spend / 1.05;
    assert!((first.money.unwrap().fee - media * 0.25).abs() < 0.02, "{first:?}");
    let money = answer.money.unwrap();
    assert_eq!(cents(money.paid), cents(answer.budget.cash + money.tax));
    assert!(money.net_cost_per > money.gross_cost_per, "a penalty of 10 % makes net dearer: {money:?}");
}

const MODEL: &str = r#"{ "format": "outlay/model@1", "currency": "CNY", "grain": "day", "channels": [
    { "channel": "a", "platform": "a", "family": "hill", "params": { "top": 100, "half": 500, "slope": 1 }, "reference_spend": 500 },
    { "channel": "b", "platform": "b", "family": "hill", "params": { "top": 60, "half": 300, "slope": 1 }, "reference_spend": 300 } ] }"#;
const PLAN: &str = "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 30000\nfrontier = []\n";

fn refused(rest: &str) -> String {
    let project = Project::new(&[("model.json", MODEL), ("outlay.toml", &format!("{PLAN}{rest}\n"))]);
    let ended = project.run("plan --models model.json");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(!project.path("out").exists());
    ended.stderr
}

#[test]
fn what_a_model_file_cannot_tell_is_refused_in_words() {
    assert_eq!(
        refused("caps_from_score = true"),
        "error: plan.caps_from_score: needs the scorecard, and a plan from a model file has none\n\
         help: run `outlay plan` on the exports, or write the caps as `[[plan.limit]]`\n"
    );
    assert_eq!(
        refused("replan = \"2026-06-12\""),
        "error: plan.replan: what was spent so far is in the exports, which a plan from a model file does not read\n\
         help: run `outlay plan` without `--models`, or set `start` to the first day left and `budget` to the money left\n"
    );
    assert!(refused("replan = \"2026-07-01\"").contains("2026-07-01 is not within the plan after its first day"));
    assert!(refused("[plan.daily]\nweights = \"history\"").contains("`history` needs days of the past"));
    assert!(refused("[[plan.flight]]\nwhere = { platform = \"z\" }\nend = \"2026-06-10\"").contains("matches no line"));
    assert!(refused("[plan.daily]\nevent_weight = { \"618\" = 2.0 }").contains("no `[[event]]` has this name"));
    assert!(refused("[[plan.lock]]\ndays = 3").contains("needs `until`, or `changed` (a date) and `days`"));
}

#[test]
fn amounts_in_another_currency_need_a_dated_rate() {
    let limit = "[[plan.limit]]\nname = \"cap\"\nwhere = { platform = \"a\" }\nmax = 1000\ncurrency = \"USD\"\n";
    let without = refused(limit);
    assert!(
        without.contains("plan.limit `cap`: its amounts are in USD, and no rate to CNY is known on 2026-06-01"),
        "{without}"
    );
    let rates = "date,currency,rate\n2026-05-01,USD,7.2\n2026-06-15,USD,7.9\n";
    let text = format!("[project]\nrates = \"rates.csv\"\n{PLAN}{limit}");
    let project = Project::new(&[("model.json", MODEL), ("rates.csv", rates), ("outlay.toml", &text)]);
    project.succeeds("plan --models model.json");
    let plan: serde_json::Value = serde_json::from_str(&project.read("out/plan.json")).unwrap();
    assert_eq!(plan["lines"][0]["spend"], 7200.0);
    assert_eq!(plan["rates"][0]["date"], "2026-05-01");
}

#[test]
fn the_daily_file_adds_up_to_the_plan() {
    let text = format!("{PLAN}[plan.daily]\nstep = 0.1\n");
    let project = Project::new(&[("model.json", MODEL), ("outlay.toml", &text)]);
    project.succeeds("plan --models model.json");
    let rows = |path: &str| -> Vec<Vec<String>> {
        let text = project.read(path);
        text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
    };
    let amount = |text: &str| cents(text.parse::<f64>().unwrap());
    let daily = rows("out/plan_daily.csv");
    assert_eq!(daily.len(), 60);
    for line in rows("out/plan.csv") {
        let of: i64 = daily.iter().filter(|day| day[1] == line[0]).map(|day| amount(&day[7])).sum();
        assert_eq!(of, amount(&line[7]), "{}", line[0]);
    }
}

/// Ninety days of exports of two suppliers on one platform, the last twelve in June.
fn exports() -> String {
    let mut text = String::from("date,platform,supplier,spend,registrations\n");
    let first: jiff::civil::Date = "2026-03-14".parse().unwrap();
    for day in 0..91 {
        let date = first.saturating_add(jiff::Span::new().days(day));
        for (supplier, level, rate) in [("N", 1000.0, 0.02), ("D", 600.0, 0.012), ("Tiny", 2.0, 0.0)] {
            let spend = level * (1.0 + 0.5 * (day as f64 * 0.9 + level).sin());
            let count = (rate * spend * (1.0 - spend / 6000.0)).round();
            text += &format!("{date},tencent,{supplier},{spend:.2},{count}\n");
        }
    }
    text
}

fn june(rest: &str) -> Project {
    let settings = format!(
        "[[source]]\npath = \"spend.csv\"\n[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 60000\nfrontier = []\nwhat_if = 0\n{rest}\n"
    );
    Project::new(&[("spend.csv", &exports()), ("outlay.toml", &settings)])
}

fn plan_of(project: &Project) -> serde_json::Value {
    let ended = project.run("plan");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&project.read("out/plan.json")).unwrap()
}

#[test]
fn a_plan_under_way_spends_what_is_left_and_its_limits_count_what_was() {
    let limit = "replan = \"2026-06-12\"\n[[plan.limit]]\nname = \"cap\"\nwhere = { supplier = \"N\" }\nmax = 30000";
    let project = june(limit);
    let plan = plan_of(&project);
    let spent: f64 = exports()
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|row| row[0] >= "2026-06-01" && row[0] < "2026-06-12")
        .map(|row| row[3].parse::<f64>().unwrap())
        .sum();
    let told = &plan["replan"];
    assert_eq!(cents(told["spent"].as_f64().unwrap()), cents(spent));
    assert_eq!(cents(plan["budget"]["asked"].as_f64().unwrap()), cents(60_000.0 - spent));
    assert_eq!(
        (plan["period"]["start"].as_str(), plan["period"]["periods"].as_f64()),
        (Some("2026-06-12"), Some(19.0))
    );
    let line = |name: &str| plan["lines"].as_array().unwrap().iter().find(|line| line["supplier"] == name).unwrap();
    let (so_far, rest) = (line("N")["spent_before"].as_f64().unwrap(), line("N")["spend"].as_f64().unwrap());
    assert!(so_far > 5_000.0 && so_far + rest <= 30_000.01, "{so_far} {rest}");
    let dates: Vec<String> = project.read("out/plan_daily.csv").lines().skip(1).map(|l| l[..10].to_owned()).collect();
    assert_eq!((dates[0].as_str(), dates[dates.len() - 1].as_str()), ("2026-06-12", "2026-06-30"));
}

#[test]
fn the_scorecard_caps_suppliers_and_keeps_probes_of_the_unproven() {
    let project = june("caps_from_score = true");
    let plan = plan_of(&project);
    let scores: serde_json::Value = {
        project.succeeds("score");
        serde_json::from_str(&project.read("out/suppliers.json")).unwrap()
    };
    let spend = |name: &str| -> f64 {
        let lines = plan["lines"].as_array().unwrap().iter().filter(|line| line["supplier"] == name);
        lines.map(|line| line["spend"].as_f64().unwrap()).sum()
    };
    let mut unproven = 0;
    for score in scores["suppliers"].as_array().unwrap() {
        let name = score["supplier"].as_str().unwrap();
        match (score["tier"].as_str().unwrap(), score["cap_share"].as_f64()) {
            ("U", _) => {
                unproven += 1;
                assert!((600.0 - 0.01..=3_000.01).contains(&spend(name)), "{name}: {}", spend(name));
            }
            (_, Some(share)) => assert!(spend(name) <= share * 60_000.0 + 0.01, "{name}: {}", spend(name)),
            (tier, None) => panic!("{name} is {tier} without a cap"),
        }
    }
    assert!(unproven >= 1, "{scores}");
}

#[test]
fn weekdays_of_history_weigh_the_days() {
    let mut text = String::from("date,platform,spend,registrations\n");
    let first: jiff::civil::Date = "2026-03-02".parse().unwrap();
    for day in 0..91 {
        let date = first.saturating_add(jiff::Span::new().days(day));
        let spend = if day % 7 == 6 { 3000.0 } else { 1000.0 } * (1.0 + 0.1 * (day as f64).sin());
        text += &format!("{date},tencent,{spend:.2},{}\n", (spend / 50.0).round());
    }
    let settings = "[project]\nchannel = [\"platform\"]\n[[source]]\npath = \"spend.csv\"\n[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-28\"\n\
                    budget = 36000\nfrontier = []\nwhat_if = 0\n[plan.daily]\nweights = \"history\"\n";
    let project = Project::new(&[("spend.csv", &text), ("outlay.toml", settings)]);
    plan_of(&project);
    let days: Vec<f64> = project
        .read("out/plan_daily.csv")
        .lines()
        .skip(1)
        .map(|l| l.split(',').nth(7).unwrap().parse().unwrap())
        .collect();
    let ratio = days[6] / days[0];
    assert!((2.6..3.4).contains(&ratio), "{days:?}");
}
