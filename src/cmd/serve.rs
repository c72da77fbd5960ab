//! `pintail serve`: follows files and serves the dashboard.

use super::config::{ConfigArgs, Ready};
use super::keeper::Keeper;
use super::server::log_to_stderr;
use crate::error::Result;

/// Follow log files, watch for anomalies, and serve the dashboard and the HTTP API
///
/// Files, directories and globs are followed as they grow; without any, what is in the
/// database is shown. Ctrl-C ends it; the next start goes on where this one stopped. With - what
/// comes through standard input is taken in: myapp | pintail serve - --tee
///
/// What is said here can also stand in pintail.toml beside the database (or in --config FILE),
/// and in variables: PINTAIL_LISTEN for --listen. Flags go before variables, variables before the
/// file. `pintail check` shows what is in force; SIGHUP has it read again.
///
/// Mail about anomalies: `[mail]` in pintail.toml, or PINTAIL_SMTP_HOST, PINTAIL_SMTP_FROM and
/// PINTAIL_SMTP_TO (and PINTAIL_SMTP_PORT, _USER, _PASSWORD or _PASSWORD_FILE,
/// _TLS=starttls|tls|none), or PINTAIL_SMTP_FILE, the path of a TOML file with host, from, to,
/// port, user, password, tls.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

pub fn run(args: Args) -> Result<()> {
    let ready = Ready::of(args.config.load()?.configuration)?;
    log_to_stderr();
    Keeper::run(args.config, ready)?;
    eprintln!("stopped");
    Ok(())
}
