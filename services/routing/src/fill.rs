//! Routing's part in filling a store: what its rpcs do, without the rpcs.

use kit::authority::Context;
use kit::db::Db;
use kit::fill::{Error, Filling};
use kit::queue::Queue;
use proto::event::v1::Event;
use proto::routing::v1 as pb;

use crate::act::Act;
use crate::ledger::Routing;
use crate::link::Limits;
use crate::wire;

/// A routing whose store is being filled.
pub struct Fill(Filling<Routing>);

impl Fill {
    /// Begins with a store without routes.
    ///
    /// # Errors
    /// When there are some, or the store refuses.
    pub async fn begin(db: Db, identity: &Db, catalogue: &Db) -> Result<Self, Error> {
        let identity = ("identity", identity, wire::event::from_identity as _);
        let catalogue = ("catalogue", catalogue, wire::event::from_catalogue as _);
        let ring = db.ring().clone();
        let limits = Limits::by_law().map_err(|error| sea_orm::DbErr::Type(error.to_string()))?;
        let routing = || Routing::new(Queue::in_process(), &ring, limits.clone());
        let filling = Filling::begin(routing, db, &[identity, catalogue]).await?;
        Ok(Self(filling))
    }

    /// Loads what the routes of dossiers need of whose reception these events tell. All that follows is about these
    /// dossiers, until the next time.
    ///
    /// # Errors
    /// When an event cannot be read, or the store does not answer.
    pub async fn prepare(&mut self, received: impl Iterator<Item = &Event>) -> Result<(), Error> {
        let acts: Result<Vec<Option<Act>>, _> = received.map(wire::event::from_intake).collect();
        let acts = acts.map_err(|error| sea_orm::DbErr::Type(error.to_string()))?;
        let acts: Vec<&Act> = acts.iter().flatten().collect();
        self.0.load(&acts).await
    }

    /// Takes in an event of intake.
    ///
    /// # Errors
    /// When it cannot be applied.
    pub fn hear(&mut self, event: &Event) -> Result<Vec<Event>, Error> {
        self.0.hear(event, wire::event::from_intake)
    }

    /// `AcceptTransfer`.
    ///
    /// # Errors
    /// The refusal.
    pub fn accept(
        &mut self,
        context: &Context,
        request: &pb::AcceptTransferRequest,
    ) -> Result<Vec<Event>, Error> {
        let (_, act) = wire::request::accept(context, request)?;
        self.0.call(context, act)
    }

    /// `CompleteTransfer`.
    ///
    /// # Errors
    /// The refusal.
    pub fn complete(
        &mut self,
        context: &Context,
        request: &pb::CompleteTransferRequest,
    ) -> Result<Vec<Event>, Error> {
        let (_, act) = wire::request::complete(context, request)?;
        self.0.call(context, act)
    }

    /// Writes what was done since the last time.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn write(&mut self) -> Result<(), Error> {
        self.0.write().await
    }

    /// How far its log reaches.
    #[must_use]
    pub fn reach(&self) -> Vec<(i32, i64)> {
        self.0.reach()
    }

    /// Commits, with intake's log taken in so far.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn finish(self, intake: &[(i32, i64)]) -> Result<(), Error> {
        self.0.finish("intake", intake).await
    }
}
