//! Dates of numbers, in every order, spelling and clock that programs print: what is stored is the
//! time that was meant, or the source says that it may not be.

use chrono::{DateTime, Datelike, Timelike, Utc};
use pintail::parse::formats::Formats;
use pintail::parse::time::order::DateOrder;
use pintail::parse::{Sink, TimeRules, Zone, read_block};
use pintail::record::{Micros, Record};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const SECOND: Micros = 1_000_000;
const DAY: Micros = 86_400 * SECOND;
/// 2026-12-01 00:00.
const NOW: Micros = 1_796_083_200 * SECOND;

/// How a program prints its times.
#[derive(Debug)]
struct Style {
    order: DateOrder,
    separator: char,
    is_padded: bool,
    has_century: bool,
    /// What stands before AM and PM, and how these are written; `None`: 24 hours.
    halves: Option<(&'static str, [&'static str; 2])>,
    millis: Option<char>,
    brackets: [&'static str; 2],
    between: &'static str,
}

impl Style {
    fn any(random: &mut Xoshiro256PlusPlus) -> Style {
        let halves = [
            None,
            None,
            Some((" ", ["AM", "PM"])),
            Some(("", ["am", "pm"])),
            Some((" ", ["a.m.", "p.m."])),
            Some(("\u{202f}", ["AM", "PM"])),
            Some(("\u{a0}", ["a.m.", "p.m."])),
        ];
        Style {
            order: *DateOrder::ALL.choose(random).unwrap(),
            separator: *['/', '.', '-'].choose(random).unwrap(),
            is_padded: random.random(),
            has_century: random.random(),
            halves: *halves.choose(random).unwrap(),
            millis: *[None, Some('.'), Some(',')].choose(random).unwrap(),
            brackets: *[["", ""], ["[", "]"]].choose(random).unwrap(),
            between: [" ", ", "].choose(random).unwrap(),
        }
    }

    /// The time as it is printed: to the millisecond or the second.
    fn print(&self, ts: Micros) -> String {
        let time: DateTime<Utc> = DateTime::from_timestamp_micros(ts).unwrap();
        let number = |value: u32| match self.is_padded {
            true => format!("{value:02}"),
            false => value.to_string(),
        };
        let year = match self.has_century {
            true => time.year().to_string(),
            false => format!("{:02}", time.year() % 100),
        };
        let (day, month) = (number(time.day()), number(time.month()));
        let parts = match self.order {
            DateOrder::MonthDayYear => [month, day, year],
            DateOrder::DayMonthYear => [day, month, year],
            DateOrder::YearMonthDay => [year, month, day],
        };
        let date = parts.join(&self.separator.to_string());
        let (is_afternoon, hour) = time.hour12();
        let hour = if self.halves.is_some() { number(hour) } else { format!("{:02}", time.hour()) };
        let mut clock = format!("{hour}:{:02}:{:02}", time.minute(), time.second());
        if let Some(mark) = self.millis {
            clock.push_str(&format!("{mark}{:03}", time.timestamp_subsec_millis()));
        }
        if let Some((blank, halves)) = self.halves {
            clock.push_str(blank);
            clock.push_str(halves[usize::from(is_afternoon)]);
        }
        let [open, close] = self.brackets;
        format!("{open}{date}{}{clock}{close}", self.between)
    }
}

#[derive(Default)]
struct Found(Vec<(Micros, String)>);

impl Sink for Found {
    fn record(&mut self, record: &Record<'_>, _end: usize) {
        self.0.push((record.ts, record.message.clone().into_owned()));
    }

    fn extend(&mut self, line: &str, _end: usize) {
        self.0.last_mut().unwrap().1.push_str(line);
    }

    fn reject(&mut self, reason: &'static str, line: &str, _start: usize, _end: usize) {
        self.0.push((Micros::MIN, format!("{reason}: {line}")));
    }
}

/// Times of a log that ends within the last three years: busy or quiet.
fn times(random: &mut Xoshiro256PlusPlus, precision: Micros) -> Vec<Micros> {
    let step = [2 * SECOND, 300 * SECOND, 3_600 * SECOND, DAY / 2].choose(random).copied().unwrap();
    let count = random.random_range(1..200);
    let mut ts = NOW - random.random_range(0..1_000) * DAY - random.random_range(0..DAY);
    let mut times = Vec::new();
    for _ in 0..count {
        times.push(ts.div_euclid(precision) * precision);
        ts -= random.random_range(0..=2 * step);
    }
    times.reverse();
    times
}

#[test]
fn dates_of_numbers_are_what_was_meant_or_in_doubt() {
    let mut certain = 0;
    for seed in 0..600 {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let style = Style::any(&mut random);
        let precision = if style.millis.is_some() { 1_000 } else { SECOND };
        let times = times(&mut random, precision);
        let words = ["INFO shop: item", "ERROR shop: no item", "item"];
        let lines: Vec<(Micros, String)> = times
            .iter()
            .zip(0..)
            .map(|(ts, number)| {
                (*ts, format!("{} {} {number}", style.print(*ts), words[number % words.len()]))
            })
            .collect();
        let text: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
        let written = times.last().unwrap() + random.random_range(0..DAY);
        let rules = TimeRules::new(Zone::UTC, written);
        let sample: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).take(250).collect();

        let read = |rules: TimeRules| {
            let dialect = Formats::default().dialect(&sample, rules).unwrap();
            let mut found = Found::default();
            read_block(&dialect, text.as_bytes(), &mut found);
            (dialect.doubt(), found.0)
        };
        let check = |found: &[(Micros, String)]| {
            let shown = |ts| DateTime::from_timestamp_micros(ts).map(|time| time.to_rfc3339());
            for ((ts, line), (read, _)) in lines.iter().zip(found) {
                assert_eq!(shown(*read), shown(*ts), "seed {seed}, {line}, {style:?}\n{text}");
            }
            assert_eq!(found.len(), lines.len(), "seed {seed}, {style:?}\n{text}\n{found:?}");
        };
        let (doubt, found) = read(rules);
        if doubt.is_none() {
            check(&found);
            certain += 1;
        }
        let (doubt, found) = read(TimeRules { order: Some(style.order), ..rules });
        assert_eq!(doubt, None, "an order that was given is certain");
        check(&found);
    }
    // Most logs tell.
    assert!(certain > 400, "{certain} of 600 are certain");
}
