//! Headers → canonical columns: the settings' `columns`, the canonical names, or a platform's layout.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::column::{Apart, Column};
use super::header::{Header, normalised};
use super::layouts::{self, Layout};
use super::mapping::Mapping;
use crate::check::{Error, Kind};
use crate::settings::{DateOrder, Source};
use crate::units::{Currency, Field, Kpi, Measure};

/// What headers are mapped for.
pub(super) struct Request<'a> {
    /// The settings of the source.
    pub source: &'a Source,
    /// Its number in the settings, from 1.
    pub number: usize,
    /// The project's KPI.
    pub kpi: Kpi,
    /// `file:line` of the headers.
    pub place: String,
    /// First and last day that the lines before the table tell.
    pub preamble: Option<(Date, Date)>,
}

/// Whether a header is one that the settings, the canonical table or a platform knows.
pub(super) fn is_known(header: &str, source: &Source) -> bool {
    let header = Header::new(header);
    let named = source.columns.values().flatten().any(|wanted| normalised(wanted) == header.name);
    let names = [Some(&header.name), header.base.as_ref().map(|(base, _)| base)];
    let known = |name: &String| {
        name == "channel" || Column::from_name(name).is_some() || layouts::all().iter().any(|layout| layout.knows(name))
    };
    named || names.into_iter().flatten().any(known)
}

/// Maps the headers of a file.
///
/// # Errors
///
/// [`Kind::Input`] when a header that the settings name is missing or stands twice, when no day and spend column is
/// known, when two platforms fit equally, and when two headers mean the same column.
pub(super) fn map(headers: &[String], request: &Request) -> Result<Mapping, Error> {
    let headers: Vec<Header> = headers.iter().map(|header| Header::new(header)).collect();
    let given = given(&headers, request)?;
    let layout = layout(&headers, &given, request)?;
    let mut found = given.clone();
    if let Some(layout) = layout {
        add(&mut found, &headers, &given, layout_names(layout), request)?;
    }
    let canonical = canonical_names(&found);
    add(&mut found, &headers, &given, canonical, request)?;
    mapping(&headers, found, layout, request)
}

/// Cells by column.
type Found = BTreeMap<Column, Vec<usize>>;

/// The columns that the settings map.
fn given(headers: &[Header], request: &Request) -> Result<Found, Error> {
    let mut found = Found::new();
    let mut wrong = Vec::new();
    let mut taken: BTreeMap<usize, &str> = BTreeMap::new();
    for (name, wanted) in &request.source.columns {
        let Some(column) = Column::from_name(name) else { continue };
        for header in wanted {
            match position(headers, header, column) {
                Ok(cell) => {
                    if let Some(other) = taken.insert(cell, name) {
                        let what = format!("header `{header}` is mapped to both `{other}` and `{name}`");
                        wrong.push(at_columns(request, name, &what).help("map each header once"));
                    }
                    found.entry(column).or_default().push(cell);
                }
                Err(what) => wrong.push(at_columns(request, name, &what).help(there_are(headers))),
            }
        }
    }
    Error::all(wrong).map(|()| found)
}

/// The cell of a header that the settings name: as written, or else as normalised.
fn position(headers: &[Header], wanted: &str, column: Column) -> Result<usize, String> {
    let name = normalised(wanted);
    let cells = |fits: &dyn Fn(&Header) -> bool| -> Vec<usize> {
        (0..headers.len()).filter(|cell| fits(&headers[*cell])).collect()
    };
    let exact = cells(&|header| header.written == wanted.trim());
    let close = if exact.is_empty() { cells(&|header| header.is(&name, column)) } else { exact };
    match close[..] {
        [cell] => Ok(cell),
        [] => Err(format!("no header `{wanted}`")),
        _ => Err(format!("header `{wanted}` stands {} times", close.len())),
    }
}

fn at_columns(request: &Request, column: &str, what: &str) -> Error {
    let message = format!("{}: source[{}].columns.{column}: {what}", request.place, request.number);
    Error::new(Kind::Input, message)
}

fn there_are(headers: &[Header]) -> String {
    format!("the headers are {}", listed(headers.iter().map(|header| header.written.as_str())))
}

/// Headers that a message lists; the widest exports of platforms have some two hundred.
const LISTED: usize = 300;

/// `` `a`, `b` and `c` `` would need a conjunction for every length; this is `` `a`, `b`, `c` ``.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names = names.filter(|name| !name.is_empty()).map(|name| format!("`{name}`"));
    let mut listed: Vec<String> = names.by_ref().take(LISTED).collect();
    listed.extend(names.next().map(|_| "…".to_owned()));
    listed.join(", ")
}

/// Header names by column.
type Names<'a> = Vec<(Column, Vec<&'a str>)>;

fn layout_names(layout: &Layout) -> Names<'_> {
    layout.headers.iter().map(|(column, names)| (*column, names.iter().map(String::as_str).collect())).collect()
}

/// The canonical names; `channel` is taken for the platform where there is no `platform`.
fn canonical_names(found: &Found) -> Names<'static> {
    let mut names: Names = Column::all().map(|column| (column, vec![column.name()])).collect();
    let platform = Column::Field(Field::Platform);
    if !found.contains_key(&platform) {
        names.iter_mut().filter(|(column, _)| *column == platform).for_each(|(_, names)| names.push("channel"));
    }
    names
}

/// Adds the columns that `names` finds among the headers that are not taken.
fn add(found: &mut Found, headers: &[Header], given: &Found, names: Names, request: &Request) -> Result<(), Error> {
    let mut wrong = Vec::new();
    for (column, names) in names.into_iter().filter(|(column, _)| !given.contains_key(column)) {
        let taken: BTreeSet<usize> =
            found.iter().filter(|(other, _)| **other != column).flat_map(|(_, cells)| cells.iter().copied()).collect();
        let fits = |name: &str| -> Vec<usize> {
            (0..headers.len()).filter(|cell| !taken.contains(cell) && headers[*cell].is(name, column)).collect()
        };
        let by_name = names.iter().map(|name| fits(name)).filter(|cells| !cells.is_empty());
        let mut cells: Vec<usize> = match (found.get(&column), column.has_a_preferred_name()) {
            (Some(_), true) => continue,
            (None, true) => by_name.take(1).flatten().collect(),
            (earlier, false) => earlier.into_iter().flatten().copied().chain(by_name.flatten()).collect(),
        };
        cells.sort_unstable();
        cells.dedup();
        match cells[..] {
            [] => {}
            [cell] => drop(found.insert(column, vec![cell])),
            _ => wrong.push(collision(column, cells.iter().map(|cell| headers[*cell].written.as_str()), request)),
        }
    }
    Error::all(wrong)
}

fn collision<'a>(column: Column, headers: impl Iterator<Item = &'a str>, request: &Request) -> Error {
    let message = format!("{}: headers {} all mean `{}`", request.place, listed(headers), column.name());
    let help =
        format!("say which one to read: `columns = {{ {} = \"…\" }}` of source[{}]", column.name(), request.number);
    Error::new(Kind::Input, message).help(help)
}

/// The layout to read the file by, or `None` for the canonical table.
///
/// A file that the canonical names are enough for is of a platform only by a header that no other platform and no
/// canonical table has: `spend` is in micros on one platform and not on the next.
fn layout(headers: &[Header], given: &Found, request: &Request) -> Result<Option<&'static Layout>, Error> {
    let asked = request.source.fallback[Field::Platform.index()].as_deref();
    let asked = asked.map(|name| normalised(name).replace(' ', "_"));
    let asked = layouts::all().iter().find(|layout| asked.as_ref() == Some(&layout.platform));
    let is_canonical = is_enough(headers, given, &canonical_names(given), request);
    let names_platforms = headers.iter().any(|header| header.name == Field::Platform.name());
    let is_mapped = given.contains_key(&Column::Measure(Measure::Spend));
    let has_all = |layout: &Layout| is_enough(headers, given, &layout_names(layout), request);
    let fits = |layout: &&Layout| {
        let is_its_own = !is_canonical || (!names_platforms && !is_mapped && has_a_mark(headers, layout));
        is_its_own && has_all(layout)
    };
    let is_as_asked = |layout: &&Layout| fits(layout) || (is_mapped && layout.counts_as_canonical() && has_all(layout));
    if let Some(asked) = asked.filter(is_as_asked) {
        return Ok(Some(asked));
    }
    if let (Some(asked), false) = (asked, is_canonical) {
        return Err(unknown(headers, &layout_names(asked), given, request));
    }
    let recognised = |layout: &Layout| headers.iter().filter(|header| is_of(header, layout)).count();
    let fitting: Vec<(usize, &Layout)> = layouts::all().iter().filter(fits).map(|l| (recognised(l), l)).collect();
    let most = fitting.iter().map(|(count, _)| *count).max();
    let best: Vec<&Layout> = fitting.iter().filter(|(count, _)| Some(*count) == most).map(|(_, l)| *l).collect();
    match best[..] {
        _ if is_canonical && (asked.is_some() || best.len() != 1) => Ok(None),
        [layout] => Ok(Some(layout)),
        [] => Err(unknown(headers, &canonical_names(given), given, request)),
        _ => Err(tie(&best, request)),
    }
}

/// Whether a header is of this layout alone.
fn has_a_mark(headers: &[Header], layout: &Layout) -> bool {
    let is_other = |header: &&Header| {
        let others = layouts::all().iter().filter(|other| other.platform != layout.platform);
        Column::from_name(&header.name).is_some() || others.into_iter().any(|other| is_of(header, other))
    };
    headers.iter().any(|header| is_of(header, layout) && !is_other(&header))
}

fn is_of(header: &Header, layout: &Layout) -> bool {
    layout.knows(&header.name) || header.base.as_ref().is_some_and(|(base, _)| layout.knows(base))
}

/// Whether spend and day are among the headers, once `names` are added to what is given.
fn is_enough(headers: &[Header], given: &Found, names: &Names, request: &Request) -> bool {
    let has = |column| is_there(headers, given, names, column);
    let has_period = || request.source.period.or(request.preamble).is_some();
    let has_days = has(Column::Date) || (has(Column::Start) && has(Column::End)) || has_period();
    has(Column::Measure(Measure::Spend)) && has_days
}

fn is_there(headers: &[Header], given: &Found, names: &Names, column: Column) -> bool {
    let names = names.iter().filter(|(other, _)| *other == column).flat_map(|(_, names)| names);
    given.contains_key(&column) || names.into_iter().any(|name| headers.iter().any(|header| header.is(name, column)))
}

fn tie(layouts: &[&Layout], request: &Request) -> Error {
    let platforms = listed(layouts.iter().map(|layout| layout.platform.as_str()));
    let message = format!("{}: the headers fit several platforms equally: {platforms}", request.place);
    let help = format!("name the platform: `platform = \"{}\"` of source[{}]", layouts[0].platform, request.number);
    Error::new(Kind::Input, message).help(help)
}

/// No day and spend column is known.
fn unknown(headers: &[Header], names: &Names, given: &Found, request: &Request) -> Error {
    let all: Names = names.iter().cloned().chain(layouts::all().iter().flat_map(layout_names)).collect();
    let has = |column| is_there(headers, given, &all, column);
    let spend = has(Column::Measure(Measure::Spend));
    let date = has(Column::Date) || (has(Column::Start) && has(Column::End));
    let headers = listed(headers.iter().map(|header| header.written.as_str()));
    let number = request.number;
    if spend && !date {
        let message = format!("{}: no day column among the headers {headers}", request.place);
        let help = format!(
            "map one: `columns = {{ date = \"…\" }}` of source[{number}], or give the days that the file covers: \
             `period = [\"2026-05-01\", \"2026-05-31\"]`"
        );
        return Error::new(Kind::Input, message).help(help);
    }
    let message = format!("{}: no known header for `date` and `spend` among {headers}", request.place);
    let help = format!("map the headers: `columns = {{ date = \"…\", spend = \"…\" }}` of source[{number}]");
    Error::new(Kind::Input, message).help(help)
}

fn mapping(
    headers: &[Header],
    found: Found,
    layout: Option<&'static Layout>,
    request: &Request,
) -> Result<Mapping, Error> {
    let cell = |column: Column| found.get(&column).and_then(|cells| cells.first()).copied();
    let mut date = found.get(&Column::Date).cloned().unwrap_or_default();
    let span = cell(Column::Start).zip(cell(Column::End)).filter(|_| date.is_empty());
    date.extend(span.map(|(start, _)| start));
    let period = request.source.period.or(request.preamble).filter(|_| date.is_empty());
    let own_unit = |column| unit(headers, cell(column), layout.filter(|l| tells(l, headers, column, request)));
    let mut mapping = Mapping {
        platform: layout.filter(|layout| !layout.is_a_union).map(|layout| layout.platform.as_str()),
        date_order: order_of_parts(date.iter().map(|cell| headers[*cell].name.as_str())),
        date,
        end: span.map(|(_, end)| end),
        period,
        fields: Field::ALL.map(|field| cell(Column::Field(field))),
        currency: cell(Column::Currency),
        measures: Measure::ALL.map(|measure| cell(Column::Measure(measure))),
        units: Measure::ALL.map(|measure| own_unit(Column::Measure(measure))),
        apart: Apart::ALL.map(Column::Apart).map(|column| cell(column).map(|cell| (cell, own_unit(column)))),
        only: only(headers, request)?,
        basis: None,
        header_currency: header_currency(headers, &found, layout, request)?,
        conversions: None,
        headers: headers.iter().map(|header| header.written.clone()).collect(),
        unread: Vec::new(),
    };
    let kpi = &mut mapping.measures[request.kpi.measure().index()];
    if let (None, Some(conversions), true) = (&kpi, cell(Column::Conversions), request.kpi != Kpi::Value) {
        *kpi = Some(conversions);
        mapping.conversions = Some(headers[conversions].written.clone());
    }
    let told = kpi.and_then(|cell| layout?.bases.get(&headers[cell].name).copied());
    mapping.basis = request.source.basis.or(told);
    mapping.unread = unread(&mapping);
    has_whom(&mapping, request).map(|()| mapping)
}

/// Whether a layout tells the unit and currency of a column: not of one that the settings map in a sheet that may be
/// somebody's own.
fn tells(layout: &Layout, headers: &[Header], column: Column, request: &Request) -> bool {
    !request.source.columns.contains_key(column.name()) || has_a_mark(headers, layout)
}

/// The power of ten that a cell is counted in.
fn unit(headers: &[Header], cell: Option<usize>, layout: Option<&Layout>) -> i32 {
    let Some(header) = cell.map(|cell| &headers[cell]) else { return 0 };
    layout.and_then(|layout| layout.units.get(&header.name)).copied().unwrap_or(header.unit)
}

/// The currency in the headers of the amounts that are read, or else the one that the platform counts them in.
fn header_currency(
    headers: &[Header],
    found: &Found,
    layout: Option<&Layout>,
    request: &Request,
) -> Result<Option<Currency>, Error> {
    let amounts = found.iter().filter(|(column, _)| column.is_money());
    let amounts = amounts.flat_map(|(column, cells)| cells.iter().map(move |cell| (*column, *cell)));
    let named = |column: Column, header: &Header| {
        let suffix = header.base.as_ref().map(|(_, currency)| *currency);
        let layout = layout.filter(|layout| tells(layout, headers, column, request));
        suffix.or_else(|| layout?.currencies.get(&header.name).copied())
    };
    let suffixes = amounts.filter_map(|(column, cell)| Some((cell, named(column, &headers[cell])?)));
    let currencies: BTreeMap<Currency, usize> = suffixes.map(|(cell, currency)| (currency, cell)).collect();
    if currencies.len() > 1 {
        let names = listed(currencies.values().map(|cell| headers[*cell].written.as_str()));
        let message = format!("{}: headers in several currencies: {names}", request.place);
        return Err(
            Error::new(Kind::Input, message).help("export the amounts in one currency, or map only one of them")
        );
    }
    Ok(currencies.into_keys().next())
}

/// The cells that rows are asked for by.
fn only(headers: &[Header], request: &Request) -> Result<Vec<(usize, Vec<String>)>, Error> {
    let (mut only, mut wrong) = (Vec::new(), Vec::new());
    for (header, texts) in &request.source.only {
        let exact = headers.iter().position(|other| other.written == header.trim());
        let close = || headers.iter().position(|other| other.name == normalised(header));
        match exact.or_else(close) {
            Some(cell) => only.push((cell, texts.clone())),
            None => {
                let message = format!("{}: source[{}].where: no header `{header}`", request.place, request.number);
                wrong.push(Error::new(Kind::Input, message).help(there_are(headers)));
            }
        }
    }
    Error::all(wrong).map(|()| only)
}

/// The order that headers such as `month` and `day` tell.
fn order_of_parts<'a>(headers: impl Iterator<Item = &'a str>) -> Option<DateOrder> {
    let part = |header: &str| match header {
        "year" | "年" | "年份" => Some('y'),
        "month" | "月" | "月份" => Some('m'),
        "day" | "日" | "day of month" => Some('d'),
        _ => None,
    };
    let order: String = headers.map(part).collect::<Option<String>>()?;
    match order.as_str() {
        "ymd" => Some(DateOrder::Ymd),
        "mdy" | "md" => Some(DateOrder::Mdy),
        "dmy" | "dm" => Some(DateOrder::Dmy),
        _ => None,
    }
}

fn unread(mapping: &Mapping) -> Vec<String> {
    let apart = mapping.apart.iter().flatten().map(|(cell, _)| *cell);
    let asked = mapping.only.iter().map(|(cell, _)| *cell);
    let cells = mapping.date.iter().copied().chain(mapping.end).chain(mapping.currency).chain(apart).chain(asked);
    let read: BTreeSet<usize> =
        cells.chain(mapping.fields.into_iter().flatten()).chain(mapping.measures.into_iter().flatten()).collect();
    let left = mapping.headers.iter().enumerate().filter(|(cell, header)| !read.contains(cell) && !header.is_empty());
    left.map(|(_, header)| header.clone()).collect()
}

/// Every row needs a platform, supplier or account to be planned for.
fn has_whom(mapping: &Mapping, request: &Request) -> Result<(), Error> {
    let named =
        |field: Field| mapping.fields[field.index()].is_some() || request.source.fallback[field.index()].is_some();
    if mapping.platform.is_some() || [Field::Platform, Field::Supplier, Field::Account].into_iter().any(named) {
        return Ok(());
    }
    let message = format!("{}: neither platform, supplier nor account is known", request.place);
    let help = format!(
        "say whose rows they are: `platform = \"…\"` of source[{}], or map a header to one of them",
        request.number
    );
    Err(Error::new(Kind::Input, message).help(help))
}
