//! Rules of the platforms: least daily budgets and steps, from the dated files of `data/rules/`.
//!
//! The files are embedded, so the program knows them wherever it runs. A platform without a file has no rule that is known.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Live;
use crate::check::Finding;
use crate::fit::Fitted;
use crate::import::Rates;
use crate::plan::line::{Allowed, Line};
use crate::settings::PlanSettings;
use crate::units::{Currency, Field};

/// The rules, by the name of their platform: every file of `data/rules/`, which the build script lists.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// A file of `data/rules/`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformRules {
    /// The platform.
    pub platform: String,
    /// When the rules were collected.
    pub as_of: String,
    /// Where they are written.
    pub source: String,
    /// Currency of the amounts.
    pub currency: Currency,
    /// What the amounts are per: an ad, a campaign, an account.
    pub level: String,
    /// Least daily budget.
    pub min_daily: Option<f64>,
    /// Largest daily budget.
    pub max_daily: Option<f64>,
    /// Daily budgets are multiples of this, or change by at least this.
    pub step: Option<f64>,
    /// What else a person should know: rules within a day are told here, since a plan has one budget a day.
    #[serde(default)]
    pub note: String,
}

static RULES: LazyLock<BTreeMap<String, PlatformRules>> = LazyLock::new(|| {
    let parse = |(name, text): &(&str, &str)| {
        let rules: PlatformRules =
            toml::from_str(text).unwrap_or_else(|error| panic!("data/rules/{name}.toml: {error}"));
        (rules.platform.clone(), rules)
    };
    FILES.iter().map(parse).collect()
});

/// The rules of a platform, when any are known.
///
/// ```
/// use outlay::plan::rules::platform;
/// assert!(platform::rules("tencent").is_some_and(|rules| rules.min_daily == Some(50.0)));
/// assert!(platform::rules("weibo").is_none());
/// ```
pub fn rules(platform: &str) -> Option<&'static PlatformRules> {
    RULES.get(platform)
}

/// A rule that a plan was held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleUsed {
    /// The platform.
    pub platform: String,
    /// Least daily budget, in the plan's currency.
    pub min_daily: Option<f64>,
    /// Step of daily budgets, in the plan's currency.
    pub step: Option<f64>,
    /// What they are per.
    pub level: String,
    /// When the rule was collected.
    pub as_of: String,
    /// Where it is written.
    pub source: String,
    /// Whether the plan had to keep it: `platform_rules = true`.
    pub kept: bool,
}

/// A platform's rule for one line, in the plan's currency.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::plan) struct LineRule {
    /// As it is told.
    pub used: RuleUsed,
    /// Least spend of the line when there is any: the least daily budget on each of its days.
    pub least: f64,
}

impl LineRule {
    /// Its name where it holds a line.
    pub fn name(&self) -> String {
        let RuleUsed { platform, min_daily, as_of, .. } = &self.used;
        format!("rule: {platform} at least {:.2} a day (as of {as_of})", min_daily.unwrap_or(0.0))
    }
}

/// The rule of each channel of the models. Amounts in another currency are converted by the rate of the plan's first day;
/// without one the rule is left out, and a finding says so.
pub(super) fn of_lines(
    settings: &PlanSettings,
    fitted: &Fitted,
    rates: Option<&Rates>,
    live: &[Live],
    findings: &mut Vec<Finding>,
) -> Vec<Option<LineRule>> {
    let mut unconverted: BTreeMap<&str, Currency> = BTreeMap::new();
    let mut rule = |(fit, live): (&crate::fit::ChannelFit, &Live)| {
        let rules = rules(fit.channel.value(Field::Platform)?)?;
        let rate = if rules.currency == fitted.currency {
            Some(1.0)
        } else {
            rates.and_then(|rates| rates.latest(rules.currency, settings.start)).map(|(_, rate)| rate)
        };
        let Some(rate) = rate else {
            unconverted.insert(&rules.platform, rules.currency);
            return None;
        };
        let used = RuleUsed {
            platform: rules.platform.clone(),
            min_daily: rules.min_daily.map(|amount| amount * rate),
            step: rules.step.map(|amount| amount * rate),
            level: rules.level.clone(),
            as_of: rules.as_of.clone(),
            source: rules.source.clone(),
            kept: settings.rules.platform_rules,
        };
        Some(LineRule { least: used.min_daily.unwrap_or(0.0) * f64::from(live.days), used })
    };
    let found = fitted.channels.iter().zip(live).map(&mut rule).collect();
    if settings.rules.platform_rules {
        let left_out = |(platform, currency): (&str, Currency)| {
            let message =
                format!("its rules are in {currency}, and no rate to {} is known: they are left out", fitted.currency);
            Finding::review("plan.platform_rules", platform, message, "name a file of dated rates with `project.rates`")
        };
        findings.extend(unconverted.into_iter().map(left_out));
    }
    found
}

/// Makes each line's least daily budget a minimum buy of it. A line without a curve stays as it is: it is held there, not
/// planned.
pub(super) fn apply(rules: &[Option<LineRule>], lines: &[Line], allowed: &mut [Allowed]) {
    for ((rule, line), allowed) in rules.iter().zip(lines).zip(allowed) {
        if let Some(rule) = rule.as_ref().filter(|_| line.curve.is_ok()) {
            allowed.minimum = allowed.minimum.max(rule.least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_sound_and_dated() {
        assert!(RULES.len() >= 5);
        for (name, rules) in RULES.iter() {
            assert!(rules.as_of.parse::<jiff::civil::Date>().is_ok(), "{name}: {}", rules.as_of);
            assert!(!rules.source.is_empty() && !rules.level.is_empty(), "{name}");
            let amounts = [rules.min_daily, rules.max_daily, rules.step];
            assert!(amounts.iter().flatten().all(|amount| *amount > 0.0), "{name}");
            assert!(amounts.iter().any(Option::is_some), "{name} says nothing");
        }
    }
}
