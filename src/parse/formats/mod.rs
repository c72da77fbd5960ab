//! The formats, from the most specific to the least: where two read the same line
//! equally well, the one that stands first here is taken.
//!
//! To add one: a file here, a line in [`KINDS`], a case in tests/spec/formats/.

mod access;
mod apt;
mod audit;
mod bacula;
mod bind;
mod cbs;
mod cef;
mod chromium;
mod cmtrace;
mod cockroach;
mod columns;
mod compose;
mod cri;
mod csv;
pub mod custom;
mod docker;
mod elb;
mod envoy;
mod erlang;
mod esxi;
mod generic;
mod gin;
mod github;
mod glog;
mod gluster;
mod golang;
mod haproxy;
mod heroku;
mod http;
mod httpd_error;
pub(crate) mod inner;
mod journald;
pub mod json;
mod jul;
mod keyed;
pub(crate) mod labels;
mod lambda;
mod liberty;
mod log4j;
mod logcat;
mod logfmt;
mod ltsv;
mod macos;
pub(crate) mod messages;
mod mikrotik;
mod minecraft;
mod monolog;
mod msi;
mod mysql;
mod mysql_slow;
pub(crate) mod names;
mod nginx_error;
mod node;
mod oracle;
pub(crate) mod otlp;
pub(crate) mod plain;
mod postgres;
mod python;
mod rails;
mod redis;
mod ruby;
mod rust;
mod s3;
mod slot;
mod squid;
mod stamped;
pub mod syslog;
mod syslog3164;
mod syslog5424;
mod teamcity;
mod text;
mod uwsgi;
mod values;
mod vpcflow;
mod w3c;
mod weblogic;
mod wevtutil;
mod zabbix;
mod zap;
mod zeek;
mod zerolog;

use std::sync::Arc;

use crate::parse::time::{DateOrder, Undated};
use crate::parse::{Dialect, Format, TimeRules};

/// A format as the list knows it.
pub struct Kind {
    /// As `--format` takes it.
    pub name: &'static str,
    /// One line for people: what writes it, or what it looks like.
    pub about: &'static str,
    /// The format fitted to a source whose first lines are `sample` (at most a few
    /// hundred, cleaned), or `None` if it needs something there that it did not find
    /// (a CSV header). With an empty sample: the format as it is without knowledge.
    pub recognise: fn(sample: &[&str]) -> Option<Arc<dyn Format>>,
}

/// Every built-in format.
pub const KINDS: &[Kind] = &[
    docker::KIND,
    cri::KIND,
    compose::KIND,
    stamped::KIND,
    journald::KIND,
    json::KIND,
    w3c::KIND,
    zeek::KIND,
    csv::postgres::KIND,
    csv::nps::KIND,
    csv::CSV,
    csv::TSV,
    logfmt::KIND,
    ltsv::KIND,
    vpcflow::KIND,
    audit::KIND,
    cef::KIND,
    heroku::KIND,
    syslog5424::KIND,
    syslog3164::KIND,
    esxi::KIND,
    s3::KIND,
    access::KIND,
    elb::KIND,
    envoy::KIND,
    uwsgi::KIND,
    squid::KIND,
    gin::KIND,
    httpd_error::KIND,
    nginx_error::KIND,
    postgres::KIND,
    mysql::KIND,
    mysql_slow::KIND,
    oracle::KIND,
    apt::KIND,
    bacula::KIND,
    erlang::KIND,
    zabbix::KIND,
    rails::KIND,
    redis::KIND,
    glog::KIND,
    cockroach::KIND,
    chromium::KIND,
    gluster::KIND,
    bind::KIND,
    mikrotik::KIND,
    minecraft::KIND,
    node::KIND,
    lambda::KIND,
    github::KIND,
    teamcity::KIND,
    keyed::KIND,
    zerolog::KIND,
    logcat::KIND,
    ruby::KIND,
    monolog::KIND,
    cbs::KIND,
    cmtrace::KIND,
    msi::KIND,
    wevtutil::KIND,
    macos::KIND,
    zap::KIND,
    jul::KIND,
    liberty::KIND,
    weblogic::KIND,
    rust::KIND,
    log4j::KIND,
    python::KIND,
    text::KIND,
    golang::KIND,
    generic::KIND,
    plain::KIND,
];

/// The built-in format of this name.
pub fn by_name(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The formats that sources are read with: the built-in ones, those the user defined,
/// and the one that is forced, if any.
#[derive(Clone, Default)]
pub struct Formats {
    custom: Vec<Arc<dyn Format>>,
    forced: Option<Forced>,
    order: Option<DateOrder>,
    undated: Undated,
}

#[derive(Clone)]
enum Forced {
    Kind(&'static Kind),
    Custom(Arc<dyn Format>),
}

impl Formats {
    /// `custom` are the user's own; `forced` is what `--format` says: the name of one of
    /// them, of a built-in one, or `regex:PATTERN`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and which names there are.
    pub fn new(custom: Vec<Arc<dyn Format>>, forced: Option<&str>) -> Result<Formats, String> {
        let forced = match forced {
            None => None,
            Some(choice) => Some(Forced::find(choice, &custom)?),
        };
        Ok(Formats { custom, forced, ..Formats::default() })
    }

    /// Whether one of them is to read every line.
    pub fn is_forced(&self) -> bool {
        self.forced.is_some()
    }

    /// Reads dates of numbers in this order, whatever a source's lines say.
    pub fn with_date_order(self, order: Option<DateOrder>) -> Formats {
        Formats { order, ..self }
    }

    /// What becomes of lines of files that have no time.
    pub fn with_undated(self, undated: Undated) -> Formats {
        Formats { undated, ..self }
    }

    pub fn undated(&self) -> Undated {
        self.undated
    }

    /// Fits the formats to a source that begins with `sample`.
    ///
    /// # Errors
    /// A sentence: the source does not begin as the forced format needs it to.
    pub fn dialect(&self, sample: &[&str], rules: TimeRules) -> Result<Dialect, String> {
        let rules = TimeRules { order: self.order.or(rules.order), ..rules };
        match &self.forced {
            None => Ok(Dialect::detect(sample, &self.custom, rules)),
            Some(Forced::Custom(format)) => Ok(Dialect::forced(format.clone(), rules)),
            Some(Forced::Kind(kind)) => match (kind.recognise)(sample) {
                Some(format) => Ok(Dialect::forced(format, rules)),
                None => Err(format!("it does not begin as {} does ({})", kind.name, kind.about)),
            },
        }
    }
}

impl Forced {
    fn find(choice: &str, custom: &[Arc<dyn Format>]) -> Result<Forced, String> {
        if let Some(pattern) = choice.strip_prefix("regex:") {
            return Ok(Forced::Custom(custom::from_regex("regex", pattern)?));
        }
        if let Some(format) = custom.iter().find(|format| format.name() == choice) {
            return Ok(Forced::Custom(format.clone()));
        }
        by_name(choice).map(Forced::Kind).ok_or_else(|| {
            let mut names: Vec<&str> = custom.iter().map(|format| format.name()).collect();
            names.extend(KINDS.iter().map(|kind| kind.name));
            format!("unknown format {choice}; there are {}, and regex:PATTERN", names.join(", "))
        })
    }
}
