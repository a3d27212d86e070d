"""What kind each test is of: the one table of markers, and which tests run in the same process when there are two.

xdist has `--dist loadgroup` for this, whose marks pytest 9.2 no longer passes on; a scheduler of one's own is the way
that xdist documents.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import PurePath
from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

# The markers of pyproject.toml, each with its files and single tests; `make test-fast` leaves all of them out.
KINDS: dict[str, set[str]] = {
    # What measures for a minute or more: not in `make test`, but in `make test-long`, which a release runs.
    "long": {
        *("test_app_campaigns", "test_ordinary_user", "test_shop"),
        "test_action::test_claims_are_measured_before_after_and_before_again",
        "test_crash::test_a_few_kills_lose_nothing_and_leave_nothing",
        "test_soak::test_a_short_soak_counts_exactly_what_the_app_served",
        "test_over_ssh::test_two_machines_judge_as_one_does",
        "test_over_ssh::test_what_is_interrupted_is_brought_here_and_gone_on_with_there",
        "test_over_ssh::test_when_ssh_is_lost_what_runs_there_ends_and_can_be_gone_on_with",
        "test_over_ssh::test_over_a_cable_that_was_pulled_out_it_ends_too",
        "test_over_ssh::test_an_app_of_ones_own_is_measured_there_too",
    },
    # What puts load on something, one after the other: two at a time would be in each other's way. Everything else
    # only computes, or asks a server this or that, and may run beside them.
    "load": {
        *(
            "test_app_campaigns",
            "test_benchmarks",
            "test_pool_order::test_the_command_counts_in_the_served_app",
            "test_route_profile::test_the_command_looks_into_real_apps",
            "test_second_instrument::test_the_command_asks_real_apps",
            "test_clock_step",
            "test_contention",
            "test_database_trials",
            "test_end_to_end",
            "test_ledger",
            "test_locust_by_hand",
            "test_shop",
        ),
        *(
            "test_server_factors",
            "test_trials",
            "test_trials_open",
            "test_wheel",
            "test_workers",
            "test_workers_elsewhere",
            "test_driver_workers",
            "test_driver_elsewhere",
            "test_networks",
            "test_over_ssh",
            "test_app_workers",
            "test_scale::test_the_whole_runs_at_a_tiny_scale",
        ),
        "test_crash::test_a_few_kills_lose_nothing_and_leave_nothing",
        "test_make::test_the_app_is_served_and_locust_drives_it",
        "test_ordinary_user",
        "test_security::test_a_named_databases_password_is_nowhere_in_a_campaign",
        "test_soak::test_a_short_soak_counts_exactly_what_the_app_served",
        "test_yardstick::test_a_neighbour_that_empties_the_cache_makes_the_passes_slower",
        "test_make::test_the_cost_of_the_probe_is_measured",
    },
    "browser": {"test_report_browser", "test_app_page_browser", "test_site_browser"},
    "postgres": {
        *(
            "test_pool_order::test_the_command_counts_in_the_served_app",
            "test_app",
            "test_openapi_walk",
            "test_security",
            "test_database_trials",
            "test_db",
            "test_session",
            "test_binaries",
            "test_given",
            "test_keeper",
            "test_server",
            "test_serving",
        )
    },
    # What takes more than a second, for many charts, many simulated campaigns, or a server that must start.
    "slow": {
        *("test_guest_cures", "test_guest_inspect", "test_guest_probe", "test_guest_transparent", "test_guest_traps"),
        *("test_docs_site::test_an_anchor_that_leads_nowhere_fails", "test_style_advice"),
        "test_docs_site::test_the_site_is_built_from_every_page_and_loads_nothing",
        *("test_add_something", "test_answers", "test_charts", "test_commands", "test_flip"),
        *("test_make", "test_one_road"),
        *(
            "test_action",
            "test_believes_nothing",
            "test_discarded_campaign",
            "test_endings",
            "test_ending_children",
            "test_forks",
            "test_app_commands",
            "test_guest_process",
            "test_inspecting",
            "test_hostile_inputs",
            "test_hostile_text",
            "test_probe",
            "test_report",
            "test_trend",
            "test_resumed_reproduction",
            "test_serving",
            "test_hostile",
            "test_session",
            "test_cliff",
            "test_security",
            "test_slides",
            "test_sut",
            "test_tables",
            "test_traffic",
        ),
        "test_alarms::test_twins_that_differ_are_named",
        "test_app_settings::test_a_sut_of_the_rig_waits_as_long_as_the_manifest_says",
        "test_calibration::test_whole_campaigns_decide_rightly_under",
        "test_campaign::test_false_verdicts_stay_below_the_declared_rate_under",
        "test_catalogue::test_loading_the_catalogue_loads_no_library_that_only_handlers_use",
        "test_cli::test_every_command_explains_itself",
        "test_compare::test_equal_truths_are_hardly_ever_called_different",
        "test_estimate::test_looking_after_every_round_errs_less_often_than_declared",
        "test_pool_occupancy::test_chance_alone_seldom_makes_a_complaint_even_of_a_pool_that_is_all_busy_or_all_idle",
        "test_residuals::test_every_claim_with_a_registered_scatter_keeps_the_declared_rate_on_real_noise",
        "test_scheduling",
        "test_schedule::test_a_campaign_that_breaks_off_anywhere_goes_on_with_the_same_trials",
        "test_schedule::test_at_the_end_of_the_budget_the_aa_pair_gives_way_to_open_claims",
        "test_schedule::test_no_claim_has_more_turns_than_allowed",
        "test_timelines::test_a_claim_about_a_burst_or_bystanders_has_a_timeline_and_no_other",
        "test_timelines::test_no_text_of_a_timeline_is_small_off_the_slide_or_over_another",
        "test_timelines::test_a_timeline_is_a_slide_that_ends_on_a_long_frame",
        "test_timelines::test_the_same_data_give_the_same_bytes",
    },
}

# What looks at the same charts or campaigns, which take longer to make than all that is asked about them.
TOGETHER: dict[str, set[str]] = {
    "charts": {"test_answers", "test_charts", "test_report"},
    "comparing": {"test_comparable", "test_compare", "test_compare_pages"},
    "load": KINDS["load"] | KINDS["long"],
}


def kinds_of(nodeid: str) -> set[str]:
    """Return the markers of a test."""
    return {kind for kind, members in KINDS.items() if members & _names(nodeid)}


def group_of(nodeid: str) -> str:
    """Return the group of a test, which runs in one process: its file's, or its file."""
    return next((group for group, members in TOGETHER.items() if members & _names(nodeid)), _module(nodeid))


def _names(nodeid: str) -> set[str]:
    """Return by what the tables may name a test: its file, or file and test."""
    module = _module(nodeid)
    return {module, f"{module}::{nodeid.partition('[')[0].rpartition('::')[2]}"}


def _module(nodeid: str) -> str:
    return PurePath(nodeid.partition("::")[0]).stem


class Together(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """Hands out whole groups: the load first, which takes longest in its one process; last what only computes."""

    workqueue: OrderedDict[str, dict[str, bool]]

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if not any(self.assigned_work.values()):  # nothing has been handed out yet
            self.workqueue = OrderedDict(sorted(self.workqueue.items(), key=_place))
        super()._assign_work_unit(node)


def _place(unit: tuple[str, dict[str, bool]]) -> tuple[int, int]:
    """Return by what to sort a group's tests: their first kind in the order of the table, then how many they are."""
    _, tests = unit
    kinds = set().union(*map(kinds_of, tests))
    return min((place for place, kind in enumerate(KINDS) if kind in kinds), default=len(KINDS)), -len(tests)
