//! `cargo bench --bench values`: how long the detector of values takes for a new minute of a log whose
//! records carry numbers, and what it takes to keep the state that it judges it from. Nothing here can
//! fail for being slow.
//!
//! PINTAIL_BENCH_FIELDS sets how many fields there are (of services with 5 each), PINTAIL_BENCH_RECORDS
//! how many records a day, PINTAIL_BENCH_MINUTES how many minutes are judged.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use pintail::config::Limits;
use pintail::detect::stream::{Judged, Rolling};
use pintail::detect::{Bar, Detector, Settings};
use pintail::store::{Access, Session, Store};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440;
/// 2026-01-05, in minutes since 1970.
const START: i64 = 29_459_520;
/// Noon of the ninth day.
const FIRST: i64 = START + 8 * DAY + 720;

/// Some hours of records, which came a second later.
const FILL: &str = "
insert into logs (ts, level, service, host, message, fields, source, ingested)
select
    ts,
    'INFO'::level,
    's' || s,
    'h' || (s % 3),
    'request done',
    json_object(
        'latency_ms', round(exp(3 + .5 * (random() + random() + random() - 1.5)) * (1 + .3 * sin(hour(ts) / 4.0)), 2),
        'bytes', (random() * 10000)::bigint,
        'queue', (random() * random() * 50)::bigint,
        'status', if(random() < .02, 500, 200),
        'load', round(random() * random(), 4),
        'user', 'u' || (random() * 1000)::bigint
    ),
    1,
    ts + interval 1 second
from (
    select
        make_timestamp($from::bigint * 60000000 + (i * 86400000000 // $records::bigint)) as ts,
        floor(random() * ($fields::bigint // 5))::bigint as s
    from range($records::bigint // 4) t(i)
)";

fn main() {
    let number = |name: &str, default: i64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let fields = number("PINTAIL_BENCH_FIELDS", 100);
    let records = number("PINTAIL_BENCH_RECORDS", 1_000_000);
    let minutes = number("PINTAIL_BENCH_MINUTES", 30);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("values.duckdb");
    drop(std::fs::remove_file(&path));
    let store = Store::open(&path, Access::Write, &Limits::query()).expect("it can be made");
    let session = store.session().expect("it is open");
    let (fields, records) = (fields.to_string(), records.to_string());
    for from in (START..FIRST + DAY / 4).step_by(DAY as usize / 4) {
        let from = from.to_string();
        let parameters =
            [("from", Some(&*from)), ("records", Some(&*records)), ("fields", Some(&*fields))];
        session.execute(FILL, &parameters).expect("fill");
    }
    session.execute("checkpoint", &[]).expect("checkpoint");
    let megabytes = || Store::bytes_on_disk(&path) / 1_000_000;
    println!("{fields} fields, {records} records a day: {} MB", megabytes());

    let mut rolling = Rolling::default();
    let mut past = Vec::new();
    timed(&mut past, || from_past(&session));
    println!("from the past itself: {}", said(&past));
    judge(&store, &mut rolling, FIRST, 1);
    let (caught_up, mut pieces) = (Instant::now(), Vec::new());
    while timed(&mut pieces, || rolling.keep(&session, FIRST * MINUTE).expect("keep")) {}
    println!("first of all: {:.1} s in {}", caught_up.elapsed().as_secs_f64(), said(&pieces));
    session.execute("checkpoint", &[]).expect("checkpoint");
    println!("with state: {} MB", megabytes());

    // A process that begins: nothing is known of what was written before.
    let (mut rolling, mut first) = (Rolling::default(), Vec::new());
    timed(&mut first, || judge(&store, &mut rolling, FIRST, 1));
    println!("first tick of a process: {}", said(&first));
    let (mut one, mut eleven, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for minute in FIRST + 1..FIRST + minutes {
        timed(&mut one, || judge(&store, &mut rolling, minute, 1));
        timed(&mut eleven, || judge(&store, &mut rolling, minute, 11));
        timed(&mut kept, || rolling.keep(&session, minute * MINUTE).expect("keep"));
    }
    println!("a tick: {}\n11 minutes: {}\nafter it: {}", said(&one), said(&eleven), said(&kept));
    drop((session, store));
    std::fs::remove_file(&path).expect("the bench's own file can be removed");
}

fn from_past(session: &Session) {
    let parameters = Settings::default().parameters(
        Some((FIRST - 1) * MINUTE),
        Some(FIRST * MINUTE),
        FIRST * MINUTE,
    );
    let detector = Detector::open("values").expect("it is built in");
    detector.run(session, &parameters, Bar::Score(0.5)).expect("judge");
}

/// The minutes before one, in a session of their own as the monitor's.
fn judge(store: &Store, rolling: &mut Rolling, until: i64, minutes: i64) {
    let session = store.session().expect("it is open");
    let detector = Detector::open("values").expect("it is built in");
    let judged = rolling.judge(
        &session,
        &detector,
        &Settings::default(),
        detector.bar(None, 1.0),
        ((until - minutes) * MINUTE, until * MINUTE),
        until * MINUTE,
    );
    match judged.expect("judge") {
        Judged::FromKept(_) => {}
        Judged::FromPast(_) => println!("from the past itself"),
        Judged::NotYet => println!("not yet"),
    }
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    times.push(started.elapsed());
    done
}

fn said(times: &[Duration]) -> String {
    let mut times: Vec<u128> = times.iter().map(Duration::as_millis).collect();
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len() - 1)).copied();
    format!(
        "{} times; {} ms median, {} at 95 %, {} at most",
        times.len(),
        at(50).unwrap_or(0),
        at(95).unwrap_or(0),
        at(100).unwrap_or(0)
    )
}
