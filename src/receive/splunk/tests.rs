//! Events and raw text.

use super::super::tests::rows;
use super::*;

const NOW: Micros = 9_000_000;

fn decoded(body: &str) -> (Vec<String>, Outcome) {
    let mut parcel = Parcel::default();
    let outcome = decode_events(body.as_bytes(), NOW, &mut parcel);
    assert_eq!(parcel.received as usize, parcel.batch.rows() + parcel.batch.rejects.len());
    (rows(&parcel), outcome)
}

#[test]
fn events_become_records() {
    let body = r#"{"time":1767571200.5,"host":"web-1","source":"/var/log/x.log","sourcetype":"shop","index":"main","event":"2026-01-04 00:00:00 ERROR no stock"}
{"time":"1767571201","event":{"level":"warn","msg":"slow","n":1},"fields":{"env":"prod","n":2,"service_name":"api"}}{"event":"plain"}
[{"event":7},{"event":{"message":"[error] hot"}}]"#;
    let (rows, outcome) = decoded(body);
    assert_eq!(
        rows,
        [
            r#"1767571200500000 ERROR shop web-1 | 2026-01-04 00:00:00 ERROR no stock | {"source":"/var/log/x.log","sourcetype":"shop","index":"main"}"#,
            r#"1767571201000000 WARN api - | slow | {"n":1,"env":"prod","fields.n":2}"#,
            "9000000 - - - | plain | ",
            "9000000 - - - | 7 | ",
            "9000000 ERROR - - | [error] hot | ",
        ]
    );
    assert_eq!(outcome, Outcome::default());
}

#[test]
fn lines_of_docker_are_messages() {
    let body = r#"{"event":{"line":"ERROR disk full","source":"stderr","tag":"checkout"},"time":"1767571200.123456","host":"web-1"}
{"event":{"line":{"level":"warn","msg":"slow","n":1},"source":"stdout","tag":"0123456789ab","attrs":{"a":"b"}},"time":"1767571201"}
{"event":{"line":5,"message":"m"}}"#;
    assert_eq!(
        decoded(body).0,
        [
            r#"1767571200123456 ERROR checkout web-1 | ERROR disk full | {"source":"stderr","tag":"checkout"}"#,
            r#"1767571201000000 WARN - - | slow | {"n":1,"source":"stdout","tag":"0123456789ab","attrs":{"a":"b"}}"#,
            r#"9000000 - - - | m | {"line":5}"#,
        ]
    );
}

#[test]
fn severities_of_the_collector_are_levels() {
    let body = r#"{"event":"a","host":"unknown","fields":{"otel.log.severity.text":"Error","service.name":"shop"}}
{"event":"b","fields":{"otel.log.severity.number":13,"otel.log.severity.text":"odd"}}"#;
    assert_eq!(
        decoded(body).0,
        [
            r#"9000000 ERROR shop - | a | {"host":"unknown"}"#,
            r#"9000000 WARN - - | b | {"otel.log.severity.number":13,"otel.log.severity.text":"odd"}"#,
        ]
    );
}

#[test]
fn a_bad_event_has_a_code_and_a_number() {
    for (body, problem) in [
        ("", (Problem::NoData, 0)),
        (" \n ", (Problem::NoData, 0)),
        (r#"{"event":"a"}{"host":"h"}"#, (Problem::EventRequired, 1)),
        (r#"{"event":""}"#, (Problem::EventBlank, 0)),
        (r#"{"event":null}"#, (Problem::EventBlank, 0)),
        (r#"{"event":"a","time":"soon"}"#, (Problem::InvalidData, 0)),
        (r#"{"event":"a","time":1e300}"#, (Problem::InvalidData, 0)),
        (r#"{"event":"a","fields":{"b":{}}}"#, (Problem::IndexedFields, 0)),
        (r#"{"event":"a","fields":7}"#, (Problem::IndexedFields, 0)),
        (r#"{"event":"a"} {"event":"#, (Problem::InvalidData, 1)),
        ("text", (Problem::InvalidData, 0)),
    ] {
        assert_eq!(decoded(body).1.problem, Some(problem), "{body}");
    }
    // After text that is no event the next line that begins one goes on.
    let (rows, outcome) = decoded("{\"event\":nonsense\n{\"event\":\"a\"} x\n{\"event\":\"b\"}");
    assert_eq!(
        rows,
        [
            "9000000 - - - | a | ",
            "9000000 - - - | b | ",
            "reject: malformed JSON | {\"event\":nonsense",
            "reject: malformed JSON | x",
        ]
    );
    assert_eq!((outcome.rejected.count, outcome.problem), (2, Some((Problem::InvalidData, 0))));
}

#[test]
fn what_says_nothing_is_as_if_it_were_not_there() {
    let body = r#"{"event":"a","time":"","fields":null}{"event":"b","time":null}"#;
    assert_eq!(decoded(body).0, ["9000000 - - - | a | ", "9000000 - - - | b | "]);
}

#[test]
fn times_are_in_seconds_or_milliseconds() {
    for time in ["1767571200.123456", "1767571200123.456", "\"1767571200123.456\""] {
        let rows = decoded(&format!(r#"{{"time":{time},"event":"a"}}"#)).0;
        assert_eq!(rows, ["1767571200123456 - - - | a | "], "{time}");
    }
}

#[test]
fn raw_text_is_read_as_files_are() {
    let about = [("host", Cow::Borrowed("web-1")), ("source", Cow::Borrowed("s"))];
    let raw = |text: &str| {
        let mut parcel = Parcel::default();
        let outcome = decode_raw(text.as_bytes(), &about, NOW, &mut parcel);
        assert_eq!(parcel.received as usize, parcel.batch.rows() + parcel.batch.rejects.len());
        (rows(&parcel), outcome.problem)
    };
    let text =
        "2026-01-05 00:00:00 ERROR shop: failed\n  at x\n2026-01-05 00:00:01 INFO shop: ok\n";
    assert_eq!(
        raw(text).0,
        [
            "1767571200000000 ERROR shop web-1 | failed\n  at x | {\"source\":\"s\"}",
            "1767571201000000 INFO shop web-1 | ok | {\"source\":\"s\"}",
        ]
    );
    let (rows, problem) = raw("just text\n\n[warn] more\n");
    assert_eq!(
        rows,
        [
            "9000000 - s web-1 | just text | {\"source\":\"s\"}",
            "9000000 WARN s web-1 | [warn] more | {\"source\":\"s\"}",
        ]
    );
    assert_eq!(problem, None);
    // Around what a format reads, any text is an event.
    let text =
        "hello\n10.0.0.7 - - [05/Jan/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 5\nstarting\n";
    let (rows, problem) = raw(text);
    assert_eq!((rows.len(), problem), (3, None), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("| hello |")), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("| starting |")), "{rows:?}");
    assert_eq!(raw("\n").1, Some((Problem::NoData, 0)));
}
