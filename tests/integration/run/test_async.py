"""The asynchronous twins do the same on the same files."""

import pytest

from ops_assistant import NothingToActOn, OpsAssistant

from scenarios import POOL

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_run_started_asynchronously_is_finished_synchronously(assistant: OpsAssistant) -> None:
    run = await assistant.ainvestigate(POOL)
    assert run.status == "awaiting_approval"
    assert [item.thread_id for item in await assistant.apending()] == [run.thread_id]
    assert assistant.open(run.thread_id).approve(by="dana").status == "completed"
    assert (await run.arefresh()).status == "completed"
    with pytest.raises(NothingToActOn):
        await run.aapprove(by="eve")


async def test_a_run_started_synchronously_is_aborted_asynchronously(assistant: OpsAssistant) -> None:
    run = assistant.investigate(POOL)
    assert (await (await assistant.aopen(run.thread_id)).aabort(by="dana")).status == "aborted"
