//! What the command line says, and which of it the environment said for it.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::settings::Settings;

/// Settings from flags and variables.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub settings: Settings,
    /// The keys among them that came from variables.
    environment: Vec<String>,
}

impl Given {
    pub fn is_from_environment(&self, key: &str) -> bool {
        self.environment.iter().any(|known| known == key)
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Given, clap::Error> {
        let environment: Vec<String> = matches
            .ids()
            .map(clap::Id::as_str)
            .filter(|id| matches.value_source(id) == Some(ValueSource::EnvVariable))
            .map(str::to_owned)
            .collect();
        let mut given = Given { settings: Settings::from_arg_matches(matches)?, environment };
        // Several paths in one variable are written as those of PATH are.
        if given.is_from_environment("follow") {
            let paths = given.settings.follow.take().unwrap_or_default();
            let split = paths.iter().flat_map(std::env::split_paths).collect();
            given.settings.follow = Some(split);
        }
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Given::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        // Help is not the place for what somebody's environment holds.
        Settings::augment_args(command).mut_args(|arg| arg.hide_env_values(true))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Given::augment_args(command)
    }
}
