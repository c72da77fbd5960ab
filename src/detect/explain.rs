//! What the anomalies that were found are made of, in a line each.

use super::UnusualMinute;
use crate::error::Result;
use crate::queries::Parameters;
use crate::queries::range::MINUTE;
use crate::queries::why::{BASELINE_MINUTES_DEFAULT, Explanation, Question, why};
use crate::record::Micros;
use crate::store::Session;

const BEGIN: &str = include_str!("../../sql/found_why_begin.sql");
const ADD: &str = include_str!("../../sql/found_why_add.sql");

/// Minutes of one series that are no further apart are one anomaly.
const GAP: Micros = 30 * MINUTE;

/// The most unusual anomalies are explained: each takes a query over the records.
const EXPLAINED_MAX: usize = 100;

/// Explanations of each.
const TOP: usize = 3;

/// Minutes of a series that belong together.
struct Anomaly<'a> {
    peak: &'a UnusualMinute,
    first: Micros,
    last: Micros,
}

/// Leaves in the session what the anomalies are made of.
pub fn explain(session: &Session, found: &[UnusualMinute]) -> Result<()> {
    session.execute(BEGIN, &[])?;
    let mut anomalies = anomalies(found);
    anomalies.sort_by(|a, b| b.peak.score.abs().total_cmp(&a.peak.score.abs()));
    for anomaly in anomalies.iter().take(EXPLAINED_MAX) {
        let Anomaly { peak, first, last } = anomaly;
        let question = Question {
            from: *first,
            to: last + MINUTE,
            service: peak.subject.service.clone(),
            level: peak.subject.level.clone(),
            min_level: peak.subject.min_level.clone(),
            is_low: peak.direction == "low",
            began: None,
            baseline_minutes: BASELINE_MINUTES_DEFAULT,
            top: TOP,
        };
        let explanations = why(session, &question)?.explanations;
        let lines: Vec<String> = explanations.iter().map(line).collect();
        let row = Parameters::new()
            .with("series", &peak.series)
            .with("direction", &peak.direction)
            .with("first", first)
            .with("last", last)
            .maybe("why", (!lines.is_empty()).then(|| lines.join("; ")));
        session.execute(ADD, &row.as_slice())?;
    }
    Ok(())
}

fn anomalies(found: &[UnusualMinute]) -> Vec<Anomaly<'_>> {
    let mut anomalies: Vec<Anomaly<'_>> = Vec::new();
    for minute in found {
        let same = anomalies.iter_mut().rev().find(|it| {
            it.peak.series == minute.series
                && it.peak.direction == minute.direction
                && minute.minute - it.last <= GAP
        });
        match same {
            Some(anomaly) => {
                anomaly.last = minute.minute;
                if minute.score.abs() > anomaly.peak.score.abs() {
                    anomaly.peak = minute;
                }
            }
            None => {
                anomalies.push(Anomaly { peak: minute, first: minute.minute, last: minute.minute })
            }
        }
    }
    anomalies
}

/// `message Card declined <*>: 31 instead of 0.6`
fn line(it: &Explanation) -> String {
    let kind = it.name.as_deref().unwrap_or(&it.kind);
    let value = it.value.as_deref().unwrap_or("(none)");
    let expected = (it.expected * 10.0).round() / 10.0;
    format!("{kind} {value}: {} instead of {expected}", it.n)
}
