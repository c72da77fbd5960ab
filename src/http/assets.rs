//! The page: files of web/, part of the binary, or read from a directory while they are edited.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::answer::ApiError;
use super::app::App;
use super::push;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Embedded;

/// The page's views: all of them are index.html, which looks at the path itself.
const VIEWS: [&str; 7] = ["", "overview", "explore", "sql", "alerts", "sources", "index.html"];

/// What people see at a path that is none.
const MISSING: &str = "missing.html";

/// Files in there carry their version in their path.
const VERSIONED: &str = "vendor/";

/// Compressed once, for as long as the process lives.
static COMPRESSED: LazyLock<Mutex<HashMap<String, Bytes>>> = LazyLock::new(Mutex::default);

pub async fn show(State(app): State<App>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return push::wrong_address(&request).into_response();
    }
    let path = path_of(request.uri());
    let Some(path) = path.as_deref() else {
        return missing(request.headers());
    };
    let read_from = app.options.web_dir.clone();
    let Some(file) =
        read_from.as_deref().map_or_else(|| Embedded::get(path), |dir| read(dir, path))
    else {
        return missing(request.headers());
    };
    file_response(path, file, request.headers(), read_from.is_some())
}

/// For people a page that leads on; for programs JSON.
fn missing(headers: &HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if !accepts.is_some_and(|accepts| accepts.contains("text/html")) {
        return ApiError::not_found("there is nothing here").into_response();
    }
    let page = Embedded::get(MISSING).map_or(Cow::Borrowed(&[][..]), |file| file.data);
    let kind = [(header::CONTENT_TYPE, mime(MISSING)), (header::CACHE_CONTROL, "no-cache")];
    (StatusCode::NOT_FOUND, kind, page.into_owned()).into_response()
}

/// The file for a path; `None` for what can be none.
fn path_of(uri: &Uri) -> Option<String> {
    let path = uri.path().trim_start_matches('/');
    if VIEWS.contains(&path.trim_end_matches('/')) {
        return Some("index.html".to_owned());
    }
    let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains('\\');
    (path.split('/').all(plain) && !path.contains('%')).then(|| path.to_owned())
}

fn read(dir: &Path, path: &str) -> Option<EmbeddedFile> {
    let data = std::fs::read(dir.join(path)).ok()?;
    let mut file = Embedded::get("index.html")?;
    file.data = Cow::Owned(data);
    Some(file)
}

fn file_response(path: &str, file: EmbeddedFile, headers: &HeaderMap, edited: bool) -> Response {
    let crc = if edited { u64::from(crc32fast::hash(&file.data)) } else { hash_of(&file) };
    let tag = format!("\"{crc:x}\"");
    let cache = match path.starts_with(VERSIONED) && !edited {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let known =
        headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content(path, file, headers, edited)
    };
    let set = response.headers_mut();
    set.insert(header::ETAG, HeaderValue::from_str(&tag).expect("a tag is hexadecimal"));
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

fn hash_of(file: &EmbeddedFile) -> u64 {
    let hash = file.metadata.sha256_hash();
    u64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes"))
}

fn content(path: &str, file: EmbeddedFile, headers: &HeaderMap, edited: bool) -> Response {
    let kind = mime(path);
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let gzip = !edited && accepts.is_some_and(|accepts| accepts.contains("gzip"));
    let body = match gzip {
        true => compressed(path, &file.data),
        false => Bytes::from(file.data.into_owned()),
    };
    let mut response = Response::new(Body::from(body));
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if gzip {
        set.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn compressed(path: &str, data: &[u8]) -> Bytes {
    let mut known = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bytes) = known.get(path) {
        return bytes.clone();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(data).and_then(|()| encoder.finish());
    let bytes = Bytes::from(written.expect("writing to memory does not fail"));
    known.insert(path.to_owned(), bytes.clone());
    bytes
}

fn mime(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_files_or_views() {
        let path = |text: &str| path_of(&text.parse().unwrap());
        for view in ["/", "/explore?q=x", "/sql/", "/overview"] {
            assert_eq!(path(view).as_deref(), Some("index.html"), "{view}");
        }
        assert_eq!(path("/js/app.js").as_deref(), Some("js/app.js"));
        for text in ["/../Cargo.toml", "/js/../../x", "/js//x", "/.git/config", "/%2e%2e/x"] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
