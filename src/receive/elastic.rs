//! Elasticsearch's `_bulk`: a line that says what to do, and a line with the document.
//!
//! ```text
//! {"create":{"_index":"logs-nginx-default"}}
//! {"@timestamp":"2026-01-05T00:00:00Z","message":"…","host":{"name":"web-1"}}
//! ```
//!
//! Source: <https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk>. A
//! document is read as JSON lines are. Where it has no level it is what a shipper made of a
//! line of text, and its message is read as such. The name of the index is the field `_index`; of a
//! data stream (`logs-nginx-default`) the data set is a stand-in for the service.
//!
//! A record is never changed and never deleted: `index` with the `_id` of another document
//! adds a record, `update` and `delete` are errors of their items.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::Parcel;
use super::document::{self, Reading};
use super::entry::{Intake, SAMPLE_TEXTS_MAX, Texts, check, text_of};
use super::receipts::{Verdict, content_of};
use super::settings::Settings;
use crate::parse::formats::json::Scale;
use crate::parse::formats::json::value::{Object, Value};
use crate::parse::formats::labels::key_beside;
use crate::parse::{TimeRules, Zone};
use crate::record::{Micros, Record};

/// The index of an action that names none.
const INDEX_DEFAULT: &str = "pintail";

const REASON_NO_DOCUMENT: &str = "the document of the action is missing";
const REASON_UPDATE: &str = "a record is never changed: update is not supported";
const REASON_DELETE: &str = "a record is never deleted: delete is not supported";

/// Why nothing of a request can be read: what follows a line that is no action may be anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Malformed action/metadata line [{line}], expected an object with one action: create or index"
)]
pub struct Malformed {
    pub line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Create,
    Index,
    Update,
    Delete,
}

impl Action {
    pub fn name(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Index => "index",
            Action::Update => "update",
            Action::Delete => "delete",
        }
    }

    fn from_name(name: &str) -> Option<Action> {
        [Action::Create, Action::Index, Action::Update, Action::Delete]
            .into_iter()
            .find(|action| action.name() == name)
    }
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    /// The same document was stored before, or another with this `_id` was.
    Updated,
    /// There is a document with this `_id`, which `create` must not replace.
    Conflict,
    /// Another request is about to store a document with this `_id`.
    Pending,
    /// Nothing that can be stored, and why.
    Rejected(&'static str),
    /// Nothing that Pintail does, and why.
    Unsupported(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub action: Action,
    pub index: String,
    /// As the client gave it.
    pub id: Option<String>,
    pub outcome: Outcome,
}

/// Takes the documents of a request into the parcel; `index` is where those go that name no
/// other. `ask` is asked about documents with an `_id`, by index, id and a hash of the
/// content; those that are stored already are counted as duplicates.
///
/// # Errors
/// The request as a whole is unreadable; then the parcel is to be thrown away.
pub fn decode(
    body: &[u8],
    index: Option<&str>,
    now: Micros,
    parcel: &mut Parcel,
    ask: impl FnMut(&str, &str, u64) -> Verdict,
) -> Result<Vec<Item>, Malformed> {
    let text = text_of(body);
    let orders = orders(&text, index.unwrap_or(INDEX_DEFAULT))?;
    Ok(take_all(orders, body.len(), now, parcel, ask))
}

/// Takes one document that is a request by itself into the parcel.
pub fn decode_one(
    body: &[u8],
    target: &Target<'_>,
    now: Micros,
    parcel: &mut Parcel,
    ask: impl FnMut(&str, &str, u64) -> Verdict,
) -> Option<Item> {
    let text = text_of(body);
    let order = Order {
        action: target.action,
        index: Cow::Borrowed(target.index),
        id: target.id.map(Cow::Borrowed),
        document: Some(text.trim_ascii()),
        line: "",
    };
    take_all(vec![order], body.len(), now, parcel, ask).pop()
}

/// What the address of a request with one document says.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub action: Action,
    pub index: &'a str,
    pub id: Option<&'a str>,
}

fn take_all(
    orders: Vec<Order<'_>>,
    body_bytes: usize,
    now: Micros,
    parcel: &mut Parcel,
    ask: impl FnMut(&str, &str, u64) -> Verdict,
) -> Vec<Item> {
    let texts = Texts::fitted(orders.iter().filter_map(Order::message).take(SAMPLE_TEXTS_MAX));
    let rules = TimeRules { absent: Some(now), ..TimeRules::new(Zone::UTC, now) };
    let settings = parcel.settings.clone();
    let intake = Intake::new(parcel, body_bytes);
    let mut decoder =
        Decoder { texts, rules, settings, intake, ask, duplicates: 0, own: HashMap::new() };
    let mut items = Vec::with_capacity(orders.len());
    for order in orders {
        let outcome = decoder.take(&order);
        items.push(Item {
            action: order.action,
            index: order.index.into_owned(),
            id: order.id.map(Cow::into_owned),
            outcome,
        });
    }
    let duplicates = decoder.duplicates;
    parcel.received += duplicates;
    parcel.duplicates += duplicates;
    items
}

/// An action, and its document if there is one.
struct Order<'a> {
    action: Action,
    index: Cow<'a, str>,
    id: Option<Cow<'a, str>>,
    document: Option<&'a str>,
    /// The action's own line.
    line: &'a str,
}

impl<'a> Order<'a> {
    /// The text in the document that formats may read.
    fn message(&self) -> Option<Cow<'a, str>> {
        let document = Value { text: self.document?, escaped: true, odd: false };
        ["message", "log", "msg"].iter().find_map(|key| document.member(key)?.verbatim())
    }
}

/// The actions of a request with their documents. Blank lines between them are skipped, and
/// the last line break may be missing.
fn orders<'a>(text: &'a str, index: &'a str) -> Result<Vec<Order<'a>>, Malformed> {
    let mut orders = Vec::new();
    let mut lines = text.split('\n').enumerate();
    while let Some((at, line)) = lines.next() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let mut order = action_of(line, index).ok_or(Malformed { line: at + 1 })?;
        if order.action != Action::Delete {
            order.document = lines.next().map(|(_, document)| document.trim_ascii());
        }
        orders.push(order);
    }
    Ok(orders)
}

/// `{"create":{"_index":"logs","_id":"1"}}`. Members beside the action are no matter, as for
/// Elasticsearch before version 9: winston-elasticsearch sends `"attempts"`.
fn action_of<'a>(line: &'a str, index: &'a str) -> Option<Order<'a>> {
    let mut object = Object::open(line).ok()?;
    let mut found = None;
    while let Some((key, meta)) = object.next().ok()? {
        if let Some(action) = key.raw_string().and_then(Action::from_name)
            && meta.is_object()
            && found.replace((action, meta)).is_some()
        {
            return None;
        }
    }
    let (action, meta) = found.filter(|_| object.rest().trim_ascii().is_empty())?;
    let own = meta.member("_index").and_then(|index| index.string());
    let id = meta.member("_id");
    let id = id.and_then(|id| id.string().or(id.scalar().map(Cow::Borrowed)));
    Some(Order {
        action,
        index: own.filter(|own| !own.is_empty()).unwrap_or(Cow::Borrowed(index)),
        id: id.filter(|id| !id.is_empty()),
        document: None,
        line,
    })
}

struct Decoder<'p, A> {
    texts: Texts,
    rules: TimeRules,
    settings: Arc<Settings>,
    intake: Intake<'p>,
    ask: A,
    duplicates: u64,
    /// The documents of this request that have an `_id`, by index and that, with their contents.
    own: HashMap<(String, String), u64>,
}

impl<A: FnMut(&str, &str, u64) -> Verdict> Decoder<'_, A> {
    fn take(&mut self, order: &Order<'_>) -> Outcome {
        let unsupported = match order.action {
            Action::Update => Some(REASON_UPDATE),
            Action::Delete => Some(REASON_DELETE),
            Action::Create | Action::Index => None,
        };
        if let Some(reason) = unsupported {
            self.intake.reject(reason, order.document.unwrap_or(order.line));
            return Outcome::Unsupported(reason);
        }
        let Some(document) = order.document.filter(|document| !document.is_empty()) else {
            self.intake.reject(REASON_NO_DOCUMENT, order.line);
            return Outcome::Rejected(REASON_NO_DOCUMENT);
        };
        let mut record = self.intake.blank();
        let names = &self.settings.names;
        let reading =
            Reading { names, rules: &self.rules, is_strict: true, scale: Scale::default() };
        let read = read_document(document, order, &self.texts, reading, &mut record);
        if let Err(reason) = read.and_then(|()| check(&record)) {
            self.intake.put_back(record);
            self.intake.reject(reason, document);
            return Outcome::Rejected(reason);
        }
        // Asked only now: what is no record must not be known as one.
        let outcome = self.verdict(order, document);
        match outcome {
            (outcome, true) => match self.intake.push(record, document) {
                Ok(()) => outcome,
                Err(reason) => Outcome::Rejected(reason),
            },
            (outcome, false) => {
                self.intake.put_back(record);
                self.duplicates += u64::from(outcome != Outcome::Pending);
                outcome
            }
        }
    }

    /// What is known of a document, be it from this request or another.
    fn ask(&mut self, index: &str, id: &str, content: u64) -> Verdict {
        let key = (index.to_owned(), id.to_owned());
        match self.own.get(&key) {
            Some(known) if *known == content => Verdict::Stored,
            Some(_) => Verdict::Conflict,
            None => {
                let verdict = (self.ask)(index, id, content);
                if verdict == Verdict::New {
                    self.own.insert(key, content);
                }
                verdict
            }
        }
    }

    /// What is to be answered, and whether the document is to be stored.
    fn verdict(&mut self, order: &Order<'_>, document: &str) -> (Outcome, bool) {
        let Some(id) = &order.id else { return (Outcome::Created, true) };
        let content = content_of(document.as_bytes());
        let verdict = self.ask(&order.index, id, content);
        match (verdict, order.action) {
            (Verdict::New, _) => (Outcome::Created, true),
            (Verdict::Pending, _) => (Outcome::Pending, false),
            (_, Action::Create) => (Outcome::Conflict, false),
            (Verdict::Stored, _) => (Outcome::Updated, false),
            // Another content: a record beside the first, known by both from now on.
            (Verdict::Conflict, _) => {
                match self.ask(&order.index, &format!("{id}\0{content:016x}"), content) {
                    Verdict::New => (Outcome::Updated, true),
                    Verdict::Pending => (Outcome::Pending, false),
                    Verdict::Stored | Verdict::Conflict => (Outcome::Updated, false),
                }
            }
        }
    }
}

/// Fills an empty record with a document.
fn read_document<'a>(
    document: &'a str,
    order: &'a Order<'_>,
    texts: &Texts,
    reading: Reading<'_>,
    record: &mut Record<'a>,
) -> Result<(), &'static str> {
    let around = document::read(document, reading, record)?;
    if record.level.is_none() {
        texts.read_message(record);
    }
    if record.service.is_none() {
        record.service = around.service().or_else(|| data_set(&order.index).map(Cow::Borrowed));
    }
    if record.host.is_none() {
        record.host = around.host();
    }
    for (key, value) in [("_index", Some(&order.index)), ("_id", order.id.as_ref())] {
        if let Some(value) = value {
            let key = key_beside(record, "action", key);
            record.fields.str(&key, value);
        }
    }
    Ok(())
}

/// The data set of a data stream: `nginx.access` in `logs-nginx.access-default`
/// (<https://www.elastic.co/docs/reference/fleet/data-streams>).
fn data_set(index: &str) -> Option<&str> {
    let mut parts = index.strip_prefix("logs-")?.split('-');
    let (set, space) = (parts.next()?, parts.next());
    let names_one = !matches!(set, "" | "generic" | "generic.otel");
    (space.is_some() && parts.next().is_none() && names_one).then_some(set)
}

#[cfg(test)]
mod tests;
