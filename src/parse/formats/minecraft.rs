//! Minecraft's servers and clients: vanilla, Forge, Fabric (their log4j2.xml).
//!
//! ```text
//! [10:11:12] [Server thread/INFO]: Done (3.142s)! For help, type "help"
//! [10:11:12] [Server thread/WARN] [minecraft/DedicatedServer]: message
//! [05Jan2026 10:11:12.123] [main/INFO] [cpw.mods.modlauncher.Launcher/MODLAUNCHER]: message
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Micros, Record};

pub const KIND: Kind = Kind {
    name: "minecraft",
    about: "[10:11:12] [Server thread/INFO]: message",
    recognise: |_| Some(Arc::new(Minecraft)),
};

struct Minecraft;

impl Format for Minecraft {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        read(&mut Cursor::new(line), rules, record).ok_or(Mismatch::Foreign)
    }
}

fn read<'a>(cursor: &mut Cursor<'a>, rules: &TimeRules, record: &mut Record<'a>) -> Option<()> {
    record.ts = time_of(cursor.bracket()?, rules)?;
    cursor.eat(b' ').then_some(())?;
    let (thread, level) = cursor.bracket()?.rsplit_once('/')?;
    record.level = Some(level_of_word(level)?);
    record.fields.str("thread", thread);
    if cursor.eat_str(" [") {
        let logger = cursor.until_within("]", 256)?;
        // Forge's marker is usually missing: `logger/`.
        record.fields.str("logger", logger.trim_end_matches('/'));
    }
    cursor.eat_str(": ").then_some(())?;
    record.message = Cow::Borrowed(cursor.rest());
    Some(())
}

/// `10:11:12`, or Forge's `05Jan2026 10:11:12.123`.
fn time_of(text: &str, rules: &TimeRules) -> Option<Micros> {
    let is_forge = text.as_bytes().get(2..5).is_some_and(|month| month[0].is_ascii_alphabetic());
    if is_forge && text.is_char_boundary(5) {
        return rules.whole(&format!("{}-{}-{}", &text[..2], &text[2..5], &text[5..]));
    }
    rules.whole(text)
}
