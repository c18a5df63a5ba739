//! A unit in each way in which one can stand to a dossier, with what is around it.

use std::time::Duration;

use kit::caller::Role;
use kit::testing::until;
use proto::identity::v1::{IdentityNumber, IdentityNumberKind, PartyKind, RegisterPartyRequest};
use proto::intake::v1::Dossier;
use proto::routing::v1::{Transfer, TransferState};
use tests::cast::{
    AN, BINH, COMMUNE, CONSTRUCTION, DEPARTMENT, DISTRICT, OFFICE, OTHER_COMMUNE, OTHER_DEPARTMENT,
    PROVINCE, particulars,
};
use tests::filing::{
    BIRTH, CONSULTATION, DECIDED_BY_OFFICE, FOREST_PRODUCTS, Procedure, applicant,
};
use tests::{Held, Suite, desk, new_request_id};

use crate::tokens::Mint;

const PATIENCE: Duration = Duration::from_secs(10);
const MORNING: &str = "2017-08-28T09:00";

/// How a unit stands to a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was handed in at its desk, and is not received yet.
    Desk,
    /// It was handed in there, and the unit has sent it on; the offer is open.
    Sender,
    /// The deciding step is offered to it.
    Offered,
    /// It holds a step that does not decide: it is asked for an opinion.
    Advises,
    /// It held such a step; others work on the dossier.
    Advised,
    /// It holds the deciding step.
    Holder,
    /// It held the deciding step.
    PastHolder,
    /// It holds the step in which the result is handed over.
    Result,
    /// In no way.
    Stranger,
}

impl Standing {
    pub const ALL: [Self; 9] = [
        Self::Desk,
        Self::Sender,
        Self::Offered,
        Self::Advises,
        Self::Advised,
        Self::Holder,
        Self::PastHolder,
        Self::Result,
        Self::Stranger,
    ];
}

/// Where the caller stands.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// It is the citizen An: of all dossiers but the stranger's the owner.
    OwnDossier,
    /// At the unit itself.
    OwnUnit,
    /// At the unit above.
    Parent,
    /// At another unit below the same one.
    Sibling,
    /// Elsewhere.
    Unrelated,
}

/// A unit and a dossier.
pub struct Scene {
    pub dossier: Dossier,
    /// The transfer of the standing; that of the stranger's is between others, and before reception there is none.
    pub transfer: Transfer,
    /// A block of codes of the unit, given back already.
    pub block: String,
    /// The unit.
    pub unit: &'static str,
    sibling: &'static str,
    parent: &'static str,
    unrelated: &'static str,
    /// Where in routing's log it stands so.
    position: Option<String>,
}

/// A transfer of a dossier, and where in routing's log it came so far.
struct Reached {
    dossier: Dossier,
    transfer: Transfer,
    position: Option<String>,
}

impl Scene {
    /// Whose dossier it is.
    pub fn owner(&self) -> &str {
        let owner = self.dossier.applicant.as_ref();
        owner.map_or("", |owner| &owner.party_uid)
    }
}

/// What is there to be asked for.
pub struct World {
    pub suite: Suite,
    pub mint: Mint,
    /// An and Bình.
    pub parties: [String; 2],
}

impl World {
    pub async fn start() -> Self {
        Self::of(Suite::start().await).await
    }

    /// The same in this suite, which runs.
    pub async fn of(suite: Suite) -> Self {
        let mint = Mint::of(&suite);
        let desk = mint.actor(&suite, Some(Role::Receptionist), COMMUNE);
        let mut parties = [String::new(), String::new()];
        for (party, citizen) in parties.iter_mut().zip([AN, BINH]) {
            let (name, number) = particulars(citizen);
            let registered = desk.ok(RegisterPartyRequest {
                request_id: new_request_id(),
                kind: PartyKind::Citizen.into(),
                name: name.to_owned(),
                identity_number: Some(IdentityNumber {
                    kind: IdentityNumberKind::Cccd.into(),
                    value: number.to_owned(),
                }),
                ..Default::default()
            });
            *party = registered.await.message.party.unwrap().uid;
        }
        Self {
            suite,
            mint,
            parties,
        }
    }

    /// The name that a caller has in its token: that of a unit, or of An.
    pub fn name<'a>(&'a self, scene: &'a Scene, place: Place) -> &'a str {
        match place {
            Place::OwnDossier => &self.parties[0],
            Place::OwnUnit => scene.unit,
            Place::Parent => scene.parent,
            Place::Sibling => scene.sibling,
            Place::Unrelated => scene.unrelated,
        }
    }

    /// Plays a dossier up to where a unit stands so to it, and intake has heard of that.
    pub async fn scene(&self, standing: Standing) -> Scene {
        let scene = self.played(standing).await;
        let owner = self
            .mint
            .actor(&self.suite, Some(Role::Applicant), scene.owner());
        let heard = owner.after(scene.position.as_ref());
        heard.ok(desk::by_uid(&scene.dossier.uid)).await;
        let desk = self
            .mint
            .actor(&self.suite, Some(Role::Receptionist), scene.unit);
        let reserve = desk::reserve(scene.unit, "2017-08-28", 1);
        let block = desk.ok(reserve).await.message.block_uid;
        desk.ok(desk::return_codes(&block)).await;
        Scene { block, ..scene }
    }

    async fn played(&self, standing: Standing) -> Scene {
        match standing {
            Standing::Desk => self.at_the_desk().await,
            Standing::Stranger => self.of_strangers().await,
            Standing::Sender => among_departments(DEPARTMENT, self.offered_to_the_office().await),
            Standing::Offered => among_departments(OFFICE, self.offered_to_the_office().await),
            Standing::Advises => among_departments(CONSTRUCTION, self.consulted().await),
            Standing::Advised => among_departments(CONSTRUCTION, self.advised().await),
            Standing::Holder => among_departments(OFFICE, self.held_by_the_office().await),
            Standing::PastHolder => among_departments(OFFICE, self.decided().await),
            Standing::Result => among_departments(DEPARTMENT, self.result().await),
        }
    }

    async fn at_the_desk(&self) -> Scene {
        let owner = self
            .mint
            .actor(&self.suite, Some(Role::Applicant), &self.parties[0]);
        let submitted = owner.ok(BIRTH.online(COMMUNE)).await;
        Scene {
            dossier: submitted.message.dossier.unwrap(),
            transfer: Transfer {
                uid: new_request_id(),
                offer_epoch: 1,
                custody_epoch: 1,
                ..Transfer::default()
            },
            block: String::new(),
            unit: COMMUNE,
            sibling: OTHER_COMMUNE,
            parent: DISTRICT,
            unrelated: OTHER_DEPARTMENT,
            position: None,
        }
    }

    /// Bình's dossier, on its way through a department.
    async fn of_strangers(&self) -> Scene {
        let dossier = self.register(FOREST_PRODUCTS, BINH).await;
        let transfer = self.open_offer(&dossier, &[DEPARTMENT]).await;
        let offered = Reached {
            dossier,
            transfer,
            position: None,
        };
        among_departments(OFFICE, offered)
    }

    /// An's dossier, of which the department has sent the deciding step to the province's office.
    async fn offered_to_the_office(&self) -> Reached {
        let dossier = self.register(DECIDED_BY_OFFICE, AN).await;
        let mut position = None;
        loop {
            let transfer = self.open_offer(&dossier, &[DEPARTMENT, OFFICE]).await;
            if transfer.to_unit_uid == OFFICE {
                return Reached {
                    dossier,
                    transfer,
                    position,
                };
            }
            let held = self.suite.accept(&transfer, MORNING).await;
            position = self.completed(&held).await;
        }
    }

    async fn held_by_the_office(&self) -> Reached {
        let offered = self.offered_to_the_office().await;
        self.accepted(offered).await
    }

    async fn decided(&self) -> Reached {
        let held = self.held_by_the_office().await;
        self.suite.decide(&held.held(), MORNING).await;
        held
    }

    /// The desk of the department has the result.
    async fn result(&self) -> Reached {
        let decided = self.decided().await;
        let transfer = self.open_offer(&decided.dossier, &[DEPARTMENT]).await;
        let offered = Reached {
            transfer,
            ..decided
        };
        self.accepted(offered).await
    }

    /// An's dossier, about which the department asks another that has taken it up.
    async fn consulted(&self) -> Reached {
        let dossier = self.register(CONSULTATION, AN).await;
        let opening = self.open_offer(&dossier, &[DEPARTMENT]).await;
        let opening = self.suite.accept(&opening, MORNING).await;
        let position = self.completed(&opening).await;
        let transfer = self.open_offer(&dossier, &[CONSTRUCTION]).await;
        let offered = Reached {
            dossier,
            transfer,
            position,
        };
        self.accepted(offered).await
    }

    async fn advised(&self) -> Reached {
        let consulted = self.consulted().await;
        let position = self.completed(&consulted.held()).await;
        Reached {
            position,
            ..consulted
        }
    }

    async fn accepted(&self, offered: Reached) -> Reached {
        let held = self.suite.accept(&offered.transfer, MORNING).await;
        Reached {
            transfer: held.transfer,
            position: held.position,
            ..offered
        }
    }

    /// Has a step done; where that stands in routing's log.
    async fn completed(&self, held: &Held) -> Option<String> {
        let officer = self.suite.officer_of(&held.transfer).at(MORNING);
        officer.ok(desk::complete(held)).await.position
    }

    async fn register(&self, procedure: Procedure, citizen: &str) -> Dossier {
        let mut request = procedure.at_counter(DEPARTMENT);
        let mut owner = applicant(citizen);
        owner
            .party_uid
            .clone_from(&self.parties[usize::from(citizen == BINH)]);
        request.applicant = Some(owner);
        let registered = self.suite.receptionist(DEPARTMENT).ok(request).await;
        registered.message.dossier.unwrap()
    }

    /// The open offer of a dossier to one of these units.
    async fn open_offer(&self, dossier: &Dossier, to: &[&str]) -> Transfer {
        let desk = self.suite.receptionist(DEPARTMENT);
        let route = proto::routing::v1::GetRouteRequest {
            dossier_uid: dossier.uid.clone(),
        };
        until("a step is offered", PATIENCE, async || {
            let route = desk.call(route.clone()).await.ok()?;
            let mut transfers = route.message.transfers.into_iter();
            transfers.find(|transfer| {
                let is_open = transfer.state() == TransferState::Offered;
                is_open && to.contains(&transfer.to_unit_uid.as_str())
            })
        })
        .await
    }
}

impl Reached {
    fn held(&self) -> Held {
        Held {
            transfer: self.transfer.clone(),
            position: self.position.clone(),
        }
    }
}

fn among_departments(unit: &'static str, reached: Reached) -> Scene {
    Scene {
        dossier: reached.dossier,
        transfer: reached.transfer,
        block: String::new(),
        unit,
        sibling: OTHER_DEPARTMENT,
        parent: PROVINCE,
        unrelated: COMMUNE,
        position: reached.position,
    }
}
