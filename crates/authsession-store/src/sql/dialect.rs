//! A database as the backends use it: one statement asked on one connection.

use std::future::Future;

use sqlx::error::DatabaseError;
use sqlx::{Database, Error, Pool, SqlStr};

use crate::sql::statements::{Statement, Words};
use crate::store::StoreError;

/// A database that sessions can be kept in.
pub(crate) trait Dialect: Database {
    const WORDS: Words;
    /// How its URL is written.
    const URL: &'static str;
    /// The statements that make the table, each harmless when it is there.
    const SCHEMA: &'static str;
    /// What keeps others from making it at the same time, within a transaction.
    const ALONE: &'static str;
    const BEGIN: SqlStr;
    /// How many connections may write at once.
    const WRITERS: usize;

    /// Connections to the database of that URL, none of which is open yet.
    fn pool(url: &str) -> Result<Pool<Self>, StoreError>;

    fn ask(
        connection: &mut Self::Connection,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Answer, Error>> + Send;

    fn run_script(
        connection: &mut Self::Connection,
        script: String,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    fn remedy(error: &dyn DatabaseError) -> Remedy;

    /// The setting that it says is wrong.
    fn wrong(error: &dyn DatabaseError) -> Option<Wrong>;
}

/// What somebody has to set right before a database can be used.
#[cfg_attr(
    not(any(feature = "postgres", feature = "mysql")),
    expect(dead_code, reason = "a file has no users, and is made where there is none")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// User or password.
    Login,
    /// There is none of that name.
    Database,
    /// What the user may do.
    Rights,
    /// How the connection is set up, as TLS.
    Connection,
}

/// A parameter.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Bytes(Option<&'a [u8]>),
    Number(i64),
    /// Or nothing, where the server knows it.
    Perhaps(Option<i64>),
    Text(&'a str),
}

/// What came back.
pub(crate) struct Answer {
    /// How many rows there are that were asked to be changed.
    pub(crate) changed: u64,
    pub(crate) rows: Vec<Row>,
}

/// A session as it is kept: name, version, sealed record, idle deadline, age's end, why it ended.
pub(crate) type Row = (Vec<u8>, i64, Option<Vec<u8>>, i64, i64, Option<String>);

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Two got in each other's way, and nothing was done: ask again.
    AskAgain,
    /// Nobody knows whether it was done: ask again, on another connection, what may be asked twice.
    AnotherConnection,
    None,
}

pub(crate) fn remedy<D: Dialect>(error: &Error) -> Remedy {
    match error {
        Error::Database(error) => D::remedy(&**error),
        Error::Io(_) | Error::Protocol(_) | Error::WorkerCrashed => Remedy::AnotherConnection,
        _ => Remedy::None,
    }
}

/// [`Dialect::ask`] and [`Dialect::run_script`]: the same everywhere, but generic only with two dozen bounds.
macro_rules! asks {
    () => {
        async fn ask(
            connection: &mut Self::Connection,
            statement: &$crate::sql::statements::Statement,
            values: &[$crate::sql::dialect::Value<'_>],
        ) -> Result<$crate::sql::dialect::Answer, sqlx::Error> {
            use $crate::sql::dialect::{Answer, Row, Value};
            let mut query = sqlx::query::<Self>(statement.text.clone());
            for value in values {
                query = match *value {
                    Value::Bytes(bytes) => query.bind(bytes),
                    Value::Number(number) => query.bind(number),
                    Value::Perhaps(number) => query.bind(number),
                    Value::Text(text) => query.bind(text),
                };
            }
            if statement.reads {
                let rows = query.fetch_all(connection).await?;
                let rows =
                    rows.iter().map(<Row as sqlx::FromRow<'_, _>>::from_row).collect::<Result<_, _>>()?;
                return Ok(Answer { changed: 0, rows });
            }
            let done = query.execute(connection).await?;
            Ok(Answer { changed: done.rows_affected(), rows: Vec::new() })
        }

        async fn run_script(connection: &mut Self::Connection, script: String) -> Result<(), sqlx::Error> {
            sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(connection).await.map(drop)
        }
    };
}

pub(crate) use asks;
