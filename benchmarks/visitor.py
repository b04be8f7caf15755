"""A visitor of the dashboard without a browser: it speaks the server's own messages, so that ten of them cost next to nothing.

It keeps the elements of the page as a browser does, moves widgets, and asks again when the page wants to be asked again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect


class Visitor:
    """One open page. Make it with :func:`visiting`."""

    def __init__(self, socket: ClientConnection, query: str, page: str) -> None:
        self.query, self.page = query, page
        self.received = 0
        """Bytes that the server has sent."""
        self.run = 0
        """How often the page, or a part of it, was begun to be drawn."""
        self._socket = socket
        self._elements: dict[tuple[int, ...], tuple[Element, int, str]] = {}
        self._states: dict[str, WidgetState] = {}
        self._fragments: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Condition()
        self._pages: dict[str, str] = {}
        self._script = ""

    # -- what the page shows

    def elements(self, kind: str) -> Iterator[Any]:
        """The elements of a kind, such as ``slider`` or ``markdown``, in the order of the page."""
        for path in sorted(self._elements):
            element = self._elements[path][0]
            if element.WhichOneof("type") == kind:
                yield getattr(element, kind)

    def words(self, since: int = 0) -> str:
        """All that stands on the page as text, or what was drawn in a run after ``since``."""
        found = []
        for path in sorted(path for path, (_, run, _) in self._elements.items() if run > since):
            element = self._elements[path][0]
            kind = element.WhichOneof("type")
            content = getattr(element, kind) if kind else None
            found += [str(getattr(content, name)) for name in ("body", "label", "text") if hasattr(content, name)]
        return "\n".join(found)

    # -- what the visitor does

    async def move(self, widget: str, value: Any) -> None:
        """Give a widget a value and have the page drawn again: a list of numbers or texts for a slider, True for a button."""
        state = WidgetState(id=widget)
        if isinstance(value, bool):
            state.trigger_value = value
        elif isinstance(value, list) and all(isinstance(each, str) for each in value):
            state.string_array_value.data.extend(value)
        elif isinstance(value, list):
            state.double_array_value.data.extend(value)
        elif isinstance(value, str):
            state.string_value = value
        else:
            raise TypeError(f"nothing is known of {type(value).__name__}")
        self._states[widget] = state
        await self.draw()
        if state.trigger_value:
            del self._states[widget]

    async def draw(self, fragment: str = "") -> None:
        """Have the page, or a part of it, drawn."""
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = self.query, self._script
        if not self._script:
            asked.page_name = self.page
        asked.context_info.locale = "nb-NO"
        asked.context_info.url = "http://localhost/"
        asked.widget_states.widgets.extend(self._states.values())
        if fragment:
            asked.fragment_id, asked.is_auto_rerun = fragment, True
        await self._socket.send(message.SerializeToString())

    async def until(self, holds: Callable[[Self], bool], seconds: float) -> float:
        """Wait until something holds of the page; how long that took.

        Raises:
            TimeoutError: when it does not come to hold in time.
        """
        began = time.perf_counter()
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: holds(self))
        return time.perf_counter() - began

    # -- what the server says

    async def listen(self) -> None:
        """Take in what the server says until it hangs up."""
        async for data in self._socket:
            assert isinstance(data, bytes)
            self.received += len(data)
            message = ForwardMsg.FromString(data)
            await self._take(message)

    async def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.run += 1
            if not message.metadata.run.fragment_ids:  # of the whole page: it says anew what is to be asked for again
                for fragment in list(self._fragments):
                    self._stop_again(fragment)
        elif kind == "navigation":
            self._script = message.navigation.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            path = tuple(message.metadata.delta_path)
            self._elements[path] = (message.delta.new_element, self.run, message.delta.fragment_id)
        elif kind == "auto_rerun":
            self._again(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._stop_again(fragment)
        elif kind == "script_finished":
            self._finished(message.script_finished)
        if kind != "delta":  # whole pages come in hundreds of these
            async with self._news:
                self._news.notify_all()

    def _finished(self, how: int) -> None:
        """Take away what was not drawn again. The end of a page is not told where a part is asked for just then."""
        if how == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        whole = how != ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
        drawn = {fragment for _, run, fragment in self._elements.values() if run == self.run}
        self._elements = {
            path: held for path, held in self._elements.items() if held[1] == self.run or not (whole or held[2] in drawn)
        }

    def _again(self, fragment: str, every: float) -> None:
        async def repeat() -> None:
            while True:
                await asyncio.sleep(every)
                await self.draw(fragment)

        if fragment not in self._fragments:
            self._fragments[fragment] = asyncio.create_task(repeat())

    def _stop_again(self, fragment: str) -> None:
        if task := self._fragments.pop(fragment, None):
            task.cancel()

    async def leave(self) -> None:
        """Close the page."""
        for fragment in list(self._fragments):
            self._stop_again(fragment)
        await self._socket.close()


@asynccontextmanager
async def visiting(address: str, page: str = "", query: Mapping[str, str] | str = "") -> AsyncIterator[Visitor]:
    """A visitor with a page that is drawn.

    Args:
        address: of the server, ``http://localhost:8501``.
        page: its address under the server's; empty for the first.
        query: what stands behind the question mark.
    """
    from urllib.parse import urlencode

    words = query if isinstance(query, str) else urlencode(query)
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(stream, max_size=2**26, origin=None, subprotocols=None) as socket:
        visitor = Visitor(socket, words, page)
        listening = asyncio.create_task(visitor.listen())
        try:
            await visitor.draw()
            await visitor.until(lambda one: bool(one.words()), 60)
            yield visitor
        finally:
            await visitor.leave()
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


def labelled(found: Iterator[Any], label: str) -> Message | None:
    """The first widget whose label holds the words."""
    return next((widget for widget in found if label in widget.label), None)
