//! Amounts of settings in the reporting currency, each by the latest rate on or before the plan's first day.

use serde::{Deserialize, Serialize};

use crate::check::Error;
use crate::import::Rates;
use crate::settings::PlanSettings;
use crate::units::Currency;

/// A rate that amounts in settings were converted by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateUsed {
    /// The other currency.
    pub currency: String,
    /// The reporting currency for one unit of it.
    pub rate: f64,
    /// The day that the rate is of.
    pub date: String,
}

/// The settings with every amount in the reporting currency, and the rates that took them there.
///
/// # Errors
///
/// [`crate::check::Kind::Settings`] for every amount in a currency without a rate: it is never taken at face value.
pub(super) fn in_one(
    settings: &PlanSettings,
    reporting: Currency,
    rates: Option<&Rates>,
) -> Result<(PlanSettings, Vec<RateUsed>), Error> {
    let mut settings = settings.clone();
    let mut converter = Converter { reporting, rates, day: settings.start, used: Vec::new(), wrong: Vec::new() };
    let named = settings.rules.currencies.clone();
    for (limit, currency) in settings.limits.iter_mut().zip(&named.limits) {
        let ceilings = [&mut limit.max_cost_per, &mut limit.max_marginal_cost];
        let amounts = [&mut limit.min, &mut limit.max, &mut limit.fixed].into_iter().chain(ceilings);
        let place = format!("plan.limit `{}`", limit.name);
        converter.convert(*currency, &place, amounts.flatten());
    }
    for (buy, currency) in settings.minimum_buys.iter_mut().zip(&named.minimum_buys) {
        let amounts = [&mut buy.amount, &mut buy.lot];
        converter.convert(*currency, "plan.minimum_buy", amounts.into_iter().flatten());
    }
    for (contract, currency) in settings.contracts.iter_mut().zip(&named.contracts) {
        let place = format!("plan.contract `{}`", contract.supplier);
        let tiers = contract.rebate.iter_mut().map(|tier| &mut tier.from);
        converter.convert(*currency, &place, tiers.chain([&mut contract.commitment]));
    }
    for funds in &mut settings.rules.funds {
        let place = format!("plan.funds `{}`", funds.name);
        converter.convert(funds.currency, &place, [&mut funds.prepaid, &mut funds.credit].into_iter());
    }
    Error::all(converter.wrong)?;
    Ok((settings, converter.used))
}

struct Converter<'a> {
    reporting: Currency,
    rates: Option<&'a Rates>,
    day: jiff::civil::Date,
    used: Vec<RateUsed>,
    wrong: Vec<Error>,
}

impl Converter<'_> {
    fn convert<'b>(&mut self, currency: Option<Currency>, place: &str, amounts: impl Iterator<Item = &'b mut f64>) {
        let Some(currency) = currency.filter(|currency| *currency != self.reporting) else { return };
        let Some((day, rate)) = self.rates.and_then(|rates| rates.latest(currency, self.day)) else {
            let message =
                format!("its amounts are in {currency}, and no rate to {} is known on {}", self.reporting, self.day);
            let help =
                "name a file of dated rates with `project.rates`, or write the amounts in the reporting currency";
            self.wrong.push(Error::setting(place, message).help(help));
            return;
        };
        amounts.for_each(|amount| *amount *= rate);
        let used = RateUsed { currency: currency.to_string(), rate, date: day.to_string() };
        if !self.used.contains(&used) {
            self.used.push(used);
        }
    }
}
