//! Charts as PNG, for slides and chats that take no SVG: the same drawings at twice their size.
//!
//! Text is set in the bundled subset of Noto Sans CJK (SIL Open Font License 1.1, see `fonts/README.md`), which holds every
//! character of outlay's own words and the common ones of names; rarer characters come from the system's fonts, so
//! such pictures may differ from one machine to another.

use std::sync::Arc;

use rayon::prelude::*;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};

use crate::check::{Error, Kind};
use crate::report::{Lang, Output};

/// Pixels of the picture for one of the drawing.
const SCALE: f32 = 2.0;

/// The bundled font of a language.
fn bundled(lang: Lang) -> (&'static [u8], &'static str) {
    match lang {
        Lang::En | Lang::Zh => (include_bytes!("fonts/zh.otf"), "Noto Sans CJK SC"),
        Lang::Ja => (include_bytes!("fonts/ja.otf"), "Noto Sans CJK JP"),
    }
}

fn fonts(lang: Lang) -> Arc<Database> {
    let mut fonts = Database::new();
    let (font, family) = bundled(lang);
    fonts.load_font_data(font.to_vec());
    fonts.load_system_fonts();
    fonts.set_sans_serif_family(family);
    Arc::new(fonts)
}

/// A PNG beside each SVG of `outputs`.
///
/// # Errors
///
/// [`Kind::Bug`] when a drawing of our own cannot be read or encoded.
pub fn beside(outputs: &[Output], lang: Lang) -> Result<Vec<Output>, Error> {
    let fonts = fonts(lang);
    let drawings: Vec<&Output> = outputs.iter().filter(|output| output.path.ends_with(".svg")).collect();
    let pictures: Vec<Result<Output, Error>> = drawings.par_iter().map(|drawing| picture(drawing, &fonts)).collect();
    pictures.into_iter().collect()
}

fn picture(drawing: &Output, fonts: &Arc<Database>) -> Result<Output, Error> {
    let refused = |what: &str| Error::new(Kind::Bug, format!("{}: {what}", drawing.path));
    let options = Options { fontdb: Arc::clone(fonts), ..Options::default() };
    let tree = Tree::from_data(&drawing.bytes, &options).map_err(|error| refused(&error.to_string()))?;
    let size = tree.size();
    let pixels = |length: f32| (length * SCALE).ceil() as u32;
    let mut pixmap = Pixmap::new(pixels(size.width()), pixels(size.height())).ok_or_else(|| refused("has no size"))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixmap.as_mut());
    let bytes = pixmap.encode_png().map_err(|error| refused(&error.to_string()))?;
    Ok(Output::new(drawing.path.trim_end_matches(".svg").to_owned() + ".png", bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::sample::Sample;
    use crate::report::{Words, charts};

    #[test]
    fn the_bundled_font_has_every_character_of_the_words() {
        for lang in Lang::ALL {
            let (font, family) = bundled(lang);
            let mut fonts = Database::new();
            fonts.load_font_data(font.to_vec());
            fonts.set_sans_serif_family(family);
            let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
            let is_drawn = |c: &char| {
                let text = crate::report::text::xml(&c.to_string());
                let svg = format!(
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"40\">\
                     <text x=\"4\" y=\"30\" font-family=\"sans-serif\">{text}</text></svg>"
                );
                Tree::from_str(&svg, &options).unwrap().root().has_children()
            };
            let words = Words::of(lang);
            let characters: BTreeSet<char> = words.all().values().flat_map(|words| words.chars()).collect();
            let missing: String = characters.iter().filter(|c| !c.is_whitespace() && !is_drawn(c)).collect();
            assert_eq!(missing, "", "{}: subset the font again, see charts/fonts/README.md", lang.name());
            assert!(!is_drawn(&'\u{2F00}'), "a character that the font lacks must be noticed");
        }
    }

    #[test]
    fn every_drawing_has_its_picture() {
        let sample = Sample::hostile();
        let outputs = charts::files(&sample.results(), Lang::Zh).unwrap();
        let pictures = beside(&outputs, Lang::Zh).unwrap();
        assert_eq!(pictures.len(), outputs.len());
        assert!(pictures.iter().all(|picture| picture.path.ends_with(".png") && picture.bytes.starts_with(b"\x89PNG")));
        assert_eq!(pictures, beside(&outputs, Lang::Zh).unwrap());
    }
}
