//! What whoever watches relies on: everything is told, in order, from any cursor on, and a cursor that is of no use says so.

use std::pin::Pin;

use futures::StreamExt as _;
use prost::Message as _;
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;

use super::*;
use crate::counter::{Amount, Counters, Service, add, cause};
use crate::failure::reason_of;
use crate::writer;

const PATIENCE: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_mins(10);

type Watch = Pin<Box<dyn Stream<Item = Result<Told<Amount>, Status>> + Send>>;

struct Watched {
    service: Service,
    watches: Watches,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Watched {
    async fn start(quiet: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::start(&folder, writer::BATCH).await;
        let stop = CancellationToken::new();
        Self {
            watches: Watches::over(&service.writer, service.db.clone(), quiet, stop.clone()),
            service,
            stop,
            _folder: folder,
        }
    }

    async fn add(&self, counter: &str, amount: i64) {
        let request = clock::new_uid();
        self.service.add(&request, counter, amount).await.unwrap();
    }

    async fn follow(&self, cursor: &str) -> Result<Watch, Failure> {
        Ok(Box::pin(self.watches.follow(cursor, amount_of).await?))
    }

    async fn refused(&self, cursor: &str) -> &'static str {
        match self.follow(cursor).await {
            Ok(_) => "",
            Err(failure) => failure.reason(),
        }
    }

    async fn run(&self, sql: &str) {
        self.service
            .db
            .write()
            .execute_unprepared(sql)
            .await
            .unwrap();
    }
}

/// What a counter stands at, unless it is called `hidden`.
fn amount_of(event: &Event) -> Option<Amount> {
    let amount = Amount::decode(event.change.as_ref()?.value.as_slice()).ok()?;
    (amount.counter != "hidden").then_some(amount)
}

async fn next(watch: &mut Watch) -> Told<Amount> {
    let told = tokio::time::timeout(PATIENCE, watch.next()).await;
    told.unwrap().unwrap().unwrap()
}

/// The amounts up to the next bookmark, and the cursor of that.
async fn told(watch: &mut Watch) -> (Vec<(String, i64)>, String) {
    let mut told = Vec::new();
    loop {
        let Told { what, cursor } = next(watch).await;
        match what {
            Some(amount) => told.push((amount.counter, amount.amount)),
            None => return (told, cursor),
        }
    }
}

#[tokio::test]
async fn everything_of_an_object_is_told_in_order_and_from_any_cursor_on() {
    let this = Watched::start(LONG).await;
    for _ in 1..=5 {
        this.add("a", 1).await;
    }
    let mut watch = this.follow("").await.unwrap();
    let mut cursors = Vec::new();
    for amount in 1..=5 {
        let told = next(&mut watch).await;
        assert_eq!(told.what.unwrap().amount, amount);
        cursors.push(told.cursor);
    }
    for (at, cursor) in cursors.iter().enumerate() {
        let (rest, _) = told(&mut this.follow(cursor).await.unwrap()).await;
        let rest: Vec<_> = rest.iter().map(|(_, amount)| *amount).collect();
        assert_eq!(rest, (1..=5).skip(at + 1).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_watch_that_has_told_all_is_woken_by_the_next_commit() {
    let this = Watched::start(LONG).await;
    let cursor = this.watches.cursor().await.unwrap();
    let mut watch = this.follow(&cursor).await.unwrap();
    assert_eq!(told(&mut watch).await.0, []);
    let (news, ()) = tokio::join!(next(&mut watch), this.add("a", 7));
    assert_eq!(news.what.unwrap().amount, 7);
}

#[tokio::test]
async fn what_another_process_commits_is_found_in_the_store() {
    let this = Watched::start(LONG).await;
    let mut watch = this.follow("").await.unwrap();
    assert_eq!(told(&mut watch).await.0, []);
    let looking = tokio::spawn(this.watches.clone().look_for_others());
    let (other, work) = writer::start(
        Arc::new(Counters::default()),
        this.service.db.clone(),
        this.service.queue.clone(),
        writer::BATCH,
        this.stop.clone(),
    );
    tokio::spawn(work);
    let step = writer::Step {
        act: add("a", 7),
        cause: cause("other"),
    };
    other.own(step).await.unwrap();
    assert_eq!(next(&mut watch).await.what.unwrap().amount, 7);
    looking.abort();
}

#[tokio::test]
async fn a_quiet_watch_brings_bookmarks_that_pass_over_what_is_not_told() {
    let this = Watched::start(Duration::from_millis(5)).await;
    let mut watch = this.follow("").await.unwrap();
    assert_eq!(told(&mut watch).await.0, []);
    this.add("hidden", 1).await;
    let reached = this.watches.look().await.unwrap();
    let bookmarked = async {
        loop {
            let (amounts, cursor) = told(&mut watch).await;
            assert_eq!(amounts, []);
            if Cursor::parse(&cursor, clock::real()).unwrap().places() == reached {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, bookmarked).await.unwrap();
}

#[tokio::test]
async fn whoever_does_not_read_costs_a_page_at_most_and_holds_no_writer() {
    let this = Watched::start(LONG).await;
    this.add("a", 1).await;
    let mut slow = this.watches.follower("", amount_of).await.unwrap();
    assert!(slow.next().await.unwrap().what.is_some());
    // Nobody reads, and all is written; of that nothing is held.
    for _ in 0..3 * PAGE {
        this.add("a", 0).await;
    }
    assert!(slow.page.is_empty());
    for _ in 0..3 * PAGE {
        assert!(slow.next().await.unwrap().what.is_some());
        let held = u64::try_from(slow.page.len()).unwrap();
        assert!(held < PAGE, "{held}");
    }
}

#[tokio::test]
async fn a_cursor_from_before_a_restore_is_unknown_also_when_the_log_has_grown_past_it() {
    let this = Watched::start(LONG).await;
    this.add("a", 1).await;
    let kept = this.watches.cursor().await.unwrap();
    this.add("a", 2).await;
    let lost = this.watches.cursor().await.unwrap();
    this.run("DELETE FROM log_event WHERE seq = 2").await;
    this.run("UPDATE log_head SET seq = 1 WHERE seq = 2").await;
    assert_eq!(this.refused(&lost).await, "CURSOR_UNKNOWN");
    this.add("a", 3).await;
    this.add("a", 4).await;
    assert_eq!(this.refused(&lost).await, "CURSOR_UNKNOWN");
    assert_eq!(this.refused(&kept).await, "");
}

#[tokio::test]
async fn a_cursor_is_of_use_for_thirty_days() {
    let this = Watched::start(LONG).await;
    let cursor = this.watches.cursor().await.unwrap();
    let after = |days| clock::real() + chrono::TimeDelta::days(days);
    assert!(Cursor::parse(&cursor, after(29)).is_ok());
    let refused = Cursor::parse(&cursor, after(31)).unwrap_err();
    assert_eq!(refused.reason(), "CURSOR_TOO_OLD");
    assert_eq!(this.refused("!").await, "INVALID_FIELDS");
    assert_eq!(this.refused(&cursor[4..]).await, "INVALID_FIELDS");
}

#[tokio::test]
async fn a_watch_ends_when_the_process_stops() {
    let this = Watched::start(LONG).await;
    let mut watch = this.follow("").await.unwrap();
    told(&mut watch).await;
    this.stop.cancel();
    let status = watch.next().await.unwrap().unwrap_err();
    assert_eq!(reason_of(&status), "STOPPING");
    assert!(watch.next().await.is_none());
}
