//! Tables as JSON files hold them: what `pandas`, `jsonlite` and `xarray` write, brought to one header and one row a record.
//!
//! | shape | written by |
//! |---|---|
//! | `[{"a": 1, "b": 2}, …]` | `to_json(orient="records")`, `jsonlite::toJSON(frame)` |
//! | `{"a": [1, …], "b": [2, …]}` | `to_dict(orient="list")`, `toJSON(frame, dataframe = "columns")` |
//! | `{"a": {"0": 1, …}, "b": {"0": 2, …}}` | `to_json()` |
//! | `{"columns": ["a", "b"], "data": [[1, 2], …]}` | `to_json(orient="split")` |
//! | `{"schema": …, "data": [{"a": 1, "b": 2}, …]}` | `to_json(orient="table")` |
//! | `{"coords": {"x": …}, "dims": ["x"], "data": […], "name": "a"}` | `DataArray.to_dict()` |
//! | `{"coords": {"x": …}, "data_vars": {"a": {"dims": ["x"], "data": […]}}}` | `Dataset.to_dict()` |
//!
//! A labelled array becomes a row for each combination of its coordinates, as `to_dataframe().reset_index()` lays it out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Rows that a labelled array may have.
const MOST_ROWS: usize = 5_000_000;
/// What to do with a file of another shape.
pub(super) const HELP: &str = "give a list of objects, one a row (`to_json(orient=\"records\")`), columns, or a labelled array (`to_dict()` of xarray)";

/// A header and rows of texts.
pub(super) type Table = (Vec<String>, Vec<Vec<String>>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Saved {
    Records(Vec<Map<String, Value>>),
    Dataset { coords: BTreeMap<String, Variable>, data_vars: BTreeMap<String, Variable> },
    Array { coords: BTreeMap<String, Variable>, dims: Vec<String>, data: Value, name: Option<String> },
    Split { columns: Vec<String>, data: Vec<Vec<Value>> },
    Table { data: Vec<Map<String, Value>> },
    Lists(BTreeMap<String, Vec<Value>>),
    Columns(BTreeMap<String, BTreeMap<String, Value>>),
}

/// Values along named dimensions, one list within the other.
#[derive(Deserialize)]
struct Variable {
    dims: Vec<String>,
    data: Value,
}

/// The table of a JSON file; else what is wrong with it.
pub(super) fn table(document: Value) -> Result<Table, String> {
    let saved =
        serde_json::from_value(document).map_err(|_| "neither records nor columns nor a labelled array".to_owned())?;
    match saved {
        Saved::Records(records) | Saved::Table { data: records } => Ok(of_records(&records)),
        Saved::Split { columns, data } => of_rows(columns, &data),
        Saved::Lists(lists) => of_lists(lists),
        Saved::Columns(columns) => Ok(of_columns(&columns)),
        Saved::Dataset { coords, data_vars } => of_arrays(coords.into_iter().chain(data_vars).collect()),
        Saved::Array { mut coords, dims, data, name } => {
            coords.insert(name.unwrap_or_else(|| "value".to_owned()), Variable { dims, data });
            of_arrays(coords)
        }
    }
}

/// A text as it is, nothing as a blank, anything else as JSON writes it.
fn cell(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(value) => value.to_string(),
    }
}

/// The headers are the keys of the first record; one that lacks a key has a blank there.
fn of_records(records: &[Map<String, Value>]) -> Table {
    let headers: Vec<String> = records.first().map(|first| first.keys().cloned().collect()).unwrap_or_default();
    let row = |record: &Map<String, Value>| headers.iter().map(|header| cell(record.get(header))).collect();
    let rows = records.iter().map(row).collect();
    (headers, rows)
}

fn of_rows(headers: Vec<String>, rows: &[Vec<Value>]) -> Result<Table, String> {
    if let Some(at) = rows.iter().position(|row| row.len() != headers.len()) {
        return Err(format!("row {} has {} cells, expected {}", at + 1, rows[at].len(), headers.len()));
    }
    let rows = rows.iter().map(|row| row.iter().map(|value| cell(Some(value))).collect()).collect();
    Ok((headers, rows))
}

fn of_lists(lists: BTreeMap<String, Vec<Value>>) -> Result<Table, String> {
    let rows = lists.values().next().map_or(0, Vec::len);
    if let Some((name, list)) = lists.iter().find(|(_, list)| list.len() != rows) {
        return Err(format!("column `{name}` has {} values, others have {rows}", list.len()));
    }
    let row = |at: usize| lists.values().map(|list| cell(list.get(at))).collect();
    Ok((lists.keys().cloned().collect(), (0..rows).map(row).collect()))
}

/// Rows are matched by their key, never by position.
fn of_columns(columns: &BTreeMap<String, BTreeMap<String, Value>>) -> Table {
    let mut keys: Vec<&String> = columns.values().flat_map(BTreeMap::keys).collect();
    // "10" after "9"
    keys.sort_unstable_by_key(|key| (key.len(), *key));
    keys.dedup();
    let row = |key: &&String| columns.values().map(|column| cell(column.get(*key))).collect();
    (columns.keys().cloned().collect(), keys.iter().map(row).collect())
}

/// A row for each combination of the dimensions; what does not vary along one stands in all of its rows.
fn of_arrays(variables: BTreeMap<String, Variable>) -> Result<Table, String> {
    let mut sizes: Vec<(&str, usize)> = Vec::new();
    for (name, variable) in &variables {
        for (dimension, size) in variable.sizes(name)? {
            match sizes.iter().find(|(known, _)| *known == dimension) {
                Some((_, known)) if *known != size => {
                    return Err(format!("`{name}` has {size} values along `{dimension}`, others have {known}"));
                }
                Some(_) => {}
                None => sizes.push((dimension, size)),
            }
        }
    }
    let rows = sizes.iter().try_fold(1_usize, |rows, (_, size)| rows.checked_mul(*size));
    let rows = rows.filter(|rows| *rows <= MOST_ROWS).ok_or_else(|| {
        let all: Vec<String> = sizes.iter().map(|(name, size)| format!("{size} `{name}`")).collect();
        format!("{} are more than {MOST_ROWS} rows: export fewer draws or spends", all.join(" × "))
    })?;
    let row = |at: usize| {
        let mut rest = at;
        let places: BTreeMap<&str, usize> = sizes
            .iter()
            .rev()
            .map(|(name, size)| {
                let place = rest % size;
                rest /= size;
                (*name, place)
            })
            .collect();
        variables.values().map(|variable| variable.at(&places)).collect::<Result<Vec<String>, String>>()
    };
    let table = (0..rows).map(row).collect::<Result<Vec<Vec<String>>, String>>()?;
    Ok((variables.keys().cloned().collect(), table))
}

impl Variable {
    /// How many values there are along each dimension, by the first list of each depth.
    fn sizes(&self, name: &str) -> Result<Vec<(&str, usize)>, String> {
        let (mut within, mut sizes) = (Some(&self.data), Vec::new());
        for dimension in &self.dims {
            let list = within.and_then(Value::as_array);
            let list = list.ok_or_else(|| format!("`{name}` is no list along `{dimension}`"))?;
            sizes.push((dimension.as_str(), list.len()));
            within = list.first();
        }
        Ok(sizes)
    }

    fn at(&self, places: &BTreeMap<&str, usize>) -> Result<String, String> {
        let mut within = &self.data;
        for dimension in &self.dims {
            let place = places.get(dimension.as_str()).copied().unwrap_or(0);
            within =
                within.get(place).ok_or_else(|| format!("a list along `{dimension}` is shorter than the first"))?;
        }
        Ok(cell(Some(within)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The table with its columns by name and its rows in order, as text.
    fn sorted(document: Value) -> Vec<String> {
        let (headers, rows) = table(document).unwrap();
        let mut order: Vec<usize> = (0..headers.len()).collect();
        order.sort_by_key(|at| &headers[*at]);
        let line = |cells: &[String]| order.iter().map(|at| cells[*at].as_str()).collect::<Vec<_>>().join(",");
        let mut lines: Vec<String> = rows.iter().map(|row| line(row)).collect();
        lines.sort();
        lines.insert(0, line(&headers));
        lines
    }

    #[test]
    fn every_shape_holds_the_same_table() {
        let same = ["channel,response,x", "a,1.5,0", "a,3,10", "b,,0", "b,4,10"];
        for document in [
            json!([{"x": 0, "channel": "a", "response": 1.5}, {"x": 10, "channel": "a", "response": 3},
                   {"x": 0, "channel": "b", "response": null}, {"x": 10, "channel": "b", "response": 4}]),
            json!({"x": [0, 10, 0, 10], "channel": ["a", "a", "b", "b"], "response": [1.5, 3, null, 4]}),
            json!({"x": {"0": 0, "1": 10, "2": 0, "10": 10}, "channel": {"0": "a", "1": "a", "2": "b", "10": "b"},
                   "response": {"0": 1.5, "1": 3, "10": 4}}),
            json!({"columns": ["x", "channel", "response"], "index": [0, 1, 2, 3],
                   "data": [[0, "a", 1.5], [10, "a", 3], [0, "b", null], [10, "b", 4]]}),
            json!({"schema": {"fields": []}, "data": [{"x": 0, "channel": "a", "response": 1.5},
                   {"x": 10, "channel": "a", "response": 3}, {"x": 0, "channel": "b"}, {"x": 10, "channel": "b", "response": 4}]}),
            json!({"dims": ["x", "channel"], "attrs": {}, "data": [[1.5, null], [3, 4]], "name": "response",
                   "coords": {"x": {"dims": ["x"], "attrs": {}, "data": [0, 10]},
                              "channel": {"dims": ["channel"], "attrs": {}, "data": ["a", "b"]}}}),
            json!({"coords": {"x": {"dims": ["x"], "data": [0, 10]}, "channel": {"dims": ["channel"], "data": ["a", "b"]}},
                   "attrs": {}, "dims": {"x": 2, "channel": 2},
                   "data_vars": {"response": {"dims": ["channel", "x"], "data": [[1.5, 3], [null, 4]]}}}),
        ] {
            assert_eq!(sorted(document.clone()), same, "{document}");
        }
    }

    #[test]
    fn what_holds_along_fewer_dimensions_stands_in_all_rows() {
        let document = json!({
            "coords": {"channel": {"dims": ["channel"], "data": ["a", "b"]}, "metric": {"dims": ["metric"], "data": ["mean", "ci_lo"]},
                       "unit": {"dims": [], "data": "CNY"}},
            "data_vars": {"spend": {"dims": ["channel"], "data": [100, 200]},
                          "outcome": {"dims": ["channel", "metric"], "data": [[5, 4], [9, 7]]}},
        });
        let lines = [
            "channel,metric,outcome,spend,unit",
            "a,ci_lo,4,100,CNY",
            "a,mean,5,100,CNY",
            "b,ci_lo,7,200,CNY",
            "b,mean,9,200,CNY",
        ];
        assert_eq!(sorted(document), lines);
    }

    #[test]
    fn broken_tables_are_told() {
        let told = |document: Value| table(document).unwrap_err();
        assert_eq!(told(json!(7)), "neither records nor columns nor a labelled array");
        assert_eq!(told(json!({"a": [1, 2], "b": [1]})), "column `b` has 1 values, others have 2");
        assert_eq!(told(json!({"columns": ["a", "b"], "data": [[1, 2], [3]]})), "row 2 has 1 cells, expected 2");
        let array =
            |data: Value| json!({"coords": {"x": {"dims": ["x"], "data": [0, 1]}}, "dims": ["x", "y"], "data": data});
        assert_eq!(told(array(json!([[1, 2]]))), "`x` has 2 values along `x`, others have 1");
        assert_eq!(told(array(json!([[1, 2], [3]]))), "a list along `y` is shorter than the first");
        assert_eq!(told(array(json!([1, 2]))), "`value` is no list along `y`");
        let long = vec![0; 3000];
        let wide =
            json!({"coords": {"x": {"dims": ["x"], "data": long}}, "data_vars": {"v": {"dims": ["y"], "data": long}}});
        assert_eq!(told(wide), "3000 `y` × 3000 `x` are more than 5000000 rows: export fewer draws or spends");
    }
}
