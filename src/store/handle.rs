//! The open database itself. Everything that works on it holds on to it.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Weak};

use duckdb::ffi;

/// An open `duckdb_database`, closed when dropped.
pub struct Handle {
    pub database: ffi::duckdb_database,
    /// Gone when the database is closed: fields are dropped after `drop` has run.
    open: Arc<()>,
}

// SAFETY: a DuckDB database object is internally synchronised: connecting from several
// threads at once is documented to be safe, and nothing else is done with it here.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    pub fn open(path: &Path, settings: &[(&str, &str)]) -> Result<Handle, String> {
        let path = CString::new(path.as_os_str().as_bytes())
            .map_err(|_| "its path contains a NUL byte".to_owned())?;
        let config = Settings::new(settings)?;
        let mut database: ffi::duckdb_database = std::ptr::null_mut();
        let mut message = std::ptr::null_mut();
        // SAFETY: all pointers are valid for the call; `message` is set only on failure
        // and freed with duckdb_free after it has been copied.
        unsafe {
            let state =
                ffi::duckdb_open_ext(path.as_ptr(), &mut database, config.raw, &mut message);
            if state == ffi::duckdb_state_DuckDBSuccess {
                return Ok(Handle { database, open: Arc::new(()) });
            }
            if message.is_null() {
                return Err("DuckDB gives no reason".to_owned());
            }
            let text = CStr::from_ptr(message).to_string_lossy().into_owned();
            ffi::duckdb_free(message.cast());
            Err(text)
        }
    }
}

impl Handle {
    /// Tells when the database is closed.
    pub fn closing(&self) -> Weak<()> {
        Arc::downgrade(&self.open)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: opened by `open`, closed here and nowhere else.
        unsafe { ffi::duckdb_close(&mut self.database) };
    }
}

/// A `duckdb_config`, destroyed when dropped.
struct Settings {
    raw: ffi::duckdb_config,
}

impl Settings {
    fn new(settings: &[(&str, &str)]) -> Result<Settings, String> {
        let mut config = Settings { raw: std::ptr::null_mut() };
        // SAFETY: `raw` is a valid place for the new configuration.
        if unsafe { ffi::duckdb_create_config(&mut config.raw) } != ffi::duckdb_state_DuckDBSuccess
        {
            return Err("DuckDB cannot make a configuration".to_owned());
        }
        for (name, value) in settings {
            let (name, value) = (
                CString::new(*name).expect("setting names are constants without NUL"),
                CString::new(*value).map_err(|_| "a setting contains a NUL byte".to_owned())?,
            );
            // SAFETY: the configuration is alive and both strings end with NUL.
            let state =
                unsafe { ffi::duckdb_set_config(config.raw, name.as_ptr(), value.as_ptr()) };
            if state != ffi::duckdb_state_DuckDBSuccess {
                return Err(format!("DuckDB refuses the setting {name:?} = {value:?}"));
            }
        }
        Ok(config)
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        // SAFETY: created by `new`, destroyed here and nowhere else.
        unsafe { ffi::duckdb_destroy_config(&mut self.raw) };
    }
}
