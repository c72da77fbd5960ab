//! Syslog as it is found in files: RFC 3164 (section 4.1), and the same with the ISO
//! timestamps that rsyslog, `journalctl -o short-iso` and macOS write.
//!
//! ```text
//! Jan  5 10:11:12 web1 sshd[812]: Accepted publickey for deploy
//! Jan  5 10:11:12 lb1 warning tmm[812]: Connection error
//! Jan  5 10:11:12 10.0.0.1 45: *Jan  5 10:11:11.123: %LINK-3-UPDOWN: Interface Gi0/1 is down
//! 2026 Jan  5 10:11:12 sw1 %ETHPORT-5-IF_DOWN: Interface Ethernet1/1 is down
//! <189>date=2026-01-05 time=10:11:12 devname="fw1" level="notice" msg="Login failed"
//! <38>Jan  5 10:11:12 web1 sshd[812]: Accepted publickey for deploy
//! 2026-01-05T10:11:12.123456+01:00 web1 sshd[812]: Accepted publickey for deploy
//! ```
//!
//! After a priority nothing but syslog can follow, and less must be there.
//!
//! The program is the service. The level is that of the priority; files have none, and then it is
//! the word that F5 writes before the program, the digit in the mnemonic of a network device, or
//! what the message itself states. The pairs of firewalls that have no header are opened. HAProxy's requests
//! are read further: see [`super::haproxy`].

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, haproxy, logfmt, syslog, text};
use crate::parse::level::{level_of_message, level_of_mnemonic, level_of_word};
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
        let is_numbered = syslog::sequence(&mut cursor, record);
        if priority.is_some() {
            cursor.eat_str(": ");
            device(&mut cursor, record);
        }
        // Cisco marks times that its clock is not sure of.
        if priority.is_some() || is_numbered || line.starts_with(['*', '.']) {
            cursor.eat(b'*');
            cursor.eat(b'.');
        }
        let stamped = cursor.rest();
        let Some(spelling) = spelling(stamped) else {
            let priority = priority.ok_or(Mismatch::Foreign)?;
            return headless(line, priority, stamped, rules, record);
        };
        let (ts, length) = rules.read(stamped).ok_or(Mismatch::Foreign)?;
        cursor.advance(length);
        // Cisco ends its timestamps with a colon.
        let colon = cursor.eat(b':');
        if !cursor.skip_spaces() || cursor.is_at_end() {
            return Err(Mismatch::Foreign);
        }
        record.ts = ts;
        let tag = if colon { syslog::tag(&mut cursor) } else { host_and_tag(&mut cursor, record) };
        if is_verb(tag, record) {
            return Err(Mismatch::Foreign);
        }
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
            if !store_mnemonic(tag, record) {
                tag.store(record);
                mnemonic(&mut cursor, record);
            }
            let mut request = cursor;
            request.skip_spaces();
            if tag.app == "haproxy" && haproxy::read_request(request, rules, record).is_some() {
                return Ok(());
            }
        }
        if tag.is_none() && begins_pairs(cursor.rest()) && pairs(cursor.rest(), rules, record) {
            return Ok(());
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

/// What follows a priority without a header: the pairs of a firewall, the time among them
/// (FortiGate, SonicWall), or in a file without times a message.
fn headless<'a>(
    line: &'a str,
    priority: syslog::Priority,
    text: &'a str,
    rules: &TimeRules,
    record: &mut Record<'a>,
) -> Result<(), Mismatch> {
    record.level = priority.level;
    record.fields.str("facility", priority.facility);
    if pairs(text, rules, record) {
        return Ok(());
    }
    if rules.undated.is_none() {
        return Err(Mismatch::Foreign);
    }
    *record = std::mem::take(record).recycle();
    record.ts = rules.absent.ok_or(Mismatch::Foreign)?;
    syslog::read_loosely(line, record);
    rules.mark_undated(record);
    Ok(())
}

/// Whether a message begins as those of FortiGate and SonicWall do.
fn begins_pairs(text: &str) -> bool {
    text.starts_with("date=") || text.starts_with("id=")
}

/// The pairs of a firewall, if they tell the time: theirs is the record's, and so is their level.
fn pairs<'a>(text: &'a str, rules: &TimeRules, record: &mut Record<'a>) -> bool {
    let dated = TimeRules { absent: None, undated: None, ..*rules };
    let mut inner = Record::default();
    if !text.contains('=') || logfmt::read(text, &dated, &mut inner).is_err() {
        return false;
    }
    record.ts = inner.ts;
    record.level = inner.level.or(record.level);
    record.service = inner.service;
    record.host = record.host.take().or(inner.host);
    record.message = inner.message;
    record.fields.pairs(inner.fields.as_str());
    true
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
        // `2026 Jan  5`: only NX-OS writes it.
        (b'0'..=b'9', [b'0'..=b'9', b' ']) => Some(Spelling::Named),
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
    match cursor.peek() {
        Some(b'0'..=b'9' | b':' | b'*' | b'.' | b'%') => device_head(cursor, record),
        // The first letters of the severities.
        Some(b'a' | b'c' | b'd' | b'e' | b'i' | b'n' | b'w') => {
            if let Some(tag) = level_and_tag(cursor, record) {
                return Some(tag);
            }
        }
        _ => {}
    }
    let is_device = cursor.rest().len() < after.rest().len();
    let tag = syslog::tag(cursor);
    if tag.is_none() && !is_device {
        *cursor = message;
    }
    tag
}

/// `warning tmm1[12345]: `, as F5's BIG-IP writes the severity before the program.
#[inline]
fn level_and_tag<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<syslog::Tag<'a>> {
    let mut probe = *cursor;
    let word = probe.word()?;
    let is_severity = matches!(
        word,
        "emerg" | "alert" | "crit" | "err" | "error" | "warning" | "notice" | "info" | "debug"
    );
    if !is_severity {
        return None;
    }
    let tag = syslog::tag(&mut probe).filter(|tag| !tag.app.contains(' '))?;
    record.level = level_of_word(word);
    *cursor = probe;
    Some(tag)
}

/// What stands between a relay's host and the mnemonic of a network device: a colon, the number
/// and the time that the device gave the message, the context that NX-OS runs it in
/// (`45: *Jan  5 10:11:11.123: `, `: `, `%$ VDC-1 %$ `). Only as far as a mnemonic follows.
fn device_head<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) {
    const CONTEXT_BYTES_MAX: usize = 64;
    let mut probe = *cursor;
    probe.eat_str(": ");
    let mut numbered = probe;
    let sequence = numbered.number().filter(|_| numbered.eat_str(": "));
    if sequence.is_some() {
        probe = numbered;
    }
    let at = probe.rest().trim_start_matches(['*', '.']);
    let time = crate::parse::time::read(at.as_bytes()).map(|(_, length)| &at[..length]);
    if let Some(time) = time {
        probe = Cursor::new(&at[time.len()..]);
        if !probe.eat_str(": ") {
            return;
        }
    }
    let context =
        if probe.eat_str("%$ ") { probe.until_within(" %$ ", CONTEXT_BYTES_MAX) } else { None };
    if level_of_mnemonic(probe.rest().split(": ").next().unwrap_or_default()).is_none() {
        return;
    }
    if let Some(sequence) = sequence.and_then(|number| i64::try_from(number).ok()) {
        record.fields.int("sequence", sequence);
    }
    for (name, text) in [("device_time", time), ("vdc", context)] {
        if let Some(text) = text {
            record.fields.str(name, text);
        }
    }
    *cursor = probe;
}

/// The mnemonic behind a program, as Junos writes it: `%DAEMON-3-RPD_BGP_NEIGHBOR_STATE_CHANGED: `.
#[inline]
fn mnemonic<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) {
    if cursor.peek() != Some(b'%') {
        return;
    }
    let mut probe = *cursor;
    if let Some(tag) = syslog::tag(&mut probe)
        && store_mnemonic(tag, record)
    {
        *cursor = probe;
    }
}

/// Stores a tag that is a network device's mnemonic; says whether it is one.
#[inline]
fn store_mnemonic<'a>(tag: syslog::Tag<'a>, record: &mut Record<'a>) -> bool {
    let level = level_of_mnemonic(tag.app);
    if level.is_some() {
        record.level = record.level.or(level);
        record.fields.str("mnemonic", tag.app);
    }
    level.is_some()
}

/// Whether what looks like a program is what a sentence begins with: `Installed: libfoo-1.2.3`, in
/// yum's log, which names no host.
fn is_verb(tag: Option<syslog::Tag<'_>>, record: &Record<'_>) -> bool {
    record.host.is_none()
        && tag.is_some_and(|tag| {
            tag.pid.is_none()
                && tag.app.starts_with(|c: char| c.is_ascii_uppercase())
                && text::begins_messages(tag.app)
        })
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
