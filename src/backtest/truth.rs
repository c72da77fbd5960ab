//! A file that says what really happened. People write it by hand: what it says that cannot be
//! is told by row, column and value, not guessed.

use std::path::Path;

use serde::Deserialize;

use super::Truth;
use crate::clock;
use crate::config::cores;
use crate::detect::columns::Columns;
use crate::error::{Error, Result};
use crate::generate::Truth as Generated;
use crate::parse::time::{EXAMPLES, given};
use crate::queries::range::MINUTE;
use crate::record::Micros;
use crate::store::Store;

const QUERY: &str = include_str!("../../sql/file/truth.sql");

/// What the columns may be called, whichever comes first.
const SERIES: [&str; 3] = ["series", "series_id", "service"];
const START: [&str; 3] = ["start", "from", "first_minute"];
const END: [&str; 3] = ["end", "to", LAST_MINUTE];
const VERDICT: [&str; 2] = ["verdict", "label"];

/// The column of the tables marks and alerts that is the last minute itself, not the end.
const LAST_MINUTE: &str = "last_minute";

/// A row as the file has it.
#[derive(Deserialize)]
struct Row {
    row: i64,
    series: String,
    start: String,
    end: String,
    verdict: String,
}

/// What the file calls its columns.
struct Names {
    start: String,
    end: String,
    verdict: String,
}

impl Truth {
    /// What a file says.
    ///
    /// # Errors
    /// That it cannot be read, which columns are missing, or what is wrong in which row.
    pub fn read(path: &Path) -> Result<Vec<Truth>> {
        let failed = |error: Error| Error::usage(format!("{}: {error}", path.display()));
        if path.extension().is_some_and(|it| it.eq_ignore_ascii_case("json")) {
            return generated(path).map_err(failed);
        }
        let spill = tempfile::Builder::new().prefix("pintail-").tempdir()?;
        let session = Store::scratch(spill.path(), cores())?.session()?;
        let columns = Columns::read(&session, path).map_err(failed)?;
        let start = columns.needed(&START).map_err(failed)?;
        let end = columns.needed(&END).map_err(failed)?;
        let verdict = columns.find(&VERDICT);
        let query = QUERY
            .replace("{series}", &columns.find(&SERIES).unwrap_or_else(|| "''".to_owned()))
            .replace("{start}", &start)
            .replace("{end}", &end)
            .replace("{verdict}", verdict.as_deref().unwrap_or("null"));
        let rows: Vec<Row> = session.rows(&query, &[]).map_err(failed)?;
        let name = |column: &str| column.trim_matches('"').to_owned();
        let names = Names {
            start: name(&start),
            end: name(&end),
            verdict: name(verdict.as_deref().unwrap_or_default()),
        };
        let truth = |row: Row| {
            let number = row.row;
            row.truth(&names).map_err(|what| failed(Error::usage(format!("row {number}: {what}"))))
        };
        rows.into_iter().map(truth).collect()
    }
}

impl Row {
    fn truth(self, names: &Names) -> Result<Truth, String> {
        let start = time(&self.start, &names.start)?;
        let mut end = time(&self.end, &names.end)?;
        if end < start {
            let Names { start, end, .. } = names;
            return Err(format!("{end} {} comes before {start} {}", self.end, self.start));
        }
        if names.end.eq_ignore_ascii_case(LAST_MINUTE) {
            end += MINUTE;
        }
        let verdict = match self.verdict.trim().to_lowercase().as_str() {
            "" => None,
            known @ ("real" | "expected") => Some(known.to_owned()),
            _ => {
                return Err(format!(
                    "{} \"{}\" is neither real nor expected; without any it is real",
                    names.verdict, self.verdict
                ));
            }
        };
        Ok(Truth { series: self.series, start, end, verdict })
    }
}

/// What `pintail generate --truth` wrote.
fn generated(path: &Path) -> Result<Vec<Truth>> {
    let text = std::fs::read_to_string(path)?;
    let truth: Generated = serde_json::from_str(&text).map_err(|error| {
        Error::usage(format!("it is not what pintail generate --truth writes: {error}"))
    })?;
    let truth = truth.incidents.into_iter().map(|incident| {
        Ok(Truth {
            series: incident.service,
            start: time(&incident.start, "start")?,
            end: time(&incident.end, "end")?,
            verdict: None,
        })
    });
    truth.collect::<Result<_, String>>().map_err(Error::usage)
}

fn time(text: &str, column: &str) -> Result<Micros, String> {
    if text.trim().is_empty() {
        return Err(format!("{column} is empty; {EXAMPLES}"));
    }
    given(text, clock::now()).ok_or_else(|| format!("{column} \"{text}\" is no time; {EXAMPLES}"))
}
