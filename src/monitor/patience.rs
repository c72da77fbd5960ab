//! A bound for queries of users: one that never ends must not keep the others from looking.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::store::Session;

/// What a detector may take: a tick is a minute.
const PATIENCE: Duration = Duration::from_secs(30);

/// An interrupt that comes between two statements is lost, so it is repeated.
const AGAIN: Duration = Duration::from_millis(100);

/// Interrupts the session's queries if `work` takes too long.
///
/// # Errors
/// The work's own, or that it took too long.
pub fn within<T>(session: &Session, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let interrupter = session.interrupter();
    let (done, wait) = channel::<()>();
    std::thread::scope(|scope| {
        let watch = scope.spawn(move || {
            let mut patience = PATIENCE;
            let mut interrupted = false;
            while wait.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                interrupter.interrupt();
                interrupted = true;
                patience = AGAIN;
            }
            interrupted
        });
        let result = work();
        drop(done);
        match (watch.join(), result) {
            (Ok(true), Err(_)) => {
                Err(Error::Sql(format!("it took more than {} s", PATIENCE.as_secs())))
            }
            (_, result) => result,
        }
    })
}
