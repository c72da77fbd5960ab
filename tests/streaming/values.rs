//! What the monitor says of the numbers in each minute from what it keeps is what a run over the whole
//! history says of them, to the last bit: with late records, gaps, restarts, records that were taken
//! back, and history that is ingested later.

use std::collections::BTreeMap;

use pintail::detect::stream::{Judged, Rolling};
use pintail::detect::{Bar, Detector, Settings, UnusualMinute};
use pintail::store::Session;

use super::{Chance, DAY, LATE, MINUTE, START, open};

struct Record {
    minute: i64,
    /// In which minute it came.
    came: i64,
    service: usize,
    fields: String,
}

/// The fields of a record that a service writes in a minute, if it writes one.
fn fields(service: usize, minute: i64, chance: &mut Chance) -> Option<String> {
    let of_day = (minute % DAY) as f64 / DAY as f64;
    let tide = 1.5 + (of_day * std::f64::consts::TAU).sin();
    let (a, b) = (chance.next(), chance.next());
    let (day8, of_day8) = (minute >= 8 * DAY, minute - 8 * DAY);
    // From shortly before on there is again and again something larger than ever.
    let burst = match minute % 12 == 2 * service as i64 && of_day8 >= -30 {
        true => 3f64.powf((of_day8 + 30) as f64 / 12.0) * (1.0 + b),
        false => 1.0,
    };
    match service {
        // A number with days and nights and an incident, and one that drifts off.
        0 => {
            let incident = day8 && (20..30).contains(&of_day8);
            let ms = 100.0 * tide * (1.0 + a * a) * if incident { 6.0 } else { 1.0 };
            let load = burst * b + if day8 { 0.01 * of_day8 as f64 } else { 0.0 };
            Some(format!(r#"{{"ms":{ms},"load":{load},"user":"u{}"}}"#, (a * 9.0) as i64))
        }
        // Most minutes have one, so its last 8000 rows reach back further than its past.
        1 if a < 0.1 => None,
        1 => Some(format!(r#"{{"bytes":{}}}"#, (1e4 * burst * b * b) as i64)),
        // Now and then.
        2 if a < 0.7 => None,
        2 => Some(format!(r#"{{"n":{}}}"#, (40.0 * burst * b * b * b) as i64)),
        // Born late.
        3 if minute < 7 * DAY + 1_300 => None,
        3 => Some(format!(r#"{{"ms":{},"q":{}}}"#, 20.0 + 9.0 * a * burst, (5.0 * b) as i64)),
        // It stands still, and moves.
        4 => Some(format!(r#"{{"level":{}}}"#, if day8 && of_day8 > 25 { 7.5 } else { 7.0 })),
        // It dies; with what is no number, and what is too large for one.
        5 if day8 && of_day8 > 800 => None,
        5 if a < 0.02 => Some(r#"{"x":"none","y":null}"#.to_owned()),
        5 if a < 0.03 => Some(r#"{"x":1e305,"y":[1]}"#.to_owned()),
        5 => Some(format!(r#"{{"x":{}}}"#, 1.0 / (b + 0.001))),
        _ => None,
    }
}

fn history() -> Vec<Record> {
    let mut chance = Chance(7);
    let mut records = Vec::new();
    for minute in 0..9 * DAY {
        // Service 0 writes two each minute.
        for service in [0, 0, 1, 2, 3, 4, 5] {
            let Some(fields) = fields(service, minute, &mut chance) else { continue };
            let late = if chance.next() < 0.05 { (chance.next() * 11.0) as i64 } else { 0 };
            let came = minute + late.min(LATE);
            records.push(Record { minute, came, service, fields });
        }
    }
    records.sort_by_key(|record| record.came);
    records
}

/// A monitor and its database.
struct World {
    records: Vec<Record>,
    /// How many have been written.
    written: usize,
    session: Session,
    rolling: Rolling,
    found: BTreeMap<i64, Vec<UnusualMinute>>,
    from_past: usize,
}

/// Low, so that much is found.
const BAR: Bar = Bar::Score(0.001);

fn detector() -> Detector {
    Detector::open("values").unwrap()
}

fn time(minute: i64) -> i64 {
    (START + minute) * MINUTE
}

impl World {
    /// Writes what came before a minute is over.
    fn write_until(&mut self, minute: i64) {
        while self.records.get(self.written).is_some_and(|record| record.came < minute) {
            let mut values = String::new();
            for record in self.records[self.written..].iter().take(20_000) {
                if record.came >= minute {
                    break;
                }
                let comma = if values.is_empty() { "" } else { "," };
                values += &format!(
                    "{comma}({},{},'s{}','{}')",
                    time(record.minute),
                    time(record.came),
                    record.service,
                    record.fields
                );
                self.written += 1;
            }
            self.write(&format!("values {values}"));
        }
    }

    /// Writes records: when they were, when they came, of which service, and their fields.
    fn write(&self, records: &str) {
        let insert = format!(
            "insert into logs (ts, service, message, fields, source, ingested)
             select make_timestamp(ts::bigint + 1), service, 'x', fields::json, 1,
                make_timestamp(came::bigint)
             from ({records}) t(ts, came, service, fields)"
        );
        self.session.execute(&insert, &[]).unwrap();
        let rollups = format!(
            "insert into rollups
             select make_timestamp(ts::bigint), service, null, count(*)
             from ({records}) t(ts, came, service, fields) group by all"
        );
        self.session.execute(&rollups, &[]).unwrap();
    }

    fn execute(&self, sql: &str) {
        self.session.execute(sql, &[]).unwrap();
    }

    /// What the monitor does when a minute is over: `until` is the first that is not.
    fn tick(&mut self, until: i64, back: i64) {
        self.write_until(until);
        let judged = self.rolling.judge(
            &self.session,
            &detector(),
            &Settings::default(),
            BAR,
            (time(until - back), time(until)),
            time(until),
        );
        let found = match judged.unwrap() {
            Judged::FromKept(found) => found,
            Judged::FromPast(found) => {
                self.from_past += 1;
                found
            }
            Judged::NotYet => panic!("cannot judge minute {until}"),
        };
        for minute in until - back..until {
            self.found.insert(minute, Vec::new());
        }
        for minute in found.minutes(&self.session).unwrap() {
            self.found.get_mut(&(minute.minute / MINUTE - START)).unwrap().push(minute);
        }
        while self.rolling.keep(&self.session, time(until)).unwrap() {}
    }

    /// Ticks once a minute; the last minutes are judged again each time.
    fn live(&mut self, from: i64, to: i64) {
        let from_past = self.from_past;
        for until in from + LATE + 1..=to {
            self.tick(until, LATE + 1);
        }
        assert_eq!(self.from_past, from_past, "some minutes were judged from the past");
    }

    /// That what was found is what a run over the history finds now.
    fn check(&self, from: i64, to: i64) {
        let parameters = Settings::default().parameters(Some(time(from)), Some(time(to)), time(to));
        let found = detector().run(&self.session, &parameters, BAR).unwrap();
        let batch = found.minutes(&self.session).unwrap();
        let live: Vec<&UnusualMinute> =
            (from..to).flat_map(|minute| &self.found[&minute]).collect();
        for (live, batch) in live.iter().zip(&batch) {
            assert_eq!(*live, batch);
            assert_eq!(live.score.to_bits(), batch.score.to_bits());
        }
        assert_eq!(live.len(), batch.len());
        assert!(!live.is_empty(), "nothing is found between {from} and {to}");
    }
}

#[test]
fn numbers_are_judged_as_by_a_run_over_the_history() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.duckdb");
    let mut world = World {
        records: history(),
        written: 0,
        session: open(&path),
        rolling: Rolling::default(),
        found: BTreeMap::new(),
        from_past: 0,
    };
    // Nothing is kept yet. Midnight: another past; an incident, and a number that moves.
    let first = 8 * DAY - 15;
    world.tick(first, LATE + 1);
    assert_eq!(world.from_past, 1);
    world.live(first - LATE, 8 * DAY + 35);
    world.check(first, 8 * DAY);
    world.check(8 * DAY, 8 * DAY + 35);

    // Nobody looked for some hours. Then what is kept is old: 15 minutes at a time are judged.
    let second = 8 * DAY + 240;
    world.tick(8 * DAY + 90, 15);
    drop(world.session);
    world.session = open(&path);
    world.rolling = Rolling::default();
    world.write_until(second);
    for until in [105, 120, 135, 150].map(|minute| 8 * DAY + minute) {
        world.tick_late(until, 15, second);
    }
    world.check(8 * DAY + 75, 8 * DAY + 150);
    world.tick(second, 15);
    world.live(second - LATE, second + 20);
    world.check(second - LATE, second + 20);

    // Records that come much too late: of a minute ago, of hours and days ago.
    let third = second + 20;
    let came = time(third);
    for (back, service, fields) in [
        (40, 0, r#"{"ms":5000.5,"load":9}"#),
        (200, 1, r#"{"bytes":123456}"#),
        (2 * DAY + 30, 2, r#"{"n":500,"new":1}"#),
        (7 * DAY, 4, r#"{"level":100}"#),
    ] {
        let ts = time(third - back);
        world.write(&format!("values ({ts},{came},'s{service}','{fields}')"));
    }
    world.live(third - LATE, third + 12);
    world.check(third - LATE, third + 12);

    // While nobody looked a record was taken back and came again, longer; another is gone.
    let fourth = third + 12;
    let ts = time(fourth - 100);
    world.execute(&format!(
        "delete from logs where service = 's0' and time_bucket(interval 1 minute, ts) = make_timestamp({ts})"
    ));
    for _ in 0..2 {
        world.write(&format!("values ({ts},{},'s0','{{\"ms\":900,\"load\":-3}}')", time(fourth)));
    }
    world.execute(&format!(
        "delete from logs where service = 's5' and ts < make_timestamp({}) and ts >= make_timestamp({})",
        time(fourth - 600),
        time(fourth - 605)
    ));
    world.rolling = Rolling::default();
    world.live(fourth - LATE, fourth + 12);
    world.check(fourth - LATE, fourth + 12);

    // History that is ingested later: of a series that there is, and of one that there was not.
    let fifth = fourth + 12;
    world.write(&format!(
        "select ({START} + m) * {MINUTE}, {}, 's' || s, '{{\"bytes\":' || (m * 7919 % 1000) || '}}'
         from range({}, {}) t(m), (values (1), (77)) v(s)",
        time(fifth),
        5 * DAY,
        fifth - 30
    ));
    world.live(fifth - LATE, fifth + 36);
    world.check(fifth - LATE, fifth + 36);

    // A server that ended after it had read an hour, and before that hour counted as kept.
    let sixth = fifth + 36;
    world.execute("update rolling_values_kept set until = until - 60");
    let open = "minute >= (select until from rolling_values_kept)";
    world.execute(&format!("delete from rolling_values_residuals where {open}"));
    world.execute(&format!(
        "insert into rolling_values_stale
         select since, id, min(minute) from rolling_values, rolling_values_pasts where {open} group by all"
    ));
    world.rolling = Rolling::default();
    world.live(sixth - LATE, sixth + 40);
    world.check(sixth - LATE, sixth + 40);
}

impl World {
    /// Judges minutes before `until` when it is later.
    fn tick_late(&mut self, until: i64, back: i64, now: i64) {
        let judged = self.rolling.judge(
            &self.session,
            &detector(),
            &Settings::default(),
            BAR,
            (time(until - back), time(until)),
            time(now),
        );
        let Judged::FromKept(found) = judged.unwrap() else { panic!("{until} from the past") };
        for minute in until - back..until {
            self.found.insert(minute, Vec::new());
        }
        for minute in found.minutes(&self.session).unwrap() {
            self.found.get_mut(&(minute.minute / MINUTE - START)).unwrap().push(minute);
        }
    }
}
