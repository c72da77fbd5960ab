//! The detectors that come with Pintail: one file each in sql/detect/, one line each here.

use super::bar::{Firing, Opening};

/// A detector and what goes with it.
pub struct BuiltIn {
    pub name: &'static str,
    pub sql: &'static str,
    pub firing: Firing,
    /// What an alert takes.
    pub opening: Opening,
    /// Whether the monitor tells people of what it finds, unless they say otherwise.
    pub alerts: bool,
    /// How new minutes are judged from what is kept of the past (`detect::stream`), if they can be.
    pub kept: Option<FromKept>,
}

/// Whose steps they are: each needs something else of what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromKept {
    Counts,
    Silence,
    Ratio,
    Shift,
}

/// What a detector looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Records per minute.
    Counts,
    /// Any number over time.
    Values,
    /// Errors among records.
    Ratio,
}

/// The one that draws the page's picture first.
pub const BUILT_IN: [BuiltIn; 6] = [
    BuiltIn {
        name: "zscore",
        sql: include_str!("../../sql/detect/zscore.sql"),
        firing: Firing::From(3.0),
        opening: Opening::Confirmed,
        // Everyone's; it cries wolf.
        alerts: false,
        kept: None,
    },
    BuiltIn {
        name: "counts",
        sql: include_str!("../../sql/detect/counts.sql"),
        firing: Firing::Budget,
        opening: Opening::Confirmed,
        alerts: true,
        kept: Some(FromKept::Counts),
    },
    BuiltIn {
        name: "silence",
        sql: include_str!("../../sql/detect/silence.sql"),
        firing: Firing::Budget,
        opening: Opening::AtOnce,
        alerts: true,
        kept: Some(FromKept::Silence),
    },
    BuiltIn {
        name: "ratio",
        sql: include_str!("../../sql/detect/ratio.sql"),
        firing: Firing::Budget,
        opening: Opening::Confirmed,
        // A rise of errors is found by counts too; services whose errors come in bursts give this one
        // ten false alarms a day and thousand.
        alerts: false,
        kept: Some(FromKept::Ratio),
    },
    BuiltIn {
        name: "shift",
        sql: include_str!("../../sql/detect/shift.sql"),
        firing: Firing::Budget,
        opening: Opening::AtOnce,
        // People were told of the spike or drop it began with.
        alerts: false,
        kept: Some(FromKept::Shift),
    },
    BuiltIn {
        name: "values",
        sql: include_str!("../../sql/detect/values.sql"),
        // About one false episode in twenty days and series of a row a minute (see values.sql): a
        // log with a hundred fields would wake somebody five times a day.
        firing: Firing::From(0.5),
        opening: Opening::AtOnce,
        alerts: false,
        // Rows, not hours: `detect::stream::values`.
        kept: None,
    },
];
