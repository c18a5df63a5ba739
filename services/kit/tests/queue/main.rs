//! The queue. Its tests are a contract: functions over a [`Queue`] that know nothing of how it is made. Each implementation
//! runs them all; nothing in them sleeps, they wait for what the queue itself brings, so they hold in paused and in real time.
#![cfg(test)]

mod deliveries;
mod events;
mod offers;
mod order;
mod taking;

use kit::queue::Queue;
use tokio::sync::{Mutex, MutexGuard};

/// Runs the rules of the contract against one implementation, each as a test with a queue of its own.
macro_rules! contract {
    ($implementation:ident: $clock:meta, $make:path) => {
        contract!($implementation: $clock, $make,
            offers: an_offer_is_delivered_once_while_it_is_leased,
            an_offer_whose_lease_ended_is_delivered_again_as_the_next_attempt,
            an_offer_that_is_made_twice_is_one_offer,
            a_settled_offer_is_not_delivered_again,
            an_offer_that_is_settled_before_it_was_pulled_is_never_delivered,
            a_waiting_puller_wakes_when_an_offer_arrives,
            a_puller_goes_empty_handed_when_its_wait_is_over,
            a_waiting_puller_gets_what_another_took_and_let_lapse,
            an_offer_brings_its_trace_and_its_commit_with_every_delivery,
            offers_come_in_the_order_in_which_they_were_made,
            an_offer_that_comes_again_comes_before_later_ones,
            units_do_not_get_each_others_offers,
            two_pullers_never_get_the_same_offer,
            a_lane_that_was_never_filled_asks_for_a_refill,
            a_lane_that_never_overflowed_asks_for_nothing,
            a_lane_that_left_offers_out_asks_for_a_refill_when_it_drains,
            a_lane_whose_refill_left_more_behind_asks_again,
            a_refill_goes_on_where_the_last_ended_or_before_what_found_no_room,
            after_a_wipe_nothing_is_there_and_a_refill_brings_everything_back,
            a_puller_that_waits_through_a_wipe_gets_what_is_refilled;
            order: a_later_offer_of_a_dossier_comes_after_an_earlier_that_found_no_room,
            an_offer_that_overtakes_none_comes_at_once_although_the_store_has_more,
            an_offer_that_follows_what_is_there_or_acknowledged_comes_at_once,
            an_offer_whose_earlier_one_has_gone_comes_from_the_store,
            a_waiting_taker_has_the_lane_ask_for_what_was_left_out,
            a_lane_that_was_wiped_leaves_out_what_might_overtake,
            a_page_may_be_longer_than_a_lane;
            deliveries: an_acknowledged_offer_does_not_come_again_and_no_refill_brings_it_back,
            an_offer_may_be_acknowledged_twice_and_late_and_not_when_it_does_not_wait,
            what_is_asked_for_together_is_done_in_order,
            an_acknowledged_offer_that_is_settled_and_made_again_is_a_new_one,
            after_a_wipe_an_acknowledged_offer_may_come_again,
            acknowledged_offers_take_no_room,
            an_extended_lease_ends_later,
            only_the_delivery_that_is_out_is_extended_or_given_back,
            an_offer_that_was_given_back_comes_at_once_and_before_later_ones,
            a_waiting_taker_gets_what_another_gives_back,
            an_offer_that_was_given_back_for_later_comes_then,
            a_delivery_that_did_not_arrive_does_not_count,
            an_offer_that_was_delivered_too_often_is_told_of_and_not_delivered,
            time_without_a_taker_is_no_delivery,
            a_later_offer_of_a_dossier_waits_while_an_earlier_is_out_with_another,
            a_taker_that_waits_gets_a_later_offer_when_the_earlier_is_settled,
            one_taker_may_have_several_offers_of_a_dossier_in_order,
            a_later_offer_of_a_dossier_waits_for_an_earlier_that_comes_again,
            what_a_lane_holds_is_told,
            a_lane_that_was_never_filled_or_was_wiped_is_told_of;
            events: published_events_are_received_in_order,
            a_listener_hears_only_its_own_shard_of_its_own_owner,
            every_listener_hears_every_event,
            an_event_that_nobody_listens_to_is_no_fault,
            a_slow_listener_is_told_or_sees_a_jump_and_gets_the_last_thousand,
        );
    };
    ($implementation:ident: $clock:meta, $make:path, $($module:ident: $($rule:ident),+ $(,)?);+) => {
        mod $implementation {
            $($(
                #[$clock]
                async fn $rule() {
                    if let Some((queue, _own)) = $make().await {
                        crate::$module::$rule(queue).await;
                    }
                }
            )+)+
        }
    };
}

contract!(in_process: tokio::test(start_paused = true), crate::in_process_queue);
contract!(redis: tokio::test(flavor = "multi_thread"), crate::redis_queue);
contract!(sentinel: tokio::test(flavor = "multi_thread"), crate::queue_behind_sentinels);
contract!(cluster: tokio::test(flavor = "multi_thread"), crate::queue_on_a_cluster);

#[expect(clippy::unused_async, reason = "of the form that the rules ask for")]
async fn in_process_queue() -> Option<(Queue, ())> {
    Some((Queue::in_process(), ()))
}

/// A database of its own on the Redis of the tests, where there is one.
async fn redis_queue() -> Option<(Queue, ())> {
    Some((kit::testing::redis_queue().await?, ()))
}

/// The Redis that the sentinels of the tests name, where there are any, for one test at a time.
async fn queue_behind_sentinels() -> Option<(Queue, MutexGuard<'static, ()>)> {
    static ONE: Mutex<()> = Mutex::const_new(());
    let one = ONE.lock().await;
    Some((
        kit::testing::queue_at("MOTCUA_TEST_REDIS_SENTINEL").await?,
        one,
    ))
}

/// The Redis Cluster of the tests, where there is one, for one test at a time.
async fn queue_on_a_cluster() -> Option<(Queue, MutexGuard<'static, ()>)> {
    static ONE: Mutex<()> = Mutex::const_new(());
    let one = ONE.lock().await;
    Some((
        kit::testing::queue_at("MOTCUA_TEST_REDIS_CLUSTER").await?,
        one,
    ))
}
