//! Headers in the forms that names are compared in.

use super::column::Column;
use crate::units::Currency;

/// A header in the forms that names are compared in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// As written, trimmed.
    pub written: String,
    /// Normalised.
    pub name: String,
    /// Normalised and without its currency suffix, when it has one.
    pub base: Option<(String, Currency)>,
    /// The power of ten that the suffix counts in: 4 for `消耗(万元)`.
    pub unit: i32,
}

impl Header {
    /// A header as the file writes it.
    pub(super) fn new(written: &str) -> Header {
        let name = normalised(written);
        let suffix = currency_suffix(written);
        let unit = suffix.map_or(0, |(.., unit)| unit);
        let base = suffix.map(|(base, currency, _)| (normalised(base), currency));
        Header { written: written.trim().to_owned(), name, base, unit }
    }

    /// Whether it is the header `name` of `column`; a currency suffix belongs to amounts only.
    pub(super) fn is(&self, name: &str, column: Column) -> bool {
        self.name == name || (column.is_money() && self.base.as_ref().is_some_and(|(base, _)| base == name))
    }
}

/// A header name as names are compared: lower case, single blanks, half-width brackets and letters.
pub(super) fn normalised(header: &str) -> String {
    let half = |c: char| match c {
        '\u{FEFF}' => ' ',
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    let text: String = header.chars().map(half).flat_map(char::to_lowercase).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Splits `Amount spent (CNY)`, `消耗（元）` and `消耗（万元）` into name, currency and the power of ten that it counts in.
///
/// Only codes of ISO 4217 in capitals count: `Clicks (all)` is no amount in Albanian lek.
fn currency_suffix(header: &str) -> Option<(&str, Currency, i32)> {
    let header = header.trim();
    let inside = header.strip_suffix([')', '）'])?;
    let at = inside.rfind(['(', '（'])?;
    let (base, suffix) = (&inside[..at], inside[at..].trim_start_matches(['(', '（']).trim());
    let (code, unit) = match suffix {
        "元" => ("CNY", 0),
        "千元" => ("CNY", 3),
        "万元" => ("CNY", 4),
        "円" => ("JPY", 0),
        "千円" => ("JPY", 3),
        "万円" => ("JPY", 4),
        code if CODES.split(' ').any(|known| known == code) => (code, 0),
        _ => return None,
    };
    Some((base, code.parse().ok()?, unit))
}

/// Active codes of ISO 4217, less ALL, which headers use as a word.
const CODES: &str = "AED AFN AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD \
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD \
    HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD \
    MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR \
    RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS \
    UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";
