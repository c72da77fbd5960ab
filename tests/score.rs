//! What `pintail detect --in` promises: a score for each row, from the rows before it only; and,
//! one case each, what detectors make of the edges at which others cry wolf or go blind.

mod common;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use common::Pintail;
use serde_json::Value;

const DAY: usize = 1_440;

/// A row that came out.
#[derive(Clone, Debug, PartialEq)]
struct Scored {
    series: String,
    ts: String,
    value: String,
    score: f64,
    flag: bool,
    reason: String,
}

fn start() -> DateTime<Utc> {
    "2026-01-05T00:00:00Z".parse().unwrap()
}

fn time(minute: usize) -> String {
    (start() + TimeDelta::minutes(minute as i64)).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Numbers that look like chance, the same every time.
struct Chance(u64);

impl Chance {
    /// Between 0 and 1.
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A Poisson count (Knuth).
    fn count(&mut self, mean: f64) -> u64 {
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

/// So many minutes of records that arrive by chance.
fn noise(seed: u64, minutes: usize, mean: f64) -> Vec<u64> {
    let mut chance = Chance(seed);
    (0..minutes).map(|_| chance.count(mean)).collect()
}

/// Counts a minute of several series, the minutes of all in order.
fn counts(series: &[(&str, Vec<u64>)]) -> String {
    let minutes = series.iter().map(|(_, counts)| counts.len()).max().unwrap_or(0);
    let mut text = "series,ts,count\n".to_owned();
    for minute in 0..minutes {
        for (name, counts) in series {
            if let Some(count) = counts.get(minute) {
                text += &format!("{name},{},{count}\n", time(minute));
            }
        }
    }
    text
}

fn scored_with(csv: &str, more: &[&str]) -> Vec<Scored> {
    let pintail = Pintail::with("in.csv", csv);
    let args = ["detect", "--in", "in.csv", "--format", "jsonl"].iter().chain(more);
    let rows: Vec<Scored> = pintail.ok(args).lines().map(row).collect();
    assert_eq!(rows.len(), csv.lines().count() - 1);
    rows
}

fn row(line: &str) -> Scored {
    let row: Value = serde_json::from_str(line).unwrap();
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let score = row["score"].as_f64().unwrap_or_else(|| panic!("{line}"));
    assert!((0.0..=1.0).contains(&score), "{line}");
    let flag = row["flag"] == 1;
    assert_eq!(flag, score >= 0.5, "{line}");
    let [series, ts, value, reason] = ["series", "ts", "value", "reason"].map(text);
    Scored { series, ts, value, score, flag, reason }
}

fn scored(series: &[(&str, Vec<u64>)]) -> Vec<Scored> {
    scored_with(&counts(series), &[])
}

/// The minutes that fire, by series.
fn fired(series: &[(&str, Vec<u64>)]) -> BTreeMap<String, Vec<usize>> {
    let mut fired = BTreeMap::<String, Vec<usize>>::new();
    for row in scored(series).into_iter().filter(|row| row.flag) {
        let at: DateTime<Utc> = (row.ts.replace(' ', "T") + "Z").parse().unwrap();
        let minute = (at - start()).num_minutes() as usize;
        fired.entry(row.series).or_default().push(minute);
    }
    fired
}

fn nothing() -> BTreeMap<String, Vec<usize>> {
    BTreeMap::new()
}

// The form

#[test]
fn a_row_comes_out_for_each_that_goes_in() {
    let csv = "ts,value,series\n2026-01-05T00:00:00Z,1.50,b\n2026-01-05 00:00:00,,a\n\
               1767571260,x y,a\n2026-01-05 00:02,NaN,\"a, b\"\n1767571320000,3,\n";
    let rows = scored_with(csv, &[]);
    let shown: Vec<_> = rows.iter().map(|row| [row.series.as_str(), &row.ts, &row.value]).collect();
    let expected = [
        ["b", "2026-01-05T00:00:00Z", "1.50"],
        ["a", "2026-01-05 00:00:00", ""],
        ["a", "1767571260", "x y"],
        ["a, b", "2026-01-05 00:02", "NaN"],
        ["", "1767571320000", "3"],
    ];
    assert_eq!(shown, expected);
    assert_eq!(rows[1].reason, "no number");
    assert_eq!(rows[0].reason, "learning");
}

#[test]
fn parquet_is_scored_as_csv_is() {
    let pintail = Pintail::with("in.csv", counts(&[("web", noise(1, 2 * DAY, 20.0))]));
    pintail.ok(["detect", "--in", "in.csv", "--out", "out.parquet"]);
    pintail.ok(["detect", "--in", "in.csv", "--out", "out.csv"]);
    pintail.ok(["ingest", "-q", "in.csv"]);
    let differing = "from (from read_parquet('out.parquet') except \
                     select series, ts, value, score, flag, coalesce(reason, '') \
                     from read_csv('out.csv', all_varchar = true, types = {'score': 'DOUBLE', 'flag': 'INTEGER'}))";
    let count = pintail.ok(["sql", "--format", "csv", &format!("select count(*) {differing}")]);
    assert_eq!(count.lines().last(), Some("0"));
    pintail.ok(["detect", "--in", "out.parquet", "--detector", "values", "--out", "again.csv"]);
}

#[test]
fn what_cannot_be_scored_is_said() {
    let fails = |csv: &str, more: &[&str]| {
        let pintail = Pintail::with("in.csv", csv);
        let run = pintail.run(["detect", "--in", "in.csv"].iter().chain(more));
        assert_eq!(run.code, Some(2), "{run:?}");
        run.stderr
    };
    for (csv, more, said) in [
        ("a,b\n1,2\n", &[][..], "no column value or count; there are a, b"),
        ("value\n2\n", &[], "no column ts; there are value"),
        ("ts,value\n2026-01-05,1\nsoon,1\n", &[], "row 2: \"soon\" is no time"),
        ("ts,count\n2026-01-05,-1\n", &[], "row 1: \"-1\" is no count"),
        ("ts,count\n2026-01-05,many\n", &[], "row 1: \"many\" is no count"),
        ("ts,count\n2026-01-05,NaN\n", &[], "row 1: \"NaN\" is no count"),
        ("ts,count\n2026-01-05,inf\n", &[], "row 1: \"inf\" is no count"),
        ("ts,count\n2026-01-05,1\n2026-01-06,\n", &[], "row 2: there is no count"),
        ("ts,count\n2026-01-05,1e13\n", &[], "row 1: \"1e13\" is more than can be counted"),
        ("ts,count\n2026-01-05,1e19\n", &[], "row 1: \"1e19\" is more than can be counted"),
        ("ts,count\n2026-01-05,1e300\n", &[], "row 1: \"1e300\" is more than can be counted"),
        ("ts,value\n,1\n", &[], "row 1: there is no time"),
        ("ts,value\n1e300,1\n", &[], "row 1: \"1e300\" is no time"),
        ("ts,value\ninfinity,1\n", &[], "row 1: \"infinity\" is not between the years"),
        ("ts,count\n9999-12-31,1\n", &[], "row 1: \"9999-12-31\" is not between the years"),
        ("ts,count\n2026-01-05,1\n", &["--detector", "zscore"], "zscore reads the database"),
        ("ts,count\n2026-01-05,1\n", &["--detector", "x"], "unknown detector x; there is zscore,"),
    ] {
        let stderr = fails(csv, more);
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
}

#[test]
fn counts_that_are_large_or_no_whole_numbers_are_scored() {
    let mut rows = "ts,count\n".to_owned();
    for minute in 0..2 * DAY {
        let count = if minute == 2 * DAY - 1 { "1e12" } else { ["0.4", "2.6", "3"][minute % 3] };
        rows += &format!("{},{count}\n", time(minute));
    }
    let fired: Vec<Scored> = scored_with(&rows, &[]).into_iter().filter(|row| row.flag).collect();
    assert_eq!(fired.len(), 1);
    assert_eq!((fired[0].value.as_str(), fired[0].score > 0.99), ("1e12", true));
}

#[test]
fn numbers_of_any_size_are_scored() {
    let mut chance = Chance(1);
    let mut rows = "ts,value\n".to_owned();
    for minute in 0..DAY {
        rows += &format!("{},{:e}\n", time(minute), 1e300 * chance.next() - 5e299);
    }
    assert!(scored_with(&rows, &[]).iter().all(|row| !row.flag));
}

#[test]
fn a_time_before_a_zone_needs_no_seconds() {
    let csv = "ts,count\n2026-01-05T10:00+01:00,1\n2026-01-05 09:01Z,2\n2026-01-05T09:02,3\n";
    let times: Vec<String> = scored_with(csv, &[]).into_iter().map(|row| row.ts).collect();
    assert_eq!(times, ["2026-01-05T10:00+01:00", "2026-01-05 09:01Z", "2026-01-05T09:02"]);
}

#[test]
fn one_file_is_read_whatever_its_name_and_nothing_else() {
    let pintail = Pintail::new();
    let csv = "ts,count\n2026-01-05,1\n";
    std::fs::create_dir_all(pintail.path("folder/k=1")).unwrap();
    for name in ["folder/a.csv", "folder/b.csv", "folder/k=1/a.csv"] {
        pintail.write(name, csv);
    }
    for (name, said) in [
        ("folder", "folder: it is a directory; give one file"),
        ("folder/*.csv", "there is no file of this name; give one file, not a pattern"),
        ("folder/c.csv", "No such file"),
    ] {
        let complaint = pintail.fails(2, ["detect", "--in", name]);
        assert!(complaint.contains(said) && !complaint.contains("LINE"), "{complaint}");
    }
    let scored = "series,ts,value,score,flag,reason\n,2026-01-05,1,0.0,0,\n";
    assert_eq!(pintail.ok(["detect", "--in", "folder/k=1/a.csv"]), scored);
    // Each would, as a pattern, fit others that cannot be scored, or none.
    for name in ["x[12]*.csv", "x?.csv", "[a].csv", "[!a]^.csv", "~x.csv", "b\\a.csv", "a b.csv"] {
        pintail.write(name, csv);
        pintail.write("x1.csv", "nothing\n");
        assert_eq!(pintail.ok(["detect", "--in", name]), scored, "{name}");
    }
    pintail.write("b\\[a].csv", csv);
    let complaint = pintail.fails(2, ["detect", "--in", "b\\[a].csv"]);
    assert!(complaint.contains("rename it"), "{complaint}");
    // What DuckDB says of a file is about the file.
    pintail.write("bytes.csv", (0..=255u8).cycle().take(4_000).collect::<Vec<u8>>());
    pintail.write("text.parquet", csv);
    for name in ["bytes.csv", "text.parquet"] {
        let complaint = pintail.fails(2, ["detect", "--in", name]);
        assert!(complaint.starts_with(&format!("pintail: {name}: ")), "{complaint}");
        assert!(!complaint.contains("LINE 4") && complaint.lines().count() < 4, "{complaint}");
    }
}

#[test]
fn a_detector_of_ones_own_scores_files() {
    let pintail = Pintail::with("in.csv", "ts,count\n2026-01-05 00:00,7\n2026-01-05 00:01,1\n");
    pintail.write(
        "more_than_five.sql",
        "select series, minute, n as observed, 5 as expected, 0 as low, 5 as high, n - 4 as score, \
         'high' as direction, 'more than five' as reason from series_counts \
         where n > 5 or $every::boolean",
    );
    let args = ["detect", "--in", "in.csv", "--detector", "more_than_five.sql", "--threshold", "3"];
    let out = pintail.ok(args);
    assert_eq!(
        out,
        "series,ts,value,score,flag,reason\n\
         ,2026-01-05 00:00,7,0.5,1,more than five\n\
         ,2026-01-05 00:01,1,0.5,1,more than five\n"
    );
    pintail.write("broken.sql", "select nonsense from series_counts");
    let run = pintail.run(["detect", "--in", "in.csv", "--detector", "broken.sql"]);
    assert!(run.stderr.contains("detector broken: Binder Error"), "{run:?}");
}

// The past only

/// A day and a half of everything: a spike, a silence, a drop, a series that is born.
fn eventful() -> Vec<(&'static str, Vec<u64>)> {
    let mut web = noise(1, 3 * DAY, 20.0);
    web[2 * DAY + 300..2 * DAY + 310].fill(150);
    web[2 * DAY + 800..2 * DAY + 840].fill(3);
    let mut heartbeat = noise(2, 3 * DAY, 8.0);
    heartbeat[2 * DAY + 600..2 * DAY + 630].fill(0);
    let mut young = vec![0; DAY];
    young.extend(noise(3, 2 * DAY, 3.0));
    vec![("web", web), ("heartbeat", heartbeat), ("young", young)]
}

/// What is said of the rows before a cut is the same when the rows after it are not there, to the
/// last bit: nothing looks ahead, and a run on history says what a run at that time has said.
fn assert_past_only(csv: &str, cuts: &[usize]) {
    let whole = scored_with(csv, &[]);
    assert!(whole.iter().any(|row| row.flag), "nothing fires: that proves little");
    for &cut in cuts {
        let lines: Vec<&str> = csv.lines().take(1 + cut).collect();
        let part = scored_with(&(lines.join("\n") + "\n"), &[]);
        for (part, whole) in part.iter().zip(&whole) {
            assert_eq!(part, whole, "cut at {cut}");
        }
    }
}

#[test]
fn counts_are_judged_by_their_past_only() {
    let series = eventful();
    let rows = counts(&series);
    // Whole minutes: one that is half there is judged by what is there.
    let minute = series.len();
    let cuts = [2 * DAY + 305, 2 * DAY + 615, 2 * DAY + 617, 2 * DAY + 820, 3 * DAY - 1];
    assert_past_only(&rows, &cuts.map(|at| at * minute));
}

/// A file that is too large for one go is judged in several: that changes nothing.
#[test]
fn a_long_file_is_judged_as_a_short_one() {
    let mut series: Vec<(String, Vec<u64>)> =
        (0..150).map(|number| (format!("s{number}"), noise(number, 60, 2.0))).collect();
    series.push(("web".to_owned(), eventful().swap_remove(0).1));
    let series: Vec<(&str, Vec<u64>)> =
        series.iter().map(|(name, counts)| (name.as_str(), counts.clone())).collect();
    let short = counts(&series);
    // One more series that goes on for long has more minutes to be looked at, and changes nothing
    // about the others.
    let end = time(60 * DAY);
    let pintail = Pintail::with("in.csv", format!("{short}s0,{end},1\n"));
    for number in 1..150 {
        pintail.append("in.csv", format!("s{number},{end},1\n"));
    }
    let out = pintail.ok(["detect", "--in", "in.csv", "--format", "jsonl"]);
    let long: Vec<Scored> = out.lines().map(row).filter(|row| row.ts != end).collect();
    assert_eq!(long, scored_with(&short, &[]));
}

#[test]
fn values_are_judged_by_their_past_only() {
    let mut chance = Chance(7);
    let mut csv = "series,ts,value\n".to_owned();
    for minute in 0..3_000 {
        let burst = if (2_000..2_020).contains(&minute) { 40.0 } else { 0.0 };
        let daily = 10.0 * (minute as f64 / 229.0).sin();
        csv += &format!("a,{},{}\n", time(minute), 50.0 + daily + burst + chance.next());
        if minute % 3 == 0 {
            csv += &format!("b,{},{}\n", time(minute), chance.count(3.0));
        }
    }
    assert_past_only(&csv, &[200, 2_669, 2_680, 2_700, 3_777]);
}

// What is to be found

#[test]
fn spikes_drops_and_silences_are_found_when_they_begin() {
    let fired = fired(&eventful());
    let first = |series: &str, from: usize| {
        let found = fired.get(series).and_then(|at| at.iter().find(|at| **at >= from));
        *found.unwrap_or_else(|| panic!("{series} at {from}: {fired:?}")) - from
    };
    assert!(first("web", 2 * DAY + 300) <= 1);
    assert!(first("web", 2 * DAY + 800) <= 15);
    assert!(first("heartbeat", 2 * DAY + 600) <= 8);
    assert!(!fired.contains_key("young"), "{fired:?}");
    let before = fired.values().flatten().filter(|at| **at < 2 * DAY + 300).count();
    assert_eq!(before, 0, "{fired:?}");
}

#[test]
fn an_incident_is_over_when_it_ends() {
    let mut counts = noise(11, 3 * DAY, 40.0);
    let incident = 2 * DAY + 300..2 * DAY + 320;
    counts[incident.clone()].iter_mut().for_each(|count| *count *= 5);
    let fired = &fired(&[("web", counts)])["web"];
    assert!(fired[0] <= incident.start + 1, "{fired:?}");
    // The sums over 15 and 60 minutes are large for longer.
    let last = fired[fired.len() - 1];
    assert!((incident.end - 1..incident.end + 5).contains(&last), "{fired:?}");
}

#[test]
fn an_incident_does_not_hide_the_next_ones() {
    let mut chance = Chance(15);
    let incidents = [300, 345, 390].map(|at| 2 * DAY + at..2 * DAY + at + 30);
    let mean = |minute| if incidents.iter().any(|it| it.contains(&minute)) { 380.0 } else { 200.0 };
    let counts = (0..3 * DAY).map(|minute| chance.count(mean(minute))).collect();
    let fired = &fired(&[("web", counts)])["web"];
    for incident in &incidents {
        let first = fired.iter().find(|at| **at >= incident.start);
        assert!(first.is_some_and(|at| at - incident.start <= 10), "{incident:?}: {fired:?}");
    }
    // What has come to stay is usual after a while.
    let mut shifted = noise(16, 3 * DAY, 40.0);
    shifted[2 * DAY..].iter_mut().for_each(|count| *count *= 3);
    let last = *self::fired(&[("web", shifted)])["web"].last().unwrap();
    assert!(last <= 2 * DAY + 120, "{last}");
}

#[test]
fn one_great_minute_takes_more_than_two_of_them() {
    let with = |minutes: usize, count: u64| {
        let mut counts = noise(12, 3 * DAY, 20.0);
        counts[2 * DAY + 300..][..minutes].fill(count);
        fired(&[("web", counts)])
    };
    // Six standard deviations, and more than eight.
    assert_eq!(with(1, 66), nothing());
    assert!(!with(2, 52).is_empty());
    assert!(!with(1, 95).is_empty());
}

#[test]
fn a_number_that_leaves_its_range_is_found() {
    let mut chance = Chance(5);
    let mut csv = "ts,value\n".to_owned();
    for minute in 0..2_000 {
        let value = if minute == 1_500 { 400.0 } else { 100.0 + 20.0 * chance.next() };
        csv += &format!("{},{value}\n", time(minute));
    }
    let rows = scored_with(&csv, &[]);
    let fired: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].flag).collect();
    assert_eq!(fired, [1_500]);
    assert!(rows[1_500].reason.starts_with("400, "), "{:?}", rows[1_500]);
}

// The edges

#[test]
fn a_constant_is_no_surprise_until_it_ends() {
    let mut often = vec![60; 3 * DAY];
    let mut seldom: Vec<u64> = (0..3 * DAY).map(|minute| u64::from(minute % 5 == 0)).collect();
    assert_eq!(fired(&[("often", often.clone()), ("seldom", seldom.clone())]), nothing());
    // Each by itself: of two alone, one that is silent is half of everything.
    often[2 * DAY + 100..2 * DAY + 120].fill(0);
    seldom[2 * DAY + 200..2 * DAY + 240].fill(0);
    let [often, seldom] = [("often", often), ("seldom", seldom)].map(|series| fired(&[series]));
    assert!(often["often"][0] <= 2 * DAY + 106, "{often:?}");
    assert!(seldom["seldom"][0] <= 2 * DAY + 215, "{seldom:?}");
}

#[test]
fn values_that_stand_still_are_found_when_they_move() {
    let mut csv = "ts,value\n".to_owned();
    for minute in 0..400 {
        csv += &format!("{},{}\n", time(minute), if minute == 300 { 8 } else { 7 });
    }
    let rows = scored_with(&csv, &[]);
    let fired: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].flag).collect();
    assert_eq!(fired, [300]);
}

#[test]
fn a_few_records_where_there_were_none_are_no_incident() {
    let steady = noise(4, 4 * DAY, 20.0);
    let mut rare = vec![0; 4 * DAY];
    for at in [10, 20, 1_500, 2_900] {
        rare[at] = 1;
    }
    rare[3 * DAY + 60] = 3;
    assert_eq!(fired(&[("steady", steady.clone()), ("rare", rare.clone())]), nothing());
    rare[3 * DAY + 600] = 30;
    let fired = fired(&[("steady", steady), ("rare", rare)]);
    assert_eq!(fired["rare"][0], 3 * DAY + 600);
}

#[test]
fn half_an_hour_is_no_past_and_a_day_says_that_it_is_little() {
    let mut young = noise(5, 20 * 60, 20.0);
    young[20] = 500;
    young[600] = 500;
    let rows = scored(&[("young", young)]);
    assert!(!rows[20].flag);
    assert!(rows[600].flag);
    assert!(rows[600].reason.contains("learning"), "{:?}", rows[600]);
}

#[test]
fn a_restart_is_no_silence() {
    let mut steady = noise(6, 3 * DAY, 20.0);
    steady[2 * DAY + 77] = 0;
    assert_eq!(fired(&[("steady", steady)]), nothing());
}

#[test]
fn an_outage_does_not_hide_the_next_one() {
    let mut heartbeat = noise(13, 4 * DAY, 8.0);
    let mut outages = [2 * DAY + 600..2 * DAY + 650, 3 * DAY + 100..3 * DAY + 140];
    for outage in &outages {
        heartbeat[outage.clone()].fill(0);
    }
    let other = noise(14, 4 * DAY, 8.0);
    let fired = &fired(&[("heartbeat", heartbeat), ("other", other)])["heartbeat"];
    for outage in &mut outages {
        let first = fired.iter().find(|at| **at >= outage.start).expect("it is found");
        assert!(first - outage.start <= 8, "{fired:?}");
    }
}

#[test]
fn a_night_with_few_records_is_no_silence() {
    let mut chance = Chance(16);
    let mut rhythm = || -> Vec<u64> {
        let night = |minute: usize| (minute % DAY) / 60 < 8;
        (0..5 * DAY).map(|at| chance.count(if night(at) { 0.06 } else { 0.6 })).collect()
    };
    let (first, second) = (rhythm(), rhythm());
    assert_eq!(fired(&[("first", first), ("second", second)]), nothing());
}

#[test]
fn when_nothing_at_all_arrives_nobody_is_silent() {
    let mut both = [noise(7, 3 * DAY, 20.0), noise(8, 3 * DAY, 5.0)];
    for series in &mut both {
        series[2 * DAY + 100..2 * DAY + 160].fill(0);
    }
    let [a, b] = both;
    assert_eq!(fired(&[("a", a), ("b", b)]), nothing());
}

#[test]
fn what_comes_and_goes_is_born_and_dies_in_peace() {
    let mut series = vec![("steady", noise(9, 3 * DAY, 20.0))];
    for (number, name) in ["pod-1", "pod-2", "pod-3"].into_iter().enumerate() {
        let birth = DAY + 300 * number;
        let mut pod = vec![0; birth];
        pod.extend(noise(10 + number as u64, 500, 6.0));
        pod.resize(3 * DAY, 0);
        series.push((name, pod));
    }
    assert_eq!(fired(&series), nothing());
}

#[test]
fn a_stray_early_line_is_no_birth() {
    let mut late = vec![0; 3 * DAY];
    late[5] = 1;
    late.extend(noise(13, DAY, 20.0));
    let steady = noise(14, 4 * DAY, 20.0);
    assert_eq!(fired(&[("late", late), ("steady", steady)]), nothing());
}

#[test]
fn what_comes_every_day_is_expected_and_an_hour_sooner_in_summer() {
    let mut jobs = noise(15, 8 * DAY, 10.0);
    for day in 0..8 {
        let hour = if day == 7 { 2 } else { 3 };
        let begin = day * DAY + hour * 60;
        jobs[begin..begin + 15].iter_mut().for_each(|count| *count += 120);
    }
    // The first days it is new.
    let fired = fired(&[("jobs", jobs)]);
    let late = fired.get("jobs").map_or(0, |at| at.iter().filter(|at| **at >= 4 * DAY).count());
    assert_eq!(late, 0, "{fired:?}");
}

// From the database

#[test]
fn the_same_detectors_judge_the_database() {
    let pintail = Pintail::new();
    let mut log = String::new();
    let mut chance = Chance(21);
    for minute in 0..2 * DAY {
        let errors = if (DAY + 700..DAY + 705).contains(&minute) { 60 } else { chance.count(3.0) };
        for _ in 0..errors {
            log += &format!(
                "{{\"ts\":\"{}\",\"level\":\"ERROR\",\"service\":\"pay\",\"message\":\"no\",\"ms\":{}}}\n",
                time(minute).replace(' ', "T") + "Z",
                if errors == 60 { 900.0 } else { 20.0 + 5.0 * chance.next() }
            );
        }
    }
    pintail.write("pay.jsonl", log);
    pintail.ok(["ingest", "-q", "pay.jsonl"]);
    let found = |detector: &str| {
        let args = ["detect", "--detector", detector, "--format", "jsonl"];
        let rows = pintail.ok(args);
        let rows: Vec<Value> =
            rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        rows
    };
    let counts = found("counts");
    assert_eq!(counts[0]["minute"], time(DAY + 700));
    assert_eq!(counts[0]["service"], "pay ERROR");
    assert!(counts.iter().all(|row| row["minute"].as_str().unwrap() >= time(DAY + 700).as_str()));
    let values = found("values");
    assert_eq!(values[0]["minute"], time(DAY + 700));
    assert_eq!(values[0]["service"], "pay ms");
    assert_eq!(found("silence"), [] as [Value; 0]);
    assert_eq!(pintail.count("anomalies"), (counts.len() + values.len()) as i64);
}
