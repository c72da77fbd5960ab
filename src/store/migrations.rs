//! The schema, version by version: migrations/NNNN_noun.sql, applied in order, each in
//! one transaction, never edited once landed.

use std::path::Path;

use crate::error::{Error, Result};
use crate::record::Micros;

/// Every migration; its version is its place in the list, counted from one.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_logs.sql"),
    include_str!("../../migrations/0002_views.sql"),
    include_str!("../../migrations/0003_anomalies.sql"),
    include_str!("../../migrations/0004_intake.sql"),
    include_str!("../../migrations/0005_alerts.sql"),
    include_str!("../../migrations/0006_receiving.sql"),
    include_str!("../../migrations/0007_detection.sql"),
    include_str!("../../migrations/0008_rolling.sql"),
    include_str!("../../migrations/0009_ratio.sql"),
    include_str!("../../migrations/0010_values.sql"),
    include_str!("../../migrations/0011_flags.sql"),
    include_str!("../../migrations/0012_answered.sql"),
    include_str!("../../migrations/0013_far_times.sql"),
    include_str!("../../migrations/0014_doubt.sql"),
];

const VERSIONS: &str = include_str!("../../sql/schema_version.sql");
const VERSION: &str = "select coalesce(max(version), 0) from schema_version";

/// Whether the database lacks migrations that this binary has.
///
/// # Errors
/// [`Error::NewerSchema`] if it has some that this binary does not know.
pub fn behind(connection: &duckdb::Connection, path: &Path) -> Result<bool> {
    let found = version(connection)?;
    let known = MIGRATIONS.len() as i32;
    if found > known {
        return Err(Error::NewerSchema { path: path.to_owned(), found, known });
    }
    Ok(found < known)
}

/// Applies what is outstanding.
///
/// # Errors
/// [`Error::NotPintail`] if there are tables of somebody else's.
pub fn apply(connection: &duckdb::Connection, path: &Path, now: Micros) -> Result<()> {
    if is_foreign(connection)? {
        return Err(Error::NotPintail { path: path.to_owned() });
    }
    connection.execute_batch(VERSIONS)?;
    let done = version(connection)? as usize;
    for (at, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        let version = at as i32 + 1;
        connection.execute_batch("begin")?;
        let applied = connection.execute_batch(migration).and_then(|()| {
            connection.execute(
                "insert into schema_version values (?, make_timestamp(?))",
                duckdb::params![version, now],
            )
        });
        match applied {
            Ok(_) => connection.execute_batch("commit")?,
            Err(error) => {
                connection.execute_batch("rollback")?;
                return Err(error.into());
            }
        }
    }
    Ok(())
}

/// Whether there are tables, but none that Pintail made.
pub fn is_foreign(connection: &duckdb::Connection) -> Result<bool> {
    let sql = "select count(*) > 0 and count(*) filter (where table_name = 'schema_version') = 0
               from duckdb_tables()";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// 0 for a database without a schema.
fn version(connection: &duckdb::Connection) -> Result<i32> {
    let has_schema: bool = connection.query_row(
        "select exists (from duckdb_tables() where table_name = 'schema_version')",
        [],
        |row| row.get(0),
    )?;
    if !has_schema {
        return Ok(0);
    }
    Ok(connection.query_row(VERSION, [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_times_of_a_database_of_before_are_counted() {
        let connection = duckdb::Connection::open_in_memory().unwrap();
        connection.execute_batch(VERSIONS).unwrap();
        let far = MIGRATIONS.iter().position(|it| it.contains("view far_times")).unwrap();
        for (at, migration) in MIGRATIONS[..far].iter().enumerate() {
            connection.execute_batch(migration).unwrap();
            let version = at as i32 + 1;
            let note = "insert into schema_version values (?, make_timestamp(0))";
            connection.execute(note, [version]).unwrap();
        }
        let fill = "
            insert into logs (ts, message, source, ingested) values
                ('2026-01-05 10:00', 'a', 1, '2026-01-05 10:01'),
                ('2026-01-05 10:30', 'b', 1, '2026-01-05 10:01'),
                ('9999-12-31 23:59', 'c', 1, '2026-01-05 10:01'),
                ('1970-01-01 00:00', 'd', 1, '2026-01-05 10:01'),
                ('2026-01-04 10:00', 'e', 2, '2026-01-05 10:01');
            insert into intake values
                (1, 4, 0, '1970-01-01 00:00', '9999-12-31 23:59', '2026-01-05 10:01', 4, 0, 0),
                (2, 1, 0, '2026-01-04 10:00', '2026-01-04 10:00', '2026-01-05 10:01', 1, 0, 0);";
        connection.execute_batch(fill).unwrap();
        apply(&connection, Path::new("x"), 0).unwrap();
        let seen = "select string_agg(concat_ws(' ', source, records, received, first_ts, last_ts,
            ahead, before_1990), '; ' order by source) from intakes";
        let seen: String = connection.query_row(seen, [], |row| row.get(0)).unwrap();
        let expected = "1 4 4 2026-01-05 10:00:00 2026-01-05 10:30:00 1 1; \
                        2 1 1 2026-01-04 10:00:00 2026-01-04 10:00:00 0 0";
        assert_eq!(seen, expected);
    }
}
