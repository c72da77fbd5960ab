//! The four formats. A template is compiled for its format once, with escaping,
//! level and service already in place; writing a record is then copying pieces
//! of text and the drawn values between them.

use std::str::FromStr;

use chrono::DateTime;

use super::noise::{Stream, mix};
use super::template::{Field, Part, Template, write_hex};
use crate::error::{Error, Result};
use crate::record::{Level, push_json_string};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `2026-01-05 00:00:00.123 INFO payment Charged 42.10 EUR for order 81233 in 87 ms`
    #[default]
    Text,
    /// With a header; see [`Format::header`].
    Csv,
    /// One object a line, with typed fields and a trace id on some.
    Json,
    /// The combined log format of nginx: 2xx/3xx is INFO, 4xx WARN, 5xx ERROR,
    /// the first part of the path is the service.
    Nginx,
}

impl Format {
    pub const NAMES: [&'static str; 4] = ["text", "csv", "json", "nginx"];

    /// What every file of the format starts with.
    pub fn header(self) -> &'static str {
        match self {
            Format::Csv => "timestamp,level,service,message,duration_ms,user_id\n",
            _ => "",
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "text" => Ok(Format::Text),
            "csv" => Ok(Format::Csv),
            "json" => Ok(Format::Json),
            "nginx" => Ok(Format::Nginx),
            _ => Err(Error::usage(format!(
                "unknown format '{name}'; the formats are {}",
                Format::NAMES.join(", ")
            ))),
        }
    }
}

/// A template compiled for one format, level and service.
pub struct Line {
    fields: Vec<Field>,
    pieces: Vec<Piece>,
}

enum Piece {
    Text(Box<[u8]>),
    Time,
    /// The value of the field at this position.
    Value(usize),
    /// `,"trace_id":"…"` on one record in four.
    TraceId,
}

/// The values of one record are kept in an array of this size.
const FIELDS_MAX: usize = 12;

impl Line {
    pub fn compile(format: Format, level: Level, service: &str, template: &str) -> Self {
        let template = template.replace("{service}", service);
        let line = match format {
            Format::Text => compile_text(level, service, &template),
            Format::Csv => compile_csv(level, service, &template),
            Format::Json => compile_json(level, service, &template),
            Format::Nginx => compile_nginx(&template),
        };
        assert!(line.fields.len() <= FIELDS_MAX, "a template has at most {FIELDS_MAX} fields");
        line
    }

    /// Draws the values and writes the line. All message formats draw the same
    /// values from the same stream, so they tell the same story.
    #[inline]
    pub fn write(
        &self,
        time_ms: i64,
        stream: &mut Stream,
        slowdown_percent: u32,
        clock: &mut ClockFace,
        out: &mut Vec<u8>,
    ) {
        let mut values = [0; FIELDS_MAX];
        for (value, field) in values.iter_mut().zip(&self.fields) {
            *value = field.draw(stream, slowdown_percent);
        }
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Time => clock.write(time_ms, out),
                Piece::Value(at) => self.fields[*at].write(values[*at], out),
                Piece::TraceId => write_trace_id(mix(time_ms as u64 ^ values[0] << 20), out),
            }
        }
    }

    fn new() -> Self {
        Line { fields: Vec::new(), pieces: Vec::new() }
    }

    /// Adjoining text is one piece: one copy when the line is written.
    fn text(&mut self, text: &str) {
        if let Some(Piece::Text(last)) = self.pieces.last_mut() {
            *last = [last, text.as_bytes()].concat().into();
        } else {
            self.pieces.push(Piece::Text(text.as_bytes().into()));
        }
    }

    fn piece(&mut self, piece: Piece) {
        self.pieces.push(piece);
    }

    fn field(&mut self, field: &Field) {
        self.piece(Piece::Value(self.fields.len()));
        self.fields.push(field.clone());
    }

    /// A field without its place in the line: drawn, so that the stream goes on alike.
    fn hidden(&mut self, template: &Template) {
        self.fields.extend(template.hidden.iter().cloned());
    }

    fn message(&mut self, template: &Template, escape: impl Fn(&str) -> String) {
        for part in &template.message {
            match part {
                Part::Text(text) => self.text(&escape(text)),
                Part::Field(field) => self.field(field),
            }
        }
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.key == key)
    }
}

fn compile_text(level: Level, service: &str, template: &str) -> Line {
    let template = Template::parse(template);
    let mut line = Line::new();
    line.piece(Piece::Time);
    line.text(&format!(" {level} {service} "));
    line.message(&template, str::to_owned);
    line.hidden(&template);
    line.text("\n");
    line
}

fn compile_csv(level: Level, service: &str, template: &str) -> Line {
    let parsed = Template::parse(template);
    let quote = if parsed.pattern().contains([',', '"']) { "\"" } else { "" };
    let mut line = Line::new();
    line.piece(Piece::Time);
    line.text(&format!(",{level},{service},{quote}"));
    line.message(&parsed, |text| text.replace('"', "\"\""));
    line.text(quote);
    line.hidden(&parsed);
    for key in ["duration_ms", "user_id"] {
        line.text(",");
        if let Some(at) = line.position(key) {
            line.piece(Piece::Value(at));
        }
    }
    line.text("\n");
    line
}

fn compile_json(level: Level, service: &str, template: &str) -> Line {
    let parsed = Template::parse(template);
    let mut line = Line::new();
    line.text("{\"timestamp\":\"");
    line.piece(Piece::Time);
    let level = level.name().to_ascii_lowercase();
    line.text(&format!("\",\"level\":\"{level}\",\"service\":\"{service}\",\"message\":\""));
    line.message(&parsed, |text| {
        let mut quoted = String::new();
        push_json_string(&mut quoted, text);
        quoted[1..quoted.len() - 1].to_owned()
    });
    line.text("\"");
    line.hidden(&parsed);
    for at in 0..line.fields.len() {
        let quote = if line.fields[at].is_number() { "" } else { "\"" };
        let key = format!(",\"{}\":{quote}", line.fields[at].key);
        line.text(&key);
        line.piece(Piece::Value(at));
        line.text(quote);
    }
    line.piece(Piece::TraceId);
    line.text("}\n");
    line
}

/// `template` is `METHOD path status`.
fn compile_nginx(template: &str) -> Line {
    let (request, status) = template.rsplit_once(' ').unwrap_or((template, "200"));
    let mut line = Line::new();
    line.field(&Field::named("ip"));
    line.text(" - - [");
    line.piece(Piece::Time);
    line.text("] \"");
    line.message(&Template::parse(request), str::to_owned);
    line.text(&format!(" HTTP/1.1\" {status} "));
    match status {
        "204" | "304" => line.text("0"),
        "200" => line.field(&Field::named("bytes:2400")),
        _ => line.field(&Field::named("bytes:310")),
    }
    line.text(" \"");
    line.field(&Field::named("referer"));
    line.text("\" \"");
    line.field(&Field::named("agent"));
    line.text("\"\n");
    line
}

fn write_trace_id(bits: u64, out: &mut Vec<u8>) {
    if bits & 3 == 0 {
        out.extend_from_slice(b",\"trace_id\":\"");
        write_hex(bits, out);
        write_hex(mix(bits), out);
        out.push(b'"');
    }
}

/// Writes timestamps. All but the milliseconds is kept from record to record,
/// since most records share their second with the one before.
pub struct ClockFace {
    format: Format,
    second: Option<i64>,
    prefix: Vec<u8>,
}

impl ClockFace {
    pub fn new(format: Format) -> Self {
        ClockFace { format, second: None, prefix: Vec::new() }
    }

    #[inline]
    fn write(&mut self, time_ms: i64, out: &mut Vec<u8>) {
        let second = time_ms.div_euclid(1000);
        if self.second != Some(second) {
            self.set(second);
        }
        out.extend_from_slice(&self.prefix);
        if self.format == Format::Nginx {
            return;
        }
        let ms = time_ms.rem_euclid(1000) as u16;
        let digit = |place: u16| b'0' + (ms / place % 10) as u8;
        match self.format {
            Format::Text => out.extend_from_slice(&[digit(100), digit(10), digit(1)]),
            _ => out.extend_from_slice(&[digit(100), digit(10), digit(1), b'Z']),
        }
    }

    #[cold]
    fn set(&mut self, second: i64) {
        let layout = match self.format {
            Format::Text => "%Y-%m-%d %H:%M:%S.",
            Format::Csv | Format::Json => "%Y-%m-%dT%H:%M:%S.",
            Format::Nginx => "%d/%b/%Y:%H:%M:%S +0000",
        };
        // Plans end before the year 10000 (plan.rs), so every time is valid.
        let time = DateTime::from_timestamp(second, 0).unwrap_or_default();
        self.prefix = time.format(layout).to_string().into_bytes();
        self.second = Some(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME_MS: i64 = 1_767_571_200_123;

    fn written(format: Format, template: &str) -> String {
        let mut out = Vec::new();
        let line = Line::compile(format, Level::Info, "payment", template);
        let mut clock = ClockFace::new(format);
        line.write(TIME_MS, &mut Stream::new(1, 2, 3), 100, &mut clock, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_time_level_service_message() {
        assert_eq!(
            written(Format::Text, "Charged it | {user}"),
            "2026-01-05 00:00:00.123 INFO payment Charged it\n"
        );
    }

    #[test]
    fn csv_quotes_what_needs_it_and_leaves_absent_values_empty() {
        assert_eq!(
            written(Format::Csv, "Said \"no\", twice, in {ms:1} ms").replace(char::is_numeric, "9"),
            "9999-99-99T99:99:99.999Z,INFO,payment,\"Said \"\"no\"\", twice, in 9 ms\",9,\n"
        );
    }

    #[test]
    fn json_types_its_fields() {
        let line = written(Format::Json, "Said \"no\" for {amount} {currency} | {ms:80}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["timestamp"], "2026-01-05T00:00:00.123Z");
        assert_eq!(value["level"], "info");
        assert!(value["message"].as_str().unwrap().starts_with("Said \"no\" for "));
        assert!(value["duration_ms"].is_u64() && value["amount"].is_f64());
        assert!(value["currency"].is_string());
    }

    #[test]
    fn nginx_is_the_combined_log_format() {
        let line = written(Format::Nginx, "GET /orders/7 204");
        let (_, rest) = line.split_once(" - - ").unwrap();
        assert!(
            rest.starts_with("[05/Jan/2026:00:00:00 +0000] \"GET /orders/7 HTTP/1.1\" 204 0 \""),
            "{line}"
        );
    }

    #[test]
    fn the_message_formats_tell_the_same_story() {
        let template = "Charged {amount} {currency} in {ms:80} ms | {user}";
        let text = written(Format::Text, template);
        let message = text.trim_end().split_once("payment ").unwrap().1;
        for format in [Format::Csv, Format::Json] {
            assert!(written(format, template).contains(message), "{format:?}");
        }
    }
}
