//! Plants incidents: at the place that was asked for, or where the seed wants them.

use super::bank::messages_of;
use super::format::Format;
use super::incident::{Incident, Kind, Request};
use super::noise::{Stream, topic};
use crate::error::{Error, Result};

/// Where incidents may be placed, and those placed so far.
pub struct Planting<'a> {
    pub services: &'a [String],
    pub format: Format,
    /// `None`: the log has no end.
    pub range_ms: Option<u64>,
    pub placed: Vec<Incident>,
}

/// Shorter incidents would not show in a count per minute.
const DURATION_MIN_MS: u64 = 60_000;
const DURATION_MAX_MS: u64 = 20 * 60_000;

/// The first fifth of the log is left normal: a detector has to learn from it.
const QUIET_FRACTION: u64 = 5;

/// Draws of a place before an incident is given up.
const TRIES: usize = 200;

impl Planting<'_> {
    /// Places an incident where it was asked for.
    pub fn place(&mut self, request: &Request) -> Result<()> {
        let Request { kind, service, .. } = request;
        if !self.services.contains(service) {
            return Err(Error::usage(format!(
                "incident {kind} is planted in '{service}', but the services are {}",
                self.services.join(", ")
            )));
        }
        let (start_ms, end_ms) =
            (request.offset_ms, request.offset_ms.saturating_add(request.duration_ms));
        if self.range_ms.is_some_and(|range| end_ms > range) {
            return Err(Error::usage(format!(
                "incident {kind} of {service} ends after the log; plant it earlier or give a longer --duration"
            )));
        }
        let incident = Incident {
            kind: *kind,
            service: service.clone(),
            start_ms,
            end_ms,
            factor: request.factor,
            template: self.next_template(*kind, service),
        };
        self.check(&incident).map_err(Error::usage)?;
        self.placed.push(incident);
        Ok(())
    }

    /// Places `count` incidents: the kinds take turns, services, times and
    /// strengths are the seed's. Each has a stretch of the log for itself, so
    /// that they never overlap each other.
    pub fn place_random(&mut self, count: usize, seed: u64) -> Result<()> {
        let Some(range_ms) = self.range_ms else {
            return Err(Error::usage(
                "--incidents needs to know where the log ends; give --duration or --lines, or plant them with --incident",
            ));
        };
        let first_ms = range_ms / QUIET_FRACTION;
        let stretch_ms = (range_ms - first_ms) / count.max(1) as u64;
        if count > 0 && stretch_ms < 2 * DURATION_MIN_MS {
            let fit = (range_ms - first_ms) / (2 * DURATION_MIN_MS);
            return Err(Error::usage(format!(
                "{count} incidents do not fit; this log has room for {fit}, a longer --duration for more"
            )));
        }
        let mut stream = Stream::new(seed, topic("incidents"), 0);
        let first_kind = stream.below(Kind::ALL.len() as u32) as usize;
        for at in 0..count {
            let kind = Kind::ALL[(first_kind + at) % Kind::ALL.len()];
            let from_ms = first_ms + at as u64 * stretch_ms;
            self.place_within(kind, from_ms, stretch_ms, &mut stream)?;
        }
        Ok(())
    }

    fn place_within(
        &mut self,
        kind: Kind,
        from_ms: u64,
        stretch_ms: u64,
        stream: &mut Stream,
    ) -> Result<()> {
        let (low, high) = kind.factor_range();
        // Half the stretch at most, so that its place in it is a surprise.
        let longest_ms = (stretch_ms / 2).clamp(DURATION_MIN_MS, DURATION_MAX_MS);
        for _ in 0..TRIES {
            let service = &self.services[stream.below(self.services.len() as u32) as usize];
            let drawn_ms = longest_ms / 2 + longest_ms * u64::from(stream.below(500)) / 1000;
            // Whole seconds are easier to read in a truth file.
            let duration_ms = drawn_ms.max(DURATION_MIN_MS) / 1000 * 1000;
            let room_ms = stretch_ms - duration_ms;
            let start_ms = (from_ms + (room_ms as f64 * stream.unit()) as u64) / 1000 * 1000;
            let incident = Incident {
                kind,
                service: service.clone(),
                start_ms,
                end_ms: start_ms + duration_ms,
                // Two digits, as the truth file shows it.
                factor: ((low + (high - low) * stream.unit()) * 100.0 + 0.5).floor() / 100.0,
                template: self.next_template(kind, service),
            };
            if start_ms >= from_ms && self.check(&incident).is_ok() {
                self.placed.push(incident);
                return Ok(());
            }
        }
        Err(Error::usage(format!(
            "no room for one more {kind} among {} incidents; plant fewer, or give more --services",
            self.placed.len()
        )))
    }

    /// Error spikes of a service take turns among its errors, new messages among
    /// those it has not said yet.
    fn next_template(&self, kind: Kind, service: &str) -> usize {
        let before = self.placed.iter().filter(|i| i.kind == kind && i.service == service).count();
        match kind {
            Kind::ErrorSpike => before % messages_of(service, self.format).error.len(),
            _ => before,
        }
    }

    fn check(&self, incident: &Incident) -> Result<(), String> {
        let Incident { kind, service, .. } = incident;
        let clash = self.placed.iter().find(|other| {
            other.service == *service && other.overlaps(incident.start_ms, incident.end_ms)
        });
        if let Some(other) = clash {
            return Err(format!("incidents {} and {kind} of {service} overlap", other.kind));
        }
        let unseen = messages_of(service, self.format).unseen.len();
        if *kind == Kind::NewMessage && incident.template >= unseen {
            return Err(format!("{service} has {unseen} messages for new_message, not more"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 3_600_000;

    fn services() -> Vec<String> {
        ["auth", "payment", "orders", "search"].map(str::to_owned).to_vec()
    }

    fn planting(services: &[String], range_ms: Option<u64>) -> Planting<'_> {
        Planting { services, format: Format::Text, range_ms, placed: Vec::new() }
    }

    #[test]
    fn random_incidents_never_overlap_and_spare_the_first_fifth() {
        let services = services();
        for seed in 0..50 {
            let mut planting = planting(&services, Some(6 * HOUR_MS));
            planting.place(&"silence:auth:3h:1h".parse().unwrap()).unwrap();
            planting.place_random(10, seed).unwrap();
            let random = &planting.placed[1..];
            assert!(
                random.iter().all(|i| i.start_ms >= 6 * HOUR_MS / 5 && i.end_ms <= 6 * HOUR_MS)
            );
            assert!(random.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms));
            assert!(Kind::ALL.iter().all(|kind| random.iter().any(|i| i.kind == *kind)));
            let [given, random @ ..] = &planting.placed[..] else { panic!("nothing placed") };
            assert!(
                !random
                    .iter()
                    .any(|i| { i.service == "auth" && i.overlaps(given.start_ms, given.end_ms) })
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_reason() {
        let services = services();
        let mut planting = planting(&services, Some(HOUR_MS));
        let mut refusal = |text: &str| {
            planting.place(&text.parse().unwrap()).err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert!(refusal("drop:billing:10m:5m").contains("auth, payment, orders, search"));
        assert!(refusal("drop:auth:58m:5m").contains("ends after the log"));
        assert_eq!(refusal("drop:auth:10m:5m"), "");
        assert!(refusal("silence:auth:14m:5m").contains("overlap"));
        for at in ["20m", "25m", "30m"] {
            assert_eq!(refusal(&format!("new_message:auth:{at}:5m")), "");
        }
        assert!(refusal("new_message:auth:40m:5m").contains("3 messages"));
        assert!(planting.place_random(100, 1).unwrap_err().to_string().contains("room for 24"));
    }
}
