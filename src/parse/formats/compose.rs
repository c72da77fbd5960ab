//! What `docker compose logs` prints: lines of several services, each after the name
//! of its container.
//!
//! ```text
//! web-1    | 2026-01-05 10:11:12,123 - shop.cart - INFO - Added 7 items
//! db_1     | 2026-01-05 10:11:12.123 UTC [812] LOG:  checkpoint starting: time
//! ```
//!
//! Each container's lines are read as a source of their own. The service is the
//! container without its number, unless the line names one itself.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::{Kind, cri, docker};
use crate::parse::dialect::Reading;
use crate::parse::{Dialect, Format, Mismatch, TimeRules, Zone};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "compose",
    about: "web-1  | …: what docker compose logs prints",
    recognise: |sample| Compose::fit(sample).map(|format| Arc::new(format) as Arc<dyn Format>),
};

const NAME_BYTES_MAX: usize = 128;
/// Containers whose formats are found out separately; those beyond share one.
const CONTAINERS_MAX: usize = 64;

struct Compose {
    containers: HashMap<String, Dialect>,
    others: Dialect,
}

impl Compose {
    /// `None` unless most lines begin with a container's name.
    fn fit(sample: &[&str]) -> Option<Compose> {
        let mut texts: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut all = Vec::new();
        for line in sample {
            let Some((name, text)) = split(line) else { continue };
            // Envelopes in envelopes are not opened: they could nest without end.
            if split(text).is_some() || docker::is_envelope(text) || cri::is_envelope(text) {
                continue;
            }
            all.push(text);
            if texts.len() < CONTAINERS_MAX || texts.contains_key(name) {
                texts.entry(name).or_default().push(text);
            }
        }
        if all.is_empty() || all.len() * 2 < sample.len() {
            return None;
        }
        // The rules of the source come with each line.
        let rules = TimeRules::new(Zone::UTC, 0);
        let fitted = |(name, texts): (&str, Vec<&str>)| {
            (name.to_owned(), Dialect::detect(&texts, &[], rules))
        };
        let others = Dialect::detect(&all, &[], rules);
        Some(Compose { containers: texts.into_iter().map(fitted).collect(), others })
    }
}

impl Format for Compose {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let (name, text) = split(line).ok_or(Mismatch::Foreign)?;
        let dialect = self.containers.get(name).unwrap_or(&self.others);
        match dialect.read_by(text, rules, record) {
            Reading::Record { .. } => {}
            Reading::Continuation { .. } if dialect.main().is_some() => {
                return Err(Mismatch::Continues { from: line.len() - text.len() });
            }
            _ => return Err(Mismatch::Foreign),
        }
        if record.service.is_none() {
            record.service = Some(Cow::Borrowed(without_number(name)));
        }
        record.fields.str("container", name);
        Ok(())
    }
}

/// The container's name and its line: `web-1  | text`.
fn split(line: &str) -> Option<(&str, &str)> {
    let bytes = line.as_bytes();
    let name = bytes.iter().take(NAME_BYTES_MAX).take_while(|&&b| is_name_byte(b)).count();
    let blanks = bytes[name..].iter().take(NAME_BYTES_MAX).take_while(|&&b| b == b' ').count();
    if !bytes.first()?.is_ascii_alphabetic() || blanks == 0 {
        return None;
    }
    let text = line[name + blanks..].strip_prefix('|')?;
    Some((&line[..name], text.strip_prefix(' ').unwrap_or(text)))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// `web-1`, `web_1`: the second of a service's containers is `web-2`.
fn without_number(name: &str) -> &str {
    let service = name.trim_end_matches(|c: char| c.is_ascii_digit());
    match service.strip_suffix(['-', '_']) {
        Some(service) if !service.is_empty() && service.len() + 1 < name.len() => service,
        _ => name,
    }
}
