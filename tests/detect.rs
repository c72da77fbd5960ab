//! What `pintail detect` promises: it finds what is unusual and nothing else, whatever
//! the log looks like, and running it again changes nothing.

mod common;

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use common::{Pintail, data, until};
use serde_json::{Value, json};

const HEADER: &str = "minute,service,observed,expected,score,direction,detector,reason\n";

/// What is found, without storing it.
fn found(pintail: &Pintail, more: &[&str]) -> Vec<Value> {
    let args = ["detect", "--dry-run", "--format", "jsonl"].iter().chain(more);
    let rows = pintail.ok(args);
    rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn minutes(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["minute"].as_str().unwrap()).collect()
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn lines(time: DateTime<Utc>, level: &str, service: &str, count: usize) -> String {
    let time = time.format("%Y-%m-%d %H:%M:%S%.3f");
    format!("{time} {level} {service} something happened\n").repeat(count)
}

/// So many errors of payment in each minute, from `start` on.
fn errors(start: DateTime<Utc>, counts: impl IntoIterator<Item = usize>) -> String {
    let minutes = counts.into_iter().zip(0..);
    minutes
        .map(|(n, minute)| lines(start + TimeDelta::minutes(minute), "ERROR", "payment", n))
        .collect()
}

const START: &str = "2026-01-05T00:00:00Z";

// The planted incident

#[test]
fn the_planted_error_spike_is_found_and_nothing_else() {
    let pintail = Pintail::with_data("incident.log");
    let truth: Value =
        serde_json::from_str(&std::fs::read_to_string(data("incident.truth.json")).unwrap())
            .unwrap();
    let spike = &truth["incidents"][0];
    assert_eq!(spike["kind"], "error_spike");
    let [start, end] = ["start", "end"].map(|key| at(spike[key].as_str().unwrap()));

    let rows = found(&pintail, &[]);
    assert!(rows.len() >= 3, "{rows:#?}");
    for row in &rows {
        let minute = at(&(row["minute"].as_str().unwrap().replace(' ', "T") + "Z"));
        assert!(start <= minute && minute < end, "outside of the incident: {row}");
        assert_eq!((&row["service"], &row["direction"]), (&spike["service"], &json!("high")));
        assert_eq!(row["detector"], "zscore");
        assert!(row["score"].as_f64().unwrap() >= 3.0);
    }
}

#[test]
fn a_normal_day_has_nothing_unusual_at_a_higher_threshold() {
    let pintail = Pintail::new();
    pintail.ok(["generate", "--duration", "1d", "--rate", "2", "--output", "app.log"]);
    pintail.ok(["ingest", "app.log"]);
    assert_eq!(found(&pintail, &["--threshold", "6"]), [] as [Value; 0]);
}

#[test]
fn what_is_found_is_what_was_counted() {
    let pintail = Pintail::with_data("incident.log");
    for row in found(&pintail, &[]) {
        let counted = pintail.count(&format!(
            "logs where level >= 'ERROR' and service = '{}' and date_trunc('minute', ts) = timestamp '{}'",
            row["service"].as_str().unwrap(),
            row["minute"].as_str().unwrap()
        ));
        assert_eq!(row["observed"].as_f64(), Some(counted as f64), "{row}");
    }
}

// Storing

#[test]
fn running_it_again_finds_the_same_and_changes_nothing() {
    let pintail = Pintail::with_data("incident.log");
    let first = pintail.ok(["detect"]);
    let stored = pintail.sql("from anomalies order by all");
    assert_eq!(stored.len(), first.lines().count() - 1);
    assert_eq!(pintail.ok(["detect"]), first);
    assert_eq!(pintail.sql("from anomalies order by all"), stored, "the time of finding included");
}

#[test]
fn a_dry_run_stores_nothing() {
    let pintail = Pintail::with_data("incident.log");
    let shown = pintail.ok(["detect", "--dry-run"]);
    assert_eq!(pintail.count("anomalies"), 0);
    assert_eq!(pintail.ok(["detect"]), shown);
}

#[test]
fn a_stored_anomaly_says_what_it_was_found_with() {
    let pintail = Pintail::with_data("incident.log");
    pintail.ok(["detect", "--service", "payment", "--window", "90"]);
    let row = &pintail
        .sql("select parameters::json as parameters, low, high, observed from anomalies limit 1")
        [0];
    assert_eq!(
        (&row["parameters"]["window"], &row["parameters"]["guard"]),
        (&json!(90), &json!(5))
    );
    assert_eq!(row["parameters"]["level"], "ERROR");
    assert!(row["observed"].as_f64() >= row["high"].as_f64(), "{row}");
}

// Showing

#[test]
fn the_same_comes_in_every_format() {
    let pintail = Pintail::with_data("incident.log");
    let rows = found(&pintail, &[]);
    let csv = pintail.ok(["detect", "--dry-run", "--format", "csv"]);
    assert!(csv.starts_with(HEADER), "{csv}");
    assert_eq!(csv.lines().count(), rows.len() + 1);
    let json = pintail.ok(["detect", "--dry-run", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Vec<Value>>(&json).unwrap(), rows);
    let markdown = pintail.ok(["detect", "--dry-run", "--format", "markdown"]);
    assert_eq!(markdown.lines().count(), rows.len() + 2);
    assert_eq!(pintail.ok(["detect", "--dry-run", "--output", "found.csv"]), "");
    assert_eq!(pintail.read("found.csv"), csv);
    let complaint = pintail.fails(2, ["detect", "--format", "parquet"]);
    assert!(complaint.contains("table, csv, json, jsonl or markdown"), "{complaint}");
}

#[test]
fn nothing_found_is_a_header_and_no_error() {
    let pintail = Pintail::with_data("sample.log");
    assert_eq!(pintail.ok(["detect"]), HEADER);
}

#[test]
fn options_narrow_what_is_judged() {
    let pintail = Pintail::with_data("incident.log");
    assert_eq!(found(&pintail, &["--service", "auth"]), [] as [Value; 0]);
    assert_eq!(found(&pintail, &["--from", "2026-01-07 12:40"]), [] as [Value; 0]);
    assert_eq!(found(&pintail, &["--to", "2026-01-07 12:20"]), [] as [Value; 0]);
    let all = found(&pintail, &[]);
    let later = found(&pintail, &["--from", "2026-01-07 12:21", "--to", "2026-01-07 12:40"]);
    assert_eq!(later, all[1..], "the minutes before still are the past of those that are judged");
    assert!(found(&pintail, &["--threshold", "2"]).len() > all.len());
}

// Shapes of series

#[test]
fn errors_after_a_past_without_any_are_found() {
    let calm =
        (0..180).map(|minute| lines(at(START) + TimeDelta::minutes(minute), "INFO", "payment", 3));
    let burst = lines(at(START) + TimeDelta::minutes(180), "ERROR", "payment", 5);
    let pintail = Pintail::with("app.log", calm.collect::<String>() + &burst);
    let rows = found(&pintail, &[]);
    assert_eq!(minutes(&rows), ["2026-01-05 03:00:00"]);
    assert_eq!((&rows[0]["expected"], &rows[0]["score"]), (&json!(0.0), &json!(5.0)));
}

#[test]
fn a_constant_series_is_not_surprised_by_a_little_more() {
    let counts = (0..180).map(|minute| if minute == 150 { 12 } else { 10 });
    let pintail = Pintail::with("app.log", errors(at(START), counts));
    assert_eq!(found(&pintail, &[]), [] as [Value; 0]);
    let counts = (0..180).map(|minute| if minute == 150 { 40 } else { 10 });
    let pintail = Pintail::with("app.log", errors(at(START), counts));
    assert_eq!(minutes(&found(&pintail, &[])), ["2026-01-05 02:30:00"]);
}

#[test]
fn a_silence_is_found_as_low() {
    let counts = (0..180).map(|minute| if minute == 150 { 0 } else { 20 });
    let pintail = Pintail::with("app.log", errors(at(START), counts));
    let rows = found(&pintail, &[]);
    assert_eq!(minutes(&rows), ["2026-01-05 02:30:00"]);
    assert_eq!((&rows[0]["direction"], &rows[0]["observed"]), (&json!("low"), &json!(0.0)));
}

#[test]
fn there_is_no_verdict_without_half_an_hour_of_past() {
    let counts = (0..34).map(|minute| if minute == 33 { 1000 } else { 1 });
    let pintail = Pintail::with("app.log", errors(at(START), counts));
    assert_eq!(found(&pintail, &[]), [] as [Value; 0]);
    let counts = (0..36).map(|minute| if minute == 35 { 1000 } else { 1 });
    let pintail = Pintail::with("app.log", errors(at(START), counts));
    assert_eq!(minutes(&found(&pintail, &[])), ["2026-01-05 00:35:00"]);
}

#[test]
fn records_without_a_service_are_a_series_too() {
    let text = errors(at(START), (0..120).map(|minute| if minute == 100 { 30 } else { 1 }));
    let pintail = Pintail::with("app.log", text.replace("ERROR payment something", "ERROR: it"));
    assert_eq!(pintail.count("logs where service is not null"), 0);
    let rows = found(&pintail, &[]);
    assert_eq!(minutes(&rows), ["2026-01-05 01:40:00"]);
    assert_eq!(rows[0]["service"], "");
}

#[test]
fn an_empty_history_has_nothing_unusual() {
    let pintail = Pintail::new();
    assert_eq!(pintail.run_with(["ingest", "-"], "").code, Some(0));
    assert_eq!(pintail.ok(["detect"]), HEADER);
}

// Time

#[test]
fn a_stray_line_of_1970_or_2100_moves_nothing() {
    let expected = found(&Pintail::with_data("incident.log"), &[]);
    let text = std::fs::read_to_string(data("incident.log")).unwrap();
    for stray in ["1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z"] {
        let stray = lines(at(stray), "ERROR", "payment", 50);
        let pintail = Pintail::with("app.log", text.clone() + &stray);
        assert_eq!(pintail.count("logs where year(ts) <> 2026"), 50);
        assert_eq!(found(&pintail, &[]), expected, "{stray}");
    }
}

#[test]
fn the_minute_that_has_not_ended_is_not_judged() {
    // If a minute ends between writing and judging, it is judged rightly: once more then.
    let (minute, rows) = (0..5)
        .find_map(|_| {
            let minute = this_minute();
            let past = errors(minute - TimeDelta::minutes(120), (0..120).map(|_| 1));
            let now = lines(minute, "ERROR", "payment", 100);
            let future = lines(minute + TimeDelta::minutes(2), "ERROR", "payment", 100);
            let pintail = Pintail::with("app.log", past + &now + &future);
            let rows = found(&pintail, &[]);
            (this_minute() == minute).then_some((minute, rows))
        })
        .expect("a minute is longer than this takes");
    assert_eq!(rows, [] as [Value; 0], "it is {minute}");
}

#[test]
fn the_minute_that_has_just_ended_is_judged() {
    let past = errors(
        this_minute() - TimeDelta::minutes(120),
        (0..120).map(|m| if m == 119 { 100 } else { 1 }),
    );
    let last = (this_minute() - TimeDelta::minutes(1)).format("%Y-%m-%d %H:%M:00").to_string();
    // Should a minute end in between, the past ends one earlier, and is judged all the same.
    let rows = found(&Pintail::with("app.log", past), &[]);
    assert_eq!(rows.len(), 1, "{rows:?}, the last minute is {last}");
}

fn this_minute() -> DateTime<Utc> {
    let now = Utc::now().timestamp();
    DateTime::from_timestamp(now - now.rem_euclid(60), 0).unwrap()
}

// Detectors of one's own

const BUSIEST: &str = "
-- The busiest minute.
select coalesce(service, '') as series, minute, sum(n)::double as observed, 0.0 as expected,
       0.0 as low, 1.0 as high, 7.5 as score, 'high' as direction, 'the busiest at ' || $level as reason
from rollups group by all order by observed desc, minute limit 1";

#[test]
fn a_detector_of_ones_own_is_a_file() {
    let pintail = Pintail::with_data("sample.log");
    pintail.write("busiest.sql", BUSIEST);
    let rows = found(&pintail, &["--detector", "busiest.sql", "--level", "warn"]);
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(
        (&row["detector"], &row["reason"]),
        (&json!("busiest"), &json!("the busiest at WARN"))
    );
    pintail.ok(["detect", "--detector", "./busiest.sql"]);
    assert_eq!(pintail.column("select detector from anomalies"), ["busiest"]);
}

#[test]
fn a_broken_detector_is_named_and_its_error_points_at_its_place() {
    let pintail = Pintail::with_data("sample.log");
    pintail.write("broken.sql", "selec 1");
    let complaint = pintail.fails(1, ["detect", "--detector", "broken.sql"]);
    assert!(complaint.contains("detector broken: Parser Error"), "{complaint}");
    assert!(complaint.contains("LINE 1: selec 1") && complaint.contains('^'), "{complaint}");
    assert_eq!(pintail.count("anomalies"), 0);
}

#[test]
fn columns_that_a_detector_lacks_are_explained() {
    let pintail = Pintail::with_data("sample.log");
    for (column, wrong) in [("minute,", "minute as at_minute,"), ("minute,", "'noon' as minute,")] {
        pintail.write("short.sql", BUSIEST.replacen(column, wrong, 1));
        let complaint = pintail.fails(1, ["detect", "--detector", "short.sql"]);
        assert!(complaint.contains("detector short: "), "{complaint}");
        assert!(
            complaint.contains("it must return series VARCHAR, minute TIMESTAMP"),
            "{complaint}"
        );
        assert!(!complaint.contains("cannot be referenced before"), "misleading: {complaint}");
    }
    assert_eq!(pintail.count("anomalies"), 0);
}

#[test]
fn a_detector_that_returns_null_is_named() {
    let pintail = Pintail::with_data("sample.log");
    pintail.write("nulls.sql", BUSIEST.replace("coalesce(service, '')", "null"));
    let complaint = pintail.fails(1, ["detect", "--detector", "nulls.sql"]);
    assert!(complaint.contains("detector nulls: "), "{complaint}");
    assert!(complaint.contains("series"), "{complaint}");
}

#[test]
fn an_unknown_detector_is_a_usage_error_that_names_the_known_ones() {
    let pintail = Pintail::with_data("sample.log");
    let complaint = pintail.fails(2, ["detect", "--detector", "magic"]);
    assert!(complaint.contains("unknown detector magic; there is zscore"), "{complaint}");
    let complaint = pintail.fails(1, ["detect", "--detector", "gone.sql"]);
    assert!(complaint.contains("gone.sql: No such file"), "{complaint}");
}

#[test]
fn the_score_of_a_minute_is_the_same_however_much_is_asked_for() {
    let pintail = Pintail::with_data("incident.log");
    let judged = |from: &str, to: &str| -> Vec<String> {
        let args = ["--threshold", "0.01", "--dry-run", "--from", from, "--to", to];
        let rows = pintail.ok(["detect", "--format", "jsonl"].iter().chain(&args));
        rows.lines().map(str::to_owned).collect()
    };
    let whole = judged("2026-01-07T09:00:00Z", "2026-01-07T15:00:00Z");
    assert!(whole.len() > 200);
    let quarters = ["09:00", "10:07", "12:25", "12:26", "15:00"];
    let parts = quarters.windows(2).flat_map(|quarter| {
        let [from, to] = [0, 1].map(|end| format!("2026-01-07T{}:00Z", quarter[end]));
        judged(&from, &to)
    });
    assert_eq!(whole, parts.collect::<Vec<_>>());
}

#[test]
fn ctrl_c_ends_a_detector_that_never_does_and_the_database_is_sound() {
    let pintail = Pintail::with_data("incident.log");
    let records = pintail.count("logs");
    pintail.write(
        "never.sql",
        "select '' as series, '2026-01-05'::timestamp as minute, sum(a.range * b.range) as observed,
         1 as expected, 0 as low, 1 as high, 5 as score, 'high' as direction, 'x' as reason
         from range(10000000) a, range(10000000) b",
    );
    let args = ["detect", "--detector", "never.sql", "--output", "found.csv"];
    let mut run = pintail.command(args).spawn().unwrap();
    let pid = run.id().to_string();
    // Its file is begun before the detector is.
    until("it runs", || pintail.path(&format!("found.csv.{pid}.tmp")).exists());
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let mut ended = None;
    until("it has ended", || {
        ended = run.try_wait().unwrap();
        ended.is_some()
    });
    // Of whom SIGINT ended, shells say 130.
    assert_eq!(ended.unwrap().signal(), Some(2));
    assert!(!pintail.path("found.csv").exists());
    assert_eq!(pintail.count("logs"), records);
    assert!(!found(&pintail, &["--threshold", "4"]).is_empty());
}

#[test]
fn a_time_before_a_zone_needs_no_seconds() {
    let pintail = Pintail::with_data("incident.log");
    let found =
        |from: &str, to: &str| found(&pintail, &["--threshold", "4", "--from", from, "--to", to]);
    let in_utc = found("2026-01-07T12:20:00Z", "2026-01-07T12:21:00Z");
    assert_eq!(in_utc.len(), 1);
    assert_eq!(found("2026-01-07 12:20Z", "2026-01-07T13:21+01:00"), in_utc);
    let bad = pintail.fails(2, ["detect", "--from", "2026-01-07T12:20+"]);
    assert!(bad.contains("not a time; give 2026-01-05, 2026-01-05 10:00"), "{bad}");
}

#[test]
fn without_a_database_nothing_is_judged_and_none_is_made() {
    let pintail = Pintail::new();
    let complaint = pintail.fails(1, ["detect"]);
    assert!(complaint.contains("no such database"), "{complaint}");
    assert!(!pintail.path("pintail.duckdb").exists());
}

// What it is made of

#[test]
fn anomalies_are_explained_here_and_through_a_server() {
    let pintail = Pintail::with_data("incident.log");
    let explained = || found(&pintail, &["--threshold", "4", "--why"]);
    let here = explained();
    let why = here[0]["why"].as_str().unwrap();
    assert!(
        why.starts_with("message Gateway cardnet timed out after <*> ms for order <*>: "),
        "{why}"
    );
    assert!(here[0]["reason"].is_string());
    let counts = || found(&pintail, &["--detector", "counts", "--threshold", "2"]);
    let by_counts = counts();
    assert!(!by_counts.is_empty());
    let server = common::server::Server::start(&pintail, &[]);
    assert_eq!(explained(), here);
    assert_eq!(counts(), by_counts);
    server.stop();
}
