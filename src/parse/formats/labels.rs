//! What was said about a record besides its text: labels, attributes, metadata.
//!
//! Their names fill level, service and host, by the ranks of [`names`] and some that only
//! shippers use. A value that fills a column is no field; one that a better name displaced
//! is, and so is a level that the protocol's own displaced. A *stand-in* (a container's name for a service, a node's for a host, a level that was
//! guessed from the text) is used only where nothing else says it, not even the text, and
//! stays a field.

use std::borrow::Cow;

use super::names::{self, Name, Rank, Role, STAND_IN, level_of_text};
use crate::parse::lines::without_escapes;
use crate::record::{Level, Record};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Level,
    Service,
    Host,
}

/// A label that fills a column.
#[derive(Clone, Copy, Debug)]
struct Held<'s> {
    rank: Rank,
    key: &'s str,
    value: &'s str,
}

/// A name and a value.
pub type Pair<'s> = (&'s str, &'s str);

/// The best labels so far. A copy is the beginning for the labels of each record that has
/// these in common with others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Labels<'s> {
    severity: Option<Level>,
    level: Option<Held<'s>>,
    service: Option<Held<'s>>,
    host: Option<Held<'s>>,
}

impl<'s> Labels<'s> {
    /// A level that the protocol itself has: it wins over every label.
    pub fn set_severity(&mut self, level: Option<Level>) {
        self.severity = level;
    }

    /// Offers a label; returns the pair that must become a field: this one, or the one that
    /// it displaced.
    #[inline]
    pub fn offer(&mut self, key: &'s str, value: &'s str) -> Option<Pair<'s>> {
        let Some((column, rank)) = column_of(key) else { return Some((key, value)) };
        let slot = match column {
            Column::Level if level_of_label(value).is_none() => return Some((key, value)),
            Column::Level => &mut self.level,
            Column::Service | Column::Host if !is_name(value, rank) => return Some((key, value)),
            Column::Service => &mut self.service,
            Column::Host => &mut self.host,
        };
        if slot.is_some_and(|held| held.rank <= rank) {
            return Some((key, value));
        }
        let displaced = slot.replace(Held { rank, key, value });
        match displaced {
            _ if rank >= STAND_IN => Some((key, value)),
            Some(held) if held.rank < STAND_IN => Some((held.key, held.value)),
            _ => None,
        }
    }

    /// Fills the columns of a record whose text has been read. What the text said and a
    /// label says otherwise becomes a field: `text.service`.
    pub fn apply(&self, record: &mut Record<'s>) {
        let said = |held: Option<Held<'s>>, proper: bool| {
            held.filter(|held| (held.rank < STAND_IN) == proper).map(|held| held.value)
        };
        let labelled = said(self.level, true).and_then(level_of_label);
        let guessed = || said(self.level, false).and_then(level_of_label);
        let level = self.severity.or(labelled);
        if let Some(held) = self.level.filter(|_| labelled.is_some() && labelled != level) {
            let key = key_beside(record, "labels", held.key).into_owned();
            record.fields.str(&key, held.value);
        }
        if let Some(text) = record.level.filter(|text| level.is_some_and(|level| level != *text)) {
            let key = key_beside(record, "labels", "text.level").into_owned();
            record.fields.str(&key, text.name());
        }
        record.level = level.or(record.level).or_else(guessed);
        let fill = |slot, column: &mut Option<Cow<'s, str>>| {
            let Some(name) = said(slot, true) else {
                *column = column.take().or_else(|| said(slot, false).map(Cow::Borrowed));
                return None;
            };
            column.replace(Cow::Borrowed(name)).filter(|text| text != name)
        };
        let service = fill(self.service, &mut record.service);
        let host = fill(self.host, &mut record.host);
        for (key, name) in [("text.service", service), ("text.host", host)] {
            if let Some(name) = name {
                let key = key_beside(record, "labels", key).into_owned();
                record.fields.str(&key, &name);
            }
        }
    }
}

/// The level of a label, which may be coloured as it is in a terminal.
fn level_of_label(value: &str) -> Option<Level> {
    level_of_text(&without_escapes(value))
}

/// Adds a field that is no column: beside another with the same name it is called `PREFIX.KEY`.
#[inline]
pub fn key_beside<'k>(record: &Record<'_>, prefix: &str, key: &'k str) -> Cow<'k, str> {
    let mut name = Cow::Borrowed(key);
    while !record.fields.is_empty() && record.fields.has(&name) {
        name = Cow::Owned(format!("{prefix}.{name}"));
    }
    name
}

/// The column of a label, by its name alone.
fn column_of(key: &str) -> Option<(Column, Rank)> {
    let name = Name::of(key)?;
    if let Some((role, rank)) = names::role_of_name(&name) {
        let column = match role {
            Role::Level => Column::Level,
            Role::Service => Column::Service,
            Role::Host => Column::Host,
            Role::Time | Role::Date | Role::Component | Role::Message => return None,
        };
        return Some((column, rank));
    }
    Some(match name.as_bytes() {
        // The text of the severity, from the Collector's exporter to Splunk.
        b"otellogseveritytext" => (Column::Level, 1),
        // What Loki and its collectors find in the text.
        b"detectedlevel" => (Column::Level, STAND_IN),

        b"composeservice" => (Column::Service, STAND_IN),
        b"k8sdeploymentname" | b"deployment" => (Column::Service, STAND_IN + 1),
        b"container" | b"containername" | b"k8scontainername" => (Column::Service, STAND_IN + 2),
        b"unit" | b"systemdunit" => (Column::Service, STAND_IN + 3),
        b"job" => (Column::Service, STAND_IN + 4),
        b"sourcetype" => (Column::Service, STAND_IN + 5),
        b"source" => (Column::Service, STAND_IN + 6),

        b"node" | b"nodename" | b"k8snodename" => (Column::Host, STAND_IN),
        b"instance" => (Column::Host, STAND_IN + 1),
        _ => return None,
    })
}

/// Whether a value names a service or host. Stand-ins are often paths, addresses of inputs
/// (`http:token`), or defaults.
fn is_name(value: &str, rank: Rank) -> bool {
    const DEFAULTS: [&str; 5] = ["httpevent", "generic", "unknown", "stdout", "stderr"];
    !matches!(value, "" | "-")
        && (rank < STAND_IN
            || !(value.starts_with('_')
                || value.contains('/')
                || value.starts_with("http:")
                || value.starts_with("tcp:")
                || value.starts_with("udp:")
                || DEFAULTS.contains(&value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(labels: &[Pair<'static>], mut record: Record<'static>) -> String {
        let mut found = Labels::default();
        for (key, value) in labels {
            if let Some((key, value)) = found.offer(key, value) {
                record.fields.str(key, value);
            }
        }
        found.apply(&mut record);
        let level = record.level.map_or("-", Level::name);
        let name = |name: Option<Cow<'static, str>>| name.unwrap_or("-".into());
        let fields = record.fields.as_str().to_owned();
        format!("{level} {} {} {{{fields}}}", name(record.service), name(record.host))
    }

    #[test]
    fn the_better_name_wins_and_the_other_is_a_field() {
        for (labels, expected) in [
            (
                &[("app", "a"), ("service_name", "shop"), ("env", "x")][..],
                r#"- shop - {"app":"a","env":"x"}"#,
            ),
            (&[("service.name", "shop"), ("app", "a")], r#"- shop - {"app":"a"}"#),
            (&[("job", "/x"), ("job", "jobs")], r#"- jobs - {"job":"/x","job":"jobs"}"#),
            (
                &[("container", "web-1"), ("node", "n1"), ("host", "h1")],
                r#"- web-1 h1 {"container":"web-1","node":"n1"}"#,
            ),
            (&[("level", "warning"), ("severity", "info")], r#"WARN - - {"severity":"info"}"#),
            (&[("level", "loud")], r#"- - - {"level":"loud"}"#),
            (&[("detected_level", "error")], r#"ERROR - - {"detected_level":"error"}"#),
            (&[("source", "/var/log/x.log")], r#"- - - {"source":"/var/log/x.log"}"#),
            (&[("service", "-")], r#"- - - {"service":"-"}"#),
        ] {
            assert_eq!(columns(labels, Record::default()), expected);
        }
    }

    #[test]
    fn stand_ins_give_way_to_the_text() {
        let text = || Record {
            level: Some(Level::Info),
            service: Some("inner".into()),
            ..Record::default()
        };
        let labels = [("job", "jobs"), ("detected_level", "error")];
        let expected = r#"INFO inner - {"job":"jobs","detected_level":"error"}"#;
        assert_eq!(columns(&labels, text()), expected);
        let labels = [("app", "outer"), ("level", "error")];
        let expected = r#"ERROR outer - {"text.level":"INFO","text.service":"inner"}"#;
        assert_eq!(columns(&labels, text()), expected);
    }

    #[test]
    fn a_level_that_another_displaced_is_a_field() {
        for (severity, label, text, expected) in [
            (None, "warn", Some(Level::Error), r#"WARN {"text.level":"ERROR"}"#),
            (None, "warn", Some(Level::Warn), "WARN {}"),
            (
                Some(Level::Info),
                "debug",
                Some(Level::Error),
                r#"INFO {"level":"debug","text.level":"ERROR"}"#,
            ),
            (Some(Level::Info), "information", None, "INFO {}"),
            (Some(Level::Info), "\u{1b}[32minfo\u{1b}[39m", None, "INFO {}"),
            (Some(Level::Info), "boss", None, r#"INFO {"level":"boss"}"#),
        ] {
            let (mut labels, mut record) =
                (Labels::default(), Record { level: text, ..Record::default() });
            if let Some((key, value)) = labels.offer("level", label) {
                record.fields.str(key, value);
            }
            labels.set_severity(severity);
            labels.apply(&mut record);
            let found = format!("{} {{{}}}", record.level.unwrap(), record.fields.as_str());
            assert_eq!(found, expected, "{label}");
        }
    }
}
