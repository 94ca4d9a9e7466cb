//! Charts as SVG: one look, safe for the colour-blind, large enough for slides.
//!
//! Text is real `<text>` in fonts that hold Chinese and Japanese. Colours are the literal ones of `style.rs`; the page
//! maps them by attribute selectors, so that the same drawing serves light and dark.

mod curves;
mod frontier;
mod moves;
#[cfg(feature = "png")]
mod png;
mod risk;
mod style;
mod waterfall;

pub use curves::{curve, curves, legend};
pub use frontier::frontier;
pub use moves::moves;
#[cfg(feature = "png")]
pub use png::beside as pictures;
pub use risk::risk;
pub use waterfall::waterfall;

use rayon::prelude::*;

use super::outlook::Outlook;
use super::text::slug;
use super::{Lang, Output, Results, Words};
use crate::check::Error;

/// All charts as files: `charts/curves.svg`, `charts/curve-….svg` for each channel with a curve,
/// `charts/current_to_recommended.svg`, `charts/waterfall.svg`, `charts/risk.svg` and `charts/frontier.svg`; those without anything to show are absent.
///
/// # Errors
///
/// [`Kind::Bug`](crate::check::Kind::Bug) when the drawing library refuses.
pub fn files(results: &Results, lang: Lang) -> Result<Vec<Output>, Error> {
    let words = Words::of(lang);
    let mut files = Vec::new();
    files.extend(curves(results, &words)?.map(|svg| Output::new("charts/curves.svg", svg)));
    let drawn: Vec<Result<Option<Output>, Error>> =
        (0..results.fitted.channels.len()).into_par_iter().map(|index| curve_file(results, index, &words)).collect();
    for file in drawn {
        files.extend(file?);
    }
    if let Some(answer) = results.answer {
        let moved = moves(answer, usize::MAX, &words)?;
        files.extend(moved.map(|svg| Output::new("charts/current_to_recommended.svg", svg)));
        if let Some(outlook) = Outlook::of(answer, results.fitted) {
            let fallen = waterfall(results, answer, &outlook, &words)?;
            files.extend(fallen.map(|svg| Output::new("charts/waterfall.svg", svg)));
            files.extend(risk(results, &outlook, &words)?.map(|svg| Output::new("charts/risk.svg", svg)));
        }
        files.extend(
            frontier(answer, results.settings.project.kpi, &words)?.map(|svg| Output::new("charts/frontier.svg", svg)),
        );
    }
    Ok(files)
}

/// Whether a file of `charts/` is one of those that [`files`] draws, by its name.
pub(super) fn is_ours(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".svg").or(name.strip_suffix(".png")) else { return false };
    let numbered = |rest: &str| rest.len() >= 3 && rest.bytes().take(3).all(|b| b.is_ascii_digit());
    let whole = ["curves", "current_to_recommended", "waterfall", "risk", "frontier"];
    whole.contains(&stem) || stem.strip_prefix("curve-").is_some_and(numbered)
}

fn curve_file(results: &Results, index: usize, words: &Words) -> Result<Option<Output>, Error> {
    let name = format!("charts/{}.svg", stem(index, &results.fitted.channels[index].channel.label));
    Ok(curve(results, index, true, words)?.map(|svg| Output::new(name, svg)))
}

/// The file of a channel's curve: its place, which is unique, and what of its label a file name can bear.
fn stem(index: usize, label: &str) -> String {
    let slug = slug(label);
    let dash = if slug.is_empty() { "" } else { "-" };
    format!("curve-{:03}{dash}{slug}", index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    fn drawn(sample: &Sample, lang: Lang) -> Vec<(String, String)> {
        let files = files(&sample.results(), lang).unwrap();
        files.into_iter().map(|file| (file.path, String::from_utf8(file.bytes).unwrap())).collect()
    }

    #[test]
    fn a_chart_for_each_curve_and_for_the_plan() {
        let names: Vec<String> = drawn(&Sample::hostile(), Lang::En).into_iter().map(|(name, _)| name).collect();
        let expected = [
            "charts/curves.svg",
            "charts/curve-001-cmd-x.svg",
            "charts/curve-002-script-alert-1-script-aaaaaaaaaaaaaaaaaa.svg",
            "charts/current_to_recommended.svg",
            "charts/waterfall.svg",
            "charts/risk.svg",
            "charts/frontier.svg",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn names_are_escaped_and_the_whole_name_stays_as_a_title() {
        for (name, svg) in drawn(&Sample::hostile(), Lang::Ja) {
            assert!(!svg.contains("<script"), "{name}");
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{name}");
            assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count(), "{name}");
            assert!(!svg.contains('\u{E000}') && !svg.contains("NaN"), "{name}");
        }
        let all: String = drawn(&Sample::hostile(), Lang::En).into_iter().map(|(_, svg)| svg).collect();
        assert!(all.contains(&format!("<title>&lt;script&gt;alert(1)&lt;/script&gt; {}", "a".repeat(300))));
    }

    #[test]
    fn text_is_set_in_the_fonts_of_the_language() {
        for (lang, first) in [(Lang::Zh, "Noto Sans CJK SC"), (Lang::Ja, "Noto Sans CJK JP")] {
            for (name, svg) in drawn(&Sample::hostile(), lang) {
                let texts = svg.matches("<text").count();
                assert_eq!(
                    svg.matches(&format!("font-family=\"{first}, ")).count(),
                    texts,
                    "{name} in {}",
                    lang.name()
                );
            }
        }
    }

    #[test]
    fn a_conflict_draws_no_moves() {
        let mut sample = Sample::hostile();
        sample.contradict();
        assert!(drawn(&sample, Lang::Zh).iter().all(|(name, _)| !name.contains("current_to_recommended")));
    }
}
