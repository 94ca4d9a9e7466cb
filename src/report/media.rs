//! What media cost: prices and rates of steps before the KPI, and what another one of them did to it.
//!
//! ```text
//! KPI = spend · 1000 ÷ CPM · CTR · conversion            CTR = clicks ÷ impressions, conversion = KPI ÷ clicks
//!     = spend ÷ CPC · conversion                         where impressions are not known
//! ```
//!
//! The part of a factor in the change from *a* to *b* of such a product is `L(a, b) · ln(factor_b ÷ factor_a)` with the
//! logarithmic mean `L(a, b) = (b − a) ÷ ln(b ÷ a)`: no order of the factors comes first, and the parts add up exactly
//! (Ang 2005, the additive LMDI-I).

use serde::Serialize;

/// A count, and the face value of the rows that report it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Counted {
    /// How many.
    pub count: f64,
    /// Face value behind them.
    pub spend: f64,
}

/// A line's steps before the KPI; absent where no row reports one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Media {
    /// Impressions.
    pub impressions: Option<Counted>,
    /// Clicks.
    pub clicks: Option<Counted>,
}

/// Prices and rates; absent where they are not known, or there is nothing to divide by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Face value of 1,000 impressions.
    pub cpm: Option<f64>,
    /// Face value of a click.
    pub cpc: Option<f64>,
    /// Clicks ÷ impressions.
    pub click_rate: Option<f64>,
    /// KPI ÷ clicks.
    pub conversion: Option<f64>,
}

impl Media {
    /// The prices and rates of a line with such spend and KPI. Rates of two counts are told only where the same spend is
    /// behind both.
    pub fn rates(&self, spend: f64, kpi: Option<f64>) -> Rates {
        let over = |above: f64, below: f64| Some(above / below).filter(|_| below > 0.0);
        let is_beside = |a: Counted, spend: f64| (a.spend - spend).abs() < 0.005;
        let both = self.impressions.zip(self.clicks).filter(|(shown, clicks)| is_beside(*shown, clicks.spend));
        let whole = self.clicks.zip(kpi).filter(|(clicks, _)| is_beside(*clicks, spend));
        Rates {
            cpm: self.impressions.and_then(|shown| over(1000.0 * shown.spend, shown.count)),
            cpc: self.clicks.and_then(|clicks| over(clicks.spend, clicks.count)),
            click_rate: both.and_then(|(shown, clicks)| over(clicks.count, shown.count)),
            conversion: whole.and_then(|(clicks, kpi)| over(kpi, clicks.count)),
        }
    }
}

/// What other prices and rates did to the KPI of a spend.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Parts {
    /// Another price of media: of impressions, or of clicks where `click_rate` is absent.
    pub price: f64,
    /// Another rate of clicks.
    pub click_rate: Option<f64>,
    /// Another conversion of clicks.
    pub conversion: f64,
}

impl Rates {
    /// The parts of the change from `planned` KPI to `actual` KPI, both of the actual spend; absent where a factor is.
    pub fn parts(&self, actual: &Rates, kpi: [f64; 2]) -> Option<Parts> {
        let weight = logarithmic_mean(kpi)?;
        let part = |is: Option<f64>, was: Option<f64>| {
            let (is, was) = (is.filter(|is| *is > 0.0)?, was.filter(|was| *was > 0.0)?);
            Some(weight * (is / was).ln())
        };
        let conversion = part(actual.conversion, self.conversion)?;
        let click_rate = part(actual.click_rate, self.click_rate);
        let shown = part(self.cpm, actual.cpm).filter(|_| click_rate.is_some());
        let click_rate = click_rate.filter(|_| shown.is_some());
        Some(Parts { price: shown.or_else(|| part(self.cpc, actual.cpc))?, click_rate, conversion })
    }
}

/// `(b − a) ÷ ln(b ÷ a)`, and `a` where they are the same; absent unless both are above 0.
pub fn logarithmic_mean([a, b]: [f64; 2]) -> Option<f64> {
    let is_same = (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    (a > 0.0 && b > 0.0).then(|| if is_same { a } else { (b - a) / (b / a).ln() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn media(spend: f64, shown: f64, clicks: f64) -> Media {
        let counted = |count| Some(Counted { count, spend });
        Media { impressions: counted(shown), clicks: counted(clicks) }
    }

    proptest! {
        #[test]
        fn parts_add_up_to_what_other_costs_do(
            spend in 1.0..1e6f64, of in 1.0..1e6f64, shown in [1.0..1e7f64, 1.0..1e7], clicks in [1.0..1e5f64, 1.0..1e5],
            kpi in [1.0..1e4f64, 1.0..1e4],
        ) {
            let planned = media(of, shown[0], clicks[0]).rates(of, Some(kpi[0]));
            let actual = media(spend, shown[1], clicks[1]).rates(spend, Some(kpi[1]));
            let bought = kpi[0] * spend / of;
            let parts = planned.parts(&actual, [bought, kpi[1]]).unwrap();
            let sum = parts.price + parts.click_rate.unwrap() + parts.conversion;
            prop_assert!((sum - (kpi[1] - bought)).abs() <= 1e-6 * (kpi[1] + bought), "{} {}", sum, kpi[1] - bought);
        }
    }

    #[test]
    fn without_impressions_the_price_is_of_clicks() {
        let clicks = |spend: f64, count: f64| Media { clicks: Some(Counted { count, spend }), impressions: None };
        let (planned, actual) =
            (clicks(100.0, 50.0).rates(100.0, Some(5.0)), clicks(100.0, 25.0).rates(100.0, Some(5.0)));
        assert_eq!((planned.cpm, planned.cpc, planned.click_rate), (None, Some(2.0), None));
        let parts = planned.parts(&actual, [5.0, 5.0]).unwrap();
        assert_eq!(parts.click_rate, None);
        assert!(parts.price < 0.0 && (parts.price + parts.conversion).abs() < 1e-12, "{parts:?}");
    }

    #[test]
    fn what_is_not_known_or_of_other_rows_is_absent() {
        assert_eq!(Media::default().rates(100.0, Some(5.0)), Rates::default());
        let half = Media { clicks: Some(Counted { count: 10.0, spend: 50.0 }), ..media(100.0, 1000.0, 0.0) };
        let rates = half.rates(100.0, Some(5.0));
        assert_eq!(rates, Rates { cpm: Some(100.0), cpc: Some(5.0), click_rate: None, conversion: None });
        assert_eq!(media(100.0, 0.0, 0.0).rates(100.0, None), Rates::default(), "nothing to divide by");
        assert_eq!(rates.parts(&rates, [5.0, 5.0]), None);
    }
}
