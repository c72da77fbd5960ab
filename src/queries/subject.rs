//! What a series is about.

use serde::Deserialize;

use super::Parameters;

/// What a series is about: where its records are. What is not said is all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Subject {
    /// Empty for records without one.
    pub service: Option<String>,
    /// Exactly this; empty for records without one.
    pub level: Option<String>,
    /// This and above.
    pub min_level: Option<String>,
    /// A key of the fields.
    pub field: Option<String>,
}

impl Subject {
    pub fn parameters(&self) -> Parameters {
        Parameters::new()
            .maybe("service", self.service.as_ref())
            .maybe("level", self.level.as_ref())
            .maybe("min_level", self.min_level.as_ref())
            .maybe("field", self.field.as_ref())
    }
}
