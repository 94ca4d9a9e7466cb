//! Which cell of a record is what.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::column::{Apart, Column};
use crate::settings::{Basis, DateOrder};
use crate::units::{Currency, Field, Measure};

/// Which cell of a record is what.
#[derive(Clone, Debug, Default)]
pub(super) struct Mapping {
    /// The platform whose layout was recognised.
    pub platform: Option<&'static str>,
    /// The date, or its parts; empty when the file has none and a period stands for it.
    pub date: Vec<usize>,
    /// The last day of rows that stand for several.
    pub end: Option<usize>,
    /// First and last day of a file without a date, as the settings or the lines before the table tell them.
    pub period: Option<(Date, Date)>,
    /// The order that the headers of date parts tell.
    pub date_order: Option<DateOrder>,
    /// The names, by [`Field::index`].
    pub fields: [Option<usize>; 5],
    /// The currency of the row.
    pub currency: Option<usize>,
    /// The figures, by [`Measure::index`].
    pub measures: [Option<usize>; 9],
    /// Powers of ten that the figures are counted in, by [`Measure::index`]: −6 for micros.
    pub units: [i32; 9],
    /// Spend that is told apart, in the order of [`Apart::ALL`], with the powers of ten that it is counted in.
    pub apart: [Option<(usize, i32)>; 2],
    /// Cells that a row is asked for by, and the texts that they may hold.
    pub only: Vec<(usize, Vec<String>)>,
    /// What the KPI is dated by, where the settings or the platform tell.
    pub basis: Option<Basis>,
    /// The currency that the headers name.
    pub header_currency: Option<Currency>,
    /// The unspecific header that stands in for the project's KPI.
    pub conversions: Option<String>,
    /// Headers as written, by cell.
    pub headers: Vec<String>,
    /// Headers that nothing is read from.
    pub unread: Vec<String>,
}

impl Mapping {
    /// The names of the canonical columns that are read.
    pub(super) fn columns(&self) -> Arc<str> {
        let fields = Field::ALL.into_iter().filter(|field| self.fields[field.index()].is_some()).map(Field::name);
        let figures = Measure::ALL.into_iter().filter(|figure| self.measures[figure.index()].is_some());
        fields.chain(figures.map(Measure::name)).collect::<Vec<_>>().join(",").into()
    }

    /// The headers that the figures are read from, by canonical name.
    pub(super) fn figures(&self) -> BTreeMap<&'static str, String> {
        let apart = self.apart.iter().zip(Apart::ALL.map(Column::Apart));
        let apart = apart.filter_map(|(cell, column)| Some((column.name(), cell.as_ref()?.0)));
        let figures =
            Measure::ALL.into_iter().filter_map(|figure| Some((figure.name(), self.measures[figure.index()]?)));
        figures.chain(apart).map(|(name, cell)| (name, self.headers[cell].clone())).collect()
    }
}
