//! Lines: JSON objects, or text in any format that Pintail knows.
//!
//! JSON lines are what VictoriaLogs calls them (docs.victoriametrics.com/victorialogs/data-ingestion,
//! `/insert/jsonline`): one object a line; `_time_field`, `_msg_field` say which members hold time
//! and message where their names do not.

use std::borrow::Cow;

use super::desk::Refusal;
use super::parcel::Parcel;
use crate::parse::dialect::SAMPLE_LINES_MAX;
use crate::parse::formats::{Formats, json};
use crate::parse::lines::clean;
use crate::parse::{Dialect, TimeRules, Zone, read_block};
use crate::record::Micros;

/// Names of the members that hold what their usual names do not.
#[derive(Clone, Debug, Default)]
pub struct FieldNames {
    pub time: Option<String>,
    pub message: Option<String>,
    pub level: Option<String>,
    pub service: Option<String>,
    pub host: Option<String>,
}

/// Reads a JSON object a line. An object without a time happened when it arrived.
pub fn read_json(body: &[u8], names: &FieldNames, now: Micros, parcel: &mut Parcel) {
    let aliases = [
        (&names.time, "\"@timestamp\""),
        (&names.message, "\"message\""),
        (&names.level, "\"level\""),
        (&names.service, "\"service.name\""),
        (&names.host, "\"host.name\""),
    ];
    let aliases = aliases
        .into_iter()
        .filter_map(|(own, meant)| Some((own.clone().filter(|own| !own.is_empty())?, meant)));
    let sample = sample_lines(body);
    let sample: Vec<&str> = sample.iter().map(|line| &**line).collect();
    let format = json::with_aliases(aliases.collect(), &sample);
    let rules = TimeRules { absent: Some(now), ..TimeRules::new(Zone::UTC, now) };
    read(body, &Dialect::forced(format, rules), parcel);
}

/// Reads lines of text in the format that they are in.
///
/// # Errors
/// A format was asked for, and the text does not begin as it must.
pub fn read_text(
    body: &[u8],
    formats: &Formats,
    zone: Zone,
    now: Micros,
    parcel: &mut Parcel,
) -> Result<(), Refusal> {
    let lines = sample_lines(body);
    let lines: Vec<&str> = lines.iter().map(|line| &**line).collect();
    let dialect = formats.dialect(&lines, TimeRules::of_stream(zone, now)).map_err(Refusal::Bad)?;
    read(body, &dialect, parcel);
    Ok(())
}

/// The first lines of a body, cleaned.
fn sample_lines(body: &[u8]) -> Vec<Cow<'_, str>> {
    body.split(|&byte| byte == b'\n').take(SAMPLE_LINES_MAX).map(|line| clean(line).0).collect()
}

fn read(body: &[u8], dialect: &Dialect, parcel: &mut Parcel) {
    parcel.batch.reset(0, 0, body.len() as u64);
    let tally = read_block(dialect, body, &mut parcel.batch);
    parcel.received = tally.records + tally.rejects;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_with_names_of_their_own_are_found() {
        let body = br#"{"wann":"2026-01-05T00:00:00Z","was":"hello","n":1}
{"was":"no time"}
no JSON
"#;
        let names = FieldNames {
            time: Some("wann".into()),
            message: Some("was".into()),
            ..FieldNames::default()
        };
        let mut parcel = Parcel::default();
        read_json(body, &names, 7, &mut parcel);
        assert_eq!(parcel.batch.ts, [1_767_571_200_000_000, 7]);
        assert_eq!(parcel.batch.message.get(0), "hello");
        assert_eq!(parcel.batch.fields.get(0), r#"{"n":1}"#);
        assert_eq!((parcel.received, parcel.batch.rejects.len()), (3, 1));
    }

    #[test]
    fn text_is_read_as_files_are() {
        let body = b"2026-01-05 00:00:00.000 ERROR orders failed\n\tat shop.A\n2026-01-05 00:00:01.000 INFO orders x";
        let mut parcel = Parcel::default();
        read_text(body, &Formats::default(), Zone::UTC, 0, &mut parcel).unwrap();
        assert_eq!(parcel.batch.message.get(0), "failed\n\tat shop.A");
        assert_eq!(parcel.received, 2);
    }
}
