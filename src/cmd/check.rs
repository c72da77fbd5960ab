//! `pintail check`: looks at the configuration as `pintail serve` would, and shows it.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::beside::Beside;
use super::config::settings::keys;
use super::config::{ConfigArgs, Configuration, Loaded, Origin, Ready, Settings, in_full, ready};
use super::server::say;
use crate::alert::settings::Encryption;
use crate::alert::{MailOrigin, MailSettings};
use crate::error::{Error, Result};
use crate::ingest::inputs;

/// Check the configuration of `pintail serve`, and print it
///
/// Reads pintail.toml, the environment and the flags as `pintail serve` does; looks whether the
/// paths are there, the addresses are free, certificates, formats and mail are whole. Prints what
/// would be in force as TOML, each line with who said it, and no secret. Ends with 2 if something
/// is wrong.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

pub fn run(args: Args) -> Result<()> {
    let loaded = args.config.load()?;
    let database = &args.config.database.path;
    let mut problems = match Ready::of(loaded.configuration.clone()) {
        Ok(ready) => {
            print(&loaded, ready.mail.as_ref());
            if ready.tls.is_some() {
                say("# The certificate and its key belong together.");
            }
            Vec::new()
        }
        Err(Error::Configuration(problems)) => {
            print(&loaded, None);
            problems
        }
        Err(error) => return Err(error),
    };
    problems.extend(missing_paths(&loaded.configuration, database));
    problems.extend(taken_addresses(&loaded.configuration, database));
    if problems.is_empty() { Ok(()) } else { Err(Error::Configuration(problems)) }
}

/// What serve would wait for.
fn missing_paths(configuration: &Configuration, database: &Path) -> Vec<String> {
    let paths: Vec<PathBuf> =
        configuration.follow.iter().filter(|path| *path != Path::new("-")).cloned().collect();
    let (_, errors) = inputs::expand(&paths, database);
    errors.into_iter().map(|error| format!("follow: {error}")).collect()
}

/// Addresses that others have. Those of a server that has this database are its own.
fn taken_addresses(configuration: &Configuration, database: &Path) -> Vec<String> {
    let ours = Beside::read(database).filter(Beside::lives).map(|beside| beside.listens);
    let ours = ours.unwrap_or_default();
    let mut found = Vec::new();
    let mut look = |key: &str, address: SocketAddr, error: std::io::Error| {
        let is_ours = error.kind() == ErrorKind::AddrInUse && ours.contains(&address);
        if !is_ours {
            found.push(format!("{key}: listen on {address}: {error}"));
        }
    };
    if let Err(error) = TcpListener::bind(configuration.listen) {
        look("listen", configuration.listen, error);
    }
    for address in &configuration.otlp_grpc {
        if let Err(error) = TcpListener::bind(address) {
            look("otlp_grpc", *address, error);
        }
    }
    for address in &configuration.syslog {
        let bound = TcpListener::bind(address).and_then(|_| UdpSocket::bind(address));
        if let Err(error) = bound {
            look("syslog", *address, error);
        }
    }
    for address in &configuration.syslog_tls {
        if let Err(error) = TcpListener::bind(address) {
            look("syslog_tls", *address, error);
        }
    }
    found
}

fn print(loaded: &Loaded, mail: Option<&MailSettings>) {
    let file = loaded.file.as_ref().map(|path| path.display().to_string());
    say(&match &file {
        Some(file) => format!("# What is in force, with {file}."),
        None => "# What is in force; there is no pintail.toml.".to_owned(),
    });
    for line in lines(loaded) {
        say(&line);
    }
    if std::env::var_os(ready::TOKEN_VARIABLE).is_some()
        && loaded.configuration.token_file.is_none()
    {
        say("# The token is in the environment (PINTAIL_TOKEN).");
    }
    match mail {
        Some(mail) => mail_lines(mail).iter().for_each(|line| say(line)),
        None => say("\n# [mail] is not set up, or not whole."),
    }
}

/// Every key with its value and who said it.
fn lines(loaded: &Loaded) -> Vec<String> {
    let shown = keys(&in_full_everywhere(loaded.configuration.clone()));
    Settings::keys()
        .iter()
        .map(|key| {
            let origin = match loaded.origin(key) {
                Origin::Default => "default",
                Origin::File => "from the file",
                Origin::Environment => "from the environment",
                Origin::Flag => "from the command line",
            };
            match &shown[key] {
                Value::Null => format!("# {key} is not set"),
                value => format!("{key} = {}  # {origin}", toml(value)),
            }
        })
        .collect()
}

fn in_full_everywhere(mut configuration: Configuration) -> Configuration {
    let files = [&mut configuration.formats, &mut configuration.token_file];
    let tls = [&mut configuration.tls_cert, &mut configuration.tls_key];
    let files = files.into_iter().chain(tls).flatten();
    for path in files.chain(&mut configuration.follow) {
        *path = in_full(path);
    }
    configuration
}

fn mail_lines(mail: &MailSettings) -> Vec<String> {
    let tls = match mail.encryption {
        Encryption::StartTls => "starttls",
        Encryption::Tls => "tls",
        Encryption::None => "none",
    };
    let origin = |key: &str| match mail.origin(key) {
        Some(MailOrigin::Environment) => "from the environment",
        Some(MailOrigin::NamedFile) => "from the file of PINTAIL_SMTP_FILE",
        Some(MailOrigin::Table) => "from the file",
        None => "default",
    };
    let line = |key: &str, value: Value| format!("{key} = {}  # {}", toml(&value), origin(key));
    let mut lines = vec!["\n[mail]".to_owned()];
    lines.push(line("host", json!(mail.host)));
    lines.push(line("port", json!(mail.port)));
    lines.push(line("tls", json!(tls)));
    if let Some(user) = &mail.user {
        lines.push(line("user", json!(user)));
    }
    match (&mail.password_file, mail.password()) {
        (Some(path), _) => {
            let shown = toml(&json!(in_full(path)));
            lines.push(format!("password_file = {shown}  # {}", origin("password")));
        }
        (None, Some(_)) => lines.push(format!("# the password is {}", origin("password"))),
        (None, None) => {}
    }
    lines.push(line("from", json!(mail.from)));
    lines.push(line("to", json!(mail.to)));
    lines
}

/// Texts, numbers and lists are the same in TOML as in JSON, but for one character.
fn toml(value: &Value) -> String {
    value.to_string().replace('\u{7f}', "\\u007f")
}
