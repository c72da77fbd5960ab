//! A long time is judged one piece after the other, and many series some at a time: what detectors
//! say does not depend on that (tests/score.rs), but the memory that they take does.

use serde::Deserialize;

use crate::error::Result;
use crate::queries::Parameters;
use crate::queries::range::MINUTE;
use crate::record::Micros;
use crate::store::Session;

const PARTS: &str = include_str!("../../sql/parts.sql");
const CHOSEN: &str = include_str!("../../sql/chosen.sql");

/// Minutes of all series that are looked at in one go, the past that detectors look back at
/// included. Smaller pieces read that past more often; larger ones do not fit into DuckDB's memory.
const CELLS_MAX: i64 = 12_000_000;

/// Minutes of series that are judged in one go: what follows from them, some 300 bytes each, fits into
/// memory, and much of it into caches. Of 100 series and 60 days 1.5 million at a time took 10 s,
/// all at once 14 s.
const CELLS_AT_ONCE: i64 = 1_500_000;

/// How far the detectors of counts that come with Pintail look back, in minutes.
const LOOK_BACK_MINUTES: i64 = 8 * 1_440;

/// What there is to be judged.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Extent {
    /// The first minute with records, and the last; none if there are no records.
    pub first: Option<Micros>,
    pub last: Option<Micros>,
    /// Minutes of all series from their first to their last record.
    pub cells: i64,
}

impl Extent {
    /// From when to when a detector is to judge, one run after the other: pieces that fit into
    /// memory with their past. `None` if the whole does.
    pub fn pieces(self) -> Option<Vec<(Micros, Micros)>> {
        let (Some(first), Some(last)) = (self.first, self.last) else { return None };
        let minutes = (last - first) / MINUTE + 1;
        let cells_per_minute = (self.cells / minutes).max(1);
        let at_once = (CELLS_MAX / cells_per_minute - LOOK_BACK_MINUTES).max(1_440);
        if minutes <= at_once + LOOK_BACK_MINUTES {
            return None;
        }
        let starts = (0..minutes).step_by(at_once as usize).map(|minute| first + minute * MINUTE);
        Some(starts.map(|from| (from, from + at_once * MINUTE)).collect())
    }
}

/// Some of the series in the temporary table `counts`.
#[derive(Deserialize)]
pub struct Part {
    /// Their numbers, inclusive.
    first: i64,
    last: i64,
}

impl Part {
    /// Of all that have records.
    pub fn all(session: &Session) -> Result<Vec<Part>> {
        session.rows(PARTS, &Parameters::new().with("cells", CELLS_AT_ONCE).as_slice())
    }

    /// Makes their counts the temporary table `chosen`.
    pub fn choose(&self, session: &Session) -> Result<()> {
        let Part { first, last } = self;
        session
            .execute(CHOSEN, &Parameters::new().with("first", first).with("last", last).as_slice())
    }
}

/// Runs what leaves its results in the temporary table `found` for each of several, and leaves all
/// of them there; they wait in a table of that name.
pub fn gather<T>(
    session: &Session,
    table: &str,
    all: &[T],
    mut run: impl FnMut(&T) -> Result<()>,
) -> Result<()> {
    for (at, one) in all.iter().enumerate() {
        run(one)?;
        let so_far = if at == 0 { "create or replace temporary table" } else { "insert into" };
        let found = if at == 0 { "as from found" } else { "from found" };
        session.execute(&format!("{so_far} {table} {found}"), &[])?;
    }
    session.execute(&format!("create or replace temporary table found as from {table}"), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_one_piece_and_what_does_not_is_cut_without_gaps() {
        let extent = |days: i64, series: i64| Extent {
            first: Some(0),
            last: Some((days * 1_440 - 1) * MINUTE),
            cells: days * 1_440 * series,
        };
        assert_eq!(extent(10, 100).pieces(), None);
        assert_eq!(Extent { first: None, last: None, cells: 0 }.pieces(), None);
        let pieces = extent(365, 100).pieces().unwrap();
        assert!(pieces.windows(2).all(|pair| pair[0].1 == pair[1].0));
        assert_eq!(pieces[0].0, 0);
        assert!(pieces.last().unwrap().1 >= 365 * 1_440 * MINUTE);
    }
}
