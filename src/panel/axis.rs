//! The panel's calendar: which period an entry falls into.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::unify::Entry;
use crate::units::Grain;

/// Consecutive periods of one grain that hold every entry of daily or weekly length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    /// The period.
    pub grain: Grain,
    /// Weekday on which weeks start.
    anchor: Weekday,
    /// First day of the first period.
    first: Date,
    /// How many periods there are.
    pub len: usize,
}

/// The whole of a week, as one entry reports it.
const WHOLE: u8 = 0x80;
/// All seven days of a week.
const SEVEN: u8 = 0x7f;

/// Which parts of a period were reported: a bit a day, or [`WHOLE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts(u8);

impl Parts {
    /// Both together.
    pub fn and(self, other: Parts) -> Parts {
        Parts(self.0 | other.0)
    }

    /// Whether there is none.
    pub fn none(self) -> bool {
        self.0 == 0
    }

    /// Whether a period of `grain` is reported in full: no account of it stops half-way through the week.
    pub fn complete(self, grain: Grain) -> bool {
        match grain {
            Grain::Day => self.0 != 0,
            Grain::Week => self.0 != 0 && matches!(self.0 & SEVEN, 0 | SEVEN),
        }
    }
}

impl Axis {
    /// The axis of `entries`; without a wanted grain, weeks when any entry is weekly.
    ///
    /// Weeks start on `weeks_start`, or else on the weekday that most weekly entries start on, or on Monday when there are
    /// none.
    pub fn of(entries: &[Entry], wanted: Option<Grain>, weeks_start: Option<Weekday>) -> Axis {
        let weekly = entries.iter().any(|entry| entry.days == 7);
        let grain = wanted.unwrap_or(if weekly { Grain::Week } else { Grain::Day });
        let anchor = weeks_start.unwrap_or_else(|| anchor(entries));
        let mut axis = Axis { grain, anchor, first: Date::MIN, len: 0 };
        let starts = || entries.iter().filter_map(|entry| axis.start(entry).map(|(start, _)| start));
        if let (Some(first), Some(last)) = (starts().min(), starts().max()) {
            axis.first = first;
            axis.len = axis.index(last) + 1;
        }
        axis
    }

    /// The period of an entry and the parts of it that the entry reports; `None` where it fits no period.
    pub fn place(&self, entry: &Entry) -> Option<(usize, Parts)> {
        self.start(entry).map(|(start, parts)| (self.index(start), parts))
    }

    /// First day of a period.
    pub fn date(&self, index: usize) -> Date {
        self.first.saturating_add((index as i64 * i64::from(self.grain.days())).days())
    }

    fn index(&self, start: Date) -> usize {
        let days = self.first.until(start).map_or(0, |span| span.get_days());
        usize::try_from(days).unwrap_or(0) / self.grain.days() as usize
    }

    /// First day of the period that `days` days from `date` fall into; `None` where they fit no period.
    pub fn start_of(&self, date: Date, days: u32) -> Option<Date> {
        self.part(date, days).map(|(start, _)| start)
    }

    fn start(&self, entry: &Entry) -> Option<(Date, Parts)> {
        self.part(entry.date, entry.days)
    }

    fn part(&self, date: Date, days: u32) -> Option<(Date, Parts)> {
        let offset = date.weekday().since(self.anchor);
        match (self.grain, days) {
            (Grain::Day, 1) => Some((date, Parts(1))),
            (Grain::Week, 1) => Some((date.saturating_sub(i64::from(offset).days()), Parts(1 << offset))),
            (Grain::Week, 7) if offset == 0 => Some((date, Parts(WHOLE))),
            _ => None,
        }
    }
}

/// The weekday that most weekly entries start on; the earlier in the week of several.
fn anchor(entries: &[Entry]) -> Weekday {
    let mut counts = [0u64; 7];
    for entry in entries.iter().filter(|entry| entry.days == 7) {
        counts[entry.date.weekday().to_monday_zero_offset() as usize] += 1;
    }
    let most = (0..7).rev().max_by_key(|day| counts[*day]).unwrap_or(0);
    if counts[most] == 0 {
        return Weekday::Monday;
    }
    Weekday::from_monday_zero_offset(most as i8).unwrap_or(Weekday::Monday)
}
