//! How busy the services are at a time of the week: quiet nights, a peak in the
//! afternoon, milder weekends. The mean over a week is 1.

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MINUTES: i64 = 7 * 24 * 60;

/// The load at each full hour, UTC.
const HOURS: [f64; 24] = [
    0.45, 0.36, 0.30, 0.27, 0.27, 0.31, 0.43, 0.63, 0.88, 1.10, 1.25, 1.33, //
    1.37, 1.42, 1.47, 1.50, 1.48, 1.42, 1.36, 1.32, 1.25, 1.08, 0.84, 0.61,
];

/// The load at noon of each day, Monday first.
const DAYS: [f64; 7] = [1.02, 1.05, 1.06, 1.05, 1.03, 0.86, 0.80];

pub struct Rhythm {
    scale: f64,
}

impl Rhythm {
    /// A rhythm whose mean over the range is 1, so that `--rate` means what it
    /// says for an hour at night too. Endless and week-long ranges take the mean
    /// over the week.
    pub fn over(start_ms: i64, range_ms: Option<u64>) -> Self {
        let minutes = range_ms.map_or(WEEK_MINUTES, |range| {
            range.div_ceil(MINUTE_MS as u64).clamp(1, WEEK_MINUTES as u64) as i64
        });
        let total: f64 =
            (0..minutes).map(|minute| shape(start_ms + minute * MINUTE_MS + MINUTE_MS / 2)).sum();
        Rhythm { scale: minutes as f64 / total }
    }

    /// The load at a time, in milliseconds since 1970.
    pub fn at(&self, time_ms: i64) -> f64 {
        shape(time_ms) * self.scale
    }
}

fn shape(time_ms: i64) -> f64 {
    hour_curve(time_ms) * day_curve(time_ms)
}

/// A Catmull-Rom spline through the hours: smooth, and exact at each of them.
fn hour_curve(time_ms: i64) -> f64 {
    let in_day = time_ms.rem_euclid(DAY_MS);
    let hour = (in_day / HOUR_MS) as usize;
    let t = (in_day % HOUR_MS) as f64 / HOUR_MS as f64;
    let [a, b, c, d] = [23, 0, 1, 2].map(|step| HOURS[(hour + step) % 24]);
    b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
}

/// Straight lines between the noons, so that no step shows at midnight.
fn day_curve(time_ms: i64) -> f64 {
    // 1970-01-01 was a Thursday; its noon is the origin.
    let since_noon = time_ms - DAY_MS / 2;
    let day = (since_noon.div_euclid(DAY_MS) + 3).rem_euclid(7) as usize;
    let t = since_noon.rem_euclid(DAY_MS) as f64 / DAY_MS as f64;
    DAYS[day] * (1.0 - t) + DAYS[(day + 1) % 7] * t
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday 2026-01-05T00:00:00Z.
    const MONDAY_MS: i64 = 1_767_571_200_000;

    #[test]
    fn afternoons_are_busy_nights_quiet_and_weekends_milder() {
        let week = Rhythm::over(MONDAY_MS, None);
        let at = |day: i64, hour: i64| week.at(MONDAY_MS + day * DAY_MS + hour * HOUR_MS);
        assert!(at(1, 15) > 1.4 && at(1, 15) > 4.0 * at(1, 3));
        assert!(at(6, 15) < 0.85 * at(1, 15) && at(6, 15) > 0.6 * at(1, 15));
    }

    #[test]
    fn the_mean_is_one_over_a_week_and_over_an_hour_at_night() {
        let mean = |rhythm: &Rhythm, minutes: i64| {
            (0..minutes).map(|m| rhythm.at(MONDAY_MS + m * MINUTE_MS)).sum::<f64>() / minutes as f64
        };
        let week = Rhythm::over(MONDAY_MS, None);
        assert!((mean(&week, WEEK_MINUTES) - 1.0).abs() < 1e-3);
        let night = Rhythm::over(MONDAY_MS, Some(HOUR_MS as u64));
        assert!((mean(&night, 60) - 1.0).abs() < 1e-2);
    }

    #[test]
    fn the_curve_has_no_jumps() {
        let week = Rhythm::over(MONDAY_MS, None);
        for minute in 0..WEEK_MINUTES {
            let now = week.at(MONDAY_MS + minute * MINUTE_MS);
            let next = week.at(MONDAY_MS + (minute + 1) * MINUTE_MS);
            assert!((next / now - 1.0).abs() < 0.01, "minute {minute}: {now} then {next}");
        }
    }
}
