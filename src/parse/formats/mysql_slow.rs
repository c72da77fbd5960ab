//! The slow query log of MySQL, MariaDB and Percona Server (MySQL manual, section 7.4.5).
//!
//! ```text
//! # Time: 2026-01-05T10:11:12.123456Z
//! # User@Host: shop[shop] @ app1 [10.0.0.7]  Id:   812
//! # Query_time: 3.118553  Lock_time: 0.000012 Rows_sent: 1  Rows_examined: 191444
//! use shop;
//! SET timestamp=1767607869;
//! SELECT count(*) FROM orders;
//! ```
//!
//! The message is the statement; the values of the comments go to `fields`, in lower case.
//! There is no level. Old versions write the time only where the second is another: then it is
//! that of `SET timestamp`. What the server writes at its start is skipped.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, mysql};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Micros, Record};

pub const KIND: Kind = Kind {
    name: "mysql_slow",
    about: "# Time: 2026-01-05T10:11:12Z, # User@Host: …, # Query_time: …, a statement (and MariaDB)",
    recognise: |sample| {
        let has = |start: &str| sample.iter().any(|line| line.starts_with(start));
        let is_one = sample.is_empty() || has(TIME) || has(USER);
        is_one.then(|| Arc::new(MysqlSlow { has_times: sample.is_empty() || has(TIME) }) as _)
    },
};

const TIME: &str = "# Time: ";
const USER: &str = "# User@Host: ";
/// `Log_slow_rate_limit` and the like.
const NAME_BYTES_MAX: usize = 40;

struct MysqlSlow {
    /// Whether entries may begin with their time.
    has_times: bool,
}

impl Format for MysqlSlow {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        _rules: &TimeRules,
        _record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        Err(if line.starts_with(TIME) || line.starts_with(USER) {
            Mismatch::Head
        } else if is_banner(line) {
            Mismatch::Skip
        } else {
            Mismatch::Foreign
        })
    }

    fn continues(&self, block: &str, line: &str, _rules: &TimeRules) -> bool {
        let is_user_of_time = block.starts_with(TIME) && !block.contains('\n');
        !line.starts_with(TIME) && !is_banner(line) && (!line.starts_with(USER) || is_user_of_time)
    }

    fn parse_block<'a>(
        &self,
        block: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let (mut ts, mut statement) = (None, String::new());
        let mut lines = block.split('\n').peekable();
        while let Some(comment) = lines.next_if(|line| is_comment(line)) {
            if let Some(time) = comment.strip_prefix(TIME) {
                ts = mysql::stamp(&mut Cursor::new(time), rules).map(|(ts, _)| ts);
            } else if !store_comment(comment, &mut record.fields) {
                push_line(&mut statement, comment);
            }
        }
        if let Some(database) = lines.next_if(|line| line.starts_with("use ")) {
            record.fields.str("database", database[4..].trim_matches([';', ' ', '`']));
        }
        if let Some(set) = lines.next_if(|line| line.starts_with("SET timestamp=")) {
            ts = ts.or_else(|| epoch_of(set, rules));
        }
        record.ts = ts.ok_or(Mismatch::Broken("no time in the entry"))?;
        for line in lines {
            push_line(&mut statement, line);
        }
        record.message = Cow::Owned(statement);
        Ok(())
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn starts(&self, line: &str, _rules: &TimeRules) -> bool {
        line.starts_with(TIME) || (!self.has_times && line.starts_with(USER))
    }
}

/// What the server writes when it opens the log.
pub(super) fn is_banner(line: &str) -> bool {
    (line.ends_with("started with:") && line.contains(", Version: "))
        || line.starts_with("Tcp port: ")
        || (line.starts_with("Time") && line.contains("Id Command"))
}

/// A comment of the log's own, of which the last is a command that is no SQL.
fn is_comment(line: &str) -> bool {
    line.starts_with('#') && !line.starts_with("# administrator command: ")
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

fn epoch_of(set: &str, rules: &TimeRules) -> Option<Micros> {
    rules.whole(set.split_once('=')?.1.trim_end_matches(';'))
}

/// Opens `# Query_time: 3.1  Lock_time: 0.0`; says whether there was something to open.
fn store_comment(comment: &str, fields: &mut Fields) -> bool {
    if let Some(user) = comment.strip_prefix(USER) {
        return store_user(user, fields);
    }
    let pairs = comment[1..].trim_start();
    pairs.is_empty() || (!pairs.starts_with("explain:") && store_pairs(pairs, fields))
}

/// `shop[shop] @ app1 [10.0.0.7]  Id:   812`.
fn store_user(text: &str, fields: &mut Fields) -> bool {
    let Some((user, place)) = text.split_once(" @ ") else {
        return false;
    };
    let user = user.split('[').next().unwrap_or_default();
    let (host, rest) = place.split_once('[').unwrap_or((place, ""));
    let (address, pairs) = rest.split_once(']').unwrap_or((rest, ""));
    for (name, value) in [("user", user), ("client_host", host.trim()), ("client", address)] {
        if !value.is_empty() {
            fields.str(name, value);
        }
    }
    store_pairs(pairs, fields);
    true
}

/// `Schema: shop  QC_hit: No`; a value may be missing.
fn store_pairs(text: &str, fields: &mut Fields) -> bool {
    let mut name = "";
    let mut is_any = false;
    for word in text.split_ascii_whitespace() {
        if let Some(next) = word.strip_suffix(':').filter(|next| is_name(next)) {
            name = next;
        } else if !name.is_empty() {
            fields.typed(&std::mem::take(&mut name).to_ascii_lowercase(), word);
            is_any = true;
        }
    }
    is_any
}

fn is_name(word: &str) -> bool {
    word.len() <= NAME_BYTES_MAX && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
