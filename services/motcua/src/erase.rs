//! `motcua erase CODE`: what is personal about a dossier is forgotten; what was done with it, by whom and when stays.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use intake::upkeep::Why;
use kit::authority::Scope;
use kit::failure::Failure;
use kit::{db, seal};
use sea_orm::DbErr;

use crate::stores::StoreOptions;

/// Whom to forget.
#[derive(Args)]
pub struct Options {
    /// The code on the receipt.
    code: String,
    /// Why; the log tells it.
    #[arg(long)]
    reason: Reason,
    #[command(flatten)]
    stores: StoreOptions,
}

#[derive(Clone, Copy, ValueEnum)]
enum Reason {
    /// The person asked for it.
    Asked,
    /// It was kept for as long as it has to be.
    Expired,
    /// A court or an authority ordered it.
    Ordered,
    /// It should never have been there.
    Mistaken,
}

/// Why nobody was forgotten.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A store.
    #[error(transparent)]
    Store(#[from] db::Error),
    /// The keys.
    #[error(transparent)]
    Seal(#[from] seal::Error),
    /// A query.
    #[error("the store of intake does not answer: {0}")]
    Query(#[from] DbErr),
    /// Intake.
    #[error(transparent)]
    Refused(#[from] Failure),
    /// The code.
    #[error("`{0}` is no dossier code: it must look like 000.00.12.H15-170828-0001")]
    Malformed(String),
    /// The dossier.
    #[error("there is no dossier {0}")]
    Missing(String),
}

/// Drops the key of a dossier in intake; routing drops its own when it hears of it.
///
/// # Errors
/// When there is no such dossier, it has not come to its end, or the store cannot be used.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let code = intake::DossierCode::parse(&options.code)
        .map_err(|_| Error::Malformed(options.code.clone()))?;
    let ring = options.stores.keys().ring_as_it_is()?;
    let intake = options.stores.place().open_beside("intake", &ring).await?;
    let found = intake::find_by_code((intake.read(), &ring), &Scope::Everything, &code).await?;
    let dossier = found.ok_or_else(|| Error::Missing(options.code.clone()))?;
    let uid = intake::to_message(&dossier).uid;
    intake::upkeep::erase(intake.clone(), &uid, options.reason.into()).await?;
    intake.let_go_of_old_rows().await?;
    println!(
        "what was personal about {} is erased; routing follows when it hears of it",
        options.code
    );
    Ok(ExitCode::SUCCESS)
}

impl From<Reason> for Why {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Asked => Self::Asked,
            Reason::Expired => Self::Expired,
            Reason::Ordered => Self::Ordered,
            Reason::Mistaken => Self::Mistaken,
        }
    }
}
