//! Exponential and logarithm without branches, for long loops that the compiler then does two or four at a time.
//!
//! Each is within some 4 units in the last place of the true value over the ranges named, on every machine the same: unlike
//! the C library's, their results do not depend on the processor. `wide!` runs such a loop with the widest instructions at hand;
//! none of them fuses a product and a sum, and sums are over eight places in a fixed order, so the width changes no bit.

/// Runs a block with the widest instructions of this processor, for loops over the functions below.
///
/// The block stands twice in what this becomes, once with and once without wide instructions, so that each is called from one
/// place alone and the compiler makes it part of its caller: a function of its own would have the plain instructions.
#[cfg(target_arch = "x86_64")]
macro_rules! wide {
    ($work:block) => {
        match pulp::x86::V3::try_new() {
            Some(instructions) => instructions.vectorize(|| $work),
            None => $work,
        }
    };
}
#[cfg(not(target_arch = "x86_64"))]
macro_rules! wide {
    ($work:block) => {
        $work
    };
}
pub(crate) use wide;

/// Places of a sum that are added up side by side.
const PLACES: usize = 8;

/// Σ a.
///
/// ```
/// assert_eq!(outlay::math::fast::sum(&[1.0; 20]), 20.0);
/// ```
#[inline(always)]
pub fn sum(a: &[f64]) -> f64 {
    let mut sums = [0.0; PLACES];
    let chunks = a.chunks_exact(PLACES);
    let rest: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for i in 0..PLACES {
            sums[i] += chunk[i];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Σ a b.
///
/// ```
/// assert_eq!(outlay::math::fast::dot(&[2.0; 20], &[3.0; 20]), 120.0);
/// ```
#[inline(always)]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; PLACES];
    let (a_chunks, b_chunks) = (a.chunks_exact(PLACES), b.chunks_exact(PLACES));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for i in 0..PLACES {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// `to += factor · of`, place by place.
#[inline(always)]
pub fn add_times(to: &mut [f64], factor: f64, of: &[f64]) {
    for (to, of) in to.iter_mut().zip(of) {
        *to += factor * of;
    }
}

/// 2⁵² + 2⁵¹: added and taken away again it rounds to a whole number, which stands in the low bits meanwhile.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts, the first with zeros at its end.
const LN_2: (f64, f64) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);
/// (eˣ − 1 − x) ÷ x² for x within ± ½ ln 2, lowest power first: interpolated at Chebyshev's points, off by 2 × 10⁻¹⁷ of eˣ,
/// where the series to the same precision has two terms more.
const EXP_TERMS: [f64; 10] = [
    5.000_000_000_000_001e-1,
    1.666_666_666_666_666_9e-1,
    4.166_666_666_662_396e-2,
    8.333_333_333_330_05e-3,
    1.388_888_891_729_478_5e-3,
    1.984_126_986_311_596e-4,
    2.480_152_117_004_979e-5,
    2.755_726_836_317_478_6e-6,
    2.762_014_830_436_703_5e-7,
    2.510_043_152_768_970_6e-8,
];
/// (ln m ÷ 2t − 1) ÷ t² by t², t = (m − 1) ÷ (m + 1) for m from √½ to √2, lowest power first and doubled: within 2⁻⁵⁸ of
/// ln m, in Sun's fdlibm (`e_log.c`, 1993), with two terms less than the series needs.
const LN_TERMS: [f64; 7] = [
    6.666_666_666_666_735e-1,
    3.999_999_999_940_942e-1,
    2.857_142_874_366_239e-1,
    2.222_219_843_214_978_4e-1,
    1.818_357_216_161_805e-1,
    1.531_383_769_920_937_3e-1,
    1.479_819_860_511_658_6e-1,
];

/// c₀ + c₁ x + c₂ x² + c₃ x³, the halves side by side: each product waits for two others instead of three (Estrin 1960).
#[inline(always)]
fn cubic(c: [f64; 4], x: f64, square: f64) -> f64 {
    (c[0] + c[1] * x) + (c[2] + c[3] * x) * square
}

/// eˣ; x beyond ± 700 counts as ± 700.
///
/// ```
/// assert!((outlay::math::fast::exp(1.0) - std::f64::consts::E).abs() < 1e-15);
/// ```
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let shifted = x * std::f64::consts::LOG2_E + ROUNDER;
    let whole = shifted - ROUNDER;
    let rest = (x - whole * LN_2.0) - whole * LN_2.1;
    let [c2, c3, c4, c5, c6, c7, c8, c9, c10, c11] = EXP_TERMS;
    let (square, fourth) = (rest * rest, (rest * rest) * (rest * rest));
    let (low, middle) = (cubic([c2, c3, c4, c5], rest, square), cubic([c6, c7, c8, c9], rest, square));
    let sum = (low + middle * fourth) + (c10 + c11 * rest) * (fourth * fourth);
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    ((sum * square + rest) + 1.0) * power
}

/// ln x for finite x of at least 2⁻¹⁰²².
///
/// ```
/// assert!((outlay::math::fast::ln(10.0) - std::f64::consts::LN_10).abs() < 1e-15);
/// ```
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    // x = 2ᵉ · m with m from √½ to √2, by shifting the bits so that the exponent turns over at √½
    let turned = x.to_bits().wrapping_sub(0x3fe6_a09e_667f_3bcd);
    let exponent = f64::from_bits((((turned >> 52) ^ 0x800) & 0xfff) | 0x4330_0000_0000_0000) - 4_503_599_627_372_544.0;
    let m = f64::from_bits((turned & 0x000f_ffff_ffff_ffff).wrapping_add(0x3fe6_a09e_667f_3bcd));
    // ln m = 2 artanh((m − 1) ÷ (m + 1)), its square at most 0.0295
    let t = (m - 1.0) / (m + 1.0);
    let square = t * t;
    let fourth = square * square;
    let [c0, c1, c2, c3, c4, c5, c6] = LN_TERMS;
    let sum = cubic([c0, c1, c2, c3], square, fourth) + (c4 + c5 * square + c6 * fourth) * (fourth * fourth);
    exponent * LN_2.0 + (2.0 * t + (t * square * sum + exponent * LN_2.1))
}

/// ½ ln 2π.
const HALF_LN_2_PI: f64 = 0.918_938_533_204_672_8;
/// Steps by which x is moved up to where Stirling's series is exact to the last places.
const SHIFT: usize = 10;

/// ln Γ and its derivative, for x > 0.
///
/// ```
/// let (log, slope) = outlay::math::fast::gamma(100.0);
/// assert!((log - 359.134_205_369_575_4).abs() < 1e-11 && (slope - 4.600_161_852_738_087).abs() < 1e-13);
/// ```
#[inline(always)]
pub fn gamma(x: f64) -> (f64, f64) {
    // Γ(x) = Γ(x + 10) ÷ x (x + 1) … (x + 9); the product in two halves, which do not overflow for x to 10⁶⁰
    let (mut low, mut high, mut reciprocals) = (1.0, 1.0, 0.0);
    for step in 0..SHIFT / 2 {
        let (a, b) = (x + step as f64, x + (step + SHIFT / 2) as f64);
        (low, high) = (low * a, high * b);
        reciprocals += (a + b) / (a * b);
    }
    let far = x + SHIFT as f64;
    let (log, y) = (ln(far), 1.0 / far);
    let z = y * y;
    let tail = y * (1.0 / 12.0 - z * (1.0 / 360.0 - z * (1.0 / 1260.0 - z * (1.0 / 1680.0 - z / 1188.0))));
    let slope =
        log - 0.5 * y - z * (1.0 / 12.0 - z * (1.0 / 120.0 - z * (1.0 / 252.0 - z * (1.0 / 240.0 - z / 132.0))));
    (((far - 0.5) * log - far + HALF_LN_2_PI + tail) - (ln(low) + ln(high)), slope - reciprocals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_are_those_of_the_library(x in -699.0..699.0f64) {
            let exact = x.exp();
            prop_assert!((exp(x) / exact - 1.0).abs() < 1e-14, "{x}: {} {exact}", exp(x));
            prop_assert!((ln(exact) - exact.ln()).abs() < 1e-14 * (1.0 + x.abs()), "{exact}: {} {x}", ln(exact));
        }

        #[test]
        fn sums_are_those_in_order(a in prop::collection::vec(-1.0..1.0f64, 0..40)) {
            let squares: f64 = a.iter().map(|a| a * a).sum();
            prop_assert!((dot(&a, &a) - squares).abs() < 1e-13);
            prop_assert!((sum(&a) - a.iter().sum::<f64>()).abs() < 1e-13);
            let (wide_dot, wide_sum) = wide!({ (dot(&a, &a), sum(&a)) });
            prop_assert_eq!((wide_dot, wide_sum), (dot(&a, &a), sum(&a)));
            let wide_logs: Vec<f64> = wide!({ a.iter().map(|a| exp(*a) + ln(1.0 + a * a)).collect() });
            let logs: Vec<f64> = a.iter().map(|a| exp(*a) + ln(1.0 + a * a)).collect();
            prop_assert_eq!(wide_logs, logs);
        }

        #[test]
        fn gamma_is_the_library_s(log_x in -4.0..14.0f64) {
            let x = log_x.exp();
            let (log, slope) = gamma(x);
            let exact = (statrs::function::gamma::ln_gamma(x), statrs::function::gamma::digamma(x));
            prop_assert!((log - exact.0).abs() < 1e-12 * (1.0 + exact.0.abs()), "{x}: {log} {}", exact.0);
            prop_assert!((slope - exact.1).abs() < 1e-11, "{x}: {slope} {}", exact.1);
        }

        #[test]
        fn near_one_too(x in 0.5..2.0f64) {
            prop_assert!((ln(x) - x.ln()).abs() <= 4e-16 * (1.0 + x.ln().abs()));
        }
    }

    #[test]
    fn ends_are_held() {
        assert_eq!(exp(-1e9), exp(-700.0));
        assert!(exp(1e9).is_finite() && exp(0.0) == 1.0 && ln(1.0) == 0.0);
    }
}
