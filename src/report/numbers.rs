//! Numbers as people read them: thousands separators, a real minus sign, and a dash for what is absent.

use crate::units::Micros;

/// What stands for an absent number.
pub const ABSENT: &str = "–";

/// `value` with `places` decimals and thousands separators; a dash when it is not finite.
///
/// ```
/// use outlay::report::numbers::decimal;
/// assert_eq!(decimal(-1234567.891, 2), "−1,234,567.89");
/// assert_eq!(decimal(-0.001, 2), "0.00");
/// assert_eq!(decimal(f64::INFINITY, 2), "–");
/// ```
pub fn decimal(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return ABSENT.to_owned();
    }
    let digits = format!("{:.places$}", value.abs());
    let (whole, fraction) = digits.split_once('.').map_or((digits.as_str(), ""), |parts| parts);
    let is_zero = digits.bytes().all(|b| matches!(b, b'0' | b'.'));
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped(whole))
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// As [`decimal`], with a sign unless it rounds to nothing.
pub fn signed(value: f64, places: usize) -> String {
    let text = decimal(value, places);
    let is_zero = text.bytes().all(|b| matches!(b, b'0' | b'.' | b','));
    if value > 0.0 && !is_zero && value.is_finite() { format!("+{text}") } else { text }
}

/// An amount in prose, its currency before it: cents only where they matter.
///
/// ```
/// use outlay::report::numbers::money;
/// assert_eq!([money(3e6, "CNY"), money(78.5, "CNY"), money(78.0, "CNY")], ["CNY 3,000,000", "CNY 78.50", "CNY 78"]);
/// ```
pub fn money(amount: f64, currency: &str) -> String {
    let has_cents = amount.abs() < 1000.0 && (amount - amount.round()).abs() >= 0.005;
    format!("{currency} {}", decimal(amount, if has_cents { 2 } else { 0 }))
}

/// Places that amounts in a currency have (ISO 4217).
///
/// ```
/// use outlay::report::numbers::places;
/// assert_eq!((places("CNY"), places("JPY")), (2, 0));
/// ```
pub fn places(currency: &str) -> usize {
    match currency {
        "CLP" | "ISK" | "JPY" | "KRW" | "PYG" | "UGX" | "VND" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Four significant digits, for figures of any size.
///
/// ```
/// use outlay::report::numbers::significant;
/// assert_eq!([significant(0.0077912), significant(12.5), significant(123456.0)], ["0.007791", "12.5", "123,456"]);
/// ```
pub fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return decimal(value, 0);
    }
    let places = (3 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = decimal(value, places);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A count or an expected count: whole from 100 on, one decimal below.
pub fn count(value: f64) -> String {
    decimal(value, if value.abs() >= 99.95 || value == value.round() { 0 } else { 1 })
}

/// As [`count`], with a sign.
pub fn signed_count(value: f64) -> String {
    signed(value, if value.abs() >= 99.95 || value == value.round() { 0 } else { 1 })
}

/// A share: `12.3%`.
pub fn percent(share: f64) -> String {
    with_percent(decimal(share * 100.0, 1))
}

/// A rate from one step to the next: three digits, however small; a factor where it is above 1.
///
/// ```
/// use outlay::report::numbers::rate;
/// assert_eq!([rate(0.0123), rate(0.5), rate(3.2)], ["1.23%", "50%", "3.2"]);
/// ```
pub fn rate(share: f64) -> String {
    let three = |value: f64| {
        if !(value > 0.0 && value.is_finite()) {
            return decimal(value, 0);
        }
        let places = (2 - value.log10().floor() as i32).clamp(0, 9) as usize;
        let text = decimal(value, places);
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    if share > 1.0 { three(share) } else { with_percent(three(share * 100.0)) }
}

/// A change: `+12.3%`.
pub fn signed_percent(share: f64) -> String {
    with_percent(signed(share * 100.0, 1))
}

fn with_percent(text: String) -> String {
    if text == ABSENT { text } else { text + "%" }
}

/// A small share told so that it never reads as nothing when it is something: `< 0.01%`.
pub fn small_percent(share: f64) -> String {
    if share > 0.0 && share < 0.0001 { "< 0.01%".to_owned() } else { with_percent(decimal(share * 100.0, 2)) }
}

/// The exact sum of amounts that are themselves exact to the micro, so that totals tie to the cent.
///
/// ```
/// assert_eq!(outlay::report::numbers::total([0.1, 0.2]), 0.3);
/// ```
pub fn total(amounts: impl IntoIterator<Item = f64>) -> f64 {
    let micros = |amount: f64| Micros::from_f64(amount).map_or(0, |exact| i128::from(exact.get()));
    amounts.into_iter().map(micros).sum::<i128>() as f64 / Micros::PER_UNIT as f64
}

/// Round steps from 0 to at least `most`: about `wanted` of them.
pub fn ticks(most: f64, wanted: usize) -> Vec<f64> {
    if !(most > 0.0 && most.is_finite()) {
        return vec![0.0];
    }
    let raw = most / wanted.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= raw * 0.999);
    let step = step.unwrap_or(10.0 * power);
    (0..=(most / step).ceil() as usize).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted() {
        assert_eq!(
            ["0", "12", "123", "1234", "123456", "1234567"].map(grouped).join(" "),
            "0 12 123 1,234 123,456 1,234,567"
        );
    }

    #[test]
    fn nothing_has_no_sign() {
        assert_eq!([signed(0.0, 2), signed(0.001, 2), signed(-0.001, 2)], ["0.00", "0.00", "0.00"]);
        assert_eq!([signed(5.0, 0), signed(-1500.0, 0)], ["+5", "−1,500"]);
        assert_eq!(signed_percent(f64::NAN), ABSENT);
    }

    #[test]
    fn a_small_gap_is_not_none() {
        assert_eq!([small_percent(0.0), small_percent(9e-5), small_percent(0.0123)], ["0.00%", "< 0.01%", "1.23%"]);
    }

    #[test]
    fn ticks_cover_the_range_with_round_steps() {
        assert_eq!(ticks(812_000.0, 5), [0.0, 200_000.0, 400_000.0, 600_000.0, 800_000.0, 1_000_000.0]);
        assert_eq!(ticks(0.0, 5), [0.0]);
    }
}
