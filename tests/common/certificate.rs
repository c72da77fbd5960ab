//! Certificates for tests, and clients that trust them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::Pintail;

/// The name that certificates are for, besides 127.0.0.1.
pub const NAME: &str = "logs.example.org";

/// An authority, and a server's certificate of it with its key, as files.
pub struct Certificate {
    authority: CertificateDer<'static>,
    pub authority_file: PathBuf,
    pub file: PathBuf,
    pub key_file: PathBuf,
}

impl Certificate {
    pub fn make(pintail: &Pintail, name: &str) -> Certificate {
        let authority_key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
        let authority = parameters.self_signed(&authority_key).unwrap();
        let issuer = rcgen::Issuer::new(parameters, &authority_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let names = vec![NAME.to_owned(), "127.0.0.1".to_owned()];
        let parameters = rcgen::CertificateParams::new(names).unwrap();
        let certificate = parameters.signed_by(&key, &issuer).unwrap();
        let file = |kind: &str, text: String| {
            let file = format!("{name}.{kind}.pem");
            pintail.write(&file, text);
            pintail.path(&file)
        };
        Certificate {
            authority: authority.der().clone(),
            authority_file: file("authority", authority.pem()),
            file: file("certificate", certificate.pem()),
            key_file: file("key", key.serialize_pem()),
        }
    }

    /// What a server is told of it.
    pub fn arguments(&self) -> [&str; 4] {
        let [file, key] = [&self.file, &self.key_file].map(|path| path.to_str().unwrap());
        ["--tls-cert", file, "--tls-key", key]
    }

    /// A connection of somebody who trusts the authority, to who goes by this name.
    ///
    /// # Errors
    /// Why there is none.
    pub fn connect(
        &self,
        to: SocketAddr,
        name: &str,
    ) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = TcpStream::connect(to)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(connection, stream))
    }

    /// The status line, headers and body that a request is answered with.
    ///
    /// # Errors
    /// Why it is not.
    pub fn ask(&self, to: SocketAddr, name: &str, request: &str) -> std::io::Result<String> {
        let mut stream = self.connect(to, name)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        match stream.read_to_string(&mut answer) {
            // Servers that end a connection need not say so in TLS too.
            Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(error),
            _ => Ok(answer),
        }
    }
}
