-- Sessions at rest. Times are milliseconds since the Unix epoch.
CREATE TABLE IF NOT EXISTS authsession_sessions (
    name             BINARY(32) NOT NULL PRIMARY KEY, -- keyed hash
    version          BIGINT NOT NULL,
    sealed           MEDIUMBLOB,                      -- the record, encrypted; NULL once the session ended
    idle_deadline    BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    due              BIGINT NOT NULL,                 -- the earlier of both; once the session ended, when to forget it
    subject          BINARY(32),                      -- keyed hashes to find it by; NULL once it ended
    provider_session BINARY(32),
    ended            VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin, -- why
    lease_owner      BINARY(16),                      -- once the session ended, which call ended it
    lease_until      BIGINT,
    KEY authsession_sessions_due (due),
    KEY authsession_sessions_subject (subject),
    KEY authsession_sessions_provider_session (provider_session)
) ENGINE = InnoDB;
