//! The prompt of `pintail sql`, under a pseudo-terminal that `script` of util-linux makes.

#![cfg(target_os = "linux")]

mod common;

use std::process::Stdio;

use common::{Pintail, finish};

/// What the terminal shows, without control sequences, while `input` is typed.
fn session(pintail: &Pintail, input: &str) -> String {
    let binary = env!("CARGO_BIN_EXE_pintail");
    let run = format!("stty cols 120; exec '{binary}' sql --db pintail.duckdb");
    let mut script = std::process::Command::new("script");
    script
        .args(["-qec", &run, "/dev/null"])
        .current_dir(pintail.dir())
        .env("XDG_STATE_HOME", pintail.path("state"))
        .env("TERM", "xterm")
        .env_remove("PINTAIL_DB")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let run = finish(script.spawn().unwrap(), format!("{input}.quit\n").into_bytes());
    assert_eq!(run.code, Some(0), "{run:?}");
    let controls = regex::Regex::new(r"\x1b\[[0-9;?]*[A-Za-z]|\r").unwrap();
    controls.replace_all(&run.stdout, "").into_owned()
}

#[test]
fn the_prompt_answers() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, "select count(*) * 1000 as thousandfold from logs;\n");
    assert!(screen.contains("pintail> "), "{screen}");
    assert!(screen.contains(".help for help"), "{screen}");
    assert!(screen.contains("thousandfold") && screen.contains("2000000"), "{screen}");
    assert!(screen.contains("1 row in "), "{screen}");
}

#[test]
fn a_statement_goes_on_until_its_semicolon() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, "select ';' || count(*) * 1000\n\nfrom logs\n;\n");
    assert!(screen.contains(";2000000"), "{screen}");
    assert!(!screen.contains("Error"), "{screen}");
}

#[test]
fn several_statements_in_one_line_all_answer() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, "select 20 * 11 as a; select 30 * 11 as b;\n");
    assert!(screen.contains("220") && screen.contains("330"), "{screen}");
}

#[test]
fn an_error_is_shown_and_the_prompt_comes_back() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, "select nope from logs;\nselect 20 * 11 as v;\n");
    let error = screen.find("Referenced column \"nope\" not found").expect(&screen);
    assert!(screen[error..].contains('^'), "{screen}");
    assert!(screen[error..].contains("220"), "{screen}");
}

#[test]
fn a_write_is_refused_and_the_prompt_comes_back() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, "delete from logs;\nselect count(*) * 1000 from logs;\n");
    assert!(screen.contains("read-only") && screen.contains("2000000"), "{screen}");
}

#[test]
fn commands_begin_with_a_dot() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, ".help\n");
    for word in [".tables", ".format FORMAT", "per_minute('WARN')", "Times are UTC"] {
        assert!(screen.contains(word), "{word}: {screen}");
    }
    let screen = session(&pintail, ".tables\n");
    for table in ["anomalies", "ingested", "logs", "rejects"] {
        assert!(screen.contains(table), "{table}: {screen}");
    }
    let screen = session(&pintail, ".format jsonl\nselect 20 * 11 as v;\n");
    assert!(screen.contains("{\"v\":220}"), "{screen}");
    let screen = session(&pintail, ".format purple\n.limit many\n.dance\nselect 20 * 11 as v;\n");
    assert!(screen.contains("there are table, csv"), "{screen}");
    assert!(screen.contains(".limit takes a number"), "{screen}");
    assert!(screen.contains("unknown command; .help lists them"), "{screen}");
    assert!(screen.contains("220"), "{screen}");
}

#[test]
fn a_screen_gets_200_rows_unless_it_wants_more() {
    let pintail = Pintail::with_data("sample.log");
    let query = "select n * 1000 as thousands from range(1, 302) r(n);\n";
    let screen = session(&pintail, query);
    assert!(screen.contains("200000") && !screen.contains("201000"), "{screen}");
    assert!(screen.contains("first 200 rows; there are more"), "{screen}");
    let screen = session(&pintail, &format!(".limit 0\n{query}"));
    assert!(screen.contains("301000") && screen.contains("301 rows in"), "{screen}");
}

#[test]
fn what_was_typed_is_remembered_for_the_next_session() {
    let pintail = Pintail::with_data("sample.log");
    session(&pintail, "select 20 * 11 as v;\n select 'a space before keeps it secret';\n");
    let history = pintail.read("state/pintail/history");
    assert!(history.contains("select 20 * 11 as v;"), "{history}");
    assert!(!history.contains("secret"), "{history}");

    // Arrow up twice: the last was `.quit`.
    let screen = session(&pintail, "\x1b[A\x1b[A\n");
    assert!(screen.contains("220"), "{screen}");
}

#[test]
fn tab_completes_names() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, "select count(*) * 1000 from anoma\t;\n");
    assert!(screen.contains("from anomalies;"), "{screen}");
    assert!(!screen.contains("Error"), "{screen}");
}

#[test]
fn the_end_of_input_leaves_the_prompt() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, "select 20 * 11 as v;\n\x04");
    assert!(screen.contains("220"), "{screen}");
}
