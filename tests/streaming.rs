//! What the monitor says of each minute from what it keeps is what a run over the whole history
//! says of it, to the last bit: with late records, downtime, restarts, and history that is ingested
//! later.

#[path = "streaming/values.rs"]
mod values;

use std::collections::BTreeMap;
use std::path::Path;

use pintail::config::Limits;
use pintail::detect::stream::{Judged, Rolling};
use pintail::detect::{Bar, Detector, Settings, UnusualMinute};
use pintail::store::{Access, Session, Store};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440;
/// 2026-01-05, in minutes since 1970.
const START: i64 = 29_459_520;
/// Records come so late at most, in minutes.
const LATE: i64 = 10;

/// Numbers that look like chance, the same every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A Poisson count (Knuth), of many by parts.
    fn count(&mut self, mean: f64) -> i64 {
        if mean > 30.0 {
            return self.count(mean / 2.0) + self.count(mean / 2.0);
        }
        let limit = (-mean).exp();
        let mut product = self.next();
        let mut count = 0;
        while product > limit {
            product *= self.next();
            count += 1;
        }
        count
    }
}

const SERIES: usize = 19;

/// The service and the level of a series, as SQL.
fn name(series: usize) -> (String, &'static str) {
    match series {
        16 => ("'s0'".to_owned(), "'ERROR'"),
        // Both are records without a service.
        17 => ("null".to_owned(), "'FATAL'"),
        18 => ("''".to_owned(), "'INFO'"),
        _ => (format!("'s{series}'"), ["'INFO'", "'ERROR'"][series % 2]),
    }
}

/// Records of a minute of a series, and in which minute they came.
struct Cell {
    minute: i64,
    came: i64,
    series: usize,
    n: i64,
}

/// How many records a series has in a minute of the history, on average.
fn rate(series: usize, minute: i64, chance: &mut Chance) -> f64 {
    let (day, of_day) = (minute / DAY, minute % DAY);
    let everything_down = (5 * DAY + 500..5 * DAY + 700).contains(&minute)
        || (8 * DAY + 750..8 * DAY + 800).contains(&minute);
    if everything_down {
        return 0.0;
    }
    match series {
        // Steady, with an incident, and a drop.
        0 if (8 * DAY + 60..8 * DAY + 75).contains(&minute) => 90.0,
        0 if (8 * DAY + 812..8 * DAY + 840).contains(&minute) => 3.0,
        0 => 20.0,
        // Bursts.
        1 => 4.0 * (1.0 / (chance.next() + 0.02)).sqrt(),
        // A nightly job.
        2 if (40..55).contains(&of_day) => 200.0,
        2 => 2.0,
        // Born late.
        3 if minute < 7 * DAY + 1_300 => 0.0,
        3 => 15.0,
        // It dies.
        4 if minute > 8 * DAY + 800 => 0.0,
        4 => 6.0,
        // A heartbeat, which is silent for a while, twice in two days.
        5 if (7 * DAY + 600..7 * DAY + 660).contains(&minute) => 0.0,
        5 if (8 * DAY + 20..8 * DAY + 70).contains(&minute) => 0.0,
        5 => 2.0,
        // Rare.
        6 => 0.05,
        // Born anew after 5 days without; a stray line between.
        7 if (DAY..7 * DAY + 1_420).contains(&minute) && minute != 4 * DAY => 0.0,
        7 => 5.0,
        // Days and nights.
        8 => 30.0 * (1.5 + (of_day as f64 / DAY as f64 * std::f64::consts::TAU).sin()),
        // Only now and then.
        9 if (day + of_day / 200) % 2 == 0 => 0.0,
        // It has shifted before midnight.
        14 if minute >= 7 * DAY + 1_200 => 30.0,
        14 => 10.0,
        // And by day.
        15 if minute >= 8 * DAY + 600 => 4.0,
        15 => 20.0,
        // Errors of what is steady: rare, and then many.
        16 if (8 * DAY + 20..8 * DAY + 35).contains(&minute) => 4.0,
        16 if (8 * DAY + 820..8 * DAY + 850).contains(&minute) => 5.0,
        16 => 0.4,
        // Those without a service, and its other records.
        17 if (8 * DAY + 30..8 * DAY + 40).contains(&minute) => 3.0,
        17 if of_day == 840 => 6.0,
        17 => 0.1,
        18 => 10.0,
        // An incident before anybody looks, and another: the first leaves the baseline.
        13 if (8 * DAY + 690..8 * DAY + 720).contains(&minute) => 20.0,
        13 if (8 * DAY + 736..8 * DAY + 750).contains(&minute) => 12.0,
        13 => 4.8,
        _ => 0.3 * 2f64.powi(series as i32 - 9),
    }
}

fn history() -> Vec<Cell> {
    let mut chance = Chance(7);
    let mut cells = Vec::new();
    for minute in 0..9 * DAY {
        for series in 0..SERIES {
            let mean = rate(series, minute, &mut chance);
            let n = chance.count(mean);
            let late = if chance.next() < 0.05 { (chance.next() * 11.0) as i64 } else { 0 };
            if n > 0 {
                cells.push(Cell { minute, came: minute + late.min(LATE), series, n });
            }
        }
    }
    cells.sort_by_key(|cell| cell.came);
    cells
}

/// A monitor and its database.
struct World {
    detectors: [&'static str; 2],
    cells: Vec<Cell>,
    /// How many have been written.
    written: usize,
    session: Session,
    rolling: Rolling,
    found: BTreeMap<(&'static str, i64), Vec<UnusualMinute>>,
    from_kept: usize,
    judged: usize,
}

/// Low, so that much is found.
const BAR: Bar = Bar::Score(1.5);

fn open(path: &Path) -> Session {
    Store::open(path, Access::Write, &Limits::query()).unwrap().session().unwrap()
}

impl World {
    /// Writes what came before a minute is over.
    fn write_until(&mut self, minute: i64) {
        let mut values = String::new();
        while let Some(cell) = self.cells.get(self.written).filter(|cell| cell.came < minute) {
            let (service, level) = name(cell.series);
            let minute = (START + cell.minute) * MINUTE;
            values += &format!(",(make_timestamp({minute}),{service},{level},{})", cell.n);
            self.written += 1;
        }
        if let Some(values) = values.strip_prefix(',') {
            let insert = format!("insert into rollups select * from (values {values})");
            self.session.execute(&insert, &[]).unwrap();
        }
    }

    /// What the monitor does when a minute is over: `until` is the first that is not.
    fn tick(&mut self, until: i64, back: i64) {
        self.write_until(until);
        let (from, to) = ((START + until - back) * MINUTE, (START + until) * MINUTE);
        for name in self.detectors {
            let detector = Detector::open(name).unwrap();
            let judged = self.rolling.judge(
                &self.session,
                &detector,
                &Settings::default(),
                BAR,
                (from, to),
                to,
            );
            let found = match judged.unwrap() {
                Judged::FromKept(found) => {
                    self.from_kept += 1;
                    found
                }
                Judged::FromPast(found) => found,
                Judged::NotYet => panic!("{name} cannot judge minute {until}"),
            };
            self.judged += 1;
            for minute in until - back..until {
                self.found.insert((name, minute), Vec::new());
            }
            for minute in found.minutes(&self.session).unwrap() {
                let key = (name, minute.minute / MINUTE - START);
                self.found.get_mut(&key).unwrap().push(minute);
            }
        }
        self.keep(until);
    }

    fn keep(&mut self, until: i64) {
        while self.rolling.keep(&self.session, (START + until) * MINUTE).unwrap() {}
    }

    /// Ticks once a minute; the last minutes are judged again each time.
    fn live(&mut self, from: i64, to: i64) {
        let all = [self.judged, self.from_kept];
        for until in from + LATE + 1..=to {
            self.tick(until, LATE + 1);
        }
        let [judged, from_kept] = [self.judged - all[0], self.from_kept - all[1]];
        assert_eq!(judged, from_kept, "some minutes were judged from the past");
    }

    /// That what was found is what a run over the history finds now; how much that is.
    fn check(&self, from: i64, to: i64) -> usize {
        let mut seen = 0;
        for name in self.detectors {
            let detector = Detector::open(name).unwrap();
            let time = |minute: i64| (START + minute) * MINUTE;
            let parameters =
                Settings::default().parameters(Some(time(from)), Some(time(to)), time(to));
            let found = detector.run(&self.session, &parameters, BAR).unwrap();
            let batch = found.minutes(&self.session).unwrap();
            let live: Vec<UnusualMinute> = (from..to)
                .flat_map(|minute| self.found.get(&(name, minute)).unwrap().clone())
                .collect();
            for (live, batch) in live.iter().zip(&batch) {
                assert_eq!(live, batch, "{name}");
                assert_eq!(live.score.to_bits(), batch.score.to_bits(), "{name}");
            }
            assert_eq!(live.len(), batch.len(), "{name}");
            assert!(!live.is_empty(), "{name} finds nothing between {from} and {to}");
            seen += live.len();
        }
        seen
    }
}

// Two at a time: each takes minutes.

#[test]
fn counts_and_silences_are_judged_as_by_a_run_over_the_history() {
    judge_as_history(["counts", "silence"]);
}

#[test]
fn ratios_and_shifts_are_judged_as_by_a_run_over_the_history() {
    judge_as_history(["ratio", "shift"]);
}

fn judge_as_history(detectors: [&'static str; 2]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.duckdb");
    let mut world = World {
        detectors,
        cells: history(),
        written: 0,
        session: open(&path),
        rolling: Rolling::default(),
        found: BTreeMap::new(),
        from_kept: 0,
        judged: 0,
    };
    // Midnight, a spike, a silence, the nightly job.
    let first = 8 * DAY - 15;
    world.write_until(first);
    world.keep(first);
    world.live(first, 8 * DAY + 75);
    world.check(first, 8 * DAY + 75);

    // Nobody looked for some hours; then everything is down, a series dies, and a restart.
    let second = 8 * DAY + 735;
    world.write_until(second);
    world.keep(second);
    world.live(second, 8 * DAY + 805);
    drop(world.session);
    world.session = open(&path);
    world.rolling = Rolling::default();
    world.live(8 * DAY + 795, 8 * DAY + 840);
    world.check(second, 8 * DAY + 840);

    // History that is ingested later: of a series that there is, and of one that there was not.
    let old = "insert into rollups
         select make_timestamp(($1::bigint + m) * 60000000), 's' || s, 'INFO', 3 + m % 7
         from range(6 * 1440, 8 * 1440 + 600) t(m), (values (0), (77)) v(s)";
    let old = old.replace("$1", &START.to_string());
    world.session.execute(&old, &[]).unwrap();
    let arrived = "insert into intake
         select 1, 1, 0, make_timestamp(($1::bigint + 6 * 1440) * 60000000),
            make_timestamp(($1::bigint + 8 * 1440 + 599) * 60000000),
            make_timestamp(($1::bigint + 8 * 1440 + 840) * 60000000), 1, 0, 0, 0, 0";
    world.session.execute(&arrived.replace("$1", &START.to_string()), &[]).unwrap();
    let third = 8 * DAY + 840 - LATE;
    world.live(third, third + 15);
    world.check(third, third + 15);

    // Records that come too late for their minutes to be judged again: more of them were unusual.
    let late = "insert into rollups
         select make_timestamp(($1::bigint + 8 * 1440 + m) * 60000000), 's0', 'ERROR', 10
         from range(810, 826) t(m)";
    world.session.execute(&late.replace("$1", &START.to_string()), &[]).unwrap();
    world.rolling.look_back(&world.session).unwrap();
    let fourth = third + 15 - LATE;
    world.live(fourth, third + 18);
    world.check(fourth, third + 18);

    // While nobody looked, a file was taken back and came again as that of another service.
    let moved = "insert into rollups
         select minute, if(sign < 0, service, 's1'), level, sign * n
         from rollups, (values (-1), (1)) v(sign)
         where service = 's77' and minute >= make_timestamp(($1::bigint + 7 * 1440) * 60000000)";
    world.session.execute(&moved.replace("$1", &START.to_string()), &[]).unwrap();
    world.rolling = Rolling::default();
    // What was kept does not do any more: the first minutes are judged from the past itself.
    let fifth = third + 18 - LATE;
    for until in fifth + LATE + 1..=fifth + 15 {
        world.tick(until, LATE + 1);
    }
    world.check(fifth, fifth + 15);
}
