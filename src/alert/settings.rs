//! Where mail goes: from the environment, or from a file that PINTAIL_SMTP_FILE names.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};

/// How the connection to the mail server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Starts in the clear and is encrypted before anything is said; port 587.
    StartTls,
    /// Encrypted from the first byte; port 465.
    Tls,
    /// Not at all; for loopback only. Port 25.
    None,
}

/// Where mail goes.
#[derive(Clone)]
pub struct MailSettings {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub user: Option<String>,
    /// Never printed.
    password: Option<String>,
    pub from: String,
    pub to: Vec<String>,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mail to {} through {}:{}", self.to.join(", "), self.host, self.port)
    }
}

/// As the file has them; the environment has the same with PINTAIL_SMTP_ before the name.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    host: Option<String>,
    port: Option<u16>,
    tls: Option<Encryption>,
    user: Option<String>,
    password: Option<String>,
    from: Option<String>,
    to: Option<Recipients>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Recipients {
    /// Separated by commas.
    One(String),
    Many(Vec<String>),
}

impl Recipients {
    fn list(self) -> Vec<String> {
        let list = match self {
            Recipients::One(text) => text.split(',').map(str::to_owned).collect(),
            Recipients::Many(list) => list,
        };
        list.iter().map(|to| to.trim().to_owned()).filter(|to| !to.is_empty()).collect()
    }
}

impl MailSettings {
    /// What `variable` (the environment) and the file it may name say; `None` if nothing is set.
    ///
    /// # Errors
    /// What is missing or cannot be; never a value.
    pub fn load(variable: impl Fn(&str) -> Option<String>) -> Result<Option<MailSettings>> {
        let mut raw = match variable("PINTAIL_SMTP_FILE") {
            Some(path) => Raw::from_file(Path::new(&path))?,
            None => Raw::default(),
        };
        raw.override_with(&variable)?;
        match raw.host {
            Some(_) => raw.checked().map(Some),
            None if raw.to.is_some() || raw.from.is_some() => Err(missing("PINTAIL_SMTP_HOST")),
            None => Ok(None),
        }
    }

    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }
}

impl Raw {
    fn from_file(path: &Path) -> Result<Raw> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Error::file("read", path, error))?;
        toml::from_str(&text).map_err(|error| {
            // The whole message would show the line, and a password in it.
            Error::usage(format!("{}: {}", path.display(), error.message()))
        })
    }

    fn override_with(&mut self, variable: &impl Fn(&str) -> Option<String>) -> Result<()> {
        let get = |name: &str| variable(&format!("PINTAIL_SMTP_{name}"));
        self.host = get("HOST").or(self.host.take());
        self.user = get("USER").or(self.user.take());
        self.password = get("PASSWORD").or(self.password.take());
        self.from = get("FROM").or(self.from.take());
        self.to = get("TO").map(Recipients::One).or(self.to.take());
        if let Some(port) = get("PORT") {
            let port = port.parse();
            self.port = Some(port.map_err(|_| Error::usage("PINTAIL_SMTP_PORT is no port"))?);
        }
        self.tls = match get("TLS").as_deref() {
            None => self.tls,
            Some("starttls") => Some(Encryption::StartTls),
            Some("tls") => Some(Encryption::Tls),
            Some("none") => Some(Encryption::None),
            Some(_) => return Err(Error::usage("PINTAIL_SMTP_TLS is starttls, tls or none")),
        };
        Ok(())
    }

    fn checked(self) -> Result<MailSettings> {
        let host = self.host.unwrap_or_default();
        let default = if is_loopback(&host) { Encryption::None } else { Encryption::StartTls };
        let encryption = self.tls.unwrap_or(default);
        if encryption == Encryption::None && !is_loopback(&host) {
            return Err(Error::usage(format!(
                "mail to {host} must be encrypted: PINTAIL_SMTP_TLS is starttls or tls"
            )));
        }
        let port = self.port.unwrap_or(match encryption {
            Encryption::StartTls => 587,
            Encryption::Tls => 465,
            Encryption::None => 25,
        });
        let to = self.to.map(Recipients::list).unwrap_or_default();
        if to.is_empty() {
            return Err(missing("PINTAIL_SMTP_TO"));
        }
        let from = self.from.ok_or_else(|| missing("PINTAIL_SMTP_FROM"))?;
        if self.user.is_some() != self.password.is_some() {
            return Err(missing("one of PINTAIL_SMTP_USER and PINTAIL_SMTP_PASSWORD"));
        }
        let (user, password) = (self.user, self.password);
        Ok(MailSettings { host, port, encryption, user, password, from, to })
    }
}

fn missing(name: &str) -> Error {
    Error::usage(format!("{name} is missing: mail needs host, from and to"))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Option<MailSettings>> {
        MailSettings::load(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const LOOPBACK: [(&str, &str); 3] = [
        ("PINTAIL_SMTP_HOST", "127.0.0.1"),
        ("PINTAIL_SMTP_FROM", "a@example.org"),
        ("PINTAIL_SMTP_TO", "b@example.org, c@example.org"),
    ];

    #[test]
    fn nothing_set_is_no_mail() {
        assert!(load(&[]).unwrap().is_none());
        let settings = load(&LOOPBACK).unwrap().unwrap();
        assert_eq!((settings.port, settings.encryption), (25, Encryption::None));
        assert_eq!(settings.to, ["b@example.org", "c@example.org"]);
    }

    #[test]
    fn mail_that_leaves_the_machine_is_encrypted() {
        let mut remote = LOOPBACK.to_vec();
        remote[0].1 = "mail.example.org";
        let settings = load(&remote).unwrap().unwrap();
        assert_eq!((settings.port, settings.encryption), (587, Encryption::StartTls));
        remote.push(("PINTAIL_SMTP_TLS", "none"));
        assert!(load(&remote).unwrap_err().to_string().contains("must be encrypted"));
    }

    #[test]
    fn what_is_missing_is_named_and_no_secret_is() {
        for left_out in 0..3 {
            let mut some = LOOPBACK.to_vec();
            let (name, _) = some.remove(left_out);
            assert!(load(&some).unwrap_err().to_string().contains(name), "{name}");
        }
        let mut half = LOOPBACK.to_vec();
        half.push(("PINTAIL_SMTP_PASSWORD", "hunter2"));
        assert!(!load(&half).unwrap_err().to_string().contains("hunter2"));
        half.push(("PINTAIL_SMTP_USER", "me"));
        assert!(!format!("{:?}", load(&half).unwrap()).contains("hunter2"));
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mail.toml");
        std::fs::write(
            &path,
            "host = 'localhost'\nport = 2525\nfrom = 'x@example.org'\nto = ['y@example.org']\n",
        )
        .unwrap();
        let file = path.to_str().unwrap();
        let variables = [("PINTAIL_SMTP_FILE", file), ("PINTAIL_SMTP_FROM", "z@example.org")];
        let settings = load(&variables).unwrap().unwrap();
        assert_eq!((settings.from.as_str(), settings.port), ("z@example.org", 2525));
        std::fs::write(&path, "hots = 'localhost'").unwrap();
        assert!(load(&variables).unwrap_err().to_string().contains("hots"));
    }
}
