//! Where connections come in: TCP, with TLS or without. For whoever serves them there is no
//! difference.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

/// How long a handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Handshakes that are under way at most: beyond, the oldest is given up. An honest one takes
/// milliseconds, so it is those who say nothing that go.
const HANDSHAKES_MAX: usize = 256;

/// How long to wait when the system gives no connection (it has no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Both ways of a connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection, encrypted or not.
pub type Connection = Box<dyn Stream>;

/// Held for a connection until it says something. All of them are gone, or have spoken, when
/// nothing can be received from the other end any more.
pub type Fresh = mpsc::Sender<Infallible>;

/// Who has come in.
pub struct Arrival {
    pub connection: Connection,
    pub from: SocketAddr,
    pub fresh: Fresh,
}

/// A socket that listens.
pub struct Door {
    /// `None` when it is closed.
    opening: Option<Opening>,
    handshakes: Option<Handshakes>,
}

/// Where the system hands over connections.
struct Opening {
    listener: TcpListener,
    fresh: Fresh,
}

/// Those who come in over TLS, until they are in. Each is waited for apart from the others: one
/// that is silent keeps nobody out.
struct Handshakes {
    acceptor: TlsAcceptor,
    begun: VecDeque<AbortHandle>,
    done: mpsc::UnboundedSender<Arrival>,
    ready: mpsc::UnboundedReceiver<Arrival>,
}

impl Door {
    /// A door at a socket that listens without blocking; with a configuration it speaks TLS. Who
    /// comes in gets a copy of `fresh`.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(
        listener: std::net::TcpListener,
        tls: Option<Arc<ServerConfig>>,
        fresh: Fresh,
    ) -> io::Result<Door> {
        let opening = Opening { listener: TcpListener::from_std(listener)?, fresh };
        Ok(Door { opening: Some(opening), handshakes: tls.map(Handshakes::new) })
    }

    /// The next connection. Dropped before it is ready, it loses nobody.
    pub async fn accept(&mut self) -> Arrival {
        loop {
            let Some(handshakes) = &mut self.handshakes else {
                let (stream, from, fresh) = accepted(self.opening.as_ref()).await;
                return Arrival { connection: Box::new(stream), from, fresh };
            };
            tokio::select! {
                Some(arrival) = handshakes.ready.recv() => return arrival,
                (stream, from, fresh) = accepted(self.opening.as_ref()) => {
                    handshakes.begin(stream, from, fresh);
                }
            }
        }
    }

    /// Nobody comes in any more but those whose handshake has begun. The others wait, if the
    /// socket is open elsewhere.
    pub fn close(&mut self) {
        self.opening = None;
    }
}

impl Handshakes {
    fn new(config: Arc<ServerConfig>) -> Handshakes {
        let (done, ready) = mpsc::unbounded_channel();
        Handshakes { acceptor: config.into(), begun: VecDeque::new(), done, ready }
    }

    fn begin(&mut self, stream: TcpStream, from: SocketAddr, fresh: Fresh) {
        self.begun.retain(|handshake| !handshake.is_finished());
        if self.begun.len() >= HANDSHAKES_MAX
            && let Some(oldest) = self.begun.pop_front()
        {
            oldest.abort();
        }
        let accept = self.acceptor.accept(stream);
        let done = self.done.clone();
        let handshake = tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE_MAX, accept).await {
                // The door is closed: nobody is to be let in any more.
                Ok(Ok(stream)) => {
                    drop(done.send(Arrival { connection: Box::new(stream), from, fresh }));
                }
                // Whoever comes in may say what it likes: no matter for the log's readers.
                Ok(Err(error)) => tracing::debug!("no TLS with {from}: {error}"),
                Err(_) => tracing::debug!("no TLS with {from}: it says nothing"),
            }
        });
        self.begun.push_back(handshake.abort_handle());
    }
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        self.begun.iter().for_each(AbortHandle::abort);
    }
}

/// The next that the system has.
async fn accepted(opening: Option<&Opening>) -> (TcpStream, SocketAddr, Fresh) {
    let Some(opening) = opening else { return std::future::pending().await };
    loop {
        match opening.listener.accept().await {
            Ok((stream, from)) => {
                // Without it answers may wait for 40 ms; they are right all the same.
                drop(stream.set_nodelay(true));
                return (stream, from, opening.fresh.clone());
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                tracing::error!("accept a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether an error is that of one connection, which has gone before it was accepted.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
