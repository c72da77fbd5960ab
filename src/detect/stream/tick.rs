//! New minutes, judged from what is kept.

use super::flagged::Flagged;
use super::reading::sums_of_past;
use super::{Any, FromKept, Span, run, script};
use crate::detect::Detector;
use crate::detect::script::is_second_needed;
use crate::error::Result;
use crate::queries::Parameters;
use crate::store::Session;

impl FromKept {
    /// What a minute needs of the hours that are kept.
    pub(super) fn hours_needed(self) -> i64 {
        match self {
            // Births look back 5 days, and a day before those.
            FromKept::Counts | FromKept::Silence => 145,
            // An hour that ended a week and an hour ago.
            FromKept::Ratio => 172,
            // The expected level of 75 hours ago, each with the change of 4 days before (shift.sql).
            FromKept::Shift => 190,
        }
    }
}

/// Minutes that are judged from what is kept.
pub(super) struct Tick<'a> {
    pub(super) session: &'a Session,
    pub(super) detector: &'a Detector,
    pub(super) parameters: &'a Parameters,
    pub(super) span: Span,
    pub(super) steps: FromKept,
}

impl Tick<'_> {
    /// Whether there is nothing to judge: no hour is over. `to` may lie in the future.
    pub(super) fn is_idle(&self, to: i64) -> bool {
        self.steps == FromKept::Shift && self.span.first_hour() == to.div_euclid(60)
    }

    pub(super) fn find_nothing(&self) -> Result<()> {
        self.session.create("found", sql!("nothing"), &[])
    }

    /// Leaves the verdicts in `found`, after [`prepare`](super::reading::prepare); hours from the minute
    /// `open` on are not closed.
    pub(super) fn judge(&self, open: i64) -> Result<()> {
        match self.steps {
            FromKept::Silence => self.judge_silence()?,
            FromKept::Shift => self.judge_shift(open)?,
            FromKept::Counts | FromKept::Ratio if !self.look_twice(open)? => {
                return self.find_nothing();
            }
            FromKept::Counts | FromKept::Ratio => {}
        }
        let last = self.detector.last_statement();
        self.session.create("found", last, &self.parameters.as_slice())
    }

    /// Whether what is flagged leaves the baselines of later minutes.
    pub(super) fn flags(&self) -> bool {
        matches!(self.steps, FromKept::Counts | FromKept::Ratio)
    }

    /// Whether there is anything that may fire.
    fn look_twice(&self, open: i64) -> Result<bool> {
        if !self.flag(open)? {
            return Ok(false);
        }
        run(self.session, sql!("flags_now"), &self.named_span())?;
        for statement in self.detector.after_flags() {
            run(self.session, statement, self.parameters)?;
        }
        if is_second_needed(self.session, false)? {
            self.look()?;
        }
        Ok(true)
    }

    /// Looks at what has not lost anything of its baseline, and keeps what is unusual of it; whether
    /// there is anything that may fire.
    pub(super) fn flag(&self, open: i64) -> Result<bool> {
        let some = match self.steps {
            FromKept::Ratio => self.prepare_ratio(open)?,
            _ => {
                self.prepare_counts(open)?;
                true
            }
        };
        if some {
            self.look()?;
            self.step("flags")?;
        } else {
            run(self.session, sql!("flags_none"), &Parameters::new())?;
        }
        let name = &self.detector.name;
        self.session.transaction(|| {
            script(self.session, sql!("flags_kept"), &self.named_span())?;
            Flagged::read(self.session, name)?.and(self.span).keep(self.session, name)
        })?;
        Ok(some)
    }

    fn look(&self) -> Result<()> {
        match self.steps {
            FromKept::Counts => self.look_at_counts(),
            _ => self
                .detector
                .look()
                .iter()
                .try_for_each(|it| run(self.session, it, self.parameters)),
        }
    }

    fn prepare_counts(&self, open: i64) -> Result<()> {
        let (session, span) = (self.session, self.span.parameters());
        run(session, sql!("sums_now"), &span)?;
        run(session, sql!("stale_withhold"), &span)?;
        run(session, sql!("births_now"), &Parameters::new().with("open", open))?;
        self.step("judged")?;
        self.step("candidates")
    }

    /// What is kept of dispersions and read of the past goes between the statements.
    fn look_at_counts(&self) -> Result<()> {
        let (session, span) = (self.session, self.span.parameters());
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
        run(session, sql!("sums_of_suspects"), &span)?;
        self.step("unusual")
    }

    fn judge_silence(&self) -> Result<()> {
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

    /// Whether there is any service that may fire.
    fn prepare_ratio(&self, open: i64) -> Result<bool> {
        // Sums of an hour are asked of a minute, in whole blocks.
        let since = open.min((self.span.from - 59).div_euclid(5) * 5);
        let span = self.span.parameters().with("since", since);
        script(self.session, sql!("shares_now"), &span)?;
        let minutes = self.parameters.clone().with("detector", &self.detector.name);
        let minutes = minutes.replaced("from", self.span.from).replaced("to", self.span.to);
        run(self.session, sql!("shares_screen"), &minutes)?;
        let fires: Any = self.session.row(sql!("shares_some"), &[])?;
        if fires.some {
            script(self.session, sql!("shares_past"), &span)?;
            ["sums", "pasts", "judged", "candidates"].iter().try_for_each(|it| self.step(it))?;
        }
        Ok(fires.some)
    }

    fn judge_shift(&self, open: i64) -> Result<()> {
        let span = self.span.parameters().with("open", open);
        script(self.session, sql!("shift_hours"), &span)?;
        run(self.session, sql!("shift_screen"), &span)?;
        run(self.session, sql!("shift_past"), &span)
    }

    fn named_span(&self) -> Parameters {
        self.span.parameters().with("detector", &self.detector.name)
    }

    fn step(&self, table: &str) -> Result<()> {
        run(self.session, self.detector.statement(table), self.parameters)
    }
}
