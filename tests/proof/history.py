"""Defects that adversarial tests found in our own guard and check: what was seen, its cause, the mend, and what finds it again.

`FOUND[name]` is (what was seen, cause, fix, what finds it again): a mend undone of defects.py by its name, or a test as
FILE::NAME. The table in docs/safety-case.md is written from here (case.py), and a test compares them.
"""

from tests.proof.history_below import BELOW
from tests.proof.history_late import LATE
from tests.proof.history_people import PEOPLE

SCENES = "tests/drawn/findings/"
CARS, LOWERS, METERS = SCENES + "test_cars_above_their_order.py", SCENES + "test_lowers.py", SCENES + "test_meters.py"
RESTARTS, SUMS, CHECKS = SCENES + "test_restarts.py", SCENES + "test_sums_over_time.py", SCENES + "test_what_the_check_says.py"
NEVER = SCENES + "test_who_never_charges.py"

FOUND = {
    "D1": (
        "a car 5 % above its order for half an hour; two hours later six of eight cars of the demonstration's site still had no current",
        "a lower above the reserve was asked whether anything may be fed, so the excess that stopped feeding never ended",
        "a lower passes every rule that is not about its own bytes (rule 2, L1)",
        ("2 held back", CARS + "::test_a_car_five_per_cent_above_its_order_strands_nobody"),
    ),
    "D2": (
        "65 of 63 A for 12 s in every 76 s: a car above its order by less than 1 A or 10 %",
        "what was measured raised the bound, and the plan counted what was wanted",
        "what a car makes of its orders is learnt, counts in the bound, and is planned (rule 10)",
        ("10 follow", CARS + "::test_room_is_made_for_what_is_measured_above_an_order"),
    ),
    "D3": (
        "39.7 of 32 A for 784 of 900 s: half more than ordered for 8 s, obedient for 1.5 s, in turn",
        "one obedient reading began the time of disobedience anew",
        "ampere-seconds above the order, with a leak (rule 10)",
        ("10 pauses", CARS + "::test_disobedience_with_pauses_is_noticed"),
    ),
    "D4": (
        "47.9 of 32 A without end: an EVSE without watchdog that was taken out of the site file, or renamed, at 16 A",
        "the journal knew EVSEs by their names in the present file",
        "it keeps where each device is; an EVSE that left counts there until its watchdog expired or a person declares that it was removed (rule 15)",
        ("15 left", RESTARTS + "::test_an_evse_that_leaves_the_site_file_counts_where_it_was"),
    ),
    "D5": (
        "a primary below with two reserves of 6 A and a grant of 16 A: nobody below ever charged",
        "its share took reserves for no load, its ledger counted them, and who never began was never moved in the queue",
        "the grant is one more circuit, on which reserves are load for all that count (rule 13); who cannot begin gives way",
        ("13 reserves", NEVER + "::test_a_child_primary_with_reserves_starves_nobody"),
    ),
    "D6": (
        "57.9 of 40 A for 5 s, eleven times in two hours: CTs rotated by one, a saturated one, reversed ones beside generation",
        "a meter that failed was trusted again after a time, and each such trial was an overload",
        "trust is earned by steps of our own that it follows, and after the third failure a person looks (3.2)",
        ("3.2 forgiven", METERS + "::test_a_meter_that_failed_is_not_believed_again_without_evidence"),
    ),
    "D7": (
        "a secondary that was cut off for thirteen hours refused every grant for an hour",
        "sequence numbers of 16 bits, compared by half of their range although the lease had long lapsed",
        "an epoch has no more grants than half the range orders, and the next one is durable before its first grant (rule 12)",
        ("12 half range",
         "tests/roles/test_grant_numbers.py::test_a_secondary_that_was_cut_off_for_half_a_day_or_a_week_charges_again_at_once"),
    ),
    "D8": (
        "a car that had been locked out charged again, and drew more than its order: the power had failed within a minute of the lock-out",
        "what lowers trust was written to the journal once a minute like everything else",
        "nothing is raised before the journal holds it (rule 8)",
        ("8 unkept", CARS + "::test_a_lock_out_outlives_a_restart"),
    ),
    "D9": (
        "61.8 of 32 A for 59 s with 5.7 s printed; generation below a metered root counted permanently as a wrong sign "
        "of its meter; a limit until replaced "
        "was gone after a restart; one device was taken twice under two spellings, one meter on two circuits, generation without a meter; "
        "a unit that was swapped stopped its neighbours without a word",
        "the check left the meter's timeouts and a gateway's transit out of its times, added no generation up, compared addresses as "
        "text; limits were not in the journal; `why` looked at one EVSE alone",
        "all of them are (section 4, section 5)",
        (METERS + "::test_a_dead_meter_with_a_long_timeout_stays_within_the_printed_time",
         METERS + "::test_generation_declared_below_is_known_to_a_metered_root",
         RESTARTS + "::test_an_outside_limit_until_replaced_outlives_a_restart",
         CHECKS + "::test_the_check_refuses", CHECKS + "::test_the_printed_time_holds_the_time_in_which_a_meter_is_lost",
         CHECKS + "::test_the_printed_time_holds_the_transit_of_a_gateway",
         "tests/circuit/test_uncontrolled_load.py::test_the_reason_of_a_waiting_evse_names_the_blocking_unit_and_the_remedy"),
    ),
    "D10": (
        "twenty wall boxes on a LAN were refused",
        "the check took a Modbus TCP bus for one line",
        "each host is a line of its own (section 4)",
        (CHECKS + "::test_twenty_wall_boxes_on_a_lan_are_taken",),
    ),
    "D11": (
        "28 to 35 A on 26 A for 38 of 40 s without any fault: other load rose next to a device whose rounding is not known",
        "the lower counted as more than was wanted and was refused; what the device makes of an order was learnt from raises alone",
        "as D1; the surplus is learnt from any order",
        ("2 surplus", LOWERS + "::test_a_lower_leaves_from_a_device_that_rounds_nobody_knows_how"),
    ),
    "D12": (
        "34 A on 26 A in spells of 27 s, healthy neighbours starved: one unit that answers within 400 ms",
        "lowers waited for settings read within the device's least time to restart, which it never could give",
        "no lower waits for settings; a unit that is too slow is named (rule 8)",
        ("2 stale settings", LOWERS + "::test_one_slow_device_starves_nobody_and_is_lowered"),
    ),
    "D13": (
        "55 of 40 A without end: a lost meter on a circuit below one that has none",
        "only what was measured below was passed up",
        "what is assumed below is passed up as well, and the alarm with it (3.4)",
        ("3.4 below", METERS + "::test_a_dead_meter_below_leaves_its_load_in_the_sum_above"),
    ),
    "D14": (
        "47.9 of 32 A after a lock-out, an acceptance and a restart; a replaced unit stayed at 0 A; an EVSE that drew "
        "current could be declared isolated",
        "the lock-out and the escalation level of rule 10 were cleared by different actions",
        "reset and replacement end both, acceptance of the same device ends neither; isolation is refused while current flows (rules 6, 10)",
        ("10 accepted", "10 replaced",
         RESTARTS + "::test_a_lock_out_outlives_replace_without_another_unit", RESTARTS + "::test_a_unit_that_was_replaced_charges_again",
         RESTARTS + "::test_an_isolated_evse_that_draws_counts_or_the_word_is_refused"),
    ),
    "D15": (
        "the local point closed again by itself after a residual current: the primary had restarted with the plug still in",
        "the latch lived in memory",
        "it is in the journal until the plug was taken out or a person resets it",
        (RESTARTS + "::test_a_latch_of_the_local_point_outlives_a_restart",),
    ),
    "D16": (
        "cars charged next to a running fire pump whose meter was frozen; 20.9 of 15 kW in a quarter of an hour; an absolute profile ended early",
        "a frozen meter of a safety load counted as resting; the quarter and the profile followed a clock that jumps",
        "frozen is lost, and lost sheds (3.6); the quarter is in the journal, and a jump back ends nothing",
        (SUMS + "::test_a_frozen_meter_of_a_safety_load_counts_as_running",
         SUMS + "::test_contracted_power_holds_over_a_restart_and_a_jump_of_the_clock",
         "tests/roles/test_demand_intervals.py::test_energy_above_the_contract_is_stored_and_counts_after_a_restart",
         "tests/circuit/test_contracted_power.py::test_section_6_a_jump_of_the_clock_back_frees_nothing_in_the_old_quarters_or_the_new",
         SUMS + "::test_a_jump_of_the_clock_back_does_not_lift_an_absolute_profile"),
    ),
    "D17": (
        "six cars of one phase on EVSEs with three got 0.29 of what their phases carry",
        "an order counted on every phase that the contactor can close, whatever the car uses",
        "a phase that readings show as unused is available to other EVSEs where a meter would show that it is used again (rule 14)",
        ("14 again", SCENES + "test_unused_phases.py::test_cars_of_one_phase_share_what_their_phases_carry"),
    ),
    "D18": (
        "a car that begins at 8 A got 0 kWh in four hours at shares of 7.3 A; ten of 38 newcomers never had a turn",
        "a car that does not draw looks asleep, and the queue did not prefer who never had a turn",
        "minimums are found by trying, newcomers go first",
        (NEVER + "::test_a_car_whose_minimum_is_above_its_share_charges", NEVER + "::test_at_saturation_every_newcomer_gets_a_slot",
         "tests/circuit/test_slot_rotation.py::test_section_6_new_cars_precede_waiting_ones_with_a_short_slot"),
    ),
    "D19": (
        "18 of 16 A in the world `journal`: a device lost its watchdog in a restart, the journal was late, then the primary restarted",
        "a refresh was no raise, though after the device's restart it is one",
        "a device whose evidence got worse is not even refreshed before the journal knows (rule 8)",
        ("8 refreshed", "tests/circuit/test_rules_8_to_12.py::"
         "test_rule_8_one_that_lost_its_watchdog_is_not_even_refreshed_before_the_journal_knows"),
    ),
    "D20": (
        "a lower was refused in the world `lowers` for the settle time after the first proof since a start of the primary",
        "an order from before that start, proven to be replaced but not yet settled, left no order with which a lower could be compared",
        "a lower is compared only with orders that may still be in force; a replaced order that still settles is not one of them (rule 2)",
        ("tests/circuit/test_lowers.py::test_an_order_of_an_earlier_life_that_is_gone_holds_no_lower",),
    ),
    "D21": (
        "20 of 16 A without end in the world `below` with any policy: a primary below whose grant had lapsed",
        "it left an exceeded grant to its parent, which cannot answer for one it does not reach; only its policy lowered",
        "with its grant gone nothing above what the parent counts anyway is kept alive (rule 13)",
        ("13 kept alive", "tests/circuit/test_rule_13.py::test_when_the_grant_is_gone_nothing_above_it_is_kept_alive_whatever_is_wanted"),
    ),
    "D22": (
        "20.9 A were latched as other load for good, and four cars starved: an EVSE without watchdog was read first after a restart",
        "the meter's frame was older than that reading, so what the EVSE had drawn passed for other load",
        "before its first reading an EVSE counts as anything up to its bound (3.1)",
        ("tests/circuit/test_other_load.py::test_rule_3_1_what_an_evse_drew_before_its_first_reading_is_no_other_load",),
    ),
    "D23": (
        "47.8 of 32 A without end: an EVSE whose second terminal is not measured, other load rose, and no other EVSE could be lowered",
        "on a phase that counted as unused no order of that EVSE counted, so none was lowered",
        "an excess that others do not end is taken for a hidden use; no EVSE is fed on a phase that it may use and that stays above (rules 11, 14)",
        (SCENES + "test_unused_phase_that_nobody_gives.py::test_one_that_measures_its_first_terminal_only_gives_on_all",
         SCENES + "test_unused_phase_again_and_again.py::test_a_car_that_pauses_by_itself_is_one_excess_and_not_one_at_each_pause"),
    ),
    "D24": (
        "27.6 of 84 A until the cars were unplugged: cars that use one phase, next to other load that changes",
        "any EVSE raised within 15 s of an excess was taken for one whose readings do not show the use of a phase",
        "only where the meter shows as much unexplained current as the car draws, and its current rose just then (rule 14)",
        (SCENES + "test_unused_phases_and_other_load.py::test_steps_of_the_house_do_not_make_honest_cars_of_one_phase_count_on_three",),
    ),
    "D25": (
        "an EVSE that was locked out never charged its car again after `unlock`; a session that a fault had ended read \"no charge requested\"",
        "the reset of a lock-out did not reach the session; the guard knew no reason of a session",
        "the reset serves the same car again where no CSMS decides; a session passes its reason and its remedy to `why`",
        ("tests/evse/test_session.py::test_a_lock_out_ends_the_session_and_its_reset_serves_the_same_car_again",),
    ),
    "D26": (
        "cars waited permanently behind a device without a watchdog that had left the site file, and `why` named no remedy: there was margin "
        "now, but none if the primary fails (rule 7)",
        "`why` looked at the margin of the moment alone",
        "the sum of the default state is named, with the EVSE that blocks it",
        ("tests/circuit/test_explain.py::test_why_names_the_sum_that_would_be_full_should_the_primary_fail",),
    ),
    "D27": (
        "`why` asked for `confirm` of a circuit with an excess of 0.1 A of noise, and not for the doubted meter that took 11 A",
        "any excess was named; the meter was named in one of three sentences",
        "`confirm` is named where it frees enough, the doubted meter wherever it counts",
        ("tests/circuit/test_uncontrolled_load.py::test_confirm_is_not_named_where_it_would_free_too_little",),
    ),
    "D28": (
        "a doubted meter above unmeasured EVSEs was tested every 30 s permanently: no step was certain there",
        "a person was asked only where no EVSE could step",
        "asked after 25 min in which steps gave no clear result (3.2)",
        ("tests/circuit/test_meter_trust.py::"
         "test_rule_3_2_liveness_where_steps_stay_unclear_a_person_is_asked_within_half_an_hour",),
    ),
    "D29": (
        "after an outage of hours a car that needs 8 A waited up to an hour next to 42 A of margin (drawn site, seed 304)",
        "its pause had doubled while only 6 A could be tried, and nothing ended it when more became possible",
        "a pause ends early when more is possible than was tried, once for each current (section 6)",
        ("tests/circuit/test_learnt_minimum.py::test_section_6_a_paused_car_is_offered_more_as_soon_as_more_is_possible",),
    ),
    "D30": (
        "cars were stranded permanently after a circuit was renamed and renamed back (drawn site, seed 104)",
        "declared other load was journalled as if it had been measured, and counted under both names",
        "only other load measured above its declaration outlives a restart (3.3)",
        ("tests/circuit/test_removed_evses.py::test_what_was_only_declared_of_a_renamed_circuit_counts_once_and_what_was_seen_there_counts_on",),
    ),
    "D31": (
        "the third car below a parent primary never got a slot: one of the three draws above its order (drawn site, seed 113)",
        "the grant that was requested did not contain what a car is known to draw above its order",
        "the least useful grant contains it (rule 13)",
        ("tests/circuit/test_minimum_grant.py::test_a_car_that_draws_above_its_order_gets_its_slot_below_a_parent_that_gives_what_is_asked_for",),
    ),
    "D32": (
        "a correct meter lost its trust when cars stopped, and the site starved: a current of 0.3 A with a power of -2 W",
        "the sign of a current came from its power, however small the power was",
        "a current counts as fed in only where the power fits it (3.2)",
        ("tests/profiles/test_meter_parts.py::test_a_current_whose_power_is_around_0_counts_as_drawn",),
    ),
    "D33": (
        "69.5 of 50 A for 25 min: a CT that saturates just below the rating, while no EVSE changed its current",
        "only steps of our own show such a meter, and none was due",
        "near the rating a step of 6 A is made in 15 min without one; after the third failure a person is asked (3.2)",
        ("tests/circuit/test_meter_trust.py::"
         "test_rule_3_2_a_ct_that_saturates_just_below_the_rating_is_found_by_a_step_each_time_and_permanently_after_the_third",),
    ),
    "D34": (
        "two EVSEs that show no limit never charged on a circuit that carries one of them",
        "their acknowledged pause proved nothing, so each kept its current from the other, and the probe was not repeated",
        "such a pause is proven by acknowledgement and state ([decision 16](decisions/0016-an-acknowledged-pause-is-evidence.md))",
        ("tests/drawn/findings/test_who_never_charges.py::test_two_devices_that_show_no_limit_share_a_circuit_that_carries_one_of_them",),
    ),
    "D35": (
        'an EVSE whose minimum never fits next to the reserves read "queued" permanently, and the check was silent',
        "`why` and `check` looked at turns and budgets, not at the least current of one EVSE next to all reserves",
        "both name the reserve and the missing evidence, and what would help",
        ("tests/circuit/test_explain.py::test_why_says_that_an_evse_never_fits_next_to_a_reserve_and_names_the_missing_evidence",
         "tests/circuit/test_check_edges.py::test_an_evse_that_never_fits_next_to_reserves_is_reported_with_what_would_help",),
    ),
    "D36": (
        "the reset of a lock-out offered current to a car whose session had been ended at the EVSE",
        "any reset of the same EVSE served the car that was plugged in",
        "it serves only the car whose session the lock-out ended",
        ("tests/evse/test_session.py::test_the_reset_of_a_lock_out_does_not_revive_a_session_that_something_else_ended",),
    ),
    "D37": (
        "after an outage a primary below, whose cars need 8 A, stayed paused for up to an hour next to 40 A of margin (drawn site, seed 440)",
        "with D29 the pause of an EVSE ends early, not that of a primary below; it requested the same grant at which its cars had drawn nothing",
        "a primary below requests the next level at which its cars were not tried, and that ends its pause (sections 4 and 6)",
        ("tests/circuit/test_minimum_grant.py::test_a_row_whose_cars_drew_nothing_at_the_grant_asks_for_more_and_they_charge",
         "tests/circuit/test_minimum_grant.py::test_the_pause_of_a_row_ends_early_once_where_the_grant_that_it_asks_for_is_possible"),
    ),
    "D38": (
        "20 of 18 A in the wide worlds `aged` and `stuck`: other load stepped up while the meter was silent, and its first frame ended the silence",
        "a frame that had been judged before a second silence made the meter valid again, with the other load of that frame",
        "what was judged while a meter does not count ages like everything else (3.3)",
        ("tests/circuit/test_other_load.py::test_rule_3_3_a_frame_checked_before_a_second_silence_does_not_end_that",),
    ),
    "D39": (
        "a correct meter lost its trust after 6 to 33 min in which three or four devices lost and regained their link every few seconds",
        "an EVSE was paused and released by orders between two of its readings, and counted with at least what both readings showed",
        "for a wrong sign it counts with at most the smallest order that may have been in force since its last reading (3.2)",
        ("tests/circuit/test_passed_orders.py::test_rule_3_2_an_own_pause_between_two_readings_is_no_contradiction",
         "tests/circuit/test_passed_orders.py::test_rule_3_2_a_car_that_recovers_slowly_from_an_own_pause_is_no_contradiction"),
    ),
    "D40": (
        "a car that needs 8 A never charged where slots are shorter than `idle_s`, or are interrupted by a parent (drawn site, seed 697)",
        "what it needs was tried after `idle_s` without current at one order, and each pause began that time anew",
        "what it needs is tried after 90 s without current in any number of turns (section 6)",
        ("tests/circuit/test_learnt_minimum.py::test_section_6_slots_shorter_than_the_time_for_an_idle_car_suffice",
         "tests/circuit/test_learnt_minimum.py::test_section_6_the_time_without_current_counts_through_interruptions"),
    ),
    "D41": (
        "a car that draws 0.3 A above its order never charged below a parent that could give that much (drawn site, seed 652)",
        "the grant for another car, which the parent cannot give, was requested; then the parent counted none of the request",
        "a request counts as far as the minimums of the others permit (section 6)",
        ("tests/circuit/test_minimum_grant.py::test_of_an_unreachable_share_the_whole_amperes_that_others_have_beyond_their_minimum",
         "tests/circuit/test_minimum_grant.py::test_two_rows_that_ask_for_more_than_can_be_take_turns_with_what_can_be"),
    ),
    "D42": (
        "`why` named no remedy where an EVSE that had left the site file filled the contracted power (drawn site, seed 657)",
        "who blocks current was looked for on circuits, not in sums over phases",
        "in both, with the remedy",
        ("tests/circuit/test_uncontrolled_load.py::test_a_sum_that_an_unregulated_evse_fills_is_named_with_the_remedy",),
    ),
    "D43": (
        "a device that shows the serial number 0 while it starts was locked as another device until `replace`",
        "what it showed was taken for its serial number",
        "a blank number counts after a minute only (rule 6)",
        ("tests/profiles/test_evse_driver.py::test_a_blank_serial_number_is_none_while_a_device_starts",),
    ),
    "D44": (
        "a primary with cars that request current was paused as idle for 15 min; a car of 8 or 13 A below it never charged (scenes)",
        "its parent took one car that drew nothing for all below; a grant in whole amperes had no allowance for a rounded duty "
        "cycle; what a first turn with more current had shown was forgotten with the next lower share",
        "what a primary below reports counts for three times `idle_s` without current; the allowance is requested, too; the level below "
        "which a car drew nothing is its minimum (section 6)",
        ("tests/drawn/findings/test_who_never_charges.py::test_cars_with_a_large_minimum_below_primaries_charge_and_do_not_stop_their_neighbours",
         "tests/circuit/test_minimum_grant.py::test_a_row_that_reports_a_request_keeps_its_turns_next_to_a_car_that_draws_nothing"),
    ),
    "D45": (
        "a car that woke by its own timer while 8 A were tried was offered nothing at 7 A until it was unplugged (scenes: 5 Wh in 81 min)",
        "what it began at was its minimum until unplug, also where that much was never possible again",
        "a learnt minimum that is not possible for `idle_s` is discarded, and learnt again where it was right; `why` names it (section 6)",
        ("tests/circuit/test_learnt_minimum.py::test_section_6_a_learnt_minimum_that_is_not_possible_for_long_does_not_hold_a_car_back",),
    ),
    "D46": (
        "a correct meter was lost permanently by one step of other load within its declaration, 10 s old or next to an "
        "order that no car drew (scenes: "
        "5 of 17 steps of 9 A on 16 A and 10 A on 32 A): the site stood still until a person came",
        "the EVSEs made room, the meter showed no fall, and the lower counted as a step that it had missed: the time for which other load excused "
        "it ended before the reference did, and was kept only for a rise above all orders",
        "a lower is no missed step where the meter gave the reason for it since the reference; replaced by that of D50 (3.2)",
        ("tests/drawn/findings/test_meters.py::test_a_step_of_other_load_within_its_declaration_costs_a_correct_meter_no_trust",
         "tests/circuit/test_step_check.py::test_a_lower_is_not_even_unclear_where_the_meter_showed_the_rise_before_it_and_the_fall"),
    ),
    "D47": (
        "a car with 999 kWh for one hour was served alone until its departure; others with wishes of their own waited for hours",
        "its slack was the least of all, and a car with known needs never got the turn of one that waited",
        "a need that is half a day out of reach comes last, in turns (section 6)",
        ("tests/circuit/test_fairness.py::test_section_6_a_need_that_can_never_be_met_in_its_time_keeps_no_other_car_waiting",),
    ),
    "D48": (
        "65.7 of 50 A for 10 min: the current transformer of L1 saturates at 46 A, and other load comes on all phases (scene)",
        "with D46 the rise on L1 excused that L1 showed no fall, and the step that told nothing counted as a certain one: no test step followed",
        "a rise is an excuse only together with the fall that the meter showed after it; a step that tells nothing is no evidence (3.2)",
        ("tests/drawn/findings/test_meters.py::test_a_phase_that_saturates_below_the_rating_is_found_where_other_load_comes_on_all_phases",
         "tests/circuit/test_step_check.py::test_a_step_that_was_neither_missed_nor_followed_is_no_evidence"),
    ),
    "D49": (
        "with 10 A of declared generation nobody charged at night below a contract of 11 kW, or a limit of 11 kW (scenes: 0 of 10.8 kW)",
        "declared generation, which counts as load of the busbar, was subtracted from what may flow in from the grid",
        "contracted power and limits in watts count what flows in (section 6)",
        ("tests/circuit/test_sum_constraints.py::test_section_6_generation_that_may_feed_in_takes_nothing_from_the_contract",
         "tests/circuit/test_sum_constraints.py::test_section_6_generation_takes_nothing_from_a_limit_in_watts"),
    ),
    "D50": (
        "the correct meter of a site with solar generation was lost by one cloud of 1 A/s, and no car charged until a person came (5 of 5 "
        "scenes); the same by ramps of other load next to a limit in amperes, a contract or a second level of circuits",
        "orders that answer other load keep the meter flat by design, and that passed for steps that it had missed; without a valid meter "
        "`[solar]` offered nothing, so no step could restore the trust",
        "such a step makes a meter suspected: raises stay within what was in force, and marked test steps decide within seconds, a minute at most; "
        "`[solar]` gives the smallest minimum now and then while its meter is doubted (3.2)",
        ("tests/circuit/test_suspected_meter.py::test_a_correct_meter_whose_evses_make_room_for_other_load_is_tested_and_never_lost",
         "tests/drawn/findings/test_meters.py::test_a_cloud_costs_a_correct_meter_no_trust"),
    ),
    "D51": (
        "64.5 of 50 A for 15 min: the current transformer of L1 saturates at 48.5 A, next to cars that rise slowly (scene, never found)",
        "a step that the meter followed on L2 and L3 counted as certain for L1 too, chance changes of other load passed for a followed step, and "
        "steps of which a part was shown counted for nothing",
        "a certain step counts for its phase; one that moved the meter by much more than ours is none; a part of a step where other load was calm "
        "makes the meter suspected (3.2)",
        ("tests/drawn/findings/test_meters.py::test_a_phase_that_saturates_just_below_the_rating_is_found_next_to_cars_that_rise_slowly",
         "tests/circuit/test_step_check.py::test_a_part_of_a_step_is_unclear_where_other_load_was_calm_and_much_more_than_it_tells_nothing"),
    ),
    "D52": (
        "an inverter of one phase let the unbalance exceed its limit by its current; a limit in watts on a circuit without a meter gave 0 kW above a "
        "circuit with generation",
        "generation that is declared counts as load of the busbar, and was counted as load of its phase and as drawn from the grid",
        "the unbalance and limits in watts count what flows in, per phase and from below (section 6)",
        ("tests/circuit/test_sum_constraints.py::test_section_6_the_inverter_of_one_phase_does_not_count_as_its_load_in_the_unbalance",),
    ),
    "D53": (
        "below a suspected meter no car charged any more where less than a minimum was left beside the assumed other load; cars stayed at 10 A for "
        "half an hour (scenes)",
        "where no car draws there is no test step; each moment without current began the time before a pause anew; between two pauses were 15 min",
        "one car may start for a test; the time before a pause counts through such moments, and is 1, 2, 4 … 15 min; one test serves all suspected "
        "meters above it; `why` names the suspicion (3.2)",
        ("tests/circuit/test_suspected_meter.py::test_where_no_car_draws_one_may_start_as_a_test",
         "tests/circuit/test_suspected_meter.py::test_a_moment_without_current_does_not_put_a_test_off",
         "tests/circuit/test_suspected_meter.py::test_a_car_with_a_large_minimum_may_start_for_a_test"),
    ),
    "D54": (
        "57 of 50 A for an hour: all current transformers saturate alike at 33 A, next to constant cars and other load that rises slowly (scene)",
        "a meter was tested only where it shows three quarters of the rating, which such a meter never does",
        "also where Σ bounds with the assumed other load exceeds the rating (3.2)",
        ("tests/circuit/test_suspected_meter.py::test_a_meter_that_saturates_far_below_the_rating_is_tested_where_the_circuit_could_be_above_it",),
    ),
    "D55": (
        "a correct meter was lost in one frame: a test began while a limit paused the cars (15 of 240 scenes), or a car rose as other load fell",
        "a fall that had begun before the test passed for its step; what other load hid of a slow rise passed for a meter that shows none",
        "where the EVSEs are falling already only the return is a step of the test; a rise that takes longer than 6 s is unclear (3.2)",
        ("tests/circuit/test_suspected_meter.py::test_what_an_order_began_before_a_test_is_no_step_of_it",
         "tests/circuit/test_step_check.py::test_a_rise_that_takes_longer_than_six_seconds_may_follow_other_load_that_falls"),
    ),
    "D56": (
        "a correct meter was lost in one frame: other load changed as the EVSEs fell for a test, or returned, five times in 40 min (scene)",
        "one missed step of a test was a failure, although nothing spoke against the meter before",
        "the first missed step of a test makes a meter suspected, and the next one decides (3.2)",
        ("tests/circuit/test_suspected_meter.py::test_one_step_of_a_routine_test_that_other_load_hides_costs_a_correct_meter_nothing",),
    ),
    "D57": (
        "a meter that a person had to inspect was trusted again when its circuit had another name in the site file (scene)",
        "what counts against a meter was found by the name of its circuit only",
        "what counts against a name that left counts against each metered circuit that was not known before (rule 8)",
        ("tests/circuit/test_meter_trust.py::test_rule_3_2_distrust_of_a_meter_outlives_a_new_name_of_its_circuit",),
    ),
    **LATE,
    **BELOW,
    **PEOPLE,
}  # fmt: skip

HEAD = ["", "seen", "cause", "fix", "found again by"]


def again(names):
    """What finds it again, as a cell: a mend undone by its name, a test by its name and file."""
    return ", ".join(["`%s`" % name if "::" not in name else "[%s](../%s)" % (name.split("::")[1], name.split("::")[0]) for name in names])


def rows():
    """The cells of the document's table, one list a defect."""
    return [[name, *words, again(names)] for name, (*words, names) in FOUND.items()]
