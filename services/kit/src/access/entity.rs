//! The rows of the access log and of its days.

/// One entry.
pub mod entry {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "access_log")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub kind: String,
        pub occurred_at: i64,
        pub subject: String,
        pub roles: String,
        pub units: String,
        pub rpc: String,
        pub objects: String,
        pub outcome: String,
        pub purpose: String,
        pub times: i64,
        pub trace: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A local day: how many entries it has, and once it is closed the root over them.
pub mod day {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "access_day")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: String,
        pub entries: i64,
        pub root: Option<Vec<u8>>,
        /// Over the root and the seal of the day that was closed before.
        pub seal: Option<Vec<u8>>,
        pub closed_at: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
