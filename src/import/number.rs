//! Cells → exact figures: decimal conventions, thousands separators, currency symbols, absence.
//!
//! Nothing passes through floating point: a cell is its digits, held in millionths.

use crate::units::{Currency, Micros};

/// Why a cell is no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotAFigure {
    /// Something other than a number.
    NotANumber,
    /// A number below zero.
    Negative(Micros),
    /// `<5`: the platform tells only that it is less.
    Censored,
    /// A currency symbol that is not of the file's currency.
    OtherCurrency,
}

/// How a file writes the numbers of a column.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct How {
    /// Whether `1.204,50` is one thousand two hundred and four and a half.
    pub decimal_comma: bool,
    /// The power of ten that it counts in: −6 for micros.
    pub unit: i32,
}

/// Symbols and words beside an amount, longest first, with the currencies that they may stand for.
const SYMBOLS: [(&str, &[&str]); 20] = [
    ("US$", &["USD"]),
    ("HK$", &["HKD"]),
    ("NT$", &["TWD"]),
    ("CA$", &["CAD"]),
    ("AU$", &["AUD"]),
    ("NZ$", &["NZD"]),
    ("CN¥", &["CNY"]),
    ("JP¥", &["JPY"]),
    ("R$", &["BRL"]),
    ("A$", &["AUD"]),
    ("C$", &["CAD"]),
    ("S$", &["SGD"]),
    ("¥", &["CNY", "JPY"]),
    ("￥", &["CNY", "JPY"]),
    ("元", &["CNY"]),
    ("円", &["JPY"]),
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("₩", &["KRW"]),
    ("₹", &["INR"]),
];

/// Whether a cell holds nothing: blank, or dashes only. Absent is not zero.
pub(super) fn is_absent(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '–' | '—' | '―' | '−' | '－'))
}

/// Reads a figure that cannot be below zero; `None` where the cell holds nothing.
///
/// `currency` is the file's for an amount of money, whose cell may carry a symbol or code, and `None` for a count.
pub(super) fn figure(text: &str, how: How, currency: Option<Currency>) -> Result<Option<Micros>, NotAFigure> {
    let is_plain = !how.decimal_comma && how.unit == 0;
    // Almost all cells are plain numbers, and are read in one go.
    if is_plain
        && let Some(value) = Micros::from_decimal(text)
        && value >= Micros::ZERO
    {
        return Ok(Some(value));
    }
    let text = unprotected(text.trim()).trim();
    if is_absent(text) {
        return Ok(None);
    }
    if is_censored(text) {
        return Err(NotAFigure::Censored);
    }
    let value = match Micros::from_decimal(text).filter(|_| is_plain) {
        Some(value) => value,
        None => written(text, how, currency)?,
    };
    if value < Micros::ZERO { Err(NotAFigure::Negative(value)) } else { Ok(Some(value)) }
}

/// A cell without what keeps spreadsheets from reading it as a number: `="0123"`.
pub(super) fn unprotected(text: &str) -> &str {
    text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// Whether a cell tells only a bound: `<5`, `< 10`, `＜5`.
fn is_censored(text: &str) -> bool {
    let bound = text.strip_prefix(['<', '＜']).map(str::trim);
    bound.is_some_and(|bound| !bound.is_empty() && bound.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b','))
}

/// Whether a name is a number that a spreadsheet has written with an exponent: `1.23457E+18`.
pub(super) fn is_scientific(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    whole.len() == 1 && digits(whole) && digits(fraction) && exponent.len() == 2 && digits(exponent)
}

/// Reads a number with the marks that people and platforms put around it.
fn written(text: &str, how: How, currency: Option<Currency>) -> Result<Micros, NotAFigure> {
    let (outer, text) = sign(text);
    let text = match currency {
        Some(currency) => without_symbol(text, currency)?,
        None => text,
    };
    let (inner, text) = sign(text);
    let millionths = plain(text, how.decimal_comma).and_then(|plain| scaled(&plain, 6 + how.unit));
    let value = millionths.and_then(|value| i64::try_from(value).ok()).ok_or(NotAFigure::NotANumber)?;
    Ok(Micros::new(if outer || inner { -value } else { value }))
}

/// Takes a sign off: whether the rest counts as negative, and the rest. Accountants write `(3.00)` for −3.
fn sign(text: &str) -> (bool, &str) {
    if let Some(inside) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return (true, inside.trim());
    }
    match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Takes the currency off an amount, when it is the file's.
fn without_symbol(text: &str, currency: Currency) -> Result<&str, NotAFigure> {
    let beside = |mark: &str| text.strip_prefix(mark).or_else(|| text.strip_suffix(mark));
    for (symbol, currencies) in SYMBOLS {
        if let Some(rest) = beside(symbol) {
            return if currencies.contains(&currency.code()) {
                Ok(rest.trim())
            } else {
                Err(NotAFigure::OtherCurrency)
            };
        }
    }
    if let Some(rest) = beside("$") {
        let is_dollar = currency.code().ends_with('D');
        return if is_dollar { Ok(rest.trim()) } else { Err(NotAFigure::OtherCurrency) };
    }
    without_code(text, currency)
}

/// Takes an ISO 4217 code off an amount: `CNY 3.00`, `3.00 CNY`.
fn without_code(text: &str, currency: Currency) -> Result<&str, NotAFigure> {
    let is_code = |code: &str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let front = text.split_at_checked(3).filter(|(code, _)| is_code(code));
    let back = text.len().checked_sub(3).and_then(|middle| text.split_at_checked(middle));
    let back = back.map(|(rest, code)| (code, rest)).filter(|(code, _)| is_code(code));
    match front.or(back) {
        Some((code, rest)) if code == currency.code() => Ok(rest.trim()),
        Some(_) => Err(NotAFigure::OtherCurrency),
        None => Ok(text),
    }
}

/// The number with a point for decimals and without thousands separators; `None` when its groups are not well formed.
fn plain(text: &str, decimal_comma: bool) -> Option<String> {
    let (point, comma) = if decimal_comma { (',', '.') } else { ('.', ',') };
    let is_mark = |c: char| c == comma || matches!(c, '，' | ' ' | '\u{A0}' | '\u{202F}' | '\'' | '’');
    let (whole, rest) = text.find(point).map_or((text, ""), |at| text.split_at(at));
    let Some(mark) = whole.chars().find(|c| is_mark(*c)) else {
        return Some(format!("{whole}{}", rest.replacen(point, ".", 1)));
    };
    let mut groups = whole.split(mark);
    let first = groups.next().filter(|group| (1..=3).contains(&group.len()))?;
    let mut digits = first.to_owned();
    for group in groups {
        digits.push_str(Some(group).filter(|group| group.len() == 3)?);
    }
    Some(digits + &rest.replacen(point, ".", 1))
}

/// An unsigned decimal number, optionally with an exponent, times 10 to the `places`, rounding half up.
///
/// ```text
/// scaled("1.25", 6) = 1_250_000        scaled("2.5e-3", 6) = 2_500
/// ```
pub(super) fn scaled(text: &str, places: i32) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok().filter(|e| e.abs() <= 30)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes());
    let value = digits.into_iter().try_fold(0_i128, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })?;
    let shift = places + exponent - i32::try_from(fraction.len()).ok()?;
    let unit = 10_i128.checked_pow(shift.unsigned_abs())?;
    if shift >= 0 { value.checked_mul(unit) } else { value.checked_add(unit / 2).map(|value| value / unit) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cny() -> Currency {
        "CNY".parse().unwrap()
    }

    const COMMA: How = How { decimal_comma: true, unit: 0 };

    fn read(text: &str) -> Result<Option<Micros>, NotAFigure> {
        figure(text, How::default(), Some(cny()))
    }

    fn micros(text: &str) -> Result<Option<Micros>, NotAFigure> {
        Ok(Micros::from_decimal(text))
    }

    /// `value` with a mark between groups of three digits.
    fn grouped(value: u64, mark: &str) -> String {
        let digits = value.to_string();
        let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
        groups.join(mark)
    }

    proptest! {
        #[test]
        fn a_figure_is_read_as_it_is_written(units in 0u64..9_000_000_000_000, cents in 0u8..100) {
            let expected = micros(&format!("{units}.{cents:02}"));
            for mark in ["", ",", " ", "\u{A0}", "'"] {
                let text = format!("¥{}.{cents:02}", grouped(units, mark));
                prop_assert_eq!(figure(&text, How::default(), Some(cny())), expected.clone(), "{}", text);
            }
            for mark in ["", ".", " "] {
                let text = format!("{},{cents:02} 元", grouped(units, mark));
                prop_assert_eq!(figure(&text, COMMA, Some(cny())), expected.clone(), "{}", text);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*", comma: bool) {
            let _ = figure(&text, How { decimal_comma: comma, unit: -6 }, Some(cny()));
            let _ = figure(&text, How { decimal_comma: comma, unit: 0 }, None);
        }
    }

    #[test]
    fn nothing_is_not_zero() {
        for text in ["", "  ", "-", "--", "—", "－", "\u{3000}"] {
            assert_eq!(read(text), Ok(None), "{text:?}");
        }
        assert_eq!(read("0"), Ok(Some(Micros::ZERO)));
        assert_eq!(read("-0.00"), Ok(Some(Micros::ZERO)));
    }

    #[test]
    fn groups_must_be_well_formed() {
        assert_eq!(read("1,204.50"), micros("1204.5"));
        for text in ["1,20", "1204,50", "1.204,50", ",120", "1,2040", "1,204,", "12 34", "1,234 567"] {
            assert_eq!(read(text), Err(NotAFigure::NotANumber), "{text}");
        }
    }

    #[test]
    fn a_decimal_comma_holds_for_the_whole_file() {
        assert_eq!(figure("5.323", COMMA, None), micros("5323"));
        assert_eq!(figure("2662,38", COMMA, None), micros("2662.38"));
        assert_eq!(figure("5.3", COMMA, None), Err(NotAFigure::NotANumber));
    }

    #[test]
    fn micros_and_fen_are_exact() {
        let of = |text, unit| figure(text, How { decimal_comma: false, unit }, Some(cny()));
        assert_eq!(of("36150000", -6), micros("36.15"));
        assert_eq!(of("138269011", -6), micros("138.269011"));
        assert_eq!(of("1234567890123456789", -6), micros("1234567890123.456789"));
        assert_eq!((of("1,250", -2), of("¥7", -3)), (micros("12.5"), micros("0.007")));
    }

    #[test]
    fn a_symbol_must_be_of_the_files_currency() {
        let usd = "USD".parse().ok();
        assert_eq!(figure("$126", How::default(), usd), micros("126"));
        assert_eq!(figure("US$ 4.50", How::default(), usd), micros("4.5"));
        assert_eq!(figure("4.50 USD", How::default(), usd), micros("4.5"));
        for text in ["$126", "US$1", "€1", "1 USD", "USD 1", "HK$1"] {
            assert_eq!(read(text), Err(NotAFigure::OtherCurrency), "{text}");
        }
        assert_eq!(figure("¥3", How::default(), None), Err(NotAFigure::NotANumber), "a count has no currency");
    }

    #[test]
    fn a_bound_is_no_figure_and_an_exponent_no_name() {
        for text in ["<5", "< 10", "＜1,000"] {
            assert_eq!(read(text), Err(NotAFigure::Censored), "{text}");
        }
        assert_eq!(
            (read("=\"1,250\""), read("=1"), read("=\"")),
            (micros("1250"), Err(NotAFigure::NotANumber), Err(NotAFigure::NotANumber))
        );
        assert_eq!((read("<"), read("<a")), (Err(NotAFigure::NotANumber), Err(NotAFigure::NotANumber)));
        for (text, expected) in
            [("1.23457E+18", true), ("1.2345e18", true), ("2E+10", true), ("E10", false), ("12e4", false)]
        {
            assert_eq!(is_scientific(text), expected, "{text}");
        }
    }

    #[test]
    fn below_zero_is_told_apart_from_no_number() {
        for text in ["-3", "(3.00)", "-¥3", "¥-3", "−3"] {
            assert_eq!(read(text), Err(NotAFigure::Negative(Micros::new(-3_000_000))), "{text}");
        }
    }

    #[test]
    fn exponents_stay_exact() {
        assert_eq!(read("1.5E+3"), micros("1500"));
        assert_eq!(read("6e-05"), micros("0.00006"));
        assert_eq!(read("1e99"), Err(NotAFigure::NotANumber));
    }
}
