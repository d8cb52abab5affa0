#!/bin/sh
# After the images: their size against the slot that must hold them, a manifest with sums, and the board's disk image.
# post-image.sh BINARIES_DIR BOARD
set -eu
images=$1
board=$2
here=$(cd "$(dirname "$0")" && pwd)

# Largest root image in bytes: 32 MiB of squashfs by our own rule; the window that a vendor's loader reads a ramdisk from.
case "$board" in
	zynq7007-vendor) image=rootfs.cpio.uboot; limit=$((32 * 1024 * 1024)) ;;
	amlogic-a113d) image=rootfs.cpio.uboot; limit=$((40 * 1024 * 1024)) ;;
	*) image=rootfs.squashfs; limit=$((32 * 1024 * 1024)) ;;
esac
size=$(wc -c < "$images/$image")
if [ "$size" -gt "$limit" ]; then
	echo "$image has $size bytes, its slot on $board takes $limit: leave packages out, or choose another board" >&2
	exit 1
fi
echo "$image: $size of $limit bytes"

if [ "$board" = zynq7010-s9io ]; then
	work=$(mktemp -d)
	genimage --rootpath "$work" --tmppath "$work/tmp" --inputpath "$images" --outputpath "$images" \
		--config "$here/../zynq/genimage-sd.cfg"
	rm -rf "$work"
fi

(cd "$images" && sha256sum -- *) > "$images/../SHA256SUMS" && mv "$images/../SHA256SUMS" "$images/SHA256SUMS"
