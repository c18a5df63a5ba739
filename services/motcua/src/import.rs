//! `motcua import`: units, officers, procedures and calendars from files. All of it is checked before anything is
//! written.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use kit::db::Place;
use kit::failure::Failure;
use kit::seal::Keyring;
use kit::sheet::BadRow;

use crate::stores::StoreOptions;

/// Of a folder without any of these nobody knows what it is.
const FILES: [&str; 6] = [
    "units.csv",
    "successions.csv",
    "officers.csv",
    "positions.csv",
    "procedures.csv",
    "holidays.csv",
];

/// What to take in, and where to.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    stores: StoreOptions,
    /// Folders of a province's files (`units.csv`, `officers.csv`, `procedures.csv` …).
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Check everything against the store as it is, also while it is served, and write nothing.
    #[arg(long)]
    dry_run: bool,
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
    /// A file or folder.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Reads and checks everything, then writes it: per service all or nothing.
///
/// # Errors
/// Every bad row at once, or a store that cannot be used.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let known = known_units(&options.stores.place()).await?;
    let (provinces, catalogues) = read_all(&options.paths, known).map_err(Error::BadRows)?;
    if options.dry_run {
        try_out(&options.stores, provinces).await?;
        println!("{} can be imported", names(&options.paths));
        return Ok(ExitCode::SUCCESS);
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

/// The units that are in the store already; none where there is no store.
async fn known_units(place: &kit::db::Place) -> Result<identity::Register, Error> {
    match place.open_read_only("identity").await {
        Ok(store) => Ok(identity::units(&store).await?),
        Err(kit::db::Error::Missing { .. }) => Ok(identity::Register::default()),
        Err(error) => Err(error.into()),
    }
}

/// Decides on everything as the import would. Where there is no store yet, on an empty one.
async fn try_out(stores: &StoreOptions, provinces: Vec<identity::Province>) -> Result<(), Error> {
    match stores.place().open_read_only("identity").await {
        Ok(db) => {
            let ring = stores.keys().ring_as_it_is()?;
            Ok(identity::try_import((&db, &ring), provinces).await?)
        }
        Err(kit::db::Error::Missing { .. }) => {
            let scratch = tempfile::tempdir()?;
            let ring = Keyring::open(&scratch.path().join("keys"))?;
            let stores = Place::Folder(scratch.path().to_owned()).take()?;
            let db = stores.open("identity", &ring).await?;
            identity::migrate(&db).await?;
            Ok(identity::try_import((db.read(), &ring), provinces).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Reads all files, each on top of the ones before it.
fn read_all(
    paths: &[PathBuf],
    mut known: identity::Register,
) -> Result<(Vec<identity::Province>, Vec<catalogue::Catalogue>), Vec<BadRow>> {
    let (mut provinces, mut catalogues, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        match read(path, &known) {
            Ok((province, catalogue)) => {
                known = province.units().clone();
                provinces.push(province);
                catalogues.push(catalogue);
            }
            Err(rows) => bad.extend(rows),
        }
    }
    if bad.is_empty() {
        return Ok((provinces, catalogues));
    }
    Err(bad)
}

fn read(
    path: &Path,
    known: &identity::Register,
) -> Result<(identity::Province, catalogue::Catalogue), Vec<BadRow>> {
    let in_folder = |name: &str| Some(path.join(name)).filter(|file| file.exists());
    if FILES.iter().all(|name| in_folder(name).is_none()) {
        return Err(vec![nothing_there(path)]);
    }
    let (units, successions) = (in_folder("units.csv"), in_folder("successions.csv"));
    let (officers, positions) = (in_folder("officers.csv"), in_folder("positions.csv"));
    let files = identity::Files {
        units: units.as_deref(),
        successions: successions.as_deref(),
        officers: officers.as_deref(),
        positions: positions.as_deref(),
    };
    let province = identity::read(&files, known);
    let units = province.as_ref().map(identity::Province::units);
    let kinds = units.unwrap_or(known).unit_kinds();
    let catalogue = catalogue::read(&catalogue::Files { folder: path }, &kinds);
    match (province, catalogue) {
        (Ok(province), Ok(catalogue)) => Ok((province, catalogue)),
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
        reason: format!("there is no {}", FILES.join(", ")),
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
