#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A bad network between llmforge and moto. Of the requests that pass, a share suffers one of FAULTS.

    proxy.py HOST:PORT    serves on a free port of 127.0.0.1, prints its URL once ready

POST /_proxy/SHARE/SEED sets the share (0 to 1) and starts the chances anew; GET /_proxy/ answers with
{"requests": N, KIND: N, …}, counted since the start.
"""
import asyncio
import json
import random
import socket
import struct
import sys

FAULTS = {
    "not forwarded": "the connection ends before the request reached the service",
    "answer lost": "the service has done it, and the connection ends without an answer",
    "delayed": "the request or its answer is late",
    "truncated": "the connection ends in the middle of the answer",
}
DELAYS_S = (0.05, 0.5)  # shorter than windows.py's limit of a request: it is not meant to come after that


class Gone(Exception):
    """One of the ends has closed its connection."""


async def read_message(reader, is_answer, method=""):
    """(head, body) as they are on the wire."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
        if fields.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while True:
                size = await reader.readuntil(b"\r\n")
                part = await reader.readexactly(int(size.split(b";")[0], 16) + 2)
                body += size + part
                if int(size.split(b";")[0], 16) == 0:
                    return head, body
        status = lines[0].split()[1] if is_answer else ""
        if is_answer and (method == "HEAD" or status in ("204", "304")):
            return head, b""
        return head, await reader.readexactly(int(fields.get("content-length", 0)))
    except (asyncio.IncompleteReadError, ConnectionError) as gone:
        raise Gone from gone


class Proxy:
    def __init__(self, host, port):
        self.there = (host, port)
        self.share, self.random = 0.0, random.Random(0)
        self.counts = dict.fromkeys(["requests", *FAULTS], 0)

    def control(self, method, path):
        if method == "POST":
            _, _, share, seed = path.split("/")
            self.share, self.random = float(share), random.Random(seed)
        body = json.dumps(self.counts).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    async def ask(self, head, body, method):
        reader, writer = await asyncio.open_connection(*self.there)
        try:
            writer.write(head + body)
            await writer.drain()
            return await read_message(reader, True, method)
        finally:
            writer.close()

    async def serve(self, reader, writer):
        try:
            while await self.exchange(reader, writer):
                pass
        except (Gone, ConnectionError):
            pass
        finally:
            writer.close()

    async def exchange(self, reader, writer):
        """One request and its answer; whether the connection goes on."""
        head, body = await read_message(reader, False)
        method, path, _ = head.decode("latin-1").split("\r\n")[0].split(" ")
        if path.startswith("/_proxy/"):
            writer.write(self.control(method, path))
            await writer.drain()
            return True
        self.counts["requests"] += 1
        fault = self.random.choice(list(FAULTS)) if self.random.random() < self.share else None
        if fault is not None:
            self.counts[fault] += 1
        delay, before, abrupt = self.random.uniform(*DELAYS_S), self.random.random() < 0.5, self.random.random() < 0.5
        if fault == "not forwarded":
            return self.end(writer, abrupt)
        if fault == "delayed" and before:
            await asyncio.sleep(delay)
        # From here on the request is on its way, even if who sent it dies meanwhile.
        answer_head, answer_body = await self.ask(head, body, method)
        if fault == "answer lost":
            return self.end(writer, abrupt)
        if fault == "delayed" and not before:
            await asyncio.sleep(delay)
        answer = answer_head + answer_body
        if fault == "truncated":
            cut = len(answer_head) + len(answer_body) // 2 if answer_body else len(answer_head) // 2
            writer.write(answer[:cut])
            await writer.drain()
            return False
        writer.write(answer)
        await writer.drain()
        return True

    @staticmethod
    def end(writer, abrupt):
        if abrupt:  # a reset in place of an orderly end
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


async def main():
    host, _, port = sys.argv[1].rpartition(":")
    proxy = Proxy(host, int(port))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=1 << 24)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
