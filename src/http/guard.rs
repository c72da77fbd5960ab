//! Who may ask: no page of another origin, no name that was made to point here, and, where a
//! token is set, nobody without it.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{ApiError, ApiResult, Body, ErrorBody};
use super::app::App;
use super::credentials::token_of;
use super::push;
use super::secrets::COOKIE;

/// What a wrong token waits for: guessing is to be slow.
const WRONG_TOKEN_DELAY: std::time::Duration = std::time::Duration::from_millis(300);

/// Turns away what comes from elsewhere. DNS rebinding makes a stranger's name point to this
/// machine: then Host is that name. A stranger's page that sends requests has another Origin.
pub async fn same_site(State(app): State<App>, request: Request, next: Next) -> Response {
    if !is_browser(request.headers()) && push::is_for_shippers(&request) {
        return next.run(request).await;
    }
    match check_site(request.headers(), request.uri().authority(), &app.options.hosts) {
        Ok(()) => next.run(request).await,
        Err(message) => ApiError::new(StatusCode::FORBIDDEN, "forbidden", message).into_response(),
    }
}

/// Whether a browser sends it on behalf of a page. Those say so in all that changes something.
/// Shippers do not, and call this server by whatever name it has in their network.
fn is_browser(headers: &HeaderMap) -> bool {
    const SIGNS: [&str; 3] = ["origin", "sec-fetch-site", "sec-fetch-mode"];
    SIGNS.iter().any(|name| headers.contains_key(*name))
}

fn check_site(
    headers: &HeaderMap,
    authority: Option<&axum::http::uri::Authority>,
    hosts: &[String],
) -> Result<(), &'static str> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text(header::HOST).or(authority.map(|authority| authority.as_str()));
    let host = host.ok_or("the request names no host")?;
    if !is_known(host, hosts) {
        return Err("this server does not go by that name; start it with --allow-host NAME");
    }
    if let Some(origin) = text(header::ORIGIN) {
        let same = origin.split_once("://").is_some_and(|(_, from)| from == host);
        if !same {
            return Err("requests from pages of other origins are refused");
        }
    }
    // Browsers say so even where they send no Origin, as for images and scripts. Following a
    // link from elsewhere to the page is fine.
    let navigates = text(header::HeaderName::from_static("sec-fetch-mode")) == Some("navigate");
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some("cross-site" | "same-site") if !navigates => {
            Err("requests from pages of other sites are refused")
        }
        _ => Ok(()),
    }
}

/// Whether a Host header is this machine: an address (which no foreign name can be), localhost,
/// or a name that was allowed.
fn is_known(host: &str, hosts: &[String]) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || hosts.iter().any(|known| known.eq_ignore_ascii_case(&name))
}

/// Asks for the token where one is set.
pub async fn known(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_known_client(&app, request.headers()) {
        return next.run(request).await;
    }
    let denied =
        ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", "the token is missing or wrong")
            .hint("the token is what the server was started with: PINTAIL_TOKEN or --token-file")
            .into_response();
    with_challenge(denied, is_browser(request.headers()))
}

/// Says how the token may be shown, where that is what is missing (RFC 9110, section 11.6.1).
/// Browsers are not told of `Basic`: they would ask for a password beside the page.
pub fn with_challenge(mut denied: Response, is_for_browser: bool) -> Response {
    const SCHEMES: [&str; 2] =
        [r#"Bearer realm="pintail""#, r#"Basic realm="pintail", charset="UTF-8""#];
    if denied.status() == StatusCode::UNAUTHORIZED {
        for scheme in &SCHEMES[..if is_for_browser { 1 } else { 2 }] {
            let challenge = HeaderValue::from_static(scheme);
            denied.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
        }
    }
    denied
}

/// Whether a request shows the token, where one is set.
pub fn is_known_client(app: &App, headers: &HeaderMap) -> bool {
    app.options.secrets.allows(token_of(headers).as_deref(), cookie(headers))
}

/// Lets in who can read the file that the server leaves beside the database, and nobody else:
/// for what reads files of this machine.
pub async fn owner(State(app): State<App>, request: Request, next: Next) -> Response {
    if token_of(request.headers()).is_some_and(|given| app.options.secrets.is_key(&given)) {
        return next.run(request).await;
    }
    let message = "this is for the command line of the user who runs the server";
    ApiError::new(StatusCode::FORBIDDEN, "forbidden", message).into_response()
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

#[derive(Deserialize, ToSchema)]
pub struct Login {
    pub token: String,
}

#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    pub ok: bool,
}

/// Exchange the token for a session cookie
#[utoipa::path(post, path = "/api/login", tag = "access", request_body = Login,
    responses((status = 200, body = LoggedIn), (status = 401, body = ErrorBody)))]
pub async fn log_in(State(app): State<App>, Body(login): Body<Login>) -> ApiResult<Response> {
    let secrets = &app.options.secrets;
    if !secrets.needs_token() {
        return Ok(Json(LoggedIn { ok: true }).into_response());
    }
    let Some(session) = secrets.log_in(login.token.trim()) else {
        tokio::time::sleep(WRONG_TOKEN_DELAY).await;
        let message = "that is not the token";
        let denied = ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message);
        return Ok(with_challenge(denied.into_response(), true));
    };
    Ok(with_cookie(&app, &format!("{COOKIE}={session}")))
}

/// Forget the session cookie
#[utoipa::path(post, path = "/api/logout", tag = "access",
    responses((status = 200, body = LoggedIn)))]
pub async fn log_out(State(app): State<App>) -> Response {
    with_cookie(&app, &format!("{COOKIE}=; Max-Age=0"))
}

/// With a cookie that no script reads, no other site sends, and, where there is TLS, nobody sends
/// without it.
fn with_cookie(app: &App, cookie: &str) -> Response {
    let secure = if app.options.speaks_tls { "; Secure" } else { "" };
    let cookie = format!("{cookie}; Path=/; HttpOnly; SameSite=Strict{secure}");
    let mut response = Json(LoggedIn { ok: true }).into_response();
    let cookie = HeaderValue::from_str(&cookie).expect("a key is hexadecimal");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        check_site(&map, None, &["logs.example.org".to_owned()]).is_ok()
    }

    #[test]
    fn foreign_names_and_pages_are_turned_away() {
        for host in
            ["127.0.0.1:8501", "localhost:1", "[::1]:8501", "10.0.0.7", "Logs.Example.org:80"]
        {
            assert!(check(&[("host", host)]), "{host}");
        }
        for host in ["evil.example.org:8501", "127.0.0.1.evil.org", "localhost.evil.org", ""] {
            assert!(!check(&[("host", host)]), "{host}");
        }
        assert!(!check(&[]));
        let own = ("host", "localhost:8501");
        assert!(check(&[own, ("origin", "http://localhost:8501")]));
        for origin in ["http://localhost:9999", "http://evil.org", "null"] {
            assert!(!check(&[own, ("origin", origin)]), "{origin}");
        }
        assert!(!check(&[own, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")]));
        assert!(check(&[own, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]));
        assert!(check(&[own, ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")]));
    }

    #[test]
    fn cookies_are_found_among_others() {
        let mut map = HeaderMap::new();
        map.insert("cookie", HeaderValue::from_static("a=b; pintail_session=xyz; c=d"));
        assert_eq!(cookie(&map), Some("xyz"));
    }
}
