//! `cargo bench --bench history`: how long `counts` takes to judge a long history of many series, as
//! `pintail detect --detector counts` does. Nothing here can fail for being slow.
//!
//! PINTAIL_BENCH_DAYS sets how many days there are, PINTAIL_BENCH_SERIES how many series,
//! PINTAIL_BENCH_RUNS how often they are judged. A year of 100 series takes a minute to make and 100 MB.

use std::path::PathBuf;
use std::time::Instant;

use pintail::config::Limits;
use pintail::detect::bar::FALSE_ALARMS_DEFAULT;
use pintail::detect::{Detector, Settings};
use pintail::store::{Access, Session, Store};

const MINUTE: i64 = 60_000_000;
/// 2025-01-01, in minutes since 1970.
const START: i64 = 28_927_680;
const DAY: i64 = 1_440;
/// Days that are made at once.
const DAYS_AT_ONCE: i64 = 10;

/// Series whose rates differ, by day and night, with records in every minute. One record in 20 is part of
/// a burst, so that there is something to be looked at in most hours.
const FILL: &str = "
insert into rollups
select minute, service, level, n
from (
    select
        make_timestamp(m * 60000000) as minute,
        'service-' || (s // 2) as service,
        if(s % 2 = 0, 'INFO', 'ERROR')::level as level,
        greatest(1, round(
            rate * (1 + .5 * sin(2 * pi() * (m + hash(s) % 1440) / 1440)) * if(random() < .05, 2, 1)
                + sqrt(rate) * 1.9 * (random() + random() + random() - 1.5)
        ))::bigint as n
    from range($from::bigint, $to::bigint) t(m),
        (select s, 5 + 20 * exp(2 * (hash(s * 7) % 1000) / 1000.0) as rate from range($series::bigint) t(s))
)
order by minute";

fn main() {
    let number = |name: &str, default: i64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let days = number("PINTAIL_BENCH_DAYS", 365);
    let series = number("PINTAIL_BENCH_SERIES", 100);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("history-{series}.duckdb"));
    drop(std::fs::remove_file(&path));
    let store = Store::open(&path, Access::Write, &Limits::query()).expect("it can be made");
    fill(&store.session().expect("it is open"), days, series);
    println!("{series} series, {days} days: {} MB", Store::bytes_on_disk(&path) / 1_000_000);

    let detector = Detector::open("counts").expect("it is built in");
    let bar = detector.bar(None, FALSE_ALARMS_DEFAULT);
    let parameters = Settings::default().parameters(None, None, (START + days * DAY) * MINUTE);
    for _ in 0..number("PINTAIL_BENCH_RUNS", 2) {
        let session = store.session().expect("it is open");
        let started = Instant::now();
        detector.run(&session, &parameters, bar).expect("it can be judged");
        println!("counts: {:.1} s", started.elapsed().as_secs_f64());
    }
    drop(store);
    std::fs::remove_file(&path).expect("the bench's own file can be removed");
}

fn fill(session: &Session, days: i64, series: i64) {
    let series = series.to_string();
    for first in (0..days).step_by(DAYS_AT_ONCE as usize) {
        let from = (START + first * DAY).to_string();
        let to = (START + (first + DAYS_AT_ONCE).min(days) * DAY).to_string();
        let span = [("series", Some(&*series)), ("from", Some(&*from)), ("to", Some(&*to))];
        session.execute(FILL, &span).expect("fill");
    }
    session.execute("checkpoint", &[]).expect("checkpoint");
}
