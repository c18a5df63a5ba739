//! The folder of a demo: made by it, marked as such, and never anybody else's.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::Error;
use crate::cast;

const MARKER: &str = "made-by-motcua-demo";

/// The province's data, as `deploy/daklak` has it: so the demo needs nothing but this program.
const PROVINCE: [(&str, &str); 6] = [
    ("units.csv", cast::UNITS),
    (
        "procedures.csv",
        include_str!("../../../../deploy/daklak/procedures.csv"),
    ),
    (
        "components.csv",
        include_str!("../../../../deploy/daklak/components.csv"),
    ),
    (
        "routes.csv",
        include_str!("../../../../deploy/daklak/routes.csv"),
    ),
    (
        "holidays.csv",
        include_str!("../../../../deploy/daklak/holidays.csv"),
    ),
    (
        "office-hours.csv",
        include_str!("../../../../deploy/daklak/office-hours.csv"),
    ),
];

/// Where a demo keeps everything.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    temporary: Option<TempDir>,
}

impl Folder {
    /// The folder that was named, emptied if an earlier demo made it; a fresh one, removed at the end, if none was.
    ///
    /// # Errors
    /// When it holds something that no demo made, or cannot be used.
    pub fn open(named: Option<&Path>) -> Result<Self, Error> {
        let folder = match named {
            Some(path) => Self::named(path)?,
            None => Self::temporary()?,
        };
        fs::write(folder.path.join(MARKER), "").map_err(folder.failure())?;
        let province = folder.province();
        fs::create_dir_all(&province).map_err(folder.failure())?;
        for (name, content) in PROVINCE {
            fs::write(province.join(name), content).map_err(folder.failure())?;
        }
        Ok(folder)
    }

    fn temporary() -> Result<Self, Error> {
        let made = tempfile::Builder::new().prefix("motcua-demo-").tempdir();
        let made = made.map_err(Error::file("making a folder for temporary files"))?;
        Ok(Self {
            path: made.path().to_owned(),
            temporary: Some(made),
        })
    }

    fn named(path: &Path) -> Result<Self, Error> {
        let folder = Self {
            path: path.to_owned(),
            temporary: None,
        };
        fs::create_dir_all(path).map_err(folder.failure())?;
        let entries = fs::read_dir(path).map_err(folder.failure())?;
        let entries: Vec<_> = entries
            .collect::<Result<_, _>>()
            .map_err(folder.failure())?;
        if !entries.is_empty() && !path.join(MARKER).is_file() {
            return Err(Error::NotOurs(path.to_owned()));
        }
        for entry in entries.iter().filter(|entry| entry.file_name() != MARKER) {
            let removed = match entry.file_type() {
                Ok(kind) if kind.is_dir() => fs::remove_dir_all(entry.path()),
                _ => fs::remove_file(entry.path()),
            };
            removed.map_err(folder.failure())?;
        }
        Ok(folder)
    }

    fn failure(&self) -> impl FnOnce(std::io::Error) -> Error + use<> {
        Error::file(format!("using the folder {}", self.path.display()))
    }

    /// Where the suite keeps its data.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The province's files.
    #[must_use]
    pub fn province(&self) -> PathBuf {
        self.path.join("province")
    }

    /// The files of the officers, and of where people sign in.
    #[must_use]
    pub fn cast(&self) -> PathBuf {
        self.path.join("cast")
    }

    /// What the suite logs.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.path.join("serve.log")
    }

    /// A token for trying things out.
    #[must_use]
    pub fn token(&self) -> PathBuf {
        self.path.join("token")
    }

    /// Whether it goes when the demo ends.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// Leaves the folder where it is.
    pub fn keep(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            // The path is known already.
            let _ = temporary.keep();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_no_demo_made_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let thesis = folder.path().join("thesis.txt");
        fs::write(&thesis, "three years").unwrap();
        let refused = Folder::open(Some(folder.path())).unwrap_err();
        assert!(matches!(refused, Error::NotOurs(_)));
        assert_eq!(fs::read_to_string(&thesis).unwrap(), "three years");
    }

    #[test]
    fn a_folder_of_an_earlier_demo_is_emptied_and_used_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo");
        Folder::open(Some(&path)).unwrap();
        fs::write(path.join("intake.db"), "old").unwrap();
        fs::create_dir(path.join("documents")).unwrap();
        let again = Folder::open(Some(&path)).unwrap();
        assert!(!path.join("intake.db").exists());
        assert!(!path.join("documents").exists());
        assert!(again.province().join("routes.csv").is_file());
    }

    #[test]
    fn a_temporary_folder_goes_unless_it_is_kept() {
        let folder = Folder::open(None).unwrap();
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
        let mut folder = Folder::open(None).unwrap();
        let path = folder.path().to_owned();
        folder.keep();
        drop(folder);
        assert!(path.exists());
        fs::remove_dir_all(path).unwrap();
    }
}
