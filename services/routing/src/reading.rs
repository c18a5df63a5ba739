//! What units wrote to each other may speak of a person: whom it is told is recorded first.

use std::collections::BTreeSet;

use kit::access::{self, Reading, handling_units};
use kit::authority::Context;
use kit::failure::Failure;
use proto::routing::v1 as pb;

/// A reply with transfers.
pub trait Tells {
    /// The rpc that it is of.
    const RPC: &'static str;
    /// Whether it follows from what the caller does to them, or has on its way.
    const IS_HANDLED: bool;

    /// All of them.
    fn transfers(&self) -> Vec<&pb::Transfer>;
}

/// Records of which dossiers a reply tells something personal; to be called before it is given. A reply without a reason and
/// without paper tells nothing personal.
///
/// # Errors
/// `RESOURCE_EXHAUSTED`, `OVERLOADED` when it cannot be recorded: then nothing may be told.
pub fn record<R: Tells>(access: &access::Log, context: &Context, reply: &R) -> Result<(), Failure> {
    let transfers = reply.transfers();
    let told = transfers.iter().filter(|transfer| is_personal(transfer));
    let dossiers: BTreeSet<&str> = told.map(|transfer| transfer.dossier_uid.as_str()).collect();
    if dossiers.is_empty() {
        return Ok(());
    }
    let units = handling_units(context.caller());
    let reading = Reading {
        rpc: R::RPC,
        is_handled: R::IS_HANDLED || are_handled(&dossiers, &transfers, &units),
        objects: dossiers.into_iter().collect(),
    };
    access.read(context, &reading)
}

fn is_personal(transfer: &pb::Transfer) -> bool {
    let receipt = transfer.paper_receipt.as_ref();
    let is_missing = receipt.is_some_and(|receipt| !receipt.missing.is_empty());
    !transfer.reason.is_empty() || !transfer.paper.is_empty() || is_missing
}

/// Whether each of these dossiers is the business of one of these units: it sends, is offered or holds a step of it now.
fn are_handled(
    dossiers: &BTreeSet<&str>,
    transfers: &[&pb::Transfer],
    units: &BTreeSet<&str>,
) -> bool {
    let is_between = |transfer: &&&pb::Transfer| {
        let ends = [&transfer.from_unit_uid, &transfer.to_unit_uid];
        transfer.ended_at.is_none() && ends.iter().any(|unit| units.contains(unit.as_str()))
    };
    let handled = transfers.iter().filter(is_between);
    let handled: BTreeSet<&str> = handled
        .map(|transfer| transfer.dossier_uid.as_str())
        .collect();
    dossiers.is_subset(&handled)
}

macro_rules! tells_a_transfer {
    ($($reply:ident of $rpc:literal, $is_handled:literal;)*) => {$(
        impl Tells for pb::$reply {
            const RPC: &'static str = concat!("motcua.routing.v1.TransferService/", $rpc);
            const IS_HANDLED: bool = $is_handled;

            fn transfers(&self) -> Vec<&pb::Transfer> {
                self.transfer.iter().collect()
            }
        }
    )*};
}

macro_rules! tells_transfers {
    ($($reply:ident of $rpc:literal, $is_handled:literal;)*) => {$(
        impl Tells for pb::$reply {
            const RPC: &'static str = concat!("motcua.routing.v1.", $rpc);
            const IS_HANDLED: bool = $is_handled;

            fn transfers(&self) -> Vec<&pb::Transfer> {
                self.transfers.iter().collect()
            }
        }
    )*};
}

tells_a_transfer! {
    AcceptTransferResponse of "AcceptTransfer", true;
    DeclineTransferResponse of "DeclineTransfer", true;
    ForwardTransferResponse of "ForwardTransfer", true;
    RecallTransferResponse of "RecallTransfer", true;
    ReturnTransferResponse of "ReturnTransfer", true;
    ReceivePaperResponse of "ReceivePaper", true;
    ClaimTransferResponse of "ClaimTransfer", true;
    AssignTransferResponse of "AssignTransfer", true;
    ReleaseTransferResponse of "ReleaseTransfer", true;
    GetTransferResponse of "GetTransfer", false;
}

tells_transfers! {
    ListTransfersResponse of "TransferService/ListTransfers", false;
    GetRouteResponse of "TransferService/GetRoute", false;
    GetManifestResponse of "TransferService/GetManifest", true;
    ListDeadLettersResponse of "QueueService/ListDeadLetters", true;
}

impl Tells for pb::CompleteTransferResponse {
    const RPC: &'static str = "motcua.routing.v1.TransferService/CompleteTransfer";
    const IS_HANDLED: bool = true;

    fn transfers(&self) -> Vec<&pb::Transfer> {
        self.transfer.iter().chain(&self.offered).collect()
    }
}

impl Tells for pb::SendBackTransferResponse {
    const RPC: &'static str = "motcua.routing.v1.TransferService/SendBackTransfer";
    const IS_HANDLED: bool = true;

    fn transfers(&self) -> Vec<&pb::Transfer> {
        self.transfer.iter().chain(&self.offered).collect()
    }
}

impl Tells for pb::BatchAcceptTransfersResponse {
    const RPC: &'static str = "motcua.routing.v1.TransferService/BatchAcceptTransfers";
    const IS_HANDLED: bool = true;

    fn transfers(&self) -> Vec<&pb::Transfer> {
        let scanned = self.scanned.iter();
        let scanned = scanned.flat_map(|dossier| &dossier.transfers);
        scanned.chain(&self.missing).collect()
    }
}

impl Tells for pb::PullTransfersResponse {
    const RPC: &'static str = "motcua.routing.v1.TransferService/PullTransfers";
    const IS_HANDLED: bool = true;

    fn transfers(&self) -> Vec<&pb::Transfer> {
        let delivered = self.deliveries.iter();
        delivered
            .filter_map(|delivery| delivery.transfer.as_ref())
            .collect()
    }
}

impl Tells for pb::StreamTransfersResponse {
    const RPC: &'static str = "motcua.routing.v1.TransferService/StreamTransfers";
    const IS_HANDLED: bool = true;

    fn transfers(&self) -> Vec<&pb::Transfer> {
        let delivered = self.deliveries.iter();
        let delivered = delivered.filter_map(|delivery| delivery.transfer.as_ref());
        let accepted = self.outcomes.iter();
        let accepted = accepted.filter_map(|outcome| outcome.accepted.as_ref());
        delivered.chain(accepted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(dossier: &str, to: &str) -> pb::Transfer {
        pb::Transfer {
            dossier_uid: dossier.to_owned(),
            from_unit_uid: "sender".to_owned(),
            to_unit_uid: to.to_owned(),
            ..pb::Transfer::default()
        }
    }

    #[test]
    fn a_reason_and_paper_speak_of_a_person_and_nothing_else_does() {
        let plain = transfer("d", "a");
        assert!(!is_personal(&plain));
        let paper = vec![pb::Paper::default()];
        let missing = pb::PaperReceipt {
            missing: paper.clone(),
            ..pb::PaperReceipt::default()
        };
        for told in [
            pb::Transfer {
                reason: "thiếu chữ ký".to_owned(),
                ..plain.clone()
            },
            pb::Transfer {
                paper,
                ..plain.clone()
            },
            pb::Transfer {
                paper_receipt: Some(missing),
                ..plain.clone()
            },
        ] {
            assert!(is_personal(&told), "{told:?}");
        }
        let all_came = pb::Transfer {
            paper_receipt: Some(pb::PaperReceipt::default()),
            ..plain
        };
        assert!(!is_personal(&all_came));
    }

    #[test]
    fn a_dossier_is_handled_by_the_units_of_a_step_that_has_not_ended() {
        let ended = pb::Transfer {
            ended_at: Some(prost_types::Timestamp::default()),
            ..transfer("d", "a")
        };
        let (now, of_another) = (transfer("d", "b"), transfer("e", "c"));
        let told = [&ended, &now, &of_another];
        let handled = |dossiers: &[&str], unit: &str| {
            let dossiers = dossiers.iter().copied().collect();
            are_handled(&dossiers, &told, &BTreeSet::from([unit]))
        };
        assert!(handled(&["d"], "b") && handled(&["d", "e"], "sender"));
        assert!(!handled(&["d"], "a"), "it has held a step");
        assert!(!handled(&["d", "e"], "b"), "another's is among them");
        assert!(!handled(&["d"], "elsewhere"));
    }
}
