//! What a batch of acts reads of codes: the last numbers of desks, blocks of numbers, and who has which code.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{DatabaseTransaction, DbErr};

use super::World;
use crate::act::{Act, Handed};
use crate::block::Block;
use crate::change::Change;
use crate::code::DossierCode;
use crate::error::Error;
use crate::ledger::Intake;
use crate::store;

/// A unit and a local day.
type Desk = (String, NaiveDate);

/// What was loaded, and what the batch has changed of it so far.
#[derive(Clone, Default)]
pub struct Codes {
    last: HashMap<Desk, u32>,
    blocks: HashMap<String, Block>,
    /// The dossiers that have them.
    used: HashMap<DossierCode, String>,
}

/// What to load.
#[derive(Default)]
struct Wanted<'a> {
    /// Desks that give out the next number.
    allotting: BTreeSet<Desk>,
    /// Desks whose counter was offline.
    offline: BTreeSet<Desk>,
    /// What it registers.
    codes: BTreeSet<&'a DossierCode>,
    /// Blocks that are given back.
    blocks: BTreeSet<&'a str>,
}

impl Intake {
    /// Loads what these acts read of codes.
    pub(super) async fn load_codes(
        &self,
        tx: &DatabaseTransaction,
        world: &mut World,
        (acts, handed): (&[&Act], &[&Handed]),
    ) -> Result<(), DbErr> {
        world.codes = Codes::load(tx, &world.wanted_codes(acts)).await?;
        let offline = handed.iter().filter_map(|handed| handed.offline.as_ref());
        let registered = offline.filter_map(|offline| world.codes.dossier(&offline.code));
        let registered: BTreeSet<&str> = registered.collect();
        if registered.is_empty() {
            return Ok(());
        }
        for dossier in store::dossiers(tx, &self.ring, &registered).await? {
            world.dossiers.insert(dossier.uid.clone(), dossier);
        }
        Ok(())
    }
}

impl World {
    /// What these acts read of codes.
    fn wanted_codes<'a>(&self, acts: &[&'a Act]) -> Wanted<'a> {
        let mut wanted = Wanted::default();
        for act in acts {
            match act {
                Act::Hand(handed) => {
                    let desk = self.desk(handed);
                    let desk = desk.map(|desk| (desk.uid.to_owned(), handed.date));
                    if let Some(offline) = &handed.offline {
                        wanted.offline.extend(desk);
                        // It may have ended after it had set them aside.
                        let named = handed.receiving_unit.clone();
                        wanted.offline.insert((named, handed.date));
                        wanted.codes.insert(&offline.code);
                    } else {
                        wanted.allotting.extend(desk);
                    }
                }
                Act::Reserve(reservation) => {
                    let unit = self.units.resolve(&reservation.unit, reservation.date);
                    let desk = unit.map(|unit| (unit.uid.to_owned(), reservation.date));
                    wanted.allotting.extend(desk);
                }
                Act::GiveBack(given_back) => {
                    wanted.blocks.insert(&given_back.block);
                }
                _ => {}
            }
        }
        wanted
    }
}

impl Codes {
    async fn load(tx: &DatabaseTransaction, wanted: &Wanted<'_>) -> Result<Self, DbErr> {
        let last = store::last_numbers(tx, &wanted.allotting).await?;
        let blocks = store::blocks(tx, &wanted.blocks, &wanted.offline).await?;
        let given_back = blocks
            .iter()
            .filter(|block| wanted.blocks.contains(block.uid.as_str()));
        let codes = given_back.flat_map(Block::codes);
        let codes = codes.chain(wanted.codes.iter().map(|code| (*code).clone()));
        // After the locks of their blocks, so that nobody is just taking one.
        let used = store::coded(tx, codes.collect()).await?;
        let keyed = |block: Block| (block.uid.clone(), block);
        Ok(Self {
            last,
            blocks: blocks.into_iter().map(keyed).collect(),
            used,
        })
    }

    /// The last number of a unit on a day; nothing before its first.
    pub fn last(&self, unit: &str, date: NaiveDate) -> Option<u32> {
        self.last.get(&(unit.to_owned(), date)).copied()
    }

    /// The block.
    pub fn block(&self, uid: &str) -> Result<&Block, Error> {
        self.blocks.get(uid).ok_or(Error::BlockNotFound)
    }

    /// The block that has this code, of one of these units.
    pub fn block_of(
        &self,
        is_one: impl Fn(&str) -> bool,
        code: &DossierCode,
    ) -> Result<&Block, Error> {
        let mut blocks = self.blocks.values();
        blocks
            .find(|block| is_one(&block.unit) && block.has(code))
            .ok_or_else(|| Error::CodeNotReserved(code.to_string()))
    }

    /// The dossier that was registered under a code.
    pub fn dossier(&self, code: &DossierCode) -> Option<&str> {
        self.used.get(code).map(String::as_str)
    }

    /// The codes of a block that dossiers have.
    pub fn used(&self, block: &Block) -> BTreeSet<DossierCode> {
        let used = self.used.keys().filter(|code| block.has(code));
        used.cloned().collect()
    }

    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::LastNumber(last) => {
                self.last
                    .insert((last.unit.clone(), last.date), last.number);
            }
            Change::Block(block) => {
                self.blocks.insert(block.uid.clone(), block.clone());
            }
            Change::Dossier(dossier) => {
                self.used.insert(dossier.code.clone(), dossier.uid.clone());
            }
            Change::Clock(_)
            | Change::Custody(_)
            | Change::Named { .. }
            | Change::Void(_)
            | Change::Erased(_)
            | Change::Copy(_) => {}
        }
    }
}
