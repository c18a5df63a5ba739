//! Mutations, parsed at the edge: an act, or everything that is wrong at once.

use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use proto::catalogue::v1 as pb;

use super::parse;
use crate::exchange::Format;
use crate::ledger::{Act, OnProcedure, Verb};
use crate::procedure::Code;

/// `CreateDraft`.
pub(crate) fn create_draft(message: &pb::CreateDraftRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let draft = message.draft.clone().unwrap_or_default();
    let only_code = pb::Procedure {
        code: draft.code.clone(),
        ..pb::Procedure::default()
    };
    if draft == only_code {
        let code = parse::code(&mut fields, "draft.code", &draft.code);
        return act(fields, request_id, (code, 0), Some(Verb::CreateDraft(None)));
    }
    let content = parse::procedure(&mut fields, message.draft.as_ref());
    let code = content.as_ref().map(|content| content.code.clone());
    let verb = content.map(|content| Verb::CreateDraft(Some(content)));
    act(fields, request_id, (code, 0), verb)
}

/// `UpdateDraft`.
pub(crate) fn update_draft(message: &pb::UpdateDraftRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let revision = seen(&mut fields, message.expected_revision);
    let content = parse::procedure(&mut fields, message.draft.as_ref());
    let code = content.as_ref().map(|content| content.code.clone());
    act(
        fields,
        request_id,
        (code, revision),
        content.map(Verb::UpdateDraft),
    )
}

/// `DiscardDraft`.
pub(crate) fn discard_draft(message: &pb::DiscardDraftRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let code = parse::code(&mut fields, "code", &message.code);
    let revision = seen(&mut fields, message.expected_revision);
    act(
        fields,
        request_id,
        (code, revision),
        Some(Verb::DiscardDraft),
    )
}

/// `PublishVersion`.
pub(crate) fn publish(message: &pb::PublishVersionRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let code = parse::code(&mut fields, "code", &message.code);
    let revision = seen(&mut fields, message.expected_revision);
    let from = parse::day(&mut fields, "effective_from", &message.effective_from);
    let verb = from.map(|from| Verb::Publish {
        from,
        is_dry_run: message.dry_run,
    });
    act(fields, request_id, (code, revision), verb)
}

/// `RetireProcedure`.
pub(crate) fn retire(message: &pb::RetireProcedureRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let code = parse::code(&mut fields, "code", &message.code);
    let revision = fields.revision(message.expected_revision);
    let from = parse::day(&mut fields, "retired_from", &message.retired_from);
    let verb = from.map(|from| Verb::Retire { from });
    act(fields, request_id, (code, revision), verb)
}

/// `SetOnlineLevel`.
pub(crate) fn set_online(message: &pb::SetOnlineLevelRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let code = parse::code(&mut fields, "code", &message.code);
    let revision = fields.revision(message.expected_revision);
    let period = parse::period(&mut fields, message.online_level.as_ref());
    act(
        fields,
        request_id,
        (code, revision),
        period.map(Verb::SetOnline),
    )
}

/// The form of a file.
pub(crate) fn format(fields: &mut Fields, format: pb::ExchangeFormat) -> Option<Format> {
    let format = match format {
        pb::ExchangeFormat::Unspecified => Err(required("format")),
        pb::ExchangeFormat::JsonLines => Ok(Format::JsonLines),
        pb::ExchangeFormat::Csv => Ok(Format::Csv),
    };
    fields.take(format)
}

/// A revision that must be named.
fn seen(fields: &mut Fields, revision: i64) -> i64 {
    if revision < 1 {
        fields.reject(required("expected_revision"));
    }
    revision
}

fn act(
    fields: Fields,
    request_id: String,
    (code, expected_revision): (Option<Code>, i64),
    verb: Option<Verb>,
) -> Result<(String, Act), Failure> {
    fields.finish()?;
    // What is missing was noted above.
    let (Some(code), Some(verb)) = (code, verb) else {
        let nothing: Vec<Violation> = vec![required("draft")];
        return Err(Failure::invalid_fields(nothing));
    };
    let on = OnProcedure {
        code,
        expected_revision,
        verb,
    };
    Ok((request_id, Act::On(Box::new(on))))
}
