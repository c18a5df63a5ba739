//! The records of the national portal (domain.md 4): a table of states, and one form for times. An unknown time stays empty.

#[cfg(test)]
mod tests;

use kit::clock::{self, Moment};
use kit::copies;
use kit::identity_number::Kind;
use prost::Message as _;
use proto::event::v1::Event;
use proto::identity::v1::Role;
use proto::intake::v1 as pb;
use proto::intake::v1::dossier_change::Change;

use super::reply;
use crate::dossier::{Channel, Dossier, State};

/// The record of a dossier.
#[must_use]
pub fn record(dossier: &Dossier) -> pb::DongBoHoSoMc {
    let filing = &dossier.filing;
    let applicant = filing.applicant.as_ref();
    let receipt = dossier.state.receipt();
    let fees = filing.fees.iter().map(|fee| pb::LePhi {
        ten_phi_le_phi: fee.name.clone(),
        so_tien: fee.amount_vnd.to_string(),
    });
    let components = filing.components.iter().map(|component| pb::TaiLieuNop {
        ma_thanh_phan_ho_so: component.key.clone(),
    });
    pb::DongBoHoSoMc {
        ma_ho_so: dossier.code.to_string(),
        ma_tthc: filing.procedure_code.clone(),
        chu_ho_so: applicant.map_or_else(String::new, |applicant| applicant.name.clone()),
        so_giay_to_chu_ho_so: applicant
            .map_or_else(String::new, |applicant| applicant.number.value().to_owned()),
        loai_doi_tuong: applicant
            .map_or("", |applicant| kind(applicant.number.kind()))
            .to_owned(),
        kenh_thuc_hien: channel(filing.channel).to_owned(),
        ngay_nop_ho_so: time(dossier.submitted_at),
        ngay_tiep_nhan: receipt.map_or_else(String::new, |receipt| time(receipt.received_at)),
        ngay_hen_tra: receipt.map_or_else(String::new, |receipt| time(receipt.appointment)),
        ngay_ket_thuc_xu_ly: ended(&dossier.state).map_or_else(String::new, time),
        ngay_tra: returned(&dossier.state).map_or_else(String::new, time),
        trang_thai_ho_so: number(reply::state(&dossier.state)),
        don_vi_xu_ly: dossier.units.competent.clone(),
        tai_lieu_nop: components.collect(),
        danh_sach_le_phi: fees.collect(),
        danh_sach_ho_so_bo_sung: supplements(dossier),
        danh_sach_giay_to_ket_qua: results(&dossier.state),
    }
}

/// The progress that a change of a dossier makes, if it makes any.
#[must_use]
pub fn progress(dossier: &Dossier, event: &Event) -> Option<pb::CapNhatTienDoHoSoMc> {
    let told = pb::DossierChange::decode(copies::change_of(event)).ok()?;
    let what = what(told.change.as_ref()?)?;
    let receipt = dossier.state.receipt();
    let at = event.occurred_at.as_ref().map(clock::from_timestamp);
    Some(pb::CapNhatTienDoHoSoMc {
        ma_ho_so: told.code.clone(),
        nguoi_xu_ly: event.actor.clone(),
        chuc_danh: title(told.role()).to_owned(),
        thoi_diem_xu_ly: at.map_or_else(String::new, time),
        phong_ban_xu_ly: dossier.units.competent.clone(),
        noi_dung_xu_ly: what.to_owned(),
        trang_thai: number(told.state()),
        ngay_bat_dau: receipt.map_or_else(String::new, |receipt| time(receipt.received_at)),
        ngay_ket_thuc_theo_quy_dinh: receipt
            .map_or_else(String::new, |receipt| time(receipt.due.at)),
    })
}

/// What a change is called; nothing for what the portal has no step for.
fn what(change: &Change) -> Option<&'static str> {
    Some(match change {
        Change::Submitted(_) => "Nộp hồ sơ trực tuyến",
        Change::Received(_) => "Tiếp nhận hồ sơ",
        Change::Refused(_) => "Từ chối tiếp nhận hồ sơ",
        Change::Processing(_) => "Bắt đầu giải quyết",
        Change::Withdrawn(_) => "Công dân rút hồ sơ",
        Change::Stopped(_) => "Dừng giải quyết",
        Change::Decided(_) => "Đã có kết quả giải quyết",
        Change::Returned(_) => "Trả kết quả",
        Change::Guided(_) => "Hướng dẫn hoàn thiện hồ sơ",
        Change::Completed(_) => "Công dân hoàn thiện hồ sơ",
        Change::Forwarded(_) => "Chuyển đơn vị có thẩm quyền",
        Change::ClockStopped(stop) => match stop.reason() {
            pb::StopReason::Payment => "Yêu cầu thực hiện nghĩa vụ tài chính",
            pb::StopReason::OutsideLimit => "Tạm dừng tính thời hạn giải quyết",
            pb::StopReason::Supplement | pb::StopReason::Unspecified => "Yêu cầu bổ sung hồ sơ",
        },
        Change::ClockResumed(_) => "Tiếp tục giải quyết",
        Change::DeadlineMoved(_) => "Hẹn lại ngày trả kết quả",
        Change::CustodyMoved(_)
        | Change::StandingChanged(_)
        | Change::Erased(_)
        | Change::Corrected(_)
        | Change::NoticeDue(_)
        | Change::PaymentMade(_) => return None,
    })
}

/// What an officer in a role is called; nothing for whoever has no position.
fn title(role: Role) -> &'static str {
    match role {
        Role::Receptionist => "Cán bộ tiếp nhận",
        Role::Examiner => "Chuyên viên thụ lý",
        Role::HeadOfOffice => "Trưởng phòng",
        Role::Leader => "Lãnh đạo",
        Role::Clerk => "Văn thư",
        Role::Cashier => "Cán bộ thu phí",
        Role::UnitAdministrator => "Quản trị đơn vị",
        Role::ProvinceAdministrator => "Quản trị tỉnh",
        Role::Auditor => "Cán bộ giám sát",
        Role::Unspecified
        | Role::Applicant
        | Role::Proxy
        | Role::Client
        | Role::LinkedSystem
        | Role::PaymentProvider
        | Role::Service => "",
    }
}

/// The numbers of the contract are those of the portal; what has none is told as nothing, and never as finished.
fn number(state: pb::DossierState) -> String {
    match i32::from(state) {
        0 => String::new(),
        number => number.to_string(),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Mst => "2",
        Kind::Cccd | Kind::Cmnd | Kind::Passport => "1",
    }
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Counter => "1",
        Channel::Online => "2",
        Channel::Post => "3",
    }
}

fn ended(state: &State) -> Option<Moment> {
    let decided = state.decision().map(|decision| decision.recorded_at);
    decided.or_else(|| state.closing().map(|closing| closing.at))
}

fn returned(state: &State) -> Option<Moment> {
    match state {
        State::Returned(_, _, how) => Some(how.at),
        _ => None,
    }
}

fn supplements(dossier: &Dossier) -> Vec<pb::HoSoBoSung> {
    let asked = dossier.course.supplement.iter();
    let told = asked.map(|asked| {
        let reasons = asked.items.iter().map(|item| item.reason.as_str());
        // Once it was erased, none is left.
        let reasons: Vec<&str> = reasons.filter(|reason| !reason.is_empty()).collect();
        pb::HoSoBoSung {
            ngay_yeu_cau_bo_sung: time(asked.at),
            ly_do_bo_sung: reasons.join("; "),
            ngay_tiep_nhan_bo_sung: asked.answered_at.map_or_else(String::new, time),
        }
    });
    told.collect()
}

fn results(state: &State) -> Vec<pb::GiayToKetQua> {
    let decision = state.decision().into_iter();
    let paper = decision.map(|decision| pb::GiayToKetQua {
        so_hieu_van_ban: decision.number.clone(),
        ngay_ban_hanh: decision.date.format("%Y%m%d").to_string(),
    });
    paper.collect()
}

fn time(at: Moment) -> String {
    clock::local(at).format("%Y%m%d%H%M%S").to_string()
}
