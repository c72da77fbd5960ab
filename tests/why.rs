//! What `pintail why` promises: what an incident is made of comes first, and what is as usual does
//! not come at all.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::Pintail;
use common::server::Server;
use serde_json::Value;

const BEGIN: &str = "2026-01-05 12:00";
const END: &str = "2026-01-05 12:10";

/// Three hours of two services on two hosts, a record a second of each, and what `more` adds in the
/// ten minutes from 12:00 on.
fn log(is_there: impl Fn(i64, &str) -> bool, more: &[&str]) -> String {
    let start: DateTime<Utc> = "2026-01-05T09:30:00Z".parse().unwrap();
    let mut log = String::new();
    let mut say = |second: i64, record: &str| {
        let ts = (start + TimeDelta::seconds(second)).format("%Y-%m-%dT%H:%M:%S.%3fZ");
        log += &format!("{{\"ts\":\"{ts}\",{record}}}\n");
    };
    for second in 0..3 * 3_600 {
        for (service, host) in [("shop", "h1"), ("mail", "h2")] {
            if is_there(second, service) {
                say(
                    second,
                    &format!(
                        "\"level\":\"INFO\",\"service\":\"{service}\",\"host\":\"{host}\",\
                     \"message\":\"done in {} ms\",\"status\":200,\"ms\":{}.5",
                        second % 97,
                        second % 89
                    ),
                );
            }
        }
        if (9_000..9_600).contains(&second) {
            more.iter().for_each(|record| say(second, record));
        }
    }
    log
}

fn explained(pintail: &Pintail, more: &[&str]) -> Vec<Value> {
    let args = ["why", BEGIN, END, "--format", "jsonl"].iter().chain(more);
    let rows = pintail.ok(args);
    rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn with(log: String) -> Pintail {
    let pintail = Pintail::with("a.jsonl", log);
    pintail.ok(["ingest", "-q", "a.jsonl"]);
    pintail
}

fn named(row: &Value) -> (&str, &str) {
    (row["kind"].as_str().unwrap(), row["value"].as_str().unwrap())
}

#[test]
fn what_is_as_usual_explains_nothing() {
    let pintail = with(log(|_, _| true, &[]));
    assert_eq!(explained(&pintail, &[]), [] as [Value; 0]);
    assert_eq!(explained(&pintail, &["--low"]), [] as [Value; 0]);
}

#[test]
fn a_new_kind_of_message_comes_first_with_what_it_carries() {
    let new = r#""level":"ERROR","service":"shop","host":"h3","message":"card 4711 refused by \"bank\"","status":502"#;
    let pintail = with(log(|_, _| true, &[new]));
    let rows = explained(&pintail, &[]);
    assert_eq!(named(&rows[0]), ("message", "card <*> refused by <*>"));
    assert_eq!((&rows[0]["n"], &rows[0]["expected"]), (&600.into(), &0.0.into()));
    assert_eq!(rows[0]["sample"], "card 4711 refused by \"bank\"");
    assert_eq!(rows[0]["sample_ts"], "2026-01-05 12:00:00");
    let with_it: Vec<_> =
        rows.iter().filter(|row| row["same_as_above"] == true).map(named).collect();
    for expected in [("host", "h3"), ("level", "ERROR"), ("field", "502")] {
        assert!(with_it.contains(&expected), "{expected:?}: {with_it:?}");
    }
    // Durations differ from record to record: no single one explains anything.
    assert!(rows.iter().all(|row| row["name"] != "ms"), "{rows:?}");
    let of_mail = explained(&pintail, &["--service", "mail"]);
    assert_eq!(of_mail, [] as [Value; 0]);
    let errors = explained(&pintail, &["--level", "error"]);
    assert_eq!(named(&errors[0]), ("message", "card <*> refused by <*>"));
}

#[test]
fn what_is_missing_explains_a_silence() {
    let pintail = with(log(|second, service| service == "shop" || second < 9_000, &[]));
    assert_eq!(explained(&pintail, &[]), [] as [Value; 0]);
    let rows = explained(&pintail, &["--low"]);
    assert!(rows.iter().any(|row| named(row) == ("service", "mail")), "{rows:?}");
    assert_eq!((&rows[0]["n"], &rows[0]["expected"]), (&0.into(), &600.0.into()));
}

#[test]
fn a_log_without_a_past_and_minutes_without_records_are_no_errors() {
    let pintail = with(log(|second, _| second >= 9_000, &[]));
    let rows = explained(&pintail, &[]);
    assert!(rows.iter().all(|row| row["expected"] == 0.0), "{rows:?}");
    let empty = ["why", "2030-01-01", "--format", "csv"];
    assert_eq!(pintail.ok(empty).lines().count(), 1);
    for (args, said) in [
        (["why", "soon", "--top", "3"], "not a time"),
        (["why", "2026-01-05 10:00", "2026-01-05 10:00", "--low"], "the end comes before"),
    ] {
        let run = pintail.run(args);
        assert_eq!(run.code, Some(2));
        assert!(run.stderr.contains(said), "{run:?}");
    }
}

#[test]
fn the_server_says_the_same() {
    let new = r#""level":"ERROR","service":"shop","message":"card refused""#;
    let pintail = with(log(|_, _| true, &[new]));
    let alone = explained(&pintail, &[]);
    let server = Server::start(&pintail, &[]);
    assert_eq!(explained(&pintail, &[]), alone);
    let said = server.json("/api/why?from=2026-01-05T12:00:00Z&to=2026-01-05T12:10:00Z");
    let rows = said["explanations"].as_array().unwrap();
    assert_eq!(rows.len(), alone.len());
    assert_eq!(named(&rows[0]), named(&alone[0]));
    assert_eq!(rows[0]["sample_ts"], "2026-01-05T12:00:00.000000Z");
    let path = "/api/why?from=2026-01-05T12:00:00Z&to=2026-01-05T12:10:00Z&direction=up";
    assert_eq!(server.get(path).error().0, "bad_request");
    server.stop();
}
