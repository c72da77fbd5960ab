//! The life of an alert: it opens with an unusual minute, goes on as long as others follow,
//! and closes when none has for a while. A function of what was found and what is known, so
//! that a restart or a second look changes nothing.

use crate::detect::UnusualMinute;
use crate::queries::alerts::StoredAlert;
use crate::queries::anomalies::GAP_MINUTES;
use crate::queries::range::MINUTE;
use crate::record::Micros;

/// A longer time without an unusual minute ends an alert.
pub const GAP: Micros = GAP_MINUTES as Micros * MINUTE;

/// What has to be noted.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A new alert; its id is still to be given.
    Open(StoredAlert),
    /// One that is known goes on, or is over.
    Update(StoredAlert),
}

/// What follows from the minutes that a detector found, in order of time.
///
/// `known` are the alerts that are open or not long over; `complete_until` is the first minute
/// that is not over yet.
pub fn steps(
    known: &[StoredAlert],
    detector: &str,
    found: &[UnusualMinute],
    complete_until: Micros,
) -> Vec<Step> {
    let mut alerts: Vec<(StoredAlert, State)> =
        known.iter().cloned().map(|alert| (alert, State::Same)).collect();
    for minute in found {
        let same = alerts.iter_mut().rev().find(|(alert, _)| {
            alert.detector == detector
                && alert.series == minute.series
                && alert.direction == minute.direction
                && minute.minute >= alert.first_minute - GAP
                && minute.minute <= alert.last_minute + GAP
        });
        match same {
            Some((alert, state)) => {
                if goes_on(alert, minute) && *state == State::Same {
                    *state = State::Changed;
                }
            }
            None => alerts.push((opened(detector, minute), State::New)),
        }
    }
    for (alert, state) in &mut alerts {
        let open = alert.last_minute + GAP >= complete_until - MINUTE;
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

fn opened(detector: &str, minute: &UnusualMinute) -> StoredAlert {
    StoredAlert {
        id: 0,
        detector: detector.to_owned(),
        series: minute.series.clone(),
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
        }
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
                    Step::Open(mut alert) => {
                        alert.id = known.len() as i64 + 1;
                        known.push(alert);
                    }
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
        let found = [("a", 10, 5.0), ("a", 11, 9.0), ("a", 14, 6.0), ("b", 11, 4.0)];
        let alerts = live(&found, 0..16);
        assert_eq!(alerts.len(), 2);
        let a = &alerts[0];
        assert_eq!(
            (a.first_minute, a.last_minute, a.peak_minute),
            (10 * MINUTE, 14 * MINUTE, 11 * MINUTE)
        );
        assert_eq!((a.score, a.reason.as_str(), a.open), (9.0, "minute 11", true));
    }

    #[test]
    fn an_alert_closes_after_the_gap_and_a_later_one_is_new() {
        let found = [("a", 10, 5.0), ("a", 16, 5.0)];
        let alerts = live(&found, 0..60);
        assert_eq!(alerts.len(), 2);
        assert!(alerts.iter().all(|alert| !alert.open));
        assert!(live(&found[..1], 0..16)[0].open);
        assert!(!live(&found[..1], 0..18)[0].open);
    }

    #[test]
    fn looking_again_changes_nothing() {
        let found = [unusual("a", 10, 5.0), unusual("a", 11, 9.0)];
        let Some(Step::Open(alert)) = steps(&[], "zscore", &found, 12 * MINUTE).pop() else {
            panic!("no alert");
        };
        assert_eq!(steps(&[alert], "zscore", &found, 12 * MINUTE), []);
    }

    #[test]
    fn what_is_found_late_joins_what_it_belongs_to() {
        let known = steps(&[], "zscore", &[unusual("a", 10, 5.0)], 12 * MINUTE);
        let [Step::Open(alert)] = &known[..] else { panic!("no alert") };
        let later =
            steps(std::slice::from_ref(alert), "zscore", &[unusual("a", 7, 6.0)], 12 * MINUTE);
        let [Step::Update(alert)] = &later[..] else { panic!("{later:?}") };
        assert_eq!((alert.first_minute, alert.last_minute), (7 * MINUTE, 10 * MINUTE));
        let other =
            steps(std::slice::from_ref(alert), "other", &[unusual("a", 8, 6.0)], 12 * MINUTE);
        assert!(matches!(&other[..], [Step::Open(_)]));
    }
}
