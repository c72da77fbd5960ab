//! What a generated log promises, checked on its bytes.

use std::collections::HashMap;

use super::*;
use crate::generate::output::Totals;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// A line of the text format.
struct Entry<'a> {
    time_ms: u64,
    level: &'a str,
    service: &'a str,
    message: &'a str,
}

fn text(plan: &Plan) -> String {
    String::from_utf8(plan.to_bytes(2).unwrap()).unwrap()
}

/// The entries, timed from the start of the log.
fn entries<'a>(plan: &Plan, text: &'a str) -> Vec<Entry<'a>> {
    let start_ms = plan.start.timestamp_millis();
    let entry = |line: &'a str| {
        let (time, rest) = line.split_at(23);
        let time = chrono::NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S%.3f").unwrap();
        let [level, service, message] =
            rest[1..].splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
        let time_ms = time.and_utc().timestamp_millis() - start_ms;
        Entry { time_ms: u64::try_from(time_ms).unwrap(), level, service, message }
    };
    text.lines().map(entry).collect()
}

fn count(entries: &[Entry], mut which: impl FnMut(&Entry) -> bool) -> f64 {
    entries.iter().filter(|entry| which(entry)).count() as f64
}

/// Two hours with an incident of payment from 60 to 80 minutes.
fn with_incident(kind: Kind) -> Plan {
    let incident = format!("{kind}:payment:60m:20m").parse().unwrap();
    Plan {
        duration_ms: Some(2 * HOUR_MS),
        rate: 50.0,
        incidents: vec![incident],
        ..Plan::default()
    }
}

fn in_window(entry: &Entry) -> bool {
    (60 * MINUTE_MS..80 * MINUTE_MS).contains(&entry.time_ms)
}

/// Like [`in_window`], in the 20 minutes before.
fn before_window(entry: &Entry) -> bool {
    (40 * MINUTE_MS..60 * MINUTE_MS).contains(&entry.time_ms)
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    for format in [Format::Text, Format::Csv, Format::Json, Format::Nginx] {
        let plan = Plan {
            duration_ms: Some(7 * MINUTE_MS + 1),
            random_incidents: 2,
            format,
            ..Plan::default()
        };
        let alone = plan.to_bytes(1).unwrap();
        assert!(alone.len() > 100_000);
        for threads in [2, 3, 16] {
            assert!(plan.to_bytes(threads).unwrap() == alone, "{format:?}, {threads} threads");
        }
    }
}

/// Fails when a change alters the logs that seeds stand for. If it is meant, make
/// data/ anew with the commands of data/README.md and say so in the change log.
#[test]
fn the_files_in_data_are_those_of_their_commands() {
    let start = parse_time("2026-01-07T09:00:00Z").unwrap();
    let sample =
        Plan { start, duration_ms: None, lines: Some(2_000), rate: 2.0, ..Plan::default() };
    assert!(text(&sample) == include_str!("../../data/sample.log"), "data/sample.log differs");
    let incident = Plan {
        seed: 7,
        start,
        duration_ms: Some(6 * HOUR_MS),
        rate: 0.75,
        incidents: ["error_spike:payment:3h20m:20m", "silence:search:5h:10m"]
            .map(|incident| incident.parse().unwrap())
            .to_vec(),
        ..Plan::default()
    };
    let log = text(&incident);
    assert!(log == include_str!("../../data/incident.log"), "data/incident.log differs");
    let truth: Truth =
        serde_json::from_str(include_str!("../../data/incident.truth.json")).unwrap();
    let last_ms =
        incident.start.timestamp_millis() + entries(&incident, &log).last().unwrap().time_ms as i64;
    let totals = Totals { lines: log.lines().count() as u64, bytes: 0, last_ms: Some(last_ms) };
    assert_eq!(Generator::new(&incident).unwrap().truth(&totals), truth);
    assert_ne!(text(&Plan { seed: 2, ..sample.clone() }), text(&sample));
}

#[test]
fn lines_are_counted_exactly_and_come_in_order_of_time() {
    for (lines, rate) in [(1, 100.0), (12_345, 0.5), (12_345, 90.0), (50_000, 50_000.0)] {
        let plan = Plan { lines: Some(lines), duration_ms: None, rate, ..Plan::default() };
        let text = text(&plan);
        let entries = entries(&plan, &text);
        assert_eq!(entries.len() as u64, lines);
        assert!(entries.windows(2).all(|pair| pair[0].time_ms <= pair[1].time_ms));
        let last_ms = entries[entries.len() - 1].time_ms as f64;
        let planned_ms = plan.range_ms().unwrap() as f64;
        // Wide enough for the load noise of a single minute.
        assert!(lines == 1 || (last_ms / planned_ms - 1.0).abs() < 0.2, "rate {rate}");
    }
}

#[test]
fn the_rate_is_the_mean_over_the_log() {
    for (rate, duration_ms) in [(20.0, HOUR_MS), (2.0, 24 * HOUR_MS)] {
        let plan = Plan { rate, duration_ms: Some(duration_ms), ..Plan::default() };
        let lines = text(&plan).lines().count() as f64;
        let expected = rate * duration_ms as f64 / 1000.0;
        assert!((lines / expected - 1.0).abs() < 0.03, "{lines} lines, not {expected}");
    }
}

#[test]
fn levels_and_line_lengths_are_those_of_real_logs() {
    let plan = Plan { lines: Some(200_000), ..Plan::default() };
    let text = text(&plan);
    let entries = entries(&plan, &text);
    let share = |level| count(&entries, |entry| entry.level == level) / entries.len() as f64;
    assert!((share("INFO") - 0.94).abs() < 0.005);
    assert!((share("WARN") - 0.045).abs() < 0.003);
    assert!((share("ERROR") - 0.015).abs() < 0.002);
    let mean_bytes = text.len() / entries.len();
    assert!((60..=95).contains(&mean_bytes), "{mean_bytes} bytes");
}

#[test]
fn afternoons_are_busier_than_nights() {
    let plan = Plan { duration_ms: Some(24 * HOUR_MS), rate: 2.0, ..Plan::default() };
    let text = text(&plan);
    let entries = entries(&plan, &text);
    let hour = |hour| count(&entries, |entry| entry.time_ms / HOUR_MS == hour);
    assert!(hour(15) > 3.5 * hour(3));
}

#[test]
fn minutes_are_a_little_more_uneven_than_chance() {
    let plan = Plan { duration_ms: Some(6 * HOUR_MS), ..Plan::default() };
    let text = text(&plan);
    let mut minutes: HashMap<u64, f64> = HashMap::new();
    for entry in entries(&plan, &text).iter().filter(|entry| entry.service == "search") {
        *minutes.entry(entry.time_ms / MINUTE_MS).or_default() += 1.0;
    }
    // From one minute to the next the rhythm hardly moves: half the mean square of
    // the differences is the variance.
    let at = |minute: u64| minutes.get(&minute).copied().unwrap_or_default();
    let variance =
        (1..360).map(|minute| (at(minute) - at(minute - 1)).powi(2)).sum::<f64>() / 359.0 / 2.0;
    let mean = minutes.values().sum::<f64>() / 360.0;
    assert!((3.0..40.0).contains(&(variance / mean)), "variance {variance}, mean {mean}");
}

#[test]
fn services_on_request_have_messages_too() {
    let services = ["payment", "checkout"].map(str::to_owned).to_vec();
    let plan = Plan { services, lines: Some(2_000), ..Plan::default() };
    let text = text(&plan);
    let entries = entries(&plan, &text);
    assert!(count(&entries, |entry| entry.service == "checkout") > 800.0);
    assert!(!text.contains(['{', '}']));
    let nginx = Plan { format: Format::Nginx, ..plan }.to_bytes(1).unwrap();
    assert!(String::from_utf8(nginx).unwrap().contains(" /checkout/items"));
}

#[test]
fn an_error_spike_multiplies_the_errors_of_its_service() {
    let plan = with_incident(Kind::ErrorSpike);
    let text = text(&plan);
    let entries = entries(&plan, &text);
    let errors = |entry: &Entry| entry.service == "payment" && entry.level == "ERROR";
    let during = count(&entries, |entry| errors(entry) && in_window(entry));
    let before = count(&entries, |entry| errors(entry) && before_window(entry));
    assert!((6.0..16.0).contains(&(during / before)), "{during} after {before}");
    let timeouts = count(&entries, |entry| {
        errors(entry) && in_window(entry) && entry.message.contains("timed out after")
    });
    assert!(timeouts > 0.7 * during);
}

#[test]
fn a_drop_leaves_a_fraction_and_silence_nothing() {
    for (kind, left) in [(Kind::Drop, 0.1..0.2), (Kind::Silence, 0.0..0.001)] {
        let plan = with_incident(kind);
        let text = text(&plan);
        let entries = entries(&plan, &text);
        let payment = |entry: &Entry| entry.service == "payment";
        let during = count(&entries, |entry| payment(entry) && in_window(entry));
        let before = count(&entries, |entry| payment(entry) && before_window(entry));
        assert!(left.contains(&(during / before)), "{kind}: {during} after {before}");
    }
}

#[test]
fn latency_stretches_durations_and_adds_slow_warnings() {
    let plan = with_incident(Kind::Latency);
    let text = text(&plan);
    let entries = entries(&plan, &text);
    let median = |window: fn(&Entry) -> bool| {
        let charged = |entry: &&Entry| entry.message.starts_with("Charged ") && window(entry);
        let duration = |entry: &Entry| entry.message.rsplit(' ').nth(1).unwrap().parse().unwrap();
        let mut durations: Vec<u64> = entries.iter().filter(charged).map(duration).collect();
        durations.sort_unstable();
        durations[durations.len() / 2] as f64
    };
    let ratio = median(in_window) / median(before_window);
    assert!((6.0..10.0).contains(&ratio), "{ratio}");
    let slow = |entry: &Entry| entry.message.starts_with("Slow response");
    let during = count(&entries, |entry| slow(entry) && in_window(entry));
    assert!(during > 5.0 * count(&entries, |entry| slow(entry) && before_window(entry)));
}

#[test]
fn a_new_message_is_seen_in_its_window_only() {
    let plan = with_incident(Kind::NewMessage);
    let truth = Generator::new(&plan).unwrap().truth(&Totals::default());
    let pattern = truth.incidents[0].template.clone().unwrap();
    let start = pattern.split("<*>").next().unwrap();
    let text = text(&plan);
    let entries = entries(&plan, &text);
    let new = |entry: &Entry| entry.message.starts_with(start);
    let during = count(&entries, |entry| new(entry) && in_window(entry));
    let payment = count(&entries, |entry| entry.service == "payment" && in_window(entry));
    assert!((during / payment - 0.08).abs() < 0.02, "{during} of {payment}");
    assert_eq!(during, count(&entries, new));
}

#[test]
fn an_incident_leaves_the_other_services_alone() {
    let others = |plan: &Plan| -> Vec<String> {
        let other = |line: &&str| !line.contains(" payment ");
        text(plan).lines().filter(other).map(str::to_owned).collect()
    };
    let plan = with_incident(Kind::Drop);
    assert_eq!(others(&plan), others(&Plan { incidents: Vec::new(), ..plan.clone() }));
}

#[test]
fn the_truth_says_what_was_written() {
    let plan = Plan {
        lines: Some(30_000),
        duration_ms: None,
        rate: 5.0,
        random_incidents: 5,
        seed: 42,
        ..Plan::default()
    };
    let generator = Generator::new(&plan).unwrap();
    let mut totals = Totals::default();
    generator
        .run(2, &mut |batch| {
            totals.lines += batch.lines;
            totals.last_ms = Some(batch.last_ms);
            Ok(())
        })
        .unwrap();
    let truth = generator.truth(&totals);
    let json = serde_json::to_string(&truth).unwrap();
    assert_eq!(serde_json::from_str::<Truth>(&json).unwrap(), truth);
    assert_eq!((truth.seed, truth.lines), (42, Some(30_000)));
    assert_eq!(truth.start, "2026-01-05T00:00:00Z");
    let text = text(&plan);
    let last = entries(&plan, &text).last().unwrap().time_ms as i64;
    let end = parse_time(truth.end.as_deref().unwrap()).unwrap();
    assert_eq!(end.timestamp_millis() - plan.start.timestamp_millis(), last);
    for incident in &truth.incidents {
        let offset =
            |time| (parse_time(time).unwrap() - plan.start).num_milliseconds().unsigned_abs();
        let window = offset(&incident.start)..offset(&incident.end);
        let inside =
            |entry: &Entry| entry.service == incident.service && window.contains(&entry.time_ms);
        let seen = count(&entries(&plan, &text), inside);
        assert_eq!(seen == 0.0, incident.kind == Kind::Silence, "{incident:?}");
    }
}

#[test]
fn incidents_after_the_last_line_are_not_in_the_truth() {
    let plan = Plan { random_incidents: 5, ..Plan::default() };
    let early = Totals { lines: 1, bytes: 80, last_ms: Some(plan.start.timestamp_millis()) };
    assert!(Generator::new(&plan).unwrap().truth(&early).incidents.is_empty());
}

#[test]
fn csv_and_json_can_be_read_back_and_agree() {
    let plan = Plan { lines: Some(3_000), ..Plan::default() };
    let of = |format| text(&Plan { format, ..plan.clone() });
    let (csv, json, plain) = (of(Format::Csv), of(Format::Json), of(Format::Text));
    let mut rows = csv.lines().map(split_csv);
    assert_eq!(rows.next().unwrap()[3..], ["message", "duration_ms", "user_id"]);
    for ((row, object), entry) in rows.zip(json.lines()).zip(entries(&plan, &plain)) {
        let object: serde_json::Value = serde_json::from_str(object).unwrap();
        assert_eq!(row.len(), 6);
        assert_eq!(object["timestamp"], row[0]);
        assert_eq!(object["level"], entry.level.to_ascii_lowercase());
        assert_eq!((row[1].as_str(), row[2].as_str()), (entry.level, entry.service));
        assert_eq!(
            (row[3].as_str(), object["message"].as_str()),
            (entry.message, Some(entry.message))
        );
        assert_eq!(object["duration_ms"].as_u64(), row[4].parse().ok());
        assert_eq!(object["user_id"].as_u64(), row[5].parse().ok());
    }
}

/// Cells of a CSV line (RFC 4180); no record has a line break.
fn split_csv(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let cell = cells.last_mut().unwrap();
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cell.push(c),
        }
    }
    cells
}

#[test]
fn nginx_lines_are_combined_log_lines_with_a_status_for_each_level() {
    let plan = Plan { lines: Some(20_000), format: Format::Nginx, ..Plan::default() };
    let text = text(&plan);
    let mut statuses = [0; 6];
    for line in text.lines() {
        let parts: Vec<&str> = line.split('"').collect();
        assert_eq!(parts.len(), 7, "{line}");
        assert!(parts[1].ends_with(" HTTP/1.1") && parts[1].split(' ').count() == 3, "{line}");
        let (status, bytes) = parts[2].trim().split_once(' ').unwrap();
        assert!(bytes.parse::<u64>().is_ok(), "{line}");
        statuses[status.parse::<usize>().unwrap() / 100] += 1;
    }
    assert!((18_500..19_100).contains(&(statuses[2] + statuses[3])));
    assert!((750..1_050).contains(&statuses[4]) && (220..380).contains(&statuses[5]));
}
