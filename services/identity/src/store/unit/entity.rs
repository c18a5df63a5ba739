//! The rows of units.

/// What lasts of a unit, and its end.
pub mod unit {
    use chrono::NaiveDate;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: String,
        pub kind: String,
        pub valid_to: Option<NaiveDate>,
        pub succession: Option<String>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// How a unit is described from a day on.
pub mod period {
    use chrono::NaiveDate;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_period")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_uid: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub valid_from: NaiveDate,
        pub code: String,
        pub subtype: String,
        pub name: String,
        pub short_name: String,
        pub parent_uid: Option<String>,
        pub national_code: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
