//! How often a detector would have told people, over a stretch of history; and, where somebody says
//! what really happened, how much of that it would have found, how soon, and how often in vain.
//!
//! Alerts are made by the rules of `alert::life` from what the detector finds, as the monitor makes
//! them. A truth window is found if an alert of its series begins or goes on in it (up to
//! [`AFTER`] after its end); an alert is false if it touches no window. Marks of people as
//! `expected` are what alerts may not be about: an alert that touches only such a window is false.

mod truth;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::life::{Step, steps};
use crate::clock;
use crate::detect::{Bar, Detector, Settings};
use crate::error::{Error, Result};
use crate::queries::Moment;
use crate::queries::alerts::StoredAlert;
use crate::queries::range::{MINUTE, Span, UNLESS_SAID};
use crate::record::Micros;
use crate::store::Session;

const SERIES: &str = include_str!("../sql/series_total.sql");
const MARKED: &str = include_str!("../sql/mark_truth.sql");

/// An alert may come so long after the end of what it is about: some look at the last half hour.
const AFTER: Micros = 30 * MINUTE;

/// Alerts that are listed, the most unusual first.
const LISTED: usize = 100;

/// Something that really happened, or that only looks like it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// A series or a service; empty or `*`: any.
    pub series: String,
    pub start: Micros,
    /// Exclusive.
    pub end: Micros,
    /// `expected`: nobody is to be told. `real`, or nothing said: an anomaly.
    pub verdict: Option<String>,
}

/// How a detector would have done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Backtest {
    pub detector: String,
    /// The score from which on a series that is unusual alone counts.
    pub threshold: f64,
    /// ISO 8601, UTC.
    pub from: String,
    pub to: String,
    pub days: f64,
    /// Of counts: services and levels that had records.
    pub series: i64,
    pub unusual_minutes: usize,
    /// Series that people would have been told of.
    pub alerts: usize,
    /// Those with a common cause taken as one: messages sent.
    pub incidents: usize,
    pub incidents_per_day: f64,
    /// Null if nobody says what really happened.
    pub truth: Option<Verdict>,
    /// The most unusual ones, at most 100.
    pub listed: Vec<Fired>,
    pub took_ms: f64,
}

/// Against what really happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    pub anomalies: usize,
    pub found: usize,
    /// Found of all; null if there was none.
    pub recall: Option<f64>,
    pub false_alerts: usize,
    /// Alerts that were not false; null if there was none.
    pub precision: Option<f64>,
    pub false_alerts_per_day: f64,
    /// From the beginning of what was found to the first unusual minute.
    pub median_delay_minutes: Option<f64>,
}

/// An alert that would have been.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fired {
    pub series: String,
    /// `high` or `low`.
    pub direction: String,
    pub start: String,
    /// Exclusive.
    pub end: String,
    pub score: f64,
    pub observed: f64,
    pub expected: f64,
    pub reason: String,
    /// Null if nobody says what really happened.
    pub is_false: Option<bool>,
}

/// Everything a backtest needs, also on its way to the server that has the database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    pub trials: Vec<Trial>,
    /// One service only.
    pub service: Option<String>,
    /// Open ends are closed by what there is.
    pub from: Option<Micros>,
    pub to: Option<Micros>,
    /// What really happened.
    pub truth: Option<Vec<Truth>>,
    /// Or what people said of it.
    pub marks: bool,
}

/// A detector as text, and from which score on it is to fire.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trial {
    name: String,
    sql: String,
    bar: Bar,
}

impl Trial {
    pub fn new(detector: &Detector, bar: Bar) -> Trial {
        Trial { name: detector.name.clone(), sql: detector.sql().to_owned(), bar }
    }
}

impl Request {
    /// Tries one detector after the other.
    pub fn run(&self, session: &Session) -> Result<Vec<Backtest>> {
        let now = clock::now();
        let span = Span::resolve(session, self.from, self.to, now)?.plausible(now);
        let mut span = span.rounded(MINUTE);
        // What is not over is not judged, whatever time records say they are of.
        span.to = span.to.min(Span::minute_of(now));
        if self.from.is_none() {
            span.from = span.from.max(span.to - UNLESS_SAID);
        }
        let marked = if self.marks { Some(Truth::marked(session)?) } else { None };
        let truth = self.truth.as_deref().or(marked.as_deref());
        let settings = Settings { service: self.service.clone(), ..Settings::default() };
        self.trials.iter().map(|trial| backtest(session, trial, &settings, span, truth)).collect()
    }
}

#[derive(Deserialize)]
struct Total {
    series: i64,
}

/// Tries a detector on the minutes of the span.
fn backtest(
    session: &Session,
    trial: &Trial,
    settings: &Settings,
    span: Span,
    truth: Option<&[Truth]>,
) -> Result<Backtest> {
    let Span { from, to } = span;
    if to <= from {
        return Err(Error::usage("there is nothing to judge between the beginning and the end"));
    }
    let started = std::time::Instant::now();
    let (detector, bar) = (Detector::from_sql(&trial.name, &trial.sql), trial.bar);
    let found =
        detector.run_asking(session, &settings.parameters(Some(from), Some(to), to), bar)?;
    let minutes = found.minutes(session)?;
    let Total { series } = session.row(SERIES, &span.parameters().as_slice())?;
    let mut alerts: Vec<StoredAlert> =
        steps(&[], &detector.name, detector.opening, &minutes, to, 1)
            .into_iter()
            .map(|step| match step {
                Step::Open(alert) | Step::Update(alert) => alert,
            })
            .collect();
    let incidents = alerts.iter().filter(|alert| alert.incident == alert.id).count();
    let days = (to - from) as f64 / (1_440 * MINUTE) as f64;
    let verdict = truth.map(|truth| compare(&alerts, truth, from, to, days));
    alerts.sort_by(|a, b| b.score.abs().total_cmp(&a.score.abs()));
    Ok(Backtest {
        detector: detector.name.clone(),
        threshold: bar.single(),
        from: Moment(from).iso(),
        to: Moment(to).iso(),
        days,
        series,
        unusual_minutes: minutes.len(),
        alerts: alerts.len(),
        incidents,
        incidents_per_day: incidents as f64 / days,
        truth: verdict,
        listed: alerts.iter().take(LISTED).map(|alert| fired(alert, truth)).collect(),
        took_ms: started.elapsed().as_secs_f64() * 1_000.0,
    })
}

fn fired(alert: &StoredAlert, truth: Option<&[Truth]>) -> Fired {
    Fired {
        series: alert.series.clone(),
        direction: alert.direction.clone(),
        start: Moment(alert.first_minute).iso(),
        end: Moment(alert.last_minute + MINUTE).iso(),
        score: alert.score,
        observed: alert.observed,
        expected: alert.expected,
        reason: alert.reason.clone(),
        is_false: truth.map(|truth| is_false(alert, truth)),
    }
}

fn is_false(alert: &StoredAlert, truth: &[Truth]) -> bool {
    !truth.iter().any(|window| window.is_real() && window.touches(alert))
}

fn compare(
    alerts: &[StoredAlert],
    truth: &[Truth],
    from: Micros,
    to: Micros,
    days: f64,
) -> Verdict {
    let in_time = |window: &&Truth| window.is_real() && window.start < to && window.end > from;
    let real: Vec<&Truth> = truth.iter().filter(in_time).collect();
    let mut delays: Vec<f64> = real
        .iter()
        .filter_map(|window| {
            let first = alerts.iter().filter(|alert| window.touches(alert));
            let first = first.map(|alert| alert.first_minute).min()?;
            Some((first - window.start).max(0) as f64 / MINUTE as f64)
        })
        .collect();
    delays.sort_by(f64::total_cmp);
    let false_alerts = alerts.iter().filter(|alert| is_false(alert, truth)).count();
    let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64);
    Verdict {
        anomalies: real.len(),
        found: delays.len(),
        recall: share(delays.len(), real.len()),
        false_alerts,
        precision: share(alerts.len() - false_alerts, alerts.len()),
        false_alerts_per_day: false_alerts as f64 / days,
        median_delay_minutes: median(&delays),
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted {
        [] => None,
        _ if sorted.len() % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

impl Truth {
    /// What people said of anomalies.
    pub fn marked(session: &Session) -> Result<Vec<Truth>> {
        session.rows(MARKED, &[])
    }

    fn is_real(&self) -> bool {
        self.verdict.as_deref().is_none_or(|verdict| verdict != "expected")
    }

    fn touches(&self, alert: &StoredAlert) -> bool {
        let any = matches!(self.series.as_str(), "" | "*");
        let same = any
            || self.series == alert.series
            || alert.subject.service.as_ref() == Some(&self.series);
        same && alert.first_minute < self.end + AFTER && alert.last_minute >= self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::subject::Subject;

    fn alert(series: &str, first: i64, last: i64) -> StoredAlert {
        StoredAlert {
            id: 1,
            incident: 1,
            detector: "counts".into(),
            series: format!("{series} ERROR"),
            subject: Subject { service: Some(series.to_owned()), ..Subject::default() },
            direction: "high".into(),
            first_minute: first * MINUTE,
            last_minute: last * MINUTE,
            peak_minute: first * MINUTE,
            observed: 1.0,
            expected: 1.0,
            low: 0.0,
            high: 2.0,
            score: 6.0,
            reason: String::new(),
            open: false,
        }
    }

    fn window(series: &str, start: i64, end: i64, verdict: Option<&str>) -> Truth {
        Truth {
            series: series.to_owned(),
            start: start * MINUTE,
            end: end * MINUTE,
            verdict: verdict.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_found_and_what_is_false() {
        let alerts = [alert("a", 102, 110), alert("b", 100, 101), alert("c", 300, 310)];
        let truth = [
            window("a ERROR", 100, 105, None),
            window("b", 96, 99, Some("real")),
            window("a", 500, 510, None),
            window("c", 290, 320, Some("expected")),
            window("z", 5_000, 5_010, None),
        ];
        let verdict = compare(&alerts, &truth, 0, 1_440 * MINUTE, 1.0);
        assert_eq!((verdict.anomalies, verdict.found), (3, 2));
        assert_eq!(verdict.recall, Some(2.0 / 3.0));
        assert_eq!((verdict.false_alerts, verdict.precision), (1, Some(2.0 / 3.0)));
        assert_eq!(verdict.median_delay_minutes, Some(3.0));
        let nothing = compare(&[], &[], 0, MINUTE, 1.0);
        assert_eq!((nothing.recall, nothing.precision), (None, None));
    }

    #[test]
    fn any_series_is_a_star_and_an_alert_long_after_the_end_is_false() {
        let truth = [window("*", 100, 105, None)];
        assert!(!is_false(&alert("x", 134, 140), &truth));
        assert!(is_false(&alert("x", 135, 140), &truth));
        assert!(is_false(&alert("x", 90, 99), &truth));
    }
}
