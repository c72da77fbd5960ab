//! Docker's json-file logging driver: one object a line that a container wrote.
//!
//! ```text
//! {"log":"listening on 8080\n","stream":"stdout","time":"2026-01-05T00:00:00.123456789Z"}
//! ```
//!
//! Source: github.com/moby/moby, `daemon/logger/jsonfilelog/jsonlog`. What is inside is
//! read as [`super::inner`] says; `stream` and `attrs` are fields. Docker cuts lines above
//! 16 KiB into several, of which only the last ends with a line break: they are joined.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use super::inner::Inner;
use super::json::value::{Object, Value, keep};
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "docker",
    about: r#"{"log":"message\n","stream":"stdout","time":"2026-01-05T00:00:00Z"}"#,
    recognise: |sample| {
        let texts = sample.iter().filter_map(|line| Some(Envelope::open(line).ok()?.text()));
        Some(Arc::new(Docker { inner: Inner::fitted(texts) }))
    },
};

/// Where Docker cuts (`defaultBufSize` in `daemon/logger/copier.go`).
const PART_BYTES: usize = 16 << 10;

struct Docker {
    inner: Inner,
}

impl Format for Docker {
    fn name(&self) -> &str {
        KIND.name
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let (parts, last) = match line.rsplit_once('\n') {
            Some((parts, last)) => (Some(parts), last),
            None => (None, line),
        };
        let last = Envelope::open(last)?;
        let text = last.text();
        // Before the others are read once more with each new one.
        if last.is_part(&text) {
            return Err(Mismatch::Incomplete);
        }
        let (first, text) = match parts {
            None => (last, text),
            Some(parts) => join(parts, last, &text)?,
        };
        let ts = first.time.string().and_then(|time| rules.whole(&time));
        let ts = ts.ok_or(Mismatch::Broken("unreadable timestamp"))?;
        if !self.inner.read(text.clone(), record) && self.inner.continues(&text) {
            return Err(Mismatch::Continues);
        }
        record.ts = ts;
        first.keep_fields(record);
        Ok(())
    }

    fn inside<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let text = match line.contains('\n') {
            false => text_of(line).unwrap_or(line.into()),
            true => line.split('\n').filter_map(text_of).collect::<String>().into(),
        };
        self.inner.inside(text)
    }

    fn parse_alone<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let envelope = Envelope::open(first_line(line))?;
        let ts = envelope.time.string().and_then(|time| rules.whole(&time));
        let ts = ts.ok_or(Mismatch::Broken("unreadable timestamp"))?;
        self.inner.read(self.inside(line), record);
        record.ts = ts;
        envelope.keep_fields(record);
        Ok(())
    }

    fn has_streams(&self) -> bool {
        true
    }

    fn stream<'a>(&self, line: &'a str) -> Option<&'a str> {
        Envelope::open(first_line(line)).ok().map(|envelope| envelope.stream.text)
    }

    /// Every line of a container has an envelope of its own.
    fn takes_continuations(&self) -> bool {
        false
    }
}

/// The first of the lines of `parts`, and the text of all with that of the last.
fn join<'a>(
    parts: &'a str,
    last: Envelope<'a>,
    last_text: &str,
) -> Result<(Envelope<'a>, Cow<'a, str>), Mismatch> {
    let mut joined = String::new();
    let mut first = None;
    for line in parts.split('\n') {
        let part = Envelope::open(line)?;
        let text = part.text();
        if !part.is_part(&text) || part.stream.text != last.stream.text {
            return Err(Mismatch::Broken("parts of different lines"));
        }
        joined.push_str(&text);
        first = first.or(Some(part));
    }
    joined.push_str(last_text);
    Ok((first.unwrap_or(last), Cow::Owned(joined)))
}

/// The first of lines that are joined.
fn first_line(joined: &str) -> &str {
    joined.split('\n').next().unwrap_or(joined)
}

/// What stands in a line of Docker's.
pub fn text_of(line: &str) -> Option<Cow<'_, str>> {
    Envelope::open(line).ok().map(|envelope| envelope.text())
}

#[derive(Clone, Copy)]
struct Envelope<'a> {
    log: Value<'a>,
    stream: Value<'a>,
    time: Value<'a>,
    attrs: Option<(Value<'a>, Value<'a>)>,
}

impl<'a> Envelope<'a> {
    fn keep_fields(&self, record: &mut Record<'_>) {
        if !record.fields.has("stream") {
            record.fields.raw_pair("\"stream\"", self.stream.text);
        }
        if let Some((key, attrs)) = self.attrs {
            keep(&mut record.fields, key, attrs);
        }
    }

    /// Reads the members that Docker writes; an object with others is somebody else's.
    fn open(line: &'a str) -> Result<Envelope<'a>, Mismatch> {
        // Docker's encoder writes it first. Other tools that write its format add blanks.
        if !line
            .strip_prefix('{')
            .is_some_and(|line| line.trim_ascii_start().starts_with("\"log\""))
        {
            return Err(Mismatch::Foreign);
        }
        let (mut log, mut stream, mut time, mut attrs) = (None, None, None, None);
        let malformed = |_| Mismatch::Broken("malformed JSON");
        let mut object = Object::open(line).map_err(malformed)?;
        while let Some((key, value)) = object.next().map_err(malformed)? {
            match key.text {
                "\"log\"" => log = Some(value),
                "\"stream\"" if matches!(value.text, "\"stdout\"" | "\"stderr\"") => {
                    stream = Some(value);
                }
                "\"time\"" => time = Some(value),
                "\"attrs\"" => attrs = Some((key, value)),
                _ => return Err(Mismatch::Foreign),
            }
        }
        match (log, stream, time) {
            (Some(log), Some(stream), Some(time)) if object.rest().trim_ascii().is_empty() => {
                Ok(Envelope { log, stream, time, attrs })
            }
            _ => Err(Mismatch::Foreign),
        }
    }

    /// What the container wrote, without its line break.
    fn text(&self) -> Cow<'a, str> {
        let raw = self.log.raw_string().unwrap_or_default();
        // Usually the line break is the only escape: nothing needs to be copied.
        match raw.strip_suffix("\\n") {
            Some(plain) if memchr::memchr(b'\\', plain.as_bytes()).is_none() => plain.into(),
            _ => match self.log.string().unwrap_or_default() {
                Cow::Owned(mut text) => {
                    text.truncate(text.trim_end_matches(['\r', '\n']).len());
                    Cow::Owned(text)
                }
                plain => plain,
            },
        }
    }

    /// Whether the line goes on in Docker's next one.
    fn is_part(&self, text: &str) -> bool {
        text.len() >= PART_BYTES && !self.log.text.ends_with("\\n\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Zone;

    #[test]
    fn lines_that_docker_cut_are_joined() {
        let line = |log: &str, stream: &str| {
            format!(r#"{{"log":"{log}","stream":"{stream}","time":"2026-01-05T00:00:00Z"}}"#)
        };
        let part = "x".repeat(PART_BYTES);
        let docker = Docker { inner: Inner::fitted(std::iter::empty()) };
        let message_of = |lines: &[String]| {
            let joined = lines.join("\n");
            let mut record = Record::default();
            docker.parse(&joined, &TimeRules::new(Zone::UTC, 0), &mut record)?;
            Ok(record.message.len())
        };
        let broken = Err(Mismatch::Broken("parts of different lines"));
        let (cut, end) = (line(&part, "stdout"), line("end\\n", "stdout"));
        for (lines, expected) in [
            (&[cut.clone(), cut.clone(), end.clone()][..], Ok(2 * PART_BYTES + 3)),
            (std::slice::from_ref(&cut), Err(Mismatch::Incomplete)),
            (&[line("short, the last of its container", "stdout")], Ok(32)),
            (&[cut.clone(), line("end\\n", "stderr")], broken),
            (&[end.clone(), end.clone()], broken),
        ] {
            assert_eq!(message_of(lines), expected);
        }
    }
}
