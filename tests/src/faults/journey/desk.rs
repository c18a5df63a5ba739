//! Officers who share the work of a unit: they take it, are given it, and let go of it. Custody stays where it is.

use proto::routing::v1::{
    AssignTransferRequest, ClaimTransferRequest, ReleaseTransferRequest, Transfer,
};

use super::{Refused, Work, officer};
use crate::cast::subject;
use crate::new_request_id;

impl Work {
    /// An officer takes an offer; the leader takes it from that one, and gives it to the officer again.
    pub(super) async fn share(&self, offer: &Transfer) -> Result<(), Refused> {
        let (own, leader) = (officer(offer), subject(&offer.to_unit_uid, "leader"));
        let claim = ClaimTransferRequest {
            request_id: new_request_id(),
            transfer_uid: offer.uid.clone(),
            expected_revision: 0,
        };
        let line = &self.scene.line;
        line.act(self.number, &own, None, claim).await?;
        self.release(offer, &leader).await?;
        let assign = AssignTransferRequest {
            request_id: new_request_id(),
            transfer_uid: offer.uid.clone(),
            assignee: own,
            expected_revision: 0,
        };
        line.act(self.number, &leader, None, assign).await?;
        Ok(())
    }

    /// Whoever has it lets go of it, and it is the whole unit's; the position of that or of before.
    pub(super) async fn let_go(
        &self,
        held: &Transfer,
        position: Option<String>,
    ) -> Result<Option<String>, Refused> {
        let released = self.release(held, &officer(held)).await?;
        Ok(released.or(position))
    }

    async fn release(&self, transfer: &Transfer, by: &str) -> Result<Option<String>, Refused> {
        let request = ReleaseTransferRequest {
            request_id: new_request_id(),
            transfer_uid: transfer.uid.clone(),
            expected_revision: 0,
        };
        let line = &self.scene.line;
        let released = line.act(self.number, by, None, request).await?;
        Ok(released.position)
    }
}
