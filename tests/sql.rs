//! What `pintail sql` promises: any query, in any format, without changing anything.

mod common;

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use common::{Pintail, finish, until};
use serde_json::{Value, json};

const LEVELS: &str = "select level, count(*) as n from logs group by 1 order by 1";

// Formats

#[test]
fn a_result_comes_in_every_format() {
    let pintail = Pintail::with_data("sample.log");
    let answer = |format| pintail.ok(["sql", LEVELS, "--format", format]);
    assert_eq!(answer("csv"), "level,n\nINFO,1874\nWARN,94\nERROR,32\n");
    assert_eq!(
        answer("jsonl"),
        "{\"level\":\"INFO\",\"n\":1874}\n{\"level\":\"WARN\",\"n\":94}\n{\"level\":\"ERROR\",\"n\":32}\n"
    );
    assert_eq!(
        serde_json::from_str::<Value>(&answer("json")).unwrap(),
        json!([{"level": "INFO", "n": 1874}, {"level": "WARN", "n": 94}, {"level": "ERROR", "n": 32}])
    );
    assert_eq!(
        answer("markdown"),
        "| level | n |\n| --- | ---: |\n| INFO | 1874 |\n| WARN | 94 |\n| ERROR | 32 |\n"
    );
    let table = answer("table");
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((&rows[0][..], &rows[2][..]), (&["level", "n"][..], &["INFO", "1874"][..]));
    assert_eq!(rows.len(), 5, "{table}");
    assert_eq!(pintail.ok(["sql", LEVELS]), answer("csv"), "what is not a terminal gets CSV");
}

#[test]
fn parquet_reads_back_as_it_was() {
    let pintail = Pintail::with_data("sample.log");
    pintail.ok(["sql", "from logs", "--output", "all.parquet"]);
    assert_eq!(pintail.count("(from 'all.parquet' except all from logs)"), 0);
    assert_eq!(pintail.count("'all.parquet'"), 2000);

    let child = pintail.command(["sql", LEVELS, "--format", "parquet"]);
    let bytes = { child }.output().unwrap().stdout;
    pintail.write("piped.parquet", bytes);
    assert_eq!(pintail.ok(["sql", "from 'piped.parquet'"]), pintail.ok(["sql", LEVELS]));
}

#[test]
fn the_name_of_a_file_chooses_its_format() {
    let pintail = Pintail::with_data("sample.log");
    for (name, format) in
        [("a.csv", "csv"), ("a.json", "json"), ("a.jsonl", "jsonl"), ("a.md", "markdown")]
    {
        assert_eq!(pintail.ok(["sql", LEVELS, "--output", name]), "");
        assert_eq!(pintail.read(name), pintail.ok(["sql", LEVELS, "--format", format]), "{name}");
    }
}

#[test]
fn a_query_that_fails_leaves_the_file_as_it_was() {
    let pintail = Pintail::with_data("sample.log");
    pintail.write("report.csv", "precious");
    let query = "select if(n = 1999, error('boom'), n) from range(2000) r(n)";
    pintail.fails(1, ["sql", query, "--output", "report.csv"]);
    assert_eq!(pintail.read("report.csv"), "precious");
    let left = std::fs::read_dir(pintail.dir()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "the report and the database: {left:?}");
}

#[test]
fn an_empty_result_has_its_columns() {
    let pintail = Pintail::with_data("sample.log");
    let empty = "select ts, level from logs where false";
    assert_eq!(pintail.ok(["sql", empty, "--format", "csv"]), "ts,level\n");
    assert_eq!(pintail.ok(["sql", empty, "--format", "json"]), "[]\n");
    assert_eq!(pintail.ok(["sql", empty, "--format", "jsonl"]), "");
}

#[test]
fn csv_quotes_what_needs_it() {
    let pintail = Pintail::with_data("sample.log");
    let query =
        "select 'a,b' as x, 'say \"hi\"' as \"y,z\", E'two\\nlines' as l, null as n, 'ü' as u";
    assert_eq!(
        pintail.ok(["sql", query]),
        "x,\"y,z\",l,n,u\n\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",,ü\n"
    );
}

#[test]
fn json_has_null_for_what_it_has_no_number_for() {
    let pintail = Pintail::with_data("sample.log");
    for expression in [
        "'nan'::double",
        "'inf'::double",
        "'-inf'::float",
        "['nan'::double]",
        "{'x': 'nan'::double}",
        "map {'x': 'inf'::double}",
    ] {
        let run = pintail.ok(["sql", &format!("select {expression} as v"), "--format", "jsonl"]);
        let row: Value = serde_json::from_str(&run).unwrap_or_else(|e| panic!("{e}: {run}"));
        assert!(row["v"].to_string().contains("null"), "{expression}: {run}");
    }
    assert_eq!(
        pintail.sql("select 1.5::double as a, 2.5::double as a"),
        [json!({"a": 1.5, "a_1": 2.5})]
    );
}

#[test]
fn every_type_is_text_in_csv_and_valid_in_json() {
    let pintail = Pintail::with_data("sample.log");
    for (expression, csv, json) in [
        ("true", "true", json!(true)),
        ("12.50::decimal(9, 2)", "12.50", json!(12.5)),
        (
            "170141183460469231731687303715884105727::hugeint",
            "170141183460469231731687303715884105727",
            Value::Null,
        ),
        (
            "timestamp '2026-01-05 10:00:00.5'",
            "2026-01-05 10:00:00.5",
            json!("2026-01-05 10:00:00.5"),
        ),
        ("interval 90 minute", "01:30:00", json!("01:30:00")),
        ("'\\x00\\xff'::blob", "\\x00\\xFF", json!("\\x00\\xFF")),
        ("[1, 2]", "\"[1, 2]\"", json!([1, 2])),
        ("{'a': 1}", "{'a': 1}", json!({"a": 1})),
        ("'{\"a\": [1]}'::json", "\"{\"\"a\"\": [1]}\"", json!({"a": [1]})),
        ("'ERROR'::level", "ERROR", json!("ERROR")),
        ("null", "", Value::Null),
    ] {
        let query = format!("select {expression} as v");
        assert_eq!(pintail.ok(["sql", &query]), format!("v\n{csv}\n"), "{expression}");
        let row = &pintail.sql(&query)[0];
        assert!(row["v"] == json || expression.ends_with("hugeint"), "{expression}: {row}");
    }
}

#[test]
fn a_limit_says_that_there_is_more() {
    let pintail = Pintail::with_data("sample.log");
    let run = pintail.run(["sql", "from logs", "--limit", "2"]);
    assert_eq!(run.stdout.lines().count(), 3);
    assert!(run.stderr.contains("first 2 rows; there are more"), "{}", run.stderr);
    assert_eq!(pintail.ok(["sql", "from logs", "--limit", "0"]).lines().count(), 2001);
    assert_eq!(pintail.ok(["sql", LEVELS, "--limit", "3"]).lines().count(), 4);
}

// Where queries come from

#[test]
fn a_query_comes_from_the_command_line_a_file_or_standard_input() {
    let pintail = Pintail::with_data("sample.log");
    let expected = pintail.ok(["sql", LEVELS]);
    pintail.write("levels.sql", format!("-- how many of each level\n{LEVELS};\n"));
    assert_eq!(pintail.ok(["sql", "-f", "levels.sql"]), expected);
    assert_eq!(pintail.run_with(["sql"], LEVELS).stdout, expected);
    assert_eq!(pintail.run_with(["sql", "-"], LEVELS).stdout, expected);
}

#[test]
fn a_query_may_begin_with_a_comment() {
    let pintail = Pintail::with_data("sample.log");
    let answer = pintail.ok(["sql", "-- how many\nselect count(*) as n from logs"]);
    assert_eq!(answer, "n\n2000\n");
}

#[test]
fn several_statements_run_one_after_the_other() {
    let pintail = Pintail::with_data("sample.log");
    let answer = pintail.ok([
        "sql",
        "create temp table warned as from logs where level = 'WARN'; -- kept for the session
         select count(*) as n from warned; select ';' as semicolon;;",
    ]);
    assert_eq!(answer, "n\n94\nsemicolon\n;\n");
}

#[test]
fn the_statements_before_an_error_have_answered() {
    let pintail = Pintail::with_data("sample.log");
    let run = pintail.run(["sql", "select 1 as a; select nope; select 2 as b"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), "a\n1\n"));
}

#[test]
fn a_semicolon_in_an_escape_string_ends_nothing() {
    let pintail = Pintail::with_data("sample.log");
    assert_eq!(pintail.ok(["sql", "select e'it\\'s; fine' as v"]), "v\nit's; fine\n");
    assert_eq!(pintail.ok(["sql", "/* a /* nested; */ one; */ select 1 as v"]), "v\n1\n");
}

#[test]
fn what_is_no_select_answers_too() {
    let pintail = Pintail::with_data("sample.log");
    for (statement, word) in [
        ("show tables", "anomalies"),
        ("describe logs", "message"),
        ("summarize logs", "approx_unique"),
        ("explain select 1", "PROJECTION"),
        ("pragma version", "library_version"),
        ("values (1, 'x')", "1,x"),
        ("with a as (select 7 as v) from a", "7"),
    ] {
        let answer = pintail.ok(["sql", statement]);
        assert!(answer.contains(word), "{statement}: {answer}");
    }
}

#[test]
fn no_query_is_a_usage_error() {
    let pintail = Pintail::with_data("sample.log");
    for query in ["", " ; ", "-- nothing but a comment"] {
        let run = pintail.run_with(["sql", "-"], query);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("there is no query"), "{run:?}");
    }
}

// Errors

#[test]
fn an_error_points_at_its_place() {
    let pintail = Pintail::with_data("sample.log");
    let run = pintail.run(["sql", "select nope\nfrom logs"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(run.stderr.contains("Referenced column \"nope\" not found"), "{}", run.stderr);
    let lines: Vec<&str> = run.stderr.lines().collect();
    let place = lines.iter().position(|line| line.contains("select nope")).unwrap();
    assert_eq!(lines[place].find("nope"), lines[place + 1].find('^'), "{}", run.stderr);
}

#[test]
fn an_error_in_the_middle_of_the_rows_is_an_error() {
    let pintail = Pintail::with_data("sample.log");
    let query = "select if(n = 99999, error('boom'), n) from range(100000) r(n)";
    let complaint = pintail.fails(1, ["sql", query]);
    assert!(complaint.contains("boom"), "{complaint}");
}

#[test]
fn nothing_can_be_written() {
    let pintail = Pintail::with_data("sample.log");
    for statement in [
        "insert into rollups values (now()::timestamp, 'x', 'INFO', 1)",
        "update logs set message = 'x'",
        "delete from logs",
        "drop table logs",
        "create table mine (n integer)",
        "alter table logs add column n integer",
    ] {
        let complaint = pintail.fails(1, ["sql", statement]);
        assert!(complaint.contains("read-only"), "{statement}: {complaint}");
    }
    assert_eq!(pintail.count("logs"), 2000);
}

#[test]
fn a_missing_database_is_not_made() {
    let pintail = Pintail::new();
    let complaint = pintail.fails(1, ["sql", LEVELS, "--db", "gone.duckdb"]);
    assert!(complaint.contains("open gone.duckdb: no such database"), "{complaint}");
    assert!(complaint.contains("pintail ingest"), "{complaint}");
    assert!(!pintail.path("gone.duckdb").exists());
}

#[test]
fn what_is_no_database_is_said_to_be_none() {
    let pintail = Pintail::new();
    pintail.write("pintail.duckdb", "not a database ".repeat(1000));
    pintail.write("app.log", common::lines(0..10));
    for command in [["sql", LEVELS], ["ingest", "app.log"]] {
        let complaint = pintail.fails(1, command);
        assert!(complaint.contains("pintail.duckdb"), "{complaint}");
    }
}

#[test]
fn a_database_of_a_newer_pintail_is_left_alone() {
    let pintail = Pintail::with("app.log", common::lines(0..10));
    let database = duckdb::Connection::open(pintail.path("pintail.duckdb")).unwrap();
    database.execute_batch("insert into schema_version values (99, current_date)").unwrap();
    drop(database);
    for command in [&["sql", LEVELS][..], &["ingest", "app.log"], &["detect"], &["export"]] {
        let complaint = pintail.fails(1, command);
        assert!(
            complaint.contains("version 99") && complaint.contains("newer pintail"),
            "{complaint}"
        );
    }
}

#[test]
fn a_database_without_a_schema_gets_one() {
    let pintail = Pintail::new();
    drop(duckdb::Connection::open(pintail.path("pintail.duckdb")).unwrap());
    assert_eq!(pintail.ok(["sql", "select count(*) as n from logs"]), "n\n0\n");
}

#[test]
fn the_environment_may_name_the_database() {
    let pintail = Pintail::with_data("sample.log");
    std::fs::rename(pintail.path("pintail.duckdb"), pintail.path("other.duckdb")).unwrap();
    let child = pintail.command(["sql", LEVELS]).env("PINTAIL_DB", "other.duckdb").spawn().unwrap();
    assert!(finish(child, Vec::new()).stdout.contains("1874"));
}

// Meaning

#[test]
fn comparing_levels_means_severity() {
    let pintail = Pintail::with_data("sample.log");
    let count = |condition: &str| pintail.count(&format!("logs where {condition}"));
    assert_eq!(count("level >= 'warn'"), 94 + 32);
    assert_eq!(count("level < 'Warning'"), 1874);
    assert_eq!(count("'ERROR' <= level"), 32);
    assert_eq!(count("logs.level = 'err'"), 32);
    assert_eq!(pintail.count("(select 'level >= ''warn''' as v) where v = 'level >= ''warn'''"), 1);
}

#[test]
fn times_are_utc_wherever_one_is() {
    let pintail = Pintail::with_data("sample.log");
    let query = "select strftime(timestamptz '2026-01-05 00:00:00Z', '%H') as hour,
                        (now()::timestamp - get_current_timestamp()::timestamp) < interval 1 hour as utc";
    let child = pintail.command(["sql", query]).env("TZ", "Asia/Tokyo").spawn().unwrap();
    assert_eq!(finish(child, Vec::new()).stdout, "hour,utc\n00,true\n");
}

#[test]
fn the_views_and_macros_say_what_they_promise() {
    let pintail = Pintail::with_data("sample.log");
    assert_eq!(pintail.count("errors"), 32);
    assert_eq!(pintail.value("select sum(n)::bigint from minutes where level = 'WARN'"), 94);
    assert_eq!(pintail.value("select sum(records)::bigint from services"), 2000);
    assert_eq!(pintail.value("select sum(errors)::bigint from services"), 32);
    let ingested = &pintail.sql("select records, rejects, bytes, format from ingested")[0];
    let size = std::fs::metadata(common::data("sample.log")).unwrap().len();
    assert_eq!(*ingested, json!({"records": 2000, "rejects": 0, "bytes": size, "format": "text"}));
    assert_eq!(pintail.value("select sum(n)::bigint from per_minute('WARN')"), 94 + 32);
    assert_eq!(
        pintail.count("search('DESK lamp')"),
        pintail.count("logs where message ilike '%desk lamp%'")
    );
    assert_eq!(
        pintail.count("around('2026-01-07 09:05', 2)"),
        pintail.count(
            "logs where ts >= timestamp '2026-01-07 09:03' and ts < timestamp '2026-01-07 09:07'"
        )
    );
}

#[test]
fn a_field_is_read_with_its_macro() {
    let pintail = Pintail::new();
    pintail.ok(["generate", "--lines", "100", "--format", "nginx", "--output", "access.log"]);
    pintail.ok(["ingest", "access.log"]);
    assert_eq!(pintail.count("logs where field(fields, 'status')::int between 100 and 599"), 100);
}

/// The help is the guide to the schema: it names every view and macro, each runs as it
/// stands there, and so do the examples.
#[test]
fn the_help_names_every_view_and_macro_and_its_examples_run() {
    let pintail = Pintail::with_data("sample.log");
    let help = pintail.ok(["sql", "--help"]);
    let schema = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/0002_views.sql"),
    )
    .unwrap();
    let created =
        regex::Regex::new(r"(?m)^create (view|macro) (\w+)(?:\(.*\) as( table)?)?").unwrap();
    let mut names = 0;
    for name in created.captures_iter(&schema) {
        names += 1;
        if &name[1] == "view" {
            assert!(
                help.contains(&format!("\n  {} ", &name[2])),
                "{} is not in the help",
                &name[2]
            );
            pintail.ok(["sql", &format!("from {}", &name[2])]);
            continue;
        }
        let call = regex::Regex::new(&format!(r"(?m)^  ({}\(.*?\))  ?", &name[2])).unwrap();
        let call =
            call.captures(&help).unwrap_or_else(|| panic!("{} is not in the help", &name[2]));
        let query = match name.get(3) {
            Some(_) => format!("from {}", &call[1]),
            None => format!("select {} from logs", &call[1]),
        };
        pintail.ok(["sql", &query]);
    }
    assert!(names >= 8, "the pattern finds them: {names}");

    let examples = regex::Regex::new(r#"(?m)^  pintail sql "(.*)"$"#).unwrap();
    let examples: Vec<_> = examples.captures_iter(&help).collect();
    assert!(examples.len() >= 2, "{help}");
    for example in examples {
        pintail.ok(["sql", &example[1]]);
    }
}

// Others at the same time

#[test]
fn several_may_read_at_once_and_nobody_write_meanwhile() {
    let pintail = Pintail::with_data("sample.log");
    // A reader whose rows nobody takes stays where it is, with the database open.
    let endless = "select n, (select count(*) from logs) from range(1000000000) r(n)";
    let mut reader = pintail.command(["sql", endless]).spawn().unwrap();
    let mut rows = BufReader::new(reader.stdout.take().unwrap());
    rows.read_line(&mut String::new()).unwrap();

    assert_eq!(pintail.count("logs"), 2000);
    pintail.ok(["export", "--output", "all.csv"]);
    pintail.write("app.log", common::lines(0..10));
    let complaint = pintail.fails(1, ["ingest", "app.log"]);
    assert!(complaint.contains(&format!("(PID {})", reader.id())), "{complaint}");

    drop(rows);
    let run = finish(reader, Vec::new());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    pintail.ok(["ingest", "app.log"]);
}

#[test]
fn who_cannot_open_the_database_is_told_who_writes_to_it() {
    let pintail = Pintail::new();
    let mut writer = pintail.command(["ingest", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let stdin = writer.stdin.take().unwrap();
    // The log of what is written comes after the lock.
    until("the writer", || pintail.path("pintail.duckdb.wal").exists());
    pintail.write("app.log", common::lines(0..10));
    for command in [&["sql", LEVELS][..], &["ingest", "app.log"], &["detect"], &["export"]] {
        let complaint = pintail.fails(1, command);
        assert!(complaint.contains("another process is writing to it"), "{complaint}");
        assert!(complaint.contains(&format!("(PID {})", writer.id())), "{complaint}");
    }
    drop(stdin);
    assert_eq!(finish(writer, Vec::new()).code, Some(0));
    assert_eq!(pintail.count("logs"), 0);
}

/// `pintail … | head -1`.
#[test]
fn a_reader_who_has_enough_ends_it_quietly() {
    let pintail = Pintail::new();
    pintail.ok(["generate", "--lines", "50000", "--output", "app.log"]);
    pintail.ok(["ingest", "app.log"]);
    for command in [
        &["sql", "from logs"][..],
        &["sql", "from logs", "--format", "jsonl"],
        &["sql", "from logs", "--format", "json"],
        &["sql", "from logs", "--format", "markdown"],
        &["sql", "from logs", "--format", "table"],
        &["sql", "from logs", "--format", "parquet"],
        &["export"],
        &["export", "--format", "parquet"],
        &["generate", "--lines", "1000000"],
    ] {
        let mut child = pintail.command(command).spawn().unwrap();
        let mut start = [0; 16];
        child.stdout.take().unwrap().read_exact(&mut start).unwrap();
        let run = finish(child, Vec::new());
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{command:?}");
    }
}

#[test]
fn a_database_of_somebody_else_is_left_alone() {
    let pintail = Pintail::new();
    pintail.write("app.log", common::lines(0..10));
    let database = duckdb::Connection::open(pintail.path("pintail.duckdb")).unwrap();
    database.execute_batch("create table mine as select 42 as answer").unwrap();
    drop(database);
    for command in [&["sql", "from mine"][..], &["ingest", "app.log"]] {
        let complaint = pintail.fails(1, command);
        assert!(complaint.contains("not one of Pintail's"), "{complaint}");
    }
}

#[test]
fn levels_are_compared_by_severity_wherever_they_are_compared() {
    let pintail = Pintail::with_data("sample.log");
    let count = |condition: &str| {
        pintail.value(&format!("select count(*) as n from logs where level {condition}"))
    };
    let (warned, failed) = (count("= 'WARN'::level"), count("= 'ERROR'::level"));
    let both = warned.as_u64().unwrap() + failed.as_u64().unwrap();
    for condition in ["in ('error', 'Warning')", "between 'warn' and 'fatal'", ">= 'WARN'"] {
        assert_eq!(count(condition), both, "{condition}");
    }
}

#[test]
fn a_column_may_have_any_name_in_json() {
    let pintail = Pintail::with_data("sample.log");
    for name in ["r", "r_", "R"] {
        let row = &pintail.sql(&format!("select 5 as \"{name}\""))[0];
        assert_eq!(row[name], 5, "{name}");
    }
}
