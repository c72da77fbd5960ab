//! The addresses that clients push to, and what they ask of before.

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{MethodRouter, any, get, options, post};

use super::super::app::App;
use super::super::{assets, guard};
use super::{answered, elastic, lines, loki, otlp, signals, splunk, wrong};

/// Where clients push to. Each handler reads the body itself, within the limits of the desk.
pub fn routes(app: &App) -> Router<App> {
    let lines = both(Router::new(), "/insert/jsonline", || post(lines::json));
    let lines = both(lines, "/insert/lines", || post(lines::text));
    // `/api/prom/push`: Loki before version 1.
    let loki = ["/loki/api/v1/push", "/api/prom/push", "/insert/loki/api/v1/push"]
        .into_iter()
        .fold(Router::new(), |loki, path| both(loki, path, || post(loki::push)));
    let otlp =
        Router::new().merge(otlp()).nest("/otlp", otlp()).nest("/insert/opentelemetry", otlp());
    let posted = lines
        .merge(loki)
        .merge(otlp)
        .method_not_allowed_fallback(wrong::method)
        .layer(from_fn_with_state(app.clone(), guard::known));
    // Below a prefix everything is Elasticsearch; without one what cannot be anything else.
    // Types of documents were part of the address before version 8.
    let all = elastic()
        .route("/{index}", any(elastic::index))
        .route("/{index}/{kind}", post(elastic::create_or_index))
        .route("/{index}/{kind}/_bulk", post(elastic::typed_bulk));
    let bare =
        MethodRouter::new().put(elastic::index).head(elastic::index_or_page).delete(elastic::index);
    let elastic = elastic()
        .route("/{index}", bare)
        .nest("/elasticsearch", all.clone())
        .nest("/insert/elasticsearch", all)
        .route("/elasticsearch", any(elastic::info))
        .route("/elasticsearch/", any(elastic::info))
        .route("/insert/elasticsearch", any(elastic::info))
        .route("/insert/elasticsearch/", any(elastic::info))
        .method_not_allowed_fallback(wrong::elastic_method)
        .layer(from_fn_with_state(app.clone(), elastic::known))
        .layer(map_response(elastic::with_product));
    posted
        .merge(splunk(app))
        .merge(elastic)
        .layer(from_fn_with_state(app.clone(), answered::note))
        // What VictoriaLogs says to those who ask whether it is ready.
        .route("/insert/ready", get(ready))
        .route("/insert/loki/ready", get(ready))
        // The page's views and files, which a browser needs before somebody has given the token.
        .route("/{index}", get(assets::show))
        .route("/", any(elastic::root))
}

async fn ready() -> &'static str {
    "ready\n"
}

fn splunk(app: &App) -> Router<App> {
    let event = || post(splunk::event);
    let mut events = Router::new();
    let mut open = Router::new();
    for path in ["", "/1.0", "/event", "/event/1.0"] {
        let path = format!("/services/collector{path}");
        events = both(events, &path, event);
        // Docker asks whether it is there before it starts a container, without a token.
        open = both(open, &path, || options(splunk::options));
    }
    for path in ["/raw", "/raw/1.0"] {
        let path = format!("/services/collector{path}");
        events = both(events, &path, || post(splunk::raw));
        open = both(open, &path, || options(splunk::options));
    }
    events
        .route("/services/collector/ack", post(splunk::ack))
        .route("/services/collector/ack/1.0", post(splunk::ack))
        .layer(from_fn_with_state(app.clone(), splunk::known))
        .merge(open)
        .route("/services/collector/health", get(splunk::health))
        .route("/services/collector/health/1.0", get(splunk::health))
        .method_not_allowed_fallback(wrong::method)
}

/// The paths of OTLP over HTTP below any prefix.
fn otlp() -> Router<App> {
    let logs = both(Router::new(), "/v1/logs", || post(otlp::export));
    let traces = both(logs, "/v1/traces", || post(signals::traces));
    both(traces, "/v1/metrics", || post(signals::metrics))
}

/// With a path, and the same with a slash at its end, which clients get who put addresses together.
fn both(router: Router<App>, path: &str, method: impl Fn() -> MethodRouter<App>) -> Router<App> {
    router.route(path, method()).route(&format!("{path}/"), method())
}

/// What shippers ask of Elasticsearch before they send, and what they send.
fn elastic() -> Router<App> {
    let bulk = || post(elastic::bulk).put(elastic::bulk);
    let settings = || any(elastic::acknowledged);
    let document = || post(elastic::create_or_index).put(elastic::create_or_index);
    Router::new()
        .route("/_bulk", bulk())
        .route("/_bulk/", bulk())
        .route("/{index}/_bulk", bulk())
        .route("/{index}/_bulk/", bulk())
        .route("/{index}/_doc", post(elastic::create_or_index))
        // The type that rsyslog has by default.
        .route("/{index}/events", post(elastic::create_or_index))
        .route("/{index}/_doc/", post(elastic::create_or_index))
        .route("/{index}/_doc/{id}", document())
        .route("/{index}/_create/{id}", document())
        .route("/_cat/health", get(elastic::cat_health))
        .route("/_refresh", any(elastic::refreshed))
        .route("/{index}/_refresh", any(elastic::refreshed))
        .route("/_license", get(elastic::license))
        .route("/_xpack", get(elastic::xpack))
        .route("/_xpack/{*rest}", get(elastic::xpack))
        .route("/_cluster/health", get(elastic::cluster_health))
        .route("/_cluster/{*rest}", settings())
        .route("/_nodes", get(elastic::nodes))
        .route("/_nodes/{*rest}", get(elastic::nodes))
        .route("/_ilm/{*rest}", settings())
        .route("/_index_template/{*rest}", settings())
        .route("/_component_template/{*rest}", settings())
        .route("/_template/{*rest}", settings())
        .route("/_data_stream/{*rest}", settings())
        .route("/_ingest/{*rest}", settings())
        .route("/_alias/{*rest}", settings())
}
