//! Documents of clients that have names of their own.

use super::super::elastic;
use super::super::tests::rows;
use super::super::{Parcel, receipts::Verdict};

const NOW: i64 = 9_000_000;

fn read(document: &str) -> String {
    let mut parcel = Parcel::default();
    let body = format!("{{\"create\":{{\"_index\":\"logs-generic.otel-default\"}}}}\n{document}\n");
    let ask = |_: &str, _: &str, _| Verdict::New;
    elastic::decode(body.as_bytes(), None, NOW, &mut parcel, ask).unwrap();
    rows(&parcel).join("\n").replace(",\"_index\":\"logs-generic.otel-default\"", "")
}

#[test]
fn documents_of_the_collector_are_its_records() {
    let resource =
        r#""resource":{"attributes":{"service.name":"shop","host.name":"web-1","pod":"p"}}"#;
    for (document, expected) in [
        (
            r#""@timestamp":"1767571200123.456789","observed_timestamp":"1767571200900.0","body":{"text":"card declined"},"severity_text":"ERROR","severity_number":17,"attributes":{"status":502},"trace_id":"5b8e","scope":{"name":"lib"},"data_stream":{"type":"logs"}"#,
            r#"1767571200123456 ERROR shop web-1 | card declined | {"status":502,"trace_id":"5b8e","scope":{"name":"lib"},"resource":{"pod":"p"},"data_stream":{"type":"logs"}}"#,
        ),
        (
            r#""@timestamp":"1767571200500.5","body":{"text":"2026-01-04 00:00:00 x"},"severity_number":13"#,
            r#"1767571200500000 WARN shop web-1 | 2026-01-04 00:00:00 x | {"resource":{"pod":"p"}}"#,
        ),
        (
            r#""@timestamp":"1767571200700.0","body":{"structured":{"message":"paid","order":7}},"severity_number":9"#,
            r#"1767571200700000 INFO shop web-1 | paid | {"order":7,"resource":{"pod":"p"}}"#,
        ),
        (
            r#""@timestamp":"2026-01-05T00:00:00Z","event_name":"cart.opened","attributes":{}"#,
            r#"1767571200000000 - shop web-1 | cart.opened | {"event_name":"cart.opened","resource":{"pod":"p"}}"#,
        ),
    ] {
        assert_eq!(read(&format!("{{{document},{resource}}}")), expected);
    }
}

#[test]
fn other_bodies_and_resources_are_members_as_they_are() {
    for (document, expected) in [
        (r#"{"body":"text","n":1}"#, r#"9000000 - - - | text | {"n":1}"#),
        (
            r#"{"message":"m","body":{"text":"t","more":1}}"#,
            r#"9000000 - - - | m | {"body":{"text":"t","more":1}}"#,
        ),
        (
            r#"{"@timestamp":1767571200123,"message":"m","value":{"a":1}}"#,
            r#"1767571200123000 - - - | m | {"value":{"a":1}}"#,
        ),
        (r#"{"value":{"message":"m","n":1}}"#, r#"9000000 - - - | m | {"n":1}"#),
        (
            r#"{"method":"collect","params":{"level":"warn","message":"m"}}"#,
            "9000000 WARN - - | m | {}",
        ),
    ] {
        let expected = expected.replace("| {}", "| {\"_index\":\"logs-generic.otel-default\"}");
        assert_eq!(read(document), expected);
    }
}
