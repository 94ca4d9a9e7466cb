//! Charts that belong to the workbook: they follow its cells. One look, colour-blind safe (Okabe and Ito 2008).

use rust_xlsxwriter::{
    Chart, ChartAxis, ChartFont, ChartFormat, ChartLegendPosition, ChartLine, ChartMarker, ChartMarkerType,
    ChartSolidFill, ChartType,
};

/// Blue, orange and grey that are told apart in print too.
const BLUE: &str = "0072B2";
const ORANGE: &str = "D55E00";
const GREY: &str = "9AA5B1";

/// Cells of one column: sheet, column, first and last row.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub(super) sheet: &'a str,
    pub(super) column: u16,
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Cells<'_> {
    fn range(&self) -> (&str, u32, u16, u32, u16) {
        (self.sheet, self.first, self.column, self.last, self.column)
    }
}

/// Two bars a category, reference in grey beside the plan in blue.
pub(super) fn pairs(title: &str, unit: &str, names: Cells, reference: (&str, Cells), plan: (&str, Cells)) -> Chart {
    let mut chart = chart(ChartType::Bar, title, unit);
    for ((name, cells), colour) in [(reference, GREY), (plan, BLUE)] {
        let fill = ChartSolidFill::new().set_color(colour).to_owned();
        let series = chart.add_series().set_name(name).set_values(cells.range()).set_categories(names.range());
        series.set_format(ChartFormat::new().set_solid_fill(&fill)).set_gap(60);
    }
    // of a bar chart the first axis lies across: its categories go down
    chart.y_axis().set_reverse().set_name("").set_num_format("General").set_major_gridlines(false);
    chart.x_axis().set_name(unit).set_num_format("#,##0");
    across(chart.x_axis());
    chart
}

fn across(axis: &mut ChartAxis) {
    let mut line = ChartLine::new();
    line.set_color("DDE3EA").set_width(0.5);
    axis.set_major_gridlines(true).set_major_gridlines_line(&line);
}

/// Columns over time.
pub(super) fn columns(title: &str, unit: &str, names: Cells, series: &[(&str, Cells)]) -> Chart {
    let mut chart = chart(ChartType::Column, title, unit);
    for ((name, cells), colour) in series.iter().zip([BLUE, ORANGE]) {
        let fill = ChartSolidFill::new().set_color(colour).to_owned();
        let series = chart.add_series().set_name(*name).set_values(cells.range()).set_categories(names.range());
        series.set_format(ChartFormat::new().set_solid_fill(&fill)).set_gap(80);
    }
    chart
}

/// Lines over a quantity: the first drawn through, the others dashed.
pub(super) fn lines(title: &str, unit: &str, across: Cells, series: &[(&str, Cells)]) -> Chart {
    let mut chart = chart(ChartType::ScatterStraightWithMarkers, title, unit);
    for (at, (name, cells)) in series.iter().enumerate() {
        let mut line = ChartLine::new();
        line.set_color(if at == 0 { BLUE } else { GREY }).set_width(if at == 0 { 2.25 } else { 1.25 });
        let mut marker = ChartMarker::new();
        marker.set_type(if at == 0 { ChartMarkerType::Circle } else { ChartMarkerType::Diamond }).set_size(6);
        let series = chart.add_series().set_name(*name).set_values(cells.range()).set_categories(across.range());
        series.set_format(ChartFormat::new().set_line(&line)).set_marker(&marker);
    }
    chart.x_axis().set_num_format("#,##0");
    chart
}

fn chart(kind: ChartType, title: &str, unit: &str) -> Chart {
    let mut chart = Chart::new(kind);
    chart.title().set_name(title).set_font(ChartFont::new().set_size(12));
    chart.legend().set_position(ChartLegendPosition::Bottom);
    chart.y_axis().set_name(unit).set_num_format("#,##0");
    across(chart.y_axis());
    chart.set_width(780).set_height(380);
    chart
}
