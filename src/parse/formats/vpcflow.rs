//! Flow logs of Amazon VPC (VPC user guide, "Flow log records").
//!
//! ```text
//! version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
//! 2 123456789010 eni-1235b8ca123456789 10.0.0.7 10.0.0.8 20641 22 6 20 4249 1767607872 1767607932 ACCEPT OK
//! ```
//!
//! The names are those of the header, or the default ones of version 2. The time is `start`.
//! There is no level; the message is the line.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use super::values::store_value;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "vpcflow",
    about: "2 123456789010 eni-1235b8ca 10.0.0.7 10.0.0.8 20641 22 6 20 4249 1767607872 … (AWS VPC)",
    recognise: |sample| {
        let header = sample.iter().find(|line| is_header(line)).copied();
        let has_version = header.is_none();
        let header = header.unwrap_or(DEFAULT);
        let names = header.split(' ').map(str::to_owned).collect();
        Some(Arc::new(VpcFlow { header: header.to_owned(), names, has_version }))
    },
};

const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol \
                       packets bytes start end action log-status";

struct VpcFlow {
    header: String,
    names: Vec<String>,
    /// Without a header only its version and interface say what a line is.
    has_version: bool,
}

/// Names in lower case, those of the addresses or the interface and the time among them.
fn is_header(line: &str) -> bool {
    let has = |name: &str| line.split(' ').any(|word| word == name);
    has("start")
        && has("end")
        && (has("srcaddr") || has("interface-id"))
        && line.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b' ' | b'-' | b'0'..=b'9'))
}

impl Format for VpcFlow {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if line == self.header {
            return Err(Mismatch::Skip);
        }
        let mut values = line.trim_end().split(' ');
        if self.has_version && !(line.starts_with("2 ") && line.contains(" eni-")) {
            return Err(Mismatch::Foreign);
        }
        for name in &self.names {
            let value = values.next().ok_or(Mismatch::Foreign)?;
            if name == "start" {
                record.ts = rules.whole(value).ok_or(Mismatch::Foreign)?;
            }
            store_value(name, value, &mut record.fields);
        }
        if values.next().is_some() {
            return Err(Mismatch::Foreign);
        }
        record.message = Cow::Borrowed(line);
        Ok(())
    }

    fn takes_continuations(&self) -> bool {
        false
    }
}
