//! Parties on the wire: replies, and what the log tells. Replies are personal.

mod request;

use std::collections::BTreeSet;

use kit::identity_number::{self, IdentityNumber};
use proto::identity::v1 as pb;
use proto::identity::v1::identity_change::Change;

use crate::party::{self, Party, Sex, Uid, Warning, warnings};

pub(crate) use request::{add_number, find as find_request, merge, register, unmerge, update};

/// A party with those that were merged into it.
pub(crate) fn party(party: &Party, family: &BTreeSet<&Uid>) -> pb::Party {
    let details = &party.particulars.details;
    let numbers = &party.particulars.numbers;
    pb::Party {
        uid: party.uid.to_string(),
        kind: kind(party.particulars.kind).into(),
        name: details.name.clone(),
        identity_number: numbers.first().map(identity_number_out),
        revision: party.revision,
        identity_numbers: numbers.iter().map(identity_number_out).collect(),
        phones: details.contact.phones.clone(),
        addresses: details.contact.addresses.clone(),
        email: details.contact.email.clone(),
        birth_date: details
            .birth
            .map(|birth| birth.to_string())
            .unwrap_or_default(),
        sex: details.sex.map_or(pb::Sex::Unspecified, sex).into(),
        merged_uids: family.iter().map(ToString::to_string).collect(),
    }
}

fn kind(kind: party::Kind) -> pb::PartyKind {
    match kind {
        party::Kind::Citizen => pb::PartyKind::Citizen,
        party::Kind::Business => pb::PartyKind::Business,
        party::Kind::Foreigner => pb::PartyKind::Foreigner,
        party::Kind::Agency => pb::PartyKind::Agency,
        party::Kind::Organisation => pb::PartyKind::Organisation,
    }
}

fn sex(sex: Sex) -> pb::Sex {
    match sex {
        Sex::Male => pb::Sex::Male,
        Sex::Female => pb::Sex::Female,
    }
}

fn identity_number_out(number: &IdentityNumber) -> pb::IdentityNumber {
    let kind = match number.kind() {
        identity_number::Kind::Cccd => pb::IdentityNumberKind::Cccd,
        identity_number::Kind::Cmnd => pb::IdentityNumberKind::Cmnd,
        identity_number::Kind::Mst => pb::IdentityNumberKind::Mst,
        identity_number::Kind::Passport => pb::IdentityNumberKind::Passport,
    };
    pb::IdentityNumber {
        kind: kind.into(),
        value: number.value().to_owned(),
    }
}

fn warning(warning: Warning) -> pb::PartyWarning {
    let (reason, message) = match warning {
        Warning::SexDiffers => (
            "SEX_DIFFERS",
            "Số CCCD được cấp cho giới tính khác; hãy xem lại giấy tờ",
        ),
        Warning::BirthYearDiffers => (
            "BIRTH_YEAR_DIFFERS",
            "Số CCCD được cấp cho năm sinh khác; hãy xem lại giấy tờ",
        ),
        Warning::PlaceUnknown => (
            "PLACE_UNKNOWN",
            "Ba chữ số đầu của số CCCD không thuộc tỉnh nào; hãy xem lại giấy tờ",
        ),
        Warning::NameDiffers => (
            "NAME_DIFFERS",
            "Số này đã đăng ký với họ tên khác; hãy xem lại giấy tờ",
        ),
    };
    pb::PartyWarning {
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

/// The reply of `RegisterParty`.
pub(crate) fn registered(
    registered: &Party,
    family: &BTreeSet<&Uid>,
    exists: bool,
    found: &[Warning],
) -> pb::RegisterPartyResponse {
    pb::RegisterPartyResponse {
        party: Some(party(registered, family)),
        exists,
        warnings: found.iter().copied().map(warning).collect(),
    }
}

/// The reply of `UpdateParty`.
pub(crate) fn updated(after: &Party, family: &BTreeSet<&Uid>) -> pb::UpdatePartyResponse {
    pb::UpdatePartyResponse {
        party: Some(party(after, family)),
        warnings: warnings_of(after),
    }
}

/// The reply of `AddPartyNumber`.
pub(crate) fn number_added(after: &Party, family: &BTreeSet<&Uid>) -> pb::AddPartyNumberResponse {
    pb::AddPartyNumberResponse {
        party: Some(party(after, family)),
        warnings: warnings_of(after),
    }
}

fn warnings_of(party: &Party) -> Vec<pb::PartyWarning> {
    let found = warnings(&party.particulars).into_iter();
    found.map(warning).collect()
}

/// The reply of `MergeParties`.
pub(crate) fn merged(survivor: &Party, family: &BTreeSet<&Uid>) -> pb::MergePartiesResponse {
    pb::MergePartiesResponse {
        party: Some(party(survivor, family)),
    }
}

/// The reply of `UnmergeParties`.
pub(crate) fn unmerged(
    restored: &Party,
    family: &BTreeSet<&Uid>,
    survivor: &Uid,
) -> pb::UnmergePartiesResponse {
    pb::UnmergePartiesResponse {
        party: Some(party(restored, family)),
        survivor_uid: survivor.to_string(),
    }
}

fn told(change: Change) -> pb::IdentityChange {
    pb::IdentityChange {
        change: Some(change),
    }
}

/// What the log tells of a party that is new.
pub(crate) fn told_registered(uid: &Uid) -> pb::IdentityChange {
    let party_uid = uid.to_string();
    told(Change::PartyRegistered(pb::PartyRegistered { party_uid }))
}

/// What the log tells of other details.
pub(crate) fn told_updated(uid: &Uid) -> pb::IdentityChange {
    let party_uid = uid.to_string();
    told(Change::PartyUpdated(pb::PartyUpdated { party_uid }))
}

/// What the log tells of one more number.
pub(crate) fn told_number_added(uid: &Uid) -> pb::IdentityChange {
    let party_uid = uid.to_string();
    told(Change::PartyNumberAdded(pb::PartyNumberAdded { party_uid }))
}

/// What the log tells of a merge.
pub(crate) fn told_merged(merged: &Uid, survivor: &Uid) -> pb::IdentityChange {
    told(Change::PartyMerged(pb::PartyMerged {
        party_uid: merged.to_string(),
        survivor_uid: survivor.to_string(),
    }))
}

/// What the log tells of a merge that was undone.
pub(crate) fn told_unmerged(restored: &Uid, survivor: &Uid) -> pb::IdentityChange {
    told(Change::PartyUnmerged(pb::PartyUnmerged {
        party_uid: restored.to_string(),
        survivor_uid: survivor.to_string(),
    }))
}
