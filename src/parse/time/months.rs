//! Names of months and of weekdays, in the languages that logs are written in.
//!
//! Java, .NET and PostgreSQL write dates as the locale has them: `05-janv.-2026`, `Mär 05`,
//! `5 окт. 2026`. Names are compared without case and without the dot of an abbreviation.

/// Longest name, in bytes: `September`, `septiembre`, `сентября`.
const NAME_BYTES_MAX: usize = 20;

/// Names by month, abbreviations and full forms: English, German, French, Spanish, Italian,
/// Portuguese, Dutch, Scandinavian, Polish, Czech, Russian, Turkish. A name that means different
/// months in two of them is left out.
const NAMES: [&[&str]; 12] = [
    &[
        "jan",
        "january",
        "januar",
        "jän",
        "jänner",
        "janv",
        "janvier",
        "ene",
        "enero",
        "gen",
        "gennaio",
        "janeiro",
        "januari",
        "sty",
        "stycznia",
        "led",
        "ledna",
        "янв",
        "января",
        "oca",
        "ocak",
    ],
    &[
        "feb",
        "february",
        "februar",
        "févr",
        "fév",
        "février",
        "febrero",
        "febbraio",
        "fev",
        "fevereiro",
        "februari",
        "lut",
        "lutego",
        "úno",
        "února",
        "фев",
        "февр",
        "февраля",
        "şub",
        "şubat",
    ],
    &[
        "mar",
        "march",
        "mär",
        "märz",
        "mrz",
        "mars",
        "marzo",
        "março",
        "mrt",
        "maart",
        "marca",
        "bře",
        "března",
        "мар",
        "марта",
        "mart",
        "marts",
    ],
    &[
        "apr",
        "april",
        "avr",
        "avril",
        "abr",
        "abril",
        "aprile",
        "kwi",
        "kwietnia",
        "dub",
        "dubna",
        "апр",
        "апреля",
        "nis",
        "nisan",
    ],
    &[
        "may", "mai", "mayo", "mag", "maggio", "maio", "mei", "maj", "maja", "kvě", "května",
        "мая", "май", "mayıs",
    ],
    &[
        "jun", "june", "juni", "juin", "junio", "giu", "giugno", "junho", "cze", "czerwca", "čvn",
        "června", "июн", "июня", "haz", "haziran",
    ],
    &[
        "jul",
        "july",
        "juli",
        "juil",
        "juillet",
        "julio",
        "lug",
        "luglio",
        "julho",
        "lipca",
        "čvc",
        "července",
        "июл",
        "июля",
        "tem",
        "temmuz",
    ],
    &[
        "aug",
        "august",
        "août",
        "aoû",
        "ago",
        "agosto",
        "augustus",
        "augusti",
        "sie",
        "sierpnia",
        "srp",
        "srpna",
        "авг",
        "августа",
        "ağu",
        "ağustos",
    ],
    &[
        "sep",
        "sept",
        "september",
        "septembre",
        "septiembre",
        "set",
        "settembre",
        "setembro",
        "wrz",
        "września",
        "zář",
        "září",
        "сен",
        "сент",
        "сентября",
        "eyl",
        "eylül",
    ],
    &[
        "oct",
        "october",
        "okt",
        "oktober",
        "octobre",
        "octubre",
        "ott",
        "ottobre",
        "out",
        "outubro",
        "paź",
        "października",
        "říj",
        "října",
        "окт",
        "октября",
        "eki",
        "ekim",
    ],
    &[
        "nov",
        "november",
        "novembre",
        "noviembre",
        "novembro",
        "listopada",
        "ноя",
        "нояб",
        "ноября",
        "kas",
        "kasım",
    ],
    &[
        "dec",
        "december",
        "dez",
        "dezember",
        "déc",
        "décembre",
        "dic",
        "diciembre",
        "dicembre",
        "dezembro",
        "des",
        "desember",
        "gru",
        "grudnia",
        "pro",
        "prosince",
        "дек",
        "декабря",
        "ara",
        "aralık",
    ],
];

/// Abbreviations of weekdays that stand before a date.
const WEEKDAYS: &[&str] = &[
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun", // en
    "mo",
    "di",
    "mi",
    "do",
    "fr",
    "sa",
    "so", // de
    "lun",
    "mar",
    "mer",
    "jeu",
    "ven",
    "sam",
    "dim", // fr
    "mié",
    "jue",
    "vie",
    "sáb",
    "dom", // es, pt
    "gio",
    "mer",
    "sab", // it
    "seg",
    "ter",
    "qua",
    "qui",
    "sex", // pt
    "ma",
    "wo",
    "vr",
    "za",
    "zo", // nl
    "пн",
    "вт",
    "ср",
    "чт",
    "пт",
    "сб",
    "вс", // ru
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// The month that `text` begins with, and how long its name is with the dot of an abbreviation.
#[inline]
pub(super) fn month(text: &[u8]) -> Option<(u8, usize)> {
    // Nearly every name is an English one of three letters.
    if let Some(month) = english(text.get(..3)?)
        && !text.get(3).is_some_and(|byte| is_letter(*byte))
    {
        return Some((month, 3 + usize::from(text.get(3) == Some(&b'.'))));
    }
    if let Some(found) = numbered_month(text) {
        return Some(found);
    }
    let (name, length) = word(text)?;
    let at = NAMES.iter().position(|names| names.iter().any(|known| *known == name))?;
    Some((u8::try_from(at + 1).ok()?, length))
}

/// `1月`, `十二月`, `1월`: the months of Chinese, Japanese and Korean are numbers.
fn numbered_month(text: &[u8]) -> Option<(u8, usize)> {
    const NUMERALS: [&str; 12] =
        ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"];
    let digits = text.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    let (number, length) = match digits {
        0 if text.first()?.is_ascii() => return None,
        0 => {
            // The longer ones first: 十二 begins with 十.
            let is_here = |at: &usize| text.starts_with(NUMERALS[*at].as_bytes());
            let at = (0..NUMERALS.len()).rev().find(is_here)?;
            (at as u8 + 1, NUMERALS[at].len())
        }
        1 | 2 => (super::clock::small_number(&text[..digits])?, digits),
        _ => return None,
    };
    let unit = ["月", "월"].iter().find(|unit| text[length..].starts_with(unit.as_bytes()))?;
    (1..=12).contains(&number).then_some((number, length + unit.len()))
}

/// The length of the weekday that `text` begins with, its dot or comma not counted.
#[inline]
pub(super) fn weekday(text: &[u8]) -> Option<usize> {
    if !is_letter(*text.first()?) {
        return None;
    }
    let (name, length) = word(text)?;
    WEEKDAYS.contains(&name.as_str()).then_some(length)
}

/// The word that `text` begins with in lower case, and its length with a dot after it.
fn word(text: &[u8]) -> Option<(String, usize)> {
    let length = text.iter().take(NAME_BYTES_MAX + 1).take_while(|b| is_letter(**b)).count();
    if length == 0 || length > NAME_BYTES_MAX {
        return None;
    }
    let name = std::str::from_utf8(&text[..length]).ok()?.to_lowercase();
    Some((name, length + usize::from(text.get(length) == Some(&b'.'))))
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

fn english(name: &[u8]) -> Option<u8> {
    const ENGLISH: [&[u8; 3]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let at = ENGLISH.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    u8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_in_many_languages() {
        for (text, expected) in [
            ("Jan 5", Some((1, 3))),
            ("janv.-2026", Some((1, 5))),
            ("Mär 05", Some((3, 4))),
            ("März 05", Some((3, 5))),
            ("MAI 2026", Some((5, 3))),
            ("août 2026", Some((8, 5))),
            ("Déc. 31", Some((12, 5))),
            ("окт. 2026", Some((10, 7))),
            ("December 31", Some((12, 8))),
            ("Sept. 1", Some((9, 5))),
            ("Marching on", None),
            ("Januarys", None),
            ("", None),
            ("12", None),
        ] {
            assert_eq!(month(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_name_means_one_month() {
        let mut seen = std::collections::HashMap::new();
        for (month, names) in NAMES.iter().enumerate() {
            for name in *names {
                assert_eq!(seen.insert(*name, month), None, "{name}");
                assert!(name.len() <= NAME_BYTES_MAX, "{name}");
            }
        }
    }
}
