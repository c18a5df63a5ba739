//! `motcua admin create`: the first administrator of a province, who lets all others in.

use std::io::{self, BufRead as _};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use identity::NewAdministrator;
use kit::failure::Failure;

use crate::stores::StoreOptions;

/// What to do.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    stores: StoreOptions,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make an administrator of the province, or give one a new password
    Create(New),
}

/// Who is to be an administrator.
#[derive(Args)]
struct New {
    /// The name that it signs in with: 1 to 64 printable ASCII characters without spaces
    subject: String,
    /// What people call it
    #[arg(long)]
    name: String,
    /// Read the password from the first line of standard input; without this a one-time password is made and shown
    #[arg(long)]
    password_stdin: bool,
    /// Also where the province has an administrator already
    #[arg(long)]
    force: bool,
}

/// Why nobody was made one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A store.
    #[error(transparent)]
    Store(#[from] kit::db::Error),
    /// The keys by which personal data are sealed.
    #[error(transparent)]
    Seal(#[from] kit::seal::Error),
    /// Identity refused.
    #[error(transparent)]
    Refused(#[from] Failure),
    /// Standard input.
    #[error("no password could be read: {0}")]
    Input(#[from] io::Error),
}

/// Makes an administrator of the province; a one-time password is shown once.
///
/// # Errors
/// When the province has one, has no units, or its store cannot be used.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let What::Create(new) = options.what;
    let password = new.password_stdin.then(first_line).transpose()?;
    let stores = options.stores.place().take()?;
    let db = stores
        .open("identity", &options.stores.keys().ring()?)
        .await?;
    let administrator = NewAdministrator {
        subject: new.subject.clone(),
        name: new.name,
        password,
        force: new.force,
    };
    let one_time = identity::create_administrator(db, administrator).await?;
    println!("{} is an administrator of the province", new.subject);
    if let Some(password) = one_time {
        println!("one-time password, to be changed at the first sign-in: {password}");
    }
    Ok(ExitCode::SUCCESS)
}

fn first_line() -> Result<String, io::Error> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
