//! Who calls: officers of a handful of units and two citizens, who sign in at two providers, and a client system with a key.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use kit::caller::sign_assertion;
use kit::identity_number::Kind;
use kit::keys::PrivateKey;
use kit::stand_in::Providers;
use proto::identity::v1::issue_token_request::Proof;
use proto::identity::v1::{ClientKind, ClientRegistration, RateClass, RegisterClientRequest};

/// Phường Tân Lập.
pub const COMMUNE: &str = "daklak-0035";
/// Phường Tân Hòa, of the same district.
pub const OTHER_COMMUNE: &str = "daklak-0036";
/// Thành phố Buôn Ma Thuột, above both.
pub const DISTRICT: &str = "daklak-0020";
/// Sở Nông nghiệp và Phát triển nông thôn.
pub const DEPARTMENT: &str = "daklak-0007";
/// Sở Giao thông vận tải.
pub const OTHER_DEPARTMENT: &str = "daklak-0008";
/// Sở Xây dựng, which is consulted.
pub const CONSTRUCTION: &str = "daklak-0009";
/// Sở Tài nguyên và Môi trường, which is consulted.
pub const ENVIRONMENT: &str = "daklak-0010";
/// Văn phòng UBND tỉnh.
pub const OFFICE: &str = "daklak-0001";
/// What every officer of the cast is called.
pub const OFFICER_NAME: &str = "Nguyễn Thị Lan";
/// An administrator of the province.
pub const ADMINISTRATOR: &str = "administrator";
/// The province itself.
pub const PROVINCE: &str = "daklak-0000";
/// A citizen.
pub const AN: &str = "citizen-an";
/// Another citizen.
pub const BINH: &str = "citizen-binh";
/// A system that acts for the commune.
pub const CLIENT: &str = "client-tan-lap";
/// How the names of client systems begin, all of which sign with one key.
const OF_CLIENTS: &str = "client-";

const UNITS: [&str; 8] = [
    COMMUNE,
    OTHER_COMMUNE,
    DISTRICT,
    DEPARTMENT,
    OTHER_DEPARTMENT,
    CONSTRUCTION,
    ENVIRONMENT,
    OFFICE,
];
const ROLES: [&str; 4] = ["receptionist", "examiner", "leader", "cashier"];

/// The file of the providers, in the folder of the cast.
pub const PROVIDERS: &str = "providers.json";
/// The file of the officers.
pub const OFFICERS: &str = "officers.csv";
/// The file of their positions.
pub const POSITIONS: &str = "positions.csv";
const POSITION: [&str; 6] = [
    "subject",
    "role",
    "unit",
    "first_day",
    "last_day",
    "acting_for",
];
const CLIENT_RPCS: [&str; 4] = [
    "motcua.intake.v1.DossierService/SubmitDossier",
    "motcua.routing.v1.TransferService/AcceptTransfer",
    "motcua.routing.v1.TransferService/PullTransfers",
    "motcua.routing.v1.TransferService/StreamTransfers",
];

/// Somebody who hands in online.
pub struct Citizen {
    /// What the tests call it. In tokens it is its party.
    pub subject: String,
    /// The name.
    pub name: String,
    /// The CCCD.
    pub number: String,
}

/// The names of a citizen's particulars: name and CCCD.
pub fn particulars(citizen: &str) -> (&'static str, &'static str) {
    match citizen {
        BINH => ("Y Bình Niê", "066088000002"),
        _ => ("H'An Êban", "066088000001"),
    }
}

/// The key of the providers, and whoever does not sign in there under a name of its own.
pub struct Cast {
    providers: Providers,
    citizens: HashMap<String, Citizen>,
    client: PrivateKey,
}

impl Cast {
    /// Writes into a folder what `motcua import` reads of the officers, and what `motcua serve` reads of the providers.
    pub fn write(folder: &Path) -> Self {
        let citizens = [AN, BINH].into_iter().map(|subject| {
            let (name, number) = particulars(subject);
            Citizen {
                subject: subject.to_owned(),
                name: name.to_owned(),
                number: number.to_owned(),
            }
        });
        Self::of(folder, UNITS.into_iter(), citizens)
    }

    /// The same for four officers of each of these units, and for these citizens.
    pub fn of<'a>(
        folder: &Path,
        units: impl Iterator<Item = &'a str>,
        citizens: impl Iterator<Item = Citizen>,
    ) -> Self {
        fs::create_dir_all(folder).expect("the folder of the cast can be made");
        write_officers(folder, units);
        let providers = Providers::new(PrivateKey::generate());
        let settings = providers.settings().to_string();
        let written = fs::write(folder.join(PROVIDERS), settings);
        written.expect("the providers are written");
        let citizens = citizens.map(|citizen| (citizen.subject.clone(), citizen));
        Self {
            providers,
            citizens: citizens.collect(),
            client: PrivateKey::generate(),
        }
    }

    /// What somebody asks for a token with.
    pub fn proof(&self, subject: &str) -> Proof {
        let signed = match self.citizens.get(subject) {
            Some(Citizen { name, number, .. }) => {
                let id_token = self.providers.applicant(name, Kind::Cccd, number);
                id_token.map(Proof::IdToken)
            }
            None if subject.starts_with(OF_CLIENTS) => {
                sign_assertion(subject, &self.client).map(Proof::Assertion)
            }
            None => self.providers.officer(subject).map(Proof::IdToken),
        };
        signed.expect("the key signs")
    }

    /// What registers the client system.
    pub fn registration(&self) -> RegisterClientRequest {
        self.registration_of(CLIENT, COMMUNE, &CLIENT_RPCS)
    }

    /// What registers a client system that acts for a unit and may call these rpcs.
    pub fn registration_of(
        &self,
        client: &str,
        unit: &str,
        rpcs: &[&str],
    ) -> RegisterClientRequest {
        let registration = ClientRegistration {
            name: "Phần mềm một cửa".to_owned(),
            kind: ClientKind::System.into(),
            rpcs: rpcs.iter().map(|rpc| (*rpc).to_owned()).collect(),
            unit_uids: vec![unit.to_owned()],
            rate_class: RateClass::High.into(),
            certificate_subject: String::new(),
            everywhere: false,
        };
        RegisterClientRequest {
            request_id: format!("register-{client}"),
            client_id: client.to_owned(),
            registration: Some(registration),
            jwks: vec![self.client.public().to_jwk()],
        }
    }
}

/// The officer of a unit in a role.
pub fn subject(unit: &str, role: &str) -> String {
    format!("{unit}-{role}")
}

/// The client system of a unit.
pub fn client_of(unit: &str) -> String {
    format!("{OF_CLIENTS}{unit}")
}

/// Four for each of these units, and an administrator of the province.
fn write_officers<'a>(folder: &Path, units: impl Iterator<Item = &'a str>) {
    let of_units = units.flat_map(|unit| ROLES.map(|role| (subject(unit, role), role, unit)));
    let first = (ADMINISTRATOR.to_owned(), "province_administrator", PROVINCE);
    let table = |file, header: &[&str]| {
        let mut table = csv::Writer::from_path(folder.join(file)).expect("a file can be made");
        table.write_record(header).expect("a header is written");
        table
    };
    let mut officers = table(OFFICERS, &["subject", "name"]);
    let mut positions = table(POSITIONS, &POSITION);
    for (subject, role, unit) in of_units.chain([first]) {
        let position = [&subject, role, unit, "2017-01-01", "", ""];
        let written = officers.write_record([subject.as_str(), OFFICER_NAME]);
        written.expect("an officer is written");
        let written = positions.write_record(position);
        written.expect("a position is written");
    }
    officers.flush().expect("the officers are written");
    positions.flush().expect("the positions are written");
}
