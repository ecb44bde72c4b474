-- Users of the event log with no more rights than they need: clickhouse-client --multiquery < least-rights.sql
-- Change the passwords. `tributary_owner` creates the tables once (`tributary doctor` does it); the program then runs as
-- `tributary_app`, and people read as `tributary_reader`.

CREATE DATABASE IF NOT EXISTS tributary;

CREATE USER IF NOT EXISTS tributary_owner IDENTIFIED WITH sha256_password BY 'change me';
GRANT SELECT, INSERT, CREATE TABLE, CREATE VIEW, ALTER TABLE ON tributary.* TO tributary_owner;

-- ALTER DELETE is for `forget` alone.
CREATE USER IF NOT EXISTS tributary_app IDENTIFIED WITH sha256_password BY 'change me';
GRANT SELECT, INSERT, ALTER DELETE ON tributary.* TO tributary_app;

CREATE USER IF NOT EXISTS tributary_reader IDENTIFIED WITH sha256_password BY 'change me' SETTINGS readonly = 2;
GRANT SELECT ON tributary.* TO tributary_reader;
