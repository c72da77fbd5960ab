//! What detectors are asked for.

use super::{Moment, Parameters};
use crate::record::Micros;

/// What scores depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Records of this level and above are counted.
    pub level: String,
    /// One service only.
    pub service: Option<String>,
    /// Minutes of past that a minute is compared with.
    pub window_minutes: u32,
    /// Minutes between that past and the minute that is judged.
    pub guard_minutes: u32,
    /// Every minute that is judged, not only those that are unusual.
    pub every: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            level: "ERROR".to_owned(),
            service: None,
            window_minutes: 120,
            guard_minutes: 5,
            every: false,
        }
    }
}

impl Settings {
    /// With the minutes to judge, `from <= minute < to`, and the time it is.
    pub fn parameters(&self, from: Option<Micros>, to: Option<Micros>, now: Micros) -> Parameters {
        let time = |at: Micros| Moment(at).sql();
        Parameters::new()
            .with("level", &self.level)
            .maybe("service", self.service.as_ref())
            .with("window", self.window_minutes)
            .with("guard", self.guard_minutes)
            .with("every", self.every)
            .maybe("from", from.map(time))
            .maybe("to", to.map(time))
            .with("now", time(now))
    }
}
