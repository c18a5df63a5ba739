//! Proxies on the wire.

use chrono::NaiveDate;
use kit::authority::Context;
use kit::clock;
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use proto::identity::v1 as pb;
use proto::identity::v1::identity_change::Change;

use crate::ledger::party::{Act, Grant, Revocation};
use crate::party::Uid;
use crate::proxy::{LONGEST_EVIDENCE, Proxy, Reach};

const LONGEST_UID: usize = 64;
const LONGEST_CODE: usize = 50;
const MOST_PROCEDURES: usize = 100;

/// `GrantProxy`.
pub(crate) fn grant(
    context: &Context,
    message: &pb::GrantProxyRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let grantor = fields.text("grantor_uid", &message.grantor_uid, LONGEST_UID);
    let proxy = fields.text("proxy_uid", &message.proxy_uid, LONGEST_UID);
    let first_day = day(&mut fields, "first_day", &message.first_day);
    let last_day = day(&mut fields, "last_day", &message.last_day);
    if first_day
        .zip(last_day)
        .is_some_and(|(first, last)| last < first)
    {
        fields.reject(Violation::new(
            "last_day",
            "BEFORE_FIRST_DAY",
            "must not be before the first day",
            "ngày hết hạn không được trước ngày bắt đầu",
        ));
    }
    let reach = reach(&mut fields, message);
    let evidence = Some(message.evidence.as_str()).filter(|evidence| !evidence.is_empty());
    let evidence = evidence.map(|evidence| fields.text("evidence", evidence, LONGEST_EVIDENCE));
    fields.finish()?;
    let days = first_day.zip(last_day);
    // What is missing was rejected, so this finds nothing to refuse.
    let (first_day, last_day) = days.ok_or_else(|| Failure::invalid_fields(Vec::new()))?;
    let grant = Grant {
        rights: context.rights.clone(),
        uid: clock::new_uid(),
        grantor: Uid::new(grantor),
        proxy: Uid::new(proxy),
        first_day,
        last_day,
        reach,
        evidence: evidence.unwrap_or_default(),
    };
    Ok((request_id, Act::Grant(Box::new(grant))))
}

fn day(fields: &mut Fields, field: &str, text: &str) -> Option<NaiveDate> {
    if text.is_empty() {
        fields.reject(required(field));
        return None;
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
        Violation::new(
            field,
            "MALFORMED",
            "must be YYYY-MM-DD",
            "phải có dạng YYYY-MM-DD",
        )
    });
    fields.take(day)
}

fn reach(fields: &mut Fields, message: &pb::GrantProxyRequest) -> Reach {
    let codes = &message.procedure_codes;
    if codes.len() > MOST_PROCEDURES {
        fields.reject(Violation::new(
            "procedure_codes",
            "TOO_MANY",
            format!("at most {MOST_PROCEDURES} are allowed"),
            format!("nhiều nhất là {MOST_PROCEDURES} thủ tục"),
        ));
        return Reach::All;
    }
    if !message.dossier_uid.is_empty() {
        if !codes.is_empty() {
            fields.reject(Violation::new(
                "procedure_codes",
                "ONE_OF_TWO",
                "a proxy is for procedures or for one dossier, not for both",
                "ủy quyền theo thủ tục hoặc theo một hồ sơ, không chọn cả hai",
            ));
        }
        return Reach::Dossier(fields.text("dossier_uid", &message.dossier_uid, LONGEST_UID));
    }
    let mut procedures = Vec::with_capacity(codes.len());
    for (index, code) in codes.iter().enumerate() {
        let field = format!("procedure_codes[{index}]");
        let code = fields.text(&field, code, LONGEST_CODE);
        if code.contains(char::is_whitespace) {
            fields.reject(Violation::new(
                field,
                "MALFORMED",
                "has spaces in it",
                "mã thủ tục không được có khoảng trắng",
            ));
        }
        procedures.push(code);
    }
    if procedures.is_empty() {
        return Reach::All;
    }
    Reach::Procedures(procedures)
}

/// `RevokeProxy`.
pub(crate) fn revoke(
    context: &Context,
    message: &pb::RevokeProxyRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let uid = fields.text("uid", &message.uid, LONGEST_UID);
    fields.finish()?;
    let revocation = Revocation {
        rights: context.rights.clone(),
        uid,
        now: clock::real().timestamp(),
    };
    Ok((request_id, Act::Revoke(revocation)))
}

/// A proxy on the wire. Its evidence is personal.
pub(crate) fn proxy(proxy: &Proxy) -> pb::Proxy {
    let (procedure_codes, dossier_uid) = reach_out(&proxy.reach);
    pb::Proxy {
        uid: proxy.uid.clone(),
        grantor_uid: proxy.grantor.to_string(),
        proxy_uid: proxy.acting.to_string(),
        first_day: proxy.first_day.to_string(),
        last_day: proxy.last_day.to_string(),
        procedure_codes,
        dossier_uid,
        recorded_by: proxy.recorded_by.clone(),
        recorded_at: Some(clock::to_timestamp(proxy.recorded_at)),
        evidence: proxy.evidence.clone(),
        revoked_at: proxy.revoked_at.map(clock::to_timestamp),
    }
}

fn reach_out(reach: &Reach) -> (Vec<String>, String) {
    match reach {
        Reach::All => (Vec::new(), String::new()),
        Reach::Procedures(codes) => (codes.clone(), String::new()),
        Reach::Dossier(dossier) => (Vec::new(), dossier.clone()),
    }
}

/// The reply of `GrantProxy`.
pub(crate) fn granted(granted: &Proxy) -> pb::GrantProxyResponse {
    pb::GrantProxyResponse {
        proxy: Some(proxy(granted)),
    }
}

/// The reply of `RevokeProxy`.
pub(crate) fn revoked(revoked: &Proxy) -> pb::RevokeProxyResponse {
    pb::RevokeProxyResponse {
        proxy: Some(proxy(revoked)),
    }
}

/// What the log tells of a proxy that was granted.
pub(crate) fn told_granted(proxy: &Proxy) -> pb::IdentityChange {
    let (procedure_codes, dossier_uid) = reach_out(&proxy.reach);
    let change = Change::ProxyGranted(pb::ProxyGranted {
        uid: proxy.uid.clone(),
        grantor_uid: proxy.grantor.to_string(),
        proxy_uid: proxy.acting.to_string(),
        first_day: proxy.first_day.to_string(),
        last_day: proxy.last_day.to_string(),
        procedure_codes,
        dossier_uid,
    });
    pb::IdentityChange {
        change: Some(change),
    }
}

/// What the log tells of a proxy that was revoked.
pub(crate) fn told_revoked(proxy: &Proxy) -> pb::IdentityChange {
    let change = Change::ProxyRevoked(pb::ProxyRevoked {
        uid: proxy.uid.clone(),
        grantor_uid: proxy.grantor.to_string(),
        proxy_uid: proxy.acting.to_string(),
    });
    pb::IdentityChange {
        change: Some(change),
    }
}
