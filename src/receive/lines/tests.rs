//! Bodies of JSON in every framing that clients have, and what is none.

use std::sync::Arc;

use super::super::settings::Settings;
use super::super::tests::rows;
use super::*;

fn json(body: &str) -> Vec<String> {
    let mut parcel = Parcel::default();
    read_json(body.as_bytes(), 7, &mut parcel);
    assert_eq!(
        parcel.received as usize,
        parcel.batch.rows() + parcel.batch.rejects.len(),
        "{body}"
    );
    rows(&parcel)
}

#[test]
fn every_framing_gives_the_same_records() {
    let records = ["7 - - - | a | {\"n\":1}", "7 - - - | b | {\"n\":{\"x\":[2]}}"];
    let (one, two) = (r#"{"msg":"a","n":1}"#, r#"{"msg":"b","n":{"x":[2]}}"#);
    for body in [
        format!("{one}\n{two}\n"),
        format!("\u{feff}{one}\r\n\r\n{two}"),
        format!("{one}{two}"),
        format!("[{one},{two}]"),
        format!("[\n{one},\n{two}\n]\n"),
        format!("[{one}]\n[{two}]"),
        format!("{one},\n{two},\n"),
        "{\n \"msg\": \"a\",\n \"n\":1\n}\n{\n \"msg\":\"b\", \"n\": {\"x\":[2]}\n}\n".to_owned(),
        format!("{{\"Records\":[{one},{two}]}}"),
        format!("{{\"requestId\":\"x\",\"logs\":[{one},{two}]}}"),
        format!("{{\"records\":[{{\"value\":{one}}},{{\"value\":{two}}}]}}"),
    ] {
        assert_eq!(json(&body), records, "{body}");
    }
    assert!(json("").is_empty() && json("[]\n").is_empty() && json(" \n").is_empty());
}

#[test]
fn an_array_may_hold_texts_and_an_object_may_hold_lists() {
    assert_eq!(json(r#"["[warn] hot","x"]"#), ["7 WARN - - | [warn] hot | ", "7 - - - | x | "]);
    assert_eq!(
        json(r#"{"msg":"m","events":[{"a":1}]}"#),
        [r#"7 - - - | m | {"events":[{"a":1}]}"#]
    );
    assert_eq!(
        json(r#"{"events":[1,2],"a":1}"#),
        [r#"7 - - - | {"events":[1,2],"a":1} | {"events":[1,2],"a":1}"#]
    );
}

#[test]
fn what_is_no_json_is_a_reject_and_keeps_nothing_else_out() {
    let object = r#"{"msg":"a"}"#;
    let record = "7 - - - | a | ";
    for (body, rejects) in [
        (format!("text\nmore\n{object}"), vec!["no JSON object | text", "no JSON object | more"]),
        (format!("{{\"b\":1,}}\n{object}"), vec!["malformed JSON | {\"b\":1,}"]),
        (format!("{object}\n{{\"b\":"), vec!["the JSON of the document does not end | {\"b\":"]),
        (format!("[{object},\n{{\"b\":tru}}\n]"), vec!["malformed JSON | {\"b\":tru}\n]"]),
        (format!("[{object},7]"), vec!["the document is no JSON object | 7"]),
    ] {
        let expected: Vec<String> = std::iter::once(record.to_owned())
            .chain(rejects.into_iter().map(|reject| format!("reject: {reject}")))
            .collect();
        assert_eq!(json(&body), expected, "{body}");
    }
}

#[test]
fn members_with_names_of_their_own_are_found() {
    let body = br#"{"wann":"2026-01-05T00:00:00Z","was":"hello","n":1}
{"was":"no time"}
no JSON
"#;
    let parameter = |name: &str| match name {
        "_time_field" => Some("wann".to_owned()),
        "_msg_field" => Some("text,was".to_owned()),
        "extra_fields" => Some("env=prod".to_owned()),
        _ => None,
    };
    let settings = Arc::new(Settings::read(parameter, |_| None));
    let mut parcel = Parcel { settings, ..Parcel::default() };
    read_json(body, 7, &mut parcel);
    assert_eq!(
        rows(&parcel),
        [
            r#"1767571200000000 - - - | hello | {"n":1,"env":"prod"}"#,
            r#"7 - - - | no time | {"env":"prod"}"#,
            "reject: no JSON object | no JSON",
        ]
    );
    assert_eq!((parcel.received, parcel.batch.rejects[0].start), (3, 70));
}

#[test]
fn lines_that_belong_to_no_record_are_records_of_the_moment() {
    let text = |format: Option<&str>| {
        let body = b"hello\n2026-01-05 00:00:00.000 ERROR orders failed\n\tat shop.A\n";
        let mut parcel = Parcel::default();
        let formats = Formats::new(Vec::new(), format).unwrap();
        read_text(body, &formats, Zone::UTC, 7, &mut parcel).unwrap();
        assert_eq!(parcel.received, 2);
        rows(&parcel)
    };
    let stray = r#"7 - - - | hello | {"undated":"arrival"}"#;
    assert_eq!(text(None)[0], stray);
    assert!(text(None)[1].contains("failed\n\tat shop.A"));
    assert!(text(Some("text"))[1].starts_with("reject: "));
}

#[test]
fn drains_of_heroku_are_read_message_by_message() {
    let one = "<190>1 2026-01-05T00:00:00+00:00 host app web.1 - [info] - a\nb\n";
    let two = "<190>1 2026-01-05T00:00:01+00:00 host heroku router - at=info status=200\n";
    let body = format!("{} {one}{} {two}9 <190>1 x", one.len(), two.len());
    let mut parcel = Parcel::default();
    read_logplex(body.as_bytes(), "10.0.0.7", Zone::UTC, 7, &mut parcel);
    let found = rows(&parcel);
    assert!(found[0].starts_with("1767571200000000 INFO app host | [info] - a\nb |"), "{found:?}");
    assert!(found[1].starts_with("1767571201000000 INFO heroku host | at=info"), "{found:?}");
    assert_eq!(found.len(), 3);
    assert!(found[2].starts_with("reject: "), "{found:?}");
}

#[test]
fn what_stands_in_for_a_service_is_a_field_too_and_zero_is_now() {
    assert_eq!(
        json(r#"{"msg":"a","container_name":"web"}{"msg":"b","job":"j"}{"msg":"","app":"x"}"#),
        [
            r#"7 - web - | a | {"container_name":"web"}"#,
            r#"7 - j - | b | {"job":"j"}"#,
            "7 - x - |  | ",
        ]
    );
    let settings = Settings::read(|name| (name == "_time_field").then(|| "date".into()), |_| None);
    let mut parcel = Parcel { settings: Arc::new(settings), ..Parcel::default() };
    read_json(br#"{"date":"0","msg":"a"}{"date":0,"msg":"b"}"#, 7, &mut parcel);
    assert_eq!(rows(&parcel), ["7 - - - | a | ", "7 - - - | b | "]);
}

#[test]
fn text_is_read_as_files_are() {
    let body = b"2026-01-05 00:00:00.000 ERROR orders: failed\n\tat shop.A\n2026-01-05 00:00:01.000 INFO orders: x";
    let mut parcel = Parcel::default();
    read_text(body, &Formats::default(), Zone::UTC, 0, &mut parcel).unwrap();
    assert_eq!(parcel.batch.message.get(0), "failed\n\tat shop.A");
    assert_eq!(parcel.received, 2);
}
