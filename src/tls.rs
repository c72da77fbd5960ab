//! Certificates for those who listen: https, and syslog over TLS.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::{Error, Result};

/// What a listener needs to speak TLS 1.2 and 1.3. Clients need no certificate of their own.
///
/// # Errors
/// [`Error::Format`] naming the file if there is no certificate or key in it, or the two do not
/// belong together.
pub fn server_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(certificate, error))?;
    if chain.is_empty() {
        return Err(format_error(certificate, "there is no certificate (PEM) in it"));
    }
    let key_of_it = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key_of_it))
        .map_err(|error| {
            format_error(key, format!("it is no key of {}: {error}", certificate.display()))
        })?;
    Ok(Arc::new(config))
}

/// Never says what is in the file: it may be a key.
fn unreadable(path: &Path, error: rustls::pki_types::pem::Error) -> Error {
    use rustls::pki_types::pem::Error as Pem;
    match error {
        Pem::Io(error) => Error::file("read", path, error),
        Pem::NoItemsFound => format_error(path, "nothing of that kind (PEM) is in it"),
        _ => format_error(path, "it is not PEM"),
    }
}

fn format_error(path: &Path, reason: impl Into<String>) -> Error {
    Error::Format { path: path.to_owned(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_and_its_key_are_taken_and_others_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["a", "b"] {
            let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
            std::fs::write(path(&format!("{name}.crt")), made.cert.pem()).unwrap();
            std::fs::write(path(&format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
        }
        assert!(server_config(&path("a.crt"), &path("a.key")).is_ok());
        for (certificate, key, problem) in [
            ("a.crt", "b.key", "it is no key of"),
            ("a.key", "a.key", "no certificate"),
            ("a.crt", "a.crt", "nothing of that kind"),
            ("a.crt", "none", "No such file"),
        ] {
            let error = server_config(&path(certificate), &path(key)).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
