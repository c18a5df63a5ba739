//! Requests about parties, parsed at the edge: a domain value, or everything that is wrong at once. Nothing that is wrong with a
//! number repeats it.

use kit::clock;
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use kit::identity_number::{self, IdentityNumber};
use kit::seal::DataKey;
use proto::identity::v1 as pb;

use crate::ledger::party::{Act, On};
use crate::party::{BirthDate, Contact, Details, Kind, LONGEST_NAME, Particulars, Party, Sex, Uid};

const LONGEST_UID: usize = 64;
const LONGEST_ADDRESS: usize = 300;
const LONGEST_EMAIL: usize = 254;
/// How many phones, and how many addresses.
const MOST: usize = 10;

/// `RegisterParty`.
pub(crate) fn register(message: &pb::RegisterPartyRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let kind = fields.take(kind(message.kind()));
    let number = fields.take(identity_number_in(message.identity_number.as_ref()));
    if let Some((kind, number)) = kind.zip(number.as_ref())
        && !kind.may_have(number.kind())
    {
        fields.reject(unfit(kind));
    }
    let told = Told {
        name: &message.name,
        phones: &message.phones,
        addresses: &message.addresses,
        email: &message.email,
        birth_date: &message.birth_date,
        sex: message.sex(),
    };
    let details = told.parse(&mut fields);
    fields.finish()?;
    // What is missing was rejected, so this finds nothing to refuse.
    let (kind, number) = kind.zip(number).ok_or_else(nothing)?;
    let particulars = Particulars {
        kind,
        numbers: vec![number],
        details,
    };
    let party = Party::new(Uid::new(clock::new_uid()), DataKey::generate(), particulars);
    Ok((request_id, Act::Register(party)))
}

/// `UpdateParty`.
pub(crate) fn update(message: &pb::UpdatePartyRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let on = on(&mut fields, "uid", &message.uid, message.expected_revision);
    let told = Told {
        name: &message.name,
        phones: &message.phones,
        addresses: &message.addresses,
        email: &message.email,
        birth_date: &message.birth_date,
        sex: message.sex(),
    };
    let details = told.parse(&mut fields);
    fields.finish()?;
    Ok((request_id, Act::Update(on, details)))
}

/// `AddPartyNumber`.
pub(crate) fn add_number(message: &pb::AddPartyNumberRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let on = on(&mut fields, "uid", &message.uid, message.expected_revision);
    let number = fields.take(identity_number_in(message.identity_number.as_ref()));
    fields.finish()?;
    Ok((request_id, Act::AddNumber(on, number.ok_or_else(nothing)?)))
}

/// `MergeParties`.
pub(crate) fn merge(message: &pb::MergePartiesRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let revision = message.expected_revision;
    let merged = on(&mut fields, "merged_uid", &message.merged_uid, revision);
    let survivor = fields.text("survivor_uid", &message.survivor_uid, LONGEST_UID);
    let survivor = Uid::new(survivor);
    fields.finish()?;
    Ok((request_id, Act::Merge { merged, survivor }))
}

/// `UnmergeParties`.
pub(crate) fn unmerge(message: &pb::UnmergePartiesRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let revision = message.expected_revision;
    let on = on(&mut fields, "merged_uid", &message.merged_uid, revision);
    fields.finish()?;
    Ok((request_id, Act::Unmerge(on, clock::real().timestamp())))
}

/// `FindParty`.
pub(crate) fn find(message: &pb::FindPartyRequest) -> Result<IdentityNumber, Failure> {
    identity_number_in(message.identity_number.as_ref())
        .map_err(|violation| Failure::invalid_fields(vec![violation]))
}

fn on(fields: &mut Fields, field: &str, uid: &str, expected_revision: i64) -> On {
    let expected_revision = fields.revision(expected_revision);
    On {
        uid: Uid::new(fields.text(field, uid, LONGEST_UID)),
        expected_revision,
    }
}

fn nothing() -> Failure {
    Failure::invalid_fields(Vec::new())
}

fn kind(kind: pb::PartyKind) -> Result<Kind, Violation> {
    match kind {
        pb::PartyKind::Unspecified => Err(required("kind")),
        pb::PartyKind::Citizen => Ok(Kind::Citizen),
        pb::PartyKind::Business => Ok(Kind::Business),
        pb::PartyKind::Foreigner => Ok(Kind::Foreigner),
        pb::PartyKind::Agency => Ok(Kind::Agency),
        pb::PartyKind::Organisation => Ok(Kind::Organisation),
    }
}

/// A number on the wire.
fn identity_number_in(message: Option<&pb::IdentityNumber>) -> Result<IdentityNumber, Violation> {
    let message = message.ok_or_else(|| required("identity_number"))?;
    let kind = match message.kind() {
        pb::IdentityNumberKind::Unspecified => {
            return Err(required("identity_number.kind"));
        }
        pb::IdentityNumberKind::Cccd => identity_number::Kind::Cccd,
        pb::IdentityNumberKind::Cmnd => identity_number::Kind::Cmnd,
        pb::IdentityNumberKind::Mst => identity_number::Kind::Mst,
        pb::IdentityNumberKind::Passport => identity_number::Kind::Passport,
    };
    IdentityNumber::parse(kind, &message.value, "identity_number.value")
}

fn unfit(kind: Kind) -> Violation {
    let (reason, english, vietnamese) = match kind {
        Kind::Citizen | Kind::Foreigner => (
            "NOT_OF_A_FOREIGNER",
            "a person of another country is known by a passport, CCCD or tax code",
            "người nước ngoài phải dùng hộ chiếu, số định danh hoặc mã số thuế",
        ),
        Kind::Business => (
            "NOT_OF_A_BUSINESS",
            "a business is known by its MST",
            "doanh nghiệp phải dùng mã số thuế",
        ),
        Kind::Agency | Kind::Organisation => (
            "NOT_OF_AN_ORGANISATION",
            "an agency or organisation is known by its MST",
            "cơ quan, tổ chức phải dùng mã số thuế",
        ),
    };
    Violation::new("identity_number.kind", reason, english, vietnamese)
}

/// The details of a party as a message has them.
struct Told<'a> {
    name: &'a str,
    phones: &'a [String],
    addresses: &'a [String],
    email: &'a str,
    birth_date: &'a str,
    sex: pb::Sex,
}

impl Told<'_> {
    fn parse(&self, fields: &mut Fields) -> Details {
        Details {
            name: fields.text("name", self.name, LONGEST_NAME),
            contact: Contact {
                phones: phones(fields, self.phones),
                addresses: addresses(fields, self.addresses),
                email: email(fields, self.email),
            },
            birth: birth(fields, self.birth_date),
            sex: match self.sex {
                pb::Sex::Unspecified => None,
                pb::Sex::Male => Some(Sex::Male),
                pb::Sex::Female => Some(Sex::Female),
            },
        }
    }
}

fn not_too_many(fields: &mut Fields, field: &str, values: &[String]) -> bool {
    if values.len() > MOST {
        fields.reject(Violation::new(
            field,
            "TOO_MANY",
            format!("at most {MOST} are allowed"),
            format!("nhiều nhất là {MOST}"),
        ));
    }
    values.len() <= MOST
}

fn phones(fields: &mut Fields, phones: &[String]) -> Vec<String> {
    if !not_too_many(fields, "phones", phones) {
        return Vec::new();
    }
    for (index, phone) in phones.iter().enumerate() {
        let digits = phone.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !(8..=15).contains(&phone.len()) {
            fields.reject(Violation::new(
                format!("phones[{index}]"),
                "MALFORMED",
                "must be 8 to 15 digits",
                "số điện thoại phải gồm 8 đến 15 chữ số",
            ));
        }
    }
    phones.to_vec()
}

fn addresses(fields: &mut Fields, addresses: &[String]) -> Vec<String> {
    if !not_too_many(fields, "addresses", addresses) {
        return Vec::new();
    }
    let addresses = addresses.iter().enumerate();
    addresses
        .map(|(index, address)| {
            fields.text(&format!("addresses[{index}]"), address, LONGEST_ADDRESS)
        })
        .collect()
}

fn email(fields: &mut Fields, email: &str) -> String {
    let well_formed = email.split_once('@').is_some_and(|(local, domain)| {
        let odd = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '@';
        !local.is_empty() && domain.contains('.') && !email.replacen('@', "", 1).contains(odd)
    });
    if !email.is_empty() && (!well_formed || email.len() > LONGEST_EMAIL) {
        fields.reject(Violation::new(
            "email",
            "MALFORMED",
            "must be name@domain",
            "địa chỉ thư điện tử phải có dạng tên@miền",
        ));
    }
    email.to_owned()
}

fn birth(fields: &mut Fields, birth: &str) -> Option<BirthDate> {
    if birth.is_empty() {
        return None;
    }
    fields.take(BirthDate::parse(birth).ok_or_else(|| {
        Violation::new(
            "birth_date",
            "MALFORMED",
            "must be YYYY-MM-DD or YYYY",
            "phải có dạng YYYY-MM-DD hoặc YYYY",
        )
    }))
}
