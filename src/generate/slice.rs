//! One slice of the log: how many records each service has in it, when they are,
//! and their lines in order of time.

use super::format::ClockFace;
use super::generator::Generator;
use super::incident::{Effect, Incident};
use super::noise::Stream;

/// How the log is cut. Slices are a minute long; at high rates they are a fraction
/// of it, so that a slice stays in the processor's cache rather than fill memory.
pub struct Slices {
    pub len_ms: u64,
    /// `None`: the log is not limited in time.
    range_ms: Option<u64>,
}

/// All divide a minute, so that a minute's load holds for whole slices.
const SLICE_LENS_MS: [u64; 5] = [MINUTE_MS, 10_000, 1_000, 100, 10];
const MINUTE_MS: u64 = 60_000;

/// Records a slice has on average, unless it is of the shortest length already.
const SLICE_RECORDS_MAX: f64 = 20_000.0;

/// The standard deviation of a service's load from minute to minute, beyond that
/// of a Poisson number: real traffic is a little more uneven than chance.
const LOAD_NOISE: f64 = 0.07;

/// Separates the load noise of a service from its records.
const LOAD_TOPIC: u64 = 0x6c6f_6164;

impl Slices {
    pub fn new(rate: f64, range_ms: Option<u64>) -> Self {
        let fits = |len_ms: &&u64| rate * **len_ms as f64 / 1000.0 <= SLICE_RECORDS_MAX;
        let shortest = SLICE_LENS_MS[SLICE_LENS_MS.len() - 1];
        let len_ms = SLICE_LENS_MS.iter().find(fits).copied().unwrap_or(shortest);
        Slices { len_ms, range_ms }
    }

    /// Start and length of a slice, in milliseconds; the last may be shorter.
    /// `None` behind the end.
    fn span(&self, index: u64) -> Option<(u64, u64)> {
        let start_ms = index * self.len_ms;
        match self.range_ms {
            None => Some((start_ms, self.len_ms)),
            Some(range) if start_ms < range => Some((start_ms, self.len_ms.min(range - start_ms))),
            Some(_) => None,
        }
    }
}

/// The lines of a slice.
#[derive(Default)]
pub struct Chunk {
    pub text: Vec<u8>,
    pub marks: Vec<Mark>,
}

/// Where a line ends in the text of its chunk, and its time since 1970.
#[derive(Clone, Copy)]
pub struct Mark {
    pub end: usize,
    pub time_ms: i64,
}

/// Renders slices, one after the other; its buffers are kept from one to the next.
pub struct Renderer<'a> {
    generator: &'a Generator,
    clock: ClockFace,
    /// Time and service of each record, ordered by them: milliseconds since the
    /// start of the slice (at most 60,000, 16 bits), then eight bits of service.
    keys: Vec<u32>,
}

const SERVICE_BITS: u32 = 8;

impl<'a> Renderer<'a> {
    pub fn new(generator: &'a Generator) -> Self {
        let clock = ClockFace::new(generator.plan.format);
        Renderer { generator, clock, keys: Vec::new() }
    }

    /// Fills `chunk` with the slice of that index; false behind the end of the log.
    pub fn render(&mut self, index: u64, chunk: &mut Chunk) -> bool {
        chunk.text.clear();
        chunk.marks.clear();
        let Some((start_ms, len_ms)) = self.generator.slices.span(index) else { return false };
        let mut services = self.services(index, start_ms, len_ms);
        self.schedule(&mut services, start_ms, len_ms);
        for &key in &self.keys {
            let service = (key & ((1 << SERVICE_BITS) - 1)) as usize;
            let offset_ms = start_ms + u64::from(key >> SERVICE_BITS);
            let bank = &self.generator.banks[service];
            let Active { stream, effects } = &mut services[service];
            let effect = effect_at(effects, offset_ms);
            let slowdown_percent = match effect {
                Some(Effect::Shift { slowdown_percent, .. }) => *slowdown_percent,
                _ => 100,
            };
            let line = bank.draw(effect, stream);
            let time_ms = self.generator.start_ms + offset_ms as i64;
            line.write(time_ms, stream, slowdown_percent, &mut self.clock, &mut chunk.text);
            chunk.marks.push(Mark { end: chunk.text.len(), time_ms });
        }
        true
    }

    /// Each service's random stream and incidents in the slice.
    fn services(&self, index: u64, start_ms: u64, len_ms: u64) -> Vec<Active<'a>> {
        let generator = self.generator;
        let of_bank = |bank: &'a super::bank::Bank| {
            let in_slice = generator.incidents.iter().filter(|incident| {
                incident.service == bank.name && incident.overlaps(start_ms, start_ms + len_ms)
            });
            Active {
                stream: Stream::new(generator.plan.seed, bank.topic, index),
                effects: in_slice.map(|incident| (incident, incident.effect(bank))).collect(),
            }
        };
        generator.banks.iter().map(of_bank).collect()
    }

    /// Draws how many records each service has and when, into `keys`.
    fn schedule(&mut self, services: &mut [Active], start_ms: u64, len_ms: u64) {
        self.keys.clear();
        for (service, Active { stream, effects }) in services.iter_mut().enumerate() {
            let mean = self.generator.mean_records(service, start_ms, len_ms);
            for _ in 0..stream.poisson(mean) {
                let ms = stream.below(len_ms as u32);
                let kept = match effect_at(effects, start_ms + u64::from(ms)) {
                    Some(Effect::Thin { keep }) => stream.chance(*keep),
                    _ => true,
                };
                if kept {
                    self.keys.push(ms << SERVICE_BITS | service as u32);
                }
            }
        }
        self.keys.sort_unstable();
    }
}

impl Generator {
    /// The records to expect of a service in a slice: its part of the rate, times
    /// the rhythm, times the noise of the minute.
    fn mean_records(&self, service: usize, start_ms: u64, len_ms: u64) -> f64 {
        let bank = &self.banks[service];
        let share = bank.share / self.banks.iter().map(|bank| bank.share).sum::<f64>();
        let rhythm = self.rhythm.at(self.start_ms + (start_ms + len_ms / 2) as i64);
        let minute = start_ms / MINUTE_MS;
        let mut stream = Stream::new(self.plan.seed, bank.topic ^ LOAD_TOPIC, minute);
        let load = 1.0 + LOAD_NOISE * stream.normal();
        self.plan.rate * share * rhythm * load * len_ms as f64 / 1000.0
    }
}

/// A service within a slice.
struct Active<'a> {
    stream: Stream,
    effects: Vec<(&'a Incident, Effect)>,
}

#[inline]
fn effect_at<'e>(effects: &'e [(&Incident, Effect)], offset_ms: u64) -> Option<&'e Effect> {
    effects.iter().find(|(incident, _)| incident.contains(offset_ms)).map(|(_, effect)| effect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_shorter_at_higher_rates() {
        for (rate, len_ms) in [(0.5, 60_000), (100.0, 60_000), (2_000.0, 10_000), (5e6, 10)] {
            assert_eq!(Slices::new(rate, None).len_ms, len_ms, "{rate}");
        }
    }

    #[test]
    fn the_last_slice_ends_with_the_log() {
        let slices = Slices::new(1.0, Some(90_000));
        assert_eq!(slices.span(0), Some((0, 60_000)));
        assert_eq!(slices.span(1), Some((60_000, 30_000)));
        assert_eq!(slices.span(2), None);
    }
}
