//! The rules by which all protocols map what they carry to columns, so that a record is the
//! same whichever way it came.
//!
//! | column | is |
//! |---|---|
//! | `ts` | the item's own time (OTLP `timeUnixNano`, else `observedTimeUnixNano`; Elasticsearch `@timestamp`; HEC `time`; Loki's); else, for objects, the time they state; else the moment of arrival. A time outside of the years 1 to 9999 is an error of the item |
//! | `level` | OTLP's severity number, else its text; a label, attribute or field named `level`, `severity` and the like; what the text says; `detected_level` |
//! | `service` | `service.name`, `service_name`, `service`, `app` and the like; what the text says; as stand-ins `k8s.deployment.name`, `container`, `unit`, `job`, HEC's `sourcetype` and `source`, a data stream's data set |
//! | `host` | `host.name`, `hostname`, `host`; what the text says; as stand-ins `node`, `instance` |
//! | `message` | the text, without what a format read out of it |
//! | `fields` | everything else: what a format read in the text, then labels and attributes by their names, `resource`, `scope`, `trace_id`, `span_id` |
//!
//! A value that fills a column is no field, but a stand-in is both. A label with the name
//! of a field that the text has gets a prefix: `labels.status`.
//!
//! Text is a Loki line, a HEC event that is a string, an OTLP body that is a string, and the
//! message of an Elasticsearch document without a level, which is what a shipper of files
//! sends. It is read by the formats that Pintail knows, fitted to the first texts of the
//! request; the envelope's time wins over theirs.

use std::borrow::Cow;

use super::Parcel;
use crate::parse::Sink;
use crate::parse::formats::inner::Inner;
use crate::parse::formats::json::value::Value;
use crate::parse::formats::labels::key_beside;
use crate::parse::lines::{LINE_BYTES_MAX, REASON_TOO_LONG, beginning};
use crate::record::{Fields, Micros, Record};

/// Texts of a request that formats are fitted to. Fitting costs a hundred times as much as
/// reading, and most requests have some hundred records of one kind.
pub const SAMPLE_TEXTS_MAX: usize = 24;

pub const REASON_OUT_OF_REACH: &str = "timestamp outside of the years 1 to 9999";
pub const REASON_UNREADABLE_TIME: &str = "unreadable timestamp";

/// Years 1 to 9999: what can be added to a time without leaving what DuckDB holds.
pub fn is_in_reach(at: Micros) -> bool {
    const YEAR_1: Micros = -62_135_596_800_000_000;
    const YEAR_9999: Micros = 253_402_300_799_999_999;
    (YEAR_1..=YEAR_9999).contains(&at)
}

/// What reads the texts of a request.
pub struct Texts {
    inner: Inner,
}

impl Texts {
    /// Fits to the first of them.
    pub fn fitted<'s>(texts: impl Iterator<Item = Cow<'s, str>>) -> Texts {
        let first_lines = texts.take(SAMPLE_TEXTS_MAX).map(|text| match text {
            Cow::Borrowed(text) => Cow::Borrowed(first_line(text)),
            Cow::Owned(text) => Cow::Owned(first_line(&text).to_owned()),
        });
        Texts { inner: Inner::fitted(first_lines) }
    }

    /// Fills all of `record`, which arrives empty, but its time. Of several lines the first
    /// is read, and the others belong to its message, as a stack trace does.
    pub fn read<'s>(&self, text: &'s str, record: &mut Record<'s>) {
        let text = text.trim_end_matches(['\n', '\r']);
        match text.split_once('\n') {
            Some((first, rest)) if !text.starts_with('{') => {
                if self.inner.read(Cow::Borrowed(first.trim_end_matches('\r')), record) {
                    record.message = Cow::Owned(format!("{}\n{rest}", record.message));
                } else {
                    record.message = Cow::Borrowed(text);
                }
            }
            _ => {
                self.inner.read(Cow::Borrowed(text), record);
            }
        }
    }

    /// Reads the message of a JSON object that states no level as the line of text that it
    /// is. The text's fields come first, as they do where text is all there is.
    pub fn read_message(&self, record: &mut Record<'_>) {
        let is_made_of_fields = record.message.len() == record.fields.len() + 2
            && record.message.ends_with('}')
            && record.message[1..].starts_with(record.fields.as_str());
        if is_made_of_fields {
            return;
        }
        let mut inner = Record::default();
        self.read(&record.message, &mut inner);
        record.level = inner.level;
        let same = inner.message.len() == record.message.len();
        if same && inner.fields.is_empty() && inner.service.is_none() && inner.host.is_none() {
            return;
        }
        let inner = inner.into_owned();
        record.service = record.service.take().or(inner.service);
        record.host = record.host.take().or(inner.host);
        record.message = inner.message;
        if !inner.fields.is_empty() {
            let of_object = format!("{{{}}}", record.fields.as_str());
            record.fields = inner.fields;
            let object = Value { text: &of_object, escaped: true, odd: false };
            for (key, value) in object.members() {
                // Either way a key as it stands in JSON.
                let name = key_beside(record, "object", key.raw_string().unwrap_or_default());
                record.fields.raw_pair(&format!("\"{name}\""), value.text);
            }
        }
    }
}

/// As much of a text as formats are fitted to.
fn first_line(text: &str) -> &str {
    if text.starts_with('{') {
        return text;
    }
    text.split(['\n', '\r']).next().unwrap_or_default()
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
    /// An allocation that records hand on to each other.
    spare: Fields,
    pub rejected: Rejected,
}

impl<'p> Intake<'p> {
    /// For the items of a body of so many bytes.
    pub fn new(parcel: &'p mut Parcel, body_bytes: usize) -> Intake<'p> {
        parcel.batch.reset(0, 0, body_bytes as u64);
        Intake { parcel, spare: Fields::default(), rejected: Rejected::default() }
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
        self.parcel.received += 1;
        self.parcel.batch.reject(reason, beginning(text), 0, 0);
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

    fn read(sample: &[&str], text: &str) -> String {
        let texts = Texts::fitted(sample.iter().map(|&text| Cow::Borrowed(text)));
        let mut record = Record::default();
        texts.read(text, &mut record);
        let level = record.level.map_or("-", |level| level.name());
        let service = record.service.as_deref().unwrap_or("-");
        format!("{level} {service} | {} | {}", record.message, record.fields.as_str())
    }

    #[test]
    fn texts_are_read_by_the_formats() {
        let sample = [
            "2026-01-05 00:00:00 ERROR payment declined for 1",
            "2026-01-05 00:00:01 INFO payment paid by 2",
        ];
        assert_eq!(read(&sample, sample[0]), "ERROR payment | declined for 1 | ");
        let trace = format!("{}\n  at main.rs:1\n  at lib.rs:2\n", sample[0]);
        let expected = "ERROR payment | declined for 1\n  at main.rs:1\n  at lib.rs:2 | ";
        assert_eq!(read(&sample, &trace), expected);
        assert_eq!(read(&sample, "just text\r\n"), "- - | just text | ");
        assert_eq!(read(&[], "[warn] hot"), "WARN - | [warn] hot | ");
        assert_eq!(read(&[], ""), "- - |  | ");
        let json = r#"{"level":"info","msg":"m","n":1}"#;
        assert_eq!(read(&[json], json), "INFO - | m | \"n\":1");
    }

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
