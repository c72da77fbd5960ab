//! The configuration with nothing missing: what nobody said has its default.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::settings::{ServerSettings, Settings};
use super::values::ZoneName;
use crate::alert::MailTable;
use crate::config::{
    BODY_MIB_MAX_DEFAULT, DRAIN_SECONDS_DEFAULT, JUDGE_AFTER_SECONDS_DEFAULT, LISTEN_DEFAULT,
    Limits, QUERY_SECONDS_DEFAULT, RECEIVE_MEMORY_MIB_DEFAULT,
};
use crate::detect::bar::FALSE_ALARMS_DEFAULT;
use crate::parse::time::DateOrder;
use crate::receive;

/// What `pintail serve` goes by. The meaning of each key is told in [`Settings`].
#[derive(Clone, Debug, Serialize)]
pub struct Configuration {
    pub follow: Vec<PathBuf>,
    pub format: Option<String>,
    pub formats: Option<PathBuf>,
    pub timezone: ZoneName,
    pub date_order: Option<DateOrder>,
    pub tee: bool,
    pub syslog: Vec<SocketAddr>,
    pub syslog_tls: Vec<SocketAddr>,
    pub otlp_grpc: Vec<SocketAddr>,
    pub listen: SocketAddr,
    pub token_file: Option<PathBuf>,
    pub insecure: bool,
    pub allow_host: Vec<String>,
    pub public_url: Option<String>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub detectors: Option<Vec<String>>,
    pub false_alarms_per_day: f64,
    pub threshold: Option<f64>,
    pub judge_after_seconds: u64,
    pub query_timeout_seconds: u64,
    pub body_max_mib: u64,
    pub receive_memory_mib: u64,
    pub drain_seconds: u64,
    pub database_memory_mib: u32,
    #[serde(skip)]
    pub web_dir: Option<PathBuf>,
    /// As the file has it; the environment goes before it.
    #[serde(skip)]
    pub mail: MailTable,
}

impl From<Settings> for Configuration {
    fn from(settings: Settings) -> Configuration {
        let ServerSettings {
            listen,
            token_file,
            insecure,
            allow_host,
            public_url,
            tls_cert,
            tls_key,
            detectors,
            false_alarms_per_day,
            threshold,
            judge_after_seconds,
            query_timeout_seconds,
            body_max_mib,
            receive_memory_mib,
            drain_seconds,
            database_memory_mib,
            web_dir,
        } = settings.server;
        Configuration {
            follow: settings.follow.unwrap_or_default(),
            format: settings.format,
            formats: settings.formats,
            timezone: settings.timezone.unwrap_or_default(),
            date_order: settings.date_order,
            tee: settings.tee.unwrap_or(false),
            syslog: settings.syslog.unwrap_or_default(),
            syslog_tls: settings.syslog_tls.unwrap_or_default(),
            otlp_grpc: settings.otlp_grpc.unwrap_or_default(),
            listen: listen.unwrap_or(LISTEN_DEFAULT),
            token_file,
            insecure: insecure.unwrap_or(false),
            allow_host: allow_host.unwrap_or_default(),
            public_url,
            tls_cert,
            tls_key,
            detectors,
            false_alarms_per_day: false_alarms_per_day.map_or(FALSE_ALARMS_DEFAULT, |n| n.0),
            threshold: threshold.map(|score| score.0),
            judge_after_seconds: judge_after_seconds.map_or(JUDGE_AFTER_SECONDS_DEFAULT, |n| n.0),
            query_timeout_seconds: query_timeout_seconds.map_or(QUERY_SECONDS_DEFAULT, |n| n.0),
            body_max_mib: body_max_mib.map_or(BODY_MIB_MAX_DEFAULT, |n| n.0),
            receive_memory_mib: receive_memory_mib.map_or(RECEIVE_MEMORY_MIB_DEFAULT, |n| n.0),
            drain_seconds: drain_seconds.map_or(DRAIN_SECONDS_DEFAULT, |n| n.0),
            database_memory_mib: database_memory_mib
                .map_or(Limits::serve().database_memory_mib, |n| n.0 as u32),
            web_dir,
            mail: settings.mail.unwrap_or_default(),
        }
    }
}

impl Configuration {
    /// What DuckDB may take.
    pub fn limits(&self) -> Limits {
        Limits { database_memory_mib: self.database_memory_mib, ..Limits::serve() }
    }

    /// What the whole process may take, in MiB.
    pub fn process_memory_mib(&self) -> u64 {
        self.limits().process_memory_mib() + self.receive_memory_mib
    }

    /// What may be received at once.
    pub fn receive_limits(&self) -> receive::Limits {
        receive::Limits {
            body_bytes_max: (self.body_max_mib as usize) << 20,
            memory_bytes_max: (self.receive_memory_mib as usize) << 20,
        }
    }

    pub fn query_timeout(&self) -> Duration {
        Duration::from_secs(self.query_timeout_seconds)
    }

    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}
