//! No member of what was sent is missing from the stored record: at every door that takes objects,
//! a member fills a column with what it says, or is a field with the value that it had.

use std::collections::BTreeMap;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use serde_json::{Map, Value, json};

use super::super::framing::Frames;
use super::super::wire::Encoding;
use super::super::{Parcel, elastic, lines, loki, otlp, receipts, splunk, syslog};
use crate::parse::formats::json::Scale;
use crate::parse::formats::json::value::Value as Text;
use crate::parse::formats::json::values::{level_of, time_of};
use crate::parse::{TimeRules, Zone};
use crate::record::Level;

/// 2026-01-05T00:00:00Z.
const SECOND: i64 = 1_767_571_200;
const NOW: i64 = 9_000_000;

const NAMES: [&str; 36] = [
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "created",
    "_time",
    "date",
    "event.created",
    "observed_timestamp",
    "level",
    "severity",
    "log.level",
    "service",
    "app",
    "service.name",
    "host",
    "hostname",
    "node",
    "name",
    "message",
    "msg",
    "event",
    "user",
    "trace_id",
    "span_id",
    "flags",
    "scope",
    "_index",
    "_id",
    "source",
    "sourcetype",
    "index",
    "text.level",
    "job",
    "container_name",
    "metadata.source",
];

fn times() -> Vec<Value> {
    vec![
        json!("2026-01-05T00:00:00Z"),
        json!("2026-01-05T00:00:00.400Z"),
        json!("2019-05-01T00:00:00Z"),
        json!("2026-01-05T02:00+01:00"),
        json!(SECOND),
        json!(SECOND * 1_000 + 1),
    ]
}

fn values() -> Vec<Value> {
    let others = [
        json!("error"),
        json!("WARN"),
        json!("boss"),
        json!("a"),
        json!("shop"),
        json!("-"),
        json!(""),
        json!("hello {}"),
        json!("\u{1b}[31mred\u{1b}[0m x\n\n"),
        json!(" \tx"),
        json!(4711),
        json!(true),
        json!(null),
        json!({"a": 1, "b": ""}),
        json!([1, "x"]),
    ];
    times().into_iter().chain(others).collect()
}

fn members(seed: u64) -> Map<String, Value> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut pick = |count: usize| random.next_u64() as usize % count;
    let mut members = Map::new();
    for _ in 0..1 + pick(6) {
        let name = NAMES[pick(NAMES.len())];
        // Elasticsearch takes nothing else there.
        let values = if name == "@timestamp" { times() } else { values() };
        members.insert(name.to_owned(), values[pick(values.len())].clone());
    }
    members
}

/// What is sent besides the members, as pairs.
type Besides = Vec<(&'static str, Value)>;
type Send = fn(&Map<String, Value>, &mut Parcel) -> Besides;

fn document(members: &Map<String, Value>, parcel: &mut Parcel) -> Besides {
    let action = json!({"create": {"_index": "logs-1", "_id": "id-1"}});
    let body = format!("{action}\n{}\n", Value::from(members.clone()));
    let ask = |_: &str, _: &str, _| receipts::Verdict::New;
    elastic::decode(body.as_bytes(), None, NOW, parcel, ask).unwrap();
    vec![("_index", json!("logs-1")), ("_id", json!("id-1"))]
}

fn json_line(members: &Map<String, Value>, parcel: &mut Parcel) -> Besides {
    lines::read_json(Value::from(members.clone()).to_string().as_bytes(), NOW, parcel);
    Vec::new()
}

fn splunk_event(event: Value, time: Value, parcel: &mut Parcel) -> Besides {
    let fields = json!({"level": "error", "user": "u", "metadata.source": "m"});
    let body = json!({
        "time": time, "host": "h-9", "source": "/var/x", "sourcetype": "st", "index": "main",
        "event": event, "fields": fields,
    });
    assert_eq!(splunk::decode_events(body.to_string().as_bytes(), NOW, parcel).problem, None);
    vec![
        ("host", json!("h-9")),
        ("source", json!("/var/x")),
        ("sourcetype", json!("st")),
        ("index", json!("main")),
        ("level", json!("error")),
        ("user", json!("u")),
        ("metadata.source", json!("m")),
    ]
}

fn loki_line(members: &Map<String, Value>, parcel: &mut Parcel) -> Besides {
    let labels = json!({"level": "warn", "app": "b", "source": "l", "trace_id": "t1"});
    let metadata = json!({"level": "info", "trace_id": "t2", "user": "u"});
    let line = Value::from(members.clone()).to_string();
    let values = json!([[format!("{SECOND}000000000"), line, metadata]]);
    let body = json!({"streams": [{"stream": labels, "values": values}]});
    loki::decode(body.to_string().as_bytes(), Encoding::Json, NOW, parcel).unwrap();
    let both = [labels, metadata];
    let pairs = both.iter().flat_map(|pairs| pairs.as_object().unwrap());
    let names = ["level", "app", "source", "trace_id", "user"];
    let static_name = |name: &str| *names.iter().find(|known| **known == name).unwrap();
    pairs.map(|(name, value)| (static_name(name), value.clone())).collect()
}

/// `AnyValue` of OpenTelemetry.
fn any(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(flag) => json!({"boolValue": flag}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(items) => {
            json!({"arrayValue": {"values": items.iter().map(any).collect::<Vec<_>>()}})
        }
        Value::Object(members) => json!({"kvlistValue": {"values": pairs(members)}}),
    }
}

fn pairs(members: &Map<String, Value>) -> Value {
    members.iter().map(|(key, value)| json!({"key": key, "value": any(value)})).collect()
}

fn export(body: Value, attributes: Value, parcel: &mut Parcel) -> Besides {
    let resource = json!({"attributes": [{"key": "level", "value": {"stringValue": "warn"}}]});
    let record = json!({
        "timeUnixNano": format!("{SECOND}000000000"), "severityNumber": 9, "flags": 1,
        "traceId": "5b8efff798038103d269b633813fc60c", "body": body, "attributes": attributes,
    });
    let scope = json!({"name": "lib"});
    let body = json!({"resourceLogs": [{
        "resource": resource, "scopeLogs": [{"scope": scope, "logRecords": [record]}],
    }]});
    otlp::decode(body.to_string().as_bytes(), Encoding::Json, NOW, parcel).unwrap();
    vec![
        ("level", json!("warn")),
        ("level", json!("info")),
        ("flags", json!(1)),
        ("trace_id", json!("5b8efff798038103d269b633813fc60c")),
        ("scope", json!({"name": "lib"})),
    ]
}

fn syslog_message(members: &Map<String, Value>, parcel: &mut Parcel) -> Besides {
    let mut frames = Frames::default();
    let text = Value::from(members.clone());
    let message = format!("<12>1 2026-01-05T00:00:00Z web-1 tag 7 - - {text}");
    frames.push(message.as_bytes(), NOW);
    syslog::Reader::new(Zone::UTC).read(&frames, "10.0.0.7", parcel);
    vec![("level", json!("warn")), ("host", json!("web-1")), ("service", json!("tag"))]
}

const DOORS: [(&str, Send); 10] = [
    ("bulk", document),
    ("json line", json_line),
    ("splunk", |members, parcel| splunk_event(members.clone().into(), json!(SECOND), parcel)),
    ("splunk without a time", |members, parcel| {
        splunk_event(members.clone().into(), json!(""), parcel)
    }),
    ("splunk text", |members, parcel| {
        let text = Value::from(members.clone()).to_string();
        splunk_event(text.into(), json!(SECOND), parcel)
    }),
    ("docker", |members, parcel| {
        let line = json!({"line": members, "source": "stdout", "tag": "t"});
        splunk_event(line, json!(SECOND), parcel)
    }),
    ("loki", loki_line),
    ("otlp body", |members, parcel| export(any(&members.clone().into()), json!([]), parcel)),
    ("otlp attributes", |members, parcel| {
        export(json!({"stringValue": "text"}), pairs(members), parcel)
    }),
    ("syslog", syslog_message),
];

/// Whether a member is in the first record of a parcel.
fn is_stored(parcel: &Parcel, fields: &Map<String, Value>, key: &str, value: &Value) -> bool {
    let batch = &parcel.batch;
    let is_field = fields
        .iter()
        .any(|(name, field)| (name == key || name.ends_with(&format!(".{key}"))) && field == value);
    let text = value.to_string();
    let sent = Text { text: &text, escaped: true, odd: false };
    let is_time = time_of(sent, &TimeRules::new(Zone::UTC, NOW)) == Some(batch.ts[0]);
    let level = level_of(Text { text: "\"level\"", ..sent }, sent, Scale::default());
    let is_level = level.is_some_and(|level| {
        let is_displaced = |(name, field): (&String, &Value)| {
            (name.ends_with("text.level") || name.ends_with("severity"))
                && field == &json!(level.name())
        };
        Level::ALL.get(usize::from(batch.level[0])) == Some(&level)
            || fields.iter().any(is_displaced)
    });
    let names = [batch.service.get(0), batch.host.get(0), Some(batch.message.get(0))];
    let other_names = ["text.service", "text.host", "program", "logged_host"];
    let is_name = value.as_str().is_some_and(|value| {
        names.contains(&Some(value))
            || other_names.iter().any(|name| fields.get(*name) == Some(&json!(value)))
    });
    let is_in_text = || {
        let whole = serde_json::from_str::<Value>(batch.message.get(0)).ok();
        whole.is_some_and(|whole| whole.get(key) == Some(value))
    };
    let is_scalar = !value.is_object() && !value.is_array() && batch.message.get(0) == text;
    is_scalar || is_field || is_time || is_level || is_name || is_in_text()
}

#[test]
fn no_member_of_what_was_sent_is_missing() {
    // One of each kind.
    let mut missing = BTreeMap::new();
    for (door, send) in DOORS {
        for seed in 0..1_500 {
            let members = members(seed);
            let mut parcel = Parcel::default();
            let besides = send(&members, &mut parcel);
            let shown =
                || format!("{door}, seed {seed}: {members:?} is {:?}", super::rows(&parcel));
            assert_eq!((parcel.batch.rows(), parcel.batch.rejects.len()), (1, 0), "{}", shown());
            let text = parcel.batch.fields.get(0);
            let fields = Text { text, escaped: true, odd: false };
            let mut names: Vec<_> = fields.members().map(|(key, _)| key.text).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "two fields of one name: {}", shown());
            let fields: Value =
                serde_json::from_str(if text.is_empty() { "{}" } else { text }).unwrap();
            let fields = fields.as_object().unwrap();
            let members = members.iter().map(|(key, value)| (key.as_str(), value));
            for (key, value) in members.chain(besides.iter().map(|(key, value)| (*key, value))) {
                let within = fields.get("resource").and_then(|it| it.get(key)) == Some(value);
                let is_stored = within || is_stored(&parcel, fields, key, value);
                if !is_stored {
                    missing.entry((door, key.to_owned())).or_insert_with(shown);
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
