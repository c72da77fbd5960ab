//! Scores a file of numbers or counts without a database: how others compare detectors, and how
//! `make score` does.
//!
//! One row out for each row in, in the same order. Scores lie between 0 and 1; 0.5 is where the
//! detector fires: s / (s + threshold), whatever its own unit is.

use std::path::Path;

use serde::Deserialize;

use super::bar::FALSE_ALARMS_DEFAULT;
use super::builtin::Reads;
use super::columns::Columns;
use super::pieces::Extent;
use super::{Detector, Settings};
use crate::error::{Error, Result};
use crate::record::Micros;
use crate::store::Session;

const ROWS: &str = include_str!("../../sql/file/rows.sql");
const FLAW: &str = include_str!("../../sql/file/flaw.sql");
const SERIES_COUNTS: &str = include_str!("../../sql/file/series_counts.sql");
const SERIES_VALUES: &str = include_str!("../../sql/file/series_values.sql");
const EXTENT: &str = include_str!("../../sql/file/extent.sql");
const VERDICTS: &str = include_str!("../../sql/file/verdicts_begin.sql");
const VERDICTS_OF_COUNTS: &str = include_str!("../../sql/file/verdicts_of_counts.sql");
const VERDICTS_OF_VALUES: &str = include_str!("../../sql/file/verdicts_of_values.sql");

/// Each row of the file, with its score: to be run when [`score`] is done.
pub const SCORED: &str = include_str!("../../sql/file/scored.sql");

/// The end of the year 5000: all minutes of a file are complete.
const NOW: Micros = 95_617_584_000_000_000;

/// What a column may be called, whichever comes first.
const SERIES: [&str; 3] = ["series", "series_id", "service"];
const TIME: [&str; 4] = ["ts", "timestamp", "time", "minute"];
const COUNT: [&str; 2] = ["count", "n"];
const VALUE: [&str; 1] = ["value"];

/// Reads a file into the session; says what it holds.
///
/// # Errors
/// That it cannot be read, which columns are missing, or which row cannot be scored.
pub fn read(session: &Session, path: &Path) -> Result<Reads> {
    let failed = |error: Error| Error::usage(format!("{}: {error}", path.display()));
    let columns = Columns::read(session, path).map_err(failed)?;
    let (reads, value) = match (columns.find(&COUNT), columns.find(&VALUE)) {
        (Some(count), _) => (Reads::Counts, count),
        (None, Some(value)) => (Reads::Values, value),
        (None, None) => return Err(failed(columns.missing("value or count"))),
    };
    let rows = ROWS
        .replace("{series}", &columns.find(&SERIES).unwrap_or_else(|| "''".to_owned()))
        .replace("{ts}", &columns.needed(&TIME).map_err(failed)?)
        .replace("{value}", &value);
    session.create("rows_in", &rows, &[])?;
    let counts = (reads == Reads::Counts).to_string();
    let flaws: Vec<Flaw> = session.rows(FLAW, &[("counts", Some(&counts))])?;
    if let Some(Flaw { row, what }) = flaws.first() {
        return Err(failed(Error::usage(format!("row {row}: {what}"))));
    }
    session.execute("drop table file", &[])?;
    Ok(reads)
}

/// Runs detectors over what [`read`] has read, with their own thresholds unless one is given.
///
/// # Errors
/// A detector's own, with its name.
pub fn score(session: &Session, detectors: &[Detector], threshold: Option<f64>) -> Result<()> {
    session.execute(VERDICTS, &[])?;
    for detector in detectors {
        let verdicts = match detector.reads() {
            Some(Reads::Values) => {
                session.create("series_values", SERIES_VALUES, &[])?;
                VERDICTS_OF_VALUES
            }
            Some(Reads::Counts) => {
                session.create("series_counts", SERIES_COUNTS, &[])?;
                VERDICTS_OF_COUNTS
            }
            Some(Reads::Ratio) | None => {
                return Err(Error::usage(format!(
                    "detector {} reads the database: it cannot score a file",
                    detector.name
                )));
            }
        };
        // Each row by itself: what others do in the same minute is not asked.
        let bar = detector.bar(threshold, FALSE_ALARMS_DEFAULT).single();
        let settings = Settings { every: true, ..Settings::default() };
        let threshold = bar.to_string();
        // How far those of users look back, nobody knows.
        let in_pieces = detector.reads() == Some(Reads::Counts) && detector.is_built_in();
        let pieces = match in_pieces {
            true => session.row::<Extent>(EXTENT, &[])?.pieces(),
            false => None,
        };
        let pieces = pieces.map(|pieces| pieces.into_iter().map(|it| (Some(it.from), Some(it.to))));
        let pieces = pieces.map_or_else(|| vec![(None, None)], Iterator::collect);
        for (at, (from, to)) in pieces.into_iter().enumerate() {
            if at > 0 && detector.reads() == Some(Reads::Counts) {
                // The piece before may have left nothing of it.
                session.create("series_counts", SERIES_COUNTS, &[])?;
            }
            let parameters = settings.parameters(from, to, NOW).with("threshold", bar);
            detector.judge(session, &parameters)?;
            session.execute(verdicts, &[("threshold", Some(&threshold))])?;
        }
    }
    Ok(())
}

/// A row that cannot be scored.
#[derive(Deserialize)]
struct Flaw {
    row: i64,
    what: String,
}
