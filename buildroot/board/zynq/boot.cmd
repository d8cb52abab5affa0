# Boot script of an S9's SD card: counts the tries of both slots down and boots the first of BOOT_ORDER that has some left.
# The updater marks a slot good (tries back to 3) or bad (no tries), and says which one comes first. Without any try left on
# both sides counting begins anew: a board that boots something is better than one that boots nothing. No setexpr: common
# builds of U-Boot for Zynq come without it. The environment must be writable (CONFIG_ENV_IS_IN_FAT, uboot.env).
test -n "${BOOT_ORDER}" || setenv BOOT_ORDER "A B"
test -n "${BOOT_A_LEFT}" || setenv BOOT_A_LEFT 3
test -n "${BOOT_B_LEFT}" || setenv BOOT_B_LEFT 3
setenv slot
for one in ${BOOT_ORDER}; do
	if test -n "${slot}"; then
		true
	else
		if test "${one}" = "A"; then
			setenv left "${BOOT_A_LEFT}"
		else
			setenv left "${BOOT_B_LEFT}"
		fi
		setenv rest
		if test "${left}" = "3"; then setenv rest 2; fi
		if test "${left}" = "2"; then setenv rest 1; fi
		if test "${left}" = "1"; then setenv rest 0; fi
		if test -n "${rest}"; then
			setenv slot "${one}"
			if test "${one}" = "A"; then
				setenv BOOT_A_LEFT "${rest}"
				setenv rootpart 2
				setenv kernelpart 5
			else
				setenv BOOT_B_LEFT "${rest}"
				setenv rootpart 3
				setenv kernelpart 6
			fi
		fi
	fi
done
if test -z "${slot}"; then
	echo "no slot has a try left: counting begins anew"
	setenv BOOT_A_LEFT 3
	setenv BOOT_B_LEFT 3
	saveenv
	reset
fi
setenv one
setenv left
setenv rest
saveenv
# The owner's own bitstream, where it is on the card.
if load mmc 0:1 0x6000000 system.bit; then
	fpga loadb 0 0x6000000 ${filesize}
fi
# All of the kernel's partition: 0x8000 blocks of 512 bytes are 16 MiB, and end at 112 MiB of memory.
part start mmc 0 ${kernelpart} begin
mmc read 0x6000000 ${begin} 0x8000
# A kernel that panics boots again, and so costs its slot a try: one that hangs would need somebody to cut the power.
setenv bootargs "console=ttyPS0,115200 root=/dev/mmcblk0p${rootpart} rootfstype=squashfs ro rootwait panic=10 rauc.slot=${slot}"
bootm 0x6000000
reset
