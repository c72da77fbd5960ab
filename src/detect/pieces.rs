//! A long time is judged one piece after the other, and many series some at a time: what detectors
//! say does not depend on that (tests/score.rs), but the memory that they take does.

use serde::Deserialize;

use super::{Detector, SERIES_COUNTS};
use crate::error::Result;
use crate::queries::range::MINUTE;
use crate::queries::{Moment, Parameters};
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

/// Minutes of series whose counts are read in one go: groups that fit into caches are made in two
/// thirds of the time.
const CELLS_READ: i64 = 300_000;

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
    /// What a detector is to judge, one run after the other: pieces that fit into memory with their
    /// past. `None` if the whole does.
    pub fn pieces(self) -> Option<Vec<Piece>> {
        let (Some(first), Some(last)) = (self.first, self.last) else { return None };
        let minutes = (last - first) / MINUTE + 1;
        let cells_per_minute = (self.cells / minutes).max(1);
        let at_once = (CELLS_MAX / cells_per_minute - LOOK_BACK_MINUTES).max(1_440);
        if minutes <= at_once + LOOK_BACK_MINUTES {
            return None;
        }
        let starts = (0..minutes).step_by(at_once as usize).map(|minute| first + minute * MINUTE);
        let read = (CELLS_READ / cells_per_minute).max(60) * MINUTE;
        let end = |from: Micros| (from + at_once * MINUTE).min(last + MINUTE);
        Some(starts.map(|from| Piece { from, to: end(from), read }).collect())
    }
}

/// A piece of time that is judged at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    pub from: Micros,
    pub to: Micros,
    /// How much of it is read at once.
    read: Micros,
}

impl Piece {
    fn parameters(self, all: &Parameters) -> Parameters {
        all.clone().replaced("from", Moment(self.from).sql()).replaced("to", Moment(self.to).sql())
    }

    /// Makes `series_counts` of it and of the past that is looked back at.
    fn read_counts(self, session: &Session, all: &Parameters) -> Result<()> {
        let mut table = Filling::new(session, "series_counts");
        let mut from = self.from;
        // The past that is read begins that long before `from`.
        let end = self.to + LOOK_BACK_MINUTES * MINUTE;
        while from < end {
            let to = (from + self.read).min(end);
            let slice = Piece { from, to: to - LOOK_BACK_MINUTES * MINUTE, ..self };
            table.add(SERIES_COUNTS, &slice.parameters(all))?;
            from = to;
        }
        Ok(())
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

impl Detector {
    /// Judges one piece after the other, by what there is in `series_counts`.
    pub(super) fn judge_pieces(
        &self,
        session: &Session,
        parameters: &Parameters,
        pieces: &[Piece],
    ) -> Result<()> {
        gather(session, "found_pieces", pieces, |piece| {
            piece.read_counts(session, parameters)?;
            self.judge(session, &piece.parameters(parameters))
        })
    }
}

/// Runs what leaves its results in the temporary table `found` for each of several, and leaves all
/// of them there; they wait in a table of that name.
pub(super) fn gather<T>(
    session: &Session,
    table: &str,
    all: &[T],
    mut run: impl FnMut(&T) -> Result<()>,
) -> Result<()> {
    let mut gathered = Filling::new(session, table);
    for one in all {
        run(one)?;
        gathered.add("from found", &Parameters::new())?;
    }
    session.create("found", &format!("from {table}"), &[])
}

/// A temporary table that is made of several queries.
struct Filling<'a> {
    session: &'a Session,
    table: &'a str,
    begun: bool,
}

impl Filling<'_> {
    fn new<'a>(session: &'a Session, table: &'a str) -> Filling<'a> {
        Filling { session, table, begun: false }
    }

    fn add(&mut self, query: &str, parameters: &Parameters) -> Result<()> {
        let parameters = &parameters.as_slice();
        match std::mem::replace(&mut self.begun, true) {
            false => self.session.create(self.table, query, parameters),
            true => self.session.append(self.table, query, parameters),
        }
    }
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
        assert!(pieces.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!(pieces[0].from, 0);
        assert!(pieces.last().unwrap().to >= 365 * 1_440 * MINUTE);
    }
}
