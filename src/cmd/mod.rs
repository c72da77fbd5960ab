//! The command line: one subcommand a file, each with its arguments (their comments are
//! the help) and `run`.

mod answer;
mod args;
mod backtest;
mod beside;
mod check;
mod config;
mod connection;
mod demo;
mod detect;
mod export;
mod generate;
mod ingest;
mod keeper;
mod load;
mod out;
mod premises;
mod prompt;
mod rows;
mod serve;
mod server;
mod show;
mod signals;
mod sql;
mod table;
mod why;

use clap::{Parser, Subcommand};

use crate::error::Result;

/// Logs in, answers out: turns log lines into a DuckDB database you can ask with SQL.
#[derive(Debug, Parser)]
#[command(name = "pintail", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Check(check::Args),
    Ingest(ingest::Args),
    Sql(sql::Args),
    Export(export::Args),
    Detect(detect::Args),
    Why(why::Args),
    Backtest(backtest::Args),
    Generate(generate::Args),
}

pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => check::run(args),
        Command::Ingest(args) => ingest::run(args),
        Command::Sql(args) => sql::run(args),
        Command::Export(args) => export::run(args),
        Command::Detect(args) => detect::run(args),
        Command::Why(args) => why::run(args),
        Command::Backtest(args) => backtest::run(args),
        Command::Generate(args) => generate::run(args),
    }
}
