//! Why a database could not be opened, or did not answer.

use std::error::Error as StdError;
use std::sync::Arc;

use sqlx::Error;

use crate::sql::dialect::{Dialect, Wrong};
use crate::store::StoreError;

/// The URL is not one of this database. Says nothing of it: it may hold a password.
pub(crate) fn not_its_url<D: Dialect>() -> StoreError {
    let hint = format!(
        "its URL is not one of this database, or one of its parameters has no such value: write {}",
        D::URL
    );
    StoreError::Misconfigured(hint.into())
}

/// A call was cut short.
#[derive(Debug, thiserror::Error)]
#[error("the database did not answer in time")]
pub(crate) struct TookTooLong;

/// How asking a database failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Sqlx(Error),
    TookTooLong,
}

impl Failure {
    /// Of a backend that is being opened: who opens it is told what to set right. A request never is.
    pub(crate) fn at_the_start<D: Dialect>(self) -> StoreError {
        let wrong = match &self {
            Self::Sqlx(Error::Database(error)) => D::wrong(&**error),
            Self::Sqlx(Error::Configuration(_) | Error::Tls(_)) => Some(Wrong::Connection),
            _ => None,
        };
        wrong.map_or_else(|| self.into(), |wrong| StoreError::Misconfigured(fix(wrong).into()))
    }

    fn cause(self) -> Arc<dyn StdError + Send + Sync> {
        match self {
            Self::Sqlx(error) => Arc::new(error),
            Self::TookTooLong => Arc::new(TookTooLong),
        }
    }
}

/// Says nothing of what the server said, or what it was given.
const fn fix(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Login => {
            "the database refuses the user and password: set them in its URL, or let that user in"
        }
        Wrong::Database => {
            "the database server has no database of that name: create it, or name another in the URL"
        }
        Wrong::Rights => {
            "the database user lacks rights: grant it the database, and to create tables; or make the table as another user, by \
             SCHEMA, and grant SELECT, INSERT, UPDATE and DELETE on it"
        }
        Wrong::Connection => {
            "no connection to the database can be set up as the URL says: check its TLS mode and certificate files"
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        Self::Unavailable(failure.cause())
    }
}
