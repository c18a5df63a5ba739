//! A store of identity in a folder of its own, and the small province.

use std::path::{Path, PathBuf};

use identity::{Files, Register};
use kit::db::{Db, Stores};
use tempfile::TempDir;

pub const UNITS_HEADER: &str =
    "uid,code,kind,subtype,name,short_name,parent,national_code,valid_from,valid_to\n";
pub const SUCCESSIONS_HEADER: &str = "day,from,to,change,share,default,basis\n";

/// A province of one commune that was merged into another.
pub const UNITS: &str = "\
p,66,province,tỉnh,Tỉnh Đắk Lắk,Đắk Lắk,,000.00.00.H15,2004-01-01,
old,24133,commune,phường,Phường Thành Công,Thành Công,p,000.00.01.H15,2004-01-01,
new,24134,commune,phường,Phường Tân Lập,Tân Lập,p,000.00.02.H15,2004-01-01,
";
const SUCCESSIONS: &str = "2017-07-01,old,new,merged,whole,1,Nghị quyết 1\n";

/// An empty store of identity.
pub struct Store {
    pub folder: TempDir,
    pub db: Db,
    _stores: Stores,
}

impl Store {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (stores, db) = kit::testing::open(&data, "identity").await.unwrap();
        identity::migrate(&db).await.unwrap();
        Self {
            folder,
            db,
            _stores: stores,
        }
    }

    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub async fn import(&self, units: &Path) {
        let files = Files {
            units: Some(units),
            ..Files::default()
        };
        self.take_in(&files).await;
    }

    /// Takes in a folder of units and successions.
    pub async fn import_folder(&self, folder: &Path) {
        let (units, successions) = (folder.join("units.csv"), folder.join("successions.csv"));
        let files = Files {
            units: Some(&units),
            successions: Some(&successions),
            ..Files::default()
        };
        self.take_in(&files).await;
    }

    pub async fn take_in(&self, files: &Files<'_>) {
        let province = identity::read(files, &self.known().await).unwrap();
        identity::import(self.db.clone(), province).await.unwrap();
    }

    /// The units that it has.
    pub async fn known(&self) -> Register {
        identity::units(self.db.read()).await.unwrap()
    }

    /// Takes in the small province.
    pub async fn import_small(&self) {
        self.write("units.csv", &format!("{UNITS_HEADER}{UNITS}"));
        let successions = format!("{SUCCESSIONS_HEADER}{SUCCESSIONS}");
        self.write("successions.csv", &successions);
        self.import_folder(self.folder.path()).await;
    }

    /// How many events the log has.
    pub async fn events(&self) -> i64 {
        let heads = kit::log::heads(self.db.read()).await.unwrap();
        heads.iter().map(|head| head.seq).sum()
    }
}
