//! Parties on the wire.

use kit::failure::{Failure, Violation};
use kit::fields::{self, Fields};
use kit::identity_number::{self, IdentityNumber};
use proto::identity::v1 as pb;
use proto::identity::v1::identity_change::Change;

use crate::party::{self, LONGEST_NAME, Particulars, Party};

/// A `RegisterPartyRequest` that makes sense.
#[derive(Debug)]
pub(crate) struct Register {
    pub request_id: String,
    pub particulars: Particulars,
}

impl TryFrom<&pb::RegisterPartyRequest> for Register {
    type Error = Failure;

    fn try_from(message: &pb::RegisterPartyRequest) -> Result<Self, Failure> {
        let mut fields = Fields::new();
        let request_id = fields.request_id(&message.request_id);
        let particulars = particulars(message, &mut fields);
        fields.finish()?;
        // What is missing was rejected, so this finds nothing to refuse.
        let particulars = particulars.ok_or_else(|| Failure::invalid_fields(Vec::new()))?;
        Ok(Self {
            request_id,
            particulars,
        })
    }
}

fn particulars(message: &pb::RegisterPartyRequest, fields: &mut Fields) -> Option<Particulars> {
    let name = fields.text("name", &message.name, LONGEST_NAME);
    let kind = fields.take(party_kind(message.kind()));
    let number = fields.take(identity_number_in(message.identity_number.as_ref()));
    let (kind, number) = kind.zip(number)?;
    if !kind.may_have(number.kind()) {
        fields.reject(needs_mst());
    }
    Some(Particulars { kind, name, number })
}

fn party_kind(kind: pb::PartyKind) -> Result<party::Kind, Violation> {
    match kind {
        pb::PartyKind::Unspecified => Err(fields::required("kind")),
        pb::PartyKind::Citizen => Ok(party::Kind::Citizen),
        pb::PartyKind::Business => Ok(party::Kind::Business),
    }
}

fn identity_number_in(message: Option<&pb::IdentityNumber>) -> Result<IdentityNumber, Violation> {
    let message = message.ok_or_else(|| fields::required("identity_number"))?;
    let kind = match message.kind() {
        pb::IdentityNumberKind::Unspecified => {
            return Err(fields::required("identity_number.kind"));
        }
        pb::IdentityNumberKind::Cccd => identity_number::Kind::Cccd,
        pb::IdentityNumberKind::Cmnd => identity_number::Kind::Cmnd,
        pb::IdentityNumberKind::Mst => identity_number::Kind::Mst,
    };
    IdentityNumber::parse(kind, &message.value, "identity_number.value")
}

fn needs_mst() -> Violation {
    Violation::new(
        "identity_number.kind",
        "NOT_OF_A_BUSINESS",
        "a business is known by its MST",
        "doanh nghiệp phải dùng mã số thuế",
    )
}

impl From<&Party> for pb::Party {
    fn from(party: &Party) -> Self {
        let Particulars { kind, name, number } = &party.particulars;
        let kind = match kind {
            party::Kind::Citizen => pb::PartyKind::Citizen,
            party::Kind::Business => pb::PartyKind::Business,
        };
        Self {
            uid: party.uid.to_string(),
            kind: kind.into(),
            name: name.clone(),
            identity_number: Some(identity_number_out(number)),
            revision: party.revision,
        }
    }
}

fn identity_number_out(number: &IdentityNumber) -> pb::IdentityNumber {
    let kind = match number.kind() {
        identity_number::Kind::Cccd => pb::IdentityNumberKind::Cccd,
        identity_number::Kind::Cmnd => pb::IdentityNumberKind::Cmnd,
        identity_number::Kind::Mst => pb::IdentityNumberKind::Mst,
    };
    pb::IdentityNumber {
        kind: kind.into(),
        value: number.value().to_owned(),
    }
}

/// The reply to a registration as it is saved: the uid alone, since saved replies hold nothing personal.
pub(crate) fn registered(uid: &party::Uid) -> pb::RegisterPartyResponse {
    pb::RegisterPartyResponse {
        party: Some(pb::Party {
            uid: uid.to_string(),
            ..pb::Party::default()
        }),
    }
}

/// The party that a saved reply names.
pub(crate) fn registered_uid(reply: &pb::RegisterPartyResponse) -> party::Uid {
    let uid = reply.party.as_ref().map(|party| party.uid.as_str());
    party::Uid::new(uid.unwrap_or_default())
}

/// What the log tells of a party.
pub(crate) fn told_registered(uid: &party::Uid) -> pb::IdentityChange {
    let party_uid = uid.to_string();
    pb::IdentityChange {
        change: Some(Change::PartyRegistered(pb::PartyRegistered { party_uid })),
    }
}
