//! Parses arguments, runs, maps the result to an exit code: 0 done, 1 failed, 2 usage.

use std::process::ExitCode;

use clap::Parser;
use pintail::cmd::Cli;

fn main() -> ExitCode {
    match pintail::cmd::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pintail: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
