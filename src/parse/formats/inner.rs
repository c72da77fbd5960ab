//! What a container wrote, out of the envelope that its runtime put around each line
//! ([`super::docker`], [`super::cri`]).
//!
//! The lines inside have formats of their own, found as those of any source. Level,
//! service, host, message and fields are the inner record's; the time is the runtime's,
//! which always has a zone. A line that no format reads is a message as it is, with the
//! level that it states itself (`ERROR: …`, `[warn] …`).

use std::borrow::Cow;

use super::{cri, docker};
use crate::parse::dialect::Reading;
use crate::parse::level::level_of_message;
use crate::parse::{Dialect, TimeRules, Zone};
use crate::record::Record;

pub struct Inner {
    /// `None` before any line was seen.
    dialect: Option<Dialect>,
}

impl Inner {
    /// Fits to the texts of the first lines.
    pub fn fitted<'s>(texts: impl Iterator<Item = Cow<'s, str>>) -> Inner {
        // Envelopes in envelopes are not opened: they could nest without end.
        let texts: Vec<Cow<str>> =
            texts.filter(|text| !docker::is_envelope(text) && !cri::is_envelope(text)).collect();
        if texts.is_empty() {
            return Inner { dialect: None };
        }
        let sample: Vec<&str> = texts.iter().map(|text| &**text).collect();
        // Inner times are not used, so that any rules do, and none need be there.
        let rules = TimeRules { absent: Some(0), ..TimeRules::new(Zone::UTC, 0) };
        Inner { dialect: Some(Dialect::detect(&sample, &[], rules)) }
    }

    /// Fills all of `record`, which arrives empty, but its time.
    pub fn read<'a>(&self, text: Cow<'a, str>, record: &mut Record<'a>) {
        match text {
            Cow::Borrowed(text) if self.reads(text, record) => {}
            Cow::Borrowed(text) => take_plain(Cow::Borrowed(text), record),
            Cow::Owned(text) => {
                let fields = std::mem::take(&mut record.fields);
                let mut inner = Record { fields, ..Record::default() };
                if self.reads(&text, &mut inner) {
                    record.level = inner.level;
                    record.service = inner.service.map(owned);
                    record.host = inner.host.map(owned);
                    record.message = owned(inner.message);
                    record.fields = inner.fields;
                } else {
                    drop(inner);
                    take_plain(Cow::Owned(text), record);
                }
            }
        }
    }

    fn reads<'a>(&self, text: &'a str, record: &mut Record<'a>) -> bool {
        self.dialect
            .as_ref()
            .is_some_and(|dialect| matches!(dialect.read(text, record), Reading::Record { .. }))
    }
}

fn owned<'b>(text: Cow<'_, str>) -> Cow<'b, str> {
    Cow::Owned(text.into_owned())
}

fn take_plain<'a>(text: Cow<'a, str>, record: &mut Record<'a>) {
    *record = std::mem::take(record).recycle();
    record.level = level_of_message(&text);
    record.message = text;
}
