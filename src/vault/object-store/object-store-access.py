"""Decides what each key may do in the vault's object store. Python, because it is a filter of Swift.

append  reads, stores new objects, and deletes locks only.
read    reads.

The last filter of Swift's pipeline, so that requests that other filters create pass it as well.
"""
import re

READS = ("GET", "HEAD")
OBJECT = re.compile(r"/v1/[^/]+/[^/]+/.+")
LOCK = re.compile(r"/v1/[^/]+/[^/]+/(.*/)?locks/[^/]+")


class Access:
    def __init__(self, app):
        self.app = app

    def __call__(self, environment, start_response):
        groups = (environment.get("REMOTE_USER") or "").split(",")
        method, path = environment["REQUEST_METHOD"], environment["PATH_INFO"]
        if method in READS:
            return self.app(environment, start_response)
        if "vault:append" in groups:
            if method == "PUT" and OBJECT.fullmatch(path):
                # An existing object is not overwritten: the answer is 412.
                environment["HTTP_IF_NONE_MATCH"] = "*"
                return self.app(environment, start_response)
            if method == "DELETE" and LOCK.fullmatch(path):
                return self.app(environment, start_response)
        start_response("403 Forbidden", [("Content-Length", "0")])
        return [b""]


def filter_factory(_settings, **_own):
    return Access
