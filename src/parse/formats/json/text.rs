//! JSON strings to text, and odd JSON to JSON that every reader accepts.

use std::borrow::Cow;

use crate::parse::lines;
use crate::record::push_json_string;

/// Where the run of bytes from `at` ends that mean themselves in a string: at a quote, a
/// backslash, a control character, or the end.
///
/// Eight bytes at a time, by the zero-byte test of "Bit Twiddling Hacks" (S. E. Anderson).
/// The test may err above a hit, never below, and the lowest is what counts.
#[inline]
pub fn end_of_plain(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quotes = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslashes = below(word ^ (ONES * u64::from(b'\\')), 1);
        let hits = (quotes | backslashes | below(word, 0x20)) & HIGHS;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        at += 1;
    }
    at
}

/// Decodes what stands between the quotes of a string that was scanned. Lone surrogates
/// and NUL become U+FFFD and colours go, as they do in lines.
#[cold]
pub fn decode(inner: &str) -> Cow<'_, str> {
    let out = unescaped(inner);
    if memchr::memchr2(0, 0x1b, out.as_bytes()).is_some() {
        return Cow::Owned(lines::clean(out.as_bytes()).0.into_owned());
    }
    Cow::Owned(out)
}

/// The same with colours and all else as it was sent.
#[cold]
pub fn decode_verbatim(inner: &str) -> Cow<'_, str> {
    let out = unescaped(inner);
    Cow::Owned(if out.contains('\0') { out.replace('\0', "\u{fffd}") } else { out })
}

fn unescaped(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let (char, length) = unescape(&rest[at..]);
        out.push(char);
        rest = rest.get(at + length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The character that an escape sequence stands for, and the sequence's length.
fn unescape(text: &str) -> (char, usize) {
    let char = match text.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(text),
        // A quote, a backslash, a slash; the scanner lets nothing else through.
        Some(&other) if other.is_ascii() => char::from(other),
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    (char, 2)
}

/// `\u00e9`, or a pair of surrogates: `\ud83d\ude00`.
fn unescape_unicode(text: &str) -> (char, usize) {
    let Some(unit) = hex_unit(text, 0) else {
        return (char::REPLACEMENT_CHARACTER, 6);
    };
    if let Some(char) = char::from_u32(unit) {
        return (char, 6);
    }
    let pair = match hex_unit(text, 6) {
        Some(low @ 0xdc00..0xe000) if unit < 0xdc00 => {
            char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
        }
        _ => None,
    };
    pair.map_or((char::REPLACEMENT_CHARACTER, 6), |char| (char, 12))
}

/// The number in `\uXXXX` at `at`.
fn hex_unit(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u32::from_str_radix(digits, 16).ok()
}

/// A scanned value that was found odd, without blanks, its strings written anew and numbers
/// that are none (`1e999`, `NaN`) as strings.
#[cold]
pub fn repaired(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 16);
    let mut rest = json;
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' | b'N' | b'I' => rest
                .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'))
                .unwrap_or(rest.len()),
            b' ' | b'\t' | b'\n' | b'\r' => {
                rest = &rest[1..];
                continue;
            }
            // Outside of strings JSON is ASCII.
            _ => 1,
        };
        let (token, after) = rest.split_at(length);
        match first {
            b'"' => push_json_string(&mut out, &decode(&token[1..length - 1])),
            _ if length > 1 && !token.parse().is_ok_and(f64::is_finite) => {
                push_json_string(&mut out, token);
            }
            _ => out.push_str(token),
        }
        rest = after;
    }
    out
}

/// The length of a scanned string with its quotes.
fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        at = end_of_plain(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}
