//! HTTP/2, without TLS and with it, and OTLP over gRPC on it.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use common::certificate::Certificate;
use common::h2::Client;
use common::server::Server;
use common::{Pintail, gzip, until, zstd};
use serde_json::{Value, json};

const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const GRPC: (&str, &str) = ("content-type", "application/grpc");

/// A field that is a message or a text.
fn field(number: u8, inner: &[u8]) -> Vec<u8> {
    let mut all = vec![number << 3 | 2];
    let mut length = inner.len();
    while length >= 0x80 {
        all.push(length as u8 | 0x80);
        length >>= 7;
    }
    all.push(length as u8);
    all.extend_from_slice(inner);
    all
}

/// An `ExportLogsServiceRequest` with records of these texts.
fn logs(texts: &[&str]) -> Vec<u8> {
    let records = texts.iter().map(|text| field(2, &field(5, &field(1, text.as_bytes()))));
    field(1, &field(2, &records.collect::<Vec<_>>().concat()))
}

/// A request of traces, or of sums.
fn spans(count: usize) -> Vec<u8> {
    field(1, &field(2, &field(2, &field(5, b"name")).repeat(count)))
}

fn points(count: usize) -> Vec<u8> {
    field(1, &field(2, &field(2, &field(7, &field(1, &[]).repeat(count)))))
}

fn framed(is_packed: bool, message: &[u8]) -> Vec<u8> {
    let mut all = vec![u8::from(is_packed)];
    all.extend((message.len() as u32).to_be_bytes());
    all.extend_from_slice(message);
    all
}

/// A server that takes OTLP over gRPC, and a client there.
fn with_grpc(pintail: &Pintail, args: &[&str], variables: &[(&str, &str)]) -> (Server, Client) {
    let args = [&["--otlp-grpc", "127.0.0.1:0"], args].concat();
    let server = Server::start_with(pintail, &args, variables);
    let said = server.says_nth("  otlp ", 0);
    let client = Client::new(said.split_whitespace().next().unwrap());
    (server, client)
}

#[test]
fn records_over_grpc_are_stored_before_the_answer() {
    let pintail = Pintail::new();
    let (server, client) = with_grpc(&pintail, &[], &[]);
    let text = "login of user 1109525498 from web";
    let answer = client.send("POST", LOGS, &[GRPC], &framed(false, &logs(&[text, "two"])));
    assert_eq!((answer.status, answer.grpc().0), (200, 0), "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/grpc");
    assert_eq!(answer.trailers["grpc-status"], "0");
    assert!(!answer.headers.contains_key("content-length"), "{answer:?}");
    // An empty response is a message all the same.
    assert_eq!(answer.body, framed(false, &[]));
    assert_eq!(server.value("select count(*) from logs"), 2);
    for (encoding, packed) in [("gzip", gzip(logs(&["three"]))), ("zstd", zstd(logs(&["four"])))] {
        let headers = [GRPC, ("grpc-encoding", encoding)];
        let answer = client.send("POST", LOGS, &headers, &framed(true, &packed));
        assert_eq!(answer.grpc().0, 0, "{answer:?}");
        // Each message says by itself whether it is packed.
        let plain = client.send("POST", LOGS, &headers, &framed(false, &logs(&[encoding])));
        assert_eq!(plain.grpc().0, 0, "{plain:?}");
    }
    assert_eq!(server.value("select count(*) from logs"), 6);
    assert_eq!(server.value("select count(*) from sources where name = 'otlp 127.0.0.1'"), 1);
    // What is the same is not repeated: a client that was answered says it anew.
    for n in 1..=20 {
        let answer = client.send("POST", LOGS, &[GRPC], &framed(false, &logs(&["same"])));
        assert_eq!(answer.grpc().0, 0, "{n} {answer:?}");
    }
    assert_eq!(server.value("select count(*) from logs where message = 'same'"), 20);
    let bodies: Vec<Vec<u8>> =
        (0..200).map(|n| framed(false, &logs(&[&format!("number {n}")]))).collect();
    for answer in client.send_many(LOGS, &[GRPC], &bodies) {
        assert_eq!(answer.grpc().0, 0, "{answer:?}");
    }
    let numbers = "select count(distinct message) from logs where message like 'number %'";
    assert_eq!(server.value(numbers), 200);
    // Equal calls are different records, at once and one after the other.
    let equal = vec![framed(false, &logs(&["equal"])); 20];
    for _ in 0..2 {
        assert!(client.send_many(LOGS, &[GRPC], &equal).iter().all(|answer| answer.grpc().0 == 0));
    }
    assert_eq!(server.value("select count(*) from logs where message = 'equal'"), 40);
    server.stop();
    pintail.assert_sound();
}

#[test]
fn a_reload_keeps_the_address_and_a_configuration_without_it_closes_it() {
    let pintail = Pintail::new();
    pintail.write("pintail.toml", "otlp_grpc = [\"127.0.0.1:0\"]\n");
    let server = Server::start(&pintail, &[]);
    let said = server.says_nth("  otlp ", 0);
    let address = said.split_whitespace().next().unwrap();
    let send = |text: &str| {
        let client = Client::new(address);
        client.send("POST", LOGS, &[GRPC], &framed(false, &logs(&[text]))).grpc().0
    };
    assert_eq!(send("before"), 0);
    server.signal("-HUP");
    server.until_said_times("serving again", 1);
    assert_eq!(send("after"), 0);
    pintail.write("pintail.toml", "");
    server.signal("-HUP");
    server.until_said_times("serving again", 2);
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(server.value("select count(*) from logs"), 2);
    server.stop();
}

#[test]
fn what_cannot_be_taken_is_said_in_the_words_of_grpc() {
    let pintail = Pintail::new();
    let (server, client) = with_grpc(&pintail, &["--body-max-mib", "1"], &[]);
    let large = logs(&[&"x".repeat(2 << 20)]);
    let packed = [GRPC, ("grpc-encoding", "gzip")];
    for (path, headers, body, status) in [
        (LOGS, &[GRPC][..], framed(false, &[0x0a, 9]), 3),
        (LOGS, &[GRPC], vec![], 3),
        (LOGS, &[GRPC], vec![0, 0, 0, 0, 9, 1], 3),
        (LOGS, &[GRPC], [framed(false, &logs(&["a"])), framed(false, &[])].concat(), 3),
        (LOGS, &packed, framed(true, b"no gzip"), 3),
        (LOGS, &[GRPC], framed(false, &large), 8),
        (LOGS, &packed, framed(true, &gzip(&large)), 8),
        (LOGS, &[GRPC], framed(true, &gzip(logs(&["a"]))), 12),
        (LOGS, &[GRPC, ("grpc-encoding", "snappy")], framed(true, b"x"), 12),
        ("/grpc.health.v1.Health/Check", &[GRPC], framed(false, &[]), 12),
        ("/", &[GRPC], framed(false, &[]), 12),
    ] {
        let answer = client.send("POST", path, headers, &body);
        assert_eq!((answer.status, answer.grpc().0), (200, status), "{path} {answer:?}");
        assert!(!answer.grpc().1.is_empty(), "{answer:?}");
        // To send it again is no use.
        assert!(!answer.headers.contains_key("grpc-status-details-bin"), "{answer:?}");
    }
    let answer = client.send("POST", LOGS, &[("content-type", "application/json")], b"{}");
    assert_eq!(answer.status, 415);
    // Who comes to the other port is told where to go.
    let page = Client::new(&server.address);
    let (status, message) = page.send("POST", LOGS, &[GRPC], &framed(false, &logs(&["a"]))).grpc();
    assert!(status == 12 && message.contains("--otlp-grpc"), "{message}");
    assert!(answer.text().contains("--listen"), "{answer:?}");
    assert_eq!(server.value("select count(*) from logs"), 0);
    server.stop();
}

#[test]
fn a_token_is_asked_for() {
    let pintail = Pintail::new();
    let refused =
        pintail.fails(2, ["serve", "--listen", "127.0.0.1:0", "--otlp-grpc", "0.0.0.0:0"]);
    assert!(refused.contains("0.0.0.0 is reachable from other machines"), "{refused}");
    let (server, client) = with_grpc(&pintail, &[], &[("PINTAIL_TOKEN", "s3cret")]);
    let body = framed(false, &logs(&["a"]));
    for (header, status) in [(None, 16), (Some("Bearer wrong"), 16), (Some("Bearer s3cret"), 0)] {
        let mut headers = vec![GRPC];
        headers.extend(header.map(|value| ("authorization", value)));
        for path in [LOGS, TRACES] {
            let answer = client.send("POST", path, &headers, &body);
            assert_eq!(answer.grpc().0, status, "{header:?} {answer:?}");
        }
    }
    let server = server.with_token("s3cret");
    assert_eq!(server.value("select count(*) from logs"), 1);
    server.stop();
}

#[test]
fn no_room_is_said_with_when_to_come_again() {
    let pintail = Pintail::new();
    // The database takes nothing any more: the directory of its files is gone with its room.
    let args = ["--body-max-mib", "1", "--receive-memory-mib", "1"];
    let (server, client) = with_grpc(&pintail, &args, &[]);
    // One request that is begun and not ended holds the room of all.
    let half = vec![b'x'; 700 << 10];
    let mut holder = TcpStream::connect(server.address.trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /insert/lines HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        half.len() + 1
    );
    holder.write_all(head.as_bytes()).unwrap();
    holder.write_all(&half).unwrap();
    let metric = |name: &str| -> f64 {
        let text = server.get("/metrics").text();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or("0 0").to_owned();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    until("its bytes are held", || metric("pintail_receiving_bytes") >= half.len() as f64);
    let answer =
        client.send("POST", LOGS, &[GRPC], &framed(false, &logs(&[&"y".repeat(600 << 10)])));
    let (status, message) = answer.grpc();
    assert!(status == 8 || status == 14, "{status} {message}");
    let details = answer.headers["grpc-status-details-bin"].to_str().unwrap();
    use base64::Engine;
    let details = base64::engine::general_purpose::STANDARD_NO_PAD.decode(details).unwrap();
    let details = String::from_utf8_lossy(&details).into_owned();
    assert!(details.contains("type.googleapis.com/google.rpc.RetryInfo"), "{details}");
    drop(holder);
    until("there is room again", || {
        client.send("POST", LOGS, &[GRPC], &framed(false, &logs(&["z"]))).grpc().0 == 0
    });
    server.stop();
}

#[test]
fn traces_and_metrics_are_refused_with_a_success_and_counted() {
    let pintail = Pintail::new();
    let (server, client) = with_grpc(&pintail, &[], &[]);
    for (path, body, count) in [(TRACES, spans(3), 3), (METRICS, points(5), 5), (TRACES, vec![], 0)]
    {
        let answer = client.send("POST", path, &[GRPC], &framed(false, &body));
        assert_eq!(answer.grpc().0, 0, "{answer:?}");
        match count {
            0 => assert_eq!(answer.body, framed(false, &[])),
            // partial_success, and in it the number of rejected items.
            count => {
                assert_eq!(answer.body[5..9], [0x0a, answer.body[6], 0x08, count], "{answer:?}")
            }
        }
    }
    let json = |kind: &str, body: Value| -> Value {
        let answer = server.post(kind, &body, &[]);
        assert_eq!(answer.status, 200, "{kind}: {}", answer.text());
        answer.json()
    };
    let traces = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "a"}, {}]}]}]});
    let metrics = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "a", "gauge": {"dataPoints": [{"asInt": "1"}]}}]}]}]});
    for prefix in ["", "/otlp", "/insert/opentelemetry"] {
        let answer = json(&format!("{prefix}/v1/traces"), traces.clone());
        assert_eq!(answer["partialSuccess"]["rejectedSpans"], "2");
        let answer = json(&format!("{prefix}/v1/metrics"), metrics.clone());
        assert_eq!(answer["partialSuccess"]["rejectedDataPoints"], "1");
        assert!(answer["partialSuccess"]["errorMessage"].as_str().unwrap().contains("logs only"));
        let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [
            {"body": {"stringValue": format!("{prefix} a")}}]}]}]});
        assert_eq!(json(&format!("{prefix}/v1/logs"), logs), json!({}));
    }
    let protobuf = [("content-type", "application/x-protobuf"), ("content-encoding", "gzip")];
    let answer = server.send("POST", "/v1/traces", &protobuf, gzip(spans(4)));
    assert_eq!((answer.status, &answer.bytes[2..4]), (200, &[0x08, 4][..]));
    let broken = server.send("POST", "/v1/metrics", &protobuf[..1], [0x0a, 9]);
    assert_eq!(broken.status, 400);
    let metrics = server.get("/metrics").text();
    for line in [
        "pintail_unsupported_items_total{signal=\"traces\"} 13",
        "pintail_unsupported_items_total{signal=\"metrics\"} 8",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
    assert_eq!(server.value("select count(*) from logs"), 3);
    let said = server.stop();
    for signal in ["traces", "metrics"] {
        assert_eq!(said.matches(&format!("a client sends {signal} by OTLP")).count(), 1, "{said}");
    }
    pintail.assert_sound();
}

#[test]
fn http2_without_tls_is_spoken_where_http1_is() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let client = Client::new(&server.address);
    assert_eq!(client.send("GET", "/health", &[], b"").status, 200);
    assert!(client.send("GET", "/", &[], b"").text().contains("<!doctype html>"));
    let record =
        |n: usize| format!("{{\"message\":\"h2 {n}\",\"time\":\"2026-01-05T00:00:00Z\"}}\n");
    let bodies: Vec<Vec<u8>> = (0..300).map(|n| record(n).into_bytes()).collect();
    for answer in client.send_many("/insert/jsonline", &[], &bodies) {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(server.value("select count(distinct message) from logs"), 300);
    // By the same rules: no foreign page, no foreign name.
    let foreign = client.send("GET", "/api/status", &[("origin", "http://evil.example")], b"");
    assert_eq!(foreign.status, 403);
    // Headers have a limit.
    let long = "x".repeat(100 << 10);
    let refused = client.send("GET", "/health", &[("x-long", &long)], b"");
    assert_eq!(refused.status, 431, "{refused:?}");
    assert_eq!(client.send("GET", "/health", &[], b"").status, 200);
    // A connection that is kept does not keep the server.
    server.stop();
    pintail.assert_sound();
}

#[test]
fn requests_that_have_begun_are_answered_at_the_end_over_http2_too() {
    let pintail = Pintail::new();
    let (server, client) = with_grpc(&pintail, &[], &[]);
    let page = Client::new(&server.address);
    assert_eq!(page.send("GET", "/health", &[], b"").status, 200);
    assert_eq!(client.send("POST", LOGS, &[GRPC], &framed(false, &logs(&["a"]))).grpc().0, 0);
    std::thread::scope(|scope| {
        // A query that runs when the end is called for.
        let slow = "/api/sql?sql=select+count(*)+from+range(300000)+a,+range(2000)+b+where+a.range%253%3Db.range%253";
        let asking = scope.spawn(|| page.send("GET", slow, &[], b""));
        until("it runs", || {
            let metrics = server.get("/metrics").text();
            metrics.lines().any(|line| line == "pintail_queries_running 1") || asking.is_finished()
        });
        server.signal("-TERM");
        let answer = asking.join().unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    });
    server.stop();
}

#[test]
fn over_tls_http2_is_agreed_on() {
    let pintail = Pintail::new();
    let own = Certificate::make(&pintail, "own");
    let args = [&own.arguments()[..], &["--otlp-grpc", "127.0.0.1:0"]].concat();
    let server = Server::start(&pintail, &args);
    let said = server.says_nth("  otlp ", 0);
    let grpc = said.split_whitespace().next().unwrap();
    let curl = |more: &[&str], address: &str| {
        let mut curl = Command::new("curl");
        let output = curl.args(["-sk", "-w", " %{http_version}"]).args(more).arg(address).output();
        let output = output.expect("curl is installed");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let health = format!("{}/health", server.address);
    assert_eq!(curl(&[], &health), "{\"status\":\"ok\"} 2");
    assert_eq!(curl(&["--http1.1"], &health), "{\"status\":\"ok\"} 1.1");
    pintail.write("call", framed(false, &logs(&["over TLS"])));
    let body = format!("@{}", pintail.path("call").display());
    let headers =
        ["-H", "content-type: application/grpc", "-H", "te: trailers", "--data-binary", &body];
    curl(&headers, &format!("https://{grpc}{LOGS}"));
    assert_eq!(pintail.count("logs"), 1);
    server.stop();
}

#[test]
fn who_begins_with_half_a_preface_does_not_stay_the_end() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &["--drain-seconds", "1"]);
    let mut half = TcpStream::connect(server.address.trim_start_matches("http://")).unwrap();
    half.write_all(b"PRI * HTTP/2").unwrap();
    server.stop();
    let mut rest = Vec::new();
    drop(half.read_to_end(&mut rest));
    assert!(rest.is_empty());
}
