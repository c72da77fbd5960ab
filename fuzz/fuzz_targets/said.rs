//! Text in an envelope comes back: whatever a client says, with a time and a service of its own,
//! is stored as the message, byte for byte, of that time and service, alone and twice in a request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintail_fuzz::receive::wire::Encoding;
use pintail_fuzz::receive::{Parcel, elastic, lines, loki, otlp, receipts::Verdict, splunk};
use serde_json::{Value, json};

/// 2026-01-05T00:00:00Z.
const SECOND: i64 = 1_767_571_200;
const NOW: i64 = 9_000_000;

/// Sends a text so many times.
type Door = fn(&str, usize, &mut Parcel);

fn loki_json(text: &str, times: usize, parcel: &mut Parcel) {
    let values = vec![json!([format!("{SECOND}000000000"), text]); times];
    let body = json!({"streams": [{"stream": {"service": "shop"}, "values": values}]});
    loki::decode(body.to_string().as_bytes(), Encoding::Json, NOW, parcel).expect("a push");
}

fn otlp_json(text: &str, times: usize, parcel: &mut Parcel) {
    let record = json!({"timeUnixNano": format!("{SECOND}000000000"), "body": {"stringValue": text}});
    let attributes = json!([{"key": "service.name", "value": {"stringValue": "shop"}}]);
    let body = json!({"resourceLogs": [{
        "resource": {"attributes": attributes},
        "scopeLogs": [{"logRecords": vec![record; times]}],
    }]});
    otlp::decode(body.to_string().as_bytes(), Encoding::Json, NOW, parcel).expect("an export");
}

fn splunk_event(text: &str, times: usize, parcel: &mut Parcel) {
    let event = json!({"time": SECOND, "event": text, "fields": {"service": "shop"}});
    splunk::decode_events(event.to_string().repeat(times).as_bytes(), NOW, parcel);
}

fn document(text: &str) -> Value {
    json!({"@timestamp": "2026-01-05T00:00:00Z", "service": {"name": "shop"}, "message": text})
}

fn bulk(text: &str, times: usize, parcel: &mut Parcel) {
    let body = format!("{{\"create\":{{}}}}\n{}\n", document(text)).repeat(times);
    let ask = |_: &str, _: &str, _| Verdict::New;
    elastic::decode(body.as_bytes(), None, NOW, parcel, ask).expect("actions");
}

fn json_lines(text: &str, times: usize, parcel: &mut Parcel) {
    lines::read_json(format!("{}\n", document(text)).repeat(times).as_bytes(), NOW, parcel);
}

fuzz_target!(|text: &str| {
    // Colours and NUL go from every text; an object may be a record of its own.
    if text.is_empty() || text.contains(['\0', '\x1b']) || text.starts_with('{') {
        return;
    }
    let whole: [Door; 3] = [loki_json, otlp_json, splunk_event];
    // A line break at the end of a member is what a shipper left there of the line.
    let of_lines: [Door; 2] = [bulk, json_lines];
    let line = text.trim_end_matches(['\n', '\r']);
    for (doors, expected) in [(&whole[..], text), (&of_lines[..], line)] {
        for (number, door) in doors.iter().enumerate().filter(|_| !expected.is_empty()) {
            for times in [1, 2] {
                let mut parcel = Parcel::default();
                door(text, times, &mut parcel);
                let batch = &parcel.batch;
                assert_eq!((batch.rows(), batch.rejects.len()), (times, 0), "door {number}");
                for row in 0..times {
                    assert_eq!(batch.message.get(row), expected, "door {number}");
                    assert_eq!(batch.service.get(row), Some("shop"), "door {number}");
                    assert_eq!(batch.ts[row], SECOND * 1_000_000, "door {number}");
                }
            }
        }
    }
});
