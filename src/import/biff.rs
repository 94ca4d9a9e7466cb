//! Workbooks of the older format (XLS), looked at before they are read: how far their cells spread.
//!
//! An XLS file is a compound file with one stream of records: type, length, data, little-endian throughout. Cells begin with
//! their row and column, two bytes each, and a reader that lays a sheet out as one rectangle needs room for every place in
//! it: a single damaged column number asks for gigabytes. Records: [MS-XLS] 2.3, compound files: [MS-CFB].

use std::io::{Cursor, Read, Write};

use cfb::{CompoundFile, Version};

/// Places that all sheets may spread over, blank ones included: a full sheet of the format and some more.
const SPREAD: u64 = 20_000_000;
/// What the stream of records is called, in the format's two generations.
const STREAMS: [&str; 2] = ["/Workbook", "/Book"];

/// Where a workbook of either format is when a password locks it ([MS-OFFCRYPTO] 2.3.4.4).
const LOCKED: &str = "/EncryptedPackage";

/// Types of records.
mod record {
    /// Begins a stream within the stream.
    pub const BEGIN: u16 = 0x0809;
    /// Ends it.
    pub const END: u16 = 0x000A;
    /// Where a sheet's stream begins.
    pub const SHEET: u16 = 0x0085;
    /// What a sheet says of its size.
    pub const DIMENSIONS: u16 = 0x0200;
    /// Several numbers in a row.
    pub const NUMBERS: u16 = 0x00BD;
    /// One cell: a formula, a label, a rich string, a shared string, a number, a truth value or error, a packed number.
    pub const CELLS: [u16; 7] = [0x0006, 0x0204, 0x00D6, 0x00FD, 0x0203, 0x0205, 0x027E];
}

/// The same workbook with nothing but its records, once their cells are known to spread over no more than a sheet can hold.
///
/// # Errors
///
/// What is wrong, to follow the path.
pub(super) fn bounded(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let stream = stream(bytes)?;
    let spread: u64 = sheets(&stream).map(|from| places(&stream, from)).fold(0, u64::saturating_add);
    if spread > SPREAD {
        return Err(format!("is damaged: its cells spread over {spread} places, more than {SPREAD}"));
    }
    packed(&stream).map_err(|error| format!("is an XLS file that cannot be read: {error}"))
}

/// The stream of records.
fn stream(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("is an XLS file that cannot be read: {error}");
    let mut file = CompoundFile::open(Cursor::new(bytes)).map_err(unreadable)?;
    if file.is_stream(LOCKED) {
        return Err("is a workbook locked with a password".to_owned());
    }
    let name = STREAMS.into_iter().find(|name| file.is_stream(name));
    let name = name.ok_or("is an XLS file that cannot be read: no workbook is in it")?;
    let mut stream = Vec::new();
    file.open_stream(name).and_then(|mut from| from.read_to_end(&mut stream)).map_err(unreadable)?;
    Ok(stream)
}

/// A compound file of one stream of records.
fn packed(stream: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut file = CompoundFile::create_with_version(Version::V3, Cursor::new(Vec::new()))?;
    file.create_stream(STREAMS[0])?.write_all(stream)?;
    file.flush()?;
    Ok(file.into_inner().into_inner())
}

/// A record: its type and its data.
type Record<'a> = (u16, &'a [u8]);

/// The records from a place on, up to the end of the stream that begins there; a record that is cut short ends them.
fn records(stream: &[u8], from: usize) -> impl Iterator<Item = Record<'_>> {
    let mut rest = stream.get(from..).unwrap_or_default();
    let mut depth = 0;
    std::iter::from_fn(move || {
        let (kind, length) = (u16_at(rest, 0)?, usize::from(u16_at(rest, 2)?));
        let data = rest.get(4..4 + length)?;
        rest = &rest[4 + length..];
        match kind {
            record::BEGIN => depth += 1,
            record::END if depth <= 1 => rest = &[],
            record::END => depth -= 1,
            _ => {}
        }
        Some((kind, data))
    })
}

/// Where the sheets begin.
fn sheets(stream: &[u8]) -> impl Iterator<Item = usize> {
    let of = |(kind, data): Record| (kind == record::SHEET).then(|| u32_at(data, 0)).flatten();
    records(stream, 0).filter_map(of).map(|place| place as usize)
}

/// Places of the rectangle around a sheet's cells, and around what it says of its size.
fn places(stream: &[u8], from: usize) -> u64 {
    let (mut cells, mut said) = (Around::default(), Around::default());
    for (kind, data) in records(stream, from) {
        let at = |place| u16_at(data, place).map_or(0, u64::from);
        if record::CELLS.contains(&kind) {
            cells.take(at(0), at(2));
        } else if kind == record::NUMBERS {
            // a row, the first column, six bytes a number, the last column
            cells.take(at(0), at(2));
            cells.take(at(0), at(data.len().saturating_sub(2)).max(at(2) + data.len() as u64 / 6));
        } else if kind == record::DIMENSIONS {
            said = dimensions(data).unwrap_or_default();
        }
    }
    cells.places().max(said.places())
}

/// What a sheet says of its first and last rows and columns, in the wording of either generation.
fn dimensions(data: &[u8]) -> Option<Around> {
    let mut said = Around::default();
    let (rows, columns) = if data.len() >= 14 {
        ((u32_at(data, 0)?, u32_at(data, 4)?), 8)
    } else {
        ((u16_at(data, 0)?.into(), u16_at(data, 2)?.into()), 4)
    };
    said.take(rows.0.into(), u16_at(data, columns)?.into());
    said.take(rows.1.into(), u16_at(data, columns + 2)?.into());
    Some(said)
}

/// First and last row and column of some cells.
#[derive(Default)]
struct Around(Option<[(u64, u64); 2]>);

impl Around {
    fn take(&mut self, row: u64, column: u64) {
        let [rows, columns] = self.0.unwrap_or([(row, row), (column, column)]);
        self.0 = Some([(rows.0.min(row), rows.1.max(row)), (columns.0.min(column), columns.1.max(column))]);
    }

    fn places(&self) -> u64 {
        self.0.map_or(0, |[rows, columns]| (rows.1 - rows.0 + 1).saturating_mul(columns.1 - columns.0 + 1))
    }
}

fn u16_at(bytes: &[u8], place: usize) -> Option<u16> {
    bytes.get(place..place + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], place: usize) -> Option<u32> {
    bytes.get(place..place + 4)?.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes(), &(data.len() as u16).to_le_bytes(), data].concat()
    }

    /// A workbook of one sheet with a cell at (1, 1) and one at `far`.
    fn book(far: (u16, u16)) -> Vec<u8> {
        let cell = |(row, column): (u16, u16)| {
            record(0x0203, &[&row.to_le_bytes()[..], &column.to_le_bytes(), &[0; 10]].concat())
        };
        let begin = || record(record::BEGIN, &[0, 6, 5, 0, 0, 0, 0, 0]);
        let end = || record(record::END, &[]);
        let sheet = |place: u32| record(record::SHEET, &[&place.to_le_bytes()[..], &[0, 0, 1, 0, b'a']].concat());
        let globals = |place| [begin(), sheet(place), end()].concat();
        let place = globals(0).len() as u32;
        packed(&[globals(place), begin(), cell((1, 1)), cell(far), end()].concat()).unwrap()
    }

    #[test]
    fn cells_within_a_sheet_are_read_and_those_beyond_are_refused() {
        let near = book((9, 3));
        assert_eq!(places(&stream(&near).unwrap(), sheets(&stream(&near).unwrap()).next().unwrap()), 9 * 3);
        let again = bounded(&near).unwrap();
        assert_eq!(stream(&again), stream(&near));
        let far = bounded(&book((60_000, 50_000))).unwrap_err();
        assert_eq!(far, "is damaged: its cells spread over 3000000000 places, more than 20000000");
    }

    #[test]
    fn what_a_sheet_says_of_its_size_counts() {
        let said = [&0_u32.to_le_bytes()[..], &u32::MAX.to_le_bytes(), &[0, 0, 255, 0, 0, 0]].concat();
        let places = dimensions(&said).unwrap().places();
        assert_eq!(places, (u64::from(u32::MAX) + 1) * 256);
    }

    #[test]
    fn no_workbook_within_is_said() {
        let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        file.create_stream("/Other").unwrap();
        let bytes = file.into_inner().into_inner();
        assert_eq!(bounded(&bytes).unwrap_err(), "is an XLS file that cannot be read: no workbook is in it");
    }

    #[test]
    fn a_password_is_said() {
        let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        file.create_stream(LOCKED).unwrap();
        let bytes = file.into_inner().into_inner();
        assert_eq!(bounded(&bytes).unwrap_err(), "is a workbook locked with a password");
    }
}
