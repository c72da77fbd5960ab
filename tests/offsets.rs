//! Scores of a minute do not depend on where the range begins and ends: every detector, at times within
//! minutes, as the page asks and as people type them.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use common::Pintail;
use common::server::Server;

const DETECTORS: [&str; 6] = ["zscore", "counts", "silence", "ratio", "shift", "values"];

/// Ranges that are asked for, of each detector.
const RANGES: u64 = 8;

/// The longest of them: every minute has a step of its own.
const LONGEST: u64 = 1_500;

fn start() -> DateTime<Utc> {
    "2026-01-05T00:00:00Z".parse().unwrap()
}

/// Two days and a half with all that detectors look for: errors, a drop, a silence, slow answers.
fn history() -> (Pintail, Server) {
    let pintail = Pintail::new();
    let options = ["--duration", "60h", "--rate", "2", "--format", "json", "--output", "app.log"];
    let incidents =
        ["error_spike:payment:50h:20m", "silence:auth:53h:40m", "latency:search:52h:20m"];
    let incidents = incidents.iter().flat_map(|it| ["--incident", it]);
    pintail.ok(["generate"].into_iter().chain(options).chain(incidents));
    pintail.ok(["ingest", "app.log"]);
    let server = Server::start(&pintail, &[]);
    (pintail, server)
}

/// A seeded sequence (Knuth's linear congruential generator); the high bits.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// A beginning and an end, in milliseconds after [`start`]; mostly within minutes.
    fn range(&mut self) -> (i64, i64) {
        let from = (45 * 60 + self.below(13 * 60)) * 60_000 + self.below(60_000);
        let length = 60_000 + self.below(LONGEST * 60_000);
        (from as i64, (from + length) as i64)
    }
}

fn time(ms: i64) -> String {
    (start() + TimeDelta::milliseconds(ms)).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The service that has something to be found, if the detector is asked about one.
fn service(detector: &str) -> &'static str {
    match detector {
        "zscore" => "",
        "silence" => "&service=auth",
        "values" => "&service=search",
        _ => "&service=payment",
    }
}

/// What a detector says of minutes (milliseconds after [`start`]) by series.
type Judged = BTreeMap<(String, i64), [Option<String>; 5]>;

fn scores(server: &Server, detector: &str, (from, to): (i64, i64)) -> Judged {
    let (from, to, service) = (time(from), time(to), service(detector));
    let path = format!("/api/scores?detector={detector}&from={from}&to={to}&points=2000{service}");
    let answer = server.json(&path);
    assert_eq!(answer["step_ms"], 60_000, "{path}");
    let mut judged = Judged::new();
    for series in answer["series"].as_array().unwrap() {
        let times = series["times"].as_array().unwrap();
        for (at, minute) in
            times.iter().enumerate().filter(|(at, _)| !series["score"][at].is_null())
        {
            let minute = minute.as_i64().unwrap() - start().timestamp_millis();
            let said = ["observed", "expected", "low", "high", "score"]
                .map(|name| series[name][at].as_f64().map(|number| number.to_string()));
            judged.insert((series["series"].as_str().unwrap().to_owned(), minute), said);
        }
    }
    judged
}

/// All minutes from the beginning of the ranges on, a day at a time.
fn whole(server: &Server, detector: &str) -> Judged {
    let hours = |hours: i64| hours * 3_600_000;
    let days = [(hours(45), hours(60)), (hours(60), hours(84))];
    days.iter().flat_map(|day| scores(server, detector, *day)).collect()
}

#[test]
fn a_minute_has_the_same_score_whatever_range_it_is_asked_in() {
    let (pintail, server) = history();
    for (seed, detector) in DETECTORS.into_iter().enumerate() {
        let whole = whole(&server, detector);
        let highest = |judged: &Judged| {
            let score = |said: &[Option<String>; 5]| said[4].as_ref()?.parse::<f64>().ok();
            judged.values().filter_map(score).fold(0.0, f64::max)
        };
        assert!(!whole.is_empty(), "{detector} judges nothing");
        // Two days are too short a past for a change of level.
        assert!(detector == "shift" || highest(&whole) > 0.5, "{detector} finds nothing");
        let mut chance = Chance(seed as u64);
        let mut compared = 0;
        for _ in 0..RANGES {
            let (from, to) = chance.range();
            let first = from.div_euclid(60_000) * 60_000;
            let expected: Judged = whole
                .iter()
                .filter(|((_, minute), _)| (first..to).contains(minute))
                .map(|(minute, said)| (minute.clone(), said.clone()))
                .collect();
            let mut judged = scores(&server, detector, (from, to));
            // Of very many series those with the largest scores are shown: not the same ones in each range.
            let both = |of: &Judged| of.keys().map(|(series, _)| series.clone()).collect();
            let (here, there): (BTreeSet<String>, BTreeSet<String>) = (both(&judged), both(&whole));
            judged.retain(|(series, _), _| there.contains(series));
            let expected: Judged =
                expected.into_iter().filter(|((series, _), _)| here.contains(series)).collect();
            compared += judged.len();
            assert_eq!(judged, expected, "{detector} from {} to {}", time(from), time(to));
        }
        assert!(compared > 0, "{detector}: nothing to compare");
    }
    drop(server);
    the_command_line_agrees(&pintail);
}

/// `detect` and `backtest` say the same of a range within minutes as of the whole minutes it touches.
fn the_command_line_agrees(pintail: &Pintail) {
    let mut chance = Chance(99);
    for detector in DETECTORS {
        let (from, to) = chance.range();
        let (first, end) =
            (from.div_euclid(60_000) * 60_000, (to + 59_999).div_euclid(60_000) * 60_000);
        let found = |from: i64, to: i64| {
            let (from, to) = (time(from), time(to));
            let range = ["--from", &from, "--to", &to, "--format", "jsonl"];
            let args = ["detect", "--dry-run", "--detector", detector];
            pintail.ok(args.into_iter().chain(range))
        };
        assert_eq!(found(from, to), found(first, end), "{detector}");
        let tested = |from: i64, to: i64| {
            let (from, to) = (time(from), time(to));
            let range = ["--from", &from, "--to", &to, "--format", "json"];
            pintail.ok(["backtest", detector].into_iter().chain(range))
        };
        assert_eq!(tested(from, to), tested(first, end), "{detector}");
    }
}
