//! `report.html`: one self-contained page. Layout is in the templates, words in `words/`, figures in `view.rs`.
//!
//! minijinja escapes everything but the SVGs of [`charts`](crate::report::charts), which escape on their own. A template
//! that asks for what is not there is an error, not a blank.

mod view;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};

use super::{Lang, Output, Results, Words, numbers};
use crate::check::{Error, Kind};

/// The page and its sections, each a file; the page names them in their order.
const TEMPLATES: [(&str, &str); 13] = [
    ("page.html", include_str!("page.html")),
    ("macros.html", include_str!("macros.html")),
    ("style.css", include_str!("style.css")),
    ("summary.html", include_str!("sections/summary.html")),
    ("allocation.html", include_str!("sections/allocation.html")),
    ("curves.html", include_str!("sections/curves.html")),
    ("frontier.html", include_str!("sections/frontier.html")),
    ("prices.html", include_str!("sections/prices.html")),
    ("suppliers.html", include_str!("sections/suppliers.html")),
    ("models.html", include_str!("sections/models.html")),
    ("quality.html", include_str!("sections/quality.html")),
    ("dictionary.html", include_str!("sections/dictionary.html")),
    ("run.html", include_str!("sections/run.html")),
];

/// The page.
///
/// # Errors
///
/// [`Kind::Bug`] when a template or a chart cannot be made from the results.
pub fn page(results: &Results, lang: Lang) -> Result<Output, Error> {
    let words = Words::of(lang);
    let view = view::page(results, lang, &words)?;
    let environment = environment().map_err(refused)?;
    let page = environment.get_template("page.html").and_then(|page| page.render(Serde(&view))).map_err(refused)?;
    Ok(Output::new("report.html", page))
}

fn refused(error: minijinja::Error) -> Error {
    Error::new(Kind::Bug, format!("template {}: {error}", error.name().unwrap_or("?")))
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    environment.add_filter("cents", |value: &Value| shown(value, |value| numbers::decimal(value, 2)));
    environment.add_filter("signed_cents", |value: &Value| shown(value, |value| numbers::signed(value, 2)));
    environment.add_filter("whole", |value: &Value| shown(value, |value| numbers::decimal(value, 0)));
    environment.add_filter("signed_whole", |value: &Value| shown(value, |value| numbers::signed(value, 0)));
    environment.add_filter("count", |value: &Value| shown(value, numbers::count));
    environment.add_filter("percent", |value: &Value| shown(value, numbers::percent));
    environment.add_filter("signed_percent", |value: &Value| shown(value, numbers::signed_percent));
    environment.add_filter("three", |value: &Value| shown(value, |value| numbers::decimal(value, 3)));
    environment.add_filter("significant", |value: &Value| shown(value, numbers::significant));
    Ok(environment)
}

/// A number as people read it; a dash for what is absent.
fn shown(value: &Value, format: impl Fn(f64) -> String) -> String {
    f64::try_from(value.clone()).map_or_else(|_| numbers::ABSENT.to_owned(), format)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    fn rendered(sample: &Sample, lang: Lang) -> String {
        String::from_utf8(page(&sample.results(), lang).unwrap().bytes).unwrap()
    }

    #[test]
    fn all_languages_render_and_reach_for_nothing_outside() {
        for lang in Lang::ALL {
            let page = rendered(&Sample::rich(), lang);
            for outside in ["http:", "https:", "src=", "url(", "@import", "<link", "<img", "<iframe", "fetch("] {
                assert!(!page.contains(outside), "{outside} in {}", lang.name());
            }
            assert!(page.contains(&format!("<html lang=\"{}\"", lang.tag())));
            assert!(page.len() < 600_000, "{} bytes", page.len());
        }
    }

    #[test]
    fn the_page_stays_small_however_many_channels_there_are() {
        assert!(rendered(&Sample::many(30), Lang::En).len() < 700_000);
        assert!(rendered(&Sample::many(300), Lang::En).len() < 2_000_000);
    }

    #[test]
    fn hostile_names_are_text() {
        let page = rendered(&Sample::hostile(), Lang::En);
        assert!(!page.contains("<script>alert"), "a script came through");
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert!(!page.contains("exports/a <b>"));
        assert_eq!(page.matches("<script>").count(), 1, "the page's own");
    }

    #[test]
    fn a_conflict_comes_first_and_names_the_limits() {
        let mut sample = Sample::hostile();
        sample.contradict();
        for lang in Lang::ALL {
            let page = rendered(&sample, lang);
            assert!(
                page.contains("tencent &lt;b&gt;floor&lt;&#x2f;b&gt;")
                    || page.contains("tencent &lt;b&gt;floor&lt;/b&gt;")
            );
            assert!(page.contains("20,000"));
        }
    }

    #[test]
    fn a_run_without_a_plan_and_without_suppliers_still_has_a_page() {
        let mut sample = Sample::hostile();
        sample.scores.suppliers.clear();
        sample.scores.window = None;
        sample.findings.clear();
        let results = Results { answer: None, ..sample.results() };
        let page = String::from_utf8(page(&results, Lang::En).unwrap().bytes).unwrap();
        assert!(page.contains("No plan was asked for"));
    }

    #[test]
    fn the_same_results_give_the_same_bytes() {
        let sample = Sample::rich();
        assert_eq!(rendered(&sample, Lang::Zh), rendered(&sample, Lang::Zh));
    }

    #[test]
    fn amounts_on_the_page_tie_to_the_plan() {
        let sample = Sample::rich();
        let page = rendered(&sample, Lang::En);
        assert!(page.contains(&numbers::decimal(sample.answer.budget.spent, 2)));
        for line in &sample.answer.lines {
            assert!(page.contains(&numbers::decimal(line.spend, 2)), "{}", line.channel);
        }
    }
}
