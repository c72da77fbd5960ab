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
//! - `series_ratio(series, minute, n, errors)`: records per minute of each service, and how many of
//!   them are errors.
//!
//! Those that come with Pintail may be several statements: temporary tables, and last what is found.
//!
//! The way of a score: a detector's rows (`found`), those that a [`bar`] lets through, checked and
//! with what people said of the like (`found_checked`), the table anomalies ([`found`]), and the life
//! of an alert (`alert::life`).
//!
//! - [`builtin`]: the list of those that come with Pintail. [`choice`]: those of users beside them.
//! - [`bar`]: from which score on a minute counts.
//! - `script`: their statements. `pieces`: a long time, judged in parts.
//! - [`found`]: what was found. `explain`: what it is made of.
//! - [`stream`]: judges new minutes without reading all of the past again.
//! - [`scoring`]: scores a file without a database. [`columns`]: what its columns are called.

pub mod bar;
pub mod builtin;
pub mod choice;
pub mod columns;
mod explain;
pub mod found;
mod pieces;
pub mod scoring;
mod script;
pub mod stream;

use std::path::Path;

pub use bar::{Bar, Firing, Opening};
pub use found::{Found, UnusualMinute};

use crate::error::{Error, Result};
use crate::queries::Parameters;
use crate::queries::range::Span;
pub use crate::queries::settings::Settings;
use crate::record::Micros;
use crate::store::statements::split;
use crate::store::{Parameter, Session};
use builtin::{BUILT_IN, BuiltIn, FromKept, Reads};
use pieces::Extent;

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
const SERIES_RATIO: &str = include_str!("../../sql/series_ratio.sql");
const CELLS: &str = include_str!("../../sql/cells.sql");
const MACROS: &str = include_str!("../../sql/macros.sql");
const BUDGET: &str = include_str!("../../sql/found_budget.sql");
const SUBJECTS: &str = include_str!("../../sql/found_subjects.sql");
const CHECK: &str = include_str!("../../sql/found_check.sql");

/// From which score on the detectors of users fire, unless they say otherwise.
const THRESHOLD_DEFAULT: f64 = 3.0;

/// A query that scores minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    /// Names its anomalies: the file's name without extension.
    pub name: String,
    sql: String,
    pub firing: Firing,
    /// What an alert takes.
    pub opening: Opening,
}

impl Detector {
    /// A built-in detector by its name, or the user's own by its path; `counts:4.5` is one with
    /// another score from which on it fires.
    pub fn open(choice: &str) -> Result<Detector> {
        let at_score = choice.rsplit_once(':').and_then(|(name, score)| {
            let score =
                score.parse().ok().filter(|score: &f64| *score > 0.0 && score.is_finite())?;
            Some((name, Firing::From(score)))
        });
        match at_score {
            Some((name, firing)) => Ok(Detector::named(name)?.firing(firing)),
            None => Detector::named(choice),
        }
    }

    /// The same with another score from which on it fires.
    pub fn firing(self, firing: Firing) -> Detector {
        Detector { firing, ..self }
    }

    fn named(choice: &str) -> Result<Detector> {
        if let Some(detector) = BUILT_IN.iter().find(|it| it.name == choice) {
            return Ok(detector.into());
        }
        let path = Path::new(choice);
        if path.extension().is_none_or(|extension| extension != "sql") {
            let names: Vec<&str> = BUILT_IN.iter().map(|detector| detector.name).collect();
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
        // The same query as a built-in one is that one.
        if let Some(detector) = BUILT_IN.iter().find(|it| it.name == name && it.sql == sql) {
            return detector.into();
        }
        let threshold = header(sql, "Threshold").and_then(|text| text.parse().ok());
        let firing = Firing::From(threshold.unwrap_or(THRESHOLD_DEFAULT));
        let opening = Opening::AtOnce;
        Detector { name: name.to_owned(), sql: sql.to_owned(), firing, opening }
    }

    /// The one that draws the page's picture.
    pub fn picture() -> Detector {
        Detector::from(&BUILT_IN[0])
    }

    /// The built-in ones.
    pub fn built_in() -> impl Iterator<Item = Detector> {
        BUILT_IN.iter().map(Detector::from)
    }

    /// The query.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// What it looks for: the first sentence of its header.
    pub fn about(&self) -> String {
        let comment: Vec<&str> = self
            .sql
            .lines()
            .map_while(|line| line.strip_prefix("--"))
            .map(str::trim)
            .take_while(|line| !line.is_empty())
            .collect();
        let text = comment.join(" ");
        let text = text.strip_prefix(&format!("{}:", self.name)).unwrap_or(&text).trim();
        // A sentence ends where another begins: `e.g.` is no end.
        let begins = |at: usize| text[at + 2..].starts_with(|c: char| c.is_uppercase());
        let end = text.match_indices(". ").map(|(at, _)| at).find(|at| begins(*at));
        let sentence = &text[..end.unwrap_or(text.len())];
        // Of a comment that never ends, its beginning.
        sentence.trim_end_matches('.').chars().take(200).collect()
    }

    /// From which score on it fires, if somebody wants that or none.
    pub fn bar(&self, threshold: Option<f64>, false_alarms: f64) -> Bar {
        match (threshold, self.firing) {
            (Some(threshold), _) => Bar::Score(threshold),
            (None, Firing::From(score)) => Bar::Score(score),
            (None, Firing::Budget) => Bar::FalseAlarms(false_alarms),
        }
    }

    /// Whether it came with Pintail, whatever it is called.
    pub fn is_built_in(&self) -> bool {
        BUILT_IN.iter().any(|it| it.sql == self.sql)
    }

    /// How it judges new minutes from what is kept, if it can.
    fn kept(&self) -> Option<FromKept> {
        BUILT_IN.iter().find(|it| it.sql == self.sql)?.kept
    }

    /// What it looks at, if that is what is prepared for it.
    pub fn reads(&self) -> Option<Reads> {
        match () {
            () if self.sql.contains("series_values") => Some(Reads::Values),
            () if self.sql.contains("series_counts") => Some(Reads::Counts),
            () if self.sql.contains("series_ratio") => Some(Reads::Ratio),
            () => None,
        }
    }

    /// Runs the detector over the database; what it finds waits in the session to be stored or
    /// shown.
    ///
    /// # Errors
    /// DuckDB's message, or what is missing from the detector's columns.
    pub fn run(&self, session: &Session, parameters: &Parameters, bar: Bar) -> Result<Found> {
        let parameters = parameters.clone().with("threshold", bar.asked());
        self.judge_all(session, &parameters)?;
        self.check(session, &parameters, bar, SUBJECTS)
    }

    /// The same for a query that may be anybody's: it may only ask, and its errors are theirs to mend.
    pub fn run_asking(
        &self,
        session: &Session,
        parameters: &Parameters,
        bar: Bar,
    ) -> Result<Found> {
        // Those that come with Pintail make tables for themselves.
        if self.is_built_in() {
            return self.run(session, parameters, bar);
        }
        let ran = session
            .check_only_asks(&self.sql)
            .map_err(|error| self.failed(&error))
            .and_then(|()| self.run(session, parameters, bar));
        ran.map_err(|error| match error {
            Error::Sql(message) => Error::usage(message),
            other => other,
        })
    }

    /// Leaves in `found` what there is to be drawn. Of what comes with Pintail nothing needs a check.
    ///
    /// # Errors
    /// As [`run_asking`](Detector::run_asking).
    pub fn draw(&self, session: &Session, parameters: &Parameters, bar: Bar) -> Result<()> {
        if self.is_built_in() {
            return self.judge_all(session, &parameters.clone().with("threshold", bar.asked()));
        }
        self.run_asking(session, parameters, bar).map(drop)
    }

    /// How many minutes of series there are to be judged.
    pub fn cells(&self, session: &Session, parameters: &Parameters) -> Result<i64> {
        Ok(session.row::<Extent>(CELLS, &parameters.as_slice())?.cells)
    }

    /// Judges all of the time that is asked for, in pieces if it is long.
    fn judge_all(&self, session: &Session, parameters: &Parameters) -> Result<()> {
        let pieces = match self.reads() == Some(Reads::Counts) && self.is_built_in() {
            true => session.row::<Extent>(CELLS, &parameters.as_slice())?.pieces(),
            false => None,
        };
        match pieces {
            None => self.judge_prepared(session, parameters),
            Some(pieces) => self.judge_pieces(session, parameters, &pieces),
        }
    }

    /// Prepares what the detector reads, and judges it.
    fn judge_prepared(&self, session: &Session, parameters: &Parameters) -> Result<()> {
        let slice = &parameters.as_slice();
        match self.reads() {
            Some(Reads::Counts) => session.create("series_counts", SERIES_COUNTS, slice)?,
            Some(Reads::Values) => session.create("series_values", SERIES_VALUES, slice)?,
            Some(Reads::Ratio) => session.create("series_ratio", SERIES_RATIO, slice)?,
            None => {}
        }
        self.judge(session, parameters)
    }

    /// Whether what the detector left in the session is as it must be; with what goes with it, and
    /// what its series are about, which `subjects` says.
    fn check(
        &self,
        session: &Session,
        parameters: &Parameters,
        bar: Bar,
        subjects: &str,
    ) -> Result<Found> {
        if let Some(chance) = bar.chance() {
            session.execute(BUDGET, &Parameters::new().with("chance", chance).as_slice())?;
        }
        let kind = match self.reads() {
            Some(Reads::Counts) => "counts",
            Some(Reads::Values) => "values",
            Some(Reads::Ratio) | None => "service",
        };
        let described = parameters
            .clone()
            .with("kind", kind)
            .with("detector", &self.name)
            .with("least", if every(parameters) { 0.0 } else { bar.asked() });
        let checked = session
            .execute(subjects, &described.as_slice())
            .and_then(|()| session.execute(CHECK, &described.as_slice()));
        checked.map_err(|error| {
            let columns: Vec<String> =
                COLUMNS.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
            let wanted = format!("it must return {}", columns.join(", "));
            self.failed(&Error::Sql(format!("{error}\n{wanted}")))
        })?;
        Ok(Found::new(self, as_json(&parameters.as_slice(), bar)))
    }

    /// Leaves in the session what the detector says about what is prepared for it.
    fn judge(&self, session: &Session, parameters: &Parameters) -> Result<()> {
        // Not for the one that draws the page's picture, many times a minute.
        if self.reads().is_some() {
            for statement in split(MACROS) {
                session.execute(statement, &[])?;
            }
        }
        let judged = match self.is_built_in() {
            // Those of users ask, and do nothing else.
            false => session.create("found", &self.sql, &parameters.as_slice()),
            true if self.reads() == Some(Reads::Values) => {
                session.create("found", &self.as_one_query(), &parameters.as_slice())
            }
            true => self.run_script(session, parameters),
        };
        judged.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &Error) -> Error {
        Error::Sql(format!("detector {}: {error}", self.name))
    }
}

impl From<&BuiltIn> for Detector {
    fn from(built_in: &BuiltIn) -> Detector {
        let BuiltIn { name, sql, firing, opening, .. } = *built_in;
        Detector { name: name.to_owned(), sql: sql.to_owned(), firing, opening }
    }
}

/// With the minutes to judge: open ends are closed by the records there are, and nothing is judged
/// whose time is implausible at the time `now`.
///
/// # Errors
/// DuckDB's message.
pub fn plausible(
    session: &Session,
    settings: &Settings,
    (from, to): (Option<Micros>, Option<Micros>),
    now: Micros,
) -> Result<Parameters> {
    let span = Span::resolve(session, from, to, now)?.plausible(now);
    Ok(settings.parameters(Some(span.from), Some(span.to), now))
}

/// Whether all minutes are wanted, not only the unusual ones.
fn every(parameters: &Parameters) -> bool {
    parameters.as_slice().contains(&("every", Some("true")))
}

/// What the header comment says after `-- NAME:`.
fn header<'a>(sql: &'a str, name: &str) -> Option<&'a str> {
    sql.lines()
        .map_while(|line| line.strip_prefix("--"))
        .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

/// The parameters that scores depend on, as a JSON object: not those that choose what is
/// looked at.
fn as_json(parameters: &[Parameter<'_>], bar: Bar) -> String {
    const CHOOSE: [&str; 6] = ["from", "to", "now", "service", "every", "threshold"];
    let mut object = crate::record::Fields::default();
    for (name, value) in parameters.iter().filter(|(name, _)| !CHOOSE.contains(name)) {
        match value {
            Some(value) => object.typed(name, value),
            None => object.raw(name, "null"),
        }
    }
    match bar {
        Bar::Score(score) => object.typed("threshold", &score.to_string()),
        Bar::FalseAlarms(budget) => object.typed("false_alarms_per_day", &budget.to_string()),
    }
    format!("{{{}}}", object.as_str())
}
