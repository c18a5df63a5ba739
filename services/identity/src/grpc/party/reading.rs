//! What is told of parties is recorded first.

use kit::access::Reading;
use kit::authority::Context;
use proto::identity::v1 as pb;
use tonic::{Response, Status};

use super::Parties;

/// A reply that tells of parties.
pub(super) trait Tells {
    /// The rpc that it is of.
    const RPC: &'static str;
    /// Whether it follows from what the caller does to the party.
    const IS_HANDLED: bool;

    /// The uids of those of whom something personal is told.
    fn parties(&self) -> Vec<&str>;
}

impl Parties {
    /// Records what a reply tells, and only then gives it.
    pub(super) fn telling<R: Tells>(
        &self,
        context: &Context,
        response: Response<R>,
    ) -> Result<Response<R>, Status> {
        let reading = Reading {
            rpc: R::RPC,
            objects: response.get_ref().parties(),
            is_handled: R::IS_HANDLED,
        };
        self.access.read(context, &reading)?;
        Ok(response)
    }
}

macro_rules! tells_a_party {
    ($($reply:ident of $rpc:literal, $is_handled:literal;)*) => {$(
        impl Tells for pb::$reply {
            const RPC: &'static str = concat!("motcua.identity.v1.PartyService/", $rpc);
            const IS_HANDLED: bool = $is_handled;

            fn parties(&self) -> Vec<&str> {
                self.party.iter().map(|party| party.uid.as_str()).collect()
            }
        }
    )*};
}

tells_a_party! {
    RegisterPartyResponse of "RegisterParty", true;
    GetPartyResponse of "GetParty", false;
    FindPartyResponse of "FindParty", false;
    UpdatePartyResponse of "UpdateParty", true;
    AddPartyNumberResponse of "AddPartyNumber", true;
    MergePartiesResponse of "MergeParties", true;
    UnmergePartiesResponse of "UnmergeParties", true;
}

impl Tells for pb::ListProxiesResponse {
    const RPC: &'static str = "motcua.identity.v1.PartyService/ListProxies";
    const IS_HANDLED: bool = false;

    /// What was shown for a proxy is personal to both sides.
    fn parties(&self) -> Vec<&str> {
        let sides = self.proxies.iter();
        let sides = sides.flat_map(|proxy| [proxy.grantor_uid.as_str(), proxy.proxy_uid.as_str()]);
        let mut parties: Vec<&str> = sides.collect();
        parties.sort_unstable();
        parties.dedup();
        parties
    }
}
