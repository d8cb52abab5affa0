#!/bin/sh
# scripts/backup-nand.sh HOST FOLDER: copies every NAND partition of a board over SSH, each read twice, before anything is changed
# there. Only reads.
set -eu

SSH=${SSH:-ssh}
is_dry=
host=
folder=

usage() {
	echo "scripts/backup-nand.sh [USER@]HOST FOLDER [--dry-run]: copies every NAND partition of a board over SSH."
	echo
	echo "Each partition is read a second time on the board and must have the same sum. FOLDER gets mtdN-NAME.bin, mtd.txt,"
	echo "SHA256SUMS and, where the board has them, its network address, the loader's settings and the kernel's command line. Keep it off this machine,"
	echo "too: without it a board whose NAND was written wrong is lost. SSH: another program, or its options (SSH=\"ssh -p 2222\")."
}

refuse() {
	echo "$1" >&2
	exit 2
}

for word in "$@"; do
	case "$word" in
		--dry-run) is_dry=1 ;;
		--help|-h) usage; exit 0 ;;
		-*) refuse "\"$word\" is no option; see scripts/backup-nand.sh --help." ;;
		*)
			if [ -z "$host" ]; then host=$word
			elif [ -z "$folder" ]; then folder=$word
			else refuse "\"$word\" is one word too many: give a host and a folder."; fi ;;
	esac
done
[ -n "$folder" ] || refuse "Give a host and a folder; see scripts/backup-nand.sh --help."
if [ -e "$folder" ] && { [ ! -d "$folder" ] || [ -n "$(ls -A "$folder")" ]; }; then
	refuse "\"$folder\" is not empty: a backup is never written over another."
fi

# shellcheck disable=SC2086
remote() { $SSH "$host" "$@" < /dev/null; }

table=$(remote cat /proc/mtd) || refuse "\"$host\" cannot be asked for its NAND: check that ssh $host works, as root."
parts=$(printf '%s\n' "$table" | sed -n 's/^mtd\([0-9]*\): \([0-9a-f]*\) [0-9a-f]* "\(.*\)"$/\1 \2 \3/p')
[ -n "$parts" ] || refuse "\"$host\" shows no NAND partition in /proc/mtd: is it the board?"
printf '%s\n' "$parts" | while read -r number size name; do
	echo "mtd$number \"$name\": $((0x$size)) bytes"
done
if [ -n "$is_dry" ]; then
	echo "Would copy these to $folder, each read twice. Nothing was read or written."
	exit 0
fi

umask 077
mkdir -p "$folder"
printf '%s\n' "$table" > "$folder/mtd.txt"
remote 'cat /proc/cmdline' > "$folder/cmdline.txt" || true
# Whose backup it is: boards of one kind differ in nothing else that is easily seen.
remote 'cat /sys/class/net/eth0/address' > "$folder/address.txt" 2> /dev/null || rm -f "$folder/address.txt"
remote 'fw_printenv' > "$folder/loader-settings.txt" 2> /dev/null || rm -f "$folder/loader-settings.txt"

printf '%s\n' "$parts" | {
	while read -r number size name; do
		file=$folder/mtd$number-$(printf %s "$name" | tr -c 'A-Za-z0-9._-' _).bin
		# nanddump fills bad blocks; without it a bad block ends the reading, and the size tells.
		read_it="if command -v nanddump > /dev/null; then nanddump --quiet --bb=padbad /dev/mtd$number; else cat /dev/mtd$number; fi"
		echo "mtd$number \"$name\" ..."
		remote "$read_it" > "$file" || { echo "mtd$number could not be read: this is no backup." >&2; exit 1; }
		found=$(wc -c < "$file")
		[ "$found" -eq $((0x$size)) ] || { echo "mtd$number gave $found of $((0x$size)) bytes: this is no backup." >&2; exit 1; }
		here_sum=$(md5sum < "$file" | cut -d' ' -f1)
		there_sum=$(remote "{ $read_it; } | md5sum" | cut -d' ' -f1)
		[ "$here_sum" = "$there_sum" ] || { echo "mtd$number reads differently the second time (does the system write to it, or is the NAND bad?): this is no backup." >&2; exit 1; }
	done
}
(cd "$folder" && sha256sum -- *.bin > SHA256SUMS)
echo "Done: $folder, every partition read twice the same. sha256sum -c SHA256SUMS checks it later."
