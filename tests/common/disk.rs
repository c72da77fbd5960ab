//! A disk that can be slow or full and a clock that jumps, without root: tests/disk/disk.c,
//! preloaded into one process, and the file that tells it what to do.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The disk below a directory, as a process sees it that [uses](Disk::under) it.
pub struct Disk {
    directory: PathBuf,
    control_path: PathBuf,
    control: File,
}

/// Places in `struct control`.
const DELAY_MS: u64 = 0;
const ROOM_BYTES: u64 = 8;
const READ_ONLY: u64 = 16;
const CLOCK_SECONDS: u64 = 24;
const COPIES: u64 = 32;
const CONTROL_BYTES: u64 = 40;

impl Disk {
    /// The disk that everything below `directory` lies on; `control_path` is made.
    pub fn new(directory: &Path, control_path: PathBuf) -> Disk {
        let options = File::options().read(true).write(true).create(true).to_owned();
        let control = options.open(&control_path).unwrap();
        control.set_len(CONTROL_BYTES).unwrap();
        let disk = Disk { directory: directory.canonicalize().unwrap(), control_path, control };
        disk.unlimited();
        disk
    }

    /// Lets a process meet this disk.
    pub fn under<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("LD_PRELOAD", library())
            .env("PINTAIL_DISK_DIR", &self.directory)
            .env("PINTAIL_DISK_CONTROL", &self.control_path)
    }

    /// Every write and sync takes this much longer.
    pub fn slow(&self, delay_ms: i64) {
        self.set(DELAY_MS, delay_ms);
    }

    /// Files can grow by this much, then the disk is full.
    pub fn room(&self, bytes: i64) {
        self.set(ROOM_BYTES, bytes);
    }

    pub fn full(&self) {
        self.room(0);
    }

    /// Fast, and with room.
    pub fn unlimited(&self) {
        self.slow(0);
        self.room(-1);
    }

    /// Writing in place takes room too: btrfs, ZFS, thin volumes.
    pub fn copies(&self, is: bool) {
        self.set(COPIES, is.into());
    }

    pub fn read_only(&self, is: bool) {
        self.set(READ_ONLY, is.into());
    }

    /// The clock shows so much more than the time.
    pub fn clock(&self, seconds: i64) {
        self.set(CLOCK_SECONDS, seconds);
    }

    /// How much room is left; negative without a limit.
    pub fn room_left(&self) -> i64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, ROOM_BYTES).unwrap();
        i64::from_ne_bytes(bytes)
    }

    fn set(&self, place: u64, value: i64) {
        self.control.write_all_at(&value.to_ne_bytes(), place).unwrap();
    }
}

/// The compiled library. `cc` is there: Rust links with it.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disk/disk.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let made = folder.join(format!("disk.{}.so", std::process::id()));
        let library = folder.join("disk.so");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .args([&made, &source])
            .arg("-ldl")
            .status()
            .unwrap();
        assert!(compiled.success(), "cc {}", source.display());
        // Whole or not at all: other test binaries do the same at the same time.
        std::fs::rename(&made, &library).unwrap();
        library
    })
}
