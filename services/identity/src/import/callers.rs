//! `callers.csv`.

use std::collections::BTreeSet;
use std::path::Path;

use kit::caller::Role;
use kit::clock;
use kit::identity_number::{self, IdentityNumber};
use kit::keys::PublicKey;
use kit::seal::DataKey;
use kit::sheet::{BadRow, Findings, Row, Sheet};

use crate::party::{self, Details, LONGEST_NAME, Particulars, Party};
use crate::principal::{Part, Principal, role_of};
use crate::subject::Subject;
use crate::unit;

const COLUMNS: &[&str] = &[
    "subject",
    "role",
    "unit",
    "public_key",
    "name",
    "number_kind",
    "number",
];

/// Reads the file; `units` are those that a caller may belong to.
pub(super) fn read(
    path: &Path,
    units: &BTreeSet<unit::Uid>,
    findings: &mut Findings,
) -> Vec<Principal<Party>> {
    let sheet = findings.take_all(Sheet::read(path, COLUMNS));
    let rows = sheet.map(|sheet| sheet.rows).unwrap_or_default();
    let mut subjects = BTreeSet::new();
    let mut callers = Vec::with_capacity(rows.len());
    for row in &rows {
        if !subjects.insert(row.get("subject")) {
            findings.note(row.bad("subject", "stands here a second time"));
        }
        callers.extend(principal(row, units, findings));
    }
    callers
}

fn principal(
    row: &Row,
    units: &BTreeSet<unit::Uid>,
    findings: &mut Findings,
) -> Option<Principal<Party>> {
    let form = "a name of 1 to 64 characters without spaces that no service of the suite has";
    let subject: Option<Subject> = findings.take(row.parse("subject", form));
    let public_key = findings.take(public_key(row));
    let part = part(row, units, findings);
    Some(Principal {
        subject: subject?,
        part: part?,
        public_key: public_key?,
    })
}

fn part(row: &Row, units: &BTreeSet<unit::Uid>, findings: &mut Findings) -> Option<Part<Party>> {
    let role = findings.take(role(row))?;
    if role == Role::Applicant {
        must_be_empty(row, &["unit"], findings);
        let uid = party::Uid::new(clock::new_uid());
        let particulars = particulars(row, findings)?;
        let party = Party::new(uid, DataKey::generate(), particulars);
        return Some(Part::Applicant(party));
    }
    must_be_empty(row, &["name", "number_kind", "number"], findings);
    Part::at_unit(role, findings.take(unit(row, units))?)
}

fn role(row: &Row) -> Result<Role, BadRow> {
    role_of(row.get("role"))
        .ok_or_else(|| row.bad("role", "must be a role of an officer, client or applicant"))
}

fn public_key(row: &Row) -> Result<PublicKey, BadRow> {
    PublicKey::from_base64(row.get("public_key")).map_err(|_| {
        row.bad(
            "public_key",
            "is not the base64 text of an Ed25519 public key (32 bytes)",
        )
    })
}

fn unit(row: &Row, units: &BTreeSet<unit::Uid>) -> Result<unit::Uid, BadRow> {
    let uid = unit::Uid::new(row.text("unit")?);
    if !units.contains(&uid) {
        return Err(row.bad("unit", format!("there is no unit `{uid}`")));
    }
    Ok(uid)
}

/// The particulars of a citizen. What is wrong with a number is told without repeating it.
fn particulars(row: &Row, findings: &mut Findings) -> Option<Particulars> {
    let name = findings.take(name(row));
    let number = findings.take(number(row));
    Some(Particulars {
        kind: party::Kind::Citizen,
        numbers: vec![number?],
        details: Details::named(name?),
    })
}

fn name(row: &Row) -> Result<String, BadRow> {
    let name = row.text("name")?;
    if name.chars().count() > LONGEST_NAME {
        return Err(row.bad("name", format!("has more than {LONGEST_NAME} characters")));
    }
    Ok(name)
}

fn number(row: &Row) -> Result<IdentityNumber, BadRow> {
    let kind: identity_number::Kind = row.parse("number_kind", "cccd, cmnd, mst or passport")?;
    IdentityNumber::parse(kind, row.get("number"), "number").map_err(|violation| {
        row.bad(
            "number",
            format!("{}: {}", violation.reason, violation.english),
        )
    })
}

fn must_be_empty(row: &Row, columns: &[&str], findings: &mut Findings) {
    for column in columns.iter().filter(|column| !row.get(column).is_empty()) {
        findings.note(row.bad(column, format!("must be empty for a {}", row.get("role"))));
    }
}
