//! Một Cửa: the one-stop shop of a province, in one binary.

mod admin;
mod cast;
mod check;
mod demo;
mod erase;
mod import;
mod keys;
mod load;
mod migrate;
mod rotation;
mod rpc;
mod serve;
mod show;
mod stores;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A batch and a call are many small allocations on several threads; the system's allocator took a sixth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Một Cửa: hệ thống một cửa liên thông của tỉnh.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM.
    Serve(Box<serve::Options>),
    /// Play ten working days of the province through the suite and show what came of them.
    Demo(demo::Options),
    /// Make the stores, or bring them to the schema of this program.
    Migrate(migrate::Options),
    /// Measure how fast the suite is, from outside.
    Load(load::Options),
    /// Make an administrator of the province, before anybody can sign in.
    Admin(admin::Options),
    /// Take in units, officers, procedures and calendars from files.
    Import(import::Options),
    /// Compare what the services say of each other, also while they serve.
    Check(check::Options),
    /// Add a newer key for personal data, or bring everything under the newest.
    Keys(rotation::Options),
    /// Forget what is personal about a dossier that has come to its end.
    Erase(erase::Options),
    /// Show one dossier with its branches, offers and events.
    Show(show::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(options) => Box::pin(serve::run(*options)).await.map_err(Into::into),
        Command::Demo(options) => demo::run(options).await.map_err(Into::into),
        Command::Migrate(options) => migrate::run(options).await.map_err(Into::into),
        Command::Load(options) => load::run(options).await.map_err(Into::into),
        Command::Admin(options) => admin::run(options).await.map_err(Into::into),
        Command::Import(options) => import::run(options).await.map_err(Into::into),
        Command::Check(options) => check::run(options).await.map_err(Into::into),
        Command::Keys(options) => rotation::run(options).await.map_err(Into::into),
        Command::Erase(options) => erase::run(options).await.map_err(Into::into),
        Command::Show(options) => show::run(options).await.map_err(Into::into),
    };
    let result: Result<ExitCode, Box<dyn std::error::Error>> = result;
    result.unwrap_or_else(|error| {
        eprintln!("motcua: {error}");
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_option_of_every_subcommand_has_a_name_of_its_own() {
        Cli::command().debug_assert();
    }
}
