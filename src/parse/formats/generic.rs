//! Any line with a timestamp at its beginning or a few words further on: what is left
//! when no other format reads a log.
//!
//! ```text
//! 20260105-10:11:12:606|Step|30002|message
//! [01.05 10:11:12] shop.exe - message
//! E [05/Jan/2026:10:11:12 +0100] message
//! - 1767607872 2026.01.05 r2 2026-01-05-10.11.12.675872 r2 RAS KERNEL INFO message
//! ```
//!
//! How many words stand before the timestamp, how it is spelled and which columns
//! follow it is learned once per source, from its first lines. A date further on in a
//! line, or after an indentation, begins no record: stack traces and tables hold dates.
//!
//! Words of the head that have no name are kept in `columns`, in their order. An epoch
//! number is the time even if a local time follows, which then adds its fraction.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use super::columns::{self, Column, Piece};
use crate::parse::level::{level_of_letter, level_of_message, level_of_word};
use crate::parse::scan::Cursor;
use crate::parse::time::order::Third;
use crate::parse::time::{self, Date, MICROS_PER_SECOND, Stamp};
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Micros, Record, push_json_string};

pub const KIND: Kind = Kind {
    name: "generic",
    about: "any line that begins with a timestamp, or has one after the same few words",
    recognise: |sample| Some(Arc::new(Generic::fit(sample))),
};

/// Words that may stand before the timestamp.
const WORDS_BEFORE_MAX: usize = 5;
/// Where a timestamp must have begun.
const STAMP_AT_MAX: usize = 200;
/// A spelling is the log's own if this share of the timestamps has it.
const SPELLING_SHARE: f64 = 0.3;
/// Share of the lines that must have a timestamp after words before that is believed.
const INSIDE_SHARE: f64 = 0.5;

/// Share of the words before the timestamps that must be letters for these to be levels.
const LETTER_SHARE: f64 = 0.75;

struct Generic {
    words_before: usize,
    /// The word before the timestamp is a letter that means a level.
    has_letters: bool,
    spellings: Spellings,
    columns: Vec<Column>,
}

/// Which kinds of timestamp begin records.
#[derive(Clone, Copy)]
struct Spellings([bool; 4]);

fn spelling_of(stamp: &Stamp) -> usize {
    match stamp {
        Stamp::Civil { date: Date::NoYear { .. }, .. } => 1,
        Stamp::Civil { date: Date::Short(date), .. } if date.third == Third::Missing => 1,
        Stamp::Civil { date: Date::Full { .. } | Date::Short(_), .. } => 0,
        Stamp::Civil { date: Date::None, .. } => 2,
        Stamp::Instant(_) => 3,
    }
}

impl Format for Generic {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        // A number in an object is no time by standing near its beginning.
        if line.starts_with("{\"") {
            return Err(Mismatch::Foreign);
        }
        let mut found = find_stamp(line, self.words_before);
        if found.is_none() && self.words_before > 0 {
            found = find_stamp(line, 0);
        }
        let Found { stamp, before, mut cursor } = found.ok_or(Mismatch::Foreign)?;
        if !self.spellings.0[spelling_of(&stamp)] {
            return Err(Mismatch::Foreign);
        }
        record.ts = rules.resolve(stamp).ok_or(Mismatch::Foreign)?;
        let mut head = Head::default();
        let levelled = self.columns.iter().any(|column| matches!(column, Column::Level { .. }));
        for word in before.split_ascii_whitespace() {
            match letter(word).filter(|_| self.has_letters) {
                Some(level) => record.level = Some(level),
                None => head.word_before(word, levelled, record),
            }
        }
        for column in &self.columns {
            columns::read(*column, &mut cursor, |piece| head.piece(piece, rules, record));
        }
        columns::skip_separators(&mut cursor);
        head.store(record);
        let text = cursor.rest();
        // ClamAV: `-> ERROR: …`
        let stated = text.strip_prefix("-> ").unwrap_or(text);
        record.level = record.level.or_else(|| level_of_message(stated));
        record.message = Cow::Borrowed(text);
        Ok(())
    }

    fn is_fallback(&self) -> bool {
        true
    }
}

impl Generic {
    fn fit(sample: &[&str]) -> Generic {
        let words_before = usual_words_before(sample);
        let found: Vec<Found<'_>> =
            sample.iter().filter_map(|line| find_stamp(line, words_before)).collect();
        let mut counts = [0usize; 4];
        for found in &found {
            counts[spelling_of(&found.stamp)] += 1;
        }
        let enough = found.len() as f64 * SPELLING_SHARE;
        let spellings = counts.map(|count| count as f64 >= enough);
        let rests: Vec<&str> = found
            .iter()
            .filter(|found| spellings[spelling_of(&found.stamp)])
            .map(|found| found.cursor.rest())
            .collect();
        let has_letters = words_before == 1 && are_letters(&found);
        let (spellings, columns) = (Spellings(spellings), columns::learn(&rests));
        Generic { words_before, has_letters, spellings, columns }
    }
}

/// Whether the words before the timestamps are letters of levels: `E`, `(W)`. Rare ones alone
/// (`A`, `C`, `T`) may mean anything.
fn are_letters(found: &[Found<'_>]) -> bool {
    let words = || found.iter().map(|found| found.before.trim_end());
    let lettered = words().filter(|word| letter(word).is_some()).count();
    let is_usual = |word: &str| word.contains(['I', 'W', 'E', 'D', 'N']);
    lettered as f64 >= found.len() as f64 * LETTER_SHARE && words().any(is_usual)
}

/// `E`, `(W)`, `[I]`.
fn letter(word: &str) -> Option<Level> {
    match word.as_bytes() {
        [letter] | [b'(', letter, b')'] | [b'[', letter, b']'] => level_of_letter(*letter),
        _ => None,
    }
}

/// How many words stand before the timestamps of a log.
fn usual_words_before(sample: &[&str]) -> usize {
    let mut counts = [0usize; WORDS_BEFORE_MAX + 1];
    let mut lines = 0;
    for line in sample {
        if line.is_empty() || line.starts_with([' ', '\t']) {
            continue;
        }
        lines += 1;
        if let Some(words) = (0..=WORDS_BEFORE_MAX).find(|&words| find_stamp(line, words).is_some())
        {
            counts[words] += 1;
        }
    }
    let best = (0..=WORDS_BEFORE_MAX).rev().max_by_key(|&words| counts[words]).unwrap_or(0);
    if counts[best] as f64 >= f64::from(lines) * INSIDE_SHARE { best } else { 0 }
}

/// A timestamp, what stands before it, and a cursor behind it.
struct Found<'a> {
    stamp: Stamp,
    before: &'a str,
    cursor: Cursor<'a>,
}

/// The timestamp after exactly so many words of an unindented line.
#[inline]
fn find_stamp(line: &str, words: usize) -> Option<Found<'_>> {
    let mut cursor = Cursor::new(line);
    if matches!(cursor.peek(), None | Some(b' ' | b'\t')) {
        return None;
    }
    for _ in 0..words {
        cursor.word()?;
    }
    let at = line.len() - cursor.rest().len();
    if at > STAMP_AT_MAX {
        return None;
    }
    let open = match cursor.peek()? {
        b'[' => Some(b']'),
        b'(' => Some(b')'),
        b'<' => Some(b'>'),
        b'"' => Some(b'"'),
        _ => None,
    };
    cursor.advance(usize::from(open.is_some()));
    let (stamp, length) = time::read(cursor.rest().as_bytes())?;
    cursor.advance(length);
    // A time of day in the middle of a line is not when the line was written, unless only a name
    // stands before it and a level follows: `unit-shop-0: 10:11:12 INFO `.
    let is_time_of_day = matches!(stamp, Stamp::Civil { date: Date::None, .. });
    if words > 0 && is_time_of_day && !(words == 1 && line[..at].ends_with(": ") && levels(cursor))
    {
        return None;
    }
    if let Some(close) = open {
        cursor.eat(close);
    }
    if cursor.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'"' || !b.is_ascii()) {
        return None;
    }
    Some(Found { stamp, before: &line[..at], cursor })
}

/// Whether a level follows the blank that the cursor stands at.
fn levels(mut cursor: Cursor<'_>) -> bool {
    cursor.skip_spaces() && cursor.clear_level().is_some()
}

/// What the head of one line holds besides the timestamp.
#[derive(Default)]
struct Head {
    pid: bool,
    logger: bool,
    /// The unnamed words, as JSON texts with commas between.
    unnamed: String,
}

impl Head {
    fn piece<'a>(&mut self, piece: Piece<'a>, rules: &TimeRules, record: &mut Record<'a>) {
        match piece {
            Piece::Level(level) => record.level = Some(level),
            Piece::Stamp(text) => {
                if let Some((local, _)) = rules.read(text) {
                    record.ts += finer(record.ts, local);
                }
            }
            // `util.py[DEBUG]: `
            Piece::Tag(tag) if tag.pid.and_then(level_of_word).is_some() => {
                record.level = tag.pid.and_then(level_of_word);
                self.name(tag.app, record);
            }
            Piece::Tag(tag) => {
                self.pid |= tag.pid.is_some();
                tag.store(record);
            }
            Piece::Host(host) => record.host = Some(Cow::Borrowed(host)),
            Piece::Bracket(text) => self.bracket(text, record),
            Piece::Brace("") => {}
            Piece::Brace(text) => record.fields.str("context", text),
            Piece::Text(text) => self.text(text, record),
            Piece::Cell(text) => self.cell(text, record),
            Piece::Number(text) => self.unnamed(text),
            Piece::Name(name) => self.name(name, record),
        }
    }

    fn name(&mut self, name: &str, record: &mut Record<'_>) {
        self.logger = true;
        record.fields.str("logger", name);
    }

    /// A word before the timestamp: the level if none follows, also behind a name
    /// (`Zigbee2MQTT:error`), or nothing that has a name.
    fn word_before(&mut self, word: &str, levelled: bool, record: &mut Record<'_>) {
        let named = word.split_once(':').filter(|(name, _)| !name.is_empty());
        let named = named.and_then(|(name, level)| Some((name, level_of_word(level)?)));
        match (Cursor::new(word).clear_level(), named) {
            (Some(level), _) if !levelled => record.level = Some(level),
            (_, Some((name, level))) if !levelled => {
                record.level = Some(level);
                self.unnamed(name);
            }
            _ => self.unnamed(word),
        }
    }

    /// Threads stand before the logger, contexts of requests behind it.
    fn bracket(&mut self, inside: &str, record: &mut Record<'_>) {
        let inside = inside.trim();
        let name = if self.logger { "context" } else { "thread" };
        if record.level.is_none()
            && let Some(level) = columns::level_of_column(inside)
        {
            record.level = Some(level);
        } else if !self.pid && is_number(inside) {
            self.pid = true;
            record.fields.typed("pid", inside);
        } else if record.level.is_none()
            && let Some((thread, level)) = inside.rsplit_once('/')
            && let Some(level) = columns::level_of_column(level)
        {
            record.level = Some(level);
            record.fields.str(name, thread);
        } else if !matches!(inside, "" | "-") {
            record.fields.str(name, inside);
        }
    }

    /// A cell between bars: a number, or a name, of which the first is the logger's.
    fn cell(&mut self, text: &str, record: &mut Record<'_>) {
        if self.logger || is_number(text) || text.starts_with('[') || text.contains([' ', '=']) {
            self.text(text, record);
        } else if !text.is_empty() {
            self.name(text, record);
        }
    }

    /// A word by its looks.
    fn text(&mut self, text: &str, record: &mut Record<'_>) {
        let inside = text.trim_matches(['[', ']', '(', ')', '<', '>', ':', ',']).trim();
        if inside != text && !inside.is_empty() {
            self.bracket(inside, record);
        } else if !self.pid && is_number(inside) {
            self.pid = true;
            record.fields.typed("pid", inside);
        } else {
            self.unnamed(inside);
        }
    }

    fn unnamed(&mut self, text: &str) {
        if text.bytes().all(|b| b == b'-') {
            return;
        }
        if !self.unnamed.is_empty() {
            self.unnamed.push(',');
        }
        push_json_string(&mut self.unnamed, text);
    }

    fn store(&self, record: &mut Record<'_>) {
        if !self.unnamed.is_empty() {
            record.fields.raw("columns", &format!("[{}]", self.unnamed));
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// What a local time adds to an instant in whole seconds: its fraction, if the two
/// are the same second in different zones.
fn finer(instant: Micros, local: Micros) -> Micros {
    const MINUTE: Micros = 60 * MICROS_PER_SECOND;
    let fraction = local.rem_euclid(MICROS_PER_SECOND);
    let same = (local - fraction - instant).rem_euclid(MINUTE) == 0;
    if same && instant.rem_euclid(MICROS_PER_SECOND) == 0 { fraction } else { 0 }
}
