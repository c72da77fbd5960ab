//! `pintail serve`: follows files and serves the dashboard.

use std::path::PathBuf;

use super::args::ReadingArgs;
use super::server::{Server, ServerArgs, log_to_stderr, say};
use crate::config::DatabaseArgs;
use crate::error::Result;
use crate::ingest::{FollowOptions, follow};
use crate::stop::Stop;

/// Follow log files, watch for anomalies, and serve the dashboard and the HTTP API
///
/// Files, directories and globs are followed as they grow; without any, what is in the
/// database is shown. Ctrl-C ends it; the next start goes on where this one stopped.
///
/// Mail about anomalies: set PINTAIL_SMTP_HOST, PINTAIL_SMTP_FROM and PINTAIL_SMTP_TO (and
/// PINTAIL_SMTP_PORT, _USER, _PASSWORD, _TLS=starttls|tls|none), or PINTAIL_SMTP_FILE to the path
/// of a TOML file with host, from, to, port, user, password, tls.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files, directories and globs to follow
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    database: DatabaseArgs,

    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    reading: ReadingArgs,
}

pub fn run(args: Args) -> Result<()> {
    let formats = args.reading.formats()?;
    for path in &args.paths {
        follow::check(path)?;
    }
    log_to_stderr();
    let server = Server::open(args.server, args.database.path.clone())?;
    let follower = (!args.paths.is_empty()).then(|| {
        server.follower(FollowOptions {
            paths: args.paths.clone(),
            database: args.database.path.clone(),
            formats,
            zone: args.reading.timezone,
        })
    });
    say(&format!("Pintail {} on {}", env!("CARGO_PKG_VERSION"), server.address()?));
    say(&format!("  database  {}", args.database.path.display()));
    for path in &args.paths {
        say(&format!("  follows   {}", path.display()));
    }
    match server.mail() {
        Some(mail) => say(&format!("  alerts    {mail:?}")),
        None => say("  alerts    on the page; for mail see pintail serve --help"),
    }
    server.run(follower, false, Stop::new())?;
    eprintln!("stopped");
    Ok(())
}
