//! Messages of syslog, as senders have it: RFC 5424, RFC 3164, and what calls itself one of them.
//!
//! Framed by [`super::framing`] (or by UDP), a message is read with the formats that files are
//! read with. What it does not say the transport knows: a message without a time is of the time
//! when it arrived, one without a host of the address that sent it. What is in no format is a
//! record all the same, its text the message (RFC 3164, section 4.3.3), or JSON.

use std::borrow::Cow;
use std::sync::Arc;

use super::body;
use super::framing::{Framed, Frames, MESSAGE_BYTES_MAX};
use super::parcel::Parcel;
use crate::parse::formats::{by_name, syslog};
use crate::parse::lines::{beginning, clean};
use crate::parse::{Format, Sink, TimeRules, Zone};
use crate::record::Record;

/// What the senders of a source are said to send.
pub const FORMAT: &str = "syslog";

const REASON_NO_TEXT: &str = "neither syslog nor text";

/// Reads messages.
pub struct Reader {
    /// In this order.
    formats: [Arc<dyn Format>; 2],
    json: Arc<dyn Format>,
    zone: Zone,
}

impl Reader {
    /// `zone` is that of times that name none: RFC 3164 has only such.
    pub fn new(zone: Zone) -> Reader {
        let format = |name| {
            let kind = by_name(name).expect("it is in the list of formats");
            (kind.recognise)(&[]).expect("it needs no sample")
        };
        let formats = [format("syslog5424"), format("syslog3164")];
        Reader { formats, json: format("json"), zone }
    }

    /// Reads messages of one sender. `from` is its address.
    pub fn read(&self, frames: &Frames, from: &str, parcel: &mut Parcel) {
        parcel.batch.reset(0, 0, frames.bytes() as u64);
        let settings = parcel.settings.clone();
        let mut record = Record::default();
        for framed in frames.iter() {
            let unpacked = unpacked(framed.bytes);
            let bytes = without_trailer(unpacked.as_deref().unwrap_or(framed.bytes));
            let (text, _) = clean(bytes);
            if text.trim_matches(['\n', '\r']).is_empty() {
                continue;
            }
            parcel.received += 1;
            let (start, end) = (framed.start, framed.start + framed.bytes.len());
            let reject = framed.reject.or_else(|| reason_against(bytes));
            if let Some(reason) = reject {
                parcel.batch.reject(reason, beginning(&text), start, end);
                continue;
            }
            // Borrows from this message's text, so its allocation goes on in a new one.
            let mut of_message = record.recycle();
            self.read_one(&text, &framed, &mut of_message);
            of_message.host.get_or_insert(Cow::Borrowed(from));
            if settings.changes() {
                settings.apply(&mut of_message);
            }
            parcel.batch.record(&of_message, end);
            record = of_message.recycle();
        }
    }

    fn read_one<'a>(&self, text: &'a str, framed: &Framed<'_>, record: &mut Record<'a>) {
        let arrived = framed.arrived;
        let rules = TimeRules { absent: Some(arrived), ..TimeRules::new(self.zone, arrived) };
        let json = text.starts_with('{').then_some(&self.json);
        for format in self.formats.iter().chain(json) {
            if format.parse(text, &rules, record).is_ok() {
                return;
            }
            *record = std::mem::take(record).recycle();
        }
        syslog::read_loosely(text, record);
        record.ts = arrived;
    }
}

/// A message that is packed, as clients of GELF pack theirs over UDP by default: with gzip or
/// zlib, whose beginnings are no text.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let packing = match bytes {
        [0x1f, 0x8b, ..] => "gzip",
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] if reason_against(bytes).is_some() => "zlib",
        _ => return None,
    };
    body::unpacked(bytes, packing, MESSAGE_BYTES_MAX).ok().map(Cow::into_owned)
}

/// A message without the NULs that end it (RFC 6587, section 3.4.2). A line break at its end, which
/// [`clean`] drops, is the framing's too.
fn without_trailer(bytes: &[u8]) -> &[u8] {
    let kept = bytes.iter().rposition(|byte| *byte != 0);
    &bytes[..kept.map_or(0, |last| last + 1)]
}

/// Why a message is none: with no priority, what is not text may be anything, like the
/// beginning of TLS.
fn reason_against(bytes: &[u8]) -> Option<&'static str> {
    const ESCAPE: u8 = 0x1b;
    let is_text = |byte: &u8| *byte >= b' ' || matches!(*byte, b'\t' | b'\n' | b'\r' | ESCAPE);
    (bytes[0] != b'<' && !bytes.iter().all(is_text)).then_some(REASON_NO_TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-05T00:00:00Z
    const ARRIVED: i64 = 1_767_571_200_000_000;

    /// Time, level, service, host, message, fields.
    fn read(message: &str) -> (i64, u8, String, String, String, String) {
        let mut frames = Frames::default();
        frames.push(message.as_bytes(), ARRIVED);
        let mut parcel = Parcel::default();
        Reader::new(Zone::UTC).read(&frames, "10.0.0.7", &mut parcel);
        assert_eq!((parcel.received, parcel.batch.rows()), (1, 1), "{message}");
        let batch = &parcel.batch;
        (
            batch.ts[0] - ARRIVED,
            batch.level[0],
            batch.service.get(0).unwrap_or("-").to_owned(),
            batch.host.get(0).unwrap_or("-").to_owned(),
            batch.message.get(0).to_owned(),
            batch.fields.get(0).to_owned(),
        )
    }

    #[test]
    fn what_a_message_does_not_say_the_transport_knows() {
        const HOUR: i64 = 3_600_000_000;
        for (message, ts, service, host, text) in [
            (
                "<13>1 2026-01-05T01:00:00Z web1 app 7 - - hello\nworld\n",
                HOUR,
                "app",
                "web1",
                "hello\nworld",
            ),
            ("<13>1 - - app - - - hello", 0, "app", "10.0.0.7", "hello"),
            ("<13>Jan  5 01:00:00 web1 app[7]: hello", HOUR, "app", "web1", "hello"),
            ("<13>Jan  5 01:00:00 app: hello", HOUR, "app", "10.0.0.7", "hello"),
            ("<13>2026-01-05T01:00:00Z web1 hello you", HOUR, "-", "web1", "hello you"),
            ("<13>2026-01-05T01:00:00+00:00 app: hello", HOUR, "app", "10.0.0.7", "hello"),
            ("<13>app[7]: hello", 0, "app", "10.0.0.7", "hello"),
            ("<13>Error: hello", 0, "-", "10.0.0.7", "Error: hello"),
            (
                "<13>45: *Jan  5 01:00:00.000: %SYS-5-CONFIG_I: hello",
                HOUR,
                "-",
                "10.0.0.7",
                "hello",
            ),
            ("<13>45: hello", 0, "-", "10.0.0.7", "hello"),
            // After the one blank all is the message, but for the line break that ends it.
            ("<13>1 - web1 app 7 - - \tat a.b\n", 0, "app", "web1", "\tat a.b"),
            ("<13>1 - web1 app 7 - -  hello", 0, "app", "web1", "hello"),
            ("<13>1 - web1 app 7 - -    in\n\n", 0, "app", "web1", "   in\n"),
            ("<13>1 - web1 app 7 - - {}\0", 0, "app", "web1", "{}"),
            ("<13>Jan  5 01:00:00 web1 app[7]:   in", HOUR, "app", "web1", "  in"),
            ("<13>Jan  5 01:00:00 web1 app: \tin", HOUR, "app", "web1", "\tin"),
            ("<13>Jan  5 01:00:00 web1   in it", HOUR, "-", "web1", "  in it"),
            ("<13>Jan  5 01:00:00 web1  app: in", HOUR, "app", "web1", "in"),
            ("<13>app[7]:  in\r\n", 0, "app", "10.0.0.7", " in"),
            ("<999>hello", 0, "-", "10.0.0.7", "<999>hello"),
            ("hello", 0, "-", "10.0.0.7", "hello"),
            ("-- Boot 7 --", 0, "-", "10.0.0.7", "-- Boot 7 --"),
            (r#"{"message":"hello","service":"app"}"#, 0, "app", "10.0.0.7", "hello"),
            (r#"{"message":"hello""#, 0, "-", "10.0.0.7", r#"{"message":"hello""#),
            (
                "CEF:0|acme|ids|1|7|hello|5|src=10.0.0.9",
                0,
                "-",
                "10.0.0.7",
                "CEF:0|acme|ids|1|7|hello|5|src=10.0.0.9",
            ),
        ] {
            let found = read(message);
            assert_eq!(
                (found.0, &*found.2, &*found.3, &*found.4),
                (ts, service, host, text),
                "{message}"
            );
        }
    }

    #[test]
    fn structured_data_and_levels() {
        let found = read("<11>1 - h a 7 ID [x@1 k=\"v\n2\" n=\"3\"] \u{feff}hello");
        assert_eq!(found.1, 4);
        assert_eq!(found.5, r#"{"facility":"user","pid":7,"msgid":"ID","x@1":{"k":"v\n2","n":3}}"#);
        assert_eq!(read("<11>hello").1, 4);
        assert_eq!(read("hello").1, 2);
        assert_eq!(read("ERROR: hello").1, 4);
        // Structured data that does not end is a part of the message, not the loss of it.
        let found = read("<11>1 - h a 7 ID [x@1 k=\"v hello");
        assert_eq!((found.1, &*found.4), (4, "1 - h a 7 ID [x@1 k=\"v hello"));
    }

    #[test]
    fn packed_messages_are_unpacked() {
        use std::io::Write;
        let gelf = br#"{"version":"1.1","host":"web-1","short_message":"hello","level":3,"_n":7}"#;
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
        packer.write_all(gelf).unwrap();
        let mut frames = Frames::default();
        frames.push(&packer.finish().unwrap(), ARRIVED);
        // Begins as if it were packed.
        frames.push(b"x\x01\x02", ARRIVED);
        let mut parcel = Parcel::default();
        Reader::new(Zone::UTC).read(&frames, "10.0.0.7", &mut parcel);
        let expected = [
            r#"1767571200000000 ERROR - web-1 | hello | {"version":"1.1","_n":7}"#,
            "reject: neither syslog nor text | x\u{1}\u{2}",
        ];
        assert_eq!(super::super::tests::rows(&parcel), expected);
    }

    #[test]
    fn what_is_no_text_is_rejected_and_nothing_is_nothing() {
        let mut frames = Frames::default();
        frames.push(b"\x16\x03\x01\x02\x00\x01\x00\x01", ARRIVED);
        frames.push(b"\n\0", ARRIVED);
        frames.push(b"<13>caf\xe9 \x01", ARRIVED);
        let mut parcel = Parcel::default();
        Reader::new(Zone::UTC).read(&frames, "10.0.0.7", &mut parcel);
        assert_eq!((parcel.received, parcel.batch.rejects.len()), (2, 1));
        assert_eq!(parcel.batch.message.get(0), "caf\u{e9} \u{1}");
    }
}
