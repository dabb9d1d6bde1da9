"""An MLLP listener over TLS with python3-hl7: port file, certificate, key, and one answer per message.

Prints each message as one line of JSON, as this parser understands it. The answers are `AA`, `AE` or `none` (keeps the
connection open and does not answer); the last one repeats.
"""
import asyncio
import json
import os
import ssl
import sys

from hl7.mllp import start_hl7_server

port_file, certificate, key, *answers = sys.argv[1:]


def shown(message):
    pdf = [s for s in message.segments("OBX") if str(s[2]) == "ED"]
    return {
        "control": str(message.segment("MSH")[10]),
        "type": str(message.segment("MSH")[9]),
        "patient": message.unescape(message["PID.F3.R1.C1"]),
        "accession": message.unescape(message["OBR.F18"]),
        "status": str(message.segment("OBR")[25]),
        "statuses": sorted({str(s[11]) for s in message.segments("OBX")}),
        "lines": [message.unescape(str(s[5])) for s in message.segments("OBX") if str(s[2]) == "TX"],
        "pdf": str(pdf[0][5][0][4])[:8] if pdf else "",
        "whole": str(message),
    }


async def serve(reader, writer):
    try:
        while True:
            message = await reader.readmessage()
            print(json.dumps(shown(message)), flush=True)
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if answer != "none":
                writer.writemessage(message.create_ack(ack_code=answer, application="RIS"))
                await writer.drain()
    except asyncio.IncompleteReadError:
        writer.close()


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await start_hl7_server(
        serve, "127.0.0.1", 0, limit=1 << 24, encoding="utf-8", ssl=context
    )
    with open(port_file + ".new", "w") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    os.rename(port_file + ".new", port_file)
    await server.serve_forever()


asyncio.run(main())
