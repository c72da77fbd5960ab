//! New minutes, judged from what is kept.

use super::reading::sums_of_past;
use super::{Span, run, script};
use crate::detect::Detector;
use crate::error::Result;
use crate::queries::Parameters;
use crate::store::Session;

/// Minutes that are judged from what is kept.
pub(super) struct Tick<'a> {
    pub(super) session: &'a Session,
    pub(super) detector: &'a Detector,
    pub(super) parameters: &'a Parameters,
    pub(super) span: Span,
}

impl Tick<'_> {
    /// Leaves the verdicts in `found`, after [`prepare`](super::reading::prepare); hours from the minute
    /// `open` on are not closed.
    pub(super) fn judge(&self, open: i64) -> Result<()> {
        let session = self.session;
        if self.detector.name == "counts" {
            self.judge_counts(open)?;
        } else {
            self.judge_silence()?;
        }
        let last = self.detector.last_statement();
        session.create("found", last, &self.parameters.as_slice())
    }

    pub(super) fn judge_counts(&self, open: i64) -> Result<()> {
        let (session, span) = (self.session, self.span.parameters());
        run(session, sql!("sums_now"), &span)?;
        run(session, sql!("stale_withhold"), &span)?;
        run(session, sql!("births_now"), &Parameters::new().with("open", open))?;
        self.step("judged")?;
        self.step("candidates")?;
        run(session, sql!("dispersions_now"), &span)?;
        run(session, sql!("screen"), self.parameters)?;
        self.step("lookups")?;
        run(session, sql!("past_of_lookups"), &span)?;
        sums_of_past(session)?;
        self.step("expected")?;
        self.step("possible")?;
        self.step("dispersed")?;
        self.step("suspects")?;
        self.step("past_suspects")?;
        run(session, sql!("past_of_suspects"), &span)?;
        sums_of_past(session)?;
        run(session, sql!("sums_of_suspects"), &span)
    }

    pub(super) fn judge_silence(&self) -> Result<()> {
        let (session, span) = (self.session, self.span.parameters());
        // A silence goes on for 2 hours at most.
        let since = (self.span.from - 121).div_euclid(60) * 60;
        let span = span.with("since", since);
        run(session, sql!("quiet"), &span)?;
        run(session, sql!("stale_withhold_quiet"), &span)?;
        run(session, sql!("quiet_counts"), &span)?;
        for step in ["horizon", "downs", "gaps", "hourly_gaps"] {
            self.step(step)?;
        }
        script(session, sql!("quiet_hours"), &span)?;
        self.step("histories")?;
        self.step("silences")
    }

    pub(super) fn step(&self, table: &str) -> Result<()> {
        run(self.session, self.detector.statement(table), self.parameters)
    }
}
