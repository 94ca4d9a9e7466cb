//! Which files are read, and what all readers of them have in common.

use super::*;

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

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in "(date|spend|,|;|\"|\t|\n|\r|2026-05-01|合计|-|1|\\.|x){0,60}") {
        let _ = one(&format!("date,spend\n{text}"), "bad_rows = \"skip\"");
        let _ = detected(&text);
    }
}
