//! The columns that a file can have.

use crate::units::{Field, Measure};

/// A column of the canonical table, or the unspecific `conversions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    /// The day.
    Date,
    /// The first day of a row that stands for several.
    Start,
    /// The last day of a row that stands for several.
    End,
    /// Whom the row belongs to.
    Field(Field),
    /// The currency of the row's amounts.
    Currency,
    /// A figure.
    Measure(Measure),
    /// Spend that is told apart from the ledger's.
    Apart(Apart),
    /// Conversions of a kind that the file does not tell.
    Conversions,
}

/// Part of the face value that is no cash, as agencies' sheets break it down. It is summed by file and in no ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Apart {
    /// 赠款, 返点, 框返: given by the platform.
    Grant,
    /// 授信, 信用: on credit.
    Credit,
}

impl Apart {
    /// Both, in the order of their sums.
    pub(super) const ALL: [Apart; 2] = [Apart::Grant, Apart::Credit];
}

impl Column {
    /// Every column, in the canonical table's order.
    pub(super) fn all() -> impl Iterator<Item = Column> {
        let fields = Field::ALL.into_iter().map(Column::Field);
        let measures = Measure::ALL.into_iter().map(Column::Measure);
        let days = [Column::Date, Column::Start, Column::End];
        let rest = Apart::ALL.map(Column::Apart).into_iter().chain([Column::Conversions]);
        days.into_iter().chain(fields).chain([Column::Currency]).chain(measures).chain(rest)
    }

    /// The column of a canonical name.
    pub(super) fn from_name(name: &str) -> Option<Column> {
        Column::all().find(|column| column.name() == name)
    }

    /// The canonical name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Column::Date => "date",
            Column::Start => "date_start",
            Column::End => "date_end",
            Column::Field(field) => field.name(),
            Column::Currency => "currency",
            Column::Measure(measure) => measure.name(),
            Column::Apart(Apart::Grant) => "spend_grant",
            Column::Apart(Apart::Credit) => "spend_credit",
            Column::Conversions => "conversions",
        }
    }

    pub(super) fn is_money(self) -> bool {
        matches!(self, Column::Apart(_)) || matches!(self, Column::Measure(measure) if measure.is_money())
    }

    /// Whether a platform may write it under several names side by side, of which the first is read. Two names of one
    /// figure in one file are two figures, which only a person can tell apart.
    pub(super) fn has_a_preferred_name(self) -> bool {
        matches!(self, Column::Field(_) | Column::Conversions | Column::Start | Column::End)
    }
}
