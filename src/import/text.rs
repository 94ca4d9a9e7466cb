//! Bytes → text: the encoding of an export, told by its byte order mark or by being valid UTF-8.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// A decoded file.
#[derive(Debug)]
pub(super) struct Text {
    /// The text, without byte order mark.
    pub text: String,
    /// The encoding's name, as `quality.json` gives it.
    pub encoding: &'static str,
}

/// Why bytes are not text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotText {
    /// A file of another format, by its first bytes.
    Format(&'static str),
    /// Bytes that the encoding does not have.
    Invalid {
        /// The encoding.
        encoding: &'static str,
        /// The line of the first of them.
        line: u64,
    },
}

/// The byte order mark.
const MARK: char = '\u{FEFF}';

/// First bytes of formats that people drop where a CSV is expected.
const OTHER_FORMATS: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", "an XLSX or ZIP file"),
    (b"\xD0\xCF\x11\xE0", "an XLS file"),
    (b"\x1F\x8B", "a gzip file"),
    (b"PAR1", "a Parquet file"),
];

/// Decodes the bytes of a file.
///
/// Nothing is replaced: a byte that does not decode refuses the file, since a name with `�` in it would never match
/// its neighbour again.
pub(super) fn decode(bytes: Vec<u8>) -> Result<Text, NotText> {
    if let Some((_, format)) = OTHER_FORMATS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(NotText::Format(format));
    }
    if bytes.starts_with(b"\xFF\xFE") {
        return utf16(&bytes[2..], UTF_16LE, "UTF-16LE");
    }
    if bytes.starts_with(b"\xFE\xFF") {
        return utf16(&bytes[2..], UTF_16BE, "UTF-16BE");
    }
    utf8(bytes)
}

fn utf8(bytes: Vec<u8>) -> Result<Text, NotText> {
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        NotText::Invalid { encoding: "UTF-8", line: 1 + newlines(valid) }
    })?;
    if !text.starts_with(MARK) {
        return Ok(Text { text, encoding: "UTF-8" });
    }
    text.drain(..MARK.len_utf8());
    Ok(Text { text, encoding: "UTF-8 BOM" })
}

fn utf16(bytes: &[u8], encoding: &'static Encoding, name: &'static str) -> Result<Text, NotText> {
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(Text { text: text.into_owned(), encoding: name }),
        None => {
            let (text, _) = encoding.decode_without_bom_handling(bytes);
            let before = text.split('\u{FFFD}').next().unwrap_or_default();
            Err(NotText::Invalid { encoding: name, line: 1 + newlines(before.as_bytes()) })
        }
    }
}

/// Line ends in `bytes`.
fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16le(text: &str) -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn the_mark_tells_the_encoding_and_is_no_part_of_the_text() {
        let decoded = |bytes: Vec<u8>| decode(bytes).map(|t| (t.text, t.encoding)).unwrap();
        assert_eq!(decoded("日期".into()), ("日期".into(), "UTF-8"));
        assert_eq!(decoded("\u{FEFF}日期".into()), ("日期".into(), "UTF-8 BOM"));
        assert_eq!(decoded(utf16le("日期")), ("日期".into(), "UTF-16LE"));
        let big = utf16le("日期").chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        assert_eq!(decoded(big), ("日期".into(), "UTF-16BE"));
    }

    #[test]
    fn what_does_not_decode_is_told_by_its_line() {
        let refused = decode(b"a,b\nc,\xED\n".to_vec()).unwrap_err();
        assert_eq!(refused, NotText::Invalid { encoding: "UTF-8", line: 2 });
        let mut lone_surrogate = utf16le("a\n");
        lone_surrogate.extend(0xD800_u16.to_le_bytes());
        assert_eq!(decode(lone_surrogate).unwrap_err(), NotText::Invalid { encoding: "UTF-16LE", line: 2 });
    }

    #[test]
    fn a_spreadsheet_is_no_text() {
        assert_eq!(decode(b"PK\x03\x04..".to_vec()).unwrap_err(), NotText::Format("an XLSX or ZIP file"));
    }
}
