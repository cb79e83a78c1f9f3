"""Creates the bucket, without the filters, and checks that an object can be stored. Python, because Swift's internal client is."""
import io
import os
from swift.common.internal_client import InternalClient

CONFIG = "/etc/swift/inside.conf"
ACCOUNT, BUCKET, PROBE = "AUTH_vault", "vault", ".probe"

# Swift keeps what it knows of an object in attributes of the file.
os.setxattr("/vault/s3/disk", "user.swarm-drill", b"")
with open(CONFIG, "w") as config:
    config.write("[pipeline:main]\npipeline = proxy-server\n[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n")
inside = InternalClient(CONFIG, "the vault", request_tries=1)
inside.create_container(ACCOUNT, BUCKET)
inside.upload_object(io.BytesIO(b"probe"), ACCOUNT, BUCKET, PROBE)
inside.delete_object(ACCOUNT, BUCKET, PROBE)
