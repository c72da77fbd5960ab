//! How much of what is received may be in memory at once: in all, so that memory stays bounded
//! whatever comes, and of one client, so that the others are still served.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a request waits for room before it is told to come again: this slows clients down
/// that wait for their answers.
const WAIT_FOR_ROOM: Duration = Duration::from_secs(2);

/// Room is given out in this many bytes.
const UNIT_BYTES: usize = 1 << 10;

/// One client may take this part of the whole.
const CLIENT_SHARE: usize = 2;

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// This client has too much on its way.
    #[error("this client has too much on its way")]
    Client,
    /// All clients together have.
    #[error("there is too much on its way")]
    All,
}

pub struct Budget {
    units: usize,
    /// How long a request waits for room.
    wait: Duration,
    all: Arc<Semaphore>,
    clients: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

/// Room for one request, given back when dropped.
pub struct Hold {
    budget: Arc<Budget>,
    client: Arc<Semaphore>,
    permits: Vec<OwnedSemaphorePermit>,
    /// What it has taken, in units.
    taken: usize,
}

impl Budget {
    pub fn new(bytes: usize) -> Budget {
        Budget::waiting(bytes, WAIT_FOR_ROOM)
    }

    fn waiting(bytes: usize, wait: Duration) -> Budget {
        let units = (bytes / UNIT_BYTES).max(CLIENT_SHARE);
        Budget { units, wait, all: Arc::new(Semaphore::new(units)), clients: Mutex::default() }
    }

    /// Room for a request of this client: none yet.
    pub fn hold(self: &Arc<Budget>, client: IpAddr) -> Hold {
        let mut clients = self.lock();
        // Whoever has nothing on its way is forgotten: clients come and go.
        clients.retain(|_, share| Arc::strong_count(share) > 1);
        let share =
            clients.entry(client).or_insert_with(|| Arc::new(Semaphore::new(self.client_units())));
        Hold { budget: self.clone(), client: share.clone(), permits: Vec::new(), taken: 0 }
    }

    /// What one client may take.
    fn client_units(&self) -> usize {
        self.units / CLIENT_SHARE
    }

    /// Bytes that are on their way.
    pub fn taken(&self) -> usize {
        (self.units - self.all.available_permits().min(self.units)) * UNIT_BYTES
    }

    /// A map of counters: whole whatever happened to a thread that held the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Arc<Semaphore>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// Takes room for so many bytes more; waits a while if there is none.
    ///
    /// # Errors
    /// Whose room is full.
    pub async fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let (of_client, of_all) = self.missing(bytes);
        let client = take(&self.client, of_client, self.budget.wait).await.ok_or(Full::Client)?;
        let all = take(&self.budget.all, of_all, self.budget.wait).await.ok_or(Full::All)?;
        self.keep(bytes, client, all);
        Ok(())
    }

    /// The same, but it does not wait.
    ///
    /// # Errors
    /// Whose room is full.
    pub fn grow_now(&mut self, bytes: usize) -> Result<(), Full> {
        let (of_client, of_all) = self.missing(bytes);
        let client = take_now(&self.client, of_client).ok_or(Full::Client)?;
        let all = take_now(&self.budget.all, of_all).ok_or(Full::All)?;
        self.keep(bytes, client, all);
        Ok(())
    }

    /// The same for what gathers without an end: never more than a share.
    ///
    /// # Errors
    /// Whose room is full.
    pub fn grow_within_share(&mut self, bytes: usize) -> Result<(), Full> {
        match self.taken + bytes.div_ceil(UNIT_BYTES) > self.budget.client_units() {
            true => Err(Full::Client),
            false => self.grow_now(bytes),
        }
    }

    /// What has to be taken for so many bytes more, of the client's share and of the whole. A
    /// request that is larger than a share has all of it: alone, it is served.
    fn missing(&self, bytes: usize) -> (usize, usize) {
        let units = self.taken + bytes.div_ceil(UNIT_BYTES);
        let within = |most: usize| units.min(most) - self.taken.min(most);
        (within(self.budget.client_units()), within(self.budget.units))
    }

    fn keep(&mut self, bytes: usize, client: OwnedSemaphorePermit, all: OwnedSemaphorePermit) {
        self.taken += bytes.div_ceil(UNIT_BYTES);
        self.permits.extend([client, all]);
    }
}

fn take_now(from: &Arc<Semaphore>, units: usize) -> Option<OwnedSemaphorePermit> {
    from.clone().try_acquire_many_owned(u32::try_from(units).ok()?).ok()
}

async fn take(from: &Arc<Semaphore>, units: usize, wait: Duration) -> Option<OwnedSemaphorePermit> {
    let units = u32::try_from(units).ok()?;
    let taken = tokio::time::timeout(wait, from.clone().acquire_many_owned(units)).await;
    // Neither semaphore is ever closed.
    taken.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn room_is_limited_for_each_and_for_all() {
        let budget = Arc::new(Budget::waiting(100 << 10, Duration::from_millis(1)));
        let (one, two) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let mut first = budget.hold(one);
        assert_eq!(first.grow(40 << 10).await, Ok(()));
        let mut second = budget.hold(one);
        assert_eq!(second.grow(40 << 10).await, Err(Full::Client));
        let mut third = budget.hold(two);
        assert_eq!(third.grow(50 << 10).await, Ok(()));
        let mut fourth = budget.hold([10, 0, 0, 3].into());
        assert_eq!(fourth.grow(40 << 10).await, Err(Full::All));
        assert_eq!(budget.taken(), 90 << 10);
        drop(first);
        assert_eq!(fourth.grow(40 << 10).await, Ok(()));
    }

    #[tokio::test]
    async fn a_request_larger_than_a_share_is_served_alone() {
        let budget = Arc::new(Budget::waiting(100 << 10, Duration::from_millis(1)));
        let mut first = budget.hold([10, 0, 0, 1].into());
        assert_eq!(first.grow(30 << 10).await, Ok(()));
        assert_eq!(first.grow_now(60 << 10), Ok(()));
        let mut second = budget.hold([10, 0, 0, 1].into());
        assert_eq!(second.grow_now(1), Err(Full::Client));
        let mut third = budget.hold([10, 0, 0, 2].into());
        assert_eq!(third.grow_now(20 << 10), Err(Full::All));
        drop(first);
        assert_eq!(second.grow(1).await, Ok(()));
        assert_eq!(third.grow(200 << 10).await, Err(Full::All));
        drop(second);
        assert_eq!(third.grow(200 << 10).await, Ok(()));
        drop(third);
        assert_eq!(budget.taken(), 0);
    }
}
