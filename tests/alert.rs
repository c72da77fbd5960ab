//! Alerts and mail: a real SMTP server on loopback, the real binary.
//!
//! The SMTP server is tests/smtp-server.mjs over the npm package smtp-server, which
//! scripts/test-tools puts into the cache. Where it is missing, these tests say so and pass, unless
//! PINTAIL_REQUIRE_BROWSER (which CI sets) wants everything to run.

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use common::server::Server;
use common::{Pintail, until};
use serde_json::Value;

/// Where scripts/test-tools installs what tests need.
fn tools() -> Option<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".cache"),
    };
    let modules = cache.join("pintail/test-tools/node_modules");
    modules.join("smtp-server").exists().then_some(modules)
}

/// A mail server that keeps what it gets.
struct Smtp {
    child: Child,
    port: String,
    mails: PathBuf,
}

impl Smtp {
    /// `mode` is `take` or `refuse`; `None` if the server's package is not installed.
    fn start(pintail: &Pintail, mode: &str, port: &str) -> Option<Smtp> {
        let Some(tools) = tools() else {
            assert!(
                std::env::var_os("PINTAIL_REQUIRE_BROWSER").is_none(),
                "the SMTP server is missing; run scripts/test-tools"
            );
            eprintln!("skipped: no SMTP server; install it with: scripts/test-tools");
            return None;
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp-server.mjs");
        let mails = pintail.path("mails.jsonl");
        let mut child = Command::new("node")
            .arg(script)
            .args([tools.as_os_str(), mails.as_os_str(), mode.as_ref(), port.as_ref()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Smtp { child, port: port.trim().to_owned(), mails })
    }

    fn mails(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.mails).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        vec![
            ("PINTAIL_SMTP_HOST", "127.0.0.1"),
            ("PINTAIL_SMTP_PORT", &self.port),
            ("PINTAIL_SMTP_FROM", "Pintail <pintail@example.org>"),
            ("PINTAIL_SMTP_TO", "ops@example.org, on-call@example.org"),
            ("PINTAIL_SMTP_USER", "pintail"),
            ("PINTAIL_SMTP_PASSWORD", "s3cret"),
            ("PINTAIL_PUBLIC_URL", "https://logs.example.org/"),
        ]
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// These logs are never late.
const AT_ONCE: [&str; 2] = ["--judge-after-seconds", "0"];

/// A log of the last three hours in which an incident began some minutes ago and goes on.
fn log_with_incident(now: DateTime<Utc>, incident_minutes: i64) -> String {
    let mut log = String::new();
    for ago in (1..180).rev() {
        let minute = now - TimeDelta::minutes(ago);
        let errors = if ago <= incident_minutes { 40 } else { 2 };
        for n in 0..errors {
            let at = minute.format("%Y-%m-%d %H:%M");
            log.push_str(&format!(
                "{at}:{:02}.000 ERROR payment: Card declined, order {n}\n",
                n % 60
            ));
        }
        log.push_str(&format!(
            "{}:30.000 INFO auth: all is well\n",
            minute.format("%Y-%m-%d %H:%M")
        ));
    }
    log
}

#[test]
fn an_alert_is_mailed_once_and_a_restart_does_not_repeat_it() {
    let pintail = Pintail::new();
    let Some(smtp) = Smtp::start(&pintail, "take", "0") else { return };
    pintail.write("app.log", log_with_incident(Utc::now(), 3));
    pintail.ingest(["app.log"]);
    let server = Server::start_with(&pintail, &AT_ONCE, &smtp.variables());
    until("a mail", || !smtp.mails().is_empty());
    let mail = &smtp.mails()[0];
    assert_eq!(mail["user"], "pintail");
    assert_eq!(mail["to"], serde_json::json!(["ops@example.org", "on-call@example.org"]));
    let text = mail["text"].as_str().unwrap();
    for part in [
        "Subject: [pintail] payment ERROR: unusually many, 40 in a minute",
        "series     payment ERROR",
        "observed   40",
        "expected   2 (",
        "ERROR  Card declined, order 0",
        "https://logs.example.org/explore?from=",
        "q=service%3Apayment%20level%3Aerror",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(text.matches("Card declined").count(), 10, "ten lines of the log");
    until("the delivery is noted", || {
        server.json("/api/alerts")["alerts"][0]["mail"]["state"] == "sent"
    });
    let alerts = server.json("/api/alerts");
    assert_eq!(alerts["alerts"].as_array().unwrap().len(), 1, "{alerts}");
    assert_eq!(alerts["alerts"][0]["state"], "open");
    let found = server.json("/api/anomalies?detector=monitor");
    assert_eq!(found["anomalies"][0]["alert"]["mail"], "sent");
    server.stop();

    // Again, and killed this time, and again.
    for _ in 0..2 {
        let server = Server::start_with(&pintail, &AT_ONCE, &smtp.variables());
        until("the monitor has run", || {
            !server.json("/api/status")["monitor"]["last_run"].is_null()
        });
        assert_eq!(server.json("/api/status")["mail"]["pending"], 0);
        assert_eq!(server.json("/api/alerts")["alerts"].as_array().unwrap().len(), 1);
        server.kill();
    }
    assert_eq!(smtp.mails().len(), 1);
}

#[test]
fn mail_that_is_refused_is_shown_and_sent_when_it_can_be() {
    let pintail = Pintail::new();
    let Some(refusing) = Smtp::start(&pintail, "refuse", "0") else { return };
    pintail.write("app.log", log_with_incident(Utc::now(), 3));
    pintail.ingest(["app.log"]);
    let server = Server::start_with(&pintail, &AT_ONCE, &refusing.variables());
    let mail = || server.json("/api/alerts")["alerts"][0]["mail"].clone();
    until("an attempt", || mail()["attempts"] == 1);
    assert_eq!(mail()["state"], "pending");
    assert!(mail()["last_error"].as_str().unwrap().contains("not today"), "{}", mail());
    assert!(!mail()["next_attempt"].is_null());
    let status = server.json("/api/status");
    assert_eq!(status["mail"]["pending"], 1);
    assert!(status["mail"]["last_error"].as_str().unwrap().contains("not today"));
    let log = server.stop();
    assert!(log.contains("it will be tried again") && !log.contains("s3cret"), "{log}");
    // The database remembers; what is overdue is sent at the next start.
    let port = refusing.port.clone();
    drop(refusing);
    let smtp = Smtp::start(&pintail, "take", &port).unwrap();
    let overdue = "update deliveries set next_attempt = created";
    duckdb::Connection::open(pintail.path("pintail.duckdb"))
        .unwrap()
        .execute_batch(overdue)
        .unwrap();
    let server = Server::start_with(&pintail, &AT_ONCE, &smtp.variables());
    until("the mail", || smtp.mails().len() == 1);
    until("it is noted", || server.json("/api/alerts")["alerts"][0]["mail"]["state"] == "sent");
    assert_eq!(server.json("/api/alerts")["alerts"][0]["mail"]["attempts"], 2);
}

#[test]
fn a_dead_mail_server_delays_nothing() {
    let pintail = Pintail::new();
    // It accepts, and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    pintail.write("app.log", log_with_incident(Utc::now(), 3));
    let variables = [
        ("PINTAIL_SMTP_HOST", "127.0.0.1"),
        ("PINTAIL_SMTP_PORT", port.as_str()),
        ("PINTAIL_SMTP_FROM", "a@example.org"),
        ("PINTAIL_SMTP_TO", "b@example.org"),
    ];
    pintail.ingest(["app.log"]);
    let server = Server::start_with(&pintail, &["app.log", AT_ONCE[0], AT_ONCE[1]], &variables);
    let (connection, _) = silent.accept().unwrap();
    let before = server.value("select count(*) from logs").as_i64().unwrap();
    let now = Utc::now().format("%Y-%m-%d %H:%M:%S");
    pintail.append("app.log", format!("{now}.000 INFO auth: while mail hangs\n"));
    server.until_records(before + 1);
    assert_eq!(server.json("/api/alerts")["alerts"][0]["mail"]["state"], "pending");
    drop(connection);
}

#[test]
fn without_settings_there_is_no_mail_and_old_anomalies_are_no_news() {
    let pintail = Pintail::new();
    let old = Utc::now() - TimeDelta::hours(5);
    pintail.write("app.log", log_with_incident(old, 30));
    pintail.ingest(["app.log"]);
    let server = Server::start(&pintail, &AT_ONCE);
    until("the alert", || server.json("/api/alerts")["alerts"].as_array().unwrap().len() == 1);
    let alert = server.json("/api/alerts")["alerts"][0].clone();
    assert_eq!((&alert["state"], &alert["mail"]), (&"closed".into(), &Value::Null));
    assert_eq!(server.json("/api/status")["mail"]["configured"], false);
    server.stop();
    assert!(pintail.count("anomalies") >= 1);
}

#[test]
fn settings_that_cannot_be_are_refused_before_anything_starts() {
    let pintail = Pintail::new();
    let run = |variables: &[(&str, &str)]| {
        let mut command = pintail.command(["serve", "--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        let run = common::finish(command.spawn().unwrap(), Vec::new());
        assert_eq!(run.code, Some(2), "{run:?}");
        run.stderr
    };
    assert!(run(&[("PINTAIL_SMTP_HOST", "mail.example.org")]).contains("PINTAIL_SMTP_TO"));
    let remote = [
        ("PINTAIL_SMTP_HOST", "mail.example.org"),
        ("PINTAIL_SMTP_FROM", "a@example.org"),
        ("PINTAIL_SMTP_TO", "b@example.org"),
        ("PINTAIL_SMTP_TLS", "none"),
    ];
    assert!(run(&remote).contains("must be encrypted"));
    assert!(run(&[("PINTAIL_TOKEN", " ")]).contains("token is empty"));
}

#[test]
fn the_demo_shows_an_incident_within_two_minutes_and_ends_in_order() {
    let pintail = Pintail::new();
    let started = std::time::Instant::now();
    let mut command = pintail.command(["demo", "--listen", "127.0.0.1:0", "--dir", "demo"]);
    command.env_remove("PINTAIL_TOKEN").env_remove("PINTAIL_SMTP_HOST");
    let server = Server::spawn(command);
    let status = server.json("/api/status");
    assert_eq!(status["demo"], true);
    let volume = server.json("/api/volume");
    let hours = (volume["to"].as_i64().unwrap() - volume["from"].as_i64().unwrap()) / 3_600_000;
    assert!(hours >= 6 && status["records"].as_i64().unwrap() > 100_000, "{status}");
    until("an open alert", || server.json("/api/status")["alerts_open"] != 0);
    assert!(started.elapsed().as_secs() < 120);
    server.signal("-INT");
    server.stop();
    pintail.assert_sound_in("demo/demo.duckdb");
}
