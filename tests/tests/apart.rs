//! The services as processes of their own, of which one is away.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use kit::caller::{AUDIENCE, Claims, Granted, Role, sign};
use kit::clock;
use kit::failure::reason_of;
use kit::keys::PrivateKey;
use kit::testing::until;
use tests::apart::Apart;
use tests::cast::COMMUNE;
use tests::filing::BIRTH;
use tests::pair::Pair;
use tests::servers::{Appending, Durability, Postgres, Redis};
use tests::suite::PATIENCE;
use tests::{Actor, Suite, desk};
use tonic::Code;

const LIFE_SECONDS: i64 = 600;

/// A suite that does not run yet, on servers of its own.
async fn cluster() -> (Postgres, Redis, Suite) {
    let postgres = Postgres::start(Durability::Memory).await;
    let redis = Redis::start(Appending::EverySecond).await;
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::on(&postgres.url(), &redis.url(), folder.path()).await;
    let suite = Suite::load_onto(folder, pair).await;
    (postgres, redis, suite)
}

/// An officer at the desk of the commune with a token that nobody has seen yet, signed by this key as identity would.
fn signed_by(key: &PrivateKey, suite: &Suite) -> Actor {
    let now = clock::real().timestamp();
    let claims = Claims {
        iss: "motcua".to_owned(),
        sub: "an-officer".to_owned(),
        aud: AUDIENCE.to_owned(),
        iat: now,
        exp: now + LIFE_SECONDS,
        jti: clock::new_uid(),
        grants: vec![Granted {
            role: Role::Receptionist,
            at: vec![COMMUNE.to_owned()],
            everywhere: false,
        }],
        rpcs: None,
        rate_class: None,
        cnf: None,
    };
    let token = sign(&claims, key).unwrap();
    suite.anonymous().with_token(&token)
}

/// Takes a dossier in and reads it.
async fn work(desk: &Actor) {
    let registered = desk.ok(BIRTH.at_counter(COMMUNE)).await.message;
    let dossier = registered.dossier.unwrap();
    let read = desk.ok(desk::by_uid(&dossier.uid)).await.message;
    assert_eq!(read.dossier.unwrap().code, dossier.code);
}

/// Waits until a call is refused because no keys are known.
async fn until_no_keys_are_known(desk: &Actor) {
    let refused = async || {
        let refused = desk.call(BIRTH.at_counter(COMMUNE)).await.err()?;
        // Before it listens there is no reason.
        (!reason_of(&refused).is_empty()).then_some(refused)
    };
    let refused = until("it answers", PATIENCE, refused).await;
    let expected = (Code::Unavailable, "KEYS_UNAVAILABLE");
    let reason = reason_of(&refused);
    assert_eq!((refused.code(), reason.as_str()), expected, "{refused:?}");
}

#[tokio::test]
async fn while_identity_is_away_tokens_are_taken_for_as_long_as_their_keys_are_known() {
    let (_postgres, _redis, suite) = cluster().await;
    let mut apart = Apart::start(&suite).await;
    let known = suite.receptionist(COMMUNE);
    suite.lead_to(apart.address("identity"));
    known.token().await;
    suite.lead_to(apart.address("intake"));
    work(&known).await;
    let key = suite.pair().keys().join("token-signing.pem");
    let key = PrivateKey::load(&key).unwrap();

    apart.kill("identity").await;
    let fetched_last = "keys and revocations are as they were fetched last";
    apart.until_it_says("intake", fetched_last).await;
    work(&known).await;
    work(&signed_by(&key, &suite)).await;
    // Whether another key is the suite's nobody can say, and that of the others is known all the same.
    let unknown = signed_by(&PrivateKey::generate(), &suite);
    until_no_keys_are_known(&unknown).await;
    work(&signed_by(&key, &suite)).await;

    // A process that has just started knows no key, until identity is back.
    apart.kill("intake").await;
    apart.begin("intake");
    for officer in [&known, &signed_by(&key, &suite)] {
        until_no_keys_are_known(officer).await;
    }
    apart.begin("identity");
    apart.until_it_serves("identity").await;
    apart.until_it_serves("intake").await;
    until("the keys are fetched", PATIENCE, async || {
        let call = known.call(BIRTH.at_counter(COMMUNE)).await;
        call.is_ok().then_some(())
    })
    .await;
    work(&signed_by(&key, &suite)).await;
}
