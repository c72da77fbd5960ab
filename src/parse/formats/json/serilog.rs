//! Message templates, <https://messagetemplates.org>: `User {Name} paid {Amount:0.00}`.
//!
//! A hole takes the property of its name, from the event itself (compact format) or from
//! its `Properties`. Holes with a format take the next of the rendered values in `@r`. A
//! hole without a value stays as it is; alignment is not applied.

use std::borrow::Cow;

use super::value::Value;

/// Holes that are filled; each looks through the whole event.
const HOLES_MAX: usize = 64;

/// The template with its holes filled from the event, a scanned object.
pub fn render(template: &str, event: &str) -> String {
    let event = Value { text: event, escaped: true, odd: true };
    let properties = event.member("Properties").unwrap_or(event);
    let mut renderings = event.member("@r").into_iter().flat_map(|list| list.elements());
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    for _ in 0..HOLES_MAX {
        let Some((before, brace)) = split_at_brace(rest) else { break };
        out.push_str(before);
        if let Some(after) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
            out.push_str(&brace[..1]);
            rest = after;
            continue;
        }
        let Some(end) = brace.find('}') else {
            rest = brace;
            break;
        };
        let (hole, after) = brace.split_at(end + 1);
        let rendering = if hole.contains(':') { renderings.next() } else { None };
        match rendering.or_else(|| property(properties, hole)).and_then(plain_text) {
            Some(value) => out.push_str(&value),
            None => out.push_str(hole),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn split_at_brace(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(memchr::memchr2(b'{', b'}', text.as_bytes())?)
}

/// The property that a hole names: `{Name}`, `{@Order}`, `{$Type}`, `{Count,5:000}`.
fn property<'a>(properties: Value<'a>, hole: &str) -> Option<Value<'a>> {
    let name = hole.strip_prefix('{')?.split(['}', ',', ':']).next()?;
    properties.member(name.trim_start_matches(['@', '$']))
}

fn plain_text(value: Value<'_>) -> Option<Cow<'_, str>> {
    Some(value.string().unwrap_or(Cow::Borrowed(value.text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled() {
        let event = r#"{"Name":"Ann \"A\"","N":5,"O":{"a":1},"@r":["005"]}"#;
        for (template, expected) in [
            ("{Name} has {N}", "Ann \"A\" has 5"),
            ("{@O} {$N} {N,4}", "{\"a\":1} 5 5"),
            ("{N:000} {N:0}", "005 5"),
            ("{{N}} {Missing} {", "{N} {Missing} {"),
            ("}é{N", "}é{N"),
            ("", ""),
        ] {
            assert_eq!(render(template, event), expected, "{template}");
        }
    }

    #[test]
    fn endless_templates_end() {
        let template = "{N}".repeat(100_000);
        let rendered = render(&template, r#"{"N":1}"#);
        assert_eq!(rendered.len(), HOLES_MAX + 3 * (100_000 - HOLES_MAX));
    }
}
