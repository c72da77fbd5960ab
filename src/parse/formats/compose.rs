//! Lines of several containers, each after the name of its own: what `docker compose logs` and
//! `kubectl logs --prefix` print.
//!
//! ```text
//! web-1    | 2026-01-05 10:11:12,123 - shop.cart - INFO - Added 7 items
//! db_1     | 2026-01-05 10:11:12.123 UTC [812] LOG:  checkpoint starting: time
//! [pod/web-7f9c-x2/app] 2026-01-05 10:11:12,123 - shop.cart - INFO - Added 7 items
//! ```
//!
//! Each container's lines are read as a source of their own. The service is the
//! container without its number, unless the line names one itself.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::{Kind, plain};
use crate::parse::dialect::Reading;
use crate::parse::{Dialect, Format, Mismatch, TimeRules, Zone};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "compose",
    about: "web-1  | …, [pod/web-7f/app] …: what docker compose and kubectl --prefix print",
    recognise: |sample| Compose::fit(sample).map(|format| Arc::new(format) as Arc<dyn Format>),
};

const NAME_BYTES_MAX: usize = 256;
/// Containers whose formats are found out separately; those beyond share one.
const CONTAINERS_MAX: usize = 64;
/// Names before names are not opened further: text can be written that nests without end.
const NAMES_MAX: usize = 2;

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
            let Some((prefix, text)) = split(line) else { continue };
            if (0..NAMES_MAX).try_fold(text, |text, _| Some(split(text)?.1)).is_some() {
                continue;
            }
            all.push(text);
            if texts.len() < CONTAINERS_MAX || texts.contains_key(prefix.whole) {
                texts.entry(prefix.whole).or_default().push(text);
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

    fn dialect(&self, prefix: Prefix<'_>) -> &Dialect {
        self.containers.get(prefix.whole).unwrap_or(&self.others)
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
        let (prefix, text) = split(line).ok_or(Mismatch::Foreign)?;
        let dialect = self.dialect(prefix);
        // The order of day and month is that of the container's own lines.
        let rules = TimeRules { order: rules.order.or(dialect.rules().order), ..*rules };
        match dialect.read_by(text, &rules, record) {
            Reading::Record { .. } => {}
            Reading::Continuation { .. } if dialect.main().is_some() => {
                return Err(Mismatch::Continues);
            }
            _ => return Err(Mismatch::Foreign),
        }
        prefix.describe(record);
        Ok(())
    }

    fn parse_alone<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let (prefix, text) = split(line).ok_or(Mismatch::Foreign)?;
        let ts = rules.absent.filter(|_| plain::begins(text)).ok_or(Mismatch::Foreign)?;
        plain::read_begun(text, ts, record);
        prefix.describe(record);
        Ok(())
    }

    fn inside<'a>(&self, line: &'a str) -> Cow<'a, str> {
        match split(line) {
            Some((prefix, text)) => self.dialect(prefix).inside(text),
            None => Cow::Borrowed(line),
        }
    }

    fn has_streams(&self) -> bool {
        true
    }

    fn stream<'a>(&self, line: &'a str) -> Option<&'a str> {
        split(line).map(|(prefix, _)| prefix.whole)
    }
}

/// What stands in a line after the name of its container.
pub fn text_of(line: &str) -> Option<Cow<'_, str>> {
    split(line).map(|(_, text)| text.into())
}

/// Where a line is from.
#[derive(Clone, Copy)]
struct Prefix<'a> {
    whole: &'a str,
    pod: Option<&'a str>,
    container: &'a str,
    service: &'a str,
}

impl<'a> Prefix<'a> {
    fn describe(self, record: &mut Record<'a>) {
        if record.service.is_none() {
            record.service = Some(Cow::Borrowed(self.service));
        }
        if let Some(pod) = self.pod {
            record.fields.str("pod", pod);
        }
        record.fields.str("container", self.container);
    }
}

fn split(line: &str) -> Option<(Prefix<'_>, &str)> {
    split_compose(line).or_else(|| split_kubectl(line))
}

/// `web-1  | text`.
fn split_compose(line: &str) -> Option<(Prefix<'_>, &str)> {
    let bytes = line.as_bytes();
    let name = bytes.iter().take(NAME_BYTES_MAX).take_while(|&&b| is_name_byte(b)).count();
    let blanks = bytes[name..].iter().take(NAME_BYTES_MAX).take_while(|&&b| b == b' ').count();
    if !bytes.first()?.is_ascii_alphabetic() || blanks == 0 {
        return None;
    }
    let text = line[name + blanks..].strip_prefix('|')?;
    let container = &line[..name];
    let service = without_number(container);
    let prefix = Prefix { whole: container, pod: None, container, service };
    Some((prefix, text.strip_prefix(' ').unwrap_or(text)))
}

/// `[pod/web-7f9c-x2/app] text`.
fn split_kubectl(line: &str) -> Option<(Prefix<'_>, &str)> {
    let rest = line.strip_prefix("[pod/")?;
    let window = rest.len().min(NAME_BYTES_MAX);
    let end = memchr::memchr(b']', &rest.as_bytes()[..window])?;
    let (pod, container) = rest[..end].split_once('/')?;
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_name_byte);
    if !is_name(pod) || !is_name(container) {
        return None;
    }
    let text = &rest[end + 1..];
    let prefix = Prefix { whole: &rest[..end], pod: Some(pod), container, service: container };
    Some((prefix, text.strip_prefix(' ').unwrap_or(text)))
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
