//! From which score on a minute counts: a fixed one, or what a budget of false alarms leaves.

use serde::{Deserialize, Serialize};

/// False alarms a day and thousand series unless somebody says otherwise.
pub const FALSE_ALARMS_DEFAULT: f64 = 1.0;

/// What the budget is for: series, minutes of a day, and the lengths of time that each is judged
/// over, which overlap: five are as good as 2.3 that do not.
const CHANCES_A_DAY: f64 = 1_000.0 * 1_440.0 * 2.3;

/// Minutes are looked at from so much below the threshold of a single series on: when many are
/// unusual at once, less is needed of each (sql/found_budget.sql).
const BELOW: f64 = 1.0;

/// What a score is measured in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Firing {
    /// Standard deviations: a budget of false alarms says how many it takes.
    Budget,
    /// Something of its own: fires from this on.
    From(f64),
}

/// What an alert takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Two of three minutes, or one that is obvious.
    Confirmed,
    /// One minute: the detector has looked twice itself.
    AtOnce,
}

/// From which score on a minute counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// This one.
    Score(f64),
    /// So many false alarms a day and thousand series, if counts were as detectors think they are.
    FalseAlarms(f64),
}

impl Bar {
    /// What a detector is asked for.
    pub fn asked(self) -> f64 {
        match self {
            Bar::Score(score) => score,
            Bar::FalseAlarms(_) => self.single() - BELOW,
        }
    }

    /// What it takes of a series that is unusual alone.
    pub fn single(self) -> f64 {
        match self {
            Bar::Score(score) => score,
            Bar::FalseAlarms(_) => deviations(self.chance().unwrap_or(1.0)),
        }
    }

    /// How likely an alarm by chance may be, for a series and minute.
    pub fn chance(self) -> Option<f64> {
        match self {
            Bar::Score(_) => None,
            Bar::FalseAlarms(budget) => Some((budget / CHANCES_A_DAY).min(0.01)),
        }
    }
}

/// The normal quantile of 1 - `chance`, by the tail that sql/macros.sql has (`normal_tail`).
fn deviations(chance: f64) -> f64 {
    let tail = |z: f64| (-z * z / 2.0).exp() / (z * std::f64::consts::TAU.sqrt());
    let (mut low, mut high) = (2.0, 40.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if tail(middle) > chance { low = middle } else { high = middle }
    }
    // To a hundredth: thresholds are shown, and typed in again.
    (high * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_so_many_standard_deviations() {
        // The normal quantile of 1 - 1 / 3,312,000 is 5.00.
        assert_eq!(Bar::FalseAlarms(1.0).single(), 5.0);
        assert_eq!(Bar::FalseAlarms(1.0).asked(), 4.0);
        assert!(Bar::FalseAlarms(10.0).single() < 4.6);
        assert_eq!(Bar::Score(3.0).asked(), 3.0);
        assert_eq!(Bar::FalseAlarms(1e9).single(), deviations(0.01));
    }
}
