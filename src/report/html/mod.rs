//! `report.html`: one self-contained page. Layout is in the templates, words in `words/`, figures in `view.rs`.
//!
//! minijinja escapes everything but the SVGs of [`charts`](crate::report::charts), which escape on their own. A template
//! that asks for what is not there is an error, not a blank.

mod view;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, HtmlEscape, UndefinedBehavior};
use serde::Serialize;

use super::statement::Statement;
use super::{Lang, Output, Results, Words, numbers};
use crate::check::{Error, Kind};

/// What sections share; each section is a file of its own.
const TEMPLATES: [(&str, &str); 5] = [
    ("page.html", include_str!("page.html")),
    ("macros.html", include_str!("macros.html")),
    ("style.css", include_str!("style.css")),
    ("tables.js", include_str!("tables.js")),
    ("whatif.js", include_str!("whatif.js")),
];

/// The sections by their word, in the order of the page: the files of `sections/`.
const SECTIONS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sections.rs"));

/// A section as it stands on the page.
#[derive(Serialize)]
struct Section {
    id: &'static str,
    body: String,
}

/// The page, with the input–output statement of the results. A section that has nothing to say is left out, and its link too.
///
/// # Errors
///
/// [`Kind::Bug`] when a template or a chart cannot be made from the results.
pub fn page(results: &Results, statement: Option<&Statement>, lang: Lang) -> Result<Output, Error> {
    let words = Words::of(lang);
    let view = Value::from(Serde(view::page(results, statement, lang, &words)?));
    let environment = environment(numbers::places(results.settings.project.currency.code())).map_err(refused)?;
    let section = |(id, _): &(&'static str, &str)| {
        let body = environment.get_template(id).and_then(|section| section.render(&view))?;
        Ok(Section { id, body: lean(&body) })
    };
    let sections = SECTIONS.iter().map(section).collect::<Result<Vec<Section>, _>>().map_err(refused)?;
    let sections: Vec<Section> = sections.into_iter().filter(|section| !section.body.trim().is_empty()).collect();
    let page = minijinja::context! { sections => Serde(&sections), version => env!("CARGO_PKG_VERSION"), ..view };
    let page = environment.get_template("page.html").and_then(|template| template.render(page)).map_err(refused)?;
    Ok(Output::new("report.html", page))
}

/// A section without what browsers skip: indents and empty lines, and the escape of `/`, which only attributes without
/// quotes need.
fn lean(body: &str) -> String {
    let body = body.replace("&#x2f;", "/");
    body.lines().map(str::trim_start).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn refused(error: minijinja::Error) -> Error {
    Error::new(Kind::Bug, format!("template {}: {error}", error.name().unwrap_or("?")))
}

fn environment(places: usize) -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // a section is HTML although its name has no ending that says so
    environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("css" | "js") => minijinja::AutoEscape::None,
        _ => minijinja::AutoEscape::Html,
    });
    for (name, source) in TEMPLATES.iter().chain(SECTIONS) {
        environment.add_template(name, source)?;
    }
    environment.add_filter("cents", move |value: &Value| shown(value, |value| numbers::decimal(value, places)));
    environment.add_filter("signed_cents", move |value: &Value| shown(value, |value| numbers::signed(value, places)));
    environment.add_filter("cost", move |value: &Value| shown(value, |value| numbers::decimal(value, places.max(1))));
    environment.add_filter("hundredths", |value: &Value| shown(value, |value| numbers::decimal(value, 2)));
    environment.add_filter("whole", |value: &Value| shown(value, |value| numbers::decimal(value, 0)));
    environment.add_filter("signed_whole", |value: &Value| shown(value, |value| numbers::signed(value, 0)));
    environment.add_filter("count", |value: &Value| shown(value, numbers::count));
    environment.add_filter("signed_count", |value: &Value| shown(value, numbers::signed_count));
    environment.add_filter("percent", |value: &Value| shown(value, numbers::percent));
    environment.add_filter("signed_percent", |value: &Value| shown(value, numbers::signed_percent));
    environment.add_filter("rate", |value: &Value| shown(value, numbers::rate));
    environment.add_filter("three", |value: &Value| shown(value, |value| numbers::decimal(value, 3)));
    environment.add_filter("significant", |value: &Value| shown(value, numbers::significant));
    environment.add_filter("v", sortable);
    environment.add_filter("code", |text: &str| Value::from_safe_string(code(text)));
    Ok(environment)
}

/// The attribute by which the page sorts and copies a figure: to four places, or six digits below one. Nothing where
/// `shown` says as much, for there are thousands of cells.
fn sortable(value: &Value, shown: Option<&str>) -> Value {
    let Ok(figure) = f64::try_from(value.clone()) else { return Value::from_safe_string(" data-v=\"none\"".into()) };
    let digits = if figure.abs() >= 1.0 { 4 } else { 5 - figure.abs().max(1e-300).log10().floor() as i32 };
    let power = 10f64.powi(digits.min(300));
    let figure = (figure * power).round() / power;
    let bare = shown.map(|shown| shown.replace(',', "").replace('−', "-"));
    let is_said = bare.and_then(|bare| bare.parse::<f64>().ok()).is_some_and(|said| said == figure);
    Value::from_safe_string(if is_said { String::new() } else { format!(" data-v=\"{figure}\"") })
}

/// A sentence with what stands between backquotes set as code.
fn code(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(|part| HtmlEscape(part).to_string()).collect();
    if parts.len().is_multiple_of(2) {
        return HtmlEscape(text).to_string();
    }
    let set = |(at, part): (usize, &String)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.clone() };
    parts.iter().enumerate().map(set).collect()
}

/// A number as people read it; a dash for what is absent.
fn shown(value: &Value, format: impl Fn(f64) -> String) -> String {
    f64::try_from(value.clone()).map_or_else(|_| numbers::ABSENT.to_owned(), format)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;
    use crate::report::statement::statement;

    fn rendered(sample: &Sample, lang: Lang) -> String {
        let statement = statement(&sample.results());
        String::from_utf8(page(&sample.results(), statement.as_ref(), lang).unwrap().bytes).unwrap()
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
        let page = rendered(&Sample::many(1000), Lang::En);
        assert!(page.len() < 4_000_000, "{} bytes", page.len());
    }

    #[test]
    fn a_figure_is_carried_where_its_text_says_less() {
        let of = |value: f64, shown: &str| sortable(&Value::from(value), Some(shown)).to_string();
        assert_eq!(of(158_801.88, "158,801.88"), "");
        assert_eq!(of(-17_043.62, "−17,043.62"), "");
        assert_eq!(of(64.672_740_098_739_72, "64.67"), " data-v=\"64.6727\"");
        assert_eq!(of(0.005_712_345_678, "0.6%"), " data-v=\"0.00571235\"");
        assert_eq!(of(0.0, "0.0%"), " data-v=\"0\"");
        assert_eq!(sortable(&Value::from(()), Some("–")).to_string(), " data-v=\"none\"");
    }

    #[test]
    fn what_is_between_backquotes_is_code_and_nothing_else_is_markup() {
        assert_eq!(code("see `a<b` now"), "see <code>a&lt;b</code> now");
        assert_eq!(code("an odd ` one"), "an odd ` one");
    }

    #[test]
    fn hostile_names_are_text() {
        let page = rendered(&Sample::hostile(), Lang::En);
        assert!(!page.contains("<script>alert"), "a script came through");
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert!(!page.contains("exports/a <b>"));
        assert_eq!(page.matches("<script>").count(), 1, "the page's own");
        assert_eq!(page.matches("</script>").count(), 2, "the page's own, and the figures of the sliders");
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
        let page = String::from_utf8(page(&results, None, Lang::En).unwrap().bytes).unwrap();
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
