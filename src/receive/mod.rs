//! What comes in over the network, rather than being read from files.
//!
//! ```text
//! request ─ desk: is there room? ─▶ body: unpacked ─▶ decoder: a Parcel of records and rejects
//!                                                          │
//! clerk: one transaction for the parcels of all clients ◀──┘
//!    └─ committed ─▶ only now the client hears that it is in
//! ```
//!
//! - [`parcel`]: what a request brought, decoded.
//! - [`desk`]: where it is handed in: room, sources, the clerk who commits.
//! - [`budget`]: how much may be on its way at once, in all and of one client.
//! - [`receipts`]: knowing again what a client sends twice.
//! - [`body`]: what is packed, unpacked.
//! - [`settings`]: what a request says about all of its records.
//! - [`lines`]: plain text and JSON lines; [`document`]: one JSON object.
//! - [`entry`]: the rules by which the other protocols map what they carry to columns.
//! - [`loki`], [`elastic`], [`otlp`], [`splunk`]: one file a protocol, pure.
//! - [`signals`]: traces and metrics, counted.
//! - [`wire`]: the encoding of Protocol Buffers.
//! - [`syslog`]: messages of syslog; [`framing`]: where they begin and end in a stream;
//!   [`listen`]: those who listen for them; [`datagrams`]: over UDP; [`sockets`]: at what.
//! - [`stdin`]: what comes at standard input; [`pipe`]: how it comes.

pub mod body;
pub mod budget;
pub mod datagrams;
pub mod desk;
pub mod document;
pub mod elastic;
pub mod entry;
pub mod framing;
pub mod lines;
pub mod listen;
pub mod loki;
pub mod otlp;
pub mod parcel;
pub mod pipe;
pub mod receipts;
pub mod settings;
pub mod signals;
pub mod sockets;
pub mod splunk;
pub mod stdin;
pub mod syslog;
pub mod wire;

pub use desk::{Clerk, Desk, Limits, Refusal};
pub use parcel::Parcel;
pub use pipe::Pipe;
pub use receipts::Receipts;
pub use stdin::Stdin;

#[cfg(test)]
mod tests;
