//! Bounds for the monitor's queries: one that never ends must not keep the others from looking, nor
//! the server from ending.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::stop::Stop;
use crate::store::Session;

/// What a detector of somebody's own may take: a tick is a minute.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked. An interrupt that comes between two statements is lost, so it is
/// repeated.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Interrupts the session's queries when it is time to end.
pub fn until_stopped<T>(
    session: &Session,
    stop: &Stop,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    interrupted_when(session, || stop.is_stopped(), work).0
}

/// Interrupts the session's queries if `work` takes too long.
///
/// # Errors
/// The work's own, or that it took too long.
pub fn with_patience<T>(session: &Session, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    match interrupted_when(session, || started.elapsed() > PATIENCE, work) {
        (Err(_), true) => Err(Error::Sql(format!("it took more than {} s", PATIENCE.as_secs()))),
        (result, _) => result,
    }
}

/// What became of the work, and whether it was interrupted.
fn interrupted_when<T>(
    session: &Session,
    is_over: impl Fn() -> bool + Send,
    work: impl FnOnce() -> Result<T>,
) -> (Result<T>, bool) {
    let interrupter = session.interrupter();
    let (done, wait) = channel::<()>();
    std::thread::scope(|scope| {
        let watch = scope.spawn(move || {
            let mut interrupted = false;
            while wait.recv_timeout(LOOK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if is_over() {
                    interrupter.interrupt();
                    interrupted = true;
                }
            }
            interrupted
        });
        let result = work();
        drop(done);
        (result, watch.join().unwrap_or(false))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::store::{Access, Store};

    #[test]
    fn a_query_that_never_ends_is_over_when_the_server_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.duckdb");
        let session = Store::open(&path, Access::Write, &Limits::query()).unwrap();
        let session = session.session().unwrap();
        let endless = "create temporary table t as \
                       select sum(a.range * b.range) from range(10000000) a, range(10000000) b";
        let stop = Stop::new();
        stop.stop();
        let ended = until_stopped(&session, &stop, || session.execute(endless, &[]));
        assert!(ended.is_err());
        session.execute("select 1", &[]).unwrap();
    }
}
