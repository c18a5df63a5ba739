//! What people hand in: procedures of the province, and dossiers under them.

use proto::intake::v1::{
    Applicant, ApplicantNumberKind, Channel, HandedIn, RegisterDossierRequest, SubmitDossierRequest,
};

use crate::cast::{AN, particulars};
use crate::new_request_id;

/// A procedure as the province's files have it.
#[derive(Clone, Copy, Debug)]
pub struct Procedure {
    /// Its national code.
    pub code: &'static str,
    /// The keys of its components.
    pub components: &'static [&'static str],
}

const ALL: &[&str] = &["form", "identity", "evidence"];

/// Birth registration: commune, level 3, the same day.
pub const BIRTH: Procedure = procedure("1.001193", ALL);
/// Marriage at the border: commune, level 3, three working days.
pub const MARRIAGE: Procedure = procedure("1.000094", ALL);
/// Recognition of a child at the border: commune, level 2.
pub const AT_THE_DESK_ONLY: Procedure = procedure("1.000080", ALL);
/// Help for those who were hurt protecting dykes: handed in at a commune, decided by its district, level 3.
pub const DECIDED_BY_DISTRICT: Procedure = procedure("1.010091", ALL);
/// A list of forest products: Sở Nông nghiệp, level 3.
pub const FOREST_PRODUCTS: Procedure = procedure("1.000045", ALL);
/// Sở Nông nghiệp examines, the provincial office decides, level 3.
pub const DECIDED_BY_OFFICE: Procedure = procedure("1.003870", ALL);
/// Sở Nông nghiệp leads a consultation, level 3.
pub const CONSULTATION: Procedure = procedure("1.000047", &["form", "identity"]);
/// Carried out by an agency beside the province's units.
pub const VERTICAL: Procedure = procedure("1.000344", &["form", "identity"]);

const fn procedure(code: &'static str, components: &'static [&'static str]) -> Procedure {
    Procedure { code, components }
}

impl Procedure {
    fn handed_in(self) -> Vec<HandedIn> {
        let handed_in = |key: &&str| HandedIn {
            component_key: (*key).to_owned(),
            originals: 1,
            copies: 1,
        };
        self.components.iter().map(handed_in).collect()
    }

    /// Handed in online at a unit.
    pub fn online(self, unit: &str) -> SubmitDossierRequest {
        SubmitDossierRequest {
            request_id: new_request_id(),
            procedure_code: self.code.to_owned(),
            case_key: String::new(),
            receiving_unit_uid: unit.to_owned(),
            applicant: Some(applicant(AN)),
            components: self.handed_in(),
            form_data: String::new(),
            ..Default::default()
        }
    }

    /// Handed in at the counter of a unit.
    pub fn at_counter(self, unit: &str) -> RegisterDossierRequest {
        RegisterDossierRequest {
            request_id: new_request_id(),
            procedure_code: self.code.to_owned(),
            case_key: String::new(),
            receiving_unit_uid: unit.to_owned(),
            applicant: Some(applicant(AN)),
            components: self.handed_in(),
            channel: Channel::Counter.into(),
            form_data: String::new(),
            ..Default::default()
        }
    }
}

/// A citizen as an applicant.
pub fn applicant(citizen: &str) -> Applicant {
    let (name, number) = particulars(citizen);
    Applicant {
        name: name.to_owned(),
        number_kind: ApplicantNumberKind::Cccd.into(),
        number: number.to_owned(),
        party_uid: String::new(),
        phone: "0905123456".to_owned(),
    }
}
