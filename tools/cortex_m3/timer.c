// machine.Timer: callbacks in milliseconds, called by the scheduler of the interpreter as on RP2 and STM32.

#include "py/mphal.h"
#include "py/runtime.h"
#include "board.h"

typedef struct _board_timer_t {
    mp_obj_base_t base;
    struct _board_timer_t *next;
    mp_obj_t callback;
    uint32_t due_ms, period_ms;
    bool once, on;
} board_timer_t;

enum { ONE_SHOT, PERIODIC };

MP_REGISTER_ROOT_POINTER(struct _board_timer_t *board_timers);

void board_forget_timers(void) {
    MP_STATE_VM(board_timers) = NULL;
}

void board_timers(uint32_t now_ms) {
    for (board_timer_t *timer = MP_STATE_VM(board_timers); timer != NULL; timer = timer->next) {
        if (timer->on && (int32_t)(now_ms - timer->due_ms) >= 0) {
            timer->on = !timer->once;
            timer->due_ms = now_ms + timer->period_ms;
            mp_sched_schedule(timer->callback, MP_OBJ_FROM_PTR(timer));
        }
    }
}

static mp_obj_t timer_deinit(mp_obj_t self_in) {
    board_timer_t *self = MP_OBJ_TO_PTR(self_in);
    self->on = false;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(timer_deinit_obj, timer_deinit);

static mp_obj_t timer_init(size_t count, const mp_obj_t *values, mp_map_t *named) {
    enum { ARG_mode, ARG_period, ARG_callback };
    static const mp_arg_t known[] = {
        { MP_QSTR_mode, MP_ARG_KW_ONLY | MP_ARG_INT, {.u_int = PERIODIC} },
        { MP_QSTR_period, MP_ARG_KW_ONLY | MP_ARG_INT | MP_ARG_REQUIRED, {.u_int = 0} },
        { MP_QSTR_callback, MP_ARG_KW_ONLY | MP_ARG_OBJ | MP_ARG_REQUIRED, {.u_rom_obj = MP_ROM_NONE} },
    };
    mp_arg_val_t arguments[MP_ARRAY_SIZE(known)];
    mp_arg_parse_all(count - 1, values + 1, named, MP_ARRAY_SIZE(known), known, arguments);
    board_timer_t *self = MP_OBJ_TO_PTR(values[0]);
    self->on = false;
    self->callback = arguments[ARG_callback].u_obj;
    self->period_ms = arguments[ARG_period].u_int;
    self->once = arguments[ARG_mode].u_int == ONE_SHOT;
    self->due_ms = mp_hal_ticks_ms() + self->period_ms;
    self->on = true;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(timer_init_obj, 1, timer_init);

static mp_obj_t timer_make(const mp_obj_type_t *type, size_t count, size_t named, const mp_obj_t *values) {
    mp_arg_check_num(count, named, 0, 1, false);
    board_timer_t *self = mp_obj_malloc(board_timer_t, type);
    self->on = false;
    self->callback = mp_const_none;
    uint32_t state = board_mask();
    self->next = MP_STATE_VM(board_timers);
    MP_STATE_VM(board_timers) = self;
    board_unmask(state);
    return MP_OBJ_FROM_PTR(self);
}

static const mp_rom_map_elem_t timer_names[] = {
    { MP_ROM_QSTR(MP_QSTR_init), MP_ROM_PTR(&timer_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_deinit), MP_ROM_PTR(&timer_deinit_obj) },
    { MP_ROM_QSTR(MP_QSTR_ONE_SHOT), MP_ROM_INT(ONE_SHOT) },
    { MP_ROM_QSTR(MP_QSTR_PERIODIC), MP_ROM_INT(PERIODIC) },
};
static MP_DEFINE_CONST_DICT(timer_dict, timer_names);

MP_DEFINE_CONST_OBJ_TYPE(board_timer_type, MP_QSTR_Timer, MP_TYPE_FLAG_NONE, make_new, timer_make, locals_dict, &timer_dict);
