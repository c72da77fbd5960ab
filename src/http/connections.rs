//! What is spoken on a connection: HTTP/1.1, or HTTP/2 where the client begins with it (over TLS it
//! is agreed on, RFC 7301; without TLS the client knows it, RFC 9113 3.3).

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tower::ServiceExt;

use super::doors::Doors;

/// Requests that may run at a time on one connection of HTTP/2: the least that RFC 9113 recommends.
const STREAMS_MAX: u32 = 100;

/// Bytes of a request's headers in HTTP/2, each with 32 of overhead (RFC 9113, 6.5.2).
const HEADER_BYTES_MAX: u32 = 64 << 10;

/// Bytes of an answer that wait for a client that reads slowly, per request.
const UNSENT_BYTES_MAX: usize = 64 << 10;

/// A connection of HTTP/2 on which nothing came for so long is asked whether it is still there,
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// and closed if it does not answer in this time.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves until `call` is over, and then until the requests that have begun are answered.
pub(super) async fn serve(mut doors: Doors, router: Router, call: impl Future<Output = ()>) {
    let protocols = protocols();
    let connections = GracefulShutdown::new();
    let mut call = pin!(call);
    loop {
        let (io, peer) = tokio::select! {
            arrival = doors.accept() => arrival,
            () = &mut call => break,
        };
        let from = peer.clone();
        let service = router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(from.clone()));
            request.map(Body::new)
        });
        let connection =
            protocols.serve_connection(TokioIo::new(io), TowerToHyperService::new(service));
        let connection = connections.watch(connection.into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection of {} ended: {error}", peer.address());
            }
        });
    }
    drop(doors);
    connections.shutdown().await;
}

fn protocols() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .max_send_buf_size(UNSENT_BYTES_MAX)
        .keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT);
    builder
}
