//! What the services of the invented shop say: their share of the traffic, how
//! often they warn and fail, and their messages. Adding a service is adding a
//! table here; the syntax of the templates is in `template.rs`.

use crate::record::Level;

/// A template and how often it is used among those of its level.
pub type Weighted = (u8, &'static str);

#[derive(Debug)]
pub struct Service {
    pub name: &'static str,
    /// Its part of all records, relative to the other services of the run.
    pub share: f64,
    /// Its part of WARN and ERROR records on a normal day.
    pub warn: f64,
    pub error: f64,
    /// What it logs.
    pub messages: Messages,
    /// The same service seen by a web server: `METHOD path status`.
    pub requests: Messages,
}

/// Templates by level. The first WARN is the one of slow work, which incidents
/// of latency make frequent. Those of `unseen` appear in incidents only.
#[derive(Debug)]
pub struct Messages {
    pub info: &'static [Weighted],
    pub warn: &'static [Weighted],
    pub error: &'static [Weighted],
    pub unseen: &'static [(Level, &'static str)],
}

/// The services a run has unless told otherwise.
pub const DEFAULT: [&str; 4] = ["auth", "payment", "orders", "search"];

/// The table of a service; those without one of their own share [`OTHER`].
pub fn named(name: &str) -> &'static Service {
    [&AUTH, &PAYMENT, &ORDERS, &SEARCH]
        .into_iter()
        .find(|service| service.name == name)
        .unwrap_or(&OTHER)
}

const AUTH: Service = Service {
    name: "auth",
    share: 25.0,
    warn: 0.070,
    error: 0.010,
    messages: Messages {
        info: &[
            (22, "Login succeeded for user {user} from {ip} in {ms:45} ms"),
            (
                24,
                "Token refreshed for user {user}, valid for {valid_minutes:15-60} minutes | {ms:6}",
            ),
            (26, "Session {session} validated for user {user} in {ms:4} ms"),
            (10, "Logout of user {user} after {session_minutes:1-240} minutes"),
            (7, "Second factor {second_factor} accepted for user {user} in {ms:120} ms"),
            (4, "Sent verification mail to user {user} through {mailer} in {ms:210} ms"),
            (3, "Password changed by user {user} from {ip}"),
            (2, "Registered user {user} with plan {plan} from {ip} | {ms:160}"),
            (2, "Removed {sessions:10-900} expired sessions in {ms:35} ms"),
        ],
        warn: &[
            (14, "Slow credential check for user {user} took {ms:500+300} ms"),
            (
                58,
                "Login failed for user {user} from {ip}: wrong password, attempt {attempt:1-5} | {ms:60}",
            ),
            (16, "Expired token presented by user {user} from {ip}"),
            (9, "Rate limit reached by {ip} with {requests:60-240} requests in a minute"),
            (3, "Account of user {user} locked after {attempt:5-9} failed logins"),
        ],
        error: &[
            (40, "User store {db} did not answer within {ms:2000+3} ms"),
            (30, "Failed to load session {session} from {cache}: connection reset"),
            (20, "Token of user {user} has an invalid signature"),
            (
                10,
                "Mail relay {mailer} rejected the reset mail of user {user} with code {code:450-554}",
            ),
        ],
        unseen: &[
            (
                Level::Error,
                "Identity provider returned an unknown issuer for user {user} after {ms:300} ms",
            ),
            (Level::Warn, "Signing key {key:100-199} expires in {hours:1-48} hours"),
            (Level::Error, "Replica {db} is read-only, login of user {user} was not recorded"),
        ],
    },
    requests: Messages {
        info: &[
            (30, "POST /auth/login 200"),
            (34, "POST /auth/token/refresh 200"),
            (20, "GET /auth/session 200"),
            (8, "POST /auth/logout 204"),
            (5, "GET /auth/users/{user} 200"),
            (3, "POST /auth/register 201"),
        ],
        warn: &[
            (12, "POST /auth/login 408"),
            (56, "POST /auth/login 401"),
            (20, "POST /auth/token/refresh 401"),
            (12, "POST /auth/login 429"),
        ],
        error: &[
            (50, "POST /auth/login 503"),
            (30, "GET /auth/session 500"),
            (20, "POST /auth/register 502"),
        ],
        unseen: &[
            (Level::Error, "POST /auth/oidc/callback 500"),
            (Level::Warn, "GET /auth/keys/{key:100-199} 404"),
            (Level::Warn, "GET /auth/.env 403"),
        ],
    },
};

const PAYMENT: Service = Service {
    name: "payment",
    share: 15.0,
    warn: 0.040,
    error: 0.022,
    messages: Messages {
        info: &[
            (34, "Charged {amount} {currency} for order {order} in {ms:87} ms | {user}"),
            (
                26,
                "Authorized {amount} {currency} by {method} for user {user} through {gateway} in {ms:140} ms",
            ),
            (16, "Captured payment of order {order} through {gateway} in {ms:95} ms"),
            (8, "Saved payment method {method} for user {user} in {ms:22} ms"),
            (6, "Fraud score {score:0-60} for order {order} computed in {ms:31} ms"),
            (5, "Refunded {amount} {currency} to user {user} for order {order} | {ms:180}"),
            (
                3,
                "Invoice {invoice:100000-999999} issued for order {order} over {amount} {currency}",
            ),
            (2, "Settled batch of {payments:20-400} payments with {gateway} in {ms:900} ms"),
        ],
        warn: &[
            (22, "Slow response of gateway {gateway} for order {order}: {ms:800+500} ms"),
            (46, "Card declined for user {user}, order {order}: insufficient funds"),
            (18, "Retrying charge for order {order}, attempt {attempt:2-4} of 4"),
            (14, "Fraud score {score:61-99} for order {order} from {ip}, manual review requested"),
        ],
        error: &[
            (45, "Gateway {gateway} timed out after {ms:5000+6} ms for order {order}"),
            (25, "Charge failed for order {order}: gateway {gateway} answered {code:500-504}"),
            (20, "Could not store payment of order {order} in {db}: deadlock detected"),
            (10, "Refund of {amount} {currency} for order {order} failed: payment not found"),
        ],
        unseen: &[
            (
                Level::Error,
                "Certificate of gateway {gateway} is not trusted, order {order} left unpaid",
            ),
            (Level::Warn, "Currency rate for {currency} is {age:6-72} hours old"),
            (Level::Error, "Duplicate charge of {amount} {currency} detected for order {order}"),
        ],
    },
    requests: Messages {
        info: &[
            (40, "POST /payment/orders/{order}/charge 200"),
            (24, "POST /payment/authorize 201"),
            (18, "GET /payment/orders/{order}/status 200"),
            (10, "GET /payment/methods 200"),
            (5, "POST /payment/orders/{order}/refund 202"),
            (3, "GET /payment/invoices/{invoice:100000-999999} 200"),
        ],
        warn: &[
            (18, "POST /payment/orders/{order}/charge 408"),
            (52, "POST /payment/orders/{order}/charge 402"),
            (18, "POST /payment/authorize 409"),
            (12, "GET /payment/invoices/{invoice:100000-999999} 404"),
        ],
        error: &[
            (50, "POST /payment/orders/{order}/charge 504"),
            (30, "POST /payment/authorize 502"),
            (20, "POST /payment/orders/{order}/refund 500"),
        ],
        unseen: &[
            (Level::Error, "POST /payment/v2/orders/{order}/capture 501"),
            (Level::Warn, "GET /payment/rates/{currency} 410"),
            (Level::Error, "POST /payment/webhooks/{gateway} 500"),
        ],
    },
};

const ORDERS: Service = Service {
    name: "orders",
    share: 25.0,
    warn: 0.035,
    error: 0.015,
    messages: Messages {
        info: &[
            (22, "Order {order} created by user {user} with {items:1-12} items in {ms:64} ms"),
            (26, "Order {order} moved to status {status} | {ms:12}"),
            (18, "Added {quantity:1-5} of {sku} to the cart of user {user} in {ms:9} ms"),
            (
                14,
                "Reserved {quantity:1-5} of {sku} in warehouse {warehouse} for order {order} | {ms:18}",
            ),
            (10, "Loaded {orders:1-40} orders of user {user} in {ms:28} ms"),
            (6, "Handed order {order} to carrier {carrier} in {ms:240} ms"),
            (3, "Order {order} cancelled by user {user}"),
            (2, "Exported {orders:100-4000} orders to warehouse {warehouse} in {ms:1500} ms"),
        ],
        warn: &[
            (20, "Slow query on {db} took {ms:700+400} ms for user {user}"),
            (40, "Low stock of {sku} in warehouse {warehouse}: {left:0-9} left"),
            (26, "Cart of user {user} expired with {items:1-12} items"),
            (14, "Carrier {carrier} did not confirm order {order}, attempt {attempt:1-3}"),
        ],
        error: &[
            (40, "Could not reserve {sku} for order {order}: warehouse {warehouse} unreachable"),
            (30, "Order {order} could not be saved: {db} refused the connection"),
            (20, "Inconsistent total of order {order}: {amount} {currency} expected"),
            (
                10,
                "Carrier {carrier} answered {code:500-504} for order {order} after {ms:3000+5} ms",
            ),
        ],
        unseen: &[
            (Level::Error, "Unknown tax region of user {user}, order {order} held back"),
            (Level::Warn, "Message queue {queue} is {behind:1000-90000} events behind"),
            (Level::Warn, "Address check disabled, order {order} accepted unchecked"),
        ],
    },
    requests: Messages {
        info: &[
            (26, "GET /orders/{order} 200"),
            (20, "POST /orders 201"),
            (24, "POST /orders/cart/items 200"),
            (18, "GET /orders?user={user}&page={page:1-5} 200"),
            (8, "PUT /orders/{order}/status 200"),
            (4, "DELETE /orders/{order} 204"),
        ],
        warn: &[
            (16, "GET /orders?user={user}&page={page:1-5} 408"),
            (50, "GET /orders/{order} 404"),
            (20, "POST /orders 422"),
            (14, "PUT /orders/{order}/status 409"),
        ],
        error: &[
            (46, "POST /orders 500"),
            (34, "GET /orders/{order} 503"),
            (20, "PUT /orders/{order}/status 502"),
        ],
        unseen: &[
            (Level::Error, "POST /orders/{order}/tax 500"),
            (Level::Warn, "GET /orders/export/{warehouse} 403"),
            (Level::Warn, "POST /orders/import 413"),
        ],
    },
};

const SEARCH: Service = Service {
    name: "search",
    share: 35.0,
    warn: 0.035,
    error: 0.016,
    messages: Messages {
        info: &[
            (40, "Query \"{term}\" returned {hits:0-480} hits in {ms:38} ms | {user}"),
            (20, "Suggested {hits:1-10} completions for \"{term}\" in {ms:7} ms"),
            (14, "Served \"{term}\" from cache {cache} in {ms:2} ms"),
            (12, "Filtered {hits:5-900} products by {filters:1-6} filters in {ms:24} ms"),
            (8, "Recommended {hits:4-24} products to user {user} in {ms:52} ms"),
            (4, "Indexed {documents:50-2000} products on {shard} in {ms:420} ms"),
            (2, "Merged {segments:2-16} segments of {shard} in {ms:1800} ms"),
        ],
        warn: &[
            (34, "Slow query \"{term}\" took {ms:500+350} ms on {shard}"),
            (30, "Query \"{term}\" of user {user} returned no hits in language {lang}"),
            (20, "Cache {cache} is {percent:85-99} % full, evicting {entries:100-5000} entries"),
            (16, "Query from {ip} rejected: {terms:33-120} terms, the limit is 32"),
        ],
        error: &[
            (42, "Shard {shard} failed to answer within {ms:3000+5} ms"),
            (28, "Query \"{term}\" failed: {shards:1-5} of 6 shards unavailable"),
            (20, "Could not refresh index of {shard}: lock held for {ms:4000+900} ms"),
            (10, "Cache {cache} closed the connection while reading {bytes:2000} bytes"),
        ],
        unseen: &[
            (
                Level::Error,
                "Corrupt segment {segment:1-99} found on {shard}, falling back to a full scan",
            ),
            (Level::Warn, "Dictionary for language {lang} is missing, using the one for en"),
            (Level::Error, "Out of memory while sorting {hits:20000-90000} hits on {shard}"),
        ],
    },
    requests: Messages {
        info: &[
            (44, "GET /search?q={query:1000-9999}&page={page:1-9} 200"),
            (26, "GET /search/suggest?q={query:1000-9999} 200"),
            (16, "GET /search/filters?category={category:1-60} 200"),
            (10, "GET /search/recommended/{user} 200"),
            (4, "GET /search/trending 304"),
        ],
        warn: &[
            (30, "GET /search?q={query:1000-9999}&page={page:1-9} 408"),
            (40, "GET /search?q={query:1000-9999}&page={page:50-99} 400"),
            (30, "GET /search/suggest?q={query:1000-9999} 429"),
        ],
        error: &[
            (50, "GET /search?q={query:1000-9999}&page={page:1-9} 503"),
            (30, "GET /search/recommended/{user} 500"),
            (20, "GET /search/suggest?q={query:1000-9999} 502"),
        ],
        unseen: &[
            (Level::Error, "GET /search/shards/{shard} 500"),
            (Level::Warn, "GET /search/dictionary/{lang} 404"),
            (Level::Error, "POST /search/vector 501"),
        ],
    },
};

/// Any other service. `{service}` is its name.
const OTHER: Service = Service {
    name: "",
    share: 20.0,
    warn: 0.045,
    error: 0.015,
    messages: Messages {
        info: &[
            (32, "Handled request of user {user} from {client} in {ms:32} ms"),
            (20, "Processed job {job} with {records:1-900} records in {ms:180} ms"),
            (16, "Read {rows:1-200} rows from {db} in {ms:11} ms"),
            (12, "Published event {event:100000-999999} to queue {queue} | {ms:5}"),
            (10, "Consumed {events:1-64} events from queue {queue} in {ms:19} ms"),
            (6, "Stored object of {bytes:48000} bytes for user {user} in {ms:70} ms"),
            (4, "Health check passed in {ms:2} ms"),
        ],
        warn: &[
            (28, "Slow request of user {user} from {client} took {ms:600+400} ms"),
            (30, "Request from {ip} rejected: {fields:1-6} fields are invalid"),
            (24, "Retrying job {job}, attempt {attempt:2-5}"),
            (18, "Connection pool for {db} is {percent:80-99} % in use"),
        ],
        error: &[
            (40, "Request of user {user} failed: {db} did not answer within {ms:2500+4} ms"),
            (30, "Job {job} failed after {attempt:3-5} attempts"),
            (20, "Could not publish to queue {queue}: connection refused"),
            (10, "Unexpected status {code:500-504} from upstream after {ms:1400} ms"),
        ],
        unseen: &[
            (
                Level::Error,
                "Schema of {db} is older than expected, migration {migration:40-99} is missing",
            ),
            (Level::Warn, "Feature flag {flag:1-400} has no owner, using its default"),
            (Level::Error, "Disk quota exceeded while writing {bytes:900000} bytes"),
        ],
    },
    requests: Messages {
        info: &[
            (50, "GET /{service}/items/{item:1000-9999} 200"),
            (26, "GET /{service}/items?page={page:1-20} 200"),
            (16, "POST /{service}/items 201"),
            (8, "GET /{service}/health 200"),
        ],
        warn: &[
            (28, "GET /{service}/items?page={page:1-20} 408"),
            (44, "GET /{service}/items/{item:1000-9999} 404"),
            (28, "POST /{service}/items 400"),
        ],
        error: &[
            (60, "GET /{service}/items/{item:1000-9999} 500"),
            (40, "POST /{service}/items 503"),
        ],
        unseen: &[
            (Level::Error, "POST /{service}/migrate 500"),
            (Level::Warn, "GET /{service}/flags/{flag:1-400} 404"),
            (Level::Error, "PUT /{service}/upload/{item:1000-9999} 507"),
        ],
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::template::{Part, Template};

    const ALL: [&Service; 5] = [&AUTH, &PAYMENT, &ORDERS, &SEARCH, &OTHER];

    fn templates(messages: &Messages) -> impl Iterator<Item = &'static str> {
        let levels = [messages.info, messages.warn, messages.error].into_iter().flatten();
        levels.map(|(_, text)| *text).chain(messages.unseen.iter().map(|(_, text)| *text))
    }

    #[test]
    fn every_template_parses_and_names_each_field_once() {
        for service in ALL {
            for text in templates(&service.messages).chain(templates(&service.requests)) {
                let template = Template::parse(&text.replace("{service}", "x"));
                let shown = template.message.iter().filter_map(|part| match part {
                    Part::Field(field) => Some(field),
                    Part::Text(_) => None,
                });
                let mut keys: Vec<&str> =
                    shown.chain(&template.hidden).map(|field| field.key.as_str()).collect();
                let count = keys.len();
                keys.sort_unstable();
                keys.dedup();
                assert_eq!(keys.len(), count, "{text}");
            }
        }
    }

    #[test]
    fn messages_start_with_a_capital_and_the_first_warning_is_the_slow_one() {
        for service in ALL {
            assert!(templates(&service.messages).count() >= 12, "{}", service.name);
            for text in templates(&service.messages) {
                assert!(text.starts_with(|c: char| c.is_ascii_uppercase()), "{text}");
            }
            let slow = service.messages.warn[0].1;
            assert!(slow.starts_with("Slow") && slow.contains("{ms:"), "{slow}");
        }
    }

    #[test]
    fn no_two_templates_of_a_service_share_a_pattern() {
        for service in ALL {
            for messages in [&service.messages, &service.requests] {
                let mut patterns: Vec<String> = templates(messages)
                    .map(|text| Template::parse(&text.replace("{service}", "x")).pattern())
                    .collect();
                let count = patterns.len();
                patterns.sort_unstable();
                patterns.dedup();
                assert_eq!(patterns.len(), count, "{}", service.name);
            }
        }
    }

    #[test]
    fn request_statuses_fit_their_level() {
        for service in ALL {
            let status = |text: &str| text.rsplit(' ').next().and_then(|s| s.parse::<u16>().ok());
            let all = |list: &[Weighted], range: std::ops::Range<u16>| {
                list.iter().all(|(_, text)| status(text).is_some_and(|s| range.contains(&s)))
            };
            assert!(all(service.requests.info, 200..400));
            assert!(all(service.requests.warn, 400..500));
            assert!(all(service.requests.error, 500..600));
        }
    }
}
