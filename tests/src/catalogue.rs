//! What the administrator of the province publishes.

use proto::catalogue::v1::{
    CreateDraftRequest, Procedure, PublishVersionRequest, UpdateDraftRequest,
};

use crate::cast::ADMINISTRATOR;
use crate::new_request_id;
use crate::suite::Suite;

const MORNING: &str = "2017-08-28T08:00";

impl Suite {
    /// Publishes the second version of a procedure, as `changed` has it, from Monday on; gives where that stands in the log.
    pub async fn publish(&self, code: &str, changed: fn(Procedure) -> Procedure) -> String {
        let administrator = self.actor(ADMINISTRATOR).at(MORNING);
        let only_code = Procedure {
            code: code.to_owned(),
            ..Procedure::default()
        };
        let create = CreateDraftRequest {
            request_id: new_request_id(),
            draft: Some(only_code),
        };
        let created = administrator.ok(create).await.message.draft;
        let draft = created.expect("the reply has the draft");
        let update = UpdateDraftRequest {
            request_id: new_request_id(),
            expected_revision: draft.revision,
            draft: Some(changed(draft)),
        };
        let updated = administrator.ok(update).await.message.draft;
        let publish = PublishVersionRequest {
            request_id: new_request_id(),
            code: code.to_owned(),
            expected_revision: updated.expect("the reply has the draft").revision,
            effective_from: "2017-08-28".to_owned(),
            dry_run: false,
        };
        let published = administrator.ok(publish).await;
        assert_eq!(published.message.ends_version, 1);
        published.position.expect("a mutation has its position")
    }
}
