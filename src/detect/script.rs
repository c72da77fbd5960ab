//! Detectors that come with Pintail may be several statements: temporary tables, and last what is found.
//!
//! One that makes `flags` looks twice: what is unusual at a first look leaves the baselines of a second.
//! Then the statements after `candidates` are run again, on those that it has made of its flags.

use serde::Deserialize;

use super::pieces::{Part, gather};
use super::{Detector, every};
use crate::error::Result;
use crate::queries::Parameters;
use crate::store::Session;
use crate::store::statements::split;

const SECOND_LOOK: &str = include_str!("../../sql/second_look.sql");

/// From here on statements judge some of the series, if there are very many.
const CHOSEN: &str = "chosen";

/// A look begins after these, and ends before `FLAGS`.
const CANDIDATES: &str = "candidates";
const FLAGS: &str = "flags";

impl Detector {
    /// Runs the statements of a detector that comes with Pintail; those from `chosen` on for some of the
    /// series at a time, if there are very many minutes.
    pub(super) fn run_script(&self, session: &Session, parameters: &Parameters) -> Result<()> {
        let every = every(parameters);
        let parameters = &parameters.as_slice();
        let mut statements = split(self.sql());
        let last = statements.pop().unwrap_or_default();
        let run = |statements: &[&str]| {
            statements.iter().try_for_each(|statement| session.execute(statement, parameters))
        };
        let judge = |statements: &[&str]| {
            run(statements)?;
            if let Some(look) = look(statements)
                && is_second_needed(session, every)?
            {
                run(look)?;
            }
            session.create("found", last, parameters)
        };
        let parted = position(&statements, CHOSEN);
        let Some(parted) = parted else { return judge(&statements) };
        run(&statements[..parted])?;
        let parts = Part::all(session)?;
        if parts.len() < 2 {
            return judge(&statements[parted..]);
        }
        // Room is what makes it quick.
        session.drop_table("series_counts")?;
        gather(session, "found_parts", &parts, |part| {
            let made = statements[parted..].iter().filter_map(|it| made_by(it));
            made.into_iter().try_for_each(|table| session.drop_table(table))?;
            part.choose(session)?;
            judge(&statements[parted + 1..])
        })
    }

    /// What is run for every look, if it looks twice.
    pub(super) fn look(&self) -> Vec<&str> {
        look(&split(&self.sql)).map(<[&str]>::to_vec).unwrap_or_default()
    }

    /// What prepares a second look, once there are flags.
    pub(super) fn after_flags(&self) -> Vec<&str> {
        let mut statements = split(&self.sql);
        statements.pop();
        let flags = position(&statements, FLAGS).map_or(statements.len(), |flags| flags + 1);
        statements.split_off(flags)
    }

    /// All statements as one: what is not written down on the way takes a tenth less time.
    pub(super) fn as_one_query(&self) -> String {
        let statements = split(&self.sql);
        let tables: Vec<String> = statements
            .iter()
            .filter_map(|statement| {
                let (name, query) = made_as(statement)?;
                Some(format!("{name} as (\n{query}\n)"))
            })
            .collect();
        format!("with {}\nfrom (\n{}\n)", tables.join(",\n"), self.last_statement())
    }

    /// The statement that makes a temporary table of that name.
    pub(super) fn statement(&self, table: &str) -> &str {
        split(&self.sql).into_iter().find(|it| made_by(it) == Some(table)).unwrap_or_default()
    }

    /// The statement that returns what is found.
    pub(super) fn last_statement(&self) -> &str {
        split(&self.sql).pop().unwrap_or_default()
    }
}

/// Whether anything may fire at a second look, once it is prepared, or all of it is wanted.
pub(super) fn is_second_needed(session: &Session, every: bool) -> Result<bool> {
    let parameters = Parameters::new().with("every", every);
    Ok(session.row::<Any>(SECOND_LOOK, &parameters.as_slice())?.some)
}

/// What is run for every look.
fn look<'a, 'b>(statements: &'a [&'b str]) -> Option<&'a [&'b str]> {
    let (candidates, flags) = position(statements, CANDIDATES).zip(position(statements, FLAGS))?;
    Some(&statements[candidates + 1..flags])
}

fn position(statements: &[&str], table: &str) -> Option<usize> {
    statements.iter().position(|it| made_by(it) == Some(table))
}

/// The temporary table that a statement makes.
pub fn made_by(statement: &str) -> Option<&str> {
    Some(made_as(statement)?.0)
}

/// The temporary table that a statement makes, and of what.
pub fn made_as(statement: &str) -> Option<(&str, &str)> {
    statement.split_once("create or replace temporary table ")?.1.split_once(" as\n")
}

/// Whether there are any.
#[derive(Deserialize)]
pub(super) struct Any {
    pub(super) some: bool,
}
