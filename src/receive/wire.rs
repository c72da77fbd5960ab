//! Protocol Buffers as they are on the wire, read in place.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>. Hand-written because nothing
//! has to be copied: texts and bytes are slices of the body, so that a length that lies is
//! an error and never an allocation. Unknown fields are what a caller does not match.

use std::borrow::Cow;

/// How a request is written, in protocols that have both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Protobuf,
    Json,
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("the message ends in the middle of a field")]
    End,
    #[error("a number of the message is longer than 64 bits")]
    Number,
    #[error("the message has a field of a wire type that does not exist or is out of use")]
    Type,
    #[error("a field of the message is of another type than it should be")]
    Mismatch,
    #[error("the message is nested deeper than 100 levels")]
    Deep,
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

impl<'a> Value<'a> {
    pub fn bytes(self) -> Result<&'a [u8], Flaw> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Flaw::Mismatch),
        }
    }

    /// A text as it may be stored: valid UTF-8, without NUL.
    #[inline]
    pub fn text(self) -> Result<Cow<'a, str>, Flaw> {
        let text = String::from_utf8_lossy(self.bytes()?);
        Ok(if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { text })
    }

    pub fn message(self) -> Result<Message<'a>, Flaw> {
        Ok(Message::new(self.bytes()?))
    }

    /// An integer, of whatever size it was sent as.
    pub fn number(self) -> Result<u64, Flaw> {
        match self {
            Value::Varint(number) | Value::Fixed64(number) => Ok(number),
            Value::Fixed32(number) => Ok(number.into()),
            Value::Bytes(_) => Err(Flaw::Mismatch),
        }
    }
}

/// The fields of a message, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    rest: &'a [u8],
}

impl<'a> Message<'a> {
    pub fn new(bytes: &'a [u8]) -> Message<'a> {
        Message { rest: bytes }
    }

    /// The number and value of the next field; `None` after the last.
    ///
    /// # Errors
    /// After one the message has no further fields.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "a flaw ends it, unlike an iterator")]
    pub fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Flaw> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Flaw::End)?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(Flaw::Type),
        };
        Ok(Some((tag >> 3, value)))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Flaw> {
        let mut number = 0u64;
        for (at, &byte) in self.rest.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if at == 9 && bits > 1 {
                return Err(Flaw::Number);
            }
            number |= bits << (7 * at);
            if byte < 0x80 {
                self.rest = &self.rest[at + 1..];
                return Ok(number);
            }
        }
        Err(if self.rest.len() < 10 { Flaw::End } else { Flaw::Number })
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Flaw> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Flaw::End)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Flaw::End)?;
        self.rest = rest;
        Ok(*taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_type_are_read() {
        let bytes = [
            0x08, 0x96, 0x01, // 1: varint 150
            0x12, 0x02, b'h', b'i', // 2: "hi"
            0x19, 1, 0, 0, 0, 0, 0, 0, 0, // 3: fixed64 1
            0x25, 2, 0, 0, 0, // 4: fixed32 2
        ];
        let mut message = Message::new(&bytes);
        let mut fields = Vec::new();
        while let Some(field) = message.next().unwrap() {
            fields.push(field);
        }
        assert_eq!(
            fields,
            [
                (1, Value::Varint(150)),
                (2, Value::Bytes(b"hi")),
                (3, Value::Fixed64(1)),
                (4, Value::Fixed32(2)),
            ]
        );
    }

    #[test]
    fn hostile_bytes_are_errors() {
        for (bytes, flaw) in [
            (&[0x12, 0xff, 0xff, 0xff, 0xff, 0x0f][..], Flaw::End),
            (&[0x12, 0x05, b'a'], Flaw::End),
            (&[0x08], Flaw::End),
            (&[0x19, 1, 2], Flaw::End),
            (&[0x08, 0xff], Flaw::End),
            (&[0xff; 12], Flaw::Number),
            (&[0x0b], Flaw::Type),
            (&[0x0f], Flaw::Type),
        ] {
            assert_eq!(Message::new(bytes).next(), Err(flaw), "{bytes:?}");
        }
    }

    #[test]
    fn texts_are_cleaned() {
        for (bytes, expected) in
            [(&b"caf\xc3\xa9"[..], "café"), (b"caf\xe9", "caf\u{fffd}"), (b"a\0b", "a\u{fffd}b")]
        {
            assert_eq!(Value::Bytes(bytes).text().unwrap(), expected);
        }
    }
}
