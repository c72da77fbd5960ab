//! What the paths of a command line name: files, directories, globs, pipes.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub place: Place,
    /// Named on the command line rather than found in a directory: then it is an error
    /// if it is no log.
    pub named: bool,
    /// Only of interest if it is a file that was taken in before, which lies here now.
    pub known_only: bool,
}

impl Input {
    fn new(place: Place, named: bool) -> Input {
        Input { place, named, known_only: false }
    }

    /// A file that was taken in before.
    pub fn known(path: PathBuf) -> Input {
        Input { place: Place::File(path), named: false, known_only: true }
    }

    /// The path of a file.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Stdin | Place::Pipe(_) => None,
        }
    }

    pub fn is(&self, path: &Path) -> bool {
        self.path() == Some(path)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Stdin,
    File(PathBuf),
    /// A named pipe or a device: read once, from where it is.
    Pipe(PathBuf),
}

impl Place {
    /// As people know it.
    pub fn name(&self) -> String {
        match self {
            Place::Stdin => "-".to_owned(),
            Place::File(path) | Place::Pipe(path) => path.display().to_string(),
        }
    }
}

/// Everything the paths name, each file once, and what could not be looked at.
///
/// The database itself is none of them, whatever its name: to open and close it here would
/// let go of the lock that keeps other writers away.
pub fn expand(paths: &[PathBuf], database: &Path) -> (Vec<Input>, Vec<Error>) {
    let mut found = Found::default();
    let mut log = database.as_os_str().to_owned();
    log.push(".wal");
    for path in [database, Path::new(&log)] {
        if let Ok(meta) = std::fs::metadata(path) {
            found.seen.insert((meta.dev(), meta.ino()));
        }
    }
    for path in paths {
        if let Err(error) = found.add(path) {
            found.errors.push(error);
        }
    }
    (found.inputs, found.errors)
}

#[derive(Default)]
struct Found {
    inputs: Vec<Input>,
    errors: Vec<Error>,
    /// Device and inode: one file under two names is read once.
    seen: HashSet<(u64, u64)>,
}

impl Found {
    fn add(&mut self, path: &Path) -> Result<()> {
        if path == Path::new("-") {
            self.inputs.push(Input::new(Place::Stdin, true));
            return Ok(());
        }
        match std::fs::metadata(path) {
            Ok(_) => self.add_path(path, true),
            Err(error) => match path.to_str() {
                Some(pattern) if error.kind() == io::ErrorKind::NotFound && is_glob(pattern) => {
                    self.add_glob(pattern)
                }
                _ => Err(Error::file("open", path, error)),
            },
        }
    }

    fn add_glob(&mut self, pattern: &str) -> Result<()> {
        let paths = glob::glob(pattern)
            .map_err(|error| Error::usage(format!("bad pattern {pattern}: {error}")))?;
        let mut any = false;
        for path in paths {
            any = true;
            match path {
                Ok(path) => {
                    if let Err(error) = self.add_path(&path, true) {
                        self.errors.push(error);
                    }
                }
                Err(error) => {
                    let path = error.path().to_owned();
                    self.errors.push(Error::file("open", path, error.into()));
                }
            }
        }
        if any { Ok(()) } else { Err(Error::NoMatch { pattern: pattern.to_owned() }) }
    }

    fn add_path(&mut self, path: &Path, named: bool) -> Result<()> {
        let meta = std::fs::metadata(path).map_err(|error| Error::file("open", path, error))?;
        if meta.is_dir() {
            self.add_directory(path);
            return Ok(());
        }
        if meta.is_file() {
            if self.seen.insert((meta.dev(), meta.ino())) {
                self.inputs.push(Input::new(Place::File(path.to_owned()), named));
            }
        } else if meta.file_type().is_socket() {
            let error = io::Error::other("it is a socket");
            return Err(Error::file("read", path, error));
        } else {
            self.inputs.push(Input::new(Place::Pipe(path.to_owned()), named));
        }
        Ok(())
    }

    /// Every file below, in the order of their names. Hidden files and databases are none
    /// of ours; links to directories are not followed, so there are no circles.
    fn add_directory(&mut self, path: &Path) {
        let entries = walkdir::WalkDir::new(path)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name()));
        for entry in entries {
            match entry {
                Ok(entry) => {
                    let is_file = entry.path().metadata().is_ok_and(|meta| meta.is_file());
                    if !is_file || is_database(entry.path()) {
                        continue;
                    }
                    if let Err(error) = self.add_path(entry.path(), false) {
                        self.errors.push(error);
                    }
                }
                Err(error) => {
                    let path = error.path().unwrap_or(path).to_owned();
                    let error = error
                        .into_io_error()
                        .unwrap_or_else(|| io::Error::other("the directories form a circle"));
                    self.errors.push(Error::file("read", path, error));
                }
            }
        }
    }
}

/// Files beside those that are followed by name or pattern, which may be what these were before
/// they were rotated: `app.log.1` and `app-20260105.log` beside `app.log` or `*.log`.
pub fn siblings(path: &Path) -> Vec<Input> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let (Some(stem), Ok(entries)) = (path.file_stem(), std::fs::read_dir(directory)) else {
        return Vec::new();
    };
    let stem = stem.as_encoded_bytes();
    let wildcard = stem.iter().position(|byte| matches!(byte, b'*' | b'?' | b'['));
    let stem = &stem[..wildcard.unwrap_or(stem.len())];
    entries
        .flatten()
        .filter(|entry| {
            entry.file_name().as_encoded_bytes().starts_with(stem)
                && !is_hidden(&entry.file_name())
                && !is_database(&entry.path())
                && entry.metadata().is_ok_and(|meta| meta.is_file())
        })
        .map(|entry| match directory == Path::new(".") && !path.starts_with(".") {
            true => Input::known(PathBuf::from(entry.file_name())),
            false => Input::known(entry.path()),
        })
        .collect()
}

fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn is_database(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".duckdb") || name.ends_with(".duckdb.wal")
}
