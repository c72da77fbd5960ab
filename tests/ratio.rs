//! What `ratio` makes of the shares of errors of a service over three days.

use pintail::config::Limits;
use pintail::detect::bar::FALSE_ALARMS_DEFAULT;
use pintail::detect::{Detector, Settings};
use pintail::store::{Access, Store};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440;
/// 2026-01-05, in minutes since 1970.
const START: i64 = 29_459_520;

/// 100 records a minute, more or less, of which 4 are errors; in some minutes so many times as many.
const FILL: &str = "
insert into rollups
select make_timestamp((29459520 + m) * 60000000), 'web', level, n
from (
    select
        m,
        unnest([
            {level: 'INFO'::level, n: (90 + hash(m) % 21)::bigint},
            {level: 'ERROR'::level, n: ((3 + hash(m, 1) % 3) * if(TIMES, 3, 1))::bigint}
        ], recursive := true)
    from range(3 * 1440) t(m)
)";

/// The minutes that fire, when errors are three times as many in those that a condition describes.
fn fired(times: &str) -> Vec<i64> {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("x.duckdb"), Access::Write, &Limits::query()).unwrap();
    let session = store.session().unwrap();
    session.execute(&FILL.replace("TIMES", times), &[]).unwrap();
    let detector = Detector::open("ratio").unwrap();
    let parameters = Settings::default().parameters(None, None, (START + 3 * DAY) * MINUTE);
    let bar = detector.bar(None, FALSE_ALARMS_DEFAULT);
    let found = detector.run(&session, &parameters, bar).unwrap();
    let minutes = found.minutes(&session).unwrap();
    minutes.into_iter().map(|it| it.minute / MINUTE - START).collect()
}

#[test]
fn an_incident_does_not_hide_the_next_ones() {
    let fired = fired("m >= 3180 and (m - 3180) // 45 < 3 and (m - 3180) % 45 < 30");
    for start in [3_180, 3_225, 3_270] {
        let first = fired.iter().find(|at| **at >= start);
        assert!(first.is_some_and(|at| at - start <= 15), "{start}: {fired:?}");
    }
    assert!(fired.iter().all(|at| (3_180..3_310).contains(at)), "{fired:?}");
}

#[test]
fn what_has_come_to_stay_is_usual_after_a_while() {
    let fired = fired("m >= 3180");
    assert!(fired.first().is_some_and(|at| at - 3_180 <= 10), "{fired:?}");
    assert!(fired.iter().all(|at| *at < 3_180 + 150), "{fired:?}");
}

#[test]
fn a_job_that_always_errs_is_no_incident() {
    assert_eq!(fired("m % 1440 between 600 and 620").into_iter().filter(|at| *at > DAY).count(), 0);
}
