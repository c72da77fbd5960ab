//! Runs detectors, and stores what they find.
//!
//! A detector is one .sql file: a windowed query over the counts (or the records). Its
//! header comment says what it looks for, its method and its parameters; its columns are
//! the contract ([`COLUMNS`]). The built-in ones are in sql/detect/; a user runs another
//! by naming the file. It may use any of the parameters, or none, and read the database or
//! what is prepared for it:
//!
//! - `series_counts(series, minute, n)`: records per minute of each service and level; minutes
//!   without records have no row.
//! - `series_values(series, ts, value, row)`: numbers in the order in which they came.
//!
//! Those that come with Pintail may be several statements: temporary tables, and last what is found.
//!
//! - [`builtin`]: the list of those that come with Pintail.
//! - [`stream`]: judges new minutes without reading all of the past again.
//! - [`scoring`]: scores a file without a database.

pub mod builtin;
pub mod scoring;
pub mod stream;

use std::path::Path;

use crate::error::{Error, Result};
use crate::queries::Parameters;
pub use crate::queries::settings::Settings;
use crate::record::Micros;
use crate::store::output::Rendering;
use crate::store::statements::split;
use crate::store::{Parameter, RowSink, Session};
use builtin::{BUILT_IN, BuiltIn, Reads};

/// What a detector returns, in any order, with types that can be cast to these.
pub const COLUMNS: [(&str, &str); 9] = [
    ("series", "VARCHAR"),
    ("minute", "TIMESTAMP"),
    ("observed", "DOUBLE"),
    ("expected", "DOUBLE"),
    ("low", "DOUBLE"),
    ("high", "DOUBLE"),
    ("score", "DOUBLE"),
    ("direction", "VARCHAR"),
    ("reason", "VARCHAR"),
];

const SERIES_COUNTS: &str = include_str!("../../sql/series_counts.sql");
const SERIES_VALUES: &str = include_str!("../../sql/series_values.sql");
const MACROS: &str = include_str!("../../sql/macros.sql");
const CHECK: &str = include_str!("../../sql/found_check.sql");
const STORE: &str = include_str!("../../sql/found_store.sql");
const SHOW: &str = include_str!("../../sql/found_show.sql");
const MINUTES: &str = include_str!("../../sql/found_minutes.sql");

/// From which score on the detectors of users fire, unless they say otherwise.
const THRESHOLD_DEFAULT: f64 = 3.0;

/// A query that scores minutes.
#[derive(Clone, Debug)]
pub struct Detector {
    /// Names its anomalies: the file's name without extension.
    pub name: String,
    sql: String,
    /// The score from which on it fires, unless somebody says otherwise.
    pub threshold: f64,
}

impl Detector {
    /// A built-in detector by its name, or the user's own by its path.
    pub fn open(choice: &str) -> Result<Detector> {
        if let Some(detector) = BUILT_IN.iter().find(|it| it.name == choice) {
            return Ok(detector.into());
        }
        let path = Path::new(choice);
        if path.extension().is_none_or(|extension| extension != "sql") {
            let names: Vec<&str> = Detector::names().collect();
            return Err(Error::usage(format!(
                "unknown detector {choice}; there is {}, or give the path of a .sql file",
                names.join(", ")
            )));
        }
        let sql = std::fs::read_to_string(path)
            .map_err(|error| Error::file("read the detector", path, error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Detector::from_sql(&name, &sql))
    }

    /// A detector whose query came by another way than a file.
    pub fn from_sql(name: &str, sql: &str) -> Detector {
        Detector { name: name.to_owned(), sql: sql.to_owned(), threshold: THRESHOLD_DEFAULT }
    }

    /// The query.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The built-in ones.
    pub fn built_in() -> impl Iterator<Item = Detector> {
        BUILT_IN.iter().map(Detector::from)
    }

    /// The names of the built-in ones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|detector| detector.name)
    }

    /// Whether it came with Pintail, whatever it is called.
    fn is_built_in(&self) -> bool {
        BUILT_IN.iter().any(|it| it.sql == self.sql)
    }

    /// What it looks at, if that is what is prepared for it.
    pub fn reads(&self) -> Option<Reads> {
        match () {
            () if self.sql.contains("series_values") => Some(Reads::Values),
            () if self.sql.contains("series_counts") => Some(Reads::Counts),
            () => None,
        }
    }

    /// Runs the detector over the database; what it finds waits in the session to be stored or
    /// shown.
    ///
    /// # Errors
    /// DuckDB's message, or what is missing from the detector's columns.
    pub fn run(&self, session: &Session, parameters: &Parameters) -> Result<Found> {
        let slice = &parameters.as_slice();
        match self.reads() {
            Some(Reads::Counts) => session.create("series_counts", SERIES_COUNTS, slice)?,
            Some(Reads::Values) => session.create("series_values", SERIES_VALUES, slice)?,
            None => {}
        }
        self.judge(session, parameters)?;
        self.found(session, parameters)
    }

    /// What was left in the session, once it is seen to be what a detector must return.
    fn found(&self, session: &Session, parameters: &Parameters) -> Result<Found> {
        session.execute(CHECK, &[]).map_err(|error| {
            let columns: Vec<String> =
                COLUMNS.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
            let wanted = format!("it must return {}", columns.join(", "));
            self.failed(&Error::Sql(format!("{error}\n{wanted}")))
        })?;
        Ok(Found { detector: self.name.clone(), parameters: as_json(&parameters.as_slice()) })
    }

    /// Leaves in the session what the detector says about what is prepared for it.
    fn judge(&self, session: &Session, parameters: &Parameters) -> Result<()> {
        // Not for the one that draws the page's picture, many times a minute.
        if self.reads().is_some() {
            for statement in split(MACROS) {
                session.execute(statement, &[])?;
            }
        }
        let parameters = &parameters.as_slice();
        // Those of users ask, and do nothing else.
        let run = || match self.is_built_in() {
            false => session.create("found", &self.sql, parameters),
            true => {
                let mut statements = split(&self.sql);
                let last = statements.pop().unwrap_or_default();
                for statement in statements {
                    session.execute(statement, parameters)?;
                }
                session.create("found", last, parameters)
            }
        };
        run().map_err(|error| self.failed(&error))
    }

    /// The statement that makes a temporary table of that name.
    fn statement(&self, table: &str) -> &str {
        let create = format!("create or replace temporary table {table} as\n");
        split(&self.sql).into_iter().find(|it| it.contains(&create)).unwrap_or_default()
    }

    /// The statement that returns what is found.
    fn last_statement(&self) -> &str {
        split(&self.sql).pop().unwrap_or_default()
    }

    fn failed(&self, error: &Error) -> Error {
        Error::Sql(format!("detector {}: {error}", self.name))
    }
}

impl From<&BuiltIn> for Detector {
    fn from(built_in: &BuiltIn) -> Detector {
        let BuiltIn { name, sql, threshold } = *built_in;
        Detector { threshold, ..Detector::from_sql(name, sql) }
    }
}

/// An unusual minute of a series.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct UnusualMinute {
    pub series: String,
    pub minute: Micros,
    pub observed: f64,
    pub expected: f64,
    pub low: f64,
    pub high: f64,
    pub score: f64,
    pub direction: String,
    pub reason: String,
}

/// What a run found: it lives in the session until the next run.
pub struct Found {
    detector: String,
    parameters: String,
}

impl Found {
    /// Adds to the anomalies what is not among them yet.
    pub fn store(&self, session: &Session, now: &str) -> Result<()> {
        let parameters: [Parameter<'_>; 3] = [
            ("detector", Some(&self.detector)),
            ("parameters", Some(&self.parameters)),
            ("now", Some(now)),
        ];
        session.execute(STORE, &parameters)
    }

    /// What was found, in order of time.
    pub fn minutes(&self, session: &Session) -> Result<Vec<UnusualMinute>> {
        session.rows(MINUTES, &[])
    }

    /// Hands what was found to `sink`, in order of time.
    pub fn show(&self, session: &Session, form: Rendering, sink: &mut dyn RowSink) -> Result<()> {
        session.run(SHOW, &[("detector", Some(&self.detector))], form, sink)
    }
}

/// The parameters that scores depend on, as a JSON object: not those that choose what is
/// looked at.
fn as_json(parameters: &[Parameter<'_>]) -> String {
    const CHOOSE: [&str; 5] = ["from", "to", "now", "service", "every"];
    let mut object = crate::record::Fields::default();
    for (name, value) in parameters.iter().filter(|(name, _)| !CHOOSE.contains(name)) {
        match value {
            Some(value) => object.typed(name, value),
            None => object.raw(name, "null"),
        }
    }
    format!("{{{}}}", object.as_str())
}
