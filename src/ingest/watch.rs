//! Being told by the system that something in a directory changed. A help, not a promise: network
//! file systems tell nothing, and queues overflow, so everything is looked at now and then all
//! the same.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// Directories that are watched.
pub struct Watch {
    /// `None` if the system cannot watch.
    watcher: Option<RecommendedWatcher>,
    events: Receiver<notify::Result<Event>>,
    directories: HashSet<PathBuf>,
    /// Directories that it refused to watch.
    refused: HashSet<PathBuf>,
}

/// What changed.
#[derive(Debug, Default)]
pub struct Changes {
    pub paths: HashSet<PathBuf>,
    /// Files came or went.
    pub names: bool,
    /// Something was missed: anything may have changed.
    pub anything: bool,
}

impl Watch {
    pub fn new() -> Watch {
        let (sender, events) = channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Reading is no change, and we read ourselves.
            if !matches!(&event, Ok(Event { kind: EventKind::Access(_), .. })) {
                // Nobody listens any more when the follower has ended.
                drop(sender.send(event));
            }
        });
        let watcher = watcher
            .inspect_err(|error| tracing::warn!("files are polled, not watched: {error}"))
            .ok();
        Watch { watcher, events, directories: HashSet::new(), refused: HashSet::new() }
    }

    /// Watches exactly these directories from now on.
    pub fn directories(&mut self, wanted: HashSet<PathBuf>) {
        let Some(watcher) = &mut self.watcher else { return };
        for gone in self.directories.difference(&wanted) {
            // A directory that was removed is not watched any more anyway.
            drop(watcher.unwatch(gone));
        }
        self.directories.retain(|known| wanted.contains(known));
        self.refused.retain(|known| wanted.contains(known));
        for directory in wanted {
            if self.directories.contains(&directory) || self.refused.contains(&directory) {
                continue;
            }
            match watcher.watch(&directory, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.directories.insert(directory)),
                Err(error) => {
                    let shown = directory.display();
                    tracing::warn!("files in {shown} are polled, not watched: {error}");
                    self.refused.insert(directory);
                }
            }
        }
    }

    /// Waits for changes, but no longer than `time`; gathers those that come with the first.
    pub fn wait(&self, time: Duration, gather: Duration) -> Changes {
        let mut changes = Changes::default();
        match self.events.recv_timeout(time) {
            Ok(event) => changes.add(event),
            Err(RecvTimeoutError::Timeout) => return changes,
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(time);
                return changes;
            }
        }
        std::thread::sleep(gather);
        self.events.try_iter().for_each(|event| changes.add(event));
        changes
    }
}

impl Changes {
    fn add(&mut self, event: notify::Result<Event>) {
        match event {
            Ok(event) => {
                self.anything |= event.need_rescan();
                let is_write = matches!(event.kind, EventKind::Modify(kind)
                    if !matches!(kind, notify::event::ModifyKind::Name(_)));
                self.names |= !is_write;
                self.paths.extend(event.paths);
            }
            Err(error) => {
                tracing::warn!("watching files: {error}");
                self.anything = true;
            }
        }
    }
}
