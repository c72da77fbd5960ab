//! `pintail generate`: writes a synthetic log to stdout or a file.

use std::fs;
use std::io::{self, IsTerminal};
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::error::{Error, Result};
use crate::generate::{
    Format, Generator, Output, Plan, Request, Rotation, Totals, parse_duration_ms, parse_size,
    parse_time,
};

/// Generate a synthetic log, reproducible by its seed, with planted incidents on request
///
/// The same options give the same bytes on every machine. Traffic follows the day
/// (quiet nights, busy afternoons, milder weekends), about 94 % of the records are
/// INFO, 4.5 % WARN and 1.5 % ERROR. Nothing unusual happens unless it is planted
/// with --incidents or --incident.
///
/// Examples:
///   pintail generate --lines 1000
///   pintail generate --duration 1d --incidents 5 --truth truth.json --output app.log
///   pintail generate --realtime --rate 20 --format json --output app.jsonl --rotate-size 50MB
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// First moment of the log: a date, an RFC 3339 time, or `now` for a log that ends now
    #[arg(long, value_name = "TIME", default_value = "2026-01-05T00:00:00Z")]
    #[arg(conflicts_with = "realtime")]
    start: String,

    /// Length of the log, such as 30m, 6h or 2d [default: what --lines needs at --rate, else 1h]
    #[arg(long, value_name = "TIME", value_parser = parse_duration_ms)]
    duration: Option<u64>,

    /// Stop after exactly this many lines; with --duration, at whichever comes first
    #[arg(long, value_name = "N")]
    lines: Option<NonZeroU64>,

    /// Records per second over all services, on average over the log
    #[arg(long, value_name = "N", default_value_t = 100.0)]
    rate: f64,

    /// Names of the services; those of the default have messages of their own, others general
    /// ones [default: auth,payment,orders,search]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    services: Option<Vec<String>>,

    /// Format of the lines
    #[arg(long, default_value = "text", value_parser = format_parser())]
    format: Format,

    /// File to write, replaced if it exists; `-` is stdout
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// Rotate the file before it grows over this size: FILE becomes FILE.1, FILE.1 becomes FILE.2, …
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    rotate_size: Option<u64>,

    /// Full files to keep; older ones are deleted
    #[arg(long, value_name = "N", default_value = "5", requires = "rotate_size")]
    rotate_keep: NonZeroU32,

    /// Write each record when its time comes, starting now; without --duration and --lines, forever
    #[arg(long)]
    realtime: bool,

    /// Plant this many incidents of all kinds, where the seed wants them; never in the first fifth
    #[arg(long, value_name = "N", default_value_t = 0)]
    incidents: usize,

    /// Plant an incident, such as error_spike:payment:3h:10m for one that starts 3 hours into the
    /// log and lasts 10 minutes; can be given several times. Kinds: error_spike, drop, silence,
    /// latency, new_message
    #[arg(long, value_name = "KIND:SERVICE:OFFSET:DURATION")]
    incident: Vec<Request>,

    /// Write down where the incidents are, as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::NAMES).try_map(|name| name.parse::<Format>())
}

pub fn run(args: Args) -> Result<()> {
    let started = Instant::now();
    let generator = Generator::new(&plan(&args)?)?;
    let mut output = output(&args)?;
    let written = if args.realtime {
        // The log may be stopped at any time: say what is planned beforehand.
        write_truth(&args, &generator, &Totals::default())?;
        generator.play(&mut |batch| {
            output.write(batch)?;
            output.flush()
        })
    } else {
        let threads = thread::available_parallelism().map_or(1, |threads| threads.get());
        generator.run(threads, &mut |batch| output.write(batch))
    };
    match written.and_then(|()| output.flush()) {
        // Whoever read the log has enough of it, as `head` does.
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        result => result?,
    }
    write_truth(&args, &generator, &output.totals)?;
    if io::stderr().is_terminal() {
        eprintln!("{}", summary(&output.totals, started.elapsed().as_secs_f64()));
    }
    Ok(())
}

fn plan(args: &Args) -> Result<Plan> {
    let lines = args.lines.map(NonZeroU64::get);
    let defaults = Plan::default();
    let mut plan = Plan {
        seed: args.seed,
        duration_ms: args.duration,
        lines,
        rate: args.rate,
        services: args.services.clone().unwrap_or(defaults.services),
        format: args.format,
        incidents: args.incident.clone(),
        random_incidents: args.incidents,
        ..defaults
    };
    if lines.is_none() && args.duration.is_none() && !args.realtime {
        plan.duration_ms = defaults.duration_ms;
    }
    if plan.duration_ms == Some(0) {
        return Err(Error::usage("--duration 0 leaves no time for a log; give more, such as 10m"));
    }
    plan.start = match args.start.as_str() {
        _ if args.realtime => Utc::now(),
        "now" => ending_now(&plan)?,
        time => parse_time(time)?,
    };
    Ok(plan)
}

/// The start of a log that ends now.
fn ending_now(plan: &Plan) -> Result<DateTime<Utc>> {
    let range_ms = plan.range_ms().unwrap_or_default();
    i64::try_from(range_ms)
        .ok()
        .and_then(TimeDelta::try_milliseconds)
        .and_then(|range| Utc::now().checked_sub_signed(range))
        .ok_or_else(|| Error::usage("the log is too long to end now; give a shorter --duration"))
}

fn output(args: &Args) -> Result<Output> {
    let rotation =
        args.rotate_size.map(|bytes_max| Rotation { bytes_max, keep: args.rotate_keep.get() });
    if args.output != Path::new("-") {
        return Output::file(&args.output, args.format, rotation);
    }
    if rotation.is_some() {
        return Err(Error::usage("stdout cannot be rotated; give a file with --output"));
    }
    Output::stdout(args.format)
}

fn write_truth(args: &Args, generator: &Generator, totals: &Totals) -> Result<()> {
    let Some(path) = &args.truth else { return Ok(()) };
    let truth = generator.truth(totals);
    let json = serde_json::to_string_pretty(&truth).map_err(io::Error::from)?;
    fs::write(path, json + "\n").map_err(|error| Error::file("write", path, error))
}

fn summary(totals: &Totals, seconds: f64) -> String {
    let Totals { lines, bytes, .. } = totals;
    format!(
        "wrote {lines} lines ({:.1} MB) in {seconds:.1} s, {:.0} lines/s",
        *bytes as f64 / 1e6,
        *lines as f64 / seconds.max(1e-9),
    )
}
