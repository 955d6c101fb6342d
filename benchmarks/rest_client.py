"""A small client of the REST API, as a person's own script would be written."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

PIECE_BYTES = 8 * 1024 * 1024
IMAGE_WAIT_S = 120


class Refused(Exception):
    """The site answered with an error; the text is its own sentence."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status}: {body.get('message', body)}")
        self.status = status
        self.body = body


class Client:
    """One person's connection to the site."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.token = token

    def get(self, path: str) -> Any:
        """Return the JSON that lies at the path."""
        return json.loads(self.send("GET", path)[1])

    def post(self, path: str, body: Any) -> Any:
        """Post JSON and return the JSON answer."""
        return json.loads(self.send("POST", path, json.dumps(body).encode())[1] or b"null")

    def pages(self, path: str) -> Iterator[Any]:
        """Yield every row of a paged list."""
        joint = "&" if "?" in path else "?"
        page = 1
        while True:
            answer = self.get(f"{path}{joint}page={page}&page_size=200")
            yield from answer["results"]
            if not answer["next"]:
                return
            page += 1

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> tuple[Message, bytes]:
        """Send one request and return the answer's headers and bytes; raise Refused on an error."""
        request = urllib.request.Request(self.url + path, data=body, method=method)
        request.add_header("Authorization", f"Token {self.token}")
        request.add_header("Content-Type", content_type)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, parsed(error.read())) from error

    def upload(self, project: str, path: Path, tags: str = "") -> str:
        """Upload a file in pieces (tus 1.0.0) and return the id of its image."""
        named = {"filename": path.name, "tags": tags}
        metadata = ",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in named.items()
        )
        tus = {"Tus-Resumable": "1.0.0"}
        size = path.stat().st_size
        headers, _ = self.send(
            "POST",
            f"/api/v1/projects/{project}/uploads/",
            b"",
            headers={**tus, "Upload-Length": str(size), "Upload-Metadata": metadata},
        )
        place = headers["Location"].removeprefix(self.url)
        offset = 0
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                headers, _ = self.send(
                    "PATCH",
                    place,
                    piece,
                    "application/offset+octet-stream",
                    {**tus, "Upload-Offset": str(offset)},
                )
                offset += len(piece)
        return headers["Cytoloop-Image"]

    def wait_for_image(self, image: str) -> dict[str, Any]:
        """Wait until an image is ready and return it; raise RuntimeError when it failed."""
        end = time.monotonic() + IMAGE_WAIT_S
        while time.monotonic() < end:
            row: dict[str, Any] = self.get(f"/api/v1/images/{image}/")
            if row["state"] == "ready":
                return row
            if row["state"] == "failed":
                raise RuntimeError(row["error_message"])
            time.sleep(0.3)
        raise RuntimeError(f"Image {image} was not ready after {IMAGE_WAIT_S} s.")


def parsed(raw: bytes) -> dict[str, Any]:
    """Return the JSON object of an error answer, or its text when it is none."""
    try:
        body = json.loads(raw)
    except ValueError:
        return {"message": raw[:200].decode(errors="replace")}
    return body if isinstance(body, dict) else {"message": str(body)}
