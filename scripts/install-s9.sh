#!/bin/sh
# scripts/install-s9.sh HOST IMAGE BACKUP: installs onto the SD card in an S9's own slot, over SSH. A full backup of its NAND comes
# first and nothing is ever written to NAND, so the way back is to take the card out and set the jumpers back.
set -eu

SSH=${SSH:-ssh}
CARD=/dev/mmcblk0
here=$(cd "$(dirname "$0")" && pwd)
is_dry=
is_agreed=
boot_files=
host=
image=
backup=

usage() {
	echo "scripts/install-s9.sh [USER@]HOST IMAGE BACKUP --boot-files DIR [--yes] [--dry-run]: installs onto the card in an S9's slot."
	echo
	echo "  IMAGE             sdcard.img of scripts/build-image.sh zynq_s9"
	echo "  BACKUP            folder for the backup of the whole NAND; one that is complete is checked and used again"
	echo "  --boot-files DIR  boot.bin, u-boot.img and system.bit of your own board: they are not ours to give"
	echo "  --yes             does not ask"
	echo "  --dry-run         looks at board, card and files, and writes nothing"
	echo
	echo "The way back: power off, take the card out, jumpers as before (J1 on, J2 off). The NAND is only read."
}

refuse() {
	echo "$1" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case "$1" in
		--dry-run) is_dry=1 ;;
		--yes) is_agreed=1 ;;
		--boot-files) shift; boot_files=${1:-} ;;
		--help|-h) usage; exit 0 ;;
		-*) refuse "\"$1\" is no option; see scripts/install-s9.sh --help." ;;
		*)
			if [ -z "$host" ]; then host=$1
			elif [ -z "$image" ]; then image=$1
			elif [ -z "$backup" ]; then backup=$1
			else refuse "\"$1\" is one word too many: give a host, an image and a folder."; fi ;;
	esac
	shift
done
[ -n "$backup" ] || refuse "Give a host, an image and a folder for the backup; see scripts/install-s9.sh --help."
[ -s "$image" ] || refuse "Image \"$image\" is not there: scripts/build-image.sh zynq_s9 makes one."
[ -n "$boot_files" ] || refuse "--boot-files is missing: without your board's own boot.bin, u-boot.img and system.bit the card does not boot."
for name in boot.bin u-boot.img system.bit; do
	[ -s "$boot_files/$name" ] || refuse "\"$boot_files\" has no $name: it is your board's own, from its card or NAND."
done

# shellcheck disable=SC2086
remote() { $SSH "$host" "$@"; }

cpu=$(remote 'cat /proc/cpuinfo' < /dev/null) || refuse "\"$host\" does not answer over SSH: check that ssh $host works, as root."
case "$cpu" in
	*Zynq*) ;;
	*) refuse "\"$host\" is no Zynq board: this is for the S9 only." ;;
esac
cores=$(printf '%s\n' "$cpu" | grep -c '^processor')
[ "$cores" -ge 2 ] || refuse "\"$host\" has one processor core, an XC7Z007S: the S9 has an XC7Z010, and another board does not boot this."
sectors=$(remote "cat /sys/class/block/${CARD#/dev/}/size" < /dev/null 2> /dev/null) || sectors=0
size=$(wc -c < "$image")
[ "${sectors:-0}" -gt 0 ] || refuse "\"$host\" has no card in its slot ($CARD): put one in."
[ $((sectors * 512)) -ge "$size" ] || refuse "The card in \"$host\" has $((sectors * 512)) bytes, the image needs $size."
mounted=$(remote "grep '^${CARD}' /proc/mounts" < /dev/null | cut -d' ' -f2 | head -n 1) || mounted=
[ -z "$mounted" ] || refuse "The card in \"$host\" is mounted at $mounted: the board may run from it; unmount it first."
# A root on the card may be called /dev/root in the list of mounts.
! remote 'cat /proc/cmdline' < /dev/null | grep -q "root=$CARD" ||
	refuse "\"$host\" runs from the card in its slot: start it from NAND (jumpers as before), or write the card elsewhere."
echo "$host: Zynq with $cores cores, a card of $((sectors * 512 / 1000000)) MB"

if [ -f "$backup/SHA256SUMS" ]; then
	address=$(remote 'cat /sys/class/net/eth0/address' < /dev/null 2> /dev/null) || address=
	[ ! -s "$backup/address.txt" ] || [ "$(cat "$backup/address.txt")" = "$address" ] ||
		refuse "The backup in \"$backup\" is of another board ($(cat "$backup/address.txt"), and this one is ${address:-unknown}): give each board a folder of its own."
	(cd "$backup" && sha256sum --quiet -c SHA256SUMS) || refuse "The backup in \"$backup\" is damaged: take another folder."
	echo "The backup in $backup is complete."
elif [ -n "$is_dry" ]; then
	sh "$here/backup-nand.sh" "$host" "$backup" --dry-run
else
	sh "$here/backup-nand.sh" "$host" "$backup"
fi
if [ -n "$is_dry" ]; then
	echo "Would write $size bytes to the card in $host and read them back. Nothing was written."
	exit 0
fi
if [ -z "$is_agreed" ]; then
	printf 'Everything on the card in %s will be lost; its NAND stays as it is. Type yes to go on: ' "$host"
	read -r answer || answer=
	[ "$answer" = yes ] || refuse "Not agreed: nothing was written to the card."
fi

# Made whole here, so that the board has nothing to do but to write it.
whole=$(mktemp)
trap 'rm -f "$whole"' EXIT
cp "$image" "$whole"
sh "$here/flash-sd.sh" "$image" "$whole" --boot-files "$boot_files" --yes
echo "Writing to the card of $host ..."
remote "dd of=$CARD bs=1M && sync" < "$whole"
echo "Reading back ..."
wanted=$(md5sum < "$whole" | cut -d' ' -f1)
found=$(remote "echo 3 > /proc/sys/vm/drop_caches; head -c $size $CARD | md5sum" < /dev/null | cut -d' ' -f1)
[ "$wanted" = "$found" ] || { echo "The card in \"$host\" reads back other bytes than were written: take another card. The board itself was not changed." >&2; exit 1; }
echo "Done, read back the same. Power off, J1 off and J2 on, hashboard cables off for the first start: docs/INSTALL.md goes on from here."
