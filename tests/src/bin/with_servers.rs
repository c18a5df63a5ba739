//! `with-servers COMMAND ARGUMENTS…`: runs a command beside throwaway servers: PostgreSQL, Redis, Redis behind a sentinel, and a
//! Redis Cluster.
//!
//! The command finds them in `MOTCUA_TEST_POSTGRES`, `MOTCUA_TEST_REDIS`, `MOTCUA_TEST_REDIS_SENTINEL` and
//! `MOTCUA_TEST_REDIS_CLUSTER`. They are stopped with it, however it ends.
#![expect(clippy::expect_used, reason = "a tool of the tests")]

use std::process::{ExitCode, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tests::servers::{Appending, Durability, Postgres, Redis, RedisCluster, WatchedRedis};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// What a shell answers for a command that a signal ended.
const STOPPED: u8 = 143;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-servers COMMAND ARGUMENTS…");
        return ExitCode::FAILURE;
    };
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be heard");
    let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be heard");
    let servers = async {
        tokio::join!(
            Postgres::start(Durability::Memory),
            Redis::start(Appending::Off),
            WatchedRedis::start(),
            RedisCluster::start(),
        )
    };
    let (postgres, redis, watched, cluster) = tokio::select! {
        servers = servers => servers,
        _ = terminate.recv() => return ExitCode::from(STOPPED),
        _ = interrupt.recv() => return ExitCode::from(STOPPED),
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("MOTCUA_TEST_POSTGRES", postgres.url())
        .env("MOTCUA_TEST_REDIS", redis.url())
        .env("MOTCUA_TEST_REDIS_SENTINEL", watched.url())
        .env("MOTCUA_TEST_REDIS_CLUSTER", cluster.url())
        .stdin(Stdio::null())
        .process_group(0);
    let mut child = command.spawn().expect("the command can be started");
    let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    let ended = tokio::select! {
        ended = child.wait() => ended.ok().and_then(|status| status.code()),
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    // Whatever the command started and left behind; mostly there is nothing any more.
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    let code = ended.and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(STOPPED))
}
