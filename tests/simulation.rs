//! Following files, against everything that happens to files, servers and disks: seeded
//! random actions, the real binary, and a model that knows what must be in the database.
//!
//! `PINTAIL_SEEDS=N` plays N seeds, `PINTAIL_SEED=N` one of them. A script fails with its
//! actions; `PINTAIL_WITHOUT=Full,Slow` leaves out actions with such names (all seeds are
//! other scripts then).

mod common;

mod simulation {
    pub mod action;
    pub mod model;
    pub mod world;
}

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use simulation::action::Script;
use simulation::world::{Played, World};

const SEEDS: u64 = 200;

/// Servers at a time: most of the time they wait.
const PARALLEL: usize = 12;

#[test]
fn whatever_happens_every_line_is_there_once() {
    let variable = |name: &str| std::env::var(name).ok();
    let number = |name: &str| variable(name).map(|value| value.parse::<u64>().unwrap());
    let without: Vec<String> = variable("PINTAIL_WITHOUT")
        .map(|names| names.split(',').map(str::to_owned).collect())
        .unwrap_or_default();
    let seeds = match (number("PINTAIL_SEED"), number("PINTAIL_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, count) => 0..count.unwrap_or(SEEDS),
    };
    let started = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let failures = Mutex::new(BTreeMap::new());
    let sum = Mutex::new(Played::default());
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    match play(&Script::of_seed(seed, &without), seeds.end - seeds.start == 1) {
                        Ok(played) => {
                            let mut sum = sum.lock().unwrap();
                            sum.records += played.records;
                            sum.must += played.must;
                        }
                        Err(report) => {
                            println!("seed {seed} failed: {report}");
                            failures.lock().unwrap().insert(seed, report);
                        }
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap();
    let failures = failures.into_inner().unwrap();
    println!("{} seeds in {:?}: {sum:?}", seeds.end - seeds.start, started.elapsed());
    assert!(failures.is_empty(), "failed: PINTAIL_SEED={:?}", failures.keys());
    assert!(sum.must * 2 > sum.records, "hardly anything must be there: {sum:?}");
}

/// Plays a script; the report of a failure has everything that helps.
fn play(script: &Script, loud: bool) -> Result<Played, String> {
    let mut world = World::new(script);
    let played = catch_unwind(AssertUnwindSafe(|| world.play(script, loud)));
    world.close();
    let problem = match played {
        Ok(Ok(played)) if !world.said.contains("panicked") => return Ok(played),
        Ok(Ok(_)) => "the server panicked".to_owned(),
        Ok(Err(problem)) => problem,
        Err(panic) => match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(_) => "the test panicked".to_owned(),
        },
    };
    let actions: String = script
        .actions
        .iter()
        .enumerate()
        .map(|(at, action)| format!("  {at:2} {action:?}\n"))
        .collect();
    Err(format!(
        "{problem}\n{:?}, banner {}\n{actions}the servers said:\n{}",
        script.following, script.banner, world.said
    ))
}
