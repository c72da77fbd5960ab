//! The loss ledger, with the real binary: what this test sent is what was received, every item
//! of it has one fate, and SQL, /metrics and the API tell the same numbers, also after a crash.

mod common;

use std::collections::BTreeMap;
use std::net::UdpSocket;

use common::disk::Disk;
use common::server::Server;
use common::syslog::{address_of, send};
use common::{Pintail, until};
use serde_json::{Value, json};

/// What became of the items of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fates {
    received: u64,
    stored: u64,
    rejected: u64,
    duplicates: u64,
    dropped: u64,
}

/// By the names of the sources.
type Ledger = BTreeMap<String, Fates>;

/// Sends, and counts what it sent: what Pintail says is compared with this.
struct Sender<'a> {
    server: &'a Server,
    sent: Ledger,
}

impl Sender<'_> {
    fn note(&mut self, source: &str, stored: u64, rejected: u64, duplicates: u64) {
        let fates = self.sent.entry(source.to_owned()).or_default();
        fates.received += stored + rejected + duplicates;
        fates.stored += stored;
        fates.rejected += rejected;
        fates.duplicates += duplicates;
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) {
        let answer = self.server.send("POST", path, headers, body);
        assert!(matches!(answer.status, 200 | 204), "{path}: {} {}", answer.status, answer.text());
    }

    /// Lines, some of them no JSON.
    fn push_lines(&mut self, good: u64, bad: u64) {
        let body = json_lines(good) + &"{\"message\":\n".repeat(bad as usize);
        self.post("/insert/jsonline", &[], &body);
        self.note("jsonline 127.0.0.1", good, bad, 0);
    }

    /// Lines under a key that was used before, or was not.
    fn push_keyed(&mut self, lines: u64, is_again: bool) {
        self.post("/insert/jsonline", &[("idempotency-key", "once")], &json_lines(lines));
        let (stored, duplicates) = if is_again { (0, lines) } else { (lines, 0) };
        self.note("jsonline 127.0.0.1", stored, 0, duplicates);
    }

    /// A document for each id, of which so many are stored.
    fn push_documents(&mut self, ids: &[u64], known: u64) {
        let document = |id: &u64| {
            let time = format!("2026-01-05T00:00:{id:02}Z");
            format!(
                "{{\"create\":{{\"_id\":\"{id}\"}}}}\n{}\n",
                json!({"@timestamp": time, "message": "a document"})
            )
        };
        let body: String = ids.iter().map(document).collect();
        self.post("/_bulk", &[("content-type", "application/x-ndjson")], &body);
        self.note("elasticsearch 127.0.0.1", ids.len() as u64 - known, 0, known);
    }

    /// Two records: equal requests that are answered are different ones.
    fn push_otlp(&mut self) {
        let record = |n: u64| json!({"timeUnixNano": format!("176757120{n}000000000"), "body": {"stringValue": "x"}});
        let body =
            json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record(0), record(1)]}]}]});
        self.post("/v1/logs", &[("content-type", "application/json")], &body.to_string());
        self.note("otlp 127.0.0.1", 2, 0, 0);
    }

    /// Over TCP, the last message cut off; and over UDP.
    fn send_syslog(&mut self) {
        let to = address_of(self.server, "(tcp, udp)");
        send(to, "<13>app: one\n<13>app: two\n<13>app: three\n100 <13>app: half");
        self.note("syslog tcp 127.0.0.1", 3, 1, 0);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for n in 0..5 {
            socket.send_to(format!("<13>app: datagram {n}").as_bytes(), to).unwrap();
        }
        self.note("syslog udp 127.0.0.1", 5, 0, 0);
    }
}

fn json_lines(count: u64) -> String {
    let line = |n| {
        format!("{}\n", json!({"timestamp": format!("2026-01-05T00:00:{n:02}Z"), "message": "m"}))
    };
    (0..count).map(line).collect()
}

/// A row of the view, with what is really there: these must agree.
fn by_sql(server: &Server) -> Ledger {
    let answer = server.sql(
        "select l.name, l.received, l.parsed, l.stored, l.rejected, l.duplicates, l.dropped,
            l.missing, (select count(*) from logs where source = l.id),
            (select count(*) from rejects where source = l.id)
         from ledger l",
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    let rows = answer.json()["rows"].as_array().unwrap().clone();
    let fates = |row: &Value| {
        let number = |at: usize| row[at].as_u64().unwrap_or_else(|| panic!("{at} of {row}"));
        let [received, parsed, stored, rejected] = [1, 2, 3, 4].map(number);
        let [duplicates, dropped, missing, records, rejects] = [5, 6, 7, 8, 9].map(number);
        assert_eq!((missing, parsed), (0, stored + duplicates), "{row}");
        assert_eq!((stored, rejected), (records, rejects), "{row}");
        assert_eq!(received, stored + rejected + duplicates + dropped, "{row}");
        let fates = Fates { received, stored, rejected, duplicates, dropped };
        (row[0].as_str().unwrap().to_owned(), fates)
    };
    rows.iter().map(fates).collect()
}

fn fates_of(ledger: &Value) -> Fates {
    let number = |name: &str| ledger[name].as_u64().unwrap_or_else(|| panic!("{name} of {ledger}"));
    assert_eq!((number("missing"), number("parsed")), (0, number("stored") + number("duplicates")));
    Fates {
        received: number("received"),
        stored: number("stored"),
        rejected: number("rejected"),
        duplicates: number("duplicates"),
        dropped: number("dropped"),
    }
}

/// What the Sources page shows; its totals are the sums.
fn by_api(server: &Server) -> Ledger {
    let answer = server.json("/api/sources");
    let mut sum = Fates::default();
    let mut ledger = Ledger::new();
    for source in answer["sources"].as_array().unwrap() {
        let fates = fates_of(&source["ledger"]);
        assert_eq!(
            (&source["records"], &source["rejects"]),
            (&json!(fates.stored), &json!(fates.rejected))
        );
        sum.received += fates.received;
        sum.stored += fates.stored;
        sum.rejected += fates.rejected;
        sum.duplicates += fates.duplicates;
        sum.dropped += fates.dropped;
        let is_file = source["kind"] == "file";
        assert_eq!(source["following"] == true, is_file, "{source}");
        assert_eq!(source["lag_bytes"].is_null(), !is_file, "{source}");
        assert_eq!(source["live"], true, "it brought something just now: {source}");
        ledger.insert(source["name"].as_str().unwrap().to_owned(), fates);
    }
    assert_eq!(fates_of(&answer["totals"]["ledger"]), sum);
    assert_eq!(answer["totals"]["sources"], ledger.len());
    ledger
}

/// The number after a metric's name and labels.
fn metric(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map(|number| number.parse::<f64>().unwrap() as u64)
}

/// The same from /metrics.
fn by_metrics(server: &Server, kinds: &BTreeMap<String, String>) -> Ledger {
    let text = server.get("/metrics").text();
    let fates = |(name, kind): (&String, &String)| {
        let number = |what: &str| {
            let name = format!("pintail_source_{what}_total{{source=\"{name}\",kind=\"{kind}\"}}");
            metric(&text, &name).unwrap_or_else(|| panic!("no {name} in {text}"))
        };
        let lag = format!("pintail_source_lag_bytes{{source=\"{name}\",kind=\"{kind}\"}}");
        assert_eq!(metric(&text, &lag), (kind == "file").then_some(0), "{lag}");
        assert_eq!(number("parsed"), number("stored") + number("duplicates"));
        let fates = Fates {
            received: number("received"),
            stored: number("stored"),
            rejected: number("rejected"),
            duplicates: number("duplicates"),
            dropped: number("dropped"),
        };
        (name.clone(), fates)
    };
    kinds.iter().map(fates).collect()
}

fn kinds(server: &Server) -> BTreeMap<String, String> {
    let answer = server.json("/api/sources");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let sources = answer["sources"].as_array().unwrap();
    sources.iter().map(|source| (text(&source["name"]), text(&source["kind"]))).collect()
}

/// Waits for what nobody answers (syslog, files), then asks everywhere.
fn assert_accounted(server: &Server, sent: &Ledger) {
    until("everything is in, and the file is followed", || {
        let all = server.value("select sum(received)::bigint from ledger");
        let sources = server.json("/api/sources");
        all == sent.values().map(|fates| fates.received).sum::<u64>()
            && sources["sources"].as_array().unwrap().iter().all(|source| source["live"] == true)
    });
    assert_eq!(by_sql(server), *sent);
    assert_eq!(by_api(server), *sent);
    assert_eq!(by_metrics(server, &kinds(server)), *sent);
}

#[test]
fn every_item_is_accounted_for_in_sql_in_metrics_and_on_the_page() {
    let pintail = Pintail::new();
    let broken = "{\"timestamp\": \"2026-01-05T00:00:02Z\", \"level\":\n";
    pintail.write("app.json", json_lines(3) + broken + &json_lines(4));
    let args = ["app.json", "--syslog", "127.0.0.1:0"];
    let server = Server::start(&pintail, &args);
    let mut sender = Sender { server: &server, sent: Ledger::new() };
    sender.note(&pintail.path("app.json").display().to_string(), 7, 1, 0);
    sender.push_lines(3, 0);
    sender.push_lines(2, 2);
    sender.push_keyed(2, false);
    sender.push_keyed(2, true);
    sender.push_documents(&[1, 2], 0);
    sender.push_documents(&[2, 3], 1);
    sender.push_otlp();
    sender.push_otlp();
    sender.send_syslog();
    let mut sent = sender.sent;
    assert_accounted(&server, &sent);

    // What clients sent since the start, as Pintail counts it while it comes.
    assert_eq!(
        server.send("POST", "/v1/logs", &[("content-type", "application/json")], "{").status,
        400
    );
    let pushed =
        || sent.iter().filter(|(name, _)| !name.ends_with("app.json")).map(|(_, fates)| fates);
    let text = server.get("/metrics").text();
    for (name, number) in [
        ("pintail_received_items_total", pushed().map(|fates| fates.received).sum()),
        ("pintail_duplicate_items_total", pushed().map(|fates| fates.duplicates).sum()),
        ("pintail_dropped_items_total", 0),
        ("pintail_receiving_bytes", 0),
        ("pintail_receive_failing", 0),
        ("pintail_ingest_failing", 0),
        ("pintail_refused_requests_total{reason=\"bad\"}", 1),
        ("pintail_refused_requests_total{reason=\"client_full\"}", 0),
    ] {
        assert_eq!(metric(&text, name), Some(number), "{name}");
    }

    // The ledger is in the database: a crash takes nothing from it, nor what is known again.
    server.kill();
    let server = Server::start(&pintail, &args);
    assert_accounted(&server, &sent);
    let mut sender = Sender { server: &server, sent };
    sender.push_keyed(2, true);
    sender.push_otlp();
    sender.push_lines(1, 1);
    pintail.append("app.json", json_lines(2));
    sender.note(&pintail.path("app.json").display().to_string(), 2, 0, 0);
    sent = sender.sent;
    assert_accounted(&server, &sent);
    server.stop();
    pintail.assert_complete();
}

#[test]
fn what_is_dropped_is_told_everywhere() {
    const SENT: u64 = 50_000;
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &["--syslog", "127.0.0.1:0"]);
    let to = address_of(&server, "(tcp, udp)");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    // A process that does not run reads nothing: the system drops what it has no room for.
    server.signal("-STOP");
    for n in 0..SENT {
        let message = format!("<13>app: datagram {n} {}", "x".repeat(1_000));
        socket.send_to(message.as_bytes(), to).unwrap();
    }
    server.signal("-CONT");
    let received = || by_sql(&server).values().map(|fates| fates.received).sum::<u64>();
    until("every datagram in the ledger", || received() == SENT);
    let ledger = by_sql(&server);
    assert_eq!(by_api(&server), ledger);
    assert_eq!(by_metrics(&server, &kinds(&server)), ledger);
    let dropped: u64 = ledger.values().map(|fates| fates.dropped).sum();
    assert!(dropped > 0, "{ledger:?}");
    assert_eq!(server.json("/api/status")["dropped"], dropped);
    let text = server.get("/metrics").text();
    assert_eq!(metric(&text, "pintail_received_items_total"), Some(SENT));
    assert_eq!(metric(&text, "pintail_dropped_items_total"), Some(dropped));
    server.stop();
    pintail.assert_sound();
}

/// The status of a push over a new connection: others may be just what a restart ends.
fn push(server: &Server, key: &str, body: &str) -> Option<u16> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = agent.post(format!("{}/insert/jsonline", server.address));
    let answer = request.header("idempotency-key", key).send(body).ok()?;
    Some(answer.status().as_u16())
}

/// What a full disk refuses was not received: the client sends it again, and then it counts.
#[test]
fn what_is_refused_counts_when_it_is_taken() {
    let pintail = Pintail::new();
    std::fs::create_dir(pintail.path("data")).unwrap();
    let disk = Disk::new(&pintail.path("data"), pintail.path("disk"));
    let arguments = ["serve", "--db", "data/pintail.duckdb", "--listen", "127.0.0.1:0"];
    let mut command = pintail.command(arguments);
    disk.under(command.env_remove("PINTAIL_TOKEN"));
    let server = Server::spawn(command);
    let body = json_lines(10);
    assert_eq!(push(&server, "first", &body), Some(200));
    disk.full();
    assert_eq!(push(&server, "second", &body), Some(503));
    until("the page says why", || {
        let status = ureq::get(format!("{}/api/status", server.address)).call();
        let status = status.ok().and_then(|mut answer| answer.body_mut().read_json().ok());
        status.is_some_and(|status: Value| {
            status["receive_error"].as_str().is_some_and(|error| error.contains("No space left"))
        })
    });
    disk.unlimited();
    until("it is taken", || push(&server, "second", &body) == Some(200));
    let fates = Fates { received: 20, stored: 20, ..Fates::default() };
    let expected = Ledger::from([("jsonline 127.0.0.1".to_owned(), fates)]);
    assert_eq!(by_sql(&server), expected);
    assert_eq!(by_api(&server), expected);
    assert_eq!(server.json("/api/status")["receive_error"], Value::Null);
    server.stop();
    pintail.assert_sound_in("data/pintail.duckdb");
}
