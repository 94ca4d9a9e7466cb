//! Rows: figures, names, totals, what is bad and what is left.

use super::*;

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
fn rows_without_figures_are_left_out_and_said() {
    let batch = one("date,campaign,spend,clicks\n2026-05-01,a,,--\n2026-05-01,b,1,\n,,,\n", "").unwrap();
    assert_eq!((batch.read, batch.used, batch.skipped[0].reason), (2, 1, "no figures"));
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
fn a_total_of_other_rows_does_not_count_twice() {
    let rows = "date,account,spend\n2026-05-01,a,1\n2026-05-01,b,2\n";
    let among = refused(&format!("{rows}2026-05-01,合计,3\n2026-05-02,a,4\n"), "");
    assert!(
        among.contains("a.csv:4: column `account` holds `合计`, a total of other rows, which would count twice"),
        "{among}"
    );
    let left = one(&format!("{rows}2026-05-01,Total,3\n"), "bad_rows = \"skip\"").unwrap();
    assert_eq!((sum(&left, Measure::Spend), left.skipped[0].reason), (Some(3_000_000), "a total among the rows"));
    let of_all = one(&format!("{rows}2026-05-01~2026-05-02,合计,3\n"), "").unwrap();
    assert_eq!((sum(&of_all, Measure::Spend), of_all.own_total), (Some(3_000_000), Some(Micros::new(3_000_000))));
    let cut = refused(&format!("{rows}2026-05-01~2026-05-02,合计,5\n"), "");
    assert!(cut.contains("the rows add up to a spend of 3, but the file's own total is 5"), "{cut}");
    let named = one("date,account,spend\n2026-05-01,Total Energies,1\n", "").unwrap();
    assert_eq!(named.used, 1, "a name that only begins so is a name");
}

#[test]
fn the_headers_once_more_are_no_row() {
    let text = "date,account,spend\n2026-05-01,a,1\n date ,account,spend\n2026-05-02,a,2\n";
    let batch = one(text, "").unwrap();
    assert_eq!((batch.used, sum(&batch, Measure::Spend)), (2, Some(3_000_000)));
    assert!(finding(&batch, "import.beside").unwrap().message.contains("a.csv:3"), "{:?}", batch.findings);
}

#[test]
fn what_keeps_spreadsheets_from_reading_a_number_is_no_part_of_it() {
    let text =
        "date,account,spend\n=\"2026-05-01\",=\"0123\",=\"1.50\"\n2026-05-02,\"=\"\"0123\"\"\",2\n2026-05-03,'0123,2\n";
    let batch = one(text, "").unwrap();
    assert_eq!((batch.names.len(), batch.names[0].as_ref(), sum(&batch, Measure::Spend)), (1, "0123", Some(5_500_000)));
    assert_eq!(batch.rows[0].date, jiff::civil::date(2026, 5, 1));
}

#[test]
fn totals_are_known_in_other_languages_and_without_a_label() {
    let rows = "date,account,spend\n2026-05-01,a,1\n2026-05-02,b,2\n";
    for label in ["Gesamt: Konto", "Toplam", "Total général", "Totale: account", "Total of 2 results"] {
        let batch = one(&format!("{rows}{label},,3\n"), "").unwrap();
        assert_eq!(batch.own_total, Some(Micros::new(3_000_000)), "{label}");
    }
    let at_the_end = one("spend,account,date\n1,a,2026-05-01\n1,合计,\n", "").unwrap();
    assert_eq!((at_the_end.used, at_the_end.own_total), (1, Some(Micros::new(1_000_000))));
    let period = "Reporting starts,Reporting ends,Campaign name,Amount spent (USD)\n2026-05-01,2026-05-31,c,10\n";
    let whole = detected(&format!("{period}2026-05-01,2026-05-31,,10\n")).unwrap();
    assert_eq!((sum(&whole, Measure::Spend), whole.own_total), (Some(10_000_000), Some(Micros::new(10_000_000))));
    assert!(detected(&format!("{period}2026-05-01,2026-05-31,,4\n")).unwrap_err().contains("own total is 4"));
}

#[test]
fn a_blank_date_may_be_a_merged_cell() {
    let error = refused("date,account,spend\n2026-05-01,a,1\n,b,2\n", "");
    assert!(error.contains("a.csv:3: column `date` holds ``, expected a date\nhelp: merged cells hold"), "{error}");
}
