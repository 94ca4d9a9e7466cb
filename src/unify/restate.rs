//! Files that hold the same days again: a file read twice counts once, a later export replaces an earlier one.
//!
//! | two files hold | what becomes of it |
//! |---|---|
//! | the same bytes, read in the same way | the second is left out |
//! | the same bytes, read in two ways | both count: they are two mappings of one wide table |
//! | a day of an account, and `as_of` tells which was taken later | the later one's rows of that day and account stand |
//! | rows of the same names and day, of an account | those of the later file stand, everything else of both |
//! | rows of the same names and day, of no account | both count, and a finding says so |
//! | a day of an account in other columns | both count, and a finding says so |
//!
//! Later is what has the later `as_of`, then what comes later in the order of sources and paths. `overlap = "add"` of a
//! source lets all its rows count.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;

use super::fold::fallback;
use super::late::Ages;
use crate::check::Finding;
use crate::import::{Batch, Lines, Row, Skip};
use crate::settings::{Overlap, Settings};
use crate::units::{Field, Measure, Micros};

/// Leaves out what another file holds again, and says so.
pub(super) fn settle(mut batches: Vec<Batch>, settings: &Settings) -> (Vec<Batch>, Vec<Finding>, Ages) {
    let mut findings = once(&mut batches, settings);
    let (replaced, ages) = replaced(&mut batches, settings);
    findings.extend(replaced);
    (batches, findings, ages)
}

/// # What it does
/// Leaves out a file that holds the same bytes as another and is read in the same way.
/// # Why it matters
/// Its spend and registrations would count twice. (Two mappings of one file, each of its own columns, are fine.)
fn once(batches: &mut [Batch], settings: &Settings) -> Vec<Finding> {
    let mut first: BTreeMap<_, String> = BTreeMap::new();
    let mut findings = Vec::new();
    for batch in batches {
        let source = &settings.sources[batch.source];
        let mapped = (source.columns.clone(), source.fallback.clone(), source.only.clone());
        let read_as = (batch.content.clone(), mapped, source.sheet.clone());
        let path = batch.path.display().to_string();
        let Some(earlier) = first.get(&read_as) else {
            first.insert(read_as, path);
            continue;
        };
        let message = format!("holds the same bytes as {earlier} and is counted once");
        findings.push(Finding::review("unify.same_file", path, message, "keep one of the two files"));
        leave_out(batch, "the same file again", |_| false);
    }
    findings
}

/// Keeps only some rows, in order; the rest counts as skipped instead of used.
fn leave_out(batch: &mut Batch, reason: &'static str, mut is_kept: impl FnMut(usize) -> bool) {
    let (mut count, mut first, mut index) = (0, Vec::new(), 0);
    batch.rows.retain(|row| {
        let keep = is_kept(index);
        index += 1;
        if !keep {
            count += row.count;
            first.push(row.line);
        }
        keep
    });
    first.truncate(Lines::EXAMPLES);
    if count > 0 {
        batch.used -= count;
        batch.skipped.push(Skip { reason, lines: Lines { count, first } });
    }
}

/// # What it does
/// Lets a later export of an account's day stand for an earlier one, and tells the difference.
/// # Why it matters
/// Platforms restate recent days as conversions come in late. Both exports together would count every day twice.
fn replaced(batches: &mut [Batch], settings: &Settings) -> (Vec<Finding>, Ages) {
    let mut order: Vec<usize> = (0..batches.len()).filter(|index| !batches[*index].rows.is_empty()).collect();
    if order.len() < 2 {
        return (Vec::new(), Ages::new());
    }
    order.sort_by_key(|index| Reverse((settings.sources[batches[*index].source].as_of, *index)));
    let taken = batches.iter().map(|batch| taken(batch, settings)).collect();
    let mut desk = Desk { batches, settings, taken, later: HashMap::new(), pairs: BTreeMap::new(), ages: Ages::new() };
    let kept: Vec<(usize, Vec<bool>)> = order.into_iter().map(|index| (index, desk.kept(index))).collect();
    let findings = desk.pairs.iter().flat_map(|((own, by), pair)| desk.told(*own, *by, pair)).collect();
    let ages = desk.ages;
    for (index, kept) in kept {
        leave_out(&mut batches[index], "replaced by a later export", |row| kept[row]);
    }
    (findings, ages)
}

/// When an export was taken: `as_of`, or its last day.
fn taken(batch: &Batch, settings: &Settings) -> Option<Date> {
    settings.sources[batch.source].as_of.or_else(|| batch.rows.iter().map(|row| row.date).max())
}

/// What a row tells of: a day, its length, names, and, where only like rows may replace each other, which columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    columns: Option<Arc<str>>,
    names: [Option<Arc<str>>; 5],
    date: Date,
    days: u32,
}

impl Key {
    /// The day of the account that the key is of, when it names one.
    fn of_account(&self) -> Option<Key> {
        let mut key = self.clone();
        for field in [Field::Supplier, Field::Campaign, Field::Department] {
            key.names[field.index()] = None;
        }
        [Field::Platform, Field::Account].into_iter().all(|f| key.names[f.index()].is_some()).then_some(key)
    }
}

/// Spend and KPI in millionths.
type Figures = [i128; 2];

/// What an earlier and a later file hold both.
#[derive(Debug, Default)]
struct Pair {
    /// Days that the later one replaces.
    days: BTreeSet<Date>,
    /// What the later one has been counted for.
    counted: BTreeSet<Key>,
    before: Figures,
    after: Figures,
    /// Rows of no account that both hold.
    unnamed: u64,
    /// Days of an account that both hold, in other columns.
    unlike: BTreeSet<Date>,
}

/// The files, gone through from the latest to the earliest.
struct Desk<'a> {
    batches: &'a [Batch],
    settings: &'a Settings,
    /// What the later files hold, by file.
    later: HashMap<Key, BTreeMap<usize, Figures>>,
    /// By earlier and later file.
    pairs: BTreeMap<(usize, usize), Pair>,
    /// When each export was taken.
    taken: Vec<Option<Date>>,
    /// What restated days counted before and after, by platform and age.
    ages: Ages,
}

impl Desk<'_> {
    /// Which rows of a file stand, all files later than it having been gone through.
    fn kept(&mut self, index: usize) -> Vec<bool> {
        let keys = self.keys(index);
        let rows = self.batches[index].rows.iter().zip(&keys);
        let kept: Vec<bool> = rows.map(|(row, key)| self.is_kept(index, row, key)).collect();
        for ((row, key), kept) in self.batches[index].rows.iter().zip(keys).zip(&kept) {
            if *kept {
                self.remember(index, row, key);
            }
        }
        kept
    }

    fn keys(&self, index: usize) -> Vec<Key> {
        let batch = &self.batches[index];
        let fallback = fallback(batch, &self.settings.sources[batch.source]).map(|name| name.map(Arc::from));
        let names = |row: &Row| Field::ALL.map(|f| batch.name(row, f).or(fallback[f.index()].as_ref()).cloned());
        let columns = Some(Arc::clone(&batch.columns));
        let key = |row: &Row| Key { columns: columns.clone(), names: names(row), date: row.date, days: row.days };
        batch.rows.iter().map(key).collect()
    }

    fn is_kept(&mut self, index: usize, row: &Row, key: &Key) -> bool {
        let account = key.of_account();
        let taken_later = |other: &usize| self.as_of(index).is_some() && self.as_of(*other) > self.as_of(index);
        let by_account = account.as_ref().and_then(|key| Some((self.latest(index, key, taken_later)?, key)));
        let by_names = || Some((self.latest(index, key, |_| true)?, key));
        let Some((by, key)) = by_account.or_else(by_names) else {
            self.compare_unlike(index, account);
            return true;
        };
        let after = self.later[key][&by];
        let pair = self.pairs.entry((index, by)).or_default();
        if account.is_none() {
            pair.unnamed += row.count;
            return true;
        }
        pair.days.insert(row.date);
        add(&mut pair.before, self.settings, row);
        let is_first = pair.counted.insert(key.clone());
        if is_first {
            pair.after.iter_mut().zip(after).for_each(|(sum, figure)| *sum += figure);
        }
        self.compare_ages(index, row, key, is_first.then_some(after[1]));
        false
    }

    /// Notes what a restated day counted before, and, once for all rows of a key, after.
    fn compare_ages(&mut self, index: usize, row: &Row, key: &Key, after: Option<i128>) {
        let age = self.taken[index].and_then(|taken| row.date.until(taken).ok()).map(|span| span.get_days());
        let Some(age) = age.filter(|age| *age >= 0 && row.days == 1) else { return };
        let kpi = row.measures[self.settings.project.kpi.measure().index()];
        let platform = key.names[Field::Platform.index()].clone();
        let sums = self.ages.entry(platform).or_default().entry(age).or_default();
        sums[0] += kpi.map_or(0, |kpi| i128::from(kpi.get()));
        sums[1] += after.unwrap_or(0);
    }

    /// The latest other file that holds the key and may replace what this one says of it.
    fn latest(&self, index: usize, key: &Key, fits: impl Fn(&usize) -> bool) -> Option<usize> {
        let others = self.later.get(key)?.keys().copied();
        let rank = |other: &usize| (self.as_of(*other), *other);
        others.filter(|other| self.may_replace(index, *other) && fits(other)).max_by_key(rank)
    }

    fn may_replace(&self, index: usize, other: usize) -> bool {
        let [own, other] = [index, other].map(|index| &self.batches[index]);
        let adds = |batch: &Batch| self.settings.sources[batch.source].overlap == Overlap::Add;
        own.content != other.content && !adds(own) && !adds(other)
    }

    fn as_of(&self, index: usize) -> Option<Date> {
        self.settings.sources[self.batches[index].source].as_of
    }

    /// Notes a day of an account that a later file holds in other columns.
    fn compare_unlike(&mut self, index: usize, account: Option<Key>) {
        let Some(day) = account.map(|account| Key { columns: None, ..account }) else { return };
        if let Some(other) =
            self.latest(index, &day, |other| self.batches[*other].columns != self.batches[index].columns)
        {
            self.pairs.entry((index, other)).or_default().unlike.insert(day.date);
        }
    }

    fn remember(&mut self, index: usize, row: &Row, key: Key) {
        let account = key.of_account();
        let day = account.clone().map(|account| Key { columns: None, ..account });
        let account = account.filter(|account| *account != key);
        for key in [Some(key), account, day].into_iter().flatten() {
            add(self.later.entry(key).or_default().entry(index).or_default(), self.settings, row);
        }
    }

    fn told(&self, own: usize, by: usize, pair: &Pair) -> Vec<Finding> {
        let [own, by] = [own, by].map(|index| self.batches[index].path.as_path());
        let findings =
            [restated(own, by, pair, self.settings), unnamed(own, by, pair.unnamed), unlike(own, by, &pair.unlike)];
        findings.into_iter().flatten().collect()
    }
}

fn add(figures: &mut Figures, settings: &Settings, row: &Row) {
    let measures = [Measure::Spend, settings.project.kpi.measure()].map(|measure| row.measures[measure.index()]);
    for (sum, figure) in figures.iter_mut().zip(measures) {
        *sum += figure.map_or(0, |figure| i128::from(figure.get()));
    }
}

fn restated(own: &Path, by: &Path, pair: &Pair, settings: &Settings) -> Option<Finding> {
    let (first, last) = (pair.days.first()?, pair.days.last()?);
    let change = |place: usize| {
        let [before, after] = [pair.before, pair.after].map(|figures| figures[place] as f64 / Micros::PER_UNIT as f64);
        format!("{before} → {after}")
    };
    let message = format!(
        "{} from {first} to {last} replaced by those of {}: spend {}, {} {}",
        if pair.days.len() == 1 { "1 day".to_owned() } else { format!("{} days", pair.days.len()) },
        by.display(),
        change(0),
        settings.project.kpi,
        change(1)
    );
    let advice =
        "if both are to count, set `overlap = \"add\"` for a source of theirs; if the other is later, give `as_of`";
    Some(Finding::review("unify.restated", own.display().to_string(), message, advice))
}

fn unnamed(own: &Path, by: &Path, count: u64) -> Option<Finding> {
    let message = format!("{count} rows name the same day as rows of {} and no account: both count", by.display());
    let advice = "if one is an export of the other's days, give both their `account`, or keep one of the files";
    (count > 0).then(|| Finding::review("unify.overlap", own.display().to_string(), message, advice))
}

fn unlike(own: &Path, by: &Path, days: &BTreeSet<Date>) -> Option<Finding> {
    let (first, last) = (days.first()?, days.last()?);
    let message = format!(
        "{} days from {first} to {last} of an account that {} holds too, in other columns: both count",
        days.len(),
        by.display()
    );
    let advice = "make sure that they are not the same spend twice, such as a total and its parts";
    Some(Finding::review("unify.overlap", own.display().to_string(), message, advice))
}
