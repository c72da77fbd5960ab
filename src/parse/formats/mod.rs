//! The formats, from the most specific to the least: where two read the same line
//! equally well, the one that stands first here is taken.
//!
//! To add one: a file here, a line in [`KINDS`], a case in tests/spec/formats/.

mod text;

use std::sync::Arc;

use crate::parse::Format;

/// A format as the list knows it.
pub struct Kind {
    /// As `--format` takes it.
    pub name: &'static str,
    /// One line for people: what writes it, or what it looks like.
    pub about: &'static str,
    /// The format fitted to a source whose first lines are `sample` (at most a few
    /// hundred, cleaned), or `None` if it needs something there that it did not find
    /// (a CSV header). With an empty sample: the format as it is without knowledge.
    pub recognise: fn(sample: &[&str]) -> Option<Arc<dyn Format>>,
}

/// Every built-in format.
pub const KINDS: &[Kind] = &[text::KIND];

/// The built-in format of this name.
pub fn by_name(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
