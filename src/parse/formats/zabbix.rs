//! The logs of Zabbix' server, proxy and agent (Zabbix manual, "Log file").
//!
//! ```text
//!    812:20260105:101112.123 server #0 started [main process]
//! ```
//!
//! The process id is padded to six characters. There is no level unless the message states one.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_message;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "zabbix",
    about: "   812:20260105:101112.123 message (Zabbix)",
    recognise: |_| Some(Arc::new(Zabbix)),
};

struct Zabbix;

impl Format for Zabbix {
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
        cursor.skip_spaces();
        let pid = cursor.number().and_then(|pid| i64::try_from(pid).ok());
        let pid = pid.filter(|_| cursor.eat(b':')).ok_or(Mismatch::Foreign)?;
        let is_date =
            cursor.rest().as_bytes().iter().take_while(|b| b.is_ascii_digit()).count() == 8;
        record.ts = cursor.stamp(rules).filter(|_| is_date).ok_or(Mismatch::Foreign)?;
        if !cursor.eat(b' ') {
            return Err(Mismatch::Foreign);
        }
        record.fields.int("pid", pid);
        record.level = level_of_message(cursor.rest());
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }

    fn reads_indented(&self) -> bool {
        true
    }
}
