//! Names out of the program's own lists, read back from a file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer};

/// A name that the program gives: of a count, an indicator, a position.
pub type Term = &'static str;

/// The name, kept once however often it is read: there are a few dozen.
fn kept(name: &str) -> Term {
    static KEPT: Mutex<BTreeSet<Term>> = Mutex::new(BTreeSet::new());
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(name) {
        return known;
    }
    let new: Term = name.to_owned().leak();
    all.insert(new);
    new
}

pub(super) fn one<'de, D: Deserializer<'de>>(from: D) -> Result<Term, D::Error> {
    Ok(kept(&String::deserialize(from)?))
}

pub(super) fn perhaps<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Term>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.as_deref().map(kept))
}

pub(super) fn keys<'de, D, T>(from: D) -> Result<BTreeMap<Term, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let read = BTreeMap::<String, T>::deserialize(from)?;
    Ok(read.into_iter().map(|(name, value)| (kept(&name), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        assert!(std::ptr::eq(kept("clicks-of-a-test"), kept(&String::from("clicks-of-a-test"))));
    }
}
