//! What detectors are asked for.

use super::range::Span;
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
    /// With the minutes to judge, those that `from..to` touches, and the time it is.
    ///
    /// The one place where times become whole minutes. Detectors judge minutes: a time within one would
    /// cut counts and grids in the middle of a minute. What is not over at `now` is not judged.
    pub fn parameters(&self, from: Option<Micros>, to: Option<Micros>, now: Micros) -> Parameters {
        let time = |at: Micros| Moment(at).sql();
        let from = from.map(Span::minute_of);
        let to = to.map(|to| Span::minute_after(to).min(Span::minute_of(now)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::range::MINUTE;

    #[test]
    fn a_part_of_a_minute_is_that_minute_and_what_goes_on_is_left_out() {
        let asked = |from, to, now| {
            let parameters = Settings::default().parameters(from, to, now);
            let value = |name: &str| {
                parameters.as_slice().iter().find(|it| it.0 == name).unwrap().1.map(str::to_owned)
            };
            (value("from"), value("to"))
        };
        let minutes = |from: i64, to: i64| {
            (Some(Moment(from * MINUTE).sql()), Some(Moment(to * MINUTE).sql()))
        };
        let now = 100 * MINUTE;
        assert_eq!(asked(Some(5 * MINUTE), Some(7 * MINUTE), now), minutes(5, 7));
        assert_eq!(asked(Some(5 * MINUTE + 1), Some(7 * MINUTE + 1), now), minutes(5, 8));
        assert_eq!(asked(Some(6 * MINUTE - 1), Some(8 * MINUTE - 1), now), minutes(5, 8));
        assert_eq!(asked(Some(-1), Some(now + 9), now + 5), minutes(-1, 100));
        assert_eq!(asked(None, None, now), (None, None));
    }
}
