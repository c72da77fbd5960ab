//! Requests as shippers send them, and as nobody should.

use std::collections::HashMap;

use super::super::tests::rows;
use super::*;

const NOW: Micros = 9_000_000;

fn decoded(body: &str) -> (Vec<String>, Vec<Outcome>) {
    let mut parcel = Parcel::default();
    let items = decode(body.as_bytes(), Some("logs"), NOW, &mut parcel, |_, _, _| Verdict::New);
    let accounted = parcel.batch.rows() as u64 + parcel.batch.rejects.len() as u64;
    assert_eq!(parcel.received, accounted + parcel.duplicates);
    (rows(&parcel), items.unwrap().iter().map(|item| item.outcome).collect())
}

#[test]
fn documents_are_read_as_json_lines_are() {
    let body = r#"{"create":{"_index":"logs-nginx.access-default"}}
{"@timestamp":"2026-01-05T00:00:00.000Z","message":"2026-01-04 10:00:00 WARN Disk nearly full","host":{"name":"web-1"},"log":{"offset":7}}
{"index":{"_id":"a1"}}
{"@timestamp":1767571200123,"log.level":"error","service":{"name":"shop"},"message":"level=info msg=x"}

{"create":{}}
{"msg":"level=warn msg=slow n=5","n":6,"kubernetes":{"container":{"name":"api"},"node":{"name":"n1"}}}"#;
    let (rows, outcomes) = decoded(body);
    assert_eq!(
        rows,
        [
            r#"1767571200000000 WARN nginx.access web-1 | 2026-01-04 10:00:00 WARN Disk nearly full | {"log":{"offset":7},"_index":"logs-nginx.access-default"}"#,
            r#"1767571200123000 ERROR shop - | level=info msg=x | {"_index":"logs","_id":"a1"}"#,
            r#"9000000 WARN api n1 | level=warn msg=slow n=5 | {"n":6,"kubernetes":{"container":{"name":"api"},"node":{"name":"n1"}},"text.n":5,"_index":"logs"}"#,
        ]
    );
    assert_eq!(outcomes, [Outcome::Created; 3]);
}

#[test]
fn an_action_may_have_members_beside_it() {
    let body = r#"{"index":{"_index":"a","pipeline":"p"},"attempts":0}
{"message":"m"}"#;
    assert_eq!(decoded(body).0, [r#"9000000 - - - | m | {"_index":"a"}"#]);
}

#[test]
fn a_document_may_be_a_request() {
    let take = |action, id| {
        let mut parcel = Parcel::default();
        let target = Target { action, index: "a", id };
        let body = b"{\n  \"message\": \"m\"\n}\n";
        let item = decode_one(body, &target, NOW, &mut parcel, |_, _, _| Verdict::New);
        (rows(&parcel), item.map(|item| item.outcome))
    };
    let (rows, outcome) = take(Action::Create, Some("7"));
    assert_eq!(rows, [r#"9000000 - - - | m | {"_index":"a","_id":"7"}"#]);
    assert_eq!(outcome, Some(Outcome::Created));
    assert_eq!(take(Action::Index, None).1, Some(Outcome::Created));
}

#[test]
fn a_bad_item_has_its_own_error() {
    let body = r#"{"create":{}}
not json
{"create":{}}
{"a":1
{"create":{}}
{"@timestamp":"yesterday","message":"x"}
{"create":{}}
{"@timestamp":253402300800000,"message":"y"}
{"delete":{"_id":"1"}}
{"update":{"_id":"1"}}
{"doc":{"a":1}}
{"index":{}}
{"message":"good","@timestamp":"2026-01-05"}
{"index":{}}"#;
    let (rows, outcomes) = decoded(body);
    let rejected = Outcome::Rejected;
    assert_eq!(
        outcomes,
        [
            rejected(document::REASON_NO_OBJECT),
            rejected("the JSON of the document does not end"),
            rejected(document::REASON_TIME),
            rejected("timestamp outside of the years 1 to 9999"),
            Outcome::Unsupported(REASON_DELETE),
            Outcome::Unsupported(REASON_UPDATE),
            Outcome::Created,
            rejected(REASON_NO_DOCUMENT),
        ]
    );
    assert_eq!(rows[0], r#"1767571200000000 - - - | good | {"_index":"logs"}"#);
    assert_eq!(rows.len(), 8);
}

#[test]
fn what_is_no_action_is_malformed() {
    for (body, line) in [
        ("x", 1),
        ("{\"create\":{}}\n{}\n{\"a\":1}", 3),
        ("{\"create\":1}", 1),
        ("{}", 1),
        ("{\"create\":{}, \"index\":{}}", 1),
        ("{\"upsert\":{}}", 1),
    ] {
        let result =
            decode(body.as_bytes(), None, NOW, &mut Parcel::default(), |_, _, _| Verdict::New);
        assert_eq!(result, Err(Malformed { line }), "{body}");
    }
    let result = decode(b"\n\n", None, NOW, &mut Parcel::default(), |_, _, _| Verdict::New);
    assert_eq!(result, Ok(Vec::new()));
}

#[test]
fn documents_with_an_id_are_known_again() {
    let mut stored: HashMap<(String, String), u64> = HashMap::new();
    let mut send = |body: &str| {
        let mut parcel = Parcel::default();
        let ask = |index: &str, id: &str, content| {
            let key = (index.to_owned(), id.to_owned());
            if id == "busy" {
                return Verdict::Pending;
            }
            match stored.get(&key) {
                None => {
                    stored.insert(key, content);
                    Verdict::New
                }
                Some(known) if *known == content => Verdict::Stored,
                Some(_) => Verdict::Conflict,
            }
        };
        let items = decode(body.as_bytes(), None, NOW, &mut parcel, ask).unwrap();
        let counts = (parcel.received, parcel.batch.rows(), parcel.duplicates);
        (items.iter().map(|item| item.outcome).collect::<Vec<_>>(), counts)
    };
    let create = "{\"create\":{\"_id\":\"1\"}}\n{\"message\":\"m\"}\n";
    assert_eq!(send(create), (vec![Outcome::Created], (1, 1, 0)));
    assert_eq!(send(create), (vec![Outcome::Conflict], (1, 0, 1)));
    let same = "{\"index\":{\"_id\":\"1\"}}\n{\"message\":\"m\"}\n";
    assert_eq!(send(same), (vec![Outcome::Updated], (1, 0, 1)));
    let other = "{\"index\":{\"_id\":\"1\"}}\n{\"message\":\"other\"}\n";
    assert_eq!(send(other), (vec![Outcome::Updated], (1, 1, 0)));
    assert_eq!(send(other), (vec![Outcome::Updated], (1, 0, 1)));
    // Within one request the same.
    let first = "{\"index\":{\"_id\":\"3\"}}\n{\"message\":\"m\"}\n";
    let second = "{\"index\":{\"_id\":\"3\"}}\n{\"message\":\"other\"}\n";
    let third = "{\"create\":{\"_id\":\"3\"}}\n{\"message\":\"third\"}\n";
    assert_eq!(
        send(&format!("{first}{second}{third}{second}{first}")),
        (
            vec![
                Outcome::Created,
                Outcome::Updated,
                Outcome::Conflict,
                Outcome::Updated,
                Outcome::Updated
            ],
            (5, 2, 3)
        )
    );
    let busy = "{\"create\":{\"_id\":\"busy\"}}\n{\"message\":\"m\"}\n";
    assert_eq!(send(busy), (vec![Outcome::Pending], (0, 0, 0)));
    // What was rejected is not known.
    let bad = "{\"create\":{\"_id\":\"2\"}}\n{\"@timestamp\":\"x\"}\n";
    let rejected = vec![Outcome::Rejected(document::REASON_TIME)];
    assert_eq!(send(bad), (rejected.clone(), (1, 0, 0)));
    assert_eq!(send(bad), (rejected, (1, 0, 0)));
}
