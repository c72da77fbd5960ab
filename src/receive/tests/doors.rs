//! What was said comes back: at every door, text that comes with a time, a level or a service of
//! its own is the message, byte for byte, and it changes neither of them.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use serde_json::{Value, json};

use super::super::framing::Frames;
use super::super::wire::Encoding;
use super::super::{Parcel, elastic, lines, loki, otlp, receipts, splunk, syslog};
use crate::parse::Zone;

/// 2026-01-05T00:00:00Z.
const SECOND: i64 = 1_767_571_200;

/// Long before: a time that nothing but a mistake has.
const NOW: i64 = 9_000_000;

/// What sentences are made of; a number stands for `#`, other letters for `~`.
const PARTS: [&str; 55] = [
    "\u{1b}[3#mred\u{1b}[0m",
    "  ",
    "\u{1b}]8;;http://x\u{7}~\u{1b}]8;;\u{7}",
    "order",
    "from web",
    "user 11095# logged in",
    "1#",
    "17675712#",
    "17675712##",
    "17675712###",
    "1.7675#e9",
    "0x#",
    "2026-02-1# 10:00:00",
    "2026-02-10T10:00:0#Z",
    "2026-02-10 10:00:00,## ",
    "[2026/02/10 10:00:0#]",
    "10/Feb/2026:10:00:0# +0100",
    "Jan  # 10:00:00",
    "Jan 22 10:00:00 db2 backup[#]:",
    "Mon, 05 Jan 2026 10:00:0# GMT",
    "10:00:0#",
    "1/5/26, 8:35:3# AM",
    "key=~#",
    "a=# b=\"~ x\" c=",
    "level=~ msg=#",
    "time=2026-01-05T00:00:00Z level",
    "{\"a\":#}",
    "{\"time\":\"2026-02-10T10:00:00Z\",\"n\":#}",
    "[1,#,\"~\"]",
    "[~]",
    "(#)",
    "<1#>",
    "<13>1 2026-02-10T10:00:00Z h a # - -",
    "{",
    "}",
    "\"~",
    "'#'",
    "\\n \\u00e9 \\",
    "ERROR",
    "warning about #",
    "INFO:",
    "I, [#]",
    "I0210 10:00:00.00#",
    "at shop.Cart.pay(Cart.java:#)",
    "GET /cart?id=# HTTP/1.1",
    "10.0.0.# - - [10/Feb/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 #",
    "2026-02-10T10:00:00.#Z stdout F",
    "web-# |",
    "é漢字 😀",
    "\u{a0}\u{202f}#\u{202f}AM",
    "50 % of #",
    "a, b; c: ~",
    "http://web-#/~",
    "\t#",
    "-",
];

/// A sentence of a kind. Sentences of one kind differ in numbers and letters only.
fn sentence(kind: u64, number: u64) -> String {
    let mut shape = Xoshiro256PlusPlus::seed_from_u64(kind);
    let mut values = Xoshiro256PlusPlus::seed_from_u64(kind ^ number.rotate_left(32) ^ 1);
    let mut sentence = String::new();
    for part in 0..1 + shape.next_u64() % 5 {
        if part > 0 {
            sentence.push(' ');
        }
        for char in PARTS[shape.next_u64() as usize % PARTS.len()].chars() {
            match char {
                '#' => sentence.push_str(&(values.next_u64() % 1000).to_string()),
                '~' => sentence.push(char::from(b'a' + (values.next_u64() % 26) as u8)),
                char => sentence.push(char),
            }
        }
    }
    sentence
}

/// A record as it is stored: time, level, service, message.
type Stored = (i64, Option<u8>, String, String);

fn stored(parcel: &Parcel) -> Vec<Stored> {
    let batch = &parcel.batch;
    assert!(batch.rejects.is_empty(), "{:?}", super::rows(parcel));
    let record = |row: usize| {
        let level = (batch.level[row] < 6).then_some(batch.level[row]);
        let service = batch.service.get(row).unwrap_or("-").to_owned();
        (batch.ts[row], level, service, batch.message.get(row).to_owned())
    };
    (0..batch.rows()).map(record).collect()
}

/// A door: takes sentences, said at [`SECOND`] by the service `shop` as an error.
struct Door {
    name: &'static str,
    send: fn(&[String], &mut Parcel),
    /// It says no service.
    is_nameless: bool,
}

fn nanos() -> String {
    format!("{SECOND}000000000")
}

fn loki_json(sentences: &[String], parcel: &mut Parcel) {
    let values: Vec<Value> = sentences.iter().map(|text| json!([nanos(), text])).collect();
    let stream = json!({"service_name": "shop", "level": "error"});
    let body = json!({"streams": [{"stream": stream, "values": values}]});
    loki::decode(body.to_string().as_bytes(), Encoding::Json, NOW, parcel).unwrap();
}

fn otlp_json(sentences: &[String], parcel: &mut Parcel) {
    let record = |text: &String| json!({"timeUnixNano": nanos(), "severityNumber": 17, "body": {"stringValue": text}});
    let records: Vec<Value> = sentences.iter().map(record).collect();
    let attributes = json!([{"key": "service.name", "value": {"stringValue": "shop"}}]);
    let body = json!({"resourceLogs": [{
        "resource": {"attributes": attributes}, "scopeLogs": [{"logRecords": records}],
    }]});
    otlp::decode(body.to_string().as_bytes(), Encoding::Json, NOW, parcel).unwrap();
}

/// A field of Protocol Buffers that has a length.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(bytes);
    out
}

fn varint(number: u8, mut value: u64) -> Vec<u8> {
    let mut out = vec![number << 3];
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn loki_protobuf(sentences: &[String], parcel: &mut Parcel) {
    let mut stream = field(1, br#"{service_name="shop", level="error"}"#);
    for text in sentences {
        let time = field(1, &varint(1, SECOND as u64));
        stream.extend(field(2, &[time, field(2, text.as_bytes())].concat()));
    }
    loki::decode(&field(1, &stream), Encoding::Protobuf, NOW, parcel).unwrap();
}

fn otlp_protobuf(sentences: &[String], parcel: &mut Parcel) {
    let name = [field(1, b"service.name"), field(2, &field(1, b"shop"))].concat();
    let mut records = Vec::new();
    for text in sentences {
        let nanos = (SECOND as u64 * 1_000_000_000).to_le_bytes();
        let time = [&[9][..], &nanos].concat();
        let body = field(5, &field(1, text.as_bytes()));
        records.extend(field(2, &[time, varint(2, 17), body].concat()));
    }
    let logs = [field(1, &field(1, &name)), field(2, &records)].concat();
    otlp::decode(&field(1, &logs), Encoding::Protobuf, NOW, parcel).unwrap();
}

fn splunk_events(sentences: &[String], parcel: &mut Parcel) {
    let fields = json!({"service": "shop", "severity": "error"});
    let event = |text: &String| json!({"time": SECOND, "event": text, "fields": fields});
    let body: String = sentences.iter().map(|text| event(text).to_string()).collect();
    assert_eq!(splunk::decode_events(body.as_bytes(), NOW, parcel).problem, None);
}

fn docker_events(sentences: &[String], parcel: &mut Parcel) {
    let event = |text: &String| {
        let line = json!({"line": text, "source": "stderr", "tag": "shop"});
        json!({"time": SECOND.to_string(), "event": line, "fields": {"severity": "error"}})
    };
    let body: String = sentences.iter().map(|text| event(text).to_string()).collect();
    assert_eq!(splunk::decode_events(body.as_bytes(), NOW, parcel).problem, None);
}

fn documents(sentences: &[String], parcel: &mut Parcel, level: &Value) {
    let mut body = String::new();
    for text in sentences {
        let at = "2026-01-05T00:00:00Z";
        let mut document = json!({"@timestamp": at, "service": {"name": "shop"}, "message": text});
        if !level.is_null() {
            document["log"] = json!({"level": level});
        }
        body += &format!("{{\"create\":{{}}}}\n{document}\n");
    }
    let ask = |_: &str, _: &str, _| receipts::Verdict::New;
    elastic::decode(body.as_bytes(), Some("logs"), NOW, parcel, ask).unwrap();
}

fn collector_documents(sentences: &[String], parcel: &mut Parcel) {
    let mut body = String::new();
    for text in sentences {
        let document = json!({
            "@timestamp": format!("{SECOND}000.0"), "body": {"text": text}, "severity_number": 17,
            "resource": {"attributes": {"service.name": "shop"}},
        });
        body += &format!("{{\"create\":{{}}}}\n{document}\n");
    }
    let ask = |_: &str, _: &str, _| receipts::Verdict::New;
    elastic::decode(body.as_bytes(), None, NOW, parcel, ask).unwrap();
}

fn json_lines(sentences: &[String], parcel: &mut Parcel) {
    let line = |text: &String| json!({"time": "2026-01-05T00:00:00Z", "level": "error", "service": "shop", "message": text});
    let body: Vec<String> = sentences.iter().map(|text| line(text).to_string()).collect();
    lines::read_json(body.join("\n").as_bytes(), NOW, parcel);
}

fn json_array(sentences: &[String], parcel: &mut Parcel) {
    let line =
        |text: &String| json!({"date": SECOND, "severity": "error", "app": "shop", "log": text});
    let body: Vec<Value> = sentences.iter().map(line).collect();
    lines::read_json(Value::from(body).to_string().as_bytes(), NOW, parcel);
}

fn syslog_messages(sentences: &[String], parcel: &mut Parcel, header: &str) {
    let mut frames = Frames::default();
    for text in sentences {
        frames.push(format!("{header}{text}").as_bytes(), (SECOND + 86_400) * 1_000_000);
    }
    syslog::Reader::new(Zone::UTC).read(&frames, "10.0.0.7", parcel);
}

const DOORS: [Door; 13] = [
    Door { name: "loki json", send: loki_json, is_nameless: false },
    Door { name: "loki protobuf", send: loki_protobuf, is_nameless: false },
    Door { name: "otlp json", send: otlp_json, is_nameless: false },
    Door { name: "otlp protobuf", send: otlp_protobuf, is_nameless: false },
    Door { name: "splunk", send: splunk_events, is_nameless: false },
    Door { name: "docker", send: docker_events, is_nameless: false },
    Door {
        name: "bulk",
        send: |sentences, parcel| documents(sentences, parcel, &json!("error")),
        is_nameless: false,
    },
    Door { name: "collector", send: collector_documents, is_nameless: false },
    Door { name: "json lines", send: json_lines, is_nameless: false },
    Door { name: "json array", send: json_array, is_nameless: false },
    Door {
        name: "syslog 5424",
        send: |sentences, parcel| {
            syslog_messages(sentences, parcel, "<11>1 2026-01-05T00:00:00Z web1 shop 7 - - ");
        },
        is_nameless: false,
    },
    Door {
        name: "syslog 3164",
        send: |sentences, parcel| {
            syslog_messages(sentences, parcel, "<11>Jan  5 00:00:00 web1 shop[7]: ");
        },
        is_nameless: false,
    },
    Door {
        name: "loki without labels",
        send: |sentences, parcel| {
            let values: Vec<Value> = sentences.iter().map(|text| json!([nanos(), text])).collect();
            let body = json!({"streams": [{"stream": {"level": "error"}, "values": values}]});
            loki::decode(body.to_string().as_bytes(), Encoding::Json, NOW, parcel).unwrap();
        },
        is_nameless: true,
    },
];

#[test]
fn a_sentence_stays_a_sentence_at_every_door_alone_and_among_others() {
    for door in DOORS {
        let is_syslog = door.name.starts_with("syslog");
        for kind in 0..400 {
            let alike: Vec<String> = (0..30).map(|number| sentence(kind, number)).collect();
            // JSON behind a header is a payload of its own, and colours go as they do in files.
            let is_other =
                |text: &String| text.trim_start().starts_with('{') || text.contains('\u{1b}');
            if is_syslog && alike.iter().any(is_other) {
                continue;
            }
            let service = if door.is_nameless { "-" } else { "shop" };
            for sentences in [&alike[..1], &alike[..]] {
                let mut parcel = Parcel::default();
                (door.send)(sentences, &mut parcel);
                let record =
                    |text: &String| (SECOND * 1_000_000, Some(4), service.to_owned(), text.clone());
                let expected: Vec<Stored> = sentences.iter().map(record).collect();
                assert_eq!(stored(&parcel), expected, "{}, kind {kind}", door.name);
            }
        }
    }
}

#[test]
fn a_sentence_without_a_level_stays_a_sentence_too() {
    for kind in 0..400 {
        let alike: Vec<String> = (0..30).map(|number| sentence(kind, number)).collect();
        for sentences in [&alike[..1], &alike[..]] {
            let mut parcel = Parcel::default();
            documents(sentences, &mut parcel, &Value::Null);
            let found: Vec<_> =
                stored(&parcel).into_iter().map(|(at, _, _, text)| (at, text)).collect();
            let expected: Vec<_> =
                sentences.iter().map(|text| (SECOND * 1_000_000, text.clone())).collect();
            assert_eq!(found, expected, "kind {kind}");
        }
    }
}

#[test]
fn a_level_is_filled_only_where_it_is_stated() {
    for (text, level) in [
        ("ERROR no stock", Some(4)),
        ("[warn] hot", Some(3)),
        ("2026-02-10 10:00:00 ERROR no stock", Some(4)),
        ("level=info msg=x", Some(2)),
        ("10.0.0.7 - - [10/Feb/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 502 5", Some(4)),
        ("next run at 2026-02-14 10:00:00 for job 939", None),
        ("2026-02-14 10:00:00 is the next run", None),
        ("2026-02-14 10:00:00 error rate is 5 %", None),
        ("the error of order 5", None),
        ("exported rows in 866 ms", None),
        ("information about user 7", None),
        ("1767571200 fatal", None),
    ] {
        for copies in [1, 30] {
            let mut parcel = Parcel::default();
            documents(&vec![text.to_owned(); copies], &mut parcel, &Value::Null);
            let levels: Vec<_> = stored(&parcel).into_iter().map(|record| record.1).collect();
            assert_eq!(levels, vec![level; copies], "{text}");
        }
    }
}
