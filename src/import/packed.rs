//! Packed files → the files in them: gzip and ZIP, inflated no further than an export can be.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

/// What an export may inflate to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// Bytes in all.
    bytes: u64,
    /// Bytes that need no further look.
    harmless: u64,
    /// Times its packed size, beyond what is harmless.
    times: u64,
}

/// Tables of text pack 5 to 50 times; a bomb packs 1,000 times.
pub(super) const BOUND: Bound = Bound { bytes: 8 << 30, harmless: 64 << 20, times: 200 };

impl Bound {
    /// What a packed file of `size` bytes may inflate to.
    pub(super) fn most(self, size: u64) -> u64 {
        self.bytes.min(self.harmless.max(size.saturating_mul(self.times)))
    }
}

/// Why a packed file of `size` bytes is refused that inflates to more than `most`.
pub(super) fn too_large(most: u64, size: u64) -> String {
    format!("unpacks to more than {most} bytes from {size}, which no export does")
}

/// What is wrong with a packed file, as its reading told.
pub(super) fn damage(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "is cut short: its packed data end too early".to_owned(),
        std::io::ErrorKind::Other => error.to_string(),
        // whole, but packed in a way that is not known here
        std::io::ErrorKind::Unsupported => format!("cannot be unpacked: {error}"),
        _ => format!("is damaged: {error}"),
    }
}

/// Whether a file that begins with `bytes` is something else than text: packed, a workbook or a Parquet file.
pub(super) fn is_of_another_format(bytes: &[u8]) -> bool {
    is_gzip(bytes) || is_zip(bytes) || super::workbook::is_xls(bytes) || super::parquet::is_parquet(bytes)
}

/// A file within a packed one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name, when the packed file names it.
    pub name: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Whether bytes are packed by gzip.
pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1F\x8B")
}

/// Whether bytes are a ZIP archive, which XLSX files are too.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The files in `bytes`: themselves when they are not packed. A packed file within a packed one is refused.
///
/// # Errors
///
/// What is wrong, to follow the path: cut short, damaged, out of bounds, locked, empty.
pub(super) fn members(bytes: Vec<u8>, bound: Bound) -> Result<Vec<Member>, String> {
    let members = if is_gzip(&bytes) {
        vec![Member { name: None, bytes: gunzipped(&bytes, bound)? }]
    } else if is_zip(&bytes) && !is_workbook(&bytes) {
        unzipped(bytes, bound)?
    } else {
        return Ok(vec![Member { name: None, bytes }]);
    };
    let is_packed = |bytes: &[u8]| is_gzip(bytes) || (is_zip(bytes) && !is_workbook(bytes));
    if members.iter().any(|member| is_packed(&member.bytes)) {
        return Err("holds a packed file within a packed file".to_owned());
    }
    Ok(members)
}

fn gunzipped(bytes: &[u8], bound: Bound) -> Result<Vec<u8>, String> {
    inflated(MultiGzDecoder::new(bytes), bytes.len() as u64, bound)
}

/// Reads all of `packed`, which is `size` bytes before inflation.
fn inflated(packed: impl Read, size: u64, bound: Bound) -> Result<Vec<u8>, String> {
    let most = bound.most(size);
    let mut bytes = Vec::new();
    packed.take(most + 1).read_to_end(&mut bytes).map_err(|error| damage(&error))?;
    if bytes.len() as u64 > most {
        return Err(too_large(most, size));
    }
    Ok(bytes)
}

/// The archive, or why it cannot be read.
fn archive(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, String> {
    ZipArchive::new(Cursor::new(bytes)).map_err(|error| format!("is a ZIP file cut short or damaged: {error}"))
}

/// Whether a ZIP archive is an XLSX workbook.
pub(super) fn is_workbook(bytes: &[u8]) -> bool {
    is_zip(bytes) && archive(bytes).is_ok_and(|archive| archive.index_for_name("[Content_Types].xml").is_some())
}

fn unzipped(bytes: Vec<u8>, bound: Bound) -> Result<Vec<Member>, String> {
    let mut members = Vec::new();
    each(&bytes, bound, |name, bytes| members.push(Member { name: Some(name), bytes }))?;
    members.sort_by(|a, b| a.name.cmp(&b.name));
    if members.is_empty() { Err("is a ZIP file without a file in it".to_owned()) } else { Ok(members) }
}

/// Hands every file of an archive to `f`, all of them together within bounds.
fn each(bytes: &[u8], bound: Bound, mut f: impl FnMut(String, Vec<u8>)) -> Result<(), String> {
    let mut archive = archive(bytes)?;
    let mut left = bound;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| format!("cannot be unpacked: {error}"))?;
        let name = entry.name().map_err(|error| format!("cannot be unpacked: {error}"))?.into_owned();
        if entry.is_dir() || is_of_the_system(&name) {
            continue;
        }
        let inside = inflated(entry, bytes.len() as u64, left).map_err(|what| format!("{what} (in `{name}`)"))?;
        left.bytes = left.bytes.saturating_sub(inside.len() as u64);
        left.harmless = left.harmless.saturating_sub(inside.len() as u64);
        f(name, inside);
    }
    Ok(())
}

/// Refuses a workbook whose parts unpack out of bounds, before a reader of workbooks takes them in.
pub(super) fn is_bounded(bytes: &[u8], bound: Bound) -> Result<(), String> {
    each(bytes, bound, |_, _| ())
}

/// Files that systems put beside the files of people.
fn is_of_the_system(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    name.starts_with("__MACOSX/") || last.starts_with("._") || matches!(last, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const SMALL: Bound = Bound { bytes: 100_000, harmless: 10_000, times: 20 };

    #[test]
    fn what_is_packed_comes_out_and_what_is_not_stays() {
        let plain = Member { name: None, bytes: b"a,b\n".to_vec() };
        assert_eq!(members(b"a,b\n".to_vec(), SMALL), Ok(vec![plain]));
        let twice = [gzip(b"a,b\n"), gzip(b"1,2\n")].concat();
        assert_eq!(members(twice, SMALL).unwrap()[0].bytes, b"a,b\n1,2\n");
        let packed = zip(&[("b.csv", b"2"), ("__MACOSX/._b.csv", b"x"), ("a/a.csv", b"1")]);
        let names: Vec<_> = members(packed, SMALL).unwrap().into_iter().filter_map(|member| member.name).collect();
        assert_eq!(names, ["a/a.csv", "b.csv"]);
    }

    #[test]
    fn what_is_cut_short_or_damaged_is_refused() {
        let whole = gzip(b"a,b\n1,2\n");
        let cut = members(whole[..whole.len() - 9].to_vec(), SMALL).unwrap_err();
        assert!(cut.starts_with("is cut short"), "{cut}");
        let mut damaged = whole.clone();
        damaged[12] ^= 0xFF;
        assert!(members(damaged, SMALL).is_err());
        let archive = zip(&[("a.csv", b"a,b\n1,2\n")]);
        let cut = members(archive[..archive.len() - 30].to_vec(), SMALL).unwrap_err();
        assert!(cut.starts_with("is a ZIP file cut short or damaged"), "{cut}");
        let nested = members(gzip(&gzip(b"a")), SMALL).unwrap_err();
        assert_eq!(nested, "holds a packed file within a packed file");
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let zeros = vec![0; 50_000];
        for bomb in [gzip(&zeros), zip(&[("a.csv", &zeros)]), zip(&[("[Content_Types].xml", b"x"), ("b", &zeros)])] {
            let refused = is_bounded(&bomb, SMALL).and_then(|()| members(bomb.clone(), SMALL).map(drop));
            let refused = refused.or_else(|_| members(bomb.clone(), SMALL).map(drop)).and(is_bounded(&bomb, SMALL));
            assert!(refused.is_err());
        }
        let what = members(gzip(&zeros), SMALL).unwrap_err();
        assert!(what.starts_with("unpacks to more than 10000 bytes"), "{what}");
        let many = [zeros.as_slice(); 3].map(|bytes| &bytes[..8_000]);
        let refused = members(zip(&[("a", many[0]), ("b", many[1]), ("c", many[2])]), SMALL).unwrap_err();
        assert!(refused.contains("(in `"), "{refused}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes: Vec<u8>, start in 0usize..3) {
            let head: [&[u8]; 3] = [b"\x1F\x8B\x08\x00", b"PK\x03\x04", b"PK\x05\x06"];
            bytes.splice(0..0, head[start].iter().copied());
            let _ = members(bytes, SMALL);
        }
    }
}
