//! From files and pipes to the database.
//!
//! ```text
//! PATH… ─ inputs ─▶ files, pipes ─ prepare ─▶ encoding, dialect, what is new
//!                                                  │
//!        Feed (one lock): decode, cut into blocks of whole records
//!          │                    │                                       one thread a core
//!          ▼                    ▼
//!        worker: parse ─▶ Batch ─▶ Writer ─ commit ─▶ DuckDB
//! ```
//!
//! - [`inputs`]: what the paths of the command line name.
//! - [`decode`]: compressed and UTF-16 files as a stream of bytes with a position.
//! - [`prepare`]: which file this is, its dialect, and which of its bytes are new.
//! - [`looked`]: what a look at a file tells. [`copies`]: files that are being copied.
//! - [`known`]: files that were taken in before, found again.
//! - [`growth`]: whether a known file is still the same, and whether its last record went on.
//! - [`feed`]: the blocks of all inputs, one after the other.
//! - [`cut`]: a stream into blocks that begin with a record.
//! - [`bulk`]: the workers, and the summary.
//! - [`follow`]: the same again and again, for files that are written to.
//! - [`tail`]: a followed file that is known, read on from where it is; [`tails`]: all of them.
//! - [`watch`]: being told by the system that files change.
//! - [`live`]: rates, lag and errors of what is followed.
//! - [`turns`]: one reader a file at a time.

pub mod bulk;
mod copies;
mod cut;
mod decode;
mod documents;
mod feed;
pub mod follow;
mod growth;
pub mod inputs;
mod known;
pub mod live;
mod looked;
mod prepare;
mod tail;
mod tails;
pub mod turns;
mod watch;

pub use bulk::{Options, Outcome, Progress, Summary, ingest};
pub(crate) use cut::last_record_start;
pub use follow::{FollowOptions, Follower};
pub use live::Live;
