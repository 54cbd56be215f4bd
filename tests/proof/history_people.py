"""Defects of history.py in what people write and type: site files that are misread, settings on trial, the journal of changes, slow media;
and what new seeds found after them."""

PEOPLE = {
    "D142": (
        "48 of 20 A on each phase without end: three devices of three phases, each declared on one, to spread them (misread site file)",
        "what a device shows on terminals that the site file does not name was cut off before anybody looked at it",
        "such current is above every order: the EVSE is paused, locked out if it continues, and `why` says so (rule 10)",
        ("tests/rig/test_declared_phases.py::"
         "test_an_evse_that_shows_current_on_lines_that_are_not_declared_is_stopped_and_says_so",
         "tests/circuit/test_terminals_not_named.py::"
         "test_rule_10_what_flows_on_a_terminal_that_the_site_file_does_not_name_is_above_every_order"),
    ),
    "D143": (
        "31.9 of 20 A without end: `isolate` was taken back, the controller lost its supply within a minute, and the site file no longer had the "
        "EVSE (attacker)",
        "an isolated EVSE is in no shape of the site that is kept, and taking the isolation back did not ask for a new one",
        "it asks: nothing is raised until the EVSE is in the shape again (rules 8 and 15)",
        ("tests/rig/test_site_changes.py::test_an_evse_whose_isolation_was_taken_back_counts_after_it_left_the_site_file",
         "tests/circuit/test_intake.py::test_rule_6_an_isolated_evse_counts_zero_until_it_answers_and_then_its_maximum"),
    ),
    "D144": (
        "31.8 of 20 A: a secondary showed a reserve of 0 A that was on trial, and had 16 A again when the trial ended (attacker)",
        "its registers had the present settings, not those that come back",
        "they have the larger of the present setting and of what a restart or the end of a trial brings back (rules 4 and 8)",
        ("tests/roles/test_returning_settings.py::test_a_primary_counts_the_reserve_that_returns_until_the_lower_is_confirmed",
         "tests/roles/test_returning_settings.py::test_whatever_is_done_a_restart_brings_back_no_more_than_was_shown"),
    ),
    "D145": (
        "64 of 40 A: EVSEs ordered in watts at 120 V, counted with 230 or 240 V (misread site file)",
        "the voltage had one default and one range for all systems, and none of a wye supply was asked for",
        "its range is that between a line and neutral of each system, and it is asked for where orders in watts depend on it (assumption I1); "
        "a supply with another voltage is logged",
        ("tests/host/configure/test_site_mistakes.py::test_a_mistake_is_reported_with_line_field_and_allowed_values",
         "tests/host/rig/test_watts_between_lines.py::test_pairs_ordered_in_watts_share_the_rating_of_their_lines",
         "tests/roles/test_voltage_monitor.py::test_another_voltage_than_the_site_file_has_is_logged_once_after_a_minute"),
    ),
    "D146": (
        "78 of 50 A with a meter of a wrong address, or with one that no circuit named; 60 of 50 A on the phases that a meter does not measure "
        "(misread site files)",
        "other load that is not declared counted as 0 A without a word",
        "the check warns of it, and of other values that are left out or not meant (section 4)",
        ("tests/host/configure/test_site_mistakes.py::test_what_is_probably_not_meant_passes_with_a_warning",),
    ),
    "D147": (
        "64 of 40 A on L2: a site of one line below a parent of three, whose entry named no line; 60 of 40 A: other load declared below only "
        "(misread site files)",
        "an entry without `phases` was taken as the first lines; what a site below declares was not compared with its parent",
        "the check asks for the lines, compares other load and generation, and refuses another voltage (rule 13)",
        ("tests/host/configure/test_cascade.py::test_the_lines_of_a_site_with_fewer_lines_are_named",
         "tests/host/configure/test_cascade.py::test_other_load_of_a_site_below_belongs_to_that_of_its_parent"),
    ),
    "D148": (
        "a limit by hand was gone for ever after a configuration on trial without its circuit; the console's `restart` freed each lock-out "
        "(attacker)",
        "a limit without its circuit was dropped; the restart was that of the CSMS",
        "it waits for its circuit, as `show` says; the console's restart frees none (section 5, rule 10)",
        ("tests/roles/test_manual_limits.py::test_a_limit_of_a_removed_target_waits_for_it_and_is_shown",
         "tests/roles/test_lockout.py::test_a_restart_at_the_console_frees_no_lockout"),
    ),
    "D149": (
        "the safety loop stood still for 5.2 s when the settings of 16 EVSEs were committed on a medium that takes 200 ms for a write (attacker)",
        "a commit wrote the journal of changes once for each setting, a pushed configuration once for each field",
        "a command writes the journal of changes once (section 7)",
        ("tests/console/test_trials.py::test_a_commit_of_many_settings_is_one_write_of_the_journal",
         "tests/roles/test_configuring.py::test_the_journal_of_a_large_change_is_one_write_and_says_how_much_it_leaves_out"),
    ),
    "D150": (
        "with 24 EVSEs and a medium that takes 200 ms for a write the safety loop stood still for 23.6 s when a limit ended, and all cars stopped "
        "for want of frames with samples each minute (attacker)",
        "a pass wrote the events and documents of all EVSEs before the loop ran again, and housekeeping and link left no time to the wires",
        "one EVSE is written in a pass, and as long as the writes took is left to the safety loop and the wires (section 7)",
        ("tests/host/rig/test_slow_medium.py::test_the_end_of_a_limit_at_all_EVSEs",
         "tests/host/rig/test_slow_medium.py::test_samples_of_all_EVSEs_stop_no_car",
         "tests/ocpp/test_one_at_a_time.py::test_periodic_samples_of_all_EVSEs_take_turns"),
    ),
    "D151": (
        "a car below a primary waited without end, next to one with 11 A (drawn family, seed 1796005016)",
        "a request that did not fit counted next to other load that contained the current of EVSEs that do not measure, and next to their minimums",
        "that current counts once (section 6)",
        ("tests/circuit/test_minimum_grant.py::"
         "test_what_one_draws_that_does_not_measure_counts_once_next_to_a_request_that_is_not_possible",),
    ),
    "D152": (
        "a car was paused for 60 s a few seconds after it had begun, with 30 A to spare on each phase (soak, seed 12)",
        "a test of the meter was due for hours, and began with the first 5 A that a car drew",
        "it begins 15 s after that, unless currents are constant: the car is a step by itself (section 3.2)",
        ("tests/circuit/test_meter_tests_of_many.py::test_a_car_that_begins_slowly_after_a_quiet_hour_is_the_step_itself",
         "tests/circuit/test_meter_tests_of_many.py::test_a_car_that_begins_slowly_below_a_suspected_meter_is_not_paused_for_a_test",
         "tests/drawn/findings/test_meters.py::test_a_car_that_begins_after_a_quiet_time_is_not_lowered_for_a_test_of_the_meter"),
    ),
    "D153": (
        "below a suspected meter others had 6 of 16 A without end, next to a car that starts and stops",
        "a pause for a test waited for 15 s since the last certain step, and each start was one",
        "it waits for 15 s since the EVSEs began to draw (section 3.2)",
        ("tests/circuit/test_meter_tests_of_many.py::test_a_suspicion_ends_next_to_a_car_that_starts_and_stops",
         "tests/circuit/test_meter_tests_of_many.py::"
         "test_a_car_that_begins_slowly_is_the_step_itself_also_an_hour_after_one_that_ended_slowly"),
    ),
    "D154": (
        "a car on an EVSE that does not measure had turns of 1 to 3 s and no charge for an hour, next to a primary below",
        "other load was taken for its current as soon as its order had gone out; one waiting was placed before it, and its minimum no longer fitted",
        "who is in its slot keeps its minimum; one waiting comes after it (section 6)",
        ("tests/circuit/test_preemption.py::test_section_6_who_gives_current_for_another_keeps_its_minimum_until_its_slot_is_over",),
    ),
    "D155": (
        "two cars at three levels waited without end, next to one with 15 A of a grant (drawn family, seed 2303)",
        "a primary below, interrupted in its slot, used the rest of it up with its reserve, and went to the end of the queue again and again",
        "below its minimum it uses up no slot (section 6)",
        ("tests/circuit/test_minimum_grant.py::test_a_primary_below_that_waits_with_its_reserve_uses_up_no_slot",),
    ),
    "D156": (
        "a car below a primary waited without end, next to one with 11 A (the family of D151, played otherwise)",
        "current of an EVSE that does not measure was other load of the circuit above, which has no meter; the request seemed impossible",
        "there, too, it is what the others could give (section 6)",
        ("tests/circuit/test_unmeasured.py::"
         "test_section_6_what_one_draws_below_makes_no_request_impossible_on_a_circuit_above_that_has_no_meter",),
    ),
    "D157": (
        "32 A with a limit of 14 A by hand or by the CSMS for the whole site, without end: a site file with a circuit above its root (reader)",
        "the first circuit was taken for the root: a limit of the site was one of the EVSEs below that circuit",
        "the root is the circuit without a parent, wherever it is in the list (section 5)",
        ("tests/roles/test_root_circuit.py::test_a_limit_of_the_site_by_hand_is_one_of_all_EVSEs_also_after_a_restart",
         "tests/roles/test_root_circuit.py::test_unreadable_limits_are_0_A_for_all",
         "tests/roles/test_root_circuit.py::test_the_limit_of_the_station_is_one_of_all_EVSEs"),
    ),
    "D158": (
        "18 of 12 A: a primary below died in its first seconds after one of its EVSEs, with a reserve, had left its site file (reader)",
        "until its quarantine ended it declared a reserve without that EVSE to its parent",
        "it declares it from its start on (rules 8 and 15)",
        ("tests/roles/test_names_and_places.py::"
         "test_rule_8_a_primary_below_declares_also_the_reserve_of_an_EVSE_that_left_its_site_file_from_its_start_on",),
    ),
    "D159": (
        "16 A at an order of 8 A without end: a unit for one phase shows no number on the others, or its meter is reversed (reader)",
        "one phase without a number, also of those that the site does not use, made the EVSE one without measurement; a current below 0 was none",
        "only the phases that it feeds must be numbers, and a current has no direction (rule 10)",
        ("tests/profiles/test_one_phase_units.py::test_a_unit_for_one_phase_shows_no_number_on_the_others",
         "tests/profiles/test_one_phase_units.py::test_the_current_of_an_EVSE_has_no_direction"),
    ),
    "D160": (
        "a contactor closed after a residual current, plug still in: the controller's own EVSE had another name after a restart (reader)",
        "latched faults were kept by the name of the EVSE",
        "a controller has one charging point: they are its own, whatever its name (section 5)",
        ("tests/roles/test_names_and_places.py::test_a_residual_current_keeps_the_own_point_open_also_under_another_name",),
    ),
    "D161": (
        "a SunSpec meter was lost without end after 2 s of silence, where its registers do not begin at 40000 (reader)",
        "each failure after the third began the search again at the first address",
        "the search continues with the next address (3.3)",
        ("tests/profiles/test_model_chain.py::test_a_chain_is_found_again_after_an_outage_wherever_it_begins",),
    ),
    "D162": (
        "a car charged on the card of a stranger, and an EVSE out of service charged: two `[[evse]]` of the site file were exchanged (two readers)",
        "what the CSMS set, and open transactions, were kept by EVSE number, which is the place in the site file",
        "they move with the device that had the number; the transaction of one that has another number ends (section 5)",
        ("tests/ocpp/test_evse_numbers.py::test_another_car_does_not_charge_on_the_card_of_the_former_number",
         "tests/ocpp/test_evse_numbers.py::test_an_EVSE_out_of_service_stays_so_when_two_entries_are_exchanged",
         "tests/ocpp/test_evse_numbers.py::test_a_power_cut_at_any_write_leaves_all_of_the_old_or_all_of_the_new_whatever_the_next_site_is"),
    ),
    "D163": (
        "a check passed with 20 A too many reserves: a device whose watchdog test had failed had another name (reader)",
        "the check took the tests by the name of an EVSE, the ledger by its address",
        "both take them by the address (rule 8)",
        ("tests/circuit/test_reserve.py::test_rule_8_tests_of_a_device_count_in_the_check_whatever_it_is_called_now",),
    ),
    "D164": (
        "a lock-out was lost: the controller's own EVSE had another name after a restart (reader)",
        "its address contained its name",
        "the only charging point of a controller is the same one under any name (rule 15)",
        ("tests/roles/test_names_and_places.py::test_a_lockout_of_the_own_point_holds_also_under_another_name",),
    ),
    "D165": (
        "28 of 20 A without end: two metered circuits exchanged their names, or one took the name of a removed one, and a meter failed (assessor)",
        "what was seen, and what counts against a meter, was kept by the name of the circuit",
        "it belongs to the meter at its address, also while it is not in the site file (rules 3.2, 3.3 and 15)",
        ("tests/circuit/test_changed_meters.py::test_rule_3_3_what_was_seen_counts_at_the_circuit_that_the_meter_measures_now",
         "tests/circuit/test_changed_meters.py::test_rule_3_2_a_latch_follows_its_meter_and_waits_for_it",
         "tests/circuit/test_order_of_lists.py::"
         "test_rule_3_3_other_load_that_was_seen_outlives_a_new_name_of_its_circuit_and_the_pause_of_all"),
    ),
    "D166": (
        "an unreadable limit of the station was released by a profile for one EVSE (reader)",
        "what was said of one EVSE counted as said of the station as well",
        "only the CSMS clearing it, or all profiles, releases it (section 5)",
        ("tests/ocpp/test_unread_profiles.py::test_what_is_set_or_cleared_for_one_evse_ends_no_stop_of_the_station",),
    ),
    "D167": (
        "32 of 25 A without end: an EVSE whose watchdog had failed its test left the site file for one start; a lock-out was lost alike (assessor)",
        "what speaks against an EVSE was kept under its name, for EVSEs of the site file only",
        "it is kept by its address until it returns (rules 8, 10 and 15)",
        ("tests/circuit/test_changed_meters.py::test_rules_8_and_10_what_speaks_against_an_evse_outlives_a_start_without_it",),
    ),
    "D168": (
        "31 of 25 A in the default state: a circuit without a meter was inserted above one in which 15 A had been seen (assessor)",
        "what was seen was added up above only when more than ever was seen",
        "it is added up at each start (rules 3.3 and 7)",
        ("tests/circuit/test_changed_meters.py::"
         "test_rule_7_other_load_that_was_seen_counts_also_in_a_circuit_that_is_inserted_above",),
    ),
    "D169": (
        "a car charged no more, over all restarts: its metered circuit had another name; or it was below a renamed neighbour of one (assessor)",
        "what was seen counted at the former and at the new name, and at every name that was new",
        "a circuit that left adds nothing above it; what a meter saw counts where that meter is (rule 15)",
        ("tests/circuit/test_changed_meters.py::test_a_circuit_with_another_name_charges_as_before_and_counts_once_above",
         "tests/circuit/test_changed_meters.py::test_a_circuit_without_a_meter_inherits_nothing_of_its_neighbour"),
    ),
    "D170": (
        "a primary below declared 6 A less than it may draw while its EVSEs had exchanged their phases and did not answer (assessor)",
        "its reserves were those of the present places only",
        "an EVSE that moved counts at both places until it has paused (rules 13 and 15)",
        ("tests/circuit/test_changed_meters.py::"
         "test_rule_13_a_primary_below_declares_the_reserves_of_evses_that_moved_at_both_places",),
    ),
    "D171": (
        "36 of 32 A for 2 s: a failed meter was trusted again when the `phases` of the EVSEs were corrected (assessor)",
        "the steps that it owed were on lines that no EVSE loads any more",
        "it owes them on those that they load now (3.2)",
        ("tests/circuit/test_changed_meters.py::test_rule_3_2_a_failed_meter_owes_its_steps_on_the_lines_that_the_evses_have_now",),
    ),
    "D172": (
        "16 A that nothing counts: a unit for one phase shows no number on L2 and its car on L3 (assessor)",
        "the phases of a unit after the first one without a number were not looked at",
        "no number on a phase that the site file does not name is no current there; the next one is read (rule 10)",
        ("tests/profiles/test_one_phase_units.py::test_a_unit_for_one_phase_shows_no_number_on_the_others",),
    ),
    "D173": (
        "the currents of one register were taken for those of another after a slow answer; a reading was taken for newer than it may be (assessor)",
        "a request that failed by the answer of an older one was forgotten, and its own answer came later",
        "it is expected as long as the older one is; a reading that may be older counts from the request before (2.1, what proves an order)",
        ("tests/bus/test_late_answers.py::test_an_answer_that_came_in_place_of_an_older_one_leaves_its_own_to_come",
         "tests/profiles/test_one_phase_units.py::test_an_answer_that_may_be_an_older_one_is_as_old_as_the_request_before"),
    ),
    "D174": (
        "cars at 0 A until a person confirms, where the names of a metered circuit and one without a meter were exchanged (reader)",
        "what the meter had seen counted where it measures now and once more at its former name",
        "a circuit whose EVSEs were at others, and whose former meter is elsewhere, is another circuit (rule 15)",
        ("tests/circuit/test_meter_records.py::test_rule_15_names_that_are_exchanged_do_not_count_what_was_seen_twice",
         "tests/circuit/test_meter_records.py::test_rule_15_what_was_seen_stays_where_only_the_meter_has_moved"),
    ),
    "D175": (
        "cars at 0 A, or a correct meter that counts as failed, after a rename long after another meter had left (reader)",
        "the record of a meter that left applied to each new name at every later start, also after a person had confirmed",
        "it applies at the change in which the meter leaves, later only where the meter or its name returns (rule 15)",
        ("tests/circuit/test_meter_records.py::test_rule_15_a_meter_that_left_says_nothing_of_circuits_that_are_renamed_later",
         "tests/circuit/test_meter_records.py::test_rule_15_a_meter_that_left_with_its_circuit_says_nothing_of_a_neighbour_that_is_renamed",
         "tests/circuit/test_meter_records.py::test_rule_15_what_a_person_confirmed_of_a_circuit_stays_confirmed_when_it_is_renamed"),
    ),
    "D176": (
        "one lost answer behind a `socket://` tunnel stopped a car for 1 to 4 minutes (reader)",
        "for 60 s or longer each write to the same registers was refused, for its answer could be that of the lost one",
        "an answer that only a later request can have ends the wait for older ones (D8)",
        ("tests/bus/test_late_answers.py::test_what_answers_a_later_request_of_another_form_ends_the_wait_for_older_answers",),
    ),
    "D177": (
        "no setting of the CSMS and no transaction was kept until the next restart, where the medium did not give one document at the start (reader)",
        "what is kept by EVSE number waited for a list of numbers that could not be written",
        "without that list nothing moves at this start, and nothing waits for it",
        ("tests/ocpp/test_evse_numbers.py::test_numbers_that_the_medium_does_not_give_at_one_start_keep_nothing_from_being_written",),
    ),
    "D178": (
        "57 A on 32 A without end after `confirm` of a circuit below one whose meter had been taken out (assessor)",
        "what was assumed of a circuit was one number with the sum of those below it, and the `confirm` of one of them lowered both",
        "what was seen at a circuit is kept apart; `confirm` concerns one circuit (3.3)",
        ("tests/circuit/test_confirmed_load.py::test_rule_3_3_confirm_lowers_what_was_seen_at_that_circuit_and_not_at_the_one_above",
         "tests/circuit/test_confirmed_load.py::test_rule_15_what_a_circuit_below_took_over_is_confirmed_there_alone"),
    ),
    "D179": (
        "a car at 0 A without end: `why` asked for `confirm` of the root, which changed nothing (assessor)",
        "the load had been seen at a circuit below it whose meter was taken out; only circuits with a meter were looked at",
        "`why` names the circuit, this one or one below it, at which most more than declared was seen (3.3)",
        ("tests/circuit/test_confirmed_load.py::test_rule_3_3_why_names_the_circuit_below_whose_load_it_is_and_its_confirm_lasts",
         "tests/circuit/test_confirmed_load.py::test_why_names_a_circuit_whose_confirm_helps_and_not_one_whose_load_is_drawn"),
    ),
    "D180": (
        "32 to 42 A on 20 to 32 A without end: circuits without a meter that became one, or were out of the site file for one start (assessor)",
        "the larger of two loads counted; what a circuit without a meter had seen was forgotten when it left",
        "the sum counts; what left waits for its name (rule 15)",
        ("tests/circuit/test_confirmed_load.py::test_rule_15_a_circuit_that_several_others_became_has_the_sum_of_what_was_seen_there",
         "tests/circuit/test_confirmed_load.py::test_rule_15_circuits_that_become_one_have_the_sum_also_where_those_above_get_other_names",
         "tests/circuit/test_confirmed_load.py::test_rule_15_what_was_seen_waits_for_the_name_of_a_circuit_that_left_also_without_a_meter",
         "tests/circuit/test_confirmed_load.py::test_rule_3_3_what_was_seen_is_kept_also_where_circuits_below_declare_more"),
    ),
    "D181": (
        "a failed meter was trusted at once: its circuit got its next name with its next meter, or had no EVSE for two starts (assessor)",
        "its record waited for a name that was gone; the steps that it lacked were kept only for lines with an EVSE",
        "it follows the circuit; the steps are required again once an EVSE is below it (3.2, rule 15)",
        ("tests/circuit/test_confirmed_load.py::test_rule_15_a_latch_waits_for_the_meter_of_a_circuit_that_is_renamed_meanwhile",
         "tests/circuit/test_confirmed_load.py::test_rule_3_2_a_failed_meter_still_lacks_its_steps_after_a_time_without_evses"),
    ),
}  # fmt: skip
