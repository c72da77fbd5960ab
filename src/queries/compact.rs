//! Joining partial counts. Every transaction appends its own, several a second while files are
//! followed; what reads them should not have to sum up a whole day of that.

use super::Parameters;
use super::range::MINUTE;
use crate::error::Result;
use crate::record::Micros;
use crate::store::{Session, statements};

const ROLLUPS: &str = include_str!("../../sql/compact_rollups.sql");
const INTAKE: &str = include_str!("../../sql/compact_intake.sql");

const RECEIPTS: &str = include_str!("../../sql/forget_receipts.sql");
const ANSWERED: &str = include_str!("../../sql/forget_answered.sql");

/// Keys of what was received are needed no longer than this; see `receive::receipts`.
const RECEIPTS_STAY: Micros = 2 * 60 * MINUTE;

/// Requests that were answered are of no use any more; in this time the answer is noted.
const ANSWERED_STAY: Micros = MINUTE;

/// More of them than this are not known again; see there.
const RECEIPTS_MAX: usize = 1_000_000;

/// What arrived in this time stays as it came: rates are read from it.
const INTAKE_STAYS: Micros = 5 * MINUTE;

/// Joins the counts of the minutes from `from` to `to`, and what sources brought until a while
/// before `now`; forgets keys that nobody asks for any more. What others append meanwhile is untouched.
pub fn compact(session: &Session, from: Micros, to: Micros, now: Micros) -> Result<()> {
    let rollups = Parameters::new().with("from", from).with("to", to);
    let intake = Parameters::new().with("to", now - INTAKE_STAYS);
    let receipts = Parameters::new().with("to", now - RECEIPTS_STAY).with("keep", RECEIPTS_MAX);
    let answered = Parameters::new().with("to", now - ANSWERED_STAY);
    let scripts =
        [(ROLLUPS, rollups), (INTAKE, intake), (RECEIPTS, receipts), (ANSWERED, answered)];
    for (script, parameters) in scripts {
        session.transaction(|| {
            statements::split(script)
                .into_iter()
                .try_for_each(|statement| session.execute(statement, &parameters.as_slice()))
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::store::{Access, Store};

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Numbers {
        rows: i64,
        sum: i64,
        later: i64,
    }

    #[test]
    fn counts_stay_and_rows_become_few() {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open(&dir.path().join("x.duckdb"), Access::Write, &Limits::query()).unwrap();
        let session = store.session().unwrap();
        let fill = "insert into rollups
             select make_timestamp((range // 100) * 60000000), 'a', 'INFO', 1 from range(1000)";
        session.execute(fill, &[]).unwrap();
        let fill = "insert into intake
             select 1, 1, 0, null, null, make_timestamp(range * 1000000), 1, 0, 0, 0, 0
             from range(1000)";
        session.execute(fill, &[]).unwrap();
        let rollups = "select count(*) as rows, sum(n) as sum,
             count(*) filter (where minute >= make_timestamp(300000000)) as later from rollups";
        let intake = "select count(*) as rows, sum(records) as sum, 0 as later from intake";
        compact(&session, 0, 5 * MINUTE, 500_000_000 + INTAKE_STAYS).unwrap();
        let numbers: Numbers = session.row(rollups, &[]).unwrap();
        assert_eq!(numbers, Numbers { rows: 505, sum: 1000, later: 500 });
        let numbers: Numbers = session.row(intake, &[]).unwrap();
        assert_eq!(numbers, Numbers { rows: 501, sum: 1000, later: 0 });
    }
}
