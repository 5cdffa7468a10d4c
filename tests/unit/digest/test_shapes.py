"""Masks, codes and merges of message shapes."""

from ops_assistant.tools.digest.shapes import code_merge, loose_merge, rare_word_merge, shape_of, slot_merge


def words(message: str) -> str:
    return " ".join(shape_of(message))


def test_numbers_ids_and_addresses_are_masked() -> None:
    assert words("block blk_-6952295868487656571 of 10.251.43.21:50010 done") == "block blk_<*> of <*> done"
    assert words("user 7f3a9c2e-11aa-4bcd-8e00-aabbccddeeff signed in") == "user <*> signed in"
    assert words("lock=0x7f3a9c token=Ab3dE9f") == "lock=<*> token=<*>"


def test_codes_stay_because_digits_are_evidence() -> None:
    assert words('"GET /cart/9 HTTP/1.1" 500 21') != words('"GET /cart/9 HTTP/1.1" 200 21')
    assert words("process exited with exit code 137") == "process exited with exit code 137"
    assert words("op=1 RESULT tag=97 err=49 text=") == "op=<*> RESULT tag=<*> err=49 text="
    assert words("socket() failed (24: Too many open files)") == "socket() failed (24: Too many open files)"


def test_dates_and_quantities_are_one_value_each() -> None:
    assert words("up since Sun Jul 10 03:55:15 2005 at port 1") == "up since <*> at port <*>"
    assert words("close, 1293 bytes (1.26 KB) sent, lifetime <1 sec") == "close, <*> sent, lifetime <*>"
    assert words("took 12 ms") == words("took 3.5 seconds") != words("took 12 items")
    assert words("Mayor 5 and 3 bytecodes") == "Mayor <*> and <*> bytecodes"


def test_codes_of_success_merge_and_failures_never_hide_among_them() -> None:
    shapes = [("", shape_of(f'"GET /a HTTP/1.1" {code} 9')) for code in (200, 204, 304, 404, 500, 502, 503)]
    for merge in (code_merge, lambda items: slot_merge(items, 5), loose_merge):
        merged = merge(shapes)
        shapes = [(kind, merged[(kind, shape)]) for kind, shape in shapes]
    assert [" ".join(shape).split()[3] for _, shape in shapes] == [
        "<2xx>", "<2xx>", "304", "404", "500", "502", "503",
    ]  # fmt: skip
    alone = [("", shape_of("op done, status=200")), ("", shape_of("unit exited, status=203/EXEC"))]
    assert code_merge(alone) == {item: item[1] for item in alone}


def test_a_number_called_code_that_varies_widely_is_no_code() -> None:
    shapes = [("", shape_of(f"promotion code {number} used")) for number in range(100, 125)]
    assert set(slot_merge(shapes, 5).values()) == {("promotion", "code", "<*>", "used")}


def test_slot_merge_needs_enough_words_and_the_same_kind() -> None:
    users = [("info", ("user", name, "in")) for name in "abcde"]
    merged = slot_merge([*users, ("error", ("user", "f", "in"))], 5)
    assert {merged[item] for item in users} == {("user", "<*>", "in")}
    assert merged[("error", ("user", "f", "in"))] == ("user", "f", "in")
    assert slot_merge(users[:4], 5)[users[0]] == users[0][1]


def test_random_words_in_two_places_merge_and_a_lone_shape_stays() -> None:
    noise = [("info", ("job", f"x{n}", "picked", "by", f"y{n}")) for n in "abcdefghijklmnopqrst"]
    needle = ("info", ("configuration", "reloaded", "from", "disk", "now"))
    merged = rare_word_merge([*noise, needle], 5)
    assert {merged[item] for item in noise} == {("job", "<*>", "picked", "by", "<*>")}
    assert merged[needle] == needle[1]
