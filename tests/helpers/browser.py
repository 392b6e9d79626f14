"""Headless Chromium, driven over its DevTools protocol through a pipe."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")


class Browser:
    """One page. `requests` and `complaints` (console errors, exceptions, log entries) gather as it is used.

    `more` are further options of Chromium.
    """

    def __init__(self, profile: Path, *more: str) -> None:
        assert CHROMIUM
        to_browser, self.write = os.pipe()
        self.read, from_browser = os.pipe()
        options = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--remote-debugging-pipe",
            *QUIET,
            *more,
        )

        def connect() -> None:
            """Chromium reads commands from descriptor 3 and answers on 4; made high first, lest one overwrites one."""
            high = [os.dup2(end, 200 + i) for i, end in enumerate((to_browser, from_browser))]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [CHROMIUM, *options, f"--user-data-dir={profile}", "--window-size=1200,900", "about:blank"],
            preexec_fn=connect,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.unread, self.last, self.session = b"", 0, None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.read)
        os.close(self.write)

    def call(self, method: str, **parameters: Any) -> Any:
        """One command and its answer."""
        self.last += 1
        command = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.write, json.dumps(command).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self.last:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def value(self, script: str) -> Any:
        """What an expression is on the page."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def wait(self, script: str, seconds: float = 60) -> Any:
        """The expression's value as soon as it is true."""
        return until(lambda: self.value(script), seconds, script)

    def choose(self, selector: str, file: Path) -> None:
        """Give a file to an input of files, as if it had been chosen."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", files=[str(file)], nodeId=node)

    def hover(self, x: float, y: float) -> None:
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x - 5, y=y)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key: str) -> None:
        """A key as a person presses it: a letter, a digit, "Tab", "Enter", "Escape" or " "."""
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        code = {"Tab": 9, "Enter": 13, "Escape": 27}.get(key) or ord(key.upper())
        name = f"Key{key.upper()}" if key.isalpha() and len(key) == 1 else {" ": "Space"}.get(key, key)
        more = {"key": key, "code": name, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **more, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **more)

    def screen(self, width: int, height: int, phone: bool = False) -> None:
        """The page on a screen of this size."""
        scale = 2 if phone else 1
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=phone
        )
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        if phone:
            self.call("Emulation.setEmulatedMedia", features=[{"name": "pointer", "value": "coarse"}])

    def picture(self, out: Path) -> None:
        """A picture of what is seen."""
        out.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self.unread:
            found = os.read(self.read, 1 << 20)
            assert found, "chromium ended"
            self.unread += found
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, found = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(found["request"]["url"])
        elif method in ("Runtime.exceptionThrown", "Log.entryAdded"):
            self.complaints.append(json.dumps(found))
        elif method == "Runtime.consoleAPICalled" and found["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(found["args"]))


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """The condition's value as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"never true: {what}")
