//! The matrix, played and compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use futures::{StreamExt as _, stream};
use kit::caller::Role;
use tests::rpc::Method;

use crate::probe::{Officers, Outcome, Probe, Subject, officers, subject_of};
use crate::scene::{Place, Scene, Standing, World};
use crate::table::differences;
use crate::tokens::{roles, word};

const EXPECTED: &str = include_str!("expected.txt");
/// Where the whole table is written when it was told otherwise.
const TOLD: &str = "authority-told.txt";
/// How many roles ask at once.
const AT_ONCE: usize = 8;
/// The rpcs that do something where they are let. All others are asked so that something else stops them after that, or do
/// nothing that another question could notice.
const HAVE_AN_EFFECT: [&str; 11] = [
    "intake.DossierService/GuideDossier",
    "intake.DossierService/ReceiveDossier",
    "intake.DossierService/RecordDecision",
    "intake.DossierService/RefuseDossier",
    "intake.DossierService/RequestPayment",
    "intake.DossierService/RequestSupplement",
    "intake.DossierService/ReturnResult",
    "intake.DossierService/StopDossier",
    "intake.DossierService/WithdrawDossier",
    "routing.TransferService/CompleteTransfer",
    "routing.TransferService/ReturnTransfer",
];

/// A column of the table: its heading, and where its questions are asked from.
struct Column {
    heading: &'static str,
    asked: Vec<(Standing, Place)>,
}

/// The columns for what an rpc is about.
fn columns(subject: Subject) -> Vec<Column> {
    let at_the_desk = |heading, place| Column {
        heading,
        asked: vec![(Standing::Desk, place)],
    };
    match subject {
        Subject::Nothing => vec![at_the_desk("may", Place::OwnUnit)],
        Subject::Unit => vec![
            at_the_desk("its unit", Place::OwnUnit),
            at_the_desk("above", Place::Parent),
            at_the_desk("beside", Place::Sibling),
            at_the_desk("elsewhere", Place::Unrelated),
            at_the_desk("a party", Place::OwnDossier),
        ],
        Subject::Party => vec![
            at_the_desk("itself", Place::OwnDossier),
            at_the_desk("a unit", Place::OwnUnit),
        ],
        Subject::Dossier => of_dossiers(),
    }
}

fn of_dossiers() -> Vec<Column> {
    let owned = Standing::ALL.into_iter();
    let owned = owned.filter(|standing| *standing != Standing::Stranger);
    let own_unit = |heading, standing| Column {
        heading,
        asked: vec![(standing, Place::OwnUnit)],
    };
    let from = |heading, place| Column {
        heading,
        asked: Standing::ALL.map(|standing| (standing, place)).to_vec(),
    };
    vec![
        Column {
            heading: "owner",
            asked: owned
                .map(|standing| (standing, Place::OwnDossier))
                .collect(),
        },
        Column {
            heading: "other",
            asked: vec![(Standing::Stranger, Place::OwnDossier)],
        },
        own_unit("desk", Standing::Desk),
        own_unit("sender", Standing::Sender),
        own_unit("offered", Standing::Offered),
        own_unit("advises", Standing::Advises),
        own_unit("advised", Standing::Advised),
        own_unit("holder", Standing::Holder),
        own_unit("held", Standing::PastHolder),
        own_unit("result", Standing::Result),
        own_unit("stranger", Standing::Stranger),
        from("above", Place::Parent),
        from("beside", Place::Sibling),
        from("elsewhere", Place::Unrelated),
    ]
}

fn has_an_effect(method: &Method) -> bool {
    HAVE_AN_EFFECT.contains(&method.short_name().as_str())
}

struct Played {
    world: World,
    scenes: Vec<Scene>,
    officers: Officers,
}

impl Played {
    async fn start() -> Self {
        let world = World::start().await;
        let mut scenes = Vec::new();
        for standing in Standing::ALL {
            scenes.push(world.scene(standing).await);
        }
        let officers = officers(&world, scenes[0].unit).await;
        Self {
            world,
            scenes,
            officers,
        }
    }

    /// How a question is answered, and whether something was done.
    async fn outcome(
        &self,
        method: &Method,
        role: Option<Role>,
        (standing, place): (Standing, Place),
    ) -> (Outcome, bool) {
        let scene = &self.scenes[scene(standing)];
        let name = self.world.name(scene, place);
        let actor = self.world.mint.actor(&self.world.suite, role, name);
        let probe = Probe {
            method,
            world: &self.world,
            scene,
            officers: &self.officers,
        };
        let (outcome, answer) = probe.ask(&actor).await;
        (outcome, answer.is_ok())
    }

    /// The cells of a row.
    async fn row(&self, method: &Method, role: Option<Role>) -> Vec<String> {
        let mut row = Vec::new();
        for column in columns(subject_of(&method.short_name())) {
            let mut marks = Vec::new();
            for asked in column.asked {
                let (outcome, _) = self.outcome(method, role, asked).await;
                marks.push(outcome.mark());
            }
            row.push(cell(marks));
        }
        row
    }

    /// The cells of a row of an rpc that has an effect: after that the next question is about another dossier that stands so.
    async fn row_of_effects(&mut self, method: &Method, role: Option<Role>) -> Vec<String> {
        let mut row = Vec::new();
        for column in columns(subject_of(&method.short_name())) {
            let mut marks = Vec::new();
            for asked in column.asked {
                let (outcome, answered) = self.outcome(method, role, asked).await;
                marks.push(outcome.mark());
                if answered {
                    let (standing, _) = asked;
                    self.scenes[scene(standing)] = self.world.scene(standing).await;
                }
            }
            row.push(cell(marks));
        }
        row
    }

    async fn rows(&mut self, method: &Method) -> Vec<Vec<String>> {
        if !has_an_effect(method) {
            let rows = stream::iter(roles()).map(|role| self.row(method, role));
            return rows.buffered(AT_ONCE).collect().await;
        }
        let mut rows = Vec::new();
        for role in roles() {
            rows.push(self.row_of_effects(method, role).await);
        }
        rows
    }

    /// An rpc with its rows; roles that are answered alike share one.
    async fn rpc(&mut self, method: &Method) -> String {
        let mut rows: Vec<(Vec<String>, Vec<&'static str>)> = Vec::new();
        for (role, row) in roles().into_iter().zip(self.rows(method).await) {
            match rows.iter_mut().find(|(known, _)| *known == row) {
                Some((_, alike)) => alike.push(word(role)),
                None => rows.push((row, vec![word(role)])),
            }
        }
        let rpc = method.short_name();
        let columns = columns(subject_of(&rpc)).into_iter();
        let headings: Vec<_> = columns.map(|column| column.heading.to_owned()).collect();
        let mut text = format!("\n{rpc}\n");
        line(&mut text, &headings, "");
        for (row, alike) in rows {
            line(&mut text, &row, &alike.join(" "));
        }
        text
    }
}

/// A cell: the marks of its standings in their order, once where all are alike.
fn cell(mut marks: Vec<&'static str>) -> String {
    if marks.iter().all(|mark| *mark == marks[0]) {
        marks.truncate(1);
    }
    marks.join("/")
}

/// Where the scene of a standing is kept.
fn scene(standing: Standing) -> usize {
    let index = Standing::ALL.iter().position(|known| *known == standing);
    index.unwrap()
}

fn line(text: &mut String, cells: &[String], roles: &str) {
    for cell in cells {
        let _ = write!(text, "  {cell:<9}");
    }
    let length = text.trim_end().len();
    if roles.is_empty() {
        text.truncate(length);
    } else {
        text.push_str("  ");
        text.push_str(roles);
    }
    text.push('\n');
}

/// The lines before the first rpc, which say how to read the table.
fn legend() -> &'static str {
    EXPECTED.split_once("\n\n").map_or("", |(legend, _)| legend)
}

/// What the table says of each of the rpcs, played in a suite of their own.
async fn table_of(methods: Vec<Method>) -> Vec<(String, String)> {
    let mut played = Played::start().await;
    let mut table = Vec::new();
    for method in &methods {
        table.push((method.short_name(), played.rpc(method).await));
    }
    table
}

#[tokio::test]
async fn every_rpc_answers_every_role_at_every_place_as_the_table_says() {
    let (effective, others): (Vec<_>, Vec<_>) = Method::all().into_iter().partition(has_an_effect);
    let (effective, others) = tokio::join!(table_of(effective), table_of(others));
    let mut table = format!("{}\n", legend());
    let all: BTreeMap<_, _> = effective.into_iter().chain(others).collect();
    table.extend(all.into_values());
    if table != EXPECTED {
        let told = Path::new(env!("CARGO_TARGET_TMPDIR")).join(TOLD);
        std::fs::write(&told, &table).unwrap();
        let differences = differences(EXPECTED, &table);
        let told = told.display();
        panic!("otherwise than in authority/expected.txt; all of it is in {told}\n{differences}");
    }
}
