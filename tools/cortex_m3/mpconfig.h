// What a board has in addition to MicroPython's qemu port: time, select, asyncio, UARTs, timers, littlefs, random bytes.
#include "ports/qemu/mpconfigport.h"

#undef MICROPY_PY_TIME
#undef MICROPY_PY_SELECT
#undef MICROPY_PY_ASYNCIO
#undef MICROPY_PY_SYS_STDIO_BUFFER
#define MICROPY_PY_TIME (1)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_TIME_INCLUDEFILE "time_of_day.inc"
#define MICROPY_PY_SELECT (1)
#define MICROPY_PY_ASYNCIO (1)
#define MICROPY_PY_SYS_STDIO_BUFFER (1)
#define MICROPY_PY_OS_URANDOM (1)
#define MICROPY_PY_OS_INCLUDEFILE "random_bytes.inc"
#define MICROPY_PY_MACHINE_UART (1)
#define MICROPY_PY_MACHINE_UART_INCLUDEFILE "machine_uart.inc"
#define MICROPY_PY_MACHINE_EXTRA_GLOBALS { MP_ROM_QSTR(MP_QSTR_Timer), MP_ROM_PTR(&board_timer_type) },
#define MICROPY_PORT_INIT_FUNC board_forget_timers()
#define MICROPY_INTERNAL_WFE(timeout_ms) __asm volatile ("wfi")
#define MICROPY_BEGIN_ATOMIC_SECTION() board_mask()
#define MICROPY_END_ATOMIC_SECTION(state) board_unmask(state)

#include <stdint.h>
extern const struct _mp_obj_type_t board_timer_type;
void board_forget_timers(void);
uint32_t board_mask(void);
void board_unmask(uint32_t state);
