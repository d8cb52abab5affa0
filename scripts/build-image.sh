#!/bin/sh
# scripts/build-image.sh BOARD: builds the image of a board with the Buildroot release that this tree was checked with. Fetches
# Buildroot once, into dist/, and goes on only when it is that very commit.
set -eu

TAG=2026.05.1
# What the tag of Buildroot's own repository names.
COMMIT=cb857ba4c87a93e5265a9e4a3f32071abf39e14a
SOURCE=https://gitlab.com/buildroot.org/buildroot.git

here=$(cd "$(dirname "$0")/.." && pwd)
folder=${BUILDROOT_DIR:-$here/dist/buildroot-$TAG}
is_dry=

usage() {
	echo "scripts/build-image.sh BOARD [--dry-run]: builds an image into buildroot/output/BOARD/images."
	echo
	echo "Boards: $(boards)"
	echo "BUILDROOT_DIR: a tree of Buildroot $TAG that is there already. The first build takes about an hour and the network."
}

boards() {
	for file in "$here"/buildroot/configs/kumpel_*_defconfig; do
		name=${file##*/kumpel_}
		printf '%s ' "${name%_defconfig}"
	done
}

refuse() {
	echo "$1" >&2
	exit 2
}

run() {
	echo "+ $*"
	[ -n "$is_dry" ] || "$@"
}

board=
for word in "$@"; do
	case "$word" in
		--dry-run) is_dry=1 ;;
		--help|-h) usage; exit 0 ;;
		-*) refuse "\"$word\" is no option; see scripts/build-image.sh --help." ;;
		*) [ -z "$board" ] || refuse "\"$word\" is one board too many: one is built at a time."; board=$word ;;
	esac
done
[ -n "$board" ] || refuse "No board: give one of $(boards)."
config=$here/buildroot/configs/kumpel_${board}_defconfig
[ -f "$config" ] || refuse "Board \"$board\" is unknown; give one of $(boards)."

# The owner names them from where he stands; Buildroot works elsewhere, and would find out after an hour.
whole_path() {
	[ -r "$2" ] || refuse "$1 \"$2\" cannot be read: name a PEM file."
	echo "$(cd "$(dirname "$2")" && pwd)/$(basename "$2")"
}
[ -z "${KUMPEL_KEYRING:-}" ] || KUMPEL_KEYRING=$(whole_path KUMPEL_KEYRING "$KUMPEL_KEYRING")
[ -z "${KUMPEL_SIGN_KEY:-}" ] || KUMPEL_SIGN_KEY=$(whole_path KUMPEL_SIGN_KEY "$KUMPEL_SIGN_KEY")
[ -z "${KUMPEL_SIGN_CERT:-}" ] || KUMPEL_SIGN_CERT=$(whole_path KUMPEL_SIGN_CERT "$KUMPEL_SIGN_CERT")
export KUMPEL_KEYRING KUMPEL_SIGN_KEY KUMPEL_SIGN_CERT

if [ ! -d "$folder" ]; then
	[ -z "${BUILDROOT_DIR:-}" ] || refuse "BUILDROOT_DIR \"$folder\" is no folder: give a tree of Buildroot $TAG, or leave it out."
	run git clone --quiet --depth 1 --branch "$TAG" "$SOURCE" "$folder.new"
	if [ -z "$is_dry" ]; then
		found=$(git -C "$folder.new" rev-parse HEAD)
		if [ "$found" != "$COMMIT" ]; then
			rm -rf "$folder.new"
			refuse "Buildroot's tag $TAG is commit $found, not $COMMIT as it was checked: nothing is built from it."
		fi
		mv "$folder.new" "$folder"
	fi
elif [ -d "$folder/.git" ]; then
	found=$(git -C "$folder" rev-parse HEAD)
	[ "$found" = "$COMMIT" ] || refuse "\"$folder\" is at commit $found, not $COMMIT ($TAG): check that out, or give another BUILDROOT_DIR."
	[ -z "$(git -C "$folder" status --porcelain)" ] || refuse "\"$folder\" has changed files: build from a clean tree of $TAG."
else
	# An unpacked archive tells its release only.
	grep -q "BR2_VERSION := $TAG\$" "$folder/Makefile" 2>/dev/null ||
		refuse "\"$folder\" is no tree of Buildroot $TAG: its Makefile says otherwise or is not there."
	echo "\"$folder\" is no git tree: that it is $TAG is what its Makefile says, not verified." >&2
fi

target=armv7
grep -q '^BR2_aarch64=y' "$config" && target=arm64
cd "$here"
run npm ci
run npm run build -- --target "$target"
# Its program makes the boards' safe scripts.
run npm run build -- --target x64
[ -z "${KUMPEL_KEYRING:-}" ] || echo "updates: signed by a certificate of $KUMPEL_KEYRING"
run make -C buildroot "BUILDROOT_DIR=$folder" "BOARD=$board"
[ -n "$is_dry" ] || (cd "buildroot/output/$board/images" && sha256sum -c SHA256SUMS)
echo "buildroot/output/$board/images holds the image; docs/INSTALL.md tells what to measure before it energises anything."
