//! What was acknowledged is stored: clients of every protocol, which send again what was not
//! answered, while the server is killed again and again.
//!
//! A client says by a key or an identity, or by sending the same request as the one that was not
//! answered, what it sends twice: everything is stored exactly once. What is equal and answered is
//! another record, and is stored as well.

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use common::server::Server;
use common::{Pintail, until};

const KILLS: usize = 12;

/// Requests that are answered between two kills, at least: in the midst of them it is killed.
const ANSWERS_BETWEEN_KILLS: u64 = 40;

const ITEMS: u64 = 20;

/// 2026-01-05T00:00:00Z, in seconds.
const START: u64 = 1_767_571_200;

/// A protocol as a client speaks it.
#[derive(Clone, Copy)]
struct Protocol {
    name: &'static str,
    path: &'static str,
    content_type: &'static str,
    /// Sends an `Idempotency-Key`.
    has_key: bool,
    /// An item, from its text and a time in nanoseconds.
    item: fn(&str, u64) -> String,
    /// A body, from its items.
    body: fn(&[String]) -> String,
    /// Whether an answer says that everything is stored.
    is_stored: fn(u16, &str) -> bool,
}

fn is_ok(status: u16, _: &str) -> bool {
    matches!(status, 200 | 204)
}

fn json_line(text: &str, ns: u64) -> String {
    format!("{{\"ts\":{},\"msg\":\"{text}\"}}\n", ns / 1_000_000)
}

fn document(text: &str, ns: u64) -> String {
    format!("{{\"@timestamp\":{},\"message\":\"{text}\"}}\n", ns / 1_000_000)
}

/// A document that is there already was stored before: 409, as Beats take it too.
fn is_bulk_stored(status: u16, body: &str) -> bool {
    let Ok(body) = serde_json::from_str::<serde_json::Value>(body) else { return false };
    let items = body["items"].as_array().cloned().unwrap_or_default();
    let stored =
        |item: &serde_json::Value| matches!(item["create"]["status"].as_u64(), Some(201 | 409));
    status == 200 && items.len() as u64 == ITEMS && items.iter().all(stored)
}

fn protocols() -> Vec<Protocol> {
    let json_lines = Protocol {
        name: "jsonline",
        path: "/insert/jsonline",
        content_type: "application/x-ndjson",
        has_key: false,
        item: json_line,
        body: |items| items.concat(),
        is_stored: is_ok,
    };
    vec![
        Protocol { name: "keyed", has_key: true, ..json_lines },
        Protocol {
            name: "loki",
            path: "/loki/api/v1/push",
            content_type: "application/json",
            item: |text, ns| format!("[\"{ns}\",\"{text}\"]"),
            body: |items| {
                let values = items.join(",");
                format!("{{\"streams\":[{{\"stream\":{{\"app\":\"x\"}},\"values\":[{values}]}}]}}")
            },
            ..json_lines
        },
        Protocol {
            name: "otlp",
            path: "/v1/logs",
            content_type: "application/json",
            item: |text, ns| {
                format!("{{\"timeUnixNano\":\"{ns}\",\"body\":{{\"stringValue\":\"{text}\"}}}}")
            },
            body: |items| {
                let records = items.join(",");
                format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{records}]}}]}}]}}")
            },
            ..json_lines
        },
        Protocol {
            name: "elastic",
            path: "/_bulk",
            item: |text, ns| {
                let action = format!("{{\"create\":{{\"_index\":\"logs\",\"_id\":\"{text}\"}}}}\n");
                action + &document(text, ns)
            },
            is_stored: is_bulk_stored,
            ..json_lines
        },
        Protocol {
            name: "elastic-without-id",
            path: "/logs/_bulk",
            item: |text, ns| "{\"create\":{}}\n".to_owned() + &document(text, ns),
            is_stored: is_bulk_stored,
            ..json_lines
        },
        Protocol {
            name: "splunk",
            path: "/services/collector/event",
            content_type: "application/json",
            item: |text, ns| format!("{{\"time\":{},\"event\":\"{text}\"}}", ns / 1_000_000_000),
            ..json_lines
        },
        json_lines,
    ]
}

/// What a client has done: for each request how often its answer was lost.
type Lost = Vec<u64>;

/// Sends requests one after the other, each until it is answered, until `ends`.
fn send_all(protocol: &Protocol, address: &str, ends: &AtomicBool, answers: &AtomicU64) -> Lost {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into();
    let mut lost = Lost::new();
    while !ends.load(Ordering::Relaxed) {
        let number = lost.len() as u64;
        let items: Vec<String> = (0..ITEMS)
            .map(|item| {
                let ns = (START + number) * 1_000_000_000 + item;
                (protocol.item)(&format!("{} {number} {item}", protocol.name), ns)
            })
            .collect();
        let body = (protocol.body)(&items);
        let mut lost_answers = 0;
        loop {
            let url = format!("{address}{}", protocol.path);
            let mut request = agent.post(url).header("content-type", protocol.content_type);
            if protocol.has_key {
                request = request.header("idempotency-key", format!("{}-{number}", protocol.name));
            }
            let answer = request.send(&body).and_then(|mut answer| {
                Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
            });
            match answer {
                Ok((status, text)) if (protocol.is_stored)(status, &text) => break,
                // To come again, as it is told to.
                Ok((429 | 503, _)) => {}
                Ok((status, text)) => panic!("{}: {status} {text}", protocol.name),
                Err(_) => lost_answers += 1,
            }
            // As clients do, only sooner.
            std::thread::sleep(Duration::from_millis(5));
        }
        lost.push(lost_answers);
        answers.fetch_add(1, Ordering::Relaxed);
    }
    lost
}

#[test]
fn what_was_acknowledged_is_stored_and_what_was_sent_again_is_stored_once() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let address = server.address.clone();
    let listen = address.trim_start_matches("http://").to_owned();
    let (ends, answers) = (AtomicBool::new(false), AtomicU64::new(0));
    let protocols = protocols();
    let (server, sent): (Server, Vec<Lost>) = std::thread::scope(|scope| {
        let mut server = server;
        let clients: Vec<_> = protocols
            .iter()
            .map(|protocol| scope.spawn(|| send_all(protocol, &address, &ends, &answers)))
            .collect();
        for _ in 0..KILLS {
            let before = answers.load(Ordering::Relaxed);
            until("answers", || {
                if clients.iter().any(|client| client.is_finished()) {
                    // The others are to end too.
                    ends.store(true, Ordering::Relaxed);
                    panic!("a client gave up");
                }
                answers.load(Ordering::Relaxed) >= before + ANSWERS_BETWEEN_KILLS
            });
            server.kill();
            server = Server::start(&pintail, &["--listen", &listen]);
        }
        ends.store(true, Ordering::Relaxed);
        (server, clients.into_iter().map(|client| client.join().unwrap()).collect())
    });
    server.stop();
    pintail.assert_sound();
    assert_eq!(pintail.count("rejects"), 0);
    let stored: HashMap<String, u64> = pintail
        .sql("select message, count(*) as n from logs group by message")
        .into_iter()
        .map(|row| (row["message"].as_str().unwrap().to_owned(), row["n"].as_u64().unwrap()))
        .collect();
    let mut expected = 0;
    for (protocol, lost) in protocols.iter().zip(&sent) {
        let name = protocol.name;
        let lost_answers: u64 = lost.iter().sum();
        for (number, lost_answers) in lost.iter().enumerate() {
            for item in 0..ITEMS {
                let message = format!("{name} {number} {item}");
                let copies = stored.get(&message).copied().unwrap_or_default();
                assert_eq!(copies, 1, "{message}, of which {lost_answers} answers were lost");
            }
        }
        expected += lost.len() as u64 * ITEMS;
        println!("{name}: {} requests, {lost_answers} answers lost", lost.len());
        assert!(lost_answers > 0, "{name}: no kill hit a request, the test says nothing");
    }
    // Nothing else is in.
    assert_eq!(stored.len() as u64, expected);
}

/// A heartbeat is the same every time. Whatever is killed in between, each that is answered is one
/// more, and one that was not answered and is sent again is not.
#[test]
fn equal_requests_that_were_answered_are_stored_as_often_as_they_were_sent() {
    let pintail = Pintail::new();
    let mut server = Server::start(&pintail, &[]);
    let listen = server.address.trim_start_matches("http://").to_owned();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let url = format!("{}/insert/jsonline", server.address);
    let mut sent = 0;
    for _ in 0..4 {
        for _ in 0..5 {
            let answer = agent.post(&url).send("{\"msg\":\"alive\"}\n").unwrap();
            assert_eq!(answer.status(), 200);
            sent += 1;
        }
        // That the answers were written is noted within a moment.
        let unnoted = "select count(*) filter (where state = 'unanswered')
            - count(*) filter (where state = 'answered') from receipts";
        until("every answer is noted", || server.value(unnoted) == 0);
        server.kill();
        server = Server::start(&pintail, &["--listen", &listen]);
        assert_eq!(server.value("select count(*) from logs"), sent);
    }
    server.stop();
    pintail.assert_sound();
}
