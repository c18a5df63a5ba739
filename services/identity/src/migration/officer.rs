//! The tables of officers, their positions and passwords.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, boolean, date, date_null, integer, string, string_null, text,
};
use sea_orm_migration::sea_orm::DbBackend;

/// The name is sealed.
pub(super) fn officer() -> TableCreateStatement {
    Table::create()
        .table("officer")
        .col(string("subject").primary_key())
        .col(binary("name"))
        .col(string_null("unit_uid"))
        .col(string("standing"))
        .col(big_integer("revision"))
        .foreign_key(&mut reference(
            "officer_unit",
            ("officer", "unit_uid"),
            ("unit", "uid"),
        ))
        .to_owned()
}

/// `tell_on` is the first day after a position, until its end was told.
pub(super) fn position() -> TableCreateStatement {
    let own = |name, column, to| reference(name, ("position", column), to);
    Table::create()
        .table("position")
        .col(string("uid").primary_key())
        .col(string("subject"))
        .col(string("role"))
        .col(string("unit_uid"))
        .col(date("first_day"))
        .col(date_null("last_day"))
        .col(string_null("acting_for"))
        .col(string_null("acting_position_uid"))
        .col(date_null("tell_on"))
        .foreign_key(&mut own(
            "position_officer",
            "subject",
            ("officer", "subject"),
        ))
        .foreign_key(&mut own("position_unit", "unit_uid", ("unit", "uid")))
        .foreign_key(&mut own(
            "position_acted_in",
            "acting_position_uid",
            ("position", "uid"),
        ))
        .to_owned()
}

/// The password of an officer, apart from what is read with it.
pub(super) fn password() -> TableCreateStatement {
    Table::create()
        .table("password")
        .col(string("subject").primary_key())
        .col(text("hash"))
        .col(boolean("one_time"))
        .foreign_key(&mut reference(
            "password_officer",
            ("password", "subject"),
            ("officer", "subject"),
        ))
        .to_owned()
}

/// Attempts to sign in; those of nobody are counted under keys that no officer can have.
pub(super) fn tries() -> TableCreateStatement {
    Table::create()
        .table("tries")
        .col(string("key").primary_key())
        .col(integer("failures"))
        .col(big_integer("last"))
        .to_owned()
}

pub(super) fn indexes() -> [IndexCreateStatement; 5] {
    use kit::migration::index;
    [
        index("officer", "officer_by_unit", &["unit_uid"]),
        index(
            "position",
            "position_by_officer",
            &["subject", "role", "unit_uid"],
        ),
        index("position", "position_by_unit", &["unit_uid", "role"]),
        index("position", "position_by_acted_for", &["acting_for"]),
        index("position", "position_by_tell_on", &["tell_on"]),
    ]
}

/// No two positions of an officer are the same role at the same unit on the same day, for the same person.
pub(super) fn no_overlap(backend: DbBackend) -> Vec<String> {
    if backend == DbBackend::Postgres {
        return vec![
            "CREATE EXTENSION IF NOT EXISTS btree_gist".to_owned(),
            "ALTER TABLE position ADD CONSTRAINT position_overlaps EXCLUDE USING gist (subject WITH =, role WITH =, \
             unit_uid WITH =, (coalesce(acting_for, '')) WITH =, daterange(first_day, last_day, '[]') WITH &&) \
             WHERE (last_day IS NULL OR last_day >= first_day)"
                .to_owned(),
        ];
    }
    let trigger = |name: &str, event: &str| {
        format!(
            "CREATE TRIGGER {name} BEFORE {event} ON position WHEN EXISTS (SELECT 1 FROM position other WHERE \
             other.uid <> NEW.uid AND other.subject = NEW.subject AND other.role = NEW.role AND \
             other.unit_uid = NEW.unit_uid AND coalesce(other.acting_for, '') = coalesce(NEW.acting_for, '') AND \
             (other.last_day IS NULL OR other.last_day >= NEW.first_day AND other.last_day >= other.first_day) AND \
             (NEW.last_day IS NULL OR NEW.last_day >= other.first_day AND NEW.last_day >= NEW.first_day)) \
             BEGIN SELECT RAISE(ABORT, 'position_overlaps'); END"
        )
    };
    vec![
        trigger("position_overlaps_new", "INSERT"),
        trigger("position_overlaps_changed", "UPDATE"),
    ]
}

fn reference(
    name: &'static str,
    from: (&'static str, &'static str),
    to: (&'static str, &'static str),
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(from.0, from.1)
        .to(to.0, to.1)
        .to_owned()
}
