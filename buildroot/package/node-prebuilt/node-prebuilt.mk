################################################################################
#
# node-prebuilt
#
################################################################################

NODE_PREBUILT_VERSION = 22.22.0
NODE_PREBUILT_SITE = https://nodejs.org/dist/v$(NODE_PREBUILT_VERSION)
NODE_PREBUILT_SOURCE = node-v$(NODE_PREBUILT_VERSION)-linux-$(NODE_PREBUILT_ARCH).tar.xz
NODE_PREBUILT_LICENSE = MIT, BSD-2-Clause, BSD-3-Clause, Apache-2.0 and others
NODE_PREBUILT_LICENSE_FILES = LICENSE
NODE_PREBUILT_CPE_ID_VENDOR = nodejs
NODE_PREBUILT_CPE_ID_PRODUCT = node.js

ifeq ($(BR2_aarch64),y)
NODE_PREBUILT_ARCH = arm64
else
NODE_PREBUILT_ARCH = armv7l
endif

define NODE_PREBUILT_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/bin/node $(TARGET_DIR)/usr/bin/node
endef

$(eval $(generic-package))
