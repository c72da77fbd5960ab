//! Parses arguments, runs, maps the result to an exit code: 0 done, 1 failed, 2 usage.

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::Parser;
use pintail::cmd::Cli;
use pintail::error::Error;
use pintail::escape;

#[global_allocator]
static ALLOCATOR: pintail::memory::Patient = pintail::memory::Patient;

fn main() -> ExitCode {
    match pintail::cmd::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // `pintail … | head`: who reads us has read enough.
        Err(Error::Io(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pintail: {}", escape::lines(&error.to_string()));
            ExitCode::from(error.exit_code())
        }
    }
}
