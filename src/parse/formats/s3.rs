//! Amazon S3's server access logs (S3 user guide, "Amazon S3 server access log format").
//!
//! ```text
//! 79a59df9… shop-bucket [05/Jan/2026:10:11:12 +0000] 192.0.2.3 arn:… 3E57427F3EXAMPLE REST.GET.OBJECT photos/a.jpg "GET /photos/a.jpg HTTP/1.1" 200 - 113 113 7 6 "-" "S3Console/0.4" - …
//! ```
//!
//! The level is the status's; the message is the operation, the key and the status.

use std::borrow::Cow;
use std::sync::Arc;

use super::values::{self, store_value};
use super::{Kind, http};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "s3",
    about: "79a59d… bucket [05/Jan/2026:10:11:12 +0000] 192.0.2.3 … REST.GET.OBJECT key \"GET /key HTTP/1.1\" 200 …",
    recognise: |_| Some(Arc::new(S3)),
};

/// After the status.
const NAMES: [&str; 17] = [
    "error_code",
    "bytes",
    "object_size",
    "duration_ms",
    "turn_around_ms",
    "referer",
    "user_agent",
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication",
    "host_header",
    "tls_version",
    "access_point",
    "acl_required",
    "source_region",
];

struct S3;

impl Format for S3 {
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
    let owner = cursor.word()?;
    let bucket = cursor.word()?;
    if cursor.peek() != Some(b'[') {
        return None;
    }
    record.ts = cursor.stamp(rules)?;
    cursor.skip_spaces();
    let (client, requester, request_id) = (cursor.word()?, cursor.word()?, cursor.word()?);
    let operation = cursor.word()?;
    let is_operation = operation.contains('.')
        && operation.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'.' | b'_'));
    if !is_operation {
        return None;
    }
    let (key, request) = (values::next(cursor)?, values::next(cursor)?);
    let status = cursor.word().filter(|word| http::is_status(word))?;
    let fields = &mut record.fields;
    for (name, value) in [
        ("owner", owner),
        ("bucket", bucket),
        ("client", client),
        ("requester", requester),
        ("request_id", request_id),
        ("operation", operation),
        ("key", key),
    ] {
        store_value(name, value, fields);
    }
    http::store_request(request, fields);
    values::store(&NAMES, cursor, fields);
    http::store_status(status, record);
    record.message = Cow::Owned([operation, key, status].join(" "));
    Some(())
}
