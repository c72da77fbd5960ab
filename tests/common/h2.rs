//! A client of HTTP/2 without TLS, which begins with it: no upgrade (RFC 9113, 3.3).

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, Version};
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client as Hyper, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Runtime;

/// One connection, on which requests run at the same time.
pub struct Client {
    address: String,
    client: Hyper<HttpConnector, Full<Bytes>>,
    runtime: Arc<Runtime>,
}

/// What a request was answered with.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub trailers: HeaderMap,
}

impl Client {
    /// `address` as a server prints it, or ADDR:PORT.
    pub fn new(address: &str) -> Client {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let client = Hyper::builder(TokioExecutor::new()).http2_only(true).build_http();
        let address = address.trim_start_matches("http://").to_owned();
        Client { address, client, runtime: Arc::new(runtime) }
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.runtime.block_on(self.ask(method, path, headers, body))
    }

    /// The same request so many times at once.
    pub fn send_many(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        bodies: &[Vec<u8>],
    ) -> Vec<Answer> {
        let all = bodies.iter().map(|body| self.ask("POST", path, headers, body));
        self.runtime.block_on(join_all(all))
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .version(Version::HTTP_2);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
        let answer = self.client.request(request).await.unwrap();
        assert_eq!(answer.version(), Version::HTTP_2);
        let (parts, body) = answer.into_parts();
        let body = Body::new(body).collect().await.unwrap();
        let trailers = body.trailers().cloned().unwrap_or_default();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.to_bytes().to_vec(),
            trailers,
        }
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The status of gRPC and its message, wherever they are.
    pub fn grpc(&self) -> (i32, String) {
        let find = |name: &str| {
            let value = self.trailers.get(name).or(self.headers.get(name));
            value.map(|value| value.to_str().unwrap().to_owned())
        };
        let status = find("grpc-status").unwrap_or_else(|| panic!("no status: {self:?}"));
        (status.parse().unwrap(), find("grpc-message").unwrap_or_default())
    }
}
