//! What a sign-in costs, beside what Argon2id alone costs: the library compares the passwords that the store keeps, and then the
//! same officers sign in, one after the other, over a connection to the service. They take turns. What counts is the processor
//! time of this process, which is service, embedded store and client: the client's share is in it. `cargo bench -p identity`.
#![expect(clippy::unwrap_used, reason = "a measurement")]

#[path = "../tests/rpcs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the tests, which use the rest"
)]
mod rpcs {
    pub mod support;
}

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use identity::NewAdministrator;
use kit::keys::PrivateKey;
use kit::telemetry;
use proto::identity::v1::SignInRequest;
use proto::identity::v1::token_service_client::TokenServiceClient;
use rpcs::support::{Store, Suite, texts};
use rustix::time::{ClockId, clock_gettime};

const PASSWORD: &str = "mèo trắng bơi sông";

#[tokio::main]
async fn main() {
    // Tests only want to see that it runs. Nobody signs in so often that the limit on tokens is in the way.
    let measures = std::env::args().any(|argument| argument == "--bench");
    let (rounds, officers) = if measures { (41, 8) } else { (1, 1) };
    let _telemetry = telemetry::start("bench").unwrap();
    let mut bench = Bench::of(officers).await;
    // The first fills caches.
    bench.round().await;
    let mut spent = Vec::new();
    for _ in 0..rounds {
        spent.push(bench.round().await);
    }
    let middle = |value: &dyn Fn(&Spent) -> f64| median(spent.iter().map(value).collect());
    println!(
        "Argon2id alone {:.2} ms, a sign-in {:.2} ms on both sides, which is {:.1} % more",
        middle(&|spent| spent.alone),
        middle(&|spent| spent.sign_in),
        100.0 * middle(&|spent| spent.sign_in / spent.alone - 1.0)
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Processor time in milliseconds.
struct Spent {
    /// Of one comparison.
    alone: f64,
    /// Of one rpc.
    sign_in: f64,
}

/// The service, and who signs in there.
struct Bench {
    suite: Suite,
    subjects: Vec<String>,
    /// What is kept of their passwords.
    hashes: Vec<String>,
    /// Used again, as the service does.
    memory: Vec<Block>,
}

impl Bench {
    /// So many officers, who sign in without a provider.
    async fn of(officers: u32) -> Self {
        let subjects = (0..officers).map(|number| format!("officer-{number}"));
        let subjects: Vec<String> = subjects.collect();
        let store = Store::new().await;
        store.import_small().await;
        for subject in &subjects {
            let made = identity::create_administrator(store.db.clone(), administrator(subject));
            made.await.unwrap();
        }
        let suite = Suite::trusting(store, PrivateKey::generate(), Vec::new()).await;
        let hashes = texts(&suite, "SELECT hash FROM password").await;
        assert_eq!(hashes.len(), subjects.len());
        Self {
            suite,
            subjects,
            hashes,
            memory: Vec::new(),
        }
    }

    /// Each password is compared once, and each officer signs in once.
    async fn round(&mut self) -> Spent {
        let begin = used();
        for hash in &self.hashes {
            compare(hash, &mut self.memory);
        }
        let between = used();
        for subject in &self.subjects {
            sign_in(&self.suite, subject).await;
        }
        let end = used();
        Spent {
            alone: each(between.saturating_sub(begin), &self.hashes),
            sign_in: each(end.saturating_sub(between), &self.subjects),
        }
    }
}

fn administrator(subject: &str) -> NewAdministrator {
    NewAdministrator {
        subject: subject.to_owned(),
        name: "Nguyễn Thị Lan".to_owned(),
        password: Some(PASSWORD.to_owned()),
        force: true,
    }
}

/// What the library does, with the costs that are kept with the hash.
fn compare(hash: &str, memory: &mut Vec<Block>) {
    let kept = PasswordHash::new(hash).unwrap();
    let (salt, wanted) = (kept.salt.as_ref().unwrap(), kept.hash.as_ref().unwrap());
    let params = Params::try_from(&kept).unwrap();
    memory.resize(params.block_count(), Block::new());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (password, memory) = (PASSWORD.as_bytes(), memory.as_mut_slice());
    let mut found = vec![0; wanted.len()];
    let made = argon2.hash_password_into_with_memory(password, salt, &mut found, memory);
    made.unwrap();
    assert_eq!(found, wanted.as_bytes());
}

async fn sign_in(suite: &Suite, subject: &str) {
    let message = SignInRequest {
        subject: subject.to_owned(),
        password: PASSWORD.to_owned(),
        new_password: String::new(),
    };
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    tokens.sign_in(message).await.unwrap();
}

/// Processor time of this process.
fn used() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

/// The share of one of these.
fn each(spent: Duration, of: &[String]) -> f64 {
    let many = u32::try_from(of.len()).unwrap();
    spent.as_secs_f64() * 1e3 / f64::from(many)
}
