"""A board in plain dictionaries, and its history by rules in sentences: what the machine holds the domain to.

A thing (an item, a comment, the board itself) is a dictionary of registers. A change is a list of writes,
and remembers what was in each register before. Nothing here knows operations,
inverses or how a log is folded.

Undo: a person takes back their own latest change that still stands, register by register, except
- things of which somebody else has since written a same register, in a change that still stands for them;
- what would come back and is there, or would change and is not there;
- items that are locked, themselves or by what they are in, unless it is their looks, or they came locked;
- comments of others, for who may only comment, unless it is whether they are settled;
- comments that others have replied to, and replies to comments that are gone;
- containers with something in them that would stay, and what would then be in itself.
What comes back to a container that is gone comes back to the top.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain import history
from domain.operations import BoardState, Style

Thing = dict[str, Any]
View = dict[UUID, Thing]
Write = tuple[UUID, str, Any]

BOARD = UUID(int=0)
LOOKS = frozenset(Style.__struct_fields__)
CONTAINER_KINDS = ("FRAME", "GROUP")
ROLES = ("VIEWER", "COMMENTER", "EDITOR", "OWNER")


class Told:
    """A value that the model does not foretell: it is taken from the rows."""


TOLD = Told()


class Refusal(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Plan:
    """What a command will do. new: registers of what is added. may: registers that it may write besides, as
    its answer tells. idle_ok: it may find that there is nothing to do. holds: what is then so."""

    writes: list[Write] = field(default_factory=list)
    new: dict[UUID, Thing] = field(default_factory=dict)
    may: dict[UUID, set[str]] = field(default_factory=dict)
    idle_ok: bool = False
    holds: list[Callable[[View], bool]] = field(default_factory=list)


@dataclass
class Line:
    """A change. before: what it overwrote; came_locked: what it put on the board locked."""

    seq: int
    actor: UUID
    at: datetime
    kind: str
    about: str
    before: dict[UUID, Thing]
    came_locked: set[UUID]
    reverts: int | None = None
    reverted_by: int | None = None


def view_of(state: BoardState) -> View:
    """The rows in the model's words."""
    view: View = {
        BOARD: {
            "kind": "BOARD",
            "title": state.title,
            "description": state.description,
            "cover": state.cover_id,
            "there": not state.trashed,
        }
    }
    for item in state.items.values():
        place, look = item.transform, item.style
        view[item.id] = {
            "kind": item.kind.value,
            "transform": (place.x, place.y, place.scale, place.rotation, place.flip_x, place.flip_y),
            "content": (
                item.width,
                item.height,
                item.image_id,
                item.crop,
                item.note,
                item.drawing,
                item.frame,
            ),
            "z": item.z,
            "parent": item.parent_id,
            **{name: getattr(look, name) for name in LOOKS},
        }
    for comment in state.comments.values():
        view[comment.id] = {
            "kind": "COMMENT",
            "author": comment.author_id,
            "at": comment.at,
            "thread": comment.thread_id,
            "text": (comment.text, comment.edited_at),
            "transform": (comment.item_id, comment.x, comment.y),
            "resolution": comment.resolved_by,
        }
    return view


HIDDEN_WORDS = {"touched", "removed_by"}


class Board:
    """One board. things: what was removed stays, not there. past: the view after each change."""

    def __init__(self, board_id: UUID, owner: UUID, view: View, at: datetime) -> None:
        self.id = board_id
        self.roles = {owner: "OWNER"}
        self.things: dict[UUID, Thing] = {BOARD: {**view[BOARD], "touched": 1}}
        self.seq = 1
        self.log_start = 0
        self.latest_at = at
        made = {"title": "", "description": ""}
        self.log = [Line(1, owner, at, "DO", "board", {BOARD: made}, set())]
        start: View = {
            BOARD: {"kind": "BOARD", "title": "", "description": "", "cover": None, "there": True},
        }
        self.past: dict[int, View] = {0: start, 1: self.view()}
        self.former: list[tuple[UUID, int]] = []

    # What is so

    def view(self) -> View:
        return {
            subject: {name: value for name, value in thing.items() if self._is_shown(subject, name)}
            for subject, thing in self.things.items()
            if thing["there"] or subject == BOARD
        }

    @staticmethod
    def _is_shown(subject: UUID, name: str) -> bool:
        return name not in HIDDEN_WORDS and (name != "there" or subject == BOARD)

    def allows(self, person: UUID, role: str) -> bool:
        return ROLES.index(self.roles[person]) >= ROLES.index(role)

    def is_there(self, subject: UUID | None) -> bool:
        return subject in self.things and bool(self.things[subject]["there"])

    def items(self, *kinds: str) -> list[UUID]:
        """Those on the board, in the order of their coming."""
        return [
            subject
            for subject, thing in self.things.items()
            if thing["there"]
            and thing["kind"] not in ("BOARD", "COMMENT")
            and (thing["kind"] in kinds or not kinds)
        ]

    def comments(self) -> list[UUID]:
        return [s for s, thing in self.things.items() if thing["there"] and thing["kind"] == "COMMENT"]

    def above(self, item: UUID) -> Iterator[UUID]:
        """The containers that it is in, as far as they are there, the innermost first."""
        container = self.things[item]["parent"]
        while container is not None and self.is_there(container):
            yield container
            container = self.things[container]["parent"]

    def is_shut(self, container: UUID | None) -> bool:
        """Locked, or in something locked."""
        if container is None or not self.is_there(container):
            return False
        return any(self.things[one]["locked"] for one in (container, *self.above(container)))

    def is_locked(self, item: UUID) -> bool:
        return self.things[item]["locked"] or self.is_shut(self.things[item]["parent"])

    def contents(self, item: UUID) -> list[UUID]:
        """All that is in it, however deep."""
        return [other for other in self.items() if item in self.above(other)]

    def children(self, container: UUID) -> list[UUID]:
        return [item for item in self.items() if self.things[item]["parent"] == container]

    def replies(self, root: UUID) -> list[UUID]:
        return [one for one in self.comments() if self.things[one]["thread"] == root]

    def pictures(self) -> set[UUID]:
        """All that its items show, those that are gone too, and what they and its cover have shown."""
        shown = {thing["content"][2] for thing in self.things.values() if "content" in thing}
        return (shown | {image for image, _ in self.former}) - {None}

    # What happens

    def commit(
        self,
        actor: UUID,
        at: datetime,
        plan: Plan,
        *,
        kind: str = "DO",
        reverts: int | None = None,
    ) -> Line:
        """One more change."""
        self.seq += 1
        before: dict[UUID, Thing] = {}
        came_locked: set[UUID] = set()
        for subject, registers in plan.new.items():
            self.things[subject] = {**registers, "there": False}
        for subject, register, value in plan.writes:
            thing = self.things[subject]
            before.setdefault(subject, {}).setdefault(register, thing[register])
            if register == "content" and thing["content"][2] not in (None, value[2]):
                self.former.append((thing["content"][2], self.seq))
            if register == "cover" and thing["cover"] not in (None, value):
                self.former.append((thing["cover"], self.seq))
            if register == "there" and value and thing.get("locked"):
                came_locked.add(subject)
            if register == "there" and not value:
                thing["removed_by"] = actor
            thing[register] = value
            thing["touched"] = self.seq
        line = Line(self.seq, actor, at, kind, self._about(before), before, came_locked, reverts)
        self.log.append(line)
        self.latest_at = at
        self.past[self.seq] = self.view()
        return line

    def _about(self, subjects: dict[UUID, Thing]) -> str:
        kinds = {self.things[subject]["kind"] for subject in subjects}
        if kinds - {"BOARD", "COMMENT"}:
            return "items"
        return "comments" if "COMMENT" in kinds else "board"

    def compact(self, before: datetime) -> None:
        """The log begins with its first line that is not older; what is gone and older is forgotten."""
        start = next((line.seq - 1 for line in self.log if line.at >= before), self.seq)
        if start <= self.log_start:
            return
        self.log_start = start
        self.log = [line for line in self.log if line.seq > start]
        self.past = {seq: view for seq, view in self.past.items() if seq >= start}
        self.former = [(image, seq) for image, seq in self.former if seq > start]
        self.things = {
            subject: thing
            for subject, thing in self.things.items()
            if thing["there"] or subject == BOARD or thing["touched"] > start
        }

    # Taking back

    def candidate(self, person: UUID, kind: str) -> Line:
        """What a person's undo or redo is about. Refuses with NOTHING_TO_UNDO."""
        edits = self.allows(person, "EDITOR")
        own = [line for line in self.log if line.actor == person]
        open_ones = [line for line in own if line.reverted_by is None and (line.about == "comments" or edits)]
        if kind == "UNDO":
            found = [line for line in open_ones if line.kind != "UNDO" and line.about != "board"]
        else:
            last_deed = max(
                (line.seq for line in own if line.kind == "DO" and line.about != "board"), default=0
            )
            found = [line for line in open_ones if line.kind == "UNDO" and line.seq > last_deed]
        if not found:
            raise Refusal("NOTHING_TO_UNDO")
        return found[-1]

    def take_back(
        self, person: UUID, target: Line
    ) -> tuple[Plan | None, dict[UUID, tuple[str, UUID | None]]]:
        """What takes the target back, and what is left alone: why, and whose work is spared."""
        skipped: dict[UUID, tuple[str, UUID | None]] = {}
        for subject, registers in target.before.items():
            other = self._other_writer(person, target, subject)
            if other is not None:
                skipped[subject] = (history.CHANGED, other)
            elif reason := self._hindrance(person, target, subject, registers):
                skipped[subject] = (reason, None)
        back = {subject: dict(old) for subject, old in target.before.items() if subject not in skipped}
        self._keep_threads(back, skipped)
        self._keep_nesting(back, skipped)
        writes = [(s, register, value) for s, old in back.items() for register, value in old.items()]
        return (Plan(writes) if writes else None), skipped

    def _other_writer(self, person: UUID, target: Line, subject: UUID) -> UUID | None:
        mine = target.before[subject].keys()
        for deed in reversed(self.log):
            if deed.seq <= target.seq or deed.actor == person or subject not in deed.before:
                continue
            if deed.reverts is not None and deed.reverts > target.seq:
                continue  # it belongs to the change that it takes back
            theirs = deed.before[subject].keys()
            if (mine & theirs or "there" in mine | theirs) and self._stands(deed, subject):
                return deed.actor
        return None

    def _stands(self, deed: Line, subject: UUID) -> bool:
        """Not taken back for this subject, or brought again."""
        stands = True
        while deed.reverted_by is not None and deed.reverted_by != deed.seq:
            deed = next(line for line in self.log if line.seq == deed.reverted_by)
            if subject not in deed.before:
                return stands
            stands = not stands
        return stands

    def _hindrance(self, person: UUID, target: Line, subject: UUID, old: Thing) -> str | None:
        if subject == BOARD:
            return None
        if old.get("there"):
            return history.THERE if self.is_there(subject) else None
        if not self.is_there(subject):
            return history.GONE
        thing = self.things[subject]
        if thing["kind"] == "COMMENT":
            others = thing["author"] != person and not self.allows(person, "EDITOR")
            return history.OTHERS if others and old.keys() - {"resolution"} else None
        if self.is_locked(subject) and old.keys() - LOOKS and subject not in target.came_locked:
            return history.LOCKED
        return None

    def _keep_threads(self, back: dict[UUID, Thing], skipped: dict[UUID, tuple[str, UUID | None]]) -> None:
        going = {s for s, old in back.items() if self._is_comment(s) and old.get("there") is False}
        coming = {s for s, old in back.items() if self._is_comment(s) and old.get("there") is True}
        for root in going:
            staying = [reply for reply in self.replies(root) if reply not in going]
            if staying:
                last = max(staying, key=lambda reply: (self.things[reply]["at"], reply))
                skipped[root] = (history.ANSWERED, self.things[last]["author"])
                del back[root]
        for reply in coming:
            root = self.things[reply]["thread"]
            if root is not None and (root in going or not (self.is_there(root) or root in coming)):
                skipped[reply] = (history.NO_THREAD, None)
                del back[reply]

    def _is_comment(self, subject: UUID) -> bool:
        return bool(self.things[subject]["kind"] == "COMMENT")

    def _keep_nesting(self, back: dict[UUID, Thing], skipped: dict[UUID, tuple[str, UUID | None]]) -> None:
        for subject, old in back.items():
            if old.get("there") and "parent" not in old and not self._is_comment(subject):
                home = self.things[subject]["parent"]
                if home is not None and not (self.is_there(home) or back.get(home, {}).get("there")):
                    old["parent"] = None
        while wrong := self._misplaced(back):
            for subject in wrong:
                skipped[subject] = (history.HOLDING, None)
                del back[subject]

    def _misplaced(self, back: dict[UUID, Thing]) -> set[UUID]:
        going = {subject for subject, old in back.items() if old.get("there") is False}
        coming = {s for s, old in back.items() if old.get("there") and not self._is_comment(s) and s != BOARD}
        present = (set(self.items()) | coming) - going
        homes = {item: back.get(item, {}).get("parent", self.things[item]["parent"]) for item in present}
        wrong: set[UUID] = set()
        for item, home in homes.items():
            if home is not None and home not in present:
                wrong.add(home if home in going else item)
            if "parent" in back.get(item, {}) and _leads_back(item, homes):
                wrong.add(item)
        return wrong & back.keys()


def _leads_back(item: UUID, homes: dict[UUID, UUID | None]) -> bool:
    seen: list[UUID] = []
    home = homes.get(item)
    while home is not None and home not in seen:
        if home == item:
            return True
        seen.append(home)
        home = homes.get(home)
    return False


def distinct(ids: Sequence[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))
