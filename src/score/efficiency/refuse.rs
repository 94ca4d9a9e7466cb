//! What does not go together, and figures without meaning: refused before anything is computed.

use super::{Method, Options, Orientation, Table};
use crate::check::{Error, Kind};
use crate::score::envelope::{Orient, Returns};

/// The orientation meant, after what does not go together is refused.
pub(super) fn orientation(table: &Table, options: &Options) -> Result<Option<Orient>, Error> {
    let refuse = |what: &str| Err(Error::new(Kind::Settings, what));
    let radial = options.method == Method::Radial;
    if !radial && (options.cross.is_some() || !options.ratios.is_empty()) {
        return refuse("cross-efficiency and weight ratios go with the radial method only");
    }
    if !radial && (options.scale || options.bootstrap > 0 || !options.fixed.is_empty()) {
        return refuse("scale efficiency, the bootstrap and fixed inputs go with the radial method only");
    }
    if options.bootstrap > 0 && !options.ratios.is_empty() {
        return refuse("the bootstrap is not defined with bounds on weights: leave one of the two out");
    }
    if options.super_efficiency && options.method == Method::Directional {
        return refuse("super-efficiency goes with the methods `radial` and `sbm`");
    }
    if options.super_efficiency && !table.bads.is_empty() {
        return refuse("super-efficiency has no agreed form with bad outputs: leave one of the two out");
    }
    if radial && !table.bads.is_empty() {
        return refuse("bad outputs need the method `sbm` or `ddf`");
    }
    if options.cross.is_some() && options.returns != Returns::Crs {
        return refuse("cross-efficiency is defined under constant returns (`crs`): under others it can be negative");
    }
    match (options.method, options.orient) {
        (Method::Radial, None | Some(Orientation::Input)) => Ok(Some(Orient::Input)),
        (Method::Radial, Some(Orientation::None)) => refuse("the radial method is oriented: `input` or `output`"),
        (Method::Directional, Some(Orientation::Input | Orientation::Output)) => {
            refuse("the directional distance has its direction: leave the orientation out")
        }
        (Method::SlacksBased, Some(Orientation::Input)) => Ok(Some(Orient::Input)),
        (_, Some(Orientation::Output)) => Ok(Some(Orient::Output)),
        _ => Ok(None),
    }
}

/// Refuses figures without meaning, each by unit and column.
pub(super) fn checked(table: &Table) -> Result<(), Error> {
    if table.labels.is_empty() || table.inputs.is_empty() || table.outputs.is_empty() {
        return Err(Error::new(Kind::Nothing, "the table has no units, no inputs or no outputs"));
    }
    let mut wrong = Vec::new();
    let columns = || table.inputs.iter().chain(&table.outputs).chain(&table.bads);
    for (place, column) in columns().enumerate() {
        if columns().take(place).any(|other| other.name == column.name) {
            wrong.push(Error::new(Kind::Input, format!("column `{}` is used twice", column.name)));
        }
        if column.values.len() != table.labels.len() {
            let (has, needs) = (column.values.len(), table.labels.len());
            wrong
                .push(Error::new(Kind::Input, format!("column `{}` has {has} figures for {needs} units", column.name)));
        }
        for (label, value) in table.labels.iter().zip(&column.values).filter(|(_, v)| !(v.is_finite() && **v >= 0.0)) {
            let message = format!("`{label}` has {value} in column `{}`, expected a number of 0 or more", column.name);
            wrong.push(
                Error::new(Kind::Input, message).help("use counts and money; leave units with missing figures out"),
            );
        }
        if column.values.iter().all(|value| *value == 0.0) {
            let message = format!("column `{}` is 0 for every unit", column.name);
            wrong.push(
                Error::new(Kind::Input, message).help("leave the column out: it tells the units apart in nothing"),
            );
        }
    }
    for (at, label) in table.labels.iter().enumerate() {
        if table.inputs.iter().all(|column| column.values.get(at) == Some(&0.0)) {
            wrong.push(
                Error::new(Kind::Input, format!("`{label}` has no input")).help("leave units out that use nothing"),
            );
        }
    }
    Error::all(wrong)
}
