//! How much a client system may say on its stream.

use std::time::Duration;

use kit::clock;
use proto::identity::v1::RateClass;
use tests::cast::{ADMINISTRATOR, COMMUNE, client_of};
use tests::filing::BIRTH;
use tests::subscriber::{acknowledge, key, unknown};
use tests::{Actor, Subscriber, Suite, new_request_id};

/// More than the lowest class may say at once.
const SAID: usize = 50;
/// That class may say twenty things at once, and ten a second.
const ALLOWED: Duration = Duration::from_millis(2_900);

/// A client system of the commune, of this class.
async fn client(suite: &Suite, name: &str, class: RateClass) -> Actor {
    let mut request = suite.registration();
    request.request_id = new_request_id();
    request.client_id = client_of(name);
    let registration = request.registration.as_mut().unwrap();
    registration.set_rate_class(class);
    let client = suite.actor(&request.client_id);
    suite.actor(ADMINISTRATOR).ok(request).await;
    client
}

/// Says it all at once; how long it took until all was told back.
async fn say(stream: &mut Subscriber) -> Duration {
    let began = clock::monotonic();
    let said = (0..SAID).map(|_| stream.act(acknowledge(&[unknown()])));
    let said: Vec<i64> = said.collect();
    for number in said {
        let outcome = stream.outcome(number).await;
        assert_eq!(outcome.refusal, None);
        assert_eq!(outcome.without_effect.len(), 1);
    }
    began.elapsed()
}

#[tokio::test]
async fn what_is_said_faster_than_the_class_allows_waits_is_done_and_delays_nobody_else() {
    let suite = Suite::start().await;
    let low = client(&suite, "low", RateClass::Low).await;
    let another = client(&suite, "another", RateClass::High).await;
    let mut slow = low.subscribe(COMMUNE).await.unwrap();
    let mut other = another.subscribe(COMMUNE).await.unwrap();
    let (took, beside) = tokio::join!(say(&mut slow), say(&mut other));
    assert!(took >= ALLOWED, "{took:?}");
    assert!(2 * beside < took, "{beside:?} beside {took:?}");
    // Its acts are done as ever.
    suite.register(BIRTH, COMMUNE).await;
    drop(other);
    let delivery = slow.next().await;
    let done = slow.done(acknowledge(&[key(&delivery)])).await;
    assert_eq!(done.without_effect, []);
}

#[tokio::test]
async fn a_client_that_says_too_much_is_brought_offers_all_the_while() {
    let suite = Suite::start().await;
    let low = client(&suite, "low", RateClass::Low).await;
    let mut stream = low.subscribe(COMMUNE).await.unwrap();
    let mut last = 0;
    for _ in 0..4 * SAID {
        last = stream.act(acknowledge(&[unknown()]));
    }
    let registered = suite.register(BIRTH, COMMUNE).await;
    let delivery = stream.next().await;
    assert_eq!(super::dossiers(&[delivery]), [registered.uid]);
    assert!(!stream.has_heard_of(last), "it waits still");
}
