#!/bin/sh
# scripts/flash-sd.sh IMAGE DEVICE: writes a card image and reads it back. Refuses whatever could be a disk of this machine.
set -eu

SYS=${SYS:-/sys}
PROC=${PROC:-/proc}
# Larger cards are rare, larger disks are not.
LARGEST_GB=256

is_dry=
is_agreed=
boot_files=
image=
device=

usage() {
	echo "scripts/flash-sd.sh IMAGE DEVICE [--boot-files DIR] [--yes] [--dry-run]: writes a card image and reads it back."
	echo
	echo "  DEVICE            the whole card, for example /dev/sdb or /dev/mmcblk0; a plain file may stand for it"
	echo "  --boot-files DIR  copies boot.bin, u-boot.img and system.bit of your own board to the first partition (mtools)"
	echo "  --yes             does not ask"
	echo "  --dry-run         checks all and writes nothing"
}

refuse() {
	echo "$1" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case "$1" in
		--dry-run) is_dry=1 ;;
		--yes) is_agreed=1 ;;
		--boot-files) shift; boot_files=${1:-}; [ -n "$boot_files" ] || refuse "--boot-files names no folder." ;;
		--help|-h) usage; exit 0 ;;
		-*) refuse "\"$1\" is no option; see scripts/flash-sd.sh --help." ;;
		*)
			if [ -z "$image" ]; then image=$1
			elif [ -z "$device" ]; then device=$1
			else refuse "\"$1\" is one word too many: give an image and a device."; fi ;;
	esac
	shift
done
[ -n "$device" ] || refuse "Give an image and the card's device; see scripts/flash-sd.sh --help."
[ -f "$image" ] || refuse "Image \"$image\" is not there: scripts/build-image.sh makes one."
[ -s "$image" ] || refuse "Image \"$image\" is empty: build it again."
size=$(wc -c < "$image")

check_disk() {
	name=$(basename "$(readlink -f "$device")")
	block=$SYS/class/block/$name
	[ -d "$block" ] || refuse "\"$device\" is not known to the kernel as a disk."
	[ ! -e "$block/partition" ] || refuse "\"$device\" is a partition: give the whole card."
	case "$name" in
		mmcblk*boot*|loop*|dm-*|md*|zram*|ram*|sr*) refuse "\"$device\" is no card ($name)." ;;
	esac
	# A card reader's slot says that its medium can be taken out; a slot of the machine's own is called mmcblk.
	case "$name" in
		mmcblk*) [ "$(cat "$block/device/type" 2>/dev/null)" != MMC ] || refuse "\"$device\" is an eMMC, soldered in: it is not written." ;;
		*) [ "$(cat "$block/removable" 2>/dev/null)" = 1 ] || refuse "\"$device\" is a fixed disk of this machine: it is not written." ;;
	esac
	in_use=$(awk -v disk="$name" '{ n = $1; sub(".*/", "", n); if (n == disk || index(n, disk) == 1) print $2 }' "$PROC/mounts" | head -n 1)
	[ -z "$in_use" ] || refuse "\"$device\" is in use, mounted at $in_use: unmount it first, if it is the card."
	# Some systems call their root /dev/root there; the numbers of the device are true.
	if [ -r "$PROC/self/mountinfo" ]; then
		numbers=$(cat "$block/dev" "$block/$name"*/dev 2>/dev/null | tr '\n' ' ')
		in_use=$(awk -v own=" $numbers" 'index(own, " " $3 " ") { print $5 }' "$PROC/self/mountinfo" | head -n 1)
		[ -z "$in_use" ] || refuse "\"$device\" is in use, mounted at $in_use: unmount it first, if it is the card."
	fi
	! awk -v disk="$name" '{ n = $1; sub(".*/", "", n); if (index(n, disk) == 1) found = 1 } END { exit !found }' "$PROC/swaps" ||
		refuse "\"$device\" holds swap of this machine."
	for holder in "$block"/holders/* "$block"/"$name"*/holders/*; do
		[ ! -e "$holder" ] || refuse "\"$device\" belongs to $(basename "$holder") of this machine."
	done
	room=$(($(cat "$block/size") * 512))
	[ "$room" -le $((LARGEST_GB * 1000000000)) ] || refuse "\"$device\" has $((room / 1000000000)) GB, more than a card of $LARGEST_GB GB: it is not written."
	[ "$room" -ge "$size" ] || refuse "\"$device\" has $room bytes, the image needs $size."
	echo "$device: $(cat "$block/device/model" "$block/device/name" 2>/dev/null | head -n 1 | tr -s ' '), $((room / 1000000)) MB"
}

check_boot_files() {
	for name in boot.bin u-boot.img system.bit; do
		[ -s "$boot_files/$name" ] || refuse "\"$boot_files\" has no $name: it is your board's own, from its card or NAND."
	done
	command -v mcopy > /dev/null || refuse "mcopy is not there: install mtools, or copy the boot files by hand."
}

# A name below /dev that is not there is a slip: written to, it would be a file in this machine's memory.
case "$device" in
	/dev/*) [ -e "$device" ] || refuse "\"$device\" is not there: put the card in, and look for its name with lsblk." ;;
esac
if [ -b "$device" ]; then check_disk
elif [ -f "$device" ] || { [ ! -e "$device" ] && [ -d "$(dirname "$device")" ]; }; then echo "$device is a plain file."
else refuse "\"$device\" is neither a disk nor a file."; fi
[ -z "$boot_files" ] || check_boot_files
if [ -n "$is_dry" ]; then
	echo "Would write $size bytes of $image to $device and read them back. Nothing was written."
	exit 0
fi
if [ -z "$is_agreed" ]; then
	printf 'Everything on %s will be lost. Type its name to go on: ' "$device"
	read -r answer || answer=
	[ "$answer" = "$device" ] || refuse "Not agreed: nothing was written."
fi

# The file that is read back is the one that was written, boot files and all.
written=$image
if [ -n "$boot_files" ]; then
	written=$(mktemp)
	trap 'rm -f "$written"' EXIT
	cp "$image" "$written"
	first=$(od -A n -t u4 -j 454 -N 4 "$written" | tr -d ' ')
	for name in boot.bin u-boot.img system.bit; do
		mcopy -o -i "$written@@$((first * 512))" "$boot_files/$name" "::$name"
	done
fi
dd if="$written" of="$device" bs=4M conv=fsync,notrunc status=progress
# Out of the caches, so that the card itself is read.
[ ! -b "$device" ] || blockdev --flushbufs "$device"
echo "Reading back ..."
wanted=$(sha256sum < "$written")
found=$(head -c "$size" "$device" | sha256sum)
[ "$wanted" = "$found" ] || { echo "\"$device\" reads back other bytes than were written: the card is bad, take another." >&2; exit 1; }
echo "Done: $size bytes, read back the same."
