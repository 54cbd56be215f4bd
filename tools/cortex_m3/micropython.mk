# The board's part of MicroPython's qemu port, as a user module of its build (tools/micropython/build_m3.py).
SRC_USERMOD_C += $(USERMOD_DIR)/board.c $(USERMOD_DIR)/timer.c $(TOP)/shared/timeutils/timeutils.c
CFLAGS_USERMOD += -I$(USERMOD_DIR)
LDFLAGS += -Wl,--wrap=uart_init -Wl,--wrap=uart_rx_chr -Wl,--wrap=mp_hal_stdio_poll
