//! The one error of the library. Messages are verb phrases in lower case; an
//! error the user can mend says how.

use std::io;
use std::path::PathBuf;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{action} {path}: {source}")]
    File { action: &'static str, path: PathBuf, source: io::Error },

    #[error("{0}")]
    Io(#[from] io::Error),

    /// What DuckDB said, word for word: its messages carry a caret under the place.
    #[error("{0}")]
    Sql(String),

    /// After a fatal error DuckDB refuses everything until the database is opened again.
    #[error("the database must be opened again: {0}")]
    Invalidated(String),

    #[error("{action}: {message}")]
    Store { action: &'static str, message: String },

    #[error("open {path}: another process is writing to it{}; stop it first, or give another --db", holder_suffix(.holder))]
    Locked { path: PathBuf, holder: Option<String> },

    #[error("open {path}: no such database; `pintail ingest PATH` makes one, or give --db FILE")]
    NoDatabase { path: PathBuf },

    #[error("open {path}: it is a DuckDB database, but not one of Pintail's")]
    NotPintail { path: PathBuf },

    #[error(
        "open {path}: its schema is version {found}, this pintail knows {known}; use a newer pintail"
    )]
    NewerSchema { path: PathBuf, found: i32, known: i32 },

    #[error("no file matches {pattern}")]
    NoMatch { pattern: String },

    #[error("read {path}: it is {what}, not a log")]
    NotALog { path: PathBuf, what: &'static str },

    #[error("read {path}: {reason}")]
    Format { path: PathBuf, reason: String },

    /// A bug of ours; nothing uncommitted was kept.
    #[error("stop because of a bug: {0}")]
    Internal(&'static str),

    /// The user asked for something that cannot be; the text says what to do instead.
    #[error("{0}")]
    Usage(String),

    /// Everything that is wrong with a configuration, a line each.
    #[error("{}", .0.join("\npintail: "))]
    Configuration(Vec<String>),

    /// What the server that has the database says, word for word.
    #[error("{0}")]
    Server(String),

    /// Some inputs failed, each was reported where it happened, the others went on.
    #[error("{failed} of {total} inputs could not be read")]
    Partial { failed: usize, total: usize },
}

impl Error {
    pub fn file(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Error::File { action, path: path.into(), source }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Error::Usage(message.into())
    }

    /// 2 for a command line that makes no sense, 1 for everything that went wrong later.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) | Error::Configuration(_) => 2,
            _ => 1,
        }
    }
}

fn holder_suffix(holder: &Option<String>) -> String {
    holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default()
}
