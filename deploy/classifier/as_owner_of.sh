#!/bin/sh
# as-owner-of FOLDER COMMAND [ARGUMENT ...]
#
# Runs a command as the user and group that own a folder. Files that a container writes into a folder of the host then
# belong to the owner of that folder, who need not pass a user id. Started as another user than root
# (`docker run --user`, `docker compose run --user`), the script runs the command as that user.
set -eu

folder=$1
shift
if [ "$(id -u)" -eq 0 ]; then
    set -- setpriv --reuid="$(stat -c %u "$folder")" --regid="$(stat -c %g "$folder")" --clear-groups "$@"
fi
exec "$@"
