//! The cover: what this is, what stands where, who signs it.

use rust_xlsxwriter::{Url, XlsxError};

use super::book::Book;
use super::summary;
use super::table::{Cell, Holds, Page, plain};

/// The sheet.
pub(super) fn cover(book: &Book) -> Result<Page, XlsxError> {
    let words = book.words;
    let mut page = book.page(words.say("sheet_cover"), &book.results.settings.project.name)?;
    page.sheet.set_portrait().set_column_width(0, 30)?.set_column_width(1, 34)?;
    page.sheet.set_column_width(2, 24)?.set_column_width(3, 20)?;
    page.note(1, words.say("cover_note"))?;
    let row = facts(book, &mut page, 3)?;
    let row = signatures(book, &mut page, row + 1)?;
    let row = contents(book, &mut page, row + 1)?;
    legend(book, &mut page, row + 1)?;
    Ok(page)
}

fn facts(book: &Book, page: &mut Page, mut row: u32) -> Result<u32, XlsxError> {
    let (words, results) = (book.words, book.results);
    let project = &results.settings.project;
    let text = |text: &str| (Cell::text(text), Holds::Fact);
    let mut facts = vec![(words.say("kpi"), text(words.kpi(project.kpi)))];
    facts.push((words.say("currency"), text(project.currency.code())));
    if let Some(answer) = results.answer {
        let days = format!("{} – {}", answer.period.start, answer.period.end);
        facts.insert(0, (words.say("period"), text(&days)));
        facts.push((words.say("budget"), (Cell::Number(answer.budget.asked), Holds::Named)));
        if !answer.lines.is_empty() {
            facts.push((words.say("spend"), (summary::spend(book, answer), Holds::Named)));
            facts.push((words.say("checks"), (summary::checks_from_elsewhere(book), Holds::Money)));
        }
    }
    facts.push((words.say("version"), text(env!("CARGO_PKG_VERSION"))));
    facts.push((words.say("seed"), text(&results.settings.seed.to_string())));
    facts.push((words.say("settings_hash"), text(results.settings.sha256.get(..16).unwrap_or_default())));
    for (name, (content, holds)) in facts {
        page.label((row, 0), name)?;
        page.write((row, 1), &content, holds)?;
        row += 1;
    }
    Ok(row)
}

fn signatures(book: &Book, page: &mut Page, top: u32) -> Result<u32, XlsxError> {
    let words = book.words;
    page.heading(top, words.say("sign_off"))?;
    for (column, head) in (1..).zip([words.say("sign_name"), words.say("signature"), words.say("sign_date")]) {
        page.label((top + 1, column), head)?;
    }
    let people = [words.say("prepared_by"), words.say("reviewed_by"), words.say("approved_by")];
    for (row, person) in (top + 2..).zip(people) {
        page.label((row, 0), person)?;
        (1..=3).try_for_each(|column| page.rule((row, column)))?;
        page.sheet.set_row_height(row, 26)?;
    }
    let status = top + 2 + people.len() as u32;
    page.label((status, 0), words.say("sign_status"))?;
    page.write((status, 1), &Cell::text(words.say("draft")), Holds::Fact)?;
    Ok(status + 1)
}

fn contents(book: &Book, page: &mut Page, top: u32) -> Result<u32, XlsxError> {
    page.heading(top, book.words.say("contents"))?;
    let names = book.names();
    for (row, name) in (top + 1..).zip(&names) {
        let place = format!("internal:'{}'!A1", name.replace('\'', "''"));
        page.sheet.write_url(row, 0, Url::new(place).set_text(plain(name)))?;
    }
    Ok(top + 1 + names.len() as u32)
}

fn legend(book: &Book, page: &mut Page, top: u32) -> Result<(), XlsxError> {
    let words = book.words;
    page.heading(top, words.say("legend"))?;
    page.write((top + 1, 0), &Cell::Input(Some(1234.5)), Holds::Money)?;
    page.write((top + 1, 1), &Cell::text(words.say("legend_input")), Holds::Text)?;
    page.write((top + 2, 0), &Cell::Number(1234.5), Holds::Money)?;
    page.write((top + 2, 1), &Cell::text(words.say("legend_formula")), Holds::Text)?;
    page.write((top + 3, 0), &Cell::Base(Some(1234.5)), Holds::Money)?;
    page.write((top + 3, 1), &Cell::text(words.say("legend_base")), Holds::Text)
}
