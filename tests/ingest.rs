//! What `pintail ingest` promises: every line of every file is in once, whatever happens
//! to the files between two runs and whatever they look like.

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant, SystemTime};

use common::{Pintail, data, gzip, line, lines, messages, until, zstd};
use rand::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const TRACE: &str = "2026-01-05 00:01:00.000 ERROR payment: Charge failed\n";

// Counting

#[test]
fn the_sample_is_counted_as_it_is() {
    let pintail = Pintail::new();
    let summary = pintail.ingest([data("sample.log")]);
    assert_eq!((summary.lines, summary.records, summary.rejects), (2000, 2000, 0));

    let text = fs::read_to_string(data("sample.log")).unwrap();
    for level in ["INFO", "WARN", "ERROR"] {
        let written = text.lines().filter(|line| line.split(' ').nth(2) == Some(level)).count();
        let found = pintail.count(&format!("logs where level = '{level}'"));
        assert_eq!(found, written as i64, "{level}");
    }
    let services = pintail.column("select distinct service from logs order by 1");
    assert_eq!(services, ["auth", "orders", "payment", "search"]);
    pintail.assert_complete();
}

#[test]
fn every_kind_of_line_is_counted_once() {
    let pintail = Pintail::new();
    let text = format!(
        "no record before this\n{}{TRACE}\tat shop.Charge\n\n\tat shop.Main\n\n{}",
        lines(0..20),
        line(70)
    );
    pintail.write("app.log", text);
    let summary = pintail.ingest(["app.log"]);
    assert_eq!((summary.lines, summary.records, summary.continuations), (27, 22, 3));
    assert_eq!((summary.skipped, summary.rejects), (1, 1));
    assert_eq!(
        pintail.value("select message from logs where level = 'ERROR'"),
        "Charge failed\n\tat shop.Charge\n\n\tat shop.Main"
    );
    pintail.assert_complete();
}

#[test]
fn rejects_keep_their_text_their_place_and_the_reason() {
    let pintail = Pintail::with("app.log", format!("what is this\n{}", lines(0..20)));
    let rejects = pintail.sql("select start_byte, end_byte, reason, line from rejects");
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0]["line"], "what is this");
    assert_eq!((&rejects[0]["start_byte"], &rejects[0]["end_byte"]), (&0.into(), &13.into()));
    assert_eq!(rejects[0]["reason"], "no timestamp, and no record before it");
}

// Running again

#[test]
fn ingesting_twice_adds_nothing() {
    let pintail = Pintail::with_data("sample.log");
    let again = pintail.ingest([data("sample.log")]);
    assert_eq!(again.lines, 0);
    assert!(again.names("unchanged").ends_with("sample.log"), "{}", again.text);
    assert_eq!(pintail.count("logs"), 2000);
    assert_eq!(pintail.count("sources"), 1);
    pintail.assert_complete();
}

#[test]
fn of_a_file_that_grew_only_what_is_new_is_read() {
    let pintail = Pintail::with("app.log", lines(0..100));
    pintail.append("app.log", lines(100..150));
    let summary = pintail.ingest(["app.log"]);
    assert_eq!(summary.records, 50);
    assert!(summary.names("grown").ends_with("app.log"), "{}", summary.text);
    assert_eq!(pintail.messages().len(), 150);
    assert_eq!(pintail.count("(select distinct message from logs)"), 150);
    pintail.assert_complete();
}

#[test]
fn half_a_line_becomes_one_whole_record() {
    let text = lines(0..20);
    for cut in [1, 9, 12, 24, 26, 29, 34, 37, 40, line(19).len() - 1] {
        let cut = text.len() - line(19).len() + cut;
        let pintail = Pintail::with("app.log", &text[..cut]);
        pintail.append("app.log", format!("{}{}", &text[cut..], line(20)));
        pintail.ok(["ingest", "app.log"]);
        assert_eq!(
            pintail.column("select message from logs order by ts"),
            messages(0..21),
            "{cut}"
        );
        assert_eq!(pintail.count("rejects"), 0, "cut at {cut}");
    }
}

#[test]
fn half_a_line_leaves_nothing_in_the_counts() {
    let whole = line(20);
    // Half of the level, half of the service: counted as something else at first.
    for half in ["2026-01-05 00:00:20.000 INFO pay", "2026-01-05 00:00:2"] {
        let pintail = Pintail::with("app.log", format!("{}{half}", lines(0..20)));
        pintail.append("app.log", &whole[half.len()..]);
        pintail.ok(["ingest", "app.log"]);
        assert_eq!(pintail.column("select service from services"), ["payment"], "{half}");
        pintail.assert_complete();
    }
}

#[test]
fn half_of_the_only_line_becomes_one_whole_record() {
    for cut in [5, 23, 26, 33, 40] {
        let pintail = Pintail::with("app.log", &line(0)[..cut]);
        pintail.append("app.log", format!("{}{}", &line(0)[cut..], lines(1..20)));
        pintail.ok(["ingest", "app.log"]);
        let found = pintail.column("select message from logs order by ts");
        assert_eq!(found, messages(0..20), "cut at {cut}");
        assert_eq!(pintail.count("rejects"), 0, "cut at {cut}");
    }
}

#[test]
fn a_stack_trace_that_grows_stays_one_record() {
    let pintail = Pintail::with("app.log", format!("{}{TRACE}\tat shop.A\n", lines(0..20)));
    for more in ["\tat shop.B\n\n", "\tat shop.C", ".run\n\tat shop.D\n"] {
        pintail.append("app.log", more);
        pintail.ok(["ingest", "app.log"]);
        pintail.assert_complete();
    }
    pintail.append("app.log", line(70));
    pintail.ok(["ingest", "app.log"]);
    assert_eq!(
        pintail.column("select message from logs where level = 'ERROR'"),
        ["Charge failed\n\tat shop.A\n\tat shop.B\n\n\tat shop.C.run\n\tat shop.D"]
    );
    assert_eq!(pintail.count("logs"), 22);
    assert_eq!(pintail.value("select sum(n)::bigint from rollups where level = 'ERROR'"), 1);
    assert_eq!(pintail.count("rejects"), 0);
    pintail.assert_complete();
}

/// A line without a time among those that have one is a record, also at the end of what was read.
#[test]
fn an_undated_record_that_grows_stays_one_record() {
    let first = "INFO:     Started\n";
    let pintail = Pintail::with("app.log", format!("{first}{}", lines(0..20)));
    for more in [
        "ERROR:    Exception in application\n",
        "Traceback (most recent call last):\n",
        "  File \"app.py\", line 3\nValueError: bad\n",
        "WARNING:root:disk full\n",
    ] {
        pintail.append("app.log", more);
        pintail.ok(["ingest", "app.log"]);
        pintail.assert_complete();
    }
    pintail.append("app.log", line(70));
    pintail.ok(["ingest", "app.log"]);
    let found = "select level || ' ' || message from logs where (fields->>'undated') is not null order by level desc";
    assert_eq!(
        pintail.column(found),
        [
            "ERROR Exception in application\nTraceback (most recent call last):\n  File \"app.py\", \
             line 3\nValueError: bad",
            "WARN disk full",
            "INFO Started",
        ]
    );
    assert_eq!(pintail.count("logs"), 24);
    assert_eq!(pintail.count("rejects"), 0);
    assert_eq!(pintail.value("select sum(n)::bigint from rollups"), 24);
    pintail.assert_complete();
}

/// Whatever the moments at which a growing file is loaded: the records are those of
/// loading it once.
#[test]
fn a_file_loaded_while_it_grows_ends_up_as_if_loaded_once() {
    let mut text = lines(0..300);
    for n in 300..330 {
        text += &line(n);
        text += "\tat shop.Charge.run(Charge.java:12)\n\n\tat shop.Main\n";
        if n % 7 == 0 {
            text += "\n";
        }
    }
    let once = Pintail::with("app.log", &text);
    let all = "select ts, level, service, message from logs order by ts, message";
    let expected = once.sql(all);
    for seed in 0..4 {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut cuts: Vec<usize> =
            (0..8).map(|_| 15_000 + random.next_u64() as usize % (text.len() - 15_000)).collect();
        cuts.sort_unstable();
        cuts.push(text.len());
        let pintail = Pintail::with("app.log", &text[..cuts[0]]);
        for pair in cuts.windows(2) {
            pintail.append("app.log", &text[pair[0]..pair[1]]);
            pintail.ok(["ingest", "app.log"]);
        }
        assert_eq!(pintail.sql(all), expected, "seed {seed}, cuts {cuts:?}");
        assert_eq!(pintail.count("rejects"), 0, "seed {seed}, cuts {cuts:?}");
        pintail.assert_complete();
    }
}

#[test]
fn another_content_under_the_same_path_is_read_from_its_beginning() {
    let pintail = Pintail::with("app.log", lines(0..100));
    pintail.write("app.log", lines(200..400));
    let summary = pintail.ingest(["app.log"]);
    assert_eq!(summary.records, 200);
    assert!(summary.names("replaced").ends_with("app.log"), "{}", summary.text);
    let found = pintail.column("select message from logs order by ts");
    assert_eq!(found, messages((0..100).chain(200..400)));
    pintail.assert_sound();
}

#[test]
fn a_file_that_was_truncated_and_written_anew_is_read_from_its_beginning() {
    let pintail = Pintail::with("app.log", lines(0..100));
    pintail.write("app.log", "");
    assert!(pintail.ingest(["app.log"]).names("empty").ends_with("app.log"));
    pintail.write("app.log", lines(100..110));
    assert_eq!(pintail.ingest(["app.log"]).records, 10);
    pintail.append("app.log", lines(110..120));
    assert_eq!(pintail.ingest(["app.log"]).records, 10);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..120));
    pintail.assert_sound();
}

#[test]
fn a_renamed_file_is_known_by_its_inode() {
    let pintail = Pintail::with("app.log", lines(0..100));
    fs::rename(pintail.path("app.log"), pintail.path("other.log")).unwrap();
    assert_eq!(pintail.ingest(["other.log"]).lines, 0);
    pintail.append("other.log", lines(100..110));
    assert_eq!(pintail.ingest(["other.log"]).records, 10);
    assert_eq!(pintail.count("sources"), 1);
    assert!(pintail.column("select name from sources")[0].ends_with("other.log"));
    pintail.assert_complete();
}

#[test]
fn rotation_loses_nothing_and_repeats_nothing() {
    let pintail = Pintail::with("app.log", lines(0..100));
    pintail.append("app.log", lines(100..120));
    fs::rename(pintail.path("app.log"), pintail.path("app.log.1")).unwrap();
    pintail.write("app.log", lines(120..150));
    let summary = pintail.ingest(["."]);
    assert_eq!(summary.records, 50, "{}", summary.text);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..150));
    pintail.assert_complete();
}

#[test]
fn a_file_copied_over_itself_is_known_by_its_path() {
    let pintail = Pintail::with("app.log", lines(0..100));
    fs::copy(pintail.path("app.log"), pintail.path("copy")).unwrap();
    fs::rename(pintail.path("copy"), pintail.path("app.log")).unwrap();
    let summary = pintail.ingest(["app.log"]);
    assert_eq!(summary.lines, 0);
    assert!(summary.names("unchanged").ends_with("app.log"));
    assert_eq!(pintail.count("sources"), 1);
}

/// A run that was killed after it had added its sources and before it committed records.
#[test]
fn a_source_of_which_nothing_was_committed_is_read_from_its_beginning() {
    for mark in ["", "\u{feff}"] {
        let pintail = Pintail::with("app.log", format!("{mark}{}", lines(0..20)));
        let database = duckdb::Connection::open(pintail.path("pintail.duckdb")).unwrap();
        database
            .execute_batch(
                "delete from logs; delete from rollups; delete from intake; delete from positions;",
            )
            .unwrap();
        drop(database);
        assert_eq!(pintail.ingest(["app.log"]).records, 20, "mark {mark:?}");
        assert_eq!(pintail.messages().len(), 20);
        pintail.assert_complete();
    }
}

/// A run that was killed after it had committed the last records, and before it noted
/// that it was done: else the whole archive would be decoded in every later run.
#[test]
fn an_archive_that_was_read_to_its_end_is_noted_as_read() {
    let pintail = Pintail::with("app.gz", gzip(lines(0..20)));
    let database = duckdb::Connection::open(pintail.path("pintail.duckdb")).unwrap();
    database.execute_batch("update sources set file_bytes = null").unwrap();
    drop(database);
    assert_eq!(pintail.ingest(["app.gz"]).lines, 0);
    let size = fs::metadata(pintail.path("app.gz")).unwrap().len();
    assert_eq!(pintail.value("select file_bytes from sources"), size);
}

#[test]
fn a_rotated_and_compressed_file_is_the_old_one() {
    let pintail = Pintail::with("app.log", lines(0..200));
    pintail.append("app.log", lines(200..210));
    // logrotate with `compress` and `copytruncate`: the old lines under a new name.
    let rotated = std::fs::read(pintail.path("app.log")).unwrap();
    pintail.write("app.log.1.gz", gzip(String::from_utf8(rotated).unwrap()));
    pintail.write("app.log", lines(210..300));
    pintail.ok(["ingest", "app.log", "app.log.1.gz"]);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..300));
    assert_eq!(pintail.ingest(["."]).lines, 0);
    pintail.assert_sound();
}

#[test]
fn a_copy_beside_its_original_is_a_file_of_its_own() {
    let pintail = Pintail::with("app.log", lines(0..20));
    pintail.write("copy.log", lines(0..20));
    assert_eq!(pintail.ingest(["copy.log"]).records, 20);
}

/// Opening and closing it would let go of the lock that keeps other writers away.
#[test]
fn the_database_is_no_log_whatever_its_name() {
    let pintail = Pintail::new();
    fs::create_dir(pintail.path("logs")).unwrap();
    pintail.write("logs/app.log", lines(0..20));
    pintail.ok(["ingest", "--db", "logs/store.log", "logs/app.log"]);
    pintail.write("logs/b.log", lines(20..30));
    pintail.ok(["ingest", "--db", "logs/store.log", "logs", "logs/store.log"]);
    let sources =
        pintail.ok(["sql", "--db", "logs/store.log", "select count(*) as n from sources"]);
    assert_eq!(sources, "n\n2\n");
}

#[test]
fn a_file_read_in_the_wrong_format_can_be_read_again() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..20));
    pintail.write("other.log", lines(20..30));
    pintail.ok(["ingest", "app.log", "other.log", "--format", "json"]);
    assert_eq!((pintail.count("logs"), pintail.count("rejects")), (0, 30));
    pintail.ok(["ingest", "app.log", "--again"]);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..20));
    assert_eq!(pintail.count("rejects"), 10);
    pintail.ok(["ingest", "app.log", "other.log", "--again"]);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..30));
    assert_eq!(pintail.count("sources"), 2);
    pintail.assert_sound();
}

// Naming files

#[test]
fn a_file_under_several_names_is_read_once() {
    let pintail = Pintail::new();
    fs::create_dir(pintail.path("logs")).unwrap();
    pintail.write("logs/app.log", lines(0..10));
    symlink("app.log", pintail.path("logs/link.log")).unwrap();
    fs::hard_link(pintail.path("logs/app.log"), pintail.path("logs/hard.log")).unwrap();
    let summary =
        pintail.ingest(["logs/app.log", "./logs/../logs/app.log", "logs", "logs/*.log", "logs/l*"]);
    assert_eq!(summary.records, 10);
    assert_eq!(pintail.count("sources"), 1);
    assert_eq!(pintail.ingest(["logs/link.log"]).lines, 0);
}

#[test]
fn a_name_need_not_be_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let pintail = Pintail::new();
    let name = std::ffi::OsStr::from_bytes(b"odd\xff name.log");
    fs::write(pintail.path("").join(name), lines(0..10)).unwrap();
    let run = pintail.run([std::ffi::OsStr::new("ingest"), name]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(pintail.messages().len(), 10);
    assert_eq!(pintail.ingest(["."]).lines, 0);
}

#[test]
fn a_directory_is_read_without_what_is_no_log() {
    let pintail = Pintail::new();
    fs::create_dir_all(pintail.path("logs/deep/er")).unwrap();
    pintail.write("logs/a.log", lines(0..10));
    pintail.write("logs/deep/er/b.txt", lines(10..20));
    pintail.write("logs/no-extension", lines(20..30));
    pintail.write("logs/c.log.gz", gzip(lines(30..40)));
    pintail.write("logs/empty.log", "");
    pintail.write("logs/.hidden.log", lines(90..95));
    pintail.write("logs/program", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0");
    pintail.write("logs/other.duckdb", "not even looked at");
    symlink("nowhere", pintail.path("logs/dangling.log")).unwrap();
    symlink(".", pintail.path("logs/circle")).unwrap();
    let summary = pintail.ingest(["logs"]);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..40));
    assert!(summary.names("empty").ends_with("empty.log"), "{}", summary.text);
    assert!(summary.names("no logs").ends_with("program"), "{}", summary.text);
    assert_eq!(pintail.count("sources"), 4);
    pintail.assert_complete();
}

#[test]
fn a_binary_file_that_was_named_is_an_error_and_the_others_are_read() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..10));
    pintail.write("program", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0");
    let complaint = pintail.fails(1, ["ingest", "program", "app.log"]);
    assert!(complaint.contains("read program: it is a binary file, not a log"), "{complaint}");
    assert!(complaint.contains("1 of 2 inputs could not be read"), "{complaint}");
    assert_eq!(pintail.messages().len(), 10);
}

#[test]
fn a_file_that_is_missing_is_an_error_and_the_others_are_read() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..10));
    symlink("nowhere", pintail.path("dangling.log")).unwrap();
    let complaint = pintail.fails(1, ["ingest", "gone.log", "dangling.log", "no*match", "app.log"]);
    assert!(complaint.contains("open gone.log: No such file"), "{complaint}");
    assert!(complaint.contains("open dangling.log: No such file"), "{complaint}");
    assert!(complaint.contains("no file matches no*match"), "{complaint}");
    assert!(complaint.contains("3 of 4 inputs could not be read"), "{complaint}");
    assert_eq!(pintail.messages().len(), 10);
}

#[test]
fn nothing_but_missing_files_makes_no_database() {
    let pintail = Pintail::new();
    pintail.fails(1, ["ingest", "gone.log"]);
    assert!(!pintail.path("pintail.duckdb").exists());
}

#[test]
fn an_empty_file_is_said_to_be_empty() {
    let pintail = Pintail::new();
    pintail.write("app.log", "");
    let summary = pintail.ingest(["app.log"]);
    assert_eq!(summary.lines, 0);
    assert!(summary.names("empty").ends_with("app.log"));
    assert_eq!(pintail.count("logs"), 0);
}

#[test]
fn ten_thousand_small_files_take_seconds() {
    const FILES: u64 = 10_000;
    const GROWN: u64 = 200;
    let pintail = Pintail::new();
    fs::create_dir(pintail.path("logs")).unwrap();
    let name = |n: u64| format!("logs/{n:05}.log");
    for n in 0..FILES {
        pintail.write(&name(n), line(n));
    }
    let started = Instant::now();
    assert_eq!(pintail.ingest(["logs"]).records, FILES);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());

    for n in 0..GROWN {
        pintail.append(&name(n), line(FILES + n));
    }
    assert_eq!(pintail.ingest(["logs"]).records, GROWN);
    assert_eq!(pintail.count("(select distinct message from logs)"), (FILES + GROWN) as i64);
    pintail.assert_complete();
}

// Pipes

#[test]
fn standard_input_is_read_to_its_end() {
    let pintail = Pintail::new();
    for (input, before) in [(lines(0..30).into_bytes(), 0), (gzip(lines(30..50)), 30)] {
        assert_eq!(pintail.run_with(["ingest", "-"], input).code, Some(0));
        assert!(pintail.count("logs") > before);
    }
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..50));
    assert_eq!(pintail.column("select distinct name from sources"), ["-"]);
    pintail.assert_sound();
}

#[test]
fn empty_standard_input_is_no_error() {
    let pintail = Pintail::new();
    let run = pintail.run_with(["ingest", "-"], "");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(pintail.count("logs"), 0);
}

#[test]
fn a_named_pipe_is_read_to_its_end() {
    let pintail = Pintail::new();
    let made = std::process::Command::new("mkfifo").arg(pintail.path("pipe")).status().unwrap();
    assert!(made.success());
    let child = pintail.command(["ingest", "pipe"]).spawn().unwrap();
    // Opening waits for the reader.
    fs::OpenOptions::new()
        .write(true)
        .open(pintail.path("pipe"))
        .unwrap()
        .write_all(lines(0..5000).as_bytes())
        .unwrap();
    assert_eq!(common::finish(child, Vec::new()).code, Some(0));
    assert_eq!(pintail.count("(select distinct message from logs)"), 5000);
}

#[test]
fn a_summary_that_nobody_reads_is_no_error_and_hides_none() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..10));
    for (paths, code) in [(&["app.log"][..], 0), (&["app.log", "gone.log"], 1)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = pintail.command(["ingest"].iter().chain(paths));
        let run = common::finish(command.stdout(writer).spawn().unwrap(), Vec::new());
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(!run.stderr.contains("panicked"), "{run:?}");
        assert_eq!(pintail.messages().len(), 10);
    }
}

// Compression

#[test]
fn compressed_files_are_read_like_plain_ones() {
    let pintail = Pintail::new();
    pintail.write("a.gz", gzip(lines(0..10)));
    pintail.write("members.gz", [gzip(lines(10..20)), gzip(lines(20..30))].concat());
    pintail.write("b.zst", zstd(lines(30..40)));
    pintail.write("frames.zst", [zstd(lines(40..50)), zstd(lines(50..60))].concat());
    pintail.write("named-otherwise", gzip(lines(60..70)));
    assert_eq!(pintail.ingest(["."]).records, 70);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..70));
    assert_eq!(pintail.ingest(["."]).records, 0);
    let ends = pintail.column("select end_byte from positions order by source");
    assert!(ends.iter().all(|end| end.parse::<usize>().unwrap() <= lines(40..60).len()));
    pintail.assert_sound();
}

#[test]
fn of_an_archive_that_grew_only_what_is_new_is_read() {
    for (name, pack) in
        [("app.gz", gzip as fn(String) -> Vec<u8>), ("app.zst", zstd as fn(String) -> Vec<u8>)]
    {
        let pintail = Pintail::with(name, pack(lines(0..100)));
        pintail.append(name, pack(lines(100..130)));
        assert_eq!(pintail.ingest([name]).records, 30, "{name}");
        assert_eq!(pintail.column("select message from logs order by ts"), messages(0..130));
        pintail.assert_sound();
    }
}

#[test]
fn of_a_damaged_archive_everything_before_the_damage_is_in() {
    for (name, archive) in [("app.gz", gzip(lines(0..20_000))), ("app.zst", zstd(lines(0..20_000)))]
    {
        let pintail = Pintail::new();
        pintail.write(name, &archive[..archive.len() / 2]);
        let complaint = pintail.fails(1, ["ingest", name]);
        assert!(complaint.contains(&format!("read {name}: ")), "{complaint}");
        let before = pintail.count("logs");
        assert!(before > 1000, "{name}: {before} of 20,000");

        // The copy that was under way is now complete.
        pintail.write(name, &archive);
        pintail.ok(["ingest", name]);
        let found = pintail.column("select message from logs order by ts");
        assert_eq!(found, messages(0..20_000), "{name}");
        assert_eq!(pintail.count("rejects"), 0, "{name}");
        pintail.assert_sound();
    }
}

/// What `aws logs filter-log-events` prints, and CloudTrail's files: one document around all records.
#[test]
fn documents_around_records_are_read_one_record_at_a_time() {
    let event =
        |n: u64| format!(r#"{{"timestamp": {}, "message": "message {n}"}}"#, 1_767_571_200_000 + n);
    let events = |between: &str| (0..30_000).map(event).collect::<Vec<_>>().join(between);
    let pretty =
        format!("{{\n    \"events\": [\n{}\n    ],\n    \"next\": null\n}}\n", events(",\n"));
    let one_line = format!("{{\"logGroup\":\"shop\",\"logEvents\":[{}]}}", events(","));
    assert!(one_line.len() > 1 << 20);
    let utf16: Vec<u8> = pretty.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes) in [
        ("pretty.json", pretty.clone().into_bytes()),
        ("line.json.gz", gzip(&one_line)),
        ("array.json", format!("[{}]", events(",")).into_bytes()),
        ("joined.json", events("").into_bytes()),
        ("utf-16.json", [b"\xff\xfe", &utf16[..]].concat()),
    ] {
        let pintail = Pintail::new();
        pintail.write(name, &bytes);
        let summary = pintail.ingest([name]);
        assert_eq!((summary.records, summary.rejects), (30_000, 0), "{name}");
        assert_eq!(pintail.column("select message from logs order by ts"), messages(0..30_000));
        assert_eq!(pintail.ingest([name]).lines, 0, "{name} is known");
        pintail.assert_sound();
    }
    // What stands beside the list belongs to each record.
    let pintail = Pintail::new();
    pintail.write("line.json", &one_line);
    pintail.ok(["ingest", "line.json"]);
    let with_group =
        "select count(*) from logs where fields->>'$.logGroup' = 'shop' or service = 'shop'";
    assert_eq!(pintail.value(with_group), 30_000);
    // Through a pipe, and one whose end is missing: nothing of that is stored twice when it is whole.
    let run = pintail.run_with(["ingest", "-"], pretty.clone().into_bytes());
    assert!(run.stderr.is_empty() || !run.stderr.contains("reject"), "{}", run.stderr);
    assert_eq!(pintail.count("logs"), 60_000);
    pintail.write("half.json", &pretty[..pretty.len() / 2]);
    let complaint = pintail.fails(1, ["ingest", "half.json"]);
    assert!(complaint.contains("its JSON document does not end"), "{complaint}");
    pintail.write("half.json", &pretty);
    pintail.ok(["ingest", "half.json"]);
    assert_eq!(pintail.count("logs"), 90_000);
    assert_eq!(pintail.count("rejects"), 0);
}

// Bytes

#[test]
fn byte_order_marks_and_utf16_are_understood() {
    let text = lines(0..30).replace("message", "größe 價格");
    let expected: Vec<String> = (0..30).map(|n| format!("größe 價格 {n}")).collect();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (name, bytes) in [
        ("utf-8", text.clone().into_bytes()),
        ("utf-8 with mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("utf-16le", little.clone()),
        ("utf-16le with mark", [b"\xff\xfe", &little[..]].concat()),
        ("utf-16be", big.clone()),
        ("utf-16be with mark", [b"\xfe\xff", &big[..]].concat()),
    ] {
        let pintail = Pintail::new();
        pintail.write("app.utf16", &bytes);
        let summary = pintail.ingest(["app.utf16"]);
        assert_eq!(summary.rejects, 0, "{name}");
        assert_eq!(pintail.column("select message from logs order by ts"), expected, "{name}");
        assert_eq!(pintail.ingest(["app.utf16"]).lines, 0, "{name}");
        pintail.assert_complete();
    }
}

#[test]
fn a_utf16_file_that_grew_is_read_on() {
    let encode = |text: String| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let text = encode(lines(0..30));
    // Odd: in the middle of a character.
    let cut = text.len() - 21;
    let pintail = Pintail::with("app.utf16", [b"\xff\xfe", &text[..cut]].concat());
    pintail.append("app.utf16", [&text[cut..], &encode(lines(30..40))].concat());
    pintail.ok(["ingest", "app.utf16"]);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..40));
}

#[test]
fn half_a_line_after_a_byte_order_mark_becomes_one_whole_record() {
    let pintail = Pintail::with("app.log", format!("\u{feff}{}", &line(0)[..35]));
    pintail.append("app.log", format!("{}{}", &line(0)[35..], lines(1..20)));
    pintail.ok(["ingest", "app.log"]);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..20));
    assert_eq!(pintail.count("rejects"), 0);
    pintail.assert_complete();
}

#[test]
fn line_breaks_of_windows_are_not_part_of_messages() {
    let pintail = Pintail::with("app.log", lines(0..30).replace('\n', "\r\n"));
    pintail.append("app.log", line(30).replace('\n', "\r\n"));
    pintail.ok(["ingest", "app.log"]);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..31));
    pintail.assert_complete();
}

#[test]
fn what_copytruncate_leaves_is_read() {
    let mut bytes = vec![0; 100_000];
    bytes.extend_from_slice(lines(0..30).as_bytes());
    let pintail = Pintail::new();
    pintail.write("app.log", bytes);
    let summary = pintail.ingest(["app.log"]);
    assert_eq!((summary.records, summary.repaired), (30, 1), "{}", summary.text);
    assert_eq!(pintail.column("select message from logs order by ts"), messages(0..30));
    pintail.assert_complete();
}

#[test]
fn colours_and_broken_characters_do_not_keep_lines_out() {
    let pintail = Pintail::new();
    let mut bytes = lines(0..20).into_bytes();
    bytes.extend_from_slice(b"2026-01-05 01:00:00.000 \x1b[1;31mERROR\x1b[0m payment red\n");
    bytes.extend_from_slice(b"2026-01-05 01:00:01.000 ERROR payment: caf\xe9 \x80 5\n");
    bytes.extend_from_slice(b"2026-01-05 01:00:02.000 ERROR payment: caf\xc3\xa9 \xe9 a\0b\n");
    pintail.write("app.log", bytes);
    let summary = pintail.ingest(["app.log"]);
    assert_eq!((summary.records, summary.repaired), (23, 1), "{}", summary.text);
    assert_eq!(
        pintail.column("select message from logs where level = 'ERROR' order by ts"),
        ["red", "café € 5", "café \u{fffd} a\u{fffd}b"]
    );
}

#[test]
fn a_line_of_64_megabytes_is_rejected_and_the_next_are_read() {
    let giant = format!("2026-01-05 00:00:10.000 INFO payment: {}\n", "x".repeat(64 << 20));
    for (before, after) in [(0..10, 11..20), (0..0, 11..31)] {
        let pintail = Pintail::new();
        let text = format!("{}{giant}{}", lines(before.clone()), lines(after.clone()));
        pintail.write("app.log", &text);
        let summary = pintail.ingest(["app.log"]);
        assert_eq!(summary.rejects, 1, "{}", summary.text);
        assert_eq!(pintail.messages().len(), before.count() + after.count());
        let reject =
            &pintail.sql("select reason, line, end_byte - start_byte as n from rejects")[0];
        assert_eq!(reject["reason"], "line longer than 1 MiB");
        assert_eq!(reject["n"], giant.len());
        let kept = reject["line"].as_str().unwrap();
        assert!(kept.len() == 4096 && giant.starts_with(kept), "{} bytes kept", kept.len());
        pintail.assert_complete();
    }
}

/// The reader must come to a clear end when the file it reads becomes shorter.
#[test]
fn a_file_truncated_while_it_is_read_is_a_clear_end() {
    let pintail = Pintail::new();
    pintail.ok(["generate", "--lines", "600000", "--rate", "500", "--output", "app.log"]);
    let child = pintail.command(["ingest", "app.log"]).spawn().unwrap();
    until("the database", || pintail.path("pintail.duckdb").exists());
    let file = fs::OpenOptions::new().write(true).open(pintail.path("app.log")).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let run = common::finish(child, Vec::new());
    assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
    assert!(!run.stderr.contains("panicked"), "{run:?}");
    assert!(pintail.count("logs") > 0);
    pintail.assert_sound();

    file.set_len(0).unwrap();
    pintail.write("app.log", lines(0..50));
    assert_eq!(pintail.ingest(["app.log"]).records, 50);
    pintail.assert_sound();
}

// Options

#[test]
fn an_unknown_format_is_a_usage_error_that_names_the_known_ones() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..10));
    let complaint = pintail.fails(2, ["ingest", "app.log", "--format", "purple"]);
    assert!(complaint.contains("unknown format purple"), "{complaint}");
    for name in ["text", "json", "syslog5424", "access", "regex:"] {
        assert!(complaint.contains(name), "{name}: {complaint}");
    }
    assert!(!pintail.path("pintail.duckdb").exists());
}

#[test]
fn a_forced_pattern_reads_what_no_format_knows() {
    let pintail = Pintail::new();
    pintail.write("app.log", "E|payment|2026-01-05 10:00:00|Card declined\n");
    let pattern = r"regex:(?<level>\w)\|(?<service>\w+)\|(?<ts>[^|]+)\|(?<message>.*)";
    pintail.ok(["ingest", "app.log", "--format", pattern]);
    let row = &pintail.sql("select level, service, ts, message from logs")[0];
    assert_eq!((&row["level"], &row["service"]), (&"ERROR".into(), &"payment".into()));
    assert_eq!(row["message"], "Card declined");
}

#[test]
fn formats_of_ones_own_come_from_a_file() {
    let pintail = Pintail::new();
    pintail.write("app.log", "payment> 2026-01-05 10:00:00 > Card declined\n".repeat(3));
    let pattern = r"'(?<service>\w+)> (?<ts>[^>]+) > (?<message>.*)'";
    pintail.write("formats.toml", format!("[format.arrows]\npattern = {pattern}\n"));
    pintail.ok(["ingest", "app.log", "--formats", "formats.toml"]);
    assert_eq!(pintail.column("select format from sources"), ["arrows"]);
    assert_eq!(pintail.count("logs where message = 'Card declined'"), 3);

    pintail.write("broken.toml", "[format.arrows]\npattern = '(?<ts>'\n");
    let complaint = pintail.fails(2, ["ingest", "app.log", "--formats", "broken.toml"]);
    assert!(complaint.contains("broken.toml") && complaint.contains("arrows"), "{complaint}");
}

#[test]
fn timestamps_without_a_zone_are_of_the_zone_that_was_given() {
    for (zone, hour) in [("UTC", 12), ("+02:00", 10), ("Europe/Berlin", 11), ("America/Lima", 17)] {
        let pintail = Pintail::new();
        let winter = "2026-01-05 12:00:00.000 INFO payment: bare\n";
        let named = "2026-01-05T12:00:00.000Z INFO payment: says UTC\n";
        pintail.write("app.log", format!("{winter}{named}"));
        pintail.ok(["ingest", "app.log", "--timezone", zone]);
        let hours = pintail.column("select hour(ts) from logs order by message");
        assert_eq!(hours, [hour.to_string(), "12".to_owned()], "{zone}");
    }
}

#[test]
fn an_unknown_zone_is_a_usage_error() {
    let pintail = Pintail::new();
    pintail.write("app.log", line(0));
    let complaint = pintail.fails(2, ["ingest", "app.log", "--timezone", "Mars/Olympus"]);
    assert!(complaint.contains("Mars/Olympus") && complaint.contains("Europe/Berlin"));
}

/// Lines without a year are not younger than their file.
#[test]
fn a_missing_year_is_that_of_the_files_last_change() {
    let pintail = Pintail::new();
    let line = |day: &str| format!("{day} 10:11:12 host app[812]: message\n");
    pintail.write("app.log", format!("{}{}", line("Dec 31"), line("Jan  5")));
    let january_2024 = SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_500_000);
    let file = fs::File::options().write(true).open(pintail.path("app.log")).unwrap();
    file.set_modified(january_2024).unwrap();
    pintail.ok(["ingest", "app.log"]);
    let dates = pintail.column("select ts::date from logs order by ts");
    assert_eq!(dates, ["2023-12-31", "2024-01-05"]);
}

#[test]
fn quiet_prints_nothing() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..10));
    assert_eq!(pintail.ok(["ingest", "--quiet", "app.log"]), "");
}

#[test]
fn the_number_of_workers_changes_nothing() {
    let pintail = Pintail::new();
    pintail.ok(["generate", "--lines", "100000", "--rate", "500", "--output", "app.log"]);
    let digest = "select count(*) as n, bit_xor(hash(ts, level, service, message)) as h from logs";
    let mut digests = Vec::new();
    for workers in ["1", "2", "7"] {
        let database = format!("{workers}.duckdb");
        pintail.ok(["ingest", "app.log", "--workers", workers, "--db", &database]);
        digests.push(pintail.ok(["sql", "--db", &database, digest]));
    }
    assert!(digests[0].contains("100000"));
    assert!(digests.iter().all(|other| *other == digests[0]), "{digests:?}");
}
