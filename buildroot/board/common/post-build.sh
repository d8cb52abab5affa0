#!/bin/sh
# Completes the root file system: the board's safe script, links to the data partition, who may log in, the manifest.
# post-build.sh TARGET_DIR BOARD
set -eu
target=$1
board=$2
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../../.." && pwd)
machines=$(sed -n 's/^BR2_PACKAGE_KUMPEL_MACHINES="\(.*\)"$/\1/p' "${BR2_CONFIG:-/dev/null}")

mkdir -p "$target/usr/lib/kumpel" "$target/data"
# The first one's is run at boot, before anybody knows which machine this is: it drives what is the same on all of them, and
# the supply only where its level is known there. Once it runs the program writes the right one (/run/kumpel-safe.sh).
for machine in $machines; do
	node "$checkout/dist/x64/kumpel.cjs" board safe-script --board "$board" --machine "$machine" \
		> "$target/usr/lib/kumpel/safe-$machine.sh"
	[ -e "$target/usr/lib/kumpel/safe.sh" ] || ln -s "safe-$machine.sh" "$target/usr/lib/kumpel/safe.sh"
done

# The root is read-only: what must be written lies on the data partition.
ln -sfn /data/dropbear "$target/etc/dropbear"
owner=$target/root
mkdir -p "$owner"
ln -sfn /data/ssh "$owner/.ssh"

# Slots and their updater, where the board has any. The keyring is the owner's: whoever signs updates decides what runs.
if [ "$board" = zynq7010-s9io ]; then
	mkdir -p "$target/etc/rauc" "$target/boot"
	cp "$here/../zynq/system.conf" "$target/etc/rauc/system.conf"
	cp "$here/../zynq/fw_env.config" "$target/etc/fw_env.config"
	if [ -n "${KUMPEL_KEYRING:-}" ]; then
		[ -r "$KUMPEL_KEYRING" ] || { echo "KUMPEL_KEYRING \"$KUMPEL_KEYRING\" cannot be read from $PWD: give its whole path" >&2; exit 1; }
		cp "$KUMPEL_KEYRING" "$target/etc/rauc/keyring.pem"
	else
		echo "this image takes no updates: set KUMPEL_KEYRING to the PEM file of the certificates that may sign them" >&2
	fi
fi

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$checkout/package.json")
printf 'BOARD=%s\nVERSION=%s\n' "$board" "$version" > "$target/etc/kumpel-release"
