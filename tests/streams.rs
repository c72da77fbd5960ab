//! Lines of several streams in one source: however they are mixed, and wherever what was read is
//! cut into blocks, each stream's records are what they are when it is alone.

use pintail::parse::formats::Formats;
use pintail::parse::{Dialect, Sink, TimeRules, Zone, read_block, streams};
use pintail::record::Record;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// What becomes of a block: messages with the container that they are from.
#[derive(Default)]
struct Messages(Vec<(String, String)>);

impl Sink for Messages {
    fn record(&mut self, record: &Record<'_>, _end: usize) {
        let service = record.service.as_deref().unwrap_or_default().to_owned();
        self.0.push((service, record.message.clone().into_owned()));
    }

    fn extend(&mut self, line: &str, _end: usize) {
        let (_, message) = self.0.last_mut().unwrap();
        message.push('\n');
        message.push_str(line);
    }

    fn reject(&mut self, reason: &'static str, line: &str, _start: usize, _end: usize) {
        panic!("{reason}: {line}");
    }
}

/// The lines of one container: records, some of them with a stack trace.
fn container(name: &str, random: &mut Xoshiro256PlusPlus) -> Vec<String> {
    let mut lines = Vec::new();
    for number in 0..random.random_range(5..40) {
        let (level, frames) = match random.random_range(0..3) {
            0 => ("ERROR", random.random_range(1..6)),
            _ => ("INFO", 0),
        };
        let second = number % 60;
        lines.push(format!(
            "2026-01-05 10:11:{second:02},122 {level} [main] shop.{name}: item {number}"
        ));
        if frames > 0 {
            lines.push(format!("java.lang.IllegalStateException: no stock of {number}"));
        }
        lines.extend(
            (0..frames).map(|frame| format!("\tat shop.{name}.frame{frame}(Shop.java:{number})")),
        );
    }
    lines
}

/// The records of lines of one container that has the source to itself.
fn alone(lines: &[String]) -> Vec<String> {
    let mut records: Vec<String> = Vec::new();
    for line in lines {
        match line.split_once(": item ") {
            Some((_, item)) => records.push(format!("item {item}")),
            None => {
                let last = records.last_mut().unwrap();
                last.push('\n');
                last.push_str(line);
            }
        }
    }
    records
}

/// The lines of all containers, each after the name of its own, mixed but in order within each.
fn mixed(containers: &[(String, Vec<String>)], random: &mut Xoshiro256PlusPlus) -> String {
    let mut left: Vec<(&str, &[String])> =
        containers.iter().map(|(name, lines)| (name.as_str(), lines.as_slice())).collect();
    let mut text = String::new();
    while !left.is_empty() {
        let at = random.random_range(0..left.len());
        let (name, lines) = &mut left[at];
        text.push_str(&format!("{name}-1 | {}\n", lines[0]));
        *lines = &lines[1..];
        left.retain(|(_, lines)| !lines.is_empty());
    }
    text
}

fn dialect(text: &str) -> Dialect {
    let lines: Vec<&str> = text.lines().take(250).collect();
    Formats::default().dialect(&lines, TimeRules::new(Zone::UTC, 0)).unwrap()
}

fn of(service: &str, found: &[(String, String)]) -> Vec<String> {
    found.iter().filter(|(name, _)| name == service).map(|(_, message)| message.clone()).collect()
}

#[test]
fn each_stream_has_its_own_records_however_lines_are_mixed() {
    for seed in 0..200 {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let names = ["web", "jobs", "mail", "search"];
        let containers: Vec<(String, Vec<String>)> = names[..random.random_range(1..=4)]
            .iter()
            .map(|name| ((*name).to_owned(), container(name, &mut random)))
            .collect();
        let text = mixed(&containers, &mut random);
        let mut found = Messages::default();
        read_block(&dialect(&text), text.as_bytes(), &mut found);
        for (name, lines) in &containers {
            assert_eq!(of(name, &found.0), alone(lines), "seed {seed}, {name}\n{text}");
        }
    }
}

#[test]
fn a_cut_takes_no_record_apart() {
    for seed in 0..200 {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let containers: Vec<(String, Vec<String>)> = ["web", "jobs"]
            .iter()
            .map(|name| ((*name).to_owned(), container(name, &mut random)))
            .collect();
        let text = mixed(&containers, &mut random);
        let dialect = dialect(&text);
        // What was read ends anywhere, also within a line.
        let mut found = Messages::default();
        let (mut start, mut end) = (0, 0);
        while start < text.len() {
            end = (end + random.random_range(200..1500)).min(text.len());
            let cut = match end == text.len() {
                true => Some(text.len() - start),
                false => streams::last_cut(&dialect, &text.as_bytes()[start..end], 2_000),
            };
            if let Some(cut) = cut {
                read_block(&dialect, &text.as_bytes()[start..start + cut], &mut found);
                start += cut;
            }
        }
        for (name, lines) in &containers {
            assert_eq!(of(name, &found.0), alone(lines), "seed {seed}, {name}\n{text}");
        }
    }
}
