//! What goes wrong, when, and how it is mended. One obvious place to add a kind of fault.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rustix::process::Signal;

use super::cluster::{Cluster, SERVICES};
use super::crowd::Crowd;
use super::dice::Dice;
use super::proxy::Break;

/// How long a stalled replica stands still.
const STALL: Duration = Duration::from_secs(20);
const SLOW_FOR: Duration = Duration::from_secs(4);
/// How long a volume is full: long enough that the server wants room.
const FULL_FOR: Duration = Duration::from_secs(4);
/// How much of what Redis wrote a power cut takes: it is flushed every second.
const UNFLUSHED: Duration = Duration::from_secs(1);
/// How long a clock is wrong.
const WRONG_FOR: Duration = Duration::from_secs(10);
/// By how many days.
const WRONG_BY: [i32; 2] = [30, -2];

/// How long two services are cut off from each other at least, and at most.
const CUT_OFF_MILLIS: Range<u64> = 3_000..8_000;
/// How long a crowd is there.
const CROWD_FOR: Duration = Duration::from_secs(12);
/// How long nothing else goes wrong meanwhile, so that only the crowd can delay anybody.
const CROWD_ALONE: Duration = Duration::from_secs(7);
/// Intake and routing, each of which lives on what the other tells.
const LIVE_ON_EACH_OTHER: (usize, usize) = (2, 3);

/// Why a fault is left out: there is but one that may have to be.
pub const LEFT_OUT: &str =
    "PostgreSQL's log of changes has no volume of its own, which takes root to mount";

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A replica is killed with SIGKILL and started again.
    KillReplica(usize),
    /// A replica stands still for 20 s, then goes on as if nothing had been.
    StallReplica(usize),
    /// All replicas are told to end and started again, one after the other, as a new version is rolled out.
    RollOut,
    /// The clock of a replica's machine jumps by so many days, and back.
    ShiftClock(usize, i32),
    /// Redis forgets everything.
    FlushRedis,
    /// Redis is killed with SIGKILL and started with what it had on the disk.
    KillRedis,
    /// The power of Redis is cut: it is started without what it wrote in the last second.
    CutPower,
    /// Redis is killed and a new one starts empty.
    EmptyRedis,
    /// PostgreSQL is killed with SIGKILL and recovers.
    KillPostgres,
    /// The volume of PostgreSQL's log of changes is full.
    LackRoom,
    /// A standby follows PostgreSQL, which is killed: the standby takes over.
    FailOver,
    /// A proxy closes its connections.
    Cut(usize),
    /// A proxy resets its connections.
    Reset(usize),
    /// A proxy holds every packet back for a while.
    Slow(usize),
    /// Two services cannot reach each other for a while, in either direction.
    CutOff(usize, usize),
    /// Five times as many work as usual, and some subscribers are slow.
    Crowd,
}

impl Fault {
    /// The name of its kind.
    pub fn kind(self) -> &'static str {
        match self {
            Self::KillReplica(_) => "replica killed",
            Self::StallReplica(_) => "replica stopped for 20 s",
            Self::RollOut => "all replicas ended in order and started again",
            Self::ShiftClock(_, 0..) => "clock of a replica 30 days ahead",
            Self::ShiftClock(..) => "clock of a replica 2 days behind",
            Self::FlushRedis => "Redis flushed",
            Self::KillRedis => "Redis killed",
            Self::CutPower => "Redis killed, its last second lost",
            Self::EmptyRedis => "Redis restarted empty",
            Self::KillPostgres => "PostgreSQL killed",
            Self::LackRoom => "PostgreSQL's volume full",
            Self::FailOver => "PostgreSQL's standby promoted",
            Self::Cut(_) => "connections cut",
            Self::Reset(_) => "connections reset",
            Self::Slow(_) => "connections delayed",
            Self::CutOff(..) => "two services cut off from each other",
            Self::Crowd => "5 times the load, 30 % of the subscribers slow",
        }
    }

    /// What it befalls.
    pub fn target(self, cluster: &Cluster) -> String {
        match self {
            Self::KillReplica(replica)
            | Self::StallReplica(replica)
            | Self::ShiftClock(replica, _) => cluster.replicas[replica].name.clone(),
            Self::RollOut => "each replica".to_owned(),
            Self::Cut(proxy) | Self::Reset(proxy) | Self::Slow(proxy) => {
                cluster.proxies[proxy].name.clone()
            }
            Self::FlushRedis | Self::KillRedis | Self::CutPower | Self::EmptyRedis => {
                "Redis".to_owned()
            }
            Self::KillPostgres | Self::LackRoom | Self::FailOver => "PostgreSQL".to_owned(),
            Self::CutOff(one, other) => format!("{} and {}", SERVICES[one], SERVICES[other]),
            Self::Crowd => "everybody".to_owned(),
        }
    }

    /// For how long nothing else may be wrong: what was broken before is mended first.
    pub fn alone_for(self) -> Option<Duration> {
        (self == Self::Crowd).then_some(CROWD_ALONE)
    }

    /// Lets it happen, and mends it. Whether it could happen here.
    async fn happen(self, cluster: &Cluster, crowd: &Crowd, lasts: Lasts) -> bool {
        let Lasts {
            away,
            delay,
            cut_off,
        } = lasts;
        match self {
            Self::KillReplica(replica) => {
                let replica = &cluster.replicas[replica];
                replica.kill().await;
                tokio::time::sleep(away).await;
                replica.start().await;
            }
            Self::StallReplica(replica) => {
                let replica = &cluster.replicas[replica];
                replica.signal(Signal::STOP).await;
                tokio::time::sleep(STALL).await;
                replica.signal(Signal::CONT).await;
            }
            Self::RollOut => {
                for replica in &cluster.replicas {
                    replica.restart_in_order().await;
                }
            }
            Self::ShiftClock(replica, days) => {
                let replica = &cluster.replicas[replica];
                replica.shift_clock(days);
                tokio::time::sleep(WRONG_FOR).await;
                replica.mend_clock();
            }
            Self::FlushRedis => cluster.redis.lock().await.flush_all(),
            Self::KillRedis | Self::CutPower | Self::EmptyRedis => {
                self.befall_redis(cluster, away).await;
            }
            Self::KillPostgres => {
                let mut postgres = cluster.postgres.lock().await;
                postgres.kill();
                tokio::time::sleep(away).await;
                postgres.restart().await;
            }
            Self::LackRoom => return cluster.postgres.lock().await.lack_room(FULL_FOR).await,
            Self::FailOver => cluster.fail_over().await,
            Self::Cut(proxy) => cluster.proxies[proxy].end_all(Break::Cut),
            Self::Reset(proxy) => cluster.proxies[proxy].end_all(Break::Reset),
            Self::Slow(proxy) => {
                let proxy = &cluster.proxies[proxy];
                proxy.delay(delay);
                tokio::time::sleep(SLOW_FOR).await;
                proxy.delay(Duration::ZERO);
            }
            Self::CutOff(one, other) => cluster.cut_off_for((one, other), cut_off).await,
            Self::Crowd => crowd.gather(CROWD_ALONE, CROWD_FOR).await,
        }
        true
    }

    async fn befall_redis(self, cluster: &Cluster, away: Duration) {
        let mut redis = cluster.redis.lock().await;
        let flushed = redis.on_disk();
        if self == Self::CutPower {
            tokio::time::sleep(UNFLUSHED).await;
        }
        redis.kill();
        tokio::time::sleep(away).await;
        match self {
            Self::EmptyRedis => redis.restart_empty().await,
            Self::CutPower => {
                redis.restart_with(&flushed).await;
            }
            _ => redis.restart().await,
        }
    }
}

/// How long it lasts, where that is left to chance.
#[derive(Clone, Copy, Debug)]
struct Lasts {
    /// How long what was killed stays away.
    away: Duration,
    /// By how much a slow way is slow.
    delay: Duration,
    /// How long services are cut off.
    cut_off: Duration,
}

/// One fault of a run.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// What.
    pub fault: Fault,
    /// How long after the one before.
    pub pause: Duration,
    lasts: Lasts,
}

impl Planned {
    /// Lets it happen, and mends it: returns when all runs again. Gives back what it was, and whether it could happen here.
    pub async fn happen(self, cluster: Arc<Cluster>, crowd: Arc<Crowd>) -> (Fault, bool) {
        let happened = self.fault.happen(&cluster, &crowd, self.lasts).await;
        (self.fault, happened)
    }
}

/// Faults without end, decided by the seed: in every round a crowd comes first, each replica is killed once, and everything else
/// happens.
pub struct Faults {
    dice: StdRng,
    round: Vec<Fault>,
    replicas: usize,
    proxies: usize,
}

impl Faults {
    /// The faults of a seed.
    pub fn of(dice: Dice, cluster: &Cluster) -> Self {
        Self {
            dice: dice.on("faults", 0),
            round: Vec::new(),
            replicas: cluster.replicas.len(),
            proxies: cluster.proxies.len(),
        }
    }

    fn next_round(&mut self) {
        let one_of = |dice: &mut StdRng, count| dice.random_range(0..count);
        self.round = (0..self.replicas).map(Fault::KillReplica).collect();
        self.round
            .push(Fault::StallReplica(one_of(&mut self.dice, self.replicas)));
        self.round.push(Fault::RollOut);
        for days in WRONG_BY {
            let replica = one_of(&mut self.dice, self.replicas);
            self.round.push(Fault::ShiftClock(replica, days));
        }
        let servers = [
            Fault::FlushRedis,
            Fault::KillRedis,
            Fault::CutPower,
            Fault::EmptyRedis,
            Fault::KillPostgres,
            Fault::LackRoom,
            Fault::FailOver,
        ];
        self.round.extend(servers);
        for way in [
            Fault::Cut,
            Fault::Reset,
            Fault::Cut,
            Fault::Reset,
            Fault::Slow,
            Fault::Slow,
        ] {
            self.round.push(way(one_of(&mut self.dice, self.proxies)));
        }
        let (one, other) = LIVE_ON_EACH_OTHER;
        self.round.push(Fault::CutOff(one, other));
        let one = one_of(&mut self.dice, SERVICES.len());
        let further = self.dice.random_range(1..SERVICES.len());
        self.round
            .push(Fault::CutOff(one, (one + further) % SERVICES.len()));
        self.round.shuffle(&mut self.dice);
        self.round.push(Fault::Crowd);
    }
}

impl Iterator for Faults {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        if self.round.is_empty() {
            self.next_round();
        }
        let mut millis = |range| Duration::from_millis(self.dice.random_range(range));
        let pause = millis(900..2_100);
        let lasts = Lasts {
            away: millis(100..1_200),
            delay: millis(20..200),
            cut_off: millis(CUT_OFF_MILLIS),
        };
        Some(Planned {
            fault: self.round.pop()?,
            pause,
            lasts,
        })
    }
}
