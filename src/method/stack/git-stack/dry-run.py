# Stands between `docker stack deploy` and the engine: questions are passed on, whatever would change something is written down and
# answered as if it were done. The stack itself is kept out of sight, so that everything in it is made, not updated.
import http.client
import http.server
import json
import re
import socket
import socketserver
import sys
import threading

ENGINE, STAGE = '/run/engine.sock', '/stage/api.sock'
output = threading.Lock()


class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(ENGINE)


class Rehearsal(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def handle_question(self):
        path = self.path.split('?')[0]
        if re.fullmatch(r'(/v[\d.]+)?/(services|networks)', path):
            return self.reply(200, b'[]')
        engine = Engine('engine')
        engine.request(self.command, self.path, headers={'Host': 'engine'})
        answer = engine.getresponse()
        kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in ('content-length', 'transfer-encoding', 'connection')]
        self.reply(answer.status, answer.read(), kept)

    def handle_change(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        kind = re.match(r'(?:/v[\d.]+)?/(\w+)', self.path)[1]
        asked = json.loads(body or b'{}')
        if kind == 'secrets':
            asked.pop('Data', None)
        with output:
            print(json.dumps([kind, asked]), flush=True)
        self.reply(201, b'{"ID": "rehearsed", "Id": "rehearsed"}')

    def reply(self, status, body, headers=(('Content-Type', 'application/json'),)):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def log_message(self, *_):
        pass

    do_GET = do_HEAD = handle_question
    do_POST = do_PUT = do_DELETE = handle_change


class Stage(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self):
        return super().get_request()[0], ('docker', 0)


threading.Thread(target=Stage(STAGE, Rehearsal).serve_forever, daemon=True).start()
print('ready', flush=True)
sys.stdin.read()
