//! Why a demo ends before its end.

use std::io;
use std::path::PathBuf;

use tonic::Status;

use crate::cast;
use crate::rpc::OutOfContract;

/// Why a demo ends before its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder holds something that the demo did not make.
    #[error("{0} is not empty and was not made by `motcua demo`; name another folder")]
    NotOurs(PathBuf),
    /// A file or folder could not be used.
    #[error("{what}: {source}")]
    File {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Whoever calls.
    #[error(transparent)]
    Cast(#[from] cast::Error),
    /// The suite did not come up.
    #[error("the suite does not serve: {0}")]
    NotServing(String),
    /// A subcommand ended with a failure.
    #[error("`motcua {command}` failed:\n{output}")]
    Command {
        /// The subcommand.
        command: String,
        /// What it printed.
        output: String,
    },
    /// The suite refused what it should have done, or did not answer.
    #[error("{rpc} answered {}", describe(.status))]
    Refused {
        /// The rpc.
        rpc: &'static str,
        /// The answer.
        status: Box<Status>,
    },
    /// An answer does not hold what the contract says.
    #[error(transparent)]
    OutOfContract(#[from] OutOfContract),
    /// Offers that must follow did not come.
    #[error(
        "within {seconds} s nothing more came through the queue, and these offers are missing: {what}"
    )]
    Missing {
        /// How long the demo waited.
        seconds: u64,
        /// Which offers.
        what: String,
    },
    /// The province that the suite serves cannot be played.
    #[error("the province cannot be played: {0}")]
    Province(String),
    /// A task of the demo's own broke.
    #[error("the demo itself broke: {0}")]
    Task(tokio::task::JoinError),
    /// The user ended it.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// A file or folder could not be used.
    pub fn file(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::File { what, source }
    }
}

fn describe(status: &Status) -> String {
    let (code, text) = (status.code(), status.message());
    match kit::failure::reason_of(status).as_str() {
        "" => format!("{code:?}: {text}"),
        reason => format!("{code:?}, {reason}: {text}"),
    }
}
