//! The rules by which all protocols map what they carry to columns, so that a record is the
//! same whichever way it came.
//!
//! | column | is |
//! |---|---|
//! | `ts` | the item's own time (OTLP `timeUnixNano`, else `observedTimeUnixNano`; Elasticsearch `@timestamp`; HEC `time`; Loki's); else, for objects, the time they state; else the moment of arrival. A time outside of the years 1 to 9999 is an error of the item |
//! | `level` | OTLP's severity number, else its text; a label, attribute or field named `level`, `severity` and the like; what the text states clearly; `detected_level` |
//! | `service` | `service.name`, `service_name`, `service`, `app` and the like, also of an object; as stand-ins `k8s.deployment.name`, `container`, `unit`, `job`, HEC's `sourcetype` and `source`, a data stream's data set |
//! | `host` | `host.name`, `hostname`, `host`, also of an object; as stand-ins `node`, `instance` |
//! | `message` | the text, byte for byte; of an object its message |
//! | `fields` | everything else: the other members of an object, labels and attributes by their names, `resource`, `scope`, `trace_id`, `span_id`, the request's `tenant`, what a format reads in the text |
//!
//! A value that fills a column is no field, but a stand-in is both. What says otherwise than the
//! value that fills the column is a field: a label under its name, what the text says as
//! `text.level`, `text.service`, `text.host`. A label with the name of a member of an object gets
//! a prefix: `labels.status`.
//!
//! Text is a Loki line, a HEC event that is a string, an OTLP body that is a string, and the
//! message of a document without a level, which is what a shipper of files sends. It came in
//! an envelope that has a time of its own, so nothing is taken out of it:
//!
//! - Text that is a JSON object with a message of its own is a record that a program wrote as
//!   JSON. It is opened: its message is the message, its other members are fields, and so is a
//!   time in it that is not the envelope's to the microsecond.
//! - All other text is the message as it is. A level that it states clearly fills a level that
//!   nothing else states. Where a format of a logger or server reads the text, what the format
//!   reads becomes fields beside the message (`status` of an access log); where such a field
//!   has the name of another, it is called `text.NAME`.

use std::borrow::Cow;
use std::sync::Arc;

use super::Parcel;
use super::settings::Settings;
use crate::parse::Sink;
pub use crate::parse::formats::messages::{SAMPLE_TEXTS_MAX, Said, Texts};
use crate::parse::lines::{LINE_BYTES_MAX, REASON_TOO_LONG, beginning};
use crate::record::{Fields, Micros, Record};

pub const REASON_OUT_OF_REACH: &str = "timestamp outside of the years 1 to 9999";
pub const REASON_UNREADABLE_TIME: &str = "unreadable timestamp";

/// Years 1 to 9999: what can be added to a time without leaving what DuckDB holds.
pub fn is_in_reach(at: Micros) -> bool {
    const YEAR_1: Micros = -62_135_596_800_000_000;
    const YEAR_9999: Micros = 253_402_300_799_999_999;
    (YEAR_1..=YEAR_9999).contains(&at)
}

/// Items that became rejects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    pub count: u64,
    /// Why the first of them.
    pub reason: Option<&'static str>,
}

/// Takes the items of a request into its parcel.
pub struct Intake<'p> {
    parcel: &'p mut Parcel,
    settings: Arc<Settings>,
    /// An allocation that records hand on to each other.
    spare: Fields,
    pub rejected: Rejected,
}

impl<'p> Intake<'p> {
    /// For the items of a body of so many bytes.
    pub fn new(parcel: &'p mut Parcel, body_bytes: usize) -> Intake<'p> {
        parcel.batch.reset(0, 0, body_bytes as u64);
        let settings = parcel.settings.clone();
        Intake { parcel, settings, spare: Fields::default(), rejected: Rejected::default() }
    }

    /// An empty record, to be filled and given back.
    #[inline]
    pub fn blank<'r>(&mut self) -> Record<'r> {
        Record { fields: std::mem::take(&mut self.spare), ..Record::default() }
    }

    /// Takes a record, or, if it is nothing that can be stored, the text that it was made
    /// from as a reject.
    ///
    /// # Errors
    /// Why it is a reject.
    #[inline]
    pub fn push(&mut self, record: Record<'_>, text: &str) -> Result<(), &'static str> {
        self.try_push(record).inspect_err(|reason| self.reject(reason, text))
    }

    /// Takes a record, if it is one that can be stored.
    ///
    /// # Errors
    /// Why it cannot; then the caller rejects it.
    #[inline]
    pub fn try_push(&mut self, record: Record<'_>) -> Result<(), &'static str> {
        // As short as what lives in the settings, where that is to be in the record.
        let mut record: Record<'_> = record;
        if self.settings.changes() {
            self.settings.apply(&mut record);
        }
        let checked = check(&record);
        if checked.is_ok() {
            self.parcel.received += 1;
            self.parcel.batch.record(&record, 0);
        }
        self.spare = record.recycle().fields;
        checked
    }

    /// One more line of the last record.
    pub fn extend(&mut self, line: &str, end: usize) {
        self.parcel.batch.extend(line, end);
    }

    /// Takes back an empty record that is not needed.
    pub fn put_back(&mut self, record: Record<'_>) {
        self.spare = record.recycle().fields;
    }

    pub fn reject(&mut self, reason: &'static str, text: &str) {
        self.reject_at(reason, text, 0);
    }

    /// The same for text whose place in the body is known.
    pub fn reject_at(&mut self, reason: &'static str, text: &str, start: usize) {
        self.parcel.received += 1;
        self.parcel.batch.reject(reason, beginning(text), start, start);
        self.rejected.count += 1;
        self.rejected.reason.get_or_insert(reason);
    }
}

/// Whether a record can be stored.
///
/// # Errors
/// Why it cannot.
pub fn check(record: &Record<'_>) -> Result<(), &'static str> {
    if !is_in_reach(record.ts) {
        return Err(REASON_OUT_OF_REACH);
    }
    if record.message.len() > LINE_BYTES_MAX || record.fields.len() > LINE_BYTES_MAX {
        return Err(REASON_TOO_LONG);
    }
    Ok(())
}

/// A body as text: bytes that are no UTF-8 become U+FFFD, as they do in files.
pub fn text_of(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_stored_is_rejected() {
        let mut parcel = Parcel::default();
        let mut intake = Intake::new(&mut parcel, 0);
        for (ts, length) in [(0, 1), (Micros::MAX, 1), (0, LINE_BYTES_MAX + 1)] {
            let message = Cow::Owned("x".repeat(length));
            let record = Record { ts, message, ..intake.blank() };
            intake.push(record, "text").ok();
        }
        let rejected = Rejected { count: 2, reason: Some(REASON_OUT_OF_REACH) };
        assert_eq!(intake.rejected, rejected);
        assert_eq!((parcel.batch.rows(), parcel.batch.rejects.len(), parcel.received), (1, 2, 3));
    }
}
