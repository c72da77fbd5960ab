//! Level words and numbers of the field, mapped to the six of the enum.

use crate::parse::scan::Cursor;
use crate::record::Level;
use Level::{Debug, Error, Fatal, Info, Trace, Warn};

/// The longest word in [`level_of_word`].
const WORD_BYTES_MAX: usize = 32;

/// Reads a level word in any case: `WARNING`, `warn`, `wrn`, `Information`, `crit`.
///
/// Sources: syslog keywords (RFC 5424), java.util.logging, log4j, Python logging,
/// zap, Serilog, winston, Android, PostgreSQL, Apache httpd.
pub fn level_of_word(word: &str) -> Option<Level> {
    // Words of two characters in other scripts take six bytes.
    if word.len() < 3 || word.len() > WORD_BYTES_MAX {
        return None;
    }
    // The usual spellings first: they decide nearly every line.
    match word {
        "INFO" => return Some(Info),
        "WARN" | "WARNING" => return Some(Warn),
        "ERROR" => return Some(Error),
        "DEBUG" => return Some(Debug),
        _ => {}
    }
    if !word.is_ascii() {
        return level_of_other_script(&word.to_lowercase());
    }
    let mut lower = [0u8; WORD_BYTES_MAX];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    level_of_english(lower).or_else(|| level_of_translation(lower))
}

fn level_of_english(lower: &[u8]) -> Option<Level> {
    Some(match lower {
        b"trace" | b"trc" | b"trce" | b"trace1" | b"trace2" | b"trace3" | b"trace4"
        | b"verbose" | b"vrb" | b"finest" | b"finer" | b"silly" => Trace,
        b"debug" | b"dbg" | b"dbug" | b"deb" | b"debug1" | b"debug2" | b"debug3" | b"debug4"
        | b"debug5" | b"ddebug" | b"subdebug" | b"fine" | b"config" => Debug,
        b"info" | b"inf" | b"information" | b"informative" | b"notice" | b"note" | b"log"
        | b"success" | b"informational" | b"info2" | b"info3" | b"info4" => Info,
        b"warn" | b"warning" | b"wrn" | b"warn2" | b"warn3" | b"warn4" => Warn,
        b"error" | b"err" | b"eror" | b"severe" | b"failure" | b"fail" | b"error2" | b"error3"
        | b"error4" => Error,
        b"fatal" | b"ftl" | b"crit" | b"critical" | b"alert" | b"emerg" | b"emergency"
        | b"panic" | b"dpanic" | b"fatal2" | b"fatal3" | b"fatal4" => Fatal,
        _ => return None,
    })
}

/// What Java, PostgreSQL and .NET write in other languages than English.
fn level_of_translation(lower: &[u8]) -> Option<Level> {
    Some(match lower {
        b"fein" | b"feiner" | b"feinste" => Debug,
        b"infos" | b"informationen" | b"informazioni" | b"informacion" | b"informatie"
        | b"informacje" | b"hinweis" | b"meldung" | b"aviso" => Info,
        b"warnung" | b"avertissement" | b"attention" | b"advertencia" | b"avvertenza"
        | b"avvertimento" | b"avviso" | b"attenzione" | b"waarschuwing" | b"varning"
        | b"ostrzezenie" => Warn,
        b"fehler" | b"erreur" | b"errore" | b"erro" | b"fout" | b"fel" | b"blad"
        | b"schwerwiegend" | b"grave" | b"ernstig" => Error,
        b"kritisch" | b"kritiek" | b"krytyczny" | b"critique" | b"critico" | b"fatale" => Fatal,
        _ => return None,
    })
}

/// The same with letters beyond ASCII, in lower case.
fn level_of_other_script(lower: &str) -> Option<Level> {
    Some(match lower {
        "отладка" | "调试" | "偵錯" | "デバッグ" | "디버그" => Debug,
        "información"
        | "informação"
        | "informações"
        | "инфо"
        | "информация"
        | "сведения"
        | "сообщение"
        | "信息"
        | "資訊"
        | "情報"
        | "정보" => Info,
        "advertência" | "ostrzeżenie" | "предупреждение" | "внимание" | "警告" | "경고" => {
            Warn
        }
        "błąd" | "ошибка" | "错误" | "錯誤" | "エラー" | "오류"
        // java.util.logging's SEVERE.
        | "严重" | "嚴重" | "심각" => Error,
        "crítico"
        | "критическая"
        | "критический"
        | "фатальная"
        | "важно"
        | "致命的"
        | "重大" => Fatal,
        _ => return None,
    })
}

/// The level that a message without a level column states itself: `error: …`,
/// `[WARN] …`, `<info> …`, `FATAL …`, `%LINK-3-UPDOWN: …`. Words that also begin sentences and headings
/// (`log: …`, `config: …`, `success: …`) state none.
pub fn level_of_message(message: &str) -> Option<Level> {
    match message.as_bytes() {
        [b'I' | b'W' | b'E' | b'F', digits @ ..] if is_klog_date(digits) => {
            return level_of_letter(message.as_bytes()[0]);
        }
        [b'%', ..] => return level_of_mnemonic(message.split(':').next()?),
        [b't' | b'l', ..] => {
            if let Some(level) = level_of_pair(message) {
                return Some(level);
            }
        }
        _ => {}
    }
    // `PHP Warning:  …`, and `PHP Fatal error:  …`.
    if let Some(level) =
        message.strip_prefix("PHP ").and_then(|rest| level_of_php(rest.split_once(':')?.0))
    {
        return Some(level);
    }
    // `##[error]…`, as jobs of GitHub and Azure write.
    let message = message.strip_prefix("##").unwrap_or(message);
    let mut cursor = Cursor::new(message);
    let level = cursor.clear_level()?;
    let stated = message.len() - cursor.rest().len();
    let word = message[..stated].trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let common = [
        "trace", "debug", "info", "notice", "warn", "warning", "error", "err", "trce", "dbug",
        "fail",
    ];
    let grave = ["critical", "crit", "fatal", "emerg"];
    common.iter().chain(&grave).any(|known| known.eq_ignore_ascii_case(word)).then_some(level)
}

/// The labels of PHP's errors (`php_error_cb` in its main.c).
pub fn level_of_php(label: &str) -> Option<Level> {
    Some(match label {
        "Fatal error"
        | "Parse error"
        | "Core error"
        | "Compile error"
        | "Recoverable fatal error" => Fatal,
        "Warning" | "Core warning" | "Compile warning" => Warn,
        "Notice" | "Deprecated" | "Strict Standards" => Info,
        _ => return None,
    })
}

/// The severity in the mnemonic that heads a network device's message: `%LINK-3-UPDOWN`,
/// `%ASA-6-302013`, `%DAEMON-4-RPD_TASK`.
pub fn level_of_mnemonic(tag: &str) -> Option<Level> {
    const MNEMONIC_BYTES_MAX: usize = 128;
    let tag = tag.strip_prefix('%').filter(|tag| tag.len() <= MNEMONIC_BYTES_MAX)?;
    let mut parts = tag.rsplitn(3, '-');
    let (mnemonic, severity, facility) = (parts.next()?, parts.next()?, parts.next()?);
    let is_name = |name: &str| !name.is_empty() && !name.contains(' ');
    if !is_name(mnemonic) || !is_name(facility) || severity.len() != 1 {
        return None;
    }
    level_of_severity(severity.parse().ok()?)
}

/// `0105 10:11:12.123456`, as klog writes it into the journal.
fn is_klog_date(text: &[u8]) -> bool {
    text.len() > 8 && text[..4].iter().all(u8::is_ascii_digit) && text[4] == b' ' && text[7] == b':'
}

/// `level=warning …`, `time="…" level=warning …`, as Go's daemons write it.
fn level_of_pair(message: &str) -> Option<Level> {
    let pairs = match message.strip_prefix("time=") {
        Some(pairs) => pairs.split_once(" level=")?.1,
        None => message.strip_prefix("level=").or_else(|| message.strip_prefix("lvl="))?,
    };
    let length = pairs.bytes().take_while(u8::is_ascii_alphabetic).count();
    level_of_word(&pairs[..length])
}

/// Reads the one-letter levels of glog, klog and logcat (`V D I W E F`, `A` for assert).
pub fn level_of_letter(letter: u8) -> Option<Level> {
    Some(match letter {
        b'V' | b'T' => Trace,
        b'D' => Debug,
        b'I' | b'N' => Info,
        b'W' => Warn,
        b'E' => Error,
        b'F' | b'A' | b'C' => Fatal,
        _ => return None,
    })
}

/// Syslog severities (RFC 5424, section 6.2.1): 0 emergency … 7 debug. GELF uses them too.
pub fn level_of_severity(severity: i64) -> Option<Level> {
    Some(match severity {
        0..=2 => Fatal,
        3 => Error,
        4 => Warn,
        5 | 6 => Info,
        7 => Debug,
        _ => return None,
    })
}

/// The numbers pino, bunyan and Python logging write: 10 (Python: debug, Node: trace)
/// to 60. 10 is read as the Node loggers mean it only where the caller knows.
pub fn level_of_tens(number: i64) -> Option<Level> {
    Some(match number {
        5..=10 => Trace,
        11..=20 => Debug,
        21..=30 => Info,
        31..=40 => Warn,
        41..=50 => Error,
        51..=60 => Fatal,
        _ => return None,
    })
}

/// OpenTelemetry severity numbers: 1-4 trace, 5-8 debug, … 21-24 fatal.
pub fn level_of_otel(number: i64) -> Option<Level> {
    Some(match number {
        1..=4 => Trace,
        5..=8 => Debug,
        9..=12 => Info,
        13..=16 => Warn,
        17..=20 => Error,
        21..=24 => Fatal,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_state_a_level_only_clearly() {
        for (message, level) in [
            ("error: PAM: no such user", Some(Error)),
            ("[WARN] disk nearly full", Some(Warn)),
            ("<info>  [1767571200.1] device up", Some(Info)),
            ("ERROR disk full", Some(Error)),
            ("##[error]Process completed with exit code 1.", Some(Error)),
            ("E0105 10:11:12.123456 812 x.go:4] no", Some(Error)),
            ("time=\"2026-01-05T10:11:12Z\" level=warning msg=x", Some(Warn)),
            ("level=info msg=x", Some(Info)),
            ("%ETHPORT-5-IF_DOWN: Interface Ethernet1/1 is down", Some(Info)),
            ("%DAEMON-3-RPD_BGP_NEIGHBOR_STATE_CHANGED: BGP peer 10.0.0.1", Some(Error)),
            ("%PORT_SECURITY-SP-2-PSECURE_VIOLATION: Security violation", Some(Fatal)),
            ("%s: 3 of 5 - 3 - done", None),
            ("%x", None),
            ("level of water", None),
            ("trace: x", Some(Trace)),
            ("error while reading", None),
            ("config: reloaded", None),
            ("errors: 3", None),
        ] {
            assert_eq!(level_of_message(message), level, "{message}");
        }
    }

    #[test]
    fn words_in_any_case() {
        for (word, level) in [
            ("INFO", Info),
            ("Information", Info),
            ("notice", Info),
            ("Wrn", Warn),
            ("SEVERE", Error),
            ("crit", Fatal),
            ("Verbose", Trace),
            ("FINE", Debug),
            ("AVERTISSEMENT", Warn),
            ("SCHWERWIEGEND", Error),
            ("Informational", Info),
            ("Informationen", Info),
            ("Критический", Fatal),
            ("INFORMACIÓN", Info),
            ("ПРЕДУПРЕЖДЕНИЕ", Warn),
            ("错误", Error),
            ("fail", Error),
            ("dbug", Debug),
            ("DDEBUG", Debug),
        ] {
            assert_eq!(level_of_word(word), Some(level), "{word}");
        }
        for word in ["", "in", "informational!", "information technology", "payment"] {
            assert_eq!(level_of_word(word), None, "{word}");
        }
    }
}
