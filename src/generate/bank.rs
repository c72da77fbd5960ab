//! A service of the run: its lines, compiled for the format, and the draw that
//! decides which of them a record is.

use super::format::{Format, Line};
use super::incident::Effect;
use super::noise::{Stream, scale_down, threshold, topic};
use super::services::{self, Messages, Weighted};
use crate::record::Level;

pub struct Bank {
    pub name: String,
    /// Separates its random streams from those of the other services.
    pub topic: u64,
    /// Its part of the traffic, relative to the other services.
    pub share: f64,
    warn: f64,
    error: f64,
    usual_shares: LevelShares,
    info: Deck,
    warnings: Deck,
    errors: Deck,
    unseen: Vec<Line>,
}

/// Thresholds for 32 random bits: below `error` it is an ERROR, below `warn` a WARN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelShares {
    error: u32,
    warn: u32,
}

impl LevelShares {
    fn new(warn: f64, error: f64) -> Self {
        LevelShares { error: threshold(error), warn: threshold(error + warn) }
    }
}

impl Bank {
    pub fn new(name: &str, format: Format) -> Self {
        let service = services::named(name);
        let messages = messages_of(name, format);
        let deck = |level, templates| Deck::compile(format, level, name, templates);
        let unseen =
            messages.unseen.iter().map(|(level, text)| Line::compile(format, *level, name, text));
        Bank {
            name: name.to_owned(),
            topic: topic(name),
            share: service.share,
            warn: service.warn,
            error: service.error,
            usual_shares: LevelShares::new(service.warn, service.error),
            info: deck(Level::Info, messages.info),
            warnings: deck(Level::Warn, messages.warn),
            errors: deck(Level::Error, messages.error),
            unseen: unseen.collect(),
        }
    }

    /// `factor` times the usual errors, up to nine in ten records.
    pub fn more_errors(&self, factor: f64) -> LevelShares {
        LevelShares::new(self.warn, (self.error * factor).min(0.9))
    }

    /// `factor` times the usual warnings, up to half of the records.
    pub fn more_warnings(&self, factor: f64) -> LevelShares {
        LevelShares::new((self.warn * factor).min(0.5), self.error)
    }

    /// The line of the next record.
    #[inline]
    pub fn draw(&self, effect: Option<&Effect>, stream: &mut Stream) -> &Line {
        let shares = match effect {
            Some(Effect::Unseen { share, line }) if stream.chance(*share) => {
                return &self.unseen[*line];
            }
            Some(Effect::Shift { shares, .. }) => *shares,
            _ => self.usual_shares,
        };
        let bits = stream.bits();
        let (level, deck) = match bits as u32 {
            roll if roll < shares.error => (Level::Error, &self.errors),
            roll if roll < shares.warn => (Level::Warn, &self.warnings),
            _ => (Level::Info, &self.info),
        };
        match effect {
            Some(Effect::Shift { leading, .. })
                if leading.level == level && stream.chance(leading.share) =>
            {
                &deck.lines[leading.line]
            }
            _ => deck.draw((bits >> 32) as u32),
        }
    }
}

/// Lines to draw from; a line has as many slots as its weight.
struct Deck {
    lines: Vec<Line>,
    slots: Vec<u8>,
}

impl Deck {
    fn compile(format: Format, level: Level, service: &str, templates: &[Weighted]) -> Self {
        let lines = templates.iter().map(|(_, text)| Line::compile(format, level, service, text));
        let slots = templates
            .iter()
            .zip(0u8..)
            .flat_map(|((weight, _), line)| std::iter::repeat_n(line, usize::from(*weight)));
        Deck { lines: lines.collect(), slots: slots.collect() }
    }

    #[inline]
    fn draw(&self, bits: u32) -> &Line {
        let slot = scale_down(bits, self.slots.len() as u32);
        &self.lines[usize::from(self.slots[slot as usize])]
    }
}

/// The templates of a service in a format.
pub fn messages_of(service: &str, format: Format) -> &'static Messages {
    let service = services::named(service);
    if format == Format::Nginx { &service.requests } else { &service.messages }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::format::ClockFace;

    #[test]
    fn levels_come_in_their_shares() {
        let bank = Bank::new("payment", Format::Text);
        let mut stream = Stream::new(1, 2, 3);
        let mut clock = ClockFace::new(Format::Text);
        let mut out = Vec::new();
        for _ in 0..100_000 {
            bank.draw(None, &mut stream).write(0, &mut stream, 100, &mut clock, &mut out);
        }
        let text = String::from_utf8(out).unwrap();
        let share = |level: &str| text.matches(level).count() as f64 / 100_000.0;
        assert!((share(" ERROR ") - 0.022).abs() < 0.002);
        assert!((share(" WARN ") - 0.040).abs() < 0.003);
    }
}
