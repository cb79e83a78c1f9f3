"""Says one thing to an object store, signed with the key of a file of credentials. Prints the status and the body of the answer.
Usage: s3.py CREDENTIALS HOST:PORT METHOD PATH[?QUERY] [BODY]"""
import base64
import configparser
import datetime
import hashlib
import hmac
import http.client
import sys

credentials, host, method, target, body = sys.argv[1], *sys.argv[2:5], (sys.argv[5:] or [""])[0].encode()
key = configparser.ConfigParser()
key.read(credentials)
name, secret = key["default"]["aws_access_key_id"], key["default"]["aws_secret_access_key"]

path, _, query = target.partition("?")
now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
day, hashed = now[:8], hashlib.sha256(body).hexdigest()
signed = {"host": host, "x-amz-content-sha256": hashed, "x-amz-date": now}
canonical = "\n".join(
    [method, path, f"{query}=" if query else "", *(f"{header}:{value}" for header, value in signed.items()), "", ";".join(signed), hashed]
)
scope = f"{day}/us-east-1/s3/aws4_request"
text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
signing = f"AWS4{secret}".encode()
for part in (day, "us-east-1", "s3", "aws4_request", text):
    signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()

md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
authorization = f"AWS4-HMAC-SHA256 Credential={name}/{scope}, SignedHeaders={';'.join(signed)}, Signature={signing.hex()}"
line = http.client.HTTPConnection(host, timeout=20)
line.request(method, target, body, {**signed, "authorization": authorization, "content-md5": md5})
answer = line.getresponse()
print(answer.status, answer.read().decode(errors="replace"))
