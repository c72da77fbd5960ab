//! A configuration that was looked at as a whole: the files it names are read, and what does
//! not fit together is told.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::{Configuration, all_of};
use crate::alert::{MailSettings, Mailer};
use crate::cmd::args;
use crate::detect::Detector;
use crate::error::{Error, Result};
use crate::ingest::follow;
use crate::parse::formats::Formats;

/// The variable that holds the token itself.
pub const TOKEN_VARIABLE: &str = "PINTAIL_TOKEN";

/// What a server needs beyond the configuration's numbers.
#[derive(Clone)]
pub struct Ready {
    pub configuration: Configuration,
    pub formats: Formats,
    /// Never printed.
    pub token: Option<String>,
    pub mail: Option<MailSettings>,
    /// For https and syslog over TLS, if there is a certificate.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

impl Ready {
    /// # Errors
    /// [`Error::Configuration`] with every problem there is.
    pub fn of(configuration: Configuration) -> Result<Ready> {
        let mut problems = Vec::new();
        let mut keep = |error: Error| problems.push(one_line(&error));
        for path in &configuration.follow {
            follow::check(path).unwrap_or_else(&mut keep);
        }
        for error in disagreements(&configuration) {
            keep(error);
        }
        // What is in a folder may come and go, and be mended; what is named has to be there.
        let named = configuration.detectors.iter().flatten();
        for choice in named.filter(|choice| !Path::new(choice).is_dir()) {
            Detector::open(choice).map(drop).unwrap_or_else(&mut keep);
        }
        let file = configuration.formats.as_deref();
        let date_order = configuration.date_order;
        let formats = args::formats(configuration.format.as_deref(), file)
            .map(|formats| formats.with_date_order(date_order))
            .map_err(&mut keep)
            .unwrap_or_default();
        let token = token(&configuration).map_err(&mut keep).unwrap_or_default();
        let mail = mail(&configuration).map_err(&mut keep).unwrap_or_default();
        let tls = tls(&configuration).map_err(&mut keep).unwrap_or_default();
        if configuration.token_file.is_none() {
            check_address(&configuration, token.as_deref()).unwrap_or_else(&mut keep);
        }
        all_of(problems)?;
        Ok(Ready { configuration, formats, token, mail, tls })
    }
}

/// The token, from a file or the environment.
fn token(configuration: &Configuration) -> Result<Option<String>> {
    let token = match &configuration.token_file {
        Some(path) => {
            Some(std::fs::read_to_string(path).map_err(|e| Error::file("read", path, e))?)
        }
        None => std::env::var(TOKEN_VARIABLE).ok(),
    };
    match token.map(|token| token.trim().to_owned()) {
        Some(token) if token.is_empty() => Err(Error::usage("the token is empty")),
        token => Ok(token),
    }
}

/// Refuses to show the logs to a network unasked.
fn check_address(configuration: &Configuration, token: Option<&str>) -> Result<()> {
    let mut addresses =
        std::iter::once(&configuration.listen).chain(&configuration.otlp_grpc).map(SocketAddr::ip);
    let Some(address) = addresses.find(|address| !address.is_loopback()) else { return Ok(()) };
    if token.is_some() || configuration.insecure {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{address} is reachable from other machines: set a token (PINTAIL_TOKEN or --token-file), \
         or say --insecure to let everybody in"
    )))
}

fn mail(configuration: &Configuration) -> Result<Option<MailSettings>> {
    let mail = MailSettings::load(&configuration.mail, |name| std::env::var(name).ok())?;
    // What cannot be sent to is to be known now, not when there is something to say.
    mail.as_ref().map(Mailer::new).transpose()?;
    Ok(mail)
}

fn tls(configuration: &Configuration) -> Result<Option<Arc<rustls::ServerConfig>>> {
    match (&configuration.tls_cert, &configuration.tls_key) {
        (Some(certificate), Some(key)) => crate::tls::server_config(certificate, key).map(Some),
        _ => Ok(None),
    }
}

/// What is right by itself, but not beside the rest.
fn disagreements(configuration: &Configuration) -> Vec<Error> {
    let Configuration { tls_cert, tls_key, syslog_tls, .. } = configuration;
    let mut found = Vec::new();
    if tls_cert.is_some() != tls_key.is_some() {
        found.push("tls_cert and tls_key go together: give both or none".to_owned());
    } else if !syslog_tls.is_empty() && tls_cert.is_none() {
        found.push("syslog_tls needs a certificate: give tls_cert and tls_key".to_owned());
    }
    if configuration.body_max_mib > configuration.receive_memory_mib {
        found.push(format!(
            "body_max_mib ({}) is above receive_memory_mib ({}), which all requests share",
            configuration.body_max_mib, configuration.receive_memory_mib
        ));
    }
    if let Some(url) = &configuration.public_url
        && !url.starts_with("http://")
        && !url.starts_with("https://")
    {
        found.push(format!("public_url: {url} does not begin with http:// or https://"));
    }
    let syslogs = configuration.syslog.iter().chain(syslog_tls);
    if let Some(open) = syslogs.clone().find(|syslog| !syslog.ip().is_loopback())
        && !configuration.insecure
    {
        found.push(format!(
            "syslog on {open} is reachable from other machines, and knows no token: say --insecure \
             to take messages from everybody"
        ));
    }
    let mut addresses = vec![configuration.listen];
    for address in syslogs.chain(&configuration.otlp_grpc) {
        if address.port() != 0 && addresses.contains(address) {
            found.push(format!("{address} is given more than once"));
        }
        addresses.push(*address);
    }
    if let Some(dir) = configuration.web_dir.as_deref().filter(|dir| !Path::is_dir(dir)) {
        found.push(format!("web_dir: {} is no directory", dir.display()));
    }
    found.into_iter().map(Error::usage).collect()
}

fn one_line(error: &Error) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join(", ")
}
