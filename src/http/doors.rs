//! Where requests come in: the address that everybody knows, with TLS or without, and, where that
//! speaks TLS, one for the command line of this machine. No name fits a loopback address, and the
//! command line need not know a certificate to find its own server.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rustls::ServerConfig;
use tokio::sync::watch;

use super::answer::ApiError;
use super::app::App;
use super::credentials::token_of;
use super::prompt::{Answers, Prompt};
use crate::door::{Arrival, Door, Fresh};

/// The sockets of a server.
pub struct Sockets {
    public: TcpListener,
    /// Speaks TLS.
    tls: Option<Arc<ServerConfig>>,
    /// For the command line.
    local: Option<TcpListener>,
    /// For OTLP over gRPC, with TLS where the page has it.
    grpc: Vec<TcpListener>,
}

/// The sockets of a server, open.
pub(super) struct Open {
    pub page: Doors,
    pub grpc: Vec<Doors>,
}

impl Sockets {
    /// `local` is for the command line, which speaks no TLS. No socket blocks.
    pub fn new(
        public: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        local: Option<TcpListener>,
        grpc: Vec<TcpListener>,
    ) -> Sockets {
        let tls = tls.map(|config| Arc::new(for_http((*config).clone())));
        Sockets { public, tls, local, grpc }
    }

    /// Where clients send OTLP over gRPC.
    ///
    /// # Errors
    /// What the system says.
    pub fn grpc_addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.grpc.iter().map(TcpListener::local_addr).collect()
    }

    pub fn speaks_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Where people reach the page.
    ///
    /// # Errors
    /// What the system says.
    pub fn public_address(&self) -> io::Result<SocketAddr> {
        self.public.local_addr()
    }

    /// Where the command line asks, without TLS.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.local.as_ref().unwrap_or(&self.public).local_addr()
    }

    /// Lets clients in until `stopping` is true; each that comes in gets a copy of `fresh`.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn open(self, stopping: &watch::Sender<bool>, fresh: Fresh) -> io::Result<Open> {
        let doors = |public, tls, local: Option<TcpListener>| -> io::Result<Doors> {
            let local =
                local.map(|listener| Door::new(listener, None, fresh.clone())).transpose()?;
            let public = Door::new(public, tls, fresh.clone())?;
            Ok(Doors { public, local, stopping: Some(stopping.subscribe()) })
        };
        let grpc = self.grpc.into_iter().map(|listener| doors(listener, self.tls.clone(), None));
        let grpc = grpc.collect::<io::Result<_>>()?;
        Ok(Open { page: doors(self.public, self.tls, self.local)?, grpc })
    }
}

/// TLS in which nothing but HTTP is spoken (RFC 7301).
fn for_http(mut config: ServerConfig) -> ServerConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// The sockets, open.
pub(super) struct Doors {
    public: Door,
    local: Option<Door>,
    /// Until they are closed.
    stopping: Option<watch::Receiver<bool>>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    address: SocketAddr,
    /// Came in where only the command line may.
    is_local: bool,
    answers: Answers,
}

impl Peer {
    pub(super) fn address(self) -> SocketAddr {
        self.address
    }
}

impl Doors {
    /// The next connection. Dropped before it is ready, it loses nobody.
    pub(super) async fn accept(&mut self) -> (Prompt, Peer) {
        loop {
            let local = async {
                match &mut self.local {
                    Some(door) => door.accept().await,
                    None => std::future::pending().await,
                }
            };
            let stopped = async {
                match &mut self.stopping {
                    // Who says so has gone: that is an end as well.
                    Some(stopping) => drop(stopping.wait_for(|stops| *stops).await),
                    None => std::future::pending().await,
                }
            };
            let (arrival, is_local) = tokio::select! {
                arrival = self.public.accept() => (arrival, false),
                arrival = local => (arrival, true),
                () = stopped => {
                    self.close();
                    continue;
                }
            };
            let Arrival { connection, from, fresh } = arrival;
            let connection = Prompt::new(connection, fresh);
            let answers = connection.answers();
            return (connection, Peer { address: from, is_local, answers });
        }
    }

    fn close(&mut self) {
        self.stopping = None;
        self.public.close();
        if let Some(local) = &mut self.local {
            local.close();
        }
    }
}

/// Says where a request is from, and keeps all but the command line from its door: what stands
/// in the file beside the database opens it.
pub(super) async fn note_peer(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<Peer>>().cloned() else {
        return next.run(request).await;
    };
    if peer.is_local && !is_of_command_line(&app, &request) {
        let message = "this address is for the command line; the page is at the other one";
        return ApiError::new(StatusCode::FORBIDDEN, "forbidden", message).into_response();
    }
    request.extensions_mut().insert(ConnectInfo(peer.address));
    request.extensions_mut().insert(peer.answers);
    next.run(request).await
}

fn is_of_command_line(app: &App, request: &Request) -> bool {
    let has_key = token_of(request.headers()).is_some_and(|key| app.options.secrets.is_key(&key));
    has_key || request.uri().path() == "/health"
}
