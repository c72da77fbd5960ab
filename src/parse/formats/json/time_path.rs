//! The member that is the time of a source's objects where no name says which, or only names that
//! speak of a time without saying of what: found by what its values are in the first lines.
//!
//! A member is one, at the top or in objects up to [`DEPTH_MAX`] deep, if it is a time in every
//! object, and if the times go in one direction as those of a log do. A business date (when a
//! user signed up, when an order is due) is none: it goes up and down from line to line, or its
//! name says what it is. Numbers could be anything else, so that they must also lie close together
//! and differ, by more than one from each to the next. Such a time stays a field: no name says that it is the record's.

use super::super::names::{self, Role};
use super::value::Value;
use super::values::time_of;
use crate::parse::{TimeRules, Zone};
use crate::record::Micros;

/// Keys of the longest path: an object in three others.
const DEPTH_MAX: usize = 4;
/// One object agrees with itself whatever its members are.
const OBJECTS_MIN: usize = 2;
/// So many of one value are a constant rather than lines of one moment.
const EQUAL_MAX: usize = 2;
/// Of the steps from one object to the next, as many go in one direction: several threads write
/// a little out of order.
const ORDERED_SHARE: f64 = 0.75;
/// How far numbers may lie apart, in microseconds: 366 days.
const NUMBERS_WITHIN: Micros = 366 * 86_400 * 1_000_000;
/// 1990 and 2100, in microseconds: no log is of another time.
const PLAUSIBLE: std::ops::Range<Micros> = 631_152_000_000_000..4_102_444_800_000_000;

/// The keys of the objects around a member and its own, as they stand between quotes.
#[derive(Debug, PartialEq, Eq)]
pub struct TimePath {
    keys: Vec<String>,
}

/// An object of the first lines.
pub struct Sample<'s> {
    pub object: &'s str,
    /// The time that its names tell; 0 for none.
    pub by_name: Micros,
}

impl TimePath {
    /// The time of these objects, none of which names one clearly. `None`: the names tell, or none
    /// is one.
    pub fn of(samples: &[Sample<'_>]) -> Option<TimePath> {
        let first = samples.first().filter(|_| samples.len() >= OBJECTS_MIN)?;
        let mut paths = Vec::new();
        collect(value_of(first.object), &mut Vec::new(), &mut paths);
        let times = |path: TimePath| {
            let times = path.times(samples).filter(|times| path.are_of_log(times, samples))?;
            Some((path, times))
        };
        // Of the same rank, the first.
        let (path, times) =
            paths.into_iter().filter_map(times).min_by_key(|(path, _)| path.rank())?;
        let is_by_name = samples.iter().zip(times).all(|(sample, time)| sample.by_name == time);
        (!is_by_name).then_some(path)
    }

    /// The value in an object of which a member is given, if the path goes through that.
    #[inline]
    pub fn value<'a>(&self, key: Value<'a>, member: Value<'a>) -> Option<Value<'a>> {
        let (first, rest) = self.keys.split_first()?;
        if key.raw_string() != Some(first) {
            return None;
        }
        member_at(member, rest).filter(|value| !value.is_object())
    }

    /// The times of the objects, if each has one.
    fn times(&self, samples: &[Sample<'_>]) -> Option<Vec<Micros>> {
        let rules = rules();
        let time = |sample: &Sample<'_>| {
            let value = member_at(value_of(sample.object), &self.keys)?;
            time_of(value, &rules).filter(|at| PLAUSIBLE.contains(at))
        };
        samples.iter().map(time).collect()
    }

    /// Whether times go as those of a log do.
    fn are_of_log(&self, times: &[Micros], samples: &[Sample<'_>]) -> bool {
        let steps = || times.windows(2).map(|pair| pair[1] - pair[0]);
        let forward = steps().filter(|&step| step >= 0).count();
        let backward = steps().filter(|&step| step <= 0).count();
        let is_ordered = forward.max(backward) as f64 >= ORDERED_SHARE * (times.len() - 1) as f64;
        let is_constant = steps().all(|step| step == 0);
        let bounds = times.iter().min().zip(times.iter().max());
        let is_close = bounds.is_some_and(|(first, last)| last - first <= NUMBERS_WITHIN);
        match samples.iter().any(|sample| self.is_number(sample.object)) {
            true => {
                let counts = self.counts(samples);
                is_ordered && is_close && !is_constant && !counts && !self.names_identity()
            }
            false => is_ordered && !(is_constant && times.len() > EQUAL_MAX),
        }
    }

    fn is_number(&self, object: &str) -> bool {
        member_at(value_of(object), &self.keys).is_some_and(|value| {
            let text = value.raw_string().unwrap_or(value.text);
            text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        })
    }

    /// Whether the numbers count the objects.
    fn counts(&self, samples: &[Sample<'_>]) -> bool {
        let number = |sample: &Sample<'_>| {
            let value = member_at(value_of(sample.object), &self.keys)?;
            value.raw_string().unwrap_or(value.text).parse::<i64>().ok()
        };
        let numbers: Vec<Option<i64>> = samples.iter().map(number).collect();
        let is_next = |pair: &[Option<i64>]| match pair {
            [Some(one), Some(other)] => one.abs_diff(*other) == 1,
            _ => false,
        };
        numbers.len() > EQUAL_MAX && numbers.windows(2).all(is_next)
    }

    /// Numbers that are given one after the other are often identities.
    fn names_identity(&self) -> bool {
        self.keys.last().is_some_and(|key| key.to_ascii_lowercase().ends_with("id"))
    }

    /// Lower is better: what is less deep, and what has a better name.
    fn rank(&self) -> (usize, u8) {
        let name = self.keys.last().and_then(|key| names::role_of(key));
        let rank = match name {
            Some((Role::Time | Role::Date, rank)) => rank,
            _ => u8::MAX,
        };
        (self.keys.len(), rank)
    }
}

/// The paths of all values in an object that are times, but those whose names say of what else.
fn collect<'a>(object: Value<'a>, around: &mut Vec<&'a str>, paths: &mut Vec<TimePath>) {
    for (key, value) in object.members() {
        let Some(name) = key.raw_string().filter(|name| !names::is_other_time(name)) else {
            continue;
        };
        around.push(name);
        if !value.is_object() && time_of(value, &rules()).is_some() {
            let keys = around.iter().map(|&key| key.to_owned()).collect();
            paths.push(TimePath { keys });
        } else if value.is_object() && around.len() < DEPTH_MAX {
            collect(value, around, paths);
        }
        around.pop();
    }
}

fn member_at<'a>(object: Value<'a>, keys: &[String]) -> Option<Value<'a>> {
    keys.iter().try_fold(object, |object, key| object.member(key))
}

fn value_of(text: &str) -> Value<'_> {
    Value { text, escaped: true, odd: true }
}

/// How far a zone moves a time does not matter here.
fn rules() -> TimeRules {
    TimeRules::new(Zone::UTC, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(objects: &[&str]) -> String {
        let samples: Vec<Sample<'_>> =
            objects.iter().map(|&object| Sample { object, by_name: 0 }).collect();
        TimePath::of(&samples).map_or("-".to_owned(), |path| path.keys.join("."))
    }

    #[test]
    fn the_time_is_found_by_its_values() {
        const TWO: [&str; 2] = ["2026-01-05T10:11:12Z", "2026-01-05T10:11:13Z"];
        let each = |template: &str| -> String {
            let objects = TWO.map(|time| template.replace('$', time));
            path(&[&objects[0], &objects[1]])
        };
        for (template, expected) in [
            (r#"{"fired":"$","n":1}"#, "fired"),
            (r#"{"a":{"b":{"c":{"d":"$"}}}}"#, "a.b.c.d"),
            (r#"{"a":{"b":{"c":{"d":{"e":"$"}}}}}"#, "-"),
            (r#"{"meta":{"x":"$"},"fired":"$"}"#, "fired"),
            (r#"{"fired":"$","logged":"$"}"#, "fired"),
            (r#"{"a":{"x":"$","timestamp":"$"}}"#, "a.timestamp"),
            (r#"{"expires":"$"}"#, "-"),
            (r#"{"last_login":{"at":"$"}}"#, "-"),
            (r#"{"text":"since $"}"#, "-"),
        ] {
            assert_eq!(each(template), expected, "{template}");
        }
    }

    #[test]
    fn all_lines_must_agree() {
        for (objects, expected) in [
            (&[r#"{"x":1767607872123}"#, r#"{"x":1767607872124}"#][..], "x"),
            (&[r#"{"x":"1767607872.1"}"#, r#"{"x":"1767607873.2"}"#], "x"),
            (&[r#"{"x":1767607872123}"#], "-"),
            (&[r#"{"x":1767607872123}"#, r#"{"y":1}"#], "-"),
            (&[r#"{"x":1767607872123}"#, r#"{"x":17}"#], "-"),
            // A constant, numbers of any size, numbers of things.
            (&[r#"{"x":1767607872123}"#, r#"{"x":1767607872123}"#], "-"),
            (&[r#"{"x":1123456789}"#, r#"{"x":1923456789}"#], "-"),
            (&[r#"{"orderId":1767607872}"#, r#"{"orderId":1767607873}"#], "-"),
            (&[r#"{"x":1767607872}"#, r#"{"x":1767607873}"#, r#"{"x":1767607874}"#], "-"),
            (&[r#"{"x":1767607872}"#, r#"{"x":1767607873}"#, r#"{"x":1767607875}"#], "x"),
            (&[r#"{"phone":5551234567}"#, r#"{"phone":5551234568}"#], "-"),
            // Dates that go up and down from line to line.
            (
                &[
                    r#"{"signup":"2020-03-01T00:00:00Z"}"#,
                    r#"{"signup":"2019-03-01T00:00:00Z"}"#,
                    r#"{"signup":"2024-03-01T00:00:00Z"}"#,
                    r#"{"signup":"2021-03-01T00:00:00Z"}"#,
                    r#"{"signup":"2023-03-01T00:00:00Z"}"#,
                ],
                "-",
            ),
        ] {
            assert_eq!(path(objects), expected, "{objects:?}");
        }
    }
}
