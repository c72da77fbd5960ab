//! Incidents: what can go wrong, when, and what it does to the records of its
//! service.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::bank::{Bank, LevelShares, messages_of};
use super::format::Format;
use super::noise::threshold;
use super::template::Template;
use super::units::parse_duration_ms;
use crate::error::{Error, Result};
use crate::record::Level;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Ten times the errors, most of them the same one.
    ErrorSpike,
    /// The service logs a fraction of what it does.
    Drop,
    /// The service logs nothing.
    Silence,
    /// Durations grow, warnings of slow work pile up.
    Latency,
    /// A message never seen before.
    NewMessage,
}

impl Kind {
    pub const ALL: [Kind; 5] =
        [Kind::ErrorSpike, Kind::Drop, Kind::Silence, Kind::Latency, Kind::NewMessage];

    pub fn name(self) -> &'static str {
        ["error_spike", "drop", "silence", "latency", "new_message"][self as usize]
    }

    /// The strength of an incident unless somebody says so; see [`Incident::factor`].
    pub fn factor(self) -> f64 {
        match self {
            Kind::ErrorSpike => 10.0,
            Kind::Drop => 0.15,
            Kind::Silence => 0.0,
            Kind::Latency => 8.0,
            Kind::NewMessage => 0.08,
        }
    }

    /// Between which strengths the seed chooses otherwise.
    pub(super) fn factor_range(self) -> (f64, f64) {
        match self {
            Kind::ErrorSpike => (8.0, 15.0),
            Kind::Drop => (0.1, 0.2),
            Kind::Silence => (0.0, 0.0),
            Kind::Latency => (5.0, 20.0),
            Kind::NewMessage => (0.05, 0.15),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let names = Kind::ALL.map(Kind::name).join(", ");
            Error::usage(format!("unknown incident kind '{name}'; the kinds are {names}"))
        })
    }
}

/// An incident as asked for: `KIND:SERVICE:OFFSET:DURATION`.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub kind: Kind,
    pub service: String,
    /// From the start of the log.
    pub offset_ms: u64,
    pub duration_ms: u64,
    /// See [`Incident::factor`].
    pub factor: f64,
}

impl FromStr for Request {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let [kind, service, offset, duration] = parts[..] else {
            return Err(Error::usage(format!(
                "'{text}' is not an incident; write KIND:SERVICE:OFFSET:DURATION, such as error_spike:payment:3h:10m"
            )));
        };
        let kind: Kind = kind.parse()?;
        let request = Request {
            kind,
            service: service.to_owned(),
            offset_ms: parse_duration_ms(offset)?,
            duration_ms: parse_duration_ms(duration)?,
            factor: kind.factor(),
        };
        if request.duration_ms == 0 {
            return Err(Error::usage(format!("incident '{text}' has no duration")));
        }
        Ok(request)
    }
}

/// An incident with its place in the log and its strength.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    pub kind: Kind,
    pub service: String,
    /// From the start of the log; the end is the first millisecond after it.
    pub start_ms: u64,
    pub end_ms: u64,
    /// Error spike: times the usual errors. Drop and silence: times the usual
    /// records. Latency: times the usual durations. New message: its part of the
    /// records of the service.
    pub factor: f64,
    /// Which ERROR, or which unseen template, it is about.
    pub(super) template: usize,
}

impl Incident {
    pub fn contains(&self, offset_ms: u64) -> bool {
        (self.start_ms..self.end_ms).contains(&offset_ms)
    }

    pub fn overlaps(&self, start_ms: u64, end_ms: u64) -> bool {
        self.start_ms < end_ms && start_ms < self.end_ms
    }

    /// The message most typical of it, with `<*>` for what varies.
    pub fn pattern(&self, format: Format) -> Option<String> {
        let messages = messages_of(&self.service, format);
        let text = match self.kind {
            Kind::ErrorSpike => messages.error[self.template].1,
            Kind::Latency => messages.warn[SLOW_WARNING].1,
            Kind::NewMessage => messages.unseen[self.template].1,
            Kind::Drop | Kind::Silence => return None,
        };
        Some(Template::parse(&text.replace("{service}", &self.service)).pattern())
    }

    /// What it does to the draw of a record.
    pub fn effect(&self, bank: &Bank) -> Effect {
        let leading = |level, line| Leading { level, line, share: threshold(LEADING_SHARE) };
        match self.kind {
            Kind::ErrorSpike => Effect::Shift {
                shares: bank.more_errors(self.factor),
                leading: leading(Level::Error, self.template),
                slowdown_percent: 100,
            },
            Kind::Latency => Effect::Shift {
                shares: bank.more_warnings(SLOW_WARNINGS_FACTOR),
                leading: leading(Level::Warn, SLOW_WARNING),
                slowdown_percent: (self.factor * 100.0) as u32,
            },
            Kind::NewMessage => {
                Effect::Unseen { share: threshold(self.factor), line: self.template }
            }
            Kind::Drop | Kind::Silence => Effect::Thin { keep: threshold(self.factor) },
        }
    }
}

/// While errors spike or work is slow, this part of the errors (the warnings) is
/// of the one kind; the others go on as usual.
const LEADING_SHARE: f64 = 0.8;

/// Slow services warn this many times as often.
const SLOW_WARNINGS_FACTOR: f64 = 5.0;

/// The warning of slow work is the first of its service (services.rs).
const SLOW_WARNING: usize = 0;

/// What an incident does to the draw. Shares are thresholds of 32 random bits.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Only this part of the records is written.
    Thin { keep: u32 },
    /// Other shares of the levels, a line that dominates its level, stretched durations.
    Shift { shares: LevelShares, leading: Leading, slowdown_percent: u32 },
    /// A line that is not in the usual decks.
    Unseen { share: u32, line: usize },
}

#[derive(Debug, PartialEq)]
pub struct Leading {
    pub level: Level,
    pub line: usize,
    pub share: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_four_parts() {
        let request: Request = "error_spike:payment:3h:10m".parse().unwrap();
        assert_eq!(
            request,
            Request {
                kind: Kind::ErrorSpike,
                service: "payment".into(),
                offset_ms: 3 * 3_600_000,
                duration_ms: 600_000,
                factor: 10.0,
            }
        );
        for text in ["", "drop", "drop:payment:3h", "drop:payment:3h:0s", "drop:payment:x:1m"] {
            assert!(text.parse::<Request>().is_err(), "{text}");
        }
        let message = "flood:payment:3h:1m".parse::<Request>().unwrap_err().to_string();
        assert!(message.contains("error_spike, drop, silence, latency, new_message"), "{message}");
    }
}
