//! Intake's part in filling a store: what its rpcs do, without the rpcs.

use kit::authority::Context;
use kit::db::Db;
use kit::fill::{Error, Filling};
use kit::writer::Step;
use proto::event::v1::Event;
use proto::intake::v1 as pb;

use crate::act::Act;
use crate::ledger::Intake;
use crate::wire;

/// An intake whose store is being filled.
pub struct Fill(Filling<Intake>);

impl Fill {
    /// Begins with a store without dossiers.
    ///
    /// # Errors
    /// When there are some, or the store refuses.
    pub async fn begin(db: Db, identity: &Db, catalogue: &Db) -> Result<Self, Error> {
        let identity = ("identity", identity, wire::event::from_identity as _);
        let catalogue = ("catalogue", catalogue, wire::event::from_catalogue as _);
        let ring = db.ring().clone();
        let ledger = || Intake::new(&ring);
        let filling = Filling::begin(ledger, db, &[identity, catalogue]).await?;
        Ok(Self(filling))
    }

    /// `RegisterDossier`, many; tells what each told. All that follows is about these dossiers, until the next time.
    ///
    /// # Errors
    /// The refusal of one.
    pub async fn register(
        &mut self,
        requests: &[(Context, pb::RegisterDossierRequest)],
    ) -> Result<Vec<Vec<Event>>, Error> {
        let mut steps = Vec::with_capacity(requests.len());
        for (context, request) in requests {
            let (_, act) = wire::filed::register(context, request)?;
            let cause = context.cause();
            steps.push(Step { act, cause });
        }
        let acts: Vec<&Act> = steps.iter().map(|step| &step.act).collect();
        self.0.load(&acts).await?;
        steps.iter().map(|step| self.0.act(step)).collect()
    }

    /// `RecordDecision`.
    ///
    /// # Errors
    /// The refusal.
    pub fn decide(
        &mut self,
        context: &Context,
        request: &pb::RecordDecisionRequest,
    ) -> Result<Vec<Event>, Error> {
        let (_, act) = wire::request::record_decision(context, request)?;
        self.0.call(context, act)
    }

    /// `ReturnResult`.
    ///
    /// # Errors
    /// The refusal.
    pub fn give_back(
        &mut self,
        context: &Context,
        request: &pb::ReturnResultRequest,
    ) -> Result<Vec<Event>, Error> {
        let (_, act) = wire::request::return_result(context, request)?;
        self.0.call(context, act)
    }

    /// Takes in an event of routing.
    ///
    /// # Errors
    /// When it cannot be applied.
    pub fn hear(&mut self, event: &Event) -> Result<Vec<Event>, Error> {
        self.0.hear(event, wire::event::from_routing)
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

    /// Commits, with routing's log taken in so far.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn finish(self, routing: &[(i32, i64)]) -> Result<(), Error> {
        self.0.finish("routing", routing).await
    }
}
