//! One plain message per alert, and sending it.

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{SmtpTransport, Transport};

use super::settings::{Encryption, MailSettings};
use crate::error::{Error, Result};
use crate::queries::Moment;
use crate::queries::alerts::{Delivery, Sample};
use crate::queries::range::MINUTE;

/// A server that does not answer in this time is tried again later.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Lines of the log that a message shows.
pub const SAMPLE_LINES: usize = 10;

/// Characters of each.
const SAMPLE_CHARS_MAX: usize = 300;

/// What a message is about.
pub struct Letter<'a> {
    pub delivery: &'a Delivery,
    pub samples: &'a [Sample],
    /// Records of this level and above were counted.
    pub level: &'a str,
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

fn service(series: &str) -> &str {
    if series.is_empty() { "records without a service" } else { series }
}

fn subject(delivery: &Delivery) -> String {
    let what = if delivery.direction == "low" { "unusually few" } else { "unusually many" };
    format!(
        "[pintail] {}: {what}, {} in a minute where {} is normal",
        service(&delivery.series),
        number(delivery.observed),
        number(delivery.expected),
    )
}

fn body(letter: &Letter<'_>) -> String {
    let Letter { delivery, samples, level, page } = letter;
    let minute = |at| Moment(at).iso()[..16].replace('T', " ");
    let mut text = format!(
        "{reason}.\n\n\
         service    {service}\n\
         minute     {at} UTC\n\
         observed   {observed}\n\
         expected   {expected} ({low} to {high} would have been normal)\n\
         score      {score:.1} standard deviations\n\
         detector   {detector}\n",
        reason = delivery.reason,
        service = service(&delivery.series),
        at = minute(delivery.minute),
        observed = number(delivery.observed),
        expected = number(delivery.expected),
        low = number(delivery.low),
        high = number(delivery.high),
        score = delivery.score,
        detector = delivery.detector,
    );
    if !samples.is_empty() {
        text.push_str(&format!("\nThe first lines of {level} and above in that minute (UTC):\n\n"));
    }
    for sample in *samples {
        let time = &sample.ts.iso()[11..23];
        let level = sample.level.as_deref().unwrap_or("-");
        text.push_str(&format!("  {time}  {level:<5}  {}\n", first_line(&sample.message)));
    }
    text.push_str(&format!("\nThe log around it:\n  {}\n", link(page, delivery, level)));
    text.push_str("\nThis is said once: as long as it goes on, no other message comes.\n");
    text
}

/// The page at that moment.
fn link(page: &str, delivery: &Delivery, level: &str) -> String {
    const AROUND: i64 = 5 * MINUTE;
    let service = match delivery.series.as_str() {
        "" => "none".to_owned(),
        name if name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) => {
            name.to_owned()
        }
        name => format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
    };
    let search = match delivery.direction.as_str() {
        "low" => format!("service:{service}"),
        _ => format!("service:{service} level:>={}", level.to_lowercase()),
    };
    let from = Moment(delivery.minute - AROUND).iso();
    let to = Moment(delivery.minute + MINUTE + AROUND).iso();
    let (from, to) = (&from[..19], &to[..19]);
    format!("{page}/explore?from={from}Z&to={to}Z&q={}", percent_encoded(&search))
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
    let mut text: String =
        line.chars().filter(|c| !c.is_control()).take(SAMPLE_CHARS_MAX).collect();
    if text.len() < message.len() {
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
            direction: "high".to_owned(),
            first_minute: 1_767_607_200_000_000,
            minute: 1_767_607_260_000_000,
            observed: 57.0,
            expected: 1.234,
            low: 0.0,
            high: 7.9,
            score: 12.34,
            reason: "57 records at ERROR or above in this minute, 1.2 expected".to_owned(),
        }
    }

    fn letter(samples: &[Sample]) -> String {
        let delivery = delivery();
        body(&Letter {
            delivery: &delivery,
            samples,
            level: "ERROR",
            page: "http://127.0.0.1:8501",
        })
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
            "service    payment",
            "minute     2026-01-05 10:01 UTC",
            "expected   1.23 (0 to 7.90 would have been normal)",
            "score      12.3 standard",
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
    fn odd_names_stay_one_search_term() {
        let odd = Delivery { series: "a \"b\"".to_owned(), ..delivery() };
        assert!(link("", &odd, "ERROR").contains("q=service%3A%22a%20%5C%22b%5C%22%22%20level"));
        let none = Delivery { series: String::new(), direction: "low".to_owned(), ..delivery() };
        assert!(link("", &none, "ERROR").ends_with("q=service%3Anone"));
    }
}
