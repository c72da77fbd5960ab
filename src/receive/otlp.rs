//! OpenTelemetry's `ExportLogsServiceRequest`, in Protocol Buffers or JSON.
//!
//! Sources: <https://opentelemetry.io/docs/specs/otlp/#otlphttp> and
//! `opentelemetry/proto/logs/v1/logs.proto` of github.com/open-telemetry/opentelemetry-proto.
//! What its records become is in [`crate::parse::formats::otlp`], for files too.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::Parcel;
use super::entry::{Intake, Rejected, SAMPLE_TEXTS_MAX, Said, Texts, text_of};
use super::wire::{self, Encoding, Flaw, Message};
use crate::parse::formats::json::otlp as json;
use crate::parse::formats::json::value::Value;
use crate::parse::formats::otlp::{AnyValue, Attributes, Common, Id, LogRecord, fill};
use crate::record::Micros;

/// Deepest nesting of values, as in JSON.
const DEPTH_MAX: u32 = 100;

/// What is said of an object that is no request, which other readers of OTLP take for an empty one.
const REASON_OTHER: &str = r#"no log records: expected {"resourceLogs":[{"scopeLogs":[…]}]}"#;

/// Why nothing of a request can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("read the export request: {0}")]
    Protobuf(#[from] wire::Flaw),
    #[error("read the export request: it is not a JSON object")]
    Json,
}

/// Takes a request's log records into the parcel. One that cannot be stored is a reject.
///
/// # Errors
/// The request as a whole is unreadable; then the parcel is to be thrown away.
pub fn decode(
    body: &[u8],
    encoding: Encoding,
    now: Micros,
    parcel: &mut Parcel,
) -> Result<Rejected, Malformed> {
    match encoding {
        Encoding::Protobuf => {
            let mut decoder = Decoder::new(sample_protobuf(body)?, now, body.len(), parcel);
            decoder.take_protobuf(body)?;
            Ok(decoder.intake.rejected)
        }
        Encoding::Json => {
            let text = text_of(body);
            let mut decoder = Decoder::new(sample_json(&text)?, now, body.len(), parcel);
            let walked = json::walk(&text, &mut |common, value| {
                decoder.take_value(value, common);
                ControlFlow::Continue(())
            });
            let is_request = walked.map_err(|_| Malformed::Json)?;
            let rejected = decoder.intake.rejected;
            let reason = rejected.reason.or((!is_request).then_some(REASON_OTHER));
            Ok(Rejected { reason, ..rejected })
        }
    }
}

struct Decoder<'p> {
    texts: Texts,
    intake: Intake<'p>,
    now: Micros,
}

impl<'p> Decoder<'p> {
    fn new(
        sample: Vec<Cow<'_, str>>,
        now: Micros,
        body_bytes: usize,
        parcel: &'p mut Parcel,
    ) -> Decoder<'p> {
        let texts = Texts::fitted(sample.into_iter());
        Decoder { texts, intake: Intake::new(parcel, body_bytes), now }
    }

    fn take_record<'s>(&mut self, log: &'s LogRecord<'_>, common: &Common<'s>) {
        let mut record = self.intake.blank();
        let mut said = Said::default();
        let read = |text: &'s str, ts, record: &mut _| said = self.texts.read(text, ts, record);
        // There is a time: that of arrival, where the record has none.
        fill(log, common, Some(self.now), read, &mut record);
        said.add_to(&mut record);
        let text = match &log.body {
            AnyValue::Text(text) => text,
            _ => "",
        };
        // What it is rejected for is counted there.
        self.intake.push(record, text).ok();
    }

    fn take_protobuf(&mut self, body: &[u8]) -> Result<(), Flaw> {
        let mut request = Message::new(body);
        while let Some((number, value)) = request.next()? {
            if number == 1 {
                self.take_resource_logs(value.message()?)?;
            }
        }
        Ok(())
    }

    fn take_resource_logs(&mut self, message: Message<'_>) -> Result<(), Flaw> {
        // The resource first, wherever it stands.
        let mut resource = Attributes::new();
        each(message, 1, |mut fields| {
            while let Some((number, value)) = fields.next()? {
                if number == 1 {
                    resource.push(pair(value.message()?, 0)?);
                }
            }
            Ok(())
        })?;
        let mut common = Common::of_resource(&resource);
        each(message, 2, |scope_logs| {
            set_scope(scope_logs, &mut common)?;
            each(scope_logs, 2, |record| {
                let log = read_record(record)?;
                self.take_record(&log, &common);
                Ok(())
            })
        })
    }

    fn take_value(&mut self, value: Value<'_>, common: &Common<'_>) {
        let mut log = LogRecord::default();
        match json::read_record(value, &mut log) {
            Ok(()) => self.take_record(&log, common),
            Err(reason) => self.intake.reject(reason, value.text),
        }
    }
}

/// Calls `take` with each message that is field `wanted`.
fn each<'a>(
    mut message: Message<'a>,
    wanted: u64,
    mut take: impl FnMut(Message<'a>) -> Result<(), Flaw>,
) -> Result<(), Flaw> {
    while let Some((number, value)) = message.next()? {
        if number == wanted {
            take(value.message()?)?;
        }
    }
    Ok(())
}

fn set_scope(scope_logs: Message<'_>, common: &mut Common<'_>) -> Result<(), Flaw> {
    let (mut name, mut version) = (Cow::Borrowed(""), Cow::Borrowed(""));
    let mut attributes = Attributes::new();
    each(scope_logs, 1, |mut scope| {
        while let Some((number, value)) = scope.next()? {
            match number {
                1 => name = value.text()?,
                2 => version = value.text()?,
                3 => attributes.push(pair(value.message()?, 0)?),
                _ => {}
            }
        }
        Ok(())
    })?;
    common.set_scope(&name, &version, &attributes);
    Ok(())
}

fn read_record(mut message: Message<'_>) -> Result<LogRecord<'_>, Flaw> {
    let mut log = LogRecord::default();
    while let Some((number, value)) = message.next()? {
        match number {
            1 => log.time = value.number()?,
            2 => log.severity_number = value.number()? as i64,
            3 => log.severity_text = value.text()?,
            5 => log.body = any_value(value.message()?, 0)?,
            6 => log.attributes.push(pair(value.message()?, 0)?),
            7 => log.dropped_attributes = value.number()?,
            8 => log.flags = value.number()?,
            9 => log.trace_id = Id::Bytes(value.bytes()?),
            10 => log.span_id = Id::Bytes(value.bytes()?),
            11 => log.observed = value.number()?,
            12 => log.event_name = value.text()?,
            _ => {}
        }
    }
    Ok(log)
}

fn pair(mut message: Message<'_>, depth: u32) -> Result<(Cow<'_, str>, AnyValue<'_>), Flaw> {
    let mut pair = (Cow::Borrowed(""), AnyValue::Empty);
    while let Some((number, value)) = message.next()? {
        match number {
            1 => pair.0 = value.text()?,
            2 => pair.1 = any_value(value.message()?, depth + 1)?,
            _ => {}
        }
    }
    Ok(pair)
}

fn any_value(mut message: Message<'_>, depth: u32) -> Result<AnyValue<'_>, Flaw> {
    if depth > DEPTH_MAX {
        return Err(Flaw::Deep);
    }
    let mut found = AnyValue::Empty;
    while let Some((number, value)) = message.next()? {
        found = match number {
            1 => AnyValue::Text(value.text()?),
            2 => AnyValue::Bool(value.number()? != 0),
            3 => AnyValue::Int(value.number()? as i64),
            4 => AnyValue::Double(f64::from_bits(value.number()?)),
            5 => {
                let mut values = Vec::new();
                each(value.message()?, 1, |value| {
                    values.push(any_value(value, depth + 1)?);
                    Ok(())
                })?;
                AnyValue::Array(values)
            }
            6 => {
                let mut pairs = Attributes::new();
                each(value.message()?, 1, |message| {
                    pairs.push(pair(message, depth + 1)?);
                    Ok(())
                })?;
                AnyValue::Map(pairs)
            }
            7 => AnyValue::Bytes(value.bytes()?),
            _ => continue,
        };
    }
    Ok(found)
}

/// The first bodies that are text.
fn sample_protobuf(body: &[u8]) -> Result<Vec<Cow<'_, str>>, Flaw> {
    let mut sample = Vec::new();
    each(Message::new(body), 1, |resource_logs| {
        each(resource_logs, 2, |scope_logs| {
            each(scope_logs, 2, |mut record| {
                while let Some((number, value)) = record.next()? {
                    if sample.len() == SAMPLE_TEXTS_MAX {
                        break;
                    }
                    if number == 5
                        && let AnyValue::Text(text) = any_value(value.message()?, 0)?
                    {
                        sample.push(text);
                    }
                }
                Ok(())
            })
        })
    })?;
    Ok(sample)
}

fn sample_json<'a>(text: &'a str) -> Result<Vec<Cow<'a, str>>, Malformed> {
    let mut sample = Vec::new();
    let walked = json::walk(text, &mut |_, record| {
        let text = |body: Value<'a>| {
            body.member("stringValue").or_else(|| body.member("string_value"))?.verbatim()
        };
        let body = record.member("body").and_then(text);
        sample.extend(body);
        if sample.len() < SAMPLE_TEXTS_MAX {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    walked.map_err(|_| Malformed::Json)?;
    Ok(sample)
}

#[cfg(test)]
mod tests;
