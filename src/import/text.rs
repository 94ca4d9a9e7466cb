//! Bytes → text: the encoding of an export, told by its byte order mark, by being valid UTF-8, or by the headers that
//! appear when it is read as one of the older encodings.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::content::Content;
use super::table::SEPARATORS;

/// A decoded file.
#[derive(Debug)]
pub(super) struct Text {
    /// The text, without byte order mark.
    pub content: Content,
    /// The encoding's name, as `quality.json` gives it.
    pub encoding: &'static str,
    /// How the encoding was found.
    pub by: By,
    /// What may separate its cells.
    pub separators: &'static [u8],
    /// The sheet that it was, and those that were left, when it was part of a workbook.
    pub sheet: Option<(String, Vec<String>)>,
}

impl Text {
    fn new(text: String, encoding: &'static str, by: By) -> Text {
        Text { content: Content::Held(text), encoding, by, separators: &SEPARATORS, sheet: None }
    }

    /// A text in UTF-8 that is not held as a whole.
    pub(super) fn streamed(content: Content) -> Text {
        let is_marked = matches!(&content, Content::Streamed { mark, .. } if *mark > 0);
        let encoding = if is_marked { "UTF-8 BOM" } else { "UTF-8" };
        Text { content, ..Text::new(String::new(), encoding, By::Itself) }
    }

    /// The answer of a database.
    pub(super) fn answered(content: Content, kind: &'static str) -> Text {
        Text { content, separators: b",", ..Text::new(String::new(), kind, By::Itself) }
    }

    /// A table of another format, written out as comma-separated text.
    pub(super) fn written(text: String, format: &'static str) -> Text {
        Text { separators: b",", ..Text::new(text, format, By::Itself) }
    }

    /// The same text, as the sheet `name` of a workbook with the sheets `names`.
    pub(super) fn of_sheet(mut self, name: &str, names: &[String]) -> Text {
        let left = names.iter().filter(|other| *other != name).cloned().collect();
        self.sheet = Some((name.to_owned(), left));
        self
    }
}

/// How an encoding was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// By a byte order mark, by being valid UTF-8, or by the settings.
    Itself,
    /// By known headers that hold more than ASCII.
    Headers,
    /// By being the only encoding that has all the bytes and gives known headers, all of them ASCII.
    Exclusion,
}

/// Why bytes are not text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotText {
    /// Bytes that the encoding does not have.
    Invalid {
        /// The encoding.
        encoding: &'static str,
        /// The line of the first of them.
        line: u64,
    },
    /// Not UTF-8, and no older encoding gives a known header.
    NoHeader {
        /// The line of the first byte that is not UTF-8.
        line: u64,
        /// The encodings that have all the bytes.
        candidates: Vec<&'static str>,
    },
    /// Not UTF-8, and several encodings give as many known headers.
    Tie {
        /// The line of the first byte that is not UTF-8.
        line: u64,
        /// Those encodings.
        candidates: Vec<&'static str>,
    },
}

/// The byte order mark.
const MARK: char = '\u{FEFF}';

/// Encodings of exports that carry no mark and are not UTF-8.
const OLDER: [&Encoding; 3] = [GB18030, SHIFT_JIS, WINDOWS_1252];

/// How well a text fits what is expected of an export: known headers of its header line, those beyond ASCII last.
pub(super) type Known<'a> = &'a dyn Fn(&str) -> (usize, usize);

/// Decodes the bytes of a file, as `asked` where the settings name an encoding.
///
/// Nothing is replaced: a byte that does not decode refuses the file, since a name with `�` in it would never match
/// its neighbour again.
pub(super) fn decode(bytes: Vec<u8>, asked: Option<&'static Encoding>, known: Known) -> Result<Text, NotText> {
    if bytes.starts_with(b"\xFF\xFE") {
        return as_asked(&bytes[2..], UTF_16LE);
    }
    if bytes.starts_with(b"\xFE\xFF") {
        return as_asked(&bytes[2..], UTF_16BE);
    }
    if let Some(encoding) = asked.is_none().then(|| unmarked_utf16(&bytes)).flatten() {
        return as_asked(&bytes, encoding);
    }
    let bytes = without_zeros(bytes, asked);
    match asked {
        Some(encoding) if encoding != UTF_8 => as_asked(&bytes, encoding),
        _ => utf8(bytes).or_else(|(bytes, line)| {
            let is_settled = asked.is_some() || is_mostly_utf8(&bytes);
            if is_settled { Err(NotText::Invalid { encoding: "UTF-8", line }) } else { older(&bytes, line, known) }
        }),
    }
}

/// UTF-16 without a byte order mark: blanks, digits and separators have a zero beside them, all on the same side.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let first = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |side: usize| first.iter().skip(side).step_by(2).filter(|byte| **byte == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    let is_side = |here: usize, there: usize| 8 * here > first.len() && 16 * there < here;
    match (is_side(low_first, high_first), is_side(high_first, low_first)) {
        (true, _) => Some(UTF_16LE),
        (_, true) => Some(UTF_16BE),
        _ => None,
    }
}

/// Leaves out bytes of zero, which some exports put between their lines and no table needs.
fn without_zeros(mut bytes: Vec<u8>, asked: Option<&'static Encoding>) -> Vec<u8> {
    let is_wide = asked.is_some_and(|encoding| encoding == UTF_16LE || encoding == UTF_16BE);
    if !is_wide {
        bytes.retain(|byte| *byte != 0);
    }
    bytes
}

/// The text, or the bytes again and the line of the first that is not UTF-8.
fn utf8(bytes: Vec<u8>) -> Result<Text, (Vec<u8>, u64)> {
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let line = 1 + newlines(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        (error.into_bytes(), line)
    })?;
    if !text.starts_with(MARK) {
        return Ok(Text::new(text, "UTF-8", By::Itself));
    }
    text.drain(..MARK.len_utf8());
    Ok(Text::new(text, "UTF-8 BOM", By::Itself))
}

/// Whether most sequences beyond ASCII are UTF-8: then the file is damaged UTF-8 and not of another encoding, in which
/// they would be so by chance.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    sound > broken
}

fn as_asked(bytes: &[u8], encoding: &'static Encoding) -> Result<Text, NotText> {
    let name = name(encoding, bytes);
    match decoded(bytes, encoding) {
        Some(text) => Ok(Text::new(text.into_owned(), name, By::Itself)),
        None => {
            let (text, _) = encoding.decode_without_bom_handling(bytes);
            let before = text.split('\u{FFFD}').next().unwrap_or_default();
            Err(NotText::Invalid { encoding: name, line: 1 + newlines(before.as_bytes()) })
        }
    }
}

/// The text, when the encoding has every byte of it.
fn decoded<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Option<Cow<'a, str>> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    // Windows-1252 leaves five bytes without a character, which the decoder passes on as control characters.
    let has_controls = || text.contains(['\u{81}', '\u{8D}', '\u{8F}', '\u{90}', '\u{9D}']);
    (encoding != WINDOWS_1252 || !has_controls()).then_some(text)
}

/// The one older encoding that gives most known headers.
fn older(bytes: &[u8], line: u64, known: Known) -> Result<Text, NotText> {
    let fits = OLDER.iter().filter_map(|encoding| {
        let text = decoded(bytes, encoding)?;
        Some((known(&text), *encoding, text))
    });
    let fits: Vec<_> = fits.collect();
    let names = |fits: &[(_, &'static Encoding, _)]| fits.iter().map(|(_, e, _)| name(e, bytes)).collect::<Vec<_>>();
    let most = fits.iter().map(|((count, _), ..)| *count).max().unwrap_or_default();
    if most == 0 {
        return Err(NotText::NoHeader { line, candidates: names(&fits) });
    }
    let mut best: Vec<_> = fits.into_iter().filter(|((count, _), ..)| *count == most).collect();
    if best.len() > 1 {
        return Err(NotText::Tie { line, candidates: names(&best) });
    }
    let Some(((_, beyond), encoding, text)) = best.pop() else {
        return Err(NotText::NoHeader { line, candidates: Vec::new() });
    };
    let by = if beyond > 0 { By::Headers } else { By::Exclusion };
    Ok(Text::new(text.into_owned(), name(encoding, bytes), by))
}

/// An encoding's name; what Windows-1252 and Latin-1 share is Latin-1.
fn name(encoding: &'static Encoding, bytes: &[u8]) -> &'static str {
    let is_latin_1 = || !bytes.iter().any(|byte| (0x80..0xA0).contains(byte));
    match encoding.name() {
        "gb18030" | "GBK" => "GB18030",
        "windows-1252" if is_latin_1() => "Latin-1",
        "windows-1252" => "Windows-1252",
        name => name,
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

    /// Decodes where `日期`, `日`, `país` and `day` are the headers that are known.
    fn read(bytes: Vec<u8>, asked: Option<&'static Encoding>) -> Result<(String, &'static str, By), NotText> {
        let known = |text: &str| {
            let line = text.lines().next().unwrap_or_default();
            let found = line.split(',').filter(|cell| ["日期", "日", "país", "day"].contains(cell));
            found.fold((0, 0), |(all, beyond), cell| (all + 1, beyond + usize::from(!cell.is_ascii())))
        };
        decode(bytes, asked, &known).map(|text| (text.content.head().to_owned(), text.encoding, text.by))
    }

    fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
        encoding.encode(text).0.into_owned()
    }

    #[test]
    fn the_mark_tells_the_encoding_and_is_no_part_of_the_text() {
        let expected = |name| Ok(("日期".to_owned(), name, By::Itself));
        assert_eq!(read("日期".into(), None), expected("UTF-8"));
        assert_eq!(read("\u{FEFF}日期".into(), None), expected("UTF-8 BOM"));
        assert_eq!(read(utf16le("日期"), None), expected("UTF-16LE"));
        let big = utf16le("日期").chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        assert_eq!(read(big, None), expected("UTF-16BE"));
    }

    #[test]
    fn utf16_without_a_mark_is_told_by_its_zeros() {
        let text = "日期\t消耗\n2026-05-01\t1.5\n";
        let little = utf16le(text).split_off(2);
        let big: Vec<u8> = little.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        for (bytes, name) in [(little, "UTF-16LE"), (big, "UTF-16BE")] {
            assert_eq!(read(bytes, None), Ok((text.to_owned(), name, By::Itself)));
        }
        assert_eq!(read(b"day,\0cost\n\0".to_vec(), None), Ok(("day,cost\n".to_owned(), "UTF-8", By::Itself)));
    }

    #[test]
    fn an_older_encoding_is_told_by_the_headers_that_it_gives() {
        for (text, encoding, name) in [
            ("日期,消耗\n2026-05-01,1\n", GB18030, "GB18030"),
            ("日,費用\n2026-05-01,1\n", SHIFT_JIS, "Shift_JIS"),
            ("day,país\n2026-05-01,Índia\n", WINDOWS_1252, "Latin-1"),
            ("day,país\n2026-05-01,12 €\n", WINDOWS_1252, "Windows-1252"),
        ] {
            assert_eq!(read(encoded(text, encoding), None), Ok((text.to_owned(), name, By::Headers)));
        }
    }

    #[test]
    fn what_the_headers_leave_open_is_refused_with_the_candidates() {
        let campaigns = encoded("day,campaign\n2026-05-01,夏季\n", GB18030);
        let refused = read(campaigns.clone(), None).unwrap_err();
        let NotText::Tie { line: 2, candidates } = refused else { panic!("{refused:?}") };
        assert!(candidates.contains(&"GB18030") && candidates.len() > 1, "{candidates:?}");
        let (text, ..) = read(campaigns, Some(GB18030)).unwrap();
        assert!(text.contains("夏季"));
        let unknown = read(encoded("größe,ort\n1,2\n", WINDOWS_1252), None).unwrap_err();
        assert!(matches!(unknown, NotText::NoHeader { line: 1, .. }), "{unknown:?}");
        let only = read(b"day,campaign\n2026-05-01,caf\xE9\n".to_vec(), None);
        assert_eq!(only.map(|(_, name, by)| (name, by)), Ok(("Latin-1", By::Exclusion)));
    }

    #[test]
    fn damaged_utf8_is_not_taken_for_another_encoding() {
        let mut damaged = "day,campaign\n2026-05-01,夏季\n".as_bytes().to_vec();
        damaged.extend(b"2026-05-02,\xED\n");
        assert_eq!(read(damaged, None), Err(NotText::Invalid { encoding: "UTF-8", line: 3 }));
        let asked = read(b"day\n\xE9\n".to_vec(), Some(UTF_8));
        assert_eq!(asked, Err(NotText::Invalid { encoding: "UTF-8", line: 2 }));
        let mut lone_surrogate = utf16le("a\n");
        lone_surrogate.extend(0xD800_u16.to_le_bytes());
        assert_eq!(read(lone_surrogate, None), Err(NotText::Invalid { encoding: "UTF-16LE", line: 2 }));
    }
}
