//! One run: start everything, let journeys and faults happen at once, wait until nothing is under way, and check.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::clock;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::check;
use super::cluster::{Cluster, Program, SERVICES};
use super::crowd::Crowd;
use super::dice::Dice;
use super::evidence::{Evidence, Kept};
use super::fault::{Fault, Faults};
use super::journey::{self, Scene};
use super::line::Line;
use super::mail::{self, Mail};
use super::plan::{CITIZENS, WAITING, citizen, citizen_name, citizen_number, waits};
use super::post::Post;
use super::promise::Promises;
use super::province::Province;
use super::record::Kind;
use super::report::Report;
use super::sabotage;
use super::succession::reorganise;
use super::system::Systems;
use crate::cast::{Cast, Citizen};
use crate::pair::connect;

/// How many dossiers are under way at once, where nobody says otherwise.
pub const AT_ONCE: usize = 80;
/// A run of so long, with as many dossiers under way, plays everything that is planned.
const ORDINARY: Duration = Duration::from_mins(1);
/// A new journey begins at most so often.
const EVERY: Duration = Duration::from_millis(50);
/// How long everything may be under way after the last fault was mended.
const DRAIN: Duration = Duration::from_mins(3);
const REVIVE: Duration = Duration::from_millis(500);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const TELL: Duration = Duration::from_secs(10);

/// What to run.
#[derive(Clone)]
pub struct Settings {
    /// How long faults come.
    pub faults_for: Duration,
    /// What decides everything.
    pub seed: u64,
    /// How many dossiers are under way at once, when there is no crowd.
    pub at_once: usize,
    /// The program that serves.
    pub program: Program,
    /// One row of history is deleted before the check.
    pub delete_a_row: bool,
}

impl Settings {
    /// Whether everything that is planned has to be played in such a run.
    fn is_ordinary(&self) -> bool {
        let is_built_wrong = self.program.sabotage.is_some() || self.delete_a_row;
        !is_built_wrong && self.faults_for >= ORDINARY && self.at_once >= AT_ONCE
    }
}

/// The journeys of a run.
#[derive(Default)]
struct Journeys {
    under_way: Mutex<BTreeSet<usize>>,
    refused: Mutex<Vec<(usize, String)>>,
}

impl Journeys {
    fn begin(&self, number: usize) {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way.insert(number);
    }

    fn end(&self, number: usize, ended: Result<(), String>) {
        if let Err(reason) = ended {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            refused.push((number, reason));
        }
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&number);
    }

    fn under_way(&self) -> Vec<usize> {
        let under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way.iter().copied().collect()
    }
}

/// Runs and reports; prints the figures, and what is wrong.
pub async fn run(settings: &Settings) -> Report {
    let (province, dice) = (Province::read(), Dice::new(settings.seed));
    let (cluster, cast) = start(&settings.program, &province).await;
    let mut subscribers = JoinSet::new();
    let scene = set_the_scene(&cluster, cast, (province, dice), &mut subscribers).await;
    println!(
        "{} units subscribed, {} of them by a system's stream, {} replicas serve",
        scene.province.units.len(),
        scene.systems.count(),
        cluster.replicas.len()
    );
    let journeys = Arc::new(Journeys::default());
    let mut playing = JoinSet::new();
    let at_once = settings.at_once;
    let opening = open_journeys(Arc::clone(&scene), Arc::clone(&journeys), at_once);
    let opening = playing.spawn(opening);
    let reorganising = tokio::spawn(reorganise(Arc::clone(&scene), settings.faults_for));
    let began = clock::monotonic();
    let faults = break_things(&cluster, settings, &scene).await;
    let took = began.elapsed();
    opening.abort();
    // Where the end of a unit is not answered by then, the checks say so.
    if let Ok(ended) = tokio::time::timeout(DRAIN, reorganising).await {
        ended.expect("units end one after the other");
    }
    let (drained, kept) = drain(&journeys, &scene, &cluster).await;
    let check = cluster.check().await;
    drop(subscribers);
    cluster.stop().await;
    if settings.delete_a_row {
        let intake = connect(&format!("{}_intake", cluster.store().await)).await;
        sabotage::delete_a_row(&intake, dice).await;
    }
    let mut evidence = gather(&cluster, &scene, &journeys).await;
    evidence.is_ordinary = settings.is_ordinary();
    evidence.kept = kept;
    if check.code != Some(0) {
        evidence.check = Some(format!("{}{}", check.output, check.complaint));
    }
    let report = Report {
        seed: settings.seed,
        took,
        faults,
        drained,
        findings: check::all(&evidence, &scene.province),
    };
    report.print(&evidence);
    if !report.findings.is_empty() {
        report.print_red(&evidence, &scene);
        cluster.print_logs();
    }
    report
}

/// What the callers know, and what the stores hold when nothing serves any more.
async fn gather(cluster: &Cluster, scene: &Scene, journeys: &Journeys) -> Evidence {
    let mut evidence = Evidence::read(cluster, scene.line.book.acts()).await;
    evidence.unfinished = journeys.under_way();
    evidence.refused = std::mem::take(
        &mut journeys
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner),
    );
    evidence.came = scene.crowd.seen();
    evidence.left = scene.mail.left();
    evidence.promises = scene.promises.all();
    evidence.odd = scene.mail.odd();
    evidence
}

/// Registers systems and subscribes every unit.
async fn set_the_scene(
    cluster: &Cluster,
    cast: Cast,
    (province, dice): (Province, Dice),
    subscribers: &mut JoinSet<()>,
) -> Arc<Scene> {
    let ports = SERVICES.map(|service| (service, cluster.ports_of(service)));
    let line = Line::new(ports.into_iter(), cast);
    let crowd = Arc::new(Crowd::of(&province, dice));
    let mail = Arc::new(Mail::new(Arc::clone(&crowd)));
    let systems = Systems::begin(&line, &province, (&mail, dice), subscribers).await;
    mail::subscribe_people(&line, (&province, &systems), &mail, subscribers);
    subscribers.spawn(mail::redrive(Arc::clone(&line), province.units.clone()));
    Arc::new(Scene {
        line,
        post: Post::new(Arc::clone(&mail)),
        mail,
        systems,
        crowd,
        province,
        dice,
        promises: Promises::default(),
        over: watch::Sender::new(false),
    })
}

async fn start(program: &Program, province: &Province) -> (Arc<Cluster>, Cast) {
    let units = province.units.iter().map(|unit| unit.uid.as_str());
    let citizens = (0..CITIZENS).map(|number| Citizen {
        subject: citizen(number),
        name: citizen_name(number),
        number: citizen_number(number),
    });
    let written = Cluster::load(|folder| Cast::of(folder, units, citizens));
    let (mut cluster, cast) = written.await;
    cluster.start(program).await;
    (Arc::new(cluster), cast)
}

/// Begins one journey after the other, so many at once beside those that wait.
async fn open_journeys(scene: Arc<Scene>, journeys: Arc<Journeys>, at_once: usize) {
    for number in 0.. {
        while journeys.under_way().len() >= at_once * scene.crowd.times() as usize + WAITING {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        journeys.begin(number);
        let pause = EVERY / scene.crowd.times();
        let (scene, journeys) = (Arc::clone(&scene), Arc::clone(&journeys));
        // It outlives this loop: whoever has handed in a dossier follows it to its end.
        tokio::spawn(async move {
            let ended = journey::play(scene, number).await;
            journeys.end(number, ended);
        });
        tokio::time::sleep(pause).await;
    }
}

/// Lets faults happen until the time is over, and waits until the last is mended.
async fn break_things(
    cluster: &Arc<Cluster>,
    settings: &Settings,
    scene: &Scene,
) -> BTreeMap<&'static str, usize> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let (mut mending, reviving) = (JoinSet::new(), revive(Arc::clone(cluster)));
    let reviving = tokio::spawn(reviving);
    let end = clock::monotonic() + settings.faults_for;
    let line = &scene.line;
    let mut told = line.now();
    for planned in Faults::of(scene.dice, cluster) {
        tokio::time::sleep(planned.pause).await;
        let alone_for = planned.fault.alone_for();
        if alone_for.is_some() {
            all_mended(&mut mending, &mut counts).await;
        }
        if clock::monotonic() >= end {
            break;
        }
        let (fault, at) = (planned.fault, line.now());
        println!(
            "{:>7.2} s  {}: {}",
            at.as_secs_f64(),
            fault.kind(),
            fault.target(cluster)
        );
        mending.spawn(planned.happen(Arc::clone(cluster), Arc::clone(&scene.crowd)));
        tokio::time::sleep(alone_for.unwrap_or_default()).await;
        if at > told + TELL {
            told = at;
            let transfers = line.book.acknowledged(Some(Kind::Accept));
            println!("{:>7.2} s  {transfers} transfers so far", at.as_secs_f64());
        }
    }
    all_mended(&mut mending, &mut counts).await;
    reviving.abort();
    for replica in &cluster.replicas {
        replica.revive().await;
    }
    counts
}

/// Waits until all is mended, and counts what happened, and as 0 what could not.
async fn all_mended(
    mending: &mut JoinSet<(Fault, bool)>,
    counts: &mut BTreeMap<&'static str, usize>,
) {
    while let Some(mended) = mending.join_next().await {
        let (fault, happened) = mended.expect("what was broken is mended");
        *counts.entry(fault.kind()).or_default() += usize::from(happened);
    }
}

/// As the cluster's own supervisor does: a replica that ends by itself is started again.
async fn revive(cluster: Arc<Cluster>) {
    loop {
        for replica in &cluster.replicas {
            if replica.revive().await {
                println!(
                    "           {} had ended by itself and is started again",
                    replica.name
                );
            }
        }
        tokio::time::sleep(REVIVE).await;
    }
}

/// Waits until nothing is under way, and tells how long that took. Those that wait for the others are told when these are over, and
/// before that it is seen what units have that have ended.
async fn drain(
    journeys: &Journeys,
    scene: &Scene,
    cluster: &Cluster,
) -> (Option<Duration>, Vec<Kept>) {
    let began = clock::monotonic();
    let is_waiting = |under_way: &[usize]| under_way.iter().all(|number| waits(*number));
    if !comes_to(journeys, began, is_waiting).await {
        return (None, Vec::new());
    }
    let kept = Kept::by(&scene.line.ends.units(), cluster).await;
    scene.over.send_replace(true);
    let is_drained = comes_to(journeys, began, <[usize]>::is_empty).await;
    (is_drained.then(|| began.elapsed()), kept)
}

/// Waits until what is under way is so. Whether it came to that in time.
async fn comes_to(journeys: &Journeys, began: Instant, so: impl Fn(&[usize]) -> bool) -> bool {
    while !so(&journeys.under_way()) {
        if began.elapsed() > DRAIN {
            return false;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    true
}
