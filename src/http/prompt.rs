//! Connections as the server has them. One must say something soon: if it is silent from its
//! beginning it takes the place of another. And it tells when an answer has been written.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::door::{Connection, Fresh};

/// How long a connection may say nothing at its beginning.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Bytes from which on it is told whether HTTP/2 is spoken (RFC 9113, 3.4). Until they have come
/// nothing else watches over the connection; most requests of HTTP/1.1 have more.
const PREFACE_BYTES: usize = 24;

/// A connection that ends if its client says nothing.
pub struct Prompt {
    inner: Connection,
    /// Until the first bytes come.
    fresh: Option<Fresh>,
    /// Until so many bytes have come as tell what is spoken, or something is answered.
    silence: Option<Silence>,
    answers: Answers,
}

/// Who is to be told when the answer that a connection is about to write has been written.
/// Dropped with the connection, they are not.
#[derive(Clone, Default)]
pub struct Answers {
    waiting: Arc<Mutex<Vec<Told>>>,
}

/// Is called when an answer has been written.
pub type Told = Box<dyn FnOnce() + Send>;

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

impl Answers {
    /// To be called before an answer is handed to the connection.
    pub fn tell(&self, told: Told) {
        self.lock().push(told);
    }

    fn note_written(&self) {
        let told = std::mem::take(&mut *self.lock());
        told.into_iter().for_each(|told| told());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Told>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Silence {
    ends: Pin<Box<Sleep>>,
    bytes: usize,
}

impl Prompt {
    pub fn new(inner: Connection, fresh: Fresh) -> Prompt {
        Prompt::within(SILENCE_MAX, inner, fresh)
    }

    fn within(max: Duration, inner: Connection, fresh: Fresh) -> Prompt {
        let ends = Box::pin(tokio::time::sleep(max));
        let silence = Some(Silence { ends, bytes: 0 });
        Prompt { inner, fresh: Some(fresh), silence, answers: Answers::default() }
    }

    /// For those who wait for what is written to this connection.
    pub fn answers(&self) -> Answers {
        self.answers.clone()
    }

    fn note_read(&mut self, bytes: usize) {
        self.fresh = None;
        if let Some(silence) = &mut self.silence {
            silence.bytes += bytes;
            // No bytes are the end.
            if bytes == 0 || silence.bytes >= PREFACE_BYTES {
                self.silence = None;
            }
        }
    }
}

impl AsyncRead for Prompt {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        if read.is_ready() {
            self.note_read(buffer.filled().len() - before);
        } else if let Some(silence) = &mut self.silence
            && silence.ends.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.silence = None;
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        // What is flushed is with the system, and an answer is written before it is flushed.
        if let Poll::Ready(Ok(())) = flushed {
            self.answers.note_written();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::sync::mpsc::{self, error::TryRecvError};

    use super::*;

    #[tokio::test]
    async fn an_answer_is_told_of_when_it_is_written_and_never_if_it_cannot_be() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        use tokio::io::AsyncWriteExt;
        let (client, server) = tokio::io::duplex(64);
        let (fresh, _none) = mpsc::channel(1);
        let mut connection = Prompt::new(Box::new(server), fresh);
        let told = Arc::new(AtomicUsize::new(0));
        let tell = |connection: &Prompt| {
            let told = told.clone();
            connection.answers().tell(Box::new(move || {
                told.fetch_add(1, Ordering::Relaxed);
            }));
        };
        tell(&connection);
        connection.write_all(b"answer").await.unwrap();
        assert_eq!(told.load(Ordering::Relaxed), 0);
        connection.flush().await.unwrap();
        connection.flush().await.unwrap();
        assert_eq!(told.load(Ordering::Relaxed), 1);
        tell(&connection);
        drop(client);
        assert!(connection.write_all(b"answer").await.is_err());
        drop(connection);
        assert_eq!((told.load(Ordering::Relaxed), Arc::strong_count(&told)), (1, 1));
    }

    #[tokio::test]
    async fn silence_ends_and_words_do_not() {
        let (client, server) = tokio::io::duplex(64);
        let (fresh, mut none) = mpsc::channel(1);
        let mut silent = Prompt::within(Duration::ZERO, Box::new(server), fresh.clone());
        let error = silent.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(client);
        let (mut client, server) = tokio::io::duplex(64);
        let mut talking = Prompt::new(Box::new(server), fresh);
        drop(silent);
        assert_eq!(none.try_recv(), Err(TryRecvError::Empty));
        tokio::io::AsyncWriteExt::write_all(&mut client, b"a").await.unwrap();
        assert_eq!(talking.read_u8().await.unwrap(), b'a');
        assert_eq!(none.try_recv(), Err(TryRecvError::Disconnected));
    }

    #[tokio::test]
    async fn half_a_preface_is_silence_too() {
        let (fresh, _none) = mpsc::channel(1);
        let (mut client, server) = tokio::io::duplex(64);
        let mut half = Prompt::within(Duration::ZERO, Box::new(server), fresh.clone());
        tokio::io::AsyncWriteExt::write_all(&mut client, b"PRI * HTTP").await.unwrap();
        half.read_exact(&mut [0; 10]).await.unwrap();
        assert_eq!(half.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let (mut client, server) = tokio::io::duplex(64);
        let mut whole = Prompt::within(Duration::ZERO, Box::new(server), fresh);
        tokio::io::AsyncWriteExt::write_all(&mut client, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        whole.read_exact(&mut [0; 24]).await.unwrap();
        drop(client);
        assert_eq!(whole.read_u8().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
