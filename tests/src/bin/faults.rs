//! `faults`: see [`tests::faults`].

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    tests::faults::main(tests::faults::Options::parse()).await
}
