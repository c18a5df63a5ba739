//! What the suite, the database and Redis use, as the system counts it in `/proc`.

use std::collections::HashMap;

use clap::Args;
use procfs::process::{Process, Stat, all_processes};
use procfs::{Current as _, LoadAverage};
use serde::Serialize;

use super::error::Error;

/// The processes whose use is measured, each with its children.
#[derive(Args, Clone, Debug, Default)]
pub struct Processes {
    /// A process of the suite; again for each
    #[arg(long = "suite-pid", value_name = "PID")]
    pub suite: Vec<i32>,
    /// PostgreSQL's first process; its children are counted with it
    #[arg(long = "postgres-pid", value_name = "PID")]
    pub postgres: Vec<i32>,
    /// A Redis process
    #[arg(long = "redis-pid", value_name = "PID")]
    pub redis: Vec<i32>,
}

/// What the parts have used, or used between two looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// The suite.
    pub suite: Part,
    /// PostgreSQL.
    pub postgres: Part,
    /// Redis.
    pub redis: Part,
    /// This process, which makes the load.
    pub generator: Part,
}

/// What one part has used.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Part {
    /// Processor time in milliseconds, of the system on its behalf included.
    pub cpu_ms: f64,
    /// Resident memory in MiB; what processes share is counted once.
    pub resident_mib: f64,
}

impl Processes {
    /// What has been used until now.
    ///
    /// # Errors
    /// When a process is not there.
    pub fn look(&self) -> Result<Used, Error> {
        let system = System::read()?;
        let generator = Process::myself().map_err(of(0))?;
        let stat = generator.stat().map_err(of(generator.pid()))?;
        Ok(Used {
            suite: system.trees(&self.suite)?,
            postgres: system.trees(&self.postgres)?,
            redis: system.trees(&self.redis)?,
            generator: Part {
                cpu_ms: milliseconds(stat.utime + stat.stime),
                resident_mib: resident_mib(&generator),
            },
        })
    }
}

impl Used {
    /// What was used since an earlier look; memory as it is now.
    #[must_use]
    pub fn since(self, before: &Self) -> Self {
        Self {
            suite: self.suite.since(before.suite),
            postgres: self.postgres.since(before.postgres),
            redis: self.redis.since(before.redis),
            generator: self.generator.since(before.generator),
        }
    }

    /// The parts by name.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, Part); 4] {
        [
            ("suite", self.suite),
            ("database", self.postgres),
            ("redis", self.redis),
            ("generator", self.generator),
        ]
    }
}

impl Part {
    fn since(self, before: Self) -> Self {
        Self {
            cpu_ms: self.cpu_ms - before.cpu_ms,
            resident_mib: self.resident_mib,
        }
    }
}

/// All processes at one instant.
struct System {
    stats: HashMap<i32, Stat>,
}

impl System {
    fn read() -> Result<Self, Error> {
        // A process may end between being listed and being read.
        let stats = all_processes()
            .map_err(of(0))?
            .filter_map(|process| process.ok()?.stat().ok());
        Ok(Self {
            stats: stats.map(|stat| (stat.pid, stat)).collect(),
        })
    }

    fn trees(&self, roots: &[i32]) -> Result<Part, Error> {
        let mut used = Part::default();
        for root in roots {
            // The first look fails for a process that is not there; its children may come and go.
            Process::new(*root).map_err(of(*root))?;
            for stat in self.tree(*root) {
                used.cpu_ms += milliseconds(stat.utime + stat.stime);
                used.cpu_ms += milliseconds(ended_children(stat));
                used.resident_mib += Process::new(stat.pid).map_or(0.0, |it| resident_mib(&it));
            }
        }
        Ok(used)
    }

    /// A process and all that descend from it.
    fn tree(&self, root: i32) -> Vec<&Stat> {
        let mut tree: Vec<&Stat> = self.stats.get(&root).into_iter().collect();
        let mut place = 0;
        while place < tree.len() {
            let parent = tree[place].pid;
            tree.extend(self.stats.values().filter(|stat| stat.ppid == parent));
            place += 1;
        }
        tree
    }
}

fn ended_children(stat: &Stat) -> u64 {
    u64::try_from(stat.cutime + stat.cstime).unwrap_or_default()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "processor time is far below 2^52 ticks"
)]
fn milliseconds(ticks: u64) -> f64 {
    ticks as f64 * 1_000.0 / procfs::ticks_per_second() as f64
}

/// The proportional size, which counts shared pages once; the resident size where the system does not tell it.
#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn resident_mib(process: &Process) -> f64 {
    let proportional = process.smaps_rollup().ok().and_then(|rollup| {
        let map = rollup.memory_map_rollup.0.first()?;
        map.extension.map.get("Pss").copied()
    });
    let resident = || {
        let stat = process.stat().ok()?;
        Some(stat.rss * procfs::page_size())
    };
    proportional.or_else(resident).unwrap_or_default() as f64 / 1024.0 / 1024.0
}

/// The machine's load over the last minute.
#[must_use]
pub fn load_average() -> f32 {
    LoadAverage::current().map_or(f32::NAN, |load| load.one)
}

fn of(process: i32) -> impl FnOnce(procfs::ProcError) -> Error {
    move |source| Error::Process { process, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_counted_with_its_children_and_a_process_that_is_not_there_is_told() {
        let own = Process::myself().unwrap().pid();
        let mut child = std::process::Command::new("sh")
            .args(["-c", "read line"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let system = System::read().unwrap();
        let tree: Vec<i32> = system.tree(own).iter().map(|stat| stat.pid).collect();
        assert!(tree.contains(&i32::try_from(child.id()).unwrap()));
        let used = system.trees(&[own]).unwrap();
        assert!(used.resident_mib > 0.1, "{used:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        let gone = system.trees(&[i32::try_from(child.id()).unwrap()]);
        assert!(matches!(gone, Err(Error::Process { .. })));
    }
}
