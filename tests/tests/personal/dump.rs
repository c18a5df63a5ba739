//! Seeded names, numbers and words are in no store, queue, log line or span, in no spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tests::cast::COMMUNE;
use tests::filing::BIRTH;
use tests::receiver::hex;
use tests::{Receiver, Suite};

use super::seeds::{NAME, seeded, whole_life};
use super::spellings::{Texts, contains};
use super::tamper;

const SERVICES: [&str; 4] = ["identity", "catalogue", "intake", "routing"];

#[tokio::test]
async fn no_dump_log_or_trace_holds_a_seeded_name_number_or_word() {
    let receiver = Receiver::start().await;
    let mut suite = Suite::load().await;
    receiver.listen_to(&mut suite);
    suite.set("RUST_LOG", "debug");
    suite.restart().await;
    whole_life(&suite).await;
    suite.everything_told().await;
    let seeded = Texts::of(seeded());
    // While it serves, with all that a checkpoint has not written over, and at rest.
    for service in SERVICES {
        let dump = suite.store_dump(service);
        assert!(contains(&dump, b"log_event"), "{service}: no dump");
        assert_eq!(seeded.found_in(&dump), [""; 0], "the store of {service}");
    }
    if let Some(queue) = suite.queue_dump().await {
        assert!(contains(&queue, b"DossierChange"), "no dump");
        assert_eq!(seeded.found_in(&queue), [""; 0], "the queue");
    }
    assert!(suite.terminate().await.success());
    for service in SERVICES {
        let dump = suite.store_dump(service);
        assert_eq!(seeded.found_in(&dump), [""; 0], "{service}");
    }
    let (log, told) = (suite.log().into_bytes(), receiver.bytes());
    assert!(contains(&log, b"DeclineTransfer") && contains(&told, b"DeclineTransfer"));
    assert_eq!(seeded.found_in(&log), [""; 0], "the log");
    assert_eq!(seeded.found_in(&told), [""; 0], "a span or metric");
}

#[test]
fn a_text_is_found_in_every_spelling_and_place() {
    let texts = Texts::of(seeded());
    for text in seeded() {
        for before in ["", "a", "bc", "def"] {
            let whole = format!("{before}{text} and more");
            let hex = hex(whole.as_bytes());
            for place in [STANDARD_NO_PAD.encode(&whole), hex, whole] {
                let found = texts.found_in(place.as_bytes());
                assert!(found.contains(&text), "{text} in {place}");
            }
        }
    }
    let other = "Nguyễn Văn A, 066088000003";
    assert_eq!(texts.found_in(other.as_bytes()), [""; 0]);
}

#[tokio::test]
async fn what_is_planted_in_a_store_is_found() {
    let suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    suite.everything_told().await;
    let seeded = Texts::of(seeded());
    assert_eq!(seeded.found_in(&suite.store_dump("intake")), [""; 0]);
    let plant = format!("UPDATE dossier SET case_key = '{NAME}'");
    assert_eq!(tamper(&suite, "intake", &plant).await, 1);
    let found = seeded.found_in(&suite.store_dump("intake"));
    assert_eq!(found, [NAME, "Qwyzhmok"]);
}
