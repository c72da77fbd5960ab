//! What strangers' SQL may do: ask. DuckDB's settings and a read-only transaction keep it from
//! files, the network and the data; this keeps it from table functions that do something
//! (`checkpoint()`, `enable_logging()`) or run a text as SQL (`query('…')`).
//!
//! DuckDB's own parser says which functions a statement calls, so no spelling hides one.

use serde_json::Value;

use super::raw::RawConnection;
use super::statements::{Token, token_length};
use crate::error::{Error, Result};

/// What is refused says so.
pub const ONLY_QUERIES: &str = "only queries can be run here: SELECT, FROM, WITH, VALUES, \
                                DESCRIBE, SUMMARIZE, SHOW and EXPLAIN";

const AS_TREE: &str = "select json_serialize_sql($sql::varchar)";

/// Table functions that read nothing but the database and its catalog.
const ALLOWED: [&str; 28] = [
    "around",
    "duckdb_columns",
    "duckdb_constraints",
    "duckdb_functions",
    "duckdb_indexes",
    "duckdb_keywords",
    "duckdb_schemas",
    "duckdb_tables",
    "duckdb_types",
    "duckdb_views",
    "generate_series",
    "histogram",
    "histogram_values",
    "json_each",
    "json_tree",
    "per_minute",
    "pragma_database_size",
    "pragma_storage_info",
    "pragma_table_info",
    "pragma_version",
    "query_table",
    "range",
    "repeat",
    "repeat_row",
    "search",
    "sql_auto_complete",
    "summary",
    "unnest",
];

/// Refuses a statement that does more than ask.
pub fn check(connection: &RawConnection, sql: &str) -> Result<()> {
    let prepared = connection.prepare(AS_TREE)?;
    prepared.bind(&[("sql", Some(without_explain(sql)))])?;
    let tree = prepared.execute()?.value(0, 0).unwrap_or_default();
    let tree: Value = serde_json::from_str(&tree)
        .map_err(|_| Error::Sql("the query is nested too deeply".to_owned()))?;
    if tree["error"] != Value::Bool(false) {
        return Err(Error::Sql(ONLY_QUERIES.to_owned()));
    }
    match called(&tree).into_iter().find(|name| !ALLOWED.contains(name)) {
        Some(name) => Err(Error::Sql(format!("the table function {name} cannot be used here"))),
        None => Ok(()),
    }
}

/// The table functions in a tree.
fn called(tree: &Value) -> Vec<&str> {
    match tree {
        Value::Array(values) => values.iter().flat_map(called).collect(),
        Value::Object(object) => {
            let mut names: Vec<&str> = object.values().flat_map(called).collect();
            if object.get("type").is_some_and(|kind| kind == "TABLE_FUNCTION") {
                names.extend(tree["function"]["function_name"].as_str());
            }
            names
        }
        _ => Vec::new(),
    }
}

/// The statement that an EXPLAIN explains: only queries have a tree, and what is explained
/// may be run.
fn without_explain(sql: &str) -> &str {
    let mut rest = sql;
    for word in ["explain", "analyze"] {
        rest = without_space(rest);
        let length = rest.bytes().next().map_or(0, |_| token_length(rest).0);
        if !rest[..length].eq_ignore_ascii_case(word) {
            break;
        }
        rest = &rest[length..];
    }
    let options = without_space(rest);
    match options.strip_prefix('(') {
        // `explain (analyze, format json) select …`
        Some(inner) if rest.len() < sql.len() && !begins_query(inner) => {
            inner.split_once(')').map_or(rest, |(_, after)| after)
        }
        _ => options,
    }
}

fn begins_query(text: &str) -> bool {
    let text = without_space(text);
    ["select", "from", "with", "values", "("]
        .iter()
        .any(|word| text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word)))
}

fn without_space(mut text: &str) -> &str {
    while !text.is_empty() {
        let (length, token) = token_length(text);
        if token != Token::Space {
            break;
        }
        text = &text[length..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_explained_is_looked_at() {
        for (sql, explained) in [
            ("explain select 1", "select 1"),
            ("/* x */ EXPLAIN\nAnalyze from logs", "from logs"),
            ("explain (analyze, format json) select 1", " select 1"),
            ("explain (select 1)", "(select 1)"),
            ("select 1", "select 1"),
            ("(select 1)", "(select 1)"),
            ("", ""),
        ] {
            assert_eq!(without_explain(sql), explained, "{sql}");
        }
    }
}
