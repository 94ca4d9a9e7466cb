//! Encodings, packed files, workbooks, Parquet.

use super::*;

const HEADERS: &[&str] = &["日期", "消耗", "账户名称", "推广计划名称", "曝光量", "点击量"];
const ROW: &[&str] = &["2026-05-01", "1204.5", "a", "c", "900", "3"];

#[test]
fn a_mark_or_another_encoding_changes_nothing() {
    let plain = one(TWO_DAYS, "").unwrap();
    let marked = one(&format!("\u{FEFF}{TWO_DAYS}"), "").unwrap();
    assert_eq!((plain.rows, "UTF-8 BOM"), (marked.rows, marked.encoding));
}

#[test]
fn older_encodings_give_the_same_rows() {
    let chinese = "日期,账户名称,推广计划名称,消耗,曝光量,点击量,注册量\n2026-05-01,北京,夏季,12.50,100,5,1\n";
    let japanese = "日,アカウント名,キャンペーン,費用,表示回数,クリック数\n2026/05/01,東京,夏,1200,100,5\n";
    for (text, encoding) in [(chinese, encoding_rs::GB18030), (japanese, encoding_rs::SHIFT_JIS)] {
        let plain = bytes("a.csv", text.as_bytes(), "").unwrap().remove(0);
        let older = bytes("a.csv", &encoding.encode(text).0, "").unwrap().remove(0);
        assert_eq!((&plain.rows, &plain.names), (&older.rows, &older.names));
        assert_eq!((older.platform, older.encoding.to_lowercase()), (plain.platform, encoding.name().to_lowercase()));
        assert_eq!(finding_of(&older.findings, "import.encoding").severity, Severity::Pass);
    }
}

#[test]
fn an_encoding_that_the_headers_leave_open_is_asked_for() {
    let text = encoding_rs::GB18030.encode("date,account,spend\n2026-05-01,夏季,1\n").0.into_owned();
    let error = bytes("a.csv", &text, "").unwrap_err();
    assert!(error.starts_with("error: a.csv:2: is not UTF-8, and the headers fit GB18030, "), "{error}");
    assert!(error.ends_with("help: say which it is: `encoding = \"GB18030\"` of source[1]\n"), "{error}");
    let batch = bytes("a.csv", &text, "encoding = \"gbk\"").unwrap().remove(0);
    assert_eq!(batch.names[0].as_ref(), "夏季");
    let unknown = bytes("a.csv", b"gr\xF6\xDFe,ort\n1,2\n", "").unwrap_err();
    assert!(unknown.contains("a.csv:1: is not UTF-8, and no header is known as "), "{unknown}");
}

/// A workbook of sheets, each a table of text but for its second column, which is numbers, and its first, which is days.
fn workbook(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let date = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (row, cells) in (0_u32..).zip(*rows) {
            for (column, cell) in (0_u16..).zip(*cells) {
                match (rust_xlsxwriter::ExcelDateTime::parse_from_str(cell), cell.parse::<f64>()) {
                    (_, Ok(number)) => sheet.write(row, column, number).unwrap(),
                    (Ok(day), _) if cell.starts_with("20") => {
                        sheet.write_with_format(row, column, &day, &date).unwrap()
                    }
                    _ => sheet.write(row, column, *cell).unwrap(),
                };
            }
        }
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_is_read_by_the_sheet_that_has_the_headers() {
    let book = workbook(&[("说明", &[&["报表"]]), ("数据", &[&["报表 5月"], &[], HEADERS, ROW])]);
    for decimal_comma in [false, true] {
        let batch = bytes("a.xlsx", &book, &format!("decimal_comma = {decimal_comma}")).unwrap().remove(0);
        assert_eq!((batch.encoding, batch.platform.as_deref()), ("XLSX", Some("tencent")));
        assert_eq!(sum(&batch, Measure::Spend), Some(1_204_500_000));
        assert_eq!((batch.rows[0].date.to_string(), batch.rows[0].line), ("2026-05-01".to_owned(), 4));
        let told = &finding_of(&batch.findings, "import.sheet").message;
        assert_eq!(told, "the sheet `数据` is read, and not `说明`");
    }
}

#[test]
fn sheets_alike_are_refused_until_one_is_named() {
    let book = workbook(&[("四月", &[HEADERS, ROW]), ("五月", &[HEADERS, ROW, ROW])]);
    let error = bytes("a.xlsx", &book, "").unwrap_err();
    let expected = "error: a.xlsx: of the sheets `四月`, `五月` several may hold the table\n\
                    help: name the sheet: `sheet = \"四月\"` of source[1]; to read several, name the file by a source for each\n";
    assert_eq!(error, expected);
    assert_eq!(bytes("a.xlsx", &book, "sheet = \"五月\"").unwrap()[0].read, 2);
    assert!(bytes("a.xlsx", &book, "sheet = \"六月\"").unwrap_err().contains("no sheet `六月` among"));
}

#[test]
fn packed_files_are_read_as_what_is_in_them() {
    use std::io::Write;
    let source = "platform = \"x\"";
    let plain = one(TWO_DAYS, "").unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(TWO_DAYS.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let batch = bytes("a.csv.gz", &gzip, source).unwrap().remove(0);
    assert_eq!((batch.rows, batch.encoding), (plain.rows.clone(), "UTF-8"));
    let cut = bytes("a.csv.gz", &gzip[..gzip.len() - 4], source).unwrap_err();
    assert!(cut.starts_with("error: a.csv.gz is cut short: its packed data end too early\nhelp: export"), "{cut}");

    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [("b.csv", TWO_DAYS.as_bytes()), ("a/a.xlsx", &workbook(&[("s", &[HEADERS, ROW])]))] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text).unwrap();
    }
    let batches = bytes("all.zip", &zip.finish().unwrap().into_inner(), source).unwrap();
    assert!(batches[0].path.ends_with("all.zip/a/a.xlsx") && batches[1].path.ends_with("all.zip/b.csv"));
    assert_eq!(batches[1].rows, plain.rows);
}

/// A Parquet file of a day, an amount, a name and a time in billionths.
fn parquet_file() -> Vec<u8> {
    use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
    use ::parquet::file::{properties::WriterProperties, writer::SerializedFileWriter};
    let schema = "message table { optional int32 date (DATE); required double spend;
        required binary account (UTF8); required int64 at (TIMESTAMP(NANOS,true)); }";
    let schema = std::sync::Arc::new(::parquet::schema::parser::parse_message_type(schema).unwrap());
    let snappy = ::parquet::basic::Compression::SNAPPY;
    let properties = WriterProperties::builder().set_compression(snappy).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties.into()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[20_574, 20_575], Some(&[1, 1]), None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<DoubleType>().write_batch(&[1204.5, 0.1], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let names = [ByteArray::from("北京, a"), ByteArray::from("b")];
    column.typed::<ByteArrayType>().write_batch(&names, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let time = 1_777_600_000_000_000_000;
    column.typed::<Int64Type>().write_batch(&[time, time], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn a_parquet_file_is_read_by_its_columns() {
    let file = parquet_file();
    for source in ["", "decimal_comma = true", "columns = { date = \"at\" }"] {
        let batch = bytes("a.parquet", &file, source).unwrap().remove(0);
        assert_eq!((batch.encoding, sum(&batch, Measure::Spend)), ("Parquet", Some(1_204_600_000)));
        assert_eq!(batch.rows[0].date.to_string(), "2026-05-01");
        assert_eq!(batch.name(&batch.rows[0], Field::Account).map(AsRef::as_ref), Some("北京, a"));
    }
    let cut = bytes("a.parquet", &file[..file.len() / 2], "").unwrap_err();
    assert!(cut.starts_with("error: a.parquet is a Parquet file that cannot be read: "), "{cut}");
}

#[test]
fn a_packed_and_a_plain_copy_have_the_same_content() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(TWO_DAYS.as_bytes()).unwrap();
    let packed = bytes("a.csv.gz", &gzip.finish().unwrap(), "platform = \"x\"").unwrap().remove(0);
    let marked = bytes("b.csv", format!("\u{FEFF}{TWO_DAYS}").as_bytes(), "platform = \"x\"").unwrap().remove(0);
    let plain = one(TWO_DAYS, "").unwrap();
    assert!(packed.content == plain.content && marked.content == plain.content);
    assert!(packed.sha256 != plain.sha256 && plain.sha256 == plain.content);
}

#[test]
fn what_is_no_table_is_told_by_what_it_is() {
    for (name, text, what) in [
        ("a.xls", "\u{FEFF}\n<HTML><body><table><tr><td>日期</td></tr></table></body></HTML>", "a web page"),
        ("a.csv", "%PDF-1.7\n\u{1}", "a PDF"),
        ("a.xls", "<?xml version=\"1.0\"?><Workbook/>", "XML"),
        ("a.json", "[{\"date\": \"2026-05-01\"}]", "JSON"),
    ] {
        let error = bytes(name, text.as_bytes(), "").unwrap_err();
        assert!(error.contains(&format!("{name} is {what} and no table\nhelp: export it as CSV")), "{error}");
    }
}
