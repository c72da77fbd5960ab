//! `pintail serve`: follows files and serves the dashboard.

use super::config::{ConfigArgs, Ready};
use super::server::{Server, log_to_stderr, say};
use crate::error::Result;
use crate::ingest::FollowOptions;
use crate::stop::Stop;

/// Follow log files, watch for anomalies, and serve the dashboard and the HTTP API
///
/// Files, directories and globs are followed as they grow; without any, what is in the
/// database is shown. Ctrl-C ends it; the next start goes on where this one stopped.
///
/// What is said here can also stand in pintail.toml beside the database (or in --config FILE),
/// and in variables: PINTAIL_LISTEN for --listen. Flags go before variables, variables before the
/// file. `pintail check` shows what is in force.
///
/// Mail about anomalies: [mail] in pintail.toml, or PINTAIL_SMTP_HOST, PINTAIL_SMTP_FROM and
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
    let database = args.config.database.path;
    let configuration = &ready.configuration;
    log_to_stderr();
    let server = Server::open(&ready, database.clone())?;
    let follower = (!configuration.follow.is_empty()).then(|| {
        server.follower(FollowOptions {
            paths: configuration.follow.clone(),
            database: database.clone(),
            formats: ready.formats.clone(),
            zone: configuration.timezone.zone,
        })
    });
    say(&format!("Pintail {} on {}", env!("CARGO_PKG_VERSION"), server.address()?));
    say(&format!("  database  {}", database.display()));
    for path in &configuration.follow {
        say(&format!("  follows   {}", path.display()));
    }
    for address in server.syslog()? {
        say(&format!("  syslog    {address}"));
    }
    match server.mail() {
        Some(mail) => say(&format!("  alerts    {mail:?}")),
        None => say("  alerts    on the page; for mail see pintail serve --help"),
    }
    server.run(follower, false, Stop::new())?;
    eprintln!("stopped");
    Ok(())
}
