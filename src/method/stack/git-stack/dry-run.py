# Proxy between `docker stack deploy` and the engine: forwards reads, prints writes and answers them as if they were made. It hides the
# existing stack, so that the CLI creates every object instead of updating it. Python, because it listens on a node, which has no Node.js.
import http.client
import http.server
import json
import re
import socket
import socketserver
import sys
import threading

ENGINE, PROXY = '/run/engine.sock', '/dry-run/api.sock'
output = threading.Lock()


class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(ENGINE)


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def forward_read(self):
        path = self.path.split('?')[0]
        if re.fullmatch(r'(/v[\d.]+)?/(services|networks)', path):
            return self.reply(200, b'[]')
        engine = Engine('engine')
        engine.request(self.command, self.path, headers={'Host': 'engine'})
        answer = engine.getresponse()
        hop_by_hop = ('content-length', 'transfer-encoding', 'connection')
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in hop_by_hop]
        self.reply(answer.status, answer.read(), headers)

    def record_write(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        kind = re.match(r'(?:/v[\d.]+)?/(\w+)', self.path)[1]
        request = json.loads(body or b'{}')
        if kind == 'secrets':
            request.pop('Data', None)
        with output:
            print(json.dumps([kind, request]), flush=True)
        self.reply(201, b'{"ID": "dry-run", "Id": "dry-run"}')

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

    do_GET = do_HEAD = forward_read
    do_POST = do_PUT = do_DELETE = record_write


class ProxyServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self):
        return super().get_request()[0], ('docker', 0)


threading.Thread(target=ProxyServer(PROXY, Proxy).serve_forever, daemon=True).start()
print('ready', flush=True)
sys.stdin.read()
