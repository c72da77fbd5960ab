//! Pushes in both encodings, and what is none.

use super::*;

const NOW: Micros = 9_000_000;

fn decoded(body: &[u8], encoding: Encoding) -> (Vec<String>, Rejected) {
    let mut parcel = Parcel::default();
    let rejected = decode(body, encoding, NOW, &mut parcel).unwrap();
    assert_eq!(parcel.received as usize, parcel.batch.rows() + parcel.batch.rejects.len());
    (super::super::tests::rows(&parcel), rejected)
}

#[test]
fn json_streams_become_records() {
    let body = r#"{"streams":[
        {"stream":{"app":"shop","env":"prod"},"values":[
            ["1767571200000000001","2026-01-04 00:00:00 ERROR no stock",{"trace_id":"t1"}],
            ["1767571201000000000","level=warn msg=\"slow\" env=x"]]},
        {"stream":{"job":"jobs","detected_level":"info"},"values":[["1767571202000000000","plain \u00e9"]]}]}"#;
    let (rows, rejected) = decoded(body.as_bytes(), Encoding::Json);
    assert_eq!(
        rows,
        [
            r#"1767571200000000 ERROR shop - | 2026-01-04 00:00:00 ERROR no stock | {"env":"prod","trace_id":"t1"}"#,
            r#"1767571201000000 WARN shop - | level=warn msg="slow" env=x | {"env":"prod","text.env":"x"}"#,
            r#"1767571202000000 INFO jobs - | plain é | {"job":"jobs","detected_level":"info"}"#,
        ]
    );
    assert_eq!(rejected, Rejected::default());
}

#[test]
fn bad_entries_do_not_keep_good_ones_out() {
    let body = r#"{"streams":[{"stream":{"app":"a1"},"values":[
        ["soon","x"],["99999999999999999999","y"],["1"],["1000","good"]]},
        {"stream":7,"values":[["1000","z"]]}]}"#;
    let (rows, rejected) = decoded(body.as_bytes(), Encoding::Json);
    assert_eq!(
        rows,
        [
            "1 - a1 - | good | ",
            "reject: unreadable timestamp | x",
            "reject: unreadable timestamp | y",
            "reject: an entry that is no list of a time and a line | [\"1\"]",
            "reject: unreadable labels of the stream | z",
        ]
    );
    assert_eq!(rejected, Rejected { count: 4, reason: Some(REASON_UNREADABLE_TIME) });
}

#[test]
fn pushes_of_old_clients_are_read() {
    let body = r#"{"streams":[{"labels":"{app=\"shop\"}","entries":[
        {"ts":"2026-01-05T00:00:00.5Z","line":"a"},{"line":"b"},{"ts":"soon","line":"c"}]}]}"#;
    let expected = [
        "1767571200500000 - shop - | a | ",
        "9000000 - shop - | b | ",
        "reject: unreadable timestamp | c",
    ];
    assert_eq!(decoded(body.as_bytes(), Encoding::Json).0, expected);
}

#[test]
fn json_is_told_from_what_is_packed() {
    for (body, is_json) in [
        (&b" {\n\"streams\":[]}"[..], true),
        (b"{}", true),
        (b"", false),
        (b"{", false),
        (b"\x7b\xf4\x7a", false),
    ] {
        assert_eq!(looks_like_json(body), is_json);
    }
}

#[test]
fn a_body_that_is_no_push_is_malformed() {
    for body in ["", "{}", "[]", "{\"streams\":[", "{\"streams\":{}}", "{\"streams\":[]} x"] {
        let result = decode(body.as_bytes(), Encoding::Json, NOW, &mut Parcel::default());
        assert_eq!(result, Err(Malformed::Json), "{body}");
    }
    let result = decode(&[0x0a, 0x7f], Encoding::Protobuf, NOW, &mut Parcel::default());
    assert_eq!(result, Err(Malformed::Protobuf(wire::Flaw::End)));
}

mod push {
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Request {
        #[prost(message, repeated, tag = "1")]
        pub streams: Vec<Stream>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Stream {
        #[prost(string, tag = "1")]
        pub labels: String,
        #[prost(message, repeated, tag = "2")]
        pub entries: Vec<Entry>,
        #[prost(uint64, tag = "3")]
        pub hash: u64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Entry {
        #[prost(message, optional, tag = "1")]
        pub timestamp: Option<Timestamp>,
        #[prost(string, tag = "2")]
        pub line: String,
        #[prost(message, repeated, tag = "3")]
        pub metadata: Vec<Pair>,
    }

    #[derive(Clone, Copy, PartialEq, prost::Message)]
    pub struct Timestamp {
        #[prost(int64, tag = "1")]
        pub seconds: i64,
        #[prost(int32, tag = "2")]
        pub nanos: i32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Pair {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(string, tag = "2")]
        pub value: String,
    }
}

fn entry(seconds: i64, line: &str) -> push::Entry {
    push::Entry {
        timestamp: Some(push::Timestamp { seconds, nanos: 5_000 }),
        line: line.to_owned(),
        metadata: vec![push::Pair { name: "user".to_owned(), value: "7".to_owned() }],
    }
}

#[test]
fn protobuf_gives_the_same_records_as_json() {
    let stream =
        |labels: &str, entries| push::Stream { labels: labels.to_owned(), entries, hash: 3 };
    let streams = vec![
        stream(
            r#"{app="shop", note="a \"b\""}"#,
            vec![entry(1_767_571_200, "2026-01-04 00:00:00 ERROR no stock")],
        ),
        stream("{broken", vec![entry(1, "x")]),
        stream(r#"{app="old"}"#, vec![entry(i64::MIN, "y"), entry(-1, "z")]),
    ];
    let body = prost::Message::encode_to_vec(&push::Request { streams });
    let (rows, rejected) = decoded(&body, Encoding::Protobuf);
    assert_eq!(
        rows,
        [
            r#"1767571200000005 ERROR shop - | 2026-01-04 00:00:00 ERROR no stock | {"note":"a \"b\"","user":"7"}"#,
            r#"-999995 - old - | z | {"user":"7"}"#,
            "reject: unreadable labels of the stream | x",
            "reject: timestamp outside of the years 1 to 9999 | y",
        ]
    );
    assert_eq!(rejected.count, 2);
}

#[test]
fn labels_as_prometheus_writes_them() {
    for (text, expected) in [
        ("{}", Some("")),
        (r#"{a="b"}"#, Some("a=b")),
        (r#" { a = "b" , c="d\n\u00e9\x41" , } "#, Some("a=b;c=d\né\u{41}")),
        ("{a=`b\\`}", Some("a=b\\")),
        (r#"{a="x=y,z"}"#, Some("a=x=y,z")),
        ("", None),
        ("{a}", None),
        ("{a=b}", None),
        (r#"{a="b}"#, None),
        (r#"{a="b" c="d"}"#, None),
        (r#"{="b"}"#, None),
        (r#"{a="\q"}"#, None),
        (r#"{a="\u12"}"#, None),
    ] {
        let labels = parse_labels(text).map(|labels| {
            let pairs: Vec<String> =
                labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            pairs.join(";")
        });
        assert_eq!(labels.as_deref(), expected, "{text}");
    }
}
