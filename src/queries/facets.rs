//! Which values there are among the matching records, and how often.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Parameters;
use super::range::Span;
use super::search::Filter;
use crate::error::Result;
use crate::store::Session;

const QUERY: &str = include_str!("../../sql/facets.sql");
const COUNTS: &str = include_str!("../../sql/facet_counts.sql");

/// Matching records that are looked at: enough to see what is frequent.
const SAMPLE: usize = 50_000;
/// Of these, how many are taken apart into their fields.
const FIELD_SAMPLE: usize = 5_000;
/// Fields whose values are shown, and names of fields that searches can be completed with.
const FIELDS: usize = 12;
const NAMES: usize = 200;
const VALUES: usize = 10;
/// Services and levels, where all are known.
const VALUES_COUNTED: usize = 100;

/// Places from here on are names of fields only (facets.sql).
const NAMES_FROM: i64 = 1_000;
/// Facets before this place are columns.
const FIELDS_FROM: i64 = 4;

/// Values of columns and fields, the most frequent first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Facets {
    /// How many of the newest matching records were looked at.
    pub sampled: i64,
    /// How many of them for their fields.
    pub fields_sampled: i64,
    /// Whether every facet is of all matching records.
    pub exact: bool,
    pub facets: Vec<Facet>,
    /// Fields that occur, the most frequent first; at most 200.
    pub fields: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Facet {
    /// As the search language names it: of a nested field its path (`http.status`).
    pub name: String,
    /// Whether all matching records were counted; otherwise the newest `counted`.
    pub exact: bool,
    pub counted: i64,
    /// How many values were found; those with the highest counts are listed.
    pub distinct: i64,
    pub values: Vec<FacetValue>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FacetValue {
    /// Null for records without one: `none` in the search language.
    pub value: Option<String>,
    /// How to show it, if not by its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub count: i64,
}

#[derive(Deserialize)]
struct Row {
    place: i64,
    name: String,
    value: Option<String>,
    label: Option<String>,
    n: i64,
    values: i64,
    sampled: i64,
}

/// Of level and service all values, where counts per minute know them; of the rest those of the newest
/// records.
pub fn facets(session: &Session, span: Span, filter: &Filter) -> Result<Facets> {
    let parameters = span
        .parameters()
        .with("sample", SAMPLE)
        .with("field_sample", FIELD_SAMPLE)
        .with("fields", FIELDS)
        .with("names", NAMES)
        .with("values", VALUES)
        .and(&filter.parameters);
    let mut rows: Vec<Row> = session.rows(&filter.applied(QUERY), &parameters.as_slice())?;
    let sampled = rows.first().map_or(0, |row| row.sampled);
    let fields_sampled = sampled.min(FIELD_SAMPLE as i64);
    let is_all = sampled < SAMPLE as i64;
    let names = rows.iter().position(|row| row.place >= NAMES_FROM).unwrap_or(rows.len());
    let fields = rows.split_off(names).into_iter().map(|row| row.name).collect();
    let (fields_of, columns): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| row.place >= FIELDS_FROM);
    let mut facets = grouped(columns, sampled, is_all);
    facets.extend(grouped(fields_of, fields_sampled, is_all && sampled == fields_sampled));
    // All of a sample that is everything is counted already.
    if !is_all && filter.only_counts {
        let all = counted(session, span, filter)?;
        facets.retain(|facet| all.iter().all(|known| known.name != facet.name));
        facets.splice(0..0, all);
    }
    let exact = facets.iter().all(|facet| facet.exact);
    Ok(Facets { sampled, fields_sampled, exact, facets, fields })
}

/// Levels and services of all matching records.
fn counted(session: &Session, span: Span, filter: &Filter) -> Result<Vec<Facet>> {
    let first = Span::minute_after(span.from).min(span.to);
    let parameters = Parameters::new()
        .with("first", first)
        .with("last", Span::minute_of(span.to).max(first))
        .with("values", VALUES_COUNTED)
        .and(&span.parameters())
        .and(&filter.parameters);
    let rows: Vec<Row> = session.rows(&filter.applied(COUNTS), &parameters.as_slice())?;
    let all = rows.first().map_or(0, |row| row.sampled);
    Ok(grouped(rows, all, true))
}

/// Rows, which are in order of their place, as facets.
fn grouped(rows: Vec<Row>, counted: i64, exact: bool) -> Vec<Facet> {
    let mut places: Vec<i64> = Vec::new();
    let mut facets: Vec<Facet> = Vec::new();
    for row in rows {
        if places.last() != Some(&row.place) {
            places.push(row.place);
            let (name, distinct) = (row.name, row.values);
            facets.push(Facet { name, exact, counted, distinct, values: Vec::new() });
        }
        if let Some(facet) = facets.last_mut() {
            facet.values.push(FacetValue { value: row.value, label: row.label, count: row.n });
        }
    }
    facets
}
