//! What a request, or a stretch of a stream, brought: decoded, on its way to the database.

use std::sync::Arc;

use super::receipts::Reserved;
use super::settings::Settings;
use crate::store::Batch;
use crate::store::writer::Arrival;

/// Records and rejects of one client, and what else is to be said about them. The batch's
/// offsets are bytes of the request's body.
#[derive(Default)]
pub struct Parcel {
    pub batch: Batch,
    /// Items that arrived, whatever became of them: counted before they are read.
    pub received: u64,
    /// Items that are stored already.
    pub duplicates: u64,
    /// Items that there was no room for.
    pub dropped: u64,
    /// What the items will be known by; see [`super::receipts`].
    pub reserved: Option<Reserved>,
    /// What the request says about all of its records.
    pub settings: Arc<Settings>,
}

impl Parcel {
    pub fn arrival(&self) -> Arrival {
        let Parcel { received, duplicates, dropped, .. } = *self;
        Arrival { received, duplicates, dropped }
    }

    /// Whether there is nothing to be said about it.
    pub fn is_empty(&self) -> bool {
        self.arrival() == Arrival::default()
    }

    /// Turns all of it into what is stored already: nothing of it is stored again.
    pub fn forget(&mut self) {
        self.batch.reset(self.batch.source, self.batch.start, self.batch.end);
        self.duplicates = self.received;
    }
}
