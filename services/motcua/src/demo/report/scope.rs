//! An officer of one department does not learn that another department's dossier exists.

use proto::intake::v1::get_dossier_request::Key;
use proto::intake::v1::{Dossier, GetDossierRequest};

use crate::demo::cast::Role;
use crate::demo::error::Error;
use crate::demo::line::Line;
use crate::demo::province::Province;

/// The route on which no other department takes part.
const ALONE: &str = "department";

/// Lets an officer of one department read a dossier of another, and says what came; `None` when there is no such dossier.
///
/// # Errors
/// When the officer could read it, or its own department cannot.
pub async fn strangers_see_nothing(
    line: &Line,
    province: &Province,
    dossiers: &[Dossier],
) -> Result<Option<String>, Error> {
    let alone = |dossier: &&Dossier| {
        let procedure = province.procedure(&dossier.procedure_code);
        dossier.received_at.is_some() && procedure.is_some_and(|procedure| procedure.route == ALONE)
    };
    let Some(dossier) = dossiers.iter().find(alone) else {
        return Ok(None);
    };
    let own = dossier.competent_unit_uid.as_str();
    let mut departments = province.units.iter().filter(|unit| unit.subtype == "sở");
    let Some(other) = departments.find(|unit| unit.uid != own) else {
        return Ok(None);
    };
    read(line, own, dossier).await?;
    let refusal = match read(line, &other.uid, dossier).await {
        Ok(()) => return Err(leaked()),
        Err(Error::Refused { status, .. }) if status.code() == tonic::Code::NotFound => status,
        Err(error) => return Err(error),
    };
    Ok(Some(format!(
        "an examiner of {} reads {}: found\nan examiner of {} reads {}: NOT_FOUND, {}: {}",
        province.name(own),
        dossier.code,
        other.name,
        dossier.code,
        kit::failure::reason_of(&refusal),
        refusal.message()
    )))
}

async fn read(line: &Line, unit: &str, dossier: &Dossier) -> Result<(), Error> {
    let request = GetDossierRequest {
        key: Some(Key::Code(dossier.code.clone())),
    };
    line.read(line.cast().officer(unit, Role::Examiner), &request).await?;
    Ok(())
}

fn leaked() -> Error {
    Error::OutOfContract {
        rpc: "intake.v1.DossierService/GetDossier",
        what: "an officer of another department could read the dossier".to_owned(),
    }
}
