//! Which minutes and pasts are kept, and by which formulas.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;

use crate::detect::stream::{built_in, run, script};
use crate::detect::{MACROS, SERIES_VALUES};
use crate::error::Result;
use crate::queries::Parameters;
use crate::store::Session;

const DAY: i64 = 1_440;

/// How far back the past of a day begins (sql/series_values.sql).
const LOOK_BACK: i64 = 8 * DAY;

/// Where the past of a minute begins.
pub(super) fn past_of(minute: i64) -> i64 {
    minute.div_euclid(DAY) * DAY - LOOK_BACK
}

/// Which minutes have their values: those from `first` until `until`, exclusive.
pub(super) struct Kept {
    pub(super) first: i64,
    pub(super) until: i64,
    pub(super) pasts: Vec<i64>,
}

impl Kept {
    /// `None` if there is nothing, or it was computed with other formulas.
    pub(super) fn read(session: &Session) -> Result<Option<Kept>> {
        let rows: Vec<KeptRow> = session.rows(sql!("kept"), &[])?;
        let Some(row) = rows.first().filter(|row| row.fingerprint == fingerprint()) else {
            return Ok(None);
        };
        let pasts: Vec<Past> = session.rows(sql!("pasts"), &[])?;
        let pasts = pasts.into_iter().map(|past| past.since).collect();
        Ok(Some(Kept { first: row.first_minute, until: row.until, pasts }))
    }

    /// Begins pasts that are asked for, and forgets others.
    pub(super) fn change_pasts(&self, session: &Session, asked: [i64; 2]) -> Result<()> {
        let [first, last] = asked;
        if self.first < first || self.pasts.iter().any(|past| !asked.contains(past)) {
            let asked = Parameters::new().with("first", first).with("last", last);
            session.transaction(|| script(session, sql!("forget"), &asked))?;
        }
        let mut begun = self.pasts.clone();
        for since in asked {
            if !begun.contains(&since) {
                let since = Parameters::new().with("since", since);
                session.transaction(|| script(session, sql!("begin_past"), &since))?;
            }
            begun.push(since);
        }
        Ok(())
    }
}

/// Deletes everything; values will be kept from a minute on.
pub(super) fn restart(session: &Session, first: i64) -> Result<()> {
    let parameters = Parameters::new().with("fingerprint", fingerprint()).with("first", first);
    session.transaction(|| script(session, sql!("begin"), &parameters))
}

pub(super) fn set_until(session: &Session, until: i64) -> Result<()> {
    run(session, sql!("until"), &Parameters::new().with("until", until))
}

/// Changes with the formulas that the state depends on.
fn fingerprint() -> String {
    let mut hasher = DefaultHasher::new();
    LOOK_BACK.hash(&mut hasher);
    built_in("values").sql().hash(&mut hasher);
    for script in [
        MACROS,
        SERIES_VALUES,
        sql!("changed"),
        sql!("read"),
        sql!("begun"),
        sql!("recent"),
        sql!("slots"),
        sql!("fresh"),
        sql!("repaired"),
    ] {
        script.hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

#[derive(Deserialize)]
struct KeptRow {
    fingerprint: String,
    first_minute: i64,
    until: i64,
}

#[derive(Deserialize)]
struct Past {
    since: i64,
}
