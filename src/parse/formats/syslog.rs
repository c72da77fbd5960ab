//! What the syslog formats share: the priority, and the tag that names the program.
//!
//! Sources: RFC 5424 (section 6.2.1: facilities and severities), RFC 3164 (section
//! 4.1.3: the tag), and what rsyslog, systemd-journald and macOS write.

use std::borrow::Cow;

use super::access;
use super::json;
use super::json::value::Value;
use super::labels::key_beside;
use crate::parse::level::{level_of_message, level_of_severity, level_of_word};
use crate::parse::scan::Cursor;
use crate::record::{Fields, Level, Record};

/// Longest tag; RFC 5424 allows 48 characters of name and 128 of process id.
const TAG_BYTES_MAX: usize = 128;
/// Most words of a program's name: `Acme Software Update Agent[312]`.
const NAME_WORDS_MAX: usize = 4;

/// RFC 5424, table 1.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

/// `<PRI>`: facility times eight plus severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    pub facility: &'static str,
    pub level: Option<Level>,
}

/// Reads `<34>`.
pub fn priority(cursor: &mut Cursor<'_>) -> Option<Priority> {
    let mut probe = *cursor;
    if !probe.eat(b'<') {
        return None;
    }
    let priority = Priority::of_number(probe.number()?)?;
    if !probe.eat(b'>') {
        return None;
    }
    *cursor = probe;
    Some(priority)
}

impl Priority {
    pub fn of_number(number: u64) -> Option<Priority> {
        let facility = FACILITIES.get(usize::try_from(number / 8).ok()?)?;
        Some(Priority { facility, level: level_of_severity((number % 8) as i64) })
    }
}

/// The program that wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    pub app: &'a str,
    pub pid: Option<&'a str>,
    /// What launchd adds: the service it speaks of.
    pub subject: Option<&'a str>,
}

impl<'a> Tag<'a> {
    /// The program becomes the service, the rest fields.
    pub fn store(self, record: &mut Record<'a>) {
        record.service = Some(Cow::Borrowed(self.app));
        if let Some(pid) = self.pid {
            record.fields.typed("pid", pid);
        }
        if let Some(subject) = self.subject {
            record.fields.str("subject", subject);
        }
    }
}

/// Reads a tag and the blank after it: `sshd[812]: `, `sshd(pam_unix)[812]: `,
/// `kernel: `, `Google Chrome[7]: `, `syslogd 1.4.1: `, `launchd[1] (com.acme.job): `.
///
/// Several words are a name only where a process id or a version follows them:
/// anything else is a message with a colon in it.
#[inline]
pub fn tag<'a>(cursor: &mut Cursor<'a>) -> Option<Tag<'a>> {
    let text = cursor.rest();
    let mut words = 1;
    for (at, byte) in text.bytes().enumerate().take(TAG_BYTES_MAX) {
        match byte {
            b'[' => return tag_with_pid(cursor, at),
            b':' if matches!(text.as_bytes().get(at + 1), None | Some(b' ' | b'\t' | b'[')) => {
                let app = &text[..at];
                return is_name(app, words).then(|| finish(cursor, app, None, None, at + 1));
            }
            b' ' if words == NAME_WORDS_MAX || at == 0 => return None,
            b' ' => words += 1,
            b'"' | b'=' | b'<' | b'{' => return None,
            _ => {}
        }
    }
    None
}

/// A tag whose `[` stands at `open`.
fn tag_with_pid<'a>(cursor: &mut Cursor<'a>, open: usize) -> Option<Tag<'a>> {
    let app = &cursor.rest()[..open];
    let mut probe = *cursor;
    probe.advance(open);
    let pid = probe.bracket()?;
    let several = app.contains(' ');
    // `unbound[812:0]`: the process and its thread.
    let digits = pid.starts_with(|c: char| c.is_ascii_digit())
        && pid.bytes().all(|b| b.is_ascii_digit() || b == b':');
    let plausible = digits || (!several && !pid.contains(' '));
    if app.is_empty() || app.ends_with(' ') || !plausible {
        return None;
    }
    let mut subject = None;
    if probe.rest().starts_with(" (") {
        let mut inner = probe;
        inner.advance(1);
        if let Some(name) = inner.enclosed_within(b'(', b')', TAG_BYTES_MAX)
            && inner.peek() == Some(b':')
        {
            (subject, probe) = (Some(name), inner);
        }
    }
    let colon = probe.eat(b':');
    if !colon && (several || !digits || !matches!(probe.peek(), None | Some(b' '))) {
        return None;
    }
    *cursor = probe;
    cursor.eat(b' ');
    Some(Tag { app, pid: Some(pid), subject })
}

/// One word, or one and its version, or what root's login writes (`-- root`).
fn is_name(app: &str, words: usize) -> bool {
    match words {
        // A number is a sequence number or a process id.
        1 => !app.bytes().all(|b| b.is_ascii_digit()),
        2 => app.split_once(' ').is_some_and(|(_, version)| {
            version.as_bytes().first().is_some_and(u8::is_ascii_digit) && version.contains('.')
        }),
        _ => false,
    }
}

fn finish<'a>(
    cursor: &mut Cursor<'a>,
    app: &'a str,
    pid: Option<&'a str>,
    subject: Option<&'a str>,
    length: usize,
) -> Tag<'a> {
    cursor.advance(length);
    cursor.eat(b' ');
    Tag { app, pid, subject }
}

/// The number that Cisco gives its messages, before anything else: `45: `, `000045: `. Says whether
/// it is there.
#[inline]
pub fn sequence(cursor: &mut Cursor<'_>, record: &mut Record<'_>) -> bool {
    let mut probe = *cursor;
    if let Some(number) = probe.number().and_then(|number| i64::try_from(number).ok())
        && probe.eat_str(": ")
    {
        record.fields.int("sequence", number);
        *cursor = probe;
        return true;
    }
    false
}

/// Reads a message that is in no form, as RFC 3164 has relays do (section 4.3): after a priority
/// a program's name may stand; all else is the message. One without a priority is a notice.
/// Fills all of `record`, which arrives empty, but its time and host.
pub fn read_loosely<'a>(text: &'a str, record: &mut Record<'a>) {
    let mut cursor = Cursor::new(text);
    let priority = priority(&mut cursor);
    if let Some(priority) = priority {
        record.fields.str("facility", priority.facility);
        sequence(&mut cursor, record);
        let mut probe = cursor;
        if let Some(tag) = tag(&mut probe)
            && level_of_word(tag.app).is_none()
        {
            tag.store(record);
            cursor = probe;
        }
    } else {
        record.fields.str("facility", "user");
    }
    record.level = match priority {
        Some(priority) => priority.level,
        None => level_of_message(cursor.rest().trim_start()).or(Some(Level::Info)),
    };
    take_message(cursor.rest(), record);
}

/// Takes the text behind a header. Where it is a JSON object that says something, with or without the
/// cookie `@cee:` (Common Event Expression; rsyslog's mmjsonparse), it is opened: level, message and fields are
/// the object's, time and host the header's. The header's program is the service unless the
/// object names one. A request of an access log adds its fields ([`access::add_request`]).
pub fn take_message<'a>(text: &'a str, record: &mut Record<'a>) {
    let json = text.strip_prefix("@cee:").unwrap_or(text).trim_start();
    if json.starts_with('{') {
        let mut inner = Record::default();
        if let Ok(has_message) = json::read_dated(json, record.ts, &mut inner)
            && (has_message || !inner.message.is_empty())
        {
            return merge(inner, record);
        }
    }
    access::add_request(text.trim_start(), record);
    record.message = Cow::Borrowed(text);
}

/// Adds what an object in a message says to what its header says.
fn merge<'a>(inner: Record<'a>, record: &mut Record<'a>) {
    let mut header = std::mem::take(&mut record.fields);
    let level = inner.level.or(record.level);
    if let Some(outranked) = record.level.filter(|_| record.level != level) {
        header.str("severity", outranked.name());
    }
    record.level = level;
    record.message = inner.message;
    record.fields = inner.fields;
    // Of two values of one name the object's is kept under it.
    let (header, own) =
        [header.as_str(), record.fields.as_str()].map(|it| format!("{{{it}}}")).into();
    let object = |text| Value { text, escaped: true, odd: false };
    for (key, value) in object(&header).members() {
        let name = key.raw_string().unwrap_or_default();
        if object(&own).member(name).is_none_or(|same| same.text != value.text) {
            let name = key_beside(record, "syslog", name).into_owned();
            record.fields.raw_pair(&format!("\"{name}\""), value.text);
        }
    }
    keep_other(&mut record.service, inner.service, "program", &mut record.fields, Keep::Inner);
    keep_other(&mut record.host, inner.host, "logged_host", &mut record.fields, Keep::Header);
}

/// Which of two names fills the column.
enum Keep {
    Inner,
    Header,
}

/// Fills a column with one of two names; the other one, if it differs, becomes a field.
fn keep_other<'a>(
    column: &mut Option<Cow<'a, str>>,
    inner: Option<Cow<'a, str>>,
    name: &str,
    fields: &mut Fields,
    keep: Keep,
) {
    let header = column.take();
    let (first, second) = match keep {
        Keep::Inner => (inner, header),
        Keep::Header => (header, inner),
    };
    if let (Some(first), Some(second)) = (&first, &second)
        && first != second
    {
        fields.str(name, second);
    }
    *column = first.or(second);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Tag<'_>, &str)> {
        let mut cursor = Cursor::new(text);
        tag(&mut cursor).map(|tag| (tag, cursor.rest()))
    }

    #[test]
    fn tags() {
        for (text, app, pid, subject, rest) in [
            ("sshd[812]: x", "sshd", Some("812"), None, "x"),
            ("sshd(pam_unix)[812]: x", "sshd(pam_unix)", Some("812"), None, "x"),
            ("kernel: [ 1.2] x", "kernel", None, None, "[ 1.2] x"),
            ("Google Chrome[7]: x", "Google Chrome", Some("7"), None, "x"),
            ("syslogd 1.4.1: restart.", "syslogd 1.4.1", None, None, "restart."),
            ("launchd[1] (com.acme[9]): x", "launchd", Some("1"), Some("com.acme[9]"), "x"),
            ("-- root[2421]: x", "-- root", Some("2421"), None, "x"),
            ("cron[7] x", "cron", Some("7"), None, "x"),
            ("unbound[812:0] info: x", "unbound", Some("812:0"), None, "info: x"),
        ] {
            assert_eq!(read(text), Some((Tag { app, pid, subject }, rest)), "{text}");
        }
        for text in [
            "last message repeated 2 times",
            "Link is up: x",
            "a::b c",
            "",
            ": x",
            "45: x",
            "[12]: x",
            "a b [1]",
            "a b c d e[1]: x",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn priorities() {
        let read = |text| priority(&mut Cursor::new(text));
        assert_eq!(read("<34>"), Some(Priority { facility: "auth", level: Some(Level::Fatal) }));
        assert_eq!(read("<191>").map(|found| found.facility), Some("local7"));
        assert_eq!(read("<192>"), None);
        assert_eq!(read("<>"), None);
    }
}
