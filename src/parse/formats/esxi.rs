//! The logs of VMware ESXi and vCenter, in the form before version 8 and since (Broadcom's knowledge
//! base, "ESXi log formats").
//!
//! ```text
//! 2026-01-05T10:11:12.123Z info hostd[2098765] [Originator@6876 sub=Vimsvc] User root logged in
//! 2026-01-05T10:11:12.123Z Er(163) Hostd[2098765]: [Originator@6876 sub=Vimsvc] Event 812
//! 2026-01-05T10:11:12.123Z Wa(180) vmkwarning: cpu1:2097812)WARNING: NMP: no path
//! 2026-01-05T10:11:12.123Z cpu3:2097812)ScsiDeviceIO: 4167: Cmd(0x45d) failed
//! ```
//!
//! The program is the service. The number is syslog's priority; the two letters stand for its
//! severity.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, syslog};
use crate::parse::level::{level_of_message, level_of_word};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "esxi",
    about: "2026-01-05T10:11:12.123Z Er(163) Hostd[812]: message (VMware ESXi)",
    recognise: |_| Some(Arc::new(Esxi)),
};

struct Esxi;

impl Format for Esxi {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if line.as_bytes().get(10) != Some(&b'T') {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        if !cursor.eat(b' ') {
            return Err(Mismatch::Foreign);
        }
        let read = priority_and_tag(&mut cursor, record)
            .or_else(|| level_and_tag(&mut cursor, record))
            .or_else(|| processor(&mut cursor, record));
        read.ok_or(Mismatch::Foreign)?;
        record.level = record.level.or_else(|| level_of_message(cursor.rest()));
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `Er(163) Hostd[2098765]: `, `Wa(180) vmkwarning: cpu1:2097812)`.
fn priority_and_tag<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let mut probe = *cursor;
    let letters = ["Em", "Al", "Cr", "Er", "Wa", "No", "In", "Db"];
    letters.into_iter().find(|letters| probe.eat_str(letters))?;
    let number = probe.enclosed_within(b'(', b')', 8)?.parse().ok()?;
    let priority = syslog::Priority::of_number(number)?;
    probe.skip_spaces();
    let tag = syslog::tag(&mut probe)?;
    tag.store(record);
    record.level = priority.level;
    record.fields.str("facility", priority.facility);
    *cursor = probe;
    processor(cursor, record);
    Some(())
}

/// `info hostd[2098765] `, before what the program calls the originator.
fn level_and_tag<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let mut probe = *cursor;
    let level = level_of_word(probe.word()?)?;
    let tag = syslog::tag(&mut probe)?;
    if !probe.rest().starts_with("[Originator@") {
        return None;
    }
    tag.store(record);
    record.level = Some(level);
    *cursor = probe;
    Some(())
}

/// `cpu3:2097812)`, as the kernel writes the processor and its task, here called a world.
fn processor(cursor: &mut Cursor<'_>, record: &mut Record<'_>) -> Option<()> {
    let mut probe = *cursor;
    probe.eat_str("cpu").then_some(())?;
    let cpu = i64::try_from(probe.number()?).ok()?;
    let world = probe.eat(b':').then(|| probe.number())??;
    probe.eat(b')').then_some(())?;
    record.fields.int("cpu", cpu);
    record.fields.int("world", i64::try_from(world).ok()?);
    *cursor = probe;
    Some(())
}
