//! `GetHistory`: what intake's log and routing's say about a dossier, in one line of time.

use kit::authority::Context;
use kit::failure::Failure;
use kit::log;
use prost::Message as _;
use proto::event::v1::Event;
use proto::intake::v1 as pb;
use tonic::Status;

use super::Dossiers;
use crate::NAME;
use crate::error::Error;

const HISTORY: &str = "motcua.intake.v1.DossierService/GetHistory";

impl Dossiers {
    /// All that was done to a dossier that the caller may know.
    pub(super) async fn history(
        &self,
        context: &Context,
        uid: &str,
    ) -> Result<pb::GetHistoryResponse, Status> {
        let dossier = self.find(&context.rights.scope(), uid).await?;
        let between_units = self.routing.history(uid).await?;
        let here = log::history_in_full(self.sealed(), NAME, uid).await;
        let here = here.map_err(Error::from).map_err(Failure::from)?;
        self.record(context, HISTORY, std::slice::from_ref(&dossier))
            .await?;
        let here = here.into_iter().map(|(event, personal)| {
            // Only an incompatible change of the contract could make it unreadable.
            let particulars = personal.and_then(|bytes| pb::Particulars::decode(&*bytes).ok());
            entry(event, particulars)
        });
        let between_units = between_units.into_iter().map(|event| entry(event, None));
        let mut entries: Vec<pb::HistoryEntry> = here.chain(between_units).collect();
        // Each log keeps its own order: what is told at one instant stays as it was.
        entries.sort_by_key(at);
        Ok(pb::GetHistoryResponse { entries })
    }
}

fn entry(event: Event, particulars: Option<pb::Particulars>) -> pb::HistoryEntry {
    pb::HistoryEntry {
        event: Some(event),
        particulars,
    }
}

fn at(entry: &pb::HistoryEntry) -> Option<(i64, i32)> {
    let at = entry.event.as_ref()?.occurred_at?;
    Some((at.seconds, at.nanos))
}
