//! Message templates: fixed text around placeholders that vary from record to
//! record. The syntax, used by the tables in `services.rs`:
//!
//! - `{ms:80}` a duration with the median 80 ms, `{bytes:2000}` a size likewise
//! - `{ms:5000+4}` a duration of 5000 ms and a few more: a timeout, or slow work
//! - `{attempt:1-5}` a whole number of that range; the name becomes its key
//! - `{user}`, `{ip}`, … a value of the kind of that name, see [`Kind::named`]
//! - everything after ` | ` is recorded by the structured formats only

use super::noise::Stream;

/// What a template consists of.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Text(String),
    Field(Field),
}

/// A placeholder: the key it has in JSON and CSV, and how its value is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub key: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Milliseconds; incidents of latency stretch what comes on top of the floor.
    Duration {
        floor_ms: u32,
        median_ms: u32,
    },
    Size {
        median: u32,
    },
    Int {
        low: u32,
        high: u32,
    },
    User,
    Order,
    /// Cents, written as `42.10`.
    Amount,
    /// 16 hexadecimal digits.
    Session,
    ClientIp,
    Word(&'static [&'static str]),
}

/// A template cut into the parts of its message and those behind ` | `.
pub struct Template {
    pub message: Vec<Part>,
    pub hidden: Vec<Field>,
}

impl Template {
    /// The templates are part of the program, so a wrong one is a bug: it panics,
    /// and a test parses them all.
    pub fn parse(text: &str) -> Self {
        let (message, hidden) = text.split_once(" | ").unwrap_or((text, ""));
        let hidden = parse_parts(hidden).into_iter().filter_map(|part| match part {
            Part::Field(field) => Some(field),
            Part::Text(_) => None,
        });
        Template { message: parse_parts(message), hidden: hidden.collect() }
    }

    /// The message with `<*>` for what varies, as log template miners write it.
    pub fn pattern(&self) -> String {
        self.message
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Field(_) => "<*>",
            })
            .collect()
    }
}

fn parse_parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        let (name, after) = after.split_once('}').expect("a template closes its placeholders");
        parts.push(Part::Field(Field::named(name)));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    parts
}

impl Field {
    pub fn named(text: &str) -> Self {
        let (name, argument) = text.split_once(':').unwrap_or((text, ""));
        let key = match name {
            "ms" => "duration_ms",
            "user" => "user_id",
            "order" => "order_id",
            other => other,
        };
        Field { key: key.to_owned(), kind: Kind::named(name, argument) }
    }

    /// The value as a number, or as what [`write`](Self::write) makes a word of.
    /// `slowdown_percent` is 100 on a normal day.
    #[inline]
    pub fn draw(&self, stream: &mut Stream, slowdown_percent: u32) -> u64 {
        match self.kind {
            Kind::Duration { floor_ms, median_ms } => {
                let varying_ms = stream.lognormal(median_ms) * u64::from(slowdown_percent) / 100;
                u64::from(floor_ms) + varying_ms
            }
            Kind::Size { median } => stream.lognormal(median),
            Kind::Int { low, high } => u64::from(low + stream.below(high - low + 1)),
            Kind::User => u64::from(1_000 + stream.skewed_below(60_000)),
            Kind::Order => u64::from(10_000 + stream.below(90_000)),
            Kind::Amount => stream.lognormal(3_900),
            Kind::Session => stream.bits(),
            Kind::ClientIp => u64::from(stream.skewed_below(CLIENT_IPS)),
            Kind::Word(words) => u64::from(stream.skewed_below(words.len() as u32)),
        }
    }

    /// Writes a drawn value. None needs escaping in any format.
    #[inline]
    pub fn write(&self, value: u64, out: &mut Vec<u8>) {
        match self.kind {
            Kind::Word(words) => out.extend_from_slice(words[value as usize].as_bytes()),
            Kind::Amount => write_cents(value, out),
            Kind::Session => write_hex(value, out),
            Kind::ClientIp => write_client_ip(value as u32, out),
            _ => write_int(value, out),
        }
    }

    /// Whether JSON writes the value without quotes.
    pub fn is_number(&self) -> bool {
        !matches!(self.kind, Kind::Word(_) | Kind::Session | Kind::ClientIp)
    }
}

impl Kind {
    fn named(name: &str, argument: &str) -> Self {
        let number =
            |text: &str| text.parse::<u32>().expect("a placeholder's argument is a number");
        match (name, argument.split_once('-')) {
            ("ms", _) => {
                let (floor, median) = argument.split_once('+').unwrap_or(("0", argument));
                Kind::Duration { floor_ms: number(floor), median_ms: number(median) }
            }
            ("bytes", _) => Kind::Size { median: number(argument) },
            (_, Some((low, high))) => Kind::Int { low: number(low), high: number(high) },
            ("user", _) => Kind::User,
            ("order", _) => Kind::Order,
            ("amount", _) => Kind::Amount,
            ("session" | "token", _) => Kind::Session,
            ("ip", _) => Kind::ClientIp,
            _ => Kind::Word(words(name)),
        }
    }
}

/// The values of the placeholders that are words, the frequent ones first.
/// Invented names and documentation addresses only.
fn words(name: &str) -> &'static [&'static str] {
    match name {
        "currency" => &["EUR", "USD", "GBP", "CHF", "SEK"],
        "gateway" => &["cardnet", "paylink", "eurodebit", "walletgo"],
        "method" => &["card", "wallet", "invoice", "debit"],
        "carrier" => &["northpost", "parcelio", "quickship"],
        "warehouse" => &["ber-1", "rot-2", "lyo-1", "gdn-3"],
        "sku" => {
            &["TEA-0412", "MUG-2207", "LAMP-118", "BAG-7731", "RUG-0096", "PEN-5540", "CAP-3127"]
        }
        "status" => &["paid", "packed", "shipped", "delivered", "returned"],
        "db" => &["10.0.4.11:5432", "10.0.4.12:5432", "10.0.4.13:5432"],
        "cache" => &["10.0.6.21:6379", "10.0.6.22:6379"],
        "mailer" => &["mail-1", "mail-2"],
        "second_factor" => &["totp", "passkey", "sms"],
        "client" => &["web", "ios", "android", "partner-api"],
        "plan" => &["free", "basic", "family"],
        "shard" => &["shard-0", "shard-1", "shard-2", "shard-3", "shard-4", "shard-5"],
        "term" => &[
            "red shoes",
            "green tea",
            "desk lamp",
            "rain jacket",
            "usb cable",
            "wool rug",
            "notebook",
            "coffee mug",
            "running socks",
            "garden chair",
            "phone case",
            "hiking boots",
        ],
        "lang" => &["en", "de", "fr", "pl", "nl"],
        "job" => &["cleanup", "sync", "report", "reindex"],
        "queue" => &["default", "mail", "exports"],
        "referer" => &[
            "https://shop.example.com/",
            "-",
            "https://shop.example.com/cart",
            "https://shop.example.com/account",
            "https://www.example.org/deals",
        ],
        "agent" => AGENTS,
        _ => panic!("no placeholder is called {{{name}}}"),
    }
}

const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0",
    "ShopApp/4.12 (Android 15)",
    "partner-sync/2.3",
    "curl/8.14.1",
];

/// Clients live in the three networks reserved for documentation (RFC 5737).
const CLIENT_NETWORKS: [&str; 3] = ["203.0.113.", "198.51.100.", "192.0.2."];
const HOSTS_PER_NETWORK: u32 = 254;
const CLIENT_IPS: u32 = CLIENT_NETWORKS.len() as u32 * HOSTS_PER_NETWORK;

fn write_client_ip(index: u32, out: &mut Vec<u8>) {
    let network = CLIENT_NETWORKS[(index / HOSTS_PER_NETWORK) as usize];
    out.extend_from_slice(network.as_bytes());
    write_int(u64::from(index % HOSTS_PER_NETWORK + 1), out);
}

fn write_int(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn write_cents(value: u64, out: &mut Vec<u8>) {
    write_int(value / 100, out);
    let cents = (value % 100) as u8;
    out.extend_from_slice(&[b'.', b'0' + cents / 10, b'0' + cents % 10]);
}

/// 16 lower-case hexadecimal digits.
pub fn write_hex(value: u64, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits: [u8; 16] =
        std::array::from_fn(|at| DIGITS[(value >> (60 - 4 * at)) as usize & 0xf]);
    out.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_text_and_fields() {
        let template = Template::parse("Charged {amount} for {order} in {ms:80} ms | {user}");
        assert_eq!(template.pattern(), "Charged <*> for <*> in <*> ms");
        let keys: Vec<&str> = template.hidden.iter().map(|field| field.key.as_str()).collect();
        assert_eq!(keys, ["user_id"]);
        assert_eq!(template.message[1], Part::Field(Field::named("amount")));
    }

    #[test]
    fn values_are_written_as_people_read_them() {
        let written = |name: &str, value| {
            let mut out = Vec::new();
            Field::named(name).write(value, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written("amount", 4_205), "42.05");
        assert_eq!(written("session", 0xab), "00000000000000ab");
        assert_eq!(written("ip", 255), "198.51.100.2");
        assert_eq!(written("attempt:1-5", 3), "3");
        assert_eq!(written("currency", 1), "USD");
    }

    #[test]
    fn values_stay_in_their_range_and_slow_down() {
        let mut stream = Stream::new(1, 2, 3);
        let attempt = Field::named("attempt:1-5");
        assert!((0..1_000).all(|_| (1..=5).contains(&attempt.draw(&mut stream, 100))));
        let timeout = Field::named("ms:5000+4");
        assert!((0..1_000).all(|_| (5_001..5_080).contains(&timeout.draw(&mut stream, 100))));
        let duration = Field::named("ms:100");
        let total = |stream: &mut Stream, percent| {
            (0..1_000).map(|_| duration.draw(stream, percent)).sum::<u64>()
        };
        assert!(total(&mut stream, 800) > 6 * total(&mut stream, 100));
    }
}
