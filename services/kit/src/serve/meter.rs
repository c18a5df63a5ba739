//! What a call asks for beyond itself.

use std::sync::Arc;

use tonic::Request;

use super::rates::Rates;
use crate::caller::Caller;

/// Counts what a caller says on a stream as calls of its own, beside its others.
#[derive(Clone, Default)]
pub struct Meter(Option<(Arc<Rates>, Arc<Caller>)>);

impl Meter {
    /// That of a caller, by the counts of its port.
    pub(super) fn new(rates: Arc<Rates>, caller: Arc<Caller>) -> Self {
        Self(Some((rates, caller)))
    }

    /// That of a request; where it passed no gate nothing is counted.
    #[must_use]
    pub fn of<T>(request: &Request<T>) -> Self {
        let meter = request.extensions().get::<Self>();
        meter.cloned().unwrap_or_default()
    }

    /// Counts one more, once the caller may do that: nothing is refused. A wait that is given up counts nothing.
    pub async fn count(&self) {
        if let Some((rates, caller)) = &self.0 {
            rates.count_in_time(caller).await;
        }
    }
}
