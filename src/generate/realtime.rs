//! Plays a log as the clock goes: each record is handed on when its time comes.

use std::thread;
use std::time::Duration;

use chrono::Utc;

use super::generator::{Batch, Generator};
use super::slice::{Chunk, Renderer};
use crate::error::Result;

/// The longest sleep. The wall clock may be set while it lasts.
const SLEEP_MAX_MS: i64 = 1_000;

impl Generator {
    /// Hands each record to `sink` when the wall clock reaches its time; those
    /// due together come together. A plan without an end plays until `sink` fails.
    pub fn play(&self, sink: &mut dyn FnMut(Batch<'_>) -> Result<()>) -> Result<()> {
        let mut renderer = Renderer::new(self);
        let mut chunk = Chunk::default();
        let mut left = self.plan.lines.unwrap_or(u64::MAX);
        for index in 0.. {
            if left == 0 || !renderer.render(index, &mut chunk) {
                break;
            }
            chunk.marks.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left -= chunk.marks.len() as u64;
            play_chunk(&chunk, sink)?;
        }
        Ok(())
    }
}

fn play_chunk(chunk: &Chunk, sink: &mut dyn FnMut(Batch<'_>) -> Result<()>) -> Result<()> {
    let mut next = 0;
    while let Some(mark) = chunk.marks.get(next) {
        let now_ms = Utc::now().timestamp_millis();
        if mark.time_ms > now_ms {
            let wait_ms = (mark.time_ms - now_ms).min(SLEEP_MAX_MS);
            thread::sleep(Duration::from_millis(wait_ms.unsigned_abs()));
            continue;
        }
        let due = next + chunk.marks[next..].partition_point(|mark| mark.time_ms <= now_ms);
        if let Some(batch) = Batch::of(chunk, next..due) {
            sink(batch)?;
        }
        next = due;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Plan;

    #[test]
    fn records_come_when_their_time_comes() {
        let plan = Plan {
            start: Utc::now(),
            duration_ms: None,
            lines: Some(40),
            rate: 200.0,
            ..Plan::default()
        };
        let mut lines = 0;
        let mut batches = 0;
        Generator::new(&plan)
            .unwrap()
            .play(&mut |batch| {
                let late_ms = Utc::now().timestamp_millis() - batch.last_ms;
                assert!((0..2_000).contains(&late_ms), "{late_ms} ms late");
                lines += batch.lines;
                batches += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(lines, 40);
        assert!(batches > 10, "{batches}");
    }
}
