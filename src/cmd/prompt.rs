//! The interactive prompt of `pintail sql`: history, statements over several lines,
//! completion of names, Ctrl-C that stops a query and not the prompt.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor, Helper};

use super::answer::{GUIDE, View, run_one};
use super::connection::Connection;
use super::rows::RowFormat;
use crate::error::{Error, Result};
use crate::escape::{self, Tame};
use crate::store::output::{ColumnInfo, Flow, Rendering, RowSink};
use crate::store::statements;

/// Statements that are remembered from one session to the next.
const HISTORY_ENTRIES_MAX: usize = 10_000;

const COMMANDS: &str = "\
End a statement with a semicolon; Tab completes names; Ctrl-C stops a query, Ctrl-D leaves.
  .help            this
  .tables          tables and views
  .format FORMAT   table, csv, json, jsonl, markdown
  .limit N         rows shown, 0 for all
  .quit            leave
";

pub fn run(connection: &Connection, mut view: View) -> Result<()> {
    let names = Names::of(connection)?;
    let config = Config::builder()
        .max_history_size(HISTORY_ENTRIES_MAX)
        .map_err(readline_error)?
        .history_ignore_space(true)
        .auto_add_history(true)
        .build();
    let mut editor: Editor<Assistant, FileHistory> =
        Editor::with_config(config).map_err(readline_error)?;
    editor.set_helper(Some(Assistant { names }));
    let history = history_path();
    if let Some(path) = history.as_ref().filter(|path| path.exists()) {
        editor.load_history(path).map_err(readline_error)?;
    }
    stop_queries_on_interrupt(connection)?;
    println!("pintail {}: .help for help", env!("CARGO_PKG_VERSION"));
    loop {
        match editor.readline("pintail> ") {
            Ok(text) => {
                if obey(connection, text.trim(), &mut view)? == Flow::Enough {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(readline_error(error)),
        }
    }
    if let Some(path) = history {
        save_history(&mut editor, &path)?;
    }
    Ok(())
}

/// Ctrl-C stops the query that runs; at the prompt the line editor sees to it.
fn stop_queries_on_interrupt(connection: &Connection) -> Result<()> {
    let canceller = connection.canceller();
    ctrlc::set_handler(move || canceller.cancel())
        .map_err(|error| Error::Io(io::Error::other(error)))
}

/// Runs what was typed. An error of a statement is shown, and the prompt comes back.
fn obey(connection: &Connection, text: &str, view: &mut View) -> Result<Flow> {
    if let Some(command) = text.strip_prefix('.') {
        let mut words = command.split_whitespace();
        return obey_command(connection, words.next(), words.next(), view);
    }
    for statement in statements::split(text) {
        show(run_one(connection, statement, *view, &mut screen()))?;
    }
    Ok(Flow::More)
}

/// Where results are shown: what a log says is not obeyed.
fn screen() -> Tame<io::Stdout> {
    Tame::new(io::stdout())
}

/// Errors of the terminal end the prompt; errors of a statement are for reading.
fn show(result: Result<()>) -> Result<()> {
    match result {
        Err(Error::Io(error)) => Err(Error::Io(error)),
        Err(error) => {
            eprintln!("{}", escape::lines(&error.to_string()));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn obey_command(
    connection: &Connection,
    command: Option<&str>,
    argument: Option<&str>,
    view: &mut View,
) -> Result<Flow> {
    match (command, argument) {
        (Some("quit" | "exit" | "q"), _) => return Ok(Flow::Enough),
        (Some("help" | "h"), _) => println!("{COMMANDS}\n{GUIDE}"),
        (Some("tables"), _) => show(run_one(connection, "show tables", *view, &mut screen()))?,
        (Some("limit"), Some(rows)) => match rows.parse() {
            Ok(0) => view.limit = None,
            Ok(rows) => view.limit = Some(rows),
            Err(_) => eprintln!(".limit takes a number"),
        },
        (Some("format"), Some(name)) => match clap::ValueEnum::from_str(name, true) {
            Ok(RowFormat::Parquet) | Err(_) => {
                eprintln!("there are table, csv, json, jsonl and markdown");
            }
            Ok(format) => view.format = format,
        },
        _ => eprintln!("unknown command; .help lists them"),
    }
    Ok(Flow::More)
}

fn history_path() -> Option<PathBuf> {
    let state = match std::env::var_os("XDG_STATE_HOME") {
        Some(state) => PathBuf::from(state),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".local/state"),
    };
    Some(state.join("pintail/history"))
}

fn save_history(editor: &mut Editor<Assistant, FileHistory>, path: &std::path::Path) -> Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)
            .map_err(|error| Error::file("make", directory, error))?;
    }
    editor.save_history(path).map_err(readline_error)
}

fn readline_error(error: ReadlineError) -> Error {
    match error {
        ReadlineError::Io(error) => Error::Io(error),
        other => Error::Io(io::Error::other(other)),
    }
}

/// Names that can be completed.
struct Names {
    words: Vec<String>,
}

impl Names {
    fn of(connection: &Connection) -> Result<Names> {
        let mut names = Names { words: Vec::new() };
        let query = include_str!("../../sql/names.sql");
        connection.run(query, &[], Rendering::Text, &mut names)?;
        Ok(names)
    }
}

impl RowSink for Names {
    fn columns(&mut self, _columns: &[ColumnInfo]) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, values: &[Option<&str>]) -> Result<Flow> {
        self.words.extend(values[0].map(str::to_owned));
        Ok(Flow::More)
    }
}

struct Assistant {
    names: Names,
}

impl Helper for Assistant {}
impl Hinter for Assistant {
    type Hint = String;
}
impl Highlighter for Assistant {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        _default: bool,
    ) -> Cow<'b, str> {
        Cow::Borrowed(prompt)
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let whole = text.starts_with('.') || statements::is_complete(text);
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let start = line[..at]
            .rfind(|c| !is_name(c))
            .map_or(0, |before| before + line[before..].chars().next().map_or(1, char::len_utf8));
        let begun = line[start..at].to_lowercase();
        let candidates = if begun.is_empty() {
            Vec::new()
        } else {
            self.names
                .words
                .iter()
                .filter(|word| word.to_lowercase().starts_with(&begun))
                .map(|word| Pair { display: word.clone(), replacement: word.clone() })
                .collect()
        };
        Ok((start, candidates))
    }
}
