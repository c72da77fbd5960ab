//! The dialect of a source: which formats its lines are tried against, in which
//! order, and how sure the first lines make that.
//!
//! Detection needs no configuration. Every [kind](super::formats::KINDS) reads the
//! first lines; its *score* is the share of them it reads, of those that any format
//! reads (lines of a stack trace count for nobody). The most specific format within
//! [`SPECIFIC_SHARE`] of the best becomes the source's main format. A source may
//! contain several: a line the main format cannot read is offered to the others,
//! those seen in the first lines first.
//!
//! The order is fixed once per source, so that a line means the same whoever reads it.

use std::borrow::Cow;
use std::sync::Arc;

use super::blocks::Block;
use super::formats::{KINDS, plain};
use super::time::{self, Stray, order};
use super::{Format, Mismatch, TimeRules, Zone};
use crate::record::Record;

/// Lines that detection looks at; lnav looks at as many.
pub const SAMPLE_LINES_MAX: usize = 250;

/// A more specific format wins if it reads this share of what the best one reads.
const SPECIFIC_SHARE: f64 = 0.9;

/// A fallback, which reads whatever has a timestamp, is the main format only where no
/// other reads this share of what it reads: beside a main format it still reads the rest.
const FALLBACK_SHARE: f64 = 0.5;

/// Lines that one record in the sample may span ([`Mismatch::Incomplete`]).
const SAMPLE_RECORD_LINES_MAX: usize = 64;

/// What a line is in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Record {
        /// Whether foreign lines after it belong to it.
        takes_continuations: bool,
    },
    /// It belongs to the record before.
    Continuation {
        /// Its format says so, and what continues the record is inside of it; otherwise no
        /// format reads it.
        in_envelope: bool,
    },
    /// It holds several records.
    Several,
    /// The line is the beginning of a longer one.
    Incomplete,
    /// The line begins a block: [`Dialect::block`] finds its lines, [`Dialect::read_block`]
    /// reads them.
    Block,
    Skip,
    Reject(&'static str),
}

/// A format's share of the first lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub format: String,
    /// 0 to 1.
    pub share: f64,
}

pub struct Dialect {
    /// The main one first, then those seen in the first lines, then all others.
    formats: Vec<Arc<dyn Format>>,
    /// How many of them were seen.
    seen: usize,
    scores: Vec<Score>,
    rules: TimeRules,
    /// How the lines' dates of numbers are read, if that was decided here.
    dates: Option<order::Decision>,
}

impl Dialect {
    /// Fits the formats to a source that begins with `sample`. The user's own come first.
    pub fn detect(sample: &[&str], custom: &[Arc<dyn Format>], rules: TimeRules) -> Dialect {
        let dates = rules.order.is_none().then(|| order::decide(sample, rules.reference)).flatten();
        let rules = TimeRules { order: rules.order.or(dates.map(|dates| dates.order)), ..rules };
        let dated = KINDS.iter().filter(|kind| kind.name != plain::KIND.name);
        let built_in = dated.filter_map(|kind| (kind.recognise)(sample));
        let formats: Vec<Arc<dyn Format>> = custom.iter().cloned().chain(built_in).collect();
        let TimeRules { absent, undated, .. } = rules;
        // Where any line has a time, one without is not given another.
        let mut rules =
            TimeRules { absent: absent.filter(|_| undated.is_none()), undated: None, ..rules };
        let mut candidates = Candidate::all(&formats, sample, &rules);
        if rules.undated != undated && Candidate::readable(&candidates, sample) == 0 {
            rules = TimeRules { absent, undated, ..rules };
            candidates = Candidate::all(&formats, sample, &rules);
        }
        let readable = Candidate::readable(&candidates, sample);
        if readable == 0
            && let Some(header) = candidates.iter().position(|candidate| candidate.skips(sample))
        {
            let header = candidates.remove(header).format;
            return Dialect::unread(Some(header), sample, candidates, rules);
        }
        if readable == 0 && rules.undated.is_some() {
            return Dialect::unread((plain::KIND.recognise)(sample), sample, candidates, rules);
        }
        if let Some(main) = main_candidate(&candidates) {
            let main = candidates.remove(main);
            candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.reads_besides(&main)));
            candidates.insert(0, main);
        }
        // A format that reads nothing but what the main one reads was not seen: it is
        // only less specific.
        let scores: Vec<Score> = candidates
            .iter()
            .enumerate()
            .filter(|(at, candidate)| match at {
                0 => candidate.count() > 0,
                _ => candidate.reads_besides(&candidates[0]) > 0,
            })
            .map(|(_, candidate)| Score {
                format: candidate.format.name().to_owned(),
                share: candidate.count() as f64 / readable as f64,
            })
            .collect();
        let seen = scores.len();
        let formats = candidates.into_iter().map(|candidate| candidate.format).collect();
        Dialect { formats, seen, scores, rules, dates }
    }

    /// Reads a source whose first lines no format reads as `main`, a source without times or one
    /// with only a header; a line that is another format's all the same is read by that.
    fn unread(
        main: Option<Arc<dyn Format>>,
        sample: &[&str],
        others: Vec<Candidate>,
        rules: TimeRules,
    ) -> Dialect {
        let has_text = sample.iter().any(|line| !line.trim().is_empty());
        let score =
            |format: &Arc<dyn Format>| Score { format: format.name().to_owned(), share: 1.0 };
        let scores: Vec<Score> = main.iter().filter(|_| has_text).map(score).collect();
        let others = others.into_iter().map(|candidate| candidate.format);
        let formats: Vec<Arc<dyn Format>> = main.into_iter().chain(others).collect();
        Dialect { formats, seen: scores.len(), scores, rules, dates: None }
    }

    /// Reads every line as `format` and nothing else.
    pub fn forced(format: Arc<dyn Format>, rules: TimeRules) -> Dialect {
        let scores = vec![Score { format: format.name().to_owned(), share: 1.0 }];
        Dialect { formats: vec![format], seen: 1, scores, rules, dates: None }
    }

    /// The main format; `None` if no line of the sample was readable.
    pub fn main(&self) -> Option<&Score> {
        self.scores.first()
    }

    /// The formats of the first lines, the main one first.
    pub fn scores(&self) -> &[Score] {
        &self.scores
    }

    pub fn rules(&self) -> &TimeRules {
        &self.rules
    }

    /// The order of day, month and year that the lines told, and whether they told it for sure.
    pub fn dates(&self) -> Option<order::Decision> {
        self.dates
    }

    /// What is uncertain in how the source is read, and what makes it certain: a sentence.
    pub fn doubt(&self) -> Option<String> {
        let dates = self.dates.filter(|dates| !dates.is_certain)?;
        Some(format!(
            "dates are read as {}, and another order of day, month and year would fit as well: \
             --date-order says which is right",
            dates.order.title()
        ))
    }

    /// Reads one cleaned line. `record` arrives empty and is filled if the answer is
    /// [`Reading::Record`].
    #[inline]
    pub fn read<'a>(&self, line: &'a str, record: &mut Record<'a>) -> Reading {
        self.read_by(line, &self.rules, record)
    }

    /// As [`Dialect::read`], with other rules of time: those of the source that the
    /// lines of this one are wrapped in.
    #[inline]
    pub fn read_by<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Reading {
        let Some(main) = self.formats.first() else {
            return Reading::Continuation { in_envelope: false };
        };
        match main.parse(line, rules, record) {
            Ok(()) => record_of(main.as_ref()),
            Err(mismatch) => self.read_otherwise(mismatch, line, rules, record),
        }
    }

    /// A line that the main format cannot read.
    fn read_otherwise<'a>(
        &self,
        mismatch: Mismatch,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Reading {
        match mismatch {
            Mismatch::Skip => return Reading::Skip,
            Mismatch::Incomplete => return Reading::Incomplete,
            Mismatch::Continues => return Reading::Continuation { in_envelope: true },
            Mismatch::Several => return Reading::Several,
            Mismatch::Head => return Reading::Block,
            Mismatch::Foreign | Mismatch::Broken(_) => {}
        }
        // Lines joined to one are what only the main format asked for.
        if memchr::memchr(b'\n', line.as_bytes()).is_some() {
            return Reading::Continuation { in_envelope: false };
        }
        // What the main format calls its own, only formats that were seen may read: others
        // would read a damaged line by half.
        let (mut reason, others) = match mismatch {
            Mismatch::Broken(reason) => (Some(reason), self.seen.max(1)),
            _ => (None, self.formats.len()),
        };
        let is_indented = line.starts_with([' ', '\t']);
        for (at, format) in self.formats.iter().enumerate().take(others).skip(1) {
            if is_indented && at >= self.seen && !format.reads_indented() {
                continue;
            }
            // A fallback takes no broken line: it would make a record of half its meaning.
            if reason.is_some() && format.is_fallback() {
                continue;
            }
            *record = std::mem::take(record).recycle();
            match format.parse(line, rules, record) {
                Ok(()) => return record_of(format.as_ref()),
                // A format that was not seen has no say in what is damaged.
                Err(Mismatch::Broken(other)) if at < self.seen => {
                    reason = reason.or(Some(other));
                }
                // Only the main format may join or skip lines: here it would be a guess.
                Err(_) => {}
            }
        }
        match reason {
            Some(reason) => Reading::Reject(reason),
            None if has_shape_of_stamp(line) => Reading::Reject(REASON_SHAPE),
            None => Reading::Continuation { in_envelope: false },
        }
    }

    /// Reads a line that continues a record which is not there.
    pub fn read_alone<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> bool {
        self.formats.first().is_some_and(|main| main.parse_alone(line, rules, record).is_ok())
    }

    /// What continues a record in a line that is in an envelope.
    pub fn inside<'a>(&self, line: &'a str) -> Cow<'a, str> {
        self.formats.first().map_or(Cow::Borrowed(line), |main| main.inside(line))
    }

    /// The texts of the records in a line that holds several.
    pub fn elements<'a>(&self, line: &'a str) -> Vec<Cow<'a, str>> {
        self.formats.first().map_or_else(Vec::new, |main| main.elements(line))
    }

    /// Whether the lines of several streams are mixed in this source.
    pub fn has_streams(&self) -> bool {
        self.formats.first().is_some_and(|main| main.has_streams())
    }

    /// The stream of a line, by a number.
    pub fn stream_of(&self, line: &str) -> u64 {
        let stream = self.formats.first().and_then(|main| main.stream(line));
        stream.map_or(0, |stream| xxhash_rust::xxh3::xxh3_64(stream.as_bytes()))
    }

    /// The block of the main format that cleaned lines begin with.
    pub fn block<'l>(&self, lines: impl Iterator<Item = Cow<'l, str>>) -> Block {
        let main = self.formats.first().map(|main| main.as_ref());
        Block::gather(lines, |block, line| {
            main.is_some_and(|main| main.continues(block, line, &self.rules))
        })
    }

    /// Reads a whole block into an empty `record`.
    pub fn read_block<'a>(&self, block: &'a str, record: &mut Record<'a>) -> Reading {
        let Some(main) = self.formats.first() else {
            return Reading::Continuation { in_envelope: false };
        };
        match main.parse_block(block, &self.rules, record) {
            Ok(()) => record_of(main.as_ref()),
            Err(Mismatch::Broken(reason)) => Reading::Reject(reason),
            Err(_) => Reading::Skip,
        }
    }

    /// Whether this cleaned line begins a record without a time among those that have one.
    pub fn begins_undated(&self, line: &str) -> bool {
        self.rules.stray != Stray::Continues && plain::begins(line)
    }

    /// Whether this cleaned line begins a record, so that a block may be cut before it.
    pub fn starts(&self, line: &str) -> bool {
        let judges = match self.formats.first() {
            Some(main) if self.seen > 0 && main.joins_lines() => 1,
            _ => self.formats.len(),
        };
        self.formats[..judges].iter().any(|format| format.starts(line, &self.rules))
    }
}

#[inline]
fn record_of(format: &dyn Format) -> Reading {
    Reading::Record { takes_continuations: format.takes_continuations() }
}

/// Why a line that begins like a record is none.
const REASON_SHAPE: &str = "looks like a record, but no format reads it";

/// Whether a line that no format reads begins like a record all the same, with a date and time
/// in a spelling that is known or with one that does not exist (`2026-02-30 00:00:00`,
/// `[31/31/26, 8:35:38 CET]`). Such a line continues nothing.
fn has_shape_of_stamp(line: &str) -> bool {
    let line = line.strip_prefix(['[', '(', '<']).unwrap_or(line);
    let bytes = line.as_bytes();
    if bytes.first().is_some_and(u8::is_ascii_uppercase) {
        return has_shape_of_month(line);
    }
    let Some(b'0'..=b'9') = bytes.first() else { return false };
    let number = |at: usize| {
        bytes
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take(5)
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let first = number(0);
    let Some(separator @ (b'-' | b'/' | b'.')) = bytes.get(first) else { return false };
    let second = number(first + 1);
    let third_at = first + second + 2;
    let third = number(third_at);
    let has_lengths = matches!((first, second, third), (4, 1..=2, 1..=2) | (1..=2, 1..=2, 2 | 4));
    if !has_lengths || bytes.get(first + 1 + second) != Some(separator) {
        return false;
    }
    // The time of day.
    let rest = line[third_at + third..].trim_start_matches([' ', ',', 'T', '\t', '_']);
    let rest_bytes = rest.as_bytes();
    let hour = rest_bytes.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    rest.len() < line.len() - third_at - third
        && (1..=2).contains(&hour)
        && rest_bytes.get(hour) == Some(&b':')
        && rest_bytes.get(hour + 1).is_some_and(u8::is_ascii_digit)
}

/// Whether a line begins as syslog's do, with a day or time that does not exist: `Jan 32 10:11:12`.
fn has_shape_of_month(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let (Some(month), Some(day), Some(time)) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    let is_month = month.len() == 3 && time::is_month(month);
    let is_day = day.len() <= 2 && day.bytes().all(|b| b.is_ascii_digit());
    let shape = |(at, byte): (usize, u8)| match at {
        2 | 5 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    is_month && is_day && time.len() >= 8 && time.bytes().take(8).enumerate().all(shape)
}

/// A format and the lines of the sample that it reads.
struct Candidate {
    format: Arc<dyn Format>,
    reads: Vec<bool>,
}

impl Candidate {
    fn all(formats: &[Arc<dyn Format>], sample: &[&str], rules: &TimeRules) -> Vec<Candidate> {
        formats.iter().map(|format| Candidate::fit(format.clone(), sample, rules)).collect()
    }

    /// How many lines any of them reads.
    fn readable(candidates: &[Candidate], sample: &[&str]) -> usize {
        let reads = |line: usize| candidates.iter().any(|candidate| candidate.reads[line]);
        (0..sample.len()).filter(|&line| reads(line)).count()
    }

    fn fit(format: Arc<dyn Format>, sample: &[&str], rules: &TimeRules) -> Candidate {
        let mut reads = vec![false; sample.len()];
        let mut at = 0;
        while at < sample.len() {
            let taken = lines_read(format.as_ref(), &sample[at..], rules);
            reads[at..at + taken].fill(true);
            at += taken.max(1);
        }
        Candidate { format, reads }
    }

    /// Whether it knows all of the sample as a header or comments.
    fn skips(&self, sample: &[&str]) -> bool {
        let mut lines = sample.iter().filter(|line| !line.trim().is_empty());
        let is_skipped = |line: &&str| {
            let rules = TimeRules::new(Zone::UTC, 0);
            self.format.parse(line, &rules, &mut Record::default()) == Err(Mismatch::Skip)
        };
        lines.clone().next().is_some() && lines.all(is_skipped)
    }

    fn count(&self) -> usize {
        self.reads.iter().filter(|&&reads| reads).count()
    }

    fn reads_besides(&self, other: &Candidate) -> usize {
        self.reads.iter().zip(&other.reads).filter(|(mine, theirs)| **mine && !**theirs).count()
    }
}

/// How many lines the record at the beginning of `lines` takes; 0 if there is none.
fn lines_read(format: &dyn Format, lines: &[&str], rules: &TimeRules) -> usize {
    match format.parse(lines[0], rules, &mut Record::default()) {
        Ok(()) | Err(Mismatch::Continues | Mismatch::Several) => return 1,
        Err(Mismatch::Incomplete) => {}
        Err(Mismatch::Head) => return block_lines_read(format, lines, rules),
        Err(_) => return 0,
    }
    let mut joined = lines[0].to_owned();
    for (more, line) in lines.iter().enumerate().skip(1).take(SAMPLE_RECORD_LINES_MAX) {
        joined.push('\n');
        joined.push_str(line);
        match format.parse(&joined, rules, &mut Record::default()) {
            Ok(()) => return more + 1,
            Err(Mismatch::Incomplete) => {}
            Err(_) => return 0,
        }
    }
    0
}

/// How many lines the block at the beginning of `lines` takes; 0 if it is none.
fn block_lines_read(format: &dyn Format, lines: &[&str], rules: &TimeRules) -> usize {
    let lines = lines.iter().map(|line| Cow::Borrowed(*line));
    let block = Block::gather(lines, |block, line| format.continues(block, line, rules));
    match format.parse_block(&block.text, rules, &mut Record::default()) {
        Ok(()) => block.lines,
        Err(_) => 0,
    }
}

/// The first candidate, in order of specificity, that reads nearly as much as the best.
fn main_candidate(candidates: &[Candidate]) -> Option<usize> {
    let best = candidates.iter().map(Candidate::count).max()?;
    let specific = |candidate: &&Candidate| !candidate.format.is_fallback();
    let best_specific =
        candidates.iter().filter(specific).map(Candidate::count).max().unwrap_or_default();
    if best == 0 {
        return None;
    }
    if (best_specific as f64) < FALLBACK_SHARE * best as f64 {
        return candidates.iter().position(|candidate| candidate.count() == best);
    }
    candidates.iter().position(|candidate| {
        !candidate.format.is_fallback()
            && candidate.count() as f64 >= SPECIFIC_SHARE * best_specific as f64
    })
}
