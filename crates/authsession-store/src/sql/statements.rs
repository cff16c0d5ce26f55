//! What a database is asked, in its own words.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::sql::table::Table;

/// The words in which the databases differ.
pub(crate) struct Words {
    /// The lesser and the greater of two numbers.
    pub(crate) least: &'static str,
    pub(crate) greatest: &'static str,
    /// No bytes, as an expression.
    pub(crate) no_bytes: &'static str,
    /// Behind a look-up whose row is about to be changed.
    pub(crate) to_change_it: &'static str,
    /// What time it is, in milliseconds since the Unix epoch; of a database with a clock of its own.
    pub(crate) clock: Option<&'static str>,
    /// Forgets tombstones: of a time, so many.
    pub(crate) forget: &'static str,
    /// Whether parameters are numbered: `$1`.
    pub(crate) numbered: bool,
    /// Whether others listen.
    pub(crate) notifies: bool,
}

/// One statement, and how it may be asked.
pub(crate) struct Statement {
    pub(crate) text: SqlStr,
    pub(crate) reads: bool,
    /// Whether it may be asked again when nobody knows whether it was done.
    pub(crate) repeatable: bool,
}

/// All of them, for one table. The parameters stand in the order of the columns and conditions they are for.
pub(crate) struct Statements {
    pub(crate) create: Statement,
    pub(crate) load: Statement,
    pub(crate) load_to_end: Statement,
    pub(crate) update: Statement,
    pub(crate) touch: Statement,
    pub(crate) end: Statement,
    pub(crate) overdue: Statement,
    pub(crate) end_unheard: Statement,
    pub(crate) forget: Statement,
    pub(crate) find_by_subject: Statement,
    pub(crate) find_by_provider_session: Statement,
    pub(crate) lease: Statement,
    pub(crate) release: Statement,
    pub(crate) time: Statement,
}

const LIVE: &str = "ended IS NULL AND idle_deadline > ? AND expires_at > ?";

impl Statements {
    pub(crate) fn new(words: &Words, table: &Table) -> Self {
        let Words { least, greatest, no_bytes, to_change_it, .. } = words;
        let clock = words.clock.unwrap_or("NULL");
        let read = |text: String| Statement { text: finish(words, &text), reads: true, repeatable: true };
        let write =
            |repeatable, text: &str| Statement { text: finish(words, text), reads: false, repeatable };
        let heard = |text: String| write(false, &if words.notifies { notifying(table, &text) } else { text });
        let kept =
            |sealed| format!("SELECT name, version, {sealed}, idle_deadline, expires_at, ended FROM {table}");
        let load = format!("{} WHERE name = ?", kept("sealed"));
        let find = |label| read(format!("{} WHERE {label} = ? AND {LIVE}", kept(no_bytes)));
        let end = format!(
            "UPDATE {table} SET ended = ?, due = ?, lease_owner = ?, sealed = NULL, subject = NULL, \
             provider_session = NULL, lease_until = NULL \
             WHERE name = ? AND version = ? AND idle_deadline = ? AND expires_at = ? AND ended IS NULL"
        );
        Self {
            create: write(
                false,
                &format!(
                    "INSERT INTO {table} (name, version, sealed, idle_deadline, expires_at, due, subject, \
                     provider_session) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                ),
            ),
            // Of a tombstone, who ended it.
            load_to_end: read(format!(
                "{} WHERE name = ?{to_change_it}",
                kept("CASE WHEN ended IS NULL THEN sealed ELSE lease_owner END")
            )),
            load: read(load),
            update: heard(format!(
                "UPDATE {table} SET version = ?, sealed = ?, expires_at = ?, due = {least}(idle_deadline, ?), \
                 subject = ?, provider_session = ? WHERE name = ? AND version = ? AND {LIVE}"
            )),
            touch: write(
                true,
                &format!(
                    "UPDATE {table} SET idle_deadline = {greatest}(idle_deadline, ?), \
                     due = {least}({greatest}(idle_deadline, ?), expires_at) WHERE name = ? AND {LIVE}"
                ),
            ),
            end_unheard: write(false, &end),
            end: heard(end),
            overdue: read(format!(
                "{} WHERE due <= ? AND ended IS NULL AND length(name) = 32 ORDER BY due LIMIT ?",
                kept("sealed")
            )),
            forget: write(true, &words.forget.replace("{table}", table.name())),
            find_by_subject: find("subject"),
            find_by_provider_session: find("provider_session"),
            lease: write(
                true,
                &format!(
                    "UPDATE {table} SET lease_owner = ?, lease_until = COALESCE(?, {clock}) + ? WHERE name = ? AND {LIVE} \
                     AND (lease_owner IS NULL OR lease_owner = ? OR lease_until <= COALESCE(?, {clock}) \
                     OR lease_until > COALESCE(?, {clock}) + ?)"
                ),
            ),
            time: read(format!("SELECT {no_bytes}, {clock}, {no_bytes}, {clock}, {clock}, NULL")),
            release: write(
                true,
                &format!(
                    "UPDATE {table} SET lease_owner = NULL, lease_until = NULL \
                     WHERE name = ? AND lease_owner = ?"
                ),
            ),
        }
    }
}

/// The same change, told to who listens on the channel of the table's name once it is committed.
fn notifying(table: &Table, change: &str) -> String {
    format!(
        "WITH changed AS ({change} RETURNING name) SELECT pg_notify('{table}', encode(name, 'hex')) FROM changed"
    )
}

fn finish(words: &Words, text: &str) -> SqlStr {
    let mut parts = text.split('?');
    let mut finished = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        if words.numbered {
            finished.push_str(&format!("${}", index + 1));
        } else {
            finished.push('?');
        }
        finished.push_str(part);
    }
    AssertSqlSafe(std::sync::Arc::<str>::from(finished)).into_sql_str()
}
