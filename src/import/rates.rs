//! Dated exchange rates from a file.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

use super::number::scaled;
use super::table::{SEPARATORS, Table};
use super::text;
use crate::check::{Error, Kind, Origin};
use crate::settings::Project;
use crate::units::{Currency, Micros};

/// Exchange rates into the reporting currency, by currency and day.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// The reporting currency for one unit, times 10¹².
    by_currency: BTreeMap<Currency, BTreeMap<Date, i128>>,
}

/// One, as rates are held.
const ONE: i128 = 1_000_000_000_000;

impl Rates {
    /// Converts a sum of millionths by the latest rate on or before `day`, rounding half away from zero.
    ///
    /// `None` without such a rate, or when the result leaves the range of [`Micros`].
    pub fn convert(&self, amount: Micros, currency: Currency, day: Date) -> Option<Micros> {
        let (_, rate) = self.by_currency.get(&currency)?.range(..=day).next_back()?;
        let product = i128::from(amount.get()).checked_mul(*rate)?;
        let rounded = (product.abs().checked_add(ONE / 2)? / ONE) * product.signum();
        i64::try_from(rounded).ok().map(Micros::new)
    }

    /// The latest rate on or before `day`, and the day that it is of.
    pub fn latest(&self, currency: Currency, day: Date) -> Option<(Date, f64)> {
        let (of, rate) = self.by_currency.get(&currency)?.range(..=day).next_back()?;
        Some((*of, *rate as f64 / ONE as f64))
    }

    /// Whether there is a rate on or before `day`.
    pub fn has(&self, currency: Currency, day: Date) -> bool {
        self.by_currency.get(&currency).is_some_and(|rates| rates.range(..=day).next_back().is_some())
    }
}

/// The rates of `project.rates`; none where the settings name no file.
///
/// The file is a CSV with the headers `date` (ISO 8601), `currency` and `rate`, the reporting currency for one unit.
///
/// # Errors
///
/// [`Kind::Input`] when the file cannot be read, misses a column, holds something else than such rows, or gives two
/// rates for one currency and day.
pub fn rates(project: &Project) -> Result<Rates, Error> {
    project.rates.as_deref().map_or_else(|| Ok(Rates::default()), read)
}

fn read(path: &Path) -> Result<Rates, Error> {
    let shown = path.display();
    let help = "give a CSV with the columns date, currency, rate: the reporting currency for one unit of `currency`";
    let refuse = |what: String| Error::new(Kind::Input, what).help(help);
    let bytes = std::fs::read(path).map_err(|error| refuse(format!("project.rates: {shown}: {error}")))?;
    let text = text::decode(bytes, None, &|_| (0, 0)).map_err(|_| refuse(format!("{shown}: not UTF-8 text")))?;
    let names = ["date", "currency", "rate"];
    let table = Table::find(text.content.head(), &SEPARATORS, |header| names.contains(&header.trim()));
    let table = table.ok_or_else(|| refuse(format!("{shown}: is empty, expected a header line")))?;
    let cells = names.map(|name| table.headers.iter().position(|header| header.trim() == name));
    let [Some(date), Some(currency), Some(rate)] = cells else {
        return Err(refuse(format!("{shown}:{}: expected the headers date, currency, rate", table.line)));
    };
    let mut rates = Rates::default();
    let mut wrong = Vec::new();
    for (line, record) in table.records() {
        if let Err(what) = rates.add(&record, [date, currency, rate]) {
            wrong.push(refuse(format!("{}: {what}", Origin::new(path, line))));
        }
    }
    Error::all(wrong).map(|()| rates)
}

impl Rates {
    fn add(&mut self, record: &[String], [date, currency, rate]: [usize; 3]) -> Result<(), String> {
        let cell = |index: usize| record.get(index).map_or("", |cell| cell.trim());
        let wrong = |column: &str, found: &str, expected: &str| {
            format!("column `{column}` holds `{found}`, expected {expected}")
        };
        let day: Date = cell(date).parse().map_err(|_| wrong("date", cell(date), "a date such as 2026-05-01"))?;
        let currency: Currency =
            cell(currency).parse().map_err(|_| wrong("currency", cell(currency), "a currency code such as USD"))?;
        let value = scaled(cell(rate), 12).filter(|value| *value > 0);
        let value = value.ok_or_else(|| wrong("rate", cell(rate), "a number above 0"))?;
        match self.by_currency.entry(currency).or_default().insert(day, value) {
            Some(other) if other != value => Err(format!("a second rate for {currency} on {day}")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn of(text: &str) -> Result<Rates, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rates.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    fn usd() -> Currency {
        "USD".parse().unwrap()
    }

    #[test]
    fn the_latest_rate_on_or_before_the_day_holds() {
        let rates = of("date,currency,rate\n2026-05-01,USD,7.1\n2026-06-01,USD,7.25\n").unwrap();
        let cents = Micros::new(10_000);
        assert_eq!(rates.convert(cents, usd(), date(2026, 4, 30)), None);
        assert_eq!(rates.convert(cents, usd(), date(2026, 5, 31)), Some(Micros::new(71_000)));
        assert_eq!(rates.convert(cents, usd(), date(2027, 1, 1)), Some(Micros::new(72_500)));
        assert_eq!(rates.convert(cents, "EUR".parse().unwrap(), date(2026, 6, 1)), None);
    }

    #[test]
    fn what_is_wrong_is_told_by_line() {
        let error = of("date,currency,rate\n2026-05-01,USD,0\n2026-13-01,USD,7\n2026-05-02,yuan,1\n").unwrap_err();
        let text = error.to_string();
        for part in ["rates.csv:2: column `rate` holds `0`", "rates.csv:3: column `date`", ":4: column `currency`"] {
            assert!(text.contains(part), "{part} not in {text}");
        }
        assert!(of("date,rate\n").is_err() && of("").is_err());
        assert!(of("date,currency,rate\n2026-05-01,USD,7\n2026-05-01,USD,8\n").is_err());
    }
}
