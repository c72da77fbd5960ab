//! What the monitor of `pintail serve` promises: detectors of one's own, those that are broken, what
//! people say of anomalies, what is not its fault.

mod common;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use common::server::Server;
use common::{Pintail, data, until};
use serde_json::{Value, json};

/// Nothing is late here.
const AT_ONCE: [&str; 2] = ["--judge-after-seconds", "0"];

fn this_minute() -> DateTime<Utc> {
    Utc::now().duration_trunc(TimeDelta::minutes(1)).unwrap()
}

/// Counts per minute put straight where detectors read them: so many a minute, of errors of
/// payment, by how long ago it was.
fn with_counts(pintail: &Pintail, minutes: i64, count: impl Fn(i64) -> i64) {
    pintail.write("one.log", "2020-01-01 00:00:00.000 ERROR payment: x\n");
    pintail.ingest(["one.log"]);
    let now = this_minute();
    let rows: Vec<String> = (1..=minutes)
        .rev()
        .filter(|ago| count(*ago) > 0)
        .map(|ago| {
            let minute = (now - TimeDelta::minutes(ago)).format("%Y-%m-%d %H:%M:%S");
            format!(
                "('{minute}', 'payment', 'ERROR', {}), ('{minute}', 'auth', 'INFO', 3)",
                count(ago)
            )
        })
        .collect();
    let connection = duckdb::Connection::open(pintail.path("pintail.duckdb")).unwrap();
    connection.execute_batch(&format!("insert into rollups values {}", rows.join(","))).unwrap();
}

fn until_judged(server: &Server) {
    until("the monitor has run", || !server.json("/api/status")["monitor"]["last_run"].is_null());
}

fn alerts(server: &Server) -> Vec<Value> {
    server.json("/api/alerts")["alerts"].as_array().unwrap().clone()
}

fn detector(server: &Server, name: &str) -> Value {
    let all = server.json("/api/detectors");
    let all = all["detectors"].as_array().unwrap();
    all.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("{all:?}")).clone()
}

const MINE: &str = "-- mine: hours of payment with more than a hundred errors.
-- Threshold: 150
select
    coalesce(service, '') as series, minute, sum(n)::double as observed, 100.0 as expected,
    0.0 as low, 100.0 as high, sum(n)::double as score, 'high' as direction, 'too many' as reason
from rollups
where minute >= $from::timestamp and minute < $to::timestamp and level = 'ERROR'
group by all
having score >= $threshold::double
";

#[test]
fn a_detector_dropped_into_the_folder_alerts_and_a_broken_one_stops_nobody() {
    let pintail = Pintail::new();
    with_counts(&pintail, 200, |ago| if ago <= 3 { 200 } else { 2 });
    std::fs::create_dir(pintail.path("detectors")).unwrap();
    pintail.write("detectors/mine.sql", MINE);
    pintail.write("detectors/broken.sql", "-- broken: cannot run.\nselect nonsense from rollups");
    pintail.write("detectors/writes.sql", "-- writes: must not.\ndelete from rollups");
    let server = Server::start(&pintail, &AT_ONCE);
    until_judged(&server);
    let found = alerts(&server);
    let of = |name: &str| found.iter().find(|alert| alert["detector"] == name).unwrap();
    assert_eq!(of("mine")["series"], "payment");
    assert_eq!(of("mine")["service"], "payment");
    assert_eq!(of("counts")["series"], "payment ERROR");
    assert_eq!(
        (&of("counts")["level"], &of("counts")["service"]),
        (&json!("ERROR"), &json!("payment"))
    );
    assert_eq!(of("mine")["incident"], of("counts")["incident"], "one cause");
    assert_eq!(server.json("/api/status")["alerts_open"], 1, "people are told of it once");

    let mine = detector(&server, "mine");
    assert_eq!(mine["about"], "hours of payment with more than a hundred errors");
    assert_eq!((&mine["threshold"], &mine["alerts"]), (&json!(150.0), &json!(true)));
    let broken = detector(&server, "broken");
    assert!(broken["error"].as_str().unwrap().contains("nonsense"), "{broken}");
    assert!(broken["judged_until"].is_null());
    assert!(!detector(&server, "writes")["error"].is_null());
    assert_eq!(detector(&server, "values")["alerts"], false);
    let monitor = &server.json("/api/status")["monitor"];
    assert_eq!(
        (&monitor["error"], &monitor["failing"]),
        (&Value::Null, &json!(["broken", "writes"]))
    );
    let learning = &server.json("/api/detectors")["series"];
    assert_eq!((&learning["total"], &learning["learning"]), (&json!(2), &json!(2)));
    server.stop();
    assert!(pintail.count("rollups") > 0);
}

#[test]
fn what_is_marked_as_expected_alarms_no_more_at_that_time_of_the_day() {
    // Every day at this time, twenty minutes of it.
    let nightly = |ago: i64| if ago % 1_440 > 10 && ago % 1_440 <= 30 { 60 } else { 2 };
    let by_score = ["--detectors", "zscore:6", AT_ONCE[0], AT_ONCE[1]];
    let pintail = Pintail::new();
    with_counts(&pintail, 3 * 1_440, nightly);
    let server = Server::start(&pintail, &by_score);
    until_judged(&server);
    assert_eq!(alerts(&server).len(), 3);
    let found = server.json("/api/anomalies?detector=monitor");
    let newest = &found["anomalies"][0];
    assert_eq!((&newest["is_expected"], &newest["mark"]), (&json!(false), &Value::Null));
    let mark = |verdict: &str| {
        let body = json!({
            "detector": newest["detector"], "series": newest["series"],
            "direction": newest["direction"], "start": newest["start"], "end": newest["end"],
            "observed": newest["observed"], "verdict": verdict,
        });
        server.post("/api/marks", &body, &[])
    };
    assert_eq!(mark("nonsense").status, 400);
    assert_eq!(mark("real").json()["verdict"], "real");
    assert_eq!(mark("expected").json()["id"], 2);
    let marks = server.json("/api/marks");
    assert_eq!(marks["marks"].as_array().unwrap().len(), 1, "the last word counts: {marks}");
    let csv = server.get("/api/marks?format=csv").text();
    assert!(csv.starts_with("series,start,end,verdict,") && csv.contains("payment,"), "{csv}");
    let marked = server.json("/api/anomalies?detector=monitor");
    assert_eq!(marked["anomalies"][0]["mark"]["verdict"], "expected");
    server.stop();

    // What it learned holds for the other days too, and not for far more than that.
    let pintail_again = Pintail::new();
    let ten_times = |ago: i64| if ago < 1_440 { nightly(ago) * 10 } else { nightly(ago) };
    with_counts(&pintail_again, 3 * 1_440, ten_times);
    let first = (this_minute() - TimeDelta::minutes(2 * 1_440 + 30)).format("%Y-%m-%d %H:%M:%S");
    duckdb::Connection::open(pintail_again.path("pintail.duckdb"))
        .unwrap()
        .execute_batch(&format!(
            "insert into marks values (1, 'zscore', 'payment', 'high', '{first}',
             '{first}'::timestamp + interval 19 minutes, 60, 'expected', null, now()::timestamp)"
        ))
        .unwrap();
    let server = Server::start(&pintail_again, &by_score);
    until_judged(&server);
    let found = server.json("/api/anomalies?detector=monitor");
    let expected: Vec<&Value> =
        found["anomalies"].as_array().unwrap().iter().map(|it| &it["is_expected"]).collect();
    assert_eq!(expected, [false, true, true], "{found}");
    assert_eq!(alerts(&server).len(), 1);
}

#[test]
fn silence_before_the_start_is_nobodys_fault() {
    let pintail = Pintail::new();
    with_counts(&pintail, 2_000, |ago| if ago <= 40 { 0 } else { 5 });
    let server = Server::start(&pintail, &AT_ONCE);
    until_judged(&server);
    assert_eq!(alerts(&server), Vec::<Value>::new());
    assert!(detector(&server, "silence")["error"].is_null());
}

#[test]
fn a_backtest_tells_what_would_have_been_and_compares() {
    let pintail = Pintail::new();
    // Two spikes, of which one is said to be none.
    let spiked = |ago: i64| matches!(ago, 3_000..3_010 | 1_000..1_010);
    with_counts(&pintail, 4 * 1_440, |ago| if spiked(ago) { 80 } else { 4 });
    let time = |ago: i64| (this_minute() - TimeDelta::minutes(ago)).format("%Y-%m-%dT%H:%M:%SZ");
    let truth = format!(
        "series,start,end,verdict\npayment ERROR,{},{},real\n*,{},{},expected\n",
        time(3_009),
        time(2_999),
        time(1_009),
        time(999),
    );
    pintail.write("truth.csv", truth);
    let from = time(3_300).to_string();
    let to = time(500).to_string();
    let backtest = |more: &[&str]| -> Vec<Value> {
        let args = [
            "backtest", "counts", "counts:9", "zscore", "--format", "jsonl", "--from", &from,
            "--to", &to,
        ];
        let rows = pintail.ok(args.iter().chain(more));
        rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let plain = backtest(&[]);
    assert_eq!(plain.len(), 3);
    assert_eq!((&plain[0]["alerts"], &plain[0]["threshold"]), (&json!(2), &json!(5)), "{plain:?}");
    assert!(plain[0].get("recall").is_none());
    let tried = backtest(&["--truth", "truth.csv"]);
    let counts = &tried[0];
    assert_eq!((&counts["anomalies"], &counts["found"]), (&json!(1), &json!(1)), "{counts}");
    assert_eq!((&counts["false_alerts"], &counts["recall"]), (&json!(1), &json!(1)));
    assert!(counts["median_delay_minutes"].as_f64().unwrap() <= 2.0, "{counts}");
    assert_eq!((&tried[1]["detector"], &tried[1]["threshold"]), (&json!("counts"), &json!(9)));
    let listed = backtest(&["--truth", "truth.csv", "--list"]);
    assert_eq!(
        listed.iter().filter(|row| row["is_false"] == true && row["detector"] == "counts").count(),
        2,
        "one of each threshold"
    );

    // A server that has the database says the same.
    let server = Server::start(&pintail, &AT_ONCE);
    assert_eq!(backtest(&["--truth", "truth.csv"]), tried);
    let answer = server
        .json(&format!("/api/backtest?detectors=counts,zscore:4&from={from}&to={to}&marks=true"));
    assert_eq!(answer["backtests"][0]["alerts"], 2);
    assert_eq!(answer["backtests"][0]["truth"]["anomalies"], 0, "nobody has marked anything");
    assert_eq!(answer["backtests"][1]["threshold"], 4.0);
    assert_eq!(server.get("/api/backtest?detectors=/etc/passwd.sql").status, 404);
    server.stop();

    // A score that is too low does not count, whether the query asks or not.
    pintail.write("own.sql", MINE.replace("having score >= $threshold::double", ""));
    let own = |choice: &str| {
        let args = ["detect", "--detector", choice, "--dry-run", "--format", "jsonl"];
        let rows = pintail.ok(args.iter().chain(&["--from", &from, "--to", &to]));
        rows.lines().count()
    };
    assert!(own("own.sql:50") == 20 && own("own.sql:100") == 0);

    let unknown = pintail.fails(2, ["backtest", "nope"]);
    assert!(unknown.contains("unknown detector nope"), "{unknown}");
}

#[test]
fn what_cannot_be_in_a_file_of_truth_is_said_with_its_row() {
    let pintail = Pintail::new();
    with_counts(&pintail, 300, |_| 4);
    let backtest = ["backtest", "counts", "--from", "2026-01-01", "--to", "2026-01-08"];
    for (csv, said) in [
        ("a,b\n1,2\n", "there is no column start; there are a, b"),
        ("start,end\n2026-01-05,2026-01-06\n,2026-01-06\n", "row 2: start is empty; give 2026-"),
        ("start,end\n2026-01-05,\n", "row 1: end is empty"),
        ("From,to\nsoon,2026-01-06\n", "row 1: From \"soon\" is no time; give 2026-"),
        ("start,end\n2026-01-05,2026-02-30\n", "row 1: end \"2026-02-30\" is no time"),
        ("start,end\n2026-01-05,infinity\n", "row 1: end \"infinity\" is no time"),
        (
            "start,end\n2026-01-05,2026-01-04\n",
            "row 1: end 2026-01-04 comes before start 2026-01-05",
        ),
        (
            "start,end,verdict\n2026-01-05,2026-01-06,real\n2026-01-05,2026-01-06,maybe\n",
            "row 2: verdict \"maybe\" is neither real nor expected",
        ),
        ("start,end,label\n2026-01-05,2026-01-06,1\n", "row 1: label \"1\" is neither real"),
    ] {
        pintail.write("bad.csv", csv);
        let said_of_it = pintail.fails(2, backtest.iter().chain(&["--truth", "bad.csv"]));
        assert!(
            said_of_it.starts_with("pintail: bad.csv: ") && said_of_it.contains(said),
            "{said_of_it}"
        );
    }
    std::fs::create_dir(pintail.path("folder")).unwrap();
    for (name, said) in [
        ("folder", "folder: it is a directory"),
        ("*.csv", "*.csv: there is no file of this name; give one file, not a pattern"),
        ("nothing.csv", "nothing.csv: No such file"),
    ] {
        let complaint = pintail.fails(2, backtest.iter().chain(&["--truth", name]));
        assert!(complaint.contains(said) && !complaint.contains("LINE"), "{complaint}");
    }
}

#[test]
fn a_generated_log_is_tested_against_its_own_truth() {
    let pintail = Pintail::with_data("incident.log");
    std::fs::copy(data("incident.truth.json"), pintail.path("truth.json")).unwrap();
    let args = ["backtest", "zscore", "--truth", "truth.json", "--format", "jsonl"];
    let row: Value = serde_json::from_str(&pintail.ok(args)).unwrap();
    assert_eq!((&row["anomalies"], &row["found"]), (&json!(2), &json!(1)), "{row}");
    pintail.write("truth.json", "[]");
    let complaint = pintail.fails(2, args);
    assert!(complaint.contains("not what pintail generate --truth writes"), "{complaint}");
}

#[test]
fn truth_is_read_in_the_spellings_that_people_have() {
    let pintail = Pintail::new();
    let spiked = |ago: i64| matches!(ago, 1_000..1_010);
    with_counts(&pintail, 2 * 1_440, |ago| if spiked(ago) { 80 } else { 4 });
    let at = |ago: i64| this_minute() - TimeDelta::minutes(ago);
    let found = |header: &str, row: String| {
        pintail.write("truth.csv", format!("{header}\n{row}\n"));
        let args = ["backtest", "counts", "--truth", "truth.csv", "--format", "jsonl"];
        let row: Value = serde_json::from_str(&pintail.ok(args)).unwrap();
        (row["anomalies"].as_i64().unwrap(), row["found"].as_i64().unwrap())
    };
    let hour_later = |ago| at(ago) + TimeDelta::hours(1);
    let (start, end) = (hour_later(1_009), hour_later(999));
    let zoned = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M+01:00");
    let row = format!("*,{},{}", zoned(start), zoned(end));
    assert_eq!(found("series,start,end", row), (1, 1));
    let row = format!("payment,{},{},Expected", at(1_009).timestamp(), at(999).timestamp_millis());
    assert_eq!(found("service,from,to,verdict", row), (0, 0));
    // The last minute of what lasted one is its first.
    let minute = at(1_009).format("%Y-%m-%d %H:%M");
    let row = format!("payment ERROR,{minute},{minute},real");
    assert_eq!(found("series,first_minute,last_minute,verdict", row), (1, 1));
}

#[test]
fn what_lasted_for_days_is_expected_itself_and_silences_no_other_day() {
    let nightly = |ago: i64| if ago % 1_440 > 10 && ago % 1_440 <= 30 { 60 } else { 2 };
    let pintail = Pintail::new();
    with_counts(&pintail, 3 * 1_440, nightly);
    let server = Server::start(&pintail, &AT_ONCE);
    let mark = |from: i64, to: i64| {
        let time = |ago: i64| {
            (this_minute() - TimeDelta::minutes(ago)).format("%Y-%m-%dT%H:%MZ").to_string()
        };
        let body = json!({
            "detector": "zscore", "series": "payment", "direction": "high", "observed": 60,
            "verdict": "expected", "start": time(from), "end": time(to),
        });
        server.post("/api/marks", &body, &[]).status
    };
    let expected = || {
        let found = server.json("/api/anomalies?threshold=6");
        let found = found["anomalies"].as_array().unwrap();
        found.iter().map(|it| it["is_expected"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(expected(), [false, false, false]);
    // Short of a day, with the hours around it nothing is left of the day.
    assert_eq!(mark(3_000, 3_000 - 22 * 60), 200);
    assert_eq!(expected(), [false, false, true]);
    // More than a day, and the last word on the one before.
    assert_eq!(mark(3_000, 1_440), 200);
    assert_eq!(expected(), [false, true, true]);
    // A minute less than 22 hours: the time of the day counts again.
    assert_eq!(mark(3_000, 3_000 - 22 * 60 + 1), 200);
    assert_eq!(expected(), [true, true, true]);
    assert_eq!(mark(31 * 1_440, 0), 200);
    assert_eq!(mark(31 * 1_440 + 1, 0), 400);
}
