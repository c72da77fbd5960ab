//! Kubernetes' container logs: the CRI logging format of containerd and CRI-O.
//!
//! ```text
//! 2016-10-06T00:17:09.669794202Z stdout F The content of the log entry 1
//! 2016-10-06T00:17:10.113242941Z stderr P First part of a long line,
//! 2016-10-06T00:17:10.113242942Z stderr F and the rest of it
//! ```
//!
//! Source: github.com/kubernetes/design-proposals-archive, `node/kubelet-cri-logging.md`.
//! Parts (`P`) are joined up to the full line (`F`); the record has the first part's time.
//! What is inside is read as [`super::inner`] says; `stream` is a field.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use super::inner::Inner;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "cri",
    about: "2026-01-05T00:00:00.123456789Z stdout F message",
    recognise: |sample| {
        let texts = sample.iter().filter_map(|line| Some(Part::read(line)?.text.into()));
        Some(Arc::new(Cri { inner: Inner::fitted(texts) }))
    },
};

struct Cri {
    inner: Inner,
}

impl Format for Cri {
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
        let last = Part::read(last).ok_or(Mismatch::Foreign)?;
        // Before the others are read once more with each new one.
        if last.goes_on {
            return Err(Mismatch::Incomplete);
        }
        let (first, text) = match parts {
            None => (last, Cow::Borrowed(last.text)),
            Some(parts) => join(parts, last)?,
        };
        let ts = rules.whole(first.stamp).ok_or(Mismatch::Foreign)?;
        if !self.inner.read(text.clone(), record) && self.inner.continues(&text) {
            return Err(Mismatch::Continues);
        }
        record.ts = ts;
        first.keep_stream(record);
        Ok(())
    }

    fn inside<'a>(&self, line: &'a str) -> Cow<'a, str> {
        match line.rsplit_once('\n') {
            None => {
                Part::read(line).map_or(line.into(), |part| self.inner.inside(part.text.into()))
            }
            Some(_) => {
                let texts = line.split('\n').filter_map(|line| Some(Part::read(line)?.text));
                self.inner.inside(texts.collect::<String>().into())
            }
        }
    }

    fn parse_alone<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let part = Part::read(line).ok_or(Mismatch::Foreign)?;
        let ts = rules.whole(part.stamp).ok_or(Mismatch::Foreign)?;
        self.inner.read(self.inside(line), record);
        record.ts = ts;
        part.keep_stream(record);
        Ok(())
    }

    fn has_streams(&self) -> bool {
        true
    }

    fn stream<'a>(&self, line: &'a str) -> Option<&'a str> {
        Part::read(line).map(|part| part.stream)
    }

    /// Every line of a container has an envelope of its own, those of a stack trace too.
    fn takes_continuations(&self) -> bool {
        false
    }
}

/// The first of the lines of `parts`, and the text of all with that of the last.
fn join<'a>(parts: &'a str, last: Part<'a>) -> Result<(Part<'a>, Cow<'a, str>), Mismatch> {
    let mut texts = Vec::new();
    let mut first = None;
    for line in parts.split('\n') {
        let part = Part::read(line).filter(|part| part.goes_on && part.stream == last.stream);
        let part = part.ok_or(Mismatch::Broken("parts of different lines"))?;
        texts.push(part.text);
        first = first.or(Some(part));
    }
    texts.push(last.text);
    Ok((first.unwrap_or(last), Cow::Owned(texts.concat())))
}

/// What stands in a line of this format.
pub fn text_of(line: &str) -> Option<Cow<'_, str>> {
    Part::read(line).map(|part| part.text.into())
}

#[derive(Clone, Copy)]
struct Part<'a> {
    stamp: &'a str,
    stream: &'a str,
    goes_on: bool,
    text: &'a str,
}

impl<'a> Part<'a> {
    /// The stream is a field, unless what stands in the line names one itself.
    fn keep_stream(&self, record: &mut Record<'_>) {
        if !record.fields.has("stream") {
            record.fields.str("stream", self.stream);
        }
    }

    fn read(line: &'a str) -> Option<Part<'a>> {
        let (stamp, rest) = line.split_once(' ')?;
        if stamp.len() < "2016-10-06T00:17:09Z".len() || stamp.as_bytes()[10] != b'T' {
            return None;
        }
        let (stream, rest) = rest.split_once(' ')?;
        // An empty line may come without the blank after its tag.
        let (tags, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let goes_on = match tags.split(':').next()? {
            "P" => true,
            "F" => false,
            _ => return None,
        };
        matches!(stream, "stdout" | "stderr").then_some(Part { stamp, stream, goes_on, text })
    }
}
