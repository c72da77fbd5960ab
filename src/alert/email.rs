//! One plain message per alert, and sending it.

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{SmtpTransport, Transport};

use super::settings::{Encryption, MailSettings};
use crate::error::{Error, Result};
use crate::escape;
use crate::queries::Moment;
use crate::queries::alerts::{Delivery, Sample};
use crate::queries::range::MINUTE;
use crate::queries::subject::Subject;

/// A server that does not answer in this time is tried again later.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Lines of the log that a message shows.
pub const SAMPLE_LINES: usize = 10;

/// Characters of each.
const SAMPLE_CHARS_MAX: usize = 300;

/// Other series that a message names.
const OTHERS_MAX: usize = 20;

/// What a message is about.
pub struct Letter<'a> {
    pub delivery: &'a Delivery,
    pub samples: &'a [Sample],
    /// Where the page is, without a slash at its end.
    pub page: &'a str,
}

/// Sends messages.
pub struct Mailer {
    transport: SmtpTransport,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mailer {
    /// # Errors
    /// Addresses that are none.
    pub fn new(settings: &MailSettings) -> Result<Mailer> {
        let failed = |error: lettre::transport::smtp::Error| {
            Error::usage(format!("{}: {}", settings.host, reasons(&error)))
        };
        let mut builder = match settings.encryption {
            Encryption::StartTls => {
                SmtpTransport::starttls_relay(&settings.host).map_err(failed)?
            }
            Encryption::Tls => SmtpTransport::relay(&settings.host).map_err(failed)?,
            Encryption::None => SmtpTransport::builder_dangerous(&settings.host),
        };
        builder = builder.port(settings.port).timeout(Some(TIMEOUT));
        if let (Some(user), Some(password)) = (&settings.user, settings.password()) {
            builder = builder.credentials(Credentials::new(user.clone(), password.to_owned()));
        }
        let to: Result<Vec<Mailbox>> = settings.to.iter().map(|to| mailbox(to)).collect();
        Ok(Mailer { transport: builder.build(), from: mailbox(&settings.from)?, to: to? })
    }

    /// # Errors
    /// What the server says, or why there is none, in one line.
    pub fn send(&self, letter: &Letter<'_>) -> std::result::Result<(), String> {
        let message = self.message(letter).map_err(|error| reasons(&error))?;
        self.transport.send(&message).map(drop).map_err(|error| reasons(&error))
    }

    fn message(&self, letter: &Letter<'_>) -> std::result::Result<Message, lettre::error::Error> {
        let delivery = letter.delivery;
        // The same for every attempt: a receiver can tell a message that came twice.
        let domain = self.from.email.domain();
        let id = format!("<pintail-{}-{}@{domain}>", delivery.alert, delivery.first_minute);
        let mut message = Message::builder()
            .from(self.from.clone())
            .subject(subject(delivery))
            .message_id(Some(id))
            .date_now()
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            message = message.to(to.clone());
        }
        message.body(body(letter))
    }
}

fn mailbox(address: &str) -> Result<Mailbox> {
    address.parse().map_err(|_| Error::usage(format!("'{address}' is no e-mail address")))
}

/// An error with what caused it, in one line.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.contains(&reason) {
            text = format!("{text}: {reason}");
        }
        cause = error.source();
    }
    text.replace(['\n', '\r'], " ")
}

/// A series as people name it.
fn named(delivery: &Delivery) -> String {
    match delivery.series.as_str() {
        "" => "records without a service".to_owned(),
        series => escape::name(series),
    }
}

fn subject(delivery: &Delivery) -> String {
    let series = named(delivery);
    match delivery.detector.as_str() {
        "zscore" | "counts" | "shift" => format!(
            "[pintail] {series}: unusually {}, {} in a minute where {} is normal",
            if delivery.direction == "low" { "few" } else { "many" },
            number(delivery.observed),
            number(delivery.expected),
        ),
        _ => format!("[pintail] {series}: {}", first_line(&delivery.reason)),
    }
}

fn body(letter: &Letter<'_>) -> String {
    let Letter { delivery, samples, page } = letter;
    let minute = |at| Moment(at).iso()[..16].replace('T', " ");
    let mut text = format!(
        "{reason}.\n\n\
         series     {series}\n\
         minute     {at} UTC\n\
         observed   {observed}\n\
         expected   {expected} ({low} to {high} would have been normal)\n\
         score      {score:.1}\n\
         detector   {detector}\n",
        reason = escape::line(&delivery.reason),
        series = named(delivery),
        at = minute(delivery.minute),
        observed = number(delivery.observed),
        expected = number(delivery.expected),
        low = number(delivery.low),
        high = number(delivery.high),
        score = delivery.score,
        detector = escape::name(&delivery.detector),
    );
    if !delivery.others.is_empty() {
        text.push_str("\nAt the same time, so perhaps of the same cause:\n\n");
        let others: Vec<&str> = delivery.others.lines().collect();
        for other in others.iter().take(OTHERS_MAX) {
            text.push_str(&format!("  {}\n", escape::name(other)));
        }
        if others.len() > OTHERS_MAX {
            text.push_str(&format!("  and {} more\n", others.len() - OTHERS_MAX));
        }
    }
    if !samples.is_empty() {
        text.push_str("\nThe first of its lines in that minute (UTC):\n\n");
    }
    for sample in *samples {
        let time = &sample.ts.iso()[11..23];
        let level = sample.level.as_deref().unwrap_or("-");
        text.push_str(&format!("  {time}  {level:<5}  {}\n", first_line(&sample.message)));
    }
    text.push_str(&format!("\nThe log around it:\n  {}\n", link(page, delivery)));
    text.push_str("\nThis is said once: as long as it goes on, no other message comes.\n");
    text
}

/// The page at that moment.
fn link(page: &str, delivery: &Delivery) -> String {
    const AROUND: i64 = 5 * MINUTE;
    let from = Moment(delivery.minute - AROUND).iso();
    let to = Moment(delivery.minute + MINUTE + AROUND).iso();
    let (from, to) = (&from[..19], &to[..19]);
    let search = search(delivery);
    format!("{page}/explore?from={from}Z&to={to}Z&q={}", percent_encoded(&search))
}

/// The records of the series, in the search language. Of one that is too low, all of its service's:
/// what is there instead.
fn search(delivery: &Delivery) -> String {
    let Subject { service, level, min_level, field } = &delivery.subject;
    let mut terms = Vec::new();
    if let Some(service) = service {
        terms.push(format!("service:{}", quoted(service)));
    }
    if delivery.direction != "low" {
        let none =
            |level: &str| if level.is_empty() { "none".into() } else { level.to_lowercase() };
        terms.extend(level.as_ref().map(|level| format!("level:{}", none(level))));
        terms.extend(min_level.as_ref().map(|level| format!("level:>={}", level.to_lowercase())));
    }
    terms.extend(field.as_ref().filter(|field| is_plain(field)).map(|field| format!("{field}:*")));
    terms.join(" ")
}

fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn quoted(service: &str) -> String {
    match service {
        "" => "none".to_owned(),
        name if is_plain(name) => name.to_owned(),
        name => format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Whole numbers without a fraction, others with one digit that says something.
fn number(value: f64) -> String {
    match value {
        value if value.fract() == 0.0 => format!("{value:.0}"),
        value if value.abs() < 10.0 => format!("{value:.2}"),
        value => format!("{value:.1}"),
    }
}

fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let mut text: String = escape::line(line).chars().take(SAMPLE_CHARS_MAX).collect();
    if line.chars().count() > SAMPLE_CHARS_MAX || line.len() < message.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            alert: 7,
            attempts: 0,
            created: 0,
            detector: "zscore".to_owned(),
            series: "payment".to_owned(),
            subject: Subject {
                service: Some("payment".to_owned()),
                min_level: Some("ERROR".to_owned()),
                ..Subject::default()
            },
            direction: "high".to_owned(),
            first_minute: 1_767_607_200_000_000,
            minute: 1_767_607_260_000_000,
            observed: 57.0,
            expected: 1.234,
            low: 0.0,
            high: 7.9,
            score: 12.34,
            reason: "57 records at ERROR or above in this minute, 1.2 expected".to_owned(),
            others: String::new(),
        }
    }

    fn letter(samples: &[Sample]) -> String {
        let delivery = delivery();
        body(&Letter { delivery: &delivery, samples, page: "http://127.0.0.1:8501" })
    }

    #[test]
    fn a_message_says_what_where_and_when() {
        let sample = |message: &str| Sample {
            ts: Moment(1_767_607_261_500_000),
            level: Some("ERROR".to_owned()),
            message: message.to_owned(),
        };
        let text = letter(&[sample("Card declined\n  at line 2"), sample("short")]);
        for part in [
            "57 records at ERROR or above",
            "series     payment",
            "minute     2026-01-05 10:01 UTC",
            "expected   1.23 (0 to 7.90 would have been normal)",
            "score      12.3\n",
            "  10:01:01.500  ERROR  Card declined…\n",
            "  10:01:01.500  ERROR  short\n",
            "http://127.0.0.1:8501/explore?from=2026-01-05T09:56:00Z&to=2026-01-05T10:07:00Z&q=service%3Apayment%20level%3A%3E%3Derror",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert_eq!(
            subject(&delivery()),
            "[pintail] payment: unusually many, 57 in a minute where 1.23 is normal"
        );
        assert!(!letter(&[]).contains("first lines"));
    }

    #[test]
    fn what_has_the_same_cause_is_named() {
        let others = (0..25).map(|n| format!("s{n} ERROR (counts)")).collect::<Vec<_>>().join("\n");
        let delivery = Delivery { others, ..delivery() };
        let text = body(&Letter { delivery: &delivery, samples: &[], page: "" });
        assert!(text.contains("  s0 ERROR (counts)\n") && text.contains("and 5 more"), "{text}");
    }

    #[test]
    fn what_logs_say_forges_no_lines_and_no_links() {
        let forged = "x\r\n\nThe log around it:\n  http://evil.example/\u{1b}[2J\u{2028}y";
        let odd = Delivery {
            series: forged.to_owned(),
            reason: format!("12 records of {forged}"),
            detector: forged.to_owned(),
            others: forged.replace('\n', " "),
            subject: Subject { service: Some(forged.to_owned()), ..Subject::default() },
            ..delivery()
        };
        let sample = Sample {
            ts: Moment(1_767_607_261_500_000),
            level: Some("ERROR".to_owned()),
            message: format!("a {forged}"),
        };
        let text = body(&Letter { delivery: &odd, samples: &[sample], page: "http://pintail" });
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{2028}'), "{text}");
        let links: Vec<&str> = text.lines().filter(|line| line.starts_with("  http")).collect();
        assert_eq!(links.len(), 1, "{text}");
        assert!(links[0].starts_with("  http://pintail/explore?"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("The log around")).count(), 1);
        assert!(!subject(&odd).chars().any(char::is_control));
    }

    #[test]
    fn odd_names_stay_one_search_term() {
        let of = |service: &str, direction: &str| Delivery {
            subject: Subject { service: Some(service.to_owned()), ..delivery().subject },
            direction: direction.to_owned(),
            ..delivery()
        };
        assert!(
            link("", &of("a \"b\"", "high"))
                .contains("q=service%3A%22a%20%5C%22b%5C%22%22%20level")
        );
        assert!(link("", &of("", "low")).ends_with("q=service%3Anone"));
        let all = Delivery { subject: Subject::default(), ..delivery() };
        assert!(link("", &all).ends_with("q="));
        let level = Subject { level: Some(String::new()), ..Subject::default() };
        assert!(link("", &Delivery { subject: level, ..delivery() }).ends_with("q=level%3Anone"));
    }
}
