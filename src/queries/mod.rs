//! The questions that Pintail itself asks: one file a question, parameters in, typed rows out.
//!
//! The SQL stands in sql/, with named parameters. Times go in and come out as microseconds
//! since 1970, UTC; [`Moment`] is how they are shown.
//!
//! - [`search`]: the search language, as a condition on records.
//! - [`range`]: from when to when, and into how many buckets.
//! - [`status`], [`volume`], [`services`], [`scores`], [`anomalies`]: the overview.
//! - [`settings`]: what detectors are asked for. [`learning`]: series too young for them. [`why`]: what an anomaly is made of.
//! - [`records`], [`around`], [`facets`]: exploring.
//! - [`sources`], [`ledger`], [`schema`]: what there is, and what became of what arrived.
//! - [`alerts`]: what people were told. [`marks`]: what they said of it. [`subject`]: what a series is about.
//! - [`compact`]: partial counts, joined.

pub mod alerts;
pub mod anomalies;
pub mod around;
pub mod compact;
pub mod facets;
pub mod learning;
pub mod ledger;
pub mod marks;
pub mod range;
pub mod records;
pub mod schema;
pub mod scores;
pub mod search;
pub mod services;
pub mod settings;
pub mod sources;
pub mod status;
pub mod subject;
pub mod volume;
pub mod why;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::record::Micros;
use crate::store::Parameter;

/// A time: microseconds since 1970 in rows, ISO 8601 in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Micros);

impl Moment {
    /// `2026-01-05T10:00:00.123456Z`.
    pub fn iso(self) -> String {
        match chrono::DateTime::from_timestamp_micros(self.0) {
            Some(time) => time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
            None => format!("{}µs", self.0),
        }
    }

    /// As SQL reads it.
    pub fn sql(self) -> String {
        match chrono::DateTime::from_timestamp_micros(self.0) {
            Some(time) => time.format("%Y-%m-%d %H:%M:%S%.6f").to_string(),
            None => "epoch".to_owned(),
        }
    }

    /// Milliseconds since 1970.
    pub fn ms(self) -> i64 {
        self.0.div_euclid(1_000)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.iso())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        Micros::deserialize(deserializer).map(Moment)
    }
}

impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for Moment {}

/// The parameters of a query under construction.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    values: Vec<(String, Option<String>)>,
}

impl Parameters {
    pub fn new() -> Parameters {
        Parameters::default()
    }

    pub fn with(mut self, name: &str, value: impl ToString) -> Parameters {
        self.values.push((name.to_owned(), Some(value.to_string())));
        self
    }

    pub fn maybe(mut self, name: &str, value: Option<impl ToString>) -> Parameters {
        self.values.push((name.to_owned(), value.map(|value| value.to_string())));
        self
    }

    /// With other values for these.
    pub fn replaced(mut self, name: &str, value: impl ToString) -> Parameters {
        self.values.retain(|(known, _)| known != name);
        self.with(name, value)
    }

    pub fn and(mut self, others: &Parameters) -> Parameters {
        self.values.extend(others.values.iter().cloned());
        self
    }

    /// Adds a value and returns the name it got.
    pub fn push(&mut self, value: impl ToString) -> String {
        let name = format!("s{}", self.values.len());
        self.values.push((name.clone(), Some(value.to_string())));
        name
    }

    pub fn as_slice(&self) -> Vec<Parameter<'_>> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect()
    }
}
