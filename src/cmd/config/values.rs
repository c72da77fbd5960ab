//! Values that have to be checked, alike in a file and on the command line.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::parse::Zone;

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within<const MIN: u64, const MAX: u64>(pub u64);

impl<const MIN: u64, const MAX: u64> Within<MIN, MAX> {
    fn new(number: u64) -> Result<Self, String> {
        match (MIN..=MAX).contains(&number) {
            true => Ok(Within(number)),
            false => Err(format!("{number} is not in {MIN}..={MAX}")),
        }
    }
}

impl<const MIN: u64, const MAX: u64> FromStr for Within<MIN, MAX> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse();
        Within::new(number.map_err(|_| format!("give a whole number, {MIN} to {MAX}"))?)
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Within<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Within::new(u64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<const MIN: u64, const MAX: u64> Serialize for Within<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

/// A number of standard deviations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Threshold(pub f64);

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        crate::cmd::args::threshold(text).map(Threshold)
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        number.to_string().parse().map_err(D::Error::custom)
    }
}

/// A zone as it was named.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneName {
    name: String,
    pub zone: Zone,
}

impl Default for ZoneName {
    fn default() -> ZoneName {
        ZoneName { name: "UTC".to_owned(), zone: Zone::UTC }
    }
}

impl FromStr for ZoneName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        crate::cmd::args::zone(name).map(|zone| ZoneName { name: name.to_owned(), zone })
    }
}

impl<'de> Deserialize<'de> for ZoneName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for ZoneName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}
