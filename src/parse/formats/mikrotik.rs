//! RouterOS of MikroTik: what `/log print` and logging to disk write.
//!
//! ```text
//! jan/05/2026 10:11:12 system,error,critical login failure for user root from 10.0.0.8 via ssh
//! 2026-01-05 10:11:12 dhcp,info dhcp1 assigned 10.0.0.9 to AA:BB:CC:DD:EE:FF
//! 10:11:12 system,info filter rule changed by admin
//! ```
//!
//! The level is the gravest of the topics; the topics are `topics`.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "mikrotik",
    about: "jan/05/2026 10:11:12 system,info,account message (RouterOS)",
    recognise: |_| Some(Arc::new(Mikrotik)),
};

/// Topics of one message, and the bytes of each.
const TOPICS_MAX: usize = 8;
const TOPIC_BYTES_MAX: usize = 24;

struct Mikrotik;

impl Format for Mikrotik {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let mut cursor = Cursor::new(line);
        record.ts = stamp(&mut cursor, rules).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let topics = cursor.word().ok_or(Mismatch::Foreign)?;
        record.level = Some(level_of_topics(topics).ok_or(Mismatch::Foreign)?);
        record.fields.str("topics", topics);
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// A usual stamp, or the month first: `jan/05/2026 10:11:12`, `jan/05 10:11:12`.
fn stamp(cursor: &mut Cursor<'_>, rules: &TimeRules) -> Option<Micros> {
    let text = cursor.rest();
    if text.as_bytes().get(3) != Some(&b'/') {
        return cursor.stamp(rules);
    }
    let day = cursor.word()?;
    let time = cursor.word()?;
    let mut parts = day.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next());
    match year {
        Some(year) => rules.whole(&format!("{day}-{month}-{year} {time}")),
        None => {
            let initial = month.get(..1)?.to_ascii_uppercase();
            rules.whole(&format!("{initial}{} {day} {time}", month.get(1..)?))
        }
    }
}

/// `system,error,critical`: lower-case words, two at least, with a level among them.
fn level_of_topics(topics: &str) -> Option<Level> {
    let is_topic = |topic: &str| {
        (1..=TOPIC_BYTES_MAX).contains(&topic.len())
            && topic.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let count = topics.split(',').count();
    if !(2..=TOPICS_MAX).contains(&count) || !topics.split(',').all(is_topic) {
        return None;
    }
    topics.split(',').filter_map(level_of_word).max()
}
