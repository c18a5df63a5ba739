//! The rules for handing in: what, where and how.

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use kit::copies::{Unit, UnitKind, UnitTable};
use kit::failure::Violation;
use kit::form::Form;
use kit::online::Level;

use crate::dossier::{HandedIn, Units};
use crate::error::Error;
use crate::reference::{Case, Procedure};

/// Refuses a procedure that the province's units do not handle.
///
/// # Errors
/// `NOT_HANDLED_HERE`.
pub fn must_be_handled_here(procedure: &Procedure, case: &Case) -> Result<(), Error> {
    if procedure.vertical_agency || !case.routed {
        return Err(Error::NotHandledHere {
            procedure: procedure.code.clone(),
        });
    }
    Ok(())
}

/// Refuses what is not so far online at the desk on the day, and says which desk takes it.
///
/// # Errors
/// `NOT_ONLINE`.
pub fn must_be_online(
    procedure: &Procedure,
    receiving: Unit<'_>,
    on: NaiveDate,
) -> Result<(), Error> {
    let online = procedure.online.on(receiving.uid, on);
    if online.files_online() {
        return Ok(());
    }
    Err(Error::NotOnline {
        procedure: procedure.code.clone(),
        level: online.level.map_or(0, Level::number),
        desk: receiving.name.to_owned(),
        desk_uid: receiving.uid.to_owned(),
    })
}

/// The units of a dossier that the desk of `receiving` takes: a commune takes its own procedures and its district's, a
/// district its own, a department those of its fields. `known` are the units, on the day of the act.
///
/// # Errors
/// `UNIT_NOT_COMPETENT`, or a unit that is not known.
pub fn units(
    procedure: &Procedure,
    case: &Case,
    receiving: Unit<'_>,
    known: (&UnitTable, NaiveDate),
) -> Result<Units, Error> {
    let resolve = |uid: &str| resolve(known.0, uid, known.1);
    let refuse = |takes: &str| {
        Err(Error::UnitNotCompetent {
            procedure: procedure.code.clone(),
            takes: takes.to_owned(),
        })
    };
    let competent = match (procedure.level, receiving.kind) {
        (UnitKind::Commune, UnitKind::Commune) if case.decided_above => resolve(receiving.parent)?,
        (UnitKind::Commune, UnitKind::Commune) | (UnitKind::District, UnitKind::District) => {
            receiving
        }
        (UnitKind::District, UnitKind::Commune) => resolve(receiving.parent)?,
        (UnitKind::Department, UnitKind::Department) => {
            let lead = resolve(&procedure.lead_unit)?;
            if lead.uid != receiving.uid {
                return refuse(lead.name);
            }
            lead
        }
        (UnitKind::Department, _) => return refuse(resolve(&procedure.lead_unit)?.name),
        (UnitKind::Commune, _) => return refuse("UBND cấp xã"),
        (UnitKind::District, _) => return refuse("UBND cấp huyện"),
        (UnitKind::Province, _) => return refuse("UBND tỉnh"),
    };
    Ok(Units {
        receiving: receiving.uid.to_owned(),
        competent: competent.uid.to_owned(),
        returning: receiving.uid.to_owned(),
    })
}

/// The unit, or the one that does its work on a day.
///
/// # Errors
/// `UNIT_NOT_FOUND`.
pub fn resolve<'a>(table: &'a UnitTable, uid: &str, on: NaiveDate) -> Result<Unit<'a>, Error> {
    table
        .resolve(uid, on)
        .ok_or_else(|| Error::UnitNotFound(uid.to_owned()))
}

/// Every component of the case is handed in that is not taken from a register, and nothing else.
///
/// # Errors
/// `COMPONENTS_MISSING` with one violation for each component.
pub fn must_be_complete(case: &Case, handed_in: &[HandedIn]) -> Result<(), Error> {
    let mut violations = Vec::new();
    for component in case.components.iter().filter(|of| !of.from_register) {
        let handed = handed_in.iter().find(|handed| handed.key == component.key);
        let (originals, copies) = handed.map_or((0, 0), |handed| (handed.originals, handed.copies));
        if originals < component.originals || copies < component.copies {
            violations.push(Violation::new(
                format!("components[{}]", component.key),
                "MISSING",
                format!(
                    "needs {} originals and {} copies, has {originals} and {copies}",
                    component.originals, component.copies
                ),
                format!(
                    "thiếu \"{}\": cần {} bản chính, {} bản sao",
                    component.name, component.originals, component.copies
                ),
            ));
        }
    }
    let unknown = handed_in.iter().filter(|handed| {
        case.components
            .iter()
            .all(|component| component.key != handed.key)
    });
    violations.extend(unknown.map(|handed| {
        Violation::new(
            format!("components[{}]", handed.key),
            "UNKNOWN",
            "the procedure does not ask for this component",
            "thủ tục không yêu cầu thành phần này",
        )
    }));
    if violations.is_empty() {
        return Ok(());
    }
    Err(Error::ComponentsMissing(violations))
}

/// What was filled in is what the form of the case asks for; nothing where there is no form.
///
/// # Errors
/// `FORM_INVALID` with a violation for each field.
pub fn must_fit_form(case: &Case, form: &str) -> Result<(), Error> {
    if case.form_schema.is_empty() {
        if form.is_empty() {
            return Ok(());
        }
        return Err(Error::FormInvalid(vec![Violation::new(
            "form_data",
            "UNKNOWN",
            "the case has no form",
            "trường hợp này không có biểu mẫu",
        )]));
    }
    let schema = Form::parse(&case.form_schema)?;
    schema.check(form).map_err(Error::FormInvalid)
}
