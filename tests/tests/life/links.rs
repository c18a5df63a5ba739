//! Linked systems: what they must be brought and must answer, and in which time (R12), and what they take for the national portal.

use std::collections::BTreeMap;
use std::fs;

use kit::testing::until;
use proto::identity::v1::ClientKind;
use proto::intake::v1::WatchDossiersRequest;
use proto::routing::v1::{
    GetTransferRequest, Link, LinkStep, ListTransfersRequest, PullTransfersRequest, Transfer,
    TransferState,
};
use tests::cast::{ADMINISTRATOR, CLIENT, COMMUNE, OTHER_COMMUNE};
use tests::filing::BIRTH;
use tests::{Actor, Suite, desk};

use crate::deadlines::{PATIENCE, local};

const WATCH: &str = "motcua.intake.v1.DossierService/WatchDossiers";

/// Every link has limits, and the client system is linked to the commune.
async fn linked() -> Suite {
    let mut suite = Suite::load().await;
    let limits = suite.folder().join("limits.csv");
    let rows = "procedure,unit,deliver_minutes,acknowledge_working_minutes\n*,*,10,120\n";
    fs::write(&limits, rows).unwrap();
    suite.set("MOTCUA_LINK_LIMITS", limits.to_str().unwrap());
    suite.restart().await;
    let mut request = suite.registration();
    let registration = request.registration.as_mut().unwrap();
    registration.set_kind(ClientKind::LinkedSystem);
    registration
        .rpcs
        .retain(|rpc| rpc.contains("TransferService"));
    suite.actor(ADMINISTRATOR).ok(request).await;
    suite.must_add_up().await;
    suite
}

async fn link(actor: &Actor, transfer: &Transfer) -> Option<Link> {
    let uid = transfer.uid.clone();
    let found = actor.ok(GetTransferRequest { uid }).await.message;
    found.transfer.unwrap().link
}

/// The offers to the commune whose link is late, as its desk sees them.
async fn late(desk: &Actor) -> Vec<Transfer> {
    let request = ListTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        link_late: true,
        ..Default::default()
    };
    desk.ok(request).await.message.transfers
}

async fn until_late(desk: &Actor, with: LinkStep) -> Link {
    let told = async || {
        let link = late(desk).await.pop()?.link?;
        (link.late_with() == with).then_some(link)
    };
    until("the link is late", PATIENCE, told).await
}

#[tokio::test]
async fn r12_a_linked_system_that_is_not_reached_or_does_not_answer_is_told_of_until_it_is_mended()
{
    let suite = linked().await;
    suite.register(BIRTH, COMMUNE).await;
    let desk = suite.receptionist(COMMUNE);
    let first = async || {
        let request = ListTransfersRequest {
            unit_uid: COMMUNE.to_owned(),
            ..Default::default()
        };
        desk.ok(request).await.message.transfers.pop()
    };
    let offer = until("it is offered", PATIENCE, first).await;
    let known = link(&desk.at("2017-08-28T08:09"), &offer).await.unwrap();
    assert_eq!(local(known.deliver_by), "2017-08-28T08:10");
    assert_eq!(local(known.acknowledge_by), "2017-08-28T10:00");
    assert!(late(&desk).await.is_empty());
    // It was offered, and nobody pulls.
    let undelivered = until_late(&desk.at("2017-08-28T08:11"), LinkStep::Delivery).await;
    assert_eq!(local(undelivered.mend_by), "2017-08-28T17:00");
    suite.until_it_says("a link is late", PATIENCE).await;
    let system = suite.actor(CLIENT);
    let pull = PullTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        wait: Some(prost_types::Duration {
            seconds: 10,
            nanos: 0,
        }),
        ..Default::default()
    };
    let pulled = system.at("2017-08-28T08:15").ok(pull).await.message;
    assert_eq!(pulled.deliveries.len(), 1);
    let brought = link(&desk, &offer).await.unwrap();
    assert_eq!(local(brought.delivered_at), "2017-08-28T08:15");
    assert_eq!(local(brought.mended_at), "2017-08-28T08:15");
    assert!(late(&desk).await.is_empty());
    // It does not answer.
    until_late(&desk.at("2017-08-28T10:00"), LinkStep::Acknowledgement).await;
    let answered = system.at("2017-08-28T11:00").ok(desk::accept(&offer)).await;
    let answered = answered.message.transfer.unwrap();
    assert_eq!(answered.state(), TransferState::Accepted);
    let mended = link(&desk, &offer).await.unwrap();
    assert_eq!(local(mended.mended_at), "2017-08-28T11:00");
    assert!(late(&desk).await.is_empty());
    suite.must_add_up().await;
}

#[tokio::test]
async fn r12_what_a_linked_system_takes_and_answers_in_time_alerts_nobody() {
    let suite = linked().await;
    suite.register(BIRTH, OTHER_COMMUNE).await;
    let unlinked = suite.offer_to(OTHER_COMMUNE).await;
    assert_eq!(unlinked.link, None, "nobody's system is linked there");
    suite.register(BIRTH, COMMUNE).await;
    let offer = suite.offer_to(COMMUNE).await;
    suite.accept(&offer, "2017-08-28T09:00").await;
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T16:00");
    let kept = link(&desk, &offer).await.unwrap();
    assert_eq!(local(kept.delivered_at), "2017-08-28T08:00");
    assert_eq!(kept.late_with(), LinkStep::Unspecified);
    suite.must_add_up().await;
    assert!(!suite.log().contains("a link is late"));
}

/// The client system, linked to the commune, which may watch too.
async fn watching(suite: &Suite) -> Actor {
    let mut request = suite.registration();
    let registration = request.registration.as_mut().unwrap();
    registration.set_kind(ClientKind::LinkedSystem);
    let rpcs = &mut registration.rpcs;
    rpcs.retain(|rpc| rpc.contains("TransferService"));
    rpcs.push(WATCH.to_owned());
    suite.actor(ADMINISTRATOR).ok(request).await;
    suite.actor(CLIENT)
}

/// A step of progress, who made it by their title, the number of the state, and when.
type Progress = [String; 4];

/// So many steps of progress from the beginning, by dossier, which its record names too.
async fn progress(system: &Actor, count: usize) -> BTreeMap<String, Vec<Progress>> {
    let from_the_beginning = WatchDossiersRequest {
        cursor: String::new(),
        national_records: true,
    };
    let mut watch = system.follow(from_the_beginning).await.unwrap();
    let mut steps: BTreeMap<String, Vec<Progress>> = BTreeMap::new();
    while steps.values().map(Vec::len).sum::<usize>() < count {
        let told = tokio::time::timeout(PATIENCE, watch.message()).await;
        let told = told.unwrap().unwrap().unwrap();
        let (Some(progress), Some(record)) = (told.national_progress, told.national_record) else {
            continue;
        };
        let dossier = told.dossier.unwrap();
        assert_eq!(progress.ma_ho_so, dossier.code);
        assert_eq!(record.ma_ho_so, dossier.code);
        assert_eq!(record.trang_thai_ho_so, dossier.state.to_string());
        assert_eq!(record.chu_ho_so, dossier.applicant.unwrap().name);
        steps.entry(dossier.uid).or_default().push([
            progress.noi_dung_xu_ly,
            progress.chuc_danh,
            progress.trang_thai,
            progress.thoi_diem_xu_ly,
        ]);
    }
    steps
}

/// Domain.md 4: the state, and the progress with whoever made it and in which position.
#[tokio::test]
async fn a_linked_system_takes_the_records_of_the_national_portal_from_the_watch() {
    let suite = Suite::start().await;
    let system = watching(&suite).await;
    suite.register(BIRTH, OTHER_COMMUNE).await;
    let by_officers = suite.register(BIRTH, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    suite.decide(&signed, "2017-08-28T11:00").await;
    let result = suite.take_over(COMMUNE, "2017-08-28T13:30").await;
    suite.give_back(&result, "2017-08-28T14:00").await;
    let by_the_system = suite.register(BIRTH, COMMUNE).await;
    let offer = suite.offer_to(COMMUNE).await;
    let later = system.at("2017-08-28T15:00");
    later.ok(desk::accept(&offer)).await;

    let (desk, examiner, leader) = ("Cán bộ tiếp nhận", "Chuyên viên thụ lý", "Lãnh đạo");
    let received = ["Tiếp nhận hồ sơ", desk, "2", "20170828080000"];
    let steps = progress(&system, 6).await;
    let expected = [
        received,
        ["Bắt đầu giải quyết", examiner, "4", "20170828090000"],
        ["Đã có kết quả giải quyết", leader, "9", "20170828110000"],
        ["Trả kết quả", desk, "10", "20170828140000"],
    ];
    assert_eq!(steps[&by_officers.uid], expected);
    // A system has no position.
    let expected = [received, ["Bắt đầu giải quyết", "", "4", "20170828150000"]];
    assert_eq!(steps[&by_the_system.uid], expected);
}
