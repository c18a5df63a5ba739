//! Protobuf to domain and back.

use kit::failure::{Failure, Violation};
use kit::fields::{self, Fields};
use kit::identity_number::{self, IdentityNumber};
use kit::page;
use kit::{caller, keys};
use proto::identity::v1 as pb;
use proto::identity::v1::identity_change::Change;

use crate::party::{self, LONGEST_NAME, Particulars, Party};
use crate::unit::{self, Page, Unit};

const USUAL_PAGE: u64 = 100;
const LARGEST_PAGE: u64 = 500;

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

impl TryFrom<&pb::ListUnitsRequest> for Page {
    type Error = Failure;

    fn try_from(message: &pb::ListUnitsRequest) -> Result<Self, Failure> {
        let mut fields = Fields::new();
        let size = fields.page_size(message.page_size, USUAL_PAGE, LARGEST_PAGE);
        let after = fields.take(page::keys(&message.page_token)).flatten();
        fields.finish()?;
        Ok(Self {
            kind: unit_kind(message.kind()),
            after: after.map(|[uid]| unit::Uid::new(uid)),
            size,
        })
    }
}

fn unit_kind(kind: pb::UnitKind) -> Option<unit::Kind> {
    match kind {
        pb::UnitKind::Unspecified => None,
        pb::UnitKind::Province => Some(unit::Kind::Province),
        pb::UnitKind::Department => Some(unit::Kind::Department),
        pb::UnitKind::District => Some(unit::Kind::District),
        pb::UnitKind::Commune => Some(unit::Kind::Commune),
    }
}

impl From<unit::Kind> for pb::UnitKind {
    fn from(kind: unit::Kind) -> Self {
        match kind {
            unit::Kind::Province => Self::Province,
            unit::Kind::Department => Self::Department,
            unit::Kind::District => Self::District,
            unit::Kind::Commune => Self::Commune,
        }
    }
}

impl From<&Unit> for pb::Unit {
    fn from(unit: &Unit) -> Self {
        let end = unit.end.as_ref();
        let text = |uid: Option<&unit::Uid>| uid.map(ToString::to_string).unwrap_or_default();
        Self {
            uid: unit.uid.to_string(),
            code: unit.code.clone(),
            kind: pb::UnitKind::from(unit.kind).into(),
            subtype: unit.subtype.clone(),
            name: unit.name.clone(),
            short_name: unit.short_name.clone(),
            parent_uid: text(unit.parent.as_ref()),
            national_code: unit.national_code.clone(),
            valid_from: unit.valid_from.to_string(),
            valid_to: end.map(|end| end.last_day.to_string()).unwrap_or_default(),
            successor_uid: text(end.and_then(|end| end.successor.as_ref())),
            revision: unit.revision,
        }
    }
}

/// A page of units, of which `page` asked for one too many to know whether another follows.
pub(crate) fn unit_page(mut units: Vec<Unit>, page: &Page) -> pb::ListUnitsResponse {
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let more = units.len() > size;
    units.truncate(size);
    let last = units.last().filter(|_| more);
    pb::ListUnitsResponse {
        next_page_token: last
            .map(|unit| page::token(&[unit.uid.as_str()]))
            .unwrap_or_default(),
        units: units.iter().map(pb::Unit::from).collect(),
    }
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

/// What the log tells of a unit.
pub(crate) fn unit_imported(unit: &Unit) -> pb::IdentityChange {
    let unit = Some(unit.into());
    pb::IdentityChange {
        change: Some(Change::UnitImported(pb::UnitImported { unit })),
    }
}

/// What the log tells of a party.
pub(crate) fn party_registered(uid: &party::Uid) -> pb::IdentityChange {
    let party_uid = uid.to_string();
    pb::IdentityChange {
        change: Some(Change::PartyRegistered(pb::PartyRegistered { party_uid })),
    }
}

/// A caller as its token names it.
pub(crate) fn caller(caller: caller::Caller) -> pb::Caller {
    let role = match caller.role {
        None => pb::Role::Unspecified,
        Some(caller::Role::Receptionist) => pb::Role::Receptionist,
        Some(caller::Role::Examiner) => pb::Role::Examiner,
        Some(caller::Role::Leader) => pb::Role::Leader,
        Some(caller::Role::Citizen) => pb::Role::Citizen,
        Some(caller::Role::Client) => pb::Role::Client,
        Some(caller::Role::Service) => pb::Role::Service,
    };
    pb::Caller {
        subject: caller.subject,
        role: role.into(),
        unit_uids: caller.units,
        party_uid: caller.party.unwrap_or_default(),
    }
}

/// A key that verifies tokens.
pub(crate) fn verifying_key(key: &keys::PublicKey) -> pb::VerifyingKey {
    pb::VerifyingKey {
        kid: key.kid(),
        ed25519: key.to_bytes(),
    }
}
