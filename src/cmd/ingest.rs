//! `pintail ingest`: log files into the database.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::args::ReadingArgs;
use super::load::{Loader, Wanted};
use super::show;
use crate::config::{DatabaseArgs, load_workers};
use crate::error::{Error, Result};
use crate::escape;
use crate::ingest::{Outcome, Progress, Summary, inputs};
use crate::parse::time::Undated;

/// Load log files: plain, .gz or .zst, directories, globs, - for standard input
///
/// Formats are recognised from a file's first lines. What was loaded before is not loaded
/// again: of a file that grew, only what is new is read. While a server has the database, it
/// goes through the server.
#[derive(Debug, clap::Args)]
#[command(after_long_help = super::args::formats_help())]
pub struct Args {
    /// Files, directories, globs, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    database: DatabaseArgs,

    #[command(flatten)]
    reading: ReadingArgs,

    /// Forget what was loaded of these files before and load them from their beginning, for
    /// instance in another format
    #[arg(long)]
    again: bool,

    /// Threads that parse and write [default: all cores, up to 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,

    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(args: Args) -> Result<()> {
    // What makes no sense is said before anything is looked at.
    args.reading.formats()?;
    let (inputs, unreadable) = inputs::expand(&args.paths, &args.database.path);
    let inputs_total = inputs.len() + unreadable.len();
    for error in &unreadable {
        eprintln!("pintail: {}", escape::line(&error.to_string()));
    }
    if inputs.is_empty() {
        if unreadable.is_empty() {
            eprintln!("pintail: there are no files to read");
        }
        return failures(unreadable.len(), inputs_total);
    }
    let wanted = Wanted {
        inputs,
        reading: &args.reading,
        again: args.again,
        workers: args.workers.map_or_else(load_workers, usize::from),
    };
    let started = Instant::now();
    let loader = Loader::open(&args.database.path)?;
    let progress = Progress::default();
    let shown = !args.quiet && std::io::stderr().is_terminal();
    let summary = with_progress_bar(&progress, shown, || loader.load(wanted, &progress))?;
    // Closing writes what is left to the file; the time it takes belongs to the load.
    drop(loader);
    report_failures(&summary);
    if !args.quiet {
        match print_summary(&summary, started.elapsed(), args.reading.undated) {
            // Nobody reads the summary; what failed is still to be said.
            Err(Error::Io(error)) if error.kind() == ErrorKind::BrokenPipe => {}
            printed => printed?,
        }
    }
    failures(unreadable.len() + summary.failures(), inputs_total)
}

fn failures(failed: usize, total: usize) -> Result<()> {
    if failed == 0 { Ok(()) } else { Err(Error::Partial { failed, total }) }
}

/// Runs `work` while another thread draws how far it has come.
fn with_progress_bar<T>(progress: &Progress, shown: bool, work: impl FnOnce() -> T) -> T {
    if !shown {
        return work();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Set however the work ends: the scope waits for the thread that draws.
        let _finished = SetOnDrop(&done);
        scope.spawn(|| {
            let bar = new_bar();
            while !done.load(Ordering::Relaxed) {
                draw(&bar, progress);
                std::thread::park_timeout(Duration::from_millis(100));
            }
            bar.finish_and_clear();
        });
        work()
    })
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn new_bar() -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{bar:30} {percent:>3} %  {decimal_bytes}/{decimal_total_bytes}  {msg}  {eta} left",
    )
    .expect("the template is a constant that indicatif accepts");
    ProgressBar::new(0).with_style(style)
}

fn draw(bar: &ProgressBar, progress: &Progress) {
    bar.set_length(progress.bytes_total.load(Ordering::Relaxed));
    bar.set_position(progress.bytes_read.load(Ordering::Relaxed));
    let lines = progress.lines.load(Ordering::Relaxed);
    let seconds = bar.elapsed().as_secs_f64().max(0.001);
    bar.set_message(format!(
        "{}  {}/s",
        show::plural(lines, "line"),
        show::count((lines as f64 / seconds) as u64)
    ));
}

fn report_failures(summary: &Summary) {
    for (_, outcome) in &summary.outcomes {
        if let Outcome::Failed(error) = outcome {
            eprintln!("pintail: {}", escape::line(&error.to_string()));
        }
    }
}

fn print_summary(summary: &Summary, elapsed: Duration, undated: Undated) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let tally = &summary.tally;
    let seconds = elapsed.as_secs_f64().max(0.001);
    writeln!(
        out,
        "{} from {} in {}: {} lines/s, {}/s",
        show::plural(tally.lines, "line"),
        show::plural(summary.sources, "source"),
        show::duration(elapsed),
        show::count((tally.lines as f64 / seconds) as u64),
        show::bytes(summary.bytes as f64 / seconds),
    )?;
    let range = summary
        .times
        .span
        .map(|(first, last)| format!("{} to {} UTC", show::time(first), show::time(last)));
    let rows = [
        ("records", tally.records, range.as_deref().unwrap_or_default()),
        ("  undated", tally.undated, undated_note(undated)),
        (
            "  ahead",
            summary.times.ahead,
            "of them more than an hour ahead of the clock: from far_times",
        ),
        ("  before 1990", summary.times.before_1990, "of them: from far_times"),
        ("continuations", tally.continuations, "lines of stack traces and the like"),
        ("skipped", tally.skipped, "blank lines, headers, comments"),
        ("repaired", tally.repaired, "lines with bytes that are not UTF-8"),
        ("rejects", tally.rejects, ""),
    ];
    for (name, number, note) in rows {
        if number > 0 || matches!(name, "records" | "rejects") {
            let line = format!("  {name:<14} {:>15}  {note}", show::count(number));
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    for (reason, count) in &summary.rejects {
        writeln!(out, "    {:>27}  {reason}", show::count(*count))?;
    }
    if tally.rejects > 0 {
        writeln!(out, "    they are kept: pintail sql \"from rejects\"")?;
    }
    let formats: Vec<String> = summary
        .formats
        .iter()
        .map(|(name, (sources, score))| {
            format!("{name} ({}, score {score:.2})", show::plural(*sources, "source"))
        })
        .collect();
    if !formats.is_empty() {
        writeln!(out, "  {:<14} {}", "formats", escape::line(&formats.join(", ")))?;
    }
    print_outcomes(summary, &mut out)
}

/// Which time records have whose lines have none.
fn undated_note(undated: Undated) -> &'static str {
    match undated {
        Undated::Mtime => {
            "of them: no time in their lines; they have their file's (--undated mtime)"
        }
        Undated::Arrival => {
            "of them: no time in their lines; they have that of this load (--undated arrival)"
        }
        Undated::Reject => "",
    }
}

/// A line for each kind of outcome; names where there are few.
fn print_outcomes(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    const NAMES_MAX: usize = 5;
    for title in ["empty", "unchanged", "grown", "replaced", "no logs"] {
        let names: Vec<&str> = summary
            .outcomes
            .iter()
            .filter(|(_, outcome)| outcome_title(outcome) == Some(title))
            .map(|(name, _)| name.as_str())
            .collect();
        if names.is_empty() {
            continue;
        }
        let more = match names.len().saturating_sub(NAMES_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let names = names[..names.len().min(NAMES_MAX)].join(", ");
        writeln!(out, "  {title:<14} {}{more}", escape::line(&names))?;
    }
    Ok(())
}

/// What the summary calls an outcome; failures have been reported before it.
fn outcome_title(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Empty => Some("empty"),
        Outcome::Unchanged => Some("unchanged"),
        Outcome::Grown => Some("grown"),
        Outcome::Replaced => Some("replaced"),
        Outcome::Skipped(_) => Some("no logs"),
        Outcome::Failed(_) => None,
    }
}
