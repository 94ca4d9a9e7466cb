//! The stage as a whole, from files to batches.

use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::check::Severity;
use crate::units::{Field, Measure, Micros};

/// A folder with files, and settings beside them.
pub(crate) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    pub(crate) fn new(files: &[(&str, &str)]) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Fixture { folder }
    }

    pub(crate) fn settings(&self, text: &str) -> Settings {
        Settings::parse(text, "outlay.toml", self.folder.path(), 1).unwrap()
    }

    fn read(&self, settings: &str) -> Result<Vec<Batch>, Error> {
        all(&self.settings(settings))
    }

    /// An error's text without the folder.
    pub(crate) fn told(&self, error: &Error) -> String {
        error.to_string().replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// One file read by one source with the given further settings.
fn one(text: &str, source: &str) -> Result<Batch, String> {
    let fixture = Fixture::new(&[("a.csv", text)]);
    let settings = format!("[[source]]\npath = \"a.csv\"\nplatform = \"x\"\n{source}");
    let mut batches = fixture.read(&settings).map_err(|error| fixture.told(&error))?;
    Ok(batches.remove(0))
}

fn refused(text: &str, source: &str) -> String {
    one(text, source).map(|batch| batch.rows).unwrap_err()
}

fn sum(batch: &Batch, measure: Measure) -> Option<i64> {
    batch.rows.iter().filter_map(|row| row.measures[measure.index()]).map(Micros::get).reduce(|a, b| a + b)
}

fn finding<'a>(batch: &'a Batch, check: &str) -> Option<&'a crate::check::Finding> {
    batch.findings.iter().find(|finding| finding.check == check)
}

fn finding_of<'a>(findings: &'a [crate::check::Finding], check: &str) -> &'a crate::check::Finding {
    findings.iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("no {check} in {findings:?}"))
}

const TWO_DAYS: &str = "date,spend,clicks,registrations\n2026-05-01,1.5,10,2\n2026-05-02,2,20,\n";

#[test]
fn the_canonical_table_is_read_as_it_is() {
    let batch = one(TWO_DAYS, "").unwrap();
    assert_eq!((batch.read, batch.used, batch.rows.len()), (2, 2, 2));
    assert_eq!(sum(&batch, Measure::Spend), Some(3_500_000));
    assert_eq!(batch.rows[1].measures[Measure::Registrations.index()], None, "absent is not zero");
    assert_eq!(batch.rows[0].line, 2);
    assert!(batch.findings.iter().all(|finding| finding.severity == Severity::Pass), "{:?}", batch.findings);
}

#[test]
fn a_mark_or_another_encoding_changes_nothing() {
    let plain = one(TWO_DAYS, "").unwrap();
    let marked = one(&format!("\u{FEFF}{TWO_DAYS}"), "").unwrap();
    assert_eq!((plain.rows, "UTF-8 BOM"), (marked.rows, marked.encoding));
}

/// One file of bytes, read by a source with the given settings.
fn bytes(name: &str, bytes: &[u8], source: &str) -> Result<Vec<Batch>, String> {
    let fixture = Fixture::new(&[]);
    std::fs::write(fixture.folder.path().join(name), bytes).unwrap();
    let read = fixture.read(&format!("[[source]]\npath = \"{name}\"\n{source}"));
    read.map_err(|error| fixture.told(&error))
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

const HEADERS: &[&str] = &["日期", "消耗", "账户名称", "推广计划名称", "曝光量", "点击量"];
const ROW: &[&str] = &["2026-05-01", "1204.5", "a", "c", "900", "3"];

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
                    help: name the sheet: `sheet = \"四月\"` of source[1]\n";
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
fn mapped_headers_win_and_canonical_ones_are_read_beside_them() {
    let text = "Date,cost,spend,Clicks\n5/13/2026,7,1,3\n";
    let batch = one(text, "columns = { spend = \"cost\" }").unwrap();
    assert_eq!((sum(&batch, Measure::Spend), sum(&batch, Measure::Clicks)), (Some(7_000_000), Some(3_000_000)));
    assert!(finding(&batch, "import.columns").unwrap().message.contains("nothing is read from `spend`"));
}

#[test]
fn a_mapped_header_that_is_missing_is_told_with_those_that_are_there() {
    let expected = "error: a.csv:1: source[1].columns.spend: no header `Cost`\n\
                    help: the headers are `date`, `spend`, `clicks`, `registrations`\n";
    assert_eq!(refused(TWO_DAYS, "columns = { spend = \"Cost\" }"), expected);
    let twice = refused(TWO_DAYS, "columns = { reads = \"clicks\", entries = \"clicks\" }");
    assert!(twice.contains("header `clicks` is mapped to both `entries` and `reads`"), "{twice}");
}

#[test]
fn two_headers_of_one_meaning_are_refused() {
    let error = refused("日期,消耗,花费,点击量\n2026-05-01,1,2,3\n", "");
    assert!(error.contains("headers `消耗`, `花费` all mean `spend`"), "{error}");
    let same = refused("date,spend,spend\n2026-05-01,1,2\n", "");
    assert!(same.contains("headers `spend`, `spend` all mean `spend`"), "{same}");
}

#[test]
fn unknown_headers_are_listed_with_the_way_to_map_them() {
    let expected = "error: a.csv:1: no known header for `date` and `spend` among `a`, `b`\n\
                    help: map the headers: `columns = { date = \"…\", spend = \"…\" }` of source[1]\n";
    assert_eq!(refused("a,b\n1,2\n", ""), expected);
    let error = refused("spend,clicks\n1,2\n", "");
    assert!(error.contains("no day column among the headers `spend`, `clicks`"), "{error}");
    assert!(error.contains("period = ["), "{error}");
}

/// Reads one file without a named platform.
fn detected(text: &str) -> Result<Batch, String> {
    let fixture = Fixture::new(&[("a.csv", text)]);
    let read = fixture.read("[[source]]\npath = \"a.csv\"\nplatform = \"auto\"");
    read.map(|mut batches| batches.remove(0)).map_err(|error| fixture.told(&error))
}

#[test]
fn platforms_are_told_by_their_headers() {
    for (platform, text) in [
        ("tencent", "日期,账户名称,推广计划名称,消耗,曝光量,点击量,注册量\n2026-05-01,a,c,12.50,100,5,1\n"),
        ("weibo", "时间,账户,广告计划,消耗（元）,曝光量,导流数,加关注数,注册数\n2026/5/1,a,c,12.50,100,5,3,1\n"),
        ("ocean_engine", "日期,项目名称,消耗(元),展示数,点击数,注册数\n2026年5月1日,c,12.50,100,5,1\n"),
        ("kuaishou", "数据日期,广告计划名称,花费（元）,封面曝光数,行为数,注册数\n20260501,c,12.50,100,5,1\n"),
        (
            "meta",
            "Day,Account name,Campaign name,Amount spent (CNY),Impressions,Link clicks,Registrations completed\n\
                  2026-05-01,a,c,12.50,100,5,1\n",
        ),
        (
            "google_ads",
            "Campaign report\n\"1 May 2026 - 2 May 2026\"\nDay\tCampaign\tCurrency code\tCost\tImpr.\tClicks\tConversions\n\
                        2026-05-01\tc\tCNY\t¥12.50\t100\t5\t1.00\n",
        ),
    ] {
        let batch = detected(text).unwrap();
        assert_eq!(batch.platform.as_deref(), Some(platform), "{:?}", batch.findings);
        let figures = [Measure::Spend, Measure::Impressions, Measure::Clicks, Measure::Registrations];
        let sums = figures.map(|measure| sum(&batch, measure));
        assert_eq!(sums, [Some(12_500_000), Some(100_000_000), Some(5_000_000), Some(1_000_000)], "{platform}");
        assert_eq!(batch.name(&batch.rows[0], Field::Campaign).map(AsRef::as_ref), Some("c"), "{platform}");
    }
}

/// What one file, read by `auto`, holds: platform, spend, impressions, clicks and KPI in millionths, currency.
type Seen = (Option<String>, [Option<i64>; 4], String);

fn seen(text: &str) -> Seen {
    let batch = detected(text).unwrap_or_else(|error| panic!("{error}"));
    let figures = [Measure::Spend, Measure::Impressions, Measure::Clicks, Measure::Registrations];
    (batch.platform.clone(), figures.map(|measure| sum(&batch, measure)), batch.rows[0].currency.to_string())
}

#[test]
fn interface_exports_are_told_in_their_languages() {
    for (platform, currency, text) in [
        (
            "baidu",
            "CNY",
            "数据生成时间：2026-05-02\n1. 时间范围：20260501\n日期,账户,推广计划,展现,点击,消费,目标转化量\n2026-05-01,a,c,100,5,12.50,1\n",
        ),
        (
            "xiaohongshu",
            "CNY",
            "时间,计划名称,消费,展现量,点击量,私信咨询,私信留资\n合计1条记录,-,12.50,100,5,3,1\n2026-05-01,c,12.50,100,5,3,1\n",
        ),
        (
            "qianchuan",
            "CNY",
            "日期,花费,展示次数,点击次数,转化数,成交金额,直接支付ROI\n2026-05-01,12.50,100,5,1,80,6.4\n",
        ),
        (
            "tiktok",
            "USD",
            "By Day,Campaign name,Cost,Impressions,Clicks (destination),Conversions,Currency\n2026-05-01,c,12.50,100,5,1,USD\n",
        ),
        ("tiktok", "CNY", "日期,系列名称,消耗,展示量,点击量（目标页面）,转化量\n2026-05-01,c,12.50,100,5,1\n"),
        (
            "microsoft_ads",
            "CNY",
            "Report Name: daily\n\nGregorian date,Account name,Campaign name,Impressions,Clicks,Spend,Conversions\n5/13/2026,a,c,100,5,12.50,1\n© Microsoft Corporation\n",
        ),
        (
            "microsoft_ads",
            "JPY",
            "TimePeriod,AccountName,CampaignName,Impressions,Clicks,Spend,Conversions,CurrencyCode\n2026-05-01|7,a,c,100,5,12.50,1,JPY\n",
        ),
        (
            "linkedin",
            "EUR",
            "Campaign Performance Report (in UTC)\n\nStart Date (in UTC)\tAccount Name\tCurrency\tCampaign Group Name\tTotal Spent\tImpressions\tClicks\tConversions\n5/13/2026\ta\tEUR\tc\t12.50\t100\t5\t1\n",
        ),
        ("x_ads", "CNY", "Time period,Campaign name,Spend,Impressions,Clicks\n2026-05-01,c,12.50,100,5\n"),
        (
            "yahoo_jp_search",
            "JPY",
            "日,キャンペーン名,コスト,インプレッション数,クリック数,コンバージョン数,無効なクリック数\n20260501,c,12.50,100,5,1,0\nトータル,--,12.50,100,5,1,0\n",
        ),
        (
            "yahoo_jp_display",
            "JPY",
            "日,キャンペーン名,コスト,インプレッション数,クリック数,コンバージョン数,ビューアブルインプレッション数\n20260501,c,12.50,100,5,1,0\n",
        ),
        (
            "line_ads",
            "JPY",
            "日付,広告アカウント名,キャンペーン名,コスト,通貨,インプレッション数,クリック数,CV（Conversion）\n2026-05-01,a,c,12.50,JPY,100,5,1\n",
        ),
    ] {
        let kpi = (platform != "x_ads").then_some(1_000_000);
        let expected = [Some(12_500_000), Some(100_000_000), Some(5_000_000), kpi];
        assert_eq!(seen(text), (Some(platform.to_owned()), expected, currency.to_owned()));
    }
}

#[test]
fn api_rows_are_told_with_their_units() {
    for (platform, currency, text) in [
        (
            "google_ads",
            "CNY",
            "customer_id,date,clicks,conversions,cost_micros,impressions\n1,2026-05-01,5,1,12500000,100\n",
        ),
        ("meta", "CNY", "ad_id,date,account_id,impressions,inline_link_clicks,spend\n1,2026-05-01,2,100,5,12.5\n"),
        (
            "tencent",
            "CNY",
            "date,account_id,cost,view_count,valid_click_count,conversions_count\n2026-05-01,1,1250,100,5,1\n",
        ),
        (
            "reddit",
            "CNY",
            "account_id,date,clicks,ecpm,gallery_item_id,impressions,spend\n1,2026-05-01,5,9,,100,12500000\n",
        ),
        (
            "snapchat",
            "CNY",
            "campaign_id,date,impressions,spend,swipes\na,2026-05-01T10:00:00,60,5000000,2\na,2026-05-01T13:00:00,40,7500000,3\n",
        ),
        (
            "apple_search_ads",
            "USD",
            "date,id,conversions,impressions,local_spend_amount,local_spend_currency,taps\n2026-05-01,1,1,100,12.5,USD,5\n",
        ),
        (
            "pinterest",
            "USD",
            "date,campaign_id,impression_1,impression_2,clickthrough_1,clickthrough_2,spend_in_micro_dollar,total_conversions\n2026-05-01,1,100,9,5,9,12500000,1\n",
        ),
        (
            "x_ads",
            "CNY",
            "account_id,date,billed_charge_local_micro,clicks,impressions\n1,2026-05-01 07:00:00,12500000,5,100\n",
        ),
        (
            "linkedin",
            "USD",
            "campaign_id,day,clicks,cost_in_local_currency,cost_in_usd,impressions\n1,2026-05-01 00:00:00,5,99,12.5,100\n",
        ),
        (
            "tiktok",
            "CNY",
            "CAMPAIGN_ID,STAT_TIME_HOUR,IMPRESSIONS,CONVERSION,CLICKS,SPEND\n1,2026-05-01 5:00:00,100,1,5,12.5\n",
        ),
    ] {
        let (found, [spend, impressions, clicks, _], code) = seen(text);
        assert_eq!((found.as_deref(), code.as_str()), (Some(platform), currency), "{text}");
        assert_eq!([spend, impressions, clicks], [Some(12_500_000), Some(100_000_000), Some(5_000_000)], "{platform}");
    }
}

#[test]
fn the_canonical_table_is_of_no_platform_without_a_mark() {
    for source in ["auto", "reddit"] {
        let text = "date,account,campaign,spend,clicks,impressions\n2026-05-01,a,c,3,5,100\n";
        let read = bytes("a.csv", text.as_bytes(), &format!("platform = \"{source}\"")).unwrap().remove(0);
        assert_eq!((read.platform.as_deref(), sum(&read, Measure::Spend)), (None, Some(3_000_000)), "{source}");
    }
    let own = "date,account,cost,ecpm\n2026-05-01,a,3,1\n";
    for platform in ["tencent", "reddit", "auto"] {
        let source = format!("platform = \"{platform}\"\ncolumns = {{ spend = \"cost\" }}");
        let read = bytes("a.csv", own.as_bytes(), &source).unwrap().remove(0);
        assert_eq!(sum(&read, Measure::Spend), Some(3_000_000), "{platform}: what the settings map is in its own unit");
    }
    let named = detected("date,platform,spend,ecpm\n2026-05-01,reddit,3,1\n").unwrap();
    assert_eq!((named.platform.as_deref(), sum(&named, Measure::Spend)), (None, Some(3_000_000)));
    let union = detected("date_day,platform,account_id,spend,clicks\n2026-05-01,google_ads,1,3,5\n").unwrap();
    assert_eq!((union.platform.as_deref(), sum(&union, Measure::Spend)), (None, Some(3_000_000)));
    assert_eq!(union.name(&union.rows[0], Field::Platform).map(AsRef::as_ref), Some("google_ads"));
}

#[test]
fn a_tie_between_platforms_is_refused() {
    let yahoo = detected("日,キャンペーン名,コスト,クリック数\n20260501,c,1,2\n").unwrap_err();
    assert!(yahoo.contains("equally: `yahoo_jp_display`, `yahoo_jp_search`\nhelp: name the platform"), "{yahoo}");

    let error = detected("日期,消耗,注册数\n2026-05-01,1,2\n").unwrap_err();
    let expected = "a.csv:1: the headers fit several platforms equally: `kuaishou`, `ocean_engine`, `weibo`\n\
                    help: name the platform: `platform = \"kuaishou\"` of source[1]";
    assert!(error.contains(expected), "{error}");
    let fixture = Fixture::new(&[("a.csv", "日期,消耗,注册数\n2026-05-01,1,2\n")]);
    let batches = fixture.read("[[source]]\npath = \"a.csv\"\nplatform = \"Ocean Engine\"").unwrap();
    assert_eq!(batches[0].platform.as_deref(), Some("ocean_engine"));
}

#[test]
fn conversions_stand_in_for_the_kpi_and_a_finding_says_so() {
    let text = "date,spend,conversions\n2026-05-01,1,4\n";
    let batch = one(text, "").unwrap();
    assert_eq!(sum(&batch, Measure::Registrations), Some(4_000_000));
    assert_eq!(finding(&batch, "import.conversions").unwrap().severity, Severity::Review);
    let batch =
        one("date,spend,conversions,leads\n2026-05-01,1,4,9\n", "columns = { registrations = \"leads\" }").unwrap();
    assert_eq!(sum(&batch, Measure::Registrations), Some(9_000_000));
    assert!(finding(&batch, "import.conversions").is_none());
}

#[test]
fn bad_rows_are_told_together_with_file_and_line() {
    let text = "date,spend,clicks\r\n2026-13-01,1,1\r\n2026-05-01,-2,1\r\n2026-05-01,x,1\r\n2026-05-01,,1\r\n2026-05-01,1\r\n2026-05-02,1,1\r\n";
    let expected = "\
error: a.csv:2: column `date` holds `2026-13-01`, expected a date
error: a.csv:3: column `spend` holds `-2`, expected 0 or more
error: a.csv:4: column `spend` holds `x`, expected a number
error: a.csv:5: column `spend` is blank beside other figures, expected an amount
error: a.csv:6: has 2 cells, expected 3 as in the header
help: correct the rows, or leave them out with `bad_rows = \"skip\"` of source[1]
";
    assert_eq!(refused(text, ""), expected);
    let batch = one(text, "bad_rows = \"skip\"").unwrap();
    let skipped: u64 = batch.skipped.iter().map(|skip| skip.lines.count).sum();
    assert_eq!((batch.read, batch.used, skipped, batch.skipped.len()), (6, 1, 5, 5));
    let message = &finding(&batch, "import.bad_rows").unwrap().message;
    assert!(message.contains("below zero: 1 row (") && message.contains("a.csv:3)"), "{message}");
}

#[test]
fn only_so_many_bad_rows_are_listed() {
    let text = format!("date,spend\n{}", "2026-05-01,x\n".repeat(60));
    let error = refused(&text, "");
    assert_eq!(error.matches("expected a number").count(), 50);
    assert!(error.contains("a.csv: 10 more bad rows"), "{error}");
}

#[test]
fn a_decimal_comma_is_asked_for_and_then_read() {
    let text = "date;spend\n2026-05-01;1.204,50\n";
    assert!(refused(text, "").contains("help: set `decimal_comma = true` for source[1]"));
    assert_eq!(sum(&one(text, "decimal_comma = true").unwrap(), Measure::Spend), Some(1_204_500_000));
}

#[test]
fn a_symbol_of_another_currency_refuses_the_file_even_when_rows_may_be_skipped() {
    let error = refused("date,spend\n2026-05-01,$126\n", "bad_rows = \"skip\"");
    let expected = "error: a.csv:2: column `spend` holds `$126`, but its currency is CNY\n\
                    help: set `currency = \"…\"` for source[1] to the currency of the file\n";
    assert_eq!(error, expected);
    assert_eq!(
        sum(&one("date,spend\n2026-05-01,$126\n", "currency = \"USD\"").unwrap(), Measure::Spend),
        Some(126_000_000)
    );
}

#[test]
fn open_dates_are_refused_with_both_readings() {
    let text = "date,spend\n1/1/2026,1\n3/4/2026,1\n";
    let expected = "error: a.csv:3: `3/4/2026` is 2026-03-04 or 2026-04-03, and no row of the file tells\n\
                    help: say which it is: `date_order = \"mdy\"` or `date_order = \"dmy\"` of source[1]\n";
    assert_eq!(refused(text, ""), expected);
    let day = |order: &str| one(text, &format!("date_order = \"{order}\"")).unwrap().rows[1].date.to_string();
    assert_eq!((day("mdy"), day("dmy")), ("2026-03-04".into(), "2026-04-03".into()));
}

#[test]
fn parts_of_a_date_are_joined_and_a_year_is_given() {
    let text = "month,day,spend\nApril,1,2\n4,2,2\n";
    let source = "columns = { date = [\"month\", \"day\"] }\nyear = 2020";
    let batch = one(text, source).unwrap();
    let days: Vec<String> = batch.rows.iter().map(|row| row.date.to_string()).collect();
    assert_eq!(days, ["2020-04-01", "2020-04-02"], "the headers tell the order of the parts");
    let error = refused(text, "columns = { date = [\"month\", \"day\"] }");
    assert!(error.contains("the date `April 1` has no year") && error.contains("`year = 2026`"), "{error}");
}

#[test]
fn a_total_row_is_no_row_and_must_agree() {
    let text = |total: &str| format!("date,campaign,spend\n合计,--,{total}\n2026-05-01,a,1\n2026-05-02,a,2.5\n");
    let batch = one(&text("3.50"), "").unwrap();
    assert_eq!((batch.read, batch.own_total), (2, Some(Micros::new(3_500_000))));
    assert_eq!(finding(&batch, "import.total").unwrap().severity, Severity::Pass);
    let refused = refused(&text("9.00"), "");
    let expected =
        "error: a.csv: the rows add up to a spend of 3.5, but the file's own total is 9 (a.csv:2)\nhelp: export";
    assert!(refused.starts_with(expected), "{refused}");
    let batch = one(&text("9.00"), "own_total = \"review\"").unwrap();
    assert_eq!(finding(&batch, "import.total").unwrap().severity, Severity::Fail);
    let named = one("campaign,date,spend\nTotal: Account,,1\nTotal Wellness,2026-05-01,1\n", "").unwrap();
    assert_eq!((named.read, named.own_total), (1, Some(Micros::new(1_000_000))));
}

#[test]
fn a_footer_is_named_and_left() {
    let batch = one("date,campaign,spend\n2026-05-01,a,1\n© A Corporation\n", "").unwrap();
    assert_eq!(batch.read, 1);
    assert!(finding(&batch, "import.beside").unwrap().message.contains("© A Corporation"));
}

#[test]
fn duplicates_are_named_and_counted_or_dropped() {
    let text = "date,campaign,spend\n2026-05-01,a,1\n2026-05-01,b,1\n2026-05-01,a,1\n";
    let kept = one(text, "").unwrap();
    assert_eq!((sum(&kept, Measure::Spend), kept.used), (Some(3_000_000), 3));
    let dropped = one(text, "duplicates = \"drop\"").unwrap();
    assert_eq!((sum(&dropped, Measure::Spend), dropped.used, dropped.read), (Some(2_000_000), 2, 3));
    for batch in [&kept, &dropped] {
        let finding = finding(batch, "import.duplicates").unwrap();
        assert!(finding.message.contains("1 row equal") && finding.message.ends_with("a.csv:4"), "{finding:?}");
        assert_eq!(batch.spend.values().sum::<i128>(), 3_000_000, "the file's spend is as read");
    }
}

#[test]
fn errors_of_a_spreadsheet_are_no_names() {
    let batch = one("date,supplier,spend\n2026-05-01,#N/A,1\n2026-05-01,--,1\n", "").unwrap();
    assert_eq!((batch.rows.len(), batch.rows[0].names), (1, [None; 5]));
    assert!(finding(&batch, "import.error_cells").unwrap().message.starts_with("1 row with"));
}

#[test]
fn a_period_stands_for_a_missing_day_column() {
    let source = "period = [\"2026-05-01\", \"2026-05-31\"]";
    let batch = one("campaign,spend\na,1\nb,2\nTotal,3\n", source).unwrap();
    assert_eq!((batch.rows.len(), batch.rows[0].days, batch.rows[0].date.to_string()), (2, 31, "2026-05-01".into()));
}

#[test]
fn weeks_are_told_by_steps_of_seven_days() {
    let weekly = "date,campaign,spend\n2026-05-04,a,1\n2026-05-11,a,2\n2026-05-25,a,3\n2026-05-04,b,3\n";
    assert!(one(weekly, "").unwrap().rows.iter().all(|row| row.days == 7));
    let daily = format!("{weekly}2026-05-26,b,3\n");
    assert!(one(&daily, "").unwrap().rows.iter().all(|row| row.days == 1));
    let several = format!("{weekly}2026-05-04,b,4\n");
    let batch = one(&several, "").unwrap();
    assert!(batch.rows.iter().all(|row| row.days == 1));
    assert_eq!(finding(&batch, "import.weeks").unwrap().severity, Severity::Review);
}

#[test]
fn rows_without_figures_are_left_out_and_said() {
    let batch = one("date,campaign,spend,clicks\n2026-05-01,a,,--\n2026-05-01,b,1,\n,,,\n", "").unwrap();
    assert_eq!((batch.read, batch.used, batch.skipped[0].reason), (2, 1, "no figures"));
}

#[test]
fn files_that_hold_nothing_are_told_apart() {
    let fixture = Fixture::new(&[("empty.csv", ""), ("header.csv", "date,spend\n"), ("rows.csv", TWO_DAYS)]);
    let read = |path: &str| fixture.read(&format!("[[source]]\nplatform = \"x\"\npath = \"{path}\""));
    let told = |path: &str| read(path).map(|_| ()).map_err(|error| (error.kind, fixture.told(&error)));
    let (kind, text) = told("empty.csv").unwrap_err();
    assert_eq!((kind, text.as_str()), (Kind::Input, "error: empty.csv is empty, expected a header line\n"));
    let (kind, text) = told("header.csv").unwrap_err();
    let expected = "error: header.csv has no rows\nhelp: check the date range of the export\n";
    assert_eq!((kind, text.as_str()), (Kind::Nothing, expected));
    let (kind, text) = told("missing.csv").unwrap_err();
    assert_eq!(kind, Kind::Input);
    assert!(text.starts_with("error: source[1].path: no file `missing.csv`\nhelp: check the path"), "{text}");
    let (kind, text) = told("*.tsv").unwrap_err();
    assert_eq!((kind, text.contains("no file matches `*.tsv`")), (Kind::Input, true));
    assert!(told("rows.csv").is_ok());
}

#[test]
fn a_folder_gives_its_files() {
    let fixture = Fixture::new(&[("b.csv", TWO_DAYS), ("a.csv", TWO_DAYS), (".hidden", "x"), ("~$b.xlsx", "x")]);
    let batches = fixture.read("[[source]]\npath = \".\"\nplatform = \"x\"").unwrap();
    assert!(batches.len() == 2 && batches[0].path.ends_with("a.csv"));
    std::fs::create_dir(fixture.folder.path().join("none")).unwrap();
    let error = fixture.read("[[source]]\npath = \"none\"").unwrap_err();
    let told = fixture.told(&error);
    assert!(told.starts_with("error: source[1].path: the folder none holds no file\nhelp: put"), "{told}");
}

#[test]
fn a_quote_that_is_not_closed_is_told_by_its_line() {
    let text = format!("{TWO_DAYS}2026-05-03,\"1,1,1\n{}", "2026-05-04,1,1,1\n".repeat(70_000));
    let expected = "error: a.csv:4: the row that begins here is longer than 1048576 bytes\n\
                    help: look for a quote that is opened there and not closed, or for lines that do not end\n";
    assert_eq!(refused(&text, ""), expected);
}

#[test]
fn a_glob_gives_its_files_in_order_and_their_errors_together() {
    let fixture = Fixture::new(&[("b.csv", TWO_DAYS), ("a.csv", TWO_DAYS), ("c.csv", "date,spend\n2026-05-01,x\n")]);
    let settings = |path: &str| format!("[[source]]\nplatform = \"x\"\npath = \"{path}\"\n");
    let batches = fixture.read(&settings("[ab].csv")).unwrap();
    let names: Vec<&Path> = batches.iter().map(|batch| Path::new(batch.path.file_name().unwrap())).collect();
    assert_eq!(names, [Path::new("a.csv"), Path::new("b.csv")]);
    let error = fixture.read(&(settings("*.csv") + &settings("no.csv"))).unwrap_err();
    assert_eq!(error.problems.len(), 2, "{error}");
}

#[test]
fn rows_need_an_owner() {
    let error = detected("date,spend\n2026-05-01,1\n").unwrap_err();
    assert!(error.contains("neither platform, supplier nor account is known"), "{error}");
}

#[test]
fn masked_figures_are_absent_and_said() {
    let batch = one("date,spend,impressions,registrations\n2026-05-01,1,<5,2\n2026-05-02,1,7,<5\n", "").unwrap();
    assert_eq!(batch.rows[0].measures[Measure::Impressions.index()], None);
    assert_eq!(sum(&batch, Measure::Registrations), Some(2_000_000));
    assert!(finding(&batch, "import.censored").unwrap().message.starts_with("2 rows with a figure such as `<5`"));
}

#[test]
fn thousands_with_a_point_are_asked_about() {
    let text = "Tarih;Harcama;Tıklama\n1 Mayıs 2026;5.323;1.024\n";
    let columns = "columns = { date = \"Tarih\", spend = \"Harcama\", clicks = \"Tıklama\" }\n";
    let guessed = one(text, columns).unwrap();
    let advice = &finding(&guessed, "import.fractional").unwrap().advice;
    assert!(advice.contains("`decimal_comma = true`"), "{advice}");
    let batch = one(text, &format!("{columns}decimal_comma = true")).unwrap();
    assert_eq!((sum(&batch, Measure::Spend), sum(&batch, Measure::Clicks)), (Some(5_323_000_000), Some(1_024_000_000)));
    assert!(finding(&batch, "import.fractional").is_none());
}

#[test]
fn an_id_that_a_spreadsheet_has_cut_is_refused() {
    let expected = "error: a.csv:2: column `account` holds `1.23457E+18`, an ID that a spreadsheet has cut to 15 digits\n\
                    help: export again and import the file without opening it in a spreadsheet, or map the name instead of the ID\n";
    assert_eq!(refused("date,spend,account\n2026-05-01,1,1.23457E+18\n", ""), expected);
}

#[test]
fn hours_are_rolled_up_to_days() {
    let text = "date,spend\n2026-05-01 00:00,1\n2026-05-01 23:00:00,2\n2026-05-02T05:00:00Z,4\n";
    let batch = one(text, "").unwrap();
    let spend = |row: &Row| row.measures[Measure::Spend.index()].map(Micros::get);
    let days: Vec<_> = batch.rows.iter().map(|row| (row.date.day(), spend(row))).collect();
    assert_eq!(days, [(1, Some(3_000_000)), (2, Some(4_000_000))]);
}

#[test]
fn a_period_stands_in_columns_in_a_cell_or_before_the_table() {
    let meta = "Reporting starts,Reporting ends,Campaign name,Amount spent (CNY),Link clicks\n\
                2026-05-01,2026-05-31,a,10,1\n2026-05-02,2026-05-02,b,5,1\n";
    let batch = detected(meta).unwrap();
    let days: Vec<u32> = batch.rows.iter().map(|row| row.days).collect();
    assert_eq!((batch.platform.as_deref(), days), (Some("meta"), vec![31, 1]));
    let cell = one("date,spend\n2026-05-01至2026-05-31,10\n2026-06-01,1\n", "").unwrap();
    assert_eq!(cell.rows.iter().map(|row| row.days).collect::<Vec<_>>(), [31, 1]);
    let before = one("Campaign report\n\"1 May 2026 - 31 May 2026\"\ncampaign,spend\na,10\n", "").unwrap();
    assert_eq!((before.rows[0].days, before.rows[0].date.to_string()), (31, "2026-05-01".to_owned()));
    assert_eq!(finding(&before, "import.period").unwrap().severity, Severity::Review);
    assert!(refused("Campaign report\ncampaign,spend\na,10\n", "").contains("no day column"));
}

#[test]
fn hours_move_to_the_day_of_the_report() {
    let text = "date,spend\n2026-05-01 15:00,1\n2026-05-01 16:00,2\n2026-05-03,4\n2026-05-01|7,8\n";
    let of = |zone: &str| {
        let batch = one(text, &format!("timezone = \"{zone}\"")).unwrap();
        let day = |row: &Row| (row.date.day(), row.measures[0].map(|spend| spend.get() / 1_000_000));
        batch.rows.iter().map(day).collect::<Vec<_>>()
    };
    assert_eq!(of("UTC"), [(1, Some(9)), (2, Some(2)), (3, Some(4))]);
    assert_eq!(of("Asia/Shanghai"), [(1, Some(11)), (3, Some(4))]);
}

#[test]
fn only_rows_that_are_asked_for_count() {
    let text = "Period,VariableName,VariableValue\n2026-05-04,TV,10\n2026-05-04,Sales,99\n2026-05-04,Radio,5\n";
    let source = "columns = { date = \"Period\", supplier = \"VariableName\", spend = \"VariableValue\" }\n\
                  where = { VariableName = [\"TV\", \"Radio\"] }";
    let batch = one(text, source).unwrap();
    assert_eq!((batch.read, batch.used, sum(&batch, Measure::Spend)), (3, 2, Some(15_000_000)));
    assert_eq!(batch.skipped[0].reason, "not asked for");
    let missing =
        refused(text, "columns = { date = \"Period\", spend = \"VariableValue\" }\nwhere = { Variable = \"TV\" }");
    assert!(missing.contains("source[1].where: no header `Variable`"), "{missing}");
}

#[test]
fn credits_grants_and_dates_of_conversions_are_kept_apart() {
    let text = "日期,项目名称,消耗,赠款消耗,授信消耗,展示数,点击数,转化数,转化数(计费时间)\n2026-05-01,c,12.5,2,3,100,5,9,7\n2026-05-02,c,-1,0,0,1,1,0,0\n";
    let refused = detected(text).unwrap_err();
    assert!(refused.contains("holds `-1`, expected 0 or more"), "{refused}");
    let fixture = Fixture::new(&[("a.csv", text)]);
    let batch = fixture.read("[[source]]\npath = \"a.csv\"\nnegative = \"keep\"").unwrap().remove(0);
    assert_eq!((sum(&batch, Measure::Spend), sum(&batch, Measure::Registrations)), (Some(11_500_000), Some(7_000_000)));
    assert_eq!(batch.apart.values().next(), Some(&[2_000_000, 3_000_000]));
    assert_eq!(batch.basis, Some(crate::settings::Basis::Billed));
    assert_eq!(batch.figures["registrations"], "转化数(计费时间)");
}

#[test]
fn the_number_of_readers_changes_nothing() {
    let row =
        |n: u32| format!("2026-05-{:02},a{},c{},{}.{:02},{}\n", 1 + n % 30, n % 7, n % 11, n % 100, n % 97, n % 5);
    let mut text: String = (0..90_000).map(row).collect();
    text.push_str("2026-05-01,a0,c0,x,1\n2026-05-02,\"a\n1\",c0,1,1\n");
    let text = format!("date,account,campaign,spend,registrations\n{text}{}", row(1).repeat(3));
    let read = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| one(&text, "bad_rows = \"skip\"").unwrap())
    };
    let (alone, together) = (read(1), read(3));
    assert!(alone.rows == together.rows && alone.names == together.names);
    let checks = |batch: &Batch| batch.findings.iter().map(|finding| finding.check).collect::<Vec<_>>();
    assert_eq!(
        (checks(&alone), &alone.skipped, &alone.content),
        (checks(&together), &together.skipped, &together.content)
    );
    assert_eq!((alone.repeated, alone.repeated), (together.repeated, 3));
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

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in "(date|spend|,|;|\"|\t|\n|\r|2026-05-01|合计|-|1|\\.|x){0,60}") {
        let _ = one(&format!("date,spend\n{text}"), "bad_rows = \"skip\"");
        let _ = detected(&text);
    }
}
