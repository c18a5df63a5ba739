//! What the portal is told of every state and every kind of change (domain.md 4, 7).

use kit::caller;
use prost_types::Any;

use super::*;
use crate::dossier::Asked;
use crate::dossier::tests::given::{asked, at_desk, decision, dossier, moment, receipt, states};

const CODE: &str = "000.00.12.H15-170828-0001";

/// What the log has of a change that was made the day after the dossier was handed in.
fn event(change: Change, state: i32, role: Role) -> Event {
    let told = pb::DossierChange {
        code: CODE.to_owned(),
        state,
        role: role.into(),
        change: Some(change),
    };
    Event {
        actor: "officer".to_owned(),
        occurred_at: Some(clock::to_timestamp(moment(1))),
        change: Any::from_msg(&told).ok(),
        ..Event::default()
    }
}

/// The progress that a change makes while the dossier is processed.
fn told_of(change: Change, state: pb::DossierState) -> Option<pb::CapNhatTienDoHoSoMc> {
    let processing = dossier(State::Processing(receipt()));
    progress(&processing, &event(change, state.into(), Role::Examiner))
}

fn stopped_for(reason: pb::StopReason) -> Change {
    Change::ClockStopped(pb::ClockStopped {
        reason: reason.into(),
        ..pb::ClockStopped::default()
    })
}

/// Domain.md 7: status 5, 6 or 8 reported as 9; a missing date replaced by "now".
#[test]
fn every_state_has_the_number_of_the_portal_and_no_time_is_made_up() {
    let numbers: Vec<_> = states()
        .map(|state| {
            let name = state.name();
            let told = record(&dossier(state));
            let is_decided = ["RESULT_READY", "RETURNED"].contains(&name);
            assert_eq!(["9", "10"].contains(&&*told.trang_thai_ho_so), is_decided);
            assert_eq!(told.ngay_tra.is_empty(), name != "RETURNED", "{name}");
            let was_received = !["SUBMITTED", "REFUSED"].contains(&name);
            assert!(was_received || told.ngay_tiep_nhan.is_empty(), "{name}");
            told.trang_thai_ho_so
        })
        .to_vec();
    let expected = ["1", "2", "3", "4", "5", "6", "8", "7", "7", "9", "10"];
    assert_eq!(numbers, expected);
}

#[test]
fn times_are_written_as_the_portal_writes_them() {
    let told = record(&dossier(State::Submitted));
    assert_eq!(told.ngay_nop_ho_so, "20170828083000");
    assert_eq!((&*told.kenh_thuc_hien, &*told.loai_doi_tuong), ("2", "1"));
}

/// A change, the state after it, what the portal calls it, and the number of the state.
type Kind = (fn() -> Change, pb::DossierState, &'static str, &'static str);

const KINDS: [Kind; 16] = [
    (
        || Change::Submitted(pb::DossierSubmitted::default()),
        pb::DossierState::Submitted,
        "Nộp hồ sơ trực tuyến",
        "1",
    ),
    (
        || Change::Guided(pb::DossierGuided::default()),
        pb::DossierState::Submitted,
        "Hướng dẫn hoàn thiện hồ sơ",
        "1",
    ),
    (
        || Change::Completed(pb::DossierCompleted::default()),
        pb::DossierState::Submitted,
        "Công dân hoàn thiện hồ sơ",
        "1",
    ),
    (
        || Change::Forwarded(pb::DossierForwarded::default()),
        pb::DossierState::Submitted,
        "Chuyển đơn vị có thẩm quyền",
        "1",
    ),
    (
        || Change::Received(pb::DossierReceived::default()),
        pb::DossierState::Received,
        "Tiếp nhận hồ sơ",
        "2",
    ),
    (
        || Change::Refused(pb::DossierRefused {}),
        pb::DossierState::Refused,
        "Từ chối tiếp nhận hồ sơ",
        "3",
    ),
    (
        || Change::Processing(pb::DossierProcessing {}),
        pb::DossierState::Processing,
        "Bắt đầu giải quyết",
        "4",
    ),
    (
        || stopped_for(pb::StopReason::Supplement),
        pb::DossierState::SupplementRequested,
        "Yêu cầu bổ sung hồ sơ",
        "5",
    ),
    (
        || stopped_for(pb::StopReason::Payment),
        pb::DossierState::PaymentRequested,
        "Yêu cầu thực hiện nghĩa vụ tài chính",
        "6",
    ),
    (
        || stopped_for(pb::StopReason::OutsideLimit),
        pb::DossierState::Processing,
        "Tạm dừng tính thời hạn giải quyết",
        "4",
    ),
    (
        || Change::ClockResumed(pb::ClockResumed::default()),
        pb::DossierState::Processing,
        "Tiếp tục giải quyết",
        "4",
    ),
    (
        || Change::DeadlineMoved(pb::DeadlineMoved::default()),
        pb::DossierState::Processing,
        "Hẹn lại ngày trả kết quả",
        "4",
    ),
    (
        || Change::Withdrawn(pb::DossierWithdrawn {}),
        pb::DossierState::Withdrawn,
        "Công dân rút hồ sơ",
        "7",
    ),
    (
        || Change::Stopped(pb::DossierStopped::default()),
        pb::DossierState::Stopped,
        "Dừng giải quyết",
        "8",
    ),
    (
        || Change::Decided(pb::DossierDecided::default()),
        pb::DossierState::ResultReady,
        "Đã có kết quả giải quyết",
        "9",
    ),
    (
        || Change::Returned(pb::DossierReturned::default()),
        pb::DossierState::Returned,
        "Trả kết quả",
        "10",
    ),
];

#[test]
fn every_kind_of_change_that_is_progress_is_called_by_its_name_and_numbered_by_its_state() {
    for (change, state, called, number) in KINDS {
        let told = told_of(change(), state).expect(called);
        assert_eq!((&*told.noi_dung_xu_ly, &*told.trang_thai), (called, number));
    }
}

#[test]
fn what_the_portal_has_no_step_for_is_no_progress() {
    let beside = [
        Change::CustodyMoved(pb::CustodyMoved::default()),
        Change::StandingChanged(pb::StandingChanged::default()),
        Change::Erased(pb::DossierErased::default()),
        Change::Corrected(pb::DossierCorrected::default()),
        Change::NoticeDue(pb::NoticeDue::default()),
        Change::PaymentMade(pb::PaymentMade::default()),
    ];
    for change in beside {
        assert_eq!(told_of(change, pb::DossierState::Processing), None);
    }
    let processing = dossier(State::Processing(receipt()));
    assert_eq!(progress(&processing, &Event::default()), None);
}

#[test]
fn progress_says_who_did_it_in_which_position_and_when_and_by_when_it_is_due() {
    let decided = Change::Decided(pb::DossierDecided::default());
    let state = pb::DossierState::ResultReady.into();
    let ready = dossier(State::ResultReady(receipt(), decision()));
    let told = progress(&ready, &event(decided, state, Role::Leader));
    let expected = pb::CapNhatTienDoHoSoMc {
        ma_ho_so: CODE.to_owned(),
        nguoi_xu_ly: "officer".to_owned(),
        chuc_danh: "Lãnh đạo".to_owned(),
        thoi_diem_xu_ly: "20170829083000".to_owned(),
        phong_ban_xu_ly: "district".to_owned(),
        noi_dung_xu_ly: "Đã có kết quả giải quyết".to_owned(),
        trang_thai: "9".to_owned(),
        ngay_bat_dau: "20170829083000".to_owned(),
        ngay_ket_thuc_theo_quy_dinh: "20170902083000".to_owned(),
    };
    assert_eq!(told, Some(expected));
}

#[test]
fn whoever_has_a_position_has_a_title_and_nobody_else() {
    for role in caller::Role::ALL {
        let has_title = !title(role.into()).is_empty();
        assert_eq!(has_title, role.is_of_an_officer(), "{role}");
    }
    assert_eq!(title(Role::Unspecified), "");
}

/// Domain.md 4: an unknown state never maps to "finished".
#[test]
fn a_state_that_is_not_known_is_told_as_nothing() {
    for unknown in [0, 11, 42] {
        let change = Change::Processing(pb::DossierProcessing {});
        let told = progress(
            &dossier(State::Processing(receipt())),
            &event(change, unknown, Role::Unspecified),
        );
        let told = told.unwrap();
        assert_eq!((&*told.trang_thai, &*told.chuc_danh), ("", ""));
    }
}

/// Domain.md 7: a missing date replaced by "now".
#[test]
fn a_time_that_is_not_known_stays_empty() {
    let submitted = Change::Submitted(pb::DossierSubmitted::default());
    let undated = Event {
        occurred_at: None,
        ..event(submitted, 1, Role::Unspecified)
    };
    let told = progress(&dossier(State::Submitted), &undated).unwrap();
    let times = [
        told.thoi_diem_xu_ly,
        told.ngay_bat_dau,
        told.ngay_ket_thuc_theo_quy_dinh,
    ];
    assert_eq!(times, [""; 3]);
}

/// Domain.md 7: a missing identity replaced by a fake number.
#[test]
fn of_an_erased_dossier_who_applied_is_left_out_and_what_was_done_stays() {
    let mut ended = dossier(State::Returned(receipt(), decision(), at_desk(8)));
    ended.course.supplement = Some(Asked {
        items: [asked().items, asked().items].concat(),
        ..asked()
    });
    let before = record(&ended);
    assert_eq!(before.chu_ho_so, "Y Moan Êban");
    assert_eq!(
        before.danh_sach_ho_so_bo_sung[0].ly_do_bo_sung,
        "thiếu chữ ký; thiếu chữ ký"
    );
    let told = record(&ended.erase().unwrap());
    assert_eq!(
        (
            &*told.chu_ho_so,
            &*told.so_giay_to_chu_ho_so,
            &*told.loai_doi_tuong
        ),
        ("", "", "")
    );
    assert_eq!(told.danh_sach_ho_so_bo_sung[0].ly_do_bo_sung, "");
    let paper = &told.danh_sach_giay_to_ket_qua[0];
    assert_eq!(
        (&*paper.so_hieu_van_ban, &*paper.ngay_ban_hanh),
        ("", "20170828")
    );
    let stays = |of: &pb::DongBoHoSoMc| {
        (
            of.ma_ho_so.clone(),
            of.trang_thai_ho_so.clone(),
            of.ngay_tra.clone(),
        )
    };
    assert_eq!(stays(&told), stays(&before));
}
