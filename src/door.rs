//! Where connections come in: TCP, with TLS or without. For whoever serves them there is no
//! difference.

use std::collections::VecDeque;
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

/// A socket that listens.
pub struct Door {
    listener: TcpListener,
    handshakes: Option<Handshakes>,
}

/// Those who come in over TLS, until they are in. Each is waited for apart from the others: one
/// that is silent keeps nobody out.
struct Handshakes {
    acceptor: TlsAcceptor,
    begun: VecDeque<AbortHandle>,
    done: mpsc::UnboundedSender<(Connection, SocketAddr)>,
    ready: mpsc::UnboundedReceiver<(Connection, SocketAddr)>,
}

impl Door {
    /// A door at a socket that listens without blocking; with a configuration it speaks TLS.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(
        listener: std::net::TcpListener,
        tls: Option<Arc<ServerConfig>>,
    ) -> io::Result<Door> {
        let listener = TcpListener::from_std(listener)?;
        Ok(Door { listener, handshakes: tls.map(Handshakes::new) })
    }

    /// The next connection, and where it is from. Dropped before it is ready, it loses nobody.
    pub async fn accept(&mut self) -> (Connection, SocketAddr) {
        let Some(handshakes) = &mut self.handshakes else {
            let (stream, from) = accepted(&self.listener).await;
            return (Box::new(stream), from);
        };
        loop {
            tokio::select! {
                Some(connection) = handshakes.ready.recv() => return connection,
                (stream, from) = accepted(&self.listener) => handshakes.begin(stream, from),
            }
        }
    }

    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Handshakes {
    fn new(config: Arc<ServerConfig>) -> Handshakes {
        let (done, ready) = mpsc::unbounded_channel();
        Handshakes { acceptor: config.into(), begun: VecDeque::new(), done, ready }
    }

    fn begin(&mut self, stream: TcpStream, from: SocketAddr) {
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
                Ok(Ok(stream)) => drop(done.send((Box::new(stream), from))),
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
async fn accepted(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                // Without it answers may wait for 40 ms; they are right all the same.
                drop(stream.set_nodelay(true));
                return (stream, from);
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
