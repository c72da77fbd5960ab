//! Rows of a result as CSV, for the command line and the web alike.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::escape::spreadsheet_cell;

/// A cell; if it is to be safe, it is no formula to a spreadsheet.
pub fn csv_cell(value: &str, is_safe: bool) -> Cow<'_, str> {
    if is_safe { spreadsheet_cell(value) } else { Cow::Borrowed(value) }
}

/// Writes one row as RFC 4180 has it; null is empty.
///
/// # Errors
/// What the writer says.
pub fn csv_row(
    out: &mut (impl Write + ?Sized),
    values: impl Iterator<Item = impl AsRef<str>>,
) -> io::Result<()> {
    for (at, value) in values.enumerate() {
        let value = value.as_ref();
        if at > 0 {
            out.write_all(b",")?;
        }
        if value.contains(['"', ',', '\n', '\r']) {
            write!(out, "\"{}\"", value.replace('"', "\"\""))?;
        } else {
            out.write_all(value.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}
