"""Incidents are read strictly, the engine sees no label, and the figures are what they say."""

import json

import pytest

from ops_assistant.agents.llm.usage import Usage
from ops_assistant.agents.models import Diagnosis, Hypothesis
from ops_assistant.evaluation import compare, evaluate, html_page, load_incidents, load_result
from ops_assistant.evaluation.set_aside import WithoutPrograms, names_of
from ops_assistant.tools.digest.models import Citation
from ops_assistant.tools.errors import InputError, ModelError
from ops_assistant.tools.knowledge import KnowledgeBase


def row(number, mode="disk-full", **more):
    return {
        "id": f"i{number}",
        "failure_mode": mode,
        "service": "shop",
        "alert": "shop fails",
        "severity": "high",
        "logs": f"line {number}",
        "software": "SECRET",
        "root_cause": "SECRET",
        "remedy": "SECRET",
        "action": "SECRET",
        **more,
    }


@pytest.fixture
def write(tmp_path):
    def written(*rows):
        path = tmp_path / "incidents.jsonl"
        path.write_text("\n".join(item if isinstance(item, str) else json.dumps(item) for item in rows))
        return path

    return written


def diagnosis(mode, confidence=90, others=(), quote=None, tokens=0):
    evidence = [Citation(id="s1:1", quote=quote)] if quote else []
    found = Diagnosis(
        verdict="no-fault" if mode == "no-fault" else "fault",
        root_cause=mode,
        failure_mode=mode,
        severity="high",
        confidence=confidence,
        evidence=evidence,
        proven=bool(evidence),
        hypotheses=[
            Hypothesis(
                failure_mode=item,
                root_cause="?",
                confidence=confidence if item == mode else 5,
                evidence=evidence,
            )
            for item in (mode, *others)
        ],
    )
    return found, Usage(input_tokens=tokens, output_tokens=tokens // 10)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("{",), ":1: not JSON"),
        (("[]",), ":1: expected a JSON object"),
        ((row(1), {"id": "i2"}), ":2: field `failure_mode`"),
        ((row(1, "no-such-mode"),), "not a known failure mode"),
        ((row(1), row(1)), "used in line 1 already"),
        ((row(1, logs=""),), "field `logs`"),
        ((), "no incidents"),
    ],
)
def test_a_bad_file_names_line_and_field(write, rows, said):
    with pytest.raises(InputError, match=".*") as error:
        load_incidents(write(*rows))
    assert said in str(error.value)


def test_the_engine_sees_nothing_of_the_label(write):
    seen = []

    def investigate(alert, set_aside=()):
        seen.append(alert.model_dump_json())
        return diagnosis("disk-full")

    evaluate(load_incidents(write(row(1, cause_line="SECRET", difficulty="hard"))), investigate)
    assert "SECRET" not in seen[0]
    assert "disk-full" not in seen[0]


def test_the_figures(write):
    answers = {
        "line 1": diagnosis("disk-full", 95, quote="No space left on device"),
        "line 2": diagnosis("cpu-saturation", 60, ["disk-full"]),
        "line 3": diagnosis("no-fault", 70),
        "line 4": diagnosis("gc-pause", 55),
    }
    incidents = load_incidents(
        write(
            row(1, cause_line="ERROR: No space left on device"),
            row(2, difficulty="hard"),
            row(3, "disk-full"),
            row(4, "no-fault"),
        )
    )
    result = evaluate(incidents, lambda alert, set_aside=(): answers[alert.logs], workers=2)
    assert (result["n"], result["top1"], result["top3"]) == (4, 0.25, 0.5)
    assert result["missed_fault_rate"] == round(1 / 3, 4)
    assert result["false_alarm_rate"] == 1.0
    assert result["cause_line_share"] == 1.0
    assert result["calibration_error"] == pytest.approx((0.05 + 0.60 + 0.70 + 0.55) / 4)
    assert result["by_difficulty"]["hard"] == {"n": 1, "top1": 0.0, "top3": 1.0}
    assert {"expected": "disk-full", "predicted": "no-fault", "n": 1} in result["confusion"]
    assert [item["id"] for item in result["incidents"]] == ["i1", "i2", "i3", "i4"]


def test_an_engine_that_fails_counts_as_unknown(write):
    def broken(alert, set_aside=()):
        raise ModelError("hangs")

    result = evaluate(load_incidents(write(row(1))), broken)
    assert result["unknown_rate"] == 1.0
    assert result["incidents"][0]["error"] == "hangs"


def test_the_page_stands_alone_and_escapes_what_it_shows(write):
    result = evaluate(
        load_incidents(write(row(1, id="<script>x"))),
        lambda alert, set_aside=(): diagnosis("gc-pause", tokens=700),
    )
    page = html_page(result, "a <b> title")
    assert result["input_tokens"] == 700
    assert "700 / 70" in page
    assert "<svg" in page
    assert "<script" not in page
    assert "http" not in page


def test_two_results_are_compared_by_incident(tmp_path, write):
    incidents = load_incidents(write(row(1), row(2)))
    first = evaluate(
        incidents,
        lambda alert, set_aside=(): diagnosis("disk-full" if alert.logs == "line 1" else "gc-pause"),
    )
    second = evaluate(
        incidents,
        lambda alert, set_aside=(): diagnosis("disk-full" if alert.logs == "line 2" else "gc-pause"),
    )
    path = tmp_path / "second.json"
    path.write_text(json.dumps(second))
    found = compare(first, load_result(path))
    assert [item["id"] for item in found["gained"]] == ["i2"]
    assert [item["id"] for item in found["lost"]] == ["i1"]
    assert found["figures"]["top1"]["difference"] == 0.0


def test_a_file_that_is_no_result_is_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("{}")
    with pytest.raises(InputError, match="incidents"):
        load_result(path)


def test_a_program_may_be_left_out_and_then_its_cases_are_set_aside(write):
    asked = []

    def investigate(alert, set_aside=()):
        asked.append(list(set_aside))
        return diagnosis("disk-full")

    rows = [row(1, software="redis"), row(2, software=["nginx", "php-fpm"])]
    incidents = load_incidents(write(*rows))
    evaluate(incidents, investigate, leave_program_out=True)
    evaluate(incidents, investigate)
    assert asked == [["redis"], ["nginx", "php-fpm"], [], []]


@pytest.mark.parametrize(
    ("program", "system"),
    [("bind9", "bind"), ("nats-server", "nats"), ("Redis", "redis"), ("php-fpm", "php"), ("exim4", "exim")],
)
def test_a_case_knows_a_program_by_several_names(program, system):
    assert system in names_of(program)


def test_what_is_set_aside_is_found_no_more_and_general_cases_stay(tmp_path):
    whole = KnowledgeBase(tmp_path)
    left = WithoutPrograms(whole, ["redis"])
    assert any("redis" in case.systems for case in whole.cases())
    assert {system for case in left.cases() for system in case.systems} >= {"generic", "postgresql"}
    words = "OOM command not allowed when used memory > 'maxmemory'"
    assert "redis" in whole.search(words, top_k=1)[0].case.systems
    assert left.search(words)
    assert not any("redis" in hit.case.systems for hit in left.search(words))
    gone = next(
        case.id for case in whole.cases() if "redis" in case.systems and "generic" not in case.systems
    )
    assert left.get(gone) is None
    assert left.get("generic-disk-full") is not None
    whole.close()
