//! Rows of procedures.

pub mod procedure {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "procedure")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub revision: i64,
        /// JSON.
        pub online: String,
        pub field: String,
        pub lead_unit: String,
        pub local_code: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod version {
    use chrono::NaiveDate;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "procedure_version")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub effective_from: Option<NaiveDate>,
        pub retired_from: Option<NaiveDate>,
        pub revision: i64,
        /// JSON; empty where a draft was discarded.
        pub body: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
