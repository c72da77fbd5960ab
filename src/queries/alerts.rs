//! What people were told: alerts, and the messages about them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::subject::Subject;
use super::{Moment, Parameters};
use crate::error::Result;
use crate::record::Micros;
use crate::store::Session;

const LIST: &str = include_str!("../../sql/alert_list.sql");
const SINCE: &str = include_str!("../../sql/alerts_since.sql");
const OPEN: &str = include_str!("../../sql/alert_open.sql");
const UPDATE: &str = include_str!("../../sql/alert_update.sql");
const NEXT_ID: &str = "select coalesce(max(id), 0) + 1 as id from alerts";
const ADD_DELIVERY: &str = include_str!("../../sql/delivery_add.sql");
const DUE: &str = include_str!("../../sql/deliveries_due.sql");
const UPDATE_DELIVERY: &str = include_str!("../../sql/delivery_update.sql");
const SAMPLES: &str = include_str!("../../sql/alert_samples.sql");

/// Alerts that are listed.
const LIST_MAX: usize = 200;

/// Alerts, the newest first; at most 200.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alerts {
    pub alerts: Vec<Alert>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Alert {
    pub id: i64,
    /// The first of the alerts that have a common cause with it. People are told once of all of them, by
    /// the name of the one with the highest score.
    pub incident: i64,
    pub detector: String,
    pub series: String,
    /// What the series is about: null is all, an empty service or level is records without one.
    pub service: Option<String>,
    /// Exactly this level.
    pub level: Option<String>,
    /// This level and above.
    pub min_level: Option<String>,
    pub field: Option<String>,
    /// `high` or `low`.
    pub direction: String,
    /// `open` or `closed`.
    pub state: String,
    /// When it was noticed.
    pub opened: Moment,
    /// The minute with the highest score.
    pub minute: Moment,
    pub first_minute: Moment,
    pub last_minute: Moment,
    pub observed: f64,
    pub expected: f64,
    /// In standard deviations.
    pub score: f64,
    pub reason: String,
    /// Null if nobody was to be told.
    pub mail: Option<Mail>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Mail {
    /// `pending`, `sent` or `failed`.
    pub state: String,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub sent: Option<Moment>,
    pub next_attempt: Option<Moment>,
}

#[derive(Deserialize)]
struct Row {
    id: i64,
    incident: i64,
    detector: String,
    series: String,
    #[serde(flatten)]
    subject: Subject,
    direction: String,
    state: String,
    opened: Moment,
    minute: Moment,
    first_minute: Moment,
    last_minute: Moment,
    observed: f64,
    expected: f64,
    score: f64,
    reason: String,
    mail_state: Option<String>,
    mail_attempts: Option<i64>,
    mail_error: Option<String>,
    mail_sent: Option<Moment>,
    mail_next: Option<Moment>,
}

pub fn list(session: &Session) -> Result<Alerts> {
    let parameters = Parameters::new().with("limit", LIST_MAX);
    let rows: Vec<Row> = session.rows(LIST, &parameters.as_slice())?;
    Ok(Alerts { alerts: rows.into_iter().map(alert).collect() })
}

fn alert(row: Row) -> Alert {
    let Row { mail_attempts, mail_error, mail_sent, mail_next, .. } = row;
    let mail = row.mail_state.map(|state| Mail {
        state,
        attempts: mail_attempts.unwrap_or_default(),
        last_error: mail_error,
        sent: mail_sent,
        next_attempt: mail_next,
    });
    Alert {
        id: row.id,
        incident: row.incident,
        detector: row.detector,
        series: row.series,
        service: row.subject.service,
        level: row.subject.level,
        min_level: row.subject.min_level,
        field: row.subject.field,
        direction: row.direction,
        state: row.state,
        opened: row.opened,
        minute: row.minute,
        first_minute: row.first_minute,
        last_minute: row.last_minute,
        observed: row.observed,
        expected: row.expected,
        score: row.score,
        reason: row.reason,
        mail,
    }
}

/// An alert as the table holds it, times in microseconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct StoredAlert {
    pub id: i64,
    /// The first of those that have a common cause.
    pub incident: i64,
    pub detector: String,
    pub series: String,
    #[serde(flatten)]
    pub subject: Subject,
    pub direction: String,
    pub first_minute: Micros,
    pub last_minute: Micros,
    pub peak_minute: Micros,
    pub observed: f64,
    pub expected: f64,
    pub low: f64,
    pub high: f64,
    pub score: f64,
    pub reason: String,
    pub open: bool,
}

impl StoredAlert {
    fn parameters(&self, now: Micros) -> Parameters {
        Parameters::new()
            .with("id", self.id)
            .with("first_minute", self.first_minute)
            .with("last_minute", self.last_minute)
            .with("peak_minute", self.peak_minute)
            .maybe("closed", (!self.open).then_some(now))
            .with("observed", self.observed)
            .with("expected", self.expected)
            .with("low", self.low)
            .with("high", self.high)
            .with("score", self.score)
            .with("reason", &self.reason)
    }
}

/// Alerts that are open, or whose last minute is not before `since`.
pub fn since(session: &Session, since: Micros) -> Result<Vec<StoredAlert>> {
    session.rows(SINCE, &Parameters::new().with("since", since).as_slice())
}

#[derive(Deserialize)]
struct Id {
    id: i64,
}

pub fn next_id(session: &Session) -> Result<i64> {
    let row: Id = session.row(NEXT_ID, &[])?;
    Ok(row.id)
}

pub fn open(session: &Session, alert: &StoredAlert, now: Micros) -> Result<()> {
    let parameters = alert
        .parameters(now)
        .and(&alert.subject.parameters())
        .with("incident", alert.incident)
        .with("detector", &alert.detector)
        .with("series", &alert.series)
        .with("direction", &alert.direction)
        .with("opened", now);
    session.execute(OPEN, &parameters.as_slice())
}

pub fn update(session: &Session, alert: &StoredAlert, now: Micros) -> Result<()> {
    session.execute(UPDATE, &alert.parameters(now).as_slice())
}

/// Where messages go.
pub const EMAIL: &str = "email";

pub fn add_delivery(session: &Session, alert: i64, now: Micros) -> Result<()> {
    let parameters = Parameters::new().with("alert", alert).with("channel", EMAIL).with("now", now);
    session.execute(ADD_DELIVERY, &parameters.as_slice())
}

/// A message to be sent, and what it is about.
#[derive(Clone, Debug, Deserialize)]
pub struct Delivery {
    pub alert: i64,
    pub attempts: u32,
    pub created: Micros,
    pub detector: String,
    pub series: String,
    #[serde(flatten)]
    pub subject: Subject,
    pub direction: String,
    pub first_minute: Micros,
    pub minute: Micros,
    pub observed: f64,
    pub expected: f64,
    pub low: f64,
    pub high: f64,
    pub score: f64,
    pub reason: String,
    /// Series of other alerts that have a common cause with it, a line each; empty if there are none.
    pub others: String,
}

pub fn due(session: &Session, now: Micros) -> Result<Vec<Delivery>> {
    let parameters = Parameters::new().with("channel", EMAIL).with("now", now);
    session.rows(DUE, &parameters.as_slice())
}

/// How a message fared.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Sent {
        at: Micros,
    },
    /// Tried in vain; it is tried again then, or given up.
    Failed {
        error: String,
        next: Option<Micros>,
    },
}

pub fn note_delivery(
    session: &Session,
    alert: i64,
    attempts: u32,
    outcome: &Outcome,
) -> Result<()> {
    let (state, sent, next, error) = match outcome {
        Outcome::Sent { at } => ("sent", Some(*at), None, None),
        Outcome::Failed { error, next: Some(next) } => ("pending", None, Some(*next), Some(error)),
        Outcome::Failed { error, next: None } => ("failed", None, None, Some(error)),
    };
    let parameters = Parameters::new()
        .with("alert", alert)
        .with("channel", EMAIL)
        .with("state", state)
        .with("attempts", attempts)
        .maybe("next_attempt", next)
        .maybe("sent", sent)
        .maybe("error", error);
    session.execute(UPDATE_DELIVERY, &parameters.as_slice())
}

/// A record that an alert is about.
#[derive(Clone, Debug, Deserialize)]
pub struct Sample {
    pub ts: Moment,
    pub level: Option<String>,
    pub message: String,
}

pub fn samples(
    session: &Session,
    subject: &Subject,
    minute: Micros,
    limit: usize,
) -> Result<Vec<Sample>> {
    let parameters = subject.parameters().with("minute", minute).with("limit", limit);
    session.rows(SAMPLES, &parameters.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::store::{Access, Store};

    fn alert(id: i64, series: &str, score: f64) -> StoredAlert {
        StoredAlert {
            id,
            incident: 1,
            detector: "counts".to_owned(),
            series: series.to_owned(),
            subject: Subject { service: Some(series.to_owned()), ..Subject::default() },
            direction: "high".to_owned(),
            first_minute: 60_000_000 * id,
            last_minute: 600_000_000,
            peak_minute: 120_000_000 * id,
            observed: score,
            expected: 1.0,
            low: 0.0,
            high: 2.0,
            score,
            reason: format!("of {series}"),
            open: true,
        }
    }

    #[test]
    fn a_message_is_about_the_strongest_alert_of_its_incident() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.duckdb");
        let store = Store::open(&path, Access::Write, &Limits::query()).unwrap();
        let session = store.session().unwrap();
        let alerts = [alert(1, "checkout", 13.3), alert(2, "payment", -26.8), alert(3, "web", 9.0)];
        for alert in &alerts {
            open(&session, alert, 5).unwrap();
        }
        add_delivery(&session, 1, 5).unwrap();
        let due = due(&session, 9).unwrap();
        let [delivery] = &due[..] else { panic!("{due:?}") };
        // The message is known by its incident, as before it had a stronger alert.
        assert_eq!((delivery.alert, delivery.first_minute), (1, 60_000_000));
        assert_eq!((delivery.series.as_str(), delivery.minute), ("payment", 240_000_000));
        assert_eq!(delivery.subject.service.as_deref(), Some("payment"));
        assert_eq!(delivery.reason, "of payment");
        assert_eq!(delivery.others, "checkout (counts)\nweb (counts)");
    }
}
