//! The web server: the page, the API, and what keeps strangers out.
//!
//! ```text
//! request ─ guard: Host, Origin, token ─▶ router ─▶ handler ─▶ runner: a thread, a session, limits
//!                                            └▶ assets: the page                  └▶ queries, SQL
//! ```
//!
//! - [`router`]: the whole API on one page.
//! - [`app`]: what handlers share.
//! - [`doors`]: where requests come in, with TLS or without; [`prompt`]: not in silence.
//! - [`guard`], [`secrets`], [`credentials`]: who may ask.
//! - [`runner`]: queries off the async runtime, with limits, stopped when nobody waits any more.
//! - [`answer`]: what errors look like, and what requests must.
//! - [`overview`], [`explore`], [`tail`], [`sources`], [`catalog`]: the page's questions.
//! - [`sql`], [`stream`]: ad-hoc SQL, streamed in any format.
//! - [`push`]: what clients push, a file a protocol.
//! - [`local`]: what the command line asks while a server has the database; [`load`]: what it loads.
//! - [`health`], [`metrics`], [`ledger`]: for those who watch Pintail.
//! - [`openapi`]: the API, described.
//! - [`assets`]: the page.

mod answer;
mod app;
mod assets;
mod catalog;
mod credentials;
mod detection;
mod doors;
mod explore;
mod guard;
mod health;
mod ledger;
mod load;
mod local;
mod metrics;
mod openapi;
mod overview;
mod prompt;
pub mod push;
mod router;
mod runner;
mod secrets;
mod sources;
mod sql;
mod stream;
mod tail;

pub use app::{App, Options};
pub use doors::Sockets;
pub use load::{LoadFile, LoadLine, LoadProgress, LoadRequest, LoadSummary};
pub use local::{DetectRequest, RowsHead, RowsRequest, RowsTail};
pub use runner::RunnerLimits;
pub use secrets::{Secrets, random_key};

use std::future::Future;
use std::time::Duration;

use crate::error::Result;
use doors::Peer;

/// How long a connection that has just come in has for its first words when it is time to end.
const FIRST_WORDS_WITHIN: Duration = Duration::from_millis(500);

/// Serves until `shutdown`, then lets what runs come to its end, for as long as `drain`.
///
/// # Errors
/// What the network says.
pub async fn serve(
    sockets: Sockets,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
    drain: Duration,
) -> Result<()> {
    let runner = app.runner.clone();
    let stopping = app.stopping.clone();
    let (fresh, mut all_spoke) = tokio::sync::mpsc::channel(1);
    let doors = sockets.open(stopping.subscribe(), fresh)?;
    let (called, call) = tokio::sync::oneshot::channel::<()>();
    let graceful = async move {
        shutdown.await;
        // Streams that have no end of their own end now, and nobody comes in any more.
        stopping.send_replace(true);
        // Those who have just come in are heard: a new connection that is closed looks like a
        // server that is not there.
        drop(tokio::time::timeout(FIRST_WORDS_WITHIN, all_spoke.recv()).await);
        // Nobody listens if serving failed before.
        called.send(()).ok();
    };
    let served =
        axum::serve(doors, router::router(app).into_make_service_with_connect_info::<Peer>())
            .with_graceful_shutdown(graceful);
    let deadline = async {
        if call.await.is_ok() {
            tokio::time::sleep(drain).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    let result = tokio::select! {
        served = served => served.map_err(Into::into),
        () = deadline => Ok(()),
    };
    runner.interrupt_all();
    result
}
