//! Where one SQL statement ends and the next begins.

/// The statements of a text, without their semicolons; empty ones are left out.
pub fn split(sql: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < sql.len() {
        if sql.as_bytes()[at] == b';' {
            statements.push(&sql[start..at]);
            at += 1;
            start = at;
        } else {
            at += token_length(&sql[at..]).0;
        }
    }
    statements.push(&sql[start..]);
    statements.retain(|statement| !is_blank(statement));
    statements
}

/// Whether a text typed so far is whole: it ends with a semicolon outside of quotes and
/// comments, or says nothing.
pub fn is_complete(sql: &str) -> bool {
    let mut at = 0;
    let mut complete = true;
    while at < sql.len() {
        let (length, kind) = token_length(&sql[at..]);
        match kind {
            Token::Open => return false,
            Token::Space => {}
            Token::Text => complete = sql.as_bytes()[at] == b';',
        }
        at += length;
    }
    complete
}

/// Whether there is nothing but blanks and comments.
fn is_blank(sql: &str) -> bool {
    let mut at = 0;
    while at < sql.len() {
        let (length, kind) = token_length(&sql[at..]);
        if !matches!(kind, Token::Space) {
            return false;
        }
        at += length;
    }
    true
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Blanks and comments.
    Space,
    Text,
    /// A quote or comment that does not end.
    Open,
}

/// How long the token at the beginning of `sql` is: a name, a quoted text, a comment, or
/// one character of anything else.
pub(super) fn token_length(sql: &str) -> (usize, Token) {
    let closed = |open: usize, close: &str, kind| match sql[open..].find(close) {
        Some(at) => (open + at + close.len(), kind),
        None => (sql.len(), Token::Open),
    };
    match sql.as_bytes()[0] {
        b'\'' => closed(1, "'", Token::Text),
        b'"' => closed(1, "\"", Token::Text),
        b'-' if sql.starts_with("--") => {
            (sql.find('\n').map_or(sql.len(), |at| at + 1), Token::Space)
        }
        b'/' if sql.starts_with("/*") => comment_length(sql),
        b'e' | b'E' if sql[1..].starts_with('\'') => escape_string_length(sql),
        b'$' => match dollar_tag(sql) {
            Some(tag) => closed(tag.len(), tag, Token::Text),
            None => (1, Token::Text),
        },
        byte if byte.is_ascii_whitespace() => (1, Token::Space),
        _ => {
            let name = sql.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(sql.len());
            (name.max(sql.chars().next().map_or(1, char::len_utf8)), Token::Text)
        }
    }
}

/// A comment in `/* */`; they nest.
fn comment_length(sql: &str) -> (usize, Token) {
    let bytes = sql.as_bytes();
    let (mut at, mut depth) = (2, 1);
    while at < bytes.len() {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => (at, depth) = (at + 2, depth + 1),
            b"*/" => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return (at, Token::Space);
        }
    }
    (sql.len(), Token::Open)
}

/// `e'…'`, in which a backslash takes the meaning from a quote.
fn escape_string_length(sql: &str) -> (usize, Token) {
    let bytes = sql.as_bytes();
    let mut at = 2;
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => return (at + 1, Token::Text),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    (sql.len(), Token::Open)
}

/// `$$` or `$tag$` at the beginning.
fn dollar_tag(sql: &str) -> Option<&str> {
    let end = sql[1..].find('$')? + 1;
    let tag = &sql[1..end];
    let is_tag = tag.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !tag.starts_with(|c: char| c.is_ascii_digit());
    is_tag.then(|| &sql[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_quotes_and_comments_end_nothing() {
        let sql = "select ';' as \"a;b\"; -- not; here\n /* nor; here */ select $$;$$ ;;";
        assert_eq!(
            split(sql),
            ["select ';' as \"a;b\"", " -- not; here\n /* nor; here */ select $$;$$ "]
        );
        assert_eq!(split("select 'it''s; fine'"), ["select 'it''s; fine'"]);
        assert!(split(" -- nothing\n;").is_empty());
    }

    #[test]
    fn complete_statements_end_with_a_semicolon() {
        for sql in ["", "select 1;", "select 1; -- done", "select ';';"] {
            assert!(is_complete(sql), "{sql}");
        }
        for sql in ["select 1", "select ';", "select 1; select", "/* x;", "select 'é"] {
            assert!(!is_complete(sql), "{sql}");
        }
    }
}
