//! The keys of the configuration: once for the file, the environment and the flags. A key that
//! is missing is left to whoever stands below; the defaults are in [`super::configuration`].

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::values::{Threshold, Within, ZoneName};
use crate::alert::MailTable;
use crate::parse::time::DateOrder;

/// Everything `pintail serve` can be told.
#[derive(Clone, Debug, Default, Deserialize, Serialize, clap::Args)]
#[serde(default)]
pub struct Settings {
    /// Files, directories and globs to follow [in the file: follow = ["…", …]]
    #[arg(value_name = "PATH", env = "PINTAIL_FOLLOW")]
    pub follow: Option<Vec<PathBuf>>,

    /// Read every line in this format: a name listed by `pintail ingest --help`, or
    /// `regex:(?<ts>…) (?<level>…) …`
    #[arg(long, value_name = "FORMAT", env = "PINTAIL_FORMAT")]
    pub format: Option<String>,

    /// Formats of your own: a TOML file with [format.NAME] and `pattern = '(?<ts>…)…'`
    #[arg(long, value_name = "FILE", env = "PINTAIL_FORMATS")]
    pub formats: Option<PathBuf>,

    /// Zone of timestamps that name none: UTC, local, +02:00 or a name such as Europe/Berlin
    /// [default: UTC]
    #[arg(long, value_name = "ZONE", env = "PINTAIL_TIMEZONE")]
    pub timezone: Option<ZoneName>,

    /// Order of day, month and year in dates such as 01/02/26: mdy, dmy or ymd [default: what the
    /// lines of each source tell]
    #[arg(long, value_name = "ORDER", env = "PINTAIL_DATE_ORDER")]
    #[arg(value_parser = crate::cmd::args::date_order)]
    pub date_order: Option<DateOrder>,

    /// Write what comes in through standard input to standard output too
    #[arg(long, env = "PINTAIL_TEE")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub tee: Option<bool>,

    /// Receive syslog over TCP and UDP on this address and port; may be repeated
    #[arg(long, value_name = "ADDR:PORT", env = "PINTAIL_SYSLOG", value_delimiter = ',')]
    pub syslog: Option<Vec<SocketAddr>>,

    /// Receive syslog over TLS on this address and port, with --tls-cert and --tls-key; may be
    /// repeated
    #[arg(long, value_name = "ADDR:PORT", env = "PINTAIL_SYSLOG_TLS", value_delimiter = ',')]
    pub syslog_tls: Option<Vec<SocketAddr>>,

    /// Receive OTLP over gRPC on this address and port (usually 4317), with TLS where there is a
    /// certificate; may be repeated
    #[arg(long, value_name = "ADDR:PORT", env = "PINTAIL_OTLP_GRPC", value_delimiter = ',')]
    pub otlp_grpc: Option<Vec<SocketAddr>>,

    #[command(flatten)]
    #[serde(flatten)]
    pub server: ServerSettings,

    /// Mail has no flags: its secrets would be seen by everybody on the machine.
    #[arg(skip)]
    pub mail: Option<MailTable>,
}

/// The part of it that every server has, the demo's too.
#[derive(Clone, Debug, Default, Deserialize, Serialize, clap::Args)]
#[serde(default)]
pub struct ServerSettings {
    /// Address and port of the page and the API [default: 127.0.0.1:8501]
    #[arg(long, value_name = "ADDR:PORT", env = "PINTAIL_LISTEN")]
    pub listen: Option<SocketAddr>,

    /// A file with the token that the page and the API ask for [or set PINTAIL_TOKEN]
    #[arg(long, value_name = "FILE", env = "PINTAIL_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,

    /// Listen on other addresses than loopback without a token: everybody may read everything
    #[arg(long, env = "PINTAIL_INSECURE")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub insecure: Option<bool>,

    /// A name by which browsers reach this server, besides localhost and addresses
    #[arg(long, value_name = "NAME", env = "PINTAIL_ALLOW_HOST", value_delimiter = ',')]
    pub allow_host: Option<Vec<String>>,

    /// Where people reach the page, for links in mail [default: the address it listens on]
    #[arg(long, value_name = "URL", env = "PINTAIL_PUBLIC_URL")]
    pub public_url: Option<String>,

    /// Certificate (PEM, with the chain) for https and syslog over TLS
    #[arg(long, value_name = "FILE", env = "PINTAIL_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,

    /// Private key (PEM) of the certificate
    #[arg(long, value_name = "FILE", env = "PINTAIL_TLS_KEY")]
    pub tls_key: Option<PathBuf>,

    /// What raises alerts: names of detectors, .sql files, folders of them [default: counts, silence,
    /// and the folder detectors beside the database if there is one]
    #[arg(long, value_name = "NAME|PATH", env = "PINTAIL_DETECTORS", value_delimiter = ',')]
    pub detectors: Option<Vec<String>>,

    /// False alarms a day and thousand series that detectors may raise by chance [default: 1]
    #[arg(long, value_name = "N", env = "PINTAIL_FALSE_ALARMS_PER_DAY")]
    pub false_alarms_per_day: Option<Threshold>,

    /// The score from which on every detector raises an alert, instead of that budget
    #[arg(long, value_name = "SCORE", env = "PINTAIL_THRESHOLD")]
    pub threshold: Option<Threshold>,

    /// Seconds that records may be on their way: a minute is judged so long after it [default: 90]
    #[arg(long, value_name = "SECONDS", env = "PINTAIL_JUDGE_AFTER_SECONDS")]
    pub judge_after_seconds: Option<Within<0, 3_600>>,

    /// Seconds after which a query is stopped [default: 30]
    #[arg(long, visible_alias = "query-timeout", value_name = "SECONDS")]
    #[arg(env = "PINTAIL_QUERY_TIMEOUT_SECONDS")]
    pub query_timeout_seconds: Option<Within<1, 86_400>>,

    /// MiB that a request may have once it is decompressed [default: 64]
    #[arg(long, value_name = "MIB", env = "PINTAIL_BODY_MAX_MIB")]
    pub body_max_mib: Option<Within<1, 1_024>>,

    /// MiB of all requests together that are being taken in [default: 256]
    #[arg(long, value_name = "MIB", env = "PINTAIL_RECEIVE_MEMORY_MIB")]
    pub receive_memory_mib: Option<Within<1, 65_536>>,

    /// Seconds that requests may go on after the end was called for [default: 10]
    #[arg(long, value_name = "SECONDS", env = "PINTAIL_DRAIN_SECONDS")]
    pub drain_seconds: Option<Within<0, 3_600>>,

    /// MiB of DuckDB's memory; the process stays below about twice of it [default: 1536]
    #[arg(long, value_name = "MIB", env = "PINTAIL_DATABASE_MEMORY_MIB")]
    pub database_memory_mib: Option<Within<128, 1_048_576>>,

    /// Read the page from this directory instead of the binary, to edit it
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    #[serde(skip)]
    pub web_dir: Option<PathBuf>,
}

impl Settings {
    /// These, and `below` for what they do not say.
    pub fn over(self, below: Settings) -> Settings {
        Settings {
            follow: self.follow.or(below.follow),
            format: self.format.or(below.format),
            formats: self.formats.or(below.formats),
            timezone: self.timezone.or(below.timezone),
            date_order: self.date_order.or(below.date_order),
            tee: self.tee.or(below.tee),
            syslog: self.syslog.or(below.syslog),
            syslog_tls: self.syslog_tls.or(below.syslog_tls),
            otlp_grpc: self.otlp_grpc.or(below.otlp_grpc),
            server: self.server.over(below.server),
            mail: self.mail.or(below.mail),
        }
    }

    /// Paths that are written in a file are meant from where the file is.
    pub fn relative_to(&mut self, dir: &Path) {
        let files = [&mut self.formats, &mut self.server.token_file];
        let tls = [&mut self.server.tls_cert, &mut self.server.tls_key];
        let mail = self.mail.as_mut().map(|mail| &mut mail.password_file);
        let files = files.into_iter().chain(tls).chain(mail).flatten();
        for path in files.chain(self.follow.iter_mut().flatten()) {
            if path != Path::new("-") {
                *path = super::in_full(&dir.join(&path));
            }
        }
        // A detector is named, or it is a file or a folder.
        for choice in self.server.detectors.iter_mut().flatten() {
            if choice.contains('/') || choice.ends_with(".sql") {
                *choice = super::in_full(&dir.join(&*choice)).display().to_string();
            }
        }
    }

    /// The keys outside of `[mail]`, in the order in which they are told above.
    pub fn keys() -> Vec<String> {
        let in_file = keys(&Settings::default());
        let command = <Settings as clap::Args>::augment_args(clap::Command::new(""));
        let named = command.get_arguments().map(|argument| argument.get_id().to_string());
        named.filter(|key| in_file.get(key).is_some()).collect()
    }

    /// Whether they say what this key is.
    pub fn has(&self, key: &str) -> bool {
        match keys(self) {
            Value::Object(keys) => keys.get(key).is_some_and(|value| !value.is_null()),
            _ => false,
        }
    }
}

impl ServerSettings {
    fn over(self, below: ServerSettings) -> ServerSettings {
        ServerSettings {
            listen: self.listen.or(below.listen),
            token_file: self.token_file.or(below.token_file),
            insecure: self.insecure.or(below.insecure),
            allow_host: self.allow_host.or(below.allow_host),
            public_url: self.public_url.or(below.public_url),
            tls_cert: self.tls_cert.or(below.tls_cert),
            tls_key: self.tls_key.or(below.tls_key),
            detectors: self.detectors.or(below.detectors),
            false_alarms_per_day: self.false_alarms_per_day.or(below.false_alarms_per_day),
            threshold: self.threshold.or(below.threshold),
            judge_after_seconds: self.judge_after_seconds.or(below.judge_after_seconds),
            query_timeout_seconds: self.query_timeout_seconds.or(below.query_timeout_seconds),
            body_max_mib: self.body_max_mib.or(below.body_max_mib),
            receive_memory_mib: self.receive_memory_mib.or(below.receive_memory_mib),
            drain_seconds: self.drain_seconds.or(below.drain_seconds),
            database_memory_mib: self.database_memory_mib.or(below.database_memory_mib),
            web_dir: self.web_dir.or(below.web_dir),
        }
    }
}

/// Keys and values, as JSON.
pub fn keys(of: &impl Serialize) -> Value {
    // Paths that are not UTF-8 cannot be shown; then nothing is.
    serde_json::to_value(of).unwrap_or_default()
}
