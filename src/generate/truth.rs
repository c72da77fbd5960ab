//! The truth file: what was generated and where the incidents are, for tests and
//! for people who want to know how good a detector is.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::generator::Generator;
use super::incident::Kind;
use super::output::Totals;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    pub seed: u64,
    pub start: String,
    /// The time of the last line. Absent while a real-time log is being written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lines: Option<u64>,
    pub services: Vec<String>,
    pub incidents: Vec<TruthIncident>,
}

/// Times are RFC 3339 in UTC; `end` is the first moment after the incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TruthIncident {
    pub kind: Kind,
    pub service: String,
    pub start: String,
    pub end: String,
    /// See [`Incident::factor`](super::Incident::factor).
    pub factor: f64,
    /// The message most typical of it, with `<*>` for what varies.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub template: Option<String>,
}

impl Generator {
    /// The truth about a log of which `totals` was written. Incidents it did not
    /// get to are left out.
    pub fn truth(&self, totals: &Totals) -> Truth {
        let happened = |start_ms: i64| totals.last_ms.is_none_or(|last_ms| start_ms <= last_ms);
        let time = |offset_ms: u64| self.start_ms + offset_ms as i64;
        let incidents = self.incidents.iter().filter(|i| happened(time(i.start_ms)));
        Truth {
            seed: self.plan.seed,
            start: rfc3339(self.start_ms),
            end: totals.last_ms.map(rfc3339),
            lines: totals.last_ms.map(|_| totals.lines),
            services: self.plan.services.clone(),
            incidents: incidents
                .map(|incident| TruthIncident {
                    kind: incident.kind,
                    service: incident.service.clone(),
                    start: rfc3339(time(incident.start_ms)),
                    end: rfc3339(time(incident.end_ms)),
                    factor: incident.factor,
                    template: incident.pattern(self.plan.format),
                })
                .collect(),
        }
    }
}

fn rfc3339(time_ms: i64) -> String {
    let time: DateTime<Utc> = DateTime::from_timestamp_millis(time_ms).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
