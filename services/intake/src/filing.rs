//! The rules for handing in: what, where and how.

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use kit::copies::{Unit, UnitKind, UnitTable};
use kit::failure::Violation;
use kit::fields::required;
use kit::form::Form;
use kit::online::{Level, Way};

use crate::dossier::{Addition, HandedIn, Item, Units};
use crate::error::Error;
use crate::law;
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

/// Refuses to hand a result over online where the procedure is not so far online at the desk on the day. At the desk it always
/// may be handed over, and public post takes any (QĐ 45/2016/QĐ-TTg).
///
/// # Errors
/// `RETURN_NOT_ONLINE`.
pub fn must_return_online(
    procedure: &Procedure,
    receiving: &str,
    on: NaiveDate,
) -> Result<(), Error> {
    let online = procedure.online.on(receiving, on);
    if online.result_ways().contains(&Way::Online) {
        return Ok(());
    }
    Err(Error::ReturnNotOnline(procedure.code.clone()))
}

/// Who hands what in, and where.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The unit whose desk takes it.
    pub receiving: Unit<'a>,
    /// Who is said to decide.
    pub competent: Option<&'a str>,
    /// Whose desk is to return the result.
    pub returning: Option<&'a str>,
    /// The units.
    pub units: &'a UnitTable,
    /// The day.
    pub on: NaiveDate,
}

/// The three units of a dossier (R10).
///
/// # Errors
/// `UNIT_NOT_COMPETENT`, or a unit that is not known.
pub fn units(procedure: &Procedure, case: &Case, desk: &Desk<'_>) -> Result<Units, Error> {
    let at_desk = competent_at(procedure, case, desk);
    let competent = match (desk.competent, at_desk) {
        (None, competent) => competent?,
        // A desk says who decides where it is itself not the one to know.
        (Some(named), Ok(own)) if resolve(desk.units, named, desk.on)?.uid == own => own,
        (Some(named), Err(_)) if law::is_any_desk(desk.on) => competent(procedure, named, desk)?,
        (Some(named), Ok(_)) if law::is_any_desk(desk.on) => competent(procedure, named, desk)?,
        (Some(_), Ok(_)) => return Err(not_competent(procedure, takes(procedure, desk))),
        (Some(_), Err(error)) => return Err(error),
    };
    let returning = desk.returning.map_or(Ok(desk.receiving.uid), |uid| {
        Ok::<_, Error>(resolve(desk.units, uid, desk.on)?.uid)
    })?;
    Ok(Units {
        receiving: desk.receiving.uid.to_owned(),
        competent: competent.to_owned(),
        returning: returning.to_owned(),
    })
}

/// The unit that decides on what its own desk takes: a commune takes its own procedures and its district's, a district its own,
/// a department those of its fields.
fn competent_at<'a>(procedure: &Procedure, case: &Case, desk: &Desk<'a>) -> Result<&'a str, Error> {
    let (receiving, resolve) = (desk.receiving, |uid: &str| {
        resolve(desk.units, uid, desk.on)
    });
    let above = matches!(
        (procedure.level, receiving.kind),
        (UnitKind::District, UnitKind::Commune)
    ) || (procedure.level == UnitKind::Commune && case.decided_above);
    if above && receiving.kind == UnitKind::Commune {
        return Ok(resolve(receiving.parent)?.uid);
    }
    let is_lead = || Ok::<_, Error>(resolve(&procedure.lead_unit)?.uid == receiving.uid);
    let is_own = match procedure.level {
        UnitKind::Department => receiving.kind == UnitKind::Department && is_lead()?,
        level => receiving.kind == level,
    };
    if is_own && procedure.level != UnitKind::Province {
        return Ok(receiving.uid);
    }
    Err(not_competent(procedure, takes(procedure, desk)))
}

/// A unit that is named as the one to decide: of the level of the procedure, and for a department the leading one.
///
/// # Errors
/// `UNIT_NOT_COMPETENT`, or a unit that is not known.
pub fn competent<'a>(
    procedure: &Procedure,
    named: &str,
    desk: &Desk<'a>,
) -> Result<&'a str, Error> {
    let unit = resolve(desk.units, named, desk.on)?;
    let leads = procedure.level != UnitKind::Department
        || resolve(desk.units, &procedure.lead_unit, desk.on)?.uid == unit.uid;
    if unit.kind == procedure.level && leads {
        return Ok(unit.uid);
    }
    Err(not_competent(procedure, takes(procedure, desk)))
}

fn not_competent(procedure: &Procedure, takes: String) -> Error {
    Error::UnitNotCompetent {
        procedure: procedure.code.clone(),
        takes,
    }
}

/// Who takes a procedure, in Vietnamese.
fn takes(procedure: &Procedure, desk: &Desk<'_>) -> String {
    match procedure.level {
        UnitKind::Commune => "UBND cấp xã".to_owned(),
        UnitKind::District => "UBND cấp huyện".to_owned(),
        UnitKind::Province => "UBND tỉnh".to_owned(),
        UnitKind::Department => desk
            .units
            .resolve(&procedure.lead_unit, desk.on)
            .map_or_else(|| procedure.lead_unit.clone(), |lead| lead.name.to_owned()),
    }
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

/// What an applicant is asked for names components and fields of the form, or the dossier as a whole: no free text, since places
/// stand in the open part of the log.
///
/// # Errors
/// `INVALID_FIELDS` with one violation for each other place.
pub fn must_be_places(case: &Case, items: &[Item]) -> Result<(), Error> {
    let form = Some(&case.form_schema).filter(|schema| !schema.is_empty());
    let form = form.map(|schema| Form::parse(schema)).transpose()?;
    let is_place = |place: &str| {
        let field = place.strip_prefix("form_data.");
        let of_form = form.as_ref().is_some_and(|form| {
            place == "form_data" || field.is_some_and(|field| form.has_field(field))
        });
        let mut components = case.components.iter();
        place.is_empty() || of_form || components.any(|component| component.key == place)
    };
    let unknown = items.iter().enumerate();
    let unknown = unknown.filter(|(_, item)| !is_place(&item.place));
    let violations: Vec<Violation> = unknown
        .map(|(index, _)| {
            Violation::new(
                format!("items[{index}].place"),
                "UNKNOWN",
                "is no component of the procedure and no field of its form",
                "không phải là thành phần hồ sơ hay trường của biểu mẫu",
            )
        })
        .collect();
    if violations.is_empty() {
        return Ok(());
    }
    Err(Error::OutOfReach(violations))
}

/// What goes with a result on paper is that itself, which has no key, or a component: no free text, since keys stand in the open part
/// of the log.
///
/// # Errors
/// `INVALID_FIELDS` with one violation for each other key.
pub fn must_go_with_result(case: &Case, paper: &[HandedIn]) -> Result<(), Error> {
    let is_known = |key: &str| {
        let mut components = case.components.iter();
        key.is_empty() || components.any(|component| component.key == key)
    };
    let unknown = paper.iter().filter(|sheets| !is_known(&sheets.key));
    let violations: Vec<Violation> = unknown
        .map(|_| {
            Violation::new(
                "paper.component_key",
                "UNKNOWN",
                "is neither the result nor a component of the procedure",
                "không phải là kết quả hay thành phần hồ sơ",
            )
        })
        .collect();
    if violations.is_empty() {
        return Ok(());
    }
    Err(Error::OutOfReach(violations))
}

/// What the applicant adds has every component that was asked for.
///
/// # Errors
/// `COMPONENTS_MISSING` with one violation for each component, `FORM_INVALID` where the form was asked for.
pub fn must_answer(case: &Case, asked: &[Item], addition: &Addition) -> Result<(), Error> {
    let is_asked = |key: &str| asked.iter().any(|item| item.place == key);
    let missing = case.components.iter().filter(|component| {
        let added = |added: &HandedIn| added.key == component.key;
        is_asked(&component.key) && !addition.components.iter().any(added)
    });
    let violations: Vec<Violation> = missing
        .map(|component| {
            Violation::new(
                format!("components[{}]", component.key),
                "MISSING",
                "was asked for and is not handed in",
                format!("chưa nộp \"{}\" như đã được yêu cầu", component.name),
            )
        })
        .collect();
    if !violations.is_empty() {
        return Err(Error::ComponentsMissing(violations));
    }
    let asks_for_form = asked.iter().any(|item| item.place.starts_with("form_data"));
    if asks_for_form && addition.form.is_empty() {
        return Err(Error::FormInvalid(vec![required("form_data")]));
    }
    Ok(())
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
