//! `components.csv`, `procedures.csv` and `cases.csv`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kit::sheet::{BadRow, Findings, Row, Sheet};

use super::routes::{self, Routes};
use super::{Filed, UnitKinds, flag, list, must_be_known};
use crate::check;
use crate::procedure::{Case, Code, Component, Dong, Fee, Level, Limit, PaidWhen, Procedure, Time};
use crate::route::{Route, UnitRule, UnitUid};

const COMPONENTS: &[&str] = &["key", "name", "originals", "copies"];
const PROCEDURES: &[&str] = &[
    "code",
    "name",
    "field",
    "level",
    "lead_unit",
    "vertical_agency",
    "online_level",
    "limit",
    "limit_unit",
    "limit_assumed",
    "fee_vnd",
    "components",
    "route",
];

const CASES: &[&str] = &[
    "code",
    "case",
    "name",
    "limit",
    "limit_unit",
    "limit_assumed",
    "fee_vnd",
    "components",
    "route",
];
/// The case that `procedures.csv` gives a procedure.
const STANDARD: &str = "Trường hợp chung";

/// What the rows of procedures refer to. Nothing is known of a file that could not be read, and nothing is blamed on it.
struct Known<'a> {
    units: &'a UnitKinds,
    components: Option<BTreeMap<String, Component>>,
    routes: Option<Routes>,
    /// The fields that procedures are of.
    fields: BTreeSet<String>,
}

/// Reads the procedures of a folder with the components, routes and cases that belong to them.
pub(super) fn read(folder: &Path, units: &UnitKinds, findings: &mut Findings) -> Vec<Filed> {
    let sheet = findings.take_all(Sheet::read(&folder.join("procedures.csv"), PROCEDURES));
    let rows: Vec<&Row> = sheet.iter().flat_map(|sheet| &sheet.rows).collect();
    let known = Known {
        units,
        components: components(&folder.join("components.csv"), findings),
        routes: routes::read(&folder.join("routes.csv"), units, findings),
        fields: rows.iter().map(|row| row.get("field").to_owned()).collect(),
    };
    let mut codes = BTreeSet::new();
    let mut procedures = Vec::new();
    for row in rows {
        if !codes.insert(row.get("code")) {
            findings.note(row.bad("code", "stands here a second time"));
        }
        procedures.extend(procedure(row, &known, findings));
    }
    let cases = folder.join("cases.csv");
    if cases.exists() {
        add_cases(&cases, &known, &mut procedures, findings);
    }
    procedures
}

/// Adds the cases beside the standard ones to their procedures.
fn add_cases(path: &Path, known: &Known<'_>, procedures: &mut [Filed], findings: &mut Findings) {
    let sheet = findings.take_all(Sheet::read(path, CASES));
    for row in sheet.iter().flat_map(|sheet| &sheet.rows) {
        let code: Option<Code> = findings.take(row.parse("code", "a code such as 1.001193"));
        let (key, name) = (
            findings.take(row.text("case")),
            findings.take(row.text("name")),
        );
        let mut found = procedures.iter_mut();
        let found = found.find(|filed| Some(&filed.procedure.code) == code.as_ref());
        let Some(filed) = found else {
            findings.note(row.bad("code", "is no procedure of procedures.csv"));
            continue;
        };
        let pays_online = pays_online(filed.online_level);
        let case = case(
            row,
            (key, name),
            (filed.procedure.vertical_agency, pays_online),
            known,
            findings,
        );
        let Some(case) = case else { continue };
        let cases = &mut filed.procedure.cases;
        if cases.iter().any(|known| known.key == case.key) {
            findings.note(row.bad("case", "stands here a second time"));
        }
        cases.push(case);
    }
}

fn components(path: &Path, findings: &mut Findings) -> Option<BTreeMap<String, Component>> {
    let sheet = findings.take_all(Sheet::read(path, COMPONENTS))?;
    let mut components = BTreeMap::new();
    for row in &sheet.rows {
        let Some(component) = component(row, findings) else {
            continue;
        };
        if components
            .insert(component.key.clone(), component)
            .is_some()
        {
            findings.note(row.bad("key", "stands here a second time"));
        }
    }
    Some(components)
}

fn component(row: &Row, findings: &mut Findings) -> Option<Component> {
    let count = "a number of papers, 0 to 255";
    let key = findings.take(row.text("key"));
    let name = findings.take(row.text("name"));
    let originals = findings.take(row.parse("originals", count));
    let copies = findings.take(row.parse("copies", count));
    Some(Component {
        key: key?,
        name: name?,
        originals: originals?,
        copies: copies?,
        register: None,
        file_types: Vec::new(),
    })
}

fn procedure(row: &Row, known: &Known<'_>, findings: &mut Findings) -> Option<Filed> {
    let code = findings.take(row.parse("code", "a code such as 1.001193"));
    let name = findings.take(row.text("name"));
    let field = findings.take(row.text("field"));
    let level = findings.take(level(row, known));
    let lead_unit = findings.take(lead_unit(row, known));
    let online_level = findings.take(row.parse("online_level", "an online level, 1 to 4"));
    let vertical_agency = findings.take(flag(row, "vertical_agency"));
    let standard = (Some(Case::STANDARD.to_owned()), Some(STANDARD.to_owned()));
    let of = (vertical_agency?, online_level.is_some_and(pays_online));
    let case = case(row, standard, of, known, findings);
    let procedure = Procedure {
        code: code?,
        local_code: None,
        name: name?,
        name_en: String::new(),
        field: field?,
        legal_bases: Vec::new(),
        level: level?,
        lead_unit: lead_unit?,
        vertical_agency: vertical_agency?,
        result: String::new(),
        applicants: Vec::new(),
        cases: vec![case?],
    };
    Some(Filed {
        procedure,
        online_level: online_level?,
    })
}

fn pays_online(level: kit::online::Level) -> bool {
    let online = kit::online::Online {
        level: Some(level),
        service: None,
    };
    online.pays_online()
}

/// A case of a procedure that an agency beside the units does or not, and whose fees are payable online or not.
fn case(
    row: &Row,
    (key, name): (Option<String>, Option<String>),
    (vertical_agency, payable_online): (bool, bool),
    known: &Known<'_>,
    findings: &mut Findings,
) -> Option<Case> {
    let route = findings.take(route(row, vertical_agency, known));
    let limit = findings.take(limit(row));
    let amount: Option<Dong> = findings.take(row.parse("fee_vnd", "an amount in đồng"));
    let components = findings.take(components_of(row, known));
    let fee = |amount| Fee {
        key: "fee".to_owned(),
        name: "Phí, lệ phí".to_owned(),
        amount,
        channel: None,
        units: Vec::new(),
        from: None,
        to: None,
        paid: PaidWhen::Before,
        payable_online,
    };
    let due = amount?;
    Some(Case {
        key: key?,
        name: name?,
        limit: limit?,
        route: route?,
        components: components?,
        fees: (due.amount() > 0).then(|| fee(due)).into_iter().collect(),
        form: None,
    })
}

/// Who decides: where there is a route, some unit of the tree must be able to.
fn level(row: &Row, known: &Known<'_>) -> Result<Level, BadRow> {
    let level = row.parse("level", "department, district or commune")?;
    let (kind, units) = (check::decides(level), known.units);
    let has_route = !row.get("route").is_empty();
    if has_route && !units.is_empty() && units.values().all(|unit| *unit != kind) {
        let reason = format!("no unit that is known is a {}", row.get("level"));
        return Err(row.bad("level", reason));
    }
    Ok(level)
}

fn lead_unit(row: &Row, known: &Known<'_>) -> Result<UnitUid, BadRow> {
    let unit = row.text("lead_unit")?;
    must_be_known(row, "lead_unit", &unit, known.units)?;
    Ok(UnitUid::new(unit))
}

/// The way of a case; nothing where no unit handles it, or where its route is known to be wrong.
fn route(row: &Row, vertical_agency: bool, known: &Known<'_>) -> Result<Option<Route>, BadRow> {
    let name = row.get("route");
    match (vertical_agency, name.is_empty()) {
        (true, true) => Ok(None),
        (true, false) => Err(row.bad("route", "must be empty for a vertical agency")),
        (false, true) => Err(row.bad(
            "route",
            "must not be empty unless an agency beside the units handles it",
        )),
        (false, false) => {
            let Some(routes) = &known.routes else {
                return Ok(None);
            };
            let found = routes
                .get(name)
                .ok_or_else(|| row.bad("route", format!("there is no route `{name}`")))?;
            let route = found.clone();
            match route.as_ref().and_then(|route| unknown_field(route, known)) {
                Some(field) => {
                    Err(row.bad("route", format!("no procedure is of the field `{field}`")))
                }
                None => Ok(route),
            }
        }
    }
}

/// A field that a step names and no procedure is of.
fn unknown_field<'a>(route: &'a Route, known: &Known<'_>) -> Option<&'a str> {
    let named = route.steps.iter().filter_map(|step| match &step.unit_rule {
        UnitRule::DepartmentOf { field, .. } if !field.is_empty() => Some(field.as_str()),
        _ => None,
    });
    named
        .into_iter()
        .find(|field| !known.fields.contains(*field))
}

fn limit(row: &Row) -> Result<Limit, BadRow> {
    let assumed = flag(row, "limit_assumed")?;
    let count = || row.parse("limit", "a count of 1 or more");
    let time = match row.get("limit_unit") {
        "same_day" if row.get("limit").is_empty() => Time::SameDay,
        "same_day" => return Err(row.bad("limit", "must be empty for the same day")),
        "working_hour" => Time::WorkingHours(count()?),
        "working_day" => Time::WorkingDays(count()?),
        "calendar_day" => Time::CalendarDays(count()?),
        "month" => Time::Months(count()?),
        other => {
            let units = "same_day, working_hour, working_day, calendar_day or month";
            return Err(row.bad("limit_unit", format!("`{other}` is not {units}")));
        }
    };
    Ok(Limit {
        time,
        assumed,
        extras: Vec::new(),
        cutoffs: Vec::new(),
    })
}

fn components_of(row: &Row, known: &Known<'_>) -> Result<Vec<Component>, BadRow> {
    let Some(components) = &known.components else {
        return Ok(Vec::new());
    };
    let mut found: Vec<Component> = Vec::new();
    for key in list(row, "components") {
        let component = components.get(&key);
        let component = component
            .ok_or_else(|| row.bad("components", format!("there is no component `{key}`")))?;
        if found.contains(component) {
            return Err(row.bad("components", format!("`{key}` stands here a second time")));
        }
        found.push(component.clone());
    }
    Ok(found)
}
