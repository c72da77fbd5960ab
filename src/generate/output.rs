//! Where the log goes: stdout, or a file that is rotated by size.

use std::fs::{self, File};
use std::io::{self, StdoutLock, Write};
use std::path::{Path, PathBuf};

use super::format::Format;
use super::generator::Batch;
use crate::error::{Error, Result};

/// Writes batches and counts what it has written.
pub struct Output {
    target: Target,
    header: &'static str,
    pub totals: Totals,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    pub lines: u64,
    pub bytes: u64,
    /// Time of the last line, milliseconds since 1970; `None` before the first.
    pub last_ms: Option<i64>,
}

/// When a file is full, and how many full ones are kept.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    pub bytes_max: u64,
    pub keep: u32,
}

enum Target {
    Stdout(StdoutLock<'static>),
    File { file: File, path: PathBuf, written: u64, rotation: Option<Rotation> },
}

impl Output {
    pub fn stdout(format: Format) -> Result<Self> {
        Self::open(Target::Stdout(io::stdout().lock()), format)
    }

    /// Replaces the file, if there is one.
    pub fn file(path: &Path, format: Format, rotation: Option<Rotation>) -> Result<Self> {
        let target = Target::File { file: create(path)?, path: path.into(), written: 0, rotation };
        Self::open(target, format)
    }

    fn open(target: Target, format: Format) -> Result<Self> {
        let mut output = Output { target, header: format.header(), totals: Totals::default() };
        output.write_bytes(output.header.as_bytes())?;
        Ok(output)
    }

    pub fn write(&mut self, batch: Batch<'_>) -> Result<()> {
        let mut rest = batch.text;
        while !rest.is_empty() {
            let fitting = self.fitting(rest);
            if fitting == 0 {
                self.rotate()?;
                continue;
            }
            self.write_bytes(&rest[..fitting])?;
            rest = &rest[fitting..];
        }
        self.totals.lines += batch.lines;
        self.totals.last_ms = Some(batch.last_ms);
        Ok(())
    }

    /// Makes what was written visible to readers.
    pub fn flush(&mut self) -> Result<()> {
        match &mut self.target {
            Target::Stdout(stdout) => Ok(stdout.flush()?),
            // A file is written without a buffer of ours.
            Target::File { .. } => Ok(()),
        }
    }

    /// The bytes of the whole lines of `text` that fit into the current file. A
    /// file without records takes one line of any length.
    fn fitting(&self, text: &[u8]) -> usize {
        let Target::File { written, rotation: Some(rotation), .. } = &self.target else {
            return text.len();
        };
        let room =
            usize::try_from(rotation.bytes_max.saturating_sub(*written)).unwrap_or(usize::MAX);
        if text.len() <= room {
            return text.len();
        }
        let line_end = |newline: usize| newline + 1;
        match text[..room].iter().rposition(|&byte| byte == b'\n') {
            Some(newline) => line_end(newline),
            None if *written > self.header.len() as u64 => 0,
            None => text.iter().position(|&byte| byte == b'\n').map_or(text.len(), line_end),
        }
    }

    fn write_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.target {
            Target::Stdout(stdout) => stdout.write_all(bytes)?,
            Target::File { file, path, written, .. } => {
                file.write_all(bytes).map_err(|error| write_error(path, error))?;
                *written += bytes.len() as u64;
            }
        }
        self.totals.bytes += bytes.len() as u64;
        Ok(())
    }

    /// `app.log` becomes `app.log.1`, `app.log.1` becomes `app.log.2`, and so on.
    fn rotate(&mut self) -> Result<()> {
        if let Target::File { file, path, written, rotation: Some(rotation) } = &mut self.target {
            for number in (1..rotation.keep).rev() {
                let from = numbered(path, number);
                if from.exists() {
                    rename(&from, &numbered(path, number + 1))?;
                }
            }
            rename(path, &numbered(path, 1))?;
            *file = create(path)?;
            *written = 0;
        }
        self.write_bytes(self.header.as_bytes())
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|error| Error::file("create", path, error))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| Error::file("rotate", from, error))
}

/// A closed pipe stays recognisable (`--output /dev/stdout | head`).
fn write_error(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Error::Io(error),
        _ => Error::file("write", path, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Generator, Plan};

    fn files(dir: &Path) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    fn write_rotated(plan: &Plan, dir: &Path, rotation: Rotation) -> Totals {
        let path = dir.join("app.log");
        let mut output = Output::file(&path, plan.format, Some(rotation)).unwrap();
        Generator::new(plan).unwrap().run(2, &mut |batch| output.write(batch)).unwrap();
        output.totals
    }

    #[test]
    fn rotation_loses_no_line_and_repeats_the_header() {
        let dir = tempfile::tempdir().unwrap();
        let plan = Plan { lines: Some(2_000), format: Format::Csv, ..Plan::default() };
        let totals = write_rotated(&plan, dir.path(), Rotation { bytes_max: 20_000, keep: 100 });
        let files = files(dir.path());
        assert!(files.len() > 5);
        let header = Format::Csv.header();
        let mut numbered: Vec<String> = (1..files.len() as u32)
            .rev()
            .map(|number| numbered(&dir.path().join("app.log"), number))
            .chain([dir.path().join("app.log")])
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        assert!(numbered.iter().all(|text| text.starts_with(header) && text.len() <= 20_000));
        for text in &mut numbered {
            text.replace_range(..header.len(), "");
        }
        let whole = String::from_utf8(plan.to_bytes(1).unwrap()).unwrap();
        assert_eq!(numbered.concat(), whole[header.len()..]);
        assert_eq!(totals.lines, 2_000);
    }

    #[test]
    fn only_so_many_full_files_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let plan = Plan { lines: Some(2_000), ..Plan::default() };
        write_rotated(&plan, dir.path(), Rotation { bytes_max: 10_000, keep: 3 });
        let names = files(dir.path());
        let names: Vec<_> = names.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["app.log", "app.log.1", "app.log.2", "app.log.3"]);
    }

    #[test]
    fn a_line_longer_than_a_file_has_a_file_to_itself() {
        let dir = tempfile::tempdir().unwrap();
        let plan = Plan { lines: Some(5), ..Plan::default() };
        write_rotated(&plan, dir.path(), Rotation { bytes_max: 1, keep: 9 });
        let one_line = |path: &PathBuf| fs::read_to_string(path).unwrap().lines().count() == 1;
        assert_eq!(files(dir.path()).len(), 5);
        assert!(files(dir.path()).iter().all(one_line));
    }
}
