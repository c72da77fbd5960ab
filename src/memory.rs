//! A bound for the memory of the whole process.
//!
//! DuckDB counts most of what a query takes, and refuses more than its limit; but the texts of a
//! row under construction it does not count, and `repeat('x', 1000000000)` takes what it wants.
//! So the process as a whole is limited: then that query fails, and not the server.

use std::alloc::{GlobalAlloc, Layout, System};
use std::time::Duration;

use rlimit::Resource;

use crate::error::Result;

/// How often, and for how long each time, an allocation waits for memory that somebody has just
/// been refused and is about to give back.
const WAITS: u32 = 500;
const WAIT: Duration = Duration::from_millis(10);

/// What the process may allocate at most. Within what it was started with, it can be changed.
pub struct Bound {
    soft: u64,
    hard: u64,
}

impl Bound {
    /// As the process was started.
    pub fn new() -> Result<Bound> {
        let (soft, hard) = Resource::DATA.get()?;
        Ok(Bound { soft, hard })
    }

    /// Lets the process allocate no more than so much.
    pub fn set(&self, mib: u64) -> Result<()> {
        let wanted = (mib << 20).min(self.soft);
        Resource::DATA.set(wanted, self.hard)?;
        Ok(())
    }
}

/// Lets the process open as many files as it may, and says how many: connections are files, and
/// most systems begin with 1,024.
///
/// # Errors
/// What the system says.
pub fn open_many_files() -> Result<u64> {
    Ok(rlimit::increase_nofile_limit(u64::MAX)?)
}

/// The system's allocator, but patient. Rust ends the process when an allocation fails; here it
/// waits until the query that took everything has failed, which it does at once.
pub struct Patient;

// SAFETY: every call goes to the system's allocator with the arguments it came with; a null
// from it is asked for again, and handed on in the end.
unsafe impl GlobalAlloc for Patient {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: by the caller's contract.
        patiently(|| unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: by the caller's contract.
        patiently(|| unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: by the caller's contract; a realloc that fails leaves the old block as it is.
        patiently(|| unsafe { System.realloc(old, layout, size) })
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: by the caller's contract.
        unsafe { System.dealloc(old, layout) }
    }
}

#[inline]
fn patiently(allocate: impl Fn() -> *mut u8) -> *mut u8 {
    let mut allocated = allocate();
    let mut waits = 0;
    while allocated.is_null() && waits < WAITS {
        std::thread::sleep(WAIT);
        allocated = allocate();
        waits += 1;
    }
    allocated
}
