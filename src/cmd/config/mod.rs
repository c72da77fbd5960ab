//! What `pintail serve` and `pintail check` are told, and by whom.
//!
//! ```text
//! defaults < pintail.toml < environment < flags
//!               └─ file ─┐    └─ given ─┘
//!                    settings: each key may be missing ─▶ configuration: none is
//!                                                              └─▶ ready: checked, files read
//! ```
//!
//! - [`settings`]: the keys, once for the file, the environment and the flags.
//! - [`values`]: numbers within bounds, zones.
//! - [`mod@file`]: pintail.toml, with lines and suggestions.
//! - [`given`]: what came from flags, and what from the environment.
//! - [`configuration`]: all keys with their defaults.
//! - [`ready`]: what a server needs beyond numbers: tokens, certificates, formats, mail.

pub mod configuration;
mod file;
mod given;
pub mod ready;
pub mod settings;
mod values;

use std::path::{Path, PathBuf};

pub use configuration::Configuration;
pub use ready::Ready;
pub use settings::{ServerSettings, Settings};
pub use values::Within;

use crate::config::DatabaseArgs;
use crate::error::{Error, Result};
use given::Given;

/// The file that is read if it lies beside the database.
const FILE_NAME: &str = "pintail.toml";

/// The arguments of commands that are configured.
#[derive(Clone, Debug, clap::Args)]
pub struct ConfigArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// Configuration file [default: pintail.toml beside the database, if there is one]
    #[arg(long, value_name = "FILE", env = "PINTAIL_CONFIG")]
    config: Option<PathBuf>,

    #[command(flatten)]
    given: Given,
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    File,
    Environment,
    Flag,
}

/// What all of them said together.
pub struct Loaded {
    pub configuration: Configuration,
    /// The file that was read.
    pub file: Option<PathBuf>,
    in_file: Settings,
    given: Given,
}

impl ConfigArgs {
    /// Reads the file, and puts the environment and the flags above it.
    ///
    /// # Errors
    /// Every problem of the file, each with its line.
    pub fn load(&self) -> Result<Loaded> {
        let file = self.file();
        let mut in_file = match &file {
            Some(path) => file::read(path)?,
            None => Settings::default(),
        };
        let given = self.given.clone();
        // The environment goes before the file, whichever of the two names of the token it uses.
        let is_given = given.settings.server.token_file.is_some();
        if !is_given && std::env::var_os(ready::TOKEN_VARIABLE).is_some() {
            in_file.server.token_file = None;
        }
        let settings = given.settings.clone().over(in_file.clone());
        Ok(Loaded { configuration: Configuration::from(settings), file, in_file, given })
    }

    fn file(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| {
            let beside = self.database.path.with_file_name(FILE_NAME);
            // One that cannot be looked at is none that is missing: reading it tells.
            let is_missing = matches!(
                std::fs::metadata(&beside),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound
            );
            (!is_missing).then_some(beside)
        })
    }
}

impl Loaded {
    /// Who said what this key is.
    pub fn origin(&self, key: &str) -> Origin {
        if self.given.settings.has(key) {
            match self.given.is_from_environment(key) {
                true => Origin::Environment,
                false => Origin::Flag,
            }
        } else if self.in_file.has(key) {
            Origin::File
        } else {
            Origin::Default
        }
    }
}

/// The path in full, for those who stand elsewhere; `-` is none.
pub fn in_full(path: &Path) -> PathBuf {
    if path == Path::new("-") {
        return path.to_owned();
    }
    // Fails only for the empty path, and where there is no working directory.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// One error of many problems.
fn all_of(problems: Vec<String>) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(Error::Configuration(problems)) }
}
