"""A Chromium page that nobody records.

Tools that watch a page's network make its process keep each answer once more, which is no memory
of the page. Here is only what can open a page and run scripts in it.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import psutil

LIMIT_S = 90  # against hanging only


class BarePage:
    """One page of a browser of its own, spoken to through a pipe."""

    def __init__(self, program: str, arguments: list[str], size: dict[str, int]) -> None:
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()
        argv = [program, *arguments, "--headless", "--remote-debugging-pipe", "about:blank"]
        # The pipe is where Chromium looks for it.
        command = f"exec {shlex.join(argv)} 3<&{to_browser} 4>&{from_browser}"
        self._process = subprocess.Popen(
            ["bash", "-c", command],
            pass_fds=(to_browser, from_browser),
            stderr=subprocess.DEVNULL,
        )
        for end in (to_browser, from_browser):
            os.close(end)
        self._n_sent = 0
        self._rest = b""
        self._session = ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._ask("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False)

    def open(self, url: str, cookie: dict[str, object], script: str = "") -> None:
        """Open an address; `script` runs before the page's own."""
        self._ask("Page.enable")
        self._ask("Page.addScriptToEvaluateOnNewDocument", source=script)
        session, self._session = self._session, ""
        self._ask("Storage.setCookies", cookies=[cookie])
        self._session = session
        self._ask("Page.navigate", url=url)

    def evaluate(self, script: str, argument: object = None) -> Any:
        """Run `(argument) => …` in the page and return what it resolves to."""
        call = f"({script})({json.dumps(argument)})"
        options = {"awaitPromise": True, "returnByValue": True}
        answer = self._ask("Runtime.evaluate", expression=call, **options)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    def wait_until(self, condition: str) -> None:
        """Wait for a JavaScript function to return true."""
        deadline = time.monotonic() + LIMIT_S
        while not self.evaluate(condition):
            if time.monotonic() > deadline:
                raise TimeoutError(f"never: {condition}")
            time.sleep(0.05)

    def mib(self) -> float:
        """Return the memory of the page's process, resident."""
        return max(process.memory_info().rss for process in self._renderers()) / 2**20

    def cpu_s(self) -> float:
        """Return how many seconds the page's process has computed."""
        times = [process.cpu_times() for process in self._renderers()]
        return max(one.user + one.system for one in times)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def _renderers(self) -> Iterator[psutil.Process]:
        for process in psutil.Process(self._process.pid).children(recursive=True):
            if "--type=renderer" in process.cmdline():
                yield process

    def _ask(self, method: str, **params: object) -> dict[str, Any]:
        self._n_sent += 1
        message: dict[str, object] = {"id": self._n_sent, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") != self._n_sent:
                continue  # news that nobody waits for
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._from, 1 << 20)
            if not read:
                raise RuntimeError("the browser has ended")
            self._rest += read
        text, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(text))
