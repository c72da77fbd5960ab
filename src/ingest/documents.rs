//! JSON documents around many records, as lines: one record each.
//!
//! What services export is one document however large it is: CloudTrail's `{"Records":[…]}`, what
//! `aws logs filter-log-events` prints, objects that Firehose wrote one after the other. Such a
//! file has no lines, or lines that are parts of records. [`Documents`] reads it as if every
//! record was a line of its own, with the members that stand beside the list in front (the log
//! group, the account). Positions are those of these lines.
//!
//! Files of a JSON object a line are none of this, nor are arrays that are printed over several
//! lines: those can grow, and `parse::formats::json` reads them as they stand.

use std::io::{self, BufRead, BufReader, Read};

use crate::parse::formats::json::framing;
use crate::parse::formats::json::value::Value;
use crate::parse::formats::json::walk::Walk;
use crate::parse::lines::{LINE_BYTES_MAX, clean};

/// How much of a file without a line break is looked at.
pub const SAMPLE_BYTES_MAX: usize = LINE_BYTES_MAX + 1;

/// Most bytes of a list's elements that wait for the members behind it.
const HELD_BYTES_MAX: usize = 8 << 20;

/// Most bytes of the members beside a list that are written to each of its records: more is a line
/// by itself, once.
const BESIDE_BYTES_MAX: usize = 64 << 10;

/// Most bytes of an object whose records lie deeper in it, which is held whole.
const NEST_BYTES_MAX: usize = 32 << 20;

/// Whether a decoded text can be one from its first byte on; blanks and a byte order mark do not
/// count.
pub fn may_be(sample: &[u8]) -> bool {
    matches!(text_of(sample).first(), Some(b'{' | b'['))
}

/// Whether a file that begins like this is a document: an object around a list of records whose
/// first line is not all of it, or JSON without a line break for longer than a line may be.
pub fn is_one(sample: &[u8]) -> bool {
    let text = text_of(sample);
    let line_end = memchr::memchr(b'\n', text);
    let line = valid(&text[..line_end.unwrap_or(text.len())]);
    if line_end.is_none() && sample.len() > LINE_BYTES_MAX {
        return matches!(line.as_bytes(), [b'{' | b'[', b'{' | b'"' | b' ' | b'\t' | b'\r', ..]);
    }
    line.starts_with('{')
        && Walk::new(line).value().is_err()
        && begins_list(valid(text)) == Some(true)
}

/// Whether the object that a text begins with is around a list of records. `None`: the text does
/// not say.
fn begins_list(text: &str) -> Option<bool> {
    let mut walk = Walk::new(text);
    walk.enter(b'{').ok()?;
    while let Some(key) = walk.key().ok()? {
        if framing::names_list(key) && walk.enter(b'[').ok()? {
            return Some(walk.element().ok()? && framing::names_time(walk.value().ok()?));
        }
        walk.value().ok()?;
    }
    Some(false)
}

fn text_of(sample: &[u8]) -> &[u8] {
    sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample).trim_ascii_start()
}

/// As much of it as is text.
fn valid(bytes: &[u8]) -> &str {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// Reads documents as lines.
pub struct Documents<R> {
    input: BufReader<R>,
    /// Lines that are ready, from `given` on.
    lines: Vec<u8>,
    given: usize,
    place: Place,
}

/// Where the input stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    /// Between documents.
    Outside,
    /// In an array that is a document.
    Array,
    End,
}

impl<R: Read> Documents<R> {
    pub fn new(input: R) -> Documents<R> {
        let input = BufReader::with_capacity(64 << 10, input);
        Documents { input, lines: Vec::new(), given: 0, place: Place::Start }
    }

    /// Reads on until there are lines, or the input ends.
    fn advance(&mut self) -> io::Result<()> {
        if self.place == Place::Start {
            self.skip_byte_order_mark()?;
            self.place = Place::Outside;
        }
        let Some(byte) = self.token(b",")? else {
            self.place = Place::End;
            return Ok(());
        };
        match (self.place, byte) {
            (Place::Array, b']') => {
                self.input.consume(1);
                self.place = Place::Outside;
            }
            (Place::Outside, b'[') => {
                self.input.consume(1);
                self.place = Place::Array;
            }
            (Place::Outside, b'{') => self.object()?,
            (Place::Outside, _) => self.text()?,
            (Place::Array | Place::Start | Place::End, _) => {
                let mut element = Vec::new();
                let is_whole = self.value(&mut element, SAMPLE_BYTES_MAX)?;
                self.put(&element, is_whole);
            }
        }
        Ok(())
    }

    fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        for byte in b"\xef\xbb\xbf" {
            if self.input.fill_buf()?.first() == Some(byte) {
                self.input.consume(1);
            }
        }
        Ok(())
    }

    /// An object that is a record, or one around a list of them.
    fn object(&mut self) -> io::Result<()> {
        self.input.consume(1);
        let mut others = Vec::new();
        let mut list: Option<List> = None;
        let mut is_nest = false;
        while let Some(byte) = self.token(b",")? {
            if byte == b'}' {
                self.input.consume(1);
                match list {
                    Some(list) => list.end(&others, &mut self.lines),
                    None if is_nest => self.put_elements(&[b"{", &others[..], b"}"].concat()),
                    None => self.put(&[b"{", &others[..], b"}"].concat(), true),
                }
                return Ok(());
            }
            let mut member = Vec::new();
            let mut is_whole = self.value(&mut member, SAMPLE_BYTES_MAX)?;
            let key_bytes = member.len();
            if self.token(b"")? == Some(b':') {
                self.input.consume(1);
                member.push(b':');
            } else {
                is_whole = false;
            }
            let opens_list = is_whole
                && list.is_none()
                && framing::names_list(value_of(&member[..key_bytes]))
                && self.token(b"")? == Some(b'[');
            if opens_list {
                list = self.list(&others, &mut member)?;
                if list.is_some() {
                    continue;
                }
            } else if is_whole {
                self.token(b"")?;
                let nests = framing::names_nest(value_of(&member[..key_bytes]));
                is_nest |= nests;
                let limit = if nests { NEST_BYTES_MAX } else { SAMPLE_BYTES_MAX };
                is_whole = self.value(&mut member, limit)?;
            }
            add_member(&mut others, &member);
            if !is_whole {
                break;
            }
        }
        let is_end = self.input.fill_buf()?.is_empty();
        match list {
            // More of it may come. What it has is stored when it is known what it belongs to.
            Some(list) if list.is_held && is_end => {
                self.place = Place::End;
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "its JSON document does not end"))
            }
            Some(list) => {
                list.end(&others, &mut self.lines);
                Ok(())
            }
            None => {
                self.put(&[b"{", &others[..]].concat(), false);
                Ok(())
            }
        }
    }

    /// The list that begins here, up to its end; `None` if it holds no records: then it was added
    /// to `member`.
    fn list(&mut self, others: &[u8], member: &mut Vec<u8>) -> io::Result<Option<List>> {
        self.input.consume(1);
        let mut list = List { held: Vec::new(), bytes: 0, is_held: true };
        let mut is_first = true;
        while let Some(byte) = self.token(b",")? {
            if byte == b']' {
                self.input.consume(1);
                if is_first {
                    member.extend_from_slice(b"[]");
                    return Ok(None);
                }
                return Ok(Some(list));
            }
            let mut element = Vec::new();
            let is_whole = self.value(&mut element, SAMPLE_BYTES_MAX)?;
            if is_first && !(is_whole && framing::names_time(value_of(&element))) {
                member.push(b'[');
                member.extend_from_slice(&element);
                self.rest_of_array(member)?;
                return Ok(None);
            }
            is_first = false;
            list.take(element, others, &mut self.lines);
            if !is_whole {
                break;
            }
        }
        Ok(Some(list))
    }

    /// The rest of an array, of which one element was read.
    fn rest_of_array(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        while let Some(byte) = self.token(b"")? {
            match byte {
                b']' | b',' => {
                    self.input.consume(1);
                    into.push(byte);
                    if byte == b']' {
                        break;
                    }
                }
                _ => {
                    if !self.value(into, SAMPLE_BYTES_MAX)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// A line of what is no JSON.
    fn text(&mut self) -> io::Result<()> {
        let mut line = Vec::new();
        (&mut self.input).take(SAMPLE_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
        self.lines.extend_from_slice(&line);
        Ok(())
    }

    /// The next byte that is neither blank nor one of `skipped`; the input stands there.
    fn token(&mut self, skipped: &[u8]) -> io::Result<Option<u8>> {
        loop {
            let buffer = self.input.fill_buf()?;
            let length = buffer.len();
            let is_skipped = |byte: &u8| byte.is_ascii_whitespace() || skipped.contains(byte);
            match buffer.iter().position(|byte| !is_skipped(byte)) {
                Some(at) => {
                    let byte = buffer[at];
                    self.input.consume(at);
                    return Ok(Some(byte));
                }
                None if length == 0 => return Ok(None),
                None => self.input.consume(length),
            }
        }
    }

    /// Copies the value that begins here as one line. Says whether it is all there. Of one that is
    /// longer than `limit` only as much is copied as tells that.
    fn value(&mut self, into: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
        let mut copy = Copied { limit, ..Copied::default() };
        let mut is_begun = false;
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(is_begun && copy.depth == 0 && !copy.in_string);
            }
            let (used, is_done) = copy.take(buffer, into);
            is_begun |= used > 0;
            if is_done && !is_begun {
                // A bracket or colon that nothing opened: it is a value by itself.
                into.push(buffer[0]);
                self.input.consume(1);
                return Ok(false);
            }
            self.input.consume(used);
            if is_done {
                return Ok(true);
            }
        }
    }

    /// The records of an object that holds them deeper than in a list of its own.
    fn put_elements(&mut self, object: &[u8]) {
        for element in framing::elements(&clean(object).0) {
            self.put(element.as_bytes(), true);
        }
    }

    fn put(&mut self, line: &[u8], is_whole: bool) {
        self.lines.extend_from_slice(line);
        if is_whole {
            self.lines.push(b'\n');
        }
    }
}

impl<R: Read> Read for Documents<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.lines.len() && self.place != Place::End {
            self.lines.clear();
            self.given = 0;
            self.advance()?;
        }
        let count = (&self.lines[self.given..]).read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

/// The elements of a list that wait for the members behind it.
struct List {
    held: Vec<Vec<u8>>,
    bytes: usize,
    /// Nothing of it was given yet.
    is_held: bool,
}

impl List {
    fn take(&mut self, element: Vec<u8>, others: &[u8], lines: &mut Vec<u8>) {
        self.bytes += element.len();
        self.held.push(element);
        if self.bytes > HELD_BYTES_MAX {
            self.give(others, lines);
            self.bytes = 0;
            self.is_held = false;
        }
    }

    fn give(&mut self, others: &[u8], lines: &mut Vec<u8>) {
        let others = if others.len() > BESIDE_BYTES_MAX { &[] } else { others };
        for element in self.held.drain(..) {
            let (others, element) = (clean(others).0, clean(&element).0);
            lines.extend_from_slice(framing::with_members(&others, &element).as_bytes());
            lines.push(b'\n');
        }
    }

    fn end(mut self, others: &[u8], lines: &mut Vec<u8>) {
        self.give(others, lines);
        if others.len() > BESIDE_BYTES_MAX {
            lines.extend_from_slice(&[b"{", others, b"}\n"].concat());
        }
    }
}

fn value_of(bytes: &[u8]) -> Value<'_> {
    Value { text: std::str::from_utf8(bytes).unwrap_or_default(), escaped: false, odd: false }
}

fn add_member(others: &mut Vec<u8>, member: &[u8]) {
    if !others.is_empty() {
        others.push(b',');
    }
    others.extend_from_slice(member);
}

/// How far a value is copied.
#[derive(Default)]
struct Copied {
    depth: u64,
    in_string: bool,
    is_escaped: bool,
    /// There were blanks since the last byte.
    is_apart: bool,
    /// Most bytes that are copied.
    limit: usize,
}

impl Copied {
    /// Copies what of the value is in `bytes`; says how much that is, and whether it is the end.
    fn take(&mut self, bytes: &[u8], into: &mut Vec<u8>) -> (usize, bool) {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.in_string {
                at += self.take_string(&bytes[at..], into);
                if !self.in_string && self.depth == 0 {
                    return (at, true);
                }
                continue;
            }
            let is_blank = byte.is_ascii_whitespace();
            if self.depth == 0 && (is_blank || matches!(byte, b',' | b']' | b'}' | b':')) {
                return (at, true);
            }
            at += 1;
            if is_blank {
                self.is_apart = true;
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
            // Blanks between parts say nothing, unless the comma or colon is missing.
            let is_part = |byte: u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':');
            let has_gap = std::mem::take(&mut self.is_apart) && !is_part(byte);
            if has_gap && into.last().is_some_and(|&last| !is_part(last)) {
                self.extend(into, b" ");
            }
            self.extend(into, &[byte]);
            if self.depth == 0 && matches!(byte, b'}' | b']') {
                return (at, true);
            }
        }
        (at, false)
    }

    /// Copies what of a string is in `bytes`, its end included; says how much that is.
    fn take_string(&mut self, bytes: &[u8], into: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if !self.is_escaped && !matches!(byte, b'"' | b'\\' | b'\n' | b'\r') {
                let rest = &bytes[at..];
                let special = memchr::memchr3(b'"', b'\\', b'\n', rest).unwrap_or(rest.len());
                let plain = memchr::memchr(b'\r', &rest[..special]).unwrap_or(special);
                self.extend(into, &rest[..plain]);
                at += plain;
                continue;
            }
            at += 1;
            // A line break in a string is none in JSON, and would be the end of the line.
            match byte {
                b'\n' => self.extend(into, b"\\n"),
                b'\r' => self.extend(into, b"\\r"),
                byte => self.extend(into, &[byte]),
            }
            if std::mem::take(&mut self.is_escaped) {
                continue;
            }
            self.is_escaped = byte == b'\\';
            if byte == b'"' {
                self.in_string = false;
                break;
            }
        }
        at
    }

    fn extend(&self, into: &mut Vec<u8>, bytes: &[u8]) {
        if into.len() < self.limit {
            into.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte or a few at a time: what is cut anywhere is read alike.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn lines_of(text: &str) -> Result<String, String> {
        let read = |size| {
            let mut lines = String::new();
            let read = Documents::new(Drops(text.as_bytes(), size)).read_to_string(&mut lines);
            read.map(|_| lines).map_err(|error| error.to_string())
        };
        let whole = read(usize::MAX);
        for size in [1, 2, 3, 7] {
            assert_eq!(read(size), whole, "{size} bytes at a time of {text}");
        }
        whole
    }

    #[test]
    fn documents_become_lines() {
        for (text, expected) in [
            (
                "\u{feff}{\n  \"Records\": [\n    {\"eventTime\": \"a\",\n     \"x\": [1, 2]},\n                     {\"eventTime\": \"b\"}\n  ]\n}\n",
                "{\"eventTime\":\"a\",\"x\":[1,2]}\n{\"eventTime\":\"b\"}\n",
            ),
            // What stands beside the list, before it and behind it.
            (
                r#"{"a":1,"logEvents":[{"timestamp":1},{"timestamp":2}],"b":{"c":[]}}"#,
                "{\"a\":1,\"b\":{\"c\":[]},\"timestamp\":1}\n{\"a\":1,\"b\":{\"c\":[]},\"timestamp\":2}\n",
            ),
            // One after the other, with and without anything between them.
            (r#"{"a":1}{"a":2} {"a":3}"#, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"),
            (r#"[{"a":"]}"},{"a":"\"{"},7,"x"]"#, "{\"a\":\"]}\"}\n{\"a\":\"\\\"{\"}\n7\n\"x\"\n"),
            // Records that lie deeper.
            (
                r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"n":1},{"n":2}]}]}]} {"a":1}"#,
                "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"n\":1}]}]}]}\n\
                 {\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"n\":2}]}]}]}\n{\"a\":1}\n",
            ),
            // A list of what is no record is a member.
            (
                r#"{"t":1,"events":[{"a":1},2],"b":3}"#,
                "{\"t\":1,\"events\":[{\"a\":1},2],\"b\":3}\n",
            ),
            (r#"{"t":1,"events":[]}"#, "{\"t\":1,\"events\":[]}\n"),
            ("{\"a\":\"two\nlines\"}", "{\"a\":\"two\\nlines\"}\n"),
            ("{\"a\":1}\nnot JSON, 7\n{\"a\":2}\n", "{\"a\":1}\nnot JSON, 7\n{\"a\":2}\n"),
            // What is broken comes as it is.
            (r#"{"a":1,"b"#, r#"{"a":1,"b"#),
            (r#"{"a" 1}"#, r#"{"a"1}"#),
            (r#"{"events":[{"timestamp":1}],"b" 2}"#, "{\"b\",\"timestamp\":1}\n2}"),
            (r#"[{"a":1},{"b":"#, "{\"a\":1}\n{\"b\":"),
        ] {
            assert_eq!(lines_of(text), Ok(expected.to_owned()), "{text}");
        }
    }

    /// A document that is larger than what is read at once.
    #[test]
    fn long_documents_have_all_their_records() {
        for count in [1, 2_000, 100_000] {
            let event = |number| {
                format!(
                    r#"        {{"timestamp": {number}, "message": "number {number}, \"said\""}}"#
                )
            };
            let events: Vec<String> = (0..count).map(event).collect();
            let text =
                format!("{{\n    \"events\": [\n{}\n    ],\n  \"x\": []}}\n", events.join(",\n"));
            let mut lines = String::new();
            Documents::new(text.as_bytes()).read_to_string(&mut lines).unwrap();
            assert_eq!(lines.lines().count(), count);
            for (number, line) in lines.lines().enumerate() {
                let rest =
                    format!(r#""timestamp":{number},"message":"number {number}, \"said\""}}"#);
                assert!(line.ends_with(&rest), "{line}");
            }
        }
    }

    #[test]
    fn a_document_that_does_not_end_is_not_half_read() {
        let text = r#"{"Records":[{"eventTime":"a"},{"eventTime":"b"}"#;
        assert_eq!(lines_of(text), Err("its JSON document does not end".to_owned()));
    }

    #[test]
    fn documents_are_told_from_lines() {
        let long = format!("[{{\"a\":\"{}\"}}", "x".repeat(LINE_BYTES_MAX));
        for (text, expected) in [
            ("{\n \"Records\": [\n {\"eventTime\": 1}", true),
            ("{\"a\":[{}],\"events\":[{\"timestamp\":1},\n", true),
            ("{\"Records\":[{\"eventTime\":1}]}\n{\"Records\":[", false),
            ("{\n \"level\": 30,\n \"time\": 5\n}\n", false),
            ("{\n \"events\": [\n  {\"a\": 1}\n ]\n}\n", false),
            ("[\n {\"time\": 1}\n]\n", false),
            ("2026-01-05 {\n", false),
            (&long, true),
            (&long[1..], true),
        ] {
            assert_eq!(is_one(text.as_bytes()), expected, "{}", &text[..text.len().min(80)]);
        }
    }
}
