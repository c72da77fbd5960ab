//! Sources in which the lines of several streams are mixed: containers in what Docker Compose
//! prints, standard output and standard error of one container.
//!
//! A line goes on with the record before it *in its stream*. [`in_order`] puts the lines of a block
//! so that those of one record stand together, in the order in which the records begin;
//! [`last_cut`] finds where a block may end without cutting a record of any stream in two.

use std::collections::HashMap;

use super::dialect::{Dialect, Reading};
use super::lines::{LINE_BYTES_MAX, clean};
use crate::record::Record;

/// Lines at the end of what was read in which a stream must have been seen for its last record
/// to count as one that may still go on: a stack trace is written in one go.
const RECENT_LINES: usize = 16;

/// A block whose lines are in another order than in its source.
pub struct Reordered {
    pub bytes: Vec<u8>,
    /// Where each line begins: in `bytes`, and in the source's block. In the order of `bytes`.
    origins: Vec<(usize, usize)>,
}

impl Reordered {
    /// Where a byte of `bytes` lies in the source's block.
    pub fn origin(&self, at: usize) -> usize {
        let line = self.origins.partition_point(|(here, _)| *here <= at).saturating_sub(1);
        self.origins.get(line).map_or(at, |(here, there)| there + (at - here))
    }
}

/// A line and the group of lines, a record, that it belongs to.
struct Line {
    start: usize,
    end: usize,
    group: usize,
    stream: u64,
}

/// The block with the lines of each record together; `None` if they are together already.
pub fn in_order(dialect: &Dialect, block: &[u8]) -> Option<Reordered> {
    if !has_several(dialect, block) {
        return None;
    }
    let lines = grouped(dialect, block, 0);
    if lines.windows(2).all(|pair| pair[0].group <= pair[1].group) {
        return None;
    }
    let mut order: Vec<&Line> = lines.iter().collect();
    // Stable: the lines of a record stay in their order.
    order.sort_by_key(|line| line.group);
    let mut bytes = Vec::with_capacity(block.len() + 1);
    let mut origins = Vec::with_capacity(lines.len());
    for line in order {
        origins.push((bytes.len(), line.start));
        bytes.extend_from_slice(&block[line.start..line.end]);
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
    }
    Some(Reordered { bytes, origins })
}

/// Whether the lines of a block are of more than one stream.
fn has_several(dialect: &Dialect, block: &[u8]) -> bool {
    let mut lines = block.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let stream = |line: &[u8]| dialect.stream_of(&clean(line).0);
    let Some(first) = lines.next().map(stream) else { return false };
    lines.any(|line| stream(line) != first)
}

/// The lines of `block` from `from` on, each with the group it belongs to: groups are numbered in
/// the order in which they begin.
fn grouped(dialect: &Dialect, block: &[u8], from: usize) -> Vec<Line> {
    struct Open {
        group: usize,
        goes_on: bool,
    }
    let mut open: HashMap<u64, Open> = HashMap::new();
    let (mut lines, mut start, mut groups) = (Vec::new(), from, 0);
    while start < block.len() {
        let end = memchr::memchr(b'\n', &block[start..]).map_or(block.len(), |at| start + at + 1);
        let line = clean(&block[start..end]).0;
        let stream = dialect.stream_of(&line);
        let reading = match line.len() <= LINE_BYTES_MAX {
            true => dialect.read(&line, &mut Record::default()),
            false => Reading::Reject(""),
        };
        let before = open.get(&stream);
        let joins = before.is_some_and(|before| {
            before.goes_on || matches!(reading, Reading::Continuation { .. })
        });
        let group = match before {
            Some(before) if joins => before.group,
            _ => {
                groups += 1;
                groups - 1
            }
        };
        open.insert(stream, Open { group, goes_on: reading == Reading::Incomplete });
        lines.push(Line { start, end, group, stream });
        start = end;
    }
    lines
}

/// Where the last of these lines stands before which a block may end: it begins a record, no record
/// has lines on both sides, and what may still go on stands behind it. The very beginning does
/// not count. Looks at the last `lines_max` lines.
pub fn last_cut(dialect: &Dialect, bytes: &[u8], lines_max: usize) -> Option<usize> {
    let whole = &bytes[..memchr::memrchr(b'\n', bytes)? + 1];
    let from = memchr::memrchr_iter(b'\n', &whole[..whole.len() - 1])
        .nth(lines_max)
        .map_or(0, |newline| newline + 1);
    let lines = grouped(dialect, whole, from);
    // Where the group of each line begins, and the first group that may go on.
    let mut begins: HashMap<usize, usize> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        begins.entry(line.group).or_insert(at);
    }
    let mut last_of_stream: HashMap<u64, usize> = HashMap::new();
    for line in lines.iter().rev().take(RECENT_LINES) {
        last_of_stream.entry(line.stream).or_insert(line.group);
    }
    let open = last_of_stream.values().filter_map(|group| begins.get(group)).min()?;
    let cut = |limit: usize| {
        // From the end: the lowest beginning of the groups that have lines behind.
        let mut lowest = lines.len();
        let mut found = None;
        for (at, line) in lines.iter().enumerate().rev() {
            lowest = lowest.min(begins.get(&line.group).copied().unwrap_or(at));
            let is_cut = lowest >= at && at <= limit && line.start > 0;
            if is_cut && dialect.starts(&clean(&whole[line.start..line.end]).0) {
                found = Some(line.start);
                break;
            }
        }
        found
    };
    cut(*open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::formats::Formats;
    use crate::parse::{TimeRules, Zone};

    const COMPOSE: &str = "web-1  | 2026-01-05 10:11:12,122 INFO [main] shop.Cart: 7 items\n\
        jobs-1 | 2026-01-05 10:11:12,500 ERROR [main] jobs.Nightly: no\n\
        web-1  | 2026-01-05 10:11:13,000 ERROR [main] shop.Cart: no\n\
        jobs-1 | \tat jobs.Nightly\n\
        web-1  | \tat shop.Cart\n\
        web-1  | 2026-01-05 10:11:14,000 INFO [main] shop.Cart: yes\n\
        jobs-1 | \tat jobs.Main\n";

    fn dialect(text: &str) -> Dialect {
        let lines: Vec<&str> = text.lines().collect();
        Formats::default().dialect(&lines, TimeRules::new(Zone::UTC, 0)).unwrap()
    }

    #[test]
    fn lines_of_a_record_are_put_together() {
        let reordered = in_order(&dialect(COMPOSE), COMPOSE.as_bytes()).unwrap();
        let text = String::from_utf8(reordered.bytes.clone()).unwrap();
        let ends: Vec<&str> = text.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
        let tab = |text: &str| format!("| \t{text}");
        assert_eq!(
            ends.join(" "),
            format!("items no {} {} no {} yes", "jobs.Nightly", "jobs.Main", "shop.Cart"),
            "{} {text}",
            tab("")
        );
        // Each byte is known to its place.
        for at in 0..COMPOSE.len() {
            assert_eq!(reordered.bytes[at], COMPOSE.as_bytes()[reordered.origin(at)]);
        }
        let simple: String = COMPOSE.lines().take(1).map(|line| format!("{line}\n")).collect();
        assert!(in_order(&dialect(COMPOSE), simple.as_bytes()).is_none());
    }

    #[test]
    fn a_block_is_cut_where_no_record_is() {
        let dialect = dialect(COMPOSE);
        // The record of jobs-1 goes from the second line to the last.
        let second = COMPOSE.find("jobs-1").unwrap();
        assert_eq!(last_cut(&dialect, COMPOSE.as_bytes(), 100), Some(second));
        // Before that record there is nothing else to cut at.
        let rest = &COMPOSE[second..];
        assert_eq!(last_cut(&dialect, rest.as_bytes(), 100), None);
    }
}
