"""An SMTP server (aiosmtpd) that demands STARTTLS and prints each mail as one line of JSON: port, certificate, key."""
import json
import ssl
import sys
import time

from aiosmtpd.controller import Controller


class Print:
    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode(),
            "tls": session.ssl is not None,
        }
        print(json.dumps(mail), flush=True)
        return "250 OK"


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[2], sys.argv[3])
controller = Controller(
    Print(), hostname="localhost", port=int(sys.argv[1]), tls_context=context, require_starttls=True
)
controller.start()
print("ready", flush=True)
time.sleep(600)
