//! What a browser and an office suite make of the sample's report. They are not on every machine, so these tests run only
//! when asked for: `cargo test --test all -- --ignored looks::`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use outlay::report::{Lang, Words};
use rust_xlsxwriter::{Formula, Workbook};

/// Names that the browser goes by.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// Names that the office suite goes by.
const OFFICES: [&str; 2] = ["soffice", "libreoffice"];
/// Whom a browser calls on its own account, whatever the page.
const OWN_CALLS: [&str; 4] = ["google.com", "googleapis.com", "gstatic.com", "gvt1.com"];
/// What a spreadsheet shows where a formula failed.
const ERROR_CELLS: [&str; 7] = ["#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#N/A", "#NUM!", "Err:"];

/// Runs the first of `names` that is installed.
fn run(names: &[&str], arguments: &[String]) -> Output {
    let outputs = names.iter().filter_map(|name| Command::new(name).args(arguments).output().ok());
    outputs.into_iter().next().unwrap_or_else(|| panic!("none of {} is installed", names.join(", ")))
}

/// The sample's report in one language, written under `folder`.
fn reported(folder: &Path, lang: Lang) -> PathBuf {
    let out = folder.join(lang.name());
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/outlay.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_outlay"));
    let done = command.arg("run").arg("--config").arg(config).arg("--out").arg(&out);
    let done = done.args(["--lang", lang.name(), "--quiet"]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    out
}

/// What the browser saw of a page.
struct Seen {
    /// The page's elements once its script has run.
    dom: String,
    /// Lines that the page wrote to the console.
    console: Vec<String>,
    /// Addresses outside the machine that were asked for.
    addresses: Vec<String>,
}

/// Opens a page without a network.
fn open(page: &Path, folder: &Path) -> Seen {
    let log = folder.join("net.json");
    let profile = tempfile::tempdir_in(folder).unwrap();
    let flags = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run \
                 --disable-background-networking --disable-component-update --disable-sync --enable-logging=stderr \
                 --dump-dom";
    let mut arguments: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
    arguments.push("--host-resolver-rules=MAP * ~NOTFOUND".into());
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    arguments.push(format!("--log-net-log={}", log.display()));
    arguments.push(format!("file://{}", page.display()));
    let output = run(&BROWSERS, &arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "the browser failed: {}", text(&output.stderr));
    let console = text(&output.stderr).lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    Seen { dom: text(&output.stdout), console, addresses: addresses(&fs::read_to_string(log).unwrap()) }
}

/// The addresses of a network log, but for the browser's own calls.
fn addresses(log: &str) -> Vec<String> {
    let urls = log.split("\"url\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    let outside = urls.filter(|url| url.starts_with("http") || url.starts_with("ws"));
    let host = |url: &str| url.split('/').nth(2).unwrap_or_default().split(':').next().unwrap_or_default().to_owned();
    outside.filter(|url| !OWN_CALLS.iter().any(|own| host(url).ends_with(own))).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs chromium"]
fn a_browser_shows_the_page_without_errors_and_without_a_network() {
    let folder = tempfile::tempdir().unwrap();
    for lang in Lang::ALL {
        let out = reported(folder.path(), lang);
        let seen = open(&out.join("report.html"), folder.path());
        assert_eq!(seen.console, Vec::<String>::new(), "{}", lang.name());
        assert_eq!(seen.addresses, Vec::<String>::new(), "{}", lang.name());
        for outside in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
            assert!(!seen.dom.contains(outside), "{outside} in {}", lang.name());
        }
        assert!(seen.dom.contains("<button type=\"button\">"), "{}: the page's script did not run", lang.name());
        assert!(seen.dom.contains(Words::of(lang).say("allocation")), "{}: no allocation", lang.name());
    }
}

#[test]
#[ignore = "needs chromium"]
fn a_page_with_an_error_or_a_request_would_be_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    fs::write(&page, "<!doctype html><img src=\"http://127.0.0.1:9/a.png\"><script>nowhere()</script>").unwrap();
    let seen = open(&page, folder.path());
    assert!(seen.console.iter().any(|line| line.contains("nowhere")), "{:?}", seen.console);
    assert!(seen.addresses.iter().any(|url| url.contains("127.0.0.1")), "{:?}", seen.addresses);
}

/// Settings of the office suite under which it computes every formula anew, whatever the file says it gives.
const COMPUTE_ANEW: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
</item>
</oor:items>
"#;

/// One CSV a sheet of each workbook, computed anew: file name and text.
fn computed(workbooks: &[PathBuf], folder: &Path) -> Vec<(String, String)> {
    let (profile, out) = (folder.join("office"), folder.join("sheets"));
    fs::create_dir_all(profile.join("user")).unwrap();
    fs::write(profile.join("user/registrymodifications.xcu"), COMPUTE_ANEW).unwrap();
    // commas, quotes, UTF-8, figures in full, and the last −1: every sheet
    let format = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1";
    let mut arguments: Vec<String> = vec![format!("-env:UserInstallation=file://{}", profile.display())];
    arguments.extend(["--headless", "--convert-to", format, "--outdir"].map(str::to_owned));
    arguments.push(out.display().to_string());
    arguments.extend(workbooks.iter().map(|path| path.display().to_string()));
    let output = run(&OFFICES, &arguments);
    assert!(output.status.success(), "the office suite failed: {}", String::from_utf8_lossy(&output.stderr));
    let mut sheets: Vec<PathBuf> = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path()).collect();
    sheets.sort();
    let read = |path: &PathBuf| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path));
    sheets.iter().map(read).map(|(name, text)| (name, text.unwrap())).collect()
}

#[test]
#[ignore = "needs libreoffice"]
fn an_office_suite_computes_the_workbook_to_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    let named = |lang: Lang| {
        let path = folder.path().join(format!("{}.xlsx", lang.name()));
        fs::copy(reported(folder.path(), lang).join("report.xlsx"), &path).unwrap();
        path
    };
    let sheets = computed(&Lang::ALL.map(named), folder.path());
    for (name, text) in &sheets {
        let failed = ERROR_CELLS.iter().find(|error| text.contains(**error));
        assert_eq!(failed, None, "in {name}:\n{text}");
    }
    for lang in Lang::ALL {
        let checks = format!("{},0,", Words::of(lang).say("checks"));
        let own = |name: &str| name.starts_with(&format!("{}-", lang.name()));
        let found = sheets.iter().any(|(name, text)| own(name) && text.lines().any(|line| line.starts_with(&checks)));
        assert!(found, "{}: no sheet has the line `{checks}…`", lang.name());
    }
}

#[test]
#[ignore = "needs libreoffice"]
fn a_formula_that_gives_something_else_would_be_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.xlsx");
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_formula(0, 0, Formula::new("=1+1").set_result("7")).unwrap();
    sheet.write_formula(1, 0, Formula::new("=NOWHERE(1)").set_result("7")).unwrap();
    workbook.save(&path).unwrap();
    let sheets = computed(&[path], folder.path());
    assert_eq!(sheets[0].1.lines().next(), Some("2"));
    assert!(ERROR_CELLS.iter().any(|error| sheets[0].1.contains(error)), "{}", sheets[0].1);
}

/// A copy of a workbook in which the number of one cell is another.
fn with_cell(book: &Path, sheet: usize, cell: &str, change: impl Fn(f64) -> f64, to: &Path) {
    let mut archive = zip::ZipArchive::new(fs::File::open(book).unwrap()).unwrap();
    let mut written = zip::ZipWriter::new(fs::File::create(to).unwrap());
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        if name == format!("xl/worksheets/sheet{sheet}.xml") {
            let text = String::from_utf8(bytes).unwrap();
            let start = text.find(&format!("<c r=\"{cell}\"")).unwrap_or_else(|| panic!("no {cell}"));
            let value = start + text[start..].find("<v>").unwrap() + 3;
            let end = value + text[value..].find("</v>").unwrap();
            let changed = change(text[value..end].parse().unwrap());
            bytes = format!("{}{changed}{}", &text[..value], &text[end..]).into_bytes();
        }
        written.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut written, &bytes).unwrap();
    }
    written.finish().unwrap();
}

/// The figure beside `name` in a sheet as the office suite computed it.
fn figure(sheets: &[(String, String)], book: &str, sheet: &str, name: &str) -> f64 {
    let file = format!("{book}-{sheet}.csv");
    let text = &sheets.iter().find(|(found, _)| *found == file).unwrap_or_else(|| panic!("no {file}")).1;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let row = reader.records().map(Result::unwrap).find(|row| row.get(0) == Some(name));
    let row = row.unwrap_or_else(|| panic!("no `{name}` in {file}:\n{text}"));
    row[1].parse().unwrap_or_else(|error| panic!("{name}: {:?}: {error}", &row[1]))
}

#[test]
#[ignore = "needs libreoffice"]
fn a_changed_input_flows_through_the_workbook() {
    let folder = tempfile::tempdir().unwrap();
    let out = reported(folder.path(), Lang::En);
    let plan: serde_json::Value = serde_json::from_slice(&fs::read(out.join("plan.json")).unwrap()).unwrap();
    let (before, after) = (folder.path().join("before.xlsx"), folder.path().join("after.xlsx"));
    fs::copy(out.join("report.xlsx"), &before).unwrap();
    // the first line's spend, an input of the third sheet
    with_cell(&before, 3, "G5", |spend| spend * 1.2, &after);
    let sheets = computed(&[before, after], folder.path());
    for (name, text) in &sheets {
        assert!(!ERROR_CELLS.iter().any(|error| text.contains(error)), "{name}:\n{text}");
    }
    let of = |book: &str, sheet: &str, name: &str| figure(&sheets, book, sheet, name);
    let told = |path: &str| plan.pointer(path).and_then(serde_json::Value::as_f64).unwrap();
    assert_eq!((of("before", "Summary", "Spend") * 100.0).round(), (told("/budget/spent") * 100.0).round());
    assert_eq!((of("before", "Summary", "Cash") * 100.0).round(), (told("/budget/cash") * 100.0).round());
    let expected = "Expected (registrations)";
    assert!((of("before", "Summary", expected) - told("/expected/mean")).abs() < 0.01);
    assert_eq!(of("before", "Summary", "Checks"), 0.0);
    let more = told("/lines/0/spend") * 0.2;
    assert!((of("after", "Summary", "Spend") - told("/budget/spent") - more).abs() < 0.006);
    let gained = of("after", "Summary", expected) - of("before", "Summary", expected);
    let marginal = 1.0 / told("/lines/0/marginal_cost");
    assert!(gained > 0.0 && gained < more * marginal * 1.05, "{gained} beside {}", more * marginal);
    assert!(of("after", "Input–output", "Registrations") > of("before", "Input–output", "Registrations"));
    assert!((of("after", "Summary", "Checks") - 0.0).abs() > 1.0, "the workbook is no longer the plan that was signed");
}
