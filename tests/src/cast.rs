//! Who calls: officers of a handful of units, an administrator, two citizens and a client system, each with a key of its own.

use std::collections::HashMap;
use std::path::Path;

use kit::keys::PrivateKey;

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
/// A citizen.
pub const AN: &str = "citizen-an";
/// Another citizen.
pub const BINH: &str = "citizen-binh";
/// A system that acts for the commune.
pub const CLIENT: &str = "client-tan-lap";
/// An administrator of the province.
pub const ADMINISTRATOR: &str = "administrator";

/// The province.
const PROVINCE: &str = "daklak-0000";
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
const ROLES: [&str; 3] = ["receptionist", "examiner", "leader"];

const COLUMNS: [&str; 7] = [
    "subject",
    "role",
    "unit",
    "public_key",
    "name",
    "number_kind",
    "number",
];

/// Somebody who hands in online.
pub struct Citizen {
    /// The subject of the token.
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

/// The keys of everybody who calls.
#[derive(Default)]
pub struct Cast {
    keys: HashMap<String, PrivateKey>,
}

impl Cast {
    /// Makes a key for everybody and writes what `motcua import` reads.
    pub fn write(path: &Path) -> Self {
        let citizens = [AN, BINH].into_iter().map(|subject| {
            let (name, number) = particulars(subject);
            Citizen {
                subject: subject.to_owned(),
                name: name.to_owned(),
                number: number.to_owned(),
            }
        });
        let mut cast = Self::of(path, UNITS.into_iter(), citizens);
        let client = [CLIENT, "client", COMMUNE, &cast.join(CLIENT), "", "", ""];
        let file = std::fs::OpenOptions::new().append(true).open(path);
        let mut file = csv::Writer::from_writer(file.expect("the file was just made"));
        file.write_record(client).expect("a caller is written");
        let key = cast.join(ADMINISTRATOR);
        let role = "province_administrator";
        let administrator = [ADMINISTRATOR, role, PROVINCE, &key, "", "", ""];
        file.write_record(administrator)
            .expect("a caller is written");
        file.flush().expect("the callers are written");
        cast
    }

    /// The same for three officers of each of these units, and for these citizens.
    pub fn of<'a>(
        path: &Path,
        units: impl Iterator<Item = &'a str>,
        citizens: impl Iterator<Item = Citizen>,
    ) -> Self {
        let mut cast = Self::default();
        let mut file = csv::Writer::from_path(path).expect("the file of callers can be made");
        file.write_record(COLUMNS).expect("the header is written");
        let mut write = |row: [&str; 7]| file.write_record(row).expect("a caller is written");
        for unit in units {
            for role in ROLES {
                let subject = subject(unit, role);
                write([&subject, role, unit, &cast.join(&subject), "", "", ""]);
            }
        }
        for Citizen {
            subject,
            name,
            number,
        } in citizens
        {
            let key = cast.join(&subject);
            write([&subject, "applicant", "", &key, &name, "cccd", &number]);
        }
        file.flush().expect("the callers are written");
        cast
    }

    fn join(&mut self, subject: &str) -> String {
        let key = PrivateKey::generate();
        let public = key.public().to_base64();
        self.keys.insert(subject.to_owned(), key);
        public
    }

    /// The assertion by which somebody asks for a token.
    pub fn assertion(&self, subject: &str) -> String {
        let key = self.keys.get(subject).expect("somebody of the cast");
        kit::caller::sign_assertion(subject, key).expect("the key signs")
    }
}

/// The officer of a unit in a role.
pub fn subject(unit: &str, role: &str) -> String {
    format!("{unit}-{role}")
}
