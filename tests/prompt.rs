//! The prompt of `pintail sql`, under a pseudo-terminal that `script` of util-linux makes.

#![cfg(target_os = "linux")]

mod common;

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use common::{Pintail, finish, until};

/// What the terminal has shown when the session is over. Each text is typed when the
/// prompt waits for it; the last ends the session.
fn session(pintail: &Pintail, typed: &[&str]) -> String {
    let mut terminal = Terminal::open(pintail);
    for text in typed {
        until("the prompt", || terminal.is_waiting());
        terminal.enter(text);
    }
    terminal.close()
}

/// A terminal in which `pintail sql` runs.
struct Terminal {
    script: Child,
    keyboard: ChildStdin,
    screen: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
    /// How much had been shown when something was typed last.
    seen: usize,
}

impl Terminal {
    fn open(pintail: &Pintail) -> Terminal {
        let run = format!("stty cols 120; exec '{}' sql", env!("CARGO_BIN_EXE_pintail"));
        let mut script = Command::new("script")
            .args(["-qec", &run, "/dev/null"])
            .current_dir(pintail.dir())
            .env("XDG_STATE_HOME", pintail.path("state"))
            .env("TERM", "xterm")
            .env_remove("PINTAIL_DB")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let keyboard = script.stdin.take().unwrap();
        let mut output = script.stdout.take().unwrap();
        let screen = Arc::new(Mutex::new(Vec::new()));
        let shared = screen.clone();
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                shared.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Terminal { script, keyboard, screen, reader, seen: 0 }
    }

    fn shown(&self) -> String {
        without_controls(&self.screen.lock().unwrap())
    }

    /// Whether the prompt has come back since something was typed.
    fn is_waiting(&self) -> bool {
        let shown = self.shown();
        shown[self.seen..].contains('\n') && shown.ends_with("pintail> ")
    }

    fn enter(&mut self, text: &str) {
        self.seen = self.shown().len();
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    fn close(self) -> String {
        // The keyboard is held until the end: without it, `script` types an end of input.
        let Terminal { script, keyboard, screen, reader, .. } = self;
        let run = finish(script, Vec::new());
        drop(keyboard);
        reader.join().unwrap();
        let shown = without_controls(&screen.lock().unwrap());
        assert_eq!(run.code, Some(0), "{shown}");
        shown
    }
}

fn without_controls(bytes: &[u8]) -> String {
    let controls = regex::Regex::new(r"\x1b\[[0-9;?]*[A-Za-z]|\r").unwrap();
    controls.replace_all(&String::from_utf8_lossy(bytes), "").into_owned()
}

#[test]
fn the_prompt_answers() {
    let pintail = Pintail::with_data("sample.log");
    let screen =
        session(&pintail, &["select count(*) * 1000 as thousandfold from logs;\n", ".quit\n"]);
    assert!(screen.contains(".help for help"), "{screen}");
    assert!(screen.contains("thousandfold") && screen.contains("2000000"), "{screen}");
    assert!(screen.contains("1 row in "), "{screen}");
}

#[test]
fn a_statement_goes_on_until_its_semicolon() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, &["select ';' || count(*) * 1000\n\nfrom logs\n;\n", ".quit\n"]);
    assert!(screen.contains(";2000000"), "{screen}");
    assert!(!screen.contains("Error"), "{screen}");
}

#[test]
fn several_statements_in_one_line_all_answer() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, &["select 20 * 11 as a; select 30 * 11 as b;\n", ".quit\n"]);
    assert!(screen.contains("220") && screen.contains("330"), "{screen}");
}

/// As while a query runs, or pasted from a terminal without bracketed paste.
#[test]
fn what_is_typed_ahead_is_not_lost() {
    let pintail = Pintail::with_data("sample.log");
    let mut terminal = Terminal::open(&pintail);
    until("the prompt", || terminal.is_waiting());
    terminal.enter("select 20 * 11 as a;\nselect 30 * 11 as b;\n");
    until("the first answer", || terminal.is_waiting() && terminal.shown().contains("220"));
    terminal.enter(".quit\n");
    let screen = terminal.close();
    assert!(screen.contains("330"), "{screen}");
}

#[test]
fn an_error_is_shown_and_the_prompt_comes_back() {
    let pintail = Pintail::with_data("sample.log");
    let screen =
        session(&pintail, &["select nope from logs;\n", "select 20 * 11 as v;\n", ".quit\n"]);
    let error = screen.find("Referenced column \"nope\" not found").expect(&screen);
    assert!(screen[error..].contains('^'), "{screen}");
    assert!(screen[error..].contains("220"), "{screen}");
}

#[test]
fn a_write_is_refused_and_the_prompt_comes_back() {
    let pintail = Pintail::with_data("sample.log");
    let count = "select count(*) * 1000 from logs;\n";
    let screen = session(&pintail, &["delete from logs;\n", count, ".quit\n"]);
    assert!(screen.contains("read-only") && screen.contains("2000000"), "{screen}");
}

#[test]
fn help_and_tables_say_what_there_is() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, &[".help\n", ".quit\n"]);
    for word in [".tables", ".format FORMAT", "per_minute('WARN')", "Times are UTC"] {
        assert!(screen.contains(word), "{word}: {screen}");
    }
    let screen = session(&pintail, &[".tables\n", ".quit\n"]);
    for table in ["anomalies", "ingested", "logs", "rejects"] {
        assert!(screen.contains(table), "{table}: {screen}");
    }
}

#[test]
fn the_format_can_be_changed() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, &[".format jsonl\n", "select 20 * 11 as v;\n", ".quit\n"]);
    assert!(screen.contains("{\"v\":220}"), "{screen}");
}

#[test]
fn a_command_that_makes_no_sense_is_answered_with_what_would() {
    let pintail = Pintail::with_data("sample.log");
    let typed = [".format purple\n", ".limit many\n", ".dance\n", ".quit\n"];
    let screen = session(&pintail, &typed);
    assert!(screen.contains("there are table, csv"), "{screen}");
    assert!(screen.contains(".limit takes a number"), "{screen}");
    assert!(screen.contains("unknown command; .help lists them"), "{screen}");
}

#[test]
fn a_screen_gets_200_rows_unless_it_wants_more() {
    let pintail = Pintail::with_data("sample.log");
    let query = "select n * 1000 as thousands from range(1, 302) r(n);\n";
    let screen = session(&pintail, &[query, ".quit\n"]);
    assert!(screen.contains("200000") && !screen.contains("201000"), "{screen}");
    assert!(screen.contains("first 200 rows; there are more"), "{screen}");
    let screen = session(&pintail, &[".limit 0\n", query, ".quit\n"]);
    assert!(screen.contains("301000") && screen.contains("301 rows in"), "{screen}");
}

#[test]
fn what_was_typed_is_remembered_for_the_next_session() {
    let pintail = Pintail::with_data("sample.log");
    let secret = " select 'a space before it keeps this secret';\n";
    session(&pintail, &["select 20 * 11 as v;\n", secret, ".quit\n"]);
    let history = pintail.read("state/pintail/history");
    assert!(history.contains("select 20 * 11 as v;"), "{history}");
    assert!(!history.contains("secret"), "{history}");

    // Arrow up twice: the last was `.quit`.
    let screen = session(&pintail, &["\x1b[A\x1b[A\n", ".quit\n"]);
    assert!(screen.contains("220"), "{screen}");
}

#[test]
fn tab_completes_names() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, &["select count(*) * 1000 from anoma\t;\n", ".quit\n"]);
    assert!(screen.contains("from anomalies;"), "{screen}");
    assert!(!screen.contains("Error"), "{screen}");
}

#[test]
fn ctrl_c_stops_a_query_and_not_the_prompt() {
    let pintail = Pintail::with_data("sample.log");
    let mut terminal = Terminal::open(&pintail);
    until("the prompt", || terminal.is_waiting());
    terminal.enter("select count(*) from range(10000000000) a, range(10000000000) b;\n");
    // Again and again: one that comes before the query has begun stops nothing.
    until("the query to stop", || {
        let shown = terminal.shown();
        let stopped = shown.contains("INTERRUPT");
        if shown[terminal.seen..].contains('\n') && !stopped {
            terminal.keyboard.write_all(b"\x03").unwrap();
        }
        stopped
    });
    // One that comes too late takes what is typed with it.
    until("the end", || {
        if terminal.is_waiting() {
            terminal.enter(".quit\n");
        }
        terminal.script.try_wait().unwrap().is_some()
    });
    terminal.close();
}

#[test]
fn the_end_of_input_leaves_the_prompt() {
    let pintail = Pintail::with_data("sample.log");
    let screen = session(&pintail, &["select 20 * 11 as v;\n", "\x04"]);
    assert!(screen.contains("220"), "{screen}");
}
