//! Requests that Amazon's load balancers answered: classic ones, and Application Load Balancers
//! (AWS documentation, "Access logs for your Application Load Balancer").
//!
//! ```text
//! https 2026-01-05T10:11:12.186641Z app/my-lb/50dc6c495c0c9188 10.0.0.7:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://shop.example.org:443/cart HTTP/1.1" "curl/8.5" …
//! ```
//!
//! The level is that of the balancer's status. `duration` is the sum of the three times.

use std::sync::Arc;

use super::values::{self, store_address, store_value};
use super::{Kind, http};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "elb",
    about: "https 2026-01-05T10:11:12.186641Z app/my-lb/50dc 10.0.0.7:2817 10.0.0.1:80 0.086 … (AWS ALB, ELB)",
    recognise: |_| Some(Arc::new(Elb)),
};

const TYPES: [&str; 6] = ["http", "https", "h2", "grpcs", "ws", "wss"];
const TIMES: [&str; 3] =
    ["request_processing_time", "target_processing_time", "response_processing_time"];
/// After the request.
const NAMES: [&str; 17] = [
    "user_agent",
    "ssl_cipher",
    "ssl_protocol",
    "target_group",
    "trace_id",
    "domain_name",
    "certificate",
    "matched_rule_priority",
    "request_creation_time",
    "actions_executed",
    "redirect_url",
    "error_reason",
    "target_list",
    "target_status_list",
    "classification",
    "classification_reason",
    "connection_trace_id",
];

struct Elb;

impl Format for Elb {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        read(&mut Cursor::new(line), rules, record).ok_or(Mismatch::Foreign)
    }

    fn takes_continuations(&self) -> bool {
        false
    }
}

fn read(cursor: &mut Cursor<'_>, rules: &TimeRules, record: &mut Record<'_>) -> Option<()> {
    let kind = TYPES
        .into_iter()
        .find(|kind| cursor.rest().strip_prefix(kind).is_some_and(|rest| rest.starts_with(' ')));
    if let Some(kind) = kind {
        cursor.advance(kind.len() + 1);
    }
    record.ts = cursor.stamp(rules)?;
    cursor.skip_spaces();
    let fields = &mut record.fields;
    let balancer = cursor.word()?;
    let (client, target) = (cursor.word()?, cursor.word()?);
    let times = [cursor.word()?, cursor.word()?, cursor.word()?];
    let (status, target_status) = (cursor.word()?, cursor.word()?);
    if !http::is_status(status) || !client.contains(':') {
        return None;
    }
    let (received, sent) = (cursor.word()?, cursor.word()?);
    if cursor.peek() != Some(b'"') {
        return None;
    }
    store_value("type", kind.unwrap_or_default(), fields);
    fields.str("elb", balancer);
    store_address(["client", "client_port"], client, fields);
    store_value("target", target, fields);
    store_times(times, fields)?;
    store_value("target_status", target_status, fields);
    store_value("received_bytes", received, fields);
    store_value("bytes", sent, fields);
    let request = values::next(cursor)?;
    // A classic balancer's line ends after the protocol.
    values::store(&NAMES, cursor, fields);
    http::store_answered(request.trim_end(), status, record);
    Some(())
}

/// The times in seconds, of which -1 is none, and their sum.
fn store_times(times: [&str; 3], fields: &mut Fields) -> Option<()> {
    let mut sum = None;
    for (name, time) in TIMES.into_iter().zip(times) {
        let seconds: f64 = time.parse().ok()?;
        if seconds >= 0.0 {
            fields.typed(name, time);
            sum = Some(sum.unwrap_or(0.0) + seconds);
        }
    }
    if let Some(sum) = sum {
        fields.typed("duration", &format!("{sum:.6}"));
    }
    Some(())
}
