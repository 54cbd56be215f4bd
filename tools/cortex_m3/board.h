// UARTs and time of the emulated machine.
#include <stdbool.h>
#include <stdint.h>

#define UARTS (5)  // 0 is the prompt

typedef struct {
    volatile uint32_t data, state, control, interrupts, divider;
} uart_registers_t;

#define TX_FULL (1 << 0)  // state
#define RX_FULL (1 << 1)
#define RX_INTERRUPT (1 << 1)  // interrupts; write to clear
#define TX_ON (1 << 0)  // control
#define RX_ON (1 << 1)
#define RX_INTERRUPT_ON (1 << 3)

extern uart_registers_t *const uart_registers[UARTS];

int uart_take(int number);  // the oldest byte that came, -1: none
bool uart_has(int number);
void uart_forget(int number);  // what came, and what was not sent
void uart_speed(int number, uint32_t us);  // microseconds of a character
bool uart_put(int number, uint8_t byte);  // false: no room
bool uart_idle(int number);  // the last bit has left
void board_timers(uint32_t now_ms);  // each millisecond, in the interrupt
