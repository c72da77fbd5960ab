//! Which values there are among the matching records, and how often.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::range::Span;
use super::search::Filter;
use crate::error::Result;
use crate::store::Session;

const QUERY: &str = include_str!("../../sql/facets.sql");

/// Matching records that are looked at: enough to see what is frequent.
const SAMPLE: usize = 50_000;
/// Of these, how many are taken apart into their fields.
const FIELD_SAMPLE: usize = 5_000;
const NAMES: usize = 12;
const VALUES: usize = 10;

/// Values of columns and fields, the most frequent first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Facets {
    /// How many of the newest matching records were looked at.
    pub sampled: i64,
    /// Whether these were all. (Fields are counted in the newest 5,000 of them.)
    pub exact: bool,
    pub facets: Vec<Facet>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Facet {
    /// As the search language names it.
    pub name: String,
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
    sampled: i64,
}

pub fn facets(session: &Session, span: Span, filter: &Filter) -> Result<Facets> {
    let parameters = span
        .parameters()
        .with("sample", SAMPLE)
        .with("field_sample", FIELD_SAMPLE)
        .with("names", NAMES)
        .with("values", VALUES)
        .and(&filter.parameters);
    let rows: Vec<Row> = session.rows(&filter.applied(QUERY), &parameters.as_slice())?;
    let sampled = rows.first().map_or(0, |row| row.sampled);
    let mut places: Vec<i64> = Vec::new();
    let mut facets: Vec<Facet> = Vec::new();
    for row in rows {
        if places.last() != Some(&row.place) {
            places.push(row.place);
            facets.push(Facet { name: row.name, values: Vec::new() });
        }
        if let Some(facet) = facets.last_mut() {
            facet.values.push(FacetValue { value: row.value, label: row.label, count: row.n });
        }
    }
    Ok(Facets { sampled, exact: sampled < SAMPLE as i64, facets })
}
