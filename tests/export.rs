//! What `pintail export` promises: the records as they are, all of them, and a file only
//! when it is complete.

mod common;

use std::process::Command;

use common::{Pintail, finish, lines, until};

const COLUMNS: &str = "l.ts, l.level, l.service, l.host, l.message, l.fields, s.name as source";

fn exported() -> Pintail {
    let pintail = Pintail::with_data("sample.log");
    pintail.ok(["generate", "--lines", "3000", "--format", "nginx", "--output", "access.log"]);
    pintail.ok(["ingest", "access.log"]);
    pintail
}

#[test]
fn parquet_is_the_table() {
    let pintail = exported();
    assert_eq!(pintail.ok(["export", "--output", "all.parquet"]), "");
    let table = format!("(select {COLUMNS} from logs l join sources s on s.id = l.source)");
    assert_eq!(pintail.count("'all.parquet'"), 5000);
    assert_eq!(pintail.count(&format!("(from 'all.parquet' except all from {table})")), 0);
    let types = pintail.column("select column_type from (describe from 'all.parquet') limit 1");
    assert_eq!(types, ["TIMESTAMP"]);
}

#[test]
fn csv_is_the_table() {
    let pintail = exported();
    assert_eq!(pintail.ok(["export", "--output", "all.csv"]), "");
    // Times have their zone.
    let table = format!(
        "(select columns(*)::varchar from \
         (select replace(ts::varchar, ' ', 'T') || 'Z' as ts, * exclude (ts) from \
          (select {COLUMNS} from logs l join sources s on s.id = l.source)))"
    );
    let csv = "read_csv('all.csv', all_varchar = true, header = true, strict_mode = true)";
    assert_eq!(pintail.count(csv), 5000);
    assert_eq!(pintail.count(&format!("(from {csv} except all from {table})")), 0);
}

#[test]
fn standard_output_and_a_file_get_the_same() {
    let pintail = exported();
    pintail.ok(["export", "--output", "all.csv"]);
    assert_eq!(pintail.ok(["export"]), pintail.read("all.csv"));
    assert_eq!(pintail.ok(["export", "--output", "-"]), pintail.read("all.csv"));

    let bytes = pintail.command(["export", "--format", "parquet"]).output().unwrap().stdout;
    pintail.write("piped.parquet", bytes);
    assert_eq!(pintail.count("'piped.parquet'"), 5000);
}

#[test]
fn filters_leave_what_they_say() {
    let pintail = exported();
    for (filter, condition) in [
        // Parquet has no enums: what is read back is text again.
        (&["--level", "warn"][..], "level::level >= 'WARN'"),
        (&["--service", "payment"], "service = 'payment'"),
        (&["--search", "DECLINED"], "message ilike '%declined%'"),
        (&["--from", "2026-01-07 09:10"], "ts >= timestamp '2026-01-07 09:10'"),
        (&["--to", "2026-01-07T10:02:00+01:00"], "ts < timestamp '2026-01-07 09:02'"),
        (&["--from", "2026-01-07", "--to", "2026-01-08"], "ts::date = date '2026-01-07'"),
        (
            &["--level", "ERROR", "--service", "orders"],
            "level::level = 'ERROR' and service = 'orders'",
        ),
        (&["--service", "nobody"], "false"),
    ] {
        let args = ["export", "--output", "some.parquet"].iter().chain(filter);
        pintail.ok(args);
        let expected = pintail.count(&format!("logs where {condition}"));
        assert_eq!(pintail.count("'some.parquet'"), expected, "{filter:?}");
        let wrong =
            pintail.count(&format!("'some.parquet' where not coalesce({condition}, false)"));
        assert_eq!(wrong, 0, "{filter:?}");
    }
}

#[test]
fn nothing_found_is_a_header() {
    let pintail = exported();
    let csv = pintail.ok(["export", "--service", "nobody"]);
    assert_eq!(csv, "ts,level,service,host,message,fields,source\n");
}

#[test]
fn a_filter_that_makes_no_sense_is_a_usage_error() {
    let pintail = exported();
    let complaint = pintail.fails(2, ["export", "--from", "yesterday-ish"]);
    assert!(complaint.contains("2026-01-05 10:00"), "it gives an example: {complaint}");
    let complaint = pintail.fails(2, ["export", "--level", "loud"]);
    assert!(complaint.contains("trace, debug, info, warn, error and fatal"), "{complaint}");
}

#[test]
fn exotic_messages_survive_csv_and_parquet() {
    let messages = [
        "say \"hi\", twice: \"\"",
        "a,b;c\td",
        "two\n\tat lines\n\n\tat with a gap",
        "größe 價格 🦆 e\u{301}",
        "'single' \\back\\slash | pipe",
        "#NAME? =1+1",
    ];
    let mut text = lines(0..20);
    for (at, message) in messages.iter().enumerate() {
        text += &format!("2026-01-06 00:00:{at:02}.000 ERROR payment: {message}\n");
    }
    let pintail = Pintail::with("app.log", text);
    let csv = pintail.ok(["export", "--level", "error"]);
    let found: Vec<String> = rows_of(&csv).into_iter().skip(1).map(|row| row[4].clone()).collect();
    assert_eq!(found, messages);
    pintail.ok(["export", "--level", "error", "--output", "some.parquet"]);
    assert_eq!(pintail.column("select message from 'some.parquet' order by ts"), messages);
}

/// CSV as RFC 4180 has it.
fn rows_of(csv: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut characters = csv.chars().peekable();
    while let Some(character) = characters.next() {
        let row = rows.last_mut().unwrap();
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                row.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\n' if !quoted => rows.push(vec![String::new()]),
            other => row.last_mut().unwrap().push(other),
        }
    }
    rows.pop();
    rows
}

#[test]
fn a_killed_export_leaves_no_file_under_its_name() {
    let pintail = Pintail::new();
    pintail.ok(["generate", "--lines", "600000", "--rate", "500", "--output", "app.log"]);
    pintail.ok(["ingest", "app.log"]);
    for name in ["out.csv", "out.parquet"] {
        let begun = || {
            let entries = std::fs::read_dir(pintail.dir()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.into_iter().any(|other| other.starts_with(&format!("{name}.")))
        };
        let mut child = pintail.command(["export", "--output", name]).spawn().unwrap();
        until("the export to begin", || begun() || pintail.path(name).exists());
        child.kill().unwrap();
        assert_eq!(finish(child, Vec::new()).code, None, "{name} was done too soon");
        assert!(!pintail.path(name).exists(), "{name}");

        pintail.ok(["export", "--output", name]);
        assert_eq!(pintail.count(&format!("'{name}'")), 600_000);
    }
}

/// The name of a pipe or a device must not become that of a file.
#[test]
fn a_pipe_is_written_to_and_stays_a_pipe() {
    use std::os::unix::fs::FileTypeExt;
    let pintail = exported();
    assert!(Command::new("mkfifo").arg(pintail.path("pipe")).status().unwrap().success());
    // Open for both, so that neither side waits for the other; the answer fits the pipe.
    let mut options = std::fs::OpenOptions::new();
    let pipe = options.read(true).write(true).open(pintail.path("pipe")).unwrap();
    pintail.ok(["export", "--service", "nobody", "--output", "pipe"]);
    let kind = std::fs::metadata(pintail.path("pipe")).unwrap().file_type();
    assert!(kind.is_fifo(), "the pipe was replaced by a file");
    let mut header = [0; 3];
    std::io::Read::read_exact(&mut { pipe }, &mut header).unwrap();
    assert_eq!(&header, b"ts,");
}

#[test]
fn where_nothing_can_be_written_is_said() {
    let pintail = exported();
    for name in ["gone/out.csv", "gone/out.parquet"] {
        let complaint = pintail.fails(1, ["export", "--output", name]);
        assert!(complaint.contains("gone/out"), "{complaint}");
        assert!(complaint.contains("No such file or directory"), "{complaint}");
    }
    std::fs::create_dir(pintail.path("directory")).unwrap();
    let complaint = pintail.fails(1, ["export", "--output", "directory"]);
    assert!(complaint.contains("directory"), "{complaint}");
}

#[test]
fn without_a_database_nothing_is_exported() {
    let pintail = Pintail::new();
    let complaint = pintail.fails(1, ["export", "--output", "all.csv"]);
    assert!(complaint.contains("no such database"), "{complaint}");
    assert!(!pintail.path("all.csv").exists());
}
