//! Records whose times are implausible (more than an hour ahead of the clock, or before 1990) are kept
//! and counted, and change nothing of what is shown, judged and raised.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::server::Server;
use common::{Pintail, until};
use serde_json::{Value, json};

const DETECTORS: [&str; 6] = ["zscore", "counts", "silence", "ratio", "shift", "values"];

/// From the first year that can be written to the last, and 1970, which is what a clock says that was
/// never set.
const ODD: [&str; 6] = [
    "0001-01-01T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "1989-12-31T23:59:59Z",
    "2099-01-01T00:00:00Z",
    "9999-12-31T00:00:00Z",
    "9999-12-31T23:59:59Z",
];
const AHEAD: i64 = 3;
const BEFORE_1990: i64 = 3;

fn record(ts: &str, service: &str) -> String {
    let record = json!({"ts": ts, "level": "error", "service": service, "message": "odd", "ms": 7});
    format!("{record}\n")
}

/// One of each odd time, of a service that has records of other times too, and of one that has not.
fn odd() -> String {
    ODD.iter().flat_map(|ts| [record(ts, "payment"), record(ts, "stray")]).collect()
}

/// Ten hours until a minute ago, with a spike.
fn lately() -> String {
    let now = Utc::now();
    let mut lines = String::new();
    for ago in (1..=600).rev() {
        let at: DateTime<Utc> = now - TimeDelta::minutes(ago);
        let count = if (20..25).contains(&ago) { 60 } else { 3 };
        for _ in 0..count {
            lines.push_str(&record(&at.to_rfc3339(), "payment"));
        }
    }
    lines
}

#[test]
fn detectors_find_in_an_old_log_what_they_find_without_them() {
    let plain = Pintail::with_data("incident.log");
    let odd_too = Pintail::with_data("incident.log");
    odd_too.write("odd.jsonl", odd());
    let summary = odd_too.ingest(["odd.jsonl"]);
    assert_eq!(summary.records, 2 * ODD.len() as u64);
    for (name, number) in [("ahead", AHEAD), ("before 1990", BEFORE_1990)] {
        let line = summary.text.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        assert!(line.split_whitespace().any(|word| word == (2 * number).to_string()), "{line}");
    }
    for detector in DETECTORS {
        let found = |pintail: &Pintail| {
            let args = ["detect", "--dry-run", "--format", "jsonl", "--threshold", "1"];
            pintail.ok(args.iter().chain(&["--detector", detector]))
        };
        assert_eq!(found(&odd_too), found(&plain), "{detector}");
        let tested = |pintail: &Pintail| {
            let text = pintail.ok(["backtest", detector, "--format", "json"]);
            let mut all: Value = serde_json::from_str(&text).unwrap();
            for one in all.as_array_mut().unwrap() {
                one.as_object_mut().unwrap().remove("took_ms");
            }
            all
        };
        assert_eq!(tested(&odd_too), tested(&plain), "{detector}");
    }
    odd_too.assert_sound();
}

#[test]
fn the_page_and_the_monitor_show_what_they_show_without_them() {
    let pintail = Pintail::new();
    pintail.write("lately.jsonl", lately());
    pintail.ingest(["lately.jsonl"]);
    let server = Server::start(&pintail, &["--judge-after-seconds", "0"]);
    let paths = [
        "/api/volume",
        "/api/services",
        "/api/scores",
        "/api/scores?detector=counts&service=payment",
        "/api/anomalies?threshold=4",
        "/api/anomalies?detector=counts",
        "/api/anomalies?detector=silence",
        "/api/logs?limit=5",
        "/api/facets",
        "/api/backtest?detectors=counts,zscore",
    ];
    let look = |path: &str| {
        let mut answer = server.json(path);
        // How long it took, and when the present minute is.
        let forget = |of: &mut Value, names: &[&str]| {
            let of = of.as_object_mut().unwrap();
            names.iter().for_each(|name| drop(of.remove(*name)));
        };
        forget(&mut answer, &["elapsed_ms"]);
        for one in answer.get_mut("backtests").and_then(Value::as_array_mut).into_iter().flatten() {
            forget(one, &["took_ms", "to", "days", "incidents_per_day"]);
        }
        answer
    };
    let before: Vec<Value> = paths.iter().map(|path| look(path)).collect();
    assert!(!before[4]["anomalies"].as_array().unwrap().is_empty());
    assert!(!before[5]["anomalies"].as_array().unwrap().is_empty());
    let times = |status: Value| (status["first"].clone(), status["last"].clone());
    let status = times(server.json("/api/status"));

    let sent = server.send("POST", "/insert/jsonline", &[], odd());
    assert_eq!(sent.status, 200, "{}", sent.text());
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(look(path), before, "{path}");
    }
    assert_eq!(times(server.json("/api/status")), status);
    // As far as they may be asked for, detectors end too.
    let all = server.json("/api/scores?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z");
    assert!(!all["series"].as_array().unwrap().is_empty());
    // Whoever asks for these times sees them.
    let far = server.json("/api/logs?from=2098-01-01T00:00:00Z");
    assert_eq!(far["records"].as_array().unwrap().len(), 2 * AHEAD as usize);
    let old = server.json("/api/logs?to=1989-12-31T23:00:00Z");
    assert_eq!(old["records"].as_array().unwrap().len(), 4);

    let judged = || {
        let all = server.json("/api/detectors");
        let all = all["detectors"].as_array().unwrap().clone();
        let alerting: Vec<Value> = all.into_iter().filter(|it| it["alerts"] == true).collect();
        assert!(alerting.iter().all(|it| it["error"].is_null()), "{alerting:?}");
        alerting.iter().all(|it| !it["judged_until"].is_null()) && !alerting.is_empty()
    };
    until("the monitor has judged", judged);
    assert_eq!(server.json("/api/status")["monitor"]["error"], Value::Null);
    server.stop();
    pintail.assert_sound();
}

#[test]
fn the_monitor_judges_new_minutes_beside_them() {
    let pintail = Pintail::new();
    pintail.write("odd.jsonl", odd());
    pintail.write("lately.jsonl", lately());
    pintail.ingest(["odd.jsonl", "lately.jsonl"]);
    let server = Server::start(&pintail, &["--judge-after-seconds", "0"]);
    until("the monitor has run", || !server.json("/api/status")["monitor"]["last_run"].is_null());
    assert_eq!(server.json("/api/status")["monitor"]["error"], Value::Null);
    let alerts = server.json("/api/alerts");
    let alerts = alerts["alerts"].as_array().unwrap().clone();
    let series: Vec<&Value> = alerts.iter().map(|alert| &alert["series"]).collect();
    assert!(series.contains(&&json!("payment ERROR")), "{series:?}");
    assert!(!series.iter().any(|it| it.as_str().unwrap().starts_with("stray")), "{series:?}");
}

#[test]
fn sources_say_how_many_there_are_and_a_record_that_goes_on_is_one() {
    let pintail = Pintail::new();
    pintail.write("app.jsonl", record("2026-01-05T10:00:00Z", "shop"));
    let server = Server::start(&pintail, &["app.jsonl"]);
    server.until_records(1);
    // The last record of a file is read again when the file goes on.
    pintail.append("app.jsonl", record("9999-12-31T23:58:00Z", "shop"));
    server.until_records(2);
    pintail.append("app.jsonl", record("1970-01-01T00:00:01Z", "shop"));
    server.until_records(3);
    pintail.append("app.jsonl", record("2026-01-05T10:00:01Z", "shop"));
    server.until_records(4);
    let sources = server.json("/api/sources");
    let source = &sources["sources"][0];
    assert_eq!(source["far_times"], json!({"ahead": 1, "before_1990": 1}));
    assert_eq!(sources["totals"]["far_times"], json!({"ahead": 1, "before_1990": 1}));
    assert_eq!(source["last_ts"], server.json("/api/status")["last"]);
    assert_eq!(server.value("select count(*) from far_times"), 2);
    assert_eq!(server.value("select last_minute::varchar from services"), "2026-01-05 10:00:00");
    server.stop();
    pintail.assert_sound();
}

#[test]
fn a_log_that_is_a_little_ahead_is_shown_and_one_that_is_all_ahead_is_said() {
    let pintail = Pintail::new();
    let soon = (Utc::now() + TimeDelta::minutes(50)).to_rfc3339();
    pintail.write("soon.jsonl", record(&soon, "shop"));
    pintail.ingest(["soon.jsonl"]);
    let server = Server::start(&pintail, &[]);
    assert_eq!(server.json("/api/logs")["records"].as_array().unwrap().len(), 1);
    assert_eq!(server.json("/api/sources")["totals"]["far_times"]["ahead"], 0);
    server.stop();
    let pintail = Pintail::with("odd.jsonl", odd());
    for detector in DETECTORS {
        assert_eq!(
            pintail.ok(["detect", "--dry-run", "--format", "jsonl", "--detector", detector]),
            ""
        );
    }
    let server = Server::start(&pintail, &[]);
    for path in
        ["/api/volume", "/api/scores", "/api/anomalies?detector=counts", "/api/logs", "/ready"]
    {
        server.json(path);
    }
    assert_eq!(server.json("/api/status")["last"], Value::Null);
}
