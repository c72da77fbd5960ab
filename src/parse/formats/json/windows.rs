//! Events of Windows as their XML turns into JSON: `{"Event":{"System":{…},"EventData":{…}}}` of
//! evtx_dump and others.
//!
//! ```text
//! {"Event":{"System":{"Provider":{"#attributes":{"Name":"SCM"}},"EventID":7036,"Level":4,
//!  "TimeCreated":{"#attributes":{"SystemTime":"2026-01-05T10:11:13.123456Z"}},"Computer":"PC1"}}}
//! ```
//!
//! Source: <https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-systempropertiestype-complextype>.
//! Where an attribute stands depends on who converts: `#attributes`, `@SystemTime`, `SystemTime`.

use std::borrow::Cow;

use super::scale::{Scale, number};
use super::value::Value;
use super::values::{message_of, name_of, time_of};
use crate::parse::TimeRules;
use crate::record::{Level, Micros};

/// What an event says of a record.
#[derive(Default)]
pub struct Event<'a> {
    pub time: Option<Micros>,
    pub level: Option<Level>,
    pub service: Option<Cow<'a, str>>,
    pub host: Option<Cow<'a, str>>,
    pub message: Option<Cow<'a, str>>,
}

impl<'a> Event<'a> {
    /// Reads the value of an `Event`, if it is one of Windows.
    pub fn of(event: Value<'a>, rules: &TimeRules) -> Option<Event<'a>> {
        let system = event.member("System").filter(Value::is_object)?;
        let text = |key| system.member(key).and_then(|value| name_of(value, false));
        let stamp =
            system.member("TimeCreated").and_then(|created| attribute(created, "SystemTime"));
        let provider = system.member("Provider").and_then(|provider| attribute(provider, "Name"));
        let rendered = event.member("RenderingInfo").and_then(|info| info.member("Message"));
        let level = system.member("Level").and_then(number);
        Some(Event {
            time: stamp.and_then(|stamp| time_of(stamp, rules)),
            level: level.and_then(|level| Scale::Windows.level(level)),
            service: provider.and_then(|value| name_of(value, false)),
            host: text("Computer"),
            message: rendered.and_then(|value| message_of(value, false)),
        })
    }
}

/// An attribute of an XML element.
fn attribute<'a>(element: Value<'a>, name: &str) -> Option<Value<'a>> {
    let named = |object: Value<'a>| {
        object.members().find(|(key, _)| {
            key.raw_string().is_some_and(|key| key.strip_prefix('@').unwrap_or(key) == name)
        })
    };
    let around = ["#attributes", "@attributes", "$"];
    named(element)
        .or_else(|| named(around.iter().find_map(|key| element.member(key))?))
        .map(|(_, value)| value)
}
