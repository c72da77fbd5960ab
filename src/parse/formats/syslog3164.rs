//! Syslog as it is found in files: RFC 3164 (section 4.1), and the same with the ISO
//! timestamps that rsyslog, `journalctl -o short-iso` and macOS write.
//!
//! ```text
//! Jan  5 10:11:12 web1 sshd[812]: Accepted publickey for deploy
//! <38>Jan  5 10:11:12 web1 sshd[812]: Accepted publickey for deploy
//! 2026-01-05T10:11:12.123456+01:00 web1 sshd[812]: Accepted publickey for deploy
//! ```
//!
//! After a priority nothing but syslog can follow, and less must be there.
//!
//! The program is the service. The level is that of the priority; files have none,
//! and then only a level that the message itself states is taken. HAProxy's requests
//! are read further: see [`super::haproxy`].

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, haproxy, syslog};
use crate::parse::level::{level_of_message, level_of_word};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "syslog3164",
    about: "Jan  5 10:11:12 host app[812]: message (also with <PRI>, or ISO timestamps)",
    recognise: |_| Some(Arc::new(Syslog3164)),
};

/// RFC 1035 allows 255 bytes of a host's name.
const HOST_BYTES_MAX: usize = 255;

struct Syslog3164;

impl Format for Syslog3164 {
    fn name(&self) -> &str {
        KIND.name
    }

    #[inline]
    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let mut cursor = Cursor::new(line);
        if is_journal_note(line) {
            return Err(Mismatch::Skip);
        }
        let priority = syslog::priority(&mut cursor);
        if priority.is_some() {
            syslog::sequence(&mut cursor, record);
        }
        if priority.is_some() {
            device(&mut cursor, record);
        }
        // Cisco marks times that its clock is not sure of.
        if priority.is_some() || line.starts_with(['*', '.']) {
            cursor.eat(b'*');
            cursor.eat(b'.');
        }
        if priority.is_some() && rules.undated.is_some() && spelling(cursor.rest()).is_none() {
            return undated(line, rules, record);
        }
        let stamped = cursor.rest();
        let spelling = spelling(stamped).ok_or(Mismatch::Foreign)?;
        let (ts, length) = rules.read(stamped).ok_or(Mismatch::Foreign)?;
        cursor.advance(length);
        // Cisco ends its timestamps with a colon.
        let colon = cursor.eat(b':');
        if !cursor.skip_spaces() || cursor.is_at_end() {
            return Err(Mismatch::Foreign);
        }
        record.ts = ts;
        let tag = if colon { syslog::tag(&mut cursor) } else { host_and_tag(&mut cursor, record) };
        let known = match spelling {
            Spelling::Iso if priority.is_some() => record.host.is_some() || tag.is_some(),
            Spelling::Iso => record.host.is_some() && is_sure(tag, stamped, length),
            Spelling::Named => {
                record.host.is_some() || tag.is_some() || cursor.rest().starts_with("last message ")
            }
        };
        if !known {
            return Err(Mismatch::Foreign);
        }
        if let Some(priority) = priority {
            record.fields.str("facility", priority.facility);
            record.level = priority.level;
        }
        if let Some(tag) = tag {
            if let Some(level) = syslog::level_of_mnemonic(tag.app) {
                record.level = record.level.or(Some(level));
                record.fields.str("mnemonic", tag.app);
            } else {
                tag.store(record);
            }
            let mut request = cursor;
            request.skip_spaces();
            if tag.app == "haproxy" && haproxy::read_request(request, rules, record).is_some() {
                return Ok(());
            }
        }
        record.level = record.level.or_else(|| level_of_message(cursor.rest().trim_start()));
        syslog::take_message(cursor.rest(), record);
        Ok(())
    }
}

/// What network devices put before the time: a sequence number, their own name and a second
/// number (`46: sw1: 000045: `), as far as a time follows.
fn device<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) {
    let mut probe = *cursor;
    let Some(name) = probe.until_within(": ", HOST_BYTES_MAX).filter(|name| is_host(name)) else {
        return;
    };
    let mut stamp = probe;
    if stamp.number().is_some() && stamp.eat_str(": ") {
        probe = stamp;
    }
    let after = probe.rest().trim_start_matches(['*', '.']);
    if !name.is_empty()
        && spelling(after).is_some()
        && crate::parse::time::read(after.as_bytes()).is_some()
    {
        record.host = Some(Cow::Borrowed(name));
        *cursor = probe;
    }
}

/// A line of a file that has a priority and no time.
fn undated<'a>(line: &'a str, rules: &TimeRules, record: &mut Record<'a>) -> Result<(), Mismatch> {
    *record = std::mem::take(record).recycle();
    record.ts = rules.absent.ok_or(Mismatch::Foreign)?;
    syslog::read_loosely(line, record);
    rules.mark_undated(record);
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// `Jan  5 10:11:12`: hardly anything else begins like this.
    Named,
    /// Everything begins like this; host and program must be there. With a weekday
    /// before it, it is what `journalctl -o short-full` writes.
    Iso,
}

fn spelling(text: &str) -> Option<Spelling> {
    let bytes = text.as_bytes();
    match (bytes.first()?, bytes.get(3..5)?) {
        (b'0'..=b'9', _) => Some(Spelling::Iso),
        (b'A'..=b'Z', [b' ', b'2']) if bytes.get(8) == Some(&b'-') => Some(Spelling::Iso),
        // `Jan  5`, `Jan 15`; not `Mon Jan  5`, with which no syslog begins.
        (b'A'..=b'Z', [b' ', b' ' | b'0'..=b'9']) => Some(Spelling::Named),
        _ => None,
    }
}

/// Whether what follows an ISO timestamp must be syslog: a program with a process id,
/// or one without after a timestamp as rsyslog writes it, with `T` and zone.
fn is_sure(tag: Option<syslog::Tag<'_>>, text: &str, length: usize) -> bool {
    let stamp = &text.as_bytes()[..length];
    tag.is_some_and(|tag| match tag.pid {
        Some(pid) => !tag.app.contains(' ') && pid.bytes().all(|b| b.is_ascii_digit()),
        None => {
            let after_seconds = stamp.get(19..).unwrap_or_default();
            let zone = after_seconds.iter().any(|b| matches!(b, b'Z' | b'+' | b'-'));
            stamp.get(10) == Some(&b'T') && zone && !tag.app.contains(' ')
        }
    })
}

/// The host, if one stands before the tag or the message, and the tag, if there is one.
fn host_and_tag<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<syslog::Tag<'a>> {
    let first = Cursor::new(cursor.rest()).token()?;
    if first.ends_with(':') {
        return syslog::tag(cursor);
    }
    let mut after = *cursor;
    after.token();
    let mut message = after;
    message.eat(b' ');
    after.skip_spaces();
    if !is_host(first) || after.is_at_end() {
        return syslog::tag(cursor);
    }
    record.host = Some(Cow::Borrowed(first));
    *cursor = after;
    let tag = syslog::tag(cursor);
    if tag.is_none() {
        *cursor = message;
    }
    tag
}

fn is_host(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= HOST_BYTES_MAX
        && word.as_bytes()[0].is_ascii_alphanumeric()
        && word.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'/' | b'@')
        })
        && level_of_word(word).is_none()
        && word != "last"
}

/// What journalctl writes between records.
fn is_journal_note(line: &str) -> bool {
    line.starts_with("-- Boot ")
        || line.starts_with("-- Logs begin at ")
        || line.starts_with("-- Journal begins at ")
        || line.starts_with("-- No entries --")
}
