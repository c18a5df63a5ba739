-- What the yardstick of the database writes into: a dossier with the columns and indexes of intake's, its components, its
-- history, its event, and the number that its unit gave it that day.
CREATE TABLE dossier (
  uid text PRIMARY KEY,
  code text UNIQUE NOT NULL,
  state integer NOT NULL,
  procedure_code text NOT NULL,
  procedure_version integer NOT NULL,
  case_key text NOT NULL,
  channel integer NOT NULL,
  applicant text NOT NULL,
  party_uid text,
  content_digest bytea NOT NULL,
  receiving_unit text NOT NULL,
  competent_unit text NOT NULL,
  returning_unit text NOT NULL,
  submitted_at bigint NOT NULL,
  received_at bigint,
  appointment bigint,
  revision bigint NOT NULL
);
CREATE INDEX dossier_party ON dossier (party_uid);
CREATE INDEX dossier_content ON dossier (content_digest);
CREATE INDEX dossier_receiving ON dossier (receiving_unit, submitted_at, uid);
CREATE INDEX dossier_competent ON dossier (competent_unit);
CREATE INDEX dossier_returning ON dossier (returning_unit);

CREATE TABLE component (
  dossier_uid text NOT NULL,
  key text NOT NULL,
  originals integer NOT NULL,
  copies integer NOT NULL,
  PRIMARY KEY (dossier_uid, key)
);

CREATE TABLE history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  dossier_uid text NOT NULL,
  actor text NOT NULL,
  at bigint NOT NULL,
  change bytea NOT NULL,
  hash bytea NOT NULL
);
CREATE INDEX history_dossier ON history (dossier_uid);

CREATE TABLE event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject text NOT NULL,
  type text NOT NULL,
  body bytea NOT NULL
);

CREATE TABLE dossier_number (
  unit_uid text NOT NULL,
  date text NOT NULL,
  last bigint NOT NULL,
  PRIMARY KEY (unit_uid, date)
);
