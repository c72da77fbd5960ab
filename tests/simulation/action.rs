//! What can happen to logs, to the server and to its disk; drawn from a seed.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Something that happens. One that cannot happen (a rotation without a file) does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Whole lines, a record each, in one write.
    Write {
        log: usize,
        records: u32,
    },
    /// The same, line by line.
    Trickle {
        log: usize,
        records: u32,
    },
    /// A record with lines that continue it, in one write.
    Trace {
        log: usize,
        frames: u32,
    },
    /// More lines that continue the last record.
    Frames {
        log: usize,
        frames: u32,
    },
    /// The first bytes of a line; what is written next finishes it.
    Begin {
        log: usize,
        bytes: usize,
    },
    /// `late` records still go to the old file: the writer has it open.
    Rotate {
        log: usize,
        late: u32,
    },
    /// gzip of the youngest rotated file.
    Compress {
        log: usize,
    },
    /// The same of a file so large that the server looks at it meanwhile.
    SlowCompress {
        log: usize,
    },
    /// With `hole`, the writer goes on where it was: NUL bytes lie before it.
    CopyTruncate {
        log: usize,
        hole: bool,
    },
    /// The same of a file so large that the server looks at it meanwhile.
    SlowCopyTruncate {
        log: usize,
    },
    Truncate {
        log: usize,
    },
    Delete {
        log: usize,
    },
    /// Another file in the place of this one, with records in it, by a rename.
    Replace {
        log: usize,
        records: u32,
    },
    /// A link in the directory that names one of two files outside of it.
    MoveLink {
        to: usize,
    },
    NewFile {
        records: u32,
    },
    Kill,
    Stop,
    Start,
    Slow {
        delay_ms: i64,
    },
    /// Room for so many more bytes, then none.
    /// With `copies`, writing in place takes room too.
    Full {
        room_bytes: i64,
        copies: bool,
    },
    /// The disk is fast and has room again.
    Mend,
    /// Waits until everything that can be there is there.
    Settle,
    /// Waits longer, until the server takes lines without an end for whole.
    Wait,
}

/// How the server is told what to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Following {
    Directory,
    Files,
    Glob,
}

#[derive(Clone, Debug)]
pub struct Script {
    pub following: Following,
    /// Every file begins with the same line.
    pub banner: bool,
    pub actions: Vec<Action>,
}

/// Files that are written to: app.log, db.log, and the one that a link names.
pub const LINKED: usize = 2;

impl Script {
    /// Actions that `without` names by a part of their Debug form are left out.
    pub fn of_seed(seed: u64, without: &[String]) -> Script {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let following = match random.random_range(0..10) {
            0..6 => Following::Directory,
            6..8 => Following::Files,
            _ => Following::Glob,
        };
        let banner = random.random_bool(0.3);
        let count = random.random_range(8..30);
        // Some runs settle before almost everything, some hardly ever.
        let calm = [0.1, 0.3, 0.7][random.random_range(0..3)];
        let mut actions = vec![Action::Start];
        // A file that is short is looked at anew when it grows; one that is long is read on.
        if random.random_bool(0.5) {
            actions.extend([0, 1, LINKED].map(|log| Action::Write { log, records: 100 }));
            actions.push(Action::Settle);
        }
        // Nobody leaves a server down or a disk full for long.
        let mut repairs: Vec<(usize, Action)> = Vec::new();
        while actions.len() < count {
            if let Some(at) = repairs.iter().position(|(when, _)| *when <= actions.len()) {
                actions.push(repairs.swap_remove(at).1);
                continue;
            }
            let action = Action::random(&mut random);
            let name = format!("{action:?}");
            if without.iter().any(|part| name.contains(part.as_str())) {
                continue;
            }
            if action.destroys() && random.random_bool(calm) {
                actions.push(Action::Settle);
            }
            let soon = actions.len() + random.random_range(1..6);
            match action {
                Action::Kill | Action::Stop => repairs.push((soon, Action::Start)),
                Action::Slow { .. } | Action::Full { .. } => repairs.push((soon, Action::Mend)),
                _ => {}
            }
            actions.push(action);
        }
        Script { following, banner, actions }
    }
}

impl Action {
    fn random(random: &mut Xoshiro256PlusPlus) -> Action {
        let log = [0, 0, 0, 0, 1, 1, LINKED][random.random_range(0..7)];
        let few = random.random_range(1..6);
        match random.random_range(0..100) {
            0..16 => Action::Write { log, records: few },
            16..21 => Action::Trickle { log, records: few },
            21..24 => Action::Write { log, records: random.random_range(50..400) },
            24..30 => Action::Trace { log, frames: few },
            30..35 => Action::Frames { log, frames: few },
            35..43 => Action::Begin { log, bytes: random.random_range(1..60) },
            43..52 => Action::Rotate { log, late: random.random_range(0..3) },
            52..55 => Action::Compress { log },
            55..57 => Action::SlowCompress { log },
            57..59 => Action::SlowCopyTruncate { log },
            59..63 => Action::CopyTruncate { log, hole: random.random_bool(0.3) },
            63..66 => Action::Truncate { log },
            66..70 => Action::Delete { log },
            70..73 => Action::Replace { log, records: few },
            73..76 => Action::MoveLink { to: random.random_range(0..2) },
            76..79 => Action::NewFile { records: few },
            79..85 => Action::Kill,
            85..88 => Action::Stop,
            88..91 => Action::Slow { delay_ms: random.random_range(1..30) },
            91..95 => Action::Full {
                room_bytes: [0, 0, 100, 5_000, 100_000][random.random_range(0..5)],
                copies: random.random_bool(0.3),
            },
            95 => Action::Wait,
            _ => Action::Settle,
        }
    }

    /// Whether bytes may be gone or moved after it.
    fn destroys(&self) -> bool {
        use Action::{
            Compress, CopyTruncate, Delete, Kill, MoveLink, Replace, Rotate, SlowCompress,
            SlowCopyTruncate, Stop, Truncate,
        };
        matches!(
            self,
            Compress { .. }
                | CopyTruncate { .. }
                | Delete { .. }
                | Kill
                | MoveLink { .. }
                | Replace { .. }
                | Rotate { .. }
                | SlowCompress { .. }
                | SlowCopyTruncate { .. }
                | Stop
                | Truncate { .. }
        )
    }
}
