//! How streams begin and end.

use kit::caller::{AUDIENCE, Claims, Granted, Role, sign};
use kit::clock;
use kit::keys::PrivateKey;
use proto::routing::v1::stream_transfers_request::Act;
use proto::routing::v1::{FlowLimits, StreamTransfersRequest, Subscription};
use tests::cast::{COMMUNE, DEPARTMENT};
use tests::filing::BIRTH;
use tests::subscriber::{accept, acknowledge, subscribe};
use tests::{Actor, Refusal, Suite};
use tonic::{Code, Status};

fn reason(status: &Status) -> (Code, String) {
    let refusal = Refusal::of(status);
    (refusal.code, refusal.reason)
}

fn is(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

#[tokio::test]
async fn who_may_not_or_does_not_say_what_it_wants_is_refused() {
    let suite = Suite::start().await;
    let stranger = suite.examiner(DEPARTMENT).subscribe(COMMUNE).await;
    let refused = stranger.err().unwrap();
    assert_eq!(
        reason(&refused),
        is(Code::PermissionDenied, "UNIT_NOT_YOURS")
    );
    let own = suite.examiner(COMMUNE);
    let nothing = own.begin(StreamTransfersRequest::default()).await;
    let refused = nothing.err().unwrap();
    assert_eq!(
        reason(&refused),
        is(Code::InvalidArgument, "INVALID_FIELDS")
    );
    assert_eq!(Refusal::of(&refused).fields(), ["subscribe"]);
}

#[tokio::test]
async fn a_message_that_is_not_well_formed_ends_the_stream_after_those_before_it() {
    let suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    let faulty = [Act::Subscribe(Subscription::default()), acknowledge(&[])];
    for act in faulty {
        let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
        let delivery = stream.next().await;
        let before = stream.act(Act::Limits(FlowLimits::default()));
        stream.act(act);
        let ended = stream.end().await.unwrap_err();
        assert_eq!(reason(&ended), is(Code::InvalidArgument, "INVALID_FIELDS"));
        assert_eq!(stream.outcome(before).await.number, before);
        assert!(delivery.attempt >= 1);
    }
}

#[tokio::test]
async fn a_client_that_has_no_more_to_say_hears_what_became_of_all() {
    let suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    suite.register(BIRTH, COMMUNE).await;
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    let deliveries = stream.next_of(2).await;
    let number = stream.act(accept(&deliveries[0]));
    stream.close();
    stream.end().await.unwrap();
    assert!(stream.outcome(number).await.accepted.is_some());
    // What it had not answered comes at once to the next.
    let mut next = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    assert_eq!(next.next().await.attempt, 2);
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_stream_ends_when_the_suite_drains() {
    let mut suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    stream.next().await;
    let (ended, status) = tokio::join!(stream.end(), suite.terminate());
    let ended = ended.unwrap_err();
    assert_eq!(reason(&ended), is(Code::Unavailable, "STOPPING"));
    assert!(Refusal::of(&ended).retry);
    assert!(status.success(), "{status}");
}

/// Somebody who examines at the commune, with a token that ends in so many seconds.
fn examiner_for(suite: &Suite, seconds: i64) -> Actor {
    /// What clocks may be apart.
    const LEEWAY: i64 = 60;
    let key = PrivateKey::load(&suite.pair().keys().join("token-signing.pem")).unwrap();
    let now = clock::real().timestamp();
    let claims = Claims {
        iss: "motcua".to_owned(),
        sub: "somebody".to_owned(),
        aud: AUDIENCE.to_owned(),
        iat: now - 100,
        exp: now - LEEWAY + seconds,
        jti: clock::new_uid(),
        grants: vec![Granted {
            role: Role::Examiner,
            at: vec![COMMUNE.to_owned()],
            everywhere: false,
        }],
        rpcs: None,
        rate_class: None,
        cnf: None,
    };
    let token = sign(&claims, &key).unwrap();
    suite.anonymous().with_token(&token)
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let suite = Suite::start().await;
    let somebody = examiner_for(&suite, 2);
    let mut stream = somebody.subscribe(COMMUNE).await.unwrap();
    suite.register(BIRTH, COMMUNE).await;
    assert_eq!(stream.next().await.attempt, 1);
    let ended = stream.end().await.unwrap_err();
    assert_eq!(reason(&ended), is(Code::Unauthenticated, "TOKEN_EXPIRED"));
    // What it had comes at once to the next.
    let mut next = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    assert_eq!(next.next().await.attempt, 2);
}

#[tokio::test]
async fn a_stream_whose_client_does_not_read_ends_with_its_token_all_the_same() {
    let suite = Suite::start().await;
    // Long enough for the suite to get stuck before.
    let somebody = examiner_for(&suite, 8);
    let stream = somebody.subscribe_with(COMMUNE, FlowLimits::default(), 600);
    let mut stream = stream.await.unwrap();
    suite.register(BIRTH, COMMUNE).await;
    assert_eq!(stream.next().await.attempt, 1);
    stream.flood();
    // What it had comes to the next, long before its lease is over.
    let mut next = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    assert_eq!(next.next().await.attempt, 2);
}

#[tokio::test]
async fn a_subscription_by_itself_is_well_formed() {
    let suite = Suite::start().await;
    let mut stream = suite
        .client()
        .await
        .begin(subscribe(COMMUNE))
        .await
        .unwrap();
    stream.close();
    stream.end().await.unwrap();
}
