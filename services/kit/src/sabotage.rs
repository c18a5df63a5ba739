//! Ways to break the suite on purpose, so that the fault run shows that it would notice. Only a build with the feature `sabotage`
//! has any of them; it is told which by `MOTCUA_SABOTAGE`.

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// `acknowledge-before-commit`: a mutation is answered before its transaction is committed.
    AcknowledgeBeforeCommit,
    /// `group-at-end`: the readers of a unit's stream begin at its end.
    GroupAtEnd,
    /// `no-place`: a consumer that takes a shard over does not know its place exactly, and places are not compared.
    NoPlace,
    /// `maxlen-10`: a unit's stream is cut to ten entries.
    MaxLen10,
    /// `offer-epoch-ignored`: whoever answers an offer answers whichever is open now, not the one that was seen.
    OfferEpochIgnored,
    /// `custody-at-offer`: an offer makes the unit responsible that it is made to.
    CustodyAtOffer,
}

/// The place from which a consumer goes on that stands at this one.
#[must_use]
pub(crate) fn place(stored: i64) -> i64 {
    const FORGOTTEN: i64 = 20;
    if is(Sabotage::NoPlace) {
        return (stored - FORGOTTEN).max(0);
    }
    stored
}

/// Whether this is broken: never in a build without the feature.
#[cfg(not(feature = "sabotage"))]
#[must_use]
#[inline]
pub const fn is(_: Sabotage) -> bool {
    false
}

/// Whether this is broken.
#[cfg(feature = "sabotage")]
#[must_use]
pub fn is(what: Sabotage) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<Sabotage>> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| {
        let name = std::env::var("MOTCUA_SABOTAGE").ok()?;
        let all = [
            (
                "acknowledge-before-commit",
                Sabotage::AcknowledgeBeforeCommit,
            ),
            ("group-at-end", Sabotage::GroupAtEnd),
            ("no-place", Sabotage::NoPlace),
            ("maxlen-10", Sabotage::MaxLen10),
            ("offer-epoch-ignored", Sabotage::OfferEpochIgnored),
            ("custody-at-offer", Sabotage::CustodyAtOffer),
        ];
        all.into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, sabotage)| sabotage)
    });
    *chosen == Some(what)
}
