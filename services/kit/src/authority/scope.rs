//! What a caller may know.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::Condition;
use sea_orm::sea_query::Expr;

use super::Relation;

/// What a caller may know of dossiers, transfers or parties. Every query over them starts from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Everything,
    /// Those to which one of these units or parties stands so; none at all when this is empty.
    Of(BTreeMap<Relation, BTreeSet<String>>),
}

impl Scope {
    /// Nothing at all.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Of(BTreeMap::new())
    }

    /// What keeps a query within it; `related` says which rows those are to which one of these units, parties or subjects stands
    /// so, where a row can be stood to so at all. Nothing passes that no relation lets pass.
    #[must_use]
    pub fn condition(
        &self,
        related: impl Fn(Relation, &BTreeSet<String>) -> Option<Condition>,
    ) -> Condition {
        match self {
            Self::Everything => Condition::all(),
            Self::Of(known) => {
                let nothing = Condition::any().add(Expr::val(false));
                let related = known
                    .iter()
                    .filter_map(|(relation, names)| related(*relation, names));
                related.fold(nothing, Condition::add)
            }
        }
    }

    /// Whether somebody who stands so to an object may know of it.
    #[must_use]
    pub fn covers(&self, standing: &[(Relation, &str)]) -> bool {
        match self {
            Self::Everything => true,
            Self::Of(known) => standing.iter().any(|(relation, name)| {
                known
                    .get(relation)
                    .is_some_and(|names| names.contains(*name))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{Alias, ExprTrait as _, Query, SqliteQueryBuilder};

    use super::*;

    fn query(scope: &Scope) -> String {
        let related = |relation, names: &BTreeSet<String>| {
            let own = Expr::col(Alias::new("unit")).is_in(names);
            (relation == Relation::Own).then(|| Condition::all().add(own))
        };
        let mut select = Query::select();
        select.column(Alias::new("uid")).from(Alias::new("row"));
        select.cond_where(scope.condition(related));
        select.to_string(SqliteQueryBuilder)
    }

    #[test]
    fn a_query_passes_what_a_known_relation_lets_pass_and_nothing_else() {
        let of = |relation| Scope::Of([(relation, ["a".to_owned()].into())].into());
        let all = r#"SELECT "uid" FROM "row" WHERE "#;
        let nothing = format!("{all}FALSE");
        assert_eq!(query(&Scope::Everything), format!("{all}TRUE"));
        assert_eq!(query(&Scope::nothing()), nothing);
        assert_eq!(query(&of(Relation::Owner)), nothing);
        let own = format!(r#"{all}FALSE OR "unit" IN ('a')"#);
        assert_eq!(query(&of(Relation::Own)), own);
    }
}
