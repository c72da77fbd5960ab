//! `cargo bench --bench ticks`: how long the detectors take for a new minute of many series, and
//! what it takes to keep the state that they judge it from. Nothing here can fail for being slow.
//!
//! PINTAIL_BENCH_SERIES sets how many series there are, PINTAIL_BENCH_MINUTES how many minutes are
//! judged. 8 days of 10,000 series take half a minute to make and 300 MB; what is kept of them takes
//! minutes. PINTAIL_BENCH_STATE names a file that both stay in, to measure again from there.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pintail::config::Limits;
use pintail::detect::bar::FALSE_ALARMS_DEFAULT;
use pintail::detect::stream::{Judged, Rolling};
use pintail::detect::{Detector, Settings};
use pintail::store::{Access, Session, Store};

const MINUTE: i64 = 60_000_000;
/// 2026-01-05, in minutes since 1970.
const START: i64 = 29_459_520;
/// Those that the monitor runs unless others are named.
const DETECTORS: [&str; 2] = ["counts", "silence"];
const ALL: [&str; 4] = ["counts", "silence", "ratio", "shift"];
const DAY: i64 = 1_440;
/// Two hours into the ninth day.
const FIRST: i64 = START + 8 * DAY + 125;

/// Five levels of services whose rates differ, by day and night: most often they have records in
/// every minute.
const FILL: &str = "
insert into rollups
with rates as (
    select
        'service-' || s as service,
        l.level::level as level,
        w * exp(3 * ((hash(s * 7 + l.k) % 1000) / 1000.0 - .5)) as rate,
        (hash(s) % 1440)::integer as phase
    from range($series::bigint // 5) t(s),
        (values ('DEBUG', 1, 8.0), ('INFO', 2, 20.0), ('WARN', 3, 1.0), ('ERROR', 4, .3), ('FATAL', 5, .05))
            l(level, k, w)
)
select minute, service, level, n
from (
    select
        make_timestamp(m * 60000000) as minute,
        service,
        level,
        if(
            r < 1,
            (random() < r)::integer + (random() < r * r / 4)::integer,
            greatest(0, round(r + sqrt(r) * 1.9 * (random() + random() + random() - 1.5)))
        )::bigint as n
    from range($from::bigint, $from::bigint + 360) t(m),
        lateral (select *, rate * (1 + .5 * sin(2 * pi() * (m + phase) / 1440)) as r from rates)
)
where n > 0
order by minute";

fn main() {
    let number = |name: &str, default: i64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let series = number("PINTAIL_BENCH_SERIES", 10_000);
    let minutes = number("PINTAIL_BENCH_MINUTES", 70);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ticks-{series}.duckdb"));
    let stays = std::env::var_os("PINTAIL_BENCH_STATE").map(PathBuf::from);
    let made = stays.as_deref().unwrap_or(&path);
    if stays.is_none() || !made.exists() {
        prepare(made, series);
    }
    if made != path {
        std::fs::copy(made, &path).expect("there is room for a copy");
    }

    // A process that begins: nothing is known of what was written before.
    let store = Store::open(&path, Access::Write, &Limits::query()).expect("it is there");
    let mut rolling = Rolling::default();
    let mut first = Vec::new();
    timed(&mut first, || tick(&store, &mut rolling, &DETECTORS, FIRST - 1));
    println!("first tick of a process: {}", said(&first));
    let session = store.session().expect("it is open");
    for name in ["counts", "silence", "ratio"] {
        println!("{name}: {}", said(&ticks(&session, &mut rolling, name, 20, 1)));
        println!("{name}, 11 minutes: {}", said(&ticks(&session, &mut rolling, name, 5, 11)));
    }
    let [closing, others] = ticks_of_shift(&session, &mut rolling);
    println!("shift, when an hour is over: {}", said(&closing));
    println!("shift, else: {}", said(&others));
    let mut both = Vec::new();
    let mut kept = Vec::new();
    let mut all = Vec::new();
    for minute in FIRST..FIRST + minutes {
        timed(&mut both, || tick(&store, &mut rolling, &DETECTORS, minute));
        timed(&mut kept, || rolling.keep(&session, (minute + 1) * MINUTE).expect("keep"));
        timed(&mut all, || tick(&store, &mut rolling, &ALL, minute));
    }
    println!("a tick: {}\nafter it: {}", said(&both), said(&kept));
    println!("a tick with ratio and shift: {}", said(&all));
    println!("with state: {} MB", Store::bytes_on_disk(&path) / 1_000_000);
    drop((session, store));
    std::fs::remove_file(&path).expect("the bench's own file can be removed");
}

/// Makes a database with all that is kept of it.
fn prepare(path: &Path, series: i64) {
    drop(std::fs::remove_file(path));
    let store = Store::open(path, Access::Write, &Limits::query()).expect("it can be made");
    let session = store.session().expect("it is open");
    fill(&session, series);
    println!("{series} series, 8 days: {} MB", Store::bytes_on_disk(path) / 1_000_000);
    let mut rolling = Rolling::default();
    let caught_up = Instant::now();
    let mut pieces = Vec::new();
    while timed(&mut pieces, || rolling.keep(&session, FIRST * MINUTE).expect("keep")) {}
    println!("first of all: {:.1} s in {}", caught_up.elapsed().as_secs_f64(), said(&pieces));
    session.execute("checkpoint", &[]).expect("checkpoint");
}

fn fill(session: &Session, series: i64) {
    let series = series.to_string();
    for from in (START..START + 9 * DAY).step_by(360).take_while(|from| *from < FIRST + 360) {
        let from = from.to_string();
        session.execute(FILL, &[("series", Some(&series)), ("from", Some(&from))]).expect("fill");
    }
    session.execute("checkpoint", &[]).expect("checkpoint");
}

/// A minute, in a session of its own as the monitor's.
fn tick(store: &Store, rolling: &mut Rolling, names: &[&str], minute: i64) {
    let session = store.session().expect("it is open");
    for name in names {
        judge(&session, rolling, name, minute, minute + 1);
    }
}

fn ticks(
    session: &Session,
    rolling: &mut Rolling,
    name: &str,
    count: i64,
    minutes: i64,
) -> Vec<Duration> {
    let mut times = Vec::new();
    // The clock was set back: all of the past is looked through.
    judge(session, rolling, name, FIRST - count - minutes, FIRST - count);
    for from in FIRST - count..FIRST {
        timed(&mut times, || judge(session, rolling, name, from - minutes + 1, from + 1));
    }
    times
}

/// Those that close an hour, and others.
fn ticks_of_shift(session: &Session, rolling: &mut Rolling) -> [Vec<Duration>; 2] {
    let mut times = [Vec::new(), Vec::new()];
    let over = FIRST.div_euclid(60) * 60 - 1;
    for _ in 0..5 {
        timed(&mut times[0], || judge(session, rolling, "shift", over, over + 1));
        timed(&mut times[1], || judge(session, rolling, "shift", over + 1, over + 2));
    }
    times
}

fn judge(session: &Session, rolling: &mut Rolling, name: &str, from: i64, to: i64) {
    let detector = Detector::open(name).expect("it is built in");
    let settings = Settings::default();
    let bar = detector.bar(None, FALSE_ALARMS_DEFAULT);
    let judged = rolling.judge(
        session,
        &detector,
        &settings,
        bar,
        (from * MINUTE, to * MINUTE),
        to * MINUTE,
    );
    match judged.expect("judge") {
        Judged::FromKept(_) => {}
        Judged::FromPast(_) => println!("{name}: from the past itself"),
        Judged::NotYet => println!("{name}: not yet"),
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
