/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings and counters of the kernel. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ctl/doctor/facts.h"
#include "edge/namespace.h"
#include "edge/probe/snmp.h"

#define TEXT_MAX 16384

static int64_t read_number(const char *path)
{
	char full[128];
	long long value = -1;
	FILE *file;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	file = fopen(full, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%10lld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

static size_t read_text(const char *path, char text[TEXT_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	while (len < TEXT_MAX && (n = read(fd, text + len, TEXT_MAX - len)) > 0)
		len += (size_t)n;
	close(fd);
	return len;
}

void doctor_read_counters(uint64_t counters[COUNTERS])
{
	struct snmp_counts counts;
	char text[TEXT_MAX];
	struct snmp snmp;
	size_t len = read_text("/proc/net/netstat", text);

	snmp_init(&snmp);
	snmp_read(&snmp, &counts);
	snmp_done(&snmp);
	counters[COUNTER_FRAGMENTS4] = counts.value[SNMP_FRAGMENTS_IPV4];
	counters[COUNTER_FRAGMENTS6] = counts.value[SNMP_FRAGMENTS_IPV6];
	counters[COUNTER_REASSEMBLY4] = counts.value[SNMP_NOT_REASSEMBLED_IPV4];
	counters[COUNTER_REASSEMBLY6] = counts.value[SNMP_NOT_REASSEMBLED_IPV6];
	counters[COUNTER_SEGMENTS] = counts.value[SNMP_TCP_SENT];
	counters[COUNTER_RETRANSMITTED] = counts.value[SNMP_TCP_SENT_AGAIN];
	counters[COUNTER_SYNS_RETRANSMITTED] = snmp_syns_of(text, len);
	counters[COUNTER_REVERSE_PATH] = snmp_find(text, len, "TcpExt:", "IPReversePathFilter");
}

void doctor_gather_proc(struct doctor_facts *facts)
{
	static const char *const paths[SYSCTLS] = {
		[SYSCTL_NO_PMTU_DISC] = "ipv4/ip_no_pmtu_disc",
		[SYSCTL_MTU_PROBING] = "ipv4/tcp_mtu_probing",
		[SYSCTL_BASE_MSS] = "ipv4/tcp_base_mss",
		[SYSCTL_TIMESTAMPS] = "ipv4/tcp_timestamps",
		[SYSCTL_WINDOW_SCALING] = "ipv4/tcp_window_scaling",
		[SYSCTL_SACK] = "ipv4/tcp_sack",
		[SYSCTL_FORWARD_USE_PMTU] = "ipv4/ip_forward_use_pmtu",
		[SYSCTL_MIN_PMTU] = "ipv4/route/min_pmtu",
		[SYSCTL_RP_FILTER_ALL] = "ipv4/conf/all/rp_filter",
		[SYSCTL_BRIDGE_CALL4] = "bridge/bridge-nf-call-iptables",
		[SYSCTL_BRIDGE_CALL6] = "bridge/bridge-nf-call-ip6tables",
	};
	struct utsname name;

	for (size_t i = 0; i < SYSCTLS; i++)
		facts->sysctl[i] = read_number(paths[i]);
	if (uname(&name) == 0)
		snprintf(facts->release, sizeof(facts->release), "%s", name.release);
	facts->takes_changes = namespace_takes_changes();
}
