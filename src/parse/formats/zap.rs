//! zap's console encoder (zapcore/console_encoder.go), as Kubernetes operators and
//! Caddy print it: columns with tabs between, which are `⇥` here.
//!
//! ```text
//! 2026-01-05T10:11:12.123Z⇥INFO⇥shop.cart⇥cart/cart.go:41⇥Added⇥{"items":7}
//! ```
//!
//! Logger and place may be missing, and so may the object at the end, whose pairs
//! become fields.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::Kind;
use super::json::text::repaired;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "zap",
    about: "2026-01-05T10:11:12.123Z⇥INFO⇥shop.cart⇥cart.go:41⇥message⇥{\"k\":7} (Go's zap)",
    recognise: |_| Some(Arc::new(Zap)),
};

const NAME_BYTES_MAX: usize = 200;

struct Zap;

impl Format for Zap {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if !line.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        if !cursor.eat(b'\t') {
            return Err(Mismatch::Foreign);
        }
        let level = cursor.until_within("\t", NAME_BYTES_MAX).and_then(level_of_word);
        record.level = Some(level.ok_or(Mismatch::Foreign)?);
        store_names(&mut cursor, &mut record.fields);
        record.message = Cow::Borrowed(take_object(cursor.rest(), &mut record.fields));
        Ok(())
    }
}

/// The logger and the place in the code, which stand before the message.
fn store_names(cursor: &mut Cursor<'_>, fields: &mut Fields) {
    for _ in 0..2 {
        let mut probe = *cursor;
        let Some(name) = probe.until_within("\t", NAME_BYTES_MAX) else { return };
        let place = name.rsplit_once(':').filter(|(file, line)| {
            file.ends_with(".go") && !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit())
        });
        match place {
            Some((file, line)) => {
                fields.str("file", file);
                fields.typed("line", line);
                *cursor = probe;
                return;
            }
            // What stands before the object is the message.
            None if name.contains(' ') || probe.rest().starts_with('{') => return,
            None => fields.str("logger", name),
        }
        *cursor = probe;
    }
}

/// The message without the object at its end.
fn take_object<'a>(text: &'a str, fields: &mut Fields) -> &'a str {
    let Some((message, object)) = text.rsplit_once('\t') else {
        return text;
    };
    if !object.starts_with('{') {
        return text;
    }
    let Ok(pairs) = serde_json::from_str::<Pairs<'_>>(object) else {
        return text;
    };
    let mut names: Vec<&Cow<'_, str>> = pairs.keys().collect();
    names.sort_unstable();
    for name in names {
        fields.raw(name, &repaired(pairs[name].get()));
    }
    message
}

type Pairs<'a> = HashMap<Cow<'a, str>, &'a RawValue>;
