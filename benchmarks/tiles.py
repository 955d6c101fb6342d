"""What a tile costs: this site's raw function against the same bytes as static files.

`python -m benchmarks.tiles [--seconds 5] [--json]`. The other sides are the same server with a
function that does nothing but read a file, and nginx where it is installed. All serve the same
stored JPEG tiles of one real-sized picture over HTTP/1.1 with kept connections.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from skimage import data

from benchmarks.surroundings import data_folder

ROOT = Path(__file__).resolve().parent.parent
SIDE_PX = 8192
CONNECTIONS = 32
TARGET_CPU_MS = 0.1
WAIT_S = 30

NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  types {{ image/jpeg jpg; }}
  server {{ listen 127.0.0.1:{port}; root {folder}/static; }}
}}
"""


def picture(side: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Repeat a real stained tissue section (it comes with scikit-image) to the size wanted."""
    block = data.immunohistochemistry()
    row = np.concatenate([block, block[:, ::-1]], axis=1)
    mirrored = np.concatenate([row, row[::-1]], axis=0)
    return np.tile(mirrored, (side // 1024, side // 1024, 1))


def make_pyramid(folder: Path) -> str:
    """Store the pyramid of the picture; return its digest."""
    from annotations.imaging.pyramid import TILE_SIZE, plan_levels, write_pyramid
    from project.storage import put_file
    from project.tile_index import Geometry

    view = picture(SIDE_PX)
    geometry = Geometry(TILE_SIZE, tuple(plan_levels(SIDE_PX, SIDE_PX)), 1)
    path = folder / "pyramid.tif"
    write_pyramid(path, geometry, lambda _, a, b: view[a:b], is_rgb=True, scratch=folder)
    return put_file(path)


def write_static(digest: str, folder: Path) -> list[str]:
    """Write every tile as a file of its own; return the addresses below the root."""
    from project.storage import blob_path
    from project.tile_index import TileFile

    tiles = TileFile(blob_path(digest))
    addresses = []
    for level in range(len(tiles.geometry.levels)):
        columns, rows = tiles.geometry.grid(level)
        (folder / "0" / str(level)).mkdir(parents=True, exist_ok=True)
        for row in range(rows):
            for column in range(columns):
                address = f"0/{level}/{column}_{row}.jpg"
                (folder / address).write_bytes(tiles.tile(0, level, column, row) or b"")
                addresses.append(address)
    tiles.close()
    return addresses


def static_app(folder: Path) -> Any:
    """Return an ASGI function that reads a file and sends it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (folder / scope["path"].lstrip("/")).read_bytes()
        headers = [(b"content-type", b"image/jpeg"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(argv: list[str], port: int, env: dict[str, str] | None = None) -> Iterator[Any]:
    """Run a server until it answers, and stop it afterwards."""
    server = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, **(env or {})})
    try:
        end = time.monotonic() + WAIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > end or server.poll() is not None:
                    raise RuntimeError(f"{argv[0]} did not start") from None
                time.sleep(0.1)
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(10)


async def ask(port: int, addresses: list[str], until: float, times: list[float]) -> int:
    """Ask for random tiles on one connection until the time is over; return bytes received."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    n_bytes = 0
    chooser = random.Random(len(addresses))
    while time.perf_counter() < until:
        started = time.perf_counter()
        address = chooser.choice(addresses)
        writer.write(f"GET /{address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode(errors="replace")[:200])
        size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(size)
        n_bytes += size
        times.append(time.perf_counter() - started)
    writer.close()
    return n_bytes


def run_loop(work: Any) -> Any:
    """Run the client on the fastest loop there is, so that the server is what is measured."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


def cpu_s(process: Any) -> float:
    """Return the CPU time of a server and its workers so far."""
    every = [process, *process.children(recursive=True)]
    return float(sum(sum(member.cpu_times()[:2]) for member in every))


def measure(
    name: str, process: Any, port: int, addresses: list[str], seconds: float
) -> dict[str, Any]:
    """Ask for tiles for some seconds; return what one cost."""

    async def run(duration: float) -> tuple[list[float], int]:
        times: list[float] = []
        until = time.perf_counter() + duration
        sizes = await asyncio.gather(
            *(ask(port, addresses, until, times) for _ in range(CONNECTIONS))
        )
        return times, sum(sizes)

    run_loop(run(0.5))  # warm: files in the page cache, index open
    before = cpu_s(process)
    times, n_bytes = run_loop(run(seconds))
    used = cpu_s(process) - before
    ordered = np.sort(times) * 1000
    return {
        "server": name,
        "tiles": len(times),
        "tiles_per_s": round(len(times) / seconds),
        "cpu_ms_per_tile": round(used / len(times) * 1000, 4),
        "p50_ms": round(float(np.percentile(ordered, 50)), 2),
        "p95_ms": round(float(np.percentile(ordered, 95)), 2),
        "mean_tile_kb": round(n_bytes / len(times) / 1000, 1),
    }


def uvicorn_argv(app: str, port: int) -> list[str]:
    """Return the command of a quiet server with one process."""
    quiet = ["--log-level", "warning", "--no-access-log", "--lifespan", "off"]
    return [
        sys.executable,
        "-m",
        "uvicorn",
        app,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        *quiet,
    ]


def compare(folder: Path, seconds: float) -> list[dict[str, Any]]:
    """Measure this site's function and servers of static files."""
    from project.tiles import make_token

    digest = make_pyramid(folder)
    addresses = write_static(digest, folder / "static")
    token, _ = make_token(image=uuid.uuid4(), pyramid_digest=digest, user_id=1)
    rows = []
    port = free_port()
    with served(uvicorn_argv("project.asgi:application", port), port) as server:
        ours = [f"tiles/{token}/{address}" for address in addresses]
        rows.append(measure("cytoloop", server, port, ours, seconds))
    port = free_port()
    env = {"CYTOLOOP_BENCHMARK_STATIC": str(folder / "static")}
    with served(uvicorn_argv("benchmarks.tiles:static", port), port, env) as server:
        rows.append(measure("uvicorn, static files", server, port, addresses, seconds))
    rows.append(nginx_row(folder, addresses, seconds))
    return rows


def nginx_row(folder: Path, addresses: list[str], seconds: float) -> dict[str, Any]:
    """Measure nginx with one worker, or say that it is not here."""
    name = "nginx, static files"
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        return {"server": name, "tiles": 0, "note": "not installed"}
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port), encoding="utf-8")
    folder.chmod(0o755)  # nginx's worker is another user when started by root
    with served([nginx, "-c", str(config), "-p", str(folder)], port) as server:
        return measure(name, server, port, addresses, seconds)


if "CYTOLOOP_BENCHMARK_STATIC" in os.environ:  # in the server of the other side
    static = static_app(Path(os.environ["CYTOLOOP_BENCHMARK_STATIC"]))


def main() -> int:
    """Measure, print a table or JSON; exit with 1 when a tile costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with data_folder(CYTOLOOP_SECRET_KEY="of this benchmark only") as folder:
        rows = compare(folder, options.seconds)
    ok = rows[0]["cpu_ms_per_tile"] <= TARGET_CPU_MS
    if options.json:
        print(json.dumps({"rows": rows, "target_cpu_ms": TARGET_CPU_MS, "ok": ok}))
    else:
        print(f"{'server':<24}{'tiles/s':>9}{'CPU ms':>9}{'p50 ms':>9}{'p95 ms':>9}{'kB':>7}")
        for row in rows:
            if not row["tiles"]:
                print(f"{row['server']:<24}{row['note']:>14}")
                continue
            print(
                f"{row['server']:<24}{row['tiles_per_s']:>9}{row['cpu_ms_per_tile']:>9.3f}"
                f"{row['p50_ms']:>9.2f}{row['p95_ms']:>9.2f}{row['mean_tile_kb']:>7.1f}"
            )
        print(f"A tile may cost {TARGET_CPU_MS} ms of CPU: {'reached' if ok else 'NOT reached'}.")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
