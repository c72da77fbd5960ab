//! The search language: what people type above a list of records, as a condition in SQL.
//!
//! ```text
//! word             message or fields contain it, in any case
//! "a phrase"       the same with blanks
//! /regex/          the message matches
//! level:error      level:>=warn  level:error,fatal  level:none
//! service:auth     host:web1  service:auth,payment  service:none  service:pay*
//! source:3         by number, by name or by the end of its path
//! status:500       any other name is a field: user.id:42  status:>=500  path:/api/*  id:*  path:~^/api
//!                  of an array any element: tags:a
//! -term            not
//! ```
//!
//! Terms are joined by AND. What was typed reaches SQL as parameters only.

use super::Parameters;
use crate::parse::level::level_of_word;

/// A condition on records, with its parameters.
#[derive(Clone, Debug)]
pub struct Filter {
    pub condition: String,
    pub parameters: Parameters,
    /// Whether it asks for nothing but levels and services, which counts per minute know.
    pub only_counts: bool,
}

/// What is wrong with a search, and where (in characters).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub message: String,
    pub position: usize,
}

/// The place in sql/*.sql where the condition goes.
const PLACE: &str = "true /* filter */";

impl Filter {
    /// Reads a search; an empty one lets everything through.
    ///
    /// # Errors
    /// What cannot be understood, and where.
    pub fn parse(text: &str) -> Result<Filter, Mistake> {
        let mut filter =
            Filter { condition: String::new(), parameters: Parameters::new(), only_counts: true };
        for term in Terms::new(text) {
            let term = term?;
            let test = filter.test(&term)?;
            if !filter.condition.is_empty() {
                filter.condition.push_str(" and ");
            }
            filter.condition.push_str(&match term.negated {
                true => format!("not coalesce({test}, false)"),
                false => test,
            });
        }
        if filter.condition.is_empty() {
            filter.condition.push_str("true");
        }
        Ok(filter)
    }

    /// The query with the condition in its place.
    pub fn applied(&self, query: &str) -> String {
        assert!(query.contains(PLACE), "the query has a place for the filter");
        query.replace(PLACE, &self.condition)
    }

    fn test(&mut self, term: &Term) -> Result<String, Mistake> {
        match term.key.as_deref() {
            None => Ok(self.text(&term.values[0], term.is_regex)),
            Some("level") => self.level(term),
            Some(column @ ("service" | "host")) => {
                self.only_counts &= column == "service";
                Ok(self.any(term, |filter, value| match value.text.as_str() {
                    "none" if !value.quoted => format!("{column} is null"),
                    _ => filter.matches(column, value),
                }))
            }
            Some("source") => {
                self.only_counts = false;
                Ok(self.any(term, Filter::source))
            }
            Some("message") => {
                self.only_counts = false;
                Ok(self.any(term, |filter, value| match value.operator {
                    Some(_) => filter.matches("message", value),
                    None => {
                        let name = filter.parameters.push(value.text.to_lowercase());
                        format!("contains(lower(message), ${name})")
                    }
                }))
            }
            Some(key) => {
                self.only_counts = false;
                let field = self.field(key);
                Ok(self.any(term, |filter, value| match value.text.as_str() {
                    "*" if !value.quoted => format!("{} is not null", field.text),
                    _ => filter.field_matches(&field, value),
                }))
            }
        }
    }

    /// Any of the term's values.
    fn any(&mut self, term: &Term, mut test: impl FnMut(&mut Filter, &Value) -> String) -> String {
        let tests: Vec<String> = term.values.iter().map(|value| test(self, value)).collect();
        format!("({})", tests.join(" or "))
    }

    fn text(&mut self, value: &Value, is_regex: bool) -> String {
        self.only_counts = false;
        if is_regex {
            let name = self.parameters.push(&value.text);
            return format!("regexp_matches(message, ${name})");
        }
        let name = self.parameters.push(value.text.to_lowercase());
        format!(
            "(contains(lower(message), ${name}) or coalesce(contains(lower(fields::varchar), ${name}), false))"
        )
    }

    fn level(&mut self, term: &Term) -> Result<String, Mistake> {
        let mut tests = Vec::new();
        for value in &term.values {
            if value.text == "none" {
                tests.push("level is null".to_owned());
                continue;
            }
            let level = level_of_word(&value.text).ok_or_else(|| Mistake {
                message: format!(
                    "{} is no level; there are trace, debug, info, warn, error, fatal and none",
                    value.text
                ),
                position: value.position,
            })?;
            let operator = match value.operator {
                Some(Operator::Compare(operator)) => operator,
                _ => "=",
            };
            let name = self.parameters.push(level.name());
            tests.push(format!("level {operator} ${name}::level"));
        }
        Ok(format!("({})", tests.join(" or ")))
    }

    fn source(&mut self, value: &Value) -> String {
        if !value.text.is_empty() && value.text.bytes().all(|b| b.is_ascii_digit()) {
            let name = self.parameters.push(&value.text);
            return format!("source = try_cast(${name} as integer)");
        }
        let same = self.matches("name", value);
        let name = self.parameters.push(format!("/{}", value.text));
        format!("source in (select id from sources where {same} or ends_with(name, ${name}))")
    }

    /// A field: by its name, or, with dots in it, by its path.
    fn field(&mut self, key: &str) -> Field {
        let quoted = |key: &str| format!("\"{}\"", key.replace('"', ""));
        let mut extracted = |path: String| {
            let path = self.parameters.push(path);
            format!("json_extract_string(fields, ${path})")
        };
        let name = format!("$.{}", quoted(key));
        let text = extracted(name.clone());
        let elements = extracted(format!("{name}[*]"));
        if !key.contains('.') {
            return Field { text, elements };
        }
        let path: Vec<String> = key.split('.').map(quoted).collect();
        let path = format!("$.{}", path.join("."));
        Field {
            text: format!("coalesce({text}, {})", extracted(path.clone())),
            elements: format!("list_concat({elements}, {})", extracted(format!("{path}[*]"))),
        }
    }

    /// Whether a field, or an element of it if it is an array, is like a value. Only a record with a bracket
    /// in it can have an array: the others are not taken apart a second time.
    fn field_matches(&mut self, field: &Field, value: &Value) -> String {
        let whole = self.matches(&field.text, value);
        let element = self.matches("element", value);
        let elements = &field.elements;
        format!(
            "({whole} or (contains(fields::varchar, '[') and \
             len(list_filter({elements}, lambda element: {element})) > 0))"
        )
    }

    /// Whether an expression is, looks like, matches or compares to a value.
    fn matches(&mut self, expression: &str, value: &Value) -> String {
        let name = self.parameters.push(&value.text);
        match value.operator {
            Some(Operator::Matches) => format!("regexp_matches({expression}, ${name})"),
            Some(Operator::Compare(operator)) if value.text.parse::<f64>().is_ok() => {
                format!("try_cast({expression} as double) {operator} ${name}::double")
            }
            Some(Operator::Compare(operator)) => format!("{expression} {operator} ${name}"),
            None if value.text.contains('*') && !value.quoted => {
                format!("{expression} glob ${name}")
            }
            None => format!("{expression} = ${name}"),
        }
    }
}

/// Expressions of a field: as text, and of an array its elements, each as text.
struct Field {
    text: String,
    elements: String,
}

/// One condition: `-key:value,value`.
#[derive(Debug)]
struct Term {
    negated: bool,
    key: Option<String>,
    values: Vec<Value>,
    is_regex: bool,
}

#[derive(Debug)]
struct Value {
    text: String,
    /// Then nothing in it has a special meaning.
    quoted: bool,
    operator: Option<Operator>,
    position: usize,
}

#[derive(Clone, Copy, Debug)]
enum Operator {
    Compare(&'static str),
    Matches,
}

/// The terms of a search.
struct Terms {
    text: Vec<char>,
    at: usize,
}

impl Terms {
    fn new(text: &str) -> Terms {
        Terms { text: text.chars().collect(), at: 0 }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    fn term(&mut self) -> Result<Term, Mistake> {
        let begin = self.at;
        let mut negated = self.eat('-');
        if negated && self.peek().is_none_or(char::is_whitespace) {
            // A dash by itself is a word.
            (negated, self.at) = (false, begin);
        }
        if self.peek() == Some('/')
            && let Some(term) = self.regex(negated)?
        {
            return Ok(term);
        }
        let key = self.key();
        let mut values = vec![self.value(key.is_some())?];
        while key.is_some() && self.eat(',') {
            values.push(self.value(true)?);
        }
        Ok(Term { negated, key, values, is_regex: false })
    }

    /// `/…/`, if the slash is closed before a blank or the end; else it is a path.
    fn regex(&mut self, negated: bool) -> Result<Option<Term>, Mistake> {
        let ends = |at: &usize| {
            self.text[*at] == '/'
                && self.text[at - 1] != '\\'
                && self.text.get(at + 1).is_none_or(|c| c.is_whitespace())
        };
        let Some(end) = (self.at + 2..self.text.len()).find(ends) else {
            return Ok(None);
        };
        let position = self.at;
        let text: String = self.text[self.at + 1..end].iter().collect();
        let text = text.replace("\\/", "/");
        self.at = end + 1;
        checked_regex(&text, position)?;
        let value = Value { text, quoted: true, operator: None, position };
        Ok(Some(Term { negated, key: None, values: vec![value], is_regex: true }))
    }

    /// A name with a colon and something after it.
    fn key(&mut self) -> Option<String> {
        let is_first = |c: char| c.is_alphabetic() || matches!(c, '_' | '@');
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@');
        if !is_first(self.peek()?) {
            return None;
        }
        let end = (self.at..self.text.len()).find(|&at| !is_name(self.text[at]))?;
        let after = self.text.get(end + 1).copied();
        let is_url = after == Some('/') && self.text.get(end + 2) == Some(&'/');
        if self.text[end] != ':' || after.is_none_or(char::is_whitespace) || is_url {
            return None;
        }
        let key = self.text[self.at..end].iter().collect();
        self.at = end + 1;
        Some(key)
    }

    fn value(&mut self, has_key: bool) -> Result<Value, Mistake> {
        let operator = if has_key { self.operator() } else { None };
        let position = self.at;
        if self.eat('"') {
            return self.quoted(operator, position);
        }
        let mut text = String::new();
        let is_list = has_key && !matches!(operator, Some(Operator::Matches));
        while let Some(c) = self.peek() {
            if c.is_whitespace() || (is_list && c == ',') {
                break;
            }
            text.push(c);
            self.at += 1;
        }
        if text.is_empty() {
            let message = "a value is missing".to_owned();
            return Err(Mistake { message, position });
        }
        if matches!(operator, Some(Operator::Matches)) {
            checked_regex(&text, position)?;
        }
        Ok(Value { text, quoted: false, operator, position })
    }

    fn operator(&mut self) -> Option<Operator> {
        for (signs, operator) in [
            (">=", Operator::Compare(">=")),
            ("<=", Operator::Compare("<=")),
            (">", Operator::Compare(">")),
            ("<", Operator::Compare("<")),
            ("~", Operator::Matches),
        ] {
            let found: String = self.text[self.at..].iter().take(signs.len()).collect();
            if found == signs {
                self.at += signs.len();
                return Some(operator);
            }
        }
        None
    }

    /// The rest of a quoted text; a backslash takes the meaning from a quote.
    fn quoted(&mut self, operator: Option<Operator>, position: usize) -> Result<Value, Mistake> {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '"' => return Ok(Value { text, quoted: true, operator, position }),
                '\\' if matches!(self.peek(), Some('"' | '\\')) => {
                    text.extend(self.peek());
                    self.at += 1;
                }
                _ => text.push(c),
            }
        }
        Err(Mistake { message: "the quote does not end".to_owned(), position })
    }
}

impl Iterator for Terms {
    type Item = Result<Term, Mistake>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.peek()?;
        Some(self.term())
    }
}

/// DuckDB's expressions are RE2's, as those of this crate are; it would find a mistake only
/// while it scans.
fn checked_regex(pattern: &str, position: usize) -> Result<(), Mistake> {
    match regex::Regex::new(pattern) {
        Ok(_) => Ok(()),
        Err(error) => {
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("error: ");
            Err(Mistake { message: format!("not a regular expression: {reason}"), position })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match Filter::parse(text) {
            Ok(filter) => {
                let mut sql = filter.condition;
                for (name, value) in filter.parameters.as_slice().iter().rev() {
                    let value = format!("<{}>", value.unwrap_or(""));
                    sql = sql.replace(&format!("${name}"), &value);
                }
                sql
            }
            Err(mistake) => format!("{}: {}", mistake.position, mistake.message),
        }
    }

    #[test]
    fn searches_become_conditions() {
        let any = |word: &str| {
            format!(
                "(contains(lower(message), <{word}>) or \
                 coalesce(contains(lower(fields::varchar), <{word}>), false))"
            )
        };
        let field = |path: &str| format!("json_extract_string(fields, <{path}>)");
        let status = field("$.\"status\"");
        let or_element = |whole: String, elements: String, element: &str| {
            format!(
                "(({whole} or (contains(fields::varchar, '[') and \
                 len(list_filter({elements}, lambda element: {element})) > 0)))"
            )
        };
        let elements = field("$.\"status\"[*]");
        for (search, condition) in [
            ("", "true".to_owned()),
            ("Timeout", any("timeout")),
            (
                "\"timed out\" -Foo",
                format!("{} and not coalesce({}, false)", any("timed out"), any("foo")),
            ),
            (
                "level:error service:auth",
                "(level = <ERROR>::level) and (service = <auth>)".to_owned(),
            ),
            ("level:>=warning", "(level >= <WARN>::level)".to_owned()),
            ("level:error,none", "(level = <ERROR>::level or level is null)".to_owned()),
            ("service:none,pay*", "(service is null or service glob <pay*>)".to_owned()),
            (
                "status:500",
                or_element(format!("{status} = <500>"), elements.clone(), "element = <500>"),
            ),
            (
                "status:>=500",
                or_element(
                    format!("try_cast({status} as double) >= <500>::double"),
                    elements.clone(),
                    "try_cast(element as double) >= <500>::double",
                ),
            ),
            ("status:*", format!("({status} is not null)")),
            (
                "user.id:4",
                or_element(
                    format!(
                        "coalesce({}, {}) = <4>",
                        field("$.\"user.id\""),
                        field("$.\"user\".\"id\"")
                    ),
                    format!(
                        "list_concat({}, {})",
                        field("$.\"user.id\"[*]"),
                        field("$.\"user\".\"id\"[*]")
                    ),
                    "element = <4>",
                ),
            ),
            ("/a b\\/c/", "regexp_matches(message, <a b/c>)".to_owned()),
            ("/api/users", any("/api/users")),
            ("http://x/y", any("http://x/y")),
            ("10:00:01", any("10:00:01")),
            ("Exception: -", format!("{} and {}", any("exception:"), any("-"))),
            (
                "status:\"a \\\"b\\\"\"",
                or_element(
                    format!("{status} = <a \"b\">"),
                    elements.clone(),
                    "element = <a \"b\">",
                ),
            ),
        ] {
            assert_eq!(read(search), condition, "{search}");
        }
    }

    #[test]
    fn mistakes_have_a_place() {
        assert!(read("a level:purple").starts_with("8: purple is no level"));
        assert!(read("x \"open").starts_with("2: the quote"));
        assert!(read("/a(b/").starts_with("0: not a regular expression"));
        assert!(read("path:~[").starts_with("6: not a regular expression"));
        assert!(read("level:error,").starts_with("12: a value is missing"));
    }

    #[test]
    fn counts_answer_what_asks_for_levels_and_services() {
        let only = |text| Filter::parse(text).unwrap().only_counts;
        assert!(only("") && only("level:error -service:auth"));
        assert!(!only("level:error x") && !only("host:a") && !only("source:1") && !only("a:b"));
    }

    #[test]
    fn whatever_is_typed_is_read_or_refused() {
        for text in [
            "-", "--", ":", "a:", "-a:b", "\"\"", "//", "///", "a:,", ",", "é:ü", "-/x/", "a:\"",
            "a:>=",
        ] {
            let _outcome: Result<Filter, Mistake> = Filter::parse(text);
        }
    }
}
