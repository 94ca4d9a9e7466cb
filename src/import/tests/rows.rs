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
