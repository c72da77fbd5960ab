//! Microsoft's RADIUS server (NPS, once IAS; and RAS), database-compatible: no header.
//!
//! ```text
//! "NPS1","IAS",03/07/2008,13:04:33,1,"client",,,,,,,,,9,"10.10.10.10","npsclient",,,,,,,1,,0,,,…
//! ```
//!
//! Source: <https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-server-2008-R2-and-2008/cc771748(v=ws.10)>.
//! The date has the month first wherever the server stands. The message is the kind of packet (RFC
//! 2865 and 2866) and the user; a rejected access is a WARN, as a request that a web server
//! refuses is. Columns at the end may be missing.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::Kind;
use super::Cells;
use crate::parse::time::DateOrder;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Record};

pub const KIND: Kind = Kind {
    name: "nps",
    about: "\"NPS1\",\"IAS\",03/07/2008,13:04:33,1,\"user\",… (Microsoft's RADIUS server)",
    recognise: |_| Some(Arc::new(Nps)),
};

const HOST: usize = 0;
const SERVICE: usize = 1;
const DATE: usize = 2;
const TIME: usize = 3;
const PACKET_TYPE: usize = 4;
const USER: usize = 5;
const FULL_USER: usize = 6;
const NAMES: [&str; 66] = [
    "",
    "",
    "",
    "",
    "Packet-Type",
    "User-Name",
    "Fully-Qualified-Distinguished-Name",
    "Called-Station-ID",
    "Calling-Station-ID",
    "Callback-Number",
    "Framed-IP-Address",
    "NAS-Identifier",
    "NAS-IP-Address",
    "NAS-Port",
    "Client-Vendor",
    "Client-IP-Address",
    "Client-Friendly-Name",
    "Event-Timestamp",
    "Port-Limit",
    "NAS-Port-Type",
    "Connect-Info",
    "Framed-Protocol",
    "Service-Type",
    "Authentication-Type",
    "Policy-Name",
    "Reason-Code",
    "Class",
    "Session-Timeout",
    "Idle-Timeout",
    "Termination-Action",
    "EAP-Friendly-Name",
    "Acct-Status-Type",
    "Acct-Delay-Time",
    "Acct-Input-Octets",
    "Acct-Output-Octets",
    "Acct-Session-Id",
    "Acct-Authentic",
    "Acct-Session-Time",
    "Acct-Input-Packets",
    "Acct-Output-Packets",
    "Acct-Terminate-Cause",
    "Acct-Multi-Ssn-ID",
    "Acct-Link-Count",
    "Acct-Interim-Interval",
    "Tunnel-Type",
    "Tunnel-Medium-Type",
    "Tunnel-Client-Endpt",
    "Tunnel-Server-Endpt",
    "Acct-Tunnel-Conn",
    "Tunnel-Pvt-Group-ID",
    "Tunnel-Assignment-ID",
    "Tunnel-Preference",
    "MS-Acct-Auth-Type",
    "MS-Acct-EAP-Type",
    "MS-RAS-Version",
    "MS-RAS-Vendor",
    "MS-CHAP-Error",
    "MS-CHAP-Domain",
    "MS-MPPE-Encryption-Types",
    "MS-MPPE-Encryption-Policy",
    "Proxy-Policy-Name",
    "Provider-Type",
    "Provider-Name",
    "Remote-Server-Address",
    "MS-RAS-Client-Name",
    "MS-RAS-Client-Version",
];

struct Nps;

impl Format for Nps {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if !begins_row(line) {
            return Err(Mismatch::Foreign);
        }
        let mut cells = Cells { rest: Some(line), delimiter: b',' };
        let (mut date, mut kind, mut user) = (Cow::Borrowed(""), "", Cow::Borrowed(""));
        let mut at = 0;
        while let Some(cell) = cells.next()? {
            match at {
                HOST => record.host = Some(cell),
                SERVICE => record.service = Some(cell),
                DATE => date = cell,
                TIME => {
                    let rules = TimeRules { order: Some(DateOrder::MonthDayYear), ..*rules };
                    let ts = rules.whole(&format!("{date} {cell}"));
                    record.ts = ts.ok_or(Mismatch::Broken("unreadable timestamp"))?;
                }
                _ if cell.is_empty() => {}
                _ => {
                    match at {
                        PACKET_TYPE => kind = kind_of(&cell),
                        USER => user = cell.clone(),
                        FULL_USER if user.is_empty() => user = cell.clone(),
                        _ => {}
                    }
                    let name = NAMES.get(at).ok_or(Mismatch::Broken("wrong number of columns"))?;
                    record.fields.typed(name, &cell);
                }
            }
            at += 1;
        }
        record.level = (kind == REJECT).then_some(Level::Warn);
        record.message = Cow::Owned(format!("{kind} {user}").trim().to_owned());
        Ok(())
    }

    fn takes_continuations(&self) -> bool {
        false
    }
}

const REJECT: &str = "Access-Reject";

/// The name of a packet's code.
fn kind_of(code: &str) -> &'static str {
    match code {
        "1" => "Access-Request",
        "2" => "Access-Accept",
        "3" => REJECT,
        "4" => "Accounting-Request",
        "5" => "Accounting-Response",
        "11" => "Access-Challenge",
        _ => "RADIUS packet",
    }
}

/// `"NPS1","IAS",03/07/2008,`.
fn begins_row(line: &str) -> bool {
    let mut cells = line.splitn(4, ',');
    let host = cells.next().is_some_and(|host| host.len() > 2 && host.starts_with('"'));
    let service = matches!(cells.next(), Some("\"IAS\"" | "\"RAS\""));
    host && service
        && cells.next().is_some_and(|date| date.starts_with(|c: char| c.is_ascii_digit()))
}
