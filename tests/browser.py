"""A headless Chromium, spoken to by its own protocol: pages measured and photographed as readers see them."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect


class Browser:
    """One page of a headless Chromium."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.number = 0

    def tell(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv(timeout=60))
            if message.get("id") == self.number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        found = self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, address: str, wait_for: str, timeout_s: float = 60) -> None:
        """Go to an address and wait until an expression is true there."""
        self.tell("Page.navigate", url=address)
        end = time.monotonic() + timeout_s
        while not self.run(wait_for):
            assert time.monotonic() < end, self.run("document.body.innerText.slice(0, 2000)")
            time.sleep(0.3)

    def size(self, width: int, height: int, *, mobile: bool = False) -> None:
        """Look through a window of that size."""
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=mobile,
        )

    def picture(self, target: Path, *, whole: bool = True) -> None:
        """Write a picture of the page."""
        target.parent.mkdir(parents=True, exist_ok=True)
        found = self.tell("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        target.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def browser() -> Iterator[Browser]:
    """A fresh browser with nothing but a blank page; skips the test where there is no Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    folder = tempfile.mkdtemp(prefix="gaung-browser-")
    options = ["--headless=new", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    process = subprocess.Popen(
        [program, *options, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = _port(Path(folder), process)
        with connect(_page(port), max_size=None) as socket:
            page = Browser(socket)
            for domain in ("Page", "Runtime", "Network"):
                page.tell(f"{domain}.enable")
            yield page
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _port(folder: Path, process: subprocess.Popen[bytes]) -> int:
    file = folder / "DevToolsActivePort"
    for _ in range(300):
        assert process.poll() is None, "Chromium ended at once"
        if file.is_file() and file.read_text().strip():
            return int(file.read_text().splitlines()[0])
        time.sleep(0.1)
    raise AssertionError("Chromium does not say where it listens")


def _page(port: int) -> str:
    import httpx

    for _ in range(100):
        for target in httpx.get(f"http://127.0.0.1:{port}/json").json():
            if target["type"] == "page":
                return str(target["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise AssertionError("Chromium has no page")
