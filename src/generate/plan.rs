//! What log is wanted, and the checks that it can be had.

use chrono::{DateTime, Utc};

use super::format::Format;
use super::generator::Generator;
use super::incident::Request;
use super::services;
use crate::error::{Error, Result};

/// A log to generate. The same plan gives the same bytes, on any machine.
///
/// Without `duration_ms` and `lines` the log has no end; with both it ends at
/// whichever comes first.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub start: DateTime<Utc>,
    pub duration_ms: Option<u64>,
    pub lines: Option<u64>,
    /// Records per second over all services, on average over the log.
    pub rate: f64,
    pub services: Vec<String>,
    pub format: Format,
    /// Incidents at a given place.
    pub incidents: Vec<Request>,
    /// How many more the seed places.
    pub random_incidents: usize,
}

impl Default for Plan {
    /// An hour of the four services, without incidents, at 100 records a second.
    fn default() -> Self {
        Plan {
            seed: 1,
            start: DateTime::from_timestamp(DEFAULT_START_SECONDS, 0).unwrap_or_default(),
            duration_ms: Some(3_600_000),
            lines: None,
            rate: 100.0,
            services: services::DEFAULT.map(str::to_owned).to_vec(),
            format: Format::default(),
            incidents: Vec::new(),
            random_incidents: 0,
        }
    }
}

/// Monday 2026-01-05T00:00:00Z.
const DEFAULT_START_SECONDS: i64 = 1_767_571_200;

/// Records per second; a slice of the shortest length still fits into memory.
const RATE_MAX: f64 = 10e6;

/// A service index has to fit into eight bits (slice.rs).
const SERVICES_MAX: usize = 256;
const SERVICE_NAME_BYTES_MAX: usize = 64;

const INCIDENTS_MAX: usize = 1_000;

/// 0001-01-01 and 9990-01-01 in milliseconds: four digits are enough for the year.
const START_MIN_MS: i64 = -62_135_596_800_000;
const END_MAX_MS: i64 = 253_086_595_200_000;

impl Plan {
    /// The whole log, for tests and small logs. A plan without an end is refused.
    pub fn to_bytes(&self, threads: usize) -> Result<Vec<u8>> {
        let mut bytes = self.format.header().as_bytes().to_vec();
        Generator::new(self)?.run(threads, &mut |batch| {
            bytes.extend_from_slice(batch.text);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// How long the log is: as asked for, or what its lines need at its rate.
    pub fn range_ms(&self) -> Option<u64> {
        let needed = |lines: u64| ((lines as f64 / self.rate * 1000.0) as u64).max(1);
        self.duration_ms.or_else(|| self.lines.map(needed))
    }

    pub(super) fn check(&self) -> Result<()> {
        if !(self.rate > 0.0 && self.rate <= RATE_MAX) {
            return Err(Error::usage(format!(
                "--rate {} is not possible; give more than 0 and at most {RATE_MAX} records a second",
                self.rate
            )));
        }
        let end_ms = i128::from(self.start.timestamp_millis())
            + i128::from(self.range_ms().unwrap_or_default());
        if self.start.timestamp_millis() < START_MIN_MS || end_ms > i128::from(END_MAX_MS) {
            return Err(Error::usage(
                "the log leaves the years 1 to 9989; give another --start, fewer --lines or a higher --rate",
            ));
        }
        if self.incidents.len() + self.random_incidents > INCIDENTS_MAX {
            return Err(Error::usage(format!("at most {INCIDENTS_MAX} incidents can be planted")));
        }
        check_services(&self.services)
    }
}

fn check_services(services: &[String]) -> Result<()> {
    if services.is_empty() || services.len() > SERVICES_MAX {
        return Err(Error::usage(format!(
            "give 1 to {SERVICES_MAX} --services, such as --services auth,checkout"
        )));
    }
    for (at, name) in services.iter().enumerate() {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if name.is_empty() || name.len() > SERVICE_NAME_BYTES_MAX || !name.chars().all(plain) {
            return Err(Error::usage(format!(
                "'{name}' is not a service name; use letters, digits, '_', '.' and '-', at most {SERVICE_NAME_BYTES_MAX}"
            )));
        }
        if services[..at].contains(name) {
            return Err(Error::usage(format!("service '{name}' is given twice")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(plan: Plan) -> String {
        Generator::new(&plan).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn impossible_plans_are_refused_with_a_reason() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(refusal(Plan { rate, ..Plan::default() }).contains("--rate"), "{rate}");
        }
        let with = |names: &[&str]| Plan {
            services: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Plan::default()
        };
        assert!(refusal(with(&[])).contains("1 to 256"));
        assert!(refusal(with(&["a b"])).contains("'a b' is not a service name"));
        assert!(refusal(with(&["a", "a"])).contains("twice"));
        let endless = Plan { duration_ms: None, ..Plan::default() };
        assert!(endless.to_bytes(1).unwrap_err().to_string().contains("--duration"));
        let long = Plan { lines: Some(u64::MAX), ..endless };
        assert!(refusal(long).contains("years 1 to 9989"));
    }
}
