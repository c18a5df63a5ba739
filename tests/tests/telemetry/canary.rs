//! Names, numbers, tokens and reasons that are handed in appear in nothing that leaves the stores.

use prost::Message as _;
use proto::event::v1::Event;
use proto::identity::v1::{
    GetPartyRequest, IdentityNumber, IdentityNumberKind, PartyKind, RegisterPartyRequest,
};
use proto::intake::v1::{Applicant, ApplicantNumberKind, SubmitDossierRequest};
use proto::routing::v1::DeclineTransferRequest;
use tests::cast::{AN, COMMUNE};
use tests::filing::BIRTH;
use tests::rpc::Rpc;
use tests::{Suite, desk, new_request_id};
use tonic::Code;

use super::told;

/// In every name, reason, code and header that the story hands in.
const CANARY: &str = "Zzyxhmok";
const NAME: &str = "Zzyxhmok Êban";
const NUMBER: &str = "066088777101";
const BAD_NUMBER: &str = "06608877710X";
const BUSINESS: &str = "0100109106";
const BAD_BUSINESS: &str = "0100109107";
const PHONE: &str = "0905777123";

/// An rpc that nobody serves, with a name in its path.
#[derive(Clone, PartialEq, prost::Message)]
struct Stray {}

impl Rpc for Stray {
    type Reply = Self;
    const PATH: &'static str = "/motcua.Zzyxhmok.v1.Nowhere/Zzyxhmok";
}

fn applicant(kind: ApplicantNumberKind, number: &str) -> Applicant {
    Applicant {
        name: NAME.to_owned(),
        number_kind: kind.into(),
        number: number.to_owned(),
        party_uid: String::new(),
        phone: PHONE.to_owned(),
    }
}

fn submission(kind: ApplicantNumberKind, number: &str) -> SubmitDossierRequest {
    SubmitDossierRequest {
        applicant: Some(applicant(kind, number)),
        ..BIRTH.online(COMMUNE)
    }
}

fn party(value: &str) -> RegisterPartyRequest {
    RegisterPartyRequest {
        request_id: new_request_id(),
        kind: PartyKind::Business.into(),
        name: NAME.to_owned(),
        identity_number: Some(IdentityNumber {
            kind: IdentityNumberKind::Mst.into(),
            value: value.to_owned(),
        }),
        ..Default::default()
    }
}

/// What goes well, from the applicant to a unit that declines in words.
async fn hand_in(suite: &Suite) {
    suite
        .actor(AN)
        .ok(submission(ApplicantNumberKind::Cccd, NUMBER))
        .await;
    let desk = suite.receptionist(COMMUNE);
    desk.ok(party(BUSINESS)).await;
    let mut at_counter = BIRTH.at_counter(COMMUNE);
    at_counter.applicant = Some(applicant(ApplicantNumberKind::Cccd, NUMBER));
    let traced = desk.with("tracestate", "canary=Zzyxhmok");
    traced.ok(at_counter).await;
    let offer = suite.offer_to(COMMUNE).await;
    let declined = DeclineTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
        reason: format!("{NAME}, {NUMBER}"),
    };
    suite.officer_of(&offer).ok(declined).await;
}

/// What is refused, each for another reason.
async fn err(suite: &Suite) {
    let (an, desk) = (suite.actor(AN), suite.receptionist(COMMUNE));
    let mistakes = [
        submission(ApplicantNumberKind::Cccd, BAD_NUMBER),
        submission(ApplicantNumberKind::Mst, BAD_BUSINESS),
        SubmitDossierRequest {
            request_id: format!("{CANARY} {NUMBER}"),
            ..submission(ApplicantNumberKind::Cccd, NUMBER)
        },
        SubmitDossierRequest {
            procedure_code: CANARY.to_owned(),
            ..submission(ApplicantNumberKind::Cccd, NUMBER)
        },
        SubmitDossierRequest {
            case_key: CANARY.to_owned(),
            ..submission(ApplicantNumberKind::Cccd, NUMBER)
        },
        SubmitDossierRequest {
            components: Vec::new(),
            ..submission(ApplicantNumberKind::Cccd, NUMBER)
        },
    ];
    for mistake in mistakes {
        assert!(an.call(mistake).await.is_err());
    }
    // A store that cannot compare with it must not tell what it was.
    let unfit = desk::by_uid(&format!("{CANARY}\0{NUMBER}"));
    desk.refused(unfit, Code::InvalidArgument, "INVALID_FIELDS")
        .await;
    let no_code = desk::by_code(&format!("{CANARY}-{NUMBER}"));
    assert!(desk.call(no_code).await.is_err());
    assert!(desk.call(party(BAD_BUSINESS)).await.is_err());
    let unknown = GetPartyRequest {
        uid: format!("{CANARY}-{NUMBER}"),
    };
    desk.refused(unknown, Code::NotFound, "PARTY_NOT_FOUND")
        .await;
    let unknown = || desk::by_uid(&format!("{CANARY}-{NUMBER}"));
    desk.refused(unknown(), Code::NotFound, "DOSSIER_NOT_FOUND")
        .await;
    let stranger = desk.with_token(&format!("{CANARY}.{NUMBER}.{CANARY}"));
    stranger
        .refused(unknown(), Code::Unauthenticated, "TOKEN_INVALID")
        .await;
    let lost = desk.with(kit::serve::SIMULATED_TIME, CANARY);
    lost.refused(unknown(), Code::InvalidArgument, "METADATA_MALFORMED")
        .await;
    desk.refused(Stray {}, Code::Unimplemented, "RPC_UNKNOWN")
        .await;
}

/// What must appear nowhere: the particulars, and the tokens by which the calls were made.
async fn secrets(suite: &Suite) -> Vec<String> {
    let particulars = [CANARY, NUMBER, BAD_NUMBER, BUSINESS, BAD_BUSINESS, PHONE];
    let mut secrets: Vec<String> = particulars.map(str::to_owned).into();
    for caller in [suite.actor(AN), suite.receptionist(COMMUNE)] {
        let token = caller.token().await;
        secrets.extend(token.rsplit('.').next().map(str::to_owned));
    }
    secrets
}

fn must_hide(place: &str, bytes: &[u8], secrets: &[String]) {
    for secret in secrets {
        let found = find(bytes, secret);
        let around = found.map(|at| {
            let (from, to) = (at.saturating_sub(200), (at + 200).min(bytes.len()));
            String::from_utf8_lossy(&bytes[from..to]).into_owned()
        });
        assert_eq!(around, None, "{place} tells {secret}");
    }
}

fn find(bytes: &[u8], text: &str) -> Option<usize> {
    let mut windows = bytes.windows(text.len());
    windows.position(|window| window == text.as_bytes())
}

#[tokio::test]
async fn no_log_line_span_metric_or_event_tells_what_is_personal_or_secret() {
    let receiver = tests::Receiver::start().await;
    let mut suite = Suite::load().await;
    receiver.listen_to(&mut suite);
    // Whatever an operator who looks for a fault may ask for.
    suite.set("RUST_LOG", "trace");
    suite.restart().await;
    hand_in(&suite).await;
    err(&suite).await;
    let secrets = secrets(&suite).await;
    suite.must_add_up().await;
    let queued = suite.queue_dump().await;
    assert!(suite.terminate().await.success());

    // The places that are looked at do tell of the story.
    let (log, told) = (suite.log().into_bytes(), receiver.bytes());
    for place in [&log, &told] {
        assert!(find(place, "TransferService/DeclineTransfer").is_some());
    }
    must_hide("the log", &log, &secrets);
    must_hide("a span or metric", &told, &secrets);
    let events = suite.events().await;
    let events: Vec<u8> = events.iter().flat_map(Event::encode_to_vec).collect();
    assert!(find(&events, "DossierChange").is_some());
    must_hide("an event", &events, &secrets);
    if let Some(queued) = queued {
        assert!(find(&queued, "DossierChange").is_some());
        must_hide("the queue", &queued, &secrets);
    }
}

#[tokio::test]
async fn a_call_that_names_no_rpc_is_told_without_its_name() {
    let (suite, receiver) = told().await;
    let stranger = suite.anonymous();
    stranger
        .refused(Stray {}, Code::Unimplemented, "RPC_UNKNOWN")
        .await;
    let other = |receiver: &tests::Receiver| {
        let mut spans = receiver.spans().into_iter();
        spans.find(|span| span.name == "_OTHER")
    };
    receiver.until("span of the stray call", other).await;
    must_hide("a span", &receiver.bytes(), &[CANARY.to_owned()]);
}
