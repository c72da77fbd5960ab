//! Lines to which a tool added the time of each: `docker logs -t`, `kubectl logs --timestamps`,
//! GitHub's runners.
//!
//! ```text
//! 2026-01-05T10:11:12.123456789Z 2026-01-05 10:11:12,122 - shop.cart - INFO - Added 7 items
//! 2026-01-05T10:11:13.000000001Z Traceback (most recent call last):
//! ```
//!
//! It is one where nearly all lines begin with a time to at least a tenth of a microsecond in UTC,
//! and what follows is in a format of its own, or holds lines that cannot begin a record. What is
//! inside is read as [`super::inner`] says.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use super::inner::Inner;
use super::plain;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "stamped",
    about: "2026-01-05T00:00:00.123456789Z before each line, also those of a stack trace",
    recognise: |sample| Stamped::fit(sample).map(|format| Arc::new(format) as Arc<dyn Format>),
};

/// Share of the lines that must begin with a stamp.
const SHARE: f64 = 0.9;

struct Stamped {
    inner: Inner,
}

impl Stamped {
    fn fit(sample: &[&str]) -> Option<Stamped> {
        let lines = sample.iter().filter(|line| !line.is_empty()).count();
        let texts: Vec<&str> = sample.iter().filter_map(|line| Some(split(line)?.1)).collect();
        if texts.is_empty() || (texts.len() as f64) < SHARE * lines as f64 {
            return None;
        }
        let inner = Inner::fitted(texts.iter().map(|text| Cow::Borrowed(*text)));
        let has_trace = texts.iter().any(|text| plain::goes_on(text) && !text.is_empty());
        (inner.has_format() || has_trace).then_some(Stamped { inner })
    }
}

impl Format for Stamped {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let (stamp, text) = split(line).ok_or(Mismatch::Foreign)?;
        let ts = rules.whole(stamp).ok_or(Mismatch::Foreign)?;
        if !self.inner.read(Cow::Borrowed(text), record) && self.inner.continues(text) {
            return Err(Mismatch::Continues);
        }
        record.ts = ts;
        Ok(())
    }

    fn inside<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let text = split(line).map_or(line, |(_, text)| text);
        self.inner.inside(Cow::Borrowed(text))
    }

    fn parse_alone<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let (stamp, _) = split(line).ok_or(Mismatch::Foreign)?;
        let ts = rules.whole(stamp).ok_or(Mismatch::Foreign)?;
        self.inner.read(self.inside(line), record);
        record.ts = ts;
        Ok(())
    }
}

/// `2026-01-05T10:11:12.123456789Z text`: the stamp and the text.
fn split(line: &str) -> Option<(&str, &str)> {
    let (stamp, text) = line.split_once(' ').unwrap_or((line, ""));
    let bytes = stamp.as_bytes();
    let fraction = bytes.get("2026-01-05T10:11:12.".len()..bytes.len().checked_sub(1)?)?;
    let is_stamp = bytes[10] == b'T'
        && bytes[19] == b'.'
        && stamp.ends_with('Z')
        && (7..=9).contains(&fraction.len())
        && fraction.iter().all(u8::is_ascii_digit);
    is_stamp.then_some((stamp, text))
}
