//! Results → page, workbook and charts.

mod common;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use outlay::check::Finding;
use outlay::fit::Fitted;
use outlay::panel::Panel;
use outlay::plan::{self, Answer};
use outlay::report::{self, Lang, Results};
use outlay::score::{self, Scorecard};
use outlay::settings::Settings;
use outlay::unify::Ledger;

/// What a run of `channels` channels found.
struct Found {
    settings: Settings,
    ledger: Ledger,
    panel: Panel,
    fitted: Fitted,
    scores: Scorecard,
    answer: Answer,
    findings: Vec<Finding>,
}

impl Found {
    fn new(channels: usize) -> Found {
        let (settings, ledger) = common::ledger(channels, 90);
        let (panel, fitted) = (common::panel(&ledger, &settings), common::models(channels));
        let scores = score::suppliers(&ledger, &settings).expect("programs that can be solved");
        let plan = settings.plan().expect("a plan");
        let answer = plan::scenarios(&fitted, plan, fitted.currency).expect("a plan");
        let findings = [&ledger.findings, &panel.findings, &fitted.findings, &scores.findings].into_iter().flatten();
        Found { findings: findings.cloned().collect(), settings, ledger, panel, fitted, scores, answer }
    }

    fn results(&self) -> Results<'_> {
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
}

fn writes_the_report(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("report");
    group.sample_size(10);
    for channels in [10, 100, 1000] {
        let found = Found::new(channels);
        group.bench_with_input(BenchmarkId::new("channels", channels), &found, |bencher, found| {
            bencher.iter(|| report::pages(&found.results(), Lang::En).expect("a report"));
        });
    }
}

criterion_group!(benches, writes_the_report);
criterion_main!(benches);
