//! Which of several named values fills a core column.

use super::names::{Rank, STAND_IN};

/// A column and the value that fills it so far.
pub struct Slot<T, O> {
    held: Option<Held<T, O>>,
}

struct Held<T, O> {
    rank: Rank,
    read: T,
    /// What becomes a field if a better one comes; a stand-in is a field already.
    origin: Option<O>,
}

impl<T, O> Slot<T, O> {
    pub fn empty() -> Slot<T, O> {
        Slot { held: None }
    }

    /// Takes `read` if it is the best so far. `Ok` has what it displaces, which must become
    /// a field; `Err` has `origin` back, which must become or stay one.
    #[inline]
    pub fn settle(&mut self, rank: Rank, read: T, origin: O) -> Result<Option<O>, O> {
        if self.held.as_ref().is_some_and(|held| held.rank <= rank) {
            return Err(origin);
        }
        if rank >= STAND_IN {
            self.held = Some(Held { rank, read, origin: None });
            return Err(origin);
        }
        let held = Held { rank, read, origin: Some(origin) };
        Ok(self.held.replace(held).and_then(|old| old.origin))
    }

    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The rank of the value that it holds.
    pub fn rank(&self) -> Option<Rank> {
        self.held.as_ref().map(|held| held.rank)
    }

    /// Whether it holds a value that is no stand-in.
    pub fn is_proper(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.rank < STAND_IN)
    }

    pub fn read(self) -> Option<T> {
        self.held.map(|held| held.read)
    }

    /// The value, if it is no stand-in.
    pub fn take_proper(&mut self) -> Option<T> {
        self.held.take_if(|held| held.rank < STAND_IN).map(|held| held.read)
    }

    /// Where the value is from, and the value to correct.
    pub fn correct(&mut self) -> Option<(&O, &mut T)> {
        let held = self.held.as_mut()?;
        Some((held.origin.as_ref()?, &mut held.read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_held_and_the_others_are_fields() {
        let mut slot = Slot::empty();
        assert_eq!(slot.settle(STAND_IN, "event", "e"), Err("e"));
        assert_eq!(slot.settle(2, "text", "t"), Ok(None));
        assert_eq!(slot.settle(2, "again", "a"), Err("a"));
        assert_eq!(slot.settle(1, "message", "m"), Ok(Some("t")));
        assert_eq!(slot.settle(STAND_IN, "event", "e"), Err("e"));
        assert_eq!(slot.read(), Some("message"));
    }
}
