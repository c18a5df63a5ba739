//! `motcua import`: units, callers, procedures and calendars from files. All of it is checked before anything is written.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use kit::failure::Failure;
use kit::sheet::BadRow;

use crate::stores::StoreOptions;

/// What to take in, and where to.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    stores: StoreOptions,
    /// Folders of a province's files (`units.csv`, `procedures.csv` …), or files of callers.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Files are wrong.
    #[error("{}\nnothing was imported: mend {} rows and import again", list(.0), .0.len())]
    BadRows(Vec<BadRow>),
    /// A store.
    #[error(transparent)]
    Store(#[from] kit::db::Error),
    /// The keys by which personal data are sealed.
    #[error(transparent)]
    Seal(#[from] kit::seal::Error),
    /// A schema.
    #[error("the store refused: {0}")]
    Database(#[from] sea_orm::DbErr),
    /// A service refused.
    #[error(transparent)]
    Refused(#[from] Failure),
}

/// Reads and checks everything, then writes it: per service all or nothing.
///
/// # Errors
/// Every bad row at once, or a store that cannot be used.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let (mut provinces, mut catalogues, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for path in &options.paths {
        read(path, &mut provinces, &mut catalogues).unwrap_or_else(|rows| bad.extend(rows));
    }
    if !bad.is_empty() {
        return Err(Error::BadRows(bad));
    }
    let stores = options.stores.place().take()?;
    let ring = options.stores.keys().ring()?;
    for province in provinces {
        let db = stores.open("identity", &ring).await?;
        identity::migrate(&db).await?;
        identity::import(db, province).await?;
    }
    for catalogue in catalogues {
        let db = stores.open("catalogue", &ring).await?;
        catalogue::migrate(&db).await?;
        catalogue::import(db, catalogue).await?;
    }
    println!(
        "imported {} into {}",
        names(&options.paths),
        options.stores.name()
    );
    Ok(ExitCode::SUCCESS)
}

fn read(
    path: &Path,
    provinces: &mut Vec<identity::Province>,
    catalogues: &mut Vec<catalogue::Catalogue>,
) -> Result<(), Vec<BadRow>> {
    if path.is_file() {
        let files = identity::Files {
            units: None,
            callers: Some(path),
        };
        provinces.push(identity::read(&files)?);
        return Ok(());
    }
    let in_folder = |name: &str| Some(path.join(name)).filter(|file| file.exists());
    let (units, callers) = (in_folder("units.csv"), in_folder("callers.csv"));
    if units.is_none()
        && callers.is_none()
        && in_folder("procedures.csv").is_none()
        && in_folder("holidays.csv").is_none()
    {
        return Err(vec![nothing_there(path)]);
    }
    let files = identity::Files {
        units: units.as_deref(),
        callers: callers.as_deref(),
    };
    let province = identity::read(&files);
    let known = province
        .as_ref()
        .map(identity::Province::unit_uids)
        .unwrap_or_default();
    let catalogue = catalogue::read(&catalogue::Files { folder: path }, &known);
    match (province, catalogue) {
        (Ok(province), Ok(catalogue)) => {
            provinces.push(province);
            catalogues.push(catalogue);
            Ok(())
        }
        (province, catalogue) => {
            let bad = [province.err(), catalogue.err()];
            Err(bad.into_iter().flatten().flatten().collect())
        }
    }
}

fn nothing_there(path: &Path) -> BadRow {
    BadRow {
        file: path.display().to_string(),
        line: 0,
        column: String::new(),
        reason: "there is no units.csv, callers.csv, procedures.csv or holidays.csv".to_owned(),
    }
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(", ")
}

fn list(rows: &[BadRow]) -> String {
    let rows: Vec<_> = rows.iter().map(ToString::to_string).collect();
    rows.join("\n")
}
