# SPDX-License-Identifier: GPL-2.0-or-later
# Made by tests/lib/print_completion.c: run make completion.
# shellcheck shell=bash

_mssclampctl_names() {
	mssclampctl --json "$1" 2>/dev/null | grep -oE "\"($2)\": *\"[^\"\\\\]+\"" | sed 's/^[^:]*: *"//; s/"$//' | sort -u
}

_mssclampctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command='' kind='' options words IFS=$'\n' i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--color | --socket | -s | --timeout | --every) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]} && break ;;
		esac
	done
	case $command in
	status) options='' words=none ;;
	stats) options='--tunnel' words=none ;;
	top) options='--batch --count --tunnel --sort' words=none ;;
	tunnels) options='' words=none ;;
	peers) options='' words=tunnels ;;
	explain) options='--iif --oif --mark' words=peers ;;
	events) options='--last --tunnel' words=none ;;
	probe) options='--max --tries' words=peers ;;
	capture) options='--count --seconds --write' words='tunnel peer host net port reason and or not' ;;
	try) options='--interface --peer --for' words='off' ;;
	rules) options='--print --diff --apply --remove' words=none ;;
	offload) options='' words=none ;;
	metrics) options='--output' words=none ;;
	reload) options='' words=none ;;
	log) options='' words='error warning notice info debug' ;;
	wait) options='--tunnel --for' words=none ;;
	doctor) options='--nagios --html --addresses --symptom' words=none ;;
	calc) options='--path --stack --table' words=kinds ;;
	pcap) options='--limit --html --addresses' words=files ;;
	tune) options='--port --bind --via --compare --seconds --rate --html --addresses' words=none ;;
	rewrite) options='--mss4 --mss6 --insert' words=files ;;
	help) options='' words=commands ;;
	*) options='' words=commands ;;
	esac
	case "$command $prev" in
	'stats --tunnel') kind=tunnels ;;
	'top --count' | 'top -n') kind=none ;;
	'top --tunnel') kind=tunnels ;;
	'top --sort') kind='syn clamped name path mss peers' ;;
	'explain --iif') kind=tunnels ;;
	'explain --oif') kind=tunnels ;;
	'explain --mark') kind=none ;;
	'events --last' | 'events -n') kind=none ;;
	'events --tunnel') kind=tunnels ;;
	'probe --max') kind=none ;;
	'probe --tries') kind=none ;;
	'capture --count' | 'capture -n') kind=none ;;
	'capture --seconds') kind=none ;;
	'capture --write' | 'capture -w') kind=files ;;
	'try --interface') kind=tunnels ;;
	'try --peer') kind=peers ;;
	'try --for') kind=none ;;
	'rules --print') kind='nft iptables' ;;
	'metrics --output' | 'metrics -o') kind=files ;;
	'wait --tunnel') kind=tunnels ;;
	'wait --for') kind=none ;;
	'doctor --html') kind=files ;;
	'doctor --symptom') kind='web files video voip ssh' ;;
	'calc --path') kind=none ;;
	'calc --stack') kind=files ;;
	'pcap --limit') kind=none ;;
	'pcap --html') kind=files ;;
	'tune --port') kind=peers ;;
	'tune --bind') kind=none ;;
	'tune --via') kind=tunnels ;;
	'tune --compare') kind=tunnels ;;
	'tune --seconds') kind=none ;;
	'tune --rate') kind=none ;;
	'tune --html') kind=files ;;
	'rewrite --mss4') kind=none ;;
	'rewrite --mss6') kind=none ;;
	*' --color') kind='auto always never' ;;
	*' --socket' | *' -s') kind=files ;;
	*' --timeout') kind=none ;;
	*' --every') kind=none ;;
	esac
	if [ -z "$kind" ] && [[ $cur = -* ]]; then
		kind="$options --json --json-lines --color --ascii --quiet --socket --timeout --every --help --version"
	fi
	case ${kind:=$words} in
	none) COMPREPLY=() && return ;;
	files) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
	tunnels) kind=$(_mssclampctl_names tunnels name) ;;
	peers) kind=$(_mssclampctl_names peers 'name|peer') ;;
	commands) kind='status stats top tunnels peers explain events probe capture try rules offload metrics reload log wait doctor calc pcap tune rewrite help' ;;
	kinds) kind='wireguard amneziawg openvpn esp ah gre gretap erspan ipip sit ip6tnl vxlan geneve bareudp gtpu l2tp2 l2tp2_kernel l2tp3eth pptp pppoe macsec mpls vlan fastd translate46 route' ;;
	esac
	[[ $kind = *$'\n'* ]] || kind=${kind// /$'\n'}
	mapfile -t COMPREPLY < <(compgen -W "$kind" -- "$cur")
}
complete -F _mssclampctl mssclampctl
