//! Client systems on the wire.

use std::collections::BTreeSet;

use kit::authority::Rules;
use kit::caller::{Caller, RateClass};
use kit::failure::{Failure, Violation};
use kit::fields::{self, Fields};
use kit::page;
use proto::identity::v1 as pb;
use proto::identity::v1::identity_change::Change;

use crate::client::{Client, Kind, MOST_KEYS, Reach, Registration};
use crate::jose::SignerKey;
use crate::ledger::client::{OnClient, Verb};
use crate::subject::Subject;
use crate::unit;

const LONGEST_NAME: usize = 200;
const LONGEST_SUBJECT: usize = 400;
const MOST_RPCS: usize = 200;
const MOST_UNITS: usize = 300;
const USUAL_PAGE: u64 = 100;
const LARGEST_PAGE: u64 = 500;

/// A mutation that makes sense: its id, and the act.
pub(crate) type Asked = (String, OnClient);

/// `RegisterClient`.
///
/// # Errors
/// Every violation.
pub(crate) fn register(message: &pb::RegisterClientRequest) -> Result<Asked, Failure> {
    let mut fields = Fields::new();
    let registration = registration(&mut fields, message.registration.as_ref());
    if message.jwks.len() > MOST_KEYS {
        fields.reject(too_many("jwks", MOST_KEYS));
    }
    let mut keys = Vec::new();
    for (index, jwk) in message.jwks.iter().enumerate() {
        keys.extend(fields.take(key(&format!("jwks[{index}]"), jwk)));
    }
    let verb = registration.map(|registration| Verb::Register(registration, keys));
    on_client(fields, (&message.request_id, &message.client_id, 0), verb)
}

/// `UpdateClient`.
///
/// # Errors
/// Every violation.
pub(crate) fn update(message: &pb::UpdateClientRequest) -> Result<Asked, Failure> {
    let mut fields = Fields::new();
    let registration = registration(&mut fields, message.registration.as_ref());
    let target = (
        &*message.request_id,
        &*message.client_id,
        message.expected_revision,
    );
    on_client(fields, target, registration.map(Verb::Update))
}

/// `AddClientKey`.
///
/// # Errors
/// Every violation.
pub(crate) fn add_key(message: &pb::AddClientKeyRequest) -> Result<Asked, Failure> {
    let mut fields = Fields::new();
    let key = fields.take(key("jwk", &message.jwk));
    let target = (
        &*message.request_id,
        &*message.client_id,
        message.expected_revision,
    );
    on_client(fields, target, key.map(Verb::AddKey))
}

/// `RemoveClientKey`.
///
/// # Errors
/// Every violation.
pub(crate) fn remove_key(message: &pb::RemoveClientKeyRequest) -> Result<Asked, Failure> {
    let mut fields = Fields::new();
    let kid = fields.text("kid", &message.kid, LONGEST_NAME);
    let target = (
        &*message.request_id,
        &*message.client_id,
        message.expected_revision,
    );
    on_client(fields, target, Some(Verb::RemoveKey(kid)))
}

/// `DisableClient` at this second of the real clock.
///
/// # Errors
/// Every violation.
pub(crate) fn disable(message: &pb::DisableClientRequest, now: i64) -> Result<Asked, Failure> {
    let target = (
        &*message.request_id,
        &*message.client_id,
        message.expected_revision,
    );
    on_client(Fields::new(), target, Some(Verb::Disable(now)))
}

/// `EnableClient`.
///
/// # Errors
/// Every violation.
pub(crate) fn enable(message: &pb::EnableClientRequest) -> Result<Asked, Failure> {
    let target = (
        &*message.request_id,
        &*message.client_id,
        message.expected_revision,
    );
    on_client(Fields::new(), target, Some(Verb::Enable))
}

fn on_client(
    mut fields: Fields,
    (request_id, client_id, expected_revision): (&str, &str, i64),
    verb: Option<Verb>,
) -> Result<Asked, Failure> {
    let request_id = fields.request_id(request_id);
    let subject = fields.take(subject(client_id));
    let expected_revision = fields.revision(expected_revision);
    fields.finish()?;
    // What is missing was rejected, so this finds nothing to refuse.
    let (subject, verb) = subject
        .zip(verb)
        .ok_or_else(|| Failure::invalid_fields(Vec::new()))?;
    let on = OnClient {
        subject,
        expected_revision,
        verb,
    };
    Ok((request_id, on))
}

/// The name of a client system.
///
/// # Errors
/// `INVALID_FIELDS`.
pub(crate) fn named(client_id: &str) -> Result<Subject, Failure> {
    subject(client_id).map_err(|violation| Failure::invalid_fields(vec![violation]))
}

fn subject(client_id: &str) -> Result<Subject, Violation> {
    client_id.parse().map_err(|()| {
        Violation::new(
            "client_id",
            "MALFORMED",
            "must be 1 to 64 printable ASCII characters without spaces, and no name of the suite itself",
            "phải gồm 1 đến 64 ký tự ASCII không có khoảng trắng",
        )
    })
}

fn key(field: &str, jwk: &str) -> Result<SignerKey, Violation> {
    SignerKey::parse(jwk).map_err(|unusable| {
        Violation::new(
            field,
            "KEY_UNUSABLE",
            unusable.to_string(),
            "khóa công khai không dùng được",
        )
    })
}

fn registration(
    fields: &mut Fields,
    message: Option<&pb::ClientRegistration>,
) -> Option<Registration> {
    let Some(message) = message else {
        fields.reject(fields::required("registration"));
        return None;
    };
    let kind = match message.kind() {
        pb::ClientKind::Unspecified => Err(fields::required("registration.kind")),
        pb::ClientKind::System => Ok(Kind::System),
        pb::ClientKind::LinkedSystem => Ok(Kind::LinkedSystem),
        pb::ClientKind::PaymentProvider => Ok(Kind::PaymentProvider),
    };
    let name = fields.text("registration.name", &message.name, LONGEST_NAME);
    let certificate = &message.certificate_subject;
    let certificate_subject = (!certificate.is_empty()).then(|| {
        let field = "registration.certificate_subject";
        fields.text(field, certificate, LONGEST_SUBJECT)
    });
    let units = units(fields, &message.unit_uids);
    let kind = fields.take(kind)?;
    Some(Registration {
        name,
        kind,
        rpcs: rpcs(fields, kind, &message.rpcs),
        reach: reach(fields, kind, (units, message.everywhere)),
        rate_class: match message.rate_class() {
            pb::RateClass::Low => RateClass::Low,
            pb::RateClass::Unspecified | pb::RateClass::Standard => RateClass::Standard,
            pb::RateClass::High => RateClass::High,
        },
        certificate_subject,
    })
}

/// A linked system is linked to the units that it is registered for, so it is registered for some.
fn reach(fields: &mut Fields, kind: Kind, (units, everywhere): (Vec<unit::Uid>, bool)) -> Reach {
    if !everywhere {
        return Reach::At(units);
    }
    if kind == Kind::LinkedSystem {
        fields.reject(Violation::new(
            "registration.everywhere",
            "NOT_FOR_ITS_KIND",
            "a linked system is registered for units that are named",
            "hệ thống kết nối phải được đăng ký cho từng đơn vị",
        ));
    }
    if !units.is_empty() {
        fields.reject(Violation::new(
            "registration.unit_uids",
            "NOT_EMPTY",
            "must be empty where the client acts everywhere",
            "phải để trống khi hệ thống hoạt động cho mọi đơn vị",
        ));
    }
    Reach::Everywhere
}

fn units(fields: &mut Fields, uids: &[String]) -> Vec<unit::Uid> {
    if uids.len() > MOST_UNITS {
        fields.reject(too_many("registration.unit_uids", MOST_UNITS));
    }
    let mut units = BTreeSet::new();
    for (index, uid) in uids.iter().take(MOST_UNITS).enumerate() {
        let field = format!("registration.unit_uids[{index}]");
        units.insert(unit::Uid::new(fields.text(&field, uid, LONGEST_NAME)));
    }
    units.into_iter().collect()
}

/// The rpcs as the table of rules names them, each of which its role may call.
fn rpcs(fields: &mut Fields, kind: Kind, rpcs: &[String]) -> Vec<String> {
    if rpcs.len() > MOST_RPCS {
        fields.reject(too_many("registration.rpcs", MOST_RPCS));
    }
    let mut known = BTreeSet::new();
    for (index, rpc) in rpcs.iter().take(MOST_RPCS).enumerate() {
        match granted(kind, rpc) {
            Some(rpc) => {
                known.insert(rpc);
            }
            None => fields.reject(Violation::new(
                format!("registration.rpcs[{index}]"),
                "RPC_NOT_FOR_ITS_KIND",
                "is no rpc that a client system of this kind may call",
                "không phải thao tác mà loại hệ thống này được gọi",
            )),
        }
    }
    known.into_iter().collect()
}

fn granted(kind: Kind, rpc: &str) -> Option<String> {
    let rule = Rules::of_the_suite().ok()?.of(rpc)?;
    let client = Caller::new("client", kind.role(), Vec::new());
    rule.admit(&client).ok()?;
    Some(rule.short_name().to_owned())
}

fn too_many(field: &str, most: usize) -> Violation {
    Violation::new(
        field,
        "TOO_MANY",
        format!("at most {most} are allowed"),
        format!("nhiều nhất là {most}"),
    )
}

/// `ListClients`: after which one, and how many.
///
/// # Errors
/// Every violation.
pub(crate) fn page_of(message: &pb::ListClientsRequest) -> Result<(Option<String>, u64), Failure> {
    let mut fields = Fields::new();
    let size = fields.page_size(message.page_size, USUAL_PAGE, LARGEST_PAGE);
    let after = fields.take(page::keys(&message.page_token)).flatten();
    fields.finish()?;
    Ok((after.map(|[after]| after), size))
}

/// A page of clients, of which one too many was asked for to know whether another follows.
pub(crate) fn page(mut clients: Vec<Client>, size: u64) -> pb::ListClientsResponse {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = clients.len() > size;
    clients.truncate(size);
    let last = clients.last().filter(|_| more);
    pb::ListClientsResponse {
        next_page_token: last
            .map(|client| page::token(&[client.subject.as_str()]))
            .unwrap_or_default(),
        clients: clients.iter().map(pb::Client::from).collect(),
    }
}

impl From<&Client> for pb::Client {
    fn from(client: &Client) -> Self {
        let registration = &client.registration;
        let kind = match registration.kind {
            Kind::System => pb::ClientKind::System,
            Kind::LinkedSystem => pb::ClientKind::LinkedSystem,
            Kind::PaymentProvider => pb::ClientKind::PaymentProvider,
        };
        let keys = client.keys.iter().map(|key| pb::ClientKey {
            kid: key.kid().to_owned(),
            jwk: key.to_json(),
        });
        let certificate = registration.certificate_subject.clone();
        let unit_uids = match &registration.reach {
            Reach::At(units) => units.iter().map(ToString::to_string).collect(),
            Reach::Everywhere => Vec::new(),
        };
        Self {
            client_id: client.subject.to_string(),
            registration: Some(pb::ClientRegistration {
                name: registration.name.clone(),
                kind: kind.into(),
                rpcs: registration.rpcs.iter().map(|rpc| full_name(rpc)).collect(),
                unit_uids,
                rate_class: super::caller::rate_class(registration.rate_class).into(),
                certificate_subject: certificate.unwrap_or_default(),
                everywhere: registration.reach == Reach::Everywhere,
            }),
            keys: keys.collect(),
            disabled: client.disabled,
            revision: client.revision,
        }
    }
}

fn full_name(rpc: &str) -> String {
    let (package, rest) = rpc.split_once('.').unwrap_or_default();
    format!("motcua.{package}.v1.{rest}")
}

/// The reply to an act. The replies to all of them have the client as their first field, and nothing else.
pub(crate) fn reply(client: &Client) -> pb::UpdateClientResponse {
    pb::UpdateClientResponse {
        client: Some(client.into()),
    }
}

/// What the log tells of a client.
pub(crate) fn told(client: &Client) -> pb::IdentityChange {
    let client = Some(client.into());
    pb::IdentityChange {
        change: Some(Change::ClientChanged(pb::ClientChanged { client })),
    }
}
