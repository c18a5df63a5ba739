//! Every mutation that was acknowledged, to the bit, and the proof that it is still true.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream;
use prost::bytes::Bytes;

use super::call::Call;
use super::error::Error;
use super::line::Line;
use crate::rpc::Answer;

/// How many calls are under way at once.
pub const AT_ONCE: usize = 64;

/// Every mutation that was acknowledged.
#[derive(Default)]
pub struct Ledger(Vec<(Call, Bytes)>);

/// What came of sending acknowledged mutations again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Replay {
    /// How many were sent again.
    pub sent: usize,
    /// How many replies were the same to the bit.
    pub same: usize,
}

impl Ledger {
    /// Notes a mutation with its reply.
    pub fn note(&mut self, call: Call, answer: &Answer) {
        self.0.push((call, answer.body.clone()));
    }

    /// How many were acknowledged.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Sends up to `most` of them again, spread over all: each must give the reply that it gave before.
    ///
    /// # Errors
    /// When one is refused.
    pub async fn replay(&self, line: &Arc<Line>, most: usize) -> Result<Replay, Error> {
        let count = self.len().min(most);
        let chosen = (1..=count).map(|place| &self.0[place * self.len() / count - 1]);
        let again = chosen.map(|(call, reply)| async move {
            let answer = line.send(call).await?;
            Ok(answer.body == *reply)
        });
        let mut under_way = stream::iter(again).buffer_unordered(AT_ONCE);
        let mut replay = Replay::default();
        while let Some(same) = under_way.next().await {
            let same: Result<bool, Error> = same;
            replay.sent += 1;
            replay.same += usize::from(same?);
        }
        Ok(replay)
    }
}
