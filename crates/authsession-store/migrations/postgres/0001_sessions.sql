-- Sessions at rest. Times are milliseconds since the Unix epoch.
CREATE TABLE IF NOT EXISTS authsession_sessions (
    name             BYTEA  NOT NULL PRIMARY KEY CHECK (octet_length(name) = 32), -- keyed hash
    version          BIGINT NOT NULL,
    sealed           BYTEA,                       -- the record, encrypted; NULL once the session ended
    idle_deadline    BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    due              BIGINT NOT NULL,             -- the earlier of both; once the session ended, when to forget it
    subject          BYTEA,                       -- keyed hashes to find it by; NULL once it ended
    provider_session BYTEA,
    ended            TEXT,                        -- why
    lease_owner      BYTEA,                       -- once the session ended, which call ended it
    lease_until      BIGINT
);
CREATE INDEX IF NOT EXISTS authsession_sessions_due ON authsession_sessions (due);
CREATE INDEX IF NOT EXISTS authsession_sessions_subject ON authsession_sessions (subject) WHERE subject IS NOT NULL;
CREATE INDEX IF NOT EXISTS authsession_sessions_provider_session ON authsession_sessions (provider_session)
    WHERE provider_session IS NOT NULL;
