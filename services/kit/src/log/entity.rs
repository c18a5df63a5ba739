//! The rows of the log.

/// One event.
pub mod event {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "log_event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub shard: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub subject: String,
        pub actor: String,
        pub unit: String,
        pub request_id: String,
        pub occurred_at: i64,
        pub traceparent: String,
        pub type_url: String,
        pub change: Vec<u8>,
        pub personal: Option<Vec<u8>>,
        pub personal_digest: Option<Vec<u8>>,
        pub hash: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A local day that was closed: the root over all that was told since the one before.
pub mod day {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "log_day")]
    pub struct Model {
        /// From 1, dense: the next day cannot be closed twice.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub day: String,
        pub events: i64,
        /// How far the shards reached, in their order, separated by commas.
        pub reach: String,
        pub root: Vec<u8>,
        /// Over the root and the seal of the day before.
        pub seal: Vec<u8>,
        pub closed_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// How far a shard reaches.
pub mod head {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "log_head")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub shard: i32,
        pub seq: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The last hash of a subject's chain, and the subject's data key, wrapped; none where nothing about it is personal or it was
/// erased.
pub mod chain {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "log_chain")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub hash: Vec<u8>,
        pub data_key: Option<Vec<u8>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
