-- A user for Castline and one for Temporal, each with databases that the other cannot open and
-- neither with rights over the server. Run once, on a new cluster, by a superuser.
-- The passwords come from the environment, so that no command line shows them.
\set ON_ERROR_STOP on
\getenv castline_password POSTGRES_CASTLINE_PASSWORD
\getenv temporal_password POSTGRES_TEMPORAL_PASSWORD

CREATE ROLE castline LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'castline_password';
CREATE ROLE temporal LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'temporal_password';

CREATE DATABASE castline OWNER castline;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;

-- Everybody may connect to every database unless it is said.
REVOKE ALL ON DATABASE castline, temporal, temporal_visibility, postgres, template1 FROM PUBLIC;
