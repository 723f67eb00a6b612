#!/bin/bash
name="$1"
# ruleid: shell-argument-runs-as-code
eval "grep $name users.txt"
read -r host
# ruleid: shell-argument-runs-as-code
bash -c "ping -c 1 $host"
param="${QUERY_STRING#*=}"
# ruleid: shell-argument-runs-as-code
ssh backup@host.example.com "tar czf - $param"
# ruleid: shell-argument-runs-as-code
sh -c "ls $2"
while getopts "c:" option; do
  case "$option" in
# ruleid: shell-argument-runs-as-code
    c) eval "$OPTARG" ;;
  esac
done
other="$3"
# ok: shell-argument-runs-as-code
bash -c 'ls -- "$1"' _ "$other"
# ok: shell-argument-runs-as-code
ls -- "$other"
mode="$4"
case "$mode" in start|stop) ;; *) exit 2 ;; esac
# ok: shell-argument-runs-as-code
bash -c "service app $mode"
number="$5"
[[ $number =~ ^[0-9]+$ ]] || exit 2
# ok: shell-argument-runs-as-code
bash -c "seq $number"
quoted="$6"
quoted=$(printf %q "$quoted")
# ok: shell-argument-runs-as-code
ssh host.example.com "cat $quoted"
# ok: shell-argument-runs-as-code
eval "$(ssh-agent -s)"
fixed="date"
# ok: shell-argument-runs-as-code
bash -c "$fixed +%s"
