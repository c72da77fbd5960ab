//! Appending columns to tables through DuckDB's C interface.
//!
//! The duckdb crate's appender copies every text twice on its way; here a vector's
//! entries point into the batch, and DuckDB copies them once, into its own storage.
//! The proof that this is sound is short: a chunk is filled from slices that live for the whole call of [`Appender::append`],
//! and DuckDB has copied it when that call returns.

use std::ffi::CString;

use duckdb::ffi;

use super::raw::{RawConnection, text_of};
use crate::error::{Error, Result};

/// Rows of a data chunk: DuckDB's vector size.
const CHUNK_ROWS: usize = 2048;

/// A column's rows of one append, in the order of the table's columns. Enums take their
/// positions, timestamps microseconds.
pub enum Column<'a> {
    Int64(&'a [i64]),
    /// `u8::MAX` is null.
    Enum8(&'a [u8]),
    /// The same value in every row.
    SameInt32(i32),
    SameInt64(i64),
    /// Null in every row.
    Null,
    /// The text of a row, or `None` for null.
    Text(&'a dyn Fn(usize) -> Option<&'a str>),
}

impl Column<'_> {
    /// Whether this can fill `rows` rows of a column of this type.
    fn fits(&self, kind: ffi::duckdb_type, rows: usize) -> bool {
        use ffi::{
            DUCKDB_TYPE_DUCKDB_TYPE_BIGINT as BIGINT, DUCKDB_TYPE_DUCKDB_TYPE_ENUM as ENUM,
            DUCKDB_TYPE_DUCKDB_TYPE_INTEGER as INTEGER,
            DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP as TIMESTAMP,
            DUCKDB_TYPE_DUCKDB_TYPE_VARCHAR as VARCHAR,
        };
        match self {
            Column::Int64(values) => matches!(kind, BIGINT | TIMESTAMP) && values.len() >= rows,
            Column::Enum8(values) => kind == ENUM && values.len() >= rows,
            Column::SameInt32(_) => kind == INTEGER,
            Column::SameInt64(_) => matches!(kind, BIGINT | TIMESTAMP),
            Column::Text(_) => kind == VARCHAR,
            Column::Null => true,
        }
    }
}

/// Appends rows to one table. What was appended counts only once [`Appender::flush`] has
/// said so: dropping discards errors.
pub struct Appender {
    raw: ffi::duckdb_appender,
    chunk: ffi::duckdb_data_chunk,
    /// The physical types of the table's columns.
    types: Vec<ffi::duckdb_type>,
}

// SAFETY: as for the connection it belongs to: one thread at a time.
unsafe impl Send for Appender {}

impl Appender {
    pub fn new(connection: &RawConnection, table: &str) -> Result<Appender> {
        let table = CString::new(table).expect("table names are constants without NUL");
        let mut appender =
            Appender { raw: std::ptr::null_mut(), chunk: std::ptr::null_mut(), types: Vec::new() };
        // SAFETY: the connection is open; the appender is created even on failure and
        // then destroyed by Drop, after its message has been read.
        unsafe {
            let state = ffi::duckdb_appender_create(
                connection.raw(),
                std::ptr::null(),
                table.as_ptr(),
                &mut appender.raw,
            );
            appender.check(state)?;
            let columns = ffi::duckdb_appender_column_count(appender.raw);
            let mut types: Vec<ffi::duckdb_logical_type> =
                (0..columns).map(|at| ffi::duckdb_appender_column_type(appender.raw, at)).collect();
            appender.chunk = ffi::duckdb_create_data_chunk(types.as_mut_ptr(), columns);
            for logical_type in &mut types {
                appender.types.push(ffi::duckdb_get_type_id(*logical_type));
                ffi::duckdb_destroy_logical_type(logical_type);
            }
        }
        Ok(appender)
    }

    /// Appends `rows` rows; every column must have at least as many.
    pub fn append(&mut self, columns: &[Column<'_>], rows: usize) -> Result<()> {
        // What the unsafe code below relies on.
        let fits = columns.len() == self.types.len()
            && columns.iter().zip(&self.types).all(|(column, &kind)| column.fits(kind, rows));
        if !fits {
            return Err(Error::Internal("the columns of a batch are not those of its table"));
        }
        let mut from = 0;
        while from < rows {
            let count = CHUNK_ROWS.min(rows - from);
            // SAFETY: the chunk was made with the table's types, which the columns have been
            // compared with, and every column has `rows` rows. `count` is at most the chunk's capacity. Texts borrow
            // from `columns`, which outlives the call that copies them.
            unsafe {
                ffi::duckdb_data_chunk_reset(self.chunk);
                for (at, column) in columns.iter().enumerate() {
                    let vector = ffi::duckdb_data_chunk_get_vector(self.chunk, at as u64);
                    fill(vector, column, from, count);
                }
                ffi::duckdb_data_chunk_set_size(self.chunk, count as u64);
                let state = ffi::duckdb_append_data_chunk(self.raw, self.chunk);
                self.check(state)?;
            }
            from += count;
        }
        Ok(())
    }

    /// Hands everything appended to the transaction.
    pub fn flush(&mut self) -> Result<()> {
        // SAFETY: the appender is alive.
        let state = unsafe { ffi::duckdb_appender_flush(self.raw) };
        self.check(state)
    }

    fn check(&self, state: ffi::duckdb_state) -> Result<()> {
        if state == ffi::duckdb_state_DuckDBSuccess {
            return Ok(());
        }
        // SAFETY: the appender is alive; its error data is destroyed after it was copied.
        unsafe {
            let mut error = ffi::duckdb_appender_error_data(self.raw);
            let message = text_of(ffi::duckdb_error_data_message(error));
            ffi::duckdb_destroy_error_data(&mut error);
            Err(match super::fatal(&message) {
                Some(reason) => Error::Invalidated(reason),
                None => Error::Store { action: "append to the database", message },
            })
        }
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        // SAFETY: both made by `new` (or null, which DuckDB accepts) and destroyed here only.
        unsafe {
            ffi::duckdb_destroy_data_chunk(&mut self.chunk);
            // What was not flushed belongs to a transaction that is rolled back.
            ffi::duckdb_appender_clear(self.raw);
            ffi::duckdb_appender_destroy(&mut self.raw);
        }
    }
}

/// Copies `count` rows of a column, from row `from` on, into a vector.
///
/// # Safety
/// The vector must be of the column's physical type and hold `count` rows.
unsafe fn fill(vector: ffi::duckdb_vector, column: &Column<'_>, from: usize, count: usize) {
    // SAFETY: a flat vector of the given type has `count` slots of that type.
    unsafe {
        let data = ffi::duckdb_vector_get_data(vector);
        match column {
            Column::Int64(values) => {
                data.cast::<i64>()
                    .copy_from_nonoverlapping(values[from..from + count].as_ptr(), count);
            }
            Column::Enum8(values) => {
                let values = &values[from..from + count];
                data.cast::<u8>().copy_from_nonoverlapping(values.as_ptr(), count);
                if values.contains(&u8::MAX) {
                    let mut validity = Validity::new(vector);
                    for (row, _) in
                        values.iter().enumerate().filter(|(_, value)| **value == u8::MAX)
                    {
                        // Within the enum, so that no one can stumble over it.
                        data.cast::<u8>().add(row).write(0);
                        validity.set_null(row);
                    }
                }
            }
            Column::SameInt32(value) => {
                std::slice::from_raw_parts_mut(data.cast::<i32>(), count).fill(*value);
            }
            Column::SameInt64(value) => {
                std::slice::from_raw_parts_mut(data.cast::<i64>(), count).fill(*value);
            }
            Column::Null => Validity::new(vector).set_all_null(count),
            Column::Text(text) => fill_text(vector, data.cast(), *text, from, count),
        }
    }
}

/// # Safety
/// As [`fill`], for a vector of strings; the texts must live until the chunk is appended.
unsafe fn fill_text<'a>(
    vector: ffi::duckdb_vector,
    data: *mut ffi::duckdb_string_t,
    text: &dyn Fn(usize) -> Option<&'a str>,
    from: usize,
    count: usize,
) {
    let mut validity = None;
    for row in 0..count {
        // SAFETY: `row` is below the number of slots.
        unsafe {
            match text(from + row) {
                Some(text) => data.add(row).write(string_of(text)),
                None => {
                    data.add(row).write(string_of(""));
                    validity.get_or_insert_with(|| Validity::new(vector)).set_null(row);
                }
            }
        }
    }
}

/// The entry of a string vector: up to 12 bytes are kept in it, longer texts are pointed to.
#[inline]
fn string_of(text: &str) -> ffi::duckdb_string_t {
    const INLINED_BYTES_MAX: usize = 12;
    let length = text.len() as u32;
    let mut short = [0; INLINED_BYTES_MAX];
    if text.len() <= INLINED_BYTES_MAX {
        for (to, from) in short.iter_mut().zip(text.bytes()) {
            *to = from as std::ffi::c_char;
        }
        let inlined = ffi::duckdb_string_t__bindgen_ty_1__bindgen_ty_2 { length, inlined: short };
        return ffi::duckdb_string_t { value: ffi::duckdb_string_t__bindgen_ty_1 { inlined } };
    }
    let bytes = text.as_bytes();
    let prefix = [bytes[0], bytes[1], bytes[2], bytes[3]].map(|byte| byte as std::ffi::c_char);
    let ptr = bytes.as_ptr().cast_mut().cast();
    let pointer = ffi::duckdb_string_t__bindgen_ty_1__bindgen_ty_1 { length, prefix, ptr };
    ffi::duckdb_string_t { value: ffi::duckdb_string_t__bindgen_ty_1 { pointer } }
}

/// The null mask of a vector.
struct Validity {
    mask: *mut u64,
}

impl Validity {
    /// # Safety
    /// The vector must be alive while the mask is used.
    unsafe fn new(vector: ffi::duckdb_vector) -> Validity {
        // SAFETY: by contract; after ensure_validity_writable there is a mask.
        unsafe {
            ffi::duckdb_vector_ensure_validity_writable(vector);
            Validity { mask: ffi::duckdb_vector_get_validity(vector) }
        }
    }

    /// # Safety
    /// `rows` must not be above the vector's capacity.
    unsafe fn set_all_null(&mut self, rows: usize) {
        // SAFETY: the mask has a bit for every row of the vector, in whole words.
        unsafe { std::slice::from_raw_parts_mut(self.mask, rows.div_ceil(64)).fill(0) };
    }

    /// # Safety
    /// `row` must be below the vector's capacity.
    #[inline]
    unsafe fn set_null(&mut self, row: usize) {
        // SAFETY: the mask has a bit for every row of the vector.
        unsafe { *self.mask.add(row / 64) &= !(1 << (row % 64)) };
    }
}
