#!/usr/bin/env bash
# case: vulnerable
pattern="$1"
eval "grep -R $pattern /var/log/app"
# case: vulnerable (through a second variable of the same line)
read -rp "Host: " target
ssh ops@jump.acme.example "traceroute $target"
# case: vulnerable (CGI)
name=${QUERY_STRING#name=}
sh -c "finger $name"
# case: vulnerable (argument straight in)
bash -c "tar czf backup.tgz $2"
# case: vulnerable
su - postgres -c "createdb $3"
# case: vulnerable (python text)
python3 -c "print(open('$4').read())"
# case: safe (argument stays an argument)
folder="$5"
tar czf backup.tgz -- "$folder"
# case: safe (single quotes and a parameter)
bash -c 'tar czf backup.tgz -- "$1"' _ "$6"
# case: safe (only digits pass)
days="$7"
[[ "$days" =~ ^[0-9]+$ ]] || exit 64
ssh ops@jump.acme.example "find /srv -mtime +$days"
# case: safe (list of known words)
action="$8"
case "$action" in
  start|stop|restart) ;;
  *) exit 64 ;;
esac
ssh ops@jump.acme.example "systemctl $action app"
# case: safe (quoted for the other shell)
file="$9"
file=$(printf '%q' "$file")
ssh ops@jump.acme.example "cat $file"
# case: safe (constant)
unit="nginx"
ssh ops@jump.acme.example "systemctl status $unit"
# case: safe (sets the agent's variables)
eval "$(ssh-agent)"
