include $(sort $(wildcard $(BR2_EXTERNAL_KUMPEL_PATH)/package/*/*.mk))
