//! What an anomaly is made of: what there is more of (or less) than its past has.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::range::MINUTE;
use super::{Moment, Parameters};
use crate::error::Result;
use crate::record::Micros;
use crate::store::Session;

pub const QUERY: &str = include_str!("../../sql/why.sql");

/// Explanations unless another number is asked for.
pub const TOP_DEFAULT: usize = 20;

/// Minutes of past that an anomaly is compared with, and between the two.
pub const BASELINE_MINUTES_DEFAULT: u32 = 120;
pub const GUARD_MINUTES: u32 = 5;

/// Of which records it is asked why.
#[derive(Clone, Debug)]
pub struct Question {
    pub from: Micros,
    /// Exclusive.
    pub to: Micros,
    /// Of one service only; an empty one is records without any.
    pub service: Option<String>,
    /// Of this level only; an empty one is records without any.
    pub level: Option<String>,
    /// Of this level and above.
    pub min_level: Option<String>,
    /// There are too few of them, not too many.
    pub is_low: bool,
    /// When it began, if that is before `from`: its past is before that.
    pub began: Option<Micros>,
    pub baseline_minutes: u32,
    pub top: usize,
}

impl Question {
    pub fn parameters(&self) -> Parameters {
        let began = self.began.unwrap_or(self.from).min(self.from);
        let baseline_to = began - Micros::from(GUARD_MINUTES) * MINUTE;
        let baseline_from = baseline_to - Micros::from(self.baseline_minutes) * MINUTE;
        Parameters::new()
            .with("from", Moment(self.from).sql())
            .with("to", Moment(self.to).sql())
            .with("baseline_from", Moment(baseline_from).sql())
            .with("baseline_to", Moment(baseline_to).sql())
            .maybe("service", self.service.as_ref())
            .maybe("level", self.level.as_ref())
            .maybe("min_level", self.min_level.as_ref())
            .with("direction", if self.is_low { "low" } else { "high" })
            .with("top", self.top)
    }
}

/// What explains an anomaly, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanations {
    /// Milliseconds since 1970.
    pub from: i64,
    pub to: i64,
    pub explanations: Vec<Explanation>,
}

/// A value that is over-represented in the anomaly, or, if that is low, under-represented.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// `service`, `host`, `level`, `message` or `field`.
    pub kind: String,
    /// A field's key.
    pub name: Option<String>,
    /// Null for records without one. In message texts, `<*>` stands for what differs.
    pub value: Option<String>,
    /// Records in the anomaly.
    pub n: i64,
    /// Records that its past would have had in the same time.
    pub expected: f64,
    /// How many more there are than expected; negative if there are less.
    pub excess: f64,
    /// Of the whole excess, 0 to 1; values overlap.
    pub share: f64,
    /// Signed root of the log-likelihood ratio: about standard deviations.
    pub score: f64,
    /// It is exactly the same records as the one before it.
    pub same_as_above: bool,
    /// When the sample is from.
    pub sample_ts: Option<Moment>,
    /// A whole message of these records.
    pub sample: Option<String>,
}

pub fn why(session: &Session, question: &Question) -> Result<Explanations> {
    let query = format!("select * replace (epoch_us(sample_ts) as sample_ts) from (\n{QUERY}\n)");
    let explanations = session.rows(&query, &question.parameters().as_slice())?;
    Ok(Explanations {
        from: Moment(question.from).ms(),
        to: Moment(question.to).ms(),
        explanations,
    })
}
