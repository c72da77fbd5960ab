//! What clients push, to the real server: each protocol as its clients speak it.

mod common;

use std::io::Write;

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
    let expected = json!([
        "2026-01-05 00:00:00",
        "ERROR",
        "payment",
        "web-1",
        "Card declined for order 81233"
    ]);
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
    // The same bytes again are the same entries again.
    assert_eq!(server.value("select count(*) from logs"), 2);
    let trace =
        "select field(fields, 'trace_id'), field(fields, 'env') from logs order by ts limit 1";
    assert_eq!(rows(&server, trace), [json!(["t1", "prod"])]);

    let bad = r#"{"streams":[{"stream":{"app":"shop"},"values":[
        ["soon","bad"],["1767571202000000000","good"]]}]}"#;
    let said = "1 of 2 entries are not stored: unreadable timestamp\n";
    for _ in 0..2 {
        assert_eq!(push(&[JSON], bad.into()), (400, said.to_owned()));
    }
    assert_eq!(server.value("select count(*) from logs"), 3);
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
    assert_eq!(server.value("select count(*) from logs"), 5);
    let missing = "select sum(missing), sum(duplicates) from ledger";
    assert_eq!(rows(&server, missing), [json!([0, 6])]);
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
    // The second was the first, sent again.
    assert_eq!(server.value("select count(*) from logs"), 2);
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
        "2026-01-05 00:00:01.000 WARN shop slow\n  at x\n2026-01-05 00:00:02.000 INFO shop ok\n";
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
    ] {
        let headers = [JSON, ("authorization", authorization)];
        let answer = server.send("POST", path, &headers, body);
        assert_eq!(answer.status, status, "{path} {authorization}: {}", answer.text());
    }
    let answer = server.send("POST", "/services/collector", &[], "{}");
    assert_eq!((answer.status, &answer.json()["code"]), (401, &json!(2)));
    let filebeat = [("user-agent", "Elastic-filebeat/8.19.0")];
    let answer = server.send("GET", "/", &filebeat, "");
    assert_eq!(answer.json()["error"]["type"], "security_exception");
    assert_eq!(server.get("/services/collector/health").status, 200);
    server.stop();
}
