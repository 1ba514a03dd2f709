-- Run once, by PostgreSQL's image, when it makes its data: the service's role, which owns its database and has no power beyond
-- it. The superuser is `postgres`; nothing but this file ever signs in as it.
\set password `cat /run/secrets/postgres/password`
CREATE ROLE tollgate LOGIN PASSWORD :'password';
CREATE DATABASE tollgate OWNER tollgate;
