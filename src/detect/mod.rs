//! Runs detectors, and stores what they find.
//!
//! A detector is one .sql file: a windowed query over the counts (or the records). Its
//! header comment says what it looks for, its method and its parameters; its columns are
//! the contract ([`COLUMNS`]). The built-in ones are in sql/detect/; a user runs another
//! by naming the file. It may use any of the parameters, or none.

use std::path::Path;

use crate::error::{Error, Result};
use crate::queries::Parameters;
pub use crate::queries::settings::Settings;
use crate::record::Micros;
use crate::store::output::Rendering;
use crate::store::{Parameter, RowSink, Session};

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

/// Every built-in detector, the default first: a name and its query.
const BUILT_IN: [(&str, &str); 1] = [("zscore", include_str!("../../sql/detect/zscore.sql"))];

const CHECK: &str = include_str!("../../sql/found_check.sql");
const STORE: &str = include_str!("../../sql/found_store.sql");
const SHOW: &str = include_str!("../../sql/found_show.sql");
const MINUTES: &str = include_str!("../../sql/found_minutes.sql");

/// A query that scores minutes.
#[derive(Clone, Debug)]
pub struct Detector {
    /// Names its anomalies: the file's name without extension.
    pub name: String,
    sql: String,
}

impl Detector {
    /// A built-in detector by its name, or the user's own by its path.
    pub fn open(choice: &str) -> Result<Detector> {
        if let Some((name, sql)) = BUILT_IN.iter().find(|(name, _)| *name == choice) {
            return Ok(Detector { name: (*name).to_owned(), sql: (*sql).to_owned() });
        }
        let path = Path::new(choice);
        if path.extension().is_none_or(|extension| extension != "sql") {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            return Err(Error::usage(format!(
                "unknown detector {choice}; there is {}, or give the path of a .sql file",
                names.join(", ")
            )));
        }
        let sql = std::fs::read_to_string(path)
            .map_err(|error| Error::file("read the detector", path, error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Detector { name, sql })
    }

    /// A detector whose query came by another way than a file.
    pub fn from_sql(name: &str, sql: &str) -> Detector {
        Detector { name: name.to_owned(), sql: sql.to_owned() }
    }

    /// The query.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The built-in ones.
    pub fn built_in() -> impl Iterator<Item = Detector> {
        BUILT_IN.iter().map(|(name, sql)| Detector::from_sql(name, sql))
    }

    /// The names of the built-in ones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Runs the detector; what it finds waits in the session to be stored or shown.
    ///
    /// # Errors
    /// DuckDB's message, or what is missing from the detector's columns.
    pub fn run(&self, session: &Session, parameters: &Parameters) -> Result<Found> {
        let parameters = &parameters.as_slice();
        session.create("found", &self.sql, parameters).map_err(|error| self.failed(&error))?;
        session.execute(CHECK, &[]).map_err(|error| {
            let columns: Vec<String> =
                COLUMNS.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
            let wanted = format!("it must return {}", columns.join(", "));
            self.failed(&Error::Sql(format!("{error}\n{wanted}")))
        })?;
        Ok(Found { detector: self.name.clone(), parameters: as_json(parameters) })
    }

    fn failed(&self, error: &Error) -> Error {
        Error::Sql(format!("detector {}: {error}", self.name))
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
    const CHOOSE: [&str; 4] = ["from", "to", "now", "service"];
    let mut object = crate::record::Fields::default();
    for (name, value) in parameters.iter().filter(|(name, _)| !CHOOSE.contains(name)) {
        match value {
            Some(value) => object.typed(name, value),
            None => object.raw(name, "null"),
        }
    }
    format!("{{{}}}", object.as_str())
}
