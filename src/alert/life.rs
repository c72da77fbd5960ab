//! The life of an alert: it opens with unusual minutes, goes on as long as others follow, and closes
//! when none has for a while. A function of what was found and what is known, so that a restart or a
//! second look changes nothing.

use crate::detect::{Opening, UnusualMinute};
use crate::queries::alerts::StoredAlert;
use crate::queries::range::MINUTE;
use crate::record::Micros;

/// Unusual minutes of a series that are no further apart are one alert.
pub const MERGE: Micros = 30 * MINUTE;

/// After so much time without an unusual minute an alert is closed; another one within [`MERGE`]
/// opens it again.
const CLOSE: Micros = 15 * MINUTE;

/// A single minute is enough with a score of so many standard deviations.
const OBVIOUS: f64 = 8.0;

/// Otherwise a second one has to come within two minutes.
pub const CONFIRM: Micros = 2 * MINUTE;

/// Alerts of different services that begin no further apart are thought to have one cause.
const TOGETHER: Micros = 5 * MINUTE;

/// Those of one service that begin no further apart, while the first goes on. What begins later is
/// news: people have to be told.
const SAME_SERVICE: Micros = 60 * MINUTE;

/// What has to be noted.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A new alert.
    Open(StoredAlert),
    /// One that is known goes on, or is over.
    Update(StoredAlert),
}

/// What follows from the minutes that a detector found, in order of time, with those of
/// [`CONFIRM`] before what is new.
///
/// `known` are the alerts that are open or not long over, of all detectors; `complete_until` is the
/// first minute that is not over yet; the ids of new alerts begin with `next_id`.
pub fn steps(
    known: &[StoredAlert],
    detector: &str,
    opening: Opening,
    found: &[UnusualMinute],
    complete_until: Micros,
    next_id: i64,
) -> Vec<Step> {
    let mut alerts: Vec<(StoredAlert, State)> =
        known.iter().cloned().map(|alert| (alert, State::Same)).collect();
    for (at, minute) in found.iter().enumerate().filter(|(_, minute)| !minute.is_expected) {
        let same = alerts.iter_mut().rev().find(|(alert, _)| {
            alert.detector == detector
                && alert.series == minute.series
                && alert.direction == minute.direction
                && minute.minute >= alert.first_minute - MERGE
                && minute.minute <= alert.last_minute + MERGE
        });
        if let Some((alert, state)) = same {
            if goes_on(alert, minute) && *state == State::Same {
                *state = State::Changed;
            }
        } else if let Some(first) = opens(opening, minute, &found[..at]) {
            let new = alerts.iter().filter(|(_, state)| *state == State::New).count() as i64;
            let mut alert = opened(next_id + new, detector, first);
            goes_on(&mut alert, minute);
            alert.incident = incident(&alert, alerts.iter().map(|(other, _)| other));
            alerts.push((alert, State::New));
        }
    }
    for (alert, state) in &mut alerts {
        let open = alert.last_minute + CLOSE >= complete_until - MINUTE;
        if alert.open != open {
            alert.open = open;
            if *state == State::Same {
                *state = State::Changed;
            }
        }
    }
    alerts
        .into_iter()
        .filter_map(|(alert, state)| match state {
            State::Same => None,
            State::Changed => Some(Step::Update(alert)),
            State::New => Some(Step::Open(alert)),
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Same,
    Changed,
    New,
}

/// The minute that an alert would begin with, if this one is enough for it; `before` are those
/// before it.
fn opens<'a>(
    opening: Opening,
    minute: &'a UnusualMinute,
    before: &'a [UnusualMinute],
) -> Option<&'a UnusualMinute> {
    let confirmed = before.iter().rev().find(|other| {
        other.series == minute.series
            && other.direction == minute.direction
            && !other.is_expected
            && other.minute < minute.minute
            && other.minute >= minute.minute - CONFIRM
    });
    let alone = opening == Opening::AtOnce || minute.score.abs() >= OBVIOUS;
    confirmed.or(alone.then_some(minute))
}

/// The incident that a new alert is part of: of the alerts at the same time, that of its service, or
/// one that began with it. The alert's own id if there is none.
fn incident<'a>(alert: &StoredAlert, others: impl Iterator<Item = &'a StoredAlert>) -> i64 {
    let service = &alert.subject.service;
    others
        .filter(|other| {
            let apart = (other.first_minute - alert.first_minute).abs();
            let same_service = service.is_some() && other.subject.service == *service;
            let goes_on = other.last_minute + CLOSE >= alert.first_minute
                && other.first_minute <= alert.last_minute + CLOSE;
            apart <= TOGETHER || (same_service && goes_on && apart <= SAME_SERVICE)
        })
        .map(|other| other.incident)
        .min()
        .unwrap_or(alert.id)
}

fn opened(id: i64, detector: &str, minute: &UnusualMinute) -> StoredAlert {
    StoredAlert {
        id,
        incident: id,
        detector: detector.to_owned(),
        series: minute.series.clone(),
        subject: minute.subject.clone(),
        direction: minute.direction.clone(),
        first_minute: minute.minute,
        last_minute: minute.minute,
        peak_minute: minute.minute,
        observed: minute.observed,
        expected: minute.expected,
        low: minute.low,
        high: minute.high,
        score: minute.score,
        reason: minute.reason.clone(),
        open: true,
    }
}

/// Adds a minute to an alert; whether that changed anything.
fn goes_on(alert: &mut StoredAlert, minute: &UnusualMinute) -> bool {
    let before = alert.clone();
    alert.first_minute = alert.first_minute.min(minute.minute);
    alert.last_minute = alert.last_minute.max(minute.minute);
    if minute.score.abs() > alert.score.abs() {
        let UnusualMinute { observed, expected, low, high, score, .. } = *minute;
        alert.peak_minute = minute.minute;
        alert.reason.clone_from(&minute.reason);
        *alert = StoredAlert { observed, expected, low, high, score, ..alert.clone() };
    }
    *alert != before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::subject::Subject;

    fn unusual(series: &str, minute: i64, score: f64) -> UnusualMinute {
        UnusualMinute {
            series: series.to_owned(),
            minute: minute * MINUTE,
            observed: score,
            expected: 1.0,
            low: 0.0,
            high: 3.0,
            score,
            direction: "high".to_owned(),
            reason: format!("minute {minute}"),
            subject: Subject { service: Some(series.to_owned()), ..Subject::default() },
            is_expected: false,
        }
    }

    fn steps(
        known: &[StoredAlert],
        detector: &str,
        found: &[UnusualMinute],
        complete_until: Micros,
    ) -> Vec<Step> {
        let id = known.len() as i64 + 1;
        super::steps(known, detector, Opening::Confirmed, found, complete_until, id)
    }

    /// Lets minutes pass one by one, each judged when it is over, as the monitor does.
    fn live(found: &[(&str, i64, f64)], minutes: std::ops::Range<i64>) -> Vec<StoredAlert> {
        let mut known: Vec<StoredAlert> = Vec::new();
        for now in minutes {
            let seen: Vec<UnusualMinute> = found
                .iter()
                .filter(|(_, minute, _)| *minute < now && *minute >= now - 60)
                .map(|(series, minute, score)| unusual(series, *minute, *score))
                .collect();
            for step in steps(&known, "zscore", &seen, now * MINUTE) {
                match step {
                    Step::Open(alert) => known.push(alert),
                    Step::Update(alert) => {
                        let place = known.iter_mut().find(|known| known.id == alert.id).unwrap();
                        *place = alert;
                    }
                }
            }
        }
        known
    }

    #[test]
    fn minutes_that_follow_each_other_are_one_alert() {
        let found = [("a", 10, 5.0), ("a", 11, 9.0), ("a", 14, 6.0), ("b", 90, 8.0)];
        let alerts = live(&found, 0..16);
        let [a] = &alerts[..] else { panic!("{alerts:?}") };
        assert_eq!(
            (a.first_minute, a.last_minute, a.peak_minute),
            (10 * MINUTE, 14 * MINUTE, 11 * MINUTE)
        );
        assert_eq!((a.score, a.reason.as_str(), a.open), (9.0, "minute 11", true));
        assert_eq!(live(&found, 0..100).len(), 2);
    }

    #[test]
    fn one_minute_is_enough_if_it_is_obvious_and_otherwise_a_second_must_come() {
        assert_eq!(live(&[("a", 10, 5.0)], 0..60), []);
        assert_eq!(live(&[("a", 10, 5.0), ("a", 13, 5.0)], 0..60), []);
        assert_eq!(live(&[("a", 10, 5.0), ("b", 11, 5.0)], 0..60), []);
        assert_eq!(live(&[("a", 10, 8.0)], 0..60).len(), 1);
        let confirmed = live(&[("a", 10, 5.0), ("a", 12, 6.0)], 0..60);
        assert_eq!(confirmed[0].first_minute, 10 * MINUTE);
        assert_eq!(confirmed[0].peak_minute, 12 * MINUTE);
        let found = [unusual("a", 10, 5.0)];
        let at_once = super::steps(&[], "x", Opening::AtOnce, &found, 12 * MINUTE, 1);
        assert_eq!(at_once.len(), 1);
    }

    #[test]
    fn an_alert_closes_after_a_while_goes_on_within_half_an_hour_and_then_another_begins() {
        let found = [("a", 10, 9.0), ("a", 40, 9.0), ("a", 71, 9.0)];
        let alerts = live(&found, 0..120);
        assert_eq!(alerts.len(), 2);
        assert_eq!(alerts[0].last_minute, 40 * MINUTE);
        assert!(alerts.iter().all(|alert| !alert.open));
        assert!(live(&found[..1], 0..26)[0].open);
        assert!(!live(&found[..1], 0..28)[0].open);
        assert!(live(&found[..2], 0..42)[0].open, "it opens again");
    }

    #[test]
    fn what_begins_together_or_in_one_service_is_one_incident() {
        let found = [("a", 10, 9.0), ("b", 12, 9.0), ("c", 16, 9.0), ("d", 30, 9.0)];
        let incidents: Vec<i64> = live(&found, 0..60).iter().map(|alert| alert.incident).collect();
        // c begins with b, and b with a.
        assert_eq!(incidents, [1, 1, 1, 4]);
        let mut first = unusual("a INFO", 10, 9.0);
        let mut later = unusual("a ERROR", 22, 9.0);
        first.subject.service = Some("a".to_owned());
        later.subject.service = Some("a".to_owned());
        let found = [first, later];
        let opened = steps(&[], "counts", &found, 23 * MINUTE);
        let [Step::Open(_), Step::Open(other)] = &opened[..] else { panic!("{opened:?}") };
        assert_eq!((other.id, other.incident), (2, 1));
        let [first, _] = found;
        let mut much_later = unusual("a ERROR", 80, 9.0);
        much_later.subject.service = Some("a".to_owned());
        let goes_on =
            (11..80).map(|minute| UnusualMinute { minute: minute * MINUTE, ..first.clone() });
        let found: Vec<UnusualMinute> = goes_on.chain([much_later]).collect();
        let opened = steps(&[], "counts", &found, 81 * MINUTE);
        let [Step::Open(_), Step::Open(other)] = &opened[..] else { panic!("{opened:?}") };
        assert_eq!((other.id, other.incident), (2, 2), "news");
    }

    #[test]
    fn what_is_to_be_expected_alerts_nobody() {
        let expected = UnusualMinute { is_expected: true, ..unusual("a", 10, 9.0) };
        assert_eq!(steps(&[], "x", &[expected], 12 * MINUTE), []);
    }

    #[test]
    fn looking_again_changes_nothing() {
        let found = [unusual("a", 10, 5.0), unusual("a", 11, 9.0)];
        let Some(Step::Open(alert)) = steps(&[], "x", &found, 12 * MINUTE).pop() else {
            panic!("no alert");
        };
        assert_eq!(steps(&[alert], "x", &found, 12 * MINUTE), []);
    }

    #[test]
    fn what_is_found_late_joins_what_it_belongs_to() {
        let known = steps(&[], "x", &[unusual("a", 10, 9.0)], 12 * MINUTE);
        let [Step::Open(alert)] = &known[..] else { panic!("no alert") };
        let later = steps(std::slice::from_ref(alert), "x", &[unusual("a", 7, 6.0)], 12 * MINUTE);
        let [Step::Update(alert)] = &later[..] else { panic!("{later:?}") };
        assert_eq!((alert.first_minute, alert.last_minute), (7 * MINUTE, 10 * MINUTE));
        let other =
            steps(std::slice::from_ref(alert), "other", &[unusual("a", 8, 9.0)], 12 * MINUTE);
        assert!(matches!(&other[..], [Step::Open(_)]));
    }
}
