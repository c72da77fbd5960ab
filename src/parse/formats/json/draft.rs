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
//! - zap's short keys: `M` is the message where `L` is a level.
//! - Splunk's exports: `_raw` is the message.
//! - logcli, Grafana: `line` is the message, `labels` describe what wrote it.
//! - `date` with a time of day in another member are one timestamp.
//! - Objects around a record: `_source` of Elasticsearch, `result` of Splunk's exports. Their
//!   members are the record's.
//! - Nested objects that core values stand in: see [`Container`].
//!
//! Without a message, a member that names what happened stands in for it (an event's name,
//! an error's text); without that, the JSON text of the fields.

use std::borrow::Cow;

use super::names::{self, Name, Rank, Role, STAND_IN, WEAK_TIME};
use super::scale::Scale;
use super::slot::Slot;
use super::source::Source;
use super::time_path::TimePath;
use super::value::{Value, keep};
use super::values::{level_of, message_of, name_of, time_of};
use super::windows::Event;
use super::{otlp, serilog};
use crate::parse::formats::messages::Texts;
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
    /// Labels of what wrote the record: they stand in.
    Labels,
}

/// Where a core value stands: the key of the object around it, if it is nested, its own
/// key, and the value.
type Origin<'a> = (Option<Value<'a>>, Value<'a>, Value<'a>);

pub struct Draft<'r, 'a> {
    rules: &'r TimeRules,
    scale: Scale,
    record: &'r mut Record<'a>,
    time: Slot<Micros, Origin<'a>>,
    level: Slot<Level, Origin<'a>>,
    service: Slot<Cow<'a, str>, Origin<'a>>,
    host: Slot<Cow<'a, str>, Origin<'a>>,
    message: Slot<Cow<'a, str>, Origin<'a>>,
    /// Members whose meaning depends on others.
    date: Option<(Value<'a>, Value<'a>)>,
    name: Option<(Value<'a>, Value<'a>)>,
    template: Option<Value<'a>>,
    is_compact_serilog: bool,
    is_mongo: bool,
    is_zap: bool,
    /// The record is filled: a request of OpenTelemetry, read as such.
    is_filled: bool,
    /// What is known of the source that the object is of.
    time_path: Option<&'r TimePath>,
    texts: Option<&'r Texts>,
    /// The record's time where something else than these members says it: a time among them
    /// that says otherwise is a field.
    dated: Option<Micros>,
    /// A message that is an empty string.
    empty_message: Option<(Value<'a>, Value<'a>)>,
    /// Message and names keep terminal escapes and line breaks at their ends.
    is_verbatim: bool,
}

impl<'r, 'a> Draft<'r, 'a> {
    #[inline]
    pub fn new(rules: &'r TimeRules, scale: Scale, record: &'r mut Record<'a>) -> Draft<'r, 'a> {
        Draft {
            rules,
            scale,
            record,
            time: Slot::empty(),
            level: Slot::empty(),
            service: Slot::empty(),
            host: Slot::empty(),
            message: Slot::empty(),
            date: None,
            name: None,
            template: None,
            is_compact_serilog: false,
            is_mongo: false,
            is_zap: false,
            is_filled: false,
            time_path: None,
            texts: None,
            dated: None,
            empty_message: None,
            is_verbatim: false,
        }
    }

    /// The same for an object of a source whose first lines were looked at.
    #[inline]
    pub fn of_source(
        rules: &'r TimeRules,
        source: &'r Source,
        record: &'r mut Record<'a>,
    ) -> Draft<'r, 'a> {
        let (time_path, texts) = (source.time.as_ref(), Some(&source.texts));
        Draft { time_path, texts, ..Draft::new(rules, source.scale, record) }
    }

    /// Whether a member was read as the record's time.
    pub fn has_time(&self) -> bool {
        self.is_filled || self.time.is_held()
    }

    /// Whether the name of that member says so clearly.
    pub fn has_named_time(&self) -> bool {
        self.is_filled || self.time.rank().is_some_and(|rank| rank < WEAK_TIME)
    }

    /// The same for an object whose message stays as it was sent.
    pub fn verbatim(
        rules: &'r TimeRules,
        scale: Scale,
        record: &'r mut Record<'a>,
    ) -> Draft<'r, 'a> {
        Draft { is_verbatim: true, ..Draft::new(rules, scale, record) }
    }

    /// The record is of this time, whatever the members say.
    pub fn set_time(&mut self, at: Micros) {
        self.dated = Some(at);
    }

    /// Whether a member is the record's message, rather than standing in for it.
    pub fn has_message(&self) -> bool {
        self.is_filled
            || self.message.is_proper()
            || self.template.is_some()
            || self.empty_message.is_some()
    }

    /// Takes a member of the object for a core column, or as a field.
    #[inline]
    pub fn take(&mut self, key: Value<'a>, value: Value<'a>) -> Result<(), Mismatch> {
        if let Some(time) = self.time_path.and_then(|path| path.value(key, value)) {
            self.offer(Role::Time, STAND_IN, None, key, time);
        }
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
            b"l" if key.text == "\"L\"" => {
                self.is_zap = self.offer(Role::Level, 1, None, key, value);
                self.is_zap
            }
            b"m" if self.is_zap => self.offer(Role::Message, 1, None, key, value),
            // Of Windows' events; elsewhere providers are of anything.
            b"providername" if key.text == "\"ProviderName\"" => {
                self.offer(Role::Service, 4, None, key, value)
            }
            b"raw" if key.text == "\"_raw\"" => self.offer(Role::Message, 1, None, key, value),
            // Of a number it is the place in a source file.
            b"line" if value.raw_string().is_some_and(|text| text.parse::<u64>().is_err()) => {
                self.offer(Role::Message, 8, None, key, value)
            }
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
            b"labels" => Container::Labels,
            b"event" if key.text == "\"Event\"" && self.take_windows(key, value) => {
                return Ok(true);
            }
            // Of Splunk's HTTP Event Collector, where it is a record; ECS has other members there.
            b"event" if has_message(value) => Container::Payload,
            b"source" | b"result" if is_around_record(key, value) => {
                for (key, value) in value.members() {
                    self.take(key, value)?;
                }
                return Ok(true);
            }
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
                let others = std::mem::take(&mut self.record.fields);
                *self.record = otlp::single_record(value, self.rules.absent, self.texts)?;
                self.record.fields.pairs(others.as_str());
                self.is_filled = true;
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
            let rest = Value { text: &object, ..value };
            keep(&mut self.record.fields, key, rest);
        }
    }

    /// An event of Windows stays whole; what it says is copied.
    fn take_windows(&mut self, key: Value<'a>, value: Value<'a>) -> bool {
        let Some(event) = Event::of(value, self.rules) else { return false };
        let origin = (None, key, value);
        // Stand-ins displace nothing that would have to be kept.
        if let Some(time) = event.time {
            self.time.settle(STAND_IN, time, origin).ok();
        }
        if let Some(level) = event.level {
            self.level.settle(STAND_IN, level, origin).ok();
        }
        if let Some(service) = event.service {
            self.service.settle(STAND_IN, service, origin).ok();
        }
        if let Some(host) = event.host {
            self.host.settle(STAND_IN, host, origin).ok();
        }
        if let Some(message) = event.message {
            self.message.settle(STAND_IN, message, origin).ok();
        }
        self.keep(key, value);
        true
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
        let origin = (parent, key, value);
        let settled = match role {
            // Of this source it is known which member is the time.
            Role::Time if (WEAK_TIME..STAND_IN).contains(&rank) && self.time_path.is_some() => {
                return false;
            }
            Role::Time | Role::Date => match time_of(value, self.rules) {
                Some(time) => {
                    self.is_compact_serilog |= key.text == "\"@t\"";
                    self.is_mongo |= value.is_object();
                    self.time.settle(rank, time, origin)
                }
                None if role == Role::Date && self.date.is_none() && !value.is_object() => {
                    self.date = Some((key, value));
                    return true;
                }
                None => return false,
            },
            Role::Level => match level_of(key, value, self.scale) {
                Some(level) => self.level.settle(rank, level, origin),
                None => return false,
            },
            Role::Service => match name_of(value, self.is_verbatim) {
                // MongoDB's `svc` says with a letter whether it is a shard or a router.
                Some(name) if self.is_mongo && name.len() == 1 => return false,
                Some(name) => self.service.settle(rank, name, origin),
                None => return false,
            },
            Role::Host => match name_of(value, self.is_verbatim) {
                Some(name) => self.host.settle(rank, name, origin),
                None => return false,
            },
            Role::Message if value.text == "\"\"" && rank < STAND_IN => {
                let is_first = self.empty_message.is_none() && parent.is_none();
                if is_first {
                    self.empty_message = Some((key, value));
                }
                return is_first;
            }
            Role::Message => match message_of(value, self.is_verbatim) {
                Some(message) => self.message.settle(rank, message, origin),
                None => return false,
            },
            Role::Component => return false,
        };
        if let Ok(Some(displaced)) = settled {
            self.keep_displaced(displaced);
        }
        settled.is_ok()
    }

    /// Keeps a core value that a better one has displaced, under its whole path.
    fn keep_displaced(&mut self, (parent, key, value): Origin<'a>) {
        let names = parent.and_then(|parent| parent.raw_string()).zip(key.raw_string());
        match names {
            Some((parent, name)) => {
                let path = format!("\"{parent}.{name}\"");
                let key = Value { text: &path, escaped: true, odd: true };
                keep(&mut self.record.fields, key, value);
            }
            None => self.keep(key, value),
        }
    }

    #[inline]
    fn keep(&mut self, key: Value<'a>, value: Value<'a>) {
        keep(&mut self.record.fields, key, value);
    }

    /// Fills the record; `object` is the text of the object whose members were taken.
    pub fn finish(mut self, object: &'a str) -> Result<(), Mismatch> {
        if self.is_filled {
            return Ok(());
        }
        self.settle_date();
        self.settle_name();
        self.settle_time();
        let time = self.dated.or(self.time.read());
        let is_undated = time.is_none();
        self.record.ts = time.or(self.rules.absent).ok_or(Mismatch::Broken("no timestamp"))?;
        let unsaid = self.is_compact_serilog.then_some(Level::Info);
        self.record.level = self.level.read().or(unsaid);
        self.record.service = self.service.read();
        self.record.host = self.host.read();
        let proper = self.message.take_proper();
        let template = self.template.and_then(|template| template.string());
        let is_text = proper.is_some();
        let rendered = || Some(serilog::render(&template?, object).into());
        let message = proper.or_else(rendered).or_else(|| self.message.read());
        let empty = self.empty_message.take();
        if let Some((key, value)) = empty.filter(|_| message.is_some()) {
            keep(&mut self.record.fields, key, value);
        }
        self.record.message = match message {
            Some(message) => message,
            None if empty.is_some() => Cow::Borrowed(""),
            None if self.record.fields.is_empty() => Cow::Borrowed(""),
            None => Cow::Owned(format!("{{{}}}", self.record.fields.as_str())),
        };
        if let Some(texts) = self.texts.filter(|_| is_text && self.record.level.is_none()) {
            texts.read_message(self.record);
        }
        if is_undated {
            self.rules.mark_undated(self.record);
        }
        Ok(())
    }

    /// A day and a time of day are one timestamp; a day alone is a field.
    fn settle_date(&mut self) {
        let Some((key, date)) = self.date.take() else { return };
        if self.dated.is_none()
            && let Some(((_, _, time), at)) = self.time.correct()
            && let (Some(day), Some(time)) = (date.string(), time.string())
            && names::is_time_of_day(&time)
            && let Some(both) = self.rules.whole(&format!("{day} {time}"))
        {
            *at = both;
        } else {
            self.keep(key, date);
        }
    }

    /// A time that is not the record's is a field, and so is one that says more than a time.
    fn settle_time(&mut self) {
        let Some(at) = self.dated else { return };
        let held = self.time.correct().map(|(origin, time)| (*origin, *time));
        if let Some((origin, time)) = held
            && (time != at || origin.2.is_object())
        {
            self.keep_displaced(origin);
        }
    }

    /// `name` names the program in the output of pino and bunyan, elsewhere a logger.
    fn settle_name(&mut self) {
        let Some((key, name)) = self.name.take() else { return };
        let is_node = self.level.correct().is_some_and(|((_, level, number), _)| {
            level.raw_string() == Some("level") && number.text.len() == 2
        });
        if !(is_node && self.offer(Role::Service, 1, None, key, name)) {
            self.keep(key, name);
        }
    }
}

/// Whether an object has a message of its own.
fn has_message(object: Value<'_>) -> bool {
    object.members().any(|(key, _)| {
        let role = key.raw_string().and_then(names::role_of);
        matches!(role, Some((Role::Message, rank)) if rank < STAND_IN)
    })
}

/// Whether a member is an object around the record: what a search found.
fn is_around_record(key: Value<'_>, value: Value<'_>) -> bool {
    match key.text {
        "\"_source\"" => value.is_object(),
        "\"result\"" => value.member("_raw").is_some(),
        _ => false,
    }
}

/// The role of a member of a container.
fn role_inside(container: Container, key: &str) -> Option<(Role, Rank)> {
    match (container, key) {
        (Container::Log, "level") => Some((Role::Level, 0)),
        (Container::Host, "hostname") => Some((Role::Host, 1)),
        (Container::Host, "name") => Some((Role::Host, 0)),
        (Container::Service, "name") => Some((Role::Service, 0)),
        (Container::Labels, key) => match names::role_of(key)? {
            (role @ (Role::Level | Role::Service | Role::Host), _) => Some((role, STAND_IN)),
            _ => None,
        },
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
