//! Results made by hand for the tests of this stage: a small hostile one and a rich one.

use std::path::Path;

use jiff::civil::date;
use ndarray::Array2;

use super::Results;
use crate::check::Finding;
use crate::fit::{ChannelFit, Curve, Diagnostics, Fitted, Response, Saturation};
use crate::panel::Panel;
use crate::plan::{
    Answer, BidCeiling, Budget, Conflict, Daily, DailyLine, DayHeld, Expected, FrontierPoint, Incremental,
    IncrementalShare, IncrementalTotal, Interval, LimitCost, Line, Period, Price, Regret, Relax, Status, TestValue,
    Unknown,
};
use crate::score::{Ask, CostPer, Efficiency, Peer, Rank, Scorecard, SupplierScore, Tier};
use crate::settings::Settings;
use crate::unify::{Entry, Ledger, RowCount, Skipped, SourceSummary};
use crate::units::{Channel, Currency, Field, Grain, Kpi, Micros};

/// Owned results.
pub(super) struct Sample {
    pub(super) settings: Settings,
    pub(super) ledger: Ledger,
    pub(super) panel: Panel,
    pub(super) fitted: Fitted,
    pub(super) scores: Scorecard,
    pub(super) answer: Answer,
    pub(super) findings: Vec<Finding>,
}

const SETTINGS: &str = r#"
[project]
name = "June <script>alert(1)</script>"
[plan]
start = "2026-06-01"
end = "2026-06-30"
budget = 10000
"#;

impl Sample {
    pub(super) fn results(&self) -> Results<'_> {
        Results {
            settings: &self.settings,
            ledger: &self.ledger,
            panel: &self.panel,
            fitted: &self.fitted,
            scores: &self.scores,
            answer: Some(&self.answer),
            findings: &self.findings,
        }
    }

    /// Three channels, one with draws, one certain, one without a curve, and names that try to break out.
    pub(super) fn hostile() -> Sample {
        let long = format!("<script>alert(1)</script> {}", "a".repeat(300));
        let fits = vec![
            fit("=cmd|x", "tencent", Ok(drawn(Saturation::Hill { top: 80.0, half: 100.0, slope: 0.9 }, 60)), 100.0),
            fit(
                &long,
                "\"quoted\"\nline\u{202E}",
                Ok(Curve::certain(Saturation::Linear { scale: 0.2, until: f64::INFINITY })),
                80.0,
            ),
            fit("中文", "weibo", Err("27 usable days of 60 needed".into()), 60.0),
        ];
        let spends = [4_200.005, 1_999.995, 1_800.0];
        let lines: Vec<Line> = fits.iter().zip(spends).map(|(fit, spend)| line(fit, spend)).collect();
        let suppliers = vec![
            supplier(Some("=cmd|x"), 3000.0, Tier::A),
            supplier(Some("🙂 \"a\"\r\n'b' \u{202E}txt"), 1000.0, Tier::U),
            SupplierScore {
                registrations: None,
                cost_per: None,
                efficiency: None,
                rank: None,
                ..supplier(None, 5.0, Tier::U)
            },
        ];
        let mut sample = Sample::of(fits, lines, suppliers, 8_000.0);
        sample.answer.unknown = Some(unknown(&mut sample.answer));
        caused(&mut sample.answer);
        sample.answer.daily = Some(daily(&sample.answer, "=618 <script>alert(1)</script>"));
        sample
    }

    /// Ten channels with draws and a frontier, for the eye.
    pub(super) fn rich() -> Sample {
        let names = [
            ("tencent", "Northwind Media"),
            ("tencent", "蓝海互动传媒（上海）有限公司"),
            ("weibo", "Delta"),
            ("kuaishou", "株式会社サンライズ広告"),
            ("oceanengine", "Bright & Sons"),
            ("bilibili", "Kestrel"),
            ("xiaohongshu", "Very Long Supplier Name International Holdings (Asia Pacific) Ltd."),
            ("baidu", "Search Partners"),
            ("zhihu", "Quill"),
            ("douyin", "Blue River"),
        ];
        let shape = |i: usize| Saturation::Hill {
            top: 260.0 + 55.0 * i as f64,
            half: 9_000.0 + 2_300.0 * ((i * 7) % 5) as f64,
            slope: 0.8 + 0.08 * (i % 4) as f64,
        };
        let fits: Vec<ChannelFit> = (names.iter().enumerate())
            .map(|(i, (platform, supplier))| {
                let curve = if i == 8 { Err("27 usable days of 60 needed".into()) } else { Ok(drawn(shape(i), 200)) };
                fit(supplier, platform, curve, 4_000.0 + 1_800.0 * ((i * 3) % 7) as f64)
            })
            .collect();
        let factors = [1.31, 0.94, 0.62, 1.18, 0.55, 1.65, 1.0, 1.9, 1.0, 1.12];
        let spend = |i: usize| (fits[i].reference_spend * 30.0 * factors[i] * 100.0).round() / 100.0;
        let lines: Vec<Line> = (0..fits.len()).map(|i| line(&fits[i], spend(i))).collect();
        let tiers = [Tier::A, Tier::B, Tier::C, Tier::B, Tier::A, Tier::D, Tier::B, Tier::B, Tier::U, Tier::C];
        let suppliers = (0..names.len()).map(|i| supplier(Some(names[i].1), spend(i), tiers[i])).collect();
        let asked = lines.iter().map(|line| line.spend).sum::<f64>().round() + 1_250.0;
        let mut sample = Sample::of(fits, lines, suppliers, asked);
        sample.settings.project.name = "June growth plan".into();
        sample.answer.unknown = Some(unknown(&mut sample.answer));
        caused(&mut sample.answer);
        sample.answer.daily = Some(daily(&sample.answer, "618 <b>"));
        sample
    }

    /// So many channels with draws.
    pub(super) fn many(channels: usize) -> Sample {
        let shape = Saturation::Hill { top: 260.0, half: 9_000.0, slope: 0.9 };
        let one = |i: usize| fit(&format!("Supplier {i:04}"), "tencent", Ok(drawn(shape.clone(), 200)), 4_000.0);
        let fits: Vec<ChannelFit> = (0..channels).map(one).collect();
        let spend = |i: usize| 120_000.0 + ((i * 37) % 101) as f64 * 100.0;
        let lines: Vec<Line> = fits.iter().enumerate().map(|(i, fit)| line(fit, spend(i))).collect();
        let suppliers = (0..channels).map(|i| supplier(Some(&format!("Supplier {i:04}")), spend(i), Tier::B)).collect();
        let asked = lines.iter().map(|line| line.spend).sum();
        Sample::of(fits, lines, suppliers, asked)
    }

    /// Turns the answer into a conflict.
    pub(super) fn contradict(&mut self) {
        self.answer.status = Status::Conflict;
        self.answer.lines.clear();
        self.answer.prices.clear();
        (self.answer.objective, self.answer.bound, self.answer.gap) = (None, None, None);
        (self.answer.expected, self.answer.cost_per, self.answer.incremental) = (None, None, None);
        (self.answer.budget.spent, self.answer.budget.cash) = (0.0, 0.0);
        self.answer.frontier.iter_mut().for_each(|point| {
            *point = FrontierPoint {
                mean: None,
                p10: None,
                p90: None,
                marginal_cost: None,
                status: Status::Conflict,
                ..*point
            }
        });
        self.answer.conflict = Some(Conflict {
            limits: vec!["tencent <b>floor</b>".into(), "budget".into()],
            short_by: 20_000.0,
            relax: vec![Relax { limit: "tencent <b>floor</b>".into(), by: 20_000.0, unit: None }],
        });
    }

    fn of(fits: Vec<ChannelFit>, lines: Vec<Line>, suppliers: Vec<SupplierScore>, asked: f64) -> Sample {
        let settings = Settings::parse(SETTINGS, "outlay.toml", Path::new(""), 1).unwrap();
        let channels: Vec<Channel> = fits.iter().map(|fit| fit.channel.clone()).collect();
        let findings = vec![
            Finding::review(
                "import.duplicates",
                "exports/a.csv",
                "3 rows equal in every column <b>",
                "set `duplicates`",
            ),
            Finding::fail("fit.unexplained", "=weibo", "spend explains nothing", "vary the budget"),
            Finding::pass("panel.gaps", "all channels", "no gaps"),
        ];
        Sample {
            answer: answer(lines, asked),
            ledger: ledger(),
            panel: panel(channels),
            fitted: fitted(fits),
            scores: scorecard(suppliers),
            settings,
            findings,
        }
    }
}

/// A curve whose draws spread by a fixed pattern around it.
fn drawn(shape: Saturation, draws: usize) -> Curve {
    let Saturation::Hill { top, half, slope } = shape else { return Curve::certain(shape) };
    let wave = |i: usize, step: f64| ((i as f64 + 1.0) * step).sin();
    let draw = |i: usize| Response {
        saturation: Saturation::Hill {
            top: top * (1.0 + 0.10 * wave(i, 1.7)),
            half: half * (1.0 + 0.22 * wave(i, 2.3)),
            slope: slope * (1.0 + 0.05 * wave(i, 3.1)),
        },
        decay: 0.3,
    };
    Curve { summary: Response { saturation: shape, decay: 0.3 }, draws: (0..draws).map(draw).collect() }
}

fn fit(supplier: &str, platform: &str, curve: Result<Curve, String>, reference: f64) -> ChannelFit {
    let parts = [(Field::Platform, Some(platform.to_owned())), (Field::Supplier, Some(supplier.to_owned()))];
    let mut channel = Channel::new(&parts);
    if supplier.starts_with(['=', '<']) {
        channel.label = supplier.to_owned();
    }
    let diagnostics = Diagnostics {
        periods: 118,
        explained: 0.62,
        elasticity: 0.71,
        elasticity_error: 0.08,
        how: crate::fit::How::Importance { pareto_k: 0.31, effective: 812.0 },
        notes: Default::default(),
    };
    ChannelFit {
        channel,
        diagnostics: curve.is_ok().then_some(diagnostics),
        curve,
        reference_spend: reference,
        mean_spend: reference * 1.2,
        observed: (0.0, reference * 1.6),
        season: Default::default(),
        incrementality: None,
    }
}

fn line(fit: &ChannelFit, spend: f64) -> Line {
    let per_period = spend / 30.0;
    let expected = fit.curve.as_ref().ok().map(|curve| {
        let states: Vec<f64> = curve.at_each(per_period).iter().map(|state| state * 30.0).collect();
        let [p10, p50, p90] = [0.1, 0.5, 0.9].map(|share| crate::math::quantile(&states, share));
        Expected { mean: crate::math::mean(&states), p10, p50, p90 }
    });
    let held = format!("held: {}", fit.channel.label);
    Line {
        channel: fit.channel.label.clone(),
        platform: fit.channel.value(Field::Platform).map(str::to_owned),
        supplier: fit.channel.value(Field::Supplier).map(str::to_owned),
        account: None,
        campaign: None,
        reference_spend: fit.reference_spend
            * 30.0
            * if fit.curve.is_ok() { 1.0 } else { spend / (30.0 * fit.reference_spend) },
        spend,
        cash: spend / 1.04,
        cost_per: expected.map(|expected| spend / expected.mean),
        marginal_cost: fit.curve.as_ref().ok().map(|curve| 1.0 / curve.marginal(per_period)),
        extrapolated: per_period > fit.observed.1 * 0.88 && expected.is_some(),
        limited_by: if expected.is_some() { vec!["budget".into()] } else { vec![held] },
        why_not_more: if expected.is_some() {
            "the next unit of money brings more elsewhere".into()
        } else {
            "it has no curve and is held at its reference spend".into()
        },
        expected,
        ..Line::default()
    }
}

fn answer(lines: Vec<Line>, asked: f64) -> Answer {
    let spent = super::numbers::total(lines.iter().map(|line| line.spend));
    let sum =
        |figure: fn(&Expected) -> f64| lines.iter().filter_map(|line| line.expected.as_ref().map(figure)).sum::<f64>();
    let expected = Expected {
        mean: sum(|e| e.mean),
        p10: sum(|e| 0.3 * e.p10 + 0.7 * e.mean),
        p50: sum(|e| e.p50),
        p90: sum(|e| 0.3 * e.p90 + 0.7 * e.mean),
    };
    let point = |multiple: f64| FrontierPoint {
        budget: asked * multiple,
        status: Status::Optimal,
        mean: Some(expected.mean * multiple.powf(0.6)),
        p10: Some(expected.p10 * multiple.powf(0.6)),
        p90: Some(expected.p90 * multiple.powf(0.6)),
        marginal_cost: Some(spent / expected.mean * multiple.powf(0.4) / 0.6),
    };
    let unspent = super::numbers::total([asked, -spent]);
    Answer {
        format: "outlay/plan@1".into(),
        status: Status::Optimal,
        currency: "CNY".into(),
        kpi: "registrations".into(),
        period: Period { start: "2026-06-01".into(), end: "2026-06-30".into(), periods: 30.0, grain: "day".into() },
        budget: Budget {
            asked,
            counted_in: "face".into(),
            spent,
            cash: spent / 1.04,
            unspent,
            unspent_because: (unspent > 0.0).then(|| "every line is at its own maximum".into()),
        },
        objective: Some(expected.mean),
        bound: Some(expected.mean * 1.00009),
        gap: Some(0.00009),
        expected: Some(expected),
        cost_per: Some(spent / expected.mean),
        frontier: [0.5, 0.75, 1.0, 1.25, 1.5].map(point).to_vec(),
        prices: vec![
            Price { limit: "budget".into(), price: 0.00779, unit: "registrations per CNY".into() },
            Price { limit: "=tencent share".into(), price: 12.5, unit: "registrations per 1 % of the plan".into() },
        ],
        conflict: None,
        lines,
        ..Answer::default()
    }
}

/// What each line causes: by a lift test the first, by assumption the others.
fn caused(answer: &mut Answer) {
    for (at, line) in answer.lines.iter_mut().enumerate() {
        let Some(expected) = line.expected else { continue };
        let (share, tests) = if at == 0 { (0.8, vec!["=geo <b>".into()]) } else { (1.0, Vec::new()) };
        line.incremental = Some(Incremental {
            share: IncrementalShare { mean: share, p05: 0.7 * share, p95: 1.4 * share },
            tests,
            mean: expected.mean,
            p10: 0.9 * expected.p10,
            p90: 1.1 * expected.p90,
            cost_per: line.cost_per,
        });
    }
    let mean = answer.lines.iter().filter_map(|line| Some(line.incremental.as_ref()?.mean)).sum();
    answer.incremental = Some(IncrementalTotal {
        mean,
        p10: 0.8 * mean,
        p90: 1.2 * mean,
        cost_per: answer.cost_per,
        tested: 1,
        assumed: answer.lines.iter().filter(|line| line.expected.is_some()).count() - 1,
    });
}

/// Ranges, bid ceilings and the worth of tests of the lines with a curve, as a plan of them would have.
fn unknown(answer: &mut Answer) -> Unknown {
    for line in answer.lines.iter_mut().filter(|line| line.expected.is_some()) {
        line.interval = Some(Interval { p10: 0.8 * line.spend, p50: line.spend, p90: 1.3 * line.spend });
        let cost = line.marginal_cost.unwrap_or(100.0);
        line.bid_ceiling = Some(BidCeiling { cost, p10: Some(0.9 * cost), p90: Some(1.2 * cost) });
    }
    let tested = answer.lines.iter().filter(|line| line.expected.is_some()).take(2);
    let test = |line: &Line| TestValue {
        channel: line.channel.clone(),
        worth: Some(12.0),
        at_most: 14.0,
        probe_budget: Some(1_600.0),
    };
    let gain = Expected { mean: 8.0, p10: 4.0, p50: 8.0, p90: 12.0 };
    let limit = |price: &Price| LimitCost {
        limit: price.limit.clone(),
        costs: (price.limit != "budget").then_some(gain),
        saves: None,
        price_p10: 0.9 * price.price,
        price_p50: price.price,
        price_p90: 1.1 * price.price,
        unit: price.unit.clone(),
    };
    Unknown {
        draws: 200,
        what_if: 60,
        because: None,
        regret: Some(Regret { mean: 58.6, at_most: 58.7, p90: 97.1, share: 0.002 }),
        tests: tested.map(test).collect(),
        limits: answer.prices.iter().map(limit).collect(),
    }
}

/// Each line's spend over thirty days, its cents on the last one, with an event on the eighteenth.
fn daily(answer: &Answer, event: &str) -> Daily {
    let dates: Vec<jiff::civil::Date> = date(2026, 6, 1).series(jiff::Span::new().days(1)).take(30).collect();
    let mut events = vec![Vec::new(); dates.len()];
    events[17].push(event.to_owned());
    let line = |line: &Line| {
        let day = (line.spend / 30.0).floor();
        let mut spend = vec![day; 29];
        spend.push(super::numbers::total([line.spend, -29.0 * day]));
        let before = super::numbers::total([line.reference_spend / 30.0]);
        DailyLine { channel: line.channel.clone(), before, spend, held: vec![DayHeld::Free; 30] }
    };
    Daily { lines: answer.lines.iter().map(line).collect(), dates, events }
}

fn ledger() -> Ledger {
    let mut entry = Entry {
        date: date(2026, 5, 1),
        days: 1,
        names: [Some("tencent".into()), Some("=cmd|x".into()), None, None, None],
        measures: Default::default(),
    };
    entry.measures[0] = Some(Micros::new(10_100_001));
    entry.measures[6] = Some(Micros::new(2_000_000));
    let skipped = Skipped { reason: "no date".into(), count: 1, examples: vec!["a.csv:7".into()] };
    let source = SourceSummary {
        path: "exports/a <b>.csv".into(),
        platform: "tencent".into(),
        encoding: "utf-8".into(),
        rows: 12,
        spend: 1234.5,
        currency: cny(),
        grants: None,
        credit: None,
        basis: None,
        first: None,
        last: None,
        duplicates: 0,
        columns: Default::default(),
        unread: Vec::new(),
        own_total: None,
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into(),
    };
    Ledger {
        currency: cny(),
        entries: vec![entry],
        rows: RowCount { read: 12, used: 11, skipped: vec![skipped] },
        sources: vec![source],
        late: Vec::new(),
        findings: Vec::new(),
    }
}

fn panel(channels: Vec<Channel>) -> Panel {
    let shape = (channels.len(), 1);
    Panel {
        kpi: Kpi::Registrations,
        currency: cny(),
        grain: Grain::Day,
        periods: vec![date(2026, 5, 1)],
        channels,
        spend: Array2::zeros(shape),
        kpi_count: Array2::zeros(shape),
        reported: Array2::from_elem(shape, true),
        counted: Array2::from_elem(shape, true),
        late: Array2::from_elem(shape, false),
        total: None,
        sha256: "11".repeat(32),
        findings: Vec::new(),
    }
}

fn fitted(channels: Vec<ChannelFit>) -> Fitted {
    Fitted {
        kpi: Kpi::Registrations,
        currency: cny(),
        grain: Grain::Day,
        seed: 1,
        panel_sha256: "11".repeat(32),
        settings_sha256: "22".repeat(32),
        until: None,
        channels,
        findings: Vec::new(),
    }
}

fn scorecard(suppliers: Vec<SupplierScore>) -> Scorecard {
    let window = Some((date(2026, 5, 1), date(2026, 5, 31)));
    Scorecard { window, suppliers, ..Scorecard::empty(Kpi::Registrations) }
}

fn supplier(name: Option<&str>, spend: f64, tier: Tier) -> SupplierScore {
    let platforms = vec!["tencent".into(), "@weibo".into()];
    SupplierScore {
        registrations: Some(spend / 76.9),
        cost_per: Some(CostPer { raw: Some(76.9), shrunk: Some(77.8), p05: 74.1, p95: 81.9 }),
        efficiency: Some(Efficiency {
            crs: 0.91,
            nirs: 0.93,
            vrs: 0.95,
            peers: vec![Peer { supplier: Some("Delta".into()), weight: 0.7 }],
            ..Efficiency::default()
        }),
        rank: Some(Rank { expected: 2.3, p05: 1, p95: 4, best: 0.21, ..Rank::default() }),
        tier,
        reasons: vec!["=cost 12 % below the portfolio's".into(), "118 days of evidence".into()],
        cap_share: Some(0.35),
        ask: Some(Ask { rebate: 0.19, because: "-to meet the portfolio's cost".into(), ..Ask::default() }),
        ..SupplierScore::unscored(name.map(str::to_owned), platforms, spend)
    }
}

fn cny() -> Currency {
    "CNY".parse().unwrap()
}
