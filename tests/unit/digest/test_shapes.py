"""Masks, codes and merges of message shapes."""

from ops_assistant.tools.digest.shapes import rare_word_merge, shape_of, slot_merge


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


def test_slot_merge_needs_enough_words_and_the_same_kind() -> None:
    users = [("info", ("user", name, "in")) for name in "abcde"]
    merged = slot_merge([*users, ("error", ("user", "f", "in"))], 5)
    assert {merged[item] for item in users} == {("user", "<*>", "in")}
    assert merged[("error", ("user", "f", "in"))] == ("user", "f", "in")
    assert slot_merge(users[:4], 5)[users[0]] == users[0][1]


def test_random_words_in_two_places_merge_and_a_lone_shape_stays() -> None:
    noise = [("info", ("job", f"x{n}", "picked", "by", f"y{n}")) for n in range(20)]
    needle = ("info", ("configuration", "reloaded", "from", "disk", "now"))
    merged = rare_word_merge([*noise, needle], 5)
    assert {merged[item] for item in noise} == {("job", "<*>", "picked", "by", "<*>")}
    assert merged[needle] == needle[1]
