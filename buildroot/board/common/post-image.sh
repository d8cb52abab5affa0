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

# The update of this image, signed by the owner's key: no key lies in the tree.
bundle() {
	if [ -z "${KUMPEL_SIGN_KEY:-}" ] || [ -z "${KUMPEL_SIGN_CERT:-}" ]; then
		echo "no update bundle: set KUMPEL_SIGN_KEY and KUMPEL_SIGN_CERT to the PEM files of a key and its certificate" >&2
		return 0
	fi
	version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$here/../../../package.json")
	content=$(mktemp -d)
	cp "$images/rootfs.squashfs" "$content/root.img"
	cp "$images/kernel.itb" "$content/kernel.img"
	cat > "$content/manifest.raucm" <<-MANIFEST
		[update]
		compatible=kumpel-$board
		version=$version

		[bundle]
		format=plain

		[image.rootfs]
		filename=root.img

		[image.kernel]
		filename=kernel.img
	MANIFEST
	rm -f "$images/kumpel-$board.raucb"
	rauc --cert="$KUMPEL_SIGN_CERT" --key="$KUMPEL_SIGN_KEY" bundle "$content" "$images/kumpel-$board.raucb"
	rm -rf "$content"
}

if [ "$board" = zynq7010-s9io ]; then
	cp "$here/../zynq/kernel.its" "$images/kernel.its"
	(cd "$images" && mkimage -f kernel.its kernel.itb > /dev/null)
	rm "$images/kernel.its"
	kernel_size=$(wc -c < "$images/kernel.itb")
	kernel_limit=$((16 * 1024 * 1024))
	if [ "$kernel_size" -gt "$kernel_limit" ]; then
		echo "kernel.itb has $kernel_size bytes, its slot takes $kernel_limit: switch drivers off in the kernel's fragment" >&2
		exit 1
	fi
	mkimage -A arm -O linux -T script -C none -d "$here/../zynq/boot.cmd" "$images/boot.scr" > /dev/null
	bundle
	work=$(mktemp -d)
	mkdir "$work/root"
	genimage --rootpath "$work/root" --tmppath "$work/tmp" --inputpath "$images" --outputpath "$images" \
		--config "$here/../zynq/genimage-sd.cfg"
	rm -rf "$work"
fi

(cd "$images" && sha256sum -- *) > "$images/../SHA256SUMS" && mv "$images/../SHA256SUMS" "$images/SHA256SUMS"
