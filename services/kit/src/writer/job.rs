//! What the writer is given, and what it answers.

use std::time::Duration;

use proto::event::v1::Event;
use tokio::sync::oneshot;
use tonic::Code;
use tracing::Span;

use super::{Ledger, Step};
use crate::failure::Failure;
use crate::log::{Positions, Shard};
use crate::telemetry::metrics::Waiting;

/// A caller's mutation, named so that it can be repeated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The subject of the caller's token.
    pub caller: String,
    /// The caller's own id for the act.
    pub request_id: String,
    /// SHA-256 of the content. Personal, since contents could be tried out: kept as a keyed hash.
    pub digest: Vec<u8>,
}

/// An event that came from another service.
#[derive(Clone, Debug)]
pub struct Incoming<A> {
    /// As it stands in its owner's log.
    pub event: Event,
    /// What it asks for here; `None` when it is of no interest.
    pub step: Option<Step<A>>,
    /// Ends when it has been taken in.
    pub span: Span,
}

/// The answer to a mutation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replied {
    /// The encoded reply message.
    pub body: Vec<u8>,
    /// How far the log reaches with it.
    pub positions: Positions,
}

/// Why the writer did not do it.
#[derive(Debug)]
pub enum Refused<E> {
    /// The service says no.
    Act(E),
    /// The request id was used for something else.
    RequestIdReused,
    /// It was done, and what the reply said of a person has been erased since.
    Erased,
    /// Events that are not the next of their shard: somebody else works it.
    OutOfTurn,
    /// Nothing is known to have happened.
    Unavailable,
    /// Too much is waiting.
    Overloaded,
}

impl<E: Into<Failure>> From<Refused<E>> for Failure {
    fn from(refused: Refused<E>) -> Self {
        match refused {
            Refused::Act(error) => error.into(),
            Refused::RequestIdReused => Failure::new(
                Code::AlreadyExists,
                "REQUEST_ID_REUSED",
                "this request_id was used with other content; take a new one for a new act",
                "Mã yêu cầu này đã dùng cho nội dung khác; hãy dùng mã mới cho yêu cầu mới",
            ),
            Refused::Erased => Failure::new(
                Code::FailedPrecondition,
                "ERASED",
                "this was done; what the reply said of a person has been erased since",
                "Yêu cầu đã được thực hiện; dữ liệu cá nhân trong câu trả lời đã được xoá",
            ),
            Refused::OutOfTurn | Refused::Unavailable => Failure::unavailable(
                "STORE_UNAVAILABLE",
                "the store did not confirm the change; repeat the call with the same request_id",
                Duration::from_secs(1),
            ),
            Refused::Overloaded => Failure::new(
                Code::ResourceExhausted,
                "OVERLOADED",
                "too many changes are waiting; repeat the call later with the same request_id",
                "Hệ thống đang quá tải; hãy thử lại sau giây lát",
            )
            .retry_after(Duration::from_millis(500)),
        }
    }
}

/// The answer of the writer.
pub(super) type Answer<L> = Result<Replied, Refused<<L as Ledger>::Error>>;

pub(super) enum Work<A> {
    Call(Call, Step<A>),
    /// An act of the service itself, such as an import.
    Own(Step<A>),
    Feed(Feed<A>),
    /// Events that could not be applied before.
    Retry {
        source: String,
        events: Vec<Incoming<A>>,
    },
}

impl<A> Work<A> {
    fn name(&self) -> &'static str {
        match self {
            Self::Call(..) => "call",
            Self::Own(_) => "own",
            Self::Feed(_) => "feed",
            Self::Retry { .. } => "retry",
        }
    }
}

/// The next events of one shard of another service's log.
pub(super) struct Feed<A> {
    pub source: String,
    pub shard: Shard,
    pub after: i64,
    pub events: Vec<Incoming<A>>,
}

impl<A> Feed<A> {
    /// Its events in order, each in a feed of its own.
    pub fn one_by_one(self) -> impl Iterator<Item = Self> {
        let mut after = self.after;
        self.events.into_iter().map(move |incoming| Self {
            source: self.source.clone(),
            shard: self.shard,
            after: std::mem::replace(&mut after, incoming.event.seq),
            events: vec![incoming],
        })
    }
}

pub(super) struct Job<L: Ledger> {
    pub work: Work<L::Act>,
    pub done: oneshot::Sender<Answer<L>>,
    /// From when it was given to the writer until it is answered.
    pub span: Span,
    _waiting: Waiting,
}

impl<L: Ledger> Job<L> {
    pub fn new(work: Work<L::Act>) -> (Self, oneshot::Receiver<Answer<L>>) {
        let (done, answer) = oneshot::channel();
        let span = tracing::info_span!("job", service = L::OWNER, work = work.name());
        let job = Self {
            work,
            done,
            span,
            _waiting: Waiting::begin(L::OWNER),
        };
        (job, answer)
    }

    pub fn call(&self) -> Option<&Call> {
        match &self.work {
            Work::Call(call, _) => Some(call),
            Work::Own(_) | Work::Feed(_) | Work::Retry { .. } => None,
        }
    }

    /// Whether anybody would miss it: not so a mutation whose caller has gone.
    pub fn is_wanted(&self) -> bool {
        self.call().is_none() || !self.done.is_closed()
    }

    pub fn acts(&self) -> Vec<&L::Act> {
        match &self.work {
            Work::Call(_, step) | Work::Own(step) => vec![&step.act],
            Work::Feed(Feed { events, .. }) | Work::Retry { events, .. } => {
                let steps = events.iter().filter_map(|incoming| incoming.step.as_ref());
                steps.map(|step| &step.act).collect()
            }
        }
    }

    /// The caller may have gone; the change is committed all the same.
    pub fn answer(self, answer: Answer<L>) {
        let _ = self.done.send(answer);
    }
}
