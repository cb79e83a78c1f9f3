#!/bin/sh
# The first process of the vault's host: creates an account for each kind of backup program, and starts an ssh server that accepts keys only.
set -eu
umask 077
rm -f /run/sshd.pid
mkdir -p /run/sshd /etc/ssh/keys
chmod 755 /etc/ssh/keys
[ -e /run/host_key ] || ssh-keygen -q -t ed25519 -N '' -C vault -f /run/host_key
for user in stream restic borg git; do
  id "$user" >/dev/null 2>&1 || useradd --home-dir "/vault/$user" --no-create-home --shell /bin/sh --password '*' "$user"
  mkdir -p "/vault/$user"
  chown "$user:" "/vault/$user"
done
mkdir -p /vault/rsync
chmod 711 /vault
cat >/run/sshd_config <<'CONFIG'
HostKey /run/host_key
PidFile /run/sshd.pid
AuthorizedKeysFile /etc/ssh/keys/%u
PermitRootLogin forced-commands-only
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
AllowTcpForwarding no
AllowAgentForwarding no
X11Forwarding no
PrintMotd no
MaxStartups 100
ClientAliveInterval 5
ClientAliveCountMax 3
LogLevel VERBOSE
CONFIG
exec /usr/sbin/sshd -D -e -f /run/sshd_config
