//! The web server: the page, the API, and what keeps strangers out.
//!
//! ```text
//! request ─ guard: Host, Origin, token ─▶ router ─▶ handler ─▶ runner: a thread, a session, limits
//!                                            └▶ assets: the page                  └▶ queries, SQL
//! ```
//!
//! - [`router`]: the whole API on one page.
//! - [`app`]: what handlers share.
//! - [`connections`]: HTTP/1.1 and HTTP/2.
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
mod connections;
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

use futures_util::future::join_all;
use tokio::sync::watch;

use crate::error::Result;
use doors::Open;

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
    let Open { page, grpc } = sockets.open(&stopping, fresh)?;
    let (called, call) = watch::channel(false);
    let until_called = || {
        let mut call = call.clone();
        // Who calls has gone: that is an end as well.
        async move { drop(call.wait_for(|called| *called).await) }
    };
    let page = connections::serve(page, router::router(app.clone()), until_called());
    let grpc = grpc
        .into_iter()
        .map(|doors| connections::serve(doors, push::grpc::router(app.clone()), until_called()));
    let ending = async move {
        shutdown.await;
        // Streams that have no end of their own end now, and nobody comes in any more.
        stopping.send_replace(true);
        // Those who have just come in are heard: a new connection that is closed looks like a
        // server that is not there.
        drop(tokio::time::timeout(FIRST_WORDS_WITHIN, all_spoke.recv()).await);
        called.send_replace(true);
        tokio::time::sleep(drain).await;
    };
    let served = async { tokio::join!(page, join_all(grpc)) };
    tokio::select! {
        _ = served => {}
        () = ending => {}
    }
    runner.interrupt_all();
    Ok(())
}
