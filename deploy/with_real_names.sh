#!/bin/sh
# Run COMMAND where the real names of Google and Meta lead to an emulator:
#
#   deploy/with_real_names.sh COMMAND [ARGUMENT...]
#
# COMMAND gets a network and a hosts file of its own, and trusts the emulator's certificate. The
# machine's hosts file, network and trusted authorities stay as they are, and nothing that COMMAND
# calls leaves the machine. The exit code is COMMAND's. Linux, with util-linux and iproute2;
# no root where the system lets users make namespaces.
#
# EMULATOR starts another one than `castline emulator`, FOLDER keeps certificate and log.
set -eu

: "${1:?Usage: deploy/with_real_names.sh COMMAND [ARGUMENT...]}"
export EMULATOR="${EMULATOR:-castline emulator}"
made=
if [ -z "${FOLDER:-}" ]; then
    FOLDER=$(mktemp -d)
    made=$FOLDER
    # COMMAND may become another user, who reads the authority.
    chmod 755 "$FOLDER"
fi
export FOLDER
mkdir -p "$FOLDER"
# Root stays itself: mapped, it could no longer read the files of other users.
[ "$(id -u)" = 0 ] && map= || map=--map-root-user

code=0
unshare $map --net --mount sh -eu -c '
    ip link set lo up
    : >"$FOLDER/log"
    $EMULATOR --tls --tls-folder "$FOLDER" --port 443 >"$FOLDER/log" 2>&1 &
    emulator=$!
    trap "kill $emulator; wait $emulator || :" EXIT
    until grep -q "^emulator is ready" "$FOLDER/log"; do
        kill -0 $emulator 2>/dev/null || { cat "$FOLDER/log" >&2; trap - EXIT; exit 125; }
        sleep 0.1
    done
    mount --bind "$FOLDER/hosts" /etc/hosts
    . "$FOLDER/environment"
    "$@"
' sh "$@" || code=$?
[ -z "$made" ] || rm -rf "$made"
exit $code
