-- Sessions at rest. Times are milliseconds since the Unix epoch.
CREATE TABLE IF NOT EXISTS authsession_sessions (
    name             BLOB    NOT NULL PRIMARY KEY CHECK (length(name) = 32), -- keyed hash
    version          INTEGER NOT NULL,
    sealed           BLOB,                         -- the record, encrypted; NULL once the session ended
    idle_deadline    INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    due              INTEGER NOT NULL,             -- the earlier of both; once the session ended, when to forget it
    subject          BLOB,                         -- keyed hashes to find it by; NULL once it ended
    provider_session BLOB,
    ended            TEXT,                         -- why
    lease_owner      BLOB,                         -- once the session ended, which call ended it
    lease_until      INTEGER
);
CREATE INDEX IF NOT EXISTS authsession_sessions_due ON authsession_sessions (due);
CREATE INDEX IF NOT EXISTS authsession_sessions_subject ON authsession_sessions (subject) WHERE subject IS NOT NULL;
CREATE INDEX IF NOT EXISTS authsession_sessions_provider_session ON authsession_sessions (provider_session)
    WHERE provider_session IS NOT NULL;
