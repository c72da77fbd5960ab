//! What all decoders have in common.

mod doors;
mod members;

use super::wire::Encoding;
use super::{Parcel, elastic, loki, otlp, receipts, splunk};
use crate::record::Level;

/// Records and rejects of a parcel, for comparing.
pub fn rows(parcel: &Parcel) -> Vec<String> {
    let batch = &parcel.batch;
    let records = (0..batch.rows()).map(|row| {
        let level = Level::ALL.get(usize::from(batch.level[row])).map_or("-", |l| l.name());
        format!(
            "{} {level} {} {} | {} | {}",
            batch.ts[row],
            batch.service.get(row).unwrap_or("-"),
            batch.host.get(row).unwrap_or("-"),
            batch.message.get(row),
            batch.fields.get(row)
        )
    });
    let rejects =
        batch.rejects.iter().map(|reject| format!("reject: {} | {}", reject.reason, reject.line));
    records.chain(rejects).collect()
}

/// A decoder, whatever it says of the request as a whole.
type Decode = fn(&[u8], &mut Parcel);

/// Requests that decoders read, as bytes.
fn requests() -> Vec<(Decode, Vec<u8>)> {
    let json = r#"{"streams":[{"stream":{"app":"shop"},"values":[["1767571200000000000","a \u00e9",{"k":"v"}]]}]}"#;
    let otlp = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeLogs":[{"scope":{"name":"x"},"logRecords":[{"timeUnixNano":"1767571200000000000","body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"5"}}]}},"traceId":"5b8e"}]}]}]}"#;
    let bulk = "{\"index\":{\"_index\":\"i\",\"_id\":\"1\"}}\n{\"@timestamp\":\"2026-01-05\",\"message\":\"level=info msg=x n=1\",\"n\":2}\n";
    let events =
        r#"{"time":"1767571200.5","host":"h","event":{"msg":"m"},"fields":{"a":[1]}}{"event":"x"}"#;
    // A stream `{a="b"}` with an entry: a time, a line, a pair of metadata.
    let push = b"\x0a\x21\x0a\x07{a=\"b\"}\x12\x16\x0a\x06\x08\x80\xe8\xec\xca\x06\x12\x04line\x1a\x06\x0a\x01k\x12\x01v";
    // A record with a time, a body, an attribute that is an array, a trace.
    let export = b"\x0a\x2a\x12\x28\x12\x26\x09\x00\x00\x00\x00\x00\x00\x00\x18\x2a\x04\x0a\x02hi\x32\x0d\x0a\x01k\x12\x08\x2a\x06\x0a\x04\x0a\x02xy\x4a\x04\x01\x02\x03\x04\x10\x09";
    vec![
        (
            |body, parcel| {
                loki::decode(body, Encoding::Json, 7, parcel).ok();
            },
            json.into(),
        ),
        (
            |body, parcel| {
                loki::decode(body, Encoding::Protobuf, 7, parcel).ok();
            },
            push.into(),
        ),
        (
            |body, parcel| {
                otlp::decode(body, Encoding::Json, 7, parcel).ok();
            },
            otlp.into(),
        ),
        (
            |body, parcel| {
                otlp::decode(body, Encoding::Protobuf, 7, parcel).ok();
            },
            export.into(),
        ),
        (
            |body, parcel| {
                elastic::decode(body, None, 7, parcel, |_, _, _| receipts::Verdict::New).ok();
            },
            bulk.into(),
        ),
        (
            |body, parcel| {
                splunk::decode_events(body, 7, parcel);
            },
            events.into(),
        ),
        (
            |body, parcel| {
                splunk::decode_raw(body, &[], 7, parcel);
            },
            events.into(),
        ),
    ]
}

#[test]
fn damaged_requests_are_read_or_refused_but_never_miscounted() {
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::{RngCore, SeedableRng};
    for (number, (decode, request)) in requests().into_iter().enumerate() {
        let mut whole = Parcel::default();
        decode(&request, &mut whole);
        assert!(whole.batch.rows() > 0 && whole.batch.rejects.is_empty(), "{number}");
        for seed in 0..3_000 {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
            let mut body = request.clone();
            for _ in 0..1 + random.next_u32() % 4 {
                let at = random.next_u32() as usize % body.len();
                match random.next_u32() % 3 {
                    0 => body[at] = random.next_u32() as u8,
                    1 => body.truncate(at.max(1)),
                    _ => body.insert(at, b"{}[]\",:\n\\\xff\x00\x12"[at % 12]),
                }
            }
            let mut parcel = Parcel::default();
            decode(&body, &mut parcel);
            let accounted = parcel.batch.rows() + parcel.batch.rejects.len();
            let accounted = accounted as u64 + parcel.duplicates;
            assert_eq!(parcel.received, accounted, "request {number}, seed {seed}");
            assert_eq!(parcel.batch.rows(), parcel.batch.row_end.len());
        }
    }
}
