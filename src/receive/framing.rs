//! Where messages begin and end in a stream of syslog (RFC 6587, section 3.4).
//!
//! Each message says it with its first byte: a digit is the beginning of its length ("octet
//! counting": `11 <13>a: hello`); after anything else it goes on up to a line break or a NUL
//! ("non-transparent framing"). Pure: bytes in, messages out.

use crate::parse::lines::{LINE_BYTES_MAX, REJECT_BYTES_MAX};
use crate::record::Micros;

/// Longest message that is read: as long as a line.
pub const MESSAGE_BYTES_MAX: usize = LINE_BYTES_MAX;

/// Digits of a length: more are no length but something else, a time for instance.
const LENGTH_DIGITS_MAX: usize = 9;

/// How far a number is looked at: no time has more digits.
const NUMBER_DIGITS_MAX: usize = 20;

const REASON_TOO_LONG: &str = "message longer than 1 MiB";
const REASON_NO_LENGTH: &str = "no message length where one must be; the connection was closed";
const REASON_BROKEN_OFF: &str = "the connection ended within the message";

/// Messages, one after the other, and what could not be one.
#[derive(Default)]
pub struct Frames {
    text: Vec<u8>,
    frames: Vec<Frame>,
}

/// Where one ends.
struct Frame {
    end: usize,
    arrived: Micros,
    reject: Option<&'static str>,
}

/// One of [`Frames`].
pub struct Framed<'a> {
    pub bytes: &'a [u8],
    /// Where it begins in all of them.
    pub start: usize,
    pub arrived: Micros,
    /// Why it is none; then the bytes are its beginning.
    pub reject: Option<&'static str>,
}

impl Frames {
    /// What a message takes besides its bytes.
    pub const FRAME_BYTES: usize = std::mem::size_of::<Frame>();

    pub fn push(&mut self, message: &[u8], arrived: Micros) {
        self.add(message, arrived, None);
    }

    fn add(&mut self, bytes: &[u8], arrived: Micros, reject: Option<&'static str>) {
        self.text.extend_from_slice(bytes);
        self.frames.push(Frame { end: self.text.len(), arrived, reject });
    }

    pub fn reject(&mut self, bytes: &[u8], arrived: Micros, reason: &'static str) {
        self.add(&bytes[..bytes.len().min(REJECT_BYTES_MAX)], arrived, Some(reason));
    }

    pub fn len(&self) -> usize {
        self.frames.len()
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The bytes of all.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = Framed<'_>> {
        let mut start = 0;
        self.frames.iter().map(move |&Frame { end, arrived, reject }| {
            let framed = Framed { bytes: &self.text[start..end], start, arrived, reject };
            start = end;
            framed
        })
    }
}

/// Cuts a stream into messages, as it comes.
#[derive(Default)]
pub struct Framer {
    skips: Option<Skip>,
    /// Whether a message with its length came: then a number that is none is no text either.
    counts: bool,
    /// How much of the message at the beginning has no end in it.
    searched: usize,
}

/// The rest of a message that is too long.
enum Skip {
    Bytes(usize),
    ToTrailer,
}

/// What a stream goes on with.
enum Next {
    /// A message of this length, after so many bytes that say so.
    Counted {
        header: usize,
        length: usize,
    },
    Line,
    Unfinished,
    Nonsense,
}

/// Whether a stream can be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    GoOn,
    /// Nobody knows where the next message begins.
    End,
}

impl Framer {
    /// Takes the messages that are whole from the beginning of `stream`.
    pub fn cut(&mut self, stream: &mut Vec<u8>, now: Micros, frames: &mut Frames) -> Flow {
        let mut at = 0;
        let mut flow = Flow::GoOn;
        while let Some(next) = self.step(&stream[at..], now, frames) {
            match next {
                Ok(taken) => at += taken,
                Err(()) => {
                    at = stream.len();
                    flow = Flow::End;
                }
            }
        }
        stream.drain(..at);
        flow
    }

    /// Takes what is left when nothing follows any more; `is_said` if the sender has said so.
    pub fn end(&mut self, stream: &mut Vec<u8>, is_said: bool, now: Micros, frames: &mut Frames) {
        let rest = &stream[breaks(stream)..];
        match next(rest, self.counts) {
            _ if rest.is_empty() || self.skips.is_some() => {}
            // Clients that send one line and go need not end it.
            Next::Line if is_said => frames.push(rest, now),
            Next::Unfinished if is_said && !self.counts => frames.push(rest, now),
            _ => frames.reject(rest, now, REASON_BROKEN_OFF),
        }
        stream.clear();
    }

    /// How many bytes the next message, or a part of what is skipped, takes; `None` if more must
    /// come first, and an error if it makes no sense.
    fn step(&mut self, rest: &[u8], now: Micros, frames: &mut Frames) -> Option<Result<usize, ()>> {
        if rest.is_empty() {
            return None;
        }
        if let Some(skip) = self.skips.take() {
            return Some(Ok(self.skip(skip, rest)));
        }
        // Some end a message with a line break after its length.
        let breaks = breaks(rest);
        if breaks > 0 {
            return Some(Ok(breaks));
        }
        match next(rest, self.counts) {
            Next::Unfinished => None,
            Next::Counted { header, length } => self.counted(rest, header, length, now, frames),
            Next::Line => self.line(rest, now, frames),
            Next::Nonsense => {
                frames.reject(rest, now, REASON_NO_LENGTH);
                Some(Err(()))
            }
        }
    }

    fn skip(&mut self, skip: Skip, rest: &[u8]) -> usize {
        match skip {
            Skip::Bytes(left) if left > rest.len() => {
                self.skips = Some(Skip::Bytes(left - rest.len()));
                rest.len()
            }
            Skip::Bytes(left) => left,
            Skip::ToTrailer => match memchr::memchr2(b'\n', 0, rest) {
                Some(end) => end + 1,
                None => {
                    self.skips = Some(Skip::ToTrailer);
                    rest.len()
                }
            },
        }
    }

    fn counted(
        &mut self,
        rest: &[u8],
        header: usize,
        length: usize,
        now: Micros,
        frames: &mut Frames,
    ) -> Option<Result<usize, ()>> {
        let message = &rest[header..];
        if length > MESSAGE_BYTES_MAX {
            if message.len() < REJECT_BYTES_MAX {
                return None;
            }
            frames.reject(message, now, REASON_TOO_LONG);
            (self.counts, self.skips) = (true, Some(Skip::Bytes(length)));
            return Some(Ok(header));
        }
        frames.push(message.get(..length)?, now);
        self.counts = true;
        Some(Ok(header + length))
    }

    fn line(&mut self, rest: &[u8], now: Micros, frames: &mut Frames) -> Option<Result<usize, ()>> {
        let from = std::mem::take(&mut self.searched);
        let end = memchr::memchr2(b'\n', 0, &rest[from..]).map(|end| from + end);
        match end {
            Some(end) if end <= MESSAGE_BYTES_MAX => {
                frames.push(&rest[..end], now);
                Some(Ok(end + 1))
            }
            None if rest.len() <= MESSAGE_BYTES_MAX => {
                self.searched = rest.len();
                None
            }
            _ => {
                frames.reject(rest, now, REASON_TOO_LONG);
                self.skips = Some(Skip::ToTrailer);
                Some(Ok(MESSAGE_BYTES_MAX))
            }
        }
    }
}

/// Line breaks and NULs at the beginning.
fn breaks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r' | 0)).count()
}

/// What stands at the beginning. A number that is no length (`2026-01-05 …`) is text, unless
/// this stream has lengths, or what follows it shows that it was to be one (`0 <13>…`).
fn next(rest: &[u8], counts: bool) -> Next {
    let digits = rest.iter().take(NUMBER_DIGITS_MAX).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return Next::Line;
    }
    let number = (rest[0] != b'0' && digits <= LENGTH_DIGITS_MAX)
        .then(|| std::str::from_utf8(&rest[..digits]).ok()?.parse().ok())
        .flatten();
    match (rest.get(digits), number) {
        (Some(b' '), Some(length)) => Next::Counted { header: digits + 1, length },
        (None, _) => Next::Unfinished,
        _ if counts => Next::Nonsense,
        (Some(b' '), None) => match rest.get(digits + 1) {
            None => Next::Unfinished,
            Some(b'<') => Next::Nonsense,
            Some(_) => Next::Line,
        },
        _ => Next::Line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages, and rejects in brackets; the stream arrives in pieces of this size.
    fn cut(stream: &[u8], piece: usize) -> (Vec<String>, Flow) {
        let (mut framer, mut frames, mut buffer) =
            (Framer::default(), Frames::default(), Vec::new());
        let mut flow = Flow::GoOn;
        for piece in stream.chunks(piece) {
            buffer.extend_from_slice(piece);
            flow = framer.cut(&mut buffer, 0, &mut frames);
            if flow == Flow::End {
                break;
            }
        }
        framer.end(&mut buffer, true, 0, &mut frames);
        let shown = frames.iter().map(|framed| {
            let text = String::from_utf8_lossy(framed.bytes);
            framed.reject.map_or(text.to_string(), |_| format!("[{}]", framed.bytes.len()))
        });
        (shown.collect(), flow)
    }

    #[test]
    fn every_message_says_where_it_ends() {
        for (stream, expected) in [
            ("5 hello3 a\nb7 <13>a b", &["hello", "a\nb", "<13>a b"][..]),
            ("5 hello\n6 hello\n\nlast\n", &["hello", "hello\n", "last"]),
            ("a\nb\r\n\nc\0d", &["a", "b\r", "c", "d"]),
            ("<13>x\n3 a\nb\0<13>y\n", &["<13>x", "a\nb", "<13>y"]),
            (
                "2026-01-05 00:00:00 x\n1767571200 y\n12",
                &["2026-01-05 00:00:00 x", "1767571200 y", "12"],
            ),
            ("5 hel", &["[5]"]),
            ("", &[]),
            ("\n\0\r\n", &[]),
        ] {
            for piece in [1, 2, 3, 100] {
                let expected: Vec<String> = expected.iter().map(|text| text.to_string()).collect();
                assert_eq!(cut(stream.as_bytes(), piece), (expected, Flow::GoOn), "{stream:?}");
            }
        }
    }

    #[test]
    fn a_length_that_makes_no_sense_ends_the_stream() {
        for (stream, messages) in
            [("5 hello12x lost\n", 1), ("0 <13>lost", 0), ("99999999999 <13>lost", 0)]
        {
            let (shown, flow) = cut(stream.as_bytes(), 100);
            assert_eq!((shown.len(), flow), (messages + 1, Flow::End), "{stream}");
            assert!(shown[messages].starts_with('['), "{shown:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_skipped() {
        let long = MESSAGE_BYTES_MAX + 1;
        let counted = format!("{long} {}5 hello", "x".repeat(long));
        let line = format!("{}\nhello\n", "x".repeat(long));
        let longer = format!("{}\nhello\n", "x".repeat(3 * long));
        for stream in [counted, line, longer] {
            for piece in [1000, 1 << 16, 1 << 23] {
                let (shown, flow) = cut(stream.as_bytes(), piece);
                assert_eq!(
                    (&shown[..], flow),
                    (&["[4096]".into(), "hello".into()][..], Flow::GoOn)
                );
            }
        }
        let longest = "x".repeat(MESSAGE_BYTES_MAX);
        assert_eq!(cut(format!("{longest}\n").as_bytes(), 1 << 16).0, [longest]);
    }
}
