//! The access log: who signed in, who was denied what, and who read whose data for which purpose.
//!
//! Append-only, in the service's own store, and off the path of the calls: an entry is handed over and written with others
//! within a second, so a process that is killed loses what it handed over in its last second at most. What cannot be handed
//! over because too much waits is not answered: a reading is refused rather than unrecorded. Denials of the same kind are
//! counted together instead, so that a flood of them cannot keep anybody from reading. Each local day is closed by the root
//! of a Merkle tree over its rows, which `motcua check` computes again.

mod audit;
mod days;
mod denials;
mod entity;
mod handling;
mod purpose;
mod record;
mod recorder;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::authority::Context;
use crate::caller::Caller;
use crate::clock::Moment;
use crate::failure::Failure;
use crate::telemetry;
pub use audit::{Audit, Fault, audit};
pub use days::{Closed, close_due};
use denials::Denials;
pub use handling::handling_units;
pub use purpose::{PURPOSE, Purpose};
use record::{Entry, Kind};
pub use recorder::Recorder;

/// How many entries wait to be written before readings are refused.
pub const WAITING: usize = 4_096;
/// When a refused call may be made again.
const RETRY: Duration = Duration::from_millis(500);

/// Where a service hands over what is to be recorded.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    sender: mpsc::Sender<Entry>,
    denials: Denials,
    /// Cancelled when nothing more will be handed over.
    ended: CancellationToken,
}

/// Somebody reads personal data.
#[derive(Clone, Debug)]
pub struct Reading<'a> {
    /// The rpc, `motcua.intake.v1.DossierService/GetDossier`.
    pub rpc: &'static str,
    /// The uids of what is read; never a name or a number.
    pub objects: Vec<&'a str>,
    /// Whether all of it is the business of the caller's unit just now.
    pub is_handled: bool,
}

/// The access log of a service, and what writes it.
#[must_use]
pub fn open() -> (Log, Recorder) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let inner = Arc::new(Inner {
        sender,
        denials: Denials::default(),
        ended: CancellationToken::new(),
    });
    (Log(Arc::clone(&inner)), Recorder::new(inner, receiver))
}

impl Log {
    /// Hands a reading over; to be called before the reply is given. Nothing read is no reading.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED`, `OVERLOADED` when it cannot be recorded: then nothing may be told.
    pub fn read(&self, context: &Context, reading: &Reading<'_>) -> Result<(), Failure> {
        if reading.objects.is_empty() {
            return Ok(());
        }
        let entry = Entry::of(context.caller(), context.at, reading.rpc, Kind::Reading);
        let usual = || Purpose::unless_stated(context.caller(), reading.is_handled);
        self.hand_over(Entry {
            objects: reading.objects.join(" "),
            purpose: Some(context.purpose.unwrap_or_else(usual)),
            trace: telemetry::trace_id(&context.traceparent).to_owned(),
            ..entry
        })
    }

    /// Hands over that somebody was given a token at this moment.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED`, `OVERLOADED` when it cannot be recorded: then no token may be given.
    pub fn signed_in(
        &self,
        caller: &Caller,
        at: Moment,
        traceparent: &str,
        rpc: &str,
    ) -> Result<(), Failure> {
        let entry = Entry::of(caller, at, rpc, Kind::SignIn);
        self.hand_over(Entry {
            trace: telemetry::trace_id(traceparent).to_owned(),
            ..entry
        })
    }

    /// Counts a denial.
    pub fn denied(&self, caller: &Caller, at: Moment, rpc: &str, reason: &str) {
        let entry = Entry::of(caller, at, rpc, Kind::Denial);
        self.0.denials.add(Entry {
            outcome: record::text(reason),
            ..entry
        });
    }

    /// Nothing more will be handed over: what was is written, and then the recorder ends.
    pub fn end(&self) {
        self.0.ended.cancel();
    }

    fn hand_over(&self, entry: Entry) -> Result<(), Failure> {
        self.0.sender.try_send(entry).map_err(|_| overloaded())
    }
}

fn overloaded() -> Failure {
    Failure::new(
        Code::ResourceExhausted,
        "OVERLOADED",
        "too many entries of the access log wait to be written; nothing personal is told meanwhile",
        "Hệ thống đang quá tải; hãy thử lại sau giây lát",
    )
    .retry_after(RETRY)
}
