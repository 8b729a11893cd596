"""A headless Chromium spoken to by its own protocol: pages measured and photographed as readers see them."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_S = 60


class Browser:
    """One tab."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.number = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of one command."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(timeout=WAIT_S))
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def show(self, path: Path, width: int) -> None:
        """Load a page in a window of that width."""
        self.call("Page.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call("Page.navigate", url=path.resolve().as_uri())
        deadline = time.monotonic() + WAIT_S
        while self.run("document.readyState") != "complete" or self.run("location.protocol") != "file:":
            assert time.monotonic() < deadline, "the page did not load"
            time.sleep(0.05)

    def run(self, script: str) -> Any:
        """The value of an expression in the page; the page's content policy does not apply to it."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def photograph(self, path: Path) -> None:
        """The whole page as a PNG file."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))


@contextmanager
def opened() -> Iterator[Browser]:
    """A browser; the test is skipped where none is installed."""
    from websockets.sync.client import connect

    binary = next((found for name in NAMES if (found := shutil.which(name))), None)
    if binary is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    profile = Path(tempfile.mkdtemp(prefix="gaung-browser-"))
    process = subprocess.Popen(
        [
            binary,
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
            *("--disable-dev-shm-usage", "--disable-background-networking", "--remote-debugging-port=0"),
            f"--user-data-dir={profile}",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connect(_address(profile, process), max_size=None) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(WAIT_S)
        shutil.rmtree(profile, ignore_errors=True)


def _address(profile: Path, process: "subprocess.Popen[bytes]") -> str:
    """Where the browser's first tab listens, once it does."""
    import urllib.request

    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            port = (profile / "DevToolsActivePort").read_text().split()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                for tab in json.load(answer):
                    if tab["type"] == "page":
                        address: str = tab["webSocketDebuggerUrl"]
                        return address
        except (OSError, IndexError):
            time.sleep(0.1)
    pytest.fail(f"Chromium did not start within {WAIT_S} s")
