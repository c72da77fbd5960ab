//! Where results go: standard output, or a file that appears when it is complete.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::escape::Tame;

/// A place for a result.
pub enum Target {
    Stdout,
    File(PathBuf),
}

impl Target {
    /// No path, or `-`, is standard output.
    pub fn new(path: Option<PathBuf>) -> Target {
        match path {
            Some(path) if path != Path::new("-") => Target::File(path),
            _ => Target::Stdout,
        }
    }

    pub fn is_terminal(&self) -> bool {
        matches!(self, Target::Stdout) && io::stdout().is_terminal()
    }

    /// Runs `write` with the target's writer. A file is written under a temporary name
    /// and renamed when `write` has succeeded, so that nobody sees half of it.
    pub fn write(&self, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        match self {
            // Whatever the format: what a log says is shown and not obeyed.
            Target::Stdout if io::stdout().is_terminal() => {
                let mut out = BufWriter::new(Tame::new(io::stdout().lock()));
                write(&mut out)?;
                out.flush()?;
                Ok(())
            }
            Target::Stdout => {
                let mut out = BufWriter::new(io::stdout().lock());
                write(&mut out)?;
                out.flush()?;
                Ok(())
            }
            Target::File(path) if is_special(path) => {
                let failed = |error| Error::file("write", path, error);
                let mut out =
                    BufWriter::new(File::options().write(true).open(path).map_err(failed)?);
                write(&mut out)?;
                out.flush().map_err(failed)
            }
            Target::File(path) => self.with_temporary(path, |temporary| {
                let failed = |error| Error::file("write", path, error);
                let file = File::create(temporary).map_err(failed)?;
                let mut out = BufWriter::with_capacity(1 << 20, file);
                write(&mut out)?;
                let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
                file.sync_all().map_err(failed)
            }),
        }
    }

    /// Lets `make` make a file at the path it is given, for what can only write files.
    pub fn write_file(&self, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        match self {
            Target::File(path) if !is_special(path) => self.with_temporary(path, make),
            Target::Stdout | Target::File(_) => {
                let temporary =
                    std::env::temp_dir().join(format!("pintail-{}", std::process::id()));
                let _removed = Removed(temporary.clone());
                make(&temporary)?;
                let mut file = File::open(&temporary)
                    .map_err(|error| Error::file("read", &temporary, error))?;
                self.write(|out| {
                    io::copy(&mut file, out)?;
                    Ok(())
                })
            }
        }
    }

    fn with_temporary(&self, path: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        // A link stays a link: what it names is replaced.
        let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        let removed = Removed(temporary.clone());
        make(&temporary)?;
        std::fs::rename(&temporary, path).map_err(|error| Error::file("write", path, error))?;
        std::mem::forget(removed);
        Ok(())
    }
}

/// A pipe or a device: it cannot be replaced by a file.
fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// Removes a temporary file, unless it was never made.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        // There is nobody to tell, and nothing to be done.
        drop(std::fs::remove_file(&self.0));
    }
}
