//! What a run of a detector found: first in the session, then among the anomalies.

use super::Detector;
use super::explain::explain;
use crate::error::Result;
use crate::queries::subject::Subject;
use crate::queries::{Moment, Parameters};
use crate::record::Micros;
use crate::store::output::Rendering;
use crate::store::{RowSink, Session};

const STORE: &str = include_str!("../../sql/found_store.sql");
const FORGET: &str = include_str!("../../sql/found_forget.sql");
const MINUTES: &str = include_str!("../../sql/found_minutes.sql");
const SINCE: &str = include_str!("../../sql/found_since.sql");
const EXPLAINED: &str = include_str!("../../sql/found_explained.sql");
const SHOW: &str = include_str!("../../sql/found_show.sql");

/// An unusual minute of a series.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct UnusualMinute {
    pub series: String,
    pub minute: Micros,
    pub observed: f64,
    pub expected: f64,
    pub low: f64,
    pub high: f64,
    pub score: f64,
    pub direction: String,
    pub reason: String,
    #[serde(flatten)]
    pub subject: Subject,
    /// Somebody said so.
    pub is_expected: bool,
}

/// What a run found: it lives in the session until the next run.
pub struct Found {
    detector: String,
    /// What scores depend on, as JSON.
    parameters: String,
}

impl Found {
    pub(super) fn new(detector: &Detector, parameters: String) -> Found {
        Found { detector: detector.name.clone(), parameters }
    }

    fn named(&self) -> Parameters {
        Parameters::new().with("detector", &self.detector).with("parameters", &self.parameters)
    }

    /// What this run found, in order of time.
    pub fn minutes(&self, session: &Session) -> Result<Vec<UnusualMinute>> {
        session.rows(MINUTES, &[])
    }

    /// Adds what was found to the anomalies; `monitored` if the monitor has found it.
    pub fn store(&self, session: &Session, now: &str, monitored: bool) -> Result<()> {
        let parameters = self.named().with("now", now).with("monitored", monitored);
        session.execute(STORE, &parameters.as_slice())
    }

    /// Forgets anomalies of these minutes, all of which were judged, that were not found again.
    pub fn forget_others(&self, session: &Session, from: Micros, to: Micros) -> Result<()> {
        let span = self.named().with("from", Moment(from).sql()).with("to", Moment(to).sql());
        session.execute(FORGET, &span.as_slice())
    }

    /// The anomalies of this detector and its parameters, in order of time, with those that were
    /// stored before.
    pub fn stored(
        &self,
        session: &Session,
        since: Micros,
        until: Micros,
    ) -> Result<Vec<UnusualMinute>> {
        let span =
            self.named().with("since", Moment(since).sql()).with("until", Moment(until).sql());
        session.rows(SINCE, &span.as_slice())
    }

    /// Hands what was found to `sink`, in order of time; if that is wanted, with what the anomalies
    /// are made of.
    pub fn show(
        &self,
        session: &Session,
        explained: bool,
        form: Rendering,
        sink: &mut dyn RowSink,
    ) -> Result<()> {
        if !explained {
            return session.run(SHOW, &self.named().as_slice(), form, sink);
        }
        explain(session, &self.minutes(session)?)?;
        session.run(EXPLAINED, &self.named().as_slice(), form, sink)
    }
}
