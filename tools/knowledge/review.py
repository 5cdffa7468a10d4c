"""What waits for a person: proposed cases and imported passages. Nothing here is searched."""

import hashlib
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, Field, ValidationError

from ..errors import InputError, NothingToActOn
from .models import Case
from .passages import RunbookPassage
from .store import write_atomically


class ReviewItem(BaseModel):
    """A proposal. `case` is kept as written, so that one with mistakes can wait and be mended."""

    id: str
    kind: Literal["case", "passage"]
    origin: str = Field(description="The run or the import it comes from.")
    case: Case | None = None
    passage: RunbookPassage | None = None

    @property
    def title(self) -> str:
        """Return one line for a list."""
        if self.case is not None:
            return f"{self.case.title} [{self.case.failure_mode}]"
        passage = self.passage
        return f"{passage.source}: {passage.heading or passage.text[:60]}" if passage else ""


class ReviewQueue:
    """The folder `review/`, one YAML file per item; `declined` remembers what a person does not want."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put_case(self, case: Case, origin: str) -> str | None:
        """Queue a proposed case; returns its id, or None if the same case was declined before."""
        content = hashlib.blake2b(case.model_dump_json().encode(), digest_size=4).hexdigest()
        return self._put(ReviewItem(id=f"{case.id}-{content}", kind="case", origin=origin, case=case))

    def put_passage(self, passage: RunbookPassage, origin: str) -> str | None:
        """Queue an imported passage; returns its id, or None if it was declined before."""
        return self._put(ReviewItem(id=passage.id, kind="passage", origin=origin, passage=passage))

    def items(self) -> list[ReviewItem]:
        """Return what waits, by id; raises `InputError` naming a file that is damaged."""
        return [self._read(path) for path in sorted(self._folder.glob("*.yaml"))]

    def get(self, item_id: str) -> ReviewItem:
        """Return one item; raises `NothingToActOn` if none has this id."""
        path = self._folder / f"{item_id}.yaml"
        if Path(item_id).name != item_id or not path.exists():
            raise NothingToActOn(f"nothing waits for review as `{item_id}`; `kb review` lists what does")
        return self._read(path)

    def done(self, item_id: str, *, declined: bool = False) -> None:
        """Take an item off the queue; a declined one will not be queued again."""
        if declined:
            with (self._folder / "declined").open("a", encoding="utf-8") as file:
                file.write(item_id + "\n")
        (self._folder / f"{item_id}.yaml").unlink(missing_ok=True)

    def _put(self, item: ReviewItem) -> str | None:
        if item.id in self._declined():
            return None
        data = item.model_dump(mode="json", exclude_none=True)
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)
        write_atomically(self._folder / f"{item.id}.yaml", text)
        return item.id

    def _read(self, path: Path) -> ReviewItem:
        try:
            return ReviewItem.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: not a review item; mend or delete it ({error})") from error

    def _declined(self) -> set[str]:
        path = self._folder / "declined"
        return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()
