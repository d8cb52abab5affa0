################################################################################
#
# kumpel
#
################################################################################

KUMPEL_VERSION = 1
KUMPEL_SITE = $(BR2_EXTERNAL_KUMPEL_PATH)/../dist/$(KUMPEL_TARGET)
KUMPEL_SITE_METHOD = local
KUMPEL_LICENSE = Apache-2.0
KUMPEL_LICENSE_FILES = LICENSE LICENCES.txt

ifeq ($(BR2_aarch64),y)
KUMPEL_TARGET = arm64
else
KUMPEL_TARGET = armv7
endif

ifeq ($(BR2_PACKAGE_NODE_PREBUILT),y)
KUMPEL_DEPENDENCIES += node-prebuilt
else
KUMPEL_DEPENDENCIES += nodejs
endif

KUMPEL_BOARD = $(call qstrip,$(BR2_PACKAGE_KUMPEL_BOARD))
KUMPEL_BOOT_DEVICE = $(call qstrip,$(BR2_PACKAGE_KUMPEL_BOOT_DEVICE))
KUMPEL_DATA_DEVICE = $(call qstrip,$(BR2_PACKAGE_KUMPEL_DATA_DEVICE))

define KUMPEL_INSTALL_TARGET_CMDS
	$(INSTALL) -d $(TARGET_DIR)/usr/lib/kumpel/native
	$(INSTALL) -m 0644 $(@D)/kumpel.cjs $(TARGET_DIR)/usr/lib/kumpel/kumpel.cjs
	$(INSTALL) -m 0644 $(@D)/LICENCES.txt $(TARGET_DIR)/usr/lib/kumpel/LICENCES.txt
	$(INSTALL) -m 0644 $(@D)/native/*.node $(TARGET_DIR)/usr/lib/kumpel/native/
	$(INSTALL) -d $(TARGET_DIR)/usr/lib/kumpel/web
	$(INSTALL) -m 0644 $(@D)/web/* $(TARGET_DIR)/usr/lib/kumpel/web/
	$(INSTALL) -D -m 0755 $(KUMPEL_PKGDIR)/kumpel $(TARGET_DIR)/usr/bin/kumpel
	$(INSTALL) -D -m 0755 $(KUMPEL_PKGDIR)/kumpel-supervise \
		$(TARGET_DIR)/usr/sbin/kumpel-supervise
	$(INSTALL) -m 0644 $(KUMPEL_PKGDIR)/first-boot.toml \
		$(TARGET_DIR)/usr/lib/kumpel/first-boot.toml
	printf 'BOARD=%s\nBOOT_DEVICE=%s\nDATA_DEVICE=%s\n' \
		"$(KUMPEL_BOARD)" "$(KUMPEL_BOOT_DEVICE)" "$(KUMPEL_DATA_DEVICE)" \
		> $(TARGET_DIR)/etc/kumpel.conf
endef

define KUMPEL_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(KUMPEL_PKGDIR)/S01safe $(TARGET_DIR)/etc/init.d/S01safe
	$(INSTALL) -D -m 0755 $(KUMPEL_PKGDIR)/S02data $(TARGET_DIR)/etc/init.d/S02data
	$(INSTALL) -D -m 0755 $(KUMPEL_PKGDIR)/S45ntpd $(TARGET_DIR)/etc/init.d/S45ntpd
	$(INSTALL) -D -m 0755 $(KUMPEL_PKGDIR)/S90kumpel $(TARGET_DIR)/etc/init.d/S90kumpel
endef

$(eval $(generic-package))
