//! The small world: three units, an applicant, one procedure, one moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{Days, NaiveDate, NaiveDateTime};
use intake::model as intake;
use kit::authority::Rights;
use kit::caller::{Caller, Grant, Reach, Role};
use kit::clock::{self, Moment};
use kit::copies::{self, CALENDAR, Copy, PROCEDURE, PROVINCE_CALENDAR, UNIT};
use kit::identity_number::{IdentityNumber, Kind};
use kit::seal::DataKey;
use kit::testing;
use proto::catalogue::v1 as catalogue;
use proto::identity::v1 as identity;

/// The dossier.
pub const DOSSIER: &str = "dossier";
/// What is handed in, and asked for again.
pub const COMPONENT: &str = "declaration";

const PROCEDURE_CODE: &str = "1.001193";
const LONG_AGO: &str = "2004-01-01";
const YESTERDAY: &str = "2017-08-27";
const SUBMIT: &str = "intake.DossierService/SubmitDossier";
/// What an officer is in its unit: all that the steps and the desk need, so that nothing is refused for a role.
const ROLES: [Role; 4] = [
    Role::Receptionist,
    Role::Examiner,
    Role::Leader,
    Role::Cashier,
];

/// Who acts: the applicant, or the officer of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// Whose dossier it is.
    Applicant,
    /// The commune that receives it and returns the result.
    Desk,
    /// The district above, which leads and decides.
    District,
    /// The department that is consulted.
    Department,
}

impl Who {
    /// Those who act for a unit.
    pub const UNITS: [Self; 3] = [Self::Desk, Self::District, Self::Department];

    /// The uid of its unit, or of its party.
    pub fn name(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Desk => "desk",
            Self::District => "district",
            Self::Department => "department",
        }
    }

    /// What it may do by an rpc.
    pub fn rights(self, rpc: &str) -> Rights {
        let at = || Reach::At(vec![self.name().to_owned()]);
        let roles = match self {
            Self::Applicant => &[Role::Applicant][..],
            Self::Desk | Self::District | Self::Department => &ROLES,
        };
        let grants = roles.iter().map(|role| Grant {
            role: *role,
            reach: at(),
        });
        let caller = Caller {
            subject: self.name().to_owned(),
            grants: grants.collect(),
            client: None,
            certificate: None,
        };
        Rights::of(Arc::new(caller), rpc)
    }
}

/// The rights of everybody by every rpc that was called, found once.
#[derive(Default)]
pub struct People(Mutex<BTreeMap<(Who, &'static str), Rights>>);

impl People {
    pub fn rights(&self, who: Who, rpc: &'static str) -> Rights {
        let mut known = self.0.lock().unwrap();
        let rights = known.entry((who, rpc));
        rights.or_insert_with(|| who.rights(rpc)).clone()
    }
}

/// The way of the dossier: two branches that the desk offers at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The district leads and signs when the department has been heard too.
    Joins,
    /// The district leads and decides, while the department is still asked.
    LeadDecides,
    /// The district prepares, leads, and signs when the department has been heard too: there is a way to go back on.
    Long,
}

impl Way {
    fn steps(self) -> Vec<catalogue::Step> {
        let step = |key: &str, part: catalogue::StepPart, decides| catalogue::Step {
            key: key.to_owned(),
            name: format!("Bước {key}"),
            unit_rule: catalogue::UnitRule::Competent.into(),
            role: catalogue::StepRole::Examiner.into(),
            share_percent: 20,
            part: part.into(),
            decides,
            ..catalogue::Step::default()
        };
        let decides = self == Self::LeadDecides;
        let mut steps = vec![
            step("lead", catalogue::StepPart::Lead, decides),
            catalogue::Step {
                unit_rule: catalogue::UnitRule::Fixed.into(),
                unit_uid: Who::Department.name().to_owned(),
                ..step("asked", catalogue::StepPart::Consulted, false)
            },
        ];
        if self == Self::Long {
            steps[0].after.push("prepare".to_owned());
            steps.push(step("prepare", catalogue::StepPart::Sole, false));
        }
        if self != Self::LeadDecides {
            steps.push(catalogue::Step {
                after: vec!["lead".to_owned(), "asked".to_owned()],
                ..step("sign", catalogue::StepPart::Sole, true)
            });
        }
        steps
    }

    fn procedure(self) -> catalogue::Procedure {
        let case = catalogue::Case {
            key: "standard".to_owned(),
            limit: Some(catalogue::Limit {
                unit: catalogue::LimitUnit::WorkingDay.into(),
                count: 10,
                ..catalogue::Limit::default()
            }),
            route: Some(catalogue::Route {
                steps: self.steps(),
                ..catalogue::Route::default()
            }),
            components: vec![catalogue::Component {
                key: COMPONENT.to_owned(),
                originals: 1,
                ..catalogue::Component::default()
            }],
            ..catalogue::Case::default()
        };
        catalogue::Procedure {
            code: PROCEDURE_CODE.to_owned(),
            level: catalogue::CompetentLevel::District.into(),
            lead_unit_uid: Who::Department.name().to_owned(),
            version: Some(catalogue::Version {
                number: 1,
                effective_from: LONG_AGO.to_owned(),
                cases: vec![case],
                ..catalogue::Version::default()
            }),
            online_levels: vec![catalogue::OnlineLevel {
                valid_from: LONG_AGO.to_owned(),
                level: 4,
                ..catalogue::OnlineLevel::default()
            }],
            ..catalogue::Procedure::default()
        }
    }

    /// What both services have heard of the others before.
    pub fn copies(self) -> Vec<Copy> {
        let procedure = self.procedure();
        let all = catalogue::ProcedureChanged {
            code: PROCEDURE_CODE.to_owned(),
            procedures: vec![procedure.clone()],
        };
        let version = copies::version_key(PROCEDURE_CODE, 1);
        let mut copies = vec![
            Copy::new(PROCEDURE, PROCEDURE_CODE, &all),
            Copy::new(PROCEDURE, version, &procedure),
            Copy::new(CALENDAR, PROVINCE_CALENDAR, &testing::calendar()),
        ];
        copies.extend(units().iter().map(|unit| Copy::new(UNIT, &unit.uid, unit)));
        copies
    }

    /// The unit that may be no more, and the one that does its work then.
    pub fn succession(self) -> (Who, Who) {
        match self {
            Self::Joins | Self::Long => (Who::District, Who::Department),
            Self::LeadDecides => (Who::Desk, Who::District),
        }
    }

    /// What both services hear of its end.
    pub fn without_a_unit(self) -> Vec<Copy> {
        let (gone, heir) = self.succession();
        let ended = units().into_iter().filter(|unit| unit.uid == gone.name());
        let ended = ended.map(|unit| identity::Unit {
            valid_to: YESTERDAY.to_owned(),
            successor_uid: heir.name().to_owned(),
            ..unit
        });
        ended
            .map(|unit| Copy::new(UNIT, &unit.uid, &unit))
            .collect()
    }
}

fn units() -> [identity::Unit; 3] {
    let unit = |who: Who, kind: identity::UnitKind, parent: &str| identity::Unit {
        uid: who.name().to_owned(),
        kind: kind.into(),
        periods: vec![identity::UnitPeriod {
            valid_from: LONG_AGO.to_owned(),
            name: who.name().to_owned(),
            parent_uid: parent.to_owned(),
            national_code: "000.00.12.H15".to_owned(),
            ..identity::UnitPeriod::default()
        }],
        ..identity::Unit::default()
    };
    let district = Who::District.name();
    [
        unit(Who::Desk, identity::UnitKind::Commune, district),
        unit(Who::District, identity::UnitKind::District, ""),
        unit(Who::Department, identity::UnitKind::Department, ""),
    ]
}

/// The day on which everything happens, a Monday.
pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2017, 8, 28).unwrap()
}

/// The moment at which everything happens: what came first, the logs say, not the clock.
pub fn now() -> Moment {
    clock::from_local(at_nine(today()))
}

/// The appointment of an apology.
pub fn new_appointment() -> Moment {
    clock::from_local(at_nine(today() + Days::new(35)))
}

/// When nobody has answered a supplement.
pub fn too_late() -> Moment {
    clock::from_local(at_nine(today() + Days::new(31)))
}

fn at_nine(day: NaiveDate) -> NaiveDateTime {
    day.and_hms_opt(9, 0, 0).unwrap()
}

/// What the applicant hands in.
pub fn handed() -> intake::Handed {
    intake::Handed {
        rights: Who::Applicant.rights(SUBMIT),
        uid: DOSSIER.to_owned(),
        key: DataKey::generate(),
        date: today(),
        procedure_code: PROCEDURE_CODE.to_owned(),
        case_key: String::new(),
        receiving_unit: Who::Desk.name().to_owned(),
        competent_unit: None,
        returning_unit: None,
        applicant: intake::Applicant {
            name: "Y Moan Êban".to_owned(),
            number: IdentityNumber::parse(Kind::Cccd, "066085000123", "number").unwrap(),
            phone: String::new(),
        },
        party: Some(Who::Applicant.name().to_owned()),
        components: vec![component()],
        form: String::new(),
        channel: intake::Channel::Online,
        filed_by: intake::FiledBy::Itself,
        origin: None,
        at_desk: false,
        offline: None,
    }
}

/// The one component.
pub fn component() -> intake::HandedIn {
    intake::HandedIn {
        key: COMPONENT.to_owned(),
        originals: 1,
        copies: 0,
    }
}
