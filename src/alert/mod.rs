//! Telling people: the life of an alert, and the e-mail about it.
//!
//! - [`life`]: when alerts open, go on and close; pure.
//! - [`settings`]: where mail goes, from the environment or files.
//! - [`email`]: what a message says, and sending it.
//! - [`outbox`]: the thread that sends what is due, and tries again.

pub mod email;
pub mod life;
pub mod outbox;
pub mod settings;

pub use email::Mailer;
pub use outbox::Outbox;
pub use settings::{MailOrigin, MailSettings, MailTable};
