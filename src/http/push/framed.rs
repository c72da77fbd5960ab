//! The one message of a gRPC request: a byte that says whether it is packed, four that say how long
//! it is, and the message (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).

use std::io;

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::{StreamExt, stream};

use super::BODY_PAUSE_MAX;
use crate::receive::Refusal;

/// Bytes before a message.
const PREFIX_BYTES: usize = 5;

/// A message about to be read.
pub struct Framed {
    /// The message.
    pub body: Body,
    pub is_packed: bool,
}

/// A message with what stands before it.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("answers are short");
    let mut all = vec![0];
    all.extend(length.to_be_bytes());
    all.extend_from_slice(message);
    all
}

impl Framed {
    /// Reads what stands before the message. What comes after it, or is missing, is an error of
    /// reading the body.
    ///
    /// # Errors
    /// It is no message, or longer than `bytes_max`.
    pub async fn begin(body: Body, bytes_max: usize) -> Result<Framed, Refusal> {
        let mut rest = body.into_data_stream();
        let mut begun = Vec::new();
        while begun.len() < PREFIX_BYTES {
            let next = tokio::time::timeout(BODY_PAUSE_MAX, rest.next()).await;
            let next = next.map_err(|_| bad("the message does not come"))?;
            let Some(bytes) = next else { return Err(bad("there is no message")) };
            let bytes =
                bytes.map_err(|error| Refusal::Bad(format!("read the message: {error}")))?;
            begun.extend_from_slice(&bytes);
        }
        let message = begun.split_off(PREFIX_BYTES);
        let [flag, length @ ..] = &begun[..] else { return Err(bad("there is no message")) };
        let is_packed = match flag {
            0 => false,
            1 => true,
            _ => return Err(bad("the message has an unknown flag")),
        };
        let length = <[u8; 4]>::try_from(length).map(u32::from_be_bytes);
        let length = length.map_err(|_| bad("there is no message"))? as usize;
        if length > bytes_max {
            return Err(Refusal::TooLarge { bytes_max });
        }
        let read = Reading { rest, next: Some(message.into()), missing: length };
        Ok(Framed {
            body: Body::from_stream(stream::unfold(Some(read), Reading::piece)),
            is_packed,
        })
    }
}

fn bad(why: &str) -> Refusal {
    Refusal::Bad(why.to_owned())
}

/// A message as far as it has come.
struct Reading {
    rest: BodyDataStream,
    next: Option<Bytes>,
    missing: usize,
}

type Piece = Result<Bytes, io::Error>;

impl Reading {
    /// The next bytes; exactly one message is expected.
    async fn piece(reading: Option<Reading>) -> Option<(Piece, Option<Reading>)> {
        let mut reading = reading?;
        let bytes = match reading.next.take() {
            Some(bytes) => bytes,
            None => match reading.rest.next().await {
                Some(Ok(bytes)) => bytes,
                Some(Err(error)) => return Some((Err(io::Error::other(error)), None)),
                None if reading.missing == 0 => return None,
                None => return Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
            },
        };
        if bytes.len() > reading.missing {
            return Some((Err(io::Error::other("there is more than one message")), None));
        }
        reading.missing -= bytes.len();
        Some((Ok(bytes), Some(reading)))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn read(chunks: &[&[u8]]) -> Result<(bool, Vec<u8>), String> {
        let chunks: Vec<io::Result<Vec<u8>>> = chunks.iter().map(|it| Ok(it.to_vec())).collect();
        let body = Body::from_stream(stream::iter(chunks));
        let framed = Framed::begin(body, 100).await.map_err(|refusal| refusal.to_string())?;
        let whole = framed.body.collect().await.map_err(|error| error.to_string())?;
        Ok((framed.is_packed, whole.to_bytes().to_vec()))
    }

    #[tokio::test]
    async fn one_message_is_read_however_it_is_cut() {
        let message = framed(b"hello");
        assert_eq!(read(&[&message]).await, Ok((false, b"hello".to_vec())));
        let bytes: Vec<&[u8]> = message.chunks(1).collect();
        assert_eq!(read(&bytes).await, Ok((false, b"hello".to_vec())));
        assert_eq!(read(&[&[1, 0, 0, 0, 1, 7]]).await, Ok((true, vec![7])));
        assert_eq!(read(&[&[0, 0, 0, 0, 0]]).await, Ok((false, vec![])));
    }

    #[tokio::test]
    async fn what_is_not_one_message_is_an_error() {
        for chunks in [
            &[&b""[..]][..],
            &[&[0, 0, 0]],
            &[&[2, 0, 0, 0, 1, 7]],
            &[&[0, 0, 0, 0, 2, 7]],
            &[&[0, 0, 0, 0, 1, 7, 8]],
            &[&[0, 0, 0, 0, 1, 7], &[0, 0, 0, 0, 0]],
            &[&[0, 0, 0, 0, 101]],
        ] {
            assert!(read(chunks).await.is_err(), "{chunks:?}");
        }
    }
}
