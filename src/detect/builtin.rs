//! The detectors that come with Pintail: one file each in sql/detect/, one line each here.

/// A detector and what goes with it.
pub struct BuiltIn {
    pub name: &'static str,
    pub sql: &'static str,
    /// The score from which on it fires, unless somebody says otherwise.
    pub threshold: f64,
}

/// What a detector looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Records per minute.
    Counts,
    /// Any number over time.
    Values,
}

/// The default first.
pub const BUILT_IN: [BuiltIn; 4] = [
    built_in("zscore", 3.0, include_str!("../../sql/detect/zscore.sql")),
    // The normal quantile of 1 - 1 / (1440 minutes * 1000 series * 4 lengths of time): a false alarm
    // a day if counts were as the model has them; measured were some four.
    built_in("counts", 5.1, include_str!("../../sql/detect/counts.sql")),
    built_in("silence", 5.1, include_str!("../../sql/detect/silence.sql")),
    // About one false episode in twenty days and series of a row a minute (see values.sql).
    built_in("values", 0.5, include_str!("../../sql/detect/values.sql")),
];

const fn built_in(name: &'static str, threshold: f64, sql: &'static str) -> BuiltIn {
    BuiltIn { name, sql, threshold }
}
