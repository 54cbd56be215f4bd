// The machine mps2-an385: interrupts of its UARTs, and time by its counter. Bytes are kept by the interrupt as they come, and Ctrl-C at the
// prompt stops a program as on a board. What is sent takes its time at the baud rate, to a millisecond; what comes takes none, and none of it
// is lost: the emulator holds back what has no room here.

#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define COUNTER REGISTER(0x40028018)  // of the FPGA's I/O block; advances with QEMU's clock
#define PRESCALE REGISTER(0x4002801c)
#define TICK_CONTROL REGISTER(0xe000e010)
#define TICK_RELOAD REGISTER(0xe000e014)
#define TICK_VALUE REGISTER(0xe000e018)
#define ENABLE REGISTER(0xe000e100)
#define VECTORS REGISTER(0xe000ed08)
#define CLOCK_MHZ (25)
#define ROOM (512)  // as rxbuf of ports/board.py
#define SPINS (20000)
#define OWN_VECTORS (16)
#define SYSTEM_TICK (15)

uart_registers_t *const uart_registers[UARTS] = {
    (uart_registers_t *)0x40004000, (uart_registers_t *)0x40005000, (uart_registers_t *)0x40006000,
    (uart_registers_t *)0x40007000, (uart_registers_t *)0x40009000,
};
static const uint8_t interrupt_of[UARTS] = { 0, 2, 4, 18, 20 };

typedef struct {
    uint8_t data[ROOM];
    volatile uint16_t first, count;
} kept_t;

static kept_t kept[UARTS], sending[UARTS];
static uint32_t character_us[UARTS], due_us[UARTS];  // due: the last bit of the byte that is on the line

uint32_t board_mask(void) {
    uint32_t state;
    __asm volatile ("mrs %0, primask\n cpsid i" : "=r" (state) : : "memory");
    return state;
}

void board_unmask(uint32_t state) {
    __asm volatile ("msr primask, %0" : : "r" (state) : "memory");
}

// With interrupts masked, or in one.
static void collect(int number) {
    uart_registers_t *uart = uart_registers[number];
    kept_t *bytes = &kept[number];
    uart->interrupts = RX_INTERRUPT;
    while ((uart->state & RX_FULL) && bytes->count < ROOM) {
        uint8_t byte = uart->data;
        if (number == 0 && byte == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            bytes->data[(bytes->first + bytes->count++) % ROOM] = byte;
        }
    }
}

int uart_take(int number) {
    uint32_t state = board_mask();
    kept_t *bytes = &kept[number];
    int byte = -1;
    if (bytes->count > 0) {
        byte = bytes->data[bytes->first];
        bytes->first = (bytes->first + 1) % ROOM;
        bytes->count--;
    }
    collect(number);
    board_unmask(state);
    return byte;
}

bool uart_has(int number) {
    return kept[number].count > 0;
}

void uart_forget(int number) {
    kept[number].count = 0;
    sending[number].count = 0;
}

void uart_speed(int number, uint32_t us) {
    character_us[number] = us;
}

bool uart_put(int number, uint8_t byte) {
    uint32_t state = board_mask();
    kept_t *bytes = &sending[number];
    bool taken = bytes->count < ROOM;
    if (taken) {
        if (bytes->count == 0) {
            due_us[number] = COUNTER + character_us[number];
        }
        bytes->data[(bytes->first + bytes->count++) % ROOM] = byte;
    }
    board_unmask(state);
    return taken;
}

bool uart_idle(int number) {
    return sending[number].count == 0;
}

// In the interrupt of the tick.
static void send(int number) {
    kept_t *bytes = &sending[number];
    uart_registers_t *uart = uart_registers[number];
    while (bytes->count > 0 && (int32_t)(COUNTER - due_us[number]) >= 0 && !(uart->state & TX_FULL)) {
        uart->data = bytes->data[bytes->first];
        bytes->first = (bytes->first + 1) % ROOM;
        bytes->count--;
        due_us[number] += character_us[number];
    }
}

static void uart_0(void) {
    collect(0);
}
static void uart_1(void) {
    collect(1);
}
static void uart_2(void) {
    collect(2);
}
static void uart_3(void) {
    collect(3);
}
static void uart_4(void) {
    collect(4);
}
static void (*const handlers[UARTS])(void) = { uart_0, uart_1, uart_2, uart_3, uart_4 };

static void tick(void) {
    for (int i = 1; i < UARTS; i++) {
        send(i);
    }
    board_timers(mp_hal_ticks_ms());
}

static uint32_t vectors[64] __attribute__((aligned(256)));

void __real_uart_init(void);

// The first thing that the port does: the machine gets interrupts and a clock.
void __wrap_uart_init(void) {
    extern const uint32_t isr_vector[OWN_VECTORS];
    for (int i = 0; i < OWN_VECTORS; i++) {
        vectors[i] = isr_vector[i];
    }
    vectors[SYSTEM_TICK] = (uint32_t)tick;
    for (int i = 0; i < UARTS; i++) {
        vectors[OWN_VECTORS + interrupt_of[i]] = (uint32_t)handlers[i];
        ENABLE = 1u << interrupt_of[i];
    }
    VECTORS = (uint32_t)vectors;
    PRESCALE = CLOCK_MHZ - 1;
    TICK_RELOAD = CLOCK_MHZ * 1000 - 1;
    TICK_VALUE = 0;
    TICK_CONTROL = 7;
    __real_uart_init();
    uart_registers[0]->control |= RX_INTERRUPT_ON;
}

int __wrap_uart_rx_chr(void) {
    for (int i = 0; i < SPINS && !uart_has(0); i++) {  // a core that sleeps between two bytes takes ten times as long
    }
    int byte = uart_take(0);
    if (byte < 0) {
        mp_event_wait_ms(1);
    }
    return byte;
}

uintptr_t __wrap_mp_hal_stdio_poll(uintptr_t flags) {
    return flags & (MP_STREAM_POLL_WR | (uart_has(0) ? MP_STREAM_POLL_RD : 0));
}

mp_uint_t mp_hal_ticks_us(void) {
    return COUNTER;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return COUNTER;
}

mp_uint_t mp_hal_ticks_ms(void) {
    static uint32_t whole_ms, at_us;
    uint32_t state = board_mask();
    uint32_t more_ms = (COUNTER - at_us) / 1000;
    whole_ms += more_ms;
    at_us += more_ms * 1000;
    uint32_t now_ms = whole_ms;
    board_unmask(state);
    return now_ms;
}

uint64_t mp_hal_time_ns(void) {
    return (uint64_t)mp_hal_ticks_ms() * 1000000;
}

void mp_hal_delay_us(mp_uint_t us) {
    uint32_t start_us = COUNTER;
    while (COUNTER - start_us < us) {
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint32_t start_ms = mp_hal_ticks_ms();
    while (mp_hal_ticks_ms() - start_ms < ms) {
        mp_event_wait_ms(1);
    }
}
