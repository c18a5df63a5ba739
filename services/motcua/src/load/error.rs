//! Why nothing is measured.

use tonic::Status;

use crate::cast;
use crate::rpc::OutOfContract;

/// Why nothing is measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The callers.
    #[error(transparent)]
    Cast(#[from] cast::Error),
    /// The keys by which personal data are sealed.
    #[error(transparent)]
    Seal(#[from] kit::seal::Error),
    /// No address for a service.
    #[error("no address is given for {0}")]
    NoAddress(String),
    /// The suite refused what must not be refused.
    #[error("{rpc} answered {code:?} {reason}: {message}", code = .status.code(),
        reason = kit::failure::reason_of(.status), message = .status.message())]
    Refused {
        /// The rpc.
        rpc: &'static str,
        /// The answer.
        status: Box<Status>,
    },
    /// A reply is not what the contract says.
    #[error(transparent)]
    OutOfContract(#[from] OutOfContract),
    /// Nothing to work with.
    #[error("the suite has no {0}: import the province and the callers first")]
    Empty(&'static str),
    /// An offer did not come.
    #[error("an offer did not come within {0} s")]
    NoOffer(u64),
    /// What a histogram cannot count.
    #[error("a histogram cannot be made: {0}")]
    Histogram(#[from] hdrhistogram::CreationError),
    /// The system's own figures.
    #[error("the figures of process {process} cannot be read: {source}")]
    Process {
        /// Which.
        process: i32,
        /// Why.
        source: procfs::ProcError,
    },
    /// A child process or a file.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// pgbench.
    #[error("pgbench cannot be used as a yardstick:\n{0}")]
    Pgbench(String),
    /// `BullMQ`.
    #[error("BullMQ cannot be used as a yardstick:\n{0}")]
    BullMq(String),
    /// A store that is to be filled.
    #[error(transparent)]
    Store(#[from] kit::db::Error),
    /// The same.
    #[error(transparent)]
    Query(#[from] sea_orm::DbErr),
    /// The same.
    #[error("the store is not filled: {0}")]
    Fill(#[from] kit::fill::Error),
    /// The bare server.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
}

impl Error {
    /// A child process or a file could not be used.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// By which word it is counted.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Refused { status, .. } => {
                let reason = kit::failure::reason_of(status);
                format!("{:?} {reason}", status.code()).trim().to_owned()
            }
            other => other.to_string(),
        }
    }
}
