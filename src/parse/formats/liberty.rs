//! WebSphere and Open Liberty: the basic format of their system logs.
//!
//! ```text
//! [1/5/26, 8:35:40:007 CET] 0000001d com.example.config.Validator    W CFG0083W: Unknown attribute
//! ```
//!
//! Source: the manuals of WebSphere Application Server, "Basic and advanced logging": time, thread in
//! eight hexadecimal digits, short name, one letter for the type of event, then class and method
//! in some, and the message. The time follows the locale.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Record};

pub const KIND: Kind = Kind {
    name: "liberty",
    about: "[1/5/26, 8:35:40:007 CET] 0000001d shop.Cart W CFG0083W: message",
    recognise: |_| Some(Arc::new(Liberty)),
};

struct Liberty;

impl Format for Liberty {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let mut cursor = Cursor::new(line);
        if cursor.peek() != Some(b'[') {
            return Err(Mismatch::Foreign);
        }
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let thread = cursor.word().filter(|thread| is_thread(thread)).ok_or(Mismatch::Foreign)?;
        let logger = cursor.word().ok_or(Mismatch::Foreign)?;
        let letter = cursor.word().and_then(level_of_event).ok_or(Mismatch::Foreign)?;
        record.level = Some(letter);
        record.fields.str("thread", thread);
        record.fields.str("logger", logger);
        if let Some(id) = message_id(cursor.rest()) {
            record.fields.str("message_id", id);
        }
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

fn is_thread(word: &str) -> bool {
    word.len() == 8 && word.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The type of event: fatal, error, warning, audit, information, configuration, detail, output
/// and error stream of the program, and those of traces.
fn level_of_event(word: &str) -> Option<Level> {
    Some(match word {
        "F" => Level::Fatal,
        "E" => Level::Error,
        "W" => Level::Warn,
        "A" | "I" | "O" | "R" | "Z" => Level::Info,
        "C" | "D" | "1" => Level::Debug,
        ">" | "<" | "2" | "3" => Level::Trace,
        _ => return None,
    })
}

/// `CFG0083W` of `CFG0083W: Unknown attribute`.
fn message_id(message: &str) -> Option<&str> {
    let id = &message[..message.find(':').filter(|at| (8..=10).contains(at))?];
    let letters = id.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = id[letters..].bytes().take_while(u8::is_ascii_digit).count();
    let is_id = (3..=5).contains(&letters)
        && (4..=5).contains(&digits)
        && matches!(&id[letters + digits..], "I" | "W" | "E" | "A" | "F" | "D");
    is_id.then_some(id)
}
