//! Parquet → comma-separated text, one line a row.

use bytes::Bytes;
use parquet::basic::{LogicalType, TimeUnit};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::workbook::{contained, number, write_cell};

/// Whether bytes are a Parquet file.
pub(super) fn is_parquet(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PAR1")
}

/// The rows as text: numbers with the decimal mark of the source, days and times as ISO 8601, times in UTC.
///
/// # Errors
///
/// What is wrong, to follow the path.
pub(super) fn text(bytes: Vec<u8>, decimal_comma: bool) -> Result<String, String> {
    let bytes = Bytes::from(bytes);
    contained(|| read(bytes, decimal_comma).map_err(|error| format!("is a Parquet file that cannot be read: {error}")))
}

fn read(bytes: Bytes, decimal_comma: bool) -> Result<String, ParquetError> {
    let reader = SerializedFileReader::new(bytes)?;
    let schema = reader.metadata().file_metadata().schema();
    let mut text = String::new();
    line(&mut text, schema.get_fields().iter().map(|column| column.name().to_owned()));
    let nanos: Vec<bool> = schema.get_fields().iter().map(|column| is_nanos(column)).collect();
    for row in reader.get_row_iter(None)? {
        let row = row?;
        let fields = row.get_column_iter().zip(&nanos);
        line(&mut text, fields.map(|((_, field), nanos)| cell(field, *nanos, decimal_comma)));
    }
    Ok(text)
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_cell(text, &cell);
    }
    text.push('\n');
}

/// Whether a column holds times in billionths of a second, which rows give as bare numbers.
fn is_nanos(column: &parquet::schema::types::Type) -> bool {
    match column.get_basic_info().logical_type_ref() {
        Some(LogicalType::Timestamp(time)) => time.unit == TimeUnit::NANOS,
        _ => false,
    }
}

fn cell(field: &Field, is_nanos: bool, decimal_comma: bool) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Double(value) => number(*value, decimal_comma),
        Field::Float(value) => number(value.to_string().parse().unwrap_or(f64::from(*value)), decimal_comma),
        Field::Decimal(_) if decimal_comma => field.to_string().replace('.', ","),
        Field::Long(value) if is_nanos => Field::TimestampMicros(value.div_euclid(1_000)).to_string(),
        other => other.to_string(),
    }
}
