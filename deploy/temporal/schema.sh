#!/bin/sh
# Brings Temporal's two databases to this server's schema. May run at every start.
# deploy/postgresql/users.sql has made the databases: their owner may not create any.
set -eu

bring_up() {
    database=$1
    versions=/etc/temporal/schema/postgresql/v12/$2/versioned
    set -- temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" -p 5432 \
        -u "$POSTGRES_USER" --db "$database"
    "$@" setup-schema -v 0.0
    "$@" update-schema -d "$versions"
}

bring_up temporal temporal
bring_up temporal_visibility visibility
