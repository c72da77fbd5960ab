//! What comes at standard input: `myapp | pintail serve -`.
//!
//! Whole records are handed to the [desk](super::desk): the last one is held back until the next
//! begins, because it may go on, or until nothing has come for a while. What has been read is
//! kept until it is committed, and tried again when it cannot be; meanwhile the pipe waits. A
//! pipe has no position to come back to: what was read and not committed is lost with the
//! process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::desk::Desk;
use super::parcel::Parcel;
use super::pipe::Pipe;
use crate::clock;
use crate::config::{BLOCK_BYTES, SAMPLE_BYTES_MAX};
use crate::ingest::last_record_start;
use crate::parse::dialect::SAMPLE_LINES_MAX;
use crate::parse::formats::Formats;
use crate::parse::lines::{LINE_BYTES_MAX, REASON_TOO_LONG, beginning, clean};
use crate::parse::{Dialect, Sink, TimeRules, Zone, read_block_by};
use crate::record::Micros;
use crate::stop::{Reason, Stop};
use crate::store::sources::Kind;

/// The name of the source.
const NAME: &str = "-";

/// How long nothing must have come for the last record to be whole, and for the first lines to
/// be all that tell the format.
const SETTLES: Duration = Duration::from_millis(300);

/// Between two looks whether to stop.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Most bytes that are kept for a record that does not end.
const KEPT_BYTES_MAX: usize = BLOCK_BYTES + 2 * LINE_BYTES_MAX;

/// The dialect is fitted again this often, in microseconds: a time that names no day or year is
/// placed by the time at which the dialect was fitted.
const REFIT_AFTER: Micros = 600_000_000;

/// After a commit that failed: twice as long each time.
const RETRY_AFTER: Duration = Duration::from_millis(100);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// How what comes is to be read.
#[derive(Clone)]
pub struct Reading {
    pub formats: Formats,
    /// The zone of timestamps that name none.
    pub zone: Zone,
}

/// Standard input. It outlives a server that is started again.
#[derive(Clone)]
pub struct Stdin {
    pipe: Pipe,
    state: Arc<Mutex<State>>,
}

struct State {
    reading: Reading,
    /// Read and not committed.
    kept: Vec<u8>,
    /// Where `kept` begins in what came.
    at: u64,
    /// The first lines.
    sample: Vec<u8>,
    fitted: Option<Fitted>,
    /// In the midst of a line that is too long, of which the beginning was taken already.
    skips: bool,
    told_end: bool,
}

struct Fitted {
    dialect: Dialect,
    /// Lines of the sample that it was fitted to.
    lines: usize,
    at: Micros,
}

/// How much is known of what is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    /// More may come at any moment.
    Open,
    /// Nothing has come for a while: the last line with a line break ends the last record.
    Quiet,
    /// Nothing comes any more.
    Ended,
}

impl Stdin {
    pub fn new(pipe: Pipe, reading: Reading) -> Stdin {
        let state = State {
            reading,
            kept: Vec::new(),
            at: 0,
            sample: Vec::new(),
            fitted: None,
            skips: false,
            told_end: false,
        };
        Stdin { pipe, state: Arc::new(Mutex::new(state)) }
    }

    /// How what comes from now on is to be read.
    pub fn read_as(&self, reading: Reading) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.reading = reading;
        state.fitted = None;
    }

    /// Takes in what comes until `stop`. If that is for good, then what has come by then, for as long as `drain`.
    pub fn run(&self, desk: &Desk, stop: &Stop, drain: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.pipe.go_on();
        while !stop.is_stopped() {
            if state.told_end {
                stop.wait(LOOK_INTERVAL);
                continue;
            }
            let taken = self.pipe.take(Instant::now() + state.patience());
            state.kept.extend_from_slice(&taken.bytes);
            let tail = match () {
                () if taken.ended => Tail::Ended,
                () if taken.quiet >= SETTLES => Tail::Quiet,
                () => Tail::Open,
            };
            state.hand_in(desk, tail, &|| stop.is_stopped());
            if taken.ended && state.kept.is_empty() {
                state.told_end = true;
                tracing::info!("standard input has ended; what came is still served");
            }
        }
        if stop.reason().is_none_or(|reason| reason == Reason::End) {
            self.drain(&mut state, desk, Instant::now() + drain);
        }
    }

    /// Takes in what lies in the pipe, and what is held back.
    fn drain(&self, state: &mut State, desk: &Desk, until: Instant) {
        let is_over = || Instant::now() >= until;
        while !is_over() && !self.pipe.is_empty_by(until) {
            let taken = self.pipe.take(until);
            state.kept.extend_from_slice(&taken.bytes);
            state.hand_in(desk, Tail::Open, &is_over);
        }
        // What was read is gone from the pipe: it is taken in, however it ends.
        state.kept.extend_from_slice(&self.pipe.pause(until));
        state.hand_in(desk, Tail::Ended, &is_over);
        if !state.kept.is_empty() {
            let bytes = state.kept.len();
            tracing::error!("{bytes} bytes of standard input could not be stored");
        }
    }
}

impl State {
    /// How long to wait for more.
    fn patience(&self) -> Duration {
        match self.kept.is_empty() {
            true => LOOK_INTERVAL,
            // To look when it has settled, not long after.
            false => SETTLES / 6,
        }
    }

    /// Hands in whole records, as many as there are; keeps the rest, and all if `gives_up`
    /// before they are stored.
    fn hand_in(&mut self, desk: &Desk, tail: Tail, gives_up: &dyn Fn() -> bool) {
        loop {
            self.skip_line();
            if self.kept.is_empty() || !self.fit(tail) {
                return;
            }
            let Some(length) = self.cut(tail) else { return };
            if !self.deliver(desk, length, gives_up) {
                return;
            }
            self.kept.drain(..length);
            self.at += length as u64;
        }
    }

    /// Fits the dialect to the first lines, when enough of them are known; whether there is one.
    fn fit(&mut self, tail: Tail) -> bool {
        let now = clock::now();
        let is_fresh = |fitted: &Fitted| now - fitted.at <= REFIT_AFTER;
        if self.fitted.as_ref().is_some_and(|it| it.lines >= SAMPLE_LINES_MAX && is_fresh(it)) {
            return true;
        }
        let known = self.fitted.as_ref().map_or(0, |fitted| fitted.lines);
        let mut sample = self.sample.clone();
        if known < SAMPLE_LINES_MAX {
            let room = SAMPLE_BYTES_MAX.saturating_sub(sample.len());
            sample.extend_from_slice(&self.kept[..self.kept.len().min(room)]);
        }
        let is_full = sample.len() >= SAMPLE_BYTES_MAX;
        let lines: Vec<_> = sample
            .split_inclusive(|&byte| byte == b'\n')
            .filter(|line| line.ends_with(b"\n") || tail == Tail::Ended || is_full)
            .take(SAMPLE_LINES_MAX)
            .map(|line| clean(line.strip_suffix(b"\n").unwrap_or(line)).0)
            .collect();
        let is_whole = lines.len() >= SAMPLE_LINES_MAX || is_full;
        let is_due = match &self.fitted {
            None => !lines.is_empty() && (is_whole || tail != Tail::Open),
            Some(fitted) => {
                (is_whole && known < lines.len()) || lines.len() >= 2 * known || !is_fresh(fitted)
            }
        };
        if is_due {
            let texts: Vec<&str> = lines.iter().map(|line| &**line).collect();
            let rules = TimeRules::of_stream(self.reading.zone, now);
            let dialect = self.reading.formats.dialect(&texts, rules).unwrap_or_else(|reason| {
                tracing::error!("standard input: {reason}; it is read as what it looks like");
                self.reading.formats = Formats::default();
                Dialect::detect(&texts, &[], rules)
            });
            self.fitted = Some(Fitted { dialect, lines: lines.len(), at: now });
        }
        self.fitted.is_some()
    }

    /// How many of the kept bytes are whole records; `None` if there is nothing to be taken.
    fn cut(&self, tail: Tail) -> Option<usize> {
        let dialect = &self.fitted.as_ref()?.dialect;
        let lines_end = memchr::memrchr(b'\n', &self.kept).map_or(0, |at| at + 1);
        let length = match tail {
            Tail::Ended => self.kept.len(),
            Tail::Quiet => lines_end,
            Tail::Open => last_record_start(dialect, &self.kept).unwrap_or(0),
        };
        let length = match length {
            // A record, or a line, that goes on beyond all limits.
            0 if self.kept.len() > KEPT_BYTES_MAX && lines_end > 0 => lines_end,
            0 if self.kept.len() > KEPT_BYTES_MAX => self.kept.len(),
            length => length,
        };
        (length > 0).then_some(length)
    }

    /// Hands in the first of the kept bytes until they are stored; `false` if it was given up.
    fn deliver(&mut self, desk: &Desk, length: usize, gives_up: &dyn Fn() -> bool) -> bool {
        let mut wait = RETRY_AFTER;
        loop {
            let stored = desk
                .source(Kind::Pipe, NAME, self.format())
                .map_err(Into::into)
                .and_then(|source| desk.deliver_blocking(source, self.parcel(length)));
            match stored {
                Ok(()) => break,
                // The desk has said why in the server's log.
                Err(_) if gives_up() => return false,
                Err(_) => {
                    let until = Instant::now() + wait;
                    while Instant::now() < until && !gives_up() {
                        std::thread::sleep(LOOK_INTERVAL);
                    }
                }
            }
            wait = (2 * wait).min(RETRY_AFTER_MAX);
        }
        let taken = &self.kept[..length];
        let room = SAMPLE_BYTES_MAX.saturating_sub(self.sample.len());
        if self.sample.iter().filter(|&&byte| byte == b'\n').count() < SAMPLE_LINES_MAX {
            self.sample.extend_from_slice(&taken[..length.min(room)]);
        }
        // Cut in the midst of a line: what follows up to its end was rejected with it.
        self.skips = length > KEPT_BYTES_MAX && !taken.contains(&b'\n');
        true
    }

    fn format(&self) -> &str {
        let main = self.fitted.as_ref().and_then(|fitted| fitted.dialect.main());
        main.map_or("text", |score| &score.format)
    }

    fn parcel(&self, length: usize) -> Parcel {
        let mut parcel = Parcel::default();
        let bytes = &self.kept[..length];
        parcel.batch.reset(0, self.at, self.at + length as u64);
        if length > KEPT_BYTES_MAX && !bytes.contains(&b'\n') {
            let line = clean(&bytes[..LINE_BYTES_MAX]).0;
            parcel.batch.reject(REASON_TOO_LONG, beginning(&line), 0, length);
            parcel.received = 1;
            return parcel;
        }
        if let Some(fitted) = &self.fitted {
            let rules = fitted.dialect.rules().arriving(clock::now());
            let tally = read_block_by(&fitted.dialect, &rules, bytes, &mut parcel.batch);
            parcel.received = tally.records + tally.rejects;
        }
        parcel
    }

    /// Drops the rest of a line that was too long.
    fn skip_line(&mut self) {
        if self.skips {
            let end = memchr::memchr(b'\n', &self.kept);
            let length = end.map_or(self.kept.len(), |at| at + 1);
            self.kept.drain(..length);
            self.at += length as u64;
            self.skips = end.is_none();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(kept: &[u8]) -> State {
        let reading = Reading { formats: Formats::default(), zone: Zone::UTC };
        let (kept, sample) = (kept.to_vec(), Vec::new());
        State { reading, kept, at: 0, sample, fitted: None, skips: false, told_end: false }
    }

    #[test]
    fn the_last_record_is_held_back_until_it_is_whole() {
        let text =
            b"2026-01-05 00:00:00.000 INFO a b\n2026-01-05 00:00:01.000 INFO a c\n\tat X\nhal";
        let mut state = state(text);
        // Two lines tell too little as long as more may come.
        assert!(!state.fit(Tail::Open) && state.fit(Tail::Quiet));
        assert_eq!(state.cut(Tail::Open), Some(33));
        assert_eq!(state.cut(Tail::Quiet), Some(text.len() - 3));
        assert_eq!(state.cut(Tail::Ended), Some(text.len()));
        state.kept.drain(..33);
        assert_eq!(state.cut(Tail::Open), None);
    }

    #[test]
    fn a_line_without_end_is_one_reject() {
        let mut state = state(b"2026-01-05 00:00:00.000 INFO a b\n");
        assert!(state.fit(Tail::Quiet));
        state.kept = vec![b'x'; KEPT_BYTES_MAX + 1];
        let length = state.cut(Tail::Open).unwrap();
        let parcel = state.parcel(length);
        assert_eq!((parcel.batch.rejects.len(), parcel.received), (1, 1));
        assert_eq!(parcel.batch.rejects[0].reason, REASON_TOO_LONG);
        state.skips = true;
        state.kept = b"xxx\n2026".to_vec();
        state.skip_line();
        assert_eq!((state.kept.as_slice(), state.skips), (&b"2026"[..], false));
    }
}
