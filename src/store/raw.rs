//! DuckDB's C interface, as far as the duckdb crate does not reach: connections that
//! carry appenders, and results that are streamed and whose errors are errors (the
//! crate's stream panics on them).

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char};
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{RecordBatch, StructArray};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use duckdb::ffi;

use super::handle::Handle;
use super::said;
use crate::error::{Error, Result};

/// A connection that keeps its database open.
pub struct RawConnection {
    link: Arc<Link>,
    /// One thread at a time: what it carries is not made for more.
    _not_sync: PhantomData<Cell<()>>,
}

/// The connection itself, shared with those who may interrupt it.
struct Link {
    raw: ffi::duckdb_connection,
    _handle: Arc<Handle>,
}

// SAFETY: a DuckDB connection is internally locked. All the same it is used by one thread
// at a time, because RawConnection is not Sync; others only interrupt, which is made for that.
unsafe impl Send for Link {}
// SAFETY: as above.
unsafe impl Sync for Link {}

impl RawConnection {
    pub fn new(handle: Arc<Handle>) -> Result<RawConnection> {
        let mut raw: ffi::duckdb_connection = std::ptr::null_mut();
        // SAFETY: the database is open, and stays so while `_handle` lives.
        let state = unsafe { ffi::duckdb_connect(handle.database, &mut raw) };
        if state != ffi::duckdb_state_DuckDBSuccess {
            let message = "DuckDB gives no reason".to_owned();
            return Err(Error::Store { action: "connect to the database", message });
        }
        let link = Arc::new(Link { raw, _handle: handle });
        Ok(RawConnection { link, _not_sync: PhantomData })
    }

    /// Runs a statement that returns nothing.
    pub fn execute(&self, sql: &CStr) -> Result<()> {
        let mut result = RawResult::empty();
        // SAFETY: connection and text are valid; duckdb_query fills the result whether it
        // succeeds or not.
        let state = unsafe { ffi::duckdb_query(self.raw(), sql.as_ptr(), &mut result.raw) };
        result.check(state)
    }

    /// Parses and binds one statement.
    ///
    /// # Errors
    /// DuckDB's message, with its caret under the place.
    pub fn prepare(&self, sql: &str) -> Result<Prepared<'_>> {
        let sql = CString::new(sql)
            .map_err(|_| Error::Sql("the statement contains a NUL byte".to_owned()))?;
        let mut prepared = Prepared { raw: std::ptr::null_mut(), _connection: self };
        // SAFETY: the statement is created even on failure, holds the message then, and is
        // destroyed by Drop.
        unsafe {
            let state = ffi::duckdb_prepare(self.raw(), sql.as_ptr(), &mut prepared.raw);
            if state == ffi::duckdb_state_DuckDBSuccess {
                return Ok(prepared);
            }
            Err(said(text_of(ffi::duckdb_prepare_error(prepared.raw))))
        }
    }

    /// What another thread stops a running query with.
    pub fn interrupter(&self) -> Interrupter {
        Interrupter { link: self.link.clone() }
    }

    pub(super) fn raw(&self) -> ffi::duckdb_connection {
        self.link.raw
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // SAFETY: connected by `RawConnection::new`, disconnected here and nowhere else.
        unsafe { ffi::duckdb_disconnect(&mut self.raw) };
    }
}

/// A named parameter's value as text, `None` for null; the statement casts it.
pub type Parameter<'a> = (&'a str, Option<&'a str>);

/// Stops what runs on a connection, from any thread.
#[derive(Clone)]
pub struct Interrupter {
    link: Arc<Link>,
}

impl Interrupter {
    pub fn interrupt(&self) {
        // SAFETY: the link keeps the connection alive.
        unsafe { ffi::duckdb_interrupt(self.link.raw) };
    }
}

pub struct Prepared<'c> {
    raw: ffi::duckdb_prepared_statement,
    _connection: &'c RawConnection,
}

impl Prepared<'_> {
    /// Gives named parameters their values; names the statement does not have are ignored.
    pub fn bind(&self, parameters: &[Parameter<'_>]) -> Result<()> {
        for (name, value) in parameters {
            let name = CString::new(*name).expect("parameter names are constants without NUL");
            let mut index = 0;
            // SAFETY: the statement is alive; texts are copied by the call.
            unsafe {
                let found = ffi::duckdb_bind_parameter_index(self.raw, &mut index, name.as_ptr());
                if found != ffi::duckdb_state_DuckDBSuccess {
                    continue;
                }
                let state = match value {
                    Some(value) => ffi::duckdb_bind_varchar_length(
                        self.raw,
                        index,
                        value.as_ptr().cast(),
                        value.len() as u64,
                    ),
                    None => ffi::duckdb_bind_null(self.raw, index),
                };
                if state != ffi::duckdb_state_DuckDBSuccess {
                    return Err(said(text_of(ffi::duckdb_prepare_error(self.raw))));
                }
            }
        }
        Ok(())
    }

    /// Whether it asks and changes nothing: SELECT in all its forms, or EXPLAIN.
    pub fn only_asks(&self) -> bool {
        // SAFETY: the statement was prepared without error.
        let kind = unsafe { ffi::duckdb_prepared_statement_type(self.raw) };
        kind == ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_SELECT
            || kind == ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_EXPLAIN
    }

    /// The result, fetched chunk by chunk while it is computed.
    pub fn stream(&self) -> Result<RawResult> {
        let mut result = RawResult::empty();
        // SAFETY: the statement was prepared without error.
        let state = unsafe { ffi::duckdb_execute_prepared_streaming(self.raw, &mut result.raw) };
        result.check(state)?;
        Ok(result)
    }

    /// The whole result in memory.
    pub fn execute(&self) -> Result<RawResult> {
        let mut result = RawResult::empty();
        // SAFETY: the statement was prepared without error.
        let state = unsafe { ffi::duckdb_execute_prepared(self.raw, &mut result.raw) };
        result.check(state)?;
        Ok(result)
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `prepare`, destroyed here and nowhere else.
        unsafe { ffi::duckdb_destroy_prepare(&mut self.raw) };
    }
}

pub struct RawResult {
    raw: ffi::duckdb_result,
}

impl RawResult {
    fn empty() -> RawResult {
        // SAFETY: the struct is plain data for which zeros mean empty.
        RawResult { raw: unsafe { std::mem::zeroed() } }
    }

    fn check(&mut self, state: ffi::duckdb_state) -> Result<()> {
        if state == ffi::duckdb_state_DuckDBSuccess {
            return Ok(());
        }
        // SAFETY: a failed result holds the message until it is destroyed.
        Err(said(unsafe { text_of(ffi::duckdb_result_error(&mut self.raw)) }))
    }

    pub fn column_names(&mut self) -> Vec<String> {
        // SAFETY: the result is alive; names live as long as it does and are copied.
        unsafe {
            let count = ffi::duckdb_column_count(&mut self.raw);
            (0..count).map(|at| text_of(ffi::duckdb_column_name(&mut self.raw, at))).collect()
        }
    }

    /// Whether there are rows to show, rather than a count of changes or nothing.
    pub fn has_rows(&self) -> bool {
        // SAFETY: the result is alive; it is passed by value but not destroyed by this.
        let kind = unsafe { ffi::duckdb_result_return_type(self.raw) };
        kind == ffi::duckdb_result_type_DUCKDB_RESULT_TYPE_QUERY_RESULT
    }

    /// The next rows of a streamed result whose columns are all VARCHAR.
    pub fn next_texts(&mut self) -> Result<Option<TextChunk>> {
        // SAFETY: the result is alive; a null chunk means the end, or an error that the
        // result then holds.
        let raw = unsafe { ffi::duckdb_fetch_chunk(self.raw) };
        if raw.is_null() {
            // SAFETY: as above.
            let message = unsafe { ffi::duckdb_result_error(&mut self.raw) };
            if message.is_null() {
                return Ok(None);
            }
            // SAFETY: the message lives as long as the result and is copied.
            return Err(said(unsafe { text_of(message) }));
        }
        Ok(Some(TextChunk { raw }))
    }

    /// What the next batches of a streamed result look like, as Arrow says it.
    pub fn arrow_schema(&mut self) -> Result<SchemaRef> {
        let names: Vec<CString> = self
            .column_names()
            .into_iter()
            .map(|name| CString::new(name).expect("names come from C strings"))
            .collect();
        let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        let mut schema = FFI_ArrowSchema::empty();
        // SAFETY: names and types are alive for the call and as many as the result has
        // columns; the types are destroyed after it; FFI_ArrowSchema is the C interface's
        // ArrowSchema, and releases what DuckDB puts there.
        let error = unsafe {
            let mut types: Vec<ffi::duckdb_logical_type> = (0..names.len() as u64)
                .map(|column| ffi::duckdb_column_logical_type(&mut self.raw, column))
                .collect();
            let error = ffi::duckdb_to_arrow_schema(
                self.arrow_options().0,
                types.as_mut_ptr(),
                pointers.as_mut_ptr(),
                names.len() as u64,
                (&raw mut schema).cast(),
            );
            types.iter_mut().for_each(|kind| ffi::duckdb_destroy_logical_type(kind));
            error
        };
        check_arrow(error)?;
        let schema = Schema::try_from(&schema).map_err(|error| Error::Store {
            action: "describe as Arrow",
            message: error.to_string(),
        })?;
        Ok(SchemaRef::new(schema))
    }

    /// The next rows of a streamed result as Arrow.
    pub fn next_arrow(&mut self, schema: &SchemaRef) -> Result<Option<RecordBatch>> {
        let Some(chunk) = self.next_texts()? else {
            return Ok(None);
        };
        let failed = |error: arrow::error::ArrowError| Error::Store {
            action: "convert to Arrow",
            message: error.to_string(),
        };
        let mut array = FFI_ArrowArray::empty();
        // SAFETY: the chunk is one of this result's; FFI_ArrowArray is the C interface's
        // ArrowArray, and releases what DuckDB puts there.
        check_arrow(unsafe {
            ffi::duckdb_data_chunk_to_arrow(
                self.arrow_options().0,
                chunk.raw,
                (&raw mut array).cast(),
            )
        })?;
        let kind = FFI_ArrowSchema::try_from(schema.as_ref()).map_err(failed)?;
        // SAFETY: DuckDB made the array with the same options as the schema.
        let data = unsafe { from_ffi(array, &kind) }.map_err(failed)?;
        Ok(Some(RecordBatch::from(StructArray::from(data))))
    }

    fn arrow_options(&mut self) -> ArrowOptions {
        // SAFETY: the result is alive; the options are destroyed when dropped.
        ArrowOptions(unsafe { ffi::duckdb_result_get_arrow_options(&mut self.raw) })
    }

    /// Rows of a result that is whole in memory.
    pub fn row_count(&mut self) -> u64 {
        // SAFETY: the result is alive.
        unsafe { ffi::duckdb_row_count(&mut self.raw) }
    }

    /// A value of a whole result as text; `None` for null.
    pub fn value(&mut self, column: u64, row: u64) -> Option<String> {
        // SAFETY: DuckDB checks both indexes; the text is freed after it was copied.
        unsafe {
            if ffi::duckdb_value_is_null(&mut self.raw, column, row) {
                return None;
            }
            let text = ffi::duckdb_value_varchar(&mut self.raw, column, row);
            if text.is_null() {
                return None;
            }
            let copied = CStr::from_ptr(text).to_string_lossy().into_owned();
            ffi::duckdb_free(text.cast());
            Some(copied)
        }
    }
}

impl Drop for RawResult {
    fn drop(&mut self) {
        // SAFETY: filled by DuckDB or zero, destroyed here and nowhere else.
        unsafe { ffi::duckdb_destroy_result(&mut self.raw) };
    }
}

struct ArrowOptions(ffi::duckdb_arrow_options);

impl Drop for ArrowOptions {
    fn drop(&mut self) {
        // SAFETY: got from a result, destroyed here and nowhere else.
        unsafe { ffi::duckdb_destroy_arrow_options(&mut self.0) };
    }
}

/// Turns DuckDB's error data into a result, and destroys it.
fn check_arrow(mut error: ffi::duckdb_error_data) -> Result<()> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the error data is alive until it is destroyed here; the message is copied.
    let message = unsafe {
        let message = ffi::duckdb_error_data_has_error(error)
            .then(|| text_of(ffi::duckdb_error_data_message(error)));
        ffi::duckdb_destroy_error_data(&mut error);
        message
    };
    match message {
        Some(message) => Err(said(message)),
        None => Ok(()),
    }
}

/// Rows of text.
pub struct TextChunk {
    raw: ffi::duckdb_data_chunk,
}

impl TextChunk {
    pub fn rows(&self) -> usize {
        // SAFETY: the chunk is alive.
        unsafe { ffi::duckdb_data_chunk_get_size(self.raw) as usize }
    }

    /// The columns, to be read row by row.
    pub fn columns(&self) -> Vec<TextVector<'_>> {
        // SAFETY: the chunk is alive and its vectors live as long as it does; a null mask
        // means that no row is null.
        unsafe {
            let count = ffi::duckdb_data_chunk_get_column_count(self.raw);
            (0..count)
                .map(|at| {
                    let vector = ffi::duckdb_data_chunk_get_vector(self.raw, at);
                    TextVector {
                        data: ffi::duckdb_vector_get_data(vector).cast(),
                        validity: ffi::duckdb_vector_get_validity(vector),
                        rows: self.rows(),
                        _chunk: self,
                    }
                })
                .collect()
        }
    }
}

impl Drop for TextChunk {
    fn drop(&mut self) {
        // SAFETY: fetched from a result, destroyed here and nowhere else.
        unsafe { ffi::duckdb_destroy_data_chunk(&mut self.raw) };
    }
}

/// A column of texts.
pub struct TextVector<'c> {
    data: *const ffi::duckdb_string_t,
    validity: *mut u64,
    rows: usize,
    _chunk: &'c TextChunk,
}

impl<'c> TextVector<'c> {
    /// The text of a row; `None` for null.
    pub fn get(&self, row: usize) -> Option<&'c str> {
        assert!(row < self.rows, "a row of the chunk");
        // SAFETY: the row is one of the vector's; DuckDB's VARCHAR is valid UTF-8; texts of
        // up to 12 bytes lie in the entry itself, longer ones where it points.
        unsafe {
            let is_null = !self.validity.is_null()
                && !ffi::duckdb_validity_row_is_valid(self.validity, row as u64);
            if is_null {
                return None;
            }
            let entry = &*self.data.add(row);
            let length = entry.value.inlined.length as usize;
            let start: *const c_char = if length <= entry.value.inlined.inlined.len() {
                entry.value.inlined.inlined.as_ptr()
            } else {
                entry.value.pointer.ptr
            };
            let bytes = std::slice::from_raw_parts(start.cast::<u8>(), length);
            Some(std::str::from_utf8_unchecked(bytes))
        }
    }
}

/// # Safety
/// `message` must be null or a NUL-terminated string.
pub(super) unsafe fn text_of(message: *const c_char) -> String {
    if message.is_null() {
        return "DuckDB gives no reason".to_owned();
    }
    // SAFETY: by contract.
    unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
}
