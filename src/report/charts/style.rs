//! The look: colours, fonts, and text that is set into a finished drawing.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::check::{Error, Kind};
use crate::report::Words;
use crate::report::text::{one_line, shorten, width, xml};

/// Backend pixels to one of the drawing. The backend knows whole pixels only; finer ones keep curves smooth.
pub(super) const FINE: i32 = 4;

/// Where charts draw.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What a drawing step gives.
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

// Okabe & Ito's palette for what carries meaning, greys for the rest.
pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
pub(super) const VERMILLION: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
pub(super) const SKY: RGBColor = RGBColor(0x9C, 0xCF, 0xEE);
pub(super) const INK: RGBColor = RGBColor(0x22, 0x27, 0x2E);
pub(super) const MUTED: RGBColor = RGBColor(0x5F, 0x6B, 0x7A);
pub(super) const GRID: RGBColor = RGBColor(0xE3, 0xE6, 0xEA);
pub(super) const SHADE: RGBColor = RGBColor(0xF1, 0xF2, 0xF4);
pub(super) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);

/// What the drawing library is told for fonts; [`Names::draw`] puts the language's own in its place. Chinese and Japanese
/// write some characters differently, and a reader sees at once which of the two a font was made for.
const FONTS: &str = "sans-serif";

/// Text of `size` pixels. The backend divides sizes by 1.24 to turn line heights into ems.
pub(super) fn font<'a>(size: f64, colour: RGBColor) -> TextStyle<'a> {
    (FONTS, size * 1.24 * f64::from(FINE)).into_font().color(&colour)
}

/// Bold text of `size` pixels.
pub(super) fn bold<'a>(size: f64, colour: RGBColor) -> TextStyle<'a> {
    (FONTS, size * 1.24 * f64::from(FINE)).into_font().style(FontStyle::Bold).color(&colour)
}

/// Anchors text at its middle height, and left, centre or right.
pub(super) fn at(style: TextStyle<'_>, side: HPos) -> TextStyle<'_> {
    style.pos(Pos::new(side, VPos::Center))
}

/// A stroke of `width` pixels.
pub(super) fn stroke(colour: RGBColor, width: u32) -> ShapeStyle {
    colour.stroke_width(width * FINE as u32)
}

/// A place given in pixels.
pub(super) fn px(x: i32, y: i32) -> (i32, i32) {
    (x * FINE, y * FINE)
}

/// Pixels that `text` takes at `size` pixels, roughly.
pub(super) fn pixels(text: &str, size: f64) -> i32 {
    (width(text) as f64 * size * 0.56).ceil() as i32
}

/// Users' names, kept out of the drawing until it is finished.
///
/// The drawing holds a mark in private-use characters; [`Names::draw`] puts the shortened name in its place, escaped, with
/// the whole name as its title. So no name passes through the drawing library.
pub(super) struct Names {
    names: Vec<(String, String)>,
    /// Fonts that hold Latin, Chinese and Japanese on the systems people read on, the language's own first.
    fonts: String,
}

impl Names {
    /// For a drawing in the language of `words`.
    pub(super) fn of(words: &Words) -> Names {
        Names { names: Vec::new(), fonts: words.say("chart_fonts").to_owned() }
    }

    /// The mark of a name that has room for `most` columns.
    pub(super) fn mark(&mut self, name: &str, most: usize) -> String {
        self.names.push((shorten(name, most), name.to_owned()));
        format!("\u{E000}{}\u{E001}", self.names.len() - 1)
    }

    /// Draws a chart of `size` on paper and sets the names into it.
    pub(super) fn draw(
        mut self,
        size: (u32, u32),
        title: &str,
        chart: impl FnOnce(&Area, &mut Names) -> Drawn,
    ) -> Result<String, Error> {
        let mut svg = String::new();
        {
            let fine = (size.0 * FINE as u32, size.1 * FINE as u32);
            let area = SVGBackend::with_string(&mut svg, fine).into_drawing_area();
            let drawn = area.fill(&PAPER).and_then(|()| chart(&area, &mut self)).and_then(|()| area.present());
            drawn.map_err(|error| Error::new(Kind::Bug, format!("chart: {error}")))?;
        }
        Ok(self.set_into(&svg, size, title))
    }

    fn set_into(&self, svg: &str, size: (u32, u32), title: &str) -> String {
        let mut set = String::with_capacity(svg.len() + 256);
        let body = svg.split_once('\n').map_or(svg, |(_, body)| body);
        let body = body.replace(&format!("font-family=\"{FONTS}\""), &format!("font-family=\"{}\"", xml(&self.fonts)));
        let (width, height) = size;
        let (right, bottom) = (width * FINE as u32, height * FINE as u32);
        set.push_str(&format!(
            "<svg role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {right} {bottom}\" \
             xmlns=\"http://www.w3.org/2000/svg\">\n<title>{}</title>\n",
            xml(&clean(title))
        ));
        let mut parts = body.split('\u{E000}');
        set.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let (index, rest) = part.split_once('\u{E001}').unwrap_or(("", part));
            if let Some((shown, whole)) = index.parse::<usize>().ok().and_then(|index| self.names.get(index)) {
                let title =
                    if shown == whole { String::new() } else { format!("<title>{}</title>", xml(&clean(whole))) };
                set.push_str(&format!("{title}{}", xml(shown)));
            }
            set.push_str(rest);
        }
        set
    }
}

/// Text that XML can hold, on one line and in its direction.
fn clean(text: &str) -> String {
    one_line(text).replace(['\u{E000}', '\u{E001}'], " ")
}

/// One entry of a legend: how its sample is drawn, left and right end at middle height, and its words.
pub(super) struct Key<'a> {
    pub(super) words: &'a str,
    pub(super) sample: fn(&Area, (i32, i32), i32) -> Drawn,
}

/// Draws a row of legend entries from `origin` on, wrapping at the area's right edge.
pub(super) fn legend_row(area: &Area, origin: (i32, i32), keys: &[Key]) -> Drawn {
    let (mut x, mut y) = origin;
    let right = area.dim_in_pixel().0 as i32 / FINE - 8;
    for key in keys {
        let length = 28 + pixels(key.words, 12.0);
        if x + length > right && x > origin.0 {
            (x, y) = (origin.0, y + 18);
        }
        (key.sample)(area, (x, y), 20)?;
        area.draw(&Text::new(key.words.to_owned(), px(x + 26, y), at(font(12.0, MUTED), HPos::Left)))?;
        x += length + 18;
    }
    Ok(())
}

/// A box of half its height above and below `y`.
pub(super) fn sample_box(area: &Area, (x, y): (i32, i32), length: i32, half: i32, style: ShapeStyle) -> Drawn {
    area.draw(&Rectangle::new([px(x, y - half), px(x + length, y + half)], style))
}

/// A line through a band.
pub(super) fn sample_band(area: &Area, (x, y): (i32, i32), length: i32) -> Drawn {
    sample_box(area, (x, y), length, 6, BLUE.mix(0.18).filled())?;
    area.draw(&PathElement::new(vec![px(x, y), px(x + length, y)], stroke(BLUE, 2)))
}

/// An open circle: where things stand.
pub(super) fn sample_current(area: &Area, (x, y): (i32, i32), length: i32) -> Drawn {
    current(area, px(x + length / 2, y))
}

/// A filled diamond: where the plan goes.
pub(super) fn sample_recommended(area: &Area, (x, y): (i32, i32), length: i32) -> Drawn {
    recommended(area, px(x + length / 2, y))
}

/// A shaded box: where the curve is a guess.
pub(super) fn sample_beyond(area: &Area, place: (i32, i32), length: i32) -> Drawn {
    sample_box(area, place, length, 6, SHADE.filled())?;
    sample_box(area, place, length, 6, stroke(GRID, 1))
}

/// An open circle at a backend pixel.
pub(super) fn current(area: &Area, place: (i32, i32)) -> Drawn {
    area.draw(&Circle::new(place, 5 * FINE, PAPER.filled()))?;
    area.draw(&Circle::new(place, 5 * FINE, stroke(INK, 2)))
}

/// A filled diamond at a backend pixel.
pub(super) fn recommended(area: &Area, (x, y): (i32, i32)) -> Drawn {
    let half = 7 * FINE;
    let corners = vec![(x, y - half), (x + half, y), (x, y + half), (x - half, y)];
    area.draw(&Polygon::new(corners, VERMILLION.filled()))
}

/// Labels that fit beside each other on an axis of `length` pixels, the widest of which is `widest`.
pub(super) fn labels(length: i32, widest: &str) -> usize {
    (length / (pixels(widest, 12.0) + 22)).clamp(2, 8) as usize
}

/// A whole line.
pub(super) fn sample_line_solid(area: &Area, (x, y): (i32, i32), length: i32) -> Drawn {
    area.draw(&PathElement::new(vec![px(x, y), px(x + length, y)], stroke(BLUE, 2)))
}

/// A dashed line.
pub(super) fn sample_line_dashed(area: &Area, (x, y): (i32, i32), length: i32) -> Drawn {
    let dash = length / 5;
    [0, 2, 4].into_iter().try_for_each(|at| {
        let (from, to) = (px(x + at * dash, y), px(x + (at + 1) * dash, y));
        area.draw(&PathElement::new(vec![from, to], stroke(MUTED, 2)))
    })
}

/// The round step (1, 2, 2.5 or 5 times a power of ten) nearest above `raw`.
pub(super) fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= raw * 0.999).unwrap_or(raw)
}
