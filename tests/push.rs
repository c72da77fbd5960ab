//! What clients push, to the real server: each protocol as its clients speak it.

mod common;

use std::io::Write;
use std::time::Duration;

use common::Pintail;
use common::server::Server;
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

/// 2026-01-05T00:00:00Z.
const SECOND: u64 = 1_767_571_200;

fn rows(server: &Server, sql: &str) -> Vec<Value> {
    let answer = server.sql(sql);
    assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
    answer.json()["rows"].as_array().unwrap().clone()
}

fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes.as_ref()).unwrap();
    packer.finish().unwrap()
}

fn snappy(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes.as_ref()).unwrap()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

/// A field of Protocol Buffers: a text or message.
fn field(number: u64, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [varint(number << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn fixed64(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3 | 1), value.to_le_bytes().to_vec()].concat()
}

fn loki_protobuf(labels: &str, lines: &[(u64, &str)]) -> Vec<u8> {
    let entries = lines
        .iter()
        .map(|(seconds, line)| field(2, [field(1, number(1, *seconds)), field(2, line)].concat()));
    snappy(field(1, [field(1, labels), entries.collect::<Vec<_>>().concat()].concat()))
}

fn otlp_protobuf(attributes: &[(&str, &str)], bodies: &[&str]) -> Vec<u8> {
    let attribute =
        |(key, value): &(&str, &str)| field(1, [field(1, key), field(2, field(1, value))].concat());
    let resource = attributes.iter().map(attribute).collect::<Vec<_>>().concat();
    let record = |body: &&str| {
        let time = fixed64(1, SECOND * 1_000_000_000);
        field(2, [time, field(5, field(1, body))].concat())
    };
    let records = bodies.iter().map(record).collect::<Vec<_>>().concat();
    field(1, [field(1, resource), field(2, records)].concat())
}

#[test]
fn a_line_is_the_same_record_whichever_protocol_brings_it() {
    const LINE: &str = "2026-01-04 10:00:00 ERROR Card declined for order 81233";
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let loki = json!({"streams": [{
        "stream": {"service_name": "payment", "host": "web-1"},
        "values": [[format!("{SECOND}000000000"), LINE]],
    }]});
    let otlp = json!({"resourceLogs": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "payment"}},
            {"key": "host.name", "value": {"stringValue": "web-1"}},
        ]},
        "scopeLogs": [{"logRecords": [
            {"timeUnixNano": format!("{SECOND}000000000"), "body": {"stringValue": LINE}},
        ]}],
    }]});
    let document = json!({
        "@timestamp": "2026-01-05T00:00:00Z", "message": LINE,
        "service": {"name": "payment"}, "host": {"name": "web-1"},
    });
    let bulk = format!("{{\"create\":{{}}}}\n{document}\n");
    let event = json!({
        "time": SECOND, "host": "web-1", "event": LINE, "fields": {"service": "payment"},
    });
    let labels = r#"{service_name="payment", host="web-1"}"#;
    let attributes = [("service.name", "payment"), ("host.name", "web-1")];
    for (path, kind, body, status) in [
        ("/loki/api/v1/push", JSON, loki.to_string().into_bytes(), 204),
        ("/loki/api/v1/push", PROTOBUF, loki_protobuf(labels, &[(SECOND, LINE)]), 204),
        ("/v1/logs", JSON, otlp.to_string().into_bytes(), 200),
        ("/v1/logs", PROTOBUF, otlp_protobuf(&attributes, &[LINE]), 200),
        ("/_bulk", JSON, bulk.into_bytes(), 200),
        ("/services/collector/event", JSON, event.to_string().into_bytes(), 200),
    ] {
        let answer = server.send("POST", path, &[kind], body);
        assert_eq!(answer.status, status, "{path}: {:?}", String::from_utf8_lossy(&answer.bytes));
    }
    let sql = "select distinct ts::varchar, level, service, host, message from logs";
    let expected = json!(["2026-01-05 00:00:00", "ERROR", "payment", "web-1", LINE]);
    assert_eq!(rows(&server, sql), [expected]);
    assert_eq!(server.value("select count(*) from logs"), 6);
    let fields = "select fields from logs where fields is not null";
    assert_eq!(rows(&server, fields).len(), 1, "only an index is a field: {fields:?}");
    let sources = "select name from sources where kind = 'http' order by name";
    assert_eq!(
        rows(&server, sources),
        [
            json!(["elasticsearch 127.0.0.1"]),
            json!(["loki 127.0.0.1"]),
            json!(["otlp 127.0.0.1"]),
            json!(["splunk 127.0.0.1"])
        ]
    );
    server.stop();
}

#[test]
fn loki_stores_good_entries_beside_bad_ones() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let push = |headers: &[(&str, &str)], body: Vec<u8>| {
        let answer = server.send("POST", "/loki/api/v1/push", headers, body);
        (answer.status, answer.text())
    };
    let body = r#"{"streams":[{"stream":{"app":"shop","env":"prod"},"values":[
        ["1767571200000000000","first",{"trace_id":"t1"}],["1767571201000000000","second"]]}]}"#;
    for (encoding, packed) in
        [("gzip", gzip(body)), ("gzip", gzip(body)), ("identity", body.into())]
    {
        let headers = [JSON, ("content-encoding", encoding)];
        assert_eq!(push(&headers, packed), (204, String::new()));
    }
    // Equal requests that are answered are different ones.
    assert_eq!(server.value("select count(*) from logs"), 6);
    let trace =
        "select field(fields, 'trace_id'), field(fields, 'env') from logs order by ts limit 1";
    assert_eq!(rows(&server, trace), [json!(["t1", "prod"])]);

    let bad = r#"{"streams":[{"stream":{"app":"shop"},"values":[
        ["soon","bad"],["1767571202000000000","good"]]}]}"#;
    let said = "1 of 2 entries are not stored: unreadable timestamp\n";
    for _ in 0..2 {
        assert_eq!(push(&[JSON], bad.into()), (400, said.to_owned()));
    }
    // The answer was an error: what is sent again is known.
    assert_eq!(server.value("select count(*) from logs"), 7);
    assert_eq!(rows(&server, "select line from rejects"), [json!(["bad"])]);

    for (headers, body) in [
        (&[JSON][..], &b"{\"streams\":"[..]),
        (&[PROTOBUF], b"not snappy"),
        (&[PROTOBUF, ("content-encoding", "br")], b"x"),
    ] {
        let (status, text) = push(headers, body.to_vec());
        assert!((400..=415).contains(&status) && text.len() > 10, "{status} {text}");
    }
    // Without a content type it is Protocol Buffers.
    let body = loki_protobuf(r#"{app="old"}"#, &[(SECOND, "x"), (SECOND, "y")]);
    assert_eq!(push(&[], body).0, 204);
    assert_eq!(server.value("select count(*) from logs"), 9);
    let missing = "select sum(missing), sum(duplicates) from ledger";
    assert_eq!(rows(&server, missing), [json!([0, 2])]);
    server.stop();
}

#[test]
fn a_body_above_the_limit_is_refused_before_it_is_memory() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let bomb = gzip(vec![b' '; 1 << 30]);
    let packed = [JSON, ("content-encoding", "gzip")];
    for (path, kind) in [
        ("/loki/api/v1/push", "text/plain"),
        ("/v1/logs", "application/json"),
        ("/_bulk", "application/json"),
        ("/services/collector", "application/json"),
    ] {
        let answer = server.send("POST", path, &packed, &bomb);
        assert_eq!(answer.status, 413, "{path}: {}", answer.text());
        assert!(answer.header("content-type").starts_with(kind), "{path}");
    }
    assert_eq!(server.value("select count(*) from logs"), 0);
    server.stop();
}

#[test]
fn shippers_find_the_elasticsearch_that_they_look_for() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let filebeat =
        [("user-agent", "Elastic-filebeat/8.19.0 (linux; amd64)"), ("accept", "application/json")];
    for (method, path, status) in [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/elasticsearch", 200),
        ("GET", "/insert/elasticsearch/", 200),
        ("GET", "/_license", 200),
        ("GET", "/_xpack", 200),
        ("GET", "/_cluster/health", 200),
        ("GET", "/_nodes/http", 200),
        ("GET", "/_ilm/policy/filebeat", 200),
        ("PUT", "/_ilm/policy/filebeat", 200),
        ("HEAD", "/_index_template/filebeat-8.19.0", 200),
        ("PUT", "/_component_template/logs@custom", 200),
        ("GET", "/_data_stream/filebeat-8.19.0", 200),
        ("PUT", "/_ingest/pipeline/filebeat-nginx", 200),
        ("HEAD", "/elasticsearch/logstash", 200),
        ("PUT", "/insert/elasticsearch/_template/logstash", 200),
    ] {
        let answer = server.send(method, path, &filebeat, "");
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        assert_eq!(answer.header("x-elastic-product"), "Elasticsearch", "{method} {path}");
        if method == "PUT" {
            assert_eq!(answer.json(), json!({"acknowledged": true}));
        }
    }
    let info = server.get_with("/", &filebeat).json();
    assert_eq!(info["version"]["number"], "8.19.0");
    let license = server.get("/_license").json();
    assert_eq!(license["license"]["status"], "active");
    // People still get the page.
    let page = server.get_with("/", &[("accept", "text/html,application/json")]);
    assert!(page.text().contains("<html") && page.header("x-elastic-product").is_empty());
    assert!(server.get("/").text().contains("<html"));
    server.stop();
}

#[test]
fn every_bulk_item_has_its_own_answer() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let body = r#"{"create":{"_index":"logs-shop-default"}}
{"@timestamp":"2026-01-05T00:00:00Z","log.level":"warn","message":"slow"}
{"index":{"_id":"7"}}
{"@timestamp":"yesterday","message":"bad time"}
{"delete":{"_id":"1"}}
{"create":{"_id":"8"}}
{"@timestamp":"2026-01-05T00:00:01Z","message":"with an id"}"#;
    let bulk = |method, path, body: &str| {
        let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
        let answer = server.send(method, path, &headers, gzip(body));
        assert_eq!(answer.header("x-elastic-product"), "Elasticsearch");
        (answer.status, answer.text())
    };
    let (status, text) = bulk("POST", "/web/_bulk", body);
    assert_eq!(status, 200);
    assert!(text.contains("\"errors\":true"), "{text}");
    let reply: Value = serde_json::from_str(&text).unwrap();
    let statuses = |reply: &Value| -> Vec<i64> {
        let items = reply["items"].as_array().unwrap();
        let status =
            |item: &Value| item.as_object().unwrap().values().next().unwrap()["status"].as_i64();
        items.iter().map(|item| status(item).unwrap()).collect()
    };
    assert_eq!(statuses(&reply), [201, 400, 400, 201]);
    assert_eq!(reply["items"][0]["create"]["_index"], "logs-shop-default");
    assert_eq!(reply["items"][1]["index"]["error"]["type"], "document_parsing_exception");
    let sql = "select level, service, message, field(fields, '_index') from logs order by ts";
    let expected = [
        json!(["WARN", "shop", "slow", "logs-shop-default"]),
        json!([null, null, "with an id", "web"]),
    ];
    assert_eq!(rows(&server, sql), expected);
    assert_eq!(server.value("select count(*) from rejects"), 2);

    // A document that the client knows by its id is stored once, also after a restart.
    let again = "{\"create\":{\"_id\":\"8\"}}\n{\"@timestamp\":\"2026-01-05T00:00:01Z\",\"message\":\"with an id\"}\n";
    let conflict = |server: &Server| {
        let path = "/web/_bulk?filter_path=errors,items.*.status";
        let answer = server.send("PUT", path, &[JSON], again);
        answer.text()
    };
    assert_eq!(conflict(&server), r#"{"errors":true,"items":[{"create":{"status":409}}]}"#);
    let as_index = again.replace("create", "index");
    let (_, text) = bulk("POST", "/web/_bulk?filter_path=items.*.result", &as_index);
    assert_eq!(text, r#"{"items":[{"index":{"result":"updated"}}]}"#);
    let (status, text) = bulk("POST", "/_bulk", "no action\n{}");
    assert_eq!(status, 400);
    assert!(text.contains("illegal_argument_exception") && text.contains("line [1]"), "{text}");
    server.stop();

    let server = Server::start(&pintail, &[]);
    assert_eq!(conflict(&server), r#"{"errors":true,"items":[{"create":{"status":409}}]}"#);
    assert_eq!(server.value("select count(*) from logs"), 2);
    assert_eq!(server.value("select sum(missing) from ledger"), 0);
    server.stop();
}

#[test]
fn otlp_answers_in_the_requests_content_type() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let export = |headers: &[(&str, &str)], body: Vec<u8>| {
        let answer = server.send("POST", "/v1/logs", headers, body);
        (answer.status, answer.header("content-type").to_owned(), answer.bytes)
    };
    let body = otlp_protobuf(&[("service.name", "shop"), ("k8s.pod.name", "p-1")], &["a", "b"]);
    let binary = "application/x-protobuf".to_owned();
    let text = "application/json".to_owned();
    let packed = [PROTOBUF, ("content-encoding", "gzip")];
    assert_eq!(export(&packed, gzip(&body)), (200, binary.clone(), Vec::new()));
    assert_eq!(export(&[PROTOBUF], body), (200, binary.clone(), Vec::new()));
    assert_eq!(server.value("select count(*) from logs"), 4);
    let pod = "select distinct service, fields->'resource'->>'k8s.pod.name' from logs";
    assert_eq!(rows(&server, pod), [json!(["shop", "p-1"])]);

    let body = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
        {"timeUnixNano":"soon","body":{"stringValue":"bad"}},
        {"timeUnixNano":"1767571200000000000","severityNumber":17,"body":{"stringValue":"good"},
         "attributes":[{"key":"http.status","value":{"intValue":"502"}}],
         "traceId":"5b8efff798038103d269b633813fc60c"}]}]}]}"#;
    let (status, kind, reply) = export(&[JSON], body.into());
    assert_eq!((status, kind), (200, text.clone()));
    let reply: Value = serde_json::from_slice(&reply).unwrap();
    let partial = json!({"rejectedLogRecords": "1", "errorMessage": "unreadable timestamp"});
    assert_eq!(reply, json!({"partialSuccess": partial}));
    let sql = "select level, field(fields, 'http.status')::int, field(fields, 'trace_id') from logs where message = 'good'";
    assert_eq!(rows(&server, sql), [json!(["ERROR", 502, "5b8efff798038103d269b633813fc60c"])]);
    assert_eq!(export(&[JSON], b"{}".to_vec()).2, b"{}");

    let (status, kind, reply) = export(&[JSON], b"{".to_vec());
    let reply: Value = serde_json::from_slice(&reply).unwrap();
    assert_eq!((status, kind, &reply["code"]), (400, text, &json!(3)));
    let (status, kind, reply) = export(&[PROTOBUF], vec![0x0a, 0x7f]);
    assert_eq!((status, kind), (400, binary));
    assert!(String::from_utf8_lossy(&reply).contains("ends in the middle"));
    assert_eq!(export(&[("content-type", "text/plain")], b"x".to_vec()).0, 415);
    server.stop();
}

#[test]
fn splunks_codes_say_what_became_of_events() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let post = |path: &str, headers: &[(&str, &str)], body: &str| {
        let answer = server.send("POST", path, headers, body);
        (answer.status, answer.json())
    };
    let ok = json!({"text": "Success", "code": 0});
    let event = r#"{"time":1767571200,"host":"web-1","sourcetype":"shop","event":"[error] hot"}"#;
    for path in
        ["/services/collector", "/services/collector/event", "/services/collector/event/1.0"]
    {
        assert_eq!(post(path, &[], event), (200, ok.clone()), "{path}");
    }
    let sql = "select distinct level, service, host, message from logs";
    assert_eq!(rows(&server, sql), [json!(["ERROR", "shop", "web-1", "[error] hot"])]);

    let raw = "/services/collector/raw/1.0?host=web-2&sourcetype=app";
    let lines =
        "2026-01-05 00:00:01.000 WARN shop: slow\n  at x\n2026-01-05 00:00:02.000 INFO shop: ok\n";
    assert_eq!(post(raw, &[], lines), (200, ok));
    let sql = "select level, service, message from logs where host = 'web-2' order by ts";
    assert_eq!(
        rows(&server, sql),
        [json!(["WARN", "shop", "slow\n  at x"]), json!(["INFO", "shop", "ok"])]
    );

    for (body, code, number) in [
        ("", 5, 0),
        ("text", 6, 0),
        (r#"{"event":"a"}{"host":"h"}"#, 12, 1),
        (r#"{"event":""}{"event":"b"}"#, 13, 0),
    ] {
        let (status, reply) = post("/services/collector/event", &[], body);
        assert_eq!((status, &reply["code"]), (400, &json!(code)), "{body}");
        assert_eq!(reply["invalid-event-number"], number, "{body}");
    }
    // What stood beside bad events is stored.
    assert_eq!(server.value("select count(*) from logs where message in ('a', 'b')"), 2);

    let channel = [("x-splunk-request-channel", "fe0ecfad-13d5-401b-847d-77833bd77131")];
    let (_, reply) = post("/services/collector/event", &channel, event);
    let id = reply["ackId"].as_i64().unwrap();
    let acks = json!({"acks": [id, -1]}).to_string();
    let (status, reply) = post("/services/collector/ack", &channel, &acks);
    assert_eq!((status, reply), (200, json!({"acks": {id.to_string(): true, "-1": false}})));
    let (status, reply) = post("/services/collector/ack", &[], &acks);
    assert_eq!((status, &reply["code"]), (400, &json!(10)));
    assert_eq!(server.json("/services/collector/health/1.0")["code"], 17);
    assert_eq!(server.value("select sum(missing) from ledger"), 0);
    server.stop();
}

#[test]
fn every_protocol_shows_the_token_in_its_own_way() {
    let pintail = Pintail::new();
    let variables = [("PINTAIL_TOKEN", "secret")];
    let server = Server::start_with(&pintail, &[], &variables);
    let loki = r#"{"streams":[]}"#;
    // user:secret, id:secret, user:wrong
    let (basic, key, wrong) =
        ("Basic dXNlcjpzZWNyZXQ=", "ApiKey aWQ6c2VjcmV0", "Basic dXNlcjp3cm9uZw==");
    for (path, body, authorization, status) in [
        ("/loki/api/v1/push", loki, basic, 204),
        ("/loki/api/v1/push", loki, "Bearer secret", 204),
        ("/loki/api/v1/push", loki, wrong, 401),
        ("/_bulk", "\n", key, 200),
        ("/_bulk", "\n", basic, 200),
        ("/_bulk", "\n", wrong, 401),
        ("/v1/logs", "{}", "Bearer secret", 200),
        ("/v1/logs", "{}", "Bearer other", 401),
        ("/services/collector", r#"{"event":"a"}"#, "Splunk secret", 200),
        ("/services/collector", r#"{"event":"a"}"#, basic, 200),
        ("/services/collector", r#"{"event":"a"}"#, "Splunk other", 403),
        ("/services/collector", r#"{"event":"a"}"#, "Strange secret", 401),
        ("/services/collector?token=secret", r#"{"event":"a"}"#, "Strange secret", 200),
    ] {
        let headers = [JSON, ("authorization", authorization)];
        let answer = server.send("POST", path, &headers, body);
        assert_eq!(answer.status, status, "{path} {authorization}: {}", answer.text());
    }
    for path in ["/insert/jsonline", "/_bulk", "/v1/logs", "/services/collector"] {
        let answer = server.send("POST", path, &[("authorization", "Bearer")], "{}");
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="pintail""#, "{path}");
    }
    let answer = server.send("POST", "/services/collector", &[], "{}");
    assert_eq!((answer.status, &answer.json()["code"]), (401, &json!(2)));
    let filebeat = [("user-agent", "Elastic-filebeat/8.19.0")];
    let answer = server.send("GET", "/", &filebeat, "");
    assert_eq!(answer.json()["error"]["type"], "security_exception");
    assert_eq!(server.get("/services/collector/health").status, 200);
    server.stop();
}

#[test]
fn equal_events_are_all_stored_at_once_and_one_after_the_other() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let loki = json!({"streams": [{
        "stream": {"app": "shop"}, "values": [[format!("{SECOND}000000000"), "loki"]],
    }]});
    let otlp = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"timeUnixNano": format!("{SECOND}000000000"), "body": {"stringValue": "otlp"}},
    ]}]}]});
    let doors = [
        ("/loki/api/v1/push", loki.to_string()),
        ("/v1/logs", otlp.to_string()),
        ("/_bulk", "{\"create\":{}}\n{\"message\":\"bulk\"}\n".to_owned()),
        ("/services/collector", r#"{"event":"event"}"#.to_owned()),
        ("/services/collector/raw", "raw".to_owned()),
        ("/insert/jsonline", r#"{"msg":"line"}"#.to_owned()),
    ];
    for (path, body) in &doors {
        let push = || {
            let answer = server.send("POST", path, &[JSON], body);
            assert!(matches!(answer.status, 200 | 204), "{path}: {}", answer.text());
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..5).for_each(|_| push()));
            }
        });
    }
    let sql = "select message, count(*) from logs group by message order by message";
    let expected = ["bulk", "event", "line", "loki", "otlp", "raw"].map(|text| json!([text, 20]));
    assert_eq!(rows(&server, sql), expected);
    server.stop();
}

/// Sends a request and goes a moment later, without waiting for its answer.
fn send_and_go(server: &Server, path: &str, body: &str, moment: Duration) {
    let address = server.address.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n");
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
    // Not to wait for anything: the moment is what is tried.
    std::thread::sleep(moment);
}

/// Sends a request that is stored while its client has gone; returns its body.
fn store_and_go(server: &Server, path: &str, lines: usize) -> String {
    for number in 0..1_000 {
        let body = format!("{{\"msg\":\"m {number}\"}}\n").repeat(lines);
        send_and_go(server, path, &body, Duration::from_millis(number % 100));
        // Commits go in order: with the next answer the first is stored, or never will be.
        assert_eq!(server.send("POST", path, &[], "{\"msg\":\"next\"}").status, 200);
        let answer = server.send("POST", path, &[], &body).json();
        // Else the client had gone before it was handed in, or after it was answered.
        if answer["duplicates"] == lines {
            assert_eq!(answer["stored"], 0);
            let stored = format!("select count(*) from logs where message = 'm {number}'");
            assert_eq!(server.value(&stored), lines);
            return body;
        }
    }
    panic!("no client went in time: the test says nothing");
}

#[test]
fn a_request_that_was_not_answered_is_known_once_when_it_is_sent_again() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let path = "/insert/jsonline";
    // Many, so that to commit them takes a while.
    let body = store_and_go(&server, path, 5_000);
    // That was answered at the second time: the next is another one.
    let push = |path, headers: &[(&str, &str)]| {
        let answer = server.send("POST", path, headers, &body).json();
        (answer["stored"].as_u64().unwrap(), answer["duplicates"].as_u64().unwrap())
    };
    assert_eq!(push(path, &[]), (5_000, 0));
    assert_eq!(push(path, &[]), (5_000, 0));
    assert_eq!(server.value("select sum(missing) from ledger"), 0);
    server.stop();
}

#[test]
fn documents_come_one_by_one_too() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let send = |method, path| {
        let body = "{\n \"@timestamp\": \"2026-01-05T00:00:00Z\",\n \"message\": \"m\"\n}";
        let answer = server.send(method, path, &[JSON], body);
        assert_eq!(answer.header("x-elastic-product"), "Elasticsearch", "{path}");
        (answer.status, answer.json())
    };
    for (method, path, status) in [
        ("POST", "/shop/_doc", 201),
        ("POST", "/elasticsearch/shop/_doc", 201),
        // As rsyslog does by default.
        ("POST", "/shop/events", 201),
        ("POST", "/elasticsearch/shop/logs", 201),
        ("PUT", "/shop/_doc/1", 201),
        ("POST", "/shop/_doc/1", 200),
        ("PUT", "/shop/_create/2", 201),
        ("POST", "/shop/_create/2", 409),
        ("PUT", "/shop/_doc/2?op_type=create", 409),
        ("GET", "/shop/_doc", 405),
        ("DELETE", "/_bulk", 405),
    ] {
        let (found, reply) = send(method, path);
        assert_eq!(found, status, "{method} {path}: {reply}");
        match status {
            200 | 201 => assert_eq!(reply["_index"], "shop"),
            409 => assert_eq!(reply["error"]["type"], "version_conflict_engine_exception"),
            _ => assert!(reply["error"].as_str().unwrap().contains("allowed: [POST"), "{reply}"),
        }
    }
    assert_eq!(server.value("select count(*) from logs where message = 'm'"), 6);
    let bad = server.send("POST", "/shop/_doc", &[JSON], "{\"@timestamp\":\"soon\"}");
    assert_eq!((bad.status, bad.json()["status"].as_i64()), (400, Some(400)));
    assert!(server.get("/_cat/health").text().contains(" pintail green 1 "));
    let health = server.json("/_cat/health?format=json");
    assert_eq!(health[0]["status"], "green");
    for (method, path) in [("PUT", "/shop"), ("POST", "/shop/_refresh"), ("POST", "/_refresh")] {
        assert_eq!(server.send(method, path, &[JSON], "{}").status, 200, "{path}");
    }
    let exists = server.send("HEAD", "/shop", &[("accept", "text/html")], "");
    assert_eq!(exists.status, 404, "an index is asked for where the page is");
    for agent in ["elasticsearch-py/9.0.0", "opensearch-py/3.1.0"] {
        let agent = [("user-agent", agent)];
        assert_eq!(server.send("HEAD", "/shop", &agent, "").status, 200);
        assert_eq!(server.get_with("/", &agent).json()["version"]["number"], "8.19.0");
    }
    server.stop();
}

#[test]
fn what_is_wrong_says_what_would_be_right() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    for (method, path, status, hint) in [
        ("GET", "/loki/api/v1/push", 405, "send it with POST"),
        ("PUT", "/v1/logs", 405, "send it with POST"),
        ("GET", "/insert/jsonline", 405, "send it with POST"),
        ("GET", "/services/collector/event", 405, "send it with POST"),
        ("POST", "/services/collector/health", 405, "send it with GET"),
        ("POST", "/loki/api/v1/pushes", 404, "POST /loki/api/v1/push does"),
        ("POST", "/jsonlines", 404, "POST /insert/jsonline does"),
        ("POST", "/logs/", 404, "POST /v1/logs does"),
        ("POST", "/insert/jsonlines", 404, "POST /insert/jsonline does"),
        ("POST", "/nowhere/x", 404, "logs are sent with POST to one of /insert/jsonline"),
    ] {
        let answer = server.send(method, path, &[JSON], "{}");
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        let found = answer.json()["error"]["hint"].as_str().unwrap().to_owned();
        assert!(found.contains(hint), "{method} {path}: {found}");
    }
    for path in ["/services/collector/event/1.0", "/services/collector", "/services/collector/raw"]
    {
        let answer = server.send("OPTIONS", path, &[("authorization", "Splunk any")], "");
        assert_eq!(answer.status, 200, "{path}");
    }
    for path in ["/insert/ready", "/insert/loki/ready"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    let body = r#"{"message":"m","event":"m","streams":[]}"#;
    for path in [
        "/insert/jsonline",
        "/insert/lines",
        "/loki/api/v1/push",
        "/v1/logs",
        "/otlp/v1/logs",
        "/services/collector",
        "/services/collector/event",
        "/services/collector/raw",
    ] {
        for path in [path.to_owned(), format!("{path}/"), format!("{path}/?unknown=1")] {
            let answer = server.send("POST", &path, &[JSON], body);
            assert!(matches!(answer.status, 200 | 204), "{path}: {}", answer.text());
        }
    }
    let other = server.send("POST", "/v1/logs", &[JSON], r#"{"logs":[{"body":"x"}]}"#).json();
    assert_eq!(other["partialSuccess"]["rejectedLogRecords"], "0");
    let said = other["partialSuccess"]["errorMessage"].as_str().unwrap();
    assert!(said.contains("resourceLogs"), "{said}");
    assert_eq!(server.send("POST", "/v1/logs", &[JSON], "{}").text(), "{}");
    server.stop();
}

#[test]
fn requests_say_what_all_of_their_records_are() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let bulk = "{\"create\":{}}\n{\"note\":\"bulk\",\"agent\":{\"id\":7},\"n\":1}\n";
    let loki = json!({"streams": [{"stream": {"app": "a1"}, "values": [["1000000000", "loki"]]}]});
    let tenant = [JSON, ("x-scope-orgid", "team-a"), ("vl-extra-fields", "env=prod")];
    for (path, headers, body) in [
        ("/insert/elasticsearch/_bulk?_msg_field=text,note&ignore_fields=agent.id", &tenant, bulk),
        ("/insert/loki/api/v1/push", &tenant, &loki.to_string()),
        ("/insert/jsonline?_msg_field=note", &tenant, r#"{"note":"json"}"#),
        ("/insert/lines", &tenant, "2026-01-05 00:00:00 INFO shop: lines"),
    ] {
        let answer = server.send("POST", path, headers, body);
        assert!(matches!(answer.status, 200 | 204), "{path}: {}", answer.text());
    }
    let sql = "select message, fields->>'$.tenant', fields->>'$.env', fields->>'$.agent' from logs
        order by message";
    let expected =
        ["bulk", "json", "lines", "loki"].map(|text| json!([text, "team-a", "prod", null]));
    assert_eq!(rows(&server, sql), expected);
    server.stop();
}
