//! Runs a plan: slices are rendered by several threads and handed on in order.

use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use super::bank::Bank;
use super::incident::Incident;
use super::plan::Plan;
use super::planting::Planting;
use super::rhythm::Rhythm;
use super::slice::{Chunk, Renderer, Slices};
use crate::error::{Error, Result};

/// A plan that was checked and compiled; see [`Generator::new`].
pub struct Generator {
    pub(super) plan: Plan,
    pub(super) banks: Vec<Bank>,
    pub(super) rhythm: Rhythm,
    pub(super) slices: Slices,
    /// Since 1970.
    pub(super) start_ms: i64,
    pub(super) incidents: Vec<Incident>,
}

/// Whole lines, as a sink receives them.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    pub text: &'a [u8],
    pub lines: u64,
    /// Time of the last line, milliseconds since 1970.
    pub last_ms: i64,
}

impl<'a> Batch<'a> {
    /// A range of the lines of `chunk`; `None` if it is empty.
    pub(super) fn of(chunk: &'a Chunk, range: Range<usize>) -> Option<Self> {
        let marks = &chunk.marks[range.clone()];
        let last = marks.last()?;
        let from = range.start.checked_sub(1).map_or(0, |before| chunk.marks[before].end);
        Some(Batch {
            text: &chunk.text[from..last.end],
            lines: marks.len() as u64,
            last_ms: last.time_ms,
        })
    }
}

/// Slices a thread may be ahead of the sink.
const SLICES_AHEAD: usize = 2;

const THREADS_MAX: usize = 64;

impl Generator {
    /// Checks the plan, places its incidents and compiles its templates.
    pub fn new(plan: &Plan) -> Result<Self> {
        plan.check()?;
        let range_ms = plan.range_ms();
        let mut planting = Planting {
            services: &plan.services,
            format: plan.format,
            range_ms,
            placed: Vec::new(),
        };
        for request in &plan.incidents {
            planting.place(request)?;
        }
        if plan.random_incidents > 0 {
            planting.place_random(plan.random_incidents, plan.seed)?;
        }
        let mut incidents = planting.placed;
        incidents.sort_by_key(|incident| incident.start_ms);
        let start_ms = plan.start.timestamp_millis();
        Ok(Generator {
            banks: plan.services.iter().map(|name| Bank::new(name, plan.format)).collect(),
            rhythm: Rhythm::over(start_ms, range_ms),
            // Given lines alone, the log goes on until it has them all.
            slices: Slices::new(plan.rate, plan.duration_ms),
            plan: plan.clone(),
            start_ms,
            incidents,
        })
    }

    /// Hands the whole log to `sink`, in order, as fast as it takes it. Ends early
    /// with the error of the sink, if it has one.
    pub fn run(&self, threads: usize, sink: &mut dyn FnMut(Batch<'_>) -> Result<()>) -> Result<()> {
        if self.plan.range_ms().is_none() {
            return Err(Error::usage("a log without end; give --duration or --lines"));
        }
        let threads = threads.clamp(1, THREADS_MAX);
        thread::scope(|scope| {
            let workers: Vec<Worker> = (0..threads)
                .map(|at| {
                    let (rendered, chunks) = sync_channel(SLICES_AHEAD);
                    let (recycle, recycled) = channel();
                    scope.spawn(move || self.work(at, threads, &rendered, &recycled));
                    Worker { chunks, recycle }
                })
                .collect();
            // Dropping the workers' channels, here on return, is what ends them.
            self.collect(&workers, sink)
        })
    }

    /// Renders every `step`th slice from `first` on, until the log ends or nobody listens.
    fn work(
        &self,
        first: usize,
        step: usize,
        rendered: &SyncSender<Chunk>,
        recycled: &Receiver<Chunk>,
    ) {
        let mut renderer = Renderer::new(self);
        for index in (first as u64..).step_by(step) {
            let mut chunk = recycled.try_recv().unwrap_or_default();
            if !renderer.render(index, &mut chunk) || rendered.send(chunk).is_err() {
                return;
            }
        }
    }

    fn collect(
        &self,
        workers: &[Worker],
        sink: &mut dyn FnMut(Batch<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut left = self.plan.lines.unwrap_or(u64::MAX);
        for worker in workers.iter().cycle() {
            if left == 0 {
                break;
            }
            let Ok(chunk) = worker.chunks.recv() else { break };
            let lines = chunk.marks.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if let Some(batch) = Batch::of(&chunk, 0..lines) {
                sink(batch)?;
                left -= batch.lines;
            }
            // The thread may have reached the end of the log meanwhile.
            worker.recycle.send(chunk).ok();
        }
        Ok(())
    }
}

/// A thread's channels: its chunks, and the way back for their buffers.
struct Worker {
    chunks: Receiver<Chunk>,
    recycle: Sender<Chunk>,
}
