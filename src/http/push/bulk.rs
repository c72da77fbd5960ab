//! The reply to a `_bulk` request: what became of each item.
//!
//! Compact, because Vector looks for the bytes `"errors":true`. Written by hand, because it has as
//! many items as the request.

use std::time::Duration;

use crate::receive::elastic::{Action, Item, Outcome};
use crate::record::{Micros, push_json_string};

/// What of a reply a client asked for with `filter_path`: `errors,items.*.status`.
#[derive(Debug, PartialEq, Eq)]
pub struct Filter {
    took: bool,
    errors: bool,
    /// Members of an item; `None` for all.
    members: Option<Vec<String>>,
}

impl Filter {
    pub fn new(paths: Option<&str>) -> Filter {
        let Some(paths) = paths.filter(|paths| !paths.is_empty()) else {
            return Filter { took: true, errors: true, members: None };
        };
        let mut filter = Filter { took: false, errors: false, members: Some(Vec::new()) };
        for path in paths.split(',') {
            match path.split('.').collect::<Vec<_>>()[..] {
                ["took"] => filter.took = true,
                ["errors"] => filter.errors = true,
                ["items", _, member, ..] if member != "*" => {
                    if let Some(members) = &mut filter.members {
                        members.push(member.to_owned());
                    }
                }
                ["items", ..] => filter.members = None,
                _ => {}
            }
        }
        filter
    }

    fn has(&self, member: &str) -> bool {
        self.members.as_ref().is_none_or(|members| members.iter().any(|known| known == member))
    }
}

/// The body of the reply. `now` is when the request arrived: ids that the client did not give
/// are made of it.
pub fn reply(items: &[Item], took: Duration, now: Micros, filter: &Filter) -> String {
    let failed = items.iter().any(|item| status_of(item) >= 300);
    let mut out = String::with_capacity(32 + 192 * items.len());
    out.push('{');
    if filter.took {
        out.push_str(&format!("\"took\":{},", took.as_millis()));
    }
    if filter.errors {
        out.push_str(if failed { "\"errors\":true," } else { "\"errors\":false," });
    }
    if filter.members.as_ref().is_none_or(|members| !members.is_empty()) {
        out.push_str("\"items\":[");
        for (number, item) in items.iter().enumerate() {
            push_item(&mut out, item, number, now, filter);
        }
        if out.ends_with(',') {
            out.pop();
        }
        out.push(']');
    }
    if out.ends_with(',') {
        out.pop();
    }
    out.push('}');
    out
}

/// The status and body of the reply to a request with one document.
pub fn single(item: &Item, now: Micros) -> (u16, String) {
    let status = status_of(item);
    if let Some((kind, reason)) = error_of(item) {
        let text = |text: &str| {
            let mut json = String::new();
            push_json_string(&mut json, text);
            json
        };
        let cause = format!("\"type\":\"{kind}\",\"reason\":{}", text(&reason));
        let error = format!("{{\"root_cause\":[{{{cause}}}],{cause}}}");
        return (status, format!("{{\"error\":{error},\"status\":{status}}}"));
    }
    let mut members = members_of(item, 0, now, &Filter::new(None));
    // Only items of `_bulk` have it.
    members.truncate(members.rfind(",\"status\"").unwrap_or(members.len()));
    (status, format!("{{{members}}}"))
}

fn status_of(item: &Item) -> u16 {
    match item.outcome {
        Outcome::Created => 201,
        Outcome::Updated => 200,
        Outcome::Conflict => 409,
        Outcome::Pending => 429,
        Outcome::Rejected(_) | Outcome::Unsupported(_) => 400,
    }
}

/// Appends an item with a comma; nothing if nothing of it was asked for.
fn push_item(out: &mut String, item: &Item, number: usize, now: Micros, filter: &Filter) {
    let members = members_of(item, number, now, filter);
    if !members.is_empty() {
        out.push_str(&format!("{{\"{}\":{{{members}}}}},", item.action.name()));
    }
}

/// What of an item was asked for.
fn members_of(item: &Item, number: usize, now: Micros, filter: &Filter) -> String {
    let mut members = String::new();
    let mut member = |name: &str, json: &str| {
        if filter.has(name) {
            members.push_str(&format!("\"{name}\":{json},"));
        }
    };
    let text = |text: &str| {
        let mut json = String::new();
        push_json_string(&mut json, text);
        json
    };
    member("_index", &text(&item.index));
    match &item.id {
        Some(id) => member("_id", &text(id)),
        None if item.action == Action::Delete => {}
        None => member("_id", &format!("\"{now:015x}{number:05x}\"")),
    }
    let result = match item.outcome {
        Outcome::Created => Some("\"created\""),
        Outcome::Updated => Some("\"updated\""),
        _ => None,
    };
    if let Some(result) = result {
        member("_version", "1");
        member("result", result);
        member("_shards", r#"{"total":1,"successful":1,"failed":0}"#);
        member("_seq_no", &number.to_string());
        member("_primary_term", "1");
    }
    member("status", &status_of(item).to_string());
    if let Some((kind, reason)) = error_of(item) {
        member("error", &format!("{{\"type\":\"{kind}\",\"reason\":{}}}", text(&reason)));
    }
    // The last comma.
    members.pop();
    members
}

fn error_of(item: &Item) -> Option<(&'static str, String)> {
    let id = item.id.as_deref().unwrap_or_default();
    match item.outcome {
        Outcome::Created | Outcome::Updated => None,
        Outcome::Conflict => Some((
            "version_conflict_engine_exception",
            format!("[{id}]: version conflict, document already exists (current version [1])"),
        )),
        Outcome::Pending => Some((
            "es_rejected_execution_exception",
            format!("[{id}]: another request is about to store this document"),
        )),
        Outcome::Rejected(reason) => Some(("document_parsing_exception", reason.to_owned())),
        Outcome::Unsupported(reason) => Some(("illegal_argument_exception", reason.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(action: Action, id: Option<&str>, outcome: Outcome) -> Item {
        Item { action, index: "logs".to_owned(), id: id.map(str::to_owned), outcome }
    }

    #[test]
    fn every_item_has_its_answer() {
        let items = [
            item(Action::Create, None, Outcome::Created),
            item(Action::Index, Some("a\"1"), Outcome::Rejected("malformed JSON")),
            item(Action::Delete, Some("2"), Outcome::Unsupported("no")),
        ];
        assert_eq!(
            reply(&items, Duration::from_millis(7), 255, &Filter::new(None)),
            concat!(
                r#"{"took":7,"errors":true,"items":["#,
                r#"{"create":{"_index":"logs","_id":"0000000000000ff00000","_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}},"#,
                r#"{"index":{"_index":"logs","_id":"a\"1","status":400,"error":{"type":"document_parsing_exception","reason":"malformed JSON"}}},"#,
                r#"{"delete":{"_index":"logs","_id":"2","status":400,"error":{"type":"illegal_argument_exception","reason":"no"}}}]}"#,
            )
        );
    }

    #[test]
    fn a_document_by_itself_has_an_answer_by_itself() {
        let single = |id, outcome| single(&item(Action::Index, id, outcome), 255);
        let created = concat!(
            r#"{"_index":"logs","_id":"0000000000000ff00000","_version":1,"result":"created","#,
            r#""_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1}"#,
        );
        assert_eq!(single(None, Outcome::Created), (201, created.to_owned()));
        let (status, body) = single(Some("7"), Outcome::Conflict);
        assert_eq!(status, 409);
        assert!(body.starts_with(r#"{"error":{"root_cause":[{"type":"version_conflict"#), "{body}");
        assert!(body.ends_with(r#","status":409}"#), "{body}");
    }

    #[test]
    fn clients_get_what_they_ask_for() {
        let items = [
            item(Action::Create, Some("1"), Outcome::Created),
            item(Action::Create, Some("2"), Outcome::Pending),
        ];
        let reply = |paths| reply(&items, Duration::ZERO, 0, &Filter::new(Some(paths)));
        assert_eq!(
            reply("errors,items.*.status"),
            r#"{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":429}}]}"#
        );
        assert!(reply("items.*.error").starts_with(r#"{"items":[{"create":{"error":{"type":"es_"#));
        assert_eq!(reply("took"), r#"{"took":0}"#);
        assert_eq!(reply("nothing"), "{}");
        assert!(reply("items").contains(r#""_index":"logs""#));
    }
}
