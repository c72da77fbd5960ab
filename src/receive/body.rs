//! Bodies as they come over the wire, unpacked within limits: a few kilobytes may stand for
//! gigabytes.

use std::borrow::Cow;
use std::io::{BufReader, Read};

use super::desk::Refusal;

/// Packings that a body may have one in the other.
const PACKINGS_MAX: usize = 4;

/// The body without its packing, which `encoding` names as the header Content-Encoding does
/// (RFC 9110, section 8.4): a list of `gzip`, `deflate`, `zlib`, `zstd`, `lz4`, `snappy`,
/// `identity`, or nothing. `snappy` is the block format that Loki and Prometheus send, or the
/// framed one.
///
/// # Errors
/// What is wrong with it, or that it has more than `bytes_max` bytes.
pub fn unpacked<'a>(
    packed: &'a [u8],
    encoding: &str,
    bytes_max: usize,
) -> Result<Cow<'a, [u8]>, Refusal> {
    let packings: Vec<&str> = packings(encoding).collect();
    if packings.len() > PACKINGS_MAX {
        return Err(Refusal::Unsupported(format!("content encoding {encoding}")));
    }
    let mut body = Cow::Borrowed(packed);
    // The last was applied last.
    for packing in packings.into_iter().rev() {
        body = Cow::Owned(unpacked_once(&body, packing, bytes_max)?);
    }
    Ok(body)
}

/// Whether a body is packed at all.
pub fn is_packed(encoding: &str) -> bool {
    packings(encoding).next().is_some()
}

fn packings(encoding: &str) -> impl Iterator<Item = &str> {
    let is_one = |packing: &&str| !packing.is_empty() && !packing.eq_ignore_ascii_case("identity");
    encoding.split(',').map(str::trim).filter(is_one)
}

fn unpacked_once(packed: &[u8], packing: &str, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    match packing.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => all_of(flate2::read::MultiGzDecoder::new(packed), "gzip", bytes_max),
        // RFC 9110 says zlib; some clients send it bare.
        "deflate" | "zlib" if is_zlib(packed) => {
            all_of(flate2::read::ZlibDecoder::new(packed), "deflate", bytes_max)
        }
        "deflate" | "zlib" => {
            all_of(flate2::read::DeflateDecoder::new(packed), "deflate", bytes_max)
        }
        "zstd" => {
            let decoder =
                zstd::Decoder::with_buffer(BufReader::new(packed)).and_then(|mut zstd| {
                    zstd.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                    Ok(zstd)
                });
            all_of(decoder.map_err(|error| broken("zstd", &error))?, "zstd", bytes_max)
        }
        // The frame format, with a magic number; blocks do not say how long they are.
        "lz4" => all_of(lz4_flex::frame::FrameDecoder::new(packed), "lz4", bytes_max),
        "snappy" | "x-snappy" | "x-snappy-framed" | "snappy-framed" => snappy(packed, bytes_max),
        other => Err(Refusal::Unsupported(format!(
            "content encoding {other}; there are gzip, deflate, zlib, zstd, lz4, snappy"
        ))),
    }
}

fn all_of(
    decoder: impl Read,
    encoding: &'static str,
    bytes_max: usize,
) -> Result<Vec<u8>, Refusal> {
    let mut whole = Vec::new();
    let read = decoder.take(bytes_max as u64 + 1).read_to_end(&mut whole);
    read.map_err(|error| broken(encoding, &error))?;
    if whole.len() > bytes_max {
        return Err(Refusal::TooLarge { bytes_max });
    }
    Ok(whole)
}

/// Memory that a body may make its decoder take: 8 MiB, which every client's level is content
/// with (zstd's level 19), rather than the 128 MiB that the library allows.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// RFC 1950, section 2.2: method 8 in the low bits, and a check in the pair of bytes.
fn is_zlib(packed: &[u8]) -> bool {
    matches!(packed, [method, flags, ..]
        if method & 15 == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

/// How many times its bytes a block of snappy can be, at most, with some room.
const SNAPPY_GROWTH_MAX: usize = 32;

/// The length stands at the beginning: it is looked at before memory is taken for it.
fn snappy(packed: &[u8], bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    /// What a framed stream begins with.
    const STREAM: &[u8] = b"\xff\x06\x00\x00sNaPpY";
    if packed.starts_with(STREAM) {
        return all_of(snap::read::FrameDecoder::new(packed), "snappy", bytes_max);
    }
    let length = snap::raw::decompress_len(packed).map_err(|error| broken("snappy", &error))?;
    // A copy of 64 bytes takes three (format_description.txt, section 2.2): who claims more lies,
    // and no memory is taken for it.
    if length > SNAPPY_GROWTH_MAX * packed.len() {
        return Err(broken("snappy", &"it claims to be longer than it can be"));
    }
    if length > bytes_max {
        return Err(Refusal::TooLarge { bytes_max });
    }
    let whole = snap::raw::Decoder::new().decompress_vec(packed);
    whole.map_err(|error| broken("snappy", &error))
}

fn broken(encoding: &str, error: &dyn std::fmt::Display) -> Refusal {
    Refusal::Bad(format!("the body is not {encoding}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn every_packing_is_unpacked_within_limits() {
        let text = b"hello ".repeat(1000);
        let gzip = {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), Default::default());
            packer.write_all(&text).unwrap();
            packer.finish().unwrap()
        };
        let zlib = {
            let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
            packer.write_all(&text).unwrap();
            packer.finish().unwrap()
        };
        let bare = {
            let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), Default::default());
            packer.write_all(&text).unwrap();
            packer.finish().unwrap()
        };
        let framed = {
            let mut packer = snap::write::FrameEncoder::new(Vec::new());
            packer.write_all(&text).unwrap();
            packer.into_inner().unwrap()
        };
        let zstd = zstd::encode_all(&text[..], 1).unwrap();
        let snappy = snap::raw::Encoder::new().compress_vec(&text).unwrap();
        let lz4 = {
            let mut packer = lz4_flex::frame::FrameEncoder::new(Vec::new());
            packer.write_all(&text).unwrap();
            packer.finish().unwrap()
        };
        let twice = zstd::encode_all(&gzip[..], 1).unwrap();
        for (packed, encoding) in [
            (gzip.clone(), "identity, gzip"),
            (gzip, "gzip"),
            (twice, "gzip, zstd"),
            (zlib.clone(), "zlib"),
            (lz4, "lz4"),
            (zlib, "deflate"),
            (bare, "Deflate"),
            (zstd, "zstd"),
            (snappy, "snappy"),
            (framed.clone(), "x-snappy-framed"),
            (framed, "snappy"),
            (text.clone(), "identity"),
        ] {
            assert_eq!(unpacked(&packed, encoding, 6000).as_deref(), Ok(&text[..]), "{encoding}");
            if encoding != "identity" {
                let refused = unpacked(&packed, encoding, 5999);
                assert_eq!(refused, Err(Refusal::TooLarge { bytes_max: 5999 }), "{encoding}");
                assert!(
                    matches!(unpacked(b"no", encoding, 999), Err(Refusal::Bad(_))),
                    "{encoding}"
                );
            }
        }
        assert!(matches!(unpacked(b"", "br", 9), Err(Refusal::Unsupported(_))));
    }
}
