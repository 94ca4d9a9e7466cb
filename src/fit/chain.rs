//! The funnel as a chain: where a channel's KPI is counted too rarely for a curve, that of an earlier step times the rates
//! between.
//!
//! ```text
//!     reads ─▶ entries ─▶ registrations ─▶ valid registrations ─▶ value
//!     f(x) = f_earlier(x) · Π_steps ρ        ρ ÷ u | counts ~ Gamma(k + Σ later ÷ u, k ÷ m + Σ earlier)
//! ```
//!
//! m is the step's rate over all channels, k how many events of its own a channel needs to count as much as the others, u the
//! unit in which the later step is counted: 1, of value the one in which it has a count's noise. So a channel is weighted by
//! what its registrations become, as far as it is known, and else by what all channels' do. Each draw of the curve gets its own
//! rates, so that intervals hold what is not known of them. That a rate is the same at every spend is an assumption, which the
//! finding states.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma};

use super::response::{Curve, Response};
use super::{ChannelFit, Fitted, average, checks, estimate, regress};
use crate::check::{Error, Finding};
use crate::math::quantile;
use crate::panel::{self, Panel};
use crate::settings::Settings;
use crate::unify::Ledger;
use crate::units::{Channel, Kpi};

/// The funnel in order.
const STEPS: [Kpi; 5] = [Kpi::Reads, Kpi::Entries, Kpi::Registrations, Kpi::ValidRegistrations, Kpi::Value];
/// Events of its own at which a channel's rate is as much its own as all channels'.
const COMMON_EVENTS: f64 = 4.0;
/// Fewest events over all channels that tell a rate.
const LEAST_EVENTS: f64 = 10.0;
/// Periods from which a channel's noise of value can be told.
const LEAST_PERIODS: usize = 8;

/// The models, with curves by way of an earlier step for channels whose KPI is counted in too few periods.
///
/// # Errors
///
/// As [`panel::build`] and [`super::channels`] on the earlier step's counts.
pub fn through(mut fitted: Fitted, panel: &Panel, ledger: &Ledger, settings: &Settings) -> Result<Fitted, Error> {
    let Some(own) = STEPS.iter().position(|step| *step == panel.kpi).filter(|_| panel.total.is_none()) else {
        return Ok(fitted);
    };
    let mut later = vec![panel.clone()];
    for step in (0..own).rev() {
        let mut settings = settings.clone();
        settings.project.kpi = STEPS[step];
        let earlier = panel::build(ledger, &settings)?;
        let open: Vec<usize> = (0..fitted.channels.len()).filter(|i| helps(&fitted, *i, panel, &earlier)).collect();
        if !open.is_empty() {
            let models = estimate::channels(&earlier, &settings)?;
            for i in open {
                let found = models.channels.iter().find(|fit| fit.channel == fitted.channels[i].channel);
                let found = found.and_then(|fit| chained(fit, &earlier, &later, settings.seed));
                if let Some((fit, message)) = found {
                    replace(&mut fitted, i, fit, message);
                }
            }
        }
        // a step that nobody counts is passed over
        if earlier.counted.iter().any(|counted| *counted) {
            later.insert(0, earlier);
        }
    }
    Ok(fitted)
}

/// Whether a channel has too few periods of its KPI and enough of an earlier step.
fn helps(fitted: &Fitted, i: usize, panel: &Panel, earlier: &Panel) -> bool {
    let fit = &fitted.channels[i];
    let enough = |panel: &Panel| {
        let usable = place(panel, &fit.channel).map_or(0, |row| usable(panel, row));
        checks::enough_periods(usable, panel.grain).is_ok()
    };
    fit.curve.is_err() && !enough(panel) && enough(earlier)
}

fn place(panel: &Panel, channel: &Channel) -> Option<usize> {
    panel.channels.iter().position(|other| other == channel)
}

fn usable(panel: &Panel, row: usize) -> usize {
    let is_usable =
        |t: &usize| panel.counted[[row, *t]] && panel.spend[[row, *t]] > 0.0 && panel.kpi_count[[row, *t]] > 0.0;
    (0..panel.periods.len()).filter(is_usable).count()
}

/// A channel's curve of the last step from that of the first, and what is to be said of it.
fn chained(fit: &ChannelFit, first: &Panel, later: &[Panel], seed: u64) -> Option<(ChannelFit, String)> {
    let curve = fit.curve.as_ref().ok()?;
    let mut random = estimate::stream(seed, &fit.channel.label, 3);
    let mut rates = vec![1.0; curve.draws.len()];
    let mut from = first;
    for to in later {
        let posterior = rate(from, to, &fit.channel)?;
        rates.iter_mut().for_each(|rate| *rate *= posterior.drawn(&mut random));
        from = to;
    }
    let scaled = |(draw, rate): (&Response, &f64)| Response { saturation: draw.saturation.times(*rate), ..*draw };
    let draws: Vec<Response> = curve.draws.iter().zip(&rates).map(scaled).collect();
    let message = message(&rates, from.kpi, first.kpi);
    let curve = Curve { summary: average::summary(&draws), draws };
    let mut diagnostics = fit.diagnostics.clone();
    if let Some(diagnostics) = &mut diagnostics {
        diagnostics.notes.noise = super::Noise::default();
    }
    Some((ChannelFit { curve: Ok(curve), diagnostics, ..fit.clone() }, message))
}

fn message(rates: &[f64], kpi: Kpi, first: Kpi) -> String {
    let [low, middle, high] = [0.05, 0.5, 0.95].map(|share| quantile(rates, share));
    let times = match kpi {
        Kpi::Value => format!("times {middle:.2} each ({low:.2} to {high:.2})"),
        _ => format!("times {:.2} % ({:.2} to {:.2} %)", 100.0 * middle, 100.0 * low, 100.0 * high),
    };
    format!(
        "{kpi} is counted too rarely for a curve of its own: the curve is that of {first}, {times}, taken as the same at every \
         spend"
    )
}

/// The posterior of a rate from one step to the next.
struct Rate {
    /// Later events, counted in units, per earlier one.
    units: Gamma<f64>,
    unit: f64,
}

impl Rate {
    fn drawn(&self, random: &mut ChaCha8Rng) -> f64 {
        self.unit * self.units.sample(random)
    }
}

/// A channel's rate from one step to the next; `None` where all channels together do not tell one.
fn rate(from: &Panel, to: &Panel, channel: &Channel) -> Option<Rate> {
    let all = (0..from.channels.len()).map(|row| events(from, to, &from.channels[row]));
    let (earlier, later) = all.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    if !(earlier > 0.0 && later > 0.0) {
        return None;
    }
    let unit = if to.kpi == Kpi::Value { unit(to, later / earlier) } else { 1.0 };
    let (own, later) = (events(from, to, channel), later / unit);
    let per_unit = COMMON_EVENTS * earlier / later + own.0;
    let units = Gamma::new(COMMON_EVENTS + own.1 / unit, 1.0 / per_unit).ok()?;
    (later >= LEAST_EVENTS).then_some(Rate { units, unit })
}

/// The unit in which value has a count's noise: the middle one of the channels that tell theirs, and at least what one earlier
/// event is worth, `each`: value does not vary less than what it is the value of.
fn unit(panel: &Panel, each: f64) -> f64 {
    let values = |row: usize| -> Vec<(usize, f64)> {
        (0..panel.periods.len()).filter(|t| panel.counted[[row, *t]]).map(|t| (t, panel.kpi_count[[row, t]])).collect()
    };
    let told = (0..panel.channels.len()).map(values).filter(|values| values.len() >= LEAST_PERIODS);
    let units: Vec<f64> = told.map(|values| regress::unit_of_value(&values)).collect();
    if units.is_empty() { each } else { quantile(&units, 0.5).max(each) }
}

/// Counts of a channel at two steps, over the periods in which both are counted.
fn events(from: &Panel, to: &Panel, channel: &Channel) -> (f64, f64) {
    let (Some(a), Some(b)) = (place(from, channel), place(to, channel)) else { return (0.0, 0.0) };
    let mut sum = (0.0, 0.0);
    for (t, period) in from.periods.iter().enumerate() {
        let Ok(other) = to.periods.binary_search(period) else { continue };
        if from.counted[[a, t]] && to.counted[[b, other]] {
            sum = (sum.0 + from.kpi_count[[a, t]], sum.1 + to.kpi_count[[b, other]]);
        }
    }
    sum
}

/// # What it does
/// Puts a chained curve in the place of none, and says so.
/// # Why it matters
/// The curve's shape is the earlier step's; what becomes of its counts is a rate with an interval.
/// # Threshold
/// Too few periods of the KPI for a curve, enough of the earlier step, and ten events of each step over all channels.
/// # What to do
/// Nothing, while the rate holds at every spend; look whether more spend brings worse registrations.
fn replace(fitted: &mut Fitted, i: usize, fit: ChannelFit, message: String) {
    let label = fit.channel.label.clone();
    fitted.findings.retain(|finding| !(finding.check == "fit.no_curve" && finding.subject == label));
    let advice = "look from time to time whether more spend brings a worse rate: then the curve promises too much";
    fitted.findings.push(Finding::review("fit.chain", &label, message, advice));
    fitted.channels[i] = fit;
}
