//! Text that comes from logs (or is a file's name) where it leaves Pintail: control characters are
//! shown there, and never obeyed. One function for each kind of exit:
//!
//! | exit | function |
//! |---|---|
//! | Pintail's own log, lines of the command line, a mail's body and subject | [`line()`] |
//! | cells and errors on a terminal, which may have several lines | [`lines`] |
//! | all that is written to a terminal, whatever its format | [`Tame`] |
//! | names in a mail, where programs make links of what looks like one | [`name`] |
//! | labels of /metrics | [`label`] |
//! | cells of CSV for spreadsheets | [`spreadsheet_cell`] |
//!
//! HTML is no exit: the page sets text, not markup. JSON escapes by itself.

use std::borrow::Cow;
use std::io::{self, Write};

/// Characters of a name in a mail.
const NAME_CHARS_MAX: usize = 200;

/// What is shown in place of a character, if it is not shown as it is: the picture of a control
/// character (U+2400 and after), and a replacement character for what has none. Besides control
/// characters that is what ends a line or turns the direction of all that follows.
fn shown(c: char) -> Option<char> {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)),
        '\x7f' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}' => Some('\u{fffd}'),
        '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some('\u{fffd}')
        }
        _ => None,
    }
}

fn replaced(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_kept = |c: char| keep(c) || shown(c).is_none();
    if text.chars().all(is_kept) {
        return Cow::Borrowed(text);
    }
    let tamed = |c: char| if keep(c) { c } else { shown(c).unwrap_or(c) };
    Cow::Owned(text.chars().map(tamed).collect())
}

/// A text as one line.
pub fn line(text: &str) -> Cow<'_, str> {
    replaced(text, |_| false)
}

/// A text that may have several lines.
pub fn lines(text: &str) -> Cow<'_, str> {
    replaced(text, |c| c == '\n')
}

/// A name in a mail: one line, not too long, and nothing that a mail program makes a link of.
pub fn name(text: &str) -> String {
    let one: String = line(text).chars().take(NAME_CHARS_MAX).collect();
    let end = if text.chars().nth(NAME_CHARS_MAX).is_some() { "…" } else { "" };
    format!("{}{end}", one.replace("://", "[:]//"))
}

/// The value of a label in the exposition formats of Prometheus and OpenMetrics, where an unescaped
/// quote, backslash or line break makes the whole page unreadable.
pub fn label(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => value.push_str("\\\\"),
            '"' => value.push_str("\\\""),
            '\n' => value.push_str("\\n"),
            c => value.push(shown(c).unwrap_or(c)),
        }
    }
    value
}

/// A cell that a spreadsheet takes for text: what would be a formula gets an apostrophe before it.
/// Numbers stay numbers. See <https://owasp.org/www-community/attacks/CSV_Injection>.
pub fn spreadsheet_cell(value: &str) -> Cow<'_, str> {
    let is_formula = value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
        // Full width, as some spreadsheets read them.
        || value.starts_with(['\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    let is_number = value.parse::<f64>().is_ok_and(f64::is_finite);
    if is_formula && !is_number { Cow::Owned(format!("'{value}")) } else { Cow::Borrowed(value) }
}

/// A writer to a terminal: what goes through it is shown and not obeyed.
pub struct Tame<W: Write> {
    inner: W,
    /// The beginning of a character whose end has not come yet.
    begun: Vec<u8>,
}

impl<W: Write> Tame<W> {
    pub fn new(inner: W) -> Tame<W> {
        Tame { inner, begun: Vec::new() }
    }
}

impl<W: Write> Write for Tame<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.begun) {
            Ok(_) => self.begun.len(),
            // Its end may come with the next bytes.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => self.begun.len(),
        };
        let rest = self.begun.split_off(whole);
        let text = std::mem::replace(&mut self.begun, rest);
        self.inner.write_all(lines(&String::from_utf8_lossy(&text)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use rand::seq::IndexedRandom;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// Texts of everything that could do harm, and of what must stay.
    fn texts() -> Vec<String> {
        let mut random = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(13);
        let mut parts: Vec<String> = (0..0xa0u8).map(|c| char::from(c).to_string()).collect();
        let more = [
            "\u{1b}]0;title\u{7}",
            "\u{1b}[2J",
            "\r\n",
            "\u{9b}31m",
            "\u{2028}",
            "\u{202e}",
            "\u{2066}",
            "\u{85}",
            "=cmd|' /C calc'!A0",
            "@SUM(1)",
            "-1+2",
            "http://evil.example",
            "\\",
            "\"",
            "é",
            "漢",
            "😀",
            "{",
            "}",
            "|",
            ",",
            "pod-1",
        ];
        parts.extend(more.map(str::to_owned));
        (0..2_000)
            .map(|_| {
                let length = random.random_range(0..12);
                (0..length).map(|_| parts.choose(&mut random).unwrap().as_str()).collect()
            })
            .collect()
    }

    fn is_harmless(c: char) -> bool {
        !c.is_control() && shown(c).is_none()
    }

    #[test]
    fn no_control_character_gets_through_any_exit() {
        for text in texts() {
            assert!(line(&text).chars().all(is_harmless), "{text:?}");
            assert!(name(&text).chars().all(is_harmless), "{text:?}");
            assert!(!name(&text).contains("://"), "{text:?}");
            assert!(label(&text).chars().all(is_harmless), "{text:?}");
            assert!(lines(&text).chars().all(|c| c == '\n' || is_harmless(c)), "{text:?}");
            assert_eq!(line(&text).chars().count(), text.chars().count(), "{text:?}");
            assert_eq!(line(&line(&text)), line(&text));
        }
    }

    #[test]
    fn a_label_is_what_its_escapes_say() {
        for text in texts() {
            let label = label(&text);
            let mut read = String::new();
            let mut chars = label.chars();
            while let Some(c) = chars.next() {
                assert_ne!(c, '"', "{label:?} ends its label");
                match c {
                    '\\' => match chars.next() {
                        Some('n') => read.push('\n'),
                        Some(c @ ('\\' | '"')) => read.push(c),
                        other => panic!("{label:?}: {other:?} is no escape"),
                    },
                    c => read.push(c),
                }
            }
            assert_eq!(read, lines(&text));
        }
    }

    #[test]
    fn what_is_written_in_pieces_is_tamed_as_in_one() {
        for text in texts() {
            for size in [1, 2, 3, 7] {
                let mut tame = Tame::new(Vec::new());
                text.as_bytes().chunks(size).for_each(|piece| tame.write_all(piece).unwrap());
                assert_eq!(String::from_utf8(tame.inner).unwrap(), lines(&text), "{text:?}");
            }
        }
        let mut tame = Tame::new(Vec::new());
        tame.write_all(b"a\xff\x1b[0m").unwrap();
        assert_eq!(tame.inner, "a\u{fffd}\u{241b}[0m".as_bytes());
    }

    #[test]
    fn spreadsheets_see_text_and_numbers() {
        for text in texts().iter().filter(|text| !text.is_empty()) {
            let cell = spreadsheet_cell(text);
            let is_number = text.parse::<f64>().is_ok();
            assert!(is_number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            assert!(cell.ends_with(text.as_str()));
        }
        for same in ["-5", "-1.5e3", "+3", "text", "a=b", ""] {
            assert_eq!(spreadsheet_cell(same), same);
        }
        for formula in ["=1+1", "-1+1", "@x", "+x", "-inf", "\t=1", "\u{ff1d}1"] {
            assert_eq!(spreadsheet_cell(formula), format!("'{formula}"));
        }
    }

    #[test]
    fn names_are_cut() {
        assert_eq!(name("checkout"), "checkout");
        assert_eq!(
            name("x\r\nThe log around it: http://evil"),
            "x␍␊The log around it: http[:]//evil"
        );
        assert_eq!(name(&"é".repeat(300)), format!("{}…", "é".repeat(200)));
    }
}
