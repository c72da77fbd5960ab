//! What a container wrote, out of the envelope that its runtime put around each line
//! ([`super::docker`], [`super::cri`], [`super::stamped`]).
//!
//! The lines inside have formats of their own, found as those of any source; they may be
//! envelopes again. Level, service, host, message and fields are the inner record's; the time is
//! the runtime's, which always has a zone. A line that no format reads is a message as it is,
//! with the level that it states itself (`ERROR: …`, `[warn] …`).

use std::borrow::Cow;

use super::{compose, cri, docker, plain};
use crate::parse::dialect::Reading;
use crate::parse::level::level_of_message;
use crate::parse::{Dialect, TimeRules, Zone};
use crate::record::Record;

/// How many envelopes a line may be in: text can be written that nests without end.
const ENVELOPES_MAX: usize = 3;

pub struct Inner {
    /// `None` before any line was seen.
    dialect: Option<Dialect>,
}

impl Inner {
    /// Fits to the texts of the first lines.
    pub fn fitted<'s>(texts: impl Iterator<Item = Cow<'s, str>>) -> Inner {
        let texts: Vec<Cow<str>> = texts.filter(|text| !nests_deeply(text)).collect();
        if texts.is_empty() {
            return Inner { dialect: None };
        }
        let sample: Vec<&str> = texts.iter().map(|text| &**text).collect();
        // Inner times are not used, so that any rules do, and none need be there.
        let rules = TimeRules { absent: Some(0), ..TimeRules::new(Zone::UTC, 0) };
        Inner { dialect: Some(Dialect::detect(&sample, &[], rules)) }
    }

    /// Whether a line goes on with the record of the line before: the container's lines have
    /// a format, this one is in none, and it states no level of its own. Where they have no
    /// format, only a line that cannot be a beginning does.
    pub fn continues(&self, text: &str) -> bool {
        let Some(dialect) = self.dialect.as_ref().filter(|dialect| dialect.main().is_some()) else {
            return plain::goes_on(text);
        };
        level_of_message(text).is_none()
            && matches!(
                dialect.read(text, &mut Record::default()),
                Reading::Continuation { .. } | Reading::Incomplete
            )
    }

    /// What continues a record in a text that [continues](Inner::continues) one.
    pub fn inside<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        match (&self.dialect, text) {
            (Some(dialect), Cow::Borrowed(text)) => dialect.inside(text),
            (Some(dialect), Cow::Owned(text)) => {
                let inside = dialect.inside(&text);
                Cow::Owned(inside.into_owned())
            }
            (None, text) => text,
        }
    }

    /// Whether most of the first lines are in a format.
    pub fn has_format(&self) -> bool {
        self.dialect.as_ref().and_then(Dialect::main).is_some_and(|main| main.share >= 0.5)
    }

    /// Fills all of `record`, which arrives empty, but its time. Says whether a format read
    /// the text, rather than it being the message as it is.
    pub fn read<'a>(&self, text: Cow<'a, str>, record: &mut Record<'a>) -> bool {
        match text {
            Cow::Borrowed(text) => {
                let reads = self.reads(text, record);
                if !reads {
                    take_plain(Cow::Borrowed(text), record);
                }
                reads
            }
            Cow::Owned(text) => {
                let fields = std::mem::take(&mut record.fields);
                let mut inner = Record { fields, ..Record::default() };
                let reads = self.reads(&text, &mut inner);
                if reads {
                    record.level = inner.level;
                    record.service = inner.service.map(owned);
                    record.host = inner.host.map(owned);
                    record.message = owned(inner.message);
                    record.fields = inner.fields;
                } else {
                    drop(inner);
                    take_plain(Cow::Owned(text), record);
                }
                reads
            }
        }
    }

    fn reads<'a>(&self, text: &'a str, record: &mut Record<'a>) -> bool {
        self.dialect
            .as_ref()
            .is_some_and(|dialect| matches!(dialect.read(text, record), Reading::Record { .. }))
    }
}

/// Whether a text is in as many envelopes as a line may be in.
fn nests_deeply(text: &str) -> bool {
    let mut text = Cow::Borrowed(text);
    for _ in 0..ENVELOPES_MAX {
        let inside = docker::text_of(&text)
            .or_else(|| cri::text_of(&text))
            .or_else(|| compose::text_of(&text))
            .map(Cow::into_owned);
        match inside {
            Some(inside) => text = Cow::Owned(inside),
            None => return false,
        }
    }
    true
}

fn owned<'b>(text: Cow<'_, str>) -> Cow<'b, str> {
    Cow::Owned(text.into_owned())
}

fn take_plain<'a>(text: Cow<'a, str>, record: &mut Record<'a>) {
    *record = std::mem::take(record).recycle();
    record.level = level_of_message(&text);
    record.message = text;
}
