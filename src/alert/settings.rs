//! Where mail goes. Three say it, each going before the next: variables of the environment
//! (PINTAIL_SMTP_HOST), a file that PINTAIL_SMTP_FILE names, and `[mail]` of pintail.toml.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How the connection to the mail server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
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
    /// Where the password was read, if not in the environment.
    pub password_file: Option<PathBuf>,
    pub from: String,
    pub to: Vec<String>,
    /// Who said each key.
    origins: BTreeMap<&'static str, MailOrigin>,
}

/// Who said a key of the mail's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailOrigin {
    Environment,
    /// The file that PINTAIL_SMTP_FILE names.
    NamedFile,
    Table,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mail to {} through {}:{}", self.to.join(", "), self.host, self.port)
    }
}

/// `[mail]` of pintail.toml. A password is not among its keys: that file may be read by others.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct MailTable {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub tls: Option<Encryption>,
    pub user: Option<String>,
    /// Holds nothing but the password.
    pub password_file: Option<PathBuf>,
    pub from: Option<String>,
    pub to: Option<Recipients>,
}

/// What one of the three says. The file of PINTAIL_SMTP_FILE may hold the password itself.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    host: Option<String>,
    port: Option<u16>,
    tls: Option<Encryption>,
    user: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    from: Option<String>,
    to: Option<Recipients>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged, expecting = "expected an address, or a list of them")]
pub enum Recipients {
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
    /// What `variable` (the environment), the file it may name and `table` say; `None` if
    /// nothing is set.
    ///
    /// # Errors
    /// What is missing or cannot be; never a value.
    pub fn load(
        table: &MailTable,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<MailSettings>> {
        let named = match variable("PINTAIL_SMTP_FILE") {
            Some(path) => Raw::from_file(Path::new(&path))?,
            None => Raw::default(),
        };
        let environment = Raw::from_environment(&variable)?;
        let table = Raw::from(table.clone());
        let origins = [
            (MailOrigin::Table, &table),
            (MailOrigin::NamedFile, &named),
            (MailOrigin::Environment, &environment),
        ];
        let origins = origins
            .into_iter()
            .flat_map(|(origin, raw)| raw.keys().map(move |key| (key, origin)))
            .collect();
        let raw = environment.over(named).over(table);
        match raw.host {
            Some(_) => Ok(Some(MailSettings { origins, ..raw.checked()? })),
            None if raw.to.is_some() || raw.from.is_some() => Err(missing("PINTAIL_SMTP_HOST")),
            None => Ok(None),
        }
    }

    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// Who said this key; `None` if it is the default.
    pub fn origin(&self, key: &str) -> Option<MailOrigin> {
        self.origins.get(key).copied()
    }
}

impl From<MailTable> for Raw {
    fn from(table: MailTable) -> Raw {
        let MailTable { host, port, tls, user, password_file, from, to } = table;
        Raw { host, port, tls, user, password: None, password_file, from, to }
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

    fn from_environment(variable: &impl Fn(&str) -> Option<String>) -> Result<Raw> {
        let get = |name: &str| variable(&format!("PINTAIL_SMTP_{name}"));
        let port = get("PORT").map(|port| port.parse()).transpose();
        Ok(Raw {
            host: get("HOST"),
            port: port.map_err(|_| Error::usage("PINTAIL_SMTP_PORT is no port"))?,
            tls: match get("TLS").as_deref() {
                None => None,
                Some("starttls") => Some(Encryption::StartTls),
                Some("tls") => Some(Encryption::Tls),
                Some("none") => Some(Encryption::None),
                Some(_) => return Err(Error::usage("PINTAIL_SMTP_TLS is starttls, tls or none")),
            },
            user: get("USER"),
            password: get("PASSWORD"),
            password_file: get("PASSWORD_FILE").map(PathBuf::from),
            from: get("FROM"),
            to: get("TO").map(Recipients::One),
        })
    }

    /// What it says something about.
    fn keys(&self) -> impl Iterator<Item = &'static str> {
        let keys = [
            ("host", self.host.is_some()),
            ("port", self.port.is_some()),
            ("tls", self.tls.is_some()),
            ("user", self.user.is_some()),
            ("password", self.password.is_some() || self.password_file.is_some()),
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
        ];
        keys.into_iter().filter(|(_, is_said)| *is_said).map(|(key, _)| key)
    }

    /// This, and `below` for what it does not say.
    fn over(self, below: Raw) -> Raw {
        // Two ways to say one thing: who says it in one way has said it.
        let has_password = self.password.is_some() || self.password_file.is_some();
        let (password, password_file) = match has_password {
            true => (self.password, self.password_file),
            false => (below.password, below.password_file),
        };
        Raw {
            host: self.host.or(below.host),
            port: self.port.or(below.port),
            tls: self.tls.or(below.tls),
            user: self.user.or(below.user),
            password,
            password_file,
            from: self.from.or(below.from),
            to: self.to.or(below.to),
        }
    }

    fn password(&mut self) -> Result<Option<String>> {
        match (self.password.take(), &self.password_file) {
            (Some(password), _) => {
                self.password_file = None;
                Ok(Some(password))
            }
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Error::file("read the password in", path, error))?;
                Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
            (None, None) => Ok(None),
        }
    }

    fn checked(mut self) -> Result<MailSettings> {
        let password = self.password()?;
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
        if self.user.is_some() != password.is_some() {
            return Err(missing("one of PINTAIL_SMTP_USER and PINTAIL_SMTP_PASSWORD"));
        }
        let Raw { user, password_file, .. } = self;
        let origins = BTreeMap::new();
        Ok(MailSettings {
            host,
            port,
            encryption,
            user,
            password,
            password_file,
            from,
            to,
            origins,
        })
    }
}

fn missing(name: &str) -> Error {
    Error::usage(format!(
        "{name} is missing (or its key in [mail] of pintail.toml): mail needs host, from and to"
    ))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Option<MailSettings>> {
        MailSettings::load(&MailTable::default(), |name| {
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
    fn the_table_stands_below_and_its_password_is_in_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        std::fs::write(&path, "hunter2\n").unwrap();
        let table: MailTable = toml::from_str(
            "host = 'mail.example.org'\nuser = 'me'\nfrom = 'x@example.org'\nto = 'y@example.org'",
        )
        .unwrap();
        let table = MailTable { password_file: Some(path.clone()), ..table };
        let with = |name: &str, value: &str| {
            MailSettings::load(&table, |known| (known == name).then(|| value.to_owned()))
                .unwrap()
                .unwrap()
        };
        assert_eq!(with("", "").password(), Some("hunter2"));
        assert_eq!(with("PINTAIL_SMTP_FROM", "z@example.org").from, "z@example.org");
        assert_eq!(with("PINTAIL_SMTP_PASSWORD", "other").password(), Some("other"));
        std::fs::remove_file(path).unwrap();
        let error = MailSettings::load(&table, |_| None).unwrap_err().to_string();
        assert!(error.starts_with("read the password in "), "{error}");
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
