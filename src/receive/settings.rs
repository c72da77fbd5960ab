//! What a request says about all of its records: the settings of VictoriaLogs
//! (<https://docs.victoriametrics.com/victorialogs/data-ingestion/#http-parameters>), which are
//! parameters of the address or headers, and the tenant that multi-tenant stores are told.

use std::borrow::Cow;

use crate::parse::Sink;
use crate::parse::formats::json::value::Value;
use crate::parse::formats::labels::{Labels, key_beside};
use crate::record::{Fields, Record};
use crate::store::Batch;

/// Names of the members that hold what their usual names do not. Of several that an object has
/// the first counts; a name with points may be a path into objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldNames {
    pub time: Vec<String>,
    pub message: Vec<String>,
    pub level: Vec<String>,
    pub service: Vec<String>,
    pub host: Vec<String>,
}

impl FieldNames {
    pub fn is_empty(&self) -> bool {
        self.lists().iter().all(|(names, _)| names.is_empty())
    }

    /// Each list, and the name that means its column, as JSON text.
    fn lists(&self) -> [(&[String], &'static str); 5] {
        [
            (&self.time, "\"@timestamp\""),
            (&self.message, "\"message\""),
            (&self.level, "\"log.level\""),
            (&self.service, "\"service.name\""),
            (&self.host, "\"host.name\""),
        ]
    }

    /// The members of an object in the order in which they are to be read: those with a name
    /// that is listed here come first, and are called as their column is.
    pub fn ordered<'a>(&self, members: Vec<(Value<'a>, Value<'a>)>) -> Vec<(Value<'a>, Value<'a>)> {
        let mut ordered = Vec::with_capacity(members.len());
        let mut taken = Vec::new();
        for (names, meant) in self.lists() {
            let found = names.iter().find_map(|name| find(&members, name));
            if let Some((at, value)) = found {
                ordered.push((Value { text: meant, escaped: false, odd: false }, value));
                taken.extend(at);
            }
        }
        let rest = members.into_iter().enumerate().filter(|(at, _)| !taken.contains(at));
        ordered.extend(rest.map(|(_, member)| member));
        ordered
    }
}

/// The member of this name that says something, and its place if it is not within another one.
fn find<'a>(members: &[(Value<'a>, Value<'a>)], name: &str) -> Option<(Option<usize>, Value<'a>)> {
    let says = |value: &Value<'a>| !matches!(value.text, "" | "null" | "\"\"");
    let own = members.iter().position(|(key, _)| key.string().is_some_and(|key| key == name));
    if let Some(at) = own {
        return Some((Some(at), members[at].1)).filter(|(_, value)| says(value));
    }
    // A path, whose parts may have points in them too.
    name.match_indices('.').find_map(|(at, _)| {
        let (outer, inner) = (&name[..at], &name[at + 1..]);
        let (_, object) = members.iter().find(|(key, _)| key.raw_string() == Some(outer))?;
        let inside: Vec<_> = object.members().collect();
        find(&inside, inner).map(|(_, value)| (None, value))
    })
}

/// What a request says about all of its records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub names: FieldNames,
    /// Fields that every record gets.
    pub extra: Vec<(String, String)>,
    /// Fields that no record keeps. With `*` at the end all that begin so.
    pub ignored: Vec<String>,
    /// A field of every record.
    pub tenant: Option<String>,
}

/// The field that holds the tenant.
const TENANT: &str = "tenant";

impl Settings {
    /// Reads what a request says. `parameter` is a parameter of its address, `header` a header.
    pub fn read(
        parameter: impl Fn(&str) -> Option<String>,
        header: impl Fn(&str) -> Option<String>,
    ) -> Settings {
        let list = |name: &str, in_header: &str| {
            let text = parameter(name).or_else(|| header(in_header)).unwrap_or_default();
            text.split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let extra: Vec<String> = list("extra_fields", "vl-extra-fields");
        let pair = |pair: String| {
            let (key, value) = pair.split_once('=')?;
            Some((key.to_owned(), value.to_owned()))
        };
        // As VictoriaLogs writes its tenants: two numbers, 0 where one is not given.
        let account = header("accountid").filter(|id| !id.is_empty());
        let project = header("projectid").filter(|id| !id.is_empty());
        let numbered = (account.is_some() || project.is_some()).then(|| {
            let number = |id: Option<String>| id.unwrap_or_else(|| "0".to_owned());
            format!("{}:{}", number(account), number(project))
        });
        let named = header("x-scope-orgid").filter(|tenant| !tenant.is_empty());
        Settings {
            names: FieldNames {
                time: list("_time_field", "vl-time-field"),
                message: list("_msg_field", "vl-msg-field"),
                level: list("_level_field", "vl-level-field"),
                service: list("_service_field", "vl-service-field"),
                host: list("_host_field", "vl-host-field"),
            },
            extra: extra.into_iter().filter_map(pair).collect(),
            ignored: list("ignore_fields", "vl-ignore-fields"),
            tenant: named.or(numbered),
        }
    }

    /// Whether [`Settings::apply`] changes anything.
    #[inline]
    pub fn changes(&self) -> bool {
        self.tenant.is_some() || !self.extra.is_empty() || !self.ignored.is_empty()
    }

    /// Changes a record as the request wants it.
    pub fn apply<'s>(&'s self, record: &mut Record<'s>) {
        let is_unwanted =
            |key: &str| self.extra.iter().any(|(extra, _)| extra == key) || self.ignores(key);
        if !record.fields.is_empty() {
            let object = format!("{{{}}}", record.fields.as_str());
            record.fields = without(&object, "", &is_unwanted);
        }
        let mut labels = Labels::default();
        for (key, value) in &self.extra {
            if let Some((key, value)) = labels.offer(key, value) {
                record.fields.str(key, value);
            }
        }
        labels.apply(record);
        if let Some(tenant) = &self.tenant {
            let key = key_beside(record, "request", TENANT);
            record.fields.str(&key, tenant);
        }
    }

    fn ignores(&self, key: &str) -> bool {
        self.ignored.iter().any(|ignored| match ignored.strip_suffix('*') {
            Some(beginning) => key.starts_with(beginning),
            None => ignored == key,
        })
    }
}

/// The members of an object that are wanted. What is within objects is called by its path.
fn without(object: &str, path: &str, is_unwanted: &impl Fn(&str) -> bool) -> Fields {
    let mut kept = Fields::default();
    let object = Value { text: object, escaped: true, odd: false };
    for (key, value) in object.members() {
        let name = format!("{path}{}", key.string().unwrap_or_default());
        if is_unwanted(&name) {
            continue;
        }
        if !value.is_object() {
            kept.raw_pair(key.text, value.text);
            continue;
        }
        let inner = without(value.text, &format!("{name}."), is_unwanted);
        if !inner.is_empty() || value.members().next().is_none() {
            kept.raw_pair(key.text, &format!("{{{}}}", inner.as_str()));
        }
    }
    kept
}

/// Takes the records of lines, with what the request says about them.
pub struct Adjusted<'p> {
    pub settings: &'p Settings,
    pub batch: &'p mut Batch,
}

impl Sink for Adjusted<'_> {
    fn record(&mut self, record: &Record<'_>, end: usize) {
        if !self.settings.changes() {
            return self.batch.record(record, end);
        }
        let mut adjusted = Record {
            ts: record.ts,
            level: record.level,
            service: record.service.as_deref().map(Cow::Borrowed),
            host: record.host.as_deref().map(Cow::Borrowed),
            message: Cow::Borrowed(&record.message),
            fields: record.fields.clone(),
        };
        self.settings.apply(&mut adjusted);
        self.batch.record(&adjusted, end);
    }

    fn extend(&mut self, line: &str, end: usize) {
        self.batch.extend(line, end);
    }

    fn reject(&mut self, reason: &'static str, line: &str, start: usize, end: usize) {
        self.batch.reject(reason, line, start, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(parameters: &[(&str, &str)], headers: &[(&str, &str)]) -> Settings {
        let find = |pairs: &[(&str, &str)], name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::read(|name| find(parameters, name), |name| find(headers, name))
    }

    #[test]
    fn records_change_as_the_request_wants() {
        let settings = settings(
            &[("extra_fields", "env=prod, service=shop,n=2"), ("ignore_fields", "kube.pod,tmp*,x")],
            &[("vl-ignore-fields", "n"), ("x-scope-orgid", "team-a")],
        );
        let mut record = Record { service: Some("other".into()), ..Record::default() };
        record
            .fields
            .pairs(r#""n":1,"kube":{"pod":"p","node":"n1"},"tmp1":1,"x":{"y":1},"z":{"x":1}"#);
        settings.apply(&mut record);
        assert_eq!(record.service.as_deref(), Some("shop"));
        assert_eq!(
            record.fields.as_str(),
            r#""kube":{"node":"n1"},"z":{"x":1},"env":"prod","n":"2","text.service":"other","tenant":"team-a""#
        );
    }

    #[test]
    fn tenants_are_named_or_numbered() {
        let tenant = |headers: &[(&str, &str)]| settings(&[], headers).tenant;
        assert_eq!(tenant(&[]), None);
        assert_eq!(tenant(&[("accountid", "12")]).as_deref(), Some("12:0"));
        assert_eq!(tenant(&[("accountid", "12"), ("projectid", "3")]).as_deref(), Some("12:3"));
        let both = [("x-scope-orgid", "a"), ("accountid", "1")];
        assert_eq!(tenant(&both).as_deref(), Some("a"));
        assert!(!settings(&[("_msg_field", "a")], &[]).changes());
    }

    #[test]
    fn of_several_names_the_first_that_says_something_counts() {
        let settings = settings(&[("_msg_field", "note, log.text,msg")], &[]);
        let ordered = |object: &str| -> Vec<String> {
            let object = Value { text: object, escaped: true, odd: false };
            let members = settings.names.ordered(object.members().collect());
            members.iter().map(|(key, value)| format!("{}:{}", key.text, value.text)).collect()
        };
        assert_eq!(ordered(r#"{"msg":"b","note":""}"#), [r#""message":"b""#, r#""note":"""#]);
        assert_eq!(
            ordered(r#"{"log":{"text":"a"},"msg":"b"}"#),
            [r#""message":"a""#, r#""log":{"text":"a"}"#, r#""msg":"b""#]
        );
        assert_eq!(ordered(r#"{"log.text":"a"}"#), [r#""message":"a""#]);
        assert_eq!(ordered(r#"{"x":1}"#), [r#""x":1"#]);
    }
}
