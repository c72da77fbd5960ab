//! SIGINT, SIGTERM and SIGHUP, for as long as the process lives: a server that is starting
//! again must not miss them.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::error::Result;

/// Beyond the time that requests have, for all else that is to end: commits, and DuckDB's
/// last words.
const END_WITHIN: Duration = Duration::from_secs(5);

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// SIGINT or SIGTERM.
    End,
    /// SIGHUP.
    Reload,
}

/// Calls `heed` with every signal, one after the other, on a thread of its own. Without
/// `reloads` SIGHUP does what it does by default.
///
/// # Errors
/// What the system says.
pub fn listen(reloads: bool, mut heed: impl FnMut(Wish) + Send + 'static) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let entered = runtime.enter();
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = reloads.then(|| signal(SignalKind::hangup())).transpose()?;
    drop(entered);
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        loop {
            let wish = runtime.block_on(async {
                let reload = async {
                    match &mut hung_up {
                        Some(hung_up) => drop(hung_up.recv().await),
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    _ = interrupted.recv() => Wish::End,
                    _ = terminated.recv() => Wish::End,
                    () = reload => Wish::Reload,
                }
            });
            heed(wish);
        }
    })?;
    Ok(())
}

/// Ends the process if it has not ended by itself some seconds after `drain`. That is safe: what
/// was not committed is taken in again, or was never acknowledged.
pub fn end_within(drain: Duration) {
    let spawned = std::thread::Builder::new().name("end".to_owned()).spawn(move || {
        std::thread::sleep(drain + END_WITHIN);
        tracing::warn!("something does not come to its end; leaving without it");
        leave();
    });
    if let Err(error) = spawned {
        tracing::warn!("nobody watches that the end comes: {error}");
    }
}

/// Leaves without running what C++ has registered for the end: other threads still use it.
fn leave() -> ! {
    unsafe extern "C" {
        fn _exit(code: i32) -> !;
    }
    // SAFETY: POSIX's _exit, which takes any code, and does not return.
    unsafe { _exit(0) }
}
