//! The page as people meet it: a real browser over the real binary.
//!
//! Needs chromium and chromedriver; without them the tests say so and are skipped, unless
//! PINTAIL_REQUIRE_BROWSER is set.

mod common;

mod page {
    pub mod access;
    pub mod browser;
    pub mod detection;
    pub mod explore;
    pub mod looks;
    pub mod overview;
    pub mod sources;
    pub mod sql;
    pub mod truth;
    pub mod worlds;
}
