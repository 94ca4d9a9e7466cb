//! Dates, hours and periods.

use super::*;

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
