"""The newer defects of history.py: of meters, of their test steps, and of what depended on the policy."""

LATE = {
    "D58": (
        "a correct meter was lost in one frame, three times in 80 min, then a person: an energy manager ended its limit as its own load stopped",
        "one missed rise was a failure, although other load may fall in the second in which EVSEs rise",
        "the first missed step up makes a meter suspected, and the next one decides (3.2)",
        ("tests/circuit/test_suspected_meter.py::test_a_correct_meter_outlives_a_limit_that_ends_as_other_load_stops",),
    ),
    "D59": (
        "a car that needs 13 A was stopped by a test step each 15 min, below a meter against which there was no evidence (scene)",
        "a test lowers to the minimum of the EVSE, and that its car had stopped there was not stored",
        "a car that stopped in such a test is spared by the next ones for an hour (3.2)",
        ("tests/circuit/test_suspected_meter.py::test_a_car_that_stops_in_a_routine_test_is_spared_by_the_next_ones_for_an_hour",),
    ),
    "D60": (
        "49 of 46 A for 2 h, 65 of 46 A for 42 min: a CT of one phase saturates, and the car of another phase was tested, or could not be (scene)",
        "the first phase that was due got the test, and one time for the circuit kept the others back",
        "each phase has its own time; where none can be lowered on one the next one is tested, also while one is suspected (3.2)",
        ("tests/circuit/test_routine_meter_tests.py::test_each_phase_is_tested_in_turn",
         "tests/circuit/test_routine_meter_tests.py::test_a_car_that_stops_in_a_test_holds_up_no_test_of_the_others"),
    ),
    "D61": (
        "63 of 46 A without end: the CTs saturate at 70 % next to cars at their minimum (scene)",
        "less than 5 A could be lowered there, and no EVSE pauses for a meter against which there is no evidence",
        "one pauses for a test, once in an hour, where an overload is possible (3.2)",
        ("tests/circuit/test_routine_meter_tests.py::test_cars_that_cannot_be_lowered_pause_for_a_test_in_turn_once_an_hour",),
    ),
    "D62": (
        "a car was lowered for 14 of each 20 s without end, or had no current and nobody was asked: a suspicion that no test cleared (scenes)",
        "a suspicion without a possible overload has no end, and its tests were repeated at once",
        "its tests wait up to 15 min, and after 20 min without current a person is asked (3.2)",
        ("tests/circuit/test_routine_meter_tests.py::test_a_suspicion_that_stays_unclear_is_tested_ever_less_often",
         "tests/circuit/test_routine_meter_tests.py::test_a_suspected_meter_that_leaves_no_room_is_the_task_of_a_person_after_20_min"),
    ),
    "D63": (
        "62 of 46 A for 2 h: the CT of L1 is on the conductor of L3 (scene); since D58",
        "an uneven step that was missed made the meter suspected, and an even test step, which such a meter follows, cleared it",
        "a suspicion keeps which phases the missed step spared; only a step that spares them ends it (3.2)",
        ("tests/circuit/test_meter_tests_of_many.py::test_a_suspicion_after_an_uneven_step_is_ended_by_an_uneven_one_only",),
    ),
    "D64": (
        "65 of 46 A without end: a CT saturates, and one EVSE of any phase has no reading: unmeasured, silent or dead (scenes)",
        "the current of such an EVSE is an interval, so no reference was taken and no step was seen, on all phases",
        "for a step its current is like other load as long as its bound stays (3.2)",
        ("tests/circuit/test_meter_tests_of_many.py::test_the_meter_is_tested_next_to_an_evse_that_is_not_read",
         "tests/circuit/test_meter_tests_of_many.py::test_a_doubted_meter_is_trusted_again_next_to_an_evse_that_is_not_read"),
    ),
    "D65": (
        "51 of 46 A without end on L3: cars of L1 and L2 stop in each test, and the one of L3 can only pause (scene); since D61",
        "the pause once in an hour was one of the circuit, and a car that stopped counted as it",
        "each phase has its own pause (3.2)",
        ("tests/circuit/test_meter_tests_of_many.py::test_a_car_that_stops_in_a_test_counts_as_no_pause_of_another_phase",
         "tests/circuit/test_meter_tests_of_many.py::test_phases_whose_cars_must_pause_have_a_pause_each"),
    ),
    "D66": (
        "cars without current permanently, and no person was asked: a suspected phase shows almost the rating, while a car of another phase charges; "
        "or a person was asked for a correct meter while a limit of 0 A held (scenes); since D62",
        "it was asked whether any phase carries current, and not whether what the meter shows is what keeps the cars back",
        "each phase for itself: none draws there, and a car has no room by what is shown, but by what is declared (3.2)",
        ("tests/circuit/test_meter_tests_of_many.py::test_a_suspected_phase_that_leaves_no_room_is_the_task_of_a_person_while_another_phase_charges",
         "tests/circuit/test_meter_tests_of_many.py::test_no_person_is_asked_where_cars_wait_for_something_else_than_the_meter"),
    ),
    "D67": (
        "a car that needs 13 A, a car of L2 or L3, and a primary that asks for 20 A never charged below a correct meter that was suspected (scenes)",
        "the one start was 13.0 A and 13.2 A are tried, it looked at one phase, and a grant counted the other load that is shown",
        "13.2 A, on each phase where a car waits; a grant counts what is assumed (3.2)",
        ("tests/circuit/test_meter_tests_of_many.py::test_a_car_that_needs_13_a_begins_below_a_suspected_meter",
         "tests/circuit/test_meter_tests_of_many.py::test_a_car_of_any_phase_may_start_below_a_suspected_meter",
         "tests/circuit/test_meter_tests_of_many.py::test_a_primary_below_begins_below_a_suspected_meter_whatever_grant_it_asks_for"),
    ),
    "D68": (
        "65 of 46 A without end on L3 next to a suspicion of L2 that no test could clear (scene)",
        "while one phase was suspected and could not be tested the others had no routine tests",
        "they have, whenever the suspected one gets none (3.2)",
        ("tests/circuit/test_meter_tests_of_many.py::test_a_suspicion_that_no_test_can_clear_holds_up_no_test_of_another_phase",),
    ),
    "D69": (
        "35.1 of 32 A for an hour at a time: a CT that saturates at 90 % next to a car that needs 10 A (scene); since D59",
        "a car that stopped in a test was spared for an hour also right after a suspicion",
        "it is spared only where nothing was suspected of late (3.2)",
        ("tests/circuit/test_meter_tests_of_many.py::test_a_car_that_stops_in_a_test_is_tested_again_soon_after_a_suspicion",),
    ),
    "D70": (
        "a car that needs 13 A had no current for 4 h after an energy manager, which had lowered all each few minutes, had ended (scene)",
        "a trial of a greater minimum that a limit cut off counted as one of the three",
        "it does not (section 6)",
        ("tests/circuit/test_learnt_minimum.py::test_section_6_a_trial_that_a_limit_cuts_off_counts_for_no_round",),
    ),
    "D71": (
        "a correct meter was lost and a person asked after one coincidence: a car of 4.5 A, one below another primary, or one whose EVSE fell silent "
        "had made the uneven step (scenes); since D63",
        "an uneven step was awaited although no EVSE could make it",
        "it is awaited only while one draws that could (3.2)",
        ("tests/circuit/test_meter_tests_of_many.py::test_a_suspicion_after_an_uneven_step_that_no_car_could_repeat_is_ended_by_an_even_one",
         "tests/circuit/test_meter_tests_of_many.py::test_an_uneven_step_of_a_car_below_another_primary_is_not_awaited_from_it"),
    ),
    "D72": (
        "a car that needs 10 A waited for 41 min after one limit of 10 s in its first trial (scene); since D70",
        "a trial that was cut off was repeated after 15 min, in which its car went to sleep",
        "after 1 min, then 2, 4 … 15 min (section 6)",
        ("tests/circuit/test_learnt_minimum.py::test_section_6_one_limit_in_the_first_trial_delays_a_car_by_minutes_only",),
    ),
    "D73": (
        "a safety load shed as long as the plan paused: with any other policy 16 A flowed until its contactor opened, or permanently without one",
        "the rule was an inhibit of the policy",
        "two settle times later permits keep nothing above 0 A alive there (3.6)",
        ("tests/circuit/test_safety_load.py::test_3_6_whatever_the_plan_wants_nothing_is_kept_alive_there",),
    ),
    "D74": (
        "cars of one phase got 0.89 of their fair share over 30 h next to other load: until the unplug they counted on three phases (bench "
        "`energy/one-phase`); since D24",
        "a step of it in the seconds in which a car's current rose was taken permanently for a use that readings do not show",
        "it is tried again after 16 min, then 256 min; after the third time until the unplug (rule 14)",
        ("tests/circuit/test_unused_phases.py::test_each_hint_of_a_meter_makes_the_time_until_the_next_try_longer",),
    ),
    "D75": (
        "a meter of whole amperes at a constant load that was silent for a moment stayed lost until its load changed",
        "its return asked for a changed bit, from which 3.3 spares such a meter",
        "one method says what is frozen, for its loss and for its return (3.3)",
        ("tests/circuit/test_other_load.py::test_rule_3_3_a_coarse_meter_that_was_silent_is_valid_again_without_a_changed_bit",),
    ),
    "D76": (
        "cars of a wall box whose orders are single writes had no current after an echo on its line had ended (random trees)",
        "its answers are copies of the requests, and only another answer ended the verdict that the line echoes",
        "one copy and nothing after it ends the verdict; nothing is certain until a read has shown it; a copy that is too early is an echo",
        ("tests/bus/test_rtu_client.py::test_after_an_echo_has_ended_a_device_that_only_gets_writes_is_heard_again",
         "tests/bus/test_rtu_client.py::test_in_no_state_of_what_is_known_an_echo_is_certainly_an_answer_or_an_answer_lost_for_long"),
    ),
    "D77": (
        "cars of one phase that take turns each 15 min counted on three until the unplug: 24 instead of 57 Ah in 2 h (scene); since D74",
        "the time until the next try began anew with each pause",
        "the time of use counts, pauses do not (rule 14)",
        ("tests/circuit/test_unused_phases.py::test_a_car_that_pauses_is_tried_again_after_the_same_time_of_use",),
    ),
    "D78": (
        "a dead wall box whose orders are single writes had certainly acknowledged one, on a line with a late echo or with each echo twice",
        "a reading before which a damaged echo was heard passed for one of a line without echoes",
        "a reading tells of echoes only where one whole echo was heard before it, or nothing",
        ("tests/bus/test_rtu_client.py::test_a_reading_with_a_damaged_echo_does_not_show_that_the_line_has_none",
         "tests/bus/test_rtu_client.py::test_an_echo_that_is_heard_twice_is_no_answer_unless_a_reading_showed_one_echo"),
    ),
    "D79": (
        "a car that needs 8 A next to a wall box that does not measure had nothing in 2600 s, at orders of 6.0 to 6.3 A (drawn site, seed 11)",
        "what that box drew counted as other load that stays, so no level seemed possible, and the car asleep; a trial ended as soon as a meter "
        "still showed it",
        "what an EVSE that does not measure would give is no other load for a trial, which waits half a minute for its level (section 6)",
        ("tests/circuit/test_preemption.py::"
         "test_section_6_a_car_that_needs_more_than_its_share_is_offered_it_although_a_neighbour_that_does_not_measure_draws_all",),
    ),
    "D80": (
        "a wall box drew 32 A for 25 min while ten cars waited for current (drawn site, seed 11, once D79 was mended)",
        "after an order of 32 A that was not proven its next one, of 6 A, needed a margin that its own current took, at its meter a second time",
        "an order that has lacked its margin for 30 s becomes a pause, which needs none (section 6)",
        ("tests/circuit/test_preemption.py::"
         "test_section_6_an_evse_whose_own_current_leaves_no_margin_for_its_order_pauses_and_starts_again",),
    ),
    "D81": (
        "a site stood still until a restart: after seconds of damaged echoes a wall box showed a maximum of 10,000 A (scene)",
        "a damaged echo passed for the whole answer; the real one came later and certainly answered the next request of that form",
        "where a line may echo the answer is waited for; a spoilt one may come late; a write is answered by its value; no maximum above 250 A",
        ("tests/bus/test_rtu_client.py::test_the_answer_behind_a_damaged_echo_is_never_certainly_that_of_the_next_request",
         "tests/bus/test_rtu_client_edges.py::test_the_answer_to_a_write_of_one_value_that_repeats_another_value_proves_nothing",
         "tests/profiles/test_engine_parts.py::test_evidence_comes_from_the_latest_reading"),
    ),
    "D82": (
        "a car at a device without watchdog waited for half an hour below a primary, although its share was free (drawn family, seed 28)",
        "its share was a little more than the default state permits, and no smaller order was tried",
        "the order is made smaller until the default state would hold (rule 7)",
        ("tests/drawn/findings/test_order_of_the_default_state.py::"
         "test_a_car_at_a_device_without_watchdog_whose_goal_is_more_than_the_default_state_permits_begins_with_less",),
    ),
    "D83": (
        "cars at the top of a family charged less, and then not at all: a primary below hung, and the correct meter above it was taken for one "
        "that lies (drawn families)",
        "its line still answered, with the currents and bounds of the last pass before the hang",
        "while its safety loop does not pass a primary shows its parent no measured current (rule 13)",
        ("tests/host/rig/test_cascade.py::test_a_hang_below_costs_the_meter_above_no_trust",
         "tests/roles/test_hierarchy.py::test_a_garage_whose_safety_loop_hangs_shows_its_parent_no_measured_current_until_it_runs_again"),
    ),
    "D84": (
        "D78 on an ASCII line: a dead device had certainly acknowledged a write after a reading before which a damaged echo was heard (found by "
        "reading)",
        "characters of no frame were not counted there",
        "both spellings count what was heard since the request",
        ("tests/bus/test_ascii_client.py::test_a_reading_with_a_damaged_echo_does_not_show_that_the_line_has_none",
         "tests/bus/test_ascii_client.py::test_noise_before_a_request_is_no_damaged_echo_of_it"),
    ),
    "D85": (
        "a car that needs 8 A had none in half an hour at a share of 8.0 A, less than its pilot needs, after an outage (drawn family, seed 3025)",
        "its minimum was forgotten in the outage; 8.2 A, at which it had drawn, passed for the same order as 8.0 A, so nothing more was tried",
        "a level that is between its order and one at which it drew is tried, however close these are (section 6)",
        ("tests/circuit/test_learnt_minimum.py::"
         "test_section_6_a_level_just_above_its_share_at_which_a_car_drew_is_tried_again_once_it_was_forgotten",),
    ),
    "D86": (
        "two cars below a primary waited without end beside wall boxes that do not measure (drawn family, seed 3052)",
        "in the least grant that it reports, the current of these boxes counted as other load that stays: it reported none of use",
        "what EVSEs without a measurement would give is no other load there, as in D79 (section 6)",
        ("tests/circuit/test_minimum_grant.py::"
         "test_what_one_draws_that_does_not_measure_stays_no_other_load_of_the_least_useful_grant",),
    ),
    "D87": (
        "one of these two still waited without end: 0.9 A of the grant were not asked for (drawn family, seed 3052, once D86 was mended)",
        "of one that has to give current the order counted, and not what its car makes of it",
        "what it gives is what its device and its car make of its order (section 6)",
        ("tests/circuit/test_preemption.py::test_section_6_one_whose_car_makes_more_of_its_least_order_gives_that_too",),
    ),
    "D88": (
        "a car of three phases that needs 7 A had none at a wall box that is ordered in watts, although 13 A were tried (drawn site, seed 3035)",
        "orders there are the watts of one phase, a third for each of three; only one of the maximum is of all, and it was no level",
        "at such an EVSE the maximum is the last level (section 6)",
        ("tests/circuit/test_learnt_minimum.py::"
         "test_section_6_a_car_of_three_phases_at_an_evse_ordered_in_watts_is_offered_the_maximum_at_last",),
    ),
    "D89": (
        "a car that needs 7 A waited without end beside two reserves of 6 A on a circuit of 20 A (drawn family, seed 3091)",
        "more than its share was tried at 8, 10 and 13 A only, and 7.9 A were possible",
        "where no level is possible the most that is possible is tried (section 6)",
        ("tests/circuit/test_learnt_minimum.py::test_section_6_where_no_level_is_possible_the_most_that_is_possible_is_tried",),
    ),
    "D90": (
        "without a fault 52 A on 40 A without end: other load rose above its declaration at a metered circuit, below one without a meter (scene)",
        "whose order is within its reserve was never asked to give current, but where a circuit's own meter shows more than its rating",
        "where orders and certain other load exceed a rating, orders fall below their reserves, too (3.5)",
        ("tests/circuit/test_preemption.py::"
         "test_3_5_orders_within_reserves_fall_too_where_other_load_leaves_no_room_on_a_circuit_without_a_meter_of_its_own",),
    ),
    "D91": (
        "neighbours of a car that is full paused for trials without end (scene)",
        "a round of trials counted only if it came to 13 A, or to the maximum where orders are watts, also where these never fit",
        "a round is over with the last level that ratings and reserves ever permit (section 6)",
        ("tests/circuit/test_last_trials.py::test_section_6_rounds_end_also_where_the_last_levels_never_fit",),
    ),
    "D92": (
        "a car at a wall box that is ordered in watts had a third of its current, or none, once it had charged at the maximum (scene)",
        "its order was reduced to what it drew and headroom, with which it has a third; the maximum was offered to none that ever drew",
        "one that draws there keeps the maximum, and is offered it again (section 6)",
        ("tests/circuit/test_learnt_minimum.py::"
         "test_section_6_a_car_that_drew_at_the_maximum_of_an_evse_ordered_in_watts_keeps_it_and_gets_it_again",),
    ),
    "D93": (
        "after each restart of a primary a car that takes 0.9 A more than its order could do so anew for one detection (drawn family, seed 3133)",
        "what a car makes of its orders was not in the journal, and a car that was plugged in all the time counted as another one",
        "it is in the journal, in steps of 0.5 A, before anything is raised, until the car is unplugged (rule 8)",
        ("tests/circuit/test_journal.py::test_what_a_car_makes_of_its_orders_is_known_after_a_restart_until_it_is_unplugged",
         "tests/circuit/test_intake.py::test_what_a_car_makes_of_its_order_is_to_be_durable_in_steps_of_half_an_ampere"),
    ),
    "D94": (
        "a car that needs 8 A waited without end at an order of 6.3 A although 8.2 A were possible (drawn, seed 3157)",
        "others make room only for an EVSE without an order; a trial whose order did not rise to its level had one",
        "after 30 s below its level a trial waits as one that starts (section 6)",
        ("tests/circuit/test_learnt_minimum.py::test_section_6_a_trial_whose_order_does_not_rise_to_its_level_waits_as_one_that_starts",),
    ),
    "D95": (
        "a car of 8.2 A waited an hour for its next trial although other load had gone (drawn, seed 3171)",
        "the pause ended early as more became possible, but not the rest after a round of trials that had ended at 8.0 A",
        "both end (section 6)",
        ("tests/circuit/test_learnt_minimum.py::"
         "test_section_6_the_rest_after_a_round_of_trials_does_not_hold_back_a_level_that_becomes_possible",),
    ),
    "D96": (
        "an order of 7.1 A to a device without watchdog was never sent (drawn, seed 3224)",
        "the device makes 7.2 A of it, 0.1 A more than the default state permits; the plan knew only of orders that lack margin at present",
        "the plan knows of these, too (rules 2 and 7)",
        ("tests/circuit/test_plan.py::test_rule_7_a_device_that_rounds_up_beyond_the_default_state_is_planned_with_its_rounded_order",),
    ),
    "D97": (
        "a car at a wall box that is ordered in watts got nothing in 90 min, and all others stopped for its trials (scene)",
        "a trial that lost 0.1 A of its room to other load ended, and began again later with the same level",
        "the trial continues with the most that is possible then (section 6)",
        ("tests/circuit/test_learnt_minimum.py::"
         "test_section_6_where_a_trial_loses_a_little_of_its_room_the_most_that_is_possible_is_tried",),
    ),
    "D98": (
        "two cars at orders above their reserves of 16 A were paused where two within them kept 10 A each (scene)",
        "an order was lowered to 0 also where nothing is gained below the reserve",
        "it is lowered to the reserve, and below that only as far as orders must fall (3.5)",
        ("tests/circuit/test_preemption.py::"
         "test_3_5_orders_above_reserves_fall_below_them_but_to_no_less_than_orders_within_reserves_do",),
    ),
    "D99": (
        "neighbours of a car that never draws were paused for its turns without end (scene)",
        "a car was asleep only after `idle_s` without current in one turn, and with short slots no turn is so long",
        "it is asleep after three times `idle_s` without current in all its turns, too (section 6)",
        ("tests/circuit/test_learnt_minimum.py::test_section_6_a_car_that_never_draws_is_idle_also_where_its_turns_are_short",),
    ),
    "D100": (
        "after each restart of a primary a car that had used its other phases again could do so once more within the printed time (read)",
        "that it had was not in the journal, and a car that was plugged in all the time counted as another one",
        "it is in the journal before anything is raised, until the car is unplugged (rules 8 and 14)",
        ("tests/circuit/test_unused_phases.py::"
         "test_that_a_phase_was_used_again_is_known_after_a_restart_and_before_anything_is_raised",),
    ),
    "D101": (
        "a car of 7.1 A that had charged at 7.1 A waited as one that is asleep once its share was 7.0 A (drawn, seed 3345)",
        "the two passed for one order, so no more than 7.0 A was offered again",
        "where it drew at a little more than its share that is offered (section 6)",
        ("tests/circuit/test_learnt_minimum.py::test_section_6_a_car_that_drew_at_a_little_more_than_its_share_gets_that_again",),
    ),
    "D102": (
        "a car that takes 0.9 A more than its order never began at a device without watchdog where 7.6 A were free (read)",
        "what it takes more counted twice in the default state",
        "it counts once (rule 7)",
        ("tests/circuit/test_plan.py::test_rule_7_what_a_car_takes_more_than_its_order_counts_once",),
    ),
    "D103": (
        "an EVSE that drew 16 A at an order of 6 A was never found to disobey while its plug status changed every 2 s (read)",
        "the ampere-seconds above its order were forgotten with each change of the plug status",
        "a plug status is no evidence of what flowed: they leak with time only (rule 10)",
        ("tests/circuit/test_disobedience.py::test_an_evse_that_draws_above_its_order_disobeys_whatever_it_says_of_its_plug",),
    ),
    "D104": (
        "40.6 of 40 A as long as an EVSE at its fallback of 16 A was cut off: its car makes 5 % more of each order (drawn, seed 203)",
        "what a car makes of its orders counted on top of orders, not on top of the reserve of an EVSE that does not obey",
        "it counts there, too (rule 10)",
        ("tests/drawn/findings/test_cars_above_their_order.py::test_what_a_car_makes_of_its_orders_it_makes_of_a_fallback_too",
         "tests/circuit/test_bounds.py::"
         "test_rule_10_the_reserve_of_one_that_is_lost_counts_with_it_at_once_and_no_longer_than_until_it_is_back"),
    ),
    "D105": (
        "the view of a primary below ended with an exception where its grant left no margin in the default state (found with D104)",
        "`why` looked for the circuit of the grant, which has none",
        "it names what ends with the grant",
        ("tests/circuit/test_explain.py::test_why_of_a_grant_names_what_ends_with_it",),
    ),
    "D106": (
        "cars below a primary were paused 3 s after each of their starts, without end, so one that ramps slowly never charged (drawn, seed 845)",
        "where several wait next to EVSEs without a measurement each has waited for a slot, and for such a one any other was paused, "
        "also one that had just begun",
        "only one that comes after it in the queue is paused for it before its slot is over (section 6)",
        ("tests/circuit/test_preemption.py::"
         "test_section_6_who_has_begun_keeps_its_slot_although_several_others_have_waited_longer_than_one",),
    ),
    "D107": (
        "an EVSE whose reserve carries its order waited without end, for others exceeded their margin by 0.7 A (drawn, seed 437)",
        "what a car was seen to make of its order came on top of an order that filled the circuit; "
        "orders in force stay as long as nothing is exceeded",
        "where one that has its share lacks the margin to begin for 30 s they fall to it (section 6)",
        ("tests/circuit/test_preemption.py::"
         "test_section_6_orders_that_exceed_their_margin_a_little_fall_for_one_that_could_begin_within_its_reserve",),
    ),
    "D108": (
        "a car on two phases never began below an unbalance limit and a meter of one phase (drawn, seed 891)",
        "a phase was compared with the least loaded one, whatever the car itself draws there",
        "each two phases are compared, without the cars that draw on both (section 6); `check` warns of phases that no meter shows",
        ("tests/circuit/test_sum_constraints.py::"
         "test_section_6_a_car_on_two_phases_may_begin_where_it_loads_the_emptiest_phase_too",),
    ),
    "D109": (
        "nobody was asked to inspect a meter that cars waited for (drawn, seeds 887, 971)",
        "`why` named a limit that follows from the meter, an unbalance limit or a test step, and not the meter",
        "it names the meter and what a person does there",
        ("tests/circuit/test_explain.py::"
         "test_why_names_the_doubted_meter_of_an_unbalance_limit_and_a_limit_that_leaves_less_than_the_circuit",
         "tests/circuit/test_explain.py::test_why_names_what_an_evse_waits_for_also_during_a_test_step_of_a_meter"),
    ),
}  # fmt: skip
