//! Rows of a result as CSV, for the command line and the web alike.

use std::io::{self, Write};

/// Writes one row as RFC 4180 has it; null is empty.
///
/// # Errors
/// What the writer says.
pub fn csv_row<'a>(
    out: &mut (impl Write + ?Sized),
    values: impl Iterator<Item = &'a str>,
) -> io::Result<()> {
    for (at, value) in values.enumerate() {
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
