/** Raised with every change of the tables below; a file of a number that no migration starts from is refused. */
export const SCHEMA_VERSION = 5

const SECRETS = `
CREATE TABLE secret_version (
  secret TEXT NOT NULL,
  version_id TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (secret, version_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE secret_stage (
  secret TEXT NOT NULL,
  stage TEXT NOT NULL,
  version_id TEXT NOT NULL,
  PRIMARY KEY (secret, stage),
  FOREIGN KEY (secret, version_id) REFERENCES secret_version (secret, version_id)
) STRICT, WITHOUT ROWID;
`

const AUTHORIZER_CALLERS = `
CREATE TABLE authorizer_caller (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  PRIMARY KEY (account_id, region)
) STRICT, WITHOUT ROWID;
`

const ROOT_SECRETS = `
CREATE TABLE root_secret (
  name TEXT PRIMARY KEY,
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

const GATEWAY_KEYS = `
CREATE TABLE gateway_plan (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE gateway_key (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  digest TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
CREATE INDEX gateway_key_owner ON gateway_key (owner);
CREATE TABLE gateway_membership (
  key TEXT NOT NULL REFERENCES gateway_key (name) ON DELETE CASCADE,
  plan TEXT NOT NULL REFERENCES gateway_plan (name),
  PRIMARY KEY (key, plan)
) STRICT, WITHOUT ROWID;
CREATE TABLE gateway_usage (
  plan TEXT NOT NULL,
  key TEXT NOT NULL,
  period_start INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (plan, key)
) STRICT, WITHOUT ROWID;
`

export const SCHEMA = `
CREATE TABLE entity (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  head TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entity_listed ON entity (kind, created_at, id);

CREATE TABLE entity_label (
  kind TEXT NOT NULL,
  label TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (kind, label, id),
  FOREIGN KEY (kind, id) REFERENCES entity (kind, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX entity_label_owner ON entity_label (kind, id);

CREATE TABLE event (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  actor TEXT NOT NULL,
  time TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (kind, subject, version),
  FOREIGN KEY (kind, subject) REFERENCES entity (kind, id)
) STRICT;
CREATE INDEX event_subject ON event (subject, sequence);
CREATE INDEX event_type ON event (type, sequence);
CREATE INDEX event_actor ON event (actor, sequence);
CREATE INDEX event_time ON event (time);

CREATE TABLE claim (
  name TEXT PRIMARY KEY,
  owner TEXT,
  generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
  key TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  sweep_after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE access_row (
  key TEXT PRIMARY KEY,
  gateway TEXT,
  body TEXT NOT NULL,
  sweep_after INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX access_row_gateway ON access_row (gateway) WHERE gateway IS NOT NULL;

${SECRETS}${AUTHORIZER_CALLERS}${ROOT_SECRETS}${GATEWAY_KEYS}
CREATE TABLE stream_position (
  stream TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  queue TEXT NOT NULL,
  body TEXT NOT NULL,
  event_id TEXT,
  event_type TEXT,
  receives INTEGER NOT NULL DEFAULT 0,
  visible_at INTEGER NOT NULL,
  in_flight INTEGER NOT NULL DEFAULT 0,
  postponed INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  dead INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX message_visible ON message (queue, dead, visible_at);
`

/** From each earlier version to the next one; `MIGRATIONS[0]` starts from version 1. */
export const MIGRATIONS: readonly string[] = [
  AUTHORIZER_CALLERS,
  `
CREATE TABLE api_key_secret (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  text TEXT NOT NULL
) STRICT;
${GATEWAY_KEYS}`,
  // One secret was all there was.
  `
ALTER TABLE secret_version RENAME TO only_version;
ALTER TABLE secret_stage RENAME TO only_stage;
${SECRETS}
INSERT INTO secret_version (secret, version_id, text) SELECT 'KeyRing', version_id, text FROM only_version;
INSERT INTO secret_stage (secret, stage, version_id) SELECT 'KeyRing', stage, version_id FROM only_stage;
DROP TABLE only_stage;
DROP TABLE only_version;
`,
  `
${ROOT_SECRETS}
INSERT INTO root_secret (name, text) SELECT 'ApiKeys', text FROM api_key_secret;
DROP TABLE api_key_secret;
ALTER TABLE message ADD COLUMN postponed INTEGER NOT NULL DEFAULT 0;
`,
]
