//! A record in the making: the members of an object, offered one by one.
//!
//! What loggers need beyond the usual names:
//!
//! - pino and bunyan: `name` is the service where the level is one of their numbers.
//! - Serilog (github.com/serilog/serilog-formatting-compact): without `@l` the level is
//!   INFO; without a rendered message the template is rendered.
//! - MongoDB (mongodb.com/docs/manual/reference/log-messages): `s` is the level where the
//!   time is `{"$date":…}`.
//! - Python: in `levelno` 10 is DEBUG, one step above what Node's loggers mean.
//! - `date` with a time of day in another member are one timestamp.
//! - Nested objects that core values stand in: see [`Container`].
//!
//! Without a message, a member that names what happened stands in for it (an event's name,
//! an error's text); without that, the JSON text of the fields.

use std::borrow::Cow;

use super::names::{self, Name, Rank, Role, STAND_IN};
use super::value::Value;
use super::values::{level_of, message_of, name_of, time_of};
use super::{otlp, serilog, text};
use crate::parse::{Mismatch, TimeRules};
use crate::record::{Fields, Level, Micros, Record};

/// Objects in which loggers put core values. What is taken from there is left out of the
/// field; the rest of the object stays together.
#[derive(Clone, Copy)]
enum Container {
    /// ECS: `{"log":{"level":…}}`.
    Log,
    /// ECS: `{"host":{"name":…}}`.
    Host,
    /// ECS: `{"service":{"name":…}}`.
    Service,
    /// All core values: `fields` of Rust's tracing, `jsonPayload` of Google Cloud,
    /// `record` of loguru, `Properties` of Serilog.
    Payload,
    /// An error, whose message may stand in for the record's.
    Error,
}

/// A member that fills a core column.
struct Taken<'a, T> {
    rank: Rank,
    /// The key of the object it stands in, if it is nested.
    parent: Option<Value<'a>>,
    key: Value<'a>,
    value: Value<'a>,
    read: T,
}

pub struct Draft<'r, 'a> {
    rules: &'r TimeRules,
    record: &'r mut Record<'a>,
    time: Option<Taken<'a, Micros>>,
    level: Option<Taken<'a, Level>>,
    service: Option<Taken<'a, Cow<'a, str>>>,
    host: Option<Taken<'a, Cow<'a, str>>>,
    message: Option<Taken<'a, Cow<'a, str>>>,
    /// Members whose meaning depends on others.
    date: Option<(Value<'a>, Value<'a>)>,
    name: Option<(Value<'a>, Value<'a>)>,
    template: Option<Value<'a>>,
    is_compact_serilog: bool,
    is_mongo: bool,
}

impl<'r, 'a> Draft<'r, 'a> {
    #[inline]
    pub fn new(rules: &'r TimeRules, record: &'r mut Record<'a>) -> Draft<'r, 'a> {
        Draft {
            rules,
            record,
            time: None,
            level: None,
            service: None,
            host: None,
            message: None,
            date: None,
            name: None,
            template: None,
            is_compact_serilog: false,
            is_mongo: false,
        }
    }

    /// Takes a member of the object for a core column, or as a field.
    #[inline]
    pub fn take(&mut self, key: Value<'a>, value: Value<'a>) -> Result<(), Mismatch> {
        let Some(name) = key.raw_string().and_then(Name::of) else {
            self.keep(key, value);
            return Ok(());
        };
        if matches!(value.text.as_bytes().first(), Some(b'{' | b'['))
            && self.take_nested(&name, key, value)?
        {
            return Ok(());
        }
        let taken = match names::role_of_name(&name) {
            Some((role, rank)) => self.offer(role, rank, None, key, value),
            None => self.take_peculiar(&name, key, value),
        };
        if !taken {
            self.keep(key, value);
        }
        Ok(())
    }

    /// Members that mean something only in one logger's output.
    fn take_peculiar(&mut self, name: &Name, key: Value<'a>, value: Value<'a>) -> bool {
        match name.as_bytes() {
            b"name" if value.raw_string().is_some() && self.name.is_none() => {
                self.name = Some((key, value));
                true
            }
            b"@mt" | b"messagetemplate" if self.template.is_none() => {
                self.is_compact_serilog |= name.as_bytes() == b"@mt";
                self.template = Some(value);
                false
            }
            b"s" if self.is_mongo => self.offer(Role::Level, 1, None, key, value),
            _ => false,
        }
    }

    /// Objects and arrays that hold core values; says whether it was one.
    fn take_nested(
        &mut self,
        name: &Name,
        key: Value<'a>,
        value: Value<'a>,
    ) -> Result<bool, Mismatch> {
        let container = match name.as_bytes() {
            b"log" => Container::Log,
            b"host" => Container::Host,
            b"service" => Container::Service,
            b"fields" | b"jsonpayload" | b"record" | b"properties" => Container::Payload,
            b"error" | b"err" | b"exception" => Container::Error,
            b"resource" => {
                self.take_resource(key, value);
                return Ok(true);
            }
            b"attributes" => {
                let object = otlp::attributes_object(value);
                if let Some(object) = &object {
                    self.record.fields.raw_pair(key.text, object);
                }
                return Ok(object.is_some());
            }
            b"resourcelogs" => {
                for (key, value) in otlp::single_record(value)? {
                    self.take(key, value)?;
                }
                return Ok(true);
            }
            _ => return Ok(false),
        };
        if !value.is_object() {
            return Ok(false);
        }
        self.take_container(container, key, value);
        Ok(true)
    }

    fn take_container(&mut self, container: Container, key: Value<'a>, value: Value<'a>) {
        let mut rest = Fields::default();
        let mut taken = false;
        for (inner_key, inner) in value.members() {
            let role = inner_key.raw_string().and_then(|name| role_inside(container, name));
            match role {
                Some((role, rank)) if self.offer(role, rank, Some(key), inner_key, inner) => {
                    taken = true;
                }
                _ => rest.raw_pair(inner_key.text, inner.text),
            }
        }
        if !taken {
            self.keep(key, value);
        } else if !rest.is_empty() {
            let object = format!("{{{}}}", rest.as_str());
            keep_text(&mut self.record.fields, key, &object, value.odd);
        }
    }

    /// OpenTelemetry's and Google Cloud's description of what wrote the record: it stays
    /// whole, service and host are copied.
    fn take_resource(&mut self, key: Value<'a>, value: Value<'a>) {
        let attributes = value.member("attributes");
        let lookup = |name| {
            attributes
                .and_then(|all| otlp::attribute(all, name).or_else(|| all.member(name)))
                .or_else(|| value.member(name))
        };
        let labels = value.member("labels");
        let service = lookup("service.name")
            .or_else(|| labels.and_then(|labels| labels.member("service_name")));
        if let Some(service) = service {
            self.offer(Role::Service, STAND_IN, None, key, service);
        }
        if let Some(host) = lookup("host.name") {
            self.offer(Role::Host, STAND_IN, None, key, host);
        }
        match otlp::resource_object(value) {
            Some(object) => self.record.fields.raw_pair(key.text, &object),
            None => self.keep(key, value),
        }
    }

    /// Offers a member for a role; says whether it is taken, so that it is no field.
    #[inline]
    fn offer(
        &mut self,
        role: Role,
        rank: Rank,
        parent: Option<Value<'a>>,
        key: Value<'a>,
        value: Value<'a>,
    ) -> bool {
        let fields = &mut self.record.fields;
        match role {
            Role::Time => match time_of(value, self.rules) {
                Some(read) => {
                    self.is_compact_serilog |= key.text == "\"@t\"";
                    self.is_mongo |= value.is_object();
                    settle(&mut self.time, Taken { rank, parent, key, value, read }, fields)
                }
                None => false,
            },
            Role::Date => match time_of(value, self.rules) {
                Some(read) => {
                    settle(&mut self.time, Taken { rank, parent, key, value, read }, fields)
                }
                None if self.date.is_none() && value.raw_string().is_some() => {
                    self.date = Some((key, value));
                    true
                }
                None => false,
            },
            Role::Level => level_of(key, value).is_some_and(|read| {
                settle(&mut self.level, Taken { rank, parent, key, value, read }, fields)
            }),
            Role::Service => name_of(value).is_some_and(|read| {
                settle(&mut self.service, Taken { rank, parent, key, value, read }, fields)
            }),
            Role::Host => name_of(value).is_some_and(|read| {
                settle(&mut self.host, Taken { rank, parent, key, value, read }, fields)
            }),
            Role::Message => message_of(value).is_some_and(|read| {
                settle(&mut self.message, Taken { rank, parent, key, value, read }, fields)
            }),
            Role::Component => false,
        }
    }

    /// Keeps a member as a field.
    #[inline]
    fn keep(&mut self, key: Value<'a>, value: Value<'a>) {
        keep_text(&mut self.record.fields, key, value.text, value.odd);
    }

    /// Fills the record; `object` is the text of the object whose members were taken.
    pub fn finish(mut self, object: &'a str) -> Result<(), Mismatch> {
        self.settle_date();
        self.settle_name();
        self.record.ts = self.time.ok_or(Mismatch::Broken("no timestamp"))?.read;
        self.record.level = match self.level {
            Some(taken) => Some(taken.read),
            None if self.is_compact_serilog => Some(Level::Info),
            None => None,
        };
        self.record.service = self.service.map(|taken| taken.read);
        self.record.host = self.host.map(|taken| taken.read);
        let template = self.template.and_then(|template| template.string());
        self.record.message = match (self.message, template) {
            (Some(taken), _) if taken.rank < STAND_IN => taken.read,
            (_, Some(template)) => Cow::Owned(serilog::render(&template, object)),
            (Some(stand_in), None) => stand_in.read,
            (None, None) if self.record.fields.is_empty() => Cow::Borrowed(""),
            (None, None) => Cow::Owned(format!("{{{}}}", self.record.fields.as_str())),
        };
        Ok(())
    }

    /// A day and a time of day are one timestamp; a day alone is a field.
    fn settle_date(&mut self) {
        let Some((key, date)) = self.date.take() else { return };
        if let Some(taken) = &mut self.time
            && let (Some(day), Some(time)) = (date.string(), taken.value.string())
            && names::is_time_of_day(&time)
            && let Some(at) = self.rules.whole(&format!("{day} {time}"))
        {
            taken.read = at;
        } else {
            self.keep(key, date);
        }
    }

    /// `name` names the program in the output of pino and bunyan, elsewhere a logger.
    fn settle_name(&mut self) {
        let Some((key, name)) = self.name.take() else { return };
        let is_node = self.level.as_ref().is_some_and(|level| {
            level.key.raw_string() == Some("level") && level.value.text.len() == 2
        });
        if !(is_node && self.offer(Role::Service, 1, None, key, name)) {
            self.keep(key, name);
        }
    }
}

/// Puts `new` in its slot if it is the best so far; what it displaces becomes a field.
#[inline]
fn settle<'a, T>(slot: &mut Option<Taken<'a, T>>, new: Taken<'a, T>, fields: &mut Fields) -> bool {
    if slot.as_ref().is_some_and(|held| held.rank <= new.rank) {
        return false;
    }
    let moved = new.rank < STAND_IN;
    match slot.replace(new) {
        Some(old) if old.rank < STAND_IN => match old.parent.and_then(|key| key.raw_string()) {
            Some(parent) => {
                let path = format!("\"{parent}.{}\"", old.key.raw_string().unwrap_or_default());
                fields.raw_pair(&text::repaired(&path), &text::repaired(old.value.text));
            }
            None => keep_text(fields, old.key, old.value.text, old.value.odd),
        },
        _ => {}
    }
    moved
}

#[inline]
fn keep_text(fields: &mut Fields, key: Value<'_>, json: &str, odd: bool) {
    if key.odd || odd {
        fields.raw_pair(&text::repaired(key.text), &text::repaired(json));
    } else {
        fields.raw_pair(key.text, json);
    }
}

/// The role of a member of a container.
fn role_inside(container: Container, key: &str) -> Option<(Role, Rank)> {
    match (container, key) {
        (Container::Log, "level") => Some((Role::Level, 0)),
        (Container::Host, "hostname") => Some((Role::Host, 1)),
        (Container::Host, "name") => Some((Role::Host, 0)),
        (Container::Service, "name") => Some((Role::Service, 0)),
        (Container::Error, "message") => Some((Role::Message, STAND_IN + 1)),
        (Container::Payload, key) => {
            let (role, rank) = names::role_of(key)?;
            // The same name outside of the payload is better.
            let is_inside = rank + 2 < STAND_IN && !matches!(role, Role::Date);
            is_inside.then_some((role, rank + 2))
        }
        _ => None,
    }
}
