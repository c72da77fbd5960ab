//! Of which minutes it is known whether they were unusual at a first look: what was leaves the
//! baselines of the minutes after it (`flags` in sql/detect/counts.sql).

use super::{MINUTES_AT_ONCE, Span, script};
use crate::error::Result;
use crate::queries::Parameters;
use crate::store::Session;

/// A baseline begins so many minutes ago at most, of whole blocks of 5 minutes too (`flags_now.sql`).
pub(super) const BASELINE: i64 = 140;

/// So many minutes are kept (`flags_kept.sql`): records may come late.
const KEPT: i64 = 360;

/// The minutes of which that is known for a detector.
pub(super) struct Flagged(Option<Span>);

impl Flagged {
    pub(super) fn read(session: &Session, detector: &str) -> Result<Flagged> {
        let named = Parameters::new().with("detector", detector);
        let spans: Vec<Span> = session.rows(sql!("flagged"), &named.as_slice())?;
        Ok(Flagged(spans.first().copied()))
    }

    /// What has to be looked at before these minutes can be judged, some minutes at a time.
    pub(super) fn missing_before(&self, judged: Span) -> Vec<Span> {
        let first = judged.from - BASELINE;
        let from = match self.0 {
            Some(known) if known.from <= first => known.to.max(first),
            _ => first,
        };
        let piece = |from: i64| Span { from, to: (from + MINUTES_AT_ONCE).min(judged.from) };
        (from..judged.from).step_by(MINUTES_AT_ONCE as usize).map(piece).collect()
    }

    /// With minutes that were looked at. What is known of later ones is of no use any more.
    pub(super) fn and(self, looked: Span) -> Flagged {
        let from = match self.0 {
            Some(known) if known.from <= looked.from && looked.from <= known.to => {
                known.from.max(looked.from - KEPT)
            }
            _ => looked.from,
        };
        Flagged(Some(Span { from, to: looked.to }))
    }

    pub(super) fn keep(&self, session: &Session, detector: &str) -> Result<()> {
        let Some(known) = self.0 else { return Ok(()) };
        script(session, sql!("flagged_set"), &known.parameters().with("detector", detector))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_what_a_baseline_reaches_back_to() {
        let span = |from, to| Span { from, to };
        let missing = |known: Option<Span>, judged: Span| {
            let missing = Flagged(known).missing_before(judged);
            assert!(missing.windows(2).all(|pair| pair[0].to == pair[1].from));
            Some((missing.first()?.from, missing.last()?.to))
        };
        assert_eq!(missing(None, span(1000, 1001)), Some((860, 1000)));
        assert_eq!(missing(Some(span(800, 1000)), span(1000, 1001)), None);
        // Some were not judged, judged again, or too long ago.
        assert_eq!(missing(Some(span(800, 990)), span(1000, 1001)), Some((990, 1000)));
        assert_eq!(missing(Some(span(800, 1000)), span(990, 1001)), None);
        assert_eq!(missing(Some(span(861, 1000)), span(1000, 1001)), Some((860, 1000)));
        assert_eq!(missing(Some(span(100, 200)), span(1000, 1001)), Some((860, 1000)));
    }

    #[test]
    fn what_is_known_goes_on_as_far_as_there_are_no_gaps() {
        let and = |known, looked| Flagged(known).and(looked).0.map(|it| (it.from, it.to));
        let span = |from, to| Some(Span { from, to });
        let looked = Span { from: 1000, to: 1010 };
        assert_eq!(and(None, looked), Some((1000, 1010)));
        assert_eq!(and(span(900, 1000), looked), Some((900, 1010)));
        assert_eq!(and(span(900, 1020), looked), Some((900, 1010)));
        assert_eq!(and(span(900, 990), looked), Some((1000, 1010)));
        assert_eq!(and(span(100, 1000), looked), Some((640, 1010)));
    }
}
