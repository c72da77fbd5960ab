//! Which detectors the monitor runs: built-in ones by name, users' own by file, or all files of a
//! folder. Looked at each time: a file that is dropped into a folder is found without a restart.

use std::path::{Path, PathBuf};

use super::Detector;
use super::builtin::BUILT_IN;
use crate::error::{Error, Result};

/// The folder beside the database whose detectors are run unless somebody names others.
pub const FOLDER: &str = "detectors";

/// What somebody wants to be run.
#[derive(Clone, Debug)]
pub struct Choices {
    /// Names, .sql files and folders of them.
    choices: Vec<String>,
}

/// A detector that was wanted: what it is, or why it cannot be.
pub struct Chosen {
    pub name: String,
    pub detector: Result<Detector>,
}

impl Choices {
    /// Those that somebody named; if nobody did, the built-in ones that are made for it, and those
    /// in a folder beside the database.
    pub fn new(named: Option<Vec<String>>, database: &Path) -> Choices {
        let choices = named.unwrap_or_else(|| {
            let alerting = BUILT_IN.iter().filter(|it| it.alerts).map(|it| it.name.to_owned());
            let folder = database.with_file_name(FOLDER);
            alerting.chain(folder.is_dir().then(|| folder.display().to_string())).collect()
        });
        Choices { choices }
    }

    /// All of them, as they are now; of two with one name the first.
    pub fn look(&self) -> Vec<Chosen> {
        let mut chosen: Vec<Chosen> = Vec::new();
        for one in self.choices.iter().flat_map(|choice| open(choice)) {
            let known = chosen.iter().any(|it| it.name == one.name);
            let detector = match known {
                true => Err(Error::usage(format!("there is another detector called {}", one.name))),
                false => one.detector,
            };
            chosen.push(Chosen { name: one.name, detector });
        }
        chosen
    }
}

fn open(choice: &str) -> Vec<Chosen> {
    let failed = |error| vec![Chosen { name: choice.to_owned(), detector: Err(error) }];
    if !Path::new(choice).is_dir() {
        let detector = Detector::open(choice);
        let name = detector.as_ref().map_or_else(|_| stem(Path::new(choice)), |it| it.name.clone());
        return vec![Chosen { name, detector }];
    }
    let files = match sql_files(Path::new(choice)) {
        Ok(files) => files,
        Err(error) => return failed(Error::file("read the folder", Path::new(choice), error)),
    };
    files
        .iter()
        .map(|path| Chosen { name: stem(path), detector: Detector::open(&path.to_string_lossy()) })
        .collect()
}

fn sql_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_all_that_is_in_it_and_what_cannot_be_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("x.duckdb");
        let names = |choices: &Choices| -> Vec<String> {
            choices.look().into_iter().map(|it| it.name).collect()
        };
        let alerting: Vec<String> =
            BUILT_IN.iter().filter(|it| it.alerts).map(|it| it.name.to_owned()).collect();
        assert_eq!(names(&Choices::new(None, &database)), alerting);

        let folder = dir.path().join(FOLDER);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("b.sql"), "select 1").unwrap();
        std::fs::write(folder.join("a.sql"), "-- Threshold: 7.5\nselect 1").unwrap();
        std::fs::write(folder.join("notes.txt"), "").unwrap();
        let all = names(&Choices::new(None, &database));
        assert_eq!(all[alerting.len()..], ["a", "b"]);

        let folder = folder.display().to_string();
        let choices = Choices::new(Some(vec![folder, "counts".into(), "nope".into()]), &database);
        let looked = choices.look();
        assert_eq!(names(&choices), ["a", "b", "counts", "nope"]);
        assert_eq!(looked[0].detector.as_ref().unwrap().firing, crate::detect::Firing::From(7.5));
        assert!(looked[3].detector.is_err());
        let twice = Choices::new(Some(vec!["counts".into(), "counts".into()]), &database);
        assert!(twice.look()[1].detector.is_err());
    }
}
