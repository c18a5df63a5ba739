//! An officer of one department does not learn that another department's dossier exists.

use proto::intake::v1::get_dossier_request::Key;
use proto::intake::v1::{Dossier, GetDossierRequest};
use tonic::{Code, Status};

use crate::cast::Role;
use crate::demo::error::Error;
use crate::demo::line::Line;
use crate::demo::province::Province;
use crate::rpc::OutOfContract;

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
    let Some(dossier) = dossiers.iter().find(|dossier| is_alone(province, dossier)) else {
        return Ok(None);
    };
    let own = dossier.competent_unit_uid.as_str();
    let mut departments = province.units.iter().filter(|unit| unit.subtype == "sở");
    let Some(other) = departments.find(|unit| unit.uid != own) else {
        return Ok(None);
    };
    read(line, own, dossier).await?;
    let refusal = refusal(read(line, &other.uid, dossier).await)?;
    let (own, code) = (province.name(own), &dossier.code);
    Ok(Some(format!(
        "an examiner of {own} reads {code}: found\nan examiner of {} reads {code}: NOT_FOUND, {}: {}",
        other.name,
        kit::failure::reason_of(&refusal),
        refusal.message()
    )))
}

fn is_alone(province: &Province, dossier: &Dossier) -> bool {
    let procedure = province.procedure(&dossier.procedure_code);
    dossier.received_at.is_some() && procedure.is_some_and(|procedure| procedure.route == ALONE)
}

fn refusal(read: Result<(), Error>) -> Result<Box<Status>, Error> {
    match read {
        Err(Error::Refused { status, .. }) if status.code() == Code::NotFound => Ok(status),
        Err(error) => Err(error),
        Ok(()) => Err(Error::OutOfContract(OutOfContract {
            rpc: "intake.v1.DossierService/GetDossier",
            what: "an officer of another department could read the dossier".to_owned(),
        })),
    }
}

async fn read(line: &Line, unit: &str, dossier: &Dossier) -> Result<(), Error> {
    let request = GetDossierRequest {
        key: Some(Key::Code(dossier.code.clone())),
    };
    line.read(line.cast().officer(unit, Role::Examiner), &request)
        .await?;
    Ok(())
}
