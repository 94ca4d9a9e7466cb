//! Quantities and their units: what travels between the stages.
//!
//! Newtypes stand at the edges (files, settings, report). Inside `math`, `fit` and `plan` amounts are plain `f64`
//! slices with the unit in the doc; [`Micros::to_f64`] and [`Micros::from_f64`] are the two crossings.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code. A symbol is chosen only where a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The three letters.
    ///
    /// ```
    /// use outlay::units::Currency;
    /// assert_eq!("cny".parse::<Currency>().unwrap().code(), "CNY");
    /// assert!("yuan".parse::<Currency>().is_err());
    /// ```
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Currency, String> {
        let upper = text.trim().to_ascii_uppercase();
        match <[u8; 3]>::try_from(upper.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Currency(code)),
            _ => Err(format!("`{text}` is not a currency code, expected three letters such as CNY")),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = String;

    fn try_from(text: String) -> Result<Currency, String> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An exact decimal quantity held in millionths: money of a stated currency, or a count that attribution may split.
///
/// Sums of millionths neither drift nor depend on the order of the rows. The bound of one quantity is
/// ±9.2 × 10¹² units; adding past it is an error, never a wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(i64);

impl Micros {
    /// Nothing, which differs from an absent quantity.
    pub const ZERO: Micros = Micros(0);
    /// Millionths in one unit.
    pub const PER_UNIT: i64 = 1_000_000;

    /// A quantity given in millionths.
    pub const fn new(millionths: i64) -> Micros {
        Micros(millionths)
    }

    /// The millionths.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Reads a plain decimal number (optional sign, digits, optional point and digits, optional exponent-free),
    /// rounding half away from zero beyond the sixth decimal.
    ///
    /// `None` when the text is no such number or does not fit.
    ///
    /// ```
    /// use outlay::units::Micros;
    /// assert_eq!(Micros::from_decimal("1.4299999"), Some(Micros::new(1_430_000)));
    /// assert_eq!(Micros::from_decimal("-0.5"), Some(Micros::new(-500_000)));
    /// assert_eq!(Micros::from_decimal("1,204"), None);
    /// assert_eq!(Micros::from_decimal(""), None);
    /// ```
    pub fn from_decimal(text: &str) -> Option<Micros> {
        if let Some(value) = short(text.as_bytes()) {
            return Some(value);
        }
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let units: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let value = units.checked_mul(Micros::PER_UNIT)?.checked_add(millionths_of(fraction))?;
        Some(Micros(if negative { -value } else { value }))
    }

    /// The nearest quantity to a number of units; `None` when it is not finite or does not fit.
    pub fn from_f64(units: f64) -> Option<Micros> {
        let millionths = (units * Micros::PER_UNIT as f64).round();
        (millionths.abs() < i64::MAX as f64).then_some(Micros(millionths as i64))
    }

    /// The number of units, rounded to the nearest `f64`.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Micros::PER_UNIT as f64
    }

    /// The sum, or `None` past the bound.
    pub fn checked_add(self, other: Micros) -> Option<Micros> {
        self.0.checked_add(other.0).map(Micros)
    }
}

/// What almost all figures are, in one go: digits without sign, at most six of them behind a point. `None` for the rest.
fn short(text: &[u8]) -> Option<Micros> {
    if text.len() > 18 {
        return None;
    }
    let (mut value, mut decimals, mut point) = (0_i64, 0, false);
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + i64::from(byte - b'0');
                decimals += usize::from(point);
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    const SCALES: [i64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let scale = SCALES.get(decimals).filter(|_| text.len() > usize::from(point))?;
    value.checked_mul(*scale).map(Micros)
}

/// The first six decimals of `fraction` in millionths, rounded by the seventh.
fn millionths_of(fraction: &str) -> i64 {
    let digit = |place: usize| fraction.as_bytes().get(place).map_or(0, |b| i64::from(b - b'0'));
    let six = (0..6).fold(0, |value, place| value * 10 + digit(place));
    six + i64::from(digit(6) >= 5)
}

impl fmt::Display for Micros {
    /// The shortest exact decimal: `1.43`, `-0.000001`, `12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let (whole, fraction) = (magnitude / 1_000_000, magnitude % 1_000_000);
        let sign = if self.0 < 0 { "-" } else { "" };
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let (mut decimals, mut places) = (fraction, 6);
        while decimals % 10 == 0 {
            (decimals, places) = (decimals / 10, places - 1);
        }
        write!(f, "{sign}{whole}.{decimals:0places$}")
    }
}

/// What the project counts: the figure that spend is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Kpi {
    /// Reads of a piece of content.
    Reads,
    /// Entries: new followers or group members.
    Entries,
    /// Registrations.
    #[default]
    Registrations,
    /// Registrations that passed screening.
    ValidRegistrations,
    /// Value in money.
    Value,
}

impl Kpi {
    /// The canonical column that holds it.
    pub fn measure(self) -> Measure {
        match self {
            Kpi::Reads => Measure::Reads,
            Kpi::Entries => Measure::Entries,
            Kpi::Registrations => Measure::Registrations,
            Kpi::ValidRegistrations => Measure::ValidRegistrations,
            Kpi::Value => Measure::Value,
        }
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        self.measure().name()
    }
}

impl fmt::Display for Kpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A figure of the canonical table, in the table's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Face value, as the platform shows it.
    Spend,
    /// Cash paid for it.
    SpendCash,
    /// Times shown.
    Impressions,
    /// Clicks through to the content.
    Clicks,
    /// Reads.
    Reads,
    /// Entries.
    Entries,
    /// Registrations.
    Registrations,
    /// Registrations that passed screening.
    ValidRegistrations,
    /// Value in money.
    Value,
}

impl Measure {
    /// All of them, in the canonical table's order.
    pub const ALL: [Measure; 9] = [
        Measure::Spend,
        Measure::SpendCash,
        Measure::Impressions,
        Measure::Clicks,
        Measure::Reads,
        Measure::Entries,
        Measure::Registrations,
        Measure::ValidRegistrations,
        Measure::Value,
    ];

    /// The canonical column name.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Spend => "spend",
            Measure::SpendCash => "spend_cash",
            Measure::Impressions => "impressions",
            Measure::Clicks => "clicks",
            Measure::Reads => "reads",
            Measure::Entries => "entries",
            Measure::Registrations => "registrations",
            Measure::ValidRegistrations => "valid_registrations",
            Measure::Value => "value",
        }
    }

    /// Whether it is an amount of money, which an exchange rate applies to.
    pub fn is_money(self) -> bool {
        matches!(self, Measure::Spend | Measure::SpendCash | Measure::Value)
    }

    /// Its place in [`Measure::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// A column that names whom a row belongs to, in the canonical table's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Advertising platform.
    Platform,
    /// Supplier through whom the account is run.
    Supplier,
    /// Ad account.
    Account,
    /// Campaign.
    Campaign,
    /// Department that the spend is for.
    Department,
}

impl Field {
    /// All of them, in the canonical table's order.
    pub const ALL: [Field; 5] = [Field::Platform, Field::Supplier, Field::Account, Field::Campaign, Field::Department];

    /// The canonical column name.
    pub fn name(self) -> &'static str {
        match self {
            Field::Platform => "platform",
            Field::Supplier => "supplier",
            Field::Account => "account",
            Field::Campaign => "campaign",
            Field::Department => "department",
        }
    }

    /// Its place in [`Field::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// The period of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// One day.
    Day,
    /// Seven days.
    Week,
}

impl Grain {
    /// Days in one period.
    pub fn days(self) -> u32 {
        match self {
            Grain::Day => 1,
            Grain::Week => 7,
        }
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Grain::Day => "day",
            Grain::Week => "week",
        }
    }
}

/// What one response curve and one plan line stand for: the values of the fields that `project.channel` lists.
///
/// A field that is not listed, or that the rows leave blank, is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel {
    /// The label: the values joined by ` / `.
    pub label: String,
    /// The values by [`Field::index`]; department is never part of a channel.
    pub values: [Option<String>; 4],
}

impl Channel {
    /// A channel of the listed fields.
    ///
    /// ```
    /// use outlay::units::{Channel, Field};
    /// let channel = Channel::new(&[
    ///     (Field::Platform, Some("tencent".into())),
    ///     (Field::Supplier, None),
    /// ]);
    /// assert_eq!(channel.label, "tencent / (no supplier)");
    /// assert_eq!(channel.value(Field::Platform), Some("tencent"));
    /// ```
    pub fn new(parts: &[(Field, Option<String>)]) -> Channel {
        let word = |(field, value): &(Field, Option<String>)| match value {
            Some(value) => value.clone(),
            None => format!("(no {})", field.name()),
        };
        let label = parts.iter().map(word).collect::<Vec<_>>().join(" / ");
        let mut values: [Option<String>; 4] = Default::default();
        for (field, value) in parts {
            if field.index() < values.len() {
                values[field.index()].clone_from(value);
            }
        }
        Channel { label, values }
    }

    /// The value of one field, when the channel has it.
    pub fn value(&self, field: Field) -> Option<&str> {
        self.values.get(field.index())?.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_way_reads_what_the_long_way_reads(text in "[0-9]{0,20}(\\.[0-9]{0,8})?") {
            // A sign takes the long way.
            prop_assert_eq!(Micros::from_decimal(&text), Micros::from_decimal(&format!("+{text}")));
        }

        #[test]
        fn a_quantity_written_and_read_is_the_same(millionths in any::<i64>()) {
            let quantity = Micros::new(millionths / 2);
            prop_assert_eq!(Micros::from_decimal(&quantity.to_string()), Some(quantity));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(Micros::from_decimal("9223372036855"), None);
        assert_eq!(Micros::from_f64(f64::NAN), None);
        assert_eq!(Micros::from_f64(1e13), None);
    }
}
