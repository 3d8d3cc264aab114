#compdef mssclampctl
# SPDX-License-Identifier: GPL-2.0-or-later
# Made by tests/lib/print_completion.c: run make completion.

_mssclampctl_names() {
	mssclampctl --json "$1" 2>/dev/null | grep -oE "\"($2)\": *\"[^\"\\\\]+\"" | sed 's/^[^:]*: *"//; s/"$//' | sort -u
}

_mssclampctl_tunnels() {
	local -a names=(${(f)"$(_mssclampctl_names tunnels name)"})
	compadd -a names
}

_mssclampctl_peers() {
	local -a names=(${(f)"$(_mssclampctl_names peers 'name|peer')"})
	compadd -a names
}

_mssclampctl() {
	local curcontext=$curcontext state line
	local -a commands=(
		'status:one screen: running, degraded and why'
		'stats:counters, reasons, queues, latency, the MSS before and after'
		'top:tunnels and peers with their SYNs, redrawn each second'
		'tunnels:tunnels found, their MTU and the MSS that follows'
		'peers:peers found, their paths and the MSS that follows'
		'explain:every step from a flow to its MSS'
		'events:what changes, as it changes'
		'probe:search a path MTU, see where packets vanish'
		'capture:each SYN as it passes: before, after, why'
		'try:a limit to test a guess, which undoes itself'
		'rules:the firewall rules, live against expected'
		'offload:what the kernel clamps itself, and what is queued'
		'metrics:all metrics as text for Prometheus'
		'reload:read the configuration again'
		'log:how much mssclampd logs from now on'
		'wait:block until clamping works'
		'doctor:what is wrong on this host, and how to mend it'
		'calc:what a stack of tunnels leaves of a packet, step by step'
		'pcap:report on a capture: MSS, sizes, black holes'
		'tune:the largest MSS that passes, by real transfers'
		'rewrite:clamp the SYNs of a capture file'
		'help:this list, or all about one command'
	)
	_arguments -C \
		'--json[JSON instead of a screen, errors too]' \
		'--json-lines[the same, one object a line]' \
		'--color[colour; auto\: on a terminal]:word:(auto always never)' \
		'--ascii[nothing but ASCII in bars and texts]' \
		'(-q --quiet)'{-q,--quiet}'[no warnings, no text that the exit code says]' \
		'(-s --socket)'{-s,--socket}'[control socket; default\: $MSSCLAMP_SOCKET, or /run/mssclamp/control]:file:_files' \
		'--timeout[how long to wait for an answer; default\: 10]: ' \
		'--every[repeat until interrupted]: ' \
		'(-h --help)'{-h,--help}'[this help, or that of the command]' \
		'(-V --version)'{-V,--version}'[the version]' \
		'1:command:->command' '*::argument:->argument'
	case $state in
	command) _describe command commands ;;
	argument)
		case $words[1] in
		status) _arguments ;;
		stats) _arguments \
			'--tunnel[only this tunnel]:tunnel:_mssclampctl_tunnels' ;;
		top) _arguments \
			'(-b --batch)'{-b,--batch}'[plain frames, for a pipe or a log]' \
			'(-n --count)'{-n,--count}'[end after N frames]: ' \
			'--tunnel[begin with the peers of this tunnel]:tunnel:_mssclampctl_tunnels' \
			'--sort[syn (default), clamped, name, path, mss or peers]:word:(syn clamped name path mss peers)' ;;
		tunnels) _arguments ;;
		peers) _arguments \
			'*:tunnel:_mssclampctl_tunnels' ;;
		explain) _arguments \
			'--iif[interface the SYN comes in by; default\: by route]:tunnel:_mssclampctl_tunnels' \
			'--oif[interface it leaves by; default\: by route]:tunnel:_mssclampctl_tunnels' \
			'--mark[its packet mark, such as 0x1; default\: 0]: ' \
			'*:peer:_mssclampctl_peers' ;;
		events) _arguments \
			'(-n --last)'{-n,--last}'[show the last N that mssclampd remembers, and end]: ' \
			'--tunnel[only those of this tunnel and its peers]:tunnel:_mssclampctl_tunnels' ;;
		probe) _arguments \
			'--max[largest packet outside\: 68 to 65535; default\: by links]: ' \
			'--tries[lost packets that make a size too large\: 1 to 20]: ' \
			'*:peer:_mssclampctl_peers' ;;
		capture) _arguments \
			'(-n --count)'{-n,--count}'[end after N SYNs]: ' \
			'--seconds[end after SEC seconds]: ' \
			'(-w --write)'{-w,--write}'[write a pcapng file instead; - is standard output]:file:_files' \
			'*:word:(tunnel peer host net port reason and or not)' ;;
		try) _arguments \
			'--interface[the interface that gets it]:tunnel:_mssclampctl_tunnels' \
			'--peer[or the peer, by name or id]:peer:_mssclampctl_peers' \
			'--for[how long\: 90s, 10m, 2h, at most a day; default\: 10m]: ' \
			'*:word:(off)' ;;
		rules) _arguments \
			'--print[the queue'\''s rules, for nft -f or iptables-restore]:word:(nft iptables)' \
			'--diff[what differs\: - expected, + live]' \
			'--apply[make the live rules equal to the expected ones (admin)]' \
			'--remove[remove them all; refused while mssclampd runs (admin)]' ;;
		offload) _arguments ;;
		metrics) _arguments \
			'(-o --output)'{-o,--output}'[written whole or not at all; without a daemon\: mssclamp_up 0]:file:_files' ;;
		reload) _arguments ;;
		log) _arguments \
			'*:word:(error warning notice info debug)' ;;
		wait) _arguments \
			'--tunnel[wait until this tunnel has an MSS, too]:tunnel:_mssclampctl_tunnels' \
			'--for[how long at most; default\: 30]: ' ;;
		doctor) _arguments \
			'--nagios[one line for Nagios and Icinga; exit code 0 to 3]' \
			'--html[also a page to attach to a ticket]:file:_files' \
			'--addresses[full addresses on that page, not shortened]' \
			'--symptom[only what matters for web, files, video, voip or ssh]:word:(web files video voip ssh)' ;;
		calc) _arguments \
			'--path[largest IP packet outside\: 68 to 65535; default\: 1500]: ' \
			'--stack[the layers as JSON]:file:_files' \
			'--table[what the usual VPNs leave, for that path]' \
			'*:layer:(wireguard amneziawg openvpn esp ah gre gretap erspan ipip sit ip6tnl vxlan geneve bareudp gtpu l2tp2 l2tp2_kernel l2tp3eth pptp pppoe macsec mpls vlan fastd translate46 route)' ;;
		pcap) _arguments \
			'--limit[bytes of IP that the path carries; what is larger is counted]: ' \
			'--html[also a page to look at and to attach to tickets]:file:_files' \
			'--addresses[full addresses on that page, not shortened]' \
			'*:file:_files' ;;
		tune) _arguments \
			'--port[the server'\''s; default\: 5201]:peer:_mssclampctl_peers' \
			'--bind[send from this address]: ' \
			'--via[send through this interface, the tunnel]:tunnel:_mssclampctl_tunnels' \
			'--compare[again through this interface, beside the tunnel]:tunnel:_mssclampctl_tunnels' \
			'--seconds[length of each run\: 1 to 60; default\: 2]: ' \
			'--rate[at most so many bits per second]: ' \
			'--html[also a page to look at and to attach to tickets]:file:_files' \
			'--addresses[full addresses on that page, not shortened]' \
			'*: ' ;;
		rewrite) _arguments \
			'--mss4[largest MSS to leave in IPv4 SYNs; default\: unchanged]: ' \
			'--mss6[the same for IPv6]: ' \
			'--insert[add an MSS option to SYNs that have none]' \
			'*:file:_files' ;;
		help) _arguments \
			'1:command:(status stats top tunnels peers explain events probe capture try rules offload metrics reload log wait doctor calc pcap tune rewrite help)' ;;
		esac ;;
	esac
}

_mssclampctl "$@"
