//! Who is known: by the token, by the key that the server leaves for the command line, or by
//! the session that a browser was given for the token.

use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::{Error, Result};

/// The name of the browser's cookie.
pub const COOKIE: &str = "pintail_session";

/// What opens the API. Never printed.
pub struct Secrets {
    /// What people are asked for; `None` lets everybody in.
    token: Option<String>,
    /// In a file that only this user can read.
    key: String,
    /// What a browser shows after it gave the token. It follows from the token: a restart logs nobody out,
    /// another token everybody.
    session: String,
}

impl Secrets {
    pub fn new(token: Option<String>, key: String) -> Result<Secrets> {
        // Without a token nothing is asked for, and nothing must be guessable all the same.
        let session = token.as_deref().map_or_else(random_key, |token| Ok(session_of(token)))?;
        Ok(Secrets { token, key, session })
    }

    pub fn needs_token(&self) -> bool {
        self.token.is_some()
    }

    /// The session for who knows the token.
    pub fn log_in(&self, token: &str) -> Option<&str> {
        self.token.as_deref().is_some_and(|known| same(known, token)).then_some(&*self.session)
    }

    /// Whether a bearer or a cookie lets in.
    pub fn allows(&self, bearer: Option<&str>, cookie: Option<&str>) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        bearer.is_some_and(|given| same(token, given) || self.is_key(given))
            || cookie.is_some_and(|given| same(&self.session, given))
    }

    /// Whether this is the key of the command line.
    pub fn is_key(&self, given: &str) -> bool {
        same(&self.key, given)
    }
}

/// One way only: the session does not tell the token.
fn session_of(token: &str) -> String {
    let hash = Sha256::new().chain_update("pintail session 1\0").chain_update(token).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes the same time wherever the difference lies.
fn same(known: &str, given: &str) -> bool {
    known.as_bytes().ct_eq(given.as_bytes()).into()
}

/// 256 random bits as text.
pub fn random_key() -> Result<String> {
    let mut bytes = [0; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Error::Store {
        action: "draw a random key",
        message: error.to_string(),
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_keys_and_sessions_let_in() {
        let secrets = Secrets::new(Some("t".to_owned()), "k".to_owned()).unwrap();
        let session = secrets.log_in("t").unwrap().to_owned();
        assert!(secrets.allows(Some("t"), None) && secrets.allows(Some("k"), None));
        assert!(secrets.allows(None, Some(&session)));
        assert!(secrets.log_in("x").is_none());
        for (bearer, cookie) in [(None, None), (Some("x"), Some("t")), (Some(""), Some("k"))] {
            assert!(!secrets.allows(bearer, cookie));
        }
        assert!(!secrets.allows(Some(&session), None));
        // After a restart the session is known, unless the token is another one.
        let again = |token: &str| Secrets::new(Some(token.to_owned()), "k2".to_owned()).unwrap();
        assert!(again("t").allows(None, Some(&session)));
        assert!(!again("u").allows(None, Some(&session)));
        assert!(Secrets::new(None, "k".to_owned()).unwrap().allows(None, None));
        assert_ne!(random_key().unwrap(), random_key().unwrap());
    }
}
