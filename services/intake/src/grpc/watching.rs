//! `WatchDossiers`: what changed, as the caller may know it now.

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use kit::authority::{Context, Scope};
use kit::clock;
use kit::failure::Failure;
use kit::watch::Told;
use proto::event::v1::Event;
use proto::intake::v1 as pb;
use tonic::Status;

use super::Dossiers;
use crate::dossier::Dossier;
use crate::error::Error;
use crate::{store, wire};

const WATCH: &str = "motcua.intake.v1.DossierService/WatchDossiers";

/// What is streamed.
pub type Responses = BoxStream<'static, Result<pb::WatchDossiersResponse, Status>>;

impl Dossiers {
    /// Tells of every change from a cursor on that the caller may know of.
    pub(super) async fn watch(
        &self,
        context: Context,
        request: &pb::WatchDossiersRequest,
    ) -> Result<Responses, Failure> {
        let changed = |event: &Event| Some(event.clone());
        let told = self.watches.follow(&request.cursor, changed).await?;
        let watcher = Watcher {
            scope: context.rights.scope(),
            dossiers: self.clone(),
            national: request.national_records,
            context,
        };
        let responses = futures::stream::try_unfold(
            (Box::pin(told), watcher),
            |(mut told, watcher)| async move {
                while let Some(next) = told.try_next().await? {
                    if let Some(response) = watcher.response(next).await? {
                        return Ok(Some((response, (told, watcher))));
                    }
                }
                Ok(None)
            },
        );
        Ok(responses.boxed())
    }
}

/// One caller that watches.
struct Watcher {
    dossiers: Dossiers,
    context: Context,
    scope: Scope,
    /// Whether the national portal's records are told too.
    national: bool,
}

impl Watcher {
    /// What the caller is told; nothing of what it may not know of.
    async fn response(
        &self,
        told: Told<Event>,
    ) -> Result<Option<pb::WatchDossiersResponse>, Failure> {
        let bookmark = pb::WatchDossiersResponse {
            cursor: told.cursor,
            ..pb::WatchDossiersResponse::default()
        };
        let Some(event) = told.what else {
            return Ok(Some(bookmark));
        };
        let (uid, changed_at) = (&event.subject, event.occurred_at);
        let found = store::find(self.dossiers.sealed(), &self.scope, uid).await;
        let Some(dossier) = found.map_err(Error::from)? else {
            return Ok(self.leaves(&event).then(|| pb::WatchDossiersResponse {
                left_scope_uid: uid.clone(),
                changed_at,
                ..bookmark
            }));
        };
        self.record(&dossier).await?;
        Ok(Some(pb::WatchDossiersResponse {
            dossier: Some(wire::reply::dossier(&dossier)),
            national_record: self.national.then(|| wire::national::record(&dossier)),
            national_progress: self
                .national
                .then(|| wire::national::progress(&dossier, &event))
                .flatten(),
            changed_at,
            ..bookmark
        }))
    }

    /// Whether a dossier that the caller may not know of left its scope with this: the event says who lost it, so that nobody need
    /// remember what was told, and whoever comes back later is told the same.
    fn leaves(&self, event: &Event) -> bool {
        wire::event::left(event).is_some_and(|(stood, unit)| {
            let stood = stood.iter().map(|relation| (*relation, unit.as_str()));
            self.scope.covers(&stood.collect::<Vec<_>>())
        })
    }

    /// What is told of an applicant is recorded first.
    async fn record(&self, dossier: &Dossier) -> Result<(), Failure> {
        let context = Context {
            at: clock::real(),
            ..self.context.clone()
        };
        let read = std::slice::from_ref(dossier);
        self.dossiers.record(&context, WATCH, read).await
    }
}
