//! Zeek's logs (Zeek documentation, "Zeek Log Formats": tab-separated with a header).
//!
//! ```text
//! #path	conn
//! #fields	ts	uid	id.orig_h	id.orig_p	…
//! 1767607872.123456	CHhAvVGS1DHFjwGM9	10.0.0.7	4711	…
//! ```
//!
//! The columns are those of the source's first `#fields`; their names are the fields. `#path` is
//! `_path`, as in Zeek's JSON. Unset and empty values are nothing. A request's status gives a
//! level, and `msg` is the message; otherwise the message is what there is, as `name=value`.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, http};
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "zeek",
    about: "#fields and tab-separated lines of these (Zeek, Bro)",
    recognise: |sample| {
        let fields = sample.iter().find_map(|line| line.strip_prefix(FIELDS))?;
        let path = sample.iter().find_map(|line| line.strip_prefix("#path\t")).unwrap_or_default();
        Some(Arc::new(Zeek::of(fields, path)?))
    },
};

const FIELDS: &str = "#fields\t";

struct Zeek {
    fields: String,
    path: String,
    columns: Vec<String>,
}

impl Zeek {
    fn of(fields: &str, path: &str) -> Option<Zeek> {
        let columns: Vec<String> = fields.split('\t').map(str::to_owned).collect();
        let has_time = columns.iter().any(|name| name == "ts");
        has_time.then(|| Zeek { fields: fields.to_owned(), path: path.to_owned(), columns })
    }
}

impl Format for Zeek {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if let Some(comment) = line.strip_prefix('#') {
            return Err(match comment.strip_prefix(&FIELDS[1..]) {
                Some(fields) if fields != self.fields => {
                    Mismatch::Broken("other #fields than the first of the source")
                }
                _ => Mismatch::Skip,
            });
        }
        let mut cells = line.split('\t');
        let mut message = String::new();
        let mut request = ["", "", ""];
        let mut ts = None;
        if !self.path.is_empty() {
            record.fields.str("_path", &self.path);
        }
        for name in &self.columns {
            let value = cells.next().ok_or(Mismatch::Broken("wrong number of columns"))?;
            if matches!(value, "-" | "" | "(empty)") {
                continue;
            }
            match name.as_str() {
                "ts" => {
                    ts = rules.whole(value);
                    continue;
                }
                "msg" => record.message = Cow::Borrowed(value),
                "method" => request[0] = value,
                "uri" => request[1] = value,
                "status_code" => {
                    request[2] = value;
                    record.level = value.parse().ok().map(http::level_of_status);
                }
                _ => {}
            }
            record.fields.typed(name, value);
            if !message.is_empty() {
                message.push(' ');
            }
            message.push_str(name);
            message.push('=');
            message.push_str(value);
        }
        if cells.next().is_some() {
            return Err(Mismatch::Broken("wrong number of columns"));
        }
        record.ts = ts.ok_or(Mismatch::Broken("unreadable timestamp"))?;
        if !request[0].is_empty() {
            message = request.join(" ").trim_end().to_owned();
        }
        if record.message.is_empty() {
            record.message = Cow::Owned(message);
        }
        Ok(())
    }

    fn takes_continuations(&self) -> bool {
        false
    }
}
